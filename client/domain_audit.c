/* SPDX-License-Identifier: Apache-2.0
 *
 * The log as tables that the SQL of a report or sheet may read: what it says without content, spaces, devices. They are full
 * while such a page is made and empty otherwise.
 */
#include <sqlite3.h>

#include "client/domain.h"
#include "client/pas_table.h"

static void bind_cell(sqlite3_stmt *put, int at, const struct pas_table *log, size_t row)
{
    size_t column = (size_t)at - 1;
    enum pas_type type = pas_table_type(log, row, column);
    if (type == PAS_INT || type == PAS_BOOL)
        sqlite3_bind_int64(put, at, pas_table_integer(log, row, column));
    else if (type == PAS_NULL)
        sqlite3_bind_null(put, at);
    else
        sqlite3_bind_text(put, at, pas_table_get(log, row, column), -1, SQLITE_TRANSIENT);
}

static enum err fill(const struct domain *domain, const struct pas_table *log)
{
    sqlite3_stmt *put = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_run(domain, "INSERT INTO domain_audit_space SELECT name, size, checkpoint_at, alarm"
                           " FROM core_space;"
                           "INSERT INTO domain_audit_device SELECT s.name, m.device, m.name,"
                           " m.roles, m.state, m.added FROM core_member m JOIN core_space s"
                           " ON s.id = m.space"));
    TRY(domain_prepare_own(domain, &put,
                           "INSERT INTO domain_audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                           " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"));
    for (size_t i = 0; i < pas_table_rows(log); i++) {
        for (int c = 1; c <= (int)pas_table_columns(log); c++)
            bind_cell(put, c, log, i);
        TRY(domain_step(put, &row));
        sqlite3_reset(put);
    }
out:
    sqlite3_finalize(put);
    return err;
}

enum err domain_audit_begin(const struct domain *domain, const struct domain_log *source)
{
    struct pas_table *log = NULL;
    enum err err = ERR_OK;
    if (!source)
        return ERR_OK;
    TRY(source->read(source->ctx, &log));
    TRY(fill(domain, log));
out:
    pas_table_free(log);
    return err;
}

enum err domain_audit_end(const struct domain *domain, enum err err)
{
    enum err emptied =
        domain_run(domain, "DELETE FROM domain_audit; DELETE FROM domain_audit_space;"
                           " DELETE FROM domain_audit_device");
    return err == ERR_OK ? emptied : err;
}
