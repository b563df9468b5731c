/* SPDX-License-Identifier: Apache-2.0 */
#include "server/access.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct access {
    struct store *store;
    struct store_view *view;
    size_t n, max;
    uint64_t group;
    struct access_space *touched;
    struct access_space *buckets[BUCKETS];
};

/* Space ids are hashes: any bits of them spread well. */
static struct access_space **bucket_of(struct access *access, const uint8_t *space)
{
    return &access->buckets[((unsigned)space[0] << 8 | space[1]) % BUCKETS];
}

static void space_free(struct access_space *space)
{
    if (!space)
        return;
    fold_free(space->fold);
    free(space->members);
    free(space);
}

enum err access_new(struct access **out, struct store *store, size_t spaces_max)
{
    assert(spaces_max > 0);
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_MEMORY;
    (*out)->store = store;
    (*out)->view = store->engine->own_view(store);
    (*out)->max = spaces_max;
    return ERR_OK;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (access->buckets[i]) {
            struct access_space *space = access->buckets[i];
            access->buckets[i] = space->next;
            space_free(space);
        }
    }
    free(access);
}

/* ---- loading ---- */

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct access_space *space = ctx;
    struct store_view *view = space->access->view;
    return view->engine->node(view, space->info.space, level, index, out);
}

static enum err replay(void *ctx, const struct store_entry *entry)
{
    enum err err = ERR_OK;
    struct access_space *space = ctx;
    struct leaf leaf;
    TRY(leaf_decode(&leaf, entry->header, entry->header_len, entry->sig));
    if (entry->index < space->fold->size)
        TRY(ERR_CORRUPT);
    fold_skip_to(space->fold, entry->index);
    const struct fold_entry judged = {
        .index = entry->index, .t_recv_ms = entry->t_recv_ms, .leaf = &leaf};
    err = fold_apply(space->fold, &judged);
    /* What the fold refuses was refused by every client too: it stays in the log and is ignored. */
    if (err != ERR_OK && err_category(err) != CAT_INTERNAL)
        err = entry->index == 0 ? ERR_CORRUPT : ERR_OK;
out:
    leaf_fini(&leaf);
    return err;
}

static enum err set_last(void *ctx, const struct store_entry *entry)
{
    struct access_space *space = ctx;
    uint8_t hash[HASH_LEN];
    leaf_hash(hash, entry->header, entry->header_len, entry->sig);
    fold_set_last(space->fold, entry->device, entry->seq, hash, entry->index);
    return ERR_OK;
}

static enum err add_member(void *ctx, const struct store_member *member)
{
    struct access_space *space = ctx;
    struct store_member *more =
        realloc(space->members, (space->n_members + 1) * sizeof *space->members);
    if (!more)
        return ERR_MEMORY;
    space->members = more;
    space->members[space->n_members++] = *member;
    return ERR_OK;
}

static enum err load(struct access_space *space)
{
    enum err err = ERR_OK;
    struct store_view *view = space->access->view;
    const uint8_t *id = space->info.space;
    TRY(view->engine->space(view, id, &space->info));
    TRY(view->engine->control_entries(view, id, replay, space));
    TRY(space->fold->size <= space->info.size ? ERR_OK : ERR_CORRUPT);
    fold_skip_to(space->fold, space->info.size);
    for (size_t i = 0; i < space->fold->n_devices; i++) {
        err = view->engine->entry_last(view, id, space->fold->devices[i].id, set_last, space);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            goto out;
    }
    TRY(view->engine->members(view, id, add_member, space));
    TRY(tree_load(&space->tree, space->info.size, node_of, space));
out:
    return err;
}

static enum err space_new(struct access *access, const uint8_t id[static ID_LEN],
                          struct access_space **out)
{
    struct access_space *space = calloc(1, sizeof *space);
    *out = NULL;
    if (!space)
        return ERR_MEMORY;
    memcpy(space->info.space, id, ID_LEN);
    space->access = access;
    enum err err = fold_new(&space->fold, id);
    if (err != ERR_OK)
        space_free(space);
    else
        *out = space;
    return err;
}

static void keep(struct access *access, struct access_space *space)
{
    struct access_space **bucket = bucket_of(access, space->info.space);
    space->next = *bucket;
    *bucket = space;
    access->n++;
}

static struct access_space *find(struct access *access, const uint8_t id[static ID_LEN])
{
    struct access_space *space = *bucket_of(access, id);
    while (space && memcmp(space->info.space, id, ID_LEN) != 0)
        space = space->next;
    return space;
}

static void drop(struct access *access, struct access_space *space)
{
    struct access_space **at = bucket_of(access, space->info.space);
    while (*at != space)
        at = &(*at)->next;
    *at = space->next;
    access->n--;
    space_free(space);
}

/* Another process has written to the space since: what is remembered of it is worth nothing. */
static enum err forget_stale(struct access *access, struct access_space **space)
{
    struct store_space info;
    if (!access->store->engine->shared || !*space || (*space)->used == access->group)
        return ERR_OK;
    enum err err = access->view->engine->space(access->view, (*space)->info.space, &info);
    if (err == ERR_OK && info.size != (*space)->info.size) {
        drop(access, *space);
        *space = NULL;
    }
    return err;
}

enum err access_get(struct access *access, const uint8_t id[static ID_LEN],
                    struct access_space **out)
{
    enum err err = ERR_OK;
    *out = find(access, id);
    TRY(forget_stale(access, out));
    if (!*out) {
        struct access_space *space;
        TRY(space_new(access, id, &space));
        err = load(space);
        if (err != ERR_OK) {
            space_free(space);
            goto out;
        }
        keep(access, space);
        *out = space;
    }
    (*out)->used = access->group;
out:
    return err;
}

enum err access_found(struct access *access, const uint8_t id[static ID_LEN],
                      struct access_space **out)
{
    assert(!find(access, id));
    enum err err = space_new(access, id, out);
    if (err == ERR_OK) {
        keep(access, *out);
        /* Touched at once, so that a refused founding is forgotten with a rollback or settled away. */
        access_touch(*out);
    }
    return err;
}

enum err access_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    enum err err = ERR_OK;
    struct access_space *space = ctx;
    if (size == space->tree.size) {
        tree_root(&space->tree, out);
        return ERR_OK;
    }
    /* The leaves of one push have mostly seen the same size. */
    if (size != space->root_size || size == 0) {
        TRY(tree_root_at(space->root, size, node_of, space));
        space->root_size = size;
    }
    memcpy(out, space->root, HASH_LEN);
out:
    return err;
}

/* ---- publishing ---- */

void access_touch(struct access_space *space)
{
    struct access *access = space->access;
    space->used = access->group;
    if (space->touched)
        return;
    space->touched = true;
    space->next_touched = access->touched;
    access->touched = space;
}

struct access_space *access_touched(const struct access *access)
{
    return access->touched;
}

static struct store_member *member_of(const struct access_space *space, const uint8_t *device)
{
    for (size_t i = 0; i < space->n_members; i++) {
        if (memcmp(space->members[i].device, device, ID_LEN) == 0)
            return &space->members[i];
    }
    return NULL;
}

static enum err publish_device(struct access_space *space, const struct fold_device *device)
{
    enum err err = ERR_OK;
    struct store *store = space->access->store;
    const uint8_t *id = space->info.space;
    struct store_member *old = member_of(space, device->id);
    struct store_member member = {.roles = device->roles,
                                  .active = device->active,
                                  .added = device->added,
                                  .revoked = device->active ? 0 : device->revoked};
    if (old && old->roles == member.roles && old->active == member.active)
        return ERR_OK;
    memcpy(member.space, id, ID_LEN);
    memcpy(member.device, device->id, ID_LEN);
    memcpy(member.ed_pk, device->ed_pk, PK_LEN);
    TRY(store->engine->member_put(store, &member));
    if (!old && space->info.size > 0)
        TRY(store->engine->chore(store, id, STORE_CHORE_JOINED, device->id, ID_LEN));
    if (!device->active)
        TRY(store->engine->chore(store, id, STORE_CHORE_SEALS, device->id, ID_LEN));
    if (old) {
        member.erased_upto = old->erased_upto;
        *old = member;
    } else {
        TRY(add_member(space, &member));
    }
out:
    return err;
}

enum err access_publish(struct access_space *space)
{
    enum err err = ERR_OK;
    struct store *store = space->access->store;
    const struct fold *fold = space->fold;
    for (size_t i = 0; space->members_changed && i < fold->n_devices; i++)
        TRY(publish_device(space, &fold->devices[i]));
    space->members_changed = false;
    if (space->info.size != fold->size) {
        uint32_t epoch = fold_epoch_now(fold);
        space->info.size = fold->size;
        space->info.epoch = epoch;
        space->info.epoch_index = epoch ? fold_epoch(fold, epoch)->index : 0;
        TRY(store->engine->space_put(store, &space->info));
    }
out:
    return err;
}

/* ---- ends of a transaction ---- */

/* Half of a full cache goes, the longest unused first: a rare event that costs one pass. */
static void trim(struct access *access)
{
    uint64_t age = 64;
    while (access->n > access->max) {
        for (size_t i = 0; i < BUCKETS; i++) {
            struct access_space *next;
            for (struct access_space *space = access->buckets[i]; space; space = next) {
                next = space->next;
                if (access->group - space->used >= age)
                    drop(access, space);
            }
        }
        if (age == 0)
            break;
        age /= 2;
    }
}

void access_settle(struct access *access)
{
    while (access->touched) {
        struct access_space *space = access->touched;
        access->touched = space->next_touched;
        space->touched = false;
        space->next_touched = NULL;
        if (space->fold->size == 0) /* a founding that was refused */
            drop(access, space);
    }
    access->group++;
    if (access->n > access->max)
        trim(access);
}

void access_forget(struct access *access)
{
    while (access->touched) {
        struct access_space *space = access->touched;
        access->touched = space->next_touched;
        drop(access, space);
    }
    access->group++;
}
