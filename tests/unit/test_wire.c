/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: exactly one encoding of each item is accepted, within depth and count, and whatever the bytes
 * are, nothing is read beyond them.
 */
#include "proto/wire.h"
#include "tests/unit/proto_test.h"

enum { DEPTH = 16, ITEMS = 1 << 20 };

static enum err check(const void *bytes, size_t len)
{
    uint8_t *copy = exact_copy(bytes, len);
    enum err err = wire_check(copy, len, DEPTH, ITEMS);
    size_t first = wire_first(copy, len, DEPTH, ITEMS);
    if (err == ERR_OK)
        assert_int_equal(first, len);
    else
        assert_true(first < len || first == 0);
    free(copy);
    return err;
}

/* Opens `b`, which must be canonical, and gives a cursor over its root. */
static struct wire_in open_buf(struct wire_doc *doc, const struct buf *b)
{
    assert_ok(b->err);
    assert_ok(wire_open(doc, b->bytes, b->len, DEPTH, ITEMS));
    return wire_root(doc);
}

static void expect_prefix(const struct buf *b, uint8_t type, unsigned width, uint64_t v)
{
    assert_int_equal(b->bytes[0], type);
    for (unsigned i = 0; i < width; i++)
        assert_int_equal(b->bytes[1 + i], (uint8_t)(v >> (8 * (width - 1 - i))));
}

static void test_uint(void **state)
{
    (void)state;
    static const struct {
        uint64_t v;
        uint8_t type;
        unsigned width;
    } rows[] = {{0, 0x00, 0},         {127, 0x7f, 0},        {128, 0xcc, 1},
                {255, 0xcc, 1},       {256, 0xcd, 2},        {65535, 0xcd, 2},
                {65536, 0xce, 4},     {UINT32_MAX, 0xce, 4}, {1ull << 32, 0xcf, 8},
                {UINT64_MAX, 0xcf, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        wire_put_uint(&b, rows[i].v);
        assert_int_equal(b.len, 1 + rows[i].width);
        expect_prefix(&b, rows[i].type, rows[i].width, rows[i].v);
        struct wire_doc doc;
        struct wire_in in = open_buf(&doc, &b);
        assert_int_equal(wire_peek(&in), WIRE_UINT);
        struct wire_in low = in;
        assert_int_equal(wire_uint(&in, rows[i].v), rows[i].v);
        assert_ok(wire_end(&in));
        if (rows[i].v > 0) {
            assert_int_equal(wire_uint(&low, rows[i].v - 1), 0);
            assert_err(wire_end(&low), ERR_FORMAT);
        }
        wire_close(&doc);
        buf_free(&b);
    }
}

static void test_int(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        uint8_t type;
        unsigned width;
    } rows[] = {{-1, 0xff, 0},        {-32, 0xe0, 0},       {-33, 0xd0, 1},
                {-128, 0xd0, 1},      {-129, 0xd1, 2},      {-32768, 0xd1, 2},
                {-32769, 0xd2, 4},    {INT32_MIN, 0xd2, 4}, {(int64_t)INT32_MIN - 1, 0xd3, 8},
                {INT64_MIN, 0xd3, 8}, {5, 0x05, 0},         {INT64_MAX, 0xcf, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        wire_put_int(&b, rows[i].v);
        assert_int_equal(b.len, 1 + rows[i].width);
        expect_prefix(&b, rows[i].type, rows[i].width, (uint64_t)rows[i].v);
        struct wire_doc doc;
        struct wire_in in = open_buf(&doc, &b);
        assert_int_equal(wire_peek(&in), rows[i].v < 0 ? WIRE_NEGATIVE : WIRE_UINT);
        struct wire_in unsigned_in = in;
        assert_true(wire_int(&in) == rows[i].v);
        assert_ok(wire_end(&in));
        if (rows[i].v < 0) {
            wire_uint(&unsigned_in, UINT64_MAX);
            assert_err(wire_end(&unsigned_in), ERR_FORMAT);
        }
        wire_close(&doc);
        buf_free(&b);
    }
    /* One above INT64_MAX is an unsigned integer but fits no int64. */
    struct buf b = {0};
    wire_put_uint(&b, (uint64_t)INT64_MAX + 1);
    struct wire_doc doc;
    struct wire_in in = open_buf(&doc, &b);
    wire_int(&in);
    assert_err(wire_end(&in), ERR_FORMAT);
    wire_close(&doc);
    buf_free(&b);
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint8_t bin, str, array; /* 0 = the length is in the type byte */
        unsigned bin_width, width;
    } rows[] = {{0, 0xc4, 0xa0, 0x90, 1, 0},    {15, 0xc4, 0xaf, 0x9f, 1, 0},
                {16, 0xc4, 0xb0, 0xdc, 1, 0},   {31, 0xc4, 0xbf, 0xdc, 1, 0},
                {32, 0xc4, 0xd9, 0xdc, 1, 1},   {255, 0xc4, 0xd9, 0xdc, 1, 1},
                {256, 0xc5, 0xda, 0xdc, 2, 2},  {65535, 0xc5, 0xda, 0xdc, 2, 2},
                {65536, 0xc6, 0xdb, 0xdd, 4, 4}};
    char *text = malloc(65536);
    assert_non_null(text);
    memset(text, 'x', 65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = rows[i].len, got;
        struct buf bin = {0}, str = {0}, array = {0};
        struct wire_doc doc;
        wire_put_bin(&bin, text, len);
        assert_int_equal(bin.len, 1 + rows[i].bin_width + len);
        expect_prefix(&bin, rows[i].bin, rows[i].bin_width, len);
        struct wire_in in = open_buf(&doc, &bin);
        struct wire_in short_in = in, long_in = in;
        const void *at = wire_bin(&in, &got, len, len);
        assert_non_null(at);
        if (len > 0)
            assert_ptr_equal(at, bin.bytes + 1 + rows[i].bin_width); /* borrowed */
        assert_int_equal(got, len);
        assert_ok(wire_end(&in));
        assert_null(wire_bin(&short_in, &got, len + 1, len + 1));
        assert_err(wire_end(&short_in), ERR_FORMAT);
        if (len > 0) {
            assert_null(wire_bin(&long_in, &got, 0, len - 1));
            assert_err(wire_end(&long_in), ERR_TOO_BIG);
        }
        wire_close(&doc);

        wire_put_str(&str, text, len);
        assert_int_equal(str.len, 1 + rows[i].width + len);
        expect_prefix(&str, rows[i].str, rows[i].width, len);
        in = open_buf(&doc, &str);
        long_in = in;
        at = wire_str(&in, &got, len);
        assert_non_null(at);
        if (len > 0)
            assert_ptr_equal(at, str.bytes + 1 + rows[i].width);
        assert_int_equal(got, len);
        assert_ok(wire_end(&in));
        if (len > 0) {
            assert_null(wire_str(&long_in, &got, len - 1));
            assert_err(wire_end(&long_in), ERR_TOO_BIG);
        }
        wire_close(&doc);

        unsigned array_width = len < 16 ? 0 : len < 65536 ? 2 : 4;
        wire_put_array(&array, len);
        expect_prefix(&array, rows[i].array, array_width, len);
        assert_int_equal(array.len, 1 + array_width);
        for (size_t k = 0; k < len; k++)
            wire_put_nil(&array);
        in = open_buf(&doc, &array);
        struct wire_in few = in, many = in;
        struct wire_in items = wire_array(&in, (uint32_t)len, (uint32_t)len);
        assert_int_equal(items.left, len);
        assert_ok(wire_end(&in));
        wire_array(&few, (uint32_t)len + 1, (uint32_t)len + 1);
        assert_err(wire_end(&few), ERR_FORMAT);
        if (len > 0) {
            assert_err(wire_array(&many, 0, (uint32_t)len - 1).err, ERR_TOO_BIG);
            assert_err(wire_end(&many), ERR_TOO_BIG);
        }
        wire_close(&doc);
        buf_free(&bin);
        buf_free(&str);
        buf_free(&array);
    }
    free(text);
}

#define BYTES(s) s, sizeof s - 1

static void test_not_shortest(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } refused[] = {
        {BYTES("\xcc\x00")},
        {BYTES("\xcc\x7f")},
        {BYTES("\xcd\x00\xff")},
        {BYTES("\xce\x00\x00\xff\xff")},
        {BYTES("\xcf\x00\x00\x00\x00\xff\xff\xff\xff")},
        {BYTES("\xd0\xe0")}, /* -32 has one byte */
        {BYTES("\xd0\xff")}, /* -1 */
        {BYTES("\xd0\x05")}, /* positive, written signed */
        {BYTES("\xd0\x7f")},
        {BYTES("\xd1\xff\x80")}, /* -128 */
        {BYTES("\xd1\x7f\xff")},
        {BYTES("\xd2\xff\xff\x80\x00")}, /* -32768 */
        {BYTES("\xd2\x7f\xff\xff\xff")},
        {BYTES("\xd3\xff\xff\xff\xff\x80\x00\x00\x00")},
        {BYTES("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff")},
        {BYTES("\xd9\x01x")},
        {BYTES("\xda\x00\x20xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")},
        {BYTES("\xdb\x00\x00\x00\x01x")},
        {BYTES("\xc5\x00\x01x")},
        {BYTES("\xc6\x00\x00\x00\x01x")},
        {BYTES("\xdc\x00\x01\xc0")},
        {BYTES("\xdd\x00\x00\x00\x01\xc0")},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_err(check(refused[i].bytes, refused[i].len), ERR_FORMAT);
    /* The values just beside them, in their right width. */
    assert_ok(check(BYTES("\xcc\x80")));
    assert_ok(check(BYTES("\xd0\xdf")));
    assert_ok(check(BYTES("\xd1\xff\x7f")));
    assert_ok(check(BYTES("\xd2\xff\xff\x7f\xff")));
    assert_ok(check(BYTES("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff")));
}

static void test_types(void **state)
{
    (void)state;
    /* Each type byte with enough zeroes behind it: maps, floats, extensions and 0xc1 never pass. */
    for (unsigned type = 0; type < 256; type++) {
        bool ours = type < 0x80 || (type >= 0x90 && type < 0xc1) || type == 0xc2 || type == 0xc3 ||
                    (type >= 0xc4 && type <= 0xc6) || (type >= 0xcc && type <= 0xd3) ||
                    (type >= 0xd9 && type <= 0xdd) || type >= 0xe0;
        bool passed = false;
        for (size_t len = 1; len <= 40; len++) {
            uint8_t bytes[40];
            memset(bytes, 'a', sizeof bytes);
            bytes[0] = (uint8_t)type;
            passed = passed || check(bytes, len) == ERR_OK;
            /* ... nor with a zero length. */
            memset(bytes + 1, 0, sizeof bytes - 1);
            passed = passed || check(bytes, len) == ERR_OK;
            bytes[1] = 1;
            passed = passed || check(bytes, len) == ERR_OK;
        }
        if (!ours)
            assert_false(passed);
        else if (type < 0xc4 || type >= 0xe0)
            assert_true(passed);
    }
}

static void test_depth(void **state)
{
    (void)state;
    uint8_t bytes[40];
    for (unsigned nested = 0; nested <= 20; nested++) {
        memset(bytes, 0x91, nested);
        bytes[nested] = 0xc0;
        for (unsigned max = 0; max <= 16; max++)
            assert_err(wire_check(bytes, nested + 1, max, 100),
                       nested <= max ? ERR_OK : ERR_FORMAT);
        /* No caller gets more than the module's own stack. */
        assert_err(wire_check(bytes, nested + 1, 1000, 100), nested <= 16 ? ERR_OK : ERR_FORMAT);
    }
    /* An array that is closed gives its level back. */
    assert_ok(wire_check((const uint8_t *)"\x93\x90\x91\xc0\x90", 5, 2, 100));
}

static void test_items(void **state)
{
    (void)state;
    static const char doc[] = "\x93\x92\x01\x02\xc0\xa1x"; /* 6 elements in all */
    for (size_t max = 0; max < 10; max++) {
        assert_err(wire_check((const uint8_t *)doc, sizeof doc - 1, 4, max),
                   max >= 6 ? ERR_OK : ERR_TOO_BIG);
        assert_int_equal(wire_first((const uint8_t *)doc, sizeof doc - 1, 4, max),
                         max >= 6 ? sizeof doc - 1 : 0);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    assert_err(check(BYTES("\xdd\xff\xff\xff\xff")), ERR_FORMAT);
    assert_err(check(BYTES("\xdc\xff\xff")), ERR_FORMAT);
    assert_err(check(BYTES("\xdb\xff\xff\xff\xff")), ERR_FORMAT);
    assert_err(check(BYTES("\xc6\xff\xff\xff\xff")), ERR_FORMAT);
    assert_err(check(BYTES("\x92\xdd\xff\xff\xff\xff")), ERR_FORMAT);
    assert_err(check(BYTES("\xc6\xff\xff\xff")), ERR_FORMAT);
    assert_err(check("", 0), ERR_FORMAT);
    /* Many bytes are there, but more elements than the caller allows. */
    uint8_t *big = calloc(1, 70000);
    assert_non_null(big);
    memcpy(big, "\xdd\x00\x01\x00\x00", 5);
    assert_err(wire_check(big, 5 + 65536, 4, 65536), ERR_TOO_BIG);
    assert_ok(wire_check(big, 5 + 65536, 4, 65537));
    free(big);
    struct wire_doc doc;
    assert_err(wire_open(&doc, (const uint8_t *)"\xdd\xff\xff\xff\xff", 5, 4, 100), ERR_FORMAT);
    assert_null(doc.zone);
    wire_close(&doc);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {{"abc", true},
                {"\xc3\xa9t\xc3\xa9", true},
                {"\xc2\x80", true},
                {"\xdf\xbf", true},
                {"\xe0\xa0\x80", true},
                {"\xed\x9f\xbf", true},
                {"\xee\x80\x80", true},
                {"\xef\xbf\xbf", true},
                {"\xf0\x90\x80\x80", true},
                {"\xf4\x8f\xbf\xbf", true},
                {"\x7f", true},
                {"\x80", false}, /* continuation first */
                {"a\xbf", false},
                {"\xc0\x80", false},         /* overlong NUL */
                {"\xc1\xbf", false},         /* overlong */
                {"\xe0\x9f\xbf", false},     /* overlong */
                {"\xf0\x8f\xbf\xbf", false}, /* overlong */
                {"\xed\xa0\x80", false},     /* surrogate */
                {"\xed\xbf\xbf", false},
                {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
                {"\xf5\x80\x80\x80", false},
                {"\xff", false},
                {"\xfe", false},
                {"\xc3", false}, /* cut */
                {"\xe2\x82", false},
                {"\xf0\x90\x80", false},
                {"\xc3x", false},
                {"\xe2\x82x", false},
                {"\xe2x\x82", false},
                {"\xf0\x90\x80x", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        wire_put_str(&b, rows[i].text, strlen(rows[i].text));
        assert_err(check(b.bytes, b.len), rows[i].ok ? ERR_OK : ERR_FORMAT);
        buf_free(&b);
    }
    assert_err(check(BYTES("\xa3"
                           "a\0b")),
               ERR_FORMAT);
    /* The same bytes are fine as bin. */
    assert_ok(check(BYTES("\xc4\x03\xff\x00\x80")));
}

/* A random canonical item; *items counts elements. */
static void put_random(struct buf *b, struct dice *d, unsigned depth)
{
    static const size_t lens[] = {0, 1, 31, 32, 255, 256};
    size_t len = lens[dice_below(d, 6)];
    char text[256];
    switch (dice_below(d, depth > 0 ? 8 : 6)) {
    case 0:
        wire_put_nil(b);
        break;
    case 1:
        wire_put_bool(b, dice_u64(d) & 1);
        break;
    case 2:
        wire_put_uint(b, dice_u64(d) >> dice_below(d, 64));
        break;
    case 3:
        wire_put_int(b, -(int64_t)(dice_u64(d) >> (1 + dice_below(d, 63))));
        break;
    case 4:
        dice_fill(d, text, len);
        wire_put_bin(b, text, len);
        break;
    case 5:
        memset(text, 'a' + (int)dice_below(d, 26), len);
        wire_put_str(b, text, len);
        break;
    default:
        len = dice_below(d, 20);
        wire_put_array(b, len);
        for (size_t i = 0; i < len; i++)
            put_random(b, d, depth - 1);
    }
}

/* Accepted bytes have one reading, and that reading has one writing. */
static void expect_canonical(const uint8_t *bytes, size_t len)
{
    struct wire_doc doc;
    assert_ok(wire_open(&doc, bytes, len, DEPTH, ITEMS));
    struct wire_in in = wire_root(&doc);
    struct buf again = {0};
    wire_copy(&in, &again);
    assert_ok(wire_end(&in));
    assert_ok(again.err);
    assert_int_equal(again.len, len);
    assert_memory_equal(again.bytes, bytes, len);
    wire_copy(&in, &again); /* nothing is left */
    assert_err(wire_end(&in), ERR_FORMAT);
    assert_int_equal(again.len, len);
    buf_free(&again);
    wire_close(&doc);
}

static void test_random_documents(void **state)
{
    (void)state;
    struct dice d = {1};
    for (int round = 0; round < 1500; round++) {
        struct buf b = {0};
        put_random(&b, &d, 4);
        assert_ok(b.err);
        assert_ok(check(b.bytes, b.len));
        expect_canonical(b.bytes, b.len);
        size_t len = b.len;
        /* Something follows: one document no longer, but still the first item. */
        buf_u8(&b, (uint8_t)dice_u64(&d));
        assert_err(check(b.bytes, b.len), ERR_FORMAT);
        assert_int_equal(wire_first(b.bytes, b.len, DEPTH, ITEMS), len);
        buf_free(&b);
    }
}

static void test_truncation(void **state)
{
    (void)state;
    struct dice d = {2};
    struct buf b = {0};
    wire_put_array(&b, 20);
    for (int i = 0; i < 20; i++)
        put_random(&b, &d, 3);
    assert_ok(check(b.bytes, b.len));
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *cut = exact_copy(b.bytes, len);
        assert_err(wire_check(cut, len, DEPTH, ITEMS), ERR_FORMAT);
        assert_int_equal(wire_first(cut, len, DEPTH, ITEMS), 0);
        free(cut);
    }
    buf_free(&b);
}

static void test_random_bytes(void **state)
{
    (void)state;
    struct dice d = {3};
    size_t accepted = 0;
    for (int round = 0; round < 60000; round++) {
        struct buf b = {0};
        if (round % 2) {
            put_random(&b, &d, 3);
            for (size_t k = 0; k <= dice_below(&d, 3); k++)
                b.bytes[dice_below(&d, b.len)] ^= (uint8_t)(1u << dice_below(&d, 8));
        } else {
            size_t len = 1 + dice_below(&d, 24);
            dice_fill(&d, buf_room(&b, len), len);
        }
        uint8_t *bytes = exact_copy(b.bytes, b.len);
        if (wire_check(bytes, b.len, DEPTH, ITEMS) == ERR_OK) {
            expect_canonical(bytes, b.len);
            accepted++;
        }
        free(bytes);
        buf_free(&b);
    }
    assert_true(accepted > 1000); /* the test has looked at both sides */
}

/* [true, -5, nil, bin "abcd", "text", [1, 2]] */
static void sample(struct buf *b)
{
    wire_put_array(b, 6);
    wire_put_bool(b, true);
    wire_put_int(b, -5);
    wire_put_nil(b);
    wire_put_bin(b, "abcd", 4);
    wire_put_str(b, "text", 4);
    wire_put_array(b, 2);
    wire_put_uint(b, 1);
    wire_put_uint(b, 2);
}

static void test_cursor(void **state)
{
    (void)state;
    struct buf b = {0};
    struct wire_doc doc;
    sample(&b);
    struct wire_in root = open_buf(&doc, &b);
    struct wire_in in = wire_array(&root, 6, 6);
    assert_ok(wire_end(&root));
    assert_err(wire_end(&in), ERR_FORMAT); /* six are left */
    assert_false(wire_nil(&in));           /* no nil: nothing taken, nothing failed */
    assert_true(wire_bool(&in));
    assert_true(wire_int(&in) == -5);
    assert_true(wire_nil(&in));
    uint8_t four[4], five[5];
    struct wire_in wrong = in;
    wire_bytes(&wrong, five, 5);
    assert_err(wrong.err, ERR_FORMAT);
    assert_true(digest_is_zero(five, 5));
    wire_bytes(&in, four, 4);
    assert_memory_equal(four, "abcd", 4);
    size_t len;
    assert_memory_equal(wire_str(&in, &len, 100), "text", 4);
    struct wire_in inner = wire_array(&in, 0, 5);
    assert_int_equal(wire_uint(&inner, 9), 1);
    struct wire_in outer = in;
    wire_join(&outer, &inner); /* one is left inside */
    assert_err(wire_end(&outer), ERR_FORMAT);
    assert_int_equal(wire_uint(&inner, 9), 2);
    wire_join(&in, &inner);
    assert_ok(wire_end(&in));
    assert_int_equal(wire_peek(&in), WIRE_NONE);
    assert_int_equal(wire_uint(&in, 9), 0); /* beyond the end */
    assert_err(wire_end(&in), ERR_FORMAT);
    wire_close(&doc);
    wire_close(&doc);
    buf_free(&b);
}

static void test_sticky(void **state)
{
    (void)state;
    struct buf b = {0};
    struct wire_doc doc;
    sample(&b);
    struct wire_in root = open_buf(&doc, &b);
    struct wire_in in = wire_array(&root, 6, 6);
    wire_fail(&in, ERR_TOO_BIG);
    wire_fail(&in, ERR_FORMAT); /* the first one stays */
    size_t len = 7;
    uint8_t four[4] = {1, 2, 3, 4};
    assert_false(wire_bool(&in));
    assert_int_equal(wire_uint(&in, UINT64_MAX), 0);
    assert_true(wire_int(&in) == 0);
    assert_null(wire_bin(&in, &len, 0, 100));
    assert_int_equal(len, 0);
    assert_null(wire_str(&in, &len, 100));
    wire_bytes(&in, four, 4);
    assert_true(digest_is_zero(four, 4));
    assert_false(wire_bytes_or_nil(&in, four, 4));
    assert_false(wire_nil(&in));
    wire_skip(&in);
    assert_int_equal(wire_array(&in, 0, 100).left, 0);
    assert_int_equal(in.left, 6);
    assert_err(wire_end(&in), ERR_TOO_BIG);
    struct wire_in outer = {0};
    wire_join(&outer, &in);
    assert_err(outer.err, ERR_TOO_BIG);
    wire_close(&doc);
    buf_free(&b);
}

/* Each reader refuses each other type. */
static void test_wrong_type(void **state)
{
    (void)state;
    struct buf b = {0};
    struct wire_doc doc;
    sample(&b);
    struct wire_in root = open_buf(&doc, &b);
    struct wire_in in = wire_array(&root, 6, 6);
    static const enum wire_type types[] = {WIRE_BOOL, WIRE_NEGATIVE, WIRE_NIL,
                                           WIRE_BIN,  WIRE_STR,      WIRE_ARRAY};
    struct buf skipped = {0};
    for (size_t i = 0; i < 6; i++, wire_copy(&in, &skipped)) {
        size_t len;
        uint8_t four[4];
        enum wire_type type = types[i];
        assert_int_equal(wire_peek(&in), type);
        struct wire_in c = in;
        wire_bool(&c);
        assert_int_equal(c.err, type == WIRE_BOOL ? ERR_OK : ERR_FORMAT);
        c = in, wire_int(&c);
        assert_int_equal(c.err, type == WIRE_NEGATIVE ? ERR_OK : ERR_FORMAT);
        c = in, wire_uint(&c, UINT64_MAX);
        assert_int_equal(c.err, ERR_FORMAT);
        c = in, wire_bin(&c, &len, 0, 100);
        assert_int_equal(c.err, type == WIRE_BIN ? ERR_OK : ERR_FORMAT);
        c = in, wire_str(&c, &len, 100);
        assert_int_equal(c.err, type == WIRE_STR ? ERR_OK : ERR_FORMAT);
        c = in, wire_array(&c, 0, 100);
        assert_int_equal(c.err, type == WIRE_ARRAY ? ERR_OK : ERR_FORMAT);
        c = in;
        bool there = wire_bytes_or_nil(&c, four, 4);
        assert_int_equal(there, type == WIRE_BIN);
        assert_int_equal(c.err, type == WIRE_BIN || type == WIRE_NIL ? ERR_OK : ERR_FORMAT);
    }
    assert_ok(wire_end(&in));
    buf_free(&skipped);
    wire_close(&doc);
    buf_free(&b);
}

static void test_full_buffer(void **state)
{
    (void)state;
    struct buf b = {.max = 8};
    wire_put_bin(&b, "abcdefgh", 8);
    assert_err(b.err, ERR_TOO_BIG);
    struct buf source = {0};
    struct wire_doc doc;
    wire_put_str(&source, "abcdefgh", 8);
    struct wire_in in = open_buf(&doc, &source);
    struct buf small = {.max = 8};
    wire_copy(&in, &small);
    assert_err(small.err, ERR_TOO_BIG);
    assert_ok(wire_end(&in));
    wire_close(&doc);
    buf_free(&b);
    buf_free(&small);
    buf_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uint),       cmocka_unit_test(test_int),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_not_shortest),
        cmocka_unit_test(test_types),      cmocka_unit_test(test_depth),
        cmocka_unit_test(test_items),      cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_utf8),       cmocka_unit_test(test_random_documents),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_cursor),     cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_wrong_type), cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
