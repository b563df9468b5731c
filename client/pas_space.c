/* SPDX-License-Identifier: Apache-2.0
 *
 * Spaces, invitations, members.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/handover.h"
#include "client/pas_inside.h"
#include "client/pas_json.h"
#include "client/succeed.h"
#include "client/text.h"
#include "client/witness.h"
#include "proto/code.h"
#include "proto/digest.h"

static void id_hex(char out[static 2 * ID_LEN + 1], const uint8_t id[static ID_LEN])
{
    code_hex(out, id, ID_LEN);
}

/* "reader,writer" as a JSON array. */
void pas_put_roles(struct pas *pas, struct pas_table *table, uint8_t roles)
{
    char words[WORDS_ROLES_MAX], people[2 * WORDS_ROLES_MAX], json[2 * WORDS_ROLES_MAX];
    size_t at = 0;
    words_roles(roles, words);
    words_roles_for(roles, pas->lang, people);
    json[at++] = '[';
    for (const char *word = words; *word;) {
        size_t len = strcspn(word, ",");
        at += (size_t)snprintf(json + at, sizeof json - at, "%s\"%.*s\"", word > words ? "," : "",
                               (int)len, word);
        word += len + (word[len] == ',');
    }
    json[at++] = ']';
    pas_table_json(table, json, at);
    pas_table_shown_set(table, people);
}

/* --- spaces --- */

static void put_witness(struct pas *pas, struct pas_table *table, size_t i)
{
    static const char *const levels[] = {NULL, "fresh", "amber", "red"};
    uint64_t at_s = 0;
    bool known = engine_fold(pas->engine, i) != NULL;
    pas_table_text(table, levels[known ? witness_level(pas->engine, i, &at_s) : WITNESS_NONE]);
    pas_table_time(table, at_s * 1000);
}

/* The code of new keys, for who can put them into the log. */
static void put_offer(struct pas *pas, struct pas_table *table, size_t i, bool known)
{
    struct op_key_offer offer;
    char code[10];
    bool admin = engine_space(pas->engine, i)->roles & ROLE_ADMIN;
    bool offered = known && admin && handover_offer(pas->engine, i, &offer, code) == ERR_OK;
    pas_table_text(table, offered ? code : NULL);
}

static void put_space(struct pas *pas, struct pas_table *table, size_t i)
{
    const struct engine_space *space = engine_space(pas->engine, i);
    pas_table_row(table);
    pas_table_text(table, space->name);
    pas_table_hex(table, space->id, ID_LEN);
    bool known = space->state == SPACE_FOUNDING || engine_fold(pas->engine, i);
    if (known) {
        pas_table_text(table, words_level(space->level));
        pas_table_shown_set(table, words_level_for(space->level, pas->lang));
    } else {
        pas_table_null(table);
    }
    pas_table_text(table, words_state(space->state));
    pas_table_shown_set(table, words_state_for(space->state, pas->lang));
    pas_put_roles(pas, table, space->roles);
    pas_table_int(table, (int64_t)space->size);
    pas_table_int(table, (int64_t)space->unsent);
    pas_table_time(table, space->unsent_since_ms);
    pas_table_time(table, space->checkpoint_ms);
    if (space->alarm == ERR_OK)
        pas_table_null(table);
    else {
        pas_table_text(table, words_alarm(space->alarm));
        pas_table_shown_set(table, words_err(space->alarm, pas->lang));
    }
    if (space->alarm_index == UINT64_MAX || space->alarm == ERR_OK)
        pas_table_null(table);
    else
        pas_table_int(table, (int64_t)space->alarm_index);
    if (err_category(space->status) == CAT_NONE)
        pas_table_null(table);
    else {
        pas_table_text(table, err_name(space->status));
        pas_table_shown_set(table, words_err(space->status, pas->lang));
    }
    pas_table_bool(table, known && space->trial);
    pas_table_int(table, (int64_t)space->keepers);
    pas_table_bool(table, space->rotation_pending);
    pas_table_int(table, (int64_t)space->invalid_leaves);
    pas_table_int(table, (int64_t)space->sealed);
    pas_table_int(table, (int64_t)space->handed);
    put_witness(pas, table, i);
    put_offer(pas, table, i, known);
    pas_table_text(table, space->url);
    if (digest_is_zero(space->old, ID_LEN))
        pas_table_null(table);
    else
        pas_table_hex(table, space->old, ID_LEN);
}

int pas_spaces(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "name id level state roles size unsent unsent_since"
                                 " checkpoint_time alarm alarm_index status trial keepers"
                                 " rotation_pending invalid_leaves sealed handed witness"
                                 " witnessed_at server_code url old");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++)
        put_space(pas, table, i);
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

bool pas_same_name(const char *a, const char *b)
{
    char folded[2][TEXT_FOLD_MAX(NAME_LEN_MAX)];
    (void)text_fold(folded[0], sizeof folded[0], a, strlen(a));
    (void)text_fold(folded[1], sizeof folded[1], b, strlen(b));
    return folded[0][0] && strcmp(folded[0], folded[1]) == 0;
}

bool pas_begins(const char *hex, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)text[i]) != hex[i])
            return false;
    return len >= 4;
}

/* Without a name: the only space in use. */
static enum err only_space(struct pas *pas, size_t *space)
{
    size_t found = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        enum engine_state state = engine_space(pas->engine, i)->state;
        if (state == SPACE_REFUSED || state == SPACE_REVOKED || state == SPACE_SUCCEEDED)
            continue;
        if (found++ == 0)
            *space = i;
    }
    if (found == 1)
        return ERR_OK;
    return found ? pas_fail(pas, ERR_USAGE, WORD_SPACE_MANY)
                 : pas_fail(pas, ERR_NOT_FOUND, WORD_SPACE_NONE);
}

enum err pas_space_of(struct pas *pas, const char *text, size_t *space)
{
    size_t found = 0;
    char hex[2 * ID_LEN + 1];
    if (!text)
        return only_space(pas, space);
    /* A name first: somebody may call a team "cafe". */
    for (int by_id = 0; by_id < 2 && found == 0; by_id++) {
        for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
            const struct engine_space *one = engine_space(pas->engine, i);
            id_hex(hex, one->id);
            if (by_id ? !pas_begins(hex, text) : !pas_same_name(one->name, text))
                continue;
            if (found++ == 0)
                *space = i;
        }
    }
    if (found == 0)
        return pas_fail(pas, ERR_NOT_FOUND, WORD_SPACE_UNKNOWN, text);
    return found == 1 ? ERR_OK : pas_fail(pas, ERR_USAGE, WORD_SPACE_MANY);
}

int pas_space_find(struct pas *pas, const char *text, size_t *space)
{
    pas_begin(pas);
    return pas_end(pas, pas_space_of(pas, text, space));
}

int pas_space_url(struct pas *pas, size_t space, char url[512])
{
    pas_begin(pas);
    if (space >= engine_space_count(pas->engine))
        return pas_end(pas, ERR_NOT_FOUND);
    snprintf(url, 512, "%s", engine_space(pas->engine, space)->url);
    return pas_end(pas, ERR_OK);
}

/* --- founding and joining --- */

int pas_link_url(const char *link, char url[512])
{
    return (int)engine_link_url(url, link);
}

int pas_found(struct pas *pas, const char *link, const char *url, const unsigned char *server,
              size_t server_len, const char *name, const char *level_text, size_t *space)
{
    enum space_level level;
    enum err err = ERR_OK;
    pas_begin(pas);
    if (!words_level_read(level_text, &level))
        TRY(ERR_USAGE);
    TRY(engine_found(pas->engine, link, url, server, server_len, name, level, space));
    pas_look_anew(pas); /* it is durable already */
out:
    return pas_end(pas, err);
}

/* "Team" goes on as "Team 2", that one as "Team 3". */
static void next_name(const char *old, char out[static NAME_LEN_MAX + 1])
{
    size_t len = strlen(old), digits = len;
    while (digits > 0 && isdigit((unsigned char)old[digits - 1]))
        digits--;
    bool numbered = digits < len && len - digits < 4 && digits > 1 && old[digits - 1] == ' ';
    long n = numbered ? strtol(old + digits, NULL, 10) + 1 : 2;
    snprintf(out, NAME_LEN_MAX + 1, "%.*s %ld", (int)(numbered ? digits - 1 : len), old, n);
}

int pas_succeed(struct pas *pas, size_t old, const unsigned char *server, size_t server_len,
                const char *name, size_t *space)
{
    char made[NAME_LEN_MAX + 1];
    const char *text = name;
    enum err err = ERR_OK;
    pas_begin(pas);
    if (old >= engine_space_count(pas->engine))
        TRY(ERR_NOT_FOUND);
    const char *was = engine_space(pas->engine, old)->name;
    if (!text) {
        next_name(was, made);
        text = made;
    }
    err = succeed_found(pas->engine, old, server, server_len, text, space);
    if (err == ERR_DENIED)
        err = pas_fail(pas, err, WORD_SUCCEED_ADMIN, was);
    else if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_SUCCEED_WELL, was);
    else if (err == ERR_EXISTS)
        err = pas_succeeded(pas, old);
    TRY(err);
    pas_look_anew(pas); /* it is durable already */
out:
    return pas_end(pas, err);
}

enum err pas_succeeded(struct pas *pas, size_t old)
{
    const struct engine_space *was = engine_space(pas->engine, old);
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct engine_space *next = engine_space(pas->engine, i);
        if (memcmp(next->old, was->id, ID_LEN) == 0)
            return pas_fail(pas, ERR_EXISTS, WORD_SUCCEEDED, was->name, next->name);
    }
    return ERR_EXISTS;
}

int pas_join(struct pas *pas, const char *link, const unsigned char *server, size_t server_len,
             size_t *space)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(engine_join(pas->engine, link, server, server_len, space));
    pas_look_anew(pas); /* it is durable already */
out:
    return pas_end(pas, err);
}

int pas_compare_code(struct pas *pas, size_t space, char code[16])
{
    pas_begin(pas);
    if (space >= engine_space_count(pas->engine))
        return pas_end(pas, ERR_NOT_FOUND);
    engine_compare_code(pas->engine, space, code);
    return pas_end(pas, ERR_OK);
}

int pas_invite(struct pas *pas, size_t space, const char *roles_text, uint64_t expires_s,
               char **link)
{
    struct buf text = {.max = 4096};
    uint8_t roles = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *link = NULL;
    if (!words_roles_read(roles_text, &roles))
        TRY(ERR_USAGE);
    TRY(engine_invite(pas->engine, space, roles, expires_s, &text));
    TRY(pas_take_text(&text, link));
out:
    buf_free(&text);
    return pas_end(pas, err);
}

/* --- who waits --- */

static enum err waiting_table(struct pas_table **table)
{
    enum err err = pas_table_new(table);
    if (err == ERR_OK)
        pas_table_columns_add(*table, "space space_name device name roles compare approved");
    return err;
}

static void put_waiting(struct pas *pas, struct pas_table *table, size_t space,
                        const struct engine_waiting *waiting)
{
    pas_table_row(table);
    pas_table_hex(table, engine_space(pas->engine, space)->id, ID_LEN);
    pas_table_text(table, engine_space(pas->engine, space)->name);
    pas_table_hex(table, waiting->device, ID_LEN);
    pas_table_text(table, waiting->name);
    pas_put_roles(pas, table, waiting->roles);
    pas_table_text(table, waiting->compare);
    pas_table_bool(table, waiting->approved);
}

int pas_waiting(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(waiting_table(&table));
    for (size_t i = 0; i < engine_space_count(pas->engine); i++)
        for (size_t k = 0; k < engine_waiting_count(pas->engine, i); k++)
            put_waiting(pas, table, i, engine_waiting(pas->engine, i, k));
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* One who waits; `text` NULL names everybody. The compare code is read with or without its hyphen. */
static bool is_named(const struct engine_waiting *waiting, const char *text)
{
    char hex[2 * ID_LEN + 1];
    id_hex(hex, waiting->device);
    return !text || pas_begins(hex, text) || pas_same_name(waiting->name, text) ||
           pas_same_name(waiting->compare, text);
}

struct candidate {
    size_t space;
    struct engine_waiting who; /* a copy: approving changes the engine's list */
};

static enum err find_candidates(struct pas *pas, size_t space, const char *text,
                                struct candidate **list, size_t *n)
{
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        if (space != SIZE_MAX && i != space)
            continue;
        for (size_t k = 0; k < engine_waiting_count(pas->engine, i); k++) {
            const struct engine_waiting *waiting = engine_waiting(pas->engine, i, k);
            if (waiting->approved || !is_named(waiting, text))
                continue;
            struct candidate *more = realloc(*list, (*n + 1) * sizeof *more);
            if (!more)
                return ERR_MEMORY;
            *list = more;
            more[(*n)++] = (struct candidate){i, *waiting};
        }
    }
    if (*n == 0 && text)
        return pas_fail(pas, ERR_NOT_FOUND, WORD_DEVICE_UNKNOWN, text);
    /* The same device may wait in several spaces; two devices of one name may not be taken for each other. */
    for (size_t i = 1; i < *n && text; i++)
        if (memcmp((*list)[i].who.device, (*list)[0].who.device, ID_LEN) != 0)
            return pas_fail(pas, ERR_USAGE, WORD_DEVICE_MANY, text);
    return ERR_OK;
}

static int decide(struct pas *pas, size_t space, const char *device, bool admit,
                  struct pas_table **out)
{
    struct pas_table *table = NULL;
    struct candidate *list = NULL;
    size_t n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(waiting_table(&table));
    TRY(find_candidates(pas, space, device, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (admit)
            TRY(engine_approve(pas->engine, list[i].space, list[i].who.device));
        else
            TRY(engine_refuse(pas->engine, list[i].space, list[i].who.device));
        list[i].who.approved = admit;
        put_waiting(pas, table, list[i].space, &list[i].who);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    free(list);
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_approve(struct pas *pas, size_t space, const char *device, struct pas_table **table)
{
    return decide(pas, space, device, true, table);
}

int pas_refuse(struct pas *pas, size_t space, const char *device, struct pas_table **table)
{
    return decide(pas, space, device, false, table);
}

/* --- members --- */

static void put_member(struct pas *pas, struct pas_table *table, size_t space,
                       const struct fold_device *device)
{
    pas_table_row(table);
    pas_table_hex(table, engine_space(pas->engine, space)->id, ID_LEN);
    pas_table_text(table, engine_space(pas->engine, space)->name);
    pas_table_hex(table, device->id, ID_LEN);
    pas_table_text(table, engine_device_label(pas->engine, space, device->id));
    pas_put_roles(pas, table, device->roles);
    pas_table_text(table, device->active ? "active" : "revoked");
    pas_table_shown_set(table,
                        words_state_for(device->active ? SPACE_ACTIVE : SPACE_REVOKED, pas->lang));
    pas_table_null(table);
    pas_table_int(table, (int64_t)device->added);
}

static void put_waiting_member(struct pas *pas, struct pas_table *table, size_t space,
                               const struct engine_waiting *waiting)
{
    pas_table_row(table);
    pas_table_hex(table, engine_space(pas->engine, space)->id, ID_LEN);
    pas_table_text(table, engine_space(pas->engine, space)->name);
    pas_table_hex(table, waiting->device, ID_LEN);
    pas_table_text(table, waiting->name);
    pas_put_roles(pas, table, waiting->roles);
    pas_table_text(table, "waiting");
    pas_table_shown_set(table, words_state_for(SPACE_WAITING, pas->lang));
    pas_table_text(table, waiting->compare);
}

int pas_members(struct pas *pas, size_t only, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space space_name device name roles state compare added");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        if (only != SIZE_MAX && i != only)
            continue;
        for (size_t k = 0; fold && k < fold->n_devices; k++)
            put_member(pas, table, i, &fold->devices[k]);
        for (size_t k = 0; k < engine_waiting_count(pas->engine, i); k++)
            put_waiting_member(pas, table, i, engine_waiting(pas->engine, i, k));
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}
