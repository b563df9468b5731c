/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's machine: the real store and the real three steps over a simulated disk. Requests that arrive within a
 * few milliseconds are one group, as the event loop of the daemon makes them; the power may go at any write of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_world.h"

static void must(struct sim_world *world, enum err err, const char *what)
{
    if (err != ERR_OK && !sim_fault_excuses(err))
        sim_violated(world, "the server works", "%s: %s", what, err_name(err));
}

/* After an injected failure the operator types the command again. */
static bool again(enum err err)
{
    bool excused = sim_fault_excuses(err);
    if (excused)
        sim_fault_over();
    return excused;
}

/* --- life --- */

static enum err open_all(struct sim_world *world, struct sim_server *server)
{
    enum err err = ERR_OK;
    struct sync_config config = {.key = &world->key};
    TRY(store_sqlite_open(&server->store, server->path, STORE_OWNER));
    config.store = server->store;
    TRY(sync_new(&server->sync, &config));
    TRY(server->store->engine->view_open(server->store, &server->view));
    server->running = true;
out:
    if (err != ERR_OK)
        sim_server_stop(server);
    return err;
}

void sim_server_stop(struct sim_server *server)
{
    if (server->view)
        server->store->engine->view_close(server->view);
    sync_free(server->sync);
    if (server->store)
        server->store->engine->close(server->store);
    server->view = NULL;
    server->sync = NULL;
    server->store = NULL;
    server->running = false;
}

static enum err make_link(struct sim_world *world, struct sim_server *server)
{
    enum err err = ERR_OK;
    uint8_t pk[PK_LEN];
    struct buf text = {0};
    const struct store_engine *engine = server->store->engine;
    TRY(serverkey_founder_link(&text, pk, &world->key));
    TRY(engine->begin(server->store));
    err = engine->link_put(server->store, pk);
    if (err == ERR_OK)
        err = engine->commit(server->store);
    else
        engine->rollback(server->store);
    snprintf(world->founder_link, sizeof world->founder_link, "%.*s", (int)text.len,
             (const char *)text.bytes);
out:
    buf_free(&text);
    return err;
}

void sim_server_start(struct sim_world *world, unsigned no)
{
    struct sim_server *server = &world->servers[no];
    server->no = no;
    snprintf(server->path, sizeof server->path, SIM_ROOT "server-%u", no);
    server->disk = sim_disk_new(server->path, sim_random_from(world->seed, 10 + no));
    enum err err;
    bool created = false;
    must(world, digest_init(), "libsodium");
    while (again(err = serverkey_make(&world->key, "https://sync.example.org", NULL)))
        continue;
    must(world, err, "keys");
    while (again(err = store_sqlite_create(server->path)))
        created = true;
    /* On a disk that fails for good what was made cannot be taken back: then it is whole. */
    if (err != ERR_EXISTS || !created)
        must(world, err, "create");
    while (again(err = open_all(world, server)))
        continue;
    must(world, err, "open");
    while (!world->failed && again(err = make_link(world, server)))
        continue;
    must(world, err, "founder link");
    sim_event_add(world, 6 * SIM_HOUR, SIM_SERVER_TICK, no);
}

bool sim_server_dark(struct sim_world *world, struct sim_server *server, bool now)
{
    if (!server->disk->dead && !now)
        return false;
    sim_server_stop(server);
    uint64_t before = server->disk->sectors_lost + server->disk->sectors_torn;
    sim_disk_power_cut(server->disk);
    sim_count(world, SIM_SECTORS, server->disk->sectors_lost + server->disk->sectors_torn - before);
    sim_count(world, SIM_SERVER_CUTS, 1);
    sim_trace(world, "server %u: the power is gone", server->no);
    sim_event_add(world, sim_between(&world->random, SIM_MINUTE, SIM_HOUR), SIM_SERVER_UP,
                  server->no);
    return true;
}

void sim_server_up(struct sim_world *world, struct sim_server *server)
{
    if (server->running)
        return;
    server->disk->capacity = server->disk->fail_in = 0;
    must(world, open_all(world, server), "open after a power cut");
    if (!server->running) {
        sim_event_add(world, SIM_MINUTE, SIM_SERVER_UP, server->no);
        return;
    }
    sim_trace(world, "server %u: up again", server->no);
    sim_model_absorb(world, server, true);
    enum err err = server->view->engine->view_begin(server->view);
    must(world, err, "view");
    if (err != ERR_OK)
        return;
    must(world, server->view->engine->integrity(server->view), "integrity after a power cut");
    server->view->engine->view_end(server->view);
}

/* Four times a day: the heartbeat of its clock, housekeeping; once a day a backup. */
void sim_server_tick(struct sim_world *world, struct sim_server *server)
{
    char path[SIM_NAME_MAX + 8];
    sim_event_add(world, 6 * SIM_HOUR, SIM_SERVER_TICK, server->no);
    if (!server->running)
        return;
    must(world, sync_heartbeat(server->sync, world->now_ms), "heartbeat");
    must(world, server->store->engine->tidy(server->store, false), "tidy");
    if ((world->now_ms - world->start_ms) / SIM_HOUR % 24 >= 6)
        return;
    snprintf(path, sizeof path, "%s-backup", server->path);
    sim_disk_free(server->backup);
    server->backup = sim_disk_copy(server->disk, path);
    server->backup_branch = server->branch;
}

/* --- requests --- */

void sim_server_arrives(struct sim_world *world, struct sim_message *message)
{
    struct sim_server *server = &world->servers[message->server];
    if (!server->running || server->n_queue == SIM_QUEUE)
        return;
    server->queue[server->n_queue++] = *message;
    *message = (struct sim_message){0};
    if (server->woken)
        return;
    server->woken = true;
    sim_event_add(world, sim_between(&world->random, 1, 2000), SIM_GROUP, server->no);
}

/* Trouble that strikes this group: the power goes at one of its writes, the disk is full, a write fails. */
static void trouble(struct sim_world *world, struct sim_server *server)
{
    struct sim_disk *disk = server->disk;
    disk->cut_in = disk->fail_in = disk->capacity = 0;
    if (world->resting)
        return;
    if (sim_chance(&world->random, world->profile.server_dark))
        disk->cut_in = sim_between(&world->random, 1, 40);
    if (sim_chance(&world->random, world->profile.server_full))
        disk->capacity = sim_disk_used(disk) + sim_below(&world->random, 9000);
    if (sim_chance(&world->random, world->profile.io_error))
        disk->fail_in = sim_between(&world->random, 1, 20);
}

static bool excused(const struct sim_world *world, const struct sim_server *server, enum err err,
                    bool troubled)
{
    (void)world, (void)server;
    if (sim_fault_excuses(err))
        return true;
    return troubled && (err == ERR_FULL || err == ERR_IO || err == ERR_BUSY);
}

struct group {
    size_t n, n_apply;
    struct sync_call *calls[SIM_QUEUE], *apply[SIM_QUEUE];
};

static bool verify_group(struct sim_world *world, struct sim_server *server, struct group *group)
{
    if (server->view->engine->view_begin(server->view) != ERR_OK)
        return false;
    for (size_t i = 0; i < server->n_queue; i++) {
        const struct sim_message *message = &server->queue[i];
        struct sync_call *call = NULL;
        enum err err = sync_call_new(&call, server->sync, message->bytes, message->len);
        must(world, err, "call");
        if (err != ERR_OK) {
            group->calls[group->n++] = NULL; /* it gets no answer */
            continue;
        }
        sync_verify(call, server->view, world->now_ms);
        group->calls[group->n++] = call;
        if (call->step == SYNC_APPLY)
            group->apply[group->n_apply++] = call;
    }
    server->view->engine->view_end(server->view);
    return true;
}

static bool answer_group(struct sim_world *world, struct sim_server *server, struct group *group)
{
    if (server->view->engine->view_begin(server->view) != ERR_OK)
        return false;
    for (size_t i = 0; i < group->n; i++) {
        if (group->calls[i] && group->calls[i]->step == SYNC_ANSWER)
            sync_answer(group->calls[i], server->view, world->now_ms, true);
    }
    server->view->engine->view_end(server->view);
    return true;
}

static void send_group(struct sim_world *world, struct sim_server *server,
                       const struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        struct sim_message *request = &server->queue[i];
        const struct sync_call *call = group->calls[i];
        if (!call)
            continue;
        request->branch = server->branch;
        for (unsigned s = 0; s < SIM_SPACES; s++)
            request->sizes[s] = world->branches[server->branch].logs[s].size;
        sim_network_answer(world, request, call->out.bytes, call->out.len, call->text);
    }
}

void sim_server_group(struct sim_world *world, struct sim_server *server)
{
    struct group group = {0};
    server->woken = false;
    if (!server->running)
        goto out;
    trouble(world, server);
    bool troubled = server->disk->cut_in || server->disk->capacity || server->disk->fail_in;
    enum err err = ERR_OK;
    bool alive = verify_group(world, server, &group);
    if (alive && group.n_apply)
        err = sync_apply(server->sync, group.apply, group.n_apply, world->now_ms);
    if (err != ERR_OK) {
        sim_trace(world, "server %u: a group of %zu failed: %s", server->no, group.n_apply,
                  err_name(err));
        sim_count(world, SIM_FULL, err == ERR_FULL);
        if (!excused(world, server, err, troubled))
            sim_violated(world, "the server works", "commit: %s", err_name(err));
    }
    /* What a commit called durable is, even when the power went behind it. */
    if (alive && err == ERR_OK)
        sim_model_absorb(world, server, false);
    alive = alive && answer_group(world, server, &group);
    if (alive && !server->disk->dead)
        send_group(world, server, &group);
    for (size_t i = 0; i < group.n; i++)
        sync_call_free(group.calls[i]);
    server->disk->capacity = server->disk->fail_in = 0;
    if (!server->disk->dead && world->now_ms % 5 == 0) {
        err = server->store->engine->tidy(server->store, true);
        if (err != ERR_OK && !server->disk->dead && err != ERR_BUSY)
            must(world, err, "tidy");
    }
    sim_server_dark(world, server, false);
    server->disk->cut_in = 0;
out:
    for (size_t i = 0; i < server->n_queue; i++)
        sim_message_free(&server->queue[i]);
    server->n_queue = 0;
}

/* --- an operator with bad intentions, or bad luck --- */

void sim_server_fork(struct sim_world *world)
{
    struct sim_server *first = &world->servers[0], *second = &world->servers[1];
    if (world->n_servers > 1 || world->n_branches == SIM_BRANCHES)
        return;
    if (!first->running) {
        sim_event_add(world, SIM_HOUR, SIM_FORK, 0);
        return;
    }
    *second = (struct sim_server){.no = 1};
    snprintf(second->path, sizeof second->path, SIM_ROOT "server-1");
    second->disk = sim_disk_copy(first->disk, second->path);
    world->n_servers = 2;
    must(world, open_all(world, second), "open the fork");
    if (!second->running)
        return;
    second->branch = sim_model_branch(world, first->branch, second);
    sim_event_add(world, SIM_HOUR, SIM_SERVER_TICK, 1);
    sim_count(world, SIM_FORKS, 1);
    for (unsigned i = 0; i < world->n_devices; i++)
        world->devices[i].server = (unsigned)sim_below(&world->random, 2);
    sim_trace(world, "the server is forked");
}

void sim_server_rollback(struct sim_world *world)
{
    struct sim_server *server = &world->servers[0];
    if (world->n_branches == SIM_BRANCHES)
        return;
    if (!server->running || !server->backup) {
        sim_event_add(world, SIM_HOUR, SIM_ROLLBACK, 0);
        return;
    }
    sim_server_stop(server);
    sim_disk_restore(server->disk, server->backup);
    must(world, open_all(world, server), "open a backup");
    if (!server->running)
        return;
    server->branch = sim_model_branch(world, server->backup_branch, server);
    sim_count(world, SIM_FORKS, 1);
    sim_trace(world, "the server is yesterday's again");
}
