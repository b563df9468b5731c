/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits: new records, changed fields, resolved conflicts, mistakes, and taking the last one back.
 */
#include <stdio.h>
#include <string.h>

#include "client/pas_draft.h"
#include "proto/code.h"

enum { UNDO_MS = 10000 };

/* Behind the write nothing may fail: no look-up. */
static void give_id(struct pas_id *out, const char *id, const char *code)
{
    if (!out)
        return;
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->code, sizeof out->code, "%s", code);
}

int pas_new(struct pas *pas, const char *kind_text, const struct pas_pair *pairs, size_t n,
            const struct pas_edit *edit, struct pas_id *id)
{
    const struct pack_kind *kind = NULL;
    struct pas_draft draft = {0};
    char text[VIEW_ID_MAX], code[CODE_SHORT_LEN + 1];
    enum err err = ERR_OK;
    pas_begin(pas);
    err = pas_kind(pas, kind_text, &kind);
    if (err != ERR_OK)
        return pas_end(pas, err);
    TRY(pas_draft_begin(&draft, pas, kind, edit));
    TRY(pas_draft_pairs(&draft, pairs, n));
    TRY(pas_draft_missing(&draft));
    TRY(pas_place_new(&draft));
    TRY(pas_draft_base(&draft));
    struct view_value number = {.type = PACK_VALUE_INT, .op = -1, .integer = kind->number};
    TRY(pas_draft_item(&draft, FIELD_KIND, &number));
    TRY(pas_draft_values(&draft, NULL));
    TRY(pas_draft_write(&draft));
    view_id_text(text, draft.shred, draft.record);
    code_short(code, draft.shred, draft.record);
    give_id(id, text, code);
out:
    pas_draft_end(&draft);
    return pas_end(pas, err);
}

enum err pas_draft_existing(struct pas_draft *draft, struct pas *pas,
                            const struct view_record *record, const struct pas_edit *edit)
{
    enum err err = ERR_OK;
    *draft = (struct pas_draft){0};
    if (record->locked || !record->kind)
        return pas_fail(pas, ERR_VERSION, WORD_LOCKED);
    if (engine_fold(pas->engine, record->space) &&
        fold_moved(engine_fold(pas->engine, record->space), record->shred))
        return pas_fail(pas, ERR_DENIED, WORD_MOVED_AWAY);
    TRY(pas_draft_begin(draft, pas, record->kind, edit));
    draft->space = record->space;
    memcpy(draft->shred, record->shred, ID_LEN);
    memcpy(draft->record, record->record, RECORD_LEN);
    TRY(pas_place_check(pas, record->space));
    TRY(engine_dossier_check(pas->engine, record->space, record->shred));
    TRY(pas_draft_base(draft));
out:
    return err;
}

/* Finds the record and checks that it may be written to. */
static enum err begin_existing(struct pas_draft *draft, struct pas *pas, const char *text,
                               const struct pas_edit *edit, struct view_record *record)
{
    *draft = (struct pas_draft){0};
    enum err err = pas_record(pas, text, record);
    return err == ERR_OK ? pas_draft_existing(draft, pas, record, edit) : err;
}

static enum err check_fixed(struct pas_draft *draft)
{
    for (size_t i = 0; i < draft->kind->fields_n; i++)
        if (draft->values[i].field && draft->kind->fields[i].fixed)
            return pas_fail(draft->pas, ERR_DENIED, WORD_FIELD_FIXED, draft->kind->fields[i].key);
    return ERR_OK;
}

static enum err check_conflicts(struct pas_draft *draft, const struct view_record *record)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < draft->kind->fields_n; i++) {
        size_t standing = 0;
        if (!draft->values[i].field)
            continue;
        TRY(view_standing(draft->pas->view, record, &draft->kind->fields[i], &standing));
        if (standing < 2)
            TRY(pas_fail(draft->pas, ERR_USAGE, WORD_NO_CONFLICT, draft->kind->fields[i].key));
    }
out:
    return err;
}

static int set_values(struct pas *pas, const char *text, const struct pas_pair *pairs, size_t n,
                      const struct pas_edit *edit, bool resolve, struct pas_id *id)
{
    struct view_record record;
    struct pas_draft draft = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    if (n == 0)
        TRY(pas_fail(pas, ERR_USAGE, WORD_NOTHING_SET));
    TRY(begin_existing(&draft, pas, text, edit, &record));
    TRY(pas_draft_pairs(&draft, pairs, n));
    TRY(check_fixed(&draft));
    if (resolve)
        TRY(check_conflicts(&draft, &record));
    TRY(pas_draft_values(&draft, &record));
    TRY(pas_draft_write(&draft));
    give_id(id, record.id, record.code);
out:
    pas_draft_end(&draft);
    return pas_end(pas, err);
}

int pas_set(struct pas *pas, const char *record, const struct pas_pair *pairs, size_t n,
            const struct pas_edit *edit, struct pas_id *id)
{
    return set_values(pas, record, pairs, n, edit, false, id);
}

int pas_resolve(struct pas *pas, const char *record, const struct pas_pair *pairs, size_t n,
                struct pas_id *id)
{
    return set_values(pas, record, pairs, n, NULL, true, id);
}

int pas_mistake(struct pas *pas, const char *text, bool mistake, struct pas_id *id)
{
    struct view_record record;
    struct pas_draft draft = {0};
    struct view_value value = {.type = PACK_VALUE_BOOL, .op = -1, .integer = mistake};
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(begin_existing(&draft, pas, text, NULL, &record));
    TRY(pas_draft_item(&draft, FIELD_MISTAKE, &value));
    TRY(pas_draft_write(&draft));
    give_id(id, record.id, record.code);
out:
    pas_draft_end(&draft);
    return pas_end(pas, err);
}

void pas_together(struct pas *pas, bool on)
{
    if (!on && pas->together == 0)
        return;
    pas->together += on ? 1 : -1U;
    if (pas->together == (on ? 1 : 0))
        engine_together(pas->engine, on);
}

enum err pas_together_end(struct pas *pas, enum err err, size_t written)
{
    size_t n = 0;
    pas_together(pas, false);
    if (err == ERR_OK || written == 0 || pas->together > 0)
        return err;
    if (engine_undo(pas->engine, UINT64_MAX, &n) == ERR_OK)
        pas_look_anew(pas);
    return err;
}

int pas_undo(struct pas *pas, size_t *n)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    *n = 0;
    err = engine_undo(pas->engine, UNDO_MS, n);
    if (err == ERR_NOT_FOUND)
        err = pas_fail(pas, err, WORD_NOTHING_UNDO);
    TRY(err);
    pas_look_anew(pas);
out:
    return pas_end(pas, err);
}
