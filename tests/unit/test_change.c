/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: changes come back as they were written, in one form only; hostile plaintexts cost nothing and pass nowhere.
 */
#include "proto/change.h"
#include "proto/compress.h"
#include "proto/seal.h"
#include "tests/unit/proto_test.h"

/* --- making samples --- */

/* Canonical values, one after the other in `text`. */
static void put_value(struct buf *text, struct dice *d)
{
    uint8_t bytes[24];
    char word[300];
    dice_fill(d, bytes, sizeof bytes);
    size_t len = dice_below(d, sizeof word);
    memset(word, 'a' + (int)dice_below(d, 26), len);
    switch (dice_below(d, 8)) {
    case 0:
        wire_put_nil(text);
        break;
    case 1:
        wire_put_bool(text, bytes[0] & 1);
        break;
    case 2:
        wire_put_uint(text, dice_u64(d) >> dice_below(d, 64));
        break;
    case 3:
        wire_put_int(text, -(int64_t)(dice_u64(d) >> (1 + dice_below(d, 63))));
        break;
    case 4:
        wire_put_str(text, word, len);
        break;
    case 5:
        wire_put_bin(text, bytes, 8 * (1 + dice_below(d, 3)));
        break;
    case 6:
        wire_put_array(text, 2);
        wire_put_uint(text, bytes[0] & 1);
        wire_put_str(text, word, len);
        break;
    default:
        wire_put_array(text, 2);
        wire_put_uint(text, bytes[0] & 1);
        wire_put_bin(text, bytes, 8);
    }
}

struct sample {
    struct buf text;
    size_t n;
    struct change items[64];
};

static void sample_make(struct sample *s, struct dice *d, uint64_t seen_size)
{
    *s = (struct sample){.n = 1 + dice_below(d, 64)};
    uint8_t records[8][RECORD_LEN];
    dice_fill(d, records, sizeof records);
    size_t at[65] = {0};
    for (size_t i = 0; i < s->n; i++) {
        put_value(&s->text, d);
        at[i + 1] = s->text.len;
        s->items[i].field = (uint32_t)(dice_u64(d) >> (32 + dice_below(d, 32)));
        s->items[i].base = seen_size - (seen_size ? dice_below(d, (size_t)seen_size + 1) : 0);
        if (dice_below(d, 4) > 0)
            memcpy(s->items[i].record, records[dice_below(d, 8)], RECORD_LEN);
    }
    assert_ok(s->text.err);
    for (size_t i = 0; i < s->n; i++) {
        s->items[i].value = s->text.bytes + at[i];
        s->items[i].value_len = at[i + 1] - at[i];
    }
}

static void expect_same(const struct change_box *box, const struct change *items, size_t n)
{
    assert_int_equal(box->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(box->items[i].record, items[i].record, RECORD_LEN);
        assert_int_equal(box->items[i].field, items[i].field);
        assert_int_equal(box->items[i].base, items[i].base);
        assert_int_equal(box->items[i].value_len, items[i].value_len);
        assert_memory_equal(box->items[i].value, items[i].value, items[i].value_len);
        assert_int_equal(box->items[i].ordinal, 0);
        assert_true(box->items[i].time_s == 0);
    }
}

/* Decodes from memory of exactly `len` bytes. */
static enum err decode(struct change_box *box, const void *plain, size_t len, uint64_t seen_size)
{
    uint8_t *copy = exact_copy(plain, len);
    enum err err = change_box_decode(box, copy, len, seen_size);
    memset(copy, 0xee, len); /* nothing may be borrowed from the plaintext */
    free(copy);
    if (err != ERR_OK) {
        assert_null(box->items);
        assert_null(box->text.bytes);
        assert_int_equal(box->n, 0);
    }
    return err;
}

/* --- boxes --- */

static void test_round_trip(void **state)
{
    (void)state;
    struct dice d = {10};
    for (int round = 0; round < 400; round++) {
        struct sample s;
        uint64_t seen_size = round % 3 ? dice_below(&d, 100000) : 0;
        uint16_t pack = (uint16_t)dice_u64(&d);
        sample_make(&s, &d, seen_size);
        struct buf out = {0};
        buf_put(&out, "before", 6); /* it appends */
        change_box_encode(&out, pack, s.items, s.n, seen_size);
        assert_ok(out.err);
        assert_memory_equal(out.bytes, "before", 6);
        struct change_box box;
        assert_ok(decode(&box, out.bytes + 6, out.len - 6, seen_size));
        assert_int_equal(box.pack, pack);
        expect_same(&box, s.items, s.n);
        /* Its length is one of the buckets. */
        size_t content;
        assert_ok(seal_unpad(&content, out.bytes + 6, out.len - 6));
        assert_int_equal(out.len - 6, seal_padded_len(content));
        change_box_free(&box);
        change_box_free(&box);
        buf_free(&out);
        buf_free(&s.text);
    }
}

/* The format, byte by byte. */
static void test_bytes(void **state)
{
    (void)state;
    struct change items[] = {
        {.field = 16, .base = 10, .value = (const uint8_t *)"\xa3mot", .value_len = 4},
        {.record = "recordB",
         .field = 200,
         .base = 7,
         .value = (const uint8_t *)"\xc3",
         .value_len = 1},
        {.record = "recordA",
         .field = 0,
         .base = 0,
         .value = (const uint8_t *)"\x05",
         .value_len = 1},
        {.record = "recordB",
         .field = 17,
         .base = 10,
         .value = (const uint8_t *)"\xc0",
         .value_len = 1},
    };
    static const char expected[] = "\x92\x92\xc4\x08recordB\0\xc4\x08recordA\0\xdc\x00\x10"
                                   "\x00\x00\x10\xa3mot"
                                   "\x03\x01\xcc\xc8\xc3"
                                   "\x0a\x02\x00\x05"
                                   "\x00\x01\x11\xc0";
    struct buf out = {0}, raw = {0};
    change_box_encode(&out, 0x0102, items, 4, 10);
    assert_ok(out.err);
    assert_int_equal(out.bytes[0], 1);
    assert_int_equal(out.bytes[1], 2);
    size_t len;
    assert_ok(seal_unpad(&len, out.bytes, out.len));
    assert_ok(compress_get(&raw, out.bytes + 2, len - 2, 1000));
    assert_int_equal(raw.len, sizeof expected - 1);
    assert_memory_equal(raw.bytes, expected, raw.len);
    buf_free(&out);
    buf_free(&raw);
}

static void test_encode_refuses(void **state)
{
    (void)state;
    struct change good = {.field = 16, .base = 5, .value = (const uint8_t *)"\xc0", .value_len = 1};
    struct change bad;
    struct buf out = {0};
    change_box_encode(&out, 1, &good, 1, 5);
    assert_ok(out.err);
    buf_reset(&out);
    change_box_encode(&out, 1, &good, 0, 5);
    assert_err(out.err, ERR_USAGE);
    buf_reset(&out);
    change_box_encode(&out, 1, &good, 1, 4); /* a base that its author had not seen */
    assert_err(out.err, ERR_USAGE);
    buf_reset(&out);
    bad = good;
    bad.value = (const uint8_t *)"\xc0\xc0";
    bad.value_len = 2;
    change_box_encode(&out, 1, &bad, 1, 5);
    assert_err(out.err, ERR_FORMAT);
    assert_int_equal(out.len, 0);
    buf_reset(&out);

    struct change *many = calloc(CHANGES_MAX + 1, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i <= CHANGES_MAX; i++) {
        many[i] = good;
        memcpy(many[i].record, &(uint64_t){i + 1}, 8); /* each its own record */
    }
    change_box_encode(&out, 1, many, CHANGES_MAX, 5);
    assert_ok(out.err);
    struct change_box box;
    assert_ok(decode(&box, out.bytes, out.len, 5));
    expect_same(&box, many, CHANGES_MAX);
    change_box_free(&box);
    buf_reset(&out);
    change_box_encode(&out, 1, many, CHANGES_MAX + 1, 5);
    assert_err(out.err, ERR_TOO_BIG);
    free(many);
    buf_free(&out);
}

/* What does not fit into one body is refused when it is written, not when it is sent. */
static void test_body_size(void **state)
{
    (void)state;
    enum { N = 24 };
    struct dice d = {11};
    struct buf text = {0}, out = {0};
    struct change items[N] = {{.field = 16}};
    char *word = malloc(60000);
    assert_non_null(word);
    for (size_t i = 0; i < 60000; i++)
        word[i] = (char)(' ' + dice_below(&d, 95)); /* hardly compressible */
    wire_put_str(&text, word, 60000);
    for (size_t i = 0; i < N; i++)
        items[i] = (struct change){.field = 16, .value = text.bytes, .value_len = text.len};
    change_box_encode(&out, 1, items, 2, 0);
    assert_ok(out.err);
    buf_reset(&out);
    /* Different texts, so that compressing does not help. */
    struct buf texts[N] = {{0}};
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < 60000; k++)
            word[k] = (char)(' ' + dice_below(&d, 95));
        wire_put_str(&texts[i], word, 60000);
        items[i] = (struct change){.field = 16, .value = texts[i].bytes, .value_len = texts[i].len};
    }
    change_box_encode(&out, 1, items, N, 0);
    assert_err(out.err, ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    for (size_t i = 0; i < N; i++)
        buf_free(&texts[i]);
    free(word);
    buf_free(&text);
    buf_free(&out);
}

#define BYTES(s) s, sizeof s - 1

static void test_value_check(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum err expected;
    } rows[] = {{BYTES("\xc0"), ERR_OK},
                {BYTES("\xc2"), ERR_OK},
                {BYTES("\x05"), ERR_OK},
                {BYTES("\xff"), ERR_OK},
                {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), ERR_OK},
                {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), ERR_OK},
                {BYTES("\xa0"), ERR_OK},
                {BYTES("\xa2\xc3\xa9"), ERR_OK},
                {BYTES("\xc4\x08"
                       "12345678"),
                 ERR_OK},
                {BYTES("\xc4\x10"
                       "1234567812345678"),
                 ERR_OK},
                {BYTES("\xc4\x18"
                       "123456781234567812345678"),
                 ERR_OK},
                {BYTES("\x92\x00\xa1x"), ERR_OK},
                {BYTES("\x92\x01\x05"), ERR_OK},
                {BYTES("\x92\x01\xc0"), ERR_OK},
                {BYTES(""), ERR_FORMAT},
                {BYTES("\xc0\xc0"), ERR_FORMAT},
                {BYTES("\xc4\x00"), ERR_FORMAT},
                {BYTES("\xc4\x07"
                       "1234567"),
                 ERR_FORMAT},
                {BYTES("\xc4\x09"
                       "123456789"),
                 ERR_FORMAT},
                {BYTES("\xc4\x19"
                       "1234567812345678123456789"),
                 ERR_TOO_BIG},
                {BYTES("\x90"), ERR_FORMAT},
                {BYTES("\x91\x01"), ERR_FORMAT},
                {BYTES("\x92\x02\xa1x"), ERR_FORMAT}, /* neither taken nor added */
                {BYTES("\x92\xff\xa1x"), ERR_FORMAT},
                {BYTES("\x92\xc0\xa1x"), ERR_FORMAT},
                {BYTES("\x92\x01\x91\xc0"), ERR_TOO_BIG}, /* a set of lists */
                {BYTES("\x92\x01\x90"), ERR_FORMAT},
                {BYTES("\x92\x01\xc4\x01x"), ERR_FORMAT},
                {BYTES("\x93\x01\xa1x\xc0"), ERR_TOO_BIG},
                {BYTES("\xcc\x05"), ERR_FORMAT},
                {BYTES("\xca\x00\x00\x00\x00"), ERR_FORMAT}, /* a float */
                {BYTES("\x81\xc0\xc0"), ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_err(change_value_check((const uint8_t *)rows[i].bytes, rows[i].len),
                   rows[i].expected);

    /* VALUE_MAX counts the whole item. */
    struct buf text = {0};
    char *word = malloc(VALUE_MAX);
    assert_non_null(word);
    memset(word, 'x', VALUE_MAX);
    wire_put_str(&text, word, VALUE_MAX - 3);
    assert_int_equal(text.len, VALUE_MAX);
    assert_ok(change_value_check(text.bytes, text.len));
    buf_reset(&text);
    wire_put_str(&text, word, VALUE_MAX - 2);
    assert_err(change_value_check(text.bytes, text.len), ERR_TOO_BIG);
    buf_free(&text);
    free(word);
}

/* Packs hand-written inner bytes as a box. */
static void box_of(struct buf *out, const void *inner, size_t len)
{
    struct buf content = {.max = PLAIN_MAX + 100};
    buf_u16be(&content, 1);
    compress_put(&content, inner, len);
    assert_ok(content.err);
    change_pad(out, content.bytes, content.len, SIZE_MAX);
    assert_ok(out->err);
    buf_free(&content);
}

static void test_hostile_boxes(void **state)
{
    (void)state;
    static const struct {
        const char *inner;
        size_t len;
        enum err expected;
    } rows[] = {
        {BYTES("\x92\x90\x94\x00\x00\x10\xc0"), ERR_OK},
        {BYTES("\x92\x91\xc4\x08recordA\0\x94\x00\x01\x10\xc0"), ERR_OK},
        {BYTES("\x92\x90\x90"), ERR_FORMAT},                      /* no change */
        {BYTES("\x92\x90\x93\x00\x00\x10"), ERR_FORMAT},          /* cut */
        {BYTES("\x92\x90\x95\x00\x00\x10\xc0\xc0"), ERR_FORMAT},  /* one item too many */
        {BYTES("\x93\x90\x94\x00\x00\x10\xc0\xc0"), ERR_TOO_BIG}, /* a third part */
        {BYTES("\x91\x90"), ERR_FORMAT},
        {BYTES("\xc0"), ERR_FORMAT},
        {BYTES("\x92\x90\x94\x00\x01\x10\xc0"), ERR_FORMAT}, /* no such record */
        {BYTES("\x92\x90\x94\x65\x00\x10\xc0"), ERR_FORMAT}, /* base below zero */
        {BYTES("\x92\x90\x94\xff\x00\x10\xc0"), ERR_FORMAT}, /* base above seen */
        {BYTES("\x92\x90\x94\x00\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xc0"), ERR_FORMAT},
        {BYTES("\x92\x90\x94\x00\x00\x10\x90"), ERR_FORMAT}, /* no value */
        {BYTES("\x92\x90\x94\x00\x00\x10\xc4\x01x"), ERR_FORMAT},
        {BYTES("\x92\x91\xc4\x08recordA\0\x94\x00\x00\x10\xc0"), ERR_FORMAT}, /* unused record */
        {BYTES("\x92\x91\xc4\x08\0\0\0\0\0\0\0\0\x94\x00\x01\x10\xc0"), ERR_FORMAT}, /* zero */
        {BYTES("\x92\x91\xc4\x07recordA\x94\x00\x01\x10\xc0"), ERR_FORMAT},
        {BYTES("\x92\x92\xc4\x08recordA\0\xc4\x08recordB\0\x98\x00\x02\x10\xc0\x00\x01\x10\xc0"),
         ERR_FORMAT}, /* not in order of first use */
        {BYTES("\x92\x92\xc4\x08recordA\0\xc4\x08recordB\0\x98\x00\x01\x10\xc0\x00\x02\x10\xc0"),
         ERR_OK},
        {BYTES("\x92\x90\xdd\xff\xff\xff\xff"), ERR_FORMAT},
        {BYTES("\x92\xdd\xff\xff\xff\xff\x90"), ERR_FORMAT},
        {BYTES("\x92\x90\x94\x00\x00\x10\xc0\xc0"), ERR_FORMAT}, /* trailing byte */
        {BYTES("\x92\x90\x94\x00\x00\x10\xcc\x05"), ERR_FORMAT}, /* not the shortest form */
        {BYTES(""), ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};
        struct change_box box;
        box_of(&out, rows[i].inner, rows[i].len);
        assert_err(decode(&box, out.bytes, out.len, 100), rows[i].expected);
        change_box_free(&box);
        buf_free(&out);
    }
}

static void test_hostile_sizes(void **state)
{
    (void)state;
    struct change_box box;
    struct buf out = {0}, inner = {.max = PLAIN_MAX + 100};
    /* Too many changes, in few bytes once compressed. */
    wire_put_array(&inner, 2);
    wire_put_array(&inner, 0);
    wire_put_array(&inner, 4 * (CHANGES_MAX + 1));
    for (size_t i = 0; i <= CHANGES_MAX; i++)
        buf_put(&inner, "\x00\x00\x10\xc0", 4);
    box_of(&out, inner.bytes, inner.len);
    assert_err(decode(&box, out.bytes, out.len, 100), ERR_TOO_BIG);
    buf_reset(&out);
    buf_reset(&inner);
    /* More than a box may hold. */
    memset(buf_room(&inner, PLAIN_MAX + 1), 0, PLAIN_MAX + 1);
    box_of(&out, inner.bytes, inner.len);
    assert_err(decode(&box, out.bytes, out.len, 100), ERR_TOO_BIG);
    buf_reset(&out);
    buf_reset(&inner);
    /* The longest value, and one that is too long. */
    buf_put(&inner, "\x92\x90\x94\x00\x00\x10\xda\xff\xfd", 9);
    memset(buf_room(&inner, 65533), 'x', 65533);
    box_of(&out, inner.bytes, inner.len);
    assert_ok(decode(&box, out.bytes, out.len, 100));
    assert_int_equal(box.items[0].value_len, VALUE_MAX);
    change_box_free(&box);
    buf_reset(&out);
    buf_reset(&inner);
    buf_put(&inner, "\x92\x90\x94\x00\x00\x10\xdb\x00\x01\x00\x00", 11);
    memset(buf_room(&inner, 65536), 'x', 65536);
    box_of(&out, inner.bytes, inner.len);
    assert_err(decode(&box, out.bytes, out.len, 100), ERR_TOO_BIG);
    buf_free(&inner);
    buf_free(&out);
}

static void test_envelope(void **state)
{
    (void)state;
    struct change_box box;
    struct buf out = {0};
    uint8_t zero[64] = {0};
    assert_err(decode(&box, zero, 64, 1), ERR_CORRUPT); /* no padding */
    assert_err(decode(&box, zero, 0, 1), ERR_CORRUPT);
    for (size_t len = 0; len <= 2; len++) {
        change_pad(&out, zero, len, 100);
        assert_err(decode(&box, out.bytes, out.len, 1), ERR_FORMAT); /* no pack, no text */
        buf_reset(&out);
    }
    change_pad(&out, (const uint8_t *)"\0\1\x63xx", 5, 100);
    assert_err(decode(&box, out.bytes, out.len, 1), ERR_VERSION); /* dictionary 99 */
    buf_reset(&out);
    change_pad(&out, (const uint8_t *)"\0\1\1\xff\xff\xff\xff", 7, 100);
    assert_err(decode(&box, out.bytes, out.len, 1), ERR_CORRUPT);
    buf_reset(&out);
    change_pad(&out, zero, 40, 44);
    assert_int_equal(out.len, 44);
    buf_reset(&out);
    change_pad(&out, zero, 40, 43);
    assert_int_equal(out.len, 0);
    assert_err(out.err, ERR_TOO_BIG);
    buf_free(&out);
}

static void test_mutated_boxes(void **state)
{
    (void)state;
    struct dice d = {12};
    for (int round = 0; round < 1500; round++) {
        struct sample s;
        struct buf out = {0};
        struct change_box box;
        sample_make(&s, &d, 1000);
        change_box_encode(&out, 1, s.items, s.n, 1000);
        for (size_t k = 0; k <= dice_below(&d, 4); k++)
            out.bytes[dice_below(&d, out.len)] ^= (uint8_t)(1u << dice_below(&d, 8));
        if (decode(&box, out.bytes, out.len, 1000) == ERR_OK) {
            for (size_t i = 0; i < box.n; i++) {
                assert_ok(change_value_check(box.items[i].value, box.items[i].value_len));
                assert_true(box.items[i].base <= 1000);
            }
        }
        change_box_free(&box);
        buf_free(&out);
        buf_free(&s.text);
    }
}

/* --- routing boxes --- */

struct route_sample {
    struct change_source sources[3];
    struct change_route routes[3];
    struct change_mark marks[6];
    struct change_routes all;
};

static void route_sample_make(struct route_sample *s)
{
    *s = (struct route_sample){
        .sources = {{.run = "run 0 x"},
                    {.author = "author of run 1", .run = "run 1 x"},
                    {.run = "run 2 x"}},
        .routes = {{.full = true, .shred = "shred id 012345", .kcom = "kcom", .source = 1, .n = 3},
                   {.birth_leaf = 70000, .birth_box = 255, .source = 0, .n = 2, .first = 3},
                   {.source = 2, .n = 1, .first = 5}},
        .marks = {{5, 1700000000},
                  {6, 1700000010},
                  {300, 1699999000},
                  {0, -5},
                  {UINT64_MAX, 5},
                  {9, INT64_MIN}}};
    s->all = (struct change_routes){3, s->sources, 3, s->routes, 6, s->marks};
}

static enum err routes_decode(struct change_routes *routes, const void *plain, size_t len)
{
    uint8_t *copy = exact_copy(plain, len);
    enum err err = change_routes_decode(routes, copy, len);
    free(copy);
    if (err != ERR_OK) {
        assert_null(routes->sources);
        assert_null(routes->routes);
        assert_null(routes->marks);
    }
    return err;
}

static void test_routes(void **state)
{
    (void)state;
    struct route_sample s;
    struct buf out = {0};
    struct change_routes got;
    route_sample_make(&s);
    change_routes_encode(&out, &s.all);
    assert_ok(out.err);
    size_t content;
    assert_ok(seal_unpad(&content, out.bytes, out.len));
    assert_int_equal(out.len, seal_padded_len(content));
    assert_ok(routes_decode(&got, out.bytes, out.len));
    assert_int_equal(got.n_sources, 3);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.n_marks, 6);
    for (size_t i = 0; i < 3; i++) {
        const struct change_route *a = &got.routes[i], *b = &s.routes[i];
        assert_memory_equal(&got.sources[i], &s.sources[i], sizeof s.sources[i]);
        assert_int_equal(a->full, b->full);
        assert_memory_equal(a->shred, b->shred, ID_LEN);
        assert_memory_equal(a->kcom, b->kcom, HASH_LEN);
        assert_int_equal(a->birth_leaf, b->birth_leaf);
        assert_int_equal(a->birth_box, b->birth_box);
        assert_int_equal(a->source, b->source);
        assert_int_equal(a->n, b->n);
        assert_int_equal(a->first, b->first);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(got.marks[i].ordinal, s.marks[i].ordinal);
        assert_true(got.marks[i].time_s == s.marks[i].time_s);
    }
    change_routes_free(&got);
    change_routes_free(&got);
    for (size_t len = 0; len <= content; len++)
        assert_refused(routes_decode(&got, out.bytes, len));
    buf_free(&out);
}

static void test_route_bytes(void **state)
{
    (void)state;
    struct change_source sources[] = {{.run = "1234567"}, {.author = "a", .run = "7654321"}};
    struct change_route routes[] = {{.birth_leaf = 9, .birth_box = 1, .source = 1, .n = 2}};
    struct change_mark marks[] = {{4, 100}, {6, 97}};
    const struct change_routes all = {2, sources, 1, routes, 2, marks};
    static const char expected[] = "\x92\x94\xc0\xc4\x08"
                                   "1234567\0\xc4\x10"
                                   "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc4\x08"
                                   "7654321\0\x97\x09\x01\x01\x04\x64\x02\xfd";
    struct buf out = {0};
    size_t len;
    change_routes_encode(&out, &all);
    assert_ok(seal_unpad(&len, out.bytes, out.len));
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(out.bytes, expected, len);
    buf_free(&out);
}

static void expect_no_routes(const struct route_sample *s, enum err expected)
{
    struct buf out = {0};
    change_routes_encode(&out, &s->all);
    assert_err(out.err, expected);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void test_routes_encode_refuses(void **state)
{
    (void)state;
    struct route_sample s;
    route_sample_make(&s), s.all.n = 0;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.all.n_sources = 0;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.routes[1].source = 3;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.routes[1].n = 0;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.routes[2].n = 2;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.routes[2].first = 7;
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.marks[1].ordinal = 5; /* ordinals rise */
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.marks[3].time_s = INT64_MIN; /* the difference fits no int64 */
    expect_no_routes(&s, ERR_USAGE);
    route_sample_make(&s), s.all.n = BOXES_MAX + 1;
    expect_no_routes(&s, ERR_TOO_BIG);
    route_sample_make(&s), s.all.n_sources = SOURCES_MAX + 1;
    expect_no_routes(&s, ERR_TOO_BIG);
}

#define RUN "\xc4\x08runrunru"

static void test_hostile_routes(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        size_t len;
        enum err expected;
    } rows[] = {
        {BYTES("\x92\x92\xc0" RUN "\x95\x01\x02\x00\x03\x04"), ERR_OK},
        {BYTES("\x92\x92\xc0" RUN "\x97\x01\x02\x00\x03\x04\x01\xff"), ERR_OK},
        {BYTES("\x91\x92\xc0" RUN), ERR_FORMAT},                                /* no route */
        {BYTES("\x92\x90\x95\x01\x02\x00\x03\x04"), ERR_FORMAT},                /* no source */
        {BYTES("\x92\x93\xc0" RUN "\xc0\x95\x01\x02\x00\x03\x04"), ERR_FORMAT}, /* half a source */
        {BYTES("\x92\x92\xc4\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" RUN "\x95\x01\x02\x00\x03\x04"),
         ERR_FORMAT}, /* zero, not nil */
        {BYTES("\x92\x92\xc0\xc4\x07runrunr\x95\x01\x02\x00\x03\x04"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\x95\x01\x02\x01\x03\x04"), ERR_FORMAT}, /* no such source */
        {BYTES("\x92\x92\xc0" RUN "\x95\x01\xcd\x01\x00\x00\x03\x04"), ERR_FORMAT}, /* box 256 */
        {BYTES("\x92\x92\xc0" RUN "\x94\x01\x02\x00\x03"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\x93\x01\x02\x00"), ERR_FORMAT}, /* no change */
        {BYTES("\x92\x92\xc0" RUN "\x96\x01\x02\x00\x03\x04\x01"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\x97\x01\x02\x00\x03\x04\x00\x01"),
         ERR_FORMAT}, /* same ordinal */
        {BYTES("\x92\x92\xc0" RUN "\x97\x01\x02\x00\x03\x04\xff\x01"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN
               "\x97\x01\x02\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x04\x01\x01"),
         ERR_FORMAT}, /* ordinals overflow */
        {BYTES("\x92\x92\xc0" RUN
               "\x97\x01\x02\x00\x03\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x01"),
         ERR_FORMAT}, /* times overflow */
        {BYTES("\x92\x92\xc0" RUN "\x95\x01\x02\x00\xff\x04"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\x95\xc0\x02\x00\x03\x04"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\x95\xc4\x01x\x02\x00\x03"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\xc0"), ERR_FORMAT},
        {BYTES("\x92\xc0\x95\x01\x02\x00\x03\x04"), ERR_FORMAT},
        {BYTES("\x92\x92\xc0" RUN "\xdd\xff\xff\xff\xff"), ERR_FORMAT},
        {BYTES("\xdd\xff\xff\xff\xff"), ERR_FORMAT},
        {BYTES(""), ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};
        struct change_routes routes;
        change_pad(&out, (const uint8_t *)rows[i].plain, rows[i].len, 1000);
        assert_err(routes_decode(&routes, out.bytes, out.len), rows[i].expected);
        change_routes_free(&routes);
        buf_free(&out);
    }
}

static void test_route_sizes(void **state)
{
    (void)state;
    struct change_routes routes;
    struct buf plain = {0}, out = {0};
    /* 257 bodies; the same with 256 is fine. */
    for (size_t n = BOXES_MAX; n <= BOXES_MAX + 1; n++) {
        wire_put_array(&plain, 1 + n);
        buf_put(&plain, "\x92\xc0" RUN, 12);
        for (size_t i = 0; i < n; i++)
            buf_put(&plain, "\x95\x01\x02\x00\x03\x04", 6);
        change_pad(&out, plain.bytes, plain.len, ROUTE_PLAIN_MAX);
        assert_err(routes_decode(&routes, out.bytes, out.len),
                   n == BOXES_MAX ? ERR_OK : ERR_TOO_BIG);
        change_routes_free(&routes);
        buf_reset(&plain);
        buf_reset(&out);
    }
    /* As many changes, sources and routes as there may be, and one more. */
    struct change_source *sources = calloc(SOURCES_MAX + 1, sizeof *sources);
    struct change_route *all_routes = calloc(BOXES_MAX + 1, sizeof *all_routes);
    struct change_mark *marks = calloc(CHANGES_MAX + 1, sizeof *marks);
    assert_true(sources && all_routes && marks);
    for (size_t i = 0; i <= CHANGES_MAX; i++)
        marks[i].ordinal = i;
    for (size_t i = 0; i <= BOXES_MAX; i++)
        all_routes[i].n = 1;
    for (int more = 0; more < 4; more++) {
        struct change_routes many = {SOURCES_MAX + (size_t)(more == 1),
                                     sources,
                                     BOXES_MAX + (size_t)(more == 2),
                                     all_routes,
                                     CHANGES_MAX + 1,
                                     marks};
        all_routes[0].n = CHANGES_MAX + (size_t)(more == 3);
        change_routes_encode(&out, &many);
        assert_err(out.err, more ? ERR_TOO_BIG : ERR_OK);
        if (more == 0) {
            assert_ok(routes_decode(&routes, out.bytes, out.len));
            assert_int_equal(routes.n_sources, SOURCES_MAX);
            assert_int_equal(routes.n, BOXES_MAX);
            assert_int_equal(routes.routes[0].n, CHANGES_MAX);
            change_routes_free(&routes);
        }
        buf_reset(&out);
    }
    free(sources);
    free(all_routes);
    free(marks);
    wire_put_array(&plain, 2);
    buf_put(&plain, "\x92\xc0" RUN, 12);
    wire_put_array(&plain, 3 + 2 * (CHANGES_MAX + 1));
    for (size_t i = 0; i < 3 + 2 * (CHANGES_MAX + 1); i++)
        wire_put_uint(&plain, i < 3 ? 0 : 1);
    change_pad(&out, plain.bytes, plain.len, ROUTE_PLAIN_MAX);
    assert_err(routes_decode(&routes, out.bytes, out.len), ERR_TOO_BIG);
    buf_reset(&plain);
    buf_reset(&out);

    /* The longest one that may be written is read; a longer one is refused by its length alone. */
    memset(buf_room(&plain, ROUTE_PLAIN_MAX + 1), 0, ROUTE_PLAIN_MAX + 1);
    assert_err(routes_decode(&routes, plain.bytes, plain.len), ERR_TOO_BIG);
    assert_err(routes_decode(&routes, plain.bytes, plain.len - 1), ERR_CORRUPT);
    buf_free(&plain);
    buf_free(&out);
}

static void test_mutated_routes(void **state)
{
    (void)state;
    struct dice d = {13};
    struct route_sample s;
    struct buf out = {0};
    route_sample_make(&s);
    change_routes_encode(&out, &s.all);
    for (int round = 0; round < 30000; round++) {
        uint8_t *bytes = exact_copy(out.bytes, out.len);
        for (size_t k = 0; k <= dice_below(&d, 4); k++)
            bytes[dice_below(&d, out.len)] ^= (uint8_t)(1u << dice_below(&d, 8));
        struct change_routes routes;
        if (change_routes_decode(&routes, bytes, out.len) == ERR_OK) {
            /* What is accepted says the same when it is written again. */
            struct buf again = {0};
            change_routes_encode(&again, &routes);
            assert_ok(again.err);
            size_t len, len_again;
            assert_ok(seal_unpad(&len, bytes, out.len));
            assert_ok(seal_unpad(&len_again, again.bytes, again.len));
            assert_int_equal(len, len_again);
            assert_memory_equal(again.bytes, bytes, len);
            buf_free(&again);
        }
        change_routes_free(&routes);
        free(bytes);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_encode_refuses), cmocka_unit_test(test_body_size),
        cmocka_unit_test(test_value_check),    cmocka_unit_test(test_hostile_boxes),
        cmocka_unit_test(test_hostile_sizes),  cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_mutated_boxes),  cmocka_unit_test(test_routes),
        cmocka_unit_test(test_route_bytes),    cmocka_unit_test(test_routes_encode_refuses),
        cmocka_unit_test(test_hostile_routes), cmocka_unit_test(test_route_sizes),
        cmocka_unit_test(test_mutated_routes),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
