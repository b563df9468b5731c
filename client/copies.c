/* SPDX-License-Identifier: Apache-2.0 */
#include "client/copies.h"

#include <stdlib.h>
#include <string.h>

#include "client/give.h"
#include "proto/merge.h"

static enum err keep_change(void *ctx, const struct engine_change *change)
{
    struct copies *copies = ctx;
    if (copies->shred && memcmp(change->shred, copies->shred, ID_LEN) != 0)
        return ERR_OK;
    if (copies->n == copies->cap) {
        size_t cap = copies->cap ? 2 * copies->cap : 64;
        struct copy *grown = realloc(copies->items, cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        copies->items = grown;
        copies->cap = cap;
    }
    copies->items[copies->n++] = (struct copy){.what = *change, .value_at = copies->text.len};
    buf_put(&copies->text, change->change.value, change->change.value_len);
    return copies->text.err;
}

void copies_free(struct copies *copies)
{
    free(copies->items);
    free(copies->by_id);
    buf_free(&copies->text);
    *copies = (struct copies){0};
}

enum err copies_read(struct engine *engine, size_t space, const uint8_t *shred, bool pending,
                     struct copies *copies)
{
    *copies = (struct copies){.shred = shred, .text = {.max = 256 << 20}};
    enum err err = give_replay(engine, space, 0, keep_change, copies, NULL);
    if (err == ERR_OK && pending)
        err = give_pending(engine, space, keep_change, copies);
    for (size_t i = 0; err == ERR_OK && i < copies->n; i++)
        copies->items[i].what.change.value = copies->text.bytes + copies->items[i].value_at;
    return err;
}

/* Values were read one after the other: where they lie is the order. */
static int by_dossier(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    int order = memcmp(x->what.shred, y->what.shred, ID_LEN);
    return order ? order : (x->value_at > y->value_at) - (x->value_at < y->value_at);
}

void copies_group(struct copies *copies)
{
    if (copies->n)
        qsort(copies->items, copies->n, sizeof *copies->items, by_dossier);
}

/* --- what the other space has --- */

static int compare_ids(const struct engine_change *a, const struct engine_change *b)
{
    int order = memcmp(a->author, b->author, ID_LEN);
    if (order == 0)
        order = memcmp(a->run, b->run, RUN_LEN);
    if (order == 0)
        order = (a->change.ordinal > b->change.ordinal) - (a->change.ordinal < b->change.ordinal);
    return order;
}

static int by_id(const void *a, const void *b)
{
    const struct copy *const *x = a, *const *y = b;
    return compare_ids(&(*x)->what, &(*y)->what);
}

struct knowing {
    struct copies *copies;
    bool logged;
    engine_sink sink;
    void *ctx;
};

/* The first that is not before the change, in by_id. */
static size_t find_id(const struct copies *copies, const struct engine_change *change)
{
    size_t from = 0, to = copies->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (compare_ids(&copies->by_id[middle]->what, change) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static enum err mark_here(void *ctx, const struct engine_change *change)
{
    struct knowing *knowing = ctx;
    const struct copies *copies = knowing->copies;
    /* What waits here and is logged too is there twice. */
    for (size_t from = find_id(copies, change);
         from < copies->n && compare_ids(&copies->by_id[from]->what, change) == 0; from++) {
        copies->by_id[from]->here = true;
        copies->by_id[from]->logged = copies->by_id[from]->logged || knowing->logged;
    }
    return knowing->sink ? knowing->sink(knowing->ctx, change) : ERR_OK;
}

enum err copies_mark_known(struct engine *engine, size_t to, struct copies *copies,
                           engine_sink sink, void *ctx)
{
    enum err err = ERR_OK;
    struct knowing knowing = {copies, true, sink, ctx};
    free(copies->by_id);
    copies->by_id = calloc(copies->n + 1, sizeof(struct copy *));
    if (!copies->by_id)
        return ERR_MEMORY;
    for (size_t i = 0; i < copies->n; i++)
        copies->by_id[i] = &copies->items[i];
    qsort(copies->by_id, copies->n, sizeof(struct copy *), by_id);
    TRY(give_replay(engine, to, 0, mark_here, &knowing, NULL));
    knowing.logged = false;
    TRY(give_pending(engine, to, mark_here, &knowing));
out:
    return err;
}

bool copies_logged(const struct copies *copies, const uint8_t author[static ID_LEN],
                   const uint8_t run[static RUN_LEN], uint64_t ordinal, size_t n)
{
    struct engine_change change = {.change.ordinal = ordinal};
    memcpy(change.author, author, ID_LEN);
    memcpy(change.run, run, RUN_LEN);
    for (size_t i = 0; i < n; i++, change.change.ordinal++) {
        size_t at = find_id(copies, &change);
        if (at == copies->n || compare_ids(&copies->by_id[at]->what, &change) != 0 ||
            !copies->by_id[at]->logged)
            return false;
    }
    return true;
}

/* --- which of them stand --- */

/* Elements of a set are registers of their own; the first byte of such a value says that it is one. */
static bool same_register(const struct copy *a, const struct copy *b)
{
    const struct change *x = &a->what.change, *y = &b->what.change;
    if (x->field != y->field || memcmp(x->record, y->record, RECORD_LEN) != 0)
        return false;
    bool set_x = x->value_len > 2 && x->value[0] == 0x92,
         set_y = y->value_len > 2 && y->value[0] == 0x92;
    if (!set_x || !set_y)
        return set_x == set_y;
    return x->value_len == y->value_len &&
           memcmp(x->value + 2, y->value + 2, x->value_len - 2) == 0;
}

enum err copies_mark_live(struct copy *items, size_t n_items)
{
    bool *done = calloc(n_items + 1, sizeof *done);
    struct merge_entry *entries = calloc(n_items + 1, sizeof *entries);
    size_t *which = calloc(n_items + 1, sizeof *which);
    enum err err = done && entries && which ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < n_items; i++) {
        size_t n = 0;
        for (size_t k = i; k < n_items && !done[i]; k++) {
            const struct engine_change *what = &items[k].what;
            if (done[k] || !same_register(&items[i], &items[k]))
                continue;
            entries[n] = (struct merge_entry){.index = what->index,
                                              .base = what->change.base,
                                              .ordinal = what->change.ordinal,
                                              .time_s = what->change.time_s,
                                              .t_recv_ms = what->t_recv_ms};
            memcpy(entries[n].author, what->author, ID_LEN);
            memcpy(entries[n].run, what->run, RUN_LEN);
            which[n++] = k;
            if (k != i)
                done[k] = true;
        }
        done[i] = true;
        if (n == 0)
            continue;
        (void)merge_live(entries, n);
        for (size_t k = 0; k < n; k++)
            items[which[k]].live = entries[k].live;
    }
    free(done);
    free(entries);
    free(which);
    return err;
}

/* --- queueing --- */

enum err copies_queue(struct engine *engine, struct space *to, const struct copy *copy,
                      uint64_t base)
{
    const struct engine_change *what = &copy->what;
    struct change change = what->change;
    struct outbox_edit edit = {
        .pack = what->pack, .ordinal = change.ordinal, .n = 1, .raw_len = change.value_len};
    change.base = base;
    memcpy(edit.shred, what->shred, ID_LEN);
    memcpy(edit.author, what->author, ID_LEN);
    memcpy(edit.run, what->run, RUN_LEN);
    return outbox_adopt(engine, to, &edit, change.time_s, &change);
}

enum err copies_queue_origin(struct engine *engine, struct space *to, const struct space *from,
                             const uint8_t shred[static ID_LEN], uint16_t pack)
{
    struct buf value = {0};
    wire_put_str(&value, from->pub.name, strlen(from->pub.name));
    struct change change = {.field = FIELD_ORIGIN, .value = value.bytes, .value_len = value.len};
    struct outbox_edit edit = {
        .pack = pack, .ordinal = ++engine->ordinal, .n = 1, .raw_len = value.len};
    enum err err = value.err;
    memcpy(edit.shred, shred, ID_LEN);
    memcpy(edit.author, engine->ring.id, ID_LEN);
    memcpy(edit.run, engine->run, RUN_LEN);
    if (err == ERR_OK)
        err = outbox_adopt(engine, to, &edit, (int64_t)(engine->now_ms / 1000), &change);
    buf_free(&value);
    return err;
}
