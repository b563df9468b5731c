/* SPDX-License-Identifier: Apache-2.0
 *
 * testdevice: a device in memory that speaks the protocol through proto/ and nothing else. It founds, invites, joins,
 * approves, writes, rotates, revokes and erases; keeps what it sent until that was answered; and verifies every
 * answer as a client must. It has no domain and merges nothing: bodies hold what the test says.
 *
 *     struct testdevice a;
 *     testdevice_init(&a, 1);
 *     testdevice_server(&a, bytes, len);                    what GET /v1/server answered
 *     struct testspace *s = testdevice_found(&a, secret);   queues a founding push
 *     testdevice_sync(&a, send, ctx, now_ms);               one round trip
 *
 * Queued leaves are built by testdevice_request and sent again, byte for byte, until they are answered.
 */
#ifndef TESTS_TESTDEVICE_H
#define TESTS_TESTDEVICE_H

#include "proto/fold.h"
#include "proto/message.h"
#include "proto/seal.h"

enum {
    TESTDEVICE_SPACES = 8,
    TESTDEVICE_EPOCHS = 64,
    TESTDEVICE_QUEUE = 256,
    TESTDEVICE_WAITING = 64
};

/** A leaf to push. */
struct testleaf {
    enum leaf_kind kind;
    struct op op;        /* operations; its list is the testleaf's */
    struct buf plain[4]; /* plaintexts of the bodies */
    size_t n_bodies;
    struct buf proof; /* device_add: payload of the join */
    bool birth;       /* data: a slot is born with it */
    uint8_t shred[ID_LEN];
    bool built;
    struct buf header, body[4], seals; /* seals: SEAL_LEN_MAX each */
    uint8_t sig[SIG_LEN], hash[HASH_LEN];
    uint64_t seq;
    size_t n_seals;
    struct leaf_seal seal[64];
    struct leaf_slot slot;
    bool sent; /* in the request that waits for its answer */
};

/** An entry of the log as this device has it. */
struct testentry {
    uint64_t t_recv_ms;
    struct buf header;
    uint8_t sig[SIG_LEN];
    enum leaf_kind kind;
    uint8_t device[ID_LEN];
    uint64_t seq;
    enum err verdict; /* of the fold */
    size_t n_bodies, n_present;
    struct buf body[4]; /* as they travelled: bodies or hashes */
    unsigned n_nodes;
    uint8_t (*nodes)[HASH_LEN];
};

struct testkeys {
    bool member, route; /* has EK and SK; has K_route */
    uint8_t ek[KEY_LEN], sk[KEY_LEN], k_route[KEY_LEN];
};

struct testspace {
    uint8_t id[ID_LEN];
    struct fold *fold;
    struct tree tree;
    struct testentry *entries; /* fold->size of them */
    struct note note;          /* the newest that was verified */
    struct testkeys keys[TESTDEVICE_EPOCHS + 1];
    uint64_t keys_rev, seq, seq_used; /* of the last covered leaf; the greatest ever used */
    uint8_t prev[HASH_LEN];
    struct testleaf *queue[TESTDEVICE_QUEUE];
    size_t n_queue;
    struct buf join; /* payload that waits to be sent, sent until the device is in */
    uint8_t invite_secret[SEED_LEN];
    struct message_inbox
        inbox[TESTDEVICE_WAITING]; /* extra items to send once; payloads borrowed */
    size_t n_inbox;
    struct leaf_slot rewrap[TESTDEVICE_WAITING]; /* sent once */
    size_t n_rewrap;
    struct message_want want[TESTDEVICE_WAITING]; /* sent once */
    size_t n_want;
    uint64_t erased_upto;
    /* of the last answer */
    enum err status;
    bool full, more;
    uint64_t server_size;
    size_t n_waiting; /* joins that ask for approval */
    struct buf waiting[TESTDEVICE_WAITING];
    size_t n_slots, n_seals, n_lists, n_stale, n_got, n_bodies_wanted;
    struct leaf_slot slots[TESTDEVICE_QUEUE];
    size_t refused;   /* leaves, but for those behind the first */
    enum err refusal; /* of the first of them */
    size_t n_items;
    struct message_item items[TESTDEVICE_QUEUE];
    size_t accepted;
};

struct testdevice {
    uint8_t id[ID_LEN], ed_pk[PK_LEN], ed_sk[SK_LEN], x_pk[PK_LEN], x_sk[KEY_LEN];
    struct message_server server;
    uint8_t aud[HASH_LEN], store_id[STORE_ID_LEN];
    bool has_link;
    uint8_t link_secret[SEED_LEN];
    bool known; /* the server knows this device */
    uint64_t max_bytes, wait_ms, flags;
    struct message_request request; /* the last one */
    size_t n_spaces;
    struct testspace *spaces[TESTDEVICE_SPACES];
    enum err status; /* of the last answer as a whole */
    uint64_t server_time_ms;
};

/** Carries a request; fills `response` (empty: lost on the way) and the HTTP status. */
typedef enum err (*testdevice_send)(void *ctx, const uint8_t *request, size_t len,
                                    struct buf *response, int *http);

/** Keys from `number`: the same number, the same device. */
void testdevice_init(struct testdevice *device, uint32_t number);
void testdevice_fini(struct testdevice *device);

/** Pins a server by its answer to GET /v1/server. */
enum err testdevice_server(struct testdevice *device, const uint8_t *bytes, size_t len);

/** Queues genesis, epoch 1 and a label. `secret` of a founder link, or NULL for a device that the server knows. */
struct testspace *testdevice_found(struct testdevice *device, const uint8_t *secret);

/** Knows a space by its id. */
struct testspace *testdevice_enter(struct testdevice *device, const uint8_t id[static ID_LEN]);

/** Sends a join with this invite's secret until the device is in. */
void testdevice_join(struct testdevice *device, struct testspace *space,
                     const uint8_t secret[static SEED_LEN]);

/* Queue leaves. All give the queued leaf, for tests that change it before it is built. */
struct testleaf *testdevice_invite(struct testdevice *device, struct testspace *space,
                                   uint8_t roles, uint64_t expires_s,
                                   uint8_t secret[static SEED_LEN]);
/** A device_add for waiting join `i` of the last answer. */
struct testleaf *testdevice_approve(struct testdevice *device, struct testspace *space, size_t i,
                                    uint8_t roles);
struct testleaf *testdevice_write(struct testdevice *device, struct testspace *space,
                                  const void *plain, size_t len, bool birth);
struct testleaf *testdevice_rotate(struct testdevice *device, struct testspace *space);
/** Any other operation; `op` without ctl_prev. Takes op.u.erase.list. */
struct testleaf *testdevice_operate(struct testdevice *device, struct testspace *space,
                                    struct op op);

/** Forgets what is queued. */
void testdevice_drop(struct testspace *space);

/** Builds what is queued (unless it was) and makes a request over all spaces. */
enum err testdevice_request(struct testdevice *device, uint64_t now_ms, struct buf *out);

/** Verifies and takes the answer. ERR_OK: all of it is good (statuses aside); else what is wrong with it. */
enum err testdevice_response(struct testdevice *device, const uint8_t *bytes, size_t len);

/** One round trip. ERR_NET: no answer. */
enum err testdevice_sync(struct testdevice *device, testdevice_send send, void *ctx,
                         uint64_t now_ms);

/** The space with this id; NULL. */
struct testspace *testdevice_space(struct testdevice *device, const uint8_t id[static ID_LEN]);

#endif
