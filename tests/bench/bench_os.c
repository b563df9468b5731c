/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static double read_clock(clockid_t clock)
{
    struct timespec at = {0};
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

double bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* The clock of the process counts nanoseconds where /proc/PID/stat counts hundredths of a second. */
double bench_cpu(pid_t pid)
{
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0)
        bench_fail("no processor clock of process %d", (int)pid);
    return read_clock(clock);
}

uint64_t bench_wall_ms(void)
{
    return (uint64_t)(read_clock(CLOCK_REALTIME) * 1000);
}

static double status_kb(pid_t pid, const char *name)
{
    char path[64], line[256];
    double kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtod(line + strlen(name), NULL);
    }
    if (file)
        fclose(file);
    if (kb < 0)
        bench_fail("%s has no %s", path, name);
    return kb;
}

double bench_memory_kb(pid_t pid)
{
    return status_kb(pid, "RssAnon:");
}

double bench_peak_kb(pid_t pid)
{
    return status_kb(pid, "VmHWM:");
}

void bench_peak_reset(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "5", 1) != 1)
        fprintf(stderr, "bench: the peak of memory counts from the server's start\n");
    if (fd >= 0)
        close(fd);
}

uint64_t bench_folder_bytes(const char *folder)
{
    char path[600];
    uint64_t bytes = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            bytes += (uint64_t)info.st_size;
    }
    if (dir)
        closedir(dir);
    return bytes;
}

void bench_folder_remove(const char *folder)
{
    char path[600];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

void bench_folder_new(char out[static 256], const char *name)
{
    const char *base = getenv("TMPDIR");
    snprintf(out, 256, "%s/passerelle-bench-%s-XXXXXX", base ? base : "/tmp", name);
    if (!mkdtemp(out))
        bench_fail("no folder %s", out);
}
