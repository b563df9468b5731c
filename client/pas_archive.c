/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed archive of a file, where a duty asks for one longer than the file itself may stay.
 *
 * archive = "PASA" | nonce, ciphertext and tag of the file's JSON text under a key of its own. The key lies in the record
 * that the pack's `journal` names for `archive`; erasing that record destroys the archive, wherever copies of it are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_domain.h"
#include "client/pas_domain_inside.h"
#include "client/pas_json.h"
#include "client/suggest.h"
#include "proto/code.h"
#include "proto/digest.h"
#include "proto/seal.h"

static const char archive_magic[4] = {'P', 'A', 'S', 'A'};
static const char archive_tag[] = "passerelle/archive/v1";
enum { ARCHIVE_MAX = 1 << 26 };

static enum err put_record_json(struct pas *pas, const char *id, struct buf *out)
{
    struct pas_table *table = NULL;
    char *json = NULL;
    struct view_record record;
    enum err err = ERR_OK;
    TRY(view_find(pas->view, id, NULL, 0, &record));
    TRY(view_show(pas->view, &record, true, &table));
    TRY((enum err)pas_table_json_text(table, true, &json));
    pas_json_raw(out, "{\"record\":");
    pas_json_raw(out, json);
    pas_free(json);
    json = NULL;
    pas_table_free(table);
    table = NULL;
    TRY(view_history(pas->view, &record, &table));
    TRY((enum err)pas_table_json_text(table, false, &json));
    pas_json_raw(out, ",\"history\":");
    pas_json_raw(out, json);
    pas_json_raw(out, "}");
    err = out->err;
out:
    pas_free(json);
    pas_table_free(table);
    return err;
}

/* The file as JSON: its own record first, then all that hang on it, each with its history. */
static enum err put_file_json(struct pas *pas, const struct view_record *record, struct buf *out)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    buf_u8(out, '[');
    TRY(put_record_json(pas, record->id, out));
    for (size_t i = 0; i < pas->pack->kinds_n; i++) {
        TRY(domain_prepare(&domain, &rows,
                           "SELECT id FROM \"%w\" WHERE dossier = :id AND id <> :id"
                           " ORDER BY created_at, id",
                           pas->pack->kinds[i].key));
        domain_bind(rows, ":id", record->id);
        for (;;) {
            TRY(domain_step(rows, &row));
            if (!row)
                break;
            buf_u8(out, ',');
            TRY(put_record_json(pas, domain_text(rows, 0), out));
        }
        domain_end(rows);
        rows = NULL;
    }
    buf_u8(out, ']');
    err = out->err;
out:
    domain_end(rows);
    return err;
}

/* What the archive's record is made of. */
struct facts {
    char code[16], digest[2 * HASH_LEN + 1], key[2 * KEY_LEN + 1];
    const char *reason, *until;
};

static const char *fact(const struct facts *facts, const char *value)
{
    return strcmp(value, ":code") == 0     ? facts->code
           : strcmp(value, ":digest") == 0 ? facts->digest
           : strcmp(value, ":key") == 0    ? facts->key
           : strcmp(value, ":reason") == 0 ? facts->reason
           : strcmp(value, ":until") == 0  ? facts->until
                                           : value;
}

static enum err note_archive(struct pas *pas, const struct facts *facts, struct pas_id *id)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *rows = NULL;
    struct pas_pair pairs[SUGGEST_PAIRS_MAX];
    char keys[SUGGEST_PAIRS_MAX][PACK_KEY_MAX + 1], texts[SUGGEST_PAIRS_MAX][256];
    char kind[PACK_KEY_MAX + 1] = "";
    size_t n = 0;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(&domain, &rows,
                           "SELECT j.kind, x.key, x.value FROM domain_journal j,"
                           " json_each(j.fields) x WHERE j.event = 'archive'"));
    while (n < SUGGEST_PAIRS_MAX) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        snprintf(kind, sizeof kind, "%s", domain_text(rows, 0));
        snprintf(keys[n], sizeof keys[n], "%s", domain_text(rows, 1));
        snprintf(texts[n], sizeof texts[n], "%s", fact(facts, domain_text(rows, 2)));
        pairs[n] = (struct pas_pair){keys[n], texts[n]};
        n++;
    }
    domain_end(rows);
    rows = NULL;
    if (n == 0)
        TRY(pas_fail(pas, ERR_NOT_FOUND, WORD_ARCHIVE_NONE));
    TRY((enum err)pas_new(pas, kind, pairs, n, NULL, id));
out:
    domain_end(rows);
    digest_wipe(texts, sizeof texts);
    return err;
}

int pas_archive(struct pas *pas, const char *text, const char *reason, const char *until,
                unsigned char **bytes, size_t *len, struct pas_id *id)
{
    struct facts facts = {.reason = reason, .until = until};
    struct buf json = {.max = ARCHIVE_MAX};
    struct view_record record;
    uint8_t key[KEY_LEN], hash[HASH_LEN];
    unsigned char *out = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *bytes = NULL;
    digest_random(key, sizeof key);
    TRY(pas_record(pas, text, &record));
    if (!digest_is_zero(record.record, RECORD_LEN))
        TRY(pas_fail(pas, ERR_USAGE, WORD_ARCHIVE_PART, record.code));
    TRY(put_file_json(pas, &record, &json));
    *len = sizeof archive_magic + json.len + SEAL_BLOB_OVERHEAD;
    out = malloc(*len);
    if (!out)
        TRY(ERR_MEMORY);
    memcpy(out, archive_magic, sizeof archive_magic);
    seal_blob(out + sizeof archive_magic, json.bytes, json.len, key, archive_tag, NULL, 0);
    digest_sha256_of(hash, out, *len);
    code_hex(facts.digest, hash, HASH_LEN);
    code_hex(facts.key, key, KEY_LEN);
    snprintf(facts.code, sizeof facts.code, "%s", record.code);
    TRY(note_archive(pas, &facts, id));
    *bytes = out;
    out = NULL;
out:
    free(out);
    digest_wipe(key, sizeof key);
    digest_wipe(&facts, sizeof facts);
    buf_free(&json);
    return pas_end(pas, err);
}

/* The key of an archive with this digest, from whatever record the pack keeps it in. */
static enum err find_key(struct pas *pas, const char *digest, uint8_t key[static KEY_LEN])
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *where = NULL, *row = NULL;
    enum err err = ERR_OK;
    bool found;
    TRY(domain_prepare_own(&domain, &where,
                           "SELECT kind, (SELECT key FROM json_each(fields) WHERE value = ':key'),"
                           " (SELECT key FROM json_each(fields) WHERE value = ':digest')"
                           " FROM domain_journal WHERE event = 'archive'"));
    TRY(domain_step(where, &found));
    if (!found)
        TRY(ERR_NOT_FOUND);
    TRY(domain_prepare(&domain, &row,
                       "SELECT \"%w\" FROM \"%w\" WHERE \"%w\" = :digest AND NOT mistake",
                       domain_text(where, 1), domain_text(where, 0), domain_text(where, 2)));
    domain_bind(row, ":digest", digest);
    TRY(domain_step(row, &found));
    if (!found ||
        code_unhex(key, KEY_LEN, domain_text(row, 0), strlen(domain_text(row, 0))) != ERR_OK)
        TRY(ERR_NOT_FOUND);
out:
    domain_end(row);
    domain_end(where);
    return err;
}

int pas_archive_open(struct pas *pas, const unsigned char *bytes, size_t len, char **text)
{
    struct buf out = {.max = ARCHIVE_MAX};
    uint8_t key[KEY_LEN] = {0}, hash[HASH_LEN];
    char digest[2 * HASH_LEN + 1];
    enum err err = ERR_OK;
    uint8_t *plain = NULL;
    size_t plain_len = 0;
    pas_begin(pas);
    *text = NULL;
    if (len < sizeof archive_magic + SEAL_BLOB_OVERHEAD ||
        memcmp(bytes, archive_magic, sizeof archive_magic) != 0)
        TRY(pas_fail(pas, ERR_FORMAT, WORD_ARCHIVE_FORMAT));
    digest_sha256_of(hash, bytes, len);
    code_hex(digest, hash, HASH_LEN);
    err = find_key(pas, digest, key);
    if (err == ERR_NOT_FOUND)
        TRY(pas_fail(pas, err, WORD_ARCHIVE_KEY));
    TRY(err);
    plain_len = len - sizeof archive_magic - SEAL_BLOB_OVERHEAD;
    plain = malloc(plain_len + 1);
    if (!plain)
        TRY(ERR_MEMORY);
    TRY(open_blob(plain, bytes + sizeof archive_magic, len - sizeof archive_magic, key, archive_tag,
                  NULL, 0));
    buf_put(&out, plain, plain_len);
    TRY(pas_take_text(&out, text));
out:
    if (plain)
        digest_wipe(plain, plain_len);
    free(plain);
    digest_wipe(key, sizeof key);
    buf_free(&out);
    return pas_end(pas, err);
}
