/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes of a row: at the page's end, beyond it, and those that were seen earlier and must come true.
 */
#include <string.h>

#include "client/take_inside.h"
#include "client/witness.h"

static enum err keep_note(struct take *take, uint64_t id, const struct note *note)
{
    return replica_put(take->engine->replica, REPLICA_NOTE, take->space->no, id, note,
                       sizeof *note);
}

struct promised {
    struct take *take;
    uint64_t done[64];
    size_t n_done;
    bool broken;
};

/* A note seen earlier (the head of an earlier page, or another device's) against the log as it is now. */
static enum err check_promise(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct promised *promised = ctx;
    struct take *take = promised->take;
    struct note note;
    uint8_t root[HASH_LEN];
    if (id == 0 || id > take->space->fold->size || len != sizeof note ||
        promised->n_done == sizeof promised->done / sizeof *promised->done)
        return ERR_OK;
    memcpy(&note, plain, sizeof note);
    enum err err = space_root_at(&take->reader, note.size, root);
    if (err != ERR_OK)
        return err;
    promised->broken = promised->broken || memcmp(root, note.root, HASH_LEN) != 0;
    promised->done[promised->n_done++] = id;
    return ERR_OK;
}

static enum err check_promises(struct take *take)
{
    enum err err = ERR_OK;
    struct promised promised = {.take = take};
    TRY(replica_each(take->engine->replica, REPLICA_NOTE, take->space->no, check_promise,
                     &promised));
    take->proven = promised.broken;
    if (promised.broken)
        return take_evidence(take, ERR_FORK, UINT64_MAX);
    for (size_t i = 0; i < promised.n_done; i++)
        TRY(replica_delete(take->engine->replica, REPLICA_NOTE, take->space->no, promised.done[i]));
out:
    return err;
}

/* The newest note beyond this page: proved to continue it, then remembered until its size is reached. */
static enum err take_head(struct take *take, const char *origin,
                          const uint8_t root[static HASH_LEN])
{
    const struct message_row *row = take->row;
    if (!row->has_head)
        return ERR_OK;
    if (note_verify(&row->head, origin, take->space->fold->log_pk) != ERR_OK)
        return take_evidence(take, ERR_SIGNATURE, UINT64_MAX);
    if (row->head.size < row->note.size ||
        tree_consistency_verify(&row->head_proof, row->note.size, row->head.size, root,
                                row->head.root) != ERR_OK)
        return take_evidence(take, ERR_FORK, UINT64_MAX);
    return row->head.size > take->space->fold->size ? keep_note(take, row->head.size, &row->head)
                                                    : ERR_OK;
}

/* Notes of earlier sizes that witnesses cosigned. One that the own history does not produce accuses the log. */
static enum err take_cosigned(struct take *take, const char *origin)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    for (size_t i = 0; i < take->row->n_inbox; i++) {
        const struct message_inbox *item = &take->row->inbox[i];
        struct note *note = &take->cosigned;
        uint8_t root[HASH_LEN];
        if (item->type != INBOX_NOTE ||
            message_note_decode(note, item->payload, item->payload_len) != ERR_OK ||
            note->size == 0 || note->size > space->fold->size ||
            note_verify(note, origin, fold_log_pk(space->fold, note->size)) != ERR_OK)
            continue;
        TRY(space_root_at(&take->reader, note->size, root));
        if (memcmp(root, note->root, HASH_LEN) != 0) {
            take->proven = true;
            take->accused = note;
            return take_evidence(take, ERR_FORK, UINT64_MAX);
        }
        TRY(witness_take(take->engine, space, note));
    }
out:
    return err;
}

enum err take_notes(struct take *take)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    const struct message_row *row = take->row;
    uint8_t root[HASH_LEN];
    char origin[NOTE_ORIGIN_MAX];
    if (!row->has_note)
        return row->n_leaves ? take_evidence(take, ERR_WITHHELD, UINT64_MAX) : ERR_OK;
    if (space->fold->size == 0)
        return take_evidence(take, ERR_ROOT, 0);
    TRY(space_origin(space, origin));
    if (note_verify(&row->note, origin, space->fold->log_pk) != ERR_OK)
        return take_evidence(take, ERR_SIGNATURE, UINT64_MAX);
    tree_root(&space->tree, root);
    if (row->note.size != space->fold->size)
        return take_evidence(take, row->note.size < take->size_before ? ERR_ROLLBACK : ERR_ROOT,
                             UINT64_MAX);
    if (memcmp(root, row->note.root, HASH_LEN) != 0) {
        /* Same size, other root: both notes are signed. Otherwise its entries do not produce it: one that its author
         * did not sign was altered; if all are signed, they continue another history than ours. */
        take->proven = row->n_leaves == 0;
        bool other_history = take->first_bad == UINT64_MAX && take->size_before > 0;
        return take_evidence(take, other_history ? ERR_FORK : ERR_ROOT, UINT64_MAX);
    }
    space->note = row->note;
    space->has_note = true;
    TRY(witness_take(take->engine, space, &row->note));
    TRY(take_cosigned(take, origin));
    TRY(keep_note(take, 0, &row->note));
    TRY(take_head(take, origin, root));
    TRY(check_promises(take));
out:
    return err;
}
