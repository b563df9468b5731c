/* SPDX-License-Identifier: Apache-2.0
 *
 * A log that a test writes by hand, behind the engine's functions that a view calls: authors, bases, times and indexes
 * are what the test says. Included by one test program at a time; the real engine is then not linked.
 */
#ifndef TESTS_UNIT_FAKE_ENGINE_H
#define TESTS_UNIT_FAKE_ENGINE_H

#include <stdlib.h>
#include <string.h>

#include "client/engine.h"
#include "proto/wire.h"

enum { FAKE_SPACES = 3, FAKE_LOG = 4096 };

struct engine {
    struct engine_space spaces[FAKE_SPACES];
    size_t n_spaces;
    struct fake_entry {
        struct engine_change change;
        bool pending;
        uint8_t value[512];
    } log[FAKE_LOG];
    size_t n;
    unsigned replays; /* entries given by engine_replay */
};

static struct engine fake;

static inline void fake_reset(void)
{
    memset(&fake, 0, sizeof fake);
    fake.n_spaces = 1;
    for (size_t i = 0; i < FAKE_SPACES; i++) {
        memset(fake.spaces[i].id, (int)(0xa0 + i), ID_LEN);
        fake.spaces[i].level = LEVEL_TEAM;
        fake.spaces[i].state = SPACE_ACTIVE;
        fake.spaces[i].roles = ROLE_READER | ROLE_WRITER;
        strcpy(fake.spaces[i].name, "Equipe");
    }
}

/* What the next changes have in common. */
struct fake_author {
    uint8_t author;
    uint64_t base;
    int64_t time_s;
    uint16_t pack;
    size_t space;
    bool pending;
};

/* One change whose value is in `value` (wire form); each is a leaf of its own, received at its index in minutes. */
static inline void fake_put(const struct fake_author *by, uint8_t shred, uint8_t record,
                            uint32_t field, const struct buf *value)
{
    struct fake_entry *entry = &fake.log[fake.n++];
    struct engine_space *space = &fake.spaces[by->space];
    if (fake.n >= FAKE_LOG || value->len > sizeof entry->value)
        abort();
    *entry = (struct fake_entry){.pending = by->pending};
    entry->change.space = by->space;
    entry->change.pack = by->pack ? by->pack : 1;
    memset(entry->change.shred, shred, ID_LEN);
    if (record)
        memset(entry->change.change.record, record, RECORD_LEN);
    entry->change.change.field = field;
    entry->change.change.base = by->base;
    entry->change.change.time_s = by->time_s;
    entry->change.change.ordinal = fake.n;
    memset(entry->change.author, by->author, ID_LEN);
    memset(entry->change.device, by->author, ID_LEN);
    entry->change.index = by->pending ? UINT64_MAX : space->size;
    entry->change.t_recv_ms = by->pending ? UINT64_MAX : 1700000000000 + space->size * 60000;
    if (!by->pending)
        space->size++;
    memcpy(entry->value, value->bytes, value->len);
    entry->change.change.value = entry->value;
    entry->change.change.value_len = value->len;
}

static inline void fake_text(const struct fake_author *by, uint8_t shred, uint8_t record,
                             uint32_t field, const char *text)
{
    struct buf value = {0};
    wire_put_str(&value, text, strlen(text));
    fake_put(by, shred, record, field, &value);
    buf_free(&value);
}

static inline void fake_int(const struct fake_author *by, uint8_t shred, uint8_t record,
                            uint32_t field, int64_t number)
{
    struct buf value = {0};
    wire_put_int(&value, number);
    fake_put(by, shred, record, field, &value);
    buf_free(&value);
}

static inline void fake_bool(const struct fake_author *by, uint8_t shred, uint8_t record,
                             uint32_t field, bool yes)
{
    struct buf value = {0};
    wire_put_bool(&value, yes);
    fake_put(by, shred, record, field, &value);
    buf_free(&value);
}

static inline void fake_element(const struct fake_author *by, uint8_t shred, uint8_t record,
                                uint32_t field, int add, const char *text)
{
    struct buf value = {0};
    wire_put_array(&value, 2);
    wire_put_uint(&value, (uint64_t)add);
    wire_put_str(&value, text, strlen(text));
    fake_put(by, shred, record, field, &value);
    buf_free(&value);
}

/* A reference of 8, 16 or 24 bytes. */
static inline void fake_ref(const struct fake_author *by, uint8_t shred, uint8_t record,
                            uint32_t field, const uint8_t *bytes, size_t len)
{
    struct buf value = {0};
    wire_put_bin(&value, bytes, len);
    fake_put(by, shred, record, field, &value);
    buf_free(&value);
}

/* What waited is logged now. */
static inline void fake_send(void)
{
    for (size_t i = 0; i < fake.n; i++) {
        struct fake_entry *entry = &fake.log[i];
        if (!entry->pending)
            continue;
        struct fake_entry moved = *entry;
        struct engine_space *space = &fake.spaces[moved.change.space];
        moved.pending = false;
        moved.change.index = space->size;
        moved.change.t_recv_ms = 1700000000000 + space->size * 60000;
        space->size++;
        *entry = moved;
    }
}

size_t engine_space_count(const struct engine *engine)
{
    return engine->n_spaces;
}

bool engine_dossier_home(const struct engine *engine, size_t space,
                         const uint8_t shred[static ID_LEN])
{
    (void)engine, (void)space, (void)shred;
    return true;
}

const struct engine_space *engine_space(const struct engine *engine, size_t i)
{
    return &engine->spaces[i];
}

const struct fold *engine_fold(const struct engine *engine, size_t i)
{
    (void)engine, (void)i;
    return NULL;
}

const char *engine_device_label(const struct engine *engine, size_t space,
                                const uint8_t device[static ID_LEN])
{
    (void)engine, (void)space, (void)device;
    return "";
}

const uint8_t *engine_device(const struct engine *engine)
{
    static const uint8_t me[ID_LEN] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    (void)engine;
    return me;
}

static inline enum err fake_give(struct engine *engine, size_t space, bool pending, uint64_t from,
                                 engine_sink sink, void *ctx)
{
    for (uint64_t index = from; index < engine->spaces[space].size || pending; index++) {
        for (size_t i = 0; i < engine->n; i++) {
            struct fake_entry *entry = &engine->log[i];
            if (entry->change.space != space || entry->pending != pending ||
                (!pending && entry->change.index != index))
                continue;
            entry->change.change.value = entry->value;
            engine->replays += !pending;
            enum err err = sink(ctx, &entry->change);
            if (err != ERR_OK)
                return err;
        }
        if (pending)
            break;
    }
    return ERR_OK;
}

enum err engine_replay(struct engine *engine, size_t space, uint64_t from, engine_sink sink,
                       void *ctx, uint64_t *keyless)
{
    if (keyless)
        *keyless = 0;
    return fake_give(engine, space, false, from, sink, ctx);
}

enum err engine_pending(struct engine *engine, size_t space, engine_sink sink, void *ctx)
{
    return fake_give(engine, space, true, 0, sink, ctx);
}

#endif
