/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_inside.h"
#include "client/pas_time.h"
#include "client/renew.h"
#include "client/rescue.h"
#include "proto/code.h"
#include "proto/digest.h"

/* --- making a sheet --- */

static enum err choose_spaces(struct pas *pas, size_t only, size_t *list, size_t *n)
{
    const struct server *server = NULL;
    *n = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct engine_space *space = engine_space(pas->engine, i);
        if ((only != SIZE_MAX && only != i) || space->state != SPACE_ACTIVE ||
            !(space->roles & ROLE_ADMIN) || !engine_fold(pas->engine, i))
            continue;
        const struct server *at = engine_server_of(pas->engine, engine_at(pas->engine, i));
        if (server && at != server)
            return pas_fail(pas, ERR_USAGE, WORD_SPACE_MANY);
        if (*n == PAPER_SPACES_MAX)
            return ERR_TOO_BIG;
        server = at;
        list[(*n)++] = i;
    }
    return *n ? ERR_OK : pas_fail(pas, ERR_DENIED, WORD_SHEET_ADMIN);
}

static enum err queue_sheets(struct pas *pas, const struct paper_sheet *sheet, const size_t *list,
                             struct pas_table *table)
{
    enum err err = ERR_OK;
    char label[64], now[PAS_TIME_LEN], code[PAPER_CODE_LEN + 1];
    pas_time_format((int64_t)(engine_now_ms(pas->engine) / 1000), now);
    snprintf(label, sizeof label, "%s %.10s",
             pas->lang[0] == 'e' ? "Recovery sheet" : "Feuille de secours", now);
    for (size_t i = 0; i < sheet->n; i++) {
        bool second = false;
        TRY(rescue_sheet(pas->engine, list[i], sheet->seed, label, &second));
        const struct engine_space *space = engine_space(pas->engine, list[i]);
        paper_code(code, space->id);
        pas_table_row(table);
        pas_table_hex(table, space->id, ID_LEN);
        pas_table_text(table, space->name);
        pas_table_text(table, code);
        pas_table_text(table, second ? "proposed" : "queued");
        pas_table_text(table, sheet->url);
    }
out:
    return err;
}

int pas_recovery_sheet(struct pas *pas, size_t space, char **code, char **link,
                       struct pas_table **out)
{
    struct paper_sheet sheet = {0};
    struct pas_table *table = NULL;
    struct buf text = {.max = 1 << 14}, chars = {.max = 64};
    size_t list[PAPER_SPACES_MAX], n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    *code = *link = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space space_name code state url");
    TRY(choose_spaces(pas, space, list, &n));
    digest_random(sheet.seed, sizeof sheet.seed);
    TRY(rescue_describe(pas->engine, list, n, &sheet));
    TRY(queue_sheets(pas, &sheet, list, table));
    TRY(pas_table_err(table));
    paper_link_print(&text, &sheet);
    uint8_t *room = buf_room(&chars, PAPER_CODE_LEN + 1);
    TRY(text.err != ERR_OK ? text.err : chars.err);
    paper_code((char *)room, sheet.seed);
    chars.len--;
    TRY(pas_take_text(&chars, code));
    TRY(pas_take_text(&text, link));
    *out = table;
    table = NULL;
out:
    digest_wipe(&sheet, sizeof sheet);
    buf_free(&text);
    buf_free(&chars);
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_recovery_url(const char *link, char url[512])
{
    struct paper_sheet sheet;
    enum err err = paper_link_parse(&sheet, link, strlen(link));
    if (err == ERR_OK)
        snprintf(url, 512, "%s", sheet.url);
    digest_wipe(&sheet, sizeof sheet);
    return (int)err;
}

/* --- reading one --- */

/* Says which character it is. */
static enum err say_slip(struct pas *pas, const struct paper_slip *slip)
{
    char at[16], count[16], read[2] = {slip->read, 0}, meant[2] = {slip->meant, 0};
    snprintf(at, sizeof at, "%u", slip->at);
    snprintf(count, sizeof count, "%u", slip->count);
    if (slip->count != PAPER_CHARS)
        return pas_fail(pas, ERR_FORMAT, WORD_SHEET_LENGTH, count);
    if (slip->swapped)
        return pas_fail(pas, ERR_FORMAT, WORD_SHEET_SWAP, at, read, meant);
    if (slip->at && slip->meant)
        return pas_fail(pas, ERR_FORMAT, WORD_SHEET_SLIP, at, read, meant);
    return slip->at ? pas_fail(pas, ERR_FORMAT, WORD_SHEET_CHAR, at, read)
                    : pas_fail(pas, ERR_FORMAT, WORD_SHEET_SLIPS);
}

static enum err read_spaces(struct pas *pas, const char *text, struct paper_sheet *sheet)
{
    struct paper_slip slip;
    while (*text) {
        size_t len = strcspn(text, ",");
        if (sheet->n == PAPER_SPACES_MAX)
            return ERR_TOO_BIG;
        enum err err = paper_read(sheet->spaces[sheet->n].id, text, len, &slip);
        if (err != ERR_OK)
            return slip.count ? say_slip(pas, &slip) : err;
        sheet->n++;
        text += len + (text[len] == ',');
    }
    return sheet->n ? ERR_OK : ERR_USAGE;
}

static enum err read_sheet(struct pas *pas, const struct pas_rescue_args *args,
                           struct paper_sheet *sheet)
{
    struct paper_slip slip;
    if (strchr(args->sheet, '#'))
        return paper_link_parse(sheet, args->sheet, strlen(args->sheet));
    *sheet = (struct paper_sheet){0};
    if (!args->url || !args->spaces || strlen(args->url) >= sizeof sheet->url ||
        !link_url_is_safe(args->url))
        return ERR_USAGE;
    snprintf(sheet->url, sizeof sheet->url, "%s", args->url);
    enum err err = paper_read(sheet->seed, args->sheet, strlen(args->sheet), &slip);
    if (err != ERR_OK)
        return say_slip(pas, &slip);
    return read_spaces(pas, args->spaces, sheet);
}

struct pas_rescue {
    struct pas *pas;
    struct rescue *rescue;
};

int pas_rescue_new(struct pas_rescue **out, struct pas *pas, const struct pas_rescue_args *args)
{
    enum err err = ERR_OK;
    struct paper_sheet sheet = {0};
    struct pas_rescue *rescue = calloc(1, sizeof *rescue);
    pas_begin(pas);
    *out = NULL;
    if (!rescue)
        TRY(ERR_MEMORY);
    rescue->pas = pas;
    TRY(read_sheet(pas, args, &sheet));
    TRY(rescue_new(&rescue->rescue, args->dir, &sheet, args->server, args->server_len,
                   args->now_ms));
    *out = rescue;
    rescue = NULL;
out:
    digest_wipe(&sheet, sizeof sheet);
    free(rescue);
    return pas_end(pas, err);
}

int pas_rescue_begin(struct pas_rescue *rescue, unsigned char **request, size_t *len)
{
    struct buf out = {.max = REQUEST_MAX};
    enum err err = ERR_OK;
    pas_begin(rescue->pas);
    *request = NULL;
    *len = 0;
    TRY(rescue_begin(rescue->rescue, &out));
    TRY(pas_take_bytes(&out, request, len));
out:
    buf_free(&out);
    return pas_end(rescue->pas, err);
}

int pas_rescue_finish(struct pas_rescue *rescue, const unsigned char *answer, size_t len,
                      struct pas_sync *sync)
{
    struct engine_sync result = {0};
    pas_begin(rescue->pas);
    enum err err = rescue_finish(rescue->rescue, answer, len, &result);
    if (err == ERR_UNKNOWN_DEVICE || err == ERR_REVOKED)
        err = pas_fail(rescue->pas, err, WORD_SHEET_INVALID);
    *sync = (struct pas_sync){.requests = result.requests,
                              .again = result.again,
                              .pushed = result.pushed,
                              .pulled = result.pulled,
                              .refused = result.refused,
                              .alarm = (int)result.alarm};
    return pas_end(rescue->pas, err);
}

int pas_rescue_admit(struct pas_rescue *rescue, const char *const *lost, size_t n_lost,
                     size_t *spaces, size_t *removed)
{
    pas_begin(rescue->pas);
    enum err err = rescue_admit(rescue->rescue, rescue->pas->engine, lost, n_lost, spaces, removed);
    if (err == ERR_NOT_FOUND)
        err = pas_fail(rescue->pas, err, WORD_SHEET_INVALID);
    return pas_end(rescue->pas, err);
}

int pas_rescue_end(struct pas_rescue *rescue, size_t *spaces)
{
    enum err err = ERR_OK;
    pas_begin(rescue->pas);
    TRY(rescue_end(rescue->rescue, rescue->pas->engine, spaces));
    TRY(view_refresh(rescue->pas->view));
out:
    return pas_end(rescue->pas, err);
}

void pas_rescue_free(struct pas_rescue *rescue)
{
    if (!rescue)
        return;
    rescue_free(rescue->rescue);
    free(rescue);
}

int pas_renew(struct pas *pas, const char *pass, size_t pass_len, size_t *spaces, size_t *changes)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    *spaces = *changes = 0;
    err = renew_identity(pas->engine, pass, pass_len);
    if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_RENEW_NONE);
    TRY(err);
    code_hex(pas->device, engine_device(pas->engine), ID_LEN);
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        *spaces += engine_space(pas->engine, i)->state == SPACE_WAITING;
        *changes += (size_t)engine_space(pas->engine, i)->unsent;
    }
    TRY(pas_follow(pas));
out:
    return pas_end(pas, err);
}
