/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/e2e/carry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 32 << 20, PATH_LEN = 1024 };

void carry_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("FAIL: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void must(struct pas *pas, int result, const char *what)
{
    if (result != 0)
        carry_fail("%s: %s %s", what, pas_error_name(result), pas ? pas_why(pas) : "");
}

uint64_t carry_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- bytes --- */

int carry_connect(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

bool carry_send(int fd, const unsigned char *body, size_t len)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "POST /v1/sync HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     "Content-Type: application/msgpack\r\nContent-Length: %zu\r\n\r\n",
                     len);
    return send_all(fd, head, (size_t)n) && send_all(fd, body, len);
}

/* The value of Content-Length, or -1 while the head is not complete. */
static long long head_end(const char *bytes, size_t *body)
{
    const char *end = strstr(bytes, "\r\n\r\n");
    if (!end)
        return -1;
    *body = (size_t)(end - bytes) + 4;
    for (const char *at = bytes; at < end; at++)
        if (strncasecmp(at, "\r\ncontent-length:", 17) == 0)
            return strtoll(at + 17, NULL, 10);
    return 0;
}

bool carry_receive(int fd, unsigned char **body, size_t *len)
{
    size_t cap = 65536, got = 0, start = 0;
    char *bytes = malloc(cap);
    long long length = -1;
    while (bytes && (length < 0 || got < start + (size_t)length)) {
        if (got + 1 >= cap) {
            cap *= 2;
            char *more = cap <= ANSWER_MAX ? realloc(bytes, cap) : NULL;
            if (!more)
                break;
            bytes = more;
        }
        ssize_t n = recv(fd, bytes + got, cap - got - 1, 0);
        if (n <= 0) {
            free(bytes);
            return false;
        }
        got += (size_t)n;
        bytes[got] = 0;
        if (length < 0)
            length = head_end(bytes, &start);
    }
    if (!bytes || length < 0 || got < start + (size_t)length)
        carry_fail("an answer without an end");
    memmove(bytes, bytes + start, (size_t)length);
    *body = (unsigned char *)bytes;
    *len = (size_t)length;
    bytes[length] = 0;
    return true;
}

char *carry_get(unsigned port, const char *path, size_t *len)
{
    char head[256];
    unsigned char *body = NULL;
    size_t ignored;
    int fd = carry_connect(port);
    int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    if (fd < 0)
        return NULL;
    if (!send_all(fd, head, (size_t)n) || !carry_receive(fd, &body, len ? len : &ignored))
        body = NULL;
    close(fd);
    return (char *)body;
}

uint64_t carry_metric(unsigned port, const char *name)
{
    char *text = carry_get(port, "/metrics", NULL);
    size_t len = strlen(name);
    for (const char *line = text; line && *line;) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            uint64_t value = strtoull(line + len, NULL, 10);
            free(text);
            return value;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    carry_fail("no %s in /metrics", name);
}

/* --- devices --- */

struct pas *carry_device(const char *folder, const char *name)
{
    char dir[PATH_LEN];
    struct pas *pas = NULL;
    uint64_t now = carry_now_ms();
    snprintf(dir, sizeof dir, "%s/%s", folder, name);
    struct pas_create_args make = {.dir = dir,
                                   .name = name,
                                   .pass = "quatre mots de passe",
                                   .pass_len = 20,
                                   .light = true,
                                   .now_ms = now};
    struct pas_open_args open = {
        .dir = dir, .pass = make.pass, .pass_len = make.pass_len, .now_ms = now, .lang = "en"};
    must(NULL, pas_create(&make), name);
    must(NULL, pas_open(&pas, &open), name);
    return pas;
}

void carry_found(struct pas *pas, unsigned port, const char *founder_link)
{
    char url[512];
    size_t len, space;
    char *server = carry_get(port, "/v1/server", &len);
    if (!server)
        carry_fail("no answer to GET /v1/server");
    must(pas, pas_link_url(founder_link, url), "link");
    must(pas,
         pas_found(pas, founder_link, url, (unsigned char *)server, len, "Equipe", "team", &space),
         "found");
    free(server);
    if (!carry_sync(pas, port) || carry_unsent(pas) != 0)
        carry_fail("the founding was not sent");
}

char *carry_invite(struct pas *pas)
{
    char *link = NULL;
    must(pas, pas_invite(pas, 0, "writer", carry_now_ms() / 1000 + 86400, &link), "invite");
    return link;
}

void carry_join(struct pas *pas, unsigned port, const char *link)
{
    size_t len, space;
    char *server = carry_get(port, "/v1/server", &len);
    if (!server)
        carry_fail("no answer to GET /v1/server");
    must(pas, pas_join(pas, link, (unsigned char *)server, len, &space), "join");
    free(server);
    if (!carry_sync(pas, port))
        carry_fail("the join was not sent");
}

void carry_approve(struct pas *pas, unsigned port)
{
    struct pas_table *table = NULL;
    if (!carry_sync(pas, port))
        carry_fail("no sync before the approval");
    must(pas, pas_approve(pas, SIZE_MAX, NULL, &table), "approve");
    pas_table_free(table);
    if (!carry_sync(pas, port))
        carry_fail("the approval was not sent");
}

static bool one_request(struct pas *pas, unsigned port, struct pas_sync *sync)
{
    unsigned char *request = NULL, *answer = NULL;
    size_t request_len, answer_len;
    int fd = carry_connect(port);
    bool done = false;
    if (fd < 0)
        return false;
    pas_time(pas, carry_now_ms());
    must(pas, pas_sync_begin(pas, 0, 0, &request, &request_len), "sync");
    if (carry_send(fd, request, request_len) && carry_receive(fd, &answer, &answer_len)) {
        must(pas, pas_sync_finish(pas, 0, answer, answer_len, sync), "answer");
        done = true;
    }
    pas_free_bytes(request, request_len);
    free(answer);
    close(fd);
    return done;
}

/* Why the server refused something. */
static const char *last_status(struct pas *pas)
{
    static char text[64];
    struct pas_table *table = NULL;
    must(pas, pas_spaces(pas, &table), "spaces");
    const char *status = pas_table_get(table, 0, pas_table_find(table, "status"));
    snprintf(text, sizeof text, "%s", status ? status : "no status");
    pas_table_free(table);
    return text;
}

bool carry_sync(struct pas *pas, unsigned port)
{
    struct pas_sync sync = {0};
    do {
        if (!one_request(pas, port, &sync))
            return false;
        if (sync.alarm || sync.refused)
            carry_fail("alarm %s, %d refused: %s", pas_error_name(sync.alarm), (int)sync.refused,
                       last_status(pas));
    } while (sync.again);
    return true;
}

int64_t carry_unsent(struct pas *pas)
{
    struct pas_table *table = NULL;
    must(pas, pas_spaces(pas, &table), "spaces");
    int64_t unsent = 0;
    size_t column = pas_table_find(table, "unsent");
    for (size_t row = 0; row < pas_table_rows(table); row++)
        unsent += pas_table_integer(table, row, column);
    pas_table_free(table);
    return unsent;
}

void carry_site(struct pas *pas, const char *name, struct pas_id *id)
{
    struct pas_pair pairs[] = {{"nom", name}, {"commune", "Aubry"}};
    pas_time(pas, carry_now_ms());
    must(pas, pas_new(pas, "site", pairs, 2, NULL, id), "new");
}
