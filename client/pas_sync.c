/* SPDX-License-Identifier: Apache-2.0
 *
 * Carrying bytes for the engine, and what it says about the history.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_inside.h"
#include "proto/code.h"

size_t pas_servers(const struct pas *pas)
{
    return engine_server_count(pas->engine);
}

const char *pas_server_url(const struct pas *pas, size_t server)
{
    return engine_server_url(pas->engine, server);
}

void pas_allow_wider(struct pas *pas, bool allow)
{
    pas->allow_wider = allow;
}

/* Never wider: the last gate before anything leaves. */
enum err pas_check_wider(struct pas *pas)
{
    size_t n = 0, space = 0;
    char count[24];
    enum err err = view_too_wide(pas->view, &n, &space);
    if (err != ERR_OK || n == 0 || pas->allow_wider)
        return err;
    snprintf(count, sizeof count, "%zu", n);
    return pas_fail(pas, ERR_DENIED, WORD_TOO_WIDE, count, engine_space(pas->engine, space)->name);
}

int pas_sync_begin(struct pas *pas, size_t server, uint64_t wait_ms, unsigned char **request,
                   size_t *len)
{
    struct buf out = {.max = REQUEST_MAX};
    enum err err = ERR_OK;
    pas_begin(pas);
    *request = NULL;
    *len = 0;
    TRY(pas_check_wider(pas));
    TRY(engine_sync_begin(pas->engine, server, wait_ms, &out));
    TRY(pas_take_bytes(&out, request, len));
out:
    buf_free(&out);
    return pas_end(pas, err);
}

/* A full or broken disk over there must not be looked for over here. */
static enum err server_failed(struct pas *pas, enum err err)
{
    if (err == ERR_FULL)
        return pas_fail(pas, err, WORD_SERVER_FULL);
    if (err_category(err) == CAT_INTERNAL)
        return pas_fail(pas, err, WORD_SERVER_FAILED);
    return err;
}

int pas_sync_finish(struct pas *pas, size_t server, const unsigned char *answer, size_t len,
                    struct pas_sync *sync)
{
    struct engine_sync result = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    *sync = (struct pas_sync){0};
    err = engine_sync_finish(pas->engine, server, answer, len, &result);
    if (err != ERR_OK && err == result.said)
        err = server_failed(pas, err);
    TRY(err);
    *sync = (struct pas_sync){.requests = result.requests,
                              .again = result.again,
                              .pushed = result.pushed,
                              .pulled = result.pulled,
                              .refused = result.refused,
                              .relayed = result.relayed,
                              .relay_refused = result.relay_refused,
                              .alarm = (int)result.alarm};
    /* Between pages the view waits: it is brought up to date once. */
    if (!result.again)
        TRY(pas_follow(pas));
out:
    return pas_end(pas, err);
}

int pas_retry(struct pas *pas, size_t *n)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    *n = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        size_t some = 0;
        TRY(engine_retry(pas->engine, i, &some));
        *n += some;
    }
out:
    return pas_end(pas, err);
}

int pas_refused(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space status kind changes made_at");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        for (size_t k = 0; k < engine_refused_count(pas->engine, i); k++) {
            struct engine_refused refused;
            engine_refused(pas->engine, i, k, &refused);
            pas_table_row(table);
            pas_table_text(table, engine_space(pas->engine, i)->name);
            pas_table_text(table, err_name(refused.status));
            pas_table_shown_set(table, words_err(refused.status, pas->lang));
            pas_table_text(table, words_kind(refused.kind));
            pas_table_int(table, (int64_t)refused.changes);
            pas_table_time(table, refused.made_ms);
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- verifying --- */

int pas_verify(struct pas *pas, size_t space, uint64_t *index)
{
    pas_begin(pas);
    *index = UINT64_MAX;
    return pas_end(pas, engine_verify(pas->engine, space, index));
}

int pas_full_new(struct pas_full **out, struct pas *pas, size_t space)
{
    enum err err = ERR_MEMORY;
    struct pas_full *full = calloc(1, sizeof *full);
    pas_begin(pas);
    *out = NULL;
    if (full) {
        full->pas = pas;
        err = engine_full_new(&full->full, pas->engine, space);
    }
    if (err == ERR_OK)
        *out = full;
    else
        free(full);
    return pas_end(pas, err);
}

int pas_full_begin(struct pas_full *full, unsigned char **request, size_t *len)
{
    struct buf out = {.max = REQUEST_MAX};
    enum err err = ERR_OK;
    pas_begin(full->pas);
    *request = NULL;
    *len = 0;
    TRY(engine_full_begin(full->full, &out));
    TRY(pas_take_bytes(&out, request, len));
out:
    buf_free(&out);
    return pas_end(full->pas, err);
}

int pas_full_finish(struct pas_full *full, const unsigned char *answer, size_t len, bool *done,
                    uint64_t *index)
{
    pas_begin(full->pas);
    *done = false;
    *index = UINT64_MAX;
    return pas_end(full->pas, engine_full_finish(full->full, answer, len, done, index));
}

void pas_full_free(struct pas_full *full)
{
    if (!full)
        return;
    engine_full_free(full->full);
    pas_grant_end(full);
    free(full);
}

int pas_checkpoint(struct pas *pas, size_t space, char **note)
{
    struct buf text = {.max = 1 << 16};
    enum err err = ERR_OK;
    pas_begin(pas);
    *note = NULL;
    TRY(engine_checkpoint(pas->engine, space, &text));
    TRY(pas_take_text(&text, note));
out:
    buf_free(&text);
    return pas_end(pas, err);
}

int pas_compare(struct pas *pas, const char *note, size_t len)
{
    pas_begin(pas);
    return pas_end(pas, engine_compare(pas->engine, note, len));
}
