/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree is rebuilt from the stored leaf hashes, so that one altered entry is one finding and not the end of
 * all that follows it; whether those leaf hashes are the true ones is what the notes say.
 */
#include "server/check.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/fold.h"

struct body_ref {
    uint64_t leaf;
    uint16_t box;
};

struct check {
    struct store_view *view;
    const struct serverkey *key;
    const struct check_report *report;
    struct check_space sum;
    struct store_space info;
    char origin[NOTE_ORIGIN_MAX];
    struct fold *fold;
    struct tree tree;
    bool tree_lost; /* after a gap: nothing to compute inner nodes from */
    uint64_t next;  /* index that should come next */
    uint64_t t_recv_ms;
    /* bodies of the entry at hand */
    struct leaf_body bodies[BOXES_MAX];
    uint8_t hashes[BOXES_MAX][HASH_LEN];
    size_t n_bodies;
    bool body_wrong, may_go; /* they may be missing: too old an access leaf's */
    size_t n_deleted, n_erased, cap_deleted, cap_erased;
    struct body_ref *deleted, *erased;
};

static void find(struct check *check, bool has_index, uint64_t index, const char *what,
                 enum err err)
{
    struct check_finding finding = {
        .has_index = has_index, .index = index, .what = what, .err = err};
    memcpy(finding.space, check->sum.space, ID_LEN);
    if (has_index && (!check->sum.has_first || index < check->sum.first)) {
        check->sum.has_first = true;
        check->sum.first = index;
    }
    if (check->sum.findings++ < CHECK_FINDINGS_MAX)
        check->report->finding(check->report->ctx, &finding);
}

static enum err add_ref(struct body_ref **refs, size_t *n, size_t *cap, struct body_ref ref)
{
    if (*n == *cap) {
        size_t more = *cap ? 2 * *cap : 256;
        struct body_ref *bigger = realloc(*refs, more * sizeof **refs);
        if (!bigger)
            return ERR_MEMORY;
        *refs = bigger;
        *cap = more;
    }
    (*refs)[(*n)++] = ref;
    return ERR_OK;
}

/* ---- bodies ---- */

static enum err take_body(void *ctx, uint64_t index, uint16_t box,
                          const uint8_t hash[static HASH_LEN], const uint8_t *body, size_t len)
{
    struct check *check = ctx;
    if (box != check->n_bodies || box >= BOXES_MAX) {
        check->body_wrong = true;
        return ERR_OK;
    }
    memcpy(check->hashes[box], hash, HASH_LEN);
    check->bodies[box] = (struct leaf_body){.bytes = check->hashes[box], .len = HASH_LEN};
    check->n_bodies++;
    check->sum.bodies++;
    if (len == 0 && check->may_go)
        return ERR_OK;
    if (len == 0)
        return add_ref(&check->deleted, &check->n_deleted, &check->cap_deleted,
                       (struct body_ref){.leaf = index, .box = box});
    uint8_t real[HASH_LEN];
    digest_sha256_of(real, body, len);
    check->body_wrong |= len < BODY_MIN || !digest_equal(real, hash, HASH_LEN);
    return ERR_OK;
}

static enum err check_bodies(struct check *check, const struct leaf *leaf, uint64_t index)
{
    check->n_bodies = 0;
    check->body_wrong = false;
    check->may_go = leaf_body_may_go(leaf->kind, check->t_recv_ms, check->info.t_recv_ms);
    enum err err = check->view->engine->bodies(check->view, check->sum.space, index, index + 1,
                                               take_body, check);
    if (err != ERR_OK)
        return err;
    if (check->body_wrong)
        find(check, true, index, "a body is not what its hash says", ERR_CORRUPT);
    else if (leaf_bodies_check(leaf, check->bodies, check->n_bodies) != ERR_OK)
        find(check, true, index, "the bodies are not those that the leaf commits to", ERR_CORRUPT);
    return ERR_OK;
}

static enum err note_erasures(struct check *check, const struct leaf *leaf)
{
    if (leaf->unknown || (leaf->kind != KIND_ERASE && leaf->kind != KIND_PURGE))
        return ERR_OK;
    for (size_t i = 0; i < leaf->op.u.erase.n; i++) {
        const struct op_body *body = &leaf->op.u.erase.list[i];
        enum err err = add_ref(&check->erased, &check->n_erased, &check->cap_erased,
                               (struct body_ref){.leaf = body->leaf, .box = body->box});
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int compare_refs(const void *a, const void *b)
{
    const struct body_ref *x = a, *y = b;
    if (x->leaf != y->leaf)
        return x->leaf < y->leaf ? -1 : 1;
    return (x->box > y->box) - (x->box < y->box);
}

/* A missing body is legitimate only if an erasure names it. */
static void check_deleted(struct check *check)
{
    if (check->n_erased > 0)
        qsort(check->erased, check->n_erased, sizeof *check->erased, compare_refs);
    for (size_t i = 0; i < check->n_deleted; i++) {
        if (check->n_erased == 0 || !bsearch(&check->deleted[i], check->erased, check->n_erased,
                                             sizeof *check->erased, compare_refs))
            find(check, true, check->deleted[i].leaf, "a body is missing and no erasure names it",
                 ERR_WITHHELD);
    }
}

/* ---- entries ---- */

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct check *check = ctx;
    return check->view->engine->node(check->view, check->sum.space, level, index, out);
}

static enum err root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    return tree_root_at(out, size, node_of, ctx);
}

static void check_tree(struct check *check, const struct store_entry *entry)
{
    uint8_t hash[HASH_LEN];
    struct tree_completed completed;
    leaf_entry_hash(hash, entry->t_recv_ms, entry->header, entry->header_len, entry->sig);
    if (!digest_equal(hash, entry->nodes.nodes[0], HASH_LEN))
        find(check, true, entry->index, "the entry is not what the tree says", ERR_ROOT);
    if (check->tree_lost)
        return;
    tree_append(&check->tree, entry->nodes.nodes[0], &completed);
    if (completed.n != entry->nodes.n ||
        memcmp(completed.nodes, entry->nodes.nodes, (size_t)completed.n * HASH_LEN) != 0)
        find(check, true, entry->index, "the inner nodes of the tree are wrong", ERR_ROOT);
}

static void check_columns(struct check *check, const struct store_entry *entry,
                          const struct leaf *leaf)
{
    if (memcmp(entry->device, leaf->device, ID_LEN) != 0 || entry->seq != leaf->seq ||
        entry->kind != leaf->kind)
        find(check, true, entry->index, "author, number or kind differ from the header",
             ERR_CORRUPT);
    if (entry->t_recv_ms < check->t_recv_ms)
        find(check, true, entry->index, "received before the entry that precedes it", ERR_CORRUPT);
    else
        check->t_recv_ms = entry->t_recv_ms;
}

static enum err check_fold(struct check *check, const struct store_entry *entry,
                           const struct leaf *leaf)
{
    const struct fold_entry judged = {.index = entry->index,
                                      .t_recv_ms = entry->t_recv_ms,
                                      .leaf = leaf,
                                      .fresh = true,
                                      .root_at = root_at,
                                      .root_ctx = check};
    fold_skip_to(check->fold, entry->index);
    enum err err = fold_apply(check->fold, &judged);
    /* A damaged node below makes the root unknowable: that is this entry's finding too. */
    if (err == ERR_IO || err_category(err) != CAT_INTERNAL) {
        if (err != ERR_OK)
            find(check, true, entry->index, "the leaf is not valid", err);
        if (check->fold->size == entry->index)
            fold_skip_to(check->fold, entry->index + 1);
        return ERR_OK;
    }
    return err;
}

static enum err check_entry(void *ctx, const struct store_entry *entry)
{
    enum err err = ERR_OK;
    struct check *check = ctx;
    struct leaf leaf = {.kind = KIND_DATA};
    uint8_t *header = malloc(entry->header_len + 1);
    struct store_entry copy = *entry;
    TRY(header ? ERR_OK : ERR_MEMORY);
    memcpy(header, entry->header, entry->header_len);
    copy.header = header;
    check->sum.entries++;
    for (; check->next < copy.index; check->next++) {
        find(check, true, check->next, "the entry is missing", ERR_WITHHELD);
        check->tree_lost = true;
        if (check->sum.findings > CHECK_FINDINGS_MAX)
            check->next = copy.index - 1;
    }
    check->next = copy.index + 1;
    check_tree(check, &copy);
    err = leaf_decode(&leaf, copy.header, copy.header_len, copy.sig);
    if (err != ERR_OK && err_category(err) != CAT_INTERNAL) {
        find(check, true, copy.index, "the leaf cannot be read", err);
        err = ERR_OK;
        goto out;
    }
    TRY(err);
    check_columns(check, &copy, &leaf);
    TRY(check_bodies(check, &leaf, copy.index));
    TRY(check_fold(check, &copy, &leaf));
    TRY(note_erasures(check, &leaf));
out:
    leaf_fini(&leaf);
    free(header);
    return err;
}

/* ---- notes, members, keys ---- */

static enum err check_note(void *ctx, const struct note *note)
{
    struct check *check = ctx;
    uint8_t root[HASH_LEN];
    check->sum.notes++;
    if (note_verify(note, check->origin, fold_log_pk(check->fold, note->size)) != ERR_OK)
        find(check, true, note->size, "the signature of the note of this size", ERR_SIGNATURE);
    else if (note->size > check->info.size)
        find(check, true, note->size, "a note of a size that is not there", ERR_ROLLBACK);
    else if (root_at(check, note->size, root) != ERR_OK ||
             !digest_equal(root, note->root, HASH_LEN))
        find(check, true, note->size, "the entries do not produce the note of this size", ERR_ROOT);
    return ERR_OK;
}

static enum err check_member(void *ctx, const struct store_member *member)
{
    struct check *check = ctx;
    const struct fold_device *device = fold_device(check->fold, member->device);
    if (!device || memcmp(device->ed_pk, member->ed_pk, PK_LEN) != 0 ||
        device->roles != member->roles || device->active != member->active ||
        device->added != member->added || (!device->active && device->revoked != member->revoked))
        find(check, false, 0, "a row of the members' table differs from the log", ERR_CORRUPT);
    return ERR_OK;
}

static enum err check_slot(void *ctx, const struct store_slot *slot)
{
    struct check *check = ctx;
    for (size_t i = 0; i < check->fold->n_erased; i++) {
        if (memcmp(check->fold->erased[i].row, slot->slot.row, ID_LEN) == 0)
            find(check, true, check->fold->erased[i].index,
                 "the key of an erased dossier is still there", ERR_CORRUPT);
    }
    return ERR_OK;
}

static enum err check_seals(struct check *check)
{
    enum err err = ERR_OK;
    struct buf lines = {.max = DEVICES_MAX * SEAL_LINE_LEN};
    uint8_t hash[HASH_LEN];
    const struct fold_epoch *epoch = fold_epoch(check->fold, fold_epoch_now(check->fold));
    if (!epoch)
        return ERR_OK;
    TRY(check->view->engine->seal_lines(check->view, check->sum.space, epoch->index, &lines));
    leaf_seals_hash(hash, lines.bytes, lines.len / SEAL_LINE_LEN);
    if (!digest_equal(hash, epoch->seals_hash, HASH_LEN))
        find(check, true, epoch->index, "the seals of the newest epoch are not those it names",
             ERR_SEALS);
out:
    buf_free(&lines);
    return err;
}

/* ---- a space ---- */

static enum err check_rest(struct check *check)
{
    enum err err = ERR_OK;
    struct store_view *view = check->view;
    const uint8_t *space = check->sum.space;
    for (; check->next < check->info.size; check->next++) {
        find(check, true, check->next, "the entry is missing", ERR_WITHHELD);
        if (check->sum.findings > CHECK_FINDINGS_MAX)
            break;
    }
    if (check->next > check->info.size)
        find(check, true, check->info.size, "more entries than the space's size", ERR_CORRUPT);
    check_deleted(check);
    TRY(view->engine->notes(view, space, check_note, check));
    struct note newest;
    err = view->engine->note(view, space, check->info.size, &newest);
    if (err == ERR_NOT_FOUND)
        find(check, true, check->info.size, "the newest size has no note", ERR_WITHHELD);
    else
        TRY(err);
    TRY(view->engine->members(view, space, check_member, check));
    TRY(view->engine->slots(view, space, 0, NULL, check_slot, check));
    TRY(check_seals(check));
out:
    return err;
}

static enum err check_one(struct check *check)
{
    enum err err = ERR_OK;
    struct store_view *view = check->view;
    memcpy(check->sum.space, check->info.space, ID_LEN);
    TRY(note_origin(check->origin, check->key->log_name, strlen(check->key->log_name),
                    check->info.space));
    TRY(fold_new(&check->fold, check->info.space));
    TRY(view->engine->entries(view, check->info.space, 0, INT64_MAX, check_entry, check));
    TRY(check_rest(check));
    check->report->space(check->report->ctx, &check->sum);
out:
    fold_free(check->fold);
    free(check->deleted);
    free(check->erased);
    return err;
}

struct spaces {
    size_t n, cap;
    struct store_space *rows;
};

static enum err add_space(void *ctx, const struct store_space *space)
{
    struct spaces *spaces = ctx;
    if (spaces->n == spaces->cap) {
        size_t more = spaces->cap ? 2 * spaces->cap : 64;
        struct store_space *bigger = realloc(spaces->rows, more * sizeof *bigger);
        if (!bigger)
            return ERR_MEMORY;
        spaces->rows = bigger;
        spaces->cap = more;
    }
    spaces->rows[spaces->n++] = *space;
    return ERR_OK;
}

enum err check_store(struct store_view *view, const struct serverkey *key,
                     const struct check_report *report, uint64_t *findings)
{
    enum err err = ERR_OK;
    struct spaces spaces = {.n = 0};
    struct check *check = NULL;
    *findings = 0;
    TRY(view->engine->spaces(view, add_space, &spaces));
    check = malloc(sizeof *check);
    TRY(check ? ERR_OK : ERR_MEMORY);
    for (size_t i = 0; i < spaces.n; i++) {
        memset(check, 0, sizeof *check);
        check->view = view;
        check->key = key;
        check->report = report;
        check->info = spaces.rows[i];
        TRY(check_one(check));
        *findings += check->sum.findings;
    }
out:
    free(check);
    free(spaces.rows);
    return err;
}
