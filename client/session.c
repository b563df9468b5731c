/* SPDX-License-Identifier: Apache-2.0
 *
 * What is sent is stored first; what comes back is taken row by row (take.h).
 */
#include "client/session.h"

#include <stdlib.h>
#include <string.h>

#include "client/courier.h"
#include "client/enrol.h"
#include "client/refill.h"
#include "client/succeed.h"
#include "client/take.h"
#include "client/transfer.h"
#include "proto/digest.h"

enum { PAGE_BYTES = 4 << 20, PUSH_BYTES = 4 << 20, ARENA_MAX = 64 << 20, REQUESTS_MAX = 10000 };
enum { OFFSET_NEWS_MS = 30000, REPAIRS_MAX = 6 };

/* --- begin --- */

static void forget_flight(struct server *server)
{
    for (size_t i = 0; i < server->n_rows; i++)
        free(server->rows[i].seqs);
    server->n_rows = 0;
    server->waiting = false;
}

/* The server knows a device that any of its spaces lists or listed. */
static bool is_known(const struct engine *engine, const struct server *server)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct space *space = engine->spaces[i];
        if (engine_server_of(engine, space) == server &&
            (space_self(engine, space) || space->leave.wiped || space->pub.state == SPACE_ACTIVE))
            return true;
    }
    return false;
}

static bool takes_part(const struct engine *engine, const struct server *server,
                       const struct space *space)
{
    return engine_server_of(engine, space) == server && space_takes_part(space);
}

/* Which spaces the request is about. An unknown device may ask about one at a time; foundings come first. */
static size_t choose_rows(const struct engine *engine, struct server *server, size_t *chosen)
{
    size_t n = 0, candidates = 0, first = server->next_row;
    bool known = is_known(engine, server);
    for (size_t i = 0; i < engine->n_spaces; i++)
        candidates += takes_part(engine, server, engine->spaces[i]);
    if (first >= candidates)
        first = 0;
    size_t most = known ? ROWS_MAX : 1, at = 0;
    for (size_t turn = 0; turn < 2 && n < most && n < candidates; turn++, at = 0) {
        for (size_t i = 0; i < engine->n_spaces && n < most; i++) {
            if (!takes_part(engine, server, engine->spaces[i]))
                continue;
            bool here = turn == 0 ? at >= first : at < first;
            if (here)
                chosen[n++] = i;
            at++;
        }
    }
    for (size_t i = 0; !known && i < engine->n_spaces; i++) {
        if (takes_part(engine, server, engine->spaces[i]) &&
            engine->spaces[i]->pub.state == SPACE_FOUNDING)
            chosen[0] = i;
    }
    server->next_row = candidates > most ? (first + n) % candidates : 0;
    return n;
}

static enum err fill_rows(struct engine *engine, struct server *server, struct arena *arena,
                          struct message_request *request, const size_t *chosen)
{
    enum err err = ERR_OK;
    size_t room = PUSH_BYTES;
    for (size_t i = 0; i < request->n_rows; i++) {
        struct space *space = engine->spaces[chosen[i]];
        struct flight_row *flight = &server->rows[server->n_rows++];
        *flight = (struct flight_row){.space = chosen[i]};
        TRY(session_row(engine, space, arena, &room, &request->rows[i], flight));
        if (space->page_max && space->page_max < request->max_bytes)
            request->max_bytes = space->page_max;
        if (space->pub.state == SPACE_FOUNDING && space->has_link_sig) {
            request->has_link_sig = true;
            memcpy(request->link_sig, space->link_sig, SIG_LEN);
        }
    }
out:
    return err;
}

/* Memory as the disk has it, after a transaction that failed. */
static enum err reload_chosen(struct engine *engine, const size_t *chosen, size_t n)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n; i++)
        TRY(space_reload(engine, engine->spaces[chosen[i]]));
out:
    return err;
}

/* Signs and appends the request, and remembers what an answer must be bound to. */
static enum err send(struct engine *engine, struct server *server, struct message_request *request,
                     struct buf *out)
{
    uint8_t aud[HASH_LEN];
    memcpy(request->device, engine->ring.id, ID_LEN);
    memcpy(request->store_id, server->store_id, STORE_ID_LEN);
    memcpy(request->ed_pk, engine->ring.ed_pk, PK_LEN);
    message_aud(aud, server->log_pk);
    enum err err = message_request_make(out, request, aud, engine->ring.device->ed_sk);
    if (err != ERR_OK)
        return err;
    memcpy(server->hash, request->hash, HASH_LEN);
    server->waiting = true;
    server->requests++;
    return ERR_OK;
}

/* Work of others, in a request of its own: what is refused of it refuses nothing of ours. */
static enum err begin_courier(struct engine *engine, struct server *server, struct buf *out)
{
    struct message_request request = {.time_ms = engine_server_ms(engine, server), .max_bytes = 1};
    struct arena *arena = arena_new(ARENA_MAX);
    forget_flight(server);
    enum err err = arena ? courier_fill(engine, server, arena, &request) : ERR_MEMORY;
    if (err == ERR_OK)
        err = send(engine, server, &request, out);
    if (err != ERR_OK)
        server->courier.n = 0;
    arena_free(arena);
    return err;
}

/* What a restored server lost, before anything else. */
static enum err begin_refill(struct engine *engine, struct server *server, struct buf *out)
{
    struct message_request request = {.time_ms = engine_server_ms(engine, server)};
    struct arena *arena = arena_new(ARENA_MAX);
    forget_flight(server);
    enum err err = arena ? refill_fill(engine, server, arena, &request) : ERR_MEMORY;
    if (err == ERR_OK)
        err = send(engine, server, &request, out);
    server->refill = err == ERR_OK;
    if (err != ERR_OK)
        forget_flight(server);
    arena_free(arena);
    return err;
}

/* A device that is out of all spaces of a server has nothing else to ask it. */
static bool only_carries(const struct engine *engine, const struct server *server)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        if (takes_part(engine, server, engine->spaces[i]))
            return false;
    }
    return true;
}

enum err engine_sync_begin(struct engine *engine, size_t i, uint64_t wait_ms, struct buf *out)
{
    enum err err = ERR_OK;
    struct server *server = engine_server_at(engine, i);
    size_t chosen[ROWS_MAX];
    if (!server)
        return ERR_USAGE;
    if (refill_waits(engine, server))
        return begin_refill(engine, server, out);
    if (server->courier.next || (only_carries(engine, server) && is_known(engine, server)))
        return begin_courier(engine, server, out);
    struct message_request request = {.time_ms = engine_server_ms(engine, server),
                                      .max_bytes = PAGE_BYTES};
    struct arena *arena = arena_new(ARENA_MAX);
    if (!arena)
        return ERR_MEMORY;
    forget_flight(server);
    request.n_rows = choose_rows(engine, server, chosen);
    request.rows = arena_get(arena, request.n_rows, sizeof *request.rows);
    if (!request.rows)
        TRY(ERR_MEMORY);
    request.has_auth = !is_known(engine, server);
    TRY(engine_begin(engine));
    err = replica_end(engine->replica, fill_rows(engine, server, arena, &request, chosen));
    if (err != ERR_OK) {
        enum err reload = reload_chosen(engine, chosen, request.n_rows);
        TRY(reload == ERR_OK ? err : reload);
    }
    bool pushes = false;
    for (size_t k = 0; k < server->n_rows; k++) {
        pushes = pushes || server->rows[k].pushed;
        space_refresh(engine, engine->spaces[server->rows[k].space]);
    }
    request.has_link_sig = request.has_link_sig && request.has_auth;
    request.wait_ms = pushes ? 0 : wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
    TRY(send(engine, server, &request, out));
out:
    if (err != ERR_OK)
        forget_flight(server);
    arena_free(arena);
    return err;
}

/* --- finish --- */

/* Another life of the key store counts anew, also for spaces that this answer says nothing about. */
static enum err begin_keys_afresh(struct engine *engine, const struct server *server)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < engine->n_spaces && err == ERR_OK; i++) {
        struct space *space = engine->spaces[i];
        if (engine_server_of(engine, space) != server || space->keys_rev == 0)
            continue;
        space->keys_rev = 0;
        err = space_save(engine, space);
    }
    return err;
}

/* The server's signed time is the device's clock for requests; claimed times stay the device's own. */
static enum err adopt_clock(struct engine *engine, struct server *server,
                            const struct message_response *answer)
{
    int64_t offset = (int64_t)answer->time_ms - (int64_t)engine->now_ms;
    int64_t change = offset - server->offset_ms;
    bool news = change > OFFSET_NEWS_MS || change < -OFFSET_NEWS_MS;
    if (memcmp(server->store_id, answer->store_id, STORE_ID_LEN) != 0 && answer->status == ERR_OK) {
        memcpy(server->store_id, answer->store_id, STORE_ID_LEN);
        news = true;
        enum err err = begin_keys_afresh(engine, server);
        if (err != ERR_OK)
            return err;
    }
    server->offset_ms = offset;
    return news ? engine_server_save(engine, server) : ERR_OK;
}

/* The whole request was refused, in a signed answer. */
static enum err take_refusal(struct engine *engine, struct server *server, enum err status,
                             struct engine_sync *result)
{
    if (status == ERR_CLOCK && server->clock_tries++ == 0) {
        result->again = true;
        return ERR_OK;
    }
    result->said = status;
    for (size_t i = 0; i < server->n_rows; i++) {
        struct space *space = engine->spaces[server->rows[i].space];
        space->pub.status = status;
        /* It has signed logs in which this device is a member, and does not know it any more. */
        if (status != ERR_UNKNOWN_DEVICE || !space_self(engine, space))
            continue;
        enum err err = take_gone(engine, space);
        if (err != ERR_OK)
            return err;
        result->alarm = ERR_ROLLBACK;
    }
    return result->alarm == ERR_OK ? status : ERR_OK;
}

/* Whether another request could do what this one could not: work that waits for a key or a role waits for news. */
static bool has_news(const struct flight_row *flight, const struct space *space,
                     const struct message_row *row, const struct take_result *taken)
{
    bool answered = row->status == ERR_OK || row->status == ERR_UNCHANGED;
    return answered && !row->more &&
           (flight->pushed || taken->pulled > 0 || row->n_slots > 0 || row->n_seals > 0 ||
            space->outbox.last_id != flight->last_id);
}

static enum err take_rows(struct engine *engine, struct server *server,
                          const struct message_response *answer, struct engine_sync *result)
{
    enum err first = ERR_OK;
    for (size_t i = 0; i < server->n_rows; i++) {
        struct take_result taken = {0};
        struct space *space = engine->spaces[server->rows[i].space];
        enum err err = take_row(engine, server, &server->rows[i], answer, &answer->rows[i], &taken);
        /* Rows are independent: one that cannot be used keeps no other from being taken. */
        if (err != ERR_OK && err_category(err) != CAT_INTERNAL && err != ERR_FULL)
            space->pub.status = err;
        else if (first == ERR_OK)
            first = err;
        if (first == ERR_OK)
            first = succeed_inbox(engine, space, &answer->rows[i], &taken.again);
        space->news_tries++;
        space->caught_up = err == ERR_OK && !answer->rows[i].more;
        if (err == ERR_OK && space->repairs < REPAIRS_MAX &&
            has_news(&server->rows[i], space, &answer->rows[i], &taken) &&
            session_has_work(engine, space))
            taken.again = true;
        result->again = result->again || taken.again;
        result->pulled += taken.pulled;
        result->pushed += taken.pushed;
        result->refused += taken.refused;
    }
    return first;
}

static void summarise(const struct engine *engine, const struct server *server,
                      struct engine_sync *result)
{
    for (size_t i = 0; i < server->n_rows; i++) {
        const struct space *space = engine->spaces[server->rows[i].space];
        /* What is wrong with a space that goes on elsewhere is known. */
        if (result->alarm == ERR_OK && !space->succeeded)
            result->alarm = space->pub.alarm;
        /* What did not fit into this request. */
        size_t waiting = 0;
        for (size_t k = 0; k < space->outbox.n_leaves; k++)
            waiting += space->outbox.leaves[k]->state == OUTBOX_SENT;
        if (waiting > 0 && result->pushed > 0 && session_may_push(space))
            result->again = true;
    }
    /* A device that is new to the server asks about one space after the other. */
    if (server->next_row != 0)
        result->again = true;
}

/* Once the own work is done it is the turn of what came by file; then once more the own, for what that brought. */
static enum err turn_to_courier(struct engine *engine, struct server *server,
                                struct engine_sync *result)
{
    struct courier *courier = &server->courier;
    bool waits = false;
    if (result->again || courier->done || !is_known(engine, server))
        return ERR_OK;
    enum err err = courier_waits(engine, server, &waits);
    courier->next = waits;
    courier->done = true;
    result->again = waits;
    return err;
}

static enum err finish_courier(struct engine *engine, struct server *server,
                               const struct message_response *answer, struct engine_sync *result)
{
    bool more = false;
    enum err err = courier_take(engine, server, answer, result, &more);
    server->courier.next = more;
    server->courier.done = true;
    result->again = err == ERR_OK && (more || !only_carries(engine, server));
    return err;
}

enum err engine_sync_finish(struct engine *engine, size_t i, const uint8_t *bytes, size_t len,
                            struct engine_sync *result)
{
    enum err err = ERR_OK;
    struct server *server = engine_server_at(engine, i);
    struct message_response answer = {0};
    bool carried, refilled = server && server->refill;
    *result = (struct engine_sync){0};
    if (!server)
        return ERR_USAGE;
    memcpy(result->url, server->url, sizeof result->url);
    result->requests = server->requests;
    if (!server->waiting)
        return ERR_USAGE;
    server->waiting = server->refill = false;
    carried = server->courier.n > 0;
    TRY(message_response_open(&answer, bytes, len, server->hash, server->resp_pk));
    if (answer.status == ERR_OK && !carried && !refilled && answer.n_rows != server->n_rows)
        TRY(ERR_FORMAT);
    TRY(adopt_clock(engine, server, &answer));
    if (refilled && answer.status != ERR_CLOCK) {
        refill_take(engine, server, &answer);
        result->again = true;
        goto out;
    }
    if (answer.status != ERR_OK) {
        TRY(take_refusal(engine, server, answer.status, result));
        goto out;
    }
    server->clock_tries = 0;
    if (carried) {
        TRY(finish_courier(engine, server, &answer, result));
        goto out;
    }
    server->answer = bytes;
    server->answer_len = len;
    err = take_rows(engine, server, &answer, result);
    server->answer = NULL;
    summarise(engine, server, result);
    TRY(err);
    TRY(turn_to_courier(engine, server, result));
    if (!result->again)
        TRY(transfer_step(engine, &result->again));
    if (!result->again)
        TRY(succeed_step(engine, &result->again));
out:
    message_response_free(&answer);
    if (err != ERR_OK || server->requests > REQUESTS_MAX)
        result->again = false;
    if (!result->again)
        courier_rest(server);
    for (size_t k = 0; k < server->n_rows && !result->again; k++)
        engine->spaces[server->rows[k].space]->caught_up = false;
    if (!result->again)
        server->requests = 0;
    return err;
}
