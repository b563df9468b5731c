/* SPDX-License-Identifier: Apache-2.0
 *
 * The linker redirects the allocating functions here (options.cmake). This file itself uses the real ones.
 */
#include "tests/sim/sim_fault.h"

#include <execinfo.h>
#include <msgpack.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#undef malloc
#undef calloc
#undef realloc

enum { FRAMES = 40, PLACES = 1 << 16, JOBS = 16, CHILD_SECONDS = 600 };

/* clang-format off */
extern const char __executable_start[], etext[];
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__real_sodium_malloc(size_t size);
msgpack_zone *__real_msgpack_zone_new(size_t chunk_size);
void *__real_msgpack_zone_malloc_expand(msgpack_zone *zone, size_t size);
bool __real_msgpack_zone_push_finalizer_expand(msgpack_zone *zone, void (*act)(void *data), void *data);
msgpack_unpack_return __real_msgpack_unpack_next(msgpack_unpacked *result, const char *data, size_t len, size_t *off);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_CDict *__real_ZSTD_createCDict(const void *dict, size_t len, int level);
ZSTD_DDict *__real_ZSTD_createDDict(const void *dict, size_t len);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_sodium_malloc(size_t size);
msgpack_zone *__wrap_msgpack_zone_new(size_t chunk_size);
void *__wrap_msgpack_zone_malloc_expand(msgpack_zone *zone, size_t size);
bool __wrap_msgpack_zone_push_finalizer_expand(msgpack_zone *zone, void (*act)(void *data), void *data);
msgpack_unpack_return __wrap_msgpack_unpack_next(msgpack_unpacked *result, const char *data, size_t len, size_t *off);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
ZSTD_CDict *__wrap_ZSTD_createCDict(const void *dict, size_t len, int level);
ZSTD_DDict *__wrap_ZSTD_createDDict(const void *dict, size_t len);

/* What the simulator's own files call instead of malloc and its like. */
void *sim_own_malloc(size_t size);
void *sim_own_calloc(size_t n, size_t size);
void *sim_own_realloc(void *old, size_t size);
/* clang-format on */

static struct sim_fault_plan plan;
static struct sim_fault_sum sum;
static bool armed, happened, excused, lasting;
static int quiet;
static uint64_t number;    /* of the failure that happened */
static uint64_t countdown; /* sim_fault_nth */
static bool counted;
static void *frames[FRAMES];
static int n_frames;

/* How often each chain of callers was met; open addressing, keyed by a hash that is never 0. */
static struct place {
    uint64_t key, n;
} places[PLACES];

static struct {
    pid_t pid;
    uint64_t number;
} children[JOBS];
static unsigned n_children;

/* --- places --- */

/* The chain of callers in our own code: what lies in libraries is one step of ours. */
static struct place *place_here(void)
{
    uint64_t key = 14695981039346656037u;
    n_frames = backtrace(frames, FRAMES);
    for (int i = 0; i < n_frames; i++) {
        const char *at = frames[i];
        if (at < __executable_start || at >= etext)
            continue;
        key = (key ^ (uint64_t)(at - __executable_start)) * 1099511628211u;
    }
    key |= 1;
    size_t i = (size_t)(key >> 20) % PLACES;
    while (places[i].key && places[i].key != key)
        i = (i + 1) % PLACES;
    if (!places[i].key) {
        if (++sum.places > PLACES / 2)
            abort();
        places[i].key = key;
    }
    return &places[i];
}

/* --- children --- */

static void reap(void)
{
    int status;
    pid_t pid = waitpid(children[0].pid, &status, 0);
    if (pid != children[0].pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        sum.failed++;
    if (WIFSIGNALED(status))
        fprintf(stderr, "failure %llu: ended by signal %d\n",
                (unsigned long long)children[0].number, WTERMSIG(status));
    memmove(children, children + 1, --n_children * sizeof *children);
}

/* True in the child. */
static bool split(void)
{
    if (n_children == plan.jobs)
        reap();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid > 0) {
        children[n_children].pid = pid;
        children[n_children++].number = sum.tried;
        return false;
    }
    n_children = 0;
    sum.failed = 0;
    alarm(CHILD_SECONDS);
    return true;
}

static bool fails(void)
{
    if (!armed || quiet)
        return false;
    if (happened)
        return lasting;
    quiet++;
    sum.calls++;
    struct place *place = place_here();
    bool chosen = false;
    place->n++;
    if ((place->n & (place->n - 1)) == 0) {
        uint64_t no = ++sum.tried;
        chosen = plan.only ? no == plan.only : no % plan.every == plan.phase && split();
        number = no;
    }
    quiet--;
    if (!chosen)
        return false;
    happened = excused = true;
    lasting = plan.for_ever;
    return true;
}

static bool memory_fails(void)
{
    if (countdown > 0 && --countdown == 0)
        return counted = true;
    return plan.kind == SIM_FAULT_MEMORY && fails();
}

bool sim_fault_io(void)
{
    return plan.kind == SIM_FAULT_IO && fails();
}

/* --- the state of things --- */

void sim_fault_begin(const struct sim_fault_plan *with)
{
    plan = *with;
    if (plan.jobs < 1 || plan.jobs > JOBS || plan.every < 1)
        abort();
    backtrace(frames, FRAMES); /* loads what it needs */
    sum = (struct sim_fault_sum){0};
    armed = true;
}

void sim_fault_end(struct sim_fault_sum *out)
{
    armed = false;
    while (n_children > 0)
        reap();
    *out = sum;
}

bool sim_fault_nth(uint64_t n)
{
    bool met = counted;
    counted = false;
    countdown = n;
    return met;
}

bool sim_fault_happened(uint64_t *no)
{
    *no = number;
    return happened;
}

void sim_fault_print(void)
{
    for (int i = 0; i < n_frames; i++) {
        const char *at = frames[i];
        if (at >= __executable_start && at < etext)
            fprintf(stderr, " %#tx", at - __executable_start - 1);
    }
    fprintf(stderr, "\n");
}

bool sim_fault_excuses(enum err err)
{
    /* What could not be loaded again is loaded later, by a call that says so and does nothing else (engine_begin). */
    if (err == ERR_BUSY)
        return happened;
    if (!excused)
        return false;
    if (plan.kind == SIM_FAULT_MEMORY)
        return err == ERR_MEMORY;
    return err == ERR_IO || err == ERR_FULL;
}

bool sim_fault_lasts(void)
{
    return lasting;
}

void sim_fault_over(void)
{
    excused = lasting = false;
}

int sim_fault_quiet(void)
{
    return quiet++;
}

void sim_fault_loud(int *block)
{
    (void)block;
    quiet--;
}

/* --- our own allocations --- */

void *__wrap_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return memory_fails() ? NULL : __real_strdup(text);
}

void *__wrap_sodium_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_sodium_malloc(size);
}

void *sim_own_malloc(size_t size)
{
    return __real_malloc(size);
}

void *sim_own_calloc(size_t n, size_t size)
{
    return __real_calloc(n, size);
}

void *sim_own_realloc(void *old, size_t size)
{
    return __real_realloc(old, size);
}

/* --- those of libraries that work for us --- */

msgpack_zone *__wrap_msgpack_zone_new(size_t chunk_size)
{
    return memory_fails() ? NULL : __real_msgpack_zone_new(chunk_size);
}

void *__wrap_msgpack_zone_malloc_expand(msgpack_zone *zone, size_t size)
{
    return memory_fails() ? NULL : __real_msgpack_zone_malloc_expand(zone, size);
}

bool __wrap_msgpack_zone_push_finalizer_expand(msgpack_zone *zone, void (*act)(void *data),
                                               void *data)
{
    return !memory_fails() && __real_msgpack_zone_push_finalizer_expand(zone, act, data);
}

msgpack_unpack_return __wrap_msgpack_unpack_next(msgpack_unpacked *result, const char *data,
                                                 size_t len, size_t *off)
{
    return memory_fails() ? MSGPACK_UNPACK_NOMEM_ERROR
                          : __real_msgpack_unpack_next(result, data, len, off);
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    return memory_fails() ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return memory_fails() ? NULL : __real_ZSTD_createDCtx();
}

ZSTD_CDict *__wrap_ZSTD_createCDict(const void *dict, size_t len, int level)
{
    return memory_fails() ? NULL : __real_ZSTD_createCDict(dict, len, level);
}

ZSTD_DDict *__wrap_ZSTD_createDDict(const void *dict, size_t len)
{
    return memory_fails() ? NULL : __real_ZSTD_createDDict(dict, len);
}

static sqlite3_mem_methods theirs;

static void *sqlite_malloc(int size)
{
    return memory_fails() ? NULL : theirs.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return memory_fails() ? NULL : theirs.xRealloc(old, size);
}

void sim_fault_install(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &theirs) != SQLITE_OK)
        abort();
    sqlite3_mem_methods ours = theirs;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    /* No store of small blocks that never fail; no mutexes, which a child forked inside of SQLite could not take again:
     * their owner is a thread of the parent. */
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
        abort();
}
