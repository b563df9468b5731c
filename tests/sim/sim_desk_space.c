/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_desk_inside.h"

#include <stdlib.h>
#include <string.h>

#include "client/pas_audit.h"
#include "client/pas_carry.h"
#include "client/pas_member.h"
#include "client/pas_recovery.h"
#include "tests/sim/sim_fault.h"

/* --- the server: it never fails --- */

static void answer(struct desk *desk, const uint8_t *request, size_t len, struct buf *out)
{
    SIM_QUIET;
    struct sim_world *world = desk->world;
    struct sim_server *server = &world->servers[0];
    const struct store_engine *engine = server->store->engine;
    struct sync_call *call = NULL;
    enum err err = sync_call_new(&call, server->sync, request, len);
    if (err == ERR_OK)
        err = engine->view_begin(server->view);
    if (err != ERR_OK)
        abort();
    sync_verify(call, server->view, world->now_ms);
    engine->view_end(server->view);
    if (call->step == SYNC_APPLY)
        (void)!sync_apply(server->sync, &call, 1, world->now_ms);
    if (call->step == SYNC_ANSWER) {
        if (engine->view_begin(server->view) != ERR_OK)
            abort();
        sync_answer(call, server->view, world->now_ms, true);
        engine->view_end(server->view);
    }
    out->max = RESPONSE_MAX;
    buf_put(out, call->out.bytes, call->out.len);
    sync_call_free(call);
}

/* --- steps --- */

TABLE_STEP(approve, pas_approve(pas, SIZE_MAX, NULL, &table))
TABLE_STEP(members, pas_members(pas, SIZE_MAX, &table))
TABLE_STEP(roles, pas_roles(pas, 0, "Nadia", "coordination", &table))
TABLE_STEP(revoke, pas_revoke(pas, SIZE_MAX, "Nadia", true, &table))
TABLE_STEP(audit_log, pas_audit_log(pas, SIZE_MAX, &table))
TABLE_STEP(accesses, pas_accesses(pas, desk->stefan, &table))
TABLE_STEP(exposure, pas_exposure(pas, "Nadia", &table))
TABLE_STEP(refused, pas_refused(pas, &table))

static int create(struct desk *desk)
{
    struct pas_create_args args = {.dir = desk->who->dir,
                                   .name = desk->who->name,
                                   .pass = "mots",
                                   .pass_len = 4,
                                   .light = true,
                                   .now_ms = desk->world->now_ms};
    return pas_create(&args);
}

static int open_it(struct desk *desk)
{
    struct pas_open_args args = {.dir = desk->who->dir,
                                 .pass = "mots",
                                 .pass_len = 4,
                                 .now_ms = desk->world->now_ms,
                                 .lang = "fr"};
    return pas_open(&desk->who->pas, &args);
}

static int sync_it(struct desk *desk)
{
    struct pas_sync sync = {0};
    unsigned rounds = 0;
    do {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf out = {0};
        int result = pas_sync_begin(desk->who->pas, 0, 0, &request, &len);
        if (result == 0) {
            answer(desk, request, len, &out);
            result = pas_sync_finish(desk->who->pas, 0, out.bytes, out.len, &sync);
        }
        pas_free_bytes(request, len);
        buf_free(&out);
        if (result != 0)
            return result;
        if (sync.alarm)
            sim_violated(desk->world, "no alarm at a desk", "%s", pas_error_name(sync.alarm));
    } while (sync.again && ++rounds < 20);
    return 0;
}

static int found(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_found(desk->who->pas, desk->world->founder_link, desk->world->key.url, server->bytes,
                     server->len, "Équipe Nord", "team", &space);
}

static int found_restricted(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_found(desk->who->pas, NULL, desk->world->key.url, server->bytes, server->len,
                     "Nord R", "restricted", &space);
}

static int invite(struct desk *desk)
{
    uint64_t until = desk->world->now_ms / 1000 + 86400;
    return pas_invite(desk->who->pas, 0, "mediation", until, &desk->invite);
}

static int join(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_join(desk->who->pas, desk->invite, server->bytes, server->len, &space);
}

static int export_stick(struct desk *desk)
{
    struct pas_bundle did;
    pas_free_bytes(desk->stick, desk->stick_len);
    desk->stick = NULL;
    desk->stick_len = 0;
    return pas_bundle_export(desk->who->pas, SIZE_MAX, 0, &desk->stick, &desk->stick_len, &did);
}

static int import_stick(struct desk *desk)
{
    struct pas_bundle did;
    return pas_bundle_import(desk->who->pas, desk->stick, desk->stick_len, &did);
}

static int verify(struct desk *desk)
{
    uint64_t index;
    return pas_verify(desk->who->pas, 0, &index);
}

static int checkpoint(struct desk *desk)
{
    char *note = NULL;
    int result = pas_checkpoint(desk->who->pas, 0, &note);
    if (result == 0)
        result = pas_compare(desk->who->pas, note, strlen(note));
    return sim_desk_with_text(result, note);
}

static int full_audit(struct desk *desk)
{
    struct pas_full *full = NULL;
    uint64_t index;
    bool done = false;
    int result = pas_full_new(&full, desk->who->pas, 0);
    while (result == 0 && !done) {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf out = {0};
        result = pas_full_begin(full, &request, &len);
        if (result == 0) {
            answer(desk, request, len, &out);
            result = pas_full_finish(full, out.bytes, out.len, &done, &index);
        }
        pas_free_bytes(request, len);
        buf_free(&out);
    }
    pas_full_free(full);
    return result;
}

static int paper(struct desk *desk)
{
    char *code = NULL, *link = NULL;
    struct pas_table *table = NULL;
    int result = pas_recovery_sheet(desk->who->pas, 0, &code, &link, &table);
    pas_free(code);
    pas_free(link);
    return sim_desk_with_table(result, table);
}

/* The pack that is there, as the next version of it. */
static int publish(struct desk *desk)
{
    const char *text = pas_pack_text(desk->who->pas);
    size_t len = strlen(text);
    char *next = malloc(len + 1);
    if (!next)
        return ERR_MEMORY;
    memcpy(next, text, len + 1);
    char *mark = strstr(next, "\"version\"");
    int result = ERR_NOT_FOUND;
    if (mark) {
        mark[strcspn(mark, "1")] = '2';
        result = pas_pack_publish(desk->who->pas, 0, next, len);
    }
    free(next);
    return result;
}

const struct sim_desk_act sim_desk_space[] = {
    {"create", create, false},
    {"open", open_it, false},
    {"found", found, false},
    {"sync", sync_it, true},
    {"invite", invite, false},
    {"join", join, false},
    {"found restricted", found_restricted, false},
    {"approve", approve, false},
    {"stick", export_stick, false},
    {"stick in", import_stick, true},
    {"members", members, false},
    {"roles", roles, false},
    {"audit log", audit_log, false},
    {"accesses", accesses, false},
    {"exposure", exposure, false},
    {"verify", verify, false},
    {"checkpoint", checkpoint, false},
    {"full audit", full_audit, false},
    {"paper", paper, true},
    {"publish", publish, false},
    {"revoke", revoke, false},
    {"refused", refused, false},
    {0},
};
