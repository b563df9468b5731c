/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms are those of C2SP: signed-note, tlog-checkpoint and tlog-cosignature. A number or a
 * base64 text has exactly one spelling here: a parsed note prints as the bytes it came from.
 */
#include "proto/note.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/sign.h"

enum { KEY_HASH_LEN = 4, TYPE_LOG = 0x01, TYPE_WITNESS = 0x04 };
enum { LOG_BLOB_LEN = KEY_HASH_LEN + SIG_LEN, BASE64_COSIG = (NOTE_COSIG_LEN + 2) / 3 * 4 };
enum { BASE64_HASH = (HASH_LEN + 2) / 3 * 4, DIGITS_MAX = 20 };

/* U+2014 and a space begin each signature line. */
static const char dash[] = "\xe2\x80\x94 ";

/* Signed notes forbid spaces and '+' in names; we also leave out all that is not plain ASCII. */
static bool plain_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+')
            return false;
    }
    return len > 0;
}

bool note_name_ok(const char *name, size_t len)
{
    return len <= NAME_LEN_MAX && plain_name(name, len);
}

enum err note_origin(char out[static NOTE_ORIGIN_MAX], const char *log_name, size_t log_name_len,
                     const uint8_t space[static ID_LEN])
{
    if (!note_name_ok(log_name, log_name_len))
        return ERR_USAGE;
    memcpy(out, log_name, log_name_len);
    out[log_name_len] = '/';
    code_base32(out + log_name_len + 1, space, ID_LEN);
    return ERR_OK;
}

/* The signed text is short and bounded: it is made on the stack, so that signing cannot fail. */
enum { SIGNED_MAX = 64 + NOTE_ORIGIN_MAX + DIGITS_MAX + BASE64_HASH };

struct text {
    char bytes[SIGNED_MAX];
    size_t len;
};

/* What a cosigner signs; with time_s = NULL, what the log signs. */
static void make_text(struct text *text, const char *origin, uint64_t size,
                      const uint8_t root[static HASH_LEN], const uint64_t *time_s)
{
    char root_text[BASE64_HASH + 1];
    int len = 0;
    assert(strlen(origin) < NOTE_ORIGIN_MAX);
    code_base64(root_text, root, HASH_LEN);
    if (time_s)
        len = snprintf(text->bytes, SIGNED_MAX, "cosignature/v1\ntime %llu\n",
                       (unsigned long long)*time_s);
    len += snprintf(text->bytes + len, SIGNED_MAX - (size_t)len, "%s\n%llu\n%s\n", origin,
                    (unsigned long long)size, root_text);
    assert(len > 0 && len < SIGNED_MAX);
    text->len = (size_t)len;
}

void note_text(struct buf *out, const char *origin, uint64_t size,
               const uint8_t root[static HASH_LEN])
{
    struct text text;
    make_text(&text, origin, size, root, NULL);
    buf_put(out, text.bytes, text.len);
}

void note_key_hash(uint8_t out[static 4], const char *name, uint8_t type,
                   const uint8_t pk[static PK_LEN])
{
    const struct digest_part parts[] = {{name, strlen(name)}, {"\n", 1}, {&type, 1}, {pk, PK_LEN}};
    uint8_t hash[HASH_LEN];
    digest_sha256(hash, parts, 4);
    memcpy(out, hash, KEY_HASH_LEN);
}

void note_sign(struct note *note, const char *origin, const uint8_t log_sk[static SK_LEN])
{
    struct text text;
    make_text(&text, origin, note->size, note->root, NULL);
    sign_plain(note->sig, log_sk, text.bytes, text.len);
}

enum err note_verify(const struct note *note, const char *origin,
                     const uint8_t log_pk[static PK_LEN])
{
    struct text text;
    make_text(&text, origin, note->size, note->root, NULL);
    return sign_plain_verify(note->sig, log_pk, text.bytes, text.len);
}

static uint64_t get_time(const uint8_t cosig[static NOTE_COSIG_LEN])
{
    uint64_t time_s = 0;
    for (unsigned i = 0; i < 8; i++)
        time_s = time_s << 8 | cosig[KEY_HASH_LEN + i];
    return time_s;
}

void note_cosign(uint8_t cosig[static NOTE_COSIG_LEN], const struct note *note, const char *origin,
                 const char *witness_name, const uint8_t witness_sk[static SK_LEN],
                 const uint8_t witness_pk[static PK_LEN], uint64_t time_s)
{
    struct text text;
    make_text(&text, origin, note->size, note->root, &time_s);
    note_key_hash(cosig, witness_name, TYPE_WITNESS, witness_pk);
    for (unsigned i = 0; i < 8; i++)
        cosig[KEY_HASH_LEN + i] = (uint8_t)(time_s >> (56 - 8 * i));
    sign_plain(cosig + KEY_HASH_LEN + 8, witness_sk, text.bytes, text.len);
}

enum err note_cosign_verify(uint64_t *time_s, const uint8_t cosig[static NOTE_COSIG_LEN],
                            const struct note *note, const char *origin, const char *witness_name,
                            const uint8_t witness_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    uint8_t key_hash[KEY_HASH_LEN];
    uint64_t claimed_s = get_time(cosig);
    struct text text;
    *time_s = 0;
    note_key_hash(key_hash, witness_name, TYPE_WITNESS, witness_pk);
    if (!digest_equal(key_hash, cosig, KEY_HASH_LEN))
        TRY(ERR_SIGNATURE);
    make_text(&text, origin, note->size, note->root, &claimed_s);
    TRY(sign_plain_verify(cosig + KEY_HASH_LEN + 8, witness_pk, text.bytes, text.len));
    *time_s = claimed_s;
out:
    return err;
}

static void put_line(struct buf *out, const char *name, const uint8_t *blob, size_t len)
{
    char text[BASE64_COSIG + 1];
    assert(len <= NOTE_COSIG_LEN);
    code_base64(text, blob, len);
    buf_put(out, dash, sizeof dash - 1);
    buf_put(out, name, strlen(name));
    buf_u8(out, ' ');
    buf_put(out, text, strlen(text));
    buf_u8(out, '\n');
}

void note_print(struct buf *out, const struct note *note, const char *origin,
                const uint8_t log_pk[static PK_LEN], const char *const *names)
{
    uint8_t blob[LOG_BLOB_LEN];
    assert(note->n_cosigs <= WITNESSES_MAX);
    note_text(out, origin, note->size, note->root);
    buf_u8(out, '\n');
    note_key_hash(blob, origin, TYPE_LOG, log_pk);
    memcpy(blob + KEY_HASH_LEN, note->sig, SIG_LEN);
    put_line(out, origin, blob, sizeof blob);
    for (unsigned i = 0; i < note->n_cosigs; i++)
        put_line(out, names[i], note->cosigs[i], NOTE_COSIG_LEN);
}

/* The rest of a text that is read line by line. */
struct lines {
    const char *at;
    size_t left;
};

/* Takes a line without its line feed; every line must have one. */
static enum err next_line(struct lines *in, const char **line, size_t *len)
{
    const char *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
    if (!end)
        return ERR_FORMAT;
    *line = in->at;
    *len = (size_t)(end - in->at);
    in->left -= *len + 1;
    in->at = end + 1;
    return ERR_OK;
}

/* Decimal without leading zeroes, below 2^63: no tree is larger. */
static enum err parse_size(uint64_t *size, const char *digits, size_t len)
{
    *size = 0;
    if (len == 0 || len >= DIGITS_MAX || (len > 1 && digits[0] == '0'))
        return ERR_FORMAT;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return ERR_FORMAT;
        *size = *size * 10 + (uint64_t)(digits[i] - '0');
    }
    return *size >> 63 ? ERR_FORMAT : ERR_OK;
}

static enum err parse_text(struct note *note, struct lines *in, const char *origin)
{
    enum err err = ERR_OK;
    const char *line = NULL;
    size_t len = 0;
    TRY(next_line(in, &line, &len));
    if (len != strlen(origin) || memcmp(line, origin, len) != 0)
        TRY(ERR_FORMAT);
    TRY(next_line(in, &line, &len));
    TRY(parse_size(&note->size, line, len));
    TRY(next_line(in, &line, &len));
    if (len != BASE64_HASH)
        TRY(ERR_FORMAT);
    TRY(code_unbase64(note->root, HASH_LEN, &len, line, len));
    if (len != HASH_LEN)
        TRY(ERR_FORMAT);
    TRY(next_line(in, &line, &len));
    if (len != 0)
        TRY(ERR_FORMAT);
out:
    return err;
}

/* One signature line: its name (borrowed) and what its base64 says. */
struct signature {
    const char *name;
    size_t name_len;
    uint8_t blob[NOTE_TEXT_MAX];
    size_t len;
};

static enum err parse_signature(struct signature *s, const char *line, size_t len)
{
    enum { DASH_LEN = sizeof dash - 1 };
    if (len < DASH_LEN || memcmp(line, dash, DASH_LEN) != 0)
        return ERR_FORMAT;
    s->name = line + DASH_LEN;
    len -= DASH_LEN;
    const char *space = len ? memchr(s->name, ' ', len) : NULL;
    if (!space)
        return ERR_FORMAT;
    s->name_len = (size_t)(space - s->name);
    /* The log's own name is an origin, and that is longer than the names of logs and witnesses. */
    if (s->name_len >= NOTE_ORIGIN_MAX || !plain_name(s->name, s->name_len))
        return ERR_FORMAT;
    size_t text_len = len - s->name_len - 1;
    enum err err = code_unbase64(s->blob, sizeof s->blob, &s->len, space + 1, text_len);
    return err == ERR_OK && s->len <= KEY_HASH_LEN ? ERR_FORMAT : err;
}

static enum err parse_signatures(struct note *note, struct lines *in, const char *origin,
                                 const uint8_t log_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    bool found = false;
    uint8_t log_hash[KEY_HASH_LEN];
    note_key_hash(log_hash, origin, TYPE_LOG, log_pk);
    while (in->left > 0) {
        struct signature s;
        const char *line = NULL;
        size_t len = 0;
        TRY(next_line(in, &line, &len));
        TRY(parse_signature(&s, line, len));
        bool is_log = s.name_len == strlen(origin) && memcmp(s.name, origin, s.name_len) == 0 &&
                      memcmp(s.blob, log_hash, KEY_HASH_LEN) == 0;
        if (is_log) {
            if (found || s.len != LOG_BLOB_LEN)
                TRY(ERR_FORMAT);
            memcpy(note->sig, s.blob + KEY_HASH_LEN, SIG_LEN);
            found = true;
        } else if (s.len == NOTE_COSIG_LEN) {
            if (note->n_cosigs == WITNESSES_MAX)
                TRY(ERR_FORMAT);
            memcpy(note->cosigs[note->n_cosigs++], s.blob, NOTE_COSIG_LEN);
        }
    }
    if (!found)
        TRY(ERR_SIGNATURE);
out:
    return err;
}

enum err note_parse(struct note *note, const char *text, size_t len, const char *origin,
                    const uint8_t log_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    struct lines in = {text, len};
    memset(note, 0, sizeof *note);
    if (len > NOTE_TEXT_MAX)
        TRY(ERR_FORMAT);
    TRY(parse_text(note, &in, origin));
    TRY(parse_signatures(note, &in, origin, log_pk));
    TRY(note_verify(note, origin, log_pk));
out:
    if (err != ERR_OK)
        memset(note, 0, sizeof *note);
    return err;
}
