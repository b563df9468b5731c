/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/paper.h"

#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"

enum { DATA_CHARS = 26, ORDER = 31, SPACE_LEN = ID_LEN + 8 + HASH_LEN };
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* --- GF(32) --- */

static unsigned times_a(unsigned v)
{
    v <<= 1;
    return v & 32 ? v ^ 0x25 : v;
}

static unsigned power(unsigned n)
{
    unsigned v = 1;
    for (n %= ORDER; n > 0; n--)
        v = times_a(v);
    return v;
}

/* v is not 0. */
static unsigned logarithm(unsigned v)
{
    unsigned n = 0;
    for (unsigned at = 1; at != v; at = times_a(at))
        n++;
    return n;
}

static unsigned product(unsigned a, unsigned b)
{
    return a && b ? power(logarithm(a) + logarithm(b)) : 0;
}

static unsigned quotient(unsigned a, unsigned b)
{
    return a ? power(logarithm(a) + ORDER - logarithm(b)) : 0;
}

static void syndromes(const uint8_t v[static PAPER_CHARS], unsigned *sum, unsigned *weighted)
{
    *sum = *weighted = 0;
    for (unsigned i = 0; i < PAPER_CHARS; i++) {
        *sum ^= v[i];
        *weighted ^= product(v[i], power(i));
    }
}

/* --- the code --- */

static int value_of(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    c = c == 'I' || c == 'L' ? '1' : c == 'O' ? '0' : c;
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

void paper_code(char out[static PAPER_CODE_LEN + 1], const uint8_t bytes[static PAPER_SEED_LEN])
{
    char text[DATA_CHARS + 1];
    uint8_t v[PAPER_CHARS] = {0};
    unsigned sum, weighted;
    code_crockford(text, bytes, PAPER_SEED_LEN);
    for (unsigned i = 0; i < DATA_CHARS; i++)
        v[i] = (uint8_t)value_of(text[i]);
    syndromes(v, &sum, &weighted);
    unsigned a26 = power(26), a27 = power(27);
    v[27] = (uint8_t)quotient(weighted ^ product(sum, a26), a26 ^ a27);
    v[26] = (uint8_t)(sum ^ v[27]);
    char *to = out;
    for (unsigned i = 0; i < PAPER_CHARS; i++) {
        if (i > 0 && i % 4 == 0)
            *to++ = '-';
        *to++ = alphabet[v[i]];
    }
    *to = '\0';
    digest_wipe(text, sizeof text);
    digest_wipe(v, sizeof v);
}

/* Which neighbours, put right, make the code hold; 0 unless exactly one pair does. */
static unsigned find_swap(uint8_t v[static PAPER_CHARS])
{
    unsigned found = 0;
    for (unsigned i = 0; i + 1 < PAPER_CHARS; i++) {
        unsigned sum, weighted;
        uint8_t first = v[i];
        if (v[i] == v[i + 1])
            continue;
        v[i] = v[i + 1];
        v[i + 1] = first;
        syndromes(v, &sum, &weighted);
        v[i + 1] = v[i];
        v[i] = first;
        if (sum || weighted)
            continue;
        if (found)
            return 0;
        found = i + 1;
    }
    return found;
}

static void explain(uint8_t v[static PAPER_CHARS], unsigned sum, unsigned weighted,
                    struct paper_slip *slip)
{
    if (sum == 0) { /* no single wrong character does that */
        slip->at = find_swap(v);
        slip->swapped = slip->at != 0;
    } else if (weighted != 0) {
        unsigned i = (logarithm(weighted) + ORDER - logarithm(sum)) % ORDER;
        slip->at = i < PAPER_CHARS ? i + 1 : 0;
    }
    if (slip->at == 0)
        return;
    slip->read = alphabet[v[slip->at - 1]];
    slip->meant = slip->swapped ? alphabet[v[slip->at]] : alphabet[v[slip->at - 1] ^ (uint8_t)sum];
}

enum err paper_read(uint8_t bytes[static PAPER_SEED_LEN], const char *text, size_t len,
                    struct paper_slip *slip)
{
    uint8_t v[PAPER_CHARS] = {0};
    char data[DATA_CHARS];
    unsigned sum, weighted;
    enum err err = ERR_FORMAT;
    *slip = (struct paper_slip){0};
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-' || text[i] == ' ' || text[i] == '\t' || text[i] == '\n' ||
            text[i] == '\r')
            continue;
        int value = value_of(text[i]);
        slip->count++;
        if (value < 0 && slip->at == 0) {
            slip->at = slip->count;
            slip->read = text[i];
        }
        if (slip->count <= PAPER_CHARS && value >= 0)
            v[slip->count - 1] = (uint8_t)value;
    }
    if (slip->count != PAPER_CHARS || slip->at)
        goto out;
    syndromes(v, &sum, &weighted);
    if (sum || weighted) {
        explain(v, sum, weighted, slip);
        goto out;
    }
    for (unsigned i = 0; i < DATA_CHARS; i++)
        data[i] = alphabet[v[i]];
    err = code_uncrockford(bytes, PAPER_SEED_LEN, data, DATA_CHARS);
out:
    digest_wipe(v, sizeof v);
    digest_wipe(data, sizeof data);
    return err;
}

/* --- keys --- */

static void derive(uint8_t out[static SEED_LEN], const uint8_t root[static KEY_LEN],
                   const char *tag, size_t len)
{
    const struct digest_part part = {tag, len};
    digest_keyed(out, SEED_LEN, root, &part, 1);
}

void paper_secrets(struct unlock_secrets *secrets, const uint8_t seed[static PAPER_SEED_LEN])
{
    static const char tag[] = "passerelle/paper/v1", sign[] = "passerelle/paper/sign/v1",
                      box[] = "passerelle/paper/box/v1";
    uint8_t root[KEY_LEN];
    const struct digest_part parts[] = {{tag, sizeof tag}, {seed, PAPER_SEED_LEN}};
    digest_keyed(root, KEY_LEN, NULL, parts, 2);
    derive(secrets->ed_seed, root, sign, sizeof sign);
    derive(secrets->x_seed, root, box, sizeof box);
    digest_wipe(root, sizeof root);
}

/* --- the link --- */

static const char mark[] = "/#r1.";

void paper_link_print(struct buf *out, const struct paper_sheet *sheet)
{
    struct buf bytes = {0};
    buf_put(&bytes, sheet->seed, PAPER_SEED_LEN);
    buf_put(&bytes, sheet->log_key_hash, HASH_LEN);
    for (size_t i = 0; i < sheet->n; i++) {
        buf_put(&bytes, sheet->spaces[i].id, ID_LEN);
        buf_u64be(&bytes, sheet->spaces[i].size);
        buf_put(&bytes, sheet->spaces[i].root, HASH_LEN);
    }
    char text[(PAPER_SEED_LEN + HASH_LEN + PAPER_SPACES_MAX * SPACE_LEN) * 4 / 3 + 8];
    buf_fail(out, bytes.err);
    if (bytes.err == ERR_OK) {
        code_base64url(text, bytes.bytes, bytes.len);
        buf_put(out, sheet->url, strlen(sheet->url));
        buf_put(out, mark, sizeof mark - 1);
        buf_put(out, text, strlen(text));
    }
    digest_wipe(text, sizeof text);
    buf_free(&bytes);
}

static enum err parse_body(struct paper_sheet *sheet, const char *text, size_t len)
{
    enum err err = ERR_OK;
    uint8_t bytes[PAPER_SEED_LEN + HASH_LEN + PAPER_SPACES_MAX * SPACE_LEN];
    size_t n = 0;
    TRY(code_unbase64url(bytes, sizeof bytes, &n, text, len));
    if (n < PAPER_SEED_LEN + HASH_LEN || (n - PAPER_SEED_LEN - HASH_LEN) % SPACE_LEN)
        TRY(ERR_FORMAT);
    const uint8_t *at = bytes, *end = bytes + n;
    memcpy(sheet->seed, at, PAPER_SEED_LEN);
    memcpy(sheet->log_key_hash, at + PAPER_SEED_LEN, HASH_LEN);
    for (at += PAPER_SEED_LEN + HASH_LEN; at < end; at += SPACE_LEN) {
        struct paper_space *space = &sheet->spaces[sheet->n++];
        memcpy(space->id, at, ID_LEN);
        for (unsigned i = 0; i < 8; i++)
            space->size = space->size << 8 | at[ID_LEN + i];
        memcpy(space->root, at + ID_LEN + 8, HASH_LEN);
    }
out:
    digest_wipe(bytes, sizeof bytes);
    return err;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum err paper_link_parse(struct paper_sheet *sheet, const char *text, size_t len)
{
    enum err err = ERR_FORMAT;
    *sheet = (struct paper_sheet){0};
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    while (len > 0 && is_blank(*text))
        text++, len--;
    for (size_t i = 0; i + sizeof mark - 1 < len && i < LINK_URL_MAX; i++) {
        if (memcmp(text + i, mark, sizeof mark - 1) != 0)
            continue;
        memcpy(sheet->url, text, i);
        err = parse_body(sheet, text + i + sizeof mark - 1, len - i - sizeof mark + 1);
        break;
    }
    if (err == ERR_OK && !link_url_is_safe(sheet->url))
        err = ERR_FORMAT;
    if (err != ERR_OK)
        digest_wipe(sheet, sizeof *sheet);
    return err;
}
