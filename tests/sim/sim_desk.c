/* SPDX-License-Identifier: Apache-2.0
 *
 * The days themselves are the table at the end; what a failure must not do is in `attempt`.
 */
#include "tests/sim/sim_desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_domain.h"
#include "proto/digest.h"
#include "tests/sim/sim_desk_inside.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_vfs.h"

#define START_MS 1741075200000ull /* 2025-03-04T08:00:00Z */

/* --- what people do --- */

static const struct sim_desk_act *act_named(const char *name)
{
    static const struct sim_desk_act *const acts[] = {sim_desk_space, sim_desk_write,
                                                      sim_desk_read};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        for (const struct sim_desk_act *act = acts[i]; act->name; act++) {
            if (strcmp(act->name, name) == 0)
                return act;
        }
    }
    abort();
}

/* --- what people see --- */

static void add_table(struct buf *out, int result, struct pas_table *table)
{
    char *json = NULL;
    if (result == 0)
        result = pas_table_json_text(table, false, &json);
    if (result != 0)
        abort();
    buf_tag(out, json);
    pas_free(json);
    pas_table_free(table);
}

static void look(struct person *person, uint8_t seen[static HASH_LEN])
{
    SIM_QUIET;
    struct buf out = {.max = 1 << 26};
    struct pas_table *table = NULL, *all = NULL;
    memset(seen, 0, HASH_LEN);
    if (!person->pas)
        return;
    int result = pas_kinds(person->pas, &all);
    if (result != 0)
        abort();
    result = pas_spaces(person->pas, &table);
    add_table(&out, result, table);
    for (size_t i = 0; result == 0 && i < pas_table_rows(all); i++) {
        char text[100];
        snprintf(text, sizeof text, "SELECT * FROM \"%s\" ORDER BY id", pas_table_get(all, i, 0));
        result = pas_sql(person->pas, text, &table);
        add_table(&out, result, table);
    }
    pas_table_free(all);
    result = pas_conflicts(person->pas, NULL, &table);
    add_table(&out, result, table);
    digest_sha256_of(seen, out.bytes, out.len);
    buf_free(&out);
}

/* --- a step and its failure --- */

static bool same(struct desk *desk, const struct sim_desk_act *step, const char *when)
{
    uint8_t now[HASH_LEN];
    look(desk->who, now);
    if (step->many || memcmp(now, desk->who->seen, HASH_LEN) == 0)
        return true;
    sim_violated(desk->world, "nothing is half done", "%s: %s", step->name, when);
    return false;
}

/* The program ends (with `lasting`, still without memory or disk) and starts again. */
static bool reopen(struct desk *desk, const struct sim_desk_act *step)
{
    bool was_open = desk->who->pas;
    pas_close(desk->who->pas);
    desk->who->pas = NULL;
    sim_fault_over();
    SIM_QUIET;
    int result = was_open ? act_named("open")->act(desk) : 0;
    if (result != 0)
        sim_violated(desk->world, "a device opens", "after %s: %s", step->name,
                     pas_error_name(result));
    return result == 0;
}

static bool attempt(struct desk *desk, struct person *who, const struct sim_desk_act *step)
{
    struct sim_world *world = desk->world;
    uint64_t number;
    desk->who = who;
    if (desk->who->pas)
        pas_time(desk->who->pas, world->now_ms);
    if (!sim_fault_happened(&number)) /* it may happen in this step */
        look(desk->who, desk->who->seen);
    int result = step->act(desk);
    sim_trace(world, "%s: %s: %s", desk->who->name, step->name, pas_error_name(result));
    if (result == 0)
        return !sim_fault_lasts() || reopen(desk, step);
    if (!sim_fault_excuses((enum err)result)) {
        sim_violated(world, "a step succeeds", "%s: %s %s", step->name, pas_error_name(result),
                     desk->who->pas ? pas_why(desk->who->pas) : "");
        return false;
    }
    bool lasting = sim_fault_lasts();
    if (!lasting)
        sim_fault_over();
    if (!lasting && !same(desk, step, "in the running program"))
        return false;
    if (!reopen(desk, step) || !same(desk, step, "after it was opened again"))
        return false;
    if (desk->who->pas)
        pas_time(desk->who->pas, world->now_ms);
    result = step->act(desk);
    sim_trace(world, "%s: %s, again: %s", desk->who->name, step->name, pas_error_name(result));
    if (result != 0 && !(step->many && (result == ERR_EXISTS || result == ERR_NOT_FOUND)))
        sim_violated(world, "the next time it succeeds", "%s: %s %s", step->name,
                     pas_error_name(result), desk->who->pas ? pas_why(desk->who->pas) : "");
    return !world->failed;
}

/* --- the days --- */

static const struct {
    int who;
    const char *what;
} days[] = {
    {CLAIRE, "create"},
    {CLAIRE, "open"},
    {CLAIRE, "found"},
    {CLAIRE, "sync"},
    {CLAIRE, "invite"},
    {CLAIRE, "sync"},
    {NADIA, "create"},
    {NADIA, "open"},
    {NADIA, "join"},
    {NADIA, "sync"},
    {CLAIRE, "found restricted"},
    {CLAIRE, "sync"},
    {CLAIRE, "approve"},
    {CLAIRE, "sync"},
    {NADIA, "sync"},
    {CLAIRE, "new site"},
    {CLAIRE, "new person"},
    {CLAIRE, "new other"},
    {CLAIRE, "new secret"},
    {CLAIRE, "sync"},
    {NADIA, "sync"},
    {NADIA, "new contact"},
    {NADIA, "new company"},
    {NADIA, "new job"},
    {NADIA, "new placement"},
    {NADIA, "set"},
    {NADIA, "new for each"},
    {NADIA, "undo"},
    {NADIA, "city there"},
    {CLAIRE, "city here"},
    {NADIA, "stick"},
    {CLAIRE, "stick in"},
    {NADIA, "sync"},
    {CLAIRE, "sync"},
    {CLAIRE, "conflicts"},
    {CLAIRE, "resolve"},
    {CLAIRE, "show"},
    {CLAIRE, "find"},
    {CLAIRE, "list"},
    {CLAIRE, "history"},
    {CLAIRE, "sql"},
    {CLAIRE, "kinds"},
    {CLAIRE, "fields"},
    {CLAIRE, "mistake"},
    {CLAIRE, "no mistake"},
    {CLAIRE, "agenda"},
    {CLAIRE, "calendar"},
    {CLAIRE, "duplicates"},
    {CLAIRE, "merge"},
    {CLAIRE, "suggest"},
    {CLAIRE, "match"},
    {CLAIRE, "hints"},
    {CLAIRE, "import"},
    {CLAIRE, "jot"},
    {CLAIRE, "reports"},
    {CLAIRE, "report"},
    {CLAIRE, "sheet"},
    {CLAIRE, "a person's own file"},
    {CLAIRE, "attach"},
    {CLAIRE, "attachment"},
    {CLAIRE, "attachments"},
    {CLAIRE, "sync"},
    {NADIA, "sync"},
    {CLAIRE, "members"},
    {CLAIRE, "roles"},
    {CLAIRE, "audit log"},
    {CLAIRE, "accesses"},
    {CLAIRE, "exposure"},
    {CLAIRE, "verify"},
    {CLAIRE, "checkpoint"},
    {CLAIRE, "full audit"},
    {CLAIRE, "paper"},
    {CLAIRE, "sync"},
    {CLAIRE, "retention"},
    {CLAIRE, "archive"},
    {CLAIRE, "mentions"},
    {CLAIRE, "erase"},
    {CLAIRE, "sync"},
    {CLAIRE, "erased"},
    {CLAIRE, "publish"},
    {CLAIRE, "sync"},
    {NADIA, "sync"},
    {CLAIRE, "revoke"},
    {CLAIRE, "refused"},
    {CLAIRE, "sync"},
};

/* What a day was for is there: four people were written, one was merged into another, one erased. */
static void settle(struct desk *desk)
{
    SIM_QUIET;
    struct pas_table *table = NULL;
    desk->who = &desk->people[CLAIRE];
    int result = pas_sql(desk->who->pas,
                         "SELECT (SELECT count(*) FROM personne), (SELECT count(*) FROM contact),"
                         " (SELECT count(*) FROM placement), (SELECT count(*) FROM poste)",
                         &table);
    for (size_t i = 0; i < 4 && result == 0; i++) {
        static const int want[] = {2, 1, 1, 1};
        if (pas_table_integer(table, 0, i) != want[i])
            sim_violated(desk->world, "what was done is there", "column %zu: %" PRId64, i,
                         pas_table_integer(table, 0, i));
    }
    pas_table_free(table);
    if (result != 0)
        sim_violated(desk->world, "what was done is there", "%s", pas_why(desk->who->pas));
}

bool sim_desk_run(struct sim_world *world, uint64_t seed, bool verbose)
{
    struct desk desk = {.world = world,
                        .people = {{.dir = SIM_ROOT "claire", .name = "Claire"},
                                   {.dir = SIM_ROOT "nadia", .name = "Nadia"}}};
    *world = (struct sim_world){.seed = seed, .verbose = verbose, .n_servers = 1};
    sim_random_install(seed);
    sim_vfs_reset();
    world->random = sim_random_from(seed, 1);
    world->start_ms = world->now_ms = sim_vfs_now_ms = START_MS;
    {
        SIM_QUIET;
        sim_server_start(world, 0);
        for (unsigned i = 0; i < PEOPLE; i++)
            (void)sim_disk_new(desk.people[i].dir, sim_random_from(seed, 100 + i));
    }
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        world->now_ms += 5000;
        if (!attempt(&desk, &desk.people[days[i].who], act_named(days[i].what)))
            break;
    }
    if (!world->failed)
        settle(&desk);
    for (unsigned i = 0; i < PEOPLE; i++)
        pas_close(desk.people[i].pas);
    pas_free(desk.invite);
    pas_free_bytes(desk.stick, desk.stick_len);
    return !world->failed;
}
