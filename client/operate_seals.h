/* SPDX-License-Identifier: Apache-2.0
 *
 * operate_seals: which devices get which seal with a control leaf.
 *
 * Several operations may leave in one push: the list of members follows what each of them will do, so that an
 * epoch_change behind them is sealed to those who read afterwards.
 */
#ifndef CLIENT_OPERATE_SEALS_H
#define CLIENT_OPERATE_SEALS_H

#include "client/engine_inside.h"

struct seals_member {
    uint8_t id[ID_LEN];
    uint8_t x_pk[PK_LEN];
    uint8_t roles;
    bool active, paper;
};

struct seals {
    size_t n_members, cap;
    struct seals_member *members;
    bool lost;  /* somebody loses the right to read */
    bool trial; /* one leaf still suffices for everything, after the leaves made so far */
    /* Of the leaf being made: */
    size_t n;
    struct leaf_seal *list;
    uint8_t (*bytes)[SEAL_LEN_MAX];
};

/** The members as the log has them; for a founding the founder alone. ERR_MEMORY. */
enum err seals_start(const struct space *space, struct seals *seals);
enum err seals_found(struct seals *seals, const uint8_t id[static ID_LEN],
                     const uint8_t x_pk[static PK_LEN]);
void seals_free(struct seals *seals);

/** The seal that a device_add, role_set or confirm needs, if any, with the keys of the current epoch. ERR_NO_KEY. */
enum err seals_for_member(struct engine *engine, const struct space *space, const struct leaf *leaf,
                          struct seals *seals);

/** Seals for all readers and auditors, ascending by device. */
enum err seals_for_all(struct seals *seals, uint32_t epoch, const uint8_t ek_sk[static 2 * KEY_LEN],
                       const uint8_t route[static KEY_LEN]);

/** keys32 over the list. */
enum err seals_hash(const struct seals *seals, uint8_t hash[static HASH_LEN]);

/** Carries out on the list of members what the leaf will do, and empties the list of seals. */
void seals_follow(const struct space *space, const struct leaf *leaf, struct seals *seals);

#endif
