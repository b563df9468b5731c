/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

/* --- the check: one pass, no allocation, an explicit stack of what each open array still expects --- */

enum { DEPTH_CAP = 16 };

struct walk {
    const uint8_t *at;
    size_t left;
    size_t items_left;
    unsigned depth, depth_max;
    uint32_t open[DEPTH_CAP]; /* items still expected per open array */
};

/* Reads an n-byte big-endian integer that follows the type byte; false if it is not there. */
static bool take_be(struct walk *w, unsigned n, uint64_t *v)
{
    if (w->left < n)
        return false;
    *v = 0;
    for (unsigned i = 0; i < n; i++)
        *v = *v << 8 | w->at[i];
    w->at += n;
    w->left -= n;
    return true;
}

static bool skip(struct walk *w, uint64_t n)
{
    if (n > w->left)
        return false;
    w->at += n;
    w->left -= (size_t)n;
    return true;
}

/* str bytes: UTF-8, shortest forms, no surrogates, no NUL. */
static bool utf8_ok(const uint8_t *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint8_t c = s[i];
        unsigned more = c < 0x80                ? 0
                        : c >= 0xc2 && c < 0xe0 ? 1
                        : c >= 0xe0 && c < 0xf0 ? 2
                        : c >= 0xf0 && c < 0xf5 ? 3
                                                : 9;
        if (c == 0 || more == 9 || more >= len - i)
            return false;
        if (more > 0) {
            uint8_t d = s[i + 1];
            if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) ||
                (c == 0xf4 && d > 0x8f))
                return false;
        }
        for (unsigned k = 1; k <= more; k++) {
            if ((s[i + k] & 0xc0) != 0x80)
                return false;
        }
        i += more + 1;
    }
    return true;
}

static bool take_str(struct walk *w, uint64_t n)
{
    const uint8_t *s = w->at;
    return skip(w, n) && utf8_ok(s, (size_t)n);
}

static enum err open_array(struct walk *w, uint64_t n)
{
    if (w->depth == w->depth_max)
        return ERR_FORMAT;
    if (n > w->left) /* each item takes at least one byte */
        return ERR_FORMAT;
    if (n > w->items_left)
        return ERR_TOO_BIG;
    w->open[w->depth++] = (uint32_t)n;
    return ERR_OK;
}

/* Types with a length or value behind the type byte: c4..c6 bin, cc..d3 integers, d9..db str, dc..dd array.
 * `least` is the smallest value that needs this width: anything below has a shorter form. */
static enum err walk_long(struct walk *w, uint8_t type)
{
    static const struct {
        uint8_t type, bytes;
        char what;
        uint64_t least;
    } rows[] = {{0xc4, 1, 'b', 0},           {0xc5, 2, 'b', 0x100},      {0xc6, 4, 'b', 0x10000},
                {0xcc, 1, 'u', 0x80},        {0xcd, 2, 'u', 0x100},      {0xce, 4, 'u', 0x10000},
                {0xcf, 8, 'u', 0x100000000}, {0xd0, 1, 'i', 32},         {0xd1, 2, 'i', 0x80},
                {0xd2, 4, 'i', 0x8000},      {0xd3, 8, 'i', 0x80000000}, {0xd9, 1, 's', 32},
                {0xda, 2, 's', 0x100},       {0xdb, 4, 's', 0x10000},    {0xdc, 2, 'a', 16},
                {0xdd, 4, 'a', 0x10000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type != type)
            continue;
        uint64_t v;
        if (!take_be(w, rows[i].bytes, &v))
            return ERR_FORMAT;
        if (rows[i].what == 'i') {
            /* Only negative values are written signed; -1 - v is their distance below zero. */
            unsigned bits = rows[i].bytes * 8u;
            if (!(v >> (bits - 1) & 1))
                return ERR_FORMAT;
            uint64_t below = bits == 64 ? ~v : ~v & (((uint64_t)1 << bits) - 1);
            return below >= rows[i].least ? ERR_OK : ERR_FORMAT;
        }
        if (v < rows[i].least)
            return ERR_FORMAT;
        switch (rows[i].what) {
        case 'b':
            return skip(w, v) ? ERR_OK : ERR_FORMAT;
        case 's':
            return take_str(w, v) ? ERR_OK : ERR_FORMAT;
        case 'a':
            return open_array(w, v);
        default:
            return ERR_OK;
        }
    }
    return ERR_FORMAT;
}

static enum err walk_item(struct walk *w)
{
    if (w->left == 0)
        return ERR_FORMAT;
    if (w->items_left == 0)
        return ERR_TOO_BIG;
    w->items_left--;
    uint8_t type = *w->at++;
    w->left--;
    if (type < 0x80 || type >= 0xe0 || type == 0xc0 || type == 0xc2 || type == 0xc3)
        return ERR_OK;
    if (type >= 0x90 && type < 0xa0)
        return open_array(w, type & 0x0f);
    if (type >= 0xa0 && type < 0xc0)
        return take_str(w, type & 0x1f) ? ERR_OK : ERR_FORMAT;
    return walk_long(w, type);
}

/* Walks the first item with all that it contains. */
static enum err walk_whole(struct walk *w)
{
    enum err err = walk_item(w);
    while (err == ERR_OK && w->depth > 0) {
        if (w->open[w->depth - 1] == 0) {
            w->depth--;
            continue;
        }
        w->open[w->depth - 1]--;
        err = walk_item(w);
    }
    return err;
}

static struct walk walk_new(const uint8_t *bytes, size_t len, unsigned depth_max, size_t items_max)
{
    return (struct walk){.at = bytes,
                         .left = len,
                         .items_left = items_max,
                         .depth_max = depth_max < DEPTH_CAP ? depth_max : DEPTH_CAP};
}

enum err wire_check(const uint8_t *bytes, size_t len, unsigned depth_max, size_t items_max)
{
    struct walk w = walk_new(bytes, len, depth_max, items_max);
    enum err err = walk_whole(&w);
    if (err == ERR_OK && w.left > 0)
        return ERR_FORMAT;
    return err;
}

size_t wire_first(const uint8_t *bytes, size_t len, unsigned depth_max, size_t items_max)
{
    struct walk w = walk_new(bytes, len, depth_max, items_max);
    return walk_whole(&w) == ERR_OK ? len - w.left : 0;
}

/* --- documents and cursors --- */

static int append(void *ctx, const char *bytes, size_t len)
{
    struct buf *out = ctx;
    buf_put(out, bytes, len);
    return out->err == ERR_OK ? 0 : -1;
}

/* The packer's own results repeat the sticky error of the buffer. */
static msgpack_packer packer(struct buf *out)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, out, append);
    return pk;
}

static void free_inner(void *zone)
{
    msgpack_zone_free(zone);
}

enum err wire_open(struct wire_doc *doc, const uint8_t *bytes, size_t len, unsigned depth_max,
                   size_t items_max)
{
    *doc = (struct wire_doc){0};
    enum err err = wire_check(bytes, len, depth_max, items_max);
    if (err != ERR_OK)
        return err;
    /* The root object lives in the zone too, so that one pointer owns everything. */
    msgpack_zone *zone = msgpack_zone_new(1024);
    if (!zone)
        return ERR_MEMORY;
    msgpack_object *root = msgpack_zone_malloc(zone, sizeof *root);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t off = 0;
    msgpack_unpack_return got = root
                                    ? msgpack_unpack_next(&unpacked, (const char *)bytes, len, &off)
                                    : MSGPACK_UNPACK_NOMEM_ERROR;
    if (got != MSGPACK_UNPACK_SUCCESS) {
        msgpack_unpacked_destroy(&unpacked);
        msgpack_zone_free(zone);
        return ERR_MEMORY; /* the form was checked: nothing else can be missing */
    }
    *root = unpacked.data;
    msgpack_zone *inner = msgpack_unpacked_release_zone(&unpacked);
    if (inner && !msgpack_zone_push_finalizer(zone, free_inner, inner)) {
        msgpack_zone_free(inner);
        msgpack_zone_free(zone);
        return ERR_MEMORY;
    }
    doc->zone = (struct msgpack_zone *)zone;
    doc->root = root;
    return ERR_OK;
}

void wire_close(struct wire_doc *doc)
{
    if (doc->zone)
        msgpack_zone_free((msgpack_zone *)doc->zone);
    *doc = (struct wire_doc){0};
}

struct wire_in wire_root(const struct wire_doc *doc)
{
    return (struct wire_in){.next = doc->root, .left = doc->root ? 1 : 0};
}

enum wire_type wire_peek(const struct wire_in *in)
{
    if (in->err != ERR_OK || in->left == 0)
        return WIRE_NONE;
    switch (in->next->type) {
    case MSGPACK_OBJECT_NIL:
        return WIRE_NIL;
    case MSGPACK_OBJECT_BOOLEAN:
        return WIRE_BOOL;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return WIRE_UINT;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return WIRE_NEGATIVE;
    case MSGPACK_OBJECT_BIN:
        return WIRE_BIN;
    case MSGPACK_OBJECT_STR:
        return WIRE_STR;
    case MSGPACK_OBJECT_ARRAY:
        return WIRE_ARRAY;
    default:
        return WIRE_NONE;
    }
}

/* Takes the next item if it has the type; otherwise the cursor fails. */
static const msgpack_object *take(struct wire_in *in, enum wire_type type)
{
    if (type == WIRE_NONE || wire_peek(in) != type) {
        wire_fail(in, ERR_FORMAT);
        return NULL;
    }
    in->left--;
    return in->next++;
}

struct wire_in wire_array(struct wire_in *in, uint32_t min, uint32_t max)
{
    const msgpack_object *item = take(in, WIRE_ARRAY);
    if (!item)
        return (struct wire_in){.err = in->err};
    if (item->via.array.size < min || item->via.array.size > max) {
        wire_fail(in, item->via.array.size > max ? ERR_TOO_BIG : ERR_FORMAT);
        return (struct wire_in){.err = in->err};
    }
    return (struct wire_in){.next = item->via.array.ptr, .left = item->via.array.size};
}

uint64_t wire_uint(struct wire_in *in, uint64_t max)
{
    const msgpack_object *item = take(in, WIRE_UINT);
    if (!item)
        return 0;
    if (item->via.u64 > max) {
        wire_fail(in, ERR_FORMAT);
        return 0;
    }
    return item->via.u64;
}

int64_t wire_int(struct wire_in *in)
{
    if (wire_peek(in) == WIRE_NEGATIVE)
        return take(in, WIRE_NEGATIVE)->via.i64;
    return (int64_t)wire_uint(in, INT64_MAX);
}

bool wire_bool(struct wire_in *in)
{
    const msgpack_object *item = take(in, WIRE_BOOL);
    return item && item->via.boolean;
}

bool wire_nil(struct wire_in *in)
{
    if (wire_peek(in) != WIRE_NIL)
        return false;
    wire_skip(in);
    return true;
}

const uint8_t *wire_bin(struct wire_in *in, size_t *len, size_t min, size_t max)
{
    const msgpack_object *item = take(in, WIRE_BIN);
    *len = 0;
    if (!item)
        return NULL;
    if (item->via.bin.size < min || item->via.bin.size > max) {
        wire_fail(in, item->via.bin.size > max ? ERR_TOO_BIG : ERR_FORMAT);
        return NULL;
    }
    *len = item->via.bin.size;
    return *len ? (const uint8_t *)item->via.bin.ptr : (const uint8_t *)"";
}

void wire_bytes(struct wire_in *in, uint8_t *out, size_t len)
{
    size_t got;
    const uint8_t *bytes = wire_bin(in, &got, 0, UINT32_MAX);
    if (bytes && got == len) {
        memcpy(out, bytes, len);
        return;
    }
    memset(out, 0, len);
    wire_fail(in, ERR_FORMAT);
}

bool wire_bytes_or_nil(struct wire_in *in, uint8_t *out, size_t len)
{
    if (wire_nil(in)) {
        memset(out, 0, len);
        return false;
    }
    wire_bytes(in, out, len);
    return in->err == ERR_OK;
}

const char *wire_str(struct wire_in *in, size_t *len, size_t max)
{
    const msgpack_object *item = take(in, WIRE_STR);
    *len = 0;
    if (!item)
        return NULL;
    if (item->via.str.size > max) {
        wire_fail(in, ERR_TOO_BIG);
        return NULL;
    }
    *len = item->via.str.size;
    return *len ? item->via.str.ptr : ""; /* msgpack-c leaves NULL, which means an error here */
}

void wire_copy(struct wire_in *in, struct buf *out)
{
    if (wire_peek(in) == WIRE_NONE) {
        wire_fail(in, ERR_FORMAT);
        return;
    }
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_object(&pk, *in->next);
    in->left--;
    in->next++;
}

void wire_skip(struct wire_in *in)
{
    (void)take(in, wire_peek(in));
}

void wire_fail(struct wire_in *in, enum err err)
{
    if (in->err == ERR_OK)
        in->err = err;
}

enum err wire_end(const struct wire_in *in)
{
    if (in->err != ERR_OK)
        return in->err;
    return in->left ? ERR_FORMAT : ERR_OK;
}

void wire_join(struct wire_in *outer, const struct wire_in *inner)
{
    enum err err = wire_end(inner);
    if (err != ERR_OK)
        wire_fail(outer, err);
}

/* --- writing --- */

void wire_put_nil(struct buf *out)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_nil(&pk);
}

void wire_put_bool(struct buf *out, bool v)
{
    msgpack_packer pk = packer(out);
    (void)(v ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk));
}

void wire_put_uint(struct buf *out, uint64_t v)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_uint64(&pk, v);
}

void wire_put_int(struct buf *out, int64_t v)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_int64(&pk, v);
}

void wire_put_bin(struct buf *out, const void *bytes, size_t len)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_bin(&pk, len);
    buf_put(out, bytes, len);
}

void wire_put_str(struct buf *out, const char *text, size_t len)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_str(&pk, len);
    buf_put(out, text, len);
}

void wire_put_array(struct buf *out, size_t n)
{
    msgpack_packer pk = packer(out);
    (void)msgpack_pack_array(&pk, n);
}
