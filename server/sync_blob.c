/* SPDX-License-Identifier: Apache-2.0
 *
 * Attachments: pieces come in with the inbox of a row, and go with the slot row of their dossier.
 */
#include <string.h>

#include "server/log.h"
#include "server/metrics.h"
#include "server/store_blob.h"
#include "server/sync_inside.h"

static bool row_erased(const struct fold *fold, const uint8_t row[static ID_LEN])
{
    for (size_t i = 0; i < fold->n_erased; i++) {
        if (memcmp(fold->erased[i].row, row, ID_LEN) == 0)
            return true;
    }
    return false;
}

/* Asked with the first piece of each: what has begun may end. */
static enum err has_room(const struct sync_work *work, const struct message_piece *piece)
{
    const struct sync_config *config = &work->sync->config;
    uint64_t bytes = 0;
    if (config->space_blobs_max == 0 || piece->offset > 0)
        return ERR_OK;
    enum err err = store_blob_bytes(config->folder, work->row->space, &bytes);
    if (err == ERR_OK && (piece->total > config->space_blobs_max ||
                          bytes > config->space_blobs_max - piece->total)) {
        metrics_add(METRIC_QUOTA_BLOBS, 1);
        err = ERR_QUOTA;
    }
    return err;
}

enum err sync_piece(struct sync_work *work, const struct fold_device *device,
                    const struct message_inbox *in, uint64_t *have)
{
    enum err err = ERR_OK;
    struct sync *sync = work->sync;
    struct message_piece piece;
    *have = 0;
    if (!sync->config.folder)
        return ERR_VERSION;
    if (!device->active || !(device->roles & ROLE_WRITER))
        return ERR_DENIED;
    if (row_erased(work->space->fold, in->id))
        return ERR_ERASED;
    TRY(message_piece_decode(&piece, in->payload, in->payload_len));
    if (piece.total == 0)
        TRY(ERR_FORMAT);
    TRY(has_room(work, &piece));
    const struct sync_quota more = {.bytes = piece.len};
    TRY(sync_quota(work, &more));
    err = store_blob_put(sync->config.folder, work->row->space, in->id, &piece, have);
out:
    return err;
}

void sync_blobs_erase(struct sync *sync, bool committed)
{
    for (size_t i = 0; committed && sync->config.folder && i < sync->n_gone; i++) {
        enum err err =
            store_blob_erase(sync->config.folder, sync->gone[i].space, sync->gone[i].row);
        if (err != ERR_OK)
            LOG(LOG_ERROR, "attachments_left", LOG_ERR("err", err));
    }
    sync->n_gone = 0;
}
