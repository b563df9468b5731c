/* SPDX-License-Identifier: Apache-2.0
 *
 *   record and body = [dossier16 | nil, time s, dossier16 | nil, time s, ...]
 */
#include "client/access.h"

#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/wire.h"

enum {
    RECORD_ID = 1,
    DAY_S = 24 * 3600,
    WAIT_S = DAY_S / 2,
    LINES_MAX = 4000, /* per leaf: its body stays under 128 KiB */
    LIST_BYTES = 1 << 18
};

struct item {
    bool about;
    uint8_t shred[ID_LEN];
    int64_t time_s;
};

struct list {
    size_t n;
    struct item items[LINES_MAX];
};

/* --- the list on the disk and in a body --- */

static enum err decode(struct list *list, const uint8_t *bytes, size_t len)
{
    struct wire_doc doc;
    enum err err = wire_open(&doc, bytes, len, 1, 2 * LINES_MAX + 1);
    list->n = 0;
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 0, 2 * LINES_MAX);
    for (size_t n = in.left / 2; in.err == ERR_OK && list->n < n; list->n++) {
        struct item *item = &list->items[list->n];
        item->about = wire_bytes_or_nil(&in, item->shred, ID_LEN);
        item->time_s = (int64_t)wire_uint(&in, INT64_MAX);
    }
    err = wire_end(&in);
    wire_close(&doc);
    return err;
}

static void encode(struct buf *out, const struct list *list)
{
    wire_put_array(out, 2 * list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].about)
            wire_put_bin(out, list->items[i].shred, ID_LEN);
        else
            wire_put_nil(out);
        wire_put_uint(out, (uint64_t)list->items[i].time_s);
    }
}

/* What was opened and not sent yet; unreadable records count as none. */
static enum err load(struct engine *engine, const struct space *space, struct list *list)
{
    struct buf plain = {.max = LIST_BYTES};
    enum err err = replica_get(engine->replica, REPLICA_ACCESS, space->no, RECORD_ID, &plain);
    list->n = 0;
    if (err == ERR_OK && decode(list, plain.bytes, plain.len) != ERR_OK)
        list->n = 0;
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int64_t now_s(const struct engine *engine)
{
    return (int64_t)(engine->now_ms / 1000);
}

static enum err queue(struct engine *engine, struct space *space, const struct op *op,
                      const struct list *list)
{
    static const uint8_t nobody[ID_LEN];
    struct buf text = {.max = LIST_BYTES};
    encode(&text, list);
    enum err err = text.err;
    if (err == ERR_OK)
        err = outbox_operate(engine, space, op, nobody, text.bytes, text.len);
    buf_free(&text);
    return err;
}

/* --- noting --- */

static bool noted_today(const struct list *list, const uint8_t *shred, int64_t time_s)
{
    for (size_t i = 0; i < list->n; i++) {
        int64_t ago = time_s - list->items[i].time_s;
        if (memcmp(list->items[i].shred, shred, ID_LEN) == 0 && ago > -DAY_S && ago < DAY_S)
            return true;
    }
    return false;
}

enum err access_opened(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(engine, i);
    struct buf plain = {.max = LIST_BYTES};
    struct list *list = calloc(1, sizeof *list);
    if (!list)
        return ERR_MEMORY;
    TRY(load(engine, space, list));
    if (list->n == LINES_MAX || noted_today(list, shred, now_s(engine)))
        goto out;
    struct item *item = &list->items[list->n++];
    item->about = true;
    item->time_s = now_s(engine);
    memcpy(item->shred, shred, ID_LEN);
    encode(&plain, list);
    TRY(plain.err);
    TRY(replica_put(engine->replica, REPLICA_ACCESS, space->no, RECORD_ID, plain.bytes, plain.len));
out:
    free(list);
    buf_free(&plain);
    return err;
}

/* --- what is kept for months only --- */

enum { PRUNE_AT_ONCE = 256 };

struct pruning {
    uint64_t newest_ms;
    size_t n;
    uint64_t leaves[PRUNE_AT_ONCE];
};

static enum err read_time(void *ctx, const struct replica_entry *entry)
{
    struct pruning *pruning = ctx;
    pruning->newest_ms = entry->t_recv_ms;
    return ERR_OK;
}

static enum err look_for_old(void *ctx, const struct replica_entry *entry)
{
    struct pruning *pruning = ctx;
    struct leaf_body body;
    /* Times do not decrease: nothing behind it is older. */
    if (entry->t_recv_ms + (uint64_t)ACCESS_DELETE_MS > pruning->newest_ms)
        return ERR_UNCHANGED;
    if (entry->kind == KIND_ACCESS && pruning->n < PRUNE_AT_ONCE &&
        replica_bodies_parse(&body, 1, entry->bodies, entry->bodies_len) == ERR_OK &&
        body.len >= BODY_MIN)
        pruning->leaves[pruning->n++] = entry->index;
    return ERR_OK;
}

struct emptying {
    struct engine *engine;
    const struct space *space;
};

static enum err empty_leaf(void *ctx, const struct replica_entry *entry)
{
    const struct emptying *emptying = ctx;
    struct leaf_body body;
    uint8_t hash[HASH_LEN];
    struct buf packed = {.max = 1024};
    enum err err = replica_bodies_parse(&body, 1, entry->bodies, entry->bodies_len);
    if (err == ERR_OK) {
        leaf_body_hash(hash, &body);
        body = (struct leaf_body){hash, HASH_LEN};
        replica_bodies_pack(&packed, &body, 1);
        err = packed.err;
    }
    if (err == ERR_OK)
        err = replica_entry_bodies(emptying->engine->replica, emptying->space->no, entry->index,
                                   packed.bytes, packed.len, 0);
    buf_free(&packed);
    return err;
}

enum err access_prune(struct engine *engine, const struct space *space)
{
    enum err err = ERR_OK;
    struct pruning pruning = {0};
    struct emptying emptying = {engine, space};
    uint64_t size = space->fold->size;
    if (size == 0)
        return ERR_OK;
    TRY(replica_entry(engine->replica, space->no, size - 1, read_time, &pruning));
    err = replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0, size, look_for_old,
                          &pruning);
    TRY(err == ERR_UNCHANGED ? ERR_OK : err);
    for (size_t i = 0; i < pruning.n; i++)
        TRY(replica_entry(engine->replica, space->no, pruning.leaves[i], empty_leaf, &emptying));
out:
    return err;
}

/* Whether one of them is half a day old; a clock that went back must not hold them for ever. */
static bool waited(const struct list *list, int64_t now)
{
    for (size_t i = 0; i < list->n; i++) {
        int64_t ago = now - list->items[i].time_s;
        if (ago <= -DAY_S || ago >= WAIT_S)
            return true;
    }
    return list->n == LINES_MAX;
}

enum err access_queue(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct list *list = calloc(1, sizeof *list);
    if (!list)
        return ERR_MEMORY;
    TRY(load(engine, space, list));
    if (!waited(list, now_s(engine)))
        goto out;
    struct op op = {.kind = KIND_ACCESS};
    op.u.access.count = list->n;
    TRY(queue(engine, space, &op, list));
    TRY(replica_delete(engine->replica, REPLICA_ACCESS, space->no, RECORD_ID));
out:
    free(list);
    return err;
}

enum err access_export(struct engine *engine, size_t i, enum access_what what, uint64_t count,
                       const uint8_t (*shreds)[ID_LEN], size_t n)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_EXPORT_NOTICE};
    struct list *list = calloc(1, sizeof *list);
    size_t done = 0;
    if (!list)
        return ERR_MEMORY;
    op.u.export_notice.what = (uint8_t)what;
    op.u.export_notice.count = count;
    do {
        list->n = 0;
        if (n == 0)
            list->items[list->n++] = (struct item){.time_s = now_s(engine)};
        for (; done < n && list->n < LINES_MAX; done++) {
            struct item *item = &list->items[list->n++];
            *item = (struct item){.about = true, .time_s = now_s(engine)};
            memcpy(item->shred, shreds[done], ID_LEN);
        }
        TRY(queue(engine, space, &op, list));
    } while (done < n);
    space_refresh(engine, space);
out:
    free(list);
    return err;
}

/* --- reading --- */

static enum err give(const struct list *list, struct access_line *line, const uint8_t *only,
                     access_sink sink, void *ctx)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < list->n; i++) {
        const struct item *item = &list->items[i];
        if (only && (!item->about || memcmp(item->shred, only, ID_LEN) != 0))
            continue;
        line->about = item->about;
        line->time_s = item->time_s;
        memcpy(line->shred, item->shred, ID_LEN);
        err = sink(ctx, line);
    }
    return err;
}

/* The list in the leaf's one body. ERR_NOT_FOUND: pruned, not ours to read, or not in this form. */
static enum err open_list(const struct space *space, const struct replica_entry *entry,
                          const struct leaf *leaf, struct list *list)
{
    enum err err = ERR_OK;
    struct leaf_body body;
    struct buf text = {.max = LIST_BYTES};
    if (leaf->n_bodies != 1)
        return ERR_NOT_FOUND;
    TRY(replica_bodies_parse(&body, 1, entry->bodies, entry->bodies_len));
    TRY(space_control_text(space, leaf, 0, &body, &text));
    TRY(decode(list, text.bytes, text.len));
out:
    buf_free(&text);
    return err == ERR_OK || err_category(err) == CAT_INTERNAL ? err : ERR_NOT_FOUND;
}

static enum err leaf_lines(const struct space *space, const struct replica_entry *entry,
                           const struct leaf *leaf, const uint8_t *only, access_sink sink,
                           void *ctx)
{
    struct access_line line = {.index = entry->index, .t_recv_ms = entry->t_recv_ms};
    struct list *list = calloc(1, sizeof *list);
    if (!list)
        return ERR_MEMORY;
    memcpy(line.device, leaf->device, ID_LEN);
    bool opened = leaf->kind == KIND_ACCESS;
    line.what = opened ? ACCESS_OPENED : (enum access_what)leaf->op.u.export_notice.what;
    line.count = opened ? leaf->op.u.access.count : leaf->op.u.export_notice.count;
    enum err err = open_list(space, entry, leaf, list);
    if (err == ERR_OK)
        err = give(list, &line, only, sink, ctx);
    else if (err == ERR_NOT_FOUND)
        err = only ? ERR_OK : sink(ctx, &line);
    free(list);
    return err;
}

enum err access_lines(const struct space *space, const struct replica_entry *entry,
                      const struct leaf *leaf, access_sink sink, void *ctx)
{
    return leaf_lines(space, entry, leaf, NULL, sink, ctx);
}

struct about {
    const struct space *space;
    const uint8_t *shred;
    access_sink sink;
    void *ctx;
};

static enum err look(void *ctx, const struct replica_entry *entry)
{
    const struct about *about = ctx;
    struct leaf leaf;
    if ((entry->kind != KIND_ACCESS && entry->kind != KIND_EXPORT_NOTICE) ||
        entry->verdict != ERR_OK)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err == ERR_OK)
        err = leaf_lines(about->space, entry, &leaf, about->shred, about->sink, about->ctx);
    leaf_fini(&leaf);
    return err;
}

enum err access_about(struct engine *engine, size_t i, const uint8_t *shred, access_sink sink,
                      void *ctx)
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(engine, i);
    struct about about = {space, shred, sink, ctx};
    struct access_line line = {.index = UINT64_MAX};
    struct list *list = calloc(1, sizeof *list);
    if (!list)
        return ERR_MEMORY;
    TRY(replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0, space->fold->size, look,
                        &about));
    memcpy(line.device, engine->ring.id, ID_LEN);
    TRY(load(engine, space, list));
    TRY(give(list, &line, shred, sink, ctx));
out:
    free(list);
    return err;
}
