/* SPDX-License-Identifier: Apache-2.0 */
#include "testdaemon.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/link.h"

enum { READY_TRIES = 600, ANSWER_SECONDS = 30, HEAD_MAX = 4096 };

static void rest(void)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
}

/* ---- the process ---- */

static pid_t spawn(const struct testdaemon *daemon, const char *const argv[], int out)
{
    pid_t pid = fork();
    assert(pid >= 0);
    if (pid > 0)
        return pid;
    if (out >= 0)
        dup2(out, 1);
    execv(daemon->program, (char *const *)argv);
    _exit(127);
}

static int wait_for(pid_t pid)
{
    int status = 0;
    pid_t got = waitpid(pid, &status, 0);
    assert(got == pid);
    (void)got;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const struct testdaemon *daemon, const char *const argv[], struct buf *out)
{
    int ends[2];
    uint8_t bytes[4096];
    int made = pipe(ends);
    assert(made == 0);
    (void)made;
    pid_t pid = spawn(daemon, argv, ends[1]);
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;)
        buf_put(out, bytes, (size_t)n);
    close(ends[0]);
    return wait_for(pid);
}

/* The next of the empty databases that TESTDAEMON_STORE stands for; NULL: files in the folder. */
static const char *next_store(char out[static 512])
{
    static unsigned n;
    const char *all = getenv("TESTDAEMON_STORE"), *mark = all ? strchr(all, '#') : NULL;
    if (!mark)
        return NULL;
    snprintf(out, 512, "%.*s%u%s", (int)(mark - all), all, ++n, mark + 1);
    return out;
}

void testdaemon_init(struct testdaemon *daemon)
{
    char place[512];
    const char *bin = getenv("PASSERELLE_BIN_DIR"), *base = getenv("TMPDIR");
    struct buf out = {0};
    struct link link;
    *daemon = (struct testdaemon){.pid = 0};
    snprintf(daemon->program, sizeof daemon->program, "%s/passerelled", bin ? bin : ".");
    snprintf(daemon->folder, sizeof daemon->folder, "%s/passerelle-daemon-XXXXXX",
             base ? base : "/tmp");
    char *made = mkdtemp(daemon->folder);
    assert(made);
    (void)made;
    snprintf(daemon->port_file, sizeof daemon->port_file, "%s/port", daemon->folder);
    const char *argv[] = {daemon->program,      "init",   "--data", daemon->folder, "--url",
                          "http://127.0.0.1:1", "--json", NULL,     NULL,           NULL};
    if (next_store(place)) {
        argv[7] = "--store";
        argv[8] = place;
    }
    int code = run(daemon, argv, &out);
    assert(code == 0);
    (void)code;
    buf_u8(&out, 0);
    const char *text = strstr((const char *)out.bytes, "\"founder_link\": \"");
    assert(text);
    text += strlen("\"founder_link\": \"");
    enum err err = link_parse(&link, text, strcspn(text, "\""));
    assert(err == ERR_OK);
    memcpy(daemon->secret, link.secret, SEED_LEN);
    buf_free(&out);
}

int testdaemon_run(const struct testdaemon *daemon, const char *command, const char *arg,
                   struct buf *out)
{
    const char *const argv[] = {daemon->program, command, "--data", daemon->folder, arg, NULL};
    return run(daemon, argv, out);
}

static int read_port(const struct testdaemon *daemon)
{
    int port = 0;
    FILE *file = fopen(daemon->port_file, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%d", &port) != 1)
        port = 0;
    fclose(file);
    return port;
}

void testdaemon_start(struct testdaemon *daemon)
{
    const char *argv[20] = {daemon->program, "serve",       "--data",      daemon->folder,
                            "--listen",      "127.0.0.1:0", "--port-file", daemon->port_file};
    struct buf out = {0};
    size_t n = 8;
    for (size_t i = 0; i < 8 && daemon->extra[i]; i++)
        argv[n++] = daemon->extra[i];
    unlink(daemon->port_file);
    int quiet = open("/dev/null", O_WRONLY);
    daemon->pid = spawn(daemon, argv, quiet);
    close(quiet);
    for (int i = 0; i < READY_TRIES; i++) {
        daemon->port = read_port(daemon);
        if (daemon->port > 0 && testdaemon_get(daemon, "/readyz", &out) == 200)
            break;
        rest();
    }
    buf_free(&out);
    assert(daemon->port > 0);
}

int testdaemon_stop(struct testdaemon *daemon, int signal)
{
    assert(daemon->pid > 0);
    kill(daemon->pid, signal);
    int code = wait_for(daemon->pid);
    daemon->pid = 0;
    return code;
}

void testdaemon_fini(struct testdaemon *daemon)
{
    char path[600];
    if (daemon->pid > 0)
        testdaemon_stop(daemon, SIGKILL);
    DIR *dir = opendir(daemon->folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", daemon->folder, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(daemon->folder);
}

/* ---- HTTP ---- */

static int dial(const struct testdaemon *daemon)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)daemon->port)};
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    const int on = 1; /* head and body are two writes */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* One answer; 0 when the connection ended before it was whole. */
static int read_answer(int fd, struct buf *body)
{
    char head[HEAD_MAX + 1];
    size_t len = 0, announced = 0;
    char *end = NULL;
    int status = 0;
    while (!end && len < HEAD_MAX) {
        ssize_t n = recv(fd, head + len, HEAD_MAX - len, 0);
        if (n <= 0)
            return 0;
        len += (size_t)n;
        head[len] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    if (!end || sscanf(head, "HTTP/1.1 %d", &status) != 1)
        return 0;
    const char *length = strstr(head, "Content-Length:");
    if (!length)
        length = strstr(head, "content-length:");
    if (length)
        announced = strtoul(length + 15, NULL, 10);
    size_t have = len - (size_t)(end + 4 - head);
    buf_put(body, end + 4, have);
    while (have < announced) {
        uint8_t bytes[65536];
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return 0;
        buf_put(body, bytes, (size_t)n);
        have += (size_t)n;
    }
    return status;
}

int testdaemon_get(const struct testdaemon *daemon, const char *path, struct buf *out)
{
    char head[300];
    int fd = dial(daemon), status = 0;
    if (fd < 0)
        return 0;
    int n = snprintf(head, sizeof head,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    if (send_all(fd, head, (size_t)n))
        status = read_answer(fd, out);
    close(fd);
    return status;
}

double testdaemon_metric(const struct testdaemon *daemon, const char *name)
{
    struct buf out = {0};
    char line[200];
    double value = -1;
    int status = testdaemon_get(daemon, "/metrics", &out);
    assert(status == 200);
    (void)status;
    buf_u8(&out, 0);
    int n = snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr((const char *)out.bytes, line);
    if (at)
        value = strtod(at + n, NULL);
    buf_free(&out);
    return value;
}

void testdaemon_meet(const struct testdaemon *daemon, struct testdevice *device)
{
    struct buf out = {0};
    int status = testdaemon_get(daemon, "/v1/server", &out);
    assert(status == 200);
    enum err err = testdevice_server(device, out.bytes, out.len);
    assert(err == ERR_OK);
    (void)status;
    buf_free(&out);
}

void testdaemon_hang_up(struct testdaemon_line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
}

enum err testdaemon_post(struct testdaemon_line *line, const uint8_t *request, size_t len)
{
    char head[300];
    if (line->fd < 0)
        line->fd = dial(line->daemon);
    if (line->fd < 0)
        return ERR_NET;
    int n = snprintf(head, sizeof head,
                     "POST /v1/sync HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     "Content-Type: application/msgpack\r\nContent-Length: %zu\r\n\r\n",
                     len);
    if (send_all(line->fd, head, (size_t)n) && send_all(line->fd, request, len))
        return ERR_OK;
    testdaemon_hang_up(line);
    return ERR_NET;
}

enum err testdaemon_answer(struct testdaemon_line *line, struct buf *response, int *http)
{
    *http = line->fd >= 0 ? read_answer(line->fd, response) : 0;
    if (*http > 0)
        return ERR_OK;
    buf_reset(response);
    testdaemon_hang_up(line);
    return ERR_NET;
}

enum err testdaemon_send(void *ctx, const uint8_t *request, size_t len, struct buf *response,
                         int *http)
{
    enum err err = testdaemon_post(ctx, request, len);
    return err == ERR_OK ? testdaemon_answer(ctx, response, http) : err;
}
