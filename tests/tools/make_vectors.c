/* SPDX-License-Identifier: Apache-2.0
 *
 * make_vectors: writes the test vectors of PROTOCOL.md as JSON, one file per part: make_vectors PART > tests/vectors/PART.json
 * All randomness comes from a fixed stream, so that the same program gives the same bytes; a vector says of each
 * input what a second implementation needs to repeat it. Parts: see the table at the end.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/change.h"
#include "proto/code.h"
#include "proto/compress.h"
#include "proto/dictionary_1.h"
#include "proto/digest.h"
#include "proto/link.h"
#include "proto/message.h"
#include "proto/note.h"
#include "proto/seal.h"
#include "proto/sign.h"
#include "proto/unlock.h"
#include "tests/lib/logbook.h"

/* --- fixed randomness: SHA-256 of a counter --- */

static uint64_t drawn;

static const char *fixed_name(void)
{
    return "fixed";
}

static void fixed_buf(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        uint8_t block[HASH_LEN];
        char text[40];
        int n = snprintf(text, sizeof text, "vector %llu", (unsigned long long)drawn++);
        digest_sha256_of(block, text, (size_t)n);
        size_t take = len < HASH_LEN ? len : HASH_LEN;
        memcpy(at, block, take);
        at += take;
        len -= take;
    }
}

static uint32_t fixed_one(void)
{
    uint32_t v;
    fixed_buf(&v, sizeof v);
    return v;
}

static struct randombytes_implementation fixed = {
    .implementation_name = fixed_name, .random = fixed_one, .buf = fixed_buf};

/* --- JSON, as much as is needed --- */

static const char *comma = "";

static void open_object(const char *name)
{
    if (name)
        printf("%s\n\"%s\": {", comma, name);
    else
        printf("%s\n{", comma);
    comma = "";
}

static void close_object(void)
{
    printf("}");
    comma = ",";
}

static void open_list(const char *name)
{
    printf("%s\n\"%s\": [", comma, name);
    comma = "";
}

static void close_list(void)
{
    printf("]");
    comma = ",";
}

static void put_text(const char *name, const char *text)
{
    printf("%s\"%s\": \"", comma, name);
    for (; *text; text++) {
        if (*text == '\n')
            printf("\\n");
        else
            putchar(*text);
    }
    printf("\"");
    comma = ", ";
}

static void put_number(const char *name, long long v)
{
    printf("%s\"%s\": %lld", comma, name, v);
    comma = ", ";
}

static void put_hex(const char *name, const void *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);
    if (!text)
        abort();
    code_hex(text, bytes, len);
    printf("%s\"%s\": \"%s\"", comma, name, text);
    comma = ", ";
    free(text);
}

static void must(enum err err)
{
    if (err != ERR_OK) {
        fprintf(stderr, "make_vectors: %s\n", err_text(err));
        exit(1);
    }
}

/* --- parts --- */

static void part_fold(void)
{
    open_list("scenarios");
    for (size_t s = 0; s < logbook_scenarios_n; s++) {
        struct logbook *lb = calloc(1, sizeof *lb);
        if (!lb)
            abort();
        logbook_start(lb);
        logbook_scenarios[s].run(lb);
        open_object(NULL);
        put_text("name", logbook_scenarios[s].name);
        put_hex("space", lb->space, ID_LEN);
        put_hex("head", lb->fold->head, HASH_LEN);
        open_list("entries");
        for (size_t i = 0; i < lb->n; i++) {
            uint8_t root[HASH_LEN];
            must(logbook_root_at(lb, i + 1, root));
            open_object(NULL);
            put_number("t_recv_ms", (long long)lb->entries[i].t_recv_ms);
            put_text("verdict", err_name(lb->entries[i].verdict));
            put_hex("header", lb->entries[i].header.bytes, lb->entries[i].header.len);
            put_hex("signature", lb->entries[i].sig, SIG_LEN);
            put_hex("root", root, HASH_LEN);
            close_object();
        }
        close_list();
        close_object();
        logbook_end(lb);
        free(lb);
    }
    close_list();
}

static void part_seal(void)
{
    struct seal_place place = {.suite = SUITE_1, .seq = 7, .box = 3, .epoch = 2};
    uint8_t ek[KEY_LEN], sk[KEY_LEN], rk[KEY_LEN], ck[KEY_LEN], route[KEY_LEN], out[256],
        nonce[NONCE_LEN];
    fixed_buf(place.space, ID_LEN);
    fixed_buf(place.device, ID_LEN);
    fixed_buf(place.shred, ID_LEN);
    fixed_buf(ek, KEY_LEN);
    fixed_buf(sk, KEY_LEN);
    fixed_buf(rk, KEY_LEN);
    put_hex("space", place.space, ID_LEN);
    put_hex("device", place.device, ID_LEN);
    put_hex("shred_id", place.shred, ID_LEN);
    put_number("seq", 7);
    put_number("box", 3);
    put_number("epoch", 2);
    put_hex("ek", ek, KEY_LEN);
    put_hex("sk", sk, KEY_LEN);
    put_hex("rk", rk, KEY_LEN);
    const char *const names[] = {"kcom_ek", "kcom_sk", "kcom_route"};
    const uint8_t *const keys[] = {ek, sk, route};
    seal_route_key(route, ek, place.space);
    put_hex("k_route", route, KEY_LEN);
    for (int i = 0; i < 3; i++) {
        seal_epoch_commit(out, (enum seal_key_type)i, keys[i], place.space, 2);
        put_hex(names[i], out, HASH_LEN);
    }
    seal_dossier_commit(out, rk, place.shred);
    put_hex("kcom", out, HASH_LEN);
    seal_row(out, ek, place.space, place.shred);
    put_hex("row_with_ek_as_ek1", out, ID_LEN);
    seal_content_key(ck, ek, rk, place.space, place.shred, 2);
    put_hex("ck", ck, KEY_LEN);
    const uint8_t plain[32] = "Passerelle";
    put_hex("plain", plain, sizeof plain);
    seal_route(out, nonce, plain, sizeof plain, route, &place);
    put_hex("routing_box", out, sizeof plain + SEAL_BLOB_OVERHEAD);
    seal_body(out, plain, sizeof plain, ck, nonce, &place);
    put_hex("body", out, sizeof plain + TAG_LEN);
    seal_slot(out, rk, sk, place.space, place.shred, 2);
    put_hex("slot", out, SLOT_LEN);
    seal_wrap(out, sk, ek, SEAL_EK, place.space, 2);
    put_hex("wrap_of_sk_under_ek_type_0", out, WRAP_LEN);
    memset(place.shred, 0, ID_LEN);
    seal_control_body(out, plain, sizeof plain, route, &place);
    put_hex("operation_body", out, sizeof plain + SEAL_BLOB_OVERHEAD);
    uint8_t seed[SEED_LEN], x_pk[PK_LEN], x_sk[KEY_LEN], both[2 * KEY_LEN];
    size_t len;
    fixed_buf(seed, SEED_LEN);
    seal_keypair(x_pk, x_sk, seed);
    memcpy(both, ek, KEY_LEN);
    memcpy(both + KEY_LEN, sk, KEY_LEN);
    seal_to_device(out, &len, SEAL_MEMBER, both, x_pk);
    put_hex("x_seed", seed, SEED_LEN);
    put_hex("x_pk", x_pk, PK_LEN);
    put_hex("member_seal", out, len);
    open_list("padded_lengths");
    static const size_t lengths[] = {0, 1, 30, 31, 32, 33, 100, 500, 1000, 5000, 70000, 1000000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        printf("%s[%zu, %zu]", comma, lengths[i], seal_padded_len(lengths[i]));
        comma = ", ";
    }
    close_list();
}

static void part_change(void)
{
    static const uint8_t text[] = {0xa9, 'm', 'e', 'n', 'u', 'i', 's', 'i', 'e', 'r'};
    static const uint8_t reference[] = {0xc4, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t add[] = {0x92, 0x01, 0xa2, 'r', 'o'};
    static const uint8_t nil[] = {0xc0};
    struct change items[] = {
        {.field = FIELD_KIND, .base = 40, .value = (const uint8_t *)"\x02", .value_len = 1},
        {.field = 17, .base = 40, .value = text, .value_len = sizeof text},
        {.record = {9, 9, 9, 9, 9, 9, 9, 9},
         .field = 18,
         .base = 38,
         .value = reference,
         .value_len = sizeof reference},
        {.record = {9, 9, 9, 9, 9, 9, 9, 9},
         .field = 19,
         .base = 42,
         .value = add,
         .value_len = sizeof add},
        {.field = 17, .base = 42, .value = nil, .value_len = 1},
    };
    struct buf box = {0}, routes = {0};
    change_box_encode(&box, 1, items, 5, 42);
    must(box.err);
    put_number("pack", 1);
    put_number("seen_size", 42);
    put_hex("box_plaintext", box.bytes, box.len);
    open_list("changes");
    for (size_t i = 0; i < 5; i++) {
        open_object(NULL);
        put_hex("record", items[i].record, RECORD_LEN);
        put_number("field", items[i].field);
        put_number("base", (long long)items[i].base);
        put_hex("value", items[i].value, items[i].value_len);
        close_object();
    }
    close_list();
    struct change_source sources[2] = {{.run = {1}}, {.author = {0xaa}, .run = {2}}};
    struct change_mark marks[] = {
        {3, 1735689600}, {4, 1735689660}, {6, 1735689000}, {1, 1735690000}};
    struct change_route entries[2] = {
        {.full = true, .shred = {0x51}, .kcom = {0x52}, .source = 0, .n = 3, .first = 0},
        {.birth_leaf = 12, .birth_box = 1, .source = 1, .n = 1, .first = 3},
    };
    const struct change_routes all = {2, sources, 2, entries, 4, marks};
    change_routes_encode(&routes, &all);
    must(routes.err);
    put_text("routing_says", "sources: own device run 01..., author aa... run 02...; body 0: "
                             "dossier 51... kcom 52... in full, source "
                             "0, (3, 1735689600) (4, 1735689660) (6, 1735689000); body 1: born at "
                             "leaf 12 box 1, source 1, "
                             "(1, 1735690000)");
    put_hex("routing_plaintext", routes.bytes, routes.len);
    buf_free(&box);
    buf_free(&routes);
}

/* A text that the dictionary shortens. */
static void part_compress(void)
{
    static const char text[] =
        "Rencontre sur le site, la personne cherche un emploi, rendez-vous avec l'entreprise "
        "la semaine prochaine, rendez-vous avec la mission locale.";
    struct buf out = {0};
    compress_put(&out, (const uint8_t *)text, sizeof text - 1);
    must(out.err);
    put_text("text", text);
    put_hex("compressed", out.bytes, out.len);
    uint8_t hash[HASH_LEN];
    digest_sha256_of(hash, dictionary_1_bytes, DICTIONARY_1_LEN);
    put_hex("dictionary_1_sha256", hash, HASH_LEN);
    buf_free(&out);
}

static void put_proof(const char *name, const struct tree_proof *proof)
{
    put_hex(name, proof->nodes, (size_t)proof->n * HASH_LEN);
}

/* Proofs over the entries of the first fold scenario, each as its hashes joined. */
static void part_proof(void)
{
    struct logbook *lb = calloc(1, sizeof *lb);
    struct tree_proof proof;
    if (!lb)
        abort();
    logbook_start(lb);
    logbook_scenarios[0].run(lb);
    open_list("inclusion");
    for (uint64_t i = 0; i < lb->n; i++) {
        must(tree_inclusion(&proof, i, lb->n, logbook_node_at, lb));
        open_object(NULL);
        put_number("index", (long long)i);
        put_number("size", (long long)lb->n);
        put_proof("hashes", &proof);
        close_object();
    }
    close_list();
    open_list("consistency");
    for (uint64_t old = 1; old <= lb->n; old++) {
        must(tree_consistency(&proof, old, lb->n, logbook_node_at, lb));
        open_object(NULL);
        put_number("old", (long long)old);
        put_number("size", (long long)lb->n);
        put_proof("hashes", &proof);
        close_object();
    }
    close_list();
    logbook_end(lb);
    free(lb);
}

/* An empty sync of one space, and its answer. */
static void part_message(void)
{
    uint8_t seed[SEED_LEN], pk[PK_LEN], sk[SK_LEN], aud[HASH_LEN];
    struct message_row row = {.have_size = 40, .keys_rev = 3, .erased_upto = 40},
                       answer = {.status = ERR_UNCHANGED};
    struct message_request request = {
        .time_ms = 1735689600000, .n_rows = 1, .rows = &row, .max_bytes = 1 << 20};
    struct message_response response = {.time_ms = 1735689600123, .n_rows = 1, .rows = &answer};
    struct buf out = {0};
    fixed_buf(seed, SEED_LEN);
    sign_keypair(pk, sk, seed);
    sign_device_id(request.device, pk);
    fixed_buf(row.space, ID_LEN);
    fixed_buf(request.store_id, STORE_ID_LEN);
    memcpy(response.store_id, request.store_id, STORE_ID_LEN);
    message_aud(aud, pk);
    must(message_request_make(&out, &request, aud, sk));
    put_hex("seed_of_device_log_and_resp_key", seed, SEED_LEN);
    put_hex("space", row.space, ID_LEN);
    put_hex("store_id", request.store_id, STORE_ID_LEN);
    put_hex("request", out.bytes, out.len);
    put_hex("request_hash", request.hash, HASH_LEN);
    buf_reset(&out);
    must(message_response_make(&out, &response, request.hash, sk));
    put_hex("response", out.bytes, out.len);
    buf_free(&out);
}

static void part_tree(void)
{
    struct logbook *lb = calloc(1, sizeof *lb);
    if (!lb)
        abort();
    logbook_start(lb);
    logbook_scenarios[0].run(lb);
    char origin[NOTE_ORIGIN_MAX];
    uint8_t seed[SEED_LEN], pk[PK_LEN], sk[SK_LEN];
    digest_sha256_of(seed, "logbook log 0", 13);
    sign_keypair(pk, sk, seed);
    must(note_origin(origin, lb->fold->log_name, strlen(lb->fold->log_name), lb->space));
    put_text("origin", origin);
    put_hex("log_seed", seed, SEED_LEN);
    put_hex("log_pk", pk, PK_LEN);
    open_list("notes");
    for (uint64_t size = 1; size <= lb->n; size++) {
        struct note note = {.size = size};
        struct buf text = {0};
        must(logbook_root_at(lb, size, note.root));
        note_sign(&note, origin, sk);
        note_print(&text, &note, origin, pk, NULL);
        buf_u8(&text, 0);
        must(text.err);
        open_object(NULL);
        put_number("size", (long long)size);
        put_text("note", (const char *)text.bytes);
        close_object();
        buf_free(&text);
    }
    close_list();
    logbook_end(lb);
    free(lb);
}

static void part_text(void)
{
    struct link link = {.type = LINK_FOUNDER, .url = "https://sync.example"};
    struct buf text = {0};
    fixed_buf(link.fingerprint, HASH_LEN);
    fixed_buf(link.secret, SEED_LEN);
    fixed_buf(link.space, ID_LEN);
    fixed_buf(link.genesis, HASH_LEN);
    fixed_buf(link.log_key_hash, HASH_LEN);
    put_hex("fingerprint", link.fingerprint, HASH_LEN);
    put_hex("secret", link.secret, SEED_LEN);
    link_print(&text, &link);
    buf_u8(&text, 0);
    put_text("founder_link", (const char *)text.bytes);
    buf_reset(&text);
    link.type = LINK_INVITE;
    link_print(&text, &link);
    buf_u8(&text, 0);
    put_hex("space", link.space, ID_LEN);
    put_hex("genesis", link.genesis, HASH_LEN);
    put_hex("log_key_hash", link.log_key_hash, HASH_LEN);
    put_text("invite_link", (const char *)text.bytes);
    uint8_t seed[SEED_LEN], zero[RECORD_LEN] = {0}, record[RECORD_LEN] = {1};
    sign_link_seed(seed, link.secret);
    put_hex("link_key_seed", seed, SEED_LEN);
    char code[CODE_SHORT_LEN + 1], compare[10];
    code_short(code, link.space, zero);
    put_text("short_code_of_space_as_shred_id", code);
    code_short(code, link.space, record);
    put_text("short_code_of_record_0100000000000000", code);
    link_compare_code(compare, link.fingerprint, link.genesis, link.space);
    put_text("compare_code_ed_fingerprint_x_genesis", compare);
    buf_free(&text);
}

static void part_unlock(void)
{
    struct unlock_secrets *secrets = digest_secret_new(sizeof *secrets);
    const struct unlock_cost cost = {UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB};
    uint8_t device[ID_LEN];
    struct buf header = {0};
    if (!secrets)
        abort();
    fixed_buf(secrets, sizeof *secrets);
    fixed_buf(device, ID_LEN);
    static const char pass[] = "agrafe bateau cerise domino";
    must(unlock_seal(&header, secrets, (const uint8_t *)"extra", 5, device, pass, sizeof pass - 1,
                     NULL, &cost));
    put_text("passphrase", pass);
    put_hex("device", device, ID_LEN);
    put_hex("ed_seed", secrets->ed_seed, SEED_LEN);
    put_hex("x_seed", secrets->x_seed, SEED_LEN);
    put_hex("db_key", secrets->db_key, KEY_LEN);
    put_text("extra", "extra");
    put_hex("header", header.bytes, header.len);
    buf_free(&header);
    digest_secret_free(secrets);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"fold", part_fold},         {"seal", part_seal}, {"change", part_change},
                 {"compress", part_compress}, {"tree", part_tree}, {"proof", part_proof},
                 {"message", part_message},   {"text", part_text}, {"unlock", part_unlock}};
    randombytes_set_implementation(&fixed);
    must(digest_init());
    for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, argv[1]) != 0)
            continue;
        printf("{\"comment\": \"Made by tests/tools/make_vectors.c. Bytes are hex. See "
               "proto/PROTOCOL.md.\"");
        comma = ",";
        parts[i].run();
        printf("\n}\n");
        return fflush(stdout) == 0 ? 0 : 1;
    }
    fprintf(
        stderr,
        "make_vectors fold | seal | change | compress | tree | proof | message | text | unlock\n");
    return 2;
}
