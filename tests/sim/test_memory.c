/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: each allocation of each coder of proto/ and of the fold fails once. What was asked for then either says
 * ERR_MEMORY, with nothing half done, or is right all the same; nothing leaks (with a sanitizer).
 */
#include "tests/lib/logbook.h"
#include "tests/sim/sim_fault.h"
#include "tests/unit/message_sample.h"

#include "proto/bundle.h"
#include "proto/change.h"
#include "proto/compress.h"
#include "proto/link.h"
#include "proto/paper.h"
#include "proto/unlock.h"

static struct sample_keys keys;
static const uint8_t request_hash[HASH_LEN] = {7};

/* Runs `act` with its first, second, third... allocation failing, until it needs no more of them. */
static void each_failure(const char *name, enum err (*act)(void *ctx), void *ctx)
{
    for (uint64_t n = 1;; n++) {
        (void)sim_fault_nth(n);
        enum err err = act(ctx);
        bool met = sim_fault_nth(0);
        if (err != ERR_OK && !(met && err == ERR_MEMORY))
            fail_msg("%s, allocation %u: %s", name, (unsigned)n, err_name(err));
        if (!met)
            return;
        assert_true(n < 10000);
    }
}

/* --- the fold --- */

/* One entry; what memory refuses leaves the fold as it was and succeeds the next time. */
static enum err apply(struct fold *fold, struct logbook *lb, size_t i, bool again)
{
    const struct logbook_entry *e = &lb->entries[i];
    struct leaf leaf;
    enum err err = leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig);
    if (err == ERR_OK) {
        const struct fold_entry entry = {i, e->t_recv_ms, &leaf, true, true, logbook_root_at, lb};
        err = fold_apply(fold, &entry);
    }
    leaf_fini(&leaf);
    if (err == ERR_MEMORY && !again) {
        assert_int_equal(fold->size, i);
        return apply(fold, lb, i, true);
    }
    if (fold->size == i)
        fold_skip_to(fold, i + 1);
    return err;
}

static enum err replay(void *ctx)
{
    struct logbook *lb = ctx;
    struct fold *fold;
    enum err err = fold_new(&fold, lb->space);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < lb->n; i++) {
        err = apply(fold, lb, i, false);
        /* Signatures are not asked for again here. */
        if (lb->entries[i].verdict != ERR_SIGNATURE)
            assert_err(err, lb->entries[i].verdict);
        if (err == ERR_OK && lb->entries[i].verdict != ERR_OK)
            break;
    }
    fold_free(fold);
    return ERR_OK;
}

static void folds(void **state)
{
    (void)state;
    for (size_t s = 0; s < logbook_scenarios_n; s++) {
        struct logbook *lb = calloc(1, sizeof *lb);
        assert_non_null(lb);
        logbook_start(lb);
        logbook_scenarios[s].run(lb);
        each_failure(logbook_scenarios[s].name, replay, lb);
        logbook_end(lb);
        free(lb);
    }
}

struct rotation {
    struct logbook *lb;
    struct leaf leaf;
    struct leaf_seal seal;
};

static enum err check_seals(void *ctx)
{
    const struct rotation *r = ctx;
    return fold_check_seals(r->lb->fold, &r->leaf, &r->seal, 1);
}

static void seals(void **state)
{
    (void)state;
    static const uint8_t bytes[SEAL_LEN_MAX];
    uint8_t line[SEAL_LINE_LEN];
    struct rotation r = {
        .lb = calloc(1, sizeof *r.lb),
        .leaf = {.kind = KIND_EPOCH_CHANGE, .has_keys = true},
        .seal = {.epoch = 2, .type = SEAL_MEMBER, .seal = bytes, .seal_len = SEAL_MEMBER_LEN}};
    assert_non_null(r.lb);
    logbook_start(r.lb);
    r.leaf.op = logbook_epoch(r.lb, 2);
    r.leaf.op.kind = KIND_EPOCH_CHANGE;
    memcpy(r.leaf.device, r.lb->actors[0].id, ID_LEN);
    memcpy(r.seal.device, r.lb->actors[0].id, ID_LEN);
    leaf_seal_line(line, &r.seal);
    leaf_seals_hash(r.leaf.keys, line, 1);
    each_failure("fold_check_seals", check_seals, &r);
    logbook_end(r.lb);
    free(r.lb);
}

/* --- messages --- */

static enum err request(void *ctx)
{
    (void)ctx;
    struct sample_rows rows;
    struct message_request made, got;
    struct buf bytes = {0};
    sample_request(&made, &rows, &keys);
    enum err err = message_request_make(&bytes, &made, keys.aud, keys.ed_sk);
    if (err == ERR_OK)
        err = message_request_open(&got, bytes.bytes, bytes.len);
    if (err == ERR_OK) {
        err = message_request_auth(&got);
        if (err == ERR_OK)
            err = message_request_decode(&got);
        if (err == ERR_OK)
            assert_int_equal(got.n_rows, made.n_rows);
        else
            assert_int_equal(got.n_rows, 0);
        message_request_free(&got);
    }
    buf_free(&bytes);
    return err;
}

static enum err response(void *ctx)
{
    (void)ctx;
    struct sample_rows rows;
    struct message_response made, got;
    struct buf bytes = {0};
    sample_response(&made, &rows);
    enum err err = message_response_make(&bytes, &made, request_hash, keys.resp_sk);
    if (err == ERR_OK) {
        err = message_response_open(&got, bytes.bytes, bytes.len, request_hash, keys.resp_pk);
        assert_int_equal(got.n_rows, err == ERR_OK ? made.n_rows : 0);
        message_response_free(&got);
    }
    buf_free(&bytes);
    return err;
}

static enum err server(void *ctx)
{
    (void)ctx;
    struct message_server made = {.log_name = "log.example"}, got;
    struct buf bytes = {0};
    memcpy(made.log_pk, keys.log_pk, PK_LEN);
    enum err err = message_server_make(&bytes, &made, keys.log_sk);
    if (err == ERR_OK)
        err = message_server_open(&got, bytes.bytes, bytes.len);
    buf_free(&bytes);
    return err;
}

static enum err payloads(void *ctx)
{
    (void)ctx;
    enum err err = ERR_OK;
    const uint8_t bytes[BODY_MIN] = {1};
    struct op_join said = {.kind = DEVICE_ORDINARY};
    struct message_join join = {.sealed_name = bytes, .sealed_name_len = sizeof bytes}, got_join;
    struct message_body body = {.bytes = bytes, .len = sizeof bytes}, got_body;
    struct message_piece piece = {.total = 90, .bytes = bytes, .len = sizeof bytes}, got_piece;
    struct note note = {.size = 3}, got_note;
    struct op_proof got_proof;
    struct buf part = {0}, out[5] = {0};
    digest_sha256_of(said.name_hash, bytes, sizeof bytes);
    op_proof_part(&part, PROOF_JOIN, &said);
    TRY(part.err);
    join.proof = (struct op_proof){.type = PROOF_JOIN, .part = part.bytes, .part_len = part.len};
    message_join_encode(&out[0], &join);
    TRY(out[0].err);
    TRY(message_join_decode(&got_join, out[0].bytes, out[0].len));
    buf_free(&part);
    op_proof_part(&part, PROOF_STATEMENT, &said);
    TRY(part.err);
    join.proof =
        (struct op_proof){.type = PROOF_STATEMENT, .part = part.bytes, .part_len = part.len};
    message_statement_encode(&out[1], &join.proof);
    TRY(out[1].err);
    TRY(message_statement_decode(&got_proof, out[1].bytes, out[1].len));
    message_body_encode(&out[2], &body);
    TRY(out[2].err);
    TRY(message_body_decode(&got_body, out[2].bytes, out[2].len));
    message_note_encode(&out[3], &note);
    TRY(out[3].err);
    TRY(message_note_decode(&got_note, out[3].bytes, out[3].len));
    message_piece_encode(&out[4], &piece);
    TRY(out[4].err);
    TRY(message_piece_decode(&got_piece, out[4].bytes, out[4].len));
out:
    buf_free(&part);
    for (size_t i = 0; i < 5; i++)
        buf_free(&out[i]);
    return err;
}

static void messages(void **state)
{
    (void)state;
    each_failure("request", request, NULL);
    each_failure("response", response, NULL);
    each_failure("server", server, NULL);
    each_failure("payloads", payloads, NULL);
}

/* --- keys, boxes, files --- */

static enum err signatures(void *ctx)
{
    (void)ctx;
    static const uint8_t bytes[5000];
    uint8_t sig[SIG_LEN], hash[HASH_LEN];
    const struct digest_part part = {bytes, sizeof bytes};
    const struct leaf_slot slot = {.epoch = 1};
    enum err err = sign_make(sig, keys.ed_sk, TAG_LEAF, &part, 1);
    if (err == ERR_OK)
        err = sign_verify(sig, keys.ed_pk, TAG_LEAF, &part, 1);
    return err == ERR_OK ? leaf_slots_hash(hash, &slot, 1) : err;
}

static enum err files(void *ctx)
{
    const uint8_t *plain = ctx;
    enum { LEN = 2 * ATTACH_CHUNK + 5 };
    struct buf blob = {.max = BLOB_MAX}, out = {.max = ATTACH_MAX};
    uint8_t key[KEY_LEN];
    enum err err = seal_file(&blob, key, plain, LEN);
    if (err == ERR_OK)
        err = open_file(&out, key, blob.bytes, blob.len);
    assert_int_equal(out.len, err == ERR_OK ? LEN : 0);
    buf_free(&blob);
    buf_free(&out);
    return err;
}

static enum err headers(void *ctx)
{
    (void)ctx;
    static const struct unlock_cost cost = {UNLOCK_T, UNLOCK_M_KIB};
    static const uint8_t zero[SEED_LEN];
    struct unlock_secrets made = {.ed_seed = {1}}, got = {0};
    struct buf header = {0}, extra = {0};
    uint8_t device[ID_LEN] = {2};
    enum err err =
        unlock_seal(&header, &made, (const uint8_t *)"extra", 5, device, "pass", 4, NULL, &cost);
    if (err == ERR_OK) {
        err = unlock_open(&got, &extra, device, header.bytes, header.len, "pass", 4, NULL);
        assert_memory_equal(got.ed_seed, err == ERR_OK ? made.ed_seed : zero, SEED_LEN);
    }
    buf_free(&header);
    buf_free(&extra);
    return err;
}

/* Text that compresses; without memory for it the box is longer and right. */
static enum err boxes(void *ctx)
{
    const uint8_t *value = ctx;
    enum { LEN = 1 + 2 + 600 };
    struct change items[40], *item = items;
    struct change_box box;
    struct buf plain = {0};
    for (size_t i = 0; i < 40; i++, item++) {
        *item = (struct change){.field = (uint32_t)i, .value = value, .value_len = LEN};
        item->record[0] = (uint8_t)(i / 4);
    }
    change_box_encode(&plain, 1, items, 40, 9);
    enum err err = plain.err;
    if (err == ERR_OK) {
        err = change_box_decode(&box, plain.bytes, plain.len, 9);
        if (err == ERR_OK) {
            assert_int_equal(box.n, 40);
            assert_memory_equal(box.items[39].value, value, LEN);
        }
        change_box_free(&box);
    }
    buf_free(&plain);
    return err;
}

static enum err routes(void *ctx)
{
    (void)ctx;
    struct change_source source = {.run = "run"};
    struct change_route route = {.full = true, .shred = "dossier", .n = 1};
    struct change_mark mark = {.ordinal = 1};
    struct change_routes made = {.n_sources = 1,
                                 .sources = &source,
                                 .n = 1,
                                 .routes = &route,
                                 .n_marks = 1,
                                 .marks = &mark},
                         got;
    struct buf plain = {0};
    change_routes_encode(&plain, &made);
    enum err err = plain.err;
    if (err == ERR_OK) {
        err = change_routes_decode(&got, plain.bytes, plain.len);
        change_routes_free(&got);
    }
    buf_free(&plain);
    return err;
}

static enum err bundles(void *ctx)
{
    (void)ctx;
    static const uint8_t header[120];
    struct message_leaf leaf = {.header = header, .header_len = sizeof header};
    struct bundle_push push = {.leaf = leaf};
    struct bundle_row row = {.has_note = true,
                             .note.size = 1,
                             .n_entries = 1,
                             .entries = &leaf,
                             .n_pushes = 1,
                             .pushes = &push};
    struct bundle made = {.n_rows = 1, .rows = &row}, got;
    struct buf bytes = {0};
    bundle_encode(&bytes, &made);
    enum err err = bytes.err;
    if (err == ERR_OK) {
        err = bundle_decode(&got, bytes.bytes, bytes.len);
        bundle_free(&got);
    }
    buf_free(&bytes);
    return err;
}

static enum err links(void *ctx)
{
    (void)ctx;
    enum err err = ERR_OK;
    struct link made = {.type = LINK_INVITE, .url = "https://sync.example.org", .secret = {1}}, got;
    struct paper_sheet sheet = {.url = "https://sync.example.org", .n = 1}, got_sheet;
    struct buf text = {0}, paper = {0};
    link_print(&text, &made);
    TRY(text.err);
    TRY(link_parse(&got, (const char *)text.bytes, text.len));
    assert_memory_equal(got.secret, made.secret, SEED_LEN);
    paper_link_print(&paper, &sheet);
    TRY(paper.err);
    TRY(paper_link_parse(&got_sheet, (const char *)paper.bytes, paper.len));
    assert_int_equal(got_sheet.n, 1);
out:
    buf_free(&text);
    buf_free(&paper);
    return err;
}

static void others(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(1, 2 * ATTACH_CHUNK + 5);
    assert_non_null(bytes);
    each_failure("signatures", signatures, NULL);
    each_failure("files", files, bytes);
    each_failure("key header", headers, NULL);
    memset(bytes, 'e', 700);
    memcpy(bytes, (const uint8_t[]){0xda, 600 >> 8, 600 & 0xff}, 3);
    each_failure("boxes", boxes, bytes);
    each_failure("routes", routes, NULL);
    each_failure("bundles", bundles, NULL);
    each_failure("links", links, NULL);
    free(bytes);
}

static int set_up(void **state)
{
    (void)state;
    if (digest_init() != ERR_OK)
        return -1;
    sample_keys_make(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds),
        cmocka_unit_test(seals),
        cmocka_unit_test(messages),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
