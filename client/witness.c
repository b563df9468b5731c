/* SPDX-License-Identifier: Apache-2.0
 *
 *   record 1 = u64be when a note came last, ms
 *   record 2 = u64be when the list of witnesses was set, ms
 *   record 3 = (pk32 | u64be seconds) ...      newest cosignature of each witness
 */
#include "client/witness.h"

#include <string.h>

#include "client/engine_inside.h"

enum { NOTE_ID = 1, SET_ID = 2, TIMES_ID = 3, LINE_LEN = PK_LEN + 8 };
enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, AMBER_S = 7 * DAY_S, RED_S = 30 * DAY_S };

static uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* A failure of the disk or of memory has ended the transaction under way: it must not be passed over. */
static enum err absent_is_fine(enum err err)
{
    return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
}

/* 0 when there is no such record. */
static enum err load_ms(struct engine *engine, const struct space *space, uint64_t id,
                        uint64_t *value)
{
    struct buf plain = {.max = 64};
    enum err err = replica_get(engine->replica, REPLICA_WITNESS, space->no, id, &plain);
    *value = err == ERR_OK && plain.len == 8 ? get_u64(plain.bytes) : 0;
    buf_free(&plain);
    return absent_is_fine(err);
}

static enum err store_ms(struct engine *engine, const struct space *space, uint64_t id,
                         uint64_t value)
{
    struct buf plain = {.max = 64};
    buf_u64be(&plain, value);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_WITNESS, space->no, id, plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

/* --- cosignatures --- */

struct times {
    size_t n;
    struct {
        uint8_t pk[PK_LEN];
        uint64_t seconds;
    } items[WITNESSES_MAX];
};

/* Of the witnesses in force; those that never cosigned have 0. */
static enum err load_times(struct engine *engine, const struct space *space, struct times *times)
{
    struct buf plain = {.max = WITNESSES_MAX * LINE_LEN};
    const struct fold *fold = space->fold;
    enum err err = replica_get(engine->replica, REPLICA_WITNESS, space->no, TIMES_ID, &plain);
    *times = (struct times){.n = fold->n_witnesses};
    for (size_t i = 0; i < times->n; i++) {
        memcpy(times->items[i].pk, fold->witnesses[i].pk, PK_LEN);
        for (size_t at = 0; at + LINE_LEN <= plain.len; at += LINE_LEN) {
            if (memcmp(plain.bytes + at, fold->witnesses[i].pk, PK_LEN) == 0)
                times->items[i].seconds = get_u64(plain.bytes + at + PK_LEN);
        }
    }
    buf_free(&plain);
    return absent_is_fine(err);
}

static enum err store_times(struct engine *engine, const struct space *space,
                            const struct times *times)
{
    struct buf plain = {.max = WITNESSES_MAX * LINE_LEN};
    for (size_t i = 0; i < times->n; i++) {
        buf_put(&plain, times->items[i].pk, PK_LEN);
        buf_u64be(&plain, times->items[i].seconds);
    }
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_WITNESS, space->no, TIMES_ID, plain.bytes,
                          plain.len);
    buf_free(&plain);
    return err;
}

enum err witness_take(struct engine *engine, struct space *space, const struct note *note)
{
    enum err err = ERR_OK;
    struct times times;
    char origin[NOTE_ORIGIN_MAX];
    bool news = false;
    TRY(store_ms(engine, space, NOTE_ID, engine->now_ms));
    TRY(space_origin(space, origin));
    TRY(load_times(engine, space, &times));
    for (size_t i = 0; i < times.n; i++) {
        const struct fold_witness *witness = &space->fold->witnesses[i];
        for (unsigned k = 0; k < note->n_cosigs; k++) {
            uint64_t seconds;
            if (note_cosign_verify(&seconds, note->cosigs[k], note, origin, witness->name,
                                   witness->pk) != ERR_OK ||
                seconds <= times.items[i].seconds)
                continue;
            times.items[i].seconds = seconds;
            news = true;
        }
    }
    if (news)
        TRY(store_times(engine, space, &times));
out:
    return err;
}

enum err witness_changed(struct engine *engine, struct space *space, uint64_t t_recv_ms)
{
    return store_ms(engine, space, SET_ID, t_recv_ms);
}

/* When as many as the space asks for had confirmed: the quorum-th newest time. */
static uint64_t quorum_s(const struct fold *fold, const struct times *times)
{
    uint64_t best = 0;
    size_t quorum = fold->quorum ? fold->quorum : 1;
    for (size_t i = 0; i < times->n; i++) {
        size_t as_new = 0;
        for (size_t k = 0; k < times->n; k++)
            as_new += times->items[k].seconds >= times->items[i].seconds;
        if (as_new >= quorum && times->items[i].seconds > best)
            best = times->items[i].seconds;
    }
    return best;
}

enum witness_level witness_level(struct engine *engine, size_t i, uint64_t *at_s)
{
    const struct space *space = engine_at(engine, i);
    struct times times;
    if (at_s)
        *at_s = 0;
    if (!space->fold || space->fold->n_witnesses == 0)
        return WITNESS_NONE;
    uint64_t set_ms, now = engine->now_ms / 1000;
    /* What cannot be read counts as never. */
    (void)load_times(engine, space, &times);
    (void)load_ms(engine, space, SET_ID, &set_ms);
    uint64_t confirmed = quorum_s(space->fold, &times), since = set_ms / 1000;
    if (at_s)
        *at_s = confirmed;
    if (confirmed > since)
        since = confirmed;
    uint64_t age = now > since ? now - since : 0;
    return age >= RED_S ? WITNESS_RED : age >= AMBER_S ? WITNESS_AMBER : WITNESS_FRESH;
}

uint64_t witness_time(struct engine *engine, size_t i, size_t k)
{
    const struct space *space = engine_at(engine, i);
    struct times times;
    (void)load_times(engine, space, &times);
    return k < times.n ? times.items[k].seconds : 0;
}

/* --- asking --- */

enum err witness_ask(struct engine *engine, struct space *space, struct message_row *row)
{
    enum err err = ERR_OK;
    struct times times;
    uint64_t now_ms = engine->now_ms, last_ms;
    if (space->pub.state != SPACE_ACTIVE || space->fold->size == 0)
        return ERR_OK;
    TRY(load_ms(engine, space, NOTE_ID, &last_ms));
    TRY(load_times(engine, space, &times));
    uint64_t since_s = now_ms > last_ms ? (now_ms - last_ms) / 1000 : 0;
    uint64_t heard = quorum_s(space->fold, &times);
    bool silent = times.n > 0 && heard + DAY_S < now_ms / 1000 && since_s >= HOUR_S;
    /* A clock that went back must not keep this device from asking. */
    if (last_ms <= now_ms + (uint64_t)DAY_S * 1000 && since_s < DAY_S && !silent)
        return ERR_OK;
    row->want[row->n_want++] = (struct message_want){.leaf = 0, .box = 0};
out:
    return err;
}
