/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: no text but one made by the log passes as its checkpoint.
 */
#include <stdlib.h>

#include "proto/digest.h"
#include "proto/note.h"
#include "proto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[SEED_LEN] = {7};
    uint8_t pk[PK_LEN], sk[SK_LEN];
    struct note note;
    if (digest_init() != ERR_OK)
        abort();
    sign_keypair(pk, sk, seed);
    if (note_parse(&note, (const char *)data, size, "log.example/aaaaaaaaaaaaaaaaaaaaaaaaaa", pk) ==
        ERR_OK)
        abort();
    return 0;
}
