/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tlog_witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"

#define DASH "\xe2\x80\x94 "

static void put_text(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

void tlog_witness_ask(struct buf *out, uint64_t old, const struct tree_proof *proof,
                      const struct note *note, const char *origin,
                      const uint8_t log_pk[static PK_LEN])
{
    char line[64];
    struct note bare = *note;
    bare.n_cosigs = 0;
    snprintf(line, sizeof line, "old %llu\n", (unsigned long long)old);
    put_text(out, line);
    for (unsigned i = 0; i < proof->n; i++) {
        code_base64(line, proof->nodes[i], HASH_LEN);
        put_text(out, line);
        buf_u8(out, '\n');
    }
    buf_u8(out, '\n');
    note_print(out, &bare, origin, log_pk, NULL);
}

/* --- reading --- */

/* Plain decimal digits, no sign, no leading zero. */
static bool read_number(const char *text, size_t len, uint64_t *value)
{
    *value = 0;
    if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

/* The next line, without its end; false when there is none. */
static bool next_line(const char **text, size_t *left, const char **line, size_t *len)
{
    const char *end = memchr(*text, '\n', *left);
    if (!end)
        return false;
    *line = *text;
    *len = (size_t)(end - *text);
    *left -= *len + 1;
    *text = end + 1;
    return true;
}

enum err tlog_witness_read(struct tlog_witness_ask *ask, const char *text, size_t len)
{
    const char *line;
    size_t n, got;
    *ask = (struct tlog_witness_ask){0};
    if (memchr(text, 0, len) || !next_line(&text, &len, &line, &n) || n < 5 ||
        memcmp(line, "old ", 4) != 0 || !read_number(line + 4, n - 4, &ask->old))
        return ERR_FORMAT;
    while (next_line(&text, &len, &line, &n) && n > 0) {
        uint8_t hash[HASH_LEN + 4];
        if (ask->proof.n == PROOF_MAX ||
            code_unbase64(hash, sizeof hash, &got, line, n) != ERR_OK || got != HASH_LEN)
            return ERR_FORMAT;
        memcpy(ask->proof.nodes[ask->proof.n++], hash, HASH_LEN);
    }
    ask->note = text;
    ask->note_len = len;
    if (!next_line(&text, &len, &line, &n) || n == 0 || n >= sizeof ask->origin)
        return ERR_FORMAT;
    memcpy(ask->origin, line, n);
    return ERR_OK;
}

int tlog_witness_judge(struct tlog_witness_state *state, const struct tlog_witness_ask *ask,
                       const struct note *note)
{
    if (ask->old > note->size)
        return 400;
    if (ask->old != state->size)
        return 409;
    if (ask->old == note->size && ask->old > 0) {
        if (memcmp(state->root, note->root, HASH_LEN) != 0)
            return 409;
        return ask->proof.n == 0 ? 200 : 422;
    }
    if (ask->old == 0 ? ask->proof.n != 0
                      : tree_consistency_verify(&ask->proof, ask->old, note->size, state->root,
                                                note->root) != ERR_OK)
        return 422;
    state->size = note->size;
    memcpy(state->root, note->root, HASH_LEN);
    return 200;
}

void tlog_witness_line(struct buf *out, const char *name,
                       const uint8_t cosig[static NOTE_COSIG_LEN])
{
    char base64[4 * (NOTE_COSIG_LEN / 3 + 2)];
    code_base64(base64, cosig, NOTE_COSIG_LEN);
    put_text(out, DASH);
    put_text(out, name);
    buf_u8(out, ' ');
    put_text(out, base64);
    buf_u8(out, '\n');
}

enum err tlog_witness_take(uint8_t cosig[static NOTE_COSIG_LEN], const char *text, size_t len,
                           const struct note *note, const char *origin, const char *name,
                           const uint8_t pk[static PK_LEN])
{
    const char *line;
    size_t n, got = 0, dash = sizeof DASH - 1, name_len = strlen(name);
    uint8_t bytes[NOTE_COSIG_LEN + 4];
    uint64_t time_s;
    while (next_line(&text, &len, &line, &n)) {
        if (n < dash + name_len + 2 || memcmp(line, DASH, dash) != 0 ||
            memcmp(line + dash, name, name_len) != 0 || line[dash + name_len] != ' ')
            continue;
        size_t at = dash + name_len + 1;
        if (code_unbase64(bytes, sizeof bytes, &got, line + at, n - at) != ERR_OK ||
            got != NOTE_COSIG_LEN)
            continue;
        memcpy(cosig, bytes, NOTE_COSIG_LEN);
        return note_cosign_verify(&time_s, cosig, note, origin, name, pk);
    }
    return ERR_NOT_FOUND;
}
