/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store_copy.h"

#include <stdlib.h>
#include <string.h>

#include "server/logkey.h"
#include "server/store_next.h"

enum { AT_ONCE = 4096 /* entries in one transaction */ };

struct copy {
    struct store *to;
    struct store_view *from;
    const uint8_t *space;
    struct store_copied *copied;
    /* Bodies of the entry that is being copied. */
    size_t n_bodies;
    struct leaf_body bodies[BOXES_MAX];
    struct buf bytes;
    size_t ends[BOXES_MAX];
};

static enum err again(struct store *to)
{
    enum err err = to->engine->commit(to);
    return err == ERR_OK ? to->engine->begin(to) : err;
}

/* ---- the log ---- */

static enum err add_body(void *ctx, uint64_t index, uint16_t box, const uint8_t *hash,
                         const uint8_t *body, size_t len)
{
    struct copy *copy = ctx;
    (void)index;
    if (box != copy->n_bodies || copy->n_bodies == BOXES_MAX)
        return ERR_CORRUPT;
    buf_put(&copy->bytes, body ? body : hash, body ? len : HASH_LEN);
    copy->ends[copy->n_bodies++] = copy->bytes.len;
    return copy->bytes.err;
}

static enum err add_entry(void *ctx, const struct store_entry *entry)
{
    enum err err = ERR_OK;
    struct copy *copy = ctx;
    struct store_view *from = copy->from;
    copy->n_bodies = 0;
    buf_reset(&copy->bytes);
    TRY(from->engine->bodies(from, entry->space, entry->index, entry->index + 1, add_body, copy));
    for (size_t i = 0, at = 0; i < copy->n_bodies; at = copy->ends[i++])
        copy->bodies[i] = (struct leaf_body){copy->bytes.bytes + at, copy->ends[i] - at};
    TRY(copy->to->engine->append(copy->to, entry, copy->bodies, copy->n_bodies));
    if (++copy->copied->entries % AT_ONCE == 0)
        TRY(again(copy->to));
out:
    return err;
}

static enum err add_note(void *ctx, const struct note *note)
{
    struct copy *copy = ctx;
    copy->copied->notes++;
    return copy->to->engine->note_put(copy->to, copy->space, note);
}

/* ---- the keys ---- */

static enum err add_slot(void *ctx, const struct store_slot *slot)
{
    struct copy *copy = ctx;
    copy->copied->slots++;
    return copy->to->engine->slot_put(copy->to, copy->space, &slot->slot, slot->sender);
}

static enum err add_seal(void *ctx, const struct store_seal *seal)
{
    struct copy *copy = ctx;
    copy->copied->seals++;
    return copy->to->engine->seal_put(copy->to, copy->space, seal->index, &seal->seal);
}

/* The hashes of seals that were deleted stay in their lists: first every line as a deleted one, then the seals that are
 * there over it. */
static enum err add_lines(struct copy *copy, uint64_t index)
{
    struct buf lines = {0};
    enum err err = copy->from->engine->seal_lines(copy->from, copy->space, index, &lines);
    for (size_t at = 0; at < lines.len && err == ERR_OK; at += SEAL_LINE_LEN) {
        const uint8_t *line = lines.bytes + at;
        struct leaf_seal seal = {.epoch = (uint32_t)line[ID_LEN] << 24 |
                                          (uint32_t)line[ID_LEN + 1] << 16 |
                                          (uint32_t)line[ID_LEN + 2] << 8 | line[ID_LEN + 3],
                                 .type = line[ID_LEN + 4],
                                 .seal = line + ID_LEN + 5,
                                 .seal_len = HASH_LEN};
        memcpy(seal.device, line, ID_LEN);
        err = copy->to->engine->seal_put(copy->to, copy->space, index, &seal);
    }
    buf_free(&lines);
    return err;
}

static enum err add_control(void *ctx, const struct store_entry *entry)
{
    return add_lines(ctx, entry->index);
}

static enum err add_inbox(void *ctx, const struct store_inbox *item)
{
    struct copy *copy = ctx;
    return copy->to->engine->inbox_put(copy->to, copy->space, item);
}

static enum err add_member(void *ctx, const struct store_member *member)
{
    enum err err = ERR_OK;
    struct copy *copy = ctx;
    TRY(copy->to->engine->member_put(copy->to, member));
    TRY(copy->to->engine->erased_upto_put(copy->to, copy->space, member->device,
                                          member->erased_upto));
    TRY(copy->from->engine->seals_for(copy->from, copy->space, member->device, 0, add_seal, copy));
out:
    return err;
}

/* ---- all of it ---- */

/* The space's row comes last: without it nothing of the space counts. */
static enum err add_space(struct copy *copy, const struct store_space *space)
{
    enum err err = ERR_OK;
    struct store_view *from = copy->from;
    uint8_t next[ID_LEN];
    copy->space = space->space;
    TRY(from->engine->entries(from, space->space, 0, space->size, add_entry, copy));
    TRY(from->engine->notes(from, space->space, add_note, copy));
    TRY(from->engine->slots(from, space->space, 0, NULL, add_slot, copy));
    TRY(from->engine->control_entries(from, space->space, add_control, copy));
    TRY(from->engine->members(from, space->space, add_member, copy));
    TRY(from->engine->inbox(from, space->space, add_inbox, copy));
    err = store_next_get(from, space->space, next);
    if (err == ERR_OK)
        err = store_next_put(copy->to, space->space, next);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    TRY(copy->to->engine->space_put(copy->to, space));
    TRY(again(copy->to));
    copy->copied->spaces++;
out:
    return err;
}

struct spaces {
    size_t n;
    struct store_space *items;
};

static enum err list_space(void *ctx, const struct store_space *space)
{
    struct spaces *spaces = ctx;
    struct store_space *more = realloc(spaces->items, (spaces->n + 1) * sizeof *more);
    if (!more)
        return ERR_MEMORY;
    spaces->items = more;
    spaces->items[spaces->n++] = *space;
    return ERR_OK;
}

static enum err add_meta(struct copy *copy, const char *name)
{
    uint8_t value[LOGKEY_VALUE_MAX];
    size_t len = sizeof value;
    enum err err = copy->from->engine->meta(copy->from, name, value, &len);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return err == ERR_OK ? copy->to->engine->meta_put(copy->to, name, value, len) : err;
}

static enum err add_rest(struct copy *copy, const struct spaces *spaces)
{
    enum err err = ERR_OK;
    char name[LOGKEY_NAME_MAX];
    uint8_t pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    TRY(copy->from->engine->links(copy->from, pks, used, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(copy->to->engine->link_put(copy->to, pks[i]));
        if (used[i])
            TRY(copy->to->engine->link_use(copy->to, pks[i]));
    }
    TRY(add_meta(copy, "clock"));
    TRY(add_meta(copy, "recovering"));
    for (size_t i = 0; i < spaces->n; i++) {
        logkey_name(name, spaces->items[i].space);
        TRY(add_meta(copy, name));
    }
out:
    return err;
}

enum err store_copy(struct store *to, struct store_view *from, struct store_copied *copied)
{
    enum err err = ERR_OK;
    struct spaces spaces = {0};
    struct copy *copy = calloc(1, sizeof *copy);
    *copied = (struct store_copied){0};
    if (!copy)
        return ERR_MEMORY;
    *copy = (struct copy){.to = to, .from = from, .copied = copied, .bytes = {.max = 2 * LEAF_MAX}};
    TRY(from->engine->spaces(from, list_space, &spaces));
    TRY(to->engine->begin(to));
    for (size_t i = 0; i < spaces.n; i++)
        TRY(add_space(copy, &spaces.items[i]));
    TRY(add_rest(copy, &spaces));
    TRY(to->engine->commit(to));
out:
    if (err != ERR_OK)
        to->engine->rollback(to);
    free(spaces.items);
    buf_free(&copy->bytes);
    free(copy);
    return err;
}
