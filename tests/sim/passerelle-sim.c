/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle-sim: runs simulated worlds, each in a process of its own, and says what was checked.
 *
 *   passerelle-sim --seed N             one world; add -v for its trace
 *   passerelle-sim --seeds A..B         many; two at a time with --jobs 2
 *   passerelle-sim --hours H            from seed A on, until H hours of this machine's time are over
 *   passerelle-sim --profile NAME       all worlds of one kind, instead of one after the other
 *   passerelle-sim --break NAME         with one deliberate mistake in the code: a violation must be found
 *
 * Exit code 0: no violation (with --break: a violation was found); 1 otherwise; 2 for a wrong call.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "server/log.h"
#include "tests/sim/sim_break.h"
#include "tests/sim/sim_vfs.h"
#include "tests/sim/sim_world.h"

enum { JOBS_MAX = 16 };

struct options {
    uint64_t first, last;
    double hours;
    const struct sim_profile *profile;
    enum sim_break breakage;
    bool verbose, quiet;
    unsigned jobs;
};

/* What a world's process says at its end. */
struct result {
    uint64_t seed, days;
    bool ok;
    uint8_t trace[HASH_LEN];
    uint64_t figures[SIM_FIGURES_N];
    char violation[400], profile[16];
};

struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
};

static const struct sim_profile *profile_of(const struct options *options, uint64_t seed)
{
    return options->profile ? options->profile : &sim_profiles[seed % sim_profiles_common];
}

/* --- one world --- */

static void print_tail(const struct sim_world *world)
{
    size_t n = world->n_tail < SIM_TAIL ? world->n_tail : SIM_TAIL;
    for (size_t i = world->n_tail - n; i < world->n_tail; i++)
        fprintf(stderr, "    %s\n", world->tail[i % SIM_TAIL]);
}

static struct result run(const struct options *options, uint64_t seed)
{
    struct result result = {.seed = seed};
    struct sim_world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    const struct sim_profile *profile = profile_of(options, seed);
    sim_break_set(options->breakage);
    result.ok = sim_world_run(world, seed, profile, options->verbose);
    if (!result.ok && !options->quiet && !options->verbose) {
        fprintf(stderr, "seed %" PRIu64 " (%s): %s\n", seed, profile->name, world->violation);
        print_tail(world);
    }
    result.days = profile->days;
    memcpy(result.trace, world->trace, HASH_LEN);
    memcpy(result.figures, world->figures, sizeof result.figures);
    snprintf(result.violation, sizeof result.violation, "%s", world->violation);
    snprintf(result.profile, sizeof result.profile, "%s", profile->name);
    sim_world_free(world);
    free(world);
    return result;
}

static bool read_all(int fd, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static struct job start(const struct options *options, uint64_t seed)
{
    int ends[2];
    struct job job = {.seed = seed};
    fflush(NULL);
    if (pipe(ends) != 0 || (job.pid = fork()) < 0) {
        perror("passerelle-sim");
        exit(2);
    }
    if (job.pid == 0) {
        close(ends[0]);
        const struct result result = run(options, seed);
        fflush(NULL);
        bool sent = write(ends[1], &result, sizeof result) == (ssize_t)sizeof result;
        exit(sent && result.ok ? 0 : 1);
    }
    close(ends[1]);
    job.pipe = ends[0];
    return job;
}

static struct result finish(const struct options *options, struct job *job)
{
    struct result result = {0};
    int status;
    if (!read_all(job->pipe, &result, sizeof result)) {
        result = (struct result){.seed = job->seed};
        snprintf(result.profile, sizeof result.profile, "%s", profile_of(options, job->seed)->name);
        snprintf(result.violation, sizeof result.violation, "the program died");
        if (!options->quiet)
            fprintf(stderr, "seed %" PRIu64 ": the program died\n", job->seed);
    }
    close(job->pipe);
    waitpid(job->pid, &status, 0);
    if (result.ok && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        result.ok = false; /* a sanitizer's word at exit */
        snprintf(result.violation, sizeof result.violation, "the program ended badly");
    }
    return result;
}

/* --- many --- */

struct total {
    uint64_t worlds, failed, days, found_at;
    uint64_t figures[SIM_FIGURES_N];
    uint8_t trace[HASH_LEN]; /* chain over the traces of all worlds */
    char violation[400];
};

static void add(struct total *total, const struct result *result)
{
    const struct digest_part parts[] = {{total->trace, HASH_LEN}, {result->trace, HASH_LEN}};
    digest_sha256(total->trace, parts, 2);
    total->worlds++;
    total->days += result->days * result->figures[SIM_CHECK_SETTLED];
    for (size_t i = 0; i < SIM_FIGURES_N; i++)
        total->figures[i] += result->figures[i];
    if (!result->ok && total->failed++ == 0) {
        total->found_at = result->seed;
        snprintf(total->violation, sizeof total->violation, "%s", result->violation);
    }
}

static void print_total(const struct total *total)
{
#define TEXT(name, text) text,
    static const char *const texts[] = {SIM_FIGURES(TEXT)};
#undef TEXT
    printf("%" PRIu64 " worlds, %" PRIu64 " days of a space, %" PRIu64 " violations\n",
           total->worlds, total->days, total->failed);
    for (size_t i = 0; i < SIM_FIGURES_N; i++)
        printf("%12" PRIu64 "  %s\n", total->figures[i], texts[i]);
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct total run_many(const struct options *options)
{
    struct total total = {0};
    struct job jobs[JOBS_MAX];
    unsigned running = 0, oldest = 0;
    double end = options->hours > 0 ? now() + options->hours * 3600 : 0;
    uint64_t seed = options->first;
    for (;;) {
        bool more = end > 0 ? now() < end : seed <= options->last;
        if (total.failed && options->breakage != SIM_BREAK_NONE)
            more = false;
        if (more && running < options->jobs) {
            jobs[(oldest + running++) % JOBS_MAX] = start(options, seed++);
            continue;
        }
        if (running == 0)
            break;
        const struct result result = finish(options, &jobs[oldest]);
        oldest = (oldest + 1) % JOBS_MAX;
        running--;
        add(&total, &result);
    }
    return total;
}

/* --- call --- */

static int usage(void)
{
    fprintf(stderr, "usage: passerelle-sim [--seed N | --seeds A..B | --hours H] [--profile NAME]\n"
                    "                      [--break NAME] [--jobs N] [-v]\nprofiles:");
    for (size_t i = 0; i < sim_profiles_n; i++)
        fprintf(stderr, " %s", sim_profiles[i].name);
    fprintf(stderr, "\nbreakages:");
    for (int i = 1; i < SIM_BREAK_N; i++)
        fprintf(stderr, " %s", sim_break_name((enum sim_break)i));
    fprintf(stderr, "\n");
    return 2;
}

static bool take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--seed") == 0) {
        options->first = options->last = strtoull(value, NULL, 10);
        return true;
    }
    if (strcmp(name, "--seeds") == 0)
        return sscanf(value, "%" SCNu64 "..%" SCNu64, &options->first, &options->last) == 2;
    if (strcmp(name, "--hours") == 0)
        return (options->hours = strtod(value, NULL)) > 0;
    if (strcmp(name, "--jobs") == 0) {
        options->jobs = (unsigned)strtoul(value, NULL, 10);
        return options->jobs >= 1 && options->jobs <= JOBS_MAX;
    }
    if (strcmp(name, "--profile") == 0) {
        for (size_t i = 0; i < sim_profiles_n; i++) {
            if (strcmp(sim_profiles[i].name, value) == 0)
                options->profile = &sim_profiles[i];
        }
        return options->profile != NULL;
    }
    if (strcmp(name, "--break") == 0)
        return (options->breakage = sim_break_by_name(value)) != SIM_BREAK_NONE;
    return false;
}

static int conclude(const struct options *options, const struct total *total)
{
    if (options->breakage == SIM_BREAK_NONE) {
        char hex[2 * HASH_LEN + 1];
        code_hex(hex, total->trace, HASH_LEN);
        print_total(total);
        printf("trace %s\n", hex);
        return total->failed ? 1 : 0;
    }
    const char *name = sim_break_name(options->breakage);
    if (total->failed)
        printf("%-20s found by seed %" PRIu64 ": %s\n", name, total->found_at, total->violation);
    else
        printf("%-20s NOT FOUND in %" PRIu64 " worlds\n", name, total->worlds);
    return total->failed ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options options = {.first = 1, .last = 100, .jobs = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            options.verbose = true;
        else if (i + 1 >= argc || !take_option(&options, argv[i], argv[i + 1]))
            return usage();
        else
            i++;
    }
    options.quiet = options.breakage != SIM_BREAK_NONE;
    if (sim_break_needs(options.breakage) && !options.profile)
        take_option(&options, "--profile", sim_break_needs(options.breakage));
    log_open(-1, LOG_TEXT, LOG_ERROR);
    sim_vfs_install();
    const struct total total = run_many(&options);
    return conclude(&options, &total);
}
