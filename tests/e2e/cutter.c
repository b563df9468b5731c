/* SPDX-License-Identifier: Apache-2.0
 *
 * cutter: connections that end anywhere, and people who hold them open.
 *
 *   cutter PORT FOUNDER-LINK FOLDER cut         each byte position of a request, then of an answer, is the last one
 *   cutter PORT FOUNDER-LINK FOLDER crowd N     N connections that say a little and then nothing, while one works
 *
 * After each cut the device goes on with what it has; at the end a second device has every record, each once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/carry.h"

static void must(struct pas *pas, int result, const char *what)
{
    if (result != 0)
        carry_fail("%s: %s %s", what, pas_error_name(result), pas_why(pas));
}

/* The whole text of a POST. */
static char *request_text(const unsigned char *body, size_t len, size_t *out)
{
    char *text = malloc(len + 256);
    if (!text)
        carry_fail("no memory");
    int n = snprintf(text, 256,
                     "POST /v1/sync HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     "Content-Type: application/msgpack\r\nContent-Length: %zu\r\n\r\n",
                     len);
    memcpy(text + n, body, len);
    *out = (size_t)n + len;
    return text;
}

static void send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

/* Reads at most `len` bytes of an answer; how many came. */
static size_t receive_bytes(int fd, size_t len)
{
    char bytes[4096];
    size_t got = 0;
    while (got < len) {
        size_t want = len - got < sizeof bytes ? len - got : sizeof bytes;
        ssize_t n = recv(fd, bytes, want, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* One request of which `up` bytes leave, and of whose answer `down` bytes are read. Gives the sizes of both. */
static void cut_once(struct pas *pas, unsigned port, size_t up, size_t down, size_t *request_len,
                     size_t *answer_len)
{
    unsigned char *body;
    size_t len, text_len;
    pas_time(pas, carry_now_ms());
    must(pas, pas_sync_begin(pas, 0, 0, &body, &len), "sync");
    char *text = request_text(body, len, &text_len);
    struct timeval patience = {.tv_sec = 3}; /* the connection stays open behind the answer */
    int fd = carry_connect(port);
    if (fd < 0)
        carry_fail("the server is gone");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    send_bytes(fd, text, up < text_len ? up : text_len);
    if (up >= text_len)
        *answer_len = receive_bytes(fd, down);
    *request_len = text_len;
    close(fd);
    free(text);
    pas_free_bytes(body, len);
}

/* How long the body of the answer is; the device does not get it. */
static size_t answer_length(struct pas *pas, unsigned port)
{
    unsigned char *body, *answer;
    size_t len, text_len, answer_len;
    pas_time(pas, carry_now_ms());
    must(pas, pas_sync_begin(pas, 0, 0, &body, &len), "sync");
    char *text = request_text(body, len, &text_len);
    int fd = carry_connect(port);
    send_bytes(fd, text, text_len);
    if (!carry_receive(fd, &answer, &answer_len))
        carry_fail("no answer");
    close(fd);
    free(text);
    free(answer);
    pas_free_bytes(body, len);
    return answer_len;
}

static int64_t sites(struct pas *pas)
{
    struct pas_table *table;
    must(pas, pas_sql(pas, "SELECT count(*) AS n FROM site", &table), "sql");
    int64_t n = pas_table_integer(table, 0, 0);
    pas_table_free(table);
    return n;
}

static void cut(struct pas *pas, struct pas *other, unsigned port)
{
    struct pas_id id;
    size_t request = 1, answer = 0, cuts = 0;
    int64_t made = 0;
    for (; made < 3; made++)
        carry_site(pas, "Les Saules", &id);
    for (size_t up = 0; up < request; up++, cuts++)
        cut_once(pas, port, up, 0, &request, &answer);
    if (!carry_sync(pas, port))
        carry_fail("the sync after the cuts of the request failed");
    size_t requests = cuts;
    carry_site(pas, "Les Saules", &id);
    made++;
    /* The first such request is logged, the others repeat it: their answers are equally long. */
    size_t whole = answer_length(pas, port);
    size_t down = 0;
    do {
        cut_once(pas, port, SIZE_MAX, ++down, &request, &answer);
        cuts++;
    } while (answer == down);
    if (down < whole)
        carry_fail("an answer of %zu bytes ended after %zu", whole, down);
    if (!carry_sync(pas, port) || !carry_sync(other, port))
        carry_fail("the last sync failed");
    if (carry_unsent(pas) != 0 || sites(pas) != made || sites(other) != made)
        carry_fail("%lld records made, %lld here, %lld there", (long long)made,
                   (long long)sites(pas), (long long)sites(other));
    printf("%zu cuts: %zu in a request, %zu in an answer; %lld records, each once\n", cuts,
           requests, cuts - requests, (long long)made);
}

/* Half say the beginning of a head, half nothing at all. */
static void crowd(struct pas *pas, struct pas *other, unsigned port, size_t n)
{
    static const char head[] = "POST /v1/sync HTTP/1.1\r\nHost:";
    struct rlimit files;
    struct pas_id id;
    int *fds = calloc(n, sizeof *fds);
    size_t open = 0;
    if (!fds)
        carry_fail("no memory");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    for (size_t i = 0; i < n; i++) {
        fds[i] = carry_connect(port);
        if (fds[i] < 0)
            continue;
        open++;
        if (i % 2 == 0)
            send_bytes(fds[i], head, sizeof head - 1);
    }
    /* The server may turn a newcomer away while it is full; it never stops answering for good. */
    carry_site(pas, "Les Saules", &id);
    unsigned tries = 0;
    while (!carry_sync(pas, port)) {
        if (++tries == 300)
            carry_fail("nobody is served beside %zu silent connections", open);
        usleep(100000);
    }
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(fds);
    if (!carry_sync(other, port) || sites(other) != 1)
        carry_fail("the record did not arrive");
    printf("%zu connections open; a sync went through after %u tries\n", open, tries);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: cutter PORT FOUNDER-LINK FOLDER cut | crowd N\n");
        return 2;
    }
    unsigned port = (unsigned)atoi(argv[1]);
    struct pas *pas = carry_device(argv[3], "claire"), *other = carry_device(argv[3], "nadia");
    carry_found(pas, port, argv[2]);
    char *link = carry_invite(pas);
    if (!carry_sync(pas, port))
        carry_fail("no first sync");
    carry_join(other, port, link);
    carry_approve(pas, port);
    pas_free(link);
    if (!carry_sync(other, port))
        carry_fail("the second device does not come in");
    if (strcmp(argv[4], "cut") == 0)
        cut(pas, other, port);
    else
        crowd(pas, other, port, argc > 5 ? (size_t)atol(argv[5]) : 1000);
    pas_close(pas);
    pas_close(other);
    return 0;
}
