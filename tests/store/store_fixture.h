/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of stores share: the engines, a store of one of them in a scratch place, and what is put into it. An
 * engine adds one row to `engines`.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

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

static inline int setup(void **state)
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

static inline int teardown(void **state)
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

static inline void reopen(struct fixture *f)
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
static inline struct made *make(struct fixture *f, uint64_t index, const uint8_t *device,
                                uint64_t seq, enum leaf_kind kind)
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

static inline void append(struct fixture *f, struct made *made)
{
    assert_int_equal(f->do_->append(f->store, &made->entry, made->bodies, 2), ERR_OK);
}

static inline void begin(struct fixture *f)
{
    assert_int_equal(f->do_->begin(f->store), ERR_OK);
}

static inline void commit(struct fixture *f)
{
    assert_int_equal(f->do_->commit(f->store), ERR_OK);
}

/* Entries 0..n-1: of device 1 but every third one, which is an operation of device 2. */
static inline void fill(struct fixture *f, uint64_t n, struct made **made)
{
    begin(f);
    for (uint64_t i = 0; i < n; i++) {
        bool control = i % 3 == 2;
        made[i] = make(f, i, control ? device2 : device1, i + 1, control ? KIND_LABEL : KIND_DATA);
        append(f, made[i]);
    }
    commit(f);
}

static inline void free_made(struct made **made, size_t n)
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

static inline enum err see_entry(void *ctx, const struct store_entry *entry)
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

static inline enum err see_body(void *ctx, uint64_t index, uint16_t box,
                                const uint8_t hash[static HASH_LEN], const uint8_t *body,
                                size_t len)
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

static inline struct leaf_slot slot_of(uint8_t row, uint32_t epoch, uint8_t fill_with)
{
    struct leaf_slot slot = {.row = {row}, .epoch = epoch};
    memset(slot.slot, fill_with, SLOT_LEN);
    return slot;
}

static inline void put_slot(struct fixture *f, uint8_t row, uint32_t epoch, uint8_t with,
                            const uint8_t *sender)
{
    struct leaf_slot slot = slot_of(row, epoch, with);
    assert_int_equal(f->do_->slot_put(f->store, space1, &slot, sender), ERR_OK);
}

static inline void put_seal(struct fixture *f, uint64_t index, const uint8_t *device, uint8_t with)
{
    uint8_t bytes[SEAL_MEMBER_LEN];
    struct leaf_seal seal = {
        .epoch = 1, .type = SEAL_MEMBER, .seal = bytes, .seal_len = sizeof bytes};
    memset(bytes, with, sizeof bytes);
    memcpy(seal.device, device, ID_LEN);
    assert_int_equal(f->do_->seal_put(f->store, space1, index, &seal), ERR_OK);
}

/** One test of a suite, for engine `i`. */
#define STORE_TEST(function)                                                                       \
    {                                                                                              \
#function, function, setup, teardown, (void *)(uintptr_t)&engines[i]                       \
    }

/** Whether a suite runs for this engine here: pg.sh runs them for PostgreSQL. */
static inline bool engine_is_here(const struct engine *engine)
{
    return !engine->place || getenv(engine->place);
}

#endif
