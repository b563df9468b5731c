/* SPDX-License-Identifier: Apache-2.0
 *
 * parcel: work that its device can no longer send, sealed for the people who decide about it (PROTOCOL.md 9.1).
 *
 *   payload  = [1, [device16, box80, ...], sealed, sig64]        box = sealed box of K to that device's x_pk
 *   sealed   = nonce24 | AEAD(K, pad(compressed(document)), "passerelle/outbox/v1" NUL space | device)
 *   document = [[shred16, RK32, ...], [edit, ...]]               keys of dossiers that were never logged
 *   edit     = [author16, run8, pack, shred16, ordinal, time_s, [record8, field, base, value, ...]]
 *   sig      = of the device, tag "passerelle/outbox/v1", over space | device | SHA-256(sealed)
 */
#ifndef CLIENT_PARCEL_H
#define CLIENT_PARCEL_H

#include "client/engine_inside.h"

/* Values in one parcel, uncompressed: its payload then fits INBOX_ITEM_MAX whatever they are. */
enum { PARCEL_RAW_MAX = 320 << 10, PARCEL_TO_MAX = 256 };

/** Who can open it. */
struct parcel_to {
    uint8_t id[ID_LEN];
    uint8_t x_pk[PK_LEN];
};

/** Appends a parcel with `n` edits (ids, ascending) of the space. The edits' dossiers that are not born travel with
 * their keys. ERR_TOO_BIG, ERR_MEMORY, ERR_IO. */
enum err parcel_make(struct engine *engine, struct space *space, const uint64_t *edits, size_t n,
                     const struct parcel_to *to, size_t n_to, struct buf *payload);

/** The parcel's own key K, once its sender is known to be `from`. ERR_SIGNATURE, ERR_FORMAT: drop it; ERR_NO_KEY: it is
 * not for this device. */
enum err parcel_key(const struct engine *engine, const struct space *space,
                    const struct fold_device *from, const uint8_t *payload, size_t len,
                    uint8_t key[static KEY_LEN]);

/** What a parcel holds, one after the other; everything borrowed for the call. */
struct parcel_reader {
    enum err (*dossier)(void *ctx, const uint8_t shred[static ID_LEN],
                        const uint8_t rk[static KEY_LEN]);
    /** author, run, pack, shred, ordinal and n of `edit` are set. */
    enum err (*edit)(void *ctx, const struct outbox_edit *edit, int64_t time_s,
                     const struct change *items);
    void *ctx;
};

/** Reads it: every dossier, then every edit. ERR_CORRUPT, ERR_FORMAT: nothing of it is to be used. */
enum err parcel_read(const uint8_t space[static ID_LEN], const uint8_t device[static ID_LEN],
                     const uint8_t *payload, size_t len, const uint8_t key[static KEY_LEN],
                     const struct parcel_reader *reader);

#endif
