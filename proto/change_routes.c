/* SPDX-License-Identifier: Apache-2.0
 *
 * The routing box: the second half of change.h, kept apart since an auditor reads it without the bodies.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/change.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum {
    FULL_LEN = ID_LEN + HASH_LEN,     /* shred | kcom */
    ROUTE_ITEMS_MAX = ROUTE_PLAIN_MAX /* an element takes at least one byte */
};

/* --- writing --- */

static enum err check_route(const struct change_routes *routes, const struct change_route *route)
{
    if (route->source >= routes->n_sources || route->n == 0)
        return ERR_USAGE;
    if (route->first > routes->n_marks || route->n > routes->n_marks - route->first)
        return ERR_USAGE;
    return route->n > CHANGES_MAX ? ERR_TOO_BIG : ERR_OK;
}

static void put_marks(struct buf *out, const struct change_mark *marks, size_t n)
{
    wire_put_uint(out, marks[0].ordinal);
    wire_put_int(out, marks[0].time_s);
    for (size_t i = 1; i < n; i++) {
        int64_t delta_s;
        if (marks[i].ordinal <= marks[i - 1].ordinal ||
            __builtin_sub_overflow(marks[i].time_s, marks[i - 1].time_s, &delta_s)) {
            buf_fail(out, ERR_USAGE);
            return;
        }
        wire_put_uint(out, marks[i].ordinal - marks[i - 1].ordinal);
        wire_put_int(out, delta_s);
    }
}

static void put_route(struct buf *out, const struct change_routes *routes,
                      const struct change_route *route)
{
    enum err err = check_route(routes, route);
    if (err != ERR_OK) {
        buf_fail(out, err);
        return;
    }
    wire_put_array(out, (route->full ? 1u : 2u) + 1 + 2 * route->n);
    if (route->full) {
        uint8_t dossier[FULL_LEN];
        memcpy(dossier, route->shred, ID_LEN);
        memcpy(dossier + ID_LEN, route->kcom, HASH_LEN);
        wire_put_bin(out, dossier, sizeof dossier);
    } else {
        wire_put_uint(out, route->birth_leaf);
        wire_put_uint(out, route->birth_box);
    }
    wire_put_uint(out, route->source);
    put_marks(out, routes->marks + route->first, route->n);
}

void change_routes_encode(struct buf *out, const struct change_routes *routes)
{
    struct buf content = {.max = ROUTE_PLAIN_MAX};
    if (routes->n == 0 || routes->n_sources == 0)
        buf_fail(&content, ERR_USAGE);
    if (routes->n > BOXES_MAX || routes->n_sources > SOURCES_MAX)
        buf_fail(&content, ERR_TOO_BIG);
    wire_put_array(&content, 1 + routes->n);
    wire_put_array(&content, 2 * routes->n_sources);
    for (size_t i = 0; i < routes->n_sources && content.err == ERR_OK; i++) {
        const struct change_source *source = &routes->sources[i];
        if (digest_is_zero(source->author, ID_LEN))
            wire_put_nil(&content);
        else
            wire_put_bin(&content, source->author, ID_LEN);
        wire_put_bin(&content, source->run, RUN_LEN);
    }
    for (size_t i = 0; i < routes->n && content.err == ERR_OK; i++)
        put_route(&content, routes, &routes->routes[i]);
    if (content.err == ERR_OK)
        change_pad(out, content.bytes, content.len, ROUTE_PLAIN_MAX);
    else
        buf_fail(out, content.err);
    buf_free(&content);
}

/* --- reading --- */

static void take_sources(struct change_routes *routes, struct wire_in *in)
{
    struct wire_in list = wire_array(in, 2, 2 * SOURCES_MAX);
    if (list.left % 2 != 0)
        wire_fail(&list, ERR_FORMAT);
    routes->n_sources = list.left / 2;
    routes->sources = calloc(routes->n_sources + 1, sizeof *routes->sources);
    if (!routes->sources) {
        routes->n_sources = 0;
        wire_fail(&list, ERR_MEMORY);
    }
    for (size_t i = 0; i < routes->n_sources && list.err == ERR_OK; i++) {
        struct change_source *source = &routes->sources[i];
        if (wire_bytes_or_nil(&list, source->author, ID_LEN) &&
            digest_is_zero(source->author, ID_LEN))
            wire_fail(&list, ERR_FORMAT); /* zero is written as nil */
        wire_bytes(&list, source->run, RUN_LEN);
    }
    wire_join(in, &list);
}

static void take_marks(struct change_mark *marks, size_t n, struct wire_in *in)
{
    marks[0].ordinal = wire_uint(in, UINT64_MAX);
    marks[0].time_s = wire_int(in);
    for (size_t i = 1; i < n && in->err == ERR_OK; i++) {
        uint64_t step = wire_uint(in, UINT64_MAX);
        int64_t delta_s = wire_int(in);
        if (step == 0 || __builtin_add_overflow(marks[i - 1].ordinal, step, &marks[i].ordinal) ||
            __builtin_add_overflow(marks[i - 1].time_s, delta_s, &marks[i].time_s))
            wire_fail(in, ERR_FORMAT);
    }
}

static void take_route(struct change_routes *routes, struct change_route *route, struct wire_in *in)
{
    struct wire_in row = wire_array(in, 4, 3 + 2 * CHANGES_MAX);
    route->full = wire_peek(&row) == WIRE_BIN;
    if (route->full) {
        uint8_t dossier[FULL_LEN];
        wire_bytes(&row, dossier, sizeof dossier);
        memcpy(route->shred, dossier, ID_LEN);
        memcpy(route->kcom, dossier + ID_LEN, HASH_LEN);
    } else {
        route->birth_leaf = wire_uint(&row, UINT64_MAX);
        route->birth_box = (uint16_t)wire_uint(&row, BOXES_MAX - 1);
    }
    route->source = (uint32_t)wire_uint(&row, routes->n_sources - 1);
    if (row.left % 2 != 0 || row.left == 0)
        wire_fail(&row, ERR_FORMAT);
    route->n = row.left / 2;
    route->first = routes->n_marks;
    if (row.err == ERR_OK) {
        take_marks(routes->marks + route->first, route->n, &row);
        routes->n_marks += route->n;
    }
    wire_join(in, &row);
}

/* No more marks than half the items of all routes, read ahead on a copy of the cursor. */
static size_t marks_max(struct wire_in list)
{
    size_t items = 0;
    while (list.left > 0 && list.err == ERR_OK)
        items += wire_array(&list, 0, UINT32_MAX).left;
    return items / 2;
}

/* Takes all that is left. */
static void take_routes(struct change_routes *routes, struct wire_in *in)
{
    routes->n = in->left;
    routes->routes = calloc(routes->n + 1, sizeof *routes->routes);
    routes->marks = calloc(marks_max(*in) + 1, sizeof *routes->marks);
    if (!routes->routes || !routes->marks) {
        routes->n = 0;
        wire_fail(in, ERR_MEMORY);
    }
    for (size_t i = 0; i < routes->n && in->err == ERR_OK; i++)
        take_route(routes, &routes->routes[i], in);
}

enum err change_routes_decode(struct change_routes *routes, const uint8_t *plain, size_t len)
{
    *routes = (struct change_routes){0};
    enum err err = ERR_OK;
    size_t content_len = 0;
    struct wire_doc doc = {0};

    if (len > ROUTE_PLAIN_MAX)
        TRY(ERR_TOO_BIG);
    TRY(seal_unpad(&content_len, plain, len));
    TRY(wire_open(&doc, plain, content_len, 2, ROUTE_ITEMS_MAX));
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 2, 1 + BOXES_MAX);
    take_sources(routes, &in);
    if (in.err == ERR_OK)
        take_routes(routes, &in);
    wire_join(&root, &in);
    TRY(root.err);
out:
    wire_close(&doc);
    if (err != ERR_OK)
        change_routes_free(routes);
    return err;
}

void change_routes_free(struct change_routes *routes)
{
    free(routes->sources);
    free(routes->routes);
    free(routes->marks);
    *routes = (struct change_routes){0};
}
