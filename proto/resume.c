/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/resume.h"

#include <string.h>

#include "proto/message_part.h"
#include "proto/sign.h"

enum { SIGNED_LEN = ID_LEN + 8 + HASH_LEN + 8, ITEMS = 512 };

static void put_u64(uint8_t *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * (7 - i)));
}

static void signed_string(uint8_t out[static SIGNED_LEN], const struct resume *resume,
                          const uint8_t *space)
{
    memcpy(out, space, ID_LEN);
    put_u64(out + ID_LEN, resume->size);
    memcpy(out + ID_LEN + 8, resume->root, HASH_LEN);
    put_u64(out + ID_LEN + 8 + HASH_LEN, resume->since_ms);
}

enum err resume_make(struct buf *out, const struct resume *resume,
                     const uint8_t space[static ID_LEN], const uint8_t log_sk[static SK_LEN])
{
    uint8_t string[SIGNED_LEN], sig[SIG_LEN];
    const struct digest_part part = {string, sizeof string};
    signed_string(string, resume, space);
    enum err err = sign_make(sig, log_sk, TAG_RESUME, &part, 1);
    if (err != ERR_OK)
        return err;
    wire_put_array(out, 4);
    wire_put_uint(out, resume->size);
    wire_put_bin(out, resume->root, HASH_LEN);
    wire_put_uint(out, resume->since_ms);
    wire_put_bin(out, sig, SIG_LEN);
    return out->err;
}

enum err resume_open(struct resume *resume, const uint8_t *bytes, size_t len,
                     const uint8_t space[static ID_LEN], const uint8_t log_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    uint8_t string[SIGNED_LEN], sig[SIG_LEN];
    const struct digest_part part = {string, sizeof string};
    struct wire_doc doc = {0};
    *resume = (struct resume){0};
    TRY(wire_open(&doc, bytes, len, 1, ITEMS));
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 4, 4);
    resume->size = wire_uint(&in, INT64_MAX);
    wire_bytes(&in, resume->root, HASH_LEN);
    resume->since_ms = wire_uint(&in, UINT64_MAX);
    wire_bytes(&in, sig, SIG_LEN);
    TRY(wire_end(&in));
    signed_string(string, resume, space);
    err = sign_verify(sig, log_pk, TAG_RESUME, &part, 1);
out:
    wire_close(&doc);
    return err;
}

void resume_proof_put(struct buf *out, const struct note *note, const struct tree_proof *proof)
{
    wire_put_array(out, 2);
    message_part_put_note(out, note);
    wire_put_array(out, proof->n);
    for (unsigned i = 0; i < proof->n; i++)
        wire_put_bin(out, proof->nodes[i], HASH_LEN);
}

enum err resume_proof_get(struct note *note, struct tree_proof *proof, const uint8_t *bytes,
                          size_t len)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    *note = (struct note){0};
    *proof = (struct tree_proof){0};
    TRY(wire_open(&doc, bytes, len, 4, ITEMS));
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 2, 2);
    message_part_take_note(note, &in);
    struct wire_in hashes = wire_array(&in, 0, PROOF_MAX);
    proof->n = hashes.left;
    for (unsigned i = 0; i < proof->n; i++)
        wire_bytes(&hashes, proof->nodes[i], HASH_LEN);
    wire_join(&in, &hashes);
    err = wire_end(&in);
out:
    wire_close(&doc);
    return err;
}
