/* SPDX-License-Identifier: Apache-2.0
 *
 * message_sample: a request and a response in which every optional part is present, for the tests of messages.
 */
#ifndef TESTS_UNIT_MESSAGE_SAMPLE_H
#define TESTS_UNIT_MESSAGE_SAMPLE_H

#include "proto/message.h"
#include "proto/seal.h"
#include "proto/sign.h"
#include "tests/unit/proto_test.h"

/** Keys of one device and of one server, always the same ones. */
struct sample_keys {
    uint8_t ed_pk[PK_LEN], ed_sk[SK_LEN], device[ID_LEN];
    uint8_t log_pk[PK_LEN], log_sk[SK_LEN], aud[HASH_LEN];
    uint8_t resp_pk[PK_LEN], resp_sk[SK_LEN];
};
void sample_keys_make(struct sample_keys *keys);

/** Arrays that the rows point into. */
struct sample_rows {
    uint8_t bytes[256]; /* 0, 1, 2, ...: what headers, bodies and payloads are cut from */
    struct leaf_body bodies[4];
    struct message_leaf leaves[3];
    struct message_body loose[2];
    struct leaf_slot slots[2];
    struct leaf_seal seals[2];
    struct message_want want[2];
    struct message_inbox inbox[2];
    struct message_item items[2];
    struct message_list_lines lists[1];
    uint8_t stale[2][ID_LEN];
    struct message_row rows[3];
};

/** A request with auth, link signature and three rows: everything, one leaf alone, nothing to say. */
void sample_request(struct message_request *request, struct sample_rows *rows,
                    const struct sample_keys *keys);

/** A response with three rows: everything, a page that only has a note, a bare status. */
void sample_response(struct message_response *response, struct sample_rows *rows);

/** Compares what was decoded with what was written. */
void sample_same_leaf(const struct message_leaf *a, const struct message_leaf *b);
void sample_same_lists(const struct message_row *a, const struct message_row *b);

#endif
