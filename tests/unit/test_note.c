/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: checkpoints have the C2SP form to the byte, and no byte of one can be changed. Whether
 * others read them as well is asked in tests/interop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/note.h"
#include "proto/sign.h"

#define WITNESS "witness.example/w1"

static char origin[NOTE_ORIGIN_MAX];
static uint8_t log_pk[PK_LEN], log_sk[SK_LEN];
static uint8_t witness_pk[PK_LEN], witness_sk[SK_LEN];
static const uint8_t space[ID_LEN] = {0x66, 0x6f, 0x6f, 0x62, 0x61, 0x72};

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static int set_up(void **state)
{
    uint8_t seed[SEED_LEN] = {1};
    (void)state;
    if (digest_init() != ERR_OK)
        return -1;
    sign_keypair(log_pk, log_sk, seed);
    seed[0] = 2;
    sign_keypair(witness_pk, witness_sk, seed);
    return note_origin(origin, "log.example", 11, space) == ERR_OK ? 0 : -1;
}

static struct note make_note(uint64_t size)
{
    struct note note = {.size = size};
    memset(note.root, 0xa5, HASH_LEN);
    note_sign(&note, origin, log_sk);
    return note;
}

static enum err parse(struct note *note, const struct buf *text)
{
    return note_parse(note, (const char *)text->bytes, text->len, origin, log_pk);
}

static void test_origin(void **state)
{
    char out[NOTE_ORIGIN_MAX];
    char name[NAME_LEN_MAX + 1];
    (void)state;
    assert_string_equal(origin, "log.example/mzxw6ytboiaaaaaaaaaaaaaaaa");
    memset(name, 'x', sizeof name);
    check_ok(note_origin(out, name, NAME_LEN_MAX, space));
    assert_int_equal(strlen(out), NAME_LEN_MAX + 1 + 26);
    assert_int_equal(note_origin(out, name, NAME_LEN_MAX + 1, space), ERR_USAGE);
    static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\x7f", "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(note_origin(out, bad[i], strlen(bad[i]), space), ERR_USAGE);
}

/* The key of the example in the documentation of Go's sumdb/note. */
static void test_key_hash(void **state)
{
    static const char key[] = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    uint8_t blob[1 + PK_LEN];
    uint8_t hash[4];
    size_t len = 0;
    (void)state;
    check_ok(code_unbase64(blob, sizeof blob, &len, key, strlen(key)));
    assert_int_equal(len, sizeof blob);
    note_key_hash(hash, "PeterNeumann", blob[0], blob + 1);
    assert_memory_equal(hash, "\xc7\x4f\x20\xa3", 4);
}

static void test_text(void **state)
{
    struct buf out = {.max = NOTE_TEXT_MAX};
    struct note note = make_note(20852163);
    (void)state;
    note_text(&out, origin, note.size, note.root);
    buf_u8(&out, 0);
    assert_string_equal((char *)out.bytes, "log.example/mzxw6ytboiaaaaaaaaaaaaaaaa\n20852163\n"
                                           "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n");
    buf_free(&out);

    note_print(&out, &note, origin, log_pk, NULL);
    buf_u8(&out, 0);
    char line[NOTE_ORIGIN_MAX + 200];
    char sig[128];
    uint8_t blob[4 + SIG_LEN];
    note_key_hash(blob, origin, 0x01, log_pk);
    memcpy(blob + 4, note.sig, SIG_LEN);
    code_base64(sig, blob, sizeof blob);
    snprintf(line, sizeof line, "=\n\n\xe2\x80\x94 %s %s\n", origin, sig);
    assert_non_null(strstr((char *)out.bytes, line));
    buf_free(&out);
}

static void test_round_trip(void **state)
{
    static const uint64_t sizes[] = {0, 1, 9, 10, 4294967296, ((uint64_t)1 << 63) - 1};
    static const char *const names[] = {WITNESS, "other.example"};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf out = {.max = NOTE_TEXT_MAX};
        struct buf again = {.max = NOTE_TEXT_MAX};
        struct note back;
        struct note note = make_note(sizes[i]);
        note.n_cosigs = 2;
        note_cosign(note.cosigs[0], &note, origin, names[0], witness_sk, witness_pk, 1735689600);
        note_cosign(note.cosigs[1], &note, origin, names[1], witness_sk, witness_pk, 0);
        note_print(&out, &note, origin, log_pk, names);
        check_ok(out.err);
        check_ok(parse(&back, &out));
        assert_int_equal(back.size, note.size);
        assert_memory_equal(back.root, note.root, HASH_LEN);
        assert_memory_equal(back.sig, note.sig, SIG_LEN);
        assert_int_equal(back.n_cosigs, 2);
        assert_memory_equal(back.cosigs, note.cosigs, 2 * sizeof note.cosigs[0]);
        note_print(&again, &back, origin, log_pk, names);
        assert_int_equal(again.len, out.len);
        assert_memory_equal(again.bytes, out.bytes, out.len);
        buf_free(&out);
        buf_free(&again);
    }
}

/* Each byte of a note, replaced by each other byte. */
static void test_every_byte(void **state)
{
    struct buf out = {.max = NOTE_TEXT_MAX};
    struct note note = make_note(1905);
    struct note back;
    (void)state;
    note_print(&out, &note, origin, log_pk, NULL);
    check_ok(parse(&back, &out));
    for (size_t at = 0; at < out.len; at++) {
        uint8_t kept = out.bytes[at];
        for (unsigned c = 0; c < 256; c++) {
            out.bytes[at] = (uint8_t)c;
            if (c != kept)
                assert_int_not_equal(parse(&back, &out), ERR_OK);
        }
        out.bytes[at] = kept;
    }
    size_t whole = out.len;
    for (out.len = 0; out.len < whole; out.len++)
        assert_int_not_equal(parse(&back, &out), ERR_OK);
    check_ok(parse(&back, &out));
    buf_free(&out);
}

static void test_verify(void **state)
{
    struct note note = make_note(77);
    uint8_t *const runs[] = {note.root, note.sig};
    const size_t lens[] = {HASH_LEN, SIG_LEN};
    (void)state;
    check_ok(note_verify(&note, origin, log_pk));
    for (size_t run = 0; run < 2; run++) {
        for (size_t bit = 0; bit < 8 * lens[run]; bit++) {
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(note_verify(&note, origin, log_pk), ERR_SIGNATURE);
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        note.size ^= (uint64_t)1 << bit;
        assert_int_equal(note_verify(&note, origin, log_pk), ERR_SIGNATURE);
        note.size ^= (uint64_t)1 << bit;
    }
    assert_int_equal(note_verify(&note, "log.example/other", log_pk), ERR_SIGNATURE);
    assert_int_equal(note_verify(&note, origin, witness_pk), ERR_SIGNATURE);
    check_ok(note_verify(&note, origin, log_pk));
}

static void test_cosignature(void **state)
{
    struct note note = make_note(1234);
    uint8_t cosig[NOTE_COSIG_LEN];
    uint64_t time_s = 0;
    (void)state;
    note_cosign(cosig, &note, origin, WITNESS, witness_sk, witness_pk, 1679315147);
    check_ok(note_cosign_verify(&time_s, cosig, &note, origin, WITNESS, witness_pk));
    assert_int_equal(time_s, 1679315147);

    /* The signed bytes, written out once more from the C2SP text. */
    char text[NOTE_ORIGIN_MAX + 200];
    char root[64];
    code_base64(root, note.root, HASH_LEN);
    int len = snprintf(text, sizeof text, "cosignature/v1\ntime 1679315147\n%s\n1234\n%s\n", origin,
                       root);
    check_ok(sign_plain_verify(cosig + 12, witness_pk, text, (size_t)len));

    for (size_t bit = 0; bit < 8 * sizeof cosig; bit++) {
        cosig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(note_cosign_verify(&time_s, cosig, &note, origin, WITNESS, witness_pk),
                         ERR_SIGNATURE);
        assert_int_equal(time_s, 0);
        cosig[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(note_cosign_verify(&time_s, cosig, &note, origin, "other", witness_pk),
                     ERR_SIGNATURE);
    assert_int_equal(note_cosign_verify(&time_s, cosig, &note, origin, WITNESS, log_pk),
                     ERR_SIGNATURE);
    note.size++;
    assert_int_equal(note_cosign_verify(&time_s, cosig, &note, origin, WITNESS, witness_pk),
                     ERR_SIGNATURE);
    note.size--;
    /* The log's own signature is no cosignature, whoever made it. */
    note_cosign(cosig, &note, origin, WITNESS, log_sk, log_pk, 5);
    memcpy(cosig + 12, note.sig, SIG_LEN);
    assert_int_equal(note_cosign_verify(&time_s, cosig, &note, origin, WITNESS, log_pk),
                     ERR_SIGNATURE);
}

/* Puts `extra` behind a good note, or replaces its first three lines by `head`. */
static enum err parse_with(struct note *back, const char *head, const char *extra)
{
    struct buf out = {.max = 2 * NOTE_TEXT_MAX};
    struct buf text = {.max = 2 * NOTE_TEXT_MAX};
    struct note note = make_note(5);
    note_print(&out, &note, origin, log_pk, NULL);
    if (head) {
        /* Signed as it stands, so that only the form can be at fault. */
        uint8_t blob[4 + SIG_LEN];
        char sig[128];
        note_key_hash(blob, origin, 0x01, log_pk);
        sign_plain(blob + 4, log_sk, head, strlen(head));
        code_base64(sig, blob, sizeof blob);
        buf_put(&text, head, strlen(head));
        buf_put(&text, "\n\xe2\x80\x94 ", 5);
        buf_put(&text, origin, strlen(origin));
        buf_put(&text, " ", 1);
        buf_put(&text, sig, strlen(sig));
        buf_put(&text, "\n", 1);
    } else {
        buf_put(&text, out.bytes, out.len);
    }
    buf_put(&text, extra, strlen(extra));
    enum err err = parse(back, &text);
    buf_free(&out);
    buf_free(&text);
    return err;
}

#define ORIGIN "log.example/mzxw6ytboiaaaaaaaaaaaaaaaa\n"
#define ROOT   "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n"

static void test_strict(void **state)
{
    struct note back;
    (void)state;
    check_ok(parse_with(&back, NULL, ""));
    check_ok(parse_with(&back, ORIGIN "5\n" ROOT, ""));
    assert_int_equal(back.size, 5);
    static const char *const heads[] = {
        ORIGIN "05\n" ROOT,
        ORIGIN "+5\n" ROOT,
        ORIGIN " 5\n" ROOT,
        ORIGIN "5 \n" ROOT,
        ORIGIN "-5\n" ROOT,
        ORIGIN "\n" ROOT,
        ORIGIN "5\r\n" ROOT,
        ORIGIN "9223372036854775808\n" ROOT,
        ORIGIN "18446744073709551616\n" ROOT,
        ORIGIN "00000000000000000005\n" ROOT,
        ORIGIN "5\n" ROOT "an extension\n",
        ORIGIN "5\n",
        ORIGIN "5\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpQ==\n",
        ORIGIN "5\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaV=\n",
        ORIGIN "5\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU\n",
        ("log.example/other\n5\n" ROOT),
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_int_equal(parse_with(&back, heads[i], ""), ERR_FORMAT);
}

#define DASH "\xe2\x80\x94 "

static void test_signature_lines(void **state)
{
    struct note back;
    (void)state;
    /* Strangers' signatures are none of our business, if they have the form. */
    check_ok(parse_with(&back, NULL, DASH "stranger AAAAAAA=\n" DASH "x AAAAAAAAAAAA\n"));
    assert_int_equal(back.n_cosigs, 0);
    check_ok(parse_with(&back, NULL, DASH "log.example/mzxw6ytboiaaaaaaaaaaaaaaaa AAAAAAA=\n"));
    static const char *const bad[] = {
        "\n",
        "x\n",
        "- stranger AAAAAAA=\n",
        DASH "stranger AAAAAAA=",
        DASH "stranger\n",
        DASH "stranger \n",
        DASH "stranger AAAAAA==\n",
        DASH "stranger AAAAAAB=\n",
        DASH "stranger AAAAAAA\n",
        DASH "two words AAAAAAA=\n",
        DASH " AAAAAAA=\n",
        DASH "a+b AAAAAAA=\n",
        DASH "stranger AAAAAAA= \n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse_with(&back, NULL, bad[i]), ERR_FORMAT);

    /* The log signs once; one line more of it is not a note. */
    struct buf out = {.max = NOTE_TEXT_MAX};
    struct note note = make_note(5);
    note_print(&out, &note, origin, log_pk, NULL);
    buf_u8(&out, 0);
    assert_int_equal(parse_with(&back, NULL, strstr((char *)out.bytes, DASH)), ERR_FORMAT);
    buf_free(&out);

    /* As many cosignatures as there may be witnesses, and one more. */
    const char *names[WITNESSES_MAX];
    note.n_cosigs = WITNESSES_MAX;
    for (unsigned i = 0; i < WITNESSES_MAX; i++) {
        names[i] = WITNESS;
        note_cosign(note.cosigs[i], &note, origin, WITNESS, witness_sk, witness_pk, i);
    }
    note_print(&out, &note, origin, log_pk, names);
    check_ok(parse(&back, &out));
    assert_int_equal(back.n_cosigs, WITNESSES_MAX);
    const char *last = (const char *)out.bytes + out.len - 1 - (4 + strlen(WITNESS) + 1 + 104);
    buf_put(&out, last, 4 + strlen(WITNESS) + 1 + 104 + 1);
    assert_int_equal(parse(&back, &out), ERR_FORMAT);
    assert_int_equal(back.n_cosigs, 0);
    buf_free(&out);
}

static void test_long(void **state)
{
    static char extra[NOTE_TEXT_MAX + 100];
    struct note back;
    (void)state;
    memset(extra, 'A', sizeof extra - 1);
    memcpy(extra, DASH "stranger ", sizeof DASH "stranger " - 1);
    extra[sizeof extra - 2] = '\n';
    assert_int_equal(parse_with(&back, NULL, extra), ERR_FORMAT);
    /* A long line within the limit is a stranger's. */
    size_t len = sizeof DASH "stranger " - 1 + 4000;
    extra[len] = '\n';
    extra[len + 1] = '\0';
    check_ok(parse_with(&back, NULL, extra));
}

/* An origin is longer than a log's name: the longest comes back too, one byte more does not. */
static void test_longest_origin(void **state)
{
    char name[NAME_LEN_MAX + 1], longest[NOTE_ORIGIN_MAX], longer[NOTE_ORIGIN_MAX + 1];
    struct note note = {.size = 7}, got;
    struct buf text = {0};
    (void)state;
    memset(name, 'x', sizeof name);
    check_ok(note_origin(longest, name, NAME_LEN_MAX, space));
    note_sign(&note, longest, log_sk);
    note_print(&text, &note, longest, log_pk, NULL);
    check_ok(note_parse(&got, (const char *)text.bytes, text.len, longest, log_pk));
    assert_int_equal(got.size, 7);
    /* A line of somebody with a name that is longer still. */
    memset(longer, 'y', sizeof longer);
    buf_put(&text, "\xe2\x80\x94 ", 4);
    buf_put(&text, longer, sizeof longer);
    buf_put(&text, " AAAAAAA=\n", 10);
    assert_int_equal(note_parse(&got, (const char *)text.bytes, text.len, longest, log_pk),
                     ERR_FORMAT);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_key_hash),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_cosignature),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_signature_lines),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_longest_origin),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
