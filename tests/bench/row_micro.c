/* SPDX-License-Identifier: Apache-2.0
 *
 * Single operations of the core, in processor time of one thread; and what the machine does without any of us.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/change.h"
#include "proto/compress.h"
#include "proto/digest.h"
#include "proto/merge.h"
#include "proto/seal.h"
#include "proto/sign.h"
#include "proto/tree.h"
#include "proto/wire.h"
#include "tests/bench/bench.h"

enum { LEAST_MS = 60, VALUES = 20, BODY = 1024, TREE = 100000 };

struct micro {
    uint8_t key[KEY_LEN], nonce[NONCE_LEN], pk[PK_LEN], sk[SK_LEN], sig[SIG_LEN];
    uint8_t plain[BODY], body[BODY + TAG_LEN];
    struct seal_place place;
    struct tree tree;
    uint8_t hash[HASH_LEN];
    struct buf values, packed, box, out;
    struct change items[VALUES];
    struct merge_entry entries[VALUES];
};

typedef void (*micro_fn)(struct micro *micro);

static double measure(struct micro *micro, micro_fn fn)
{
    size_t times = 1;
    for (;;) {
        double start = bench_thread_cpu();
        for (size_t i = 0; i < times; i++)
            fn(micro);
        double took = bench_thread_cpu() - start;
        if (took * 1000 >= LEAST_MS)
            return took / (double)times * 1e6;
        times *= 2;
    }
}

static void do_seal(struct micro *m)
{
    seal_body(m->body, m->plain, BODY, m->key, m->nonce, &m->place);
}

static void do_open(struct micro *m)
{
    bench_must(open_body(m->plain, m->body, sizeof m->body, m->key, m->nonce, &m->place));
}

static void do_sha256(struct micro *m)
{
    digest_sha256_of(m->hash, m->plain, BODY);
}

static void do_sign(struct micro *m)
{
    sign_plain(m->sig, m->sk, m->plain, 200);
}

static void do_verify(struct micro *m)
{
    bench_must(sign_plain_verify(m->sig, m->pk, m->plain, 200));
}

static void do_append(struct micro *m)
{
    struct tree_completed completed;
    tree_append(&m->tree, m->hash, &completed);
}

static void do_node(struct micro *m)
{
    tree_node_hash(m->hash, m->hash, m->pk);
}

static void do_root(struct micro *m)
{
    tree_root(&m->tree, m->hash);
}

static void do_merge(struct micro *m)
{
    (void)merge_live(m->entries, VALUES);
}

static void do_compress(struct micro *m)
{
    buf_reset(&m->out);
    compress_put(&m->out, m->values.bytes, m->values.len);
}

static void do_decompress(struct micro *m)
{
    buf_reset(&m->out);
    bench_must(compress_get(&m->out, m->packed.bytes, m->packed.len, PLAIN_MAX));
}

static void do_box(struct micro *m)
{
    buf_reset(&m->out);
    change_box_encode(&m->out, 1, m->items, VALUES, 0);
}

static void do_unbox(struct micro *m)
{
    struct change_box box;
    bench_must(change_box_decode(&box, m->box.bytes, m->box.len, 0));
    change_box_free(&box);
}

static void do_wire(struct micro *m)
{
    struct wire_doc doc;
    bench_must(wire_open(&doc, m->values.bytes, m->values.len, 4, ITEMS_MAX));
    struct wire_in root = wire_root(&doc), in = wire_array(&root, VALUES, VALUES);
    for (size_t i = 0, len; i < VALUES; i++)
        (void)wire_str(&in, &len, VALUE_MAX);
    bench_must(wire_end(&in));
    wire_close(&doc);
}

static void do_wire_put(struct micro *m)
{
    buf_reset(&m->out);
    wire_put_array(&m->out, VALUES);
    for (size_t i = 0; i < VALUES; i++)
        buf_put(&m->out, m->items[i].value, m->items[i].value_len);
}

static void prepare(struct micro *m, uint64_t seed)
{
    struct bench_random random = {.state = seed};
    size_t ends[VALUES + 1];
    uint8_t key_seed[SEED_LEN] = {3};
    memset(m->key, 7, KEY_LEN);
    m->place = (struct seal_place){.suite = SUITE_1, .seq = 9, .epoch = 1};
    sign_keypair(m->pk, m->sk, key_seed);
    wire_put_array(&m->values, VALUES);
    for (size_t i = 0; i < VALUES; i++) {
        char text[BENCH_TEXT_MOST + 1];
        ends[i] = m->values.len;
        size_t len = bench_text(&random, text);
        wire_put_str(&m->values, text, len);
        ends[i + 1] = m->values.len;
        m->entries[i] =
            (struct merge_entry){.index = 10 * i, .author = {(uint8_t)(i % 5)}, .ordinal = i};
    }
    for (size_t i = 0; i < VALUES; i++)
        m->items[i] = (struct change){
            .field = 34, .value = m->values.bytes + ends[i], .value_len = ends[i + 1] - ends[i]};
    compress_put(&m->packed, m->values.bytes, m->values.len);
    change_box_encode(&m->box, 1, m->items, VALUES, 0);
    bench_must(m->packed.err);
    bench_must(m->box.err);
}

void row_micro(const struct bench *bench)
{
    static struct micro m;
    static const struct {
        const char *name;
        micro_fn fn;
        const char *of;
        micro_fn limit;
    } rows[] = {{"seal a body of 1 kB", do_seal, "SHA-256 of it", do_sha256},
                {"open it", do_open, "SHA-256 of it", do_sha256},
                {"sign 200 bytes", do_sign, NULL, NULL},
                {"verify them", do_verify, NULL, NULL},
                {"append to a tree", do_append, "one node's hash", do_node},
                {"root of a tree", do_root, "one node's hash", do_node},
                {"merge 20 values of 5 authors", do_merge, NULL, NULL},
                {"compress 20 changes", do_compress, NULL, NULL},
                {"decompress them", do_decompress, NULL, NULL},
                {"encode a box of 20 changes", do_box, "compressing them", do_compress},
                {"decode it", do_unbox, "decompressing them", do_decompress},
                {"write 20 texts on the wire", do_wire_put, NULL, NULL},
                {"read them", do_wire, NULL, NULL}};
    prepare(&m, bench->seed);
    do_seal(&m);
    do_sign(&m);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bench_figure("micro", rows[i].name, measure(&m, rows[i].fn), "us",
                     rows[i].limit ? measure(&m, rows[i].limit) : 0, rows[i].of);
    buf_free(&m.values);
    buf_free(&m.packed);
    buf_free(&m.box);
    buf_free(&m.out);
}

void row_machine(const struct bench *bench)
{
    struct buf bytes = {.max = (size_t)64 << 20}, page = {.max = 4096};
    enum { ROWS = 20000, ONES = 500, BYTES = 102, TIMES = 100 };
    double fsync_s = 0;
    (void)bench;
    if (!buf_room(&bytes, (size_t)ROWS * BYTES) || !buf_room(&page, 4096))
        bench_fail("no memory");
    memset(bytes.bytes, 'x', bytes.len);
    memset(page.bytes, 'x', page.len);
    for (int i = 0; i < TIMES; i++)
        fsync_s += bench_limit_fsync(&page);
    bench_figure("machine", "a new file of 4 kB, fsync", fsync_s / TIMES * 1e6, "us", 0, NULL);
    struct buf few = {.bytes = bytes.bytes, .len = (size_t)ONES * BYTES};
    bench_figure("machine", "SQLite, 1 row a commit", ONES / bench_limit_sqlite(&few, ONES, 1),
                 "rows/s", 0, NULL);
    bench_figure("machine", "SQLite, 100 rows a commit",
                 ROWS / bench_limit_sqlite(&bytes, ROWS, 100), "rows/s", 0, NULL);
    bench_figure("machine", "SQLite, 1,000 rows a commit",
                 ROWS / bench_limit_sqlite(&bytes, ROWS, 1000), "rows/s", 0, NULL);
    buf_free(&bytes);
    buf_free(&page);
}
