/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: every engine behind server/store.h keeps the same promises. The suite is written once; an engine adds one row
 * to `engines`.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "server/store.h"

/* ---- engines ---- */

struct engine {
    const char *name;
    enum err (*create)(const char *place);
    enum err (*open)(struct store **store, const char *place, enum store_mode mode);
    const char *nowhere; /* where there is no store */
    bool files;        /* what it keeps lies in files of the folder, which the test may look into */
    const char *place; /* NULL: the folder */
    const char *empty; /* an environment variable: the command that empties the place */
};

/* PASSERELLE_PG names a database that tests may use up (tests/store/pg.sh). */
static const struct engine engines[] = {
    {"sqlite", store_sqlite_create, store_sqlite_open, "/tmp/passerelle-no-such-folder", true, NULL,
     NULL},
#ifdef HAVE_LIBPQ
    {"postgresql", store_pg_create, store_pg_open, "PASSERELLE_PG_NOWHERE", false, "PASSERELLE_PG",
     "PASSERELLE_PG_EMPTY"},
#endif
};

static const char *place_of(const struct engine *kind, const char *folder)
{
    return kind->place ? getenv(kind->place) : folder;
}

struct fixture {
    const struct engine *kind;
    char folder[64];
    const char *place;
    struct store *store;
    const struct store_engine *do_; /* the store's functions */
    struct store_view *own;
    struct tree tree; /* of space 1 */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->kind = *state ? *state : &engines[0];
    assert_int_equal(digest_init(), ERR_OK);
    strcpy(f->folder, "/tmp/passerelle-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->place = place_of(f->kind, f->folder);
    if (f->kind->empty)
        assert_int_equal(system(getenv(f->kind->empty)), 0);
    assert_int_equal(f->kind->create(f->place), ERR_OK);
    assert_int_equal(f->kind->open(&f->store, f->place, STORE_OWNER), ERR_OK);
    f->do_ = f->store->engine;
    f->own = f->do_->own_view(f->store);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[400];
    f->do_->close(f->store);
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    f->do_->close(f->store);
    assert_int_equal(f->kind->open(&f->store, f->place, STORE_OWNER), ERR_OK);
    f->do_ = f->store->engine;
    f->own = f->do_->own_view(f->store);
}

/* ---- makings ---- */

static const uint8_t space1[ID_LEN] = {1, 2, 3}, space2[ID_LEN] = {9};
static const uint8_t device1[ID_LEN] = {0xd1}, device2[ID_LEN] = {0xd2};

struct made {
    struct store_entry entry;
    uint8_t header[64], body[2][200];
    struct leaf_body bodies[2];
};

/* Entry `index` of space 1 with two bodies. */
static struct made *make(struct fixture *f, uint64_t index, const uint8_t *device, uint64_t seq,
                         enum leaf_kind kind)
{
    struct made *made = calloc(1, sizeof *made);
    uint8_t hash[HASH_LEN];
    snprintf((char *)made->header, sizeof made->header, "header %u", (unsigned)index);
    for (size_t i = 0; i < 2; i++) {
        digest_random(made->body[i], sizeof made->body[i]);
        made->bodies[i] = (struct leaf_body){made->body[i], sizeof made->body[i]};
    }
    made->entry = (struct store_entry){.index = index,
                                       .seq = seq,
                                       .kind = kind,
                                       .t_recv_ms = 1000 + index,
                                       .header = made->header,
                                       .header_len = sizeof made->header};
    memcpy(made->entry.space, space1, ID_LEN);
    memcpy(made->entry.device, device, ID_LEN);
    memset(made->entry.sig, (int)index, SIG_LEN);
    leaf_entry_hash(hash, made->entry.t_recv_ms, made->header, sizeof made->header,
                    made->entry.sig);
    tree_append(&f->tree, hash, &made->entry.nodes);
    return made;
}

static void append(struct fixture *f, struct made *made)
{
    assert_int_equal(f->do_->append(f->store, &made->entry, made->bodies, 2), ERR_OK);
}

static void begin(struct fixture *f)
{
    assert_int_equal(f->do_->begin(f->store), ERR_OK);
}

static void commit(struct fixture *f)
{
    assert_int_equal(f->do_->commit(f->store), ERR_OK);
}

/* Entries 0..n-1: of device 1 but every third one, which is an operation of device 2. */
static void fill(struct fixture *f, uint64_t n, struct made **made)
{
    begin(f);
    for (uint64_t i = 0; i < n; i++) {
        bool control = i % 3 == 2;
        made[i] = make(f, i, control ? device2 : device1, i + 1, control ? KIND_LABEL : KIND_DATA);
        append(f, made[i]);
    }
    commit(f);
}

static void free_made(struct made **made, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(made[i]);
}

struct seen {
    size_t n;
    uint64_t index[64];
    struct made **made;
    size_t bodies, deleted;
};

static enum err see_entry(void *ctx, const struct store_entry *entry)
{
    struct seen *seen = ctx;
    const struct made *made = seen->made[entry->index];
    assert_memory_equal(entry->header, made->header, sizeof made->header);
    assert_int_equal(entry->header_len, sizeof made->header);
    assert_memory_equal(entry->sig, made->entry.sig, SIG_LEN);
    assert_memory_equal(entry->device, made->entry.device, ID_LEN);
    assert_memory_equal(entry->space, space1, ID_LEN);
    assert_int_equal(entry->t_recv_ms, made->entry.t_recv_ms);
    assert_int_equal(entry->kind, made->entry.kind);
    assert_int_equal(entry->seq, made->entry.seq);
    assert_int_equal(entry->nodes.n, made->entry.nodes.n);
    assert_memory_equal(entry->nodes.nodes, made->entry.nodes.nodes,
                        (size_t)entry->nodes.n * HASH_LEN);
    seen->index[seen->n++] = entry->index;
    return ERR_OK;
}

static enum err see_body(void *ctx, uint64_t index, uint16_t box,
                         const uint8_t hash[static HASH_LEN], const uint8_t *body, size_t len)
{
    struct seen *seen = ctx;
    uint8_t real[HASH_LEN];
    const struct made *made = seen->made[index];
    digest_sha256_of(real, made->body[box], sizeof made->body[box]);
    assert_memory_equal(hash, real, HASH_LEN);
    if (len == 0) {
        seen->deleted++;
        return ERR_OK;
    }
    assert_int_equal(len, sizeof made->body[box]);
    assert_memory_equal(body, made->body[box], len);
    seen->bodies++;
    return ERR_OK;
}

/* ---- tests ---- */

static void test_append_and_read(void **state)
{
    struct fixture *f = *state;
    struct made *made[10];
    fill(f, 10, made);
    for (int round = 0; round < 2; round++) {
        struct seen seen = {.made = made};
        assert_int_equal(f->do_->entries(f->own, space1, 2, 7, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 5);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(seen.index[i], i + 2);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->control_entries(f->own, space1, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.index[0], 2);
        assert_int_equal(seen.index[2], 8);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entry_by_seq(f->own, space1, device1, 5, see_entry, &seen),
                         ERR_OK);
        assert_int_equal(seen.index[0], 4);
        assert_int_equal(f->do_->entry_by_seq(f->own, space1, device2, 5, see_entry, &seen),
                         ERR_NOT_FOUND);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entry_last(f->own, space1, device2, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.index[0], 8);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->bodies(f->own, space1, 0, 10, see_body, &seen), ERR_OK);
        assert_int_equal(seen.bodies, 20);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entries(f->own, space2, 0, 10, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 0);
        reopen(f);
    }
    free_made(made, 10);
}

static enum err stop_at_once(void *ctx, const struct store_entry *entry)
{
    (void)entry;
    ++*(int *)ctx;
    return ERR_TOO_BIG;
}

static void test_a_callback_can_stop(void **state)
{
    struct fixture *f = *state;
    struct made *made[5];
    int calls = 0;
    fill(f, 5, made);
    assert_int_equal(f->do_->entries(f->own, space1, 0, 5, stop_at_once, &calls), ERR_TOO_BIG);
    assert_int_equal(calls, 1);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->entries(f->own, space1, 0, 5, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 5);
    free_made(made, 5);
}

struct nodes {
    struct fixture *f;
};

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct fixture *f = ((struct nodes *)ctx)->f;
    return f->do_->node(f->own, space1, level, index, out);
}

static void test_nodes_carry_roots_and_proofs(void **state)
{
    struct fixture *f = *state;
    struct made *made[21];
    struct nodes nodes = {f};
    struct tree tree;
    uint8_t root[HASH_LEN], real[HASH_LEN], old_root[HASH_LEN];
    struct tree_proof proof;
    fill(f, 21, made);
    tree_root(&f->tree, real);
    assert_int_equal(tree_load(&tree, 21, node_of, &nodes), ERR_OK);
    tree_root(&tree, root);
    assert_memory_equal(root, real, HASH_LEN);
    for (uint64_t i = 0; i < 21; i++) {
        assert_int_equal(tree_inclusion(&proof, i, 21, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_inclusion_verify(&proof, i, 21, made[i]->entry.nodes.nodes[0], real),
                         ERR_OK);
        assert_int_equal(tree_root_at(old_root, i, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_consistency(&proof, i, 21, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_consistency_verify(&proof, i, 21, old_root, real), ERR_OK);
    }
    assert_int_equal(f->do_->node(f->own, space1, 0, 21, root), ERR_CORRUPT);
    assert_int_equal(f->do_->node(f->own, space1, 1, 10, root), ERR_CORRUPT);
    free_made(made, 21);
}

static void test_an_index_and_a_number_are_taken_once(void **state)
{
    struct fixture *f = *state;
    struct made *made[2];
    fill(f, 2, made);
    struct made *again = make(f, 1, device1, 77, KIND_DATA),
                *other = make(f, 2, device1, 1, KIND_DATA);
    begin(f);
    assert_int_equal(f->do_->append(f->store, &again->entry, again->bodies, 2), ERR_EXISTS);
    assert_int_equal(f->do_->append(f->store, &other->entry, other->bodies, 2), ERR_EXISTS);
    f->do_->rollback(f->store);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->entries(f->own, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 2);
    free(again);
    free(other);
    free_made(made, 2);
}

static struct leaf_slot slot_of(uint8_t row, uint32_t epoch, uint8_t fill_with)
{
    struct leaf_slot slot = {.row = {row}, .epoch = epoch};
    memset(slot.slot, fill_with, SLOT_LEN);
    return slot;
}

static void put_slot(struct fixture *f, uint8_t row, uint32_t epoch, uint8_t with,
                     const uint8_t *sender)
{
    struct leaf_slot slot = slot_of(row, epoch, with);
    assert_int_equal(f->do_->slot_put(f->store, space1, &slot, sender), ERR_OK);
}

static void put_seal(struct fixture *f, uint64_t index, const uint8_t *device, uint8_t with)
{
    uint8_t bytes[SEAL_MEMBER_LEN];
    struct leaf_seal seal = {
        .epoch = 1, .type = SEAL_MEMBER, .seal = bytes, .seal_len = sizeof bytes};
    memset(bytes, with, sizeof bytes);
    memcpy(seal.device, device, ID_LEN);
    assert_int_equal(f->do_->seal_put(f->store, space1, index, &seal), ERR_OK);
}

static void test_rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct made *made[3];
    struct store_space space = {.size = 1};
    uint64_t rev;
    fill(f, 3, made);
    memcpy(space.space, space1, ID_LEN);
    struct made *lost = make(f, 3, device1, 50, KIND_DATA);
    begin(f);
    append(f, lost);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    put_slot(f, 7, 1, 7, device1);
    put_seal(f, 3, device1, 1);
    assert_int_equal(f->do_->body_erase(f->store, space1, 0, 0), ERR_OK);
    f->do_->rollback(f->store);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->bodies(f->own, space1, 0, 9, see_body, &seen), ERR_OK);
    assert_int_equal(seen.bodies, 6);
    assert_int_equal(f->do_->space(f->own, space1, &space), ERR_NOT_FOUND);
    assert_int_equal(f->do_->keys_rev(f->own, space1, &rev), ERR_OK);
    assert_int_equal(rev, 0);
    /* And the next transaction works. */
    begin(f);
    append(f, lost);
    commit(f);
    free(lost);
    free_made(made, 3);
}

static void test_views_are_snapshots(void **state)
{
    struct fixture *f = *state;
    struct made *made[3];
    struct store_view *view;
    fill(f, 3, made);
    assert_int_equal(f->do_->view_open(f->store, &view), ERR_OK);
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    struct made *more = make(f, 3, device1, 50, KIND_DATA);
    struct made *all[4] = {made[0], made[1], made[2], more};
    begin(f);
    append(f, more);
    put_slot(f, 1, 1, 1, device1);
    commit(f);
    struct seen seen = {.made = all};
    uint64_t rev;
    assert_int_equal(view->engine->entries(view, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 3);
    assert_int_equal(view->engine->keys_rev(view, space1, &rev), ERR_OK);
    assert_int_equal(rev, 0);
    view->engine->view_end(view);
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    seen = (struct seen){.made = all};
    assert_int_equal(view->engine->entries(view, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 4);
    assert_int_equal(view->engine->keys_rev(view, space1, &rev), ERR_OK);
    assert_int_equal(rev, 1);
    view->engine->view_end(view);
    view->engine->view_close(view);
    free_made(all, 4);
}

static enum err count_note(void *ctx, const struct note *note)
{
    (void)note;
    ++*(size_t *)ctx;
    return ERR_OK;
}

static void test_notes(void **state)
{
    struct fixture *f = *state;
    struct note note = {.size = 5, .n_cosigs = 2}, back;
    size_t n = 0;
    memset(note.root, 3, HASH_LEN);
    memset(note.sig, 4, SIG_LEN);
    memset(note.cosigs, 5, 2 * NOTE_COSIG_LEN);
    begin(f);
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    note.root[0] = 99;
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_EXISTS);
    note.root[0] = 3;
    note.size = 6;
    note.n_cosigs = 0;
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->note(f->own, space1, 5, &back), ERR_OK);
    assert_int_equal(back.n_cosigs, 2);
    assert_memory_equal(back.cosigs, note.cosigs, (size_t)2 * NOTE_COSIG_LEN);
    assert_memory_equal(back.root, note.root, HASH_LEN);
    assert_int_equal(f->do_->note(f->own, space1, 6, &back), ERR_OK);
    assert_int_equal(back.n_cosigs, 0);
    assert_int_equal(f->do_->note(f->own, space1, 7, &back), ERR_NOT_FOUND);
    assert_int_equal(f->do_->note(f->own, space2, 5, &back), ERR_NOT_FOUND);
    assert_int_equal(f->do_->notes(f->own, space1, count_note, &n), ERR_OK);
    assert_int_equal(n, 2);
}

static enum err count_member(void *ctx, const struct store_member *member)
{
    (void)member;
    ++*(size_t *)ctx;
    return ERR_OK;
}

static void test_spaces_and_members(void **state)
{
    struct fixture *f = *state;
    struct store_space space = {.size = 7, .t_recv_ms = 12, .epoch = 2, .epoch_index = 5}, back;
    struct store_member member = {.roles = 3, .active = true, .added = 4}, got;
    uint8_t pk[PK_LEN];
    size_t n = 0;
    memcpy(space.space, space1, ID_LEN);
    memcpy(member.space, space1, ID_LEN);
    memcpy(member.device, device1, ID_LEN);
    memset(member.ed_pk, 8, PK_LEN);
    begin(f);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    assert_int_equal(f->do_->member_put(f->store, &member), ERR_OK);
    assert_int_equal(f->do_->erased_upto_put(f->store, space1, device1, 33), ERR_OK);
    commit(f);
    begin(f);
    space.size = 8;
    member.active = false;
    member.revoked = 6;
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    assert_int_equal(f->do_->member_put(f->store, &member), ERR_OK);
    commit(f);
    reopen(f);
    assert_int_equal(f->do_->space(f->own, space1, &back), ERR_OK);
    assert_int_equal(back.size, 8);
    assert_int_equal(back.epoch_index, 5);
    assert_int_equal(f->do_->member(f->own, space1, device1, &got), ERR_OK);
    assert_false(got.active);
    assert_int_equal(got.revoked, 6);
    assert_int_equal(got.erased_upto, 33);
    assert_int_equal(f->do_->member(f->own, space2, device1, &got), ERR_NOT_FOUND);
    assert_int_equal(f->do_->device(f->own, device1, pk), ERR_OK);
    assert_memory_equal(pk, member.ed_pk, PK_LEN);
    assert_int_equal(f->do_->device(f->own, device2, pk), ERR_NOT_FOUND);
    assert_int_equal(f->do_->members(f->own, space1, count_member, &n), ERR_OK);
    assert_int_equal(n, 1);
}

static void test_links_are_used_once(void **state)
{
    struct fixture *f = *state;
    uint8_t pk[PK_LEN], pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    begin(f);
    for (uint8_t i = 0; i < STORE_LINKS_MAX; i++) {
        memset(pk, i, PK_LEN);
        assert_int_equal(f->do_->link_put(f->store, pk), ERR_OK);
    }
    assert_int_equal(f->do_->link_put(f->store, pk), ERR_QUOTA);
    memset(pk, 3, PK_LEN);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_OK);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_USED);
    memset(pk, 200, PK_LEN);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_NOT_FOUND);
    commit(f);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, STORE_LINKS_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(used[i], pks[i][0] == 3);
    /* A used one makes room. */
    begin(f);
    assert_int_equal(f->do_->link_put(f->store, pk), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, STORE_LINKS_MAX);
    assert_int_equal(pks[n - 1][0], 200);
}

struct slots {
    size_t n;
    struct store_slot slot[16];
};

static enum err see_slot(void *ctx, const struct store_slot *slot)
{
    struct slots *slots = ctx;
    slots->slot[slots->n++] = *slot;
    return ERR_OK;
}

static void test_slots_keep_their_revision(void **state)
{
    struct fixture *f = *state;
    struct slots slots = {0};
    struct store_slot one;
    uint64_t rev;
    begin(f);
    put_slot(f, 1, 1, 0x11, device1);
    put_slot(f, 2, 1, 0x22, device2);
    put_slot(f, 3, 1, 0x33, device1);
    commit(f);
    begin(f);
    put_slot(f, 1, 2, 0x44, device2); /* a re-wrap */
    put_slot(f, 3, 1, 0x33, device2); /* the same again */
    commit(f);
    assert_int_equal(f->do_->keys_rev(f->own, space1, &rev), ERR_OK);
    assert_int_equal(rev, 3);
    assert_int_equal(f->do_->slots(f->own, space1, 0, NULL, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 3);
    assert_int_equal(slots.slot[0].rev, 1);
    assert_int_equal(slots.slot[0].slot.epoch, 2);
    assert_int_equal(slots.slot[0].slot.slot[0], 0x44);
    assert_memory_equal(slots.slot[0].sender, device2, ID_LEN);
    assert_memory_equal(slots.slot[2].sender, device1, ID_LEN);
    slots.n = 0;
    assert_int_equal(f->do_->slots(f->own, space1, 1, device2, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 1);
    assert_int_equal(slots.slot[0].slot.row[0], 3);
    slots.n = 0;
    assert_int_equal(f->do_->slots_stale(f->own, space1, 2, 1, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 1);
    assert_int_equal(slots.slot[0].slot.epoch, 1);
    assert_int_equal(f->do_->slot(f->own, space1, slots.slot[0].slot.row, &one), ERR_OK);
    assert_int_equal(f->do_->slot(f->own, space2, slots.slot[0].slot.row, &one), ERR_NOT_FOUND);
}

struct seals {
    size_t n;
    uint64_t index[8];
    uint8_t first[8];
};

static enum err see_seal(void *ctx, const struct store_seal *seal)
{
    struct seals *seals = ctx;
    assert_int_equal(seal->seal.seal_len, SEAL_MEMBER_LEN);
    seals->first[seals->n] = seal->seal.seal[0];
    seals->index[seals->n++] = seal->index;
    return ERR_OK;
}

static size_t seals_for(struct fixture *f, const uint8_t *device, uint64_t since,
                        struct seals *seals)
{
    *seals = (struct seals){0};
    assert_int_equal(f->do_->seals_for(f->own, space1, device, since, see_seal, seals), ERR_OK);
    return seals->n;
}

static void publish(struct fixture *f, uint64_t size)
{
    struct store_space space = {.size = size};
    memcpy(space.space, space1, ID_LEN);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
}

static void test_seals(void **state)
{
    struct fixture *f = *state;
    struct seals seals;
    struct buf lines = {0};
    begin(f);
    publish(f, 10);
    put_seal(f, 1, device2, 0xa2);
    put_seal(f, 1, device1, 0xa1);
    put_seal(f, 4, device1, 0xb1);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    assert_int_equal(seals.first[0], 0xa1);
    assert_int_equal(seals.index[1], 4);
    assert_int_equal(seals_for(f, device1, 2, &seals), 1);
    assert_int_equal(f->do_->seal_lines(f->own, space1, 1, &lines), ERR_OK);
    assert_int_equal(lines.len, 2 * SEAL_LINE_LEN);
    assert_memory_equal(lines.bytes, device1, ID_LEN);
    assert_memory_equal(lines.bytes + SEAL_LINE_LEN, device2, ID_LEN);
    /* Those of a device that left go after the commit; the list stays whole. */
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_SEALS, device1, ID_LEN), ERR_OK);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 0);
    assert_int_equal(seals_for(f, device2, 0, &seals), 1);
    struct buf after = {0};
    assert_int_equal(f->do_->seal_lines(f->own, space1, 1, &after), ERR_OK);
    assert_int_equal(after.len, lines.len);
    assert_memory_equal(after.bytes, lines.bytes, lines.len);
    buf_free(&lines);
    buf_free(&after);
}

static void test_seals_of_a_lost_transaction_go(void **state)
{
    struct fixture *f = *state;
    struct seals seals;
    begin(f);
    publish(f, 5);
    put_seal(f, 3, device1, 1);
    /* As if the log had not committed after keys had: this index does not exist. */
    put_seal(f, 5, device1, 2);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    reopen(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 1);
    assert_int_equal(seals.index[0], 3);
}

static enum err take_inbox(void *ctx, const struct store_inbox *item)
{
    struct store_inbox *out = ctx;
    *out = *item;
    out->payload = NULL;
    return ERR_OK;
}

static void test_inbox(void **state)
{
    struct fixture *f = *state;
    struct store_inbox item = {.type = 1,
                               .expires_s = 99,
                               .payload = (const uint8_t *)"join me",
                               .payload_len = 7},
                       got = {0};
    memcpy(item.device, device1, ID_LEN);
    memset(item.invite, 0x1e, PK_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->inbox_dismiss(f->store, space1, device2), ERR_NOT_FOUND);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.state, STORE_INBOX_WAITING);
    assert_int_equal(got.payload_len, 7);
    assert_int_equal(got.expires_s, 99);
    assert_memory_equal(got.invite, item.invite, PK_LEN);
    assert_int_equal(got.rev, 2);
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_JOINED, device1, ID_LEN), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.state, STORE_INBOX_DONE);
    assert_int_equal(got.payload_len, 0);
    memcpy(item.device, device2, ID_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_INVITE, item.invite, PK_LEN),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_memory_equal(got.device, device2, ID_LEN);
    assert_int_equal(got.state, STORE_INBOX_DISMISSED);
    item.type = 2;
    uint8_t target[ID_LEN + HASH_LEN];
    memcpy(target, device2, ID_LEN);
    memset(target + ID_LEN, 0, HASH_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_OUTBOX, target, sizeof target),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.type, 2); /* another one's hash */
    memcpy(target + ID_LEN, item.invite, HASH_LEN);
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_OUTBOX, target, sizeof target),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.type, 1);
}

static bool on_disk(const struct fixture *f, const uint8_t *bytes, size_t len)
{
    bool found = false;
    char path[400];
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        static uint8_t all[4 << 20];
        size_t n = file ? fread(all, 1, sizeof all, file) : 0;
        for (size_t at = 0; at + len <= n && !found; at++)
            found = memcmp(all + at, bytes, len) == 0;
        if (file)
            fclose(file);
    }
    closedir(dir);
    return found;
}

static void test_deleted_bytes_leave_the_disk(void **state)
{
    struct fixture *f = *state;
    struct made *made[6];
    uint8_t row[ID_LEN] = {5};
    struct store_slot slot;
    fill(f, 6, made);
    begin(f);
    put_slot(f, 5, 1, 0x5a, device1);
    put_slot(f, 5, 2, 0x5b, device1);
    commit(f);
    uint8_t old[SLOT_LEN], newest[SLOT_LEN];
    memset(old, 0x5a, SLOT_LEN);
    memset(newest, 0x5b, SLOT_LEN);
    if (f->kind->files) {
        assert_true(on_disk(f, made[4]->body[1], 200));
        assert_true(on_disk(f, old, SLOT_LEN));
    }
    begin(f);
    assert_int_equal(f->do_->body_erase(f->store, space1, 4, 1), ERR_OK);
    assert_int_equal(f->do_->body_erase(f->store, space1, 4, 1), ERR_OK);
    assert_int_equal(f->do_->body_erase(f->store, space1, 77, 0), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_SLOT, row, ID_LEN), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->untidy(f->store), 2);
    assert_int_equal(f->do_->tidy(f->store, false), ERR_OK);
    assert_int_equal(f->do_->untidy(f->store), 0);
    if (f->kind->files) {
        assert_false(on_disk(f, made[4]->body[1], 200));
        assert_false(on_disk(f, made[4]->body[1] + 100, 32));
        assert_true(on_disk(f, made[4]->body[0], 200));
        assert_false(on_disk(f, old, 32));
        assert_false(on_disk(f, newest, 32));
    }
    assert_int_equal(f->do_->slot(f->own, space1, row, &slot), ERR_NOT_FOUND);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->bodies(f->own, space1, 0, 9, see_body, &seen), ERR_OK);
    assert_int_equal(seen.deleted, 1);
    assert_int_equal(seen.bodies, 11);
    free_made(made, 6);
}

static void test_totals_and_integrity(void **state)
{
    struct fixture *f = *state;
    struct made *made[6];
    struct store_totals sum;
    uint64_t log_bytes = 0, keys_bytes = 0;
    fill(f, 6, made);
    begin(f);
    put_slot(f, 5, 1, 1, device1);
    assert_int_equal(f->do_->body_erase(f->store, space1, 0, 0), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->totals(f->own, space1, &sum), ERR_OK);
    assert_int_equal(sum.leaves, 6);
    assert_int_equal(sum.bodies, 11);
    assert_int_equal(sum.bodies_deleted, 1);
    assert_int_equal(sum.body_bytes, 11 * 200);
    assert_int_equal(sum.slots, 1);
    assert_int_equal(f->do_->bytes(f->own, &log_bytes, &keys_bytes), ERR_OK);
    assert_true(log_bytes > 2000 && keys_bytes > 2000);
    assert_int_equal(f->do_->integrity(f->own), ERR_OK);
    free_made(made, 6);
}

static void test_identity_and_meta(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STORE_ID_LEN], again[STORE_ID_LEN], value[8];
    size_t len = sizeof value;
    assert_int_equal(f->do_->store_id(f->own, id), ERR_OK);
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_NOT_FOUND);
    begin(f);
    assert_int_equal(f->do_->meta_put(f->store, "clock", "first", 5), ERR_OK);
    assert_int_equal(f->do_->meta_put(f->store, "clock", "tick", 4), ERR_OK);
    commit(f);
    reopen(f);
    assert_int_equal(f->do_->store_id(f->own, again), ERR_OK);
    assert_memory_equal(id, again, STORE_ID_LEN);
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(value, "tick", 4);
    len = 2;
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_TOO_BIG);
    assert_int_equal(f->kind->create(f->place), ERR_EXISTS);
}

static void test_a_visitor_may_write_beside_the_owner(void **state)
{
    struct fixture *f = *state;
    struct store *visitor;
    uint8_t pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    assert_int_equal(f->kind->open(&visitor, f->place, STORE_VISITOR), ERR_OK);
    assert_int_equal(visitor->engine->begin(visitor), ERR_OK);
    const uint8_t pk[PK_LEN] = {0x11};
    assert_int_equal(visitor->engine->link_put(visitor, pk), ERR_OK);
    assert_int_equal(visitor->engine->commit(visitor), ERR_OK);
    visitor->engine->close(visitor);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, 1);
    struct store *none;
    assert_int_equal(f->kind->open(&none,
                                   f->kind->files ? f->kind->nowhere : getenv(f->kind->nowhere),
                                   STORE_READER),
                     ERR_NOT_FOUND);
    assert_null(none);
}

static void test_pool_of_views(void **state)
{
    struct fixture *f = *state;
    struct store_views *views;
    struct store_view *a, *b, *c;
    assert_int_equal(store_views_new(&views, f->store), ERR_OK);
    assert_int_equal(store_views_take(views, &a), ERR_OK);
    assert_int_equal(store_views_take(views, &b), ERR_OK);
    assert_ptr_not_equal(a, b);
    store_views_give(views, b);
    assert_int_equal(store_views_take(views, &c), ERR_OK);
    assert_ptr_equal(b, c);
    store_views_give(views, a);
    store_views_give(views, c);
    store_views_free(views);
}

/* What fails half-way leaves nothing that a second attempt stumbles over. */
static void test_create_again(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    char folder[64] = "/tmp/passerelle-store-XXXXXX", path[100];
    if (!f->kind->files)
        return; /* one transaction there */
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log.db.new-journal", folder);
    assert_int_equal(mkdir(path, 0700), 0); /* no database can be written beside it */
    assert_int_not_equal(f->kind->create(folder), ERR_OK);
    assert_int_equal(f->kind->open(&store, folder, STORE_OWNER), ERR_NOT_FOUND);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/log.db.new", folder);
    FILE *rest = fopen(path, "wb");
    assert_non_null(rest);
    fputs("the beginning of a file", rest);
    fclose(rest);
    assert_int_equal(f->kind->create(folder), ERR_OK);
    assert_int_equal(f->kind->create(folder), ERR_EXISTS);
    assert_int_equal(f->kind->open(&store, folder, STORE_OWNER), ERR_OK);
    store->engine->close(store);
    struct fixture *other = calloc(1, sizeof *other);
    assert_non_null(other);
    *other = (struct fixture){.kind = f->kind};
    memcpy(other->folder, folder, sizeof folder);
    assert_int_equal(f->kind->open(&other->store, folder, STORE_OWNER), ERR_OK);
    other->do_ = other->store->engine;
    void *as_state = other;
    teardown(&as_state);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (engines[i].place && !getenv(engines[i].place))
            continue; /* pg.sh runs it */
#define TEST(function)                                                                             \
    {                                                                                              \
#function, function, setup, teardown, (void *)(uintptr_t)&engines[i]                       \
    }
        const struct CMUnitTest tests[] = {
            TEST(test_append_and_read),
            TEST(test_a_callback_can_stop),
            TEST(test_nodes_carry_roots_and_proofs),
            TEST(test_an_index_and_a_number_are_taken_once),
            TEST(test_rollback_leaves_nothing),
            TEST(test_views_are_snapshots),
            TEST(test_notes),
            TEST(test_spaces_and_members),
            TEST(test_links_are_used_once),
            TEST(test_slots_keep_their_revision),
            TEST(test_seals),
            TEST(test_seals_of_a_lost_transaction_go),
            TEST(test_inbox),
            TEST(test_deleted_bytes_leave_the_disk),
            TEST(test_totals_and_integrity),
            TEST(test_identity_and_meta),
            TEST(test_a_visitor_may_write_beside_the_owner),
            TEST(test_pool_of_views),
            TEST(test_create_again),
        };
        failed += cmocka_run_group_tests_name(engines[i].name, tests, NULL, NULL);
    }
    return failed;
}
