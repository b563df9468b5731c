/* SPDX-License-Identifier: Apache-2.0 */
#include "client/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"

static void put_line(struct buf *out, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0)
        buf_put(out, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

static void put_hex(struct buf *out, const char *name, const uint8_t *bytes, size_t len)
{
    put_line(out, "%s: ", name);
    for (size_t i = 0; i < len; i++) {
        char hex[3];
        code_hex(hex, &bytes[i], 1);
        buf_put(out, hex, 2);
    }
    put_line(out, "\n");
}

static void put_note(struct buf *out, const char *name, const struct note *note, const char *origin,
                     const uint8_t *log_pk)
{
    put_line(out, "\n%s\n\n", name);
    if (!note) {
        put_line(out, "(none)\n");
        return;
    }
    /* Cosignatures need the witnesses' names; the log's own signature is what accuses. */
    struct note bare = *note;
    bare.n_cosigs = 0;
    note_print(out, &bare, origin, log_pk, NULL);
}

/* --- what lets a stranger verify it (PROTOCOL.md 8.2) --- */

static enum err put_genesis(void *ctx, const struct replica_entry *entry)
{
    struct buf *out = ctx;
    put_hex(out, "genesis", entry->header, entry->header_len);
    put_hex(out, "genesis signature", entry->sig, SIG_LEN);
    return ERR_OK;
}

/* The nodes whose hashes make the root of our checkpoint: entries of the answer are appended to them. */
static void put_frontier(const struct space *space, struct buf *out)
{
    uint64_t size = space->tree.size;
    put_line(out, "frontier size: %llu\n", (unsigned long long)size);
    for (unsigned level = 64; level-- > 0;) {
        if (size >> level & 1)
            put_hex(out, "frontier", space->tree.nodes[level], HASH_LEN);
    }
}

/* Their note is of a size that we have passed: our root of that size, and the proof that our checkpoint continues it. No
 * proof leads from theirs to ours. */
static enum err put_consistency(struct engine *engine, const struct space *space,
                                const struct evidence *evidence, struct buf *out)
{
    enum err err = ERR_OK;
    struct space_reader reader = {.engine = engine, .space = (struct space *)space};
    struct tree_proof proof;
    uint8_t root[HASH_LEN];
    uint64_t old = evidence->theirs ? evidence->theirs->size : 0;
    if (!evidence->ours || old == 0 || old >= evidence->ours->size ||
        evidence->ours->size > space->tree.size)
        return ERR_OK;
    TRY(space_root_at(&reader, old, root));
    TRY(tree_consistency(&proof, old, evidence->ours->size, space_node, &reader));
    put_hex(out, "own root at their size", root, HASH_LEN);
    for (unsigned i = 0; i < proof.n; i++)
        put_hex(out, "consistency", proof.nodes[i], HASH_LEN);
out:
    return err;
}

static void put_answer(const struct server *server, struct buf *out)
{
    if (!server->answer)
        return;
    put_hex(out, "response key", server->resp_pk, PK_LEN);
    put_hex(out, "hash of the request", server->hash, HASH_LEN);
    put_hex(out, "response", server->answer, server->answer_len);
}

static enum err put_proofs(struct engine *engine, const struct space *space,
                           const struct evidence *evidence, struct buf *out)
{
    enum err err = replica_entry(engine->replica, space->no, 0, put_genesis, out);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    put_frontier(space, out);
    err = put_consistency(engine, space, evidence, out);
    put_answer(engine_server_of(engine, space), out);
    return err == ERR_OK ? out->err : err;
}

enum err evidence_write(struct engine *engine, const struct space *space,
                        const struct evidence *evidence)
{
    enum err err = ERR_OK;
    struct buf out = {.max = 64 << 20};
    char origin[NOTE_ORIGIN_MAX], id[2 * 4 + 1], name[96];
    const struct server *server = engine_server_of(engine, space);
    const uint8_t *log_pk = space->fold->size ? space->fold->log_pk : server->log_pk;
    TRY(note_origin(origin, server->log_name, strlen(server->log_name), space->pub.id));
    code_hex(id, space->pub.id, 4);
    snprintf(name, sizeof name, "evidence-%s-%llu.txt", id,
             (unsigned long long)(engine->now_ms / 1000));
    put_line(&out, "Passerelle: evidence against the log of a server\n\n");
    put_line(&out, "what: %s (%s)\n", err_name(evidence->what), err_text(evidence->what));
    put_line(&out, "origin: %s\n", origin);
    put_line(&out, "seen at (this device's clock, ms since 1970): %llu\n",
             (unsigned long long)engine->now_ms);
    put_hex(&out, "log key", log_pk, PK_LEN);
    if (evidence->index != UINT64_MAX)
        put_line(&out, "first bad entry: %llu\n", (unsigned long long)evidence->index);
    if (evidence->root)
        put_hex(&out, "root that the entries produce", evidence->root, HASH_LEN);
    if (evidence->header) {
        put_line(&out, "received by the server: %llu\n", (unsigned long long)evidence->t_recv_ms);
        put_hex(&out, "header", evidence->header, evidence->header_len);
        put_hex(&out, "signature", evidence->sig, SIG_LEN);
    }
    TRY(put_proofs(engine, space, evidence, &out));
    put_note(&out, "Last checkpoint that this device verified:", evidence->ours, origin, log_pk);
    put_note(&out, "What the server showed against it:", evidence->theirs, origin, log_pk);
    TRY(out.err);
    err = replica_file_write(engine->dir, name, out.bytes, out.len, true);
    if (err == ERR_EXISTS)
        err = ERR_OK;
out:
    buf_free(&out);
    return err;
}
