/* SPDX-License-Identifier: Apache-2.0
 *
 * Answering: the pack says which record or fields stand for done, skipped and postponed.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/agenda_inside.h"
#include "client/civil.h"
#include "proto/digest.h"

enum { PAIRS_MAX = 64, FOUND_DIGITS_MIN = 4 };

/* Texts of the pairs, one after the other; allocated once so that they do not move. */
struct inside {
    struct pas_pair pairs[PAIRS_MAX];
    size_t used;
    char kind[PACK_KEY_MAX + 1], record[AGENDA_RECORD_MAX];
    char text[1 << 16];
};

static const char *store(struct inside *inside, const char *text)
{
    size_t len = strlen(text) + 1;
    if (len > sizeof inside->text - inside->used)
        return NULL;
    char *at = inside->text + inside->used;
    memcpy(at, text, len);
    inside->used += len;
    return at;
}

/* Replaces the field's pair or adds one. */
static enum err put_pair(struct agenda_answer *answer, const char *field, const char *text)
{
    struct inside *inside = answer->inside;
    const char *key = store(inside, field), *value = store(inside, text);
    if (!key || !value)
        return ERR_TOO_BIG;
    size_t at = 0;
    while (at < answer->n && strcmp(answer->pairs[at].field, key) != 0)
        at++;
    if (at == PAIRS_MAX)
        return ERR_TOO_BIG;
    answer->pairs[at] = (struct pas_pair){.field = key, .text = value};
    answer->n = at == answer->n ? at + 1 : answer->n;
    return ERR_OK;
}

/* =field: the item's own record has the value; an empty one is left out. */
static enum err put_taken(const struct domain *domain, const struct agenda_item *item,
                          const char *field, const char *from, struct agenda_answer *answer)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare(domain, &find, "SELECT \"%w\" FROM \"%w\" WHERE id = :id", from,
                       item->kind));
    domain_bind(find, ":id", item->record);
    TRY(domain_step(find, &row));
    if (row && sqlite3_column_type(find, 0) != SQLITE_NULL)
        TRY(put_pair(answer, field, domain_text(find, 0)));
out:
    sqlite3_finalize(find);
    return err;
}

static const char *word_of(const struct agenda_item *item, const char *date, const char *due,
                           const char *value)
{
    return strcmp(value, ":item") == 0     ? item->id
           : strcmp(value, ":rule") == 0   ? item->rule
           : strcmp(value, ":point") == 0  ? item->point
           : strcmp(value, ":target") == 0 ? item->target
           : strcmp(value, ":due") == 0    ? due
           : strcmp(value, ":date") == 0   ? date
                                           : value;
}

static enum err put_fields(const struct domain *domain, const struct agenda_item *item,
                           int32_t date, sqlite3_stmt *fields, struct agenda_answer *answer)
{
    char day[CIVIL_TEXT_LEN], due[CIVIL_TEXT_LEN];
    enum err err = ERR_OK;
    bool row;
    civil_format(date, day);
    civil_format(item->due, due);
    for (;;) {
        TRY(domain_step(fields, &row));
        if (!row)
            break;
        const char *field = domain_text(fields, 0), *value = domain_text(fields, 1);
        if (value[0] == '=') {
            TRY(put_taken(domain, item, field, value + 1, answer));
        } else {
            value = word_of(item, day, due, value);
            if (*value)
                TRY(put_pair(answer, field, value));
        }
    }
out:
    return err;
}

enum err agenda_answer(const struct domain *domain, const struct agenda_item *item,
                       enum agenda_action action, int32_t date, const struct pas_pair *pairs,
                       size_t n, struct agenda_answer *answer)
{
    static const char *const words[] = {"done", "skip", "postpone"};
    sqlite3_stmt *find = NULL, *fields = NULL;
    enum err err = ERR_OK;
    bool row;
    *answer = (struct agenda_answer){0};
    struct inside *inside = calloc(1, sizeof *inside);
    if (!inside)
        return ERR_MEMORY;
    answer->inside = inside;
    answer->pairs = inside->pairs;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT kind, fields FROM domain_rule_answer"
                           " WHERE rule = :rule AND action = :action"));
    domain_bind(find, ":rule", item->rule);
    domain_bind(find, ":action", words[action]);
    TRY(domain_step(find, &row));
    if (!row)
        TRY(ERR_USAGE);
    if (sqlite3_column_type(find, 0) != SQLITE_NULL) {
        snprintf(inside->kind, sizeof inside->kind, "%s", domain_text(find, 0));
        answer->kind = inside->kind;
    }
    snprintf(inside->record, sizeof inside->record, "%s", item->record);
    answer->record = inside->record;
    TRY(domain_prepare_own(domain, &fields, "SELECT key, value FROM json_each(:fields)"));
    domain_bind(fields, ":fields", domain_text(find, 1));
    TRY(put_fields(domain, item, date, fields, answer));
    for (size_t i = 0; i < n; i++)
        TRY(put_pair(answer, pairs[i].field, pairs[i].text));
out:
    sqlite3_finalize(find);
    sqlite3_finalize(fields);
    if (err != ERR_OK)
        agenda_answer_free(answer);
    return err;
}

void agenda_answer_free(struct agenda_answer *answer)
{
    if (answer->inside)
        digest_wipe(answer->inside, sizeof(struct inside));
    free(answer->inside);
    *answer = (struct agenda_answer){0};
}

/* --- finding --- */

/* "CODE:J3" or "ID:J3". */
static bool names(const struct domain *domain, const struct agenda_item *item, const char *text)
{
    const char *colon = strrchr(text, ':');
    sqlite3_stmt *find = NULL;
    bool row = false;
    if (!colon || strcmp(colon + 1, item->point) != 0 || !item->kind[0])
        return false;
    if (domain_prepare(domain, &find,
                       "SELECT 1 FROM \"%w\" WHERE id = :id AND (code = upper(:text) OR"
                       " id = :text)",
                       item->kind) == ERR_OK) {
        char start[AGENDA_RECORD_MAX];
        snprintf(start, sizeof start, "%.*s", (int)(colon - text), text);
        domain_bind(find, ":id", item->record);
        domain_bind(find, ":text", start);
        if (domain_step(find, &row) != ERR_OK)
            row = false;
    }
    sqlite3_finalize(find);
    return row;
}

size_t agenda_find(const struct domain *domain, const struct agenda *agenda, const char *text,
                   size_t *found, size_t max)
{
    size_t n = 0, len = strlen(text);
    for (size_t i = 0; i < agenda->n; i++) {
        const struct agenda_item *item = &agenda->items[i];
        bool exact = strcmp(item->id, text) == 0;
        bool visit = item->visit[0] && strcmp(item->visit, text) == 0;
        bool start = len >= FOUND_DIGITS_MIN && strncmp(item->id, text, len) == 0;
        if (exact) {
            found[0] = i;
            return 1;
        }
        if (!visit && !start && !names(domain, item, text))
            continue;
        if (!visit && n > 0)
            return SIZE_MAX;
        if (n < max)
            found[n++] = i;
    }
    return n;
}
