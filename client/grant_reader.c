/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading what a grant opens: each body with the key that was handed over for it.
 */
#include <stdlib.h>
#include <string.h>

#include "client/grant_inside.h"
#include "proto/digest.h"
#include "proto/seal.h"

struct grant_reader {
    struct engine *engine;
    size_t number;
    const struct space *space;
    struct buf lines; /* ascending by leaf and box */
};

enum err grant_reader_new(struct grant_reader **out, struct engine *engine, size_t i,
                          const struct fold_grant *grant)
{
    enum err err = ERR_OK;
    struct grant_reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (!reader)
        return ERR_MEMORY;
    *reader = (struct grant_reader){.engine = engine, .number = i, .space = engine_at(engine, i)};
    if (memcmp(grant->auditor, engine->ring.id, ID_LEN) != 0 || !grant_open(engine, i, grant))
        TRY(ERR_DENIED);
    TRY(grant_record(engine, reader->space, grant, &reader->lines));
    if (reader->lines.len < GRANT_LINE_LEN)
        TRY(ERR_NO_KEY);
    *out = reader;
    reader = NULL;
out:
    grant_reader_free(reader);
    return err;
}

void grant_reader_free(struct grant_reader *reader)
{
    if (!reader)
        return;
    buf_free(&reader->lines);
    free(reader);
}

static const uint8_t *key_of(const struct grant_reader *reader, uint64_t leaf, uint16_t box)
{
    const struct op_body wanted = {leaf, box};
    for (size_t at = 0; at + GRANT_LINE_LEN <= reader->lines.len; at += GRANT_LINE_LEN) {
        if (grant_line_is(reader->lines.bytes + at, &wanted, 1))
            return reader->lines.bytes + at + 10;
    }
    return NULL;
}

/* One box of a leaf on its way to the sink. */
struct reading {
    const struct leaf *leaf;
    const struct change_routes *routes;
    struct engine_change out;
    uint16_t box;
};

static enum err give_changes(const struct reading *reading, const struct change_box *changes,
                             engine_sink sink, void *ctx)
{
    const struct change_route *route = &reading->routes->routes[reading->box];
    const struct change_source *source = &reading->routes->sources[route->source];
    struct engine_change out = reading->out;
    enum err err = ERR_OK;
    out.pack = changes->pack;
    memcpy(out.author,
           digest_is_zero(source->author, ID_LEN) ? reading->leaf->device : source->author, ID_LEN);
    memcpy(out.run, source->run, RUN_LEN);
    for (size_t i = 0; err == ERR_OK && i < changes->n && i < route->n; i++) {
        const struct change_mark *mark = &reading->routes->marks[route->first + i];
        out.change = changes->items[i];
        out.change.ordinal = mark->ordinal;
        out.change.time_s = mark->time_s;
        err = sink(ctx, &out);
    }
    return err;
}

static enum err read_box(const struct grant_reader *reader, const struct reading *reading,
                         const struct leaf_body *body, const uint8_t *key, engine_sink sink,
                         void *ctx)
{
    struct change_box changes = {0};
    struct seal_place place;
    size_t len = body->len - TAG_LEN;
    enum err err = ERR_OK;
    uint8_t *plain = malloc(len);
    if (!plain)
        return ERR_MEMORY;
    space_place(reader->space, reading->leaf, reading->box, &place);
    memcpy(place.shred, reading->out.shred, ID_LEN);
    TRY(open_body_alone(plain, body->bytes, body->len, key, reading->leaf->route, &place));
    TRY(change_box_decode(&changes, plain, len, reading->leaf->seen_size));
    TRY(give_changes(reading, &changes, sink, ctx));
out:
    change_box_free(&changes);
    digest_wipe(plain, len);
    free(plain);
    return err;
}

enum err grant_read(struct grant_reader *reader, uint64_t index, uint64_t t_recv_ms,
                    const struct leaf *leaf, const struct leaf_body *bodies, engine_sink sink,
                    void *ctx)
{
    enum err err = ERR_OK;
    struct change_routes routes = {0};
    if (!kind_has_route(leaf->kind))
        return ERR_OK;
    err = space_routes(reader->space, leaf, &routes);
    if (err != ERR_OK)
        return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
    for (uint16_t box = 0; box < routes.n; box++) {
        const uint8_t *key = key_of(reader, index, box);
        const struct dossier *dossier =
            key ? dossier_of_route(reader->space, &routes.routes[box], index + 1) : NULL;
        struct reading reading = {.leaf = leaf, .routes = &routes, .box = box};
        reading.out = (struct engine_change){
            .space = reader->number, .index = index, .box = box, .t_recv_ms = t_recv_ms};
        if (!dossier || bodies[box].len < BODY_MIN)
            continue;
        memcpy(reading.out.shred, dossier->shred, ID_LEN);
        memcpy(reading.out.device, leaf->device, ID_LEN);
        err = read_box(reader, &reading, &bodies[box], key, sink, ctx);
        /* A key that does not open its body is the second person's fault; the others are not worse for it. */
        if (err_category(err) == CAT_INTERNAL)
            TRY(err);
        err = ERR_OK;
    }
out:
    change_routes_free(&routes);
    return err;
}
