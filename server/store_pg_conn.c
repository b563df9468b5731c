/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections of the PostgreSQL engine: its driver. Statements are prepared once per connection; parameters and results
 * travel in binary. An answer is held in memory until sq_reset, which is why listings come in pages. Entries and bodies
 * of a group wait (store_pg_rows.h) until a statement looks at them, or the transaction ends. A connection that was lost is made again by the next statement outside of a transaction: with several hosts in the connection string,
 * to the one that is primary by then.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store_pg.h"
#include "server/store_pg_rows.h"

enum { TEXT_MAX = 512 };

struct pg {
    PGconn *conn;
    char *conninfo;
    char schema[64];
    char channel[64]; /* of notices, when it listens */
    bool writes;
    bool prepared[SQ_STATEMENT_N];
    PGresult *results[SQ_STATEMENT_N];
    int at[SQ_STATEMENT_N]; /* row that the last step met */
    int changes;
    uint32_t connections;           /* how often it was made again */
    struct pg_rows entries, bodies; /* that wait */
};

/* ---- errors ---- */

static bool begins(const char *state, const char *with)
{
    return strncmp(state, with, strlen(with)) == 0;
}

/* The classes of PostgreSQL's error codes (appendix A of its manual). */
static enum err state_err(const char *state)
{
    static const struct {
        const char *with;
        enum err err;
    } table[] = {
        {"23", ERR_EXISTS},  {"53100", ERR_FULL}, {"53200", ERR_MEMORY}, {"53300", ERR_BUSY},
        {"40", ERR_BUSY},    {"55P03", ERR_BUSY}, {"57014", ERR_BUSY},   {"57P", ERR_BUSY},
        {"25006", ERR_BUSY}, {"08", ERR_BUSY},    {"XX00", ERR_CORRUPT},
    };
    for (size_t i = 0; state && i < sizeof table / sizeof *table; i++)
        if (begins(state, table[i].with))
            return table[i].err;
    return ERR_IO;
}

static enum err result_err(const struct pg *pg, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        return ERR_OK;
    default:
        if (!result)
            return ERR_MEMORY;
        /* A server that went away leaves no code. */
        if (PQstatus(pg->conn) == CONNECTION_BAD)
            return ERR_BUSY;
        return state_err(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    }
}

/* ---- connecting ---- */

static void quiet(void *ctx, const char *message)
{
    (void)ctx;
    (void)message; /* notices may quote rows */
}

static enum err settings(struct pg *pg)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "SET search_path = %s; SET synchronous_commit = on; SET lock_timeout = '5s';"
             "SET client_min_messages = error; SET default_transaction_read_only = %s",
             pg->schema, pg->writes ? "off" : "on");
    PGresult *result = PQexec(pg->conn, sql);
    enum err err = result_err(pg, result);
    PQclear(result);
    return err;
}

static enum err connect_again(struct pg *pg)
{
    memset(pg->prepared, 0, sizeof pg->prepared);
    pg->connections++;
    PQreset(pg->conn);
    return PQstatus(pg->conn) == CONNECTION_OK ? settings(pg) : ERR_BUSY;
}

/* Only where nothing is under way: a transaction that was begun on the lost connection is lost with it. */
static enum err ready(struct pg *pg)
{
    return PQstatus(pg->conn) == CONNECTION_OK ? ERR_OK : connect_again(pg);
}

static void close(struct sq *sq)
{
    struct pg *pg = sq->pg;
    if (!pg || sq->shares)
        return;
    for (size_t i = 0; i < SQ_STATEMENT_N; i++)
        PQclear(pg->results[i]);
    pg_rows_free(&pg->entries);
    pg_rows_free(&pg->bodies);
    PQfinish(pg->conn);
    free(pg->conninfo);
    free(pg);
}

/* ---- rows that wait ---- */

static struct pg_rows *rows_of(struct pg *pg, enum sq_statement id)
{
    return id == SQ_APPEND ? &pg->entries : id == SQ_BODY_PUT ? &pg->bodies : NULL;
}

static enum err send_rows(struct pg *pg, struct pg_rows *rows)
{
    PGresult *result;
    size_t sent;
    if (rows->n == 0)
        return ERR_OK;
    enum err err = pg_rows_send(rows, pg->conn, &result, &sent);
    if (err == ERR_OK)
        err = result_err(pg, result);
    if (err == ERR_OK && strtoull(PQcmdTuples(result), NULL, 10) < sent)
        err = ERR_EXISTS;
    PQclear(result);
    return err;
}

static enum err send_waiting(struct pg *pg)
{
    enum err err = send_rows(pg, &pg->entries);
    return err == ERR_OK ? send_rows(pg, &pg->bodies) : err;
}

static void drop_waiting(struct pg *pg)
{
    pg_rows_drop(&pg->entries);
    pg_rows_drop(&pg->bodies);
}

static bool looks_at_rows(enum sq_statement id)
{
    return strstr(sq_text[id], "FROM log") || strstr(sq_text[id], "bodies");
}

/* ---- statements ---- */

static enum err exec(struct sq *sq, const char *sql)
{
    struct pg *pg = sq->pg;
    /* What a transaction left that was lost with its connection. */
    if (strncmp(sql, "BEGIN", strlen("BEGIN")) == 0)
        drop_waiting(pg);
    enum err err = send_waiting(pg);
    if (err == ERR_OK)
        err = ready(pg);
    if (err != ERR_OK)
        return err;
    PGresult *result = PQexec(pg->conn, sql);
    err = result_err(pg, result);
    /* A commit after a failure inside the transaction answers that it rolled back. */
    if (err == ERR_OK && strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "ROLLBACK") == 0)
        err = ERR_IO;
    PQclear(result);
    return err;
}

/* The same statement with PostgreSQL's placeholders. */
static void text_of(enum sq_statement id, char out[static TEXT_MAX])
{
    /* Where both schemas are on the path, the log's table of this name comes first. */
    const char *text = id == SQ_STORE_ID ? "SELECT value FROM " PG_KEYS_SCHEMA
                                           ".meta WHERE name = 'store_id'"
                                         : sq_text[id];
    size_t len = strlen(text);
    for (size_t i = 0; i <= len && i < TEXT_MAX; i++)
        out[i] = text[i];
    out[TEXT_MAX - 1] = 0;
    for (char *at = out; (at = strchr(at, '?'));)
        *at = '$';
}

static enum err prepare(struct pg *pg, enum sq_statement id, const char *name)
{
    char text[TEXT_MAX];
    if (pg->prepared[id])
        return ERR_OK;
    text_of(id, text);
    PGresult *result = PQprepare(pg->conn, name, text, 0, NULL);
    enum err err = result_err(pg, result);
    PQclear(result);
    pg->prepared[id] = err == ERR_OK;
    return err;
}

static void number_bytes(uint8_t out[static 8], int64_t number)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

/* The next step says that there is no row; that all were new is asked when they are sent. */
static enum err start_waiting(struct pg *pg, struct pg_rows *rows, enum sq_statement id,
                              const struct sq_arg *args, size_t n)
{
    enum err err = pg_rows_full(rows) ? send_waiting(pg) : ERR_OK;
    rows->insert = sq_text[id];
    pg->at[id] = -1;
    pg->changes = 1;
    return err == ERR_OK ? pg_rows_add(rows, args, n) : err;
}

/* A snapshot is taken by the first look, which goes with the BEGIN. */
static enum err begin_view(struct pg *pg)
{
    enum err err = ready(pg);
    if (err != ERR_OK)
        return err;
    PGresult *result = PQexec(pg->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                                        "SELECT count(*) FROM meta WHERE name = ''");
    err = result_err(pg, result);
    PQclear(result);
    return err;
}

static enum err start(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    enum err err = ERR_OK;
    struct pg *pg = sq->pg;
    if (rows_of(pg, id))
        return start_waiting(pg, rows_of(pg, id), id, args, n);
    if (id == SQ_LOOK || (sq->shares && (id == SQ_BEGIN || id == SQ_ROLLBACK)))
        return ERR_OK;
    if (id == SQ_BEGIN)
        return begin_view(pg);
    if (id == SQ_ROLLBACK)
        drop_waiting(pg);
    else if (looks_at_rows(id))
        TRY(send_waiting(pg));
    const char *values[PG_ARGS_MAX];
    int lengths[PG_ARGS_MAX], formats[PG_ARGS_MAX];
    uint8_t numbers[PG_ARGS_MAX][8];
    char name[16];
    static const uint8_t empty;
    TRY(n <= PG_ARGS_MAX ? ERR_OK : ERR_USAGE);
    TRY(ready(pg));
    snprintf(name, sizeof name, "s%d", (int)id);
    TRY(prepare(pg, id, name));
    for (size_t i = 0; i < n; i++) {
        formats[i] = 1;
        number_bytes(numbers[i], args[i].number);
        const void *blob = args[i].len > 0 || !args[i].blob ? args[i].blob : &empty;
        values[i] = args[i].is_blob ? blob : (const char *)numbers[i];
        lengths[i] = args[i].is_blob ? (int)args[i].len : 8;
    }
    PGresult *result = PQexecPrepared(pg->conn, name, (int)n, values, lengths, formats, 1);
    PQclear(pg->results[id]);
    pg->results[id] = result;
    pg->at[id] = -1;
    pg->changes = result ? atoi(PQcmdTuples(result)) : 0;
    err = result_err(pg, result);
out:
    return err;
}

static enum err step(struct sq *sq, enum sq_statement id)
{
    struct pg *pg = sq->pg;
    if (!pg->results[id])
        return ERR_NOT_FOUND;
    return ++pg->at[id] < PQntuples(pg->results[id]) ? ERR_OK : ERR_NOT_FOUND;
}

static void reset(struct sq *sq, enum sq_statement id)
{
    PQclear(sq->pg->results[id]);
    sq->pg->results[id] = NULL;
}

static int changes(const struct sq *sq)
{
    return sq->pg->changes;
}

static uint64_t column(struct sq *sq, enum sq_statement id, int at)
{
    const struct pg *pg = sq->pg;
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(pg->results[id], pg->at[id], at);
    uint64_t number = 0;
    for (int i = 0; i < PQgetlength(pg->results[id], pg->at[id], at) && i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static const uint8_t *column_blob(struct sq *sq, enum sq_statement id, int at, size_t *len)
{
    const struct pg *pg = sq->pg;
    bool null = PQgetisnull(pg->results[id], pg->at[id], at);
    *len = null ? 0 : (size_t)PQgetlength(pg->results[id], pg->at[id], at);
    return null ? NULL : (const uint8_t *)PQgetvalue(pg->results[id], pg->at[id], at);
}

/* What was seen before the connection was lost may be gone: a standby that was promoted did not see it. */
static uint32_t epoch(const struct sq *sq)
{
    return sq->pg->connections;
}

static bool in_transaction(const struct sq *sq)
{
    PGTransactionStatusType status = PQtransactionStatus(sq->pg->conn);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

/* One writer at a time for each schema, over all nodes; the lock goes with the transaction. */
static const struct sq_driver driver = {
    .close = close,
    .exec = exec,
    .start = start,
    .step = step,
    .reset = reset,
    .changes = changes,
    .column = column,
    .column_blob = column_blob,
    .in_transaction = in_transaction,
    .epoch = epoch,
    .begin_write = "BEGIN; SELECT pg_advisory_xact_lock(hashtext(current_schema()))"};

enum err pg_open(struct sq *sq, const char *conninfo, const char *schema, bool writes)
{
    struct pg *pg = calloc(1, sizeof *pg);
    if (!pg)
        return ERR_MEMORY;
    sq->driver = &driver;
    sq->pg = pg;
    pg->writes = writes;
    snprintf(pg->schema, sizeof pg->schema, "%s", schema);
    pg->conninfo = strdup(conninfo);
    pg->conn = PQconnectdb(conninfo);
    if (!pg->conninfo || !pg->conn)
        return ERR_MEMORY;
    PQsetNoticeProcessor(pg->conn, quiet, NULL);
    return PQstatus(pg->conn) == CONNECTION_OK ? settings(pg) : ERR_BUSY;
}

void pg_share(struct sq *sq, const struct sq *with)
{
    *sq = (struct sq){.driver = with->driver, .pg = with->pg, .shares = true};
}

enum err pg_number(struct sq *sq, const char *sql, uint64_t *out)
{
    PGresult *result = PQexec(sq->pg->conn, sql);
    enum err err = result_err(sq->pg, result);
    if (err == ERR_OK)
        err = PQntuples(result) > 0 ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        *out = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return err;
}

/* ---- notices ---- */

enum err pg_listen(struct sq *sq, const char *channel)
{
    char sql[96];
    snprintf(sql, sizeof sql, "LISTEN %s", channel);
    snprintf(sq->pg->channel, sizeof sq->pg->channel, "%s", channel);
    return exec(sq, sql);
}

void pg_notices(struct sq *sq, pg_notice_fn fn, void *ctx)
{
    struct pg *pg = sq->pg;
    bool lost = PQstatus(pg->conn) != CONNECTION_OK || PQconsumeInput(pg->conn) == 0;
    if (lost) {
        /* Tried again with the next call; until then everybody's time simply runs out. */
        if (connect_again(pg) == ERR_OK && pg_listen(sq, pg->channel) == ERR_OK)
            fn(ctx, NULL);
        return;
    }
    for (PGnotify *notice; (notice = PQnotifies(pg->conn)); PQfreemem(notice))
        fn(ctx, notice->extra);
}
