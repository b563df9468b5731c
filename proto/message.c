/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around a round trip: the server's statement of its keys, the signature that founds a space, and
 * the payloads of an inbox. Requests and responses are in message_request.c and message_response.c.
 */
#include "proto/message.h"

#include <string.h>

#include "proto/message_part.h"
#include "proto/sign.h"

/* --- the server's statement --- */

static void server_parts(struct digest_part parts[static 2], const struct message_server *server)
{
    parts[0] = (struct digest_part){server->resp_pk, PK_LEN};
    parts[1] = (struct digest_part){server->log_name, strlen(server->log_name)};
}

enum err message_server_make(struct buf *out, const struct message_server *server,
                             const uint8_t log_sk[static SK_LEN])
{
    uint8_t sig[SIG_LEN];
    struct digest_part parts[2];
    server_parts(parts, server);
    if (sign_make(sig, log_sk, TAG_SERVER, parts, 2) != ERR_OK)
        return ERR_MEMORY;
    wire_put_array(out, 5);
    wire_put_uint(out, MESSAGE_VERSION);
    wire_put_bin(out, server->log_pk, PK_LEN);
    wire_put_bin(out, server->resp_pk, PK_LEN);
    wire_put_str(out, server->log_name, strlen(server->log_name));
    wire_put_bin(out, sig, SIG_LEN);
    return out->err;
}

enum err message_server_open(struct message_server *server, const uint8_t *bytes, size_t len)
{
    *server = (struct message_server){0};
    struct wire_doc doc;
    enum err err = wire_open(&doc, bytes, len, 1, 6);
    if (err != ERR_OK)
        return err;
    uint8_t sig[SIG_LEN];
    size_t name_len;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 5, 5);
    message_part_version(&in);
    wire_bytes(&in, server->log_pk, PK_LEN);
    wire_bytes(&in, server->resp_pk, PK_LEN);
    const char *name = wire_str(&in, &name_len, NAME_LEN_MAX);
    if (name)
        memcpy(server->log_name, name, name_len);
    wire_bytes(&in, sig, SIG_LEN);
    wire_join(&root, &in);
    wire_close(&doc);
    err = root.err;
    if (err == ERR_OK) {
        struct digest_part parts[2];
        server_parts(parts, server);
        err = sign_verify(sig, server->log_pk, TAG_SERVER, parts, 2);
    }
    if (err != ERR_OK)
        *server = (struct message_server){0};
    return err;
}

void message_aud(uint8_t out[static HASH_LEN], const uint8_t log_pk[static PK_LEN])
{
    digest_sha256_of(out, log_pk, PK_LEN);
}

/* --- founding --- */

enum err message_found_sign(uint8_t sig[static SIG_LEN], const uint8_t secret[static SEED_LEN],
                            const uint8_t *header, size_t len)
{
    uint8_t seed[SEED_LEN], pk[PK_LEN], sk[SK_LEN];
    sign_link_seed(seed, secret);
    sign_keypair(pk, sk, seed);
    const struct digest_part part = {header, len};
    enum err err = sign_make(sig, sk, TAG_FOUND, &part, 1);
    digest_wipe(seed, sizeof seed);
    digest_wipe(sk, sizeof sk);
    return err;
}

enum err message_found_verify(const uint8_t sig[static SIG_LEN],
                              const uint8_t link_pk[static PK_LEN], const uint8_t *header,
                              size_t len)
{
    const struct digest_part part = {header, len};
    return sign_verify(sig, link_pk, TAG_FOUND, &part, 1);
}

/* --- payloads of an inbox --- */

enum { PROOF_PART_MAX = 512 };

void message_join_encode(struct buf *out, const struct message_join *join)
{
    wire_put_array(out, 4);
    wire_put_bin(out, join->proof.part, join->proof.part_len);
    wire_put_bin(out, join->proof.invite_sig, SIG_LEN);
    wire_put_bin(out, join->proof.device_sig, SIG_LEN);
    wire_put_bin(out, join->sealed_name, join->sealed_name_len);
}

static enum err join_take(struct message_join *join, const uint8_t *payload, size_t len)
{
    struct wire_doc doc;
    enum err err = wire_open(&doc, payload, len, 1, 5);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 4, 4);
    join->proof.type = PROOF_JOIN;
    join->proof.part = wire_bin(&in, &join->proof.part_len, 1, PROOF_PART_MAX);
    wire_bytes(&in, join->proof.invite_sig, SIG_LEN);
    wire_bytes(&in, join->proof.device_sig, SIG_LEN);
    join->sealed_name = wire_bin(&in, &join->sealed_name_len, 1, SEALED_NAME_MAX);
    wire_join(&root, &in);
    wire_close(&doc);
    return root.err;
}

enum err message_join_decode(struct message_join *join, const uint8_t *payload, size_t len)
{
    *join = (struct message_join){0};
    enum err err = ERR_OK;
    struct op_join said;
    uint8_t hash[HASH_LEN];
    TRY(join_take(join, payload, len));
    TRY(op_proof_decode(&said, &join->proof));
    digest_sha256_of(hash, join->sealed_name, join->sealed_name_len);
    if (!digest_equal(hash, said.name_hash, HASH_LEN))
        TRY(ERR_CORRUPT);
out:
    if (err != ERR_OK)
        *join = (struct message_join){0};
    return err;
}

void message_statement_encode(struct buf *out, const struct op_proof *proof)
{
    wire_put_array(out, 2);
    wire_put_bin(out, proof->part, proof->part_len);
    wire_put_bin(out, proof->device_sig, SIG_LEN);
}

enum err message_statement_decode(struct op_proof *proof, const uint8_t *payload, size_t len)
{
    *proof = (struct op_proof){.type = PROOF_STATEMENT};
    struct wire_doc doc;
    enum err err = wire_open(&doc, payload, len, 1, 3);
    if (err != ERR_OK)
        return err;
    struct op_join said;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 2, 2);
    proof->part = wire_bin(&in, &proof->part_len, 1, PROOF_PART_MAX);
    wire_bytes(&in, proof->device_sig, SIG_LEN);
    wire_join(&root, &in);
    wire_close(&doc);
    err = root.err == ERR_OK ? op_proof_decode(&said, proof) : root.err;
    if (err != ERR_OK)
        *proof = (struct op_proof){0};
    return err;
}

void message_successor_encode(struct buf *out, const struct message_successor *successor)
{
    wire_put_array(out, 2);
    wire_put_bin(out, successor->header, successor->header_len);
    wire_put_bin(out, successor->sig, SIG_LEN);
}

enum err message_successor_decode(struct message_successor *successor, const uint8_t *payload,
                                  size_t len)
{
    struct wire_doc doc;
    *successor = (struct message_successor){0};
    enum err err = wire_open(&doc, payload, len, 1, 3);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 2, 2);
    successor->header = wire_bin(&in, &successor->header_len, 1, HEADER_MAX);
    wire_bytes(&in, successor->sig, SIG_LEN);
    wire_join(&root, &in);
    wire_close(&doc);
    return root.err;
}

void message_body_encode(struct buf *out, const struct message_body *body)
{
    message_part_put_body(out, body);
}

enum err message_body_decode(struct message_body *body, const uint8_t *payload, size_t len)
{
    *body = (struct message_body){0};
    struct wire_doc doc;
    enum err err = wire_open(&doc, payload, len, 1, 4);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    message_part_take_body(body, &root, false);
    wire_close(&doc);
    if (root.err != ERR_OK)
        *body = (struct message_body){0};
    return root.err;
}

void message_note_encode(struct buf *out, const struct note *note)
{
    message_part_put_note(out, note);
}

enum err message_note_decode(struct note *note, const uint8_t *payload, size_t len)
{
    struct wire_doc doc;
    *note = (struct note){0};
    enum err err = wire_open(&doc, payload, len, 2, 5 + WITNESSES_MAX);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    message_part_take_note(note, &root);
    wire_close(&doc);
    if (root.err != ERR_OK)
        *note = (struct note){0};
    return root.err;
}

void message_piece_encode(struct buf *out, const struct message_piece *piece)
{
    wire_put_array(out, 4);
    wire_put_bin(out, piece->blob, HASH_LEN);
    wire_put_uint(out, piece->total);
    wire_put_uint(out, piece->offset);
    wire_put_bin(out, piece->bytes ? piece->bytes : (const uint8_t *)"", piece->len);
}

enum err message_piece_decode(struct message_piece *piece, const uint8_t *payload, size_t len)
{
    *piece = (struct message_piece){0};
    struct wire_doc doc;
    enum err err = wire_open(&doc, payload, len, 1, 8);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 4, 4);
    wire_bytes(&in, piece->blob, HASH_LEN);
    piece->total = wire_uint(&in, BLOB_MAX);
    piece->offset = wire_uint(&in, BLOB_MAX);
    piece->bytes = wire_bin(&in, &piece->len, 0, BLOB_PIECE_MAX);
    err = wire_end(&in);
    wire_close(&doc);
    if (err == ERR_OK && piece->offset + piece->len > piece->total && piece->len > 0)
        err = ERR_FORMAT;
    return err;
}
