/* SPDX-License-Identifier: Apache-2.0
 *
 * How setup tries what it has made: the server as a service or a child, and curl, which sees it from the outside.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/message.h"
#include "server/main_setup.h"

enum { NOT_THERE = 127, WAIT_S = 10 };

/* Between fork and exec only calls that are safe there. */
static pid_t start(const char *const argv[], int out, int err)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(NOT_THERE);
}

static enum err wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return ERR_IO;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
        return ERR_NOT_FOUND;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK : ERR_DENIED;
}

enum err setup_run(const char *const argv[], char *out, size_t max, size_t *len)
{
    int ends[2];
    *len = 0;
    if (pipe(ends) != 0)
        return ERR_IO;
    pid_t pid = start(argv, ends[1], STDERR_FILENO);
    close(ends[1]);
    while (pid > 0 && *len + 1 < max) {
        ssize_t n = read(ends[0], out + *len, max - 1 - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        *len += (size_t)n;
    }
    close(ends[0]);
    out[*len] = '\0';
    return pid > 0 ? wait_for(pid) : ERR_IO;
}

static enum setup_reach probe_once(const char *const argv[], const struct serverkey *key)
{
    char answer[4096];
    size_t len;
    struct message_server server;
    enum err err = setup_run(argv, answer, sizeof answer, &len);
    if (err == ERR_NOT_FOUND)
        return SETUP_UNTRIED;
    if (err != ERR_OK)
        return SETUP_SILENT;
    if (message_server_open(&server, (const uint8_t *)answer, len) != ERR_OK ||
        memcmp(server.log_pk, serverkey_now(key)->log_pk, PK_LEN) != 0)
        return SETUP_STRANGER;
    return SETUP_REACHED;
}

enum setup_reach setup_probe(const char *where, const struct serverkey *key, unsigned wait_s)
{
    char url[CONF_TEXT_MAX + 32];
    bool local = strncmp(where, "unix:", 5) == 0;
    snprintf(url, sizeof url, "%s%s/v1/server",
             local                          ? "http://localhost"
             : strstr(where, "://") != NULL ? ""
                                            : "http://",
             local ? "" : where);
    const char *const argv[] = {
        "curl", "-fs", "--max-time", "10", url, local ? "--unix-socket" : NULL, where + 5, NULL};
    enum setup_reach reach = probe_once(argv, key);
    for (unsigned tries = 0; reach == SETUP_SILENT && tries < wait_s * 5; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        reach = probe_once(argv, key);
    }
    return reach;
}

bool setup_systemd(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

enum err setup_enable(const char *unit)
{
    char out[256];
    size_t len;
    const char *const argv[] = {"systemctl", "enable", "--now", "--quiet", unit, NULL};
    return setup_run(argv, out, sizeof out, &len);
}

enum err setup_start(const char *config, struct setup_child *child)
{
    const char *const argv[] = {"/proc/self/exe", "serve", "--config", config, NULL};
    *child = (struct setup_child){.said = tmpfile()};
    if (!child->said)
        return ERR_IO;
    fflush(NULL);
    pid_t pid = start(argv, fileno(child->said), fileno(child->said));
    child->pid = pid > 0 ? (int)pid : 0;
    return pid > 0 ? ERR_OK : ERR_IO;
}

void setup_stop(struct setup_child *child, bool tell)
{
    char line[512];
    if (child->pid > 0 && kill(child->pid, SIGTERM) == 0)
        (void)!wait_for(child->pid);
    if (child->said) {
        rewind(child->said);
        while (tell && fgets(line, sizeof line, child->said))
            fputs(line, stderr);
        (void)fclose(child->said);
    }
    *child = (struct setup_child){0};
}
