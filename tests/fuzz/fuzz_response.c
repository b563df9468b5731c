/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any response is refused unless signed; the same bytes, signed by us, are decoded or refused within bounds.
 */
#include <stdlib.h>

#include "proto/digest.h"
#include "proto/message.h"
#include "proto/sign.h"
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t hash[HASH_LEN], seed[SEED_LEN] = {1};
    uint8_t pk[PK_LEN], sk[SK_LEN], sig[SIG_LEN], digest[HASH_LEN];
    struct message_response response = {0};
    if (digest_init() != ERR_OK)
        abort();
    sign_keypair(pk, sk, seed);
    if (message_response_open(&response, data, size, hash, pk) == ERR_OK)
        abort();
    message_response_free(&response);

    /* `data` as the body of a rightly signed answer (PROTOCOL.md 9) */
    static const uint8_t time_be[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    digest_sha256_of(digest, data, size);
    const struct digest_part parts[] = {{hash, HASH_LEN}, {time_be, 8}, {digest, HASH_LEN}};
    struct buf out = {0};
    if (sign_make(sig, sk, TAG_RESP, parts, 3) != ERR_OK)
        abort();
    wire_put_array(&out, 4);
    wire_put_uint(&out, 1);
    wire_put_uint(&out, 1);
    wire_put_bin(&out, data, size);
    wire_put_bin(&out, sig, SIG_LEN);
    struct message_response signed_response = {0};
    enum err err = message_response_open(&signed_response, out.bytes, out.len, hash, pk);
    if (err == ERR_SIGNATURE)
        abort();
    message_response_free(&signed_response);
    buf_free(&out);
    return 0;
}
