/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/pas_audit.h"
#include "client/pas_domain_inside.h"
#include "client/person.h"
#include "client/view.h"

/* The person's own record: that of the dossier, whatever record of it was named. */
static enum err own_record(struct pas *pas, const char *text, struct view_record *record)
{
    static const uint8_t itself[RECORD_LEN];
    struct domain domain = pas_domain_of(pas);
    char id[VIEW_ID_MAX];
    bool person = false;
    enum err err = ERR_OK;
    TRY(pas_record(pas, text, record));
    view_id_text(id, record->shred, itself);
    TRY(view_find(pas->view, id, NULL, 0, record));
    if (record->kind)
        TRY(person_kind(&domain, record->kind, &person));
    if (!person)
        err = pas_fail(pas, ERR_USAGE, WORD_PERSON_NONE, text);
out:
    return err;
}

int pas_person(struct pas *pas, const char *text, const char *lang, char **html, char **json,
               char code[9])
{
    struct domain domain = pas_domain_of(pas);
    struct view_record record;
    struct pas_table *accesses = NULL;
    struct buf page = {.max = 1 << 26}, data = {.max = 1 << 26};
    char own[8], made[CIVIL_TEXT_LEN];
    enum err err = ERR_OK;
    pas_begin(pas);
    *html = *json = NULL;
    TRY(own_record(pas, text, &record));
    TRY(person_language(&domain, record.kind, record.id, own));
    domain.lang = lang ? lang : own;
    civil_format(domain.today, made);
    TRY((enum err)pas_accesses(pas, record.id, &accesses));
    TRY(person_write(&domain, record.kind, record.id, accesses, made, &page, &data));
    TRY(pas_take_text(&page, html));
    TRY(pas_take_text(&data, json));
    memcpy(code, record.code, 9);
out:
    pas_table_free(accesses);
    buf_free(&page);
    buf_free(&data);
    return pas_end(pas, err);
}
