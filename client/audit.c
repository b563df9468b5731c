/* SPDX-License-Identifier: Apache-2.0
 *
 * The time line for whoever holds the routing key, the recomputation of one's own replica, and checkpoints compared
 * with other devices.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/checker.h"
#include "client/engine_inside.h"
#include "client/evidence.h"
#include "client/grant.h"
#include "proto/code.h"
#include "proto/digest.h"

/* --- the time line --- */

struct line {
    const struct space *space;
    engine_audit_sink sink;
    void *ctx;
    uint64_t *seqs; /* of each device of the fold: its last valid leaf so far */
};

static void code_of(char code[static CODE_SHORT_LEN + 1], const uint8_t shred[static ID_LEN])
{
    static const uint8_t dossier_itself[RECORD_LEN];
    code_short(code, shred, dossier_itself);
}

/* One entry per offline edit. */
static enum err route_lines(const struct line *line, const struct change_routes *routes,
                            const struct change_route *route, struct engine_audit_entry *entry)
{
    const struct change_source *source = &routes->sources[route->source];
    const struct dossier *dossier = dossier_of_route(line->space, route, entry->index + 1);
    enum err err = ERR_OK;
    memcpy(entry->author, digest_is_zero(source->author, ID_LEN) ? entry->device : source->author,
           ID_LEN);
    entry->code[0] = '\0';
    if (dossier || route->full)
        code_of(entry->code, dossier ? dossier->shred : route->shred);
    for (size_t i = 0; i < route->n; i++) {
        const struct change_mark *mark = &routes->marks[route->first + i];
        entry->ordinal = mark->ordinal;
        entry->time_s = mark->time_s;
        entry->clock_suspect = mark->time_s > (int64_t)(entry->t_recv_ms / 1000) + CLOCK_SUSPECT_S;
        TRY(line->sink(line->ctx, entry));
        entry->skipped = 0; /* said once */
    }
out:
    return err;
}

static void operation_code(const struct op *op, char code[static CODE_SHORT_LEN + 1])
{
    switch (op->kind) {
    case KIND_ERASE:
    case KIND_PURGE:
        code_of(code, op->u.erase.shred);
        break;
    case KIND_MOVED:
        code_of(code, op->u.moved.shred);
        break;
    case KIND_AUDIT_GRANT:
        if (op->u.audit_grant.one_dossier)
            code_of(code, op->u.audit_grant.shred);
        break;
    default:
        break;
    }
}

static uint64_t skipped_before(const struct line *line, const struct leaf *leaf)
{
    const struct fold_device *device = fold_device(line->space->fold, leaf->device);
    if (!device)
        return 0;
    uint64_t *last = &line->seqs[device - line->space->fold->devices];
    uint64_t skipped = leaf->seq > *last + 1 ? leaf->seq - *last - 1 : 0;
    *last = leaf->seq;
    return skipped;
}

struct opened {
    const struct line *line;
    struct engine_audit_entry *entry;
};

static enum err access_line(void *ctx, const struct access_line *from)
{
    const struct opened *opened = ctx;
    struct engine_audit_entry *entry = opened->entry;
    entry->what = (uint8_t)from->what;
    entry->count = from->count;
    entry->time_s = from->time_s;
    entry->clock_suspect = from->time_s > (int64_t)(entry->t_recv_ms / 1000) + CLOCK_SUSPECT_S;
    entry->code[0] = '\0';
    if (from->about)
        code_of(entry->code, from->shred);
    return opened->line->sink(opened->line->ctx, entry);
}

static enum err operation_lines(const struct line *line, const struct replica_entry *row,
                                const struct leaf *leaf, struct engine_audit_entry *entry)
{
    enum err err = ERR_OK;
    struct buf text = {.max = BODY_MAX};
    struct opened opened = {line, entry};
    entry->op = &leaf->op;
    if (leaf->kind == KIND_ACCESS || leaf->kind == KIND_EXPORT_NOTICE)
        return access_lines(line->space, row, leaf, access_line, &opened);
    operation_code(&leaf->op, entry->code);
    TRY(grant_reason_of(line->space, row, leaf, &text));
    buf_u8(&text, 0);
    TRY(text.err);
    entry->text = (const char *)text.bytes;
    TRY(line->sink(line->ctx, entry));
out:
    buf_free(&text);
    return err;
}

static enum err audit_entry(void *ctx, const struct replica_entry *row)
{
    const struct line *line = ctx;
    enum err err = ERR_OK;
    struct leaf leaf;
    struct change_routes routes = {0};
    struct engine_audit_entry entry = {.index = row->index,
                                       .kind = (enum leaf_kind)row->kind,
                                       .verdict = row->verdict,
                                       .t_recv_ms = row->t_recv_ms,
                                       .text = ""};
    enum err decoded = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    if (err_category(decoded) == CAT_INTERNAL)
        TRY(decoded);
    if (decoded == ERR_OK) {
        memcpy(entry.device, leaf.device, ID_LEN);
        memcpy(entry.author, leaf.device, ID_LEN);
    }
    if (entry.verdict == ERR_OK && decoded == ERR_OK) {
        entry.skipped = skipped_before(line, &leaf);
        if (!fold_effective(line->space->fold, row->index, leaf.device, leaf.seq, leaf.kind))
            entry.verdict = ERR_REVOKED;
    }
    if (decoded == ERR_OK && !kind_has_route(leaf.kind)) {
        err = operation_lines(line, row, &leaf, &entry);
        goto out;
    }
    enum err opened = decoded == ERR_OK ? space_routes(line->space, &leaf, &routes) : ERR_FORMAT;
    /* Without its key, or with a routing box that says nothing, a leaf is still there to be seen. */
    if (opened != ERR_OK)
        TRY(line->sink(line->ctx, &entry));
    for (size_t i = 0; i < routes.n; i++)
        TRY(route_lines(line, &routes, &routes.routes[i], &entry));
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

enum err engine_audit(struct engine *engine, size_t i, engine_audit_sink sink, void *ctx)
{
    struct space *space = engine_at(engine, i);
    struct line line = {.space = space, .sink = sink, .ctx = ctx};
    line.seqs = calloc(space->fold->n_devices + 1, sizeof *line.seqs);
    if (!line.seqs)
        return ERR_MEMORY;
    enum err err = replica_entries(engine->replica, space->no, REPLICA_ALL, 0, space->fold->size,
                                   audit_entry, &line);
    free(line.seqs);
    return err;
}

/* --- recomputing the replica --- */

struct verify {
    struct checker checker;
    const struct space *space;
    uint64_t index;
};

static enum err verify_entry(void *ctx, const struct replica_entry *row)
{
    struct verify *verify = ctx;
    struct leaf_body bodies[BOXES_MAX];
    struct checker_result result;
    struct leaf leaf;
    enum err err = ERR_OK;
    size_t n = 0;
    verify->index = row->index;
    if (row->index != verify->checker.tree.size)
        return ERR_WITHHELD;
    if (leaf_decode(&leaf, row->header, row->header_len, row->sig) == ERR_OK)
        n = leaf.n_bodies;
    leaf_fini(&leaf);
    if (n > BOXES_MAX)
        return ERR_CORRUPT;
    TRY(replica_bodies_parse(bodies, n, row->bodies, row->bodies_len));
    const struct checker_entry entry = {.t_recv_ms = row->t_recv_ms,
                                        .header = row->header,
                                        .header_len = row->header_len,
                                        .sig = row->sig,
                                        .bodies = bodies,
                                        .n_bodies = n};
    TRY(checker_take(&verify->checker, &entry, &result));
    if (result.completed.n != row->n_nodes ||
        memcmp(result.completed.nodes, row->nodes, (size_t)row->n_nodes * HASH_LEN) != 0)
        return ERR_ROOT;
    if (result.verdict != row->verdict)
        return result.verdict != ERR_OK ? result.verdict : ERR_CORRUPT;
    if (result.verdict == ERR_OK && result.bodies != ERR_OK)
        return result.bodies;
out:
    return err;
}

enum err engine_verify(struct engine *engine, size_t i, uint64_t *index)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct verify verify = {.space = space};
    *index = UINT64_MAX;
    TRY(checker_init(&verify.checker, space->pub.id, space->genesis));
    err = replica_entries(engine->replica, space->no, REPLICA_ALL, 0, UINT64_MAX, verify_entry,
                          &verify);
    if (err != ERR_OK)
        *index = verify.index;
    TRY(err);
    if (verify.checker.tree.size == 0)
        goto out;
    if (!space->has_note)
        TRY(ERR_WITHHELD);
    TRY(checker_note(&verify.checker, &space->note));
    if (space->missing)
        err = ERR_WITHHELD;
    *index = err == ERR_OK ? UINT64_MAX : space->pub.alarm_index;
out:
    checker_fini(&verify.checker);
    return err;
}

/* --- checkpoints --- */

enum err engine_checkpoint(struct engine *engine, size_t i, struct buf *out)
{
    const struct space *space = engine_at(engine, i);
    char origin[NOTE_ORIGIN_MAX];
    if (!space->has_note)
        return ERR_NOT_FOUND;
    enum err err = space_origin(space, origin);
    if (err != ERR_OK)
        return err;
    struct note bare = space->note;
    bare.n_cosigs = 0;
    note_print(out, &bare, origin, fold_log_pk(space->fold, bare.size), NULL);
    return out->err;
}

enum err audit_accuse(struct engine *engine, struct space *space, const struct note *theirs)
{
    const struct evidence evidence = {.what = ERR_FORK,
                                      .index = UINT64_MAX,
                                      .ours = space->has_note ? &space->note : NULL,
                                      .theirs = theirs};
    space->proven = true;
    space_alarm(space, ERR_FORK, UINT64_MAX, true);
    enum err err = space_save(engine, space);
    if (err == ERR_OK)
        err = evidence_write(engine, space, &evidence);
    return err == ERR_OK ? ERR_FORK : err;
}

/* A note that is longer than the own log waits until the log has grown; two of one size must agree already now. */
static enum err remember(struct engine *engine, struct space *space, const struct note *note)
{
    struct buf known = {0};
    enum err err = replica_get(engine->replica, REPLICA_NOTE, space->no, note->size, &known);
    if (err == ERR_OK && known.len == sizeof *note &&
        memcmp(((const struct note *)(const void *)known.bytes)->root, note->root, HASH_LEN) != 0)
        err = audit_accuse(engine, space, note);
    else if (err == ERR_OK)
        err = ERR_BEHIND;
    else if (err == ERR_NOT_FOUND) {
        err = replica_put(engine->replica, REPLICA_NOTE, space->no, note->size, note, sizeof *note);
        if (err == ERR_OK)
            err = ERR_BEHIND;
    }
    buf_free(&known);
    return err;
}

/* Its size, which names the key that must have signed it, is known only once it is read. */
static enum err parse_note(struct note *note, const char *text, size_t len, const char *origin,
                           const struct fold *fold)
{
    enum err err = note_parse(note, text, len, origin, fold->log_pk);
    for (size_t i = fold->n_log_keys; i > 0 && err == ERR_SIGNATURE; i--) {
        err = note_parse(note, text, len, origin, fold->log_keys[i - 1].pk);
        if (err == ERR_OK && fold_log_pk(fold, note->size) != fold->log_keys[i - 1].pk)
            err = ERR_SIGNATURE;
    }
    return err;
}

enum err engine_compare(struct engine *engine, const char *text, size_t len)
{
    enum err verdict = ERR_FORMAT;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        struct space *space = engine->spaces[i];
        struct space_reader reader = {.engine = engine, .space = space};
        struct note note;
        char origin[NOTE_ORIGIN_MAX];
        uint8_t root[HASH_LEN];
        if (space->fold->size == 0 || space_origin(space, origin) != ERR_OK)
            continue;
        enum err err = parse_note(&note, text, len, origin, space->fold);
        if (err == ERR_SIGNATURE)
            verdict = err;
        if (err != ERR_OK)
            continue;
        if (note.size == 0)
            return ERR_OK;
        if (note.size > space->fold->size)
            return remember(engine, space, &note);
        err = space_root_at(&reader, note.size, root);
        if (err != ERR_OK)
            return err;
        return memcmp(root, note.root, HASH_LEN) == 0 ? ERR_OK : audit_accuse(engine, space, &note);
    }
    return verdict;
}
