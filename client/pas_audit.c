/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit's time line, as a table and as a signed report.
 */
#include "client/pas_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/audit_report.h"
#include "client/pas_inside.h"
#include "client/pas_time.h"
#include "client/report.h"
#include "client/witness.h"
#include "proto/code.h"
#include "proto/note.h"

enum { LATE_S = 24 * 3600, REPORT_MAX = 64 << 20 };

#define COLUMNS                                                                                    \
    "space index kind verdict device device_name author author_name ordinal claimed_at "           \
    "received_at"                                                                                  \
    " code clock_suspect late delay_s skipped what count detail"

struct log {
    struct pas *pas;
    size_t space;
    struct pas_table *table;
};

static void put_device(struct log *log, const uint8_t device[static ID_LEN])
{
    pas_table_hex(log->table, device, ID_LEN);
    pas_table_text(log->table, engine_device_label(log->pas->engine, log->space, device));
}

/* --- what an operation says, in one cell --- */

static const char *name_of(struct log *log, const uint8_t *device, char hex[static 2 * ID_LEN + 1])
{
    const char *label = engine_device_label(log->pas->engine, log->space, device);
    code_hex(hex, device, ID_LEN);
    return *label ? label : hex;
}

static void grant_detail(const struct engine_audit_entry *entry, char *out, size_t max)
{
    const struct op *op = entry->op;
    char from[PAS_TIME_LEN], to[PAS_TIME_LEN], until[PAS_TIME_LEN];
    pas_time_format((int64_t)op->u.audit_grant.from_s, from);
    pas_time_format((int64_t)op->u.audit_grant.to_s, to);
    pas_time_format((int64_t)op->u.audit_grant.expires_s, until);
    snprintf(out, max, "%s/%s until %s: %s", from, to, until, entry->text);
}

static void put_detail(struct log *log, const struct engine_audit_entry *entry)
{
    char out[512] = "", hex[2 * ID_LEN + 1], roles[WORDS_ROLES_MAX];
    const struct op *op = entry->op;
    enum leaf_kind kind = op ? entry->kind : KIND_DATA;
    switch (kind) {
    case KIND_DEVICE_REVOKE:
        snprintf(out, sizeof out, "%s: %s", name_of(log, op->u.device_revoke.device, hex),
                 op->u.device_revoke.mode == REVOKE_LOST ? "lost" : "departure");
        break;
    case KIND_ROLE_SET:
        words_roles(op->u.role_set.roles, roles);
        snprintf(out, sizeof out, "%s: %s", name_of(log, op->u.role_set.device, hex), roles);
        break;
    case KIND_DEVICE_ADD:
        words_roles(op->u.device_add.roles, roles);
        snprintf(out, sizeof out, "%s", roles);
        break;
    case KIND_ERASE:
        snprintf(out, sizeof out, "%s", words_reason(op->u.erase.reason));
        break;
    case KIND_AUDIT_GRANT:
        grant_detail(entry, out, sizeof out);
        break;
    case KIND_AUDIT_CLOSE:
        code_hex(out, op->u.audit_close.grant, HASH_LEN);
        break;
    case KIND_CONFIRM:
        code_hex(out, op->u.confirm.hash, HASH_LEN);
        break;
    default:
        break;
    }
    pas_table_text(log->table, *out ? out : NULL);
}

/* --- lines --- */

static void put_times(struct log *log, const struct engine_audit_entry *entry)
{
    struct pas_table *table = log->table;
    bool claimed = entry->time_s > 0;
    int64_t delay_s = claimed ? (int64_t)(entry->t_recv_ms / 1000) - entry->time_s : 0;
    pas_table_bool(table, delay_s > LATE_S);
    if (claimed)
        pas_table_int(table, delay_s);
    else
        pas_table_null(table);
    pas_table_int(table, (int64_t)entry->skipped);
}

static enum err put_entry(void *ctx, const struct engine_audit_entry *entry)
{
    struct log *log = ctx;
    struct pas_table *table = log->table;
    bool data = entry->kind == KIND_DATA;
    bool access = entry->kind == KIND_ACCESS || entry->kind == KIND_EXPORT_NOTICE;
    pas_table_row(table);
    pas_table_text(table, engine_space(log->pas->engine, log->space)->name);
    pas_table_int(table, (int64_t)entry->index);
    pas_table_text(table, words_kind(entry->kind));
    pas_table_text(table, entry->verdict == ERR_OK ? "ok" : err_name(entry->verdict));
    put_device(log, entry->device);
    put_device(log, entry->author);
    if (data)
        pas_table_int(table, (int64_t)entry->ordinal);
    else
        pas_table_null(table);
    pas_table_time(table, entry->time_s > 0 ? (uint64_t)entry->time_s * 1000 : 0);
    pas_table_time(table, entry->t_recv_ms);
    pas_table_text(table, entry->code[0] ? entry->code : NULL);
    pas_table_bool(table, entry->clock_suspect);
    put_times(log, entry);
    if (access) {
        pas_table_text(table, words_access(entry->what));
        pas_table_shown_set(table, words_access_for(entry->what, log->pas->lang));
        pas_table_int(table, (int64_t)entry->count);
    } else {
        pas_table_null(table);
        pas_table_null(table);
    }
    put_detail(log, entry);
    return pas_table_err(table);
}

static enum err fill(struct log *log, size_t only)
{
    enum err err = ERR_OK;
    TRY(pas_table_new(&log->table));
    pas_table_columns_add(log->table, COLUMNS);
    for (size_t i = 0; i < engine_space_count(log->pas->engine); i++) {
        log->space = i;
        if ((only == SIZE_MAX || i == only) && engine_fold(log->pas->engine, i))
            TRY(engine_audit(log->pas->engine, i, put_entry, log));
    }
    err = pas_table_err(log->table);
out:
    return err;
}

enum err pas_audit_table(struct pas *pas, size_t space, struct pas_table **table)
{
    struct log log = {.pas = pas};
    enum err err = fill(&log, space);
    *table = log.table;
    return err;
}

int pas_audit_log(struct pas *pas, size_t space, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_audit_table(pas, space, &table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- the signed report --- */

static bool is(const struct pas_table *table, size_t row, const char *column, const char *word)
{
    const char *text = pas_table_get(table, row, pas_table_find(table, column));
    return text && strcmp(text, word) == 0;
}

static void count_lines(const struct pas_table *table, char *out, size_t max)
{
    static const char *const kinds[] = {"data",        "access", "export_notice",
                                        "audit_grant", "erase",  "device_revoke"};
    size_t n[6] = {0}, late = 0, suspect = 0, ignored = 0;
    uint64_t skipped = 0;
    for (size_t row = 0; row < pas_table_rows(table); row++) {
        for (size_t k = 0; k < 6; k++)
            n[k] += is(table, row, "kind", kinds[k]);
        late += pas_table_integer(table, row, pas_table_find(table, "late")) != 0;
        suspect += pas_table_integer(table, row, pas_table_find(table, "clock_suspect")) != 0;
        skipped += (uint64_t)pas_table_integer(table, row, pas_table_find(table, "skipped"));
        ignored += !is(table, row, "verdict", "ok");
    }
    snprintf(out, max,
             "changes: %zu\nopened: %zu\nexported: %zu\ngrants: %zu\nerased: %zu\nremoved: %zu\n"
             "late: %zu\nclock suspect: %zu\nskipped: %llu\nignored: %zu\n",
             n[0], n[1], n[2], n[3], n[4], n[5], late, suspect, (unsigned long long)skipped,
             ignored);
}

static void put_csv(const struct pas_table *table, struct buf *out)
{
    char number[32];
    for (size_t row = 0; row <= pas_table_rows(table); row++) {
        for (size_t c = 0; c < pas_table_columns(table); c++) {
            bool head = row == 0;
            enum pas_type type = head ? PAS_TEXT : pas_table_type(table, row - 1, c);
            bool counts = type == PAS_INT || type == PAS_BOOL;
            const char *text = head ? pas_table_name(table, c) : pas_table_get(table, row - 1, c);
            if (counts)
                snprintf(number, sizeof number, "%lld",
                         (long long)pas_table_integer(table, row - 1, c));
            if (c > 0)
                buf_u8(out, ';');
            report_csv_cell(out, counts ? number : text ? text : "", counts);
        }
        buf_u8(out, '\n');
    }
}

int pas_audit_report(struct pas *pas, size_t space, char **text)
{
    struct log log = {.pas = pas};
    struct buf lines = {.max = REPORT_MAX}, out = {.max = REPORT_MAX};
    char counts[512];
    enum err err = ERR_OK;
    pas_begin(pas);
    *text = NULL;
    if (space >= engine_space_count(pas->engine))
        TRY(ERR_NOT_FOUND);
    TRY(fill(&log, space));
    count_lines(log.table, counts, sizeof counts);
    put_csv(log.table, &lines);
    TRY(lines.err);
    TRY(audit_report_make(pas->engine, space, counts, &lines, &out));
    TRY(pas_take_text(&out, text));
out:
    pas_table_free(log.table);
    buf_free(&lines);
    buf_free(&out);
    return pas_end(pas, err);
}

static const char *history_word(const struct audit_report *report)
{
    if (report->at == SIZE_MAX)
        return "unknown";
    return report->history == ERR_OK       ? "ok"
           : report->history == ERR_BEHIND ? "behind"
           : report->history == ERR_FORK   ? "fork"
                                           : "unknown";
}

int pas_audit_report_check(struct pas *pas, const char *text, size_t len, struct pas_table **out)
{
    struct pas_table *table = NULL;
    struct audit_report report;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    err = audit_report_check(pas->engine, text, len, &report);
    if (err == ERR_FORMAT)
        err = pas_fail(pas, err, WORD_REPORT_FORM);
    if (err == ERR_SIGNATURE)
        err = pas_fail(pas, err, WORD_REPORT_SIGNATURE);
    TRY(err);
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space name device device_name member size history");
    pas_table_row(table);
    pas_table_hex(table, report.space, ID_LEN);
    bool known = report.at != SIZE_MAX;
    pas_table_text(table, known ? engine_space(pas->engine, report.at)->name : NULL);
    pas_table_hex(table, report.device, ID_LEN);
    pas_table_text(table,
                   known ? engine_device_label(pas->engine, report.at, report.device) : NULL);
    pas_table_bool(table, report.member);
    pas_table_int(table, (int64_t)report.size);
    pas_table_text(table, history_word(&report));
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- exports, and who opened what --- */

static enum err what_of(const char *text, enum access_what *what)
{
    for (uint8_t i = ACCESS_FILE; i <= ACCESS_BACKUP; i++) {
        if (strcmp(words_access(i), text) == 0) {
            *what = (enum access_what)i;
            return ERR_OK;
        }
    }
    return ERR_USAGE;
}

int pas_exported(struct pas *pas, size_t only, const char *what_text, const char *text,
                 size_t lines)
{
    struct view_record record;
    enum access_what what;
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(what_of(what_text, &what));
    if (text) {
        TRY(pas_record(pas, text, &record));
        TRY(access_export(pas->engine, record.space, what, lines,
                          (const uint8_t(*)[ID_LEN]) & record.shred, 1));
        goto out;
    }
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct engine_space *space = engine_space(pas->engine, i);
        bool member = space->state == SPACE_ACTIVE || space->state == SPACE_FOUNDING;
        if (member && (only == SIZE_MAX || i == only))
            TRY(access_export(pas->engine, i, what, lines, NULL, 0));
    }
out:
    return pas_end(pas, err);
}

static enum err put_access(void *ctx, const struct access_line *line)
{
    struct log *log = ctx;
    pas_table_row(log->table);
    pas_table_time(log->table, line->time_s > 0 ? (uint64_t)line->time_s * 1000 : 0);
    pas_table_text(log->table, words_access((uint8_t)line->what));
    pas_table_shown_set(log->table, words_access_for((uint8_t)line->what, log->pas->lang));
    put_device(log, line->device);
    pas_table_time(log->table, line->t_recv_ms);
    return pas_table_err(log->table);
}

int pas_accesses(struct pas *pas, const char *text, struct pas_table **out)
{
    struct log log = {.pas = pas};
    struct view_record record;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_record(pas, text, &record));
    log.space = record.space;
    TRY(pas_table_new(&log.table));
    pas_table_columns_add(log.table, "time what device name received_at");
    TRY(access_about(pas->engine, record.space, record.shred, put_access, &log));
    *out = log.table;
    log.table = NULL;
out:
    pas_table_free(log.table);
    return pas_end(pas, err);
}

/* --- witnesses --- */

static enum err read_witness(struct pas *pas, const char *text, struct op *op)
{
    uint8_t pk[PK_LEN + 4];
    size_t len = 0, name = strcspn(text, "=");
    unsigned at = op->u.witness_set.n;
    if (text[name] != '=' || at == WITNESSES_MAX || !note_name_ok(text, name) ||
        code_unbase64(pk, sizeof pk, &len, text + name + 1, strlen(text + name + 1)) != ERR_OK ||
        len != PK_LEN)
        return pas_fail(pas, ERR_USAGE, WORD_WITNESS_FORM, text);
    op->u.witness_set.witness[at].name = text;
    op->u.witness_set.witness[at].name_len = name;
    memcpy(op->u.witness_set.witness[at].pk, pk, PK_LEN);
    op->u.witness_set.n++;
    return ERR_OK;
}

int pas_witness_set(struct pas *pas, size_t space, const char *const *list, size_t n,
                    unsigned quorum)
{
    struct op op = {.kind = KIND_WITNESS_SET};
    enum err err = ERR_OK;
    pas_begin(pas);
    if (space >= engine_space_count(pas->engine))
        TRY(ERR_NOT_FOUND);
    if (!(engine_space(pas->engine, space)->roles & ROLE_ADMIN))
        TRY(ERR_DENIED);
    for (size_t i = 0; i < n; i++)
        TRY(read_witness(pas, list[i], &op));
    if (quorum > n || (n > 0 && quorum == 0))
        TRY(ERR_USAGE);
    op.u.witness_set.quorum = (uint8_t)quorum;
    TRY(engine_operate(pas->engine, space, &op, NULL, 0));
out:
    return pas_end(pas, err);
}

int pas_witnesses(struct pas *pas, struct pas_table **out)
{
    static const char *const levels[] = {"none", "fresh", "amber", "red"};
    struct pas_table *table = NULL;
    char base64[64];
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space name key confirmed_at level");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_witnesses; k++) {
            code_base64(base64, fold->witnesses[k].pk, PK_LEN);
            pas_table_row(table);
            pas_table_text(table, engine_space(pas->engine, i)->name);
            pas_table_text(table, fold->witnesses[k].name);
            pas_table_text(table, base64);
            pas_table_time(table, witness_time(pas->engine, i, k) * 1000);
            pas_table_text(table, levels[witness_level(pas->engine, i, NULL)]);
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}
