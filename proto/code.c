/* SPDX-License-Identifier: Apache-2.0
 *
 * All alphabets but hex share one shape: the bytes are one long string of bits, cut from the front
 * into groups of 5 or 6, the last group filled with zero bits. Decoders accept exactly one text for
 * each value, except Crockford's, which is typed by people.
 */
#include "proto/code.h"

#include <string.h>

#include "proto/digest.h"

static const char alphabet_32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char alphabet_crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char alphabet_64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char alphabet_16[] = "0123456789abcdef";

/* Returns how many characters were written, without a NUL. */
static size_t put_groups(char *out, const uint8_t *bytes, size_t len, const char *alphabet,
                         unsigned group)
{
    unsigned pending = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        pending = (pending << 8 | bytes[i]) & 0xffff;
        bits += 8;
        while (bits >= group) {
            bits -= group;
            out[n++] = alphabet[pending >> bits & ((1u << group) - 1)];
        }
    }
    if (bits > 0)
        out[n++] = alphabet[pending << (group - bits) & ((1u << group) - 1)];
    return n;
}

/* A decoder in progress: `cap` bytes at `out`, `len` of them written. */
struct groups {
    uint8_t *out;
    size_t cap;
    size_t len;
    unsigned pending;
    unsigned bits;
    unsigned group;
};

static enum err take_group(struct groups *g, const char *alphabet, char c)
{
    const char *found = c ? strchr(alphabet, c) : NULL;
    if (!found)
        return ERR_FORMAT;
    g->pending = (g->pending << g->group | (unsigned)(found - alphabet)) & 0xffff;
    g->bits += g->group;
    if (g->bits < 8)
        return ERR_OK;
    g->bits -= 8;
    if (g->len == g->cap)
        return ERR_FORMAT;
    g->out[g->len++] = (uint8_t)(g->pending >> g->bits);
    return ERR_OK;
}

/* What is left must be less than a group and zero: otherwise two texts would mean the same. */
static enum err end_groups(const struct groups *g)
{
    unsigned rest = g->pending & ((1u << g->bits) - 1);
    return g->bits < g->group && rest == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err get_groups(struct groups *g, const char *text, size_t text_len,
                           const char *alphabet)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < text_len; i++)
        TRY(take_group(g, alphabet, text[i]));
    TRY(end_groups(g));
out:
    return err;
}

void code_hex(char *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = alphabet_16[bytes[i] >> 4];
        out[2 * i + 1] = alphabet_16[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err code_unhex(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    if (text_len / 2 != len || text_len % 2 != 0)
        return ERR_FORMAT;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return ERR_FORMAT;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

void code_base32(char *out, const uint8_t *bytes, size_t len)
{
    out[put_groups(out, bytes, len, alphabet_32, 5)] = '\0';
}

enum err code_unbase32(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    struct groups g = {.out = out, .cap = len, .group = 5};
    enum err err = get_groups(&g, text, text_len, alphabet_32);
    return err == ERR_OK && g.len != len ? ERR_FORMAT : err;
}

void code_base64(char *out, const uint8_t *bytes, size_t len)
{
    size_t n = put_groups(out, bytes, len, alphabet_64, 6);
    while (n % 4 != 0)
        out[n++] = '=';
    out[n] = '\0';
}

enum err code_unbase64(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len)
{
    struct groups g = {.out = out, .cap = cap, .group = 6};
    *len = 0;
    if (text_len % 4 != 0)
        return ERR_FORMAT;
    size_t padding = 0;
    while (padding < 2 && padding < text_len && text[text_len - 1 - padding] == '=')
        padding++;
    enum err err = get_groups(&g, text, text_len - padding, alphabet_64);
    if (err == ERR_OK)
        *len = g.len;
    return err;
}

void code_base64url(char *out, const uint8_t *bytes, size_t len)
{
    out[put_groups(out, bytes, len, alphabet_64url, 6)] = '\0';
}

enum err code_unbase64url(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len)
{
    struct groups g = {.out = out, .cap = cap, .group = 6};
    *len = 0;
    enum err err = get_groups(&g, text, text_len, alphabet_64url);
    if (err == ERR_OK)
        *len = g.len;
    return err;
}

void code_short(char out[static CODE_SHORT_LEN + 1], const uint8_t shred[static ID_LEN],
                const uint8_t record[static RECORD_LEN])
{
    const struct digest_part parts[] = {{shred, ID_LEN}, {record, RECORD_LEN}};
    uint8_t hash[HASH_LEN];
    digest_sha256(hash, parts, digest_is_zero(record, RECORD_LEN) ? 1 : 2);
    code_crockford(out, hash, CODE_SHORT_LEN * 5 / 8);
}

void code_crockford(char *out, const uint8_t *bytes, size_t len)
{
    out[put_groups(out, bytes, len, alphabet_crockford, 5)] = '\0';
}

/* What a person may have written for a character of the alphabet. */
static char fold_crockford(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        return '1';
    return c == 'O' ? '0' : c;
}

enum err code_uncrockford(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    struct groups g = {.out = out, .cap = len, .group = 5};
    enum err err = ERR_OK;
    for (size_t i = 0; i < text_len; i++) {
        if (text[i] == '-' || text[i] == ' ')
            continue;
        TRY(take_group(&g, alphabet_crockford, fold_crockford(text[i])));
    }
    TRY(end_groups(&g));
out:
    return err == ERR_OK && g.len != len ? ERR_FORMAT : err;
}
