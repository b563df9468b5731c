/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one connection at a time (a client of ours opens no second one).
 *
 *     client --queue up--> server        a piece leaves when the line is free, takes len / rate to pass,
 *     client <-queue down- server        and arrives half a round trip later
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { PIECE = 1448, PIECES_MAX = 4096 };

struct piece {
    double at; /* when it arrives */
    size_t len;
    uint8_t bytes[PIECE];
};

struct way {
    int from, to;
    bool ended, closed;
    double free_at; /* when the line has sent all before */
    size_t first, n;
    struct piece *pieces;
    atomic_uint_fast64_t *count;
};

struct bench_proxy {
    int fd, port, to_port;
    struct bench_proxy_shape shape;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint_fast64_t up, down;
    atomic_uint connections;
};

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        bench_fail("the proxy cannot reach the server");
    return fd;
}

static void take(const struct bench_proxy *proxy, struct way *way, double not_before)
{
    struct piece *piece = &way->pieces[(way->first + way->n) % PIECES_MAX];
    ssize_t n = recv(way->from, piece->bytes, PIECE, 0);
    if (n <= 0) {
        way->ended = true;
        return;
    }
    double now = bench_now();
    double start = now > not_before ? now : not_before;
    if (start < way->free_at)
        start = way->free_at;
    way->free_at = start + (proxy->shape.bytes_s > 0 ? (double)n / proxy->shape.bytes_s : 0);
    piece->at = way->free_at + proxy->shape.rtt_s / 2;
    piece->len = (size_t)n;
    way->n++;
    atomic_fetch_add(way->count, (uint_fast64_t)n);
}

/* Delivers what has arrived; gives the time of the next arrival. */
static double deliver(struct way *way)
{
    while (way->n > 0) {
        const struct piece *piece = &way->pieces[way->first];
        if (piece->at > bench_now())
            return piece->at;
        if (send(way->to, piece->bytes, piece->len, MSG_NOSIGNAL) != (ssize_t)piece->len) {
            way->ended = way->closed = true;
            way->n = 0;
            return 0;
        }
        way->first = (way->first + 1) % PIECES_MAX;
        way->n--;
    }
    if (way->ended && !way->closed) {
        shutdown(way->to, SHUT_WR);
        way->closed = true;
    }
    return 0;
}

static void connection(struct bench_proxy *proxy, int client)
{
    int server = dial(proxy->to_port);
    double not_before = bench_now() + proxy->shape.rtt_s; /* the handshake */
    struct way ways[2] = {{.from = client, .to = server, .count = &proxy->up},
                          {.from = server, .to = client, .count = &proxy->down}};
    for (int i = 0; i < 2; i++) {
        ways[i].pieces = calloc(PIECES_MAX, sizeof *ways[i].pieces);
        if (!ways[i].pieces)
            bench_fail("no memory for the proxy");
    }
    while (!(ways[0].closed && ways[1].closed) && !atomic_load(&proxy->stop)) {
        double next = 0;
        struct pollfd polls[2];
        for (int i = 0; i < 2; i++) {
            double at = deliver(&ways[i]);
            if (at > 0 && (next == 0 || at < next)) /* NOLINT: 0 says none */
                next = at;
            bool room = !ways[i].ended && ways[i].n < PIECES_MAX;
            polls[i] = (struct pollfd){.fd = room ? ways[i].from : -1, .events = POLLIN};
        }
        double rest = next > 0 ? next - bench_now() : 0.1;
        if (poll(polls, 2, rest > 0 ? (int)(rest * 1000) : 0) < 0)
            break;
        for (int i = 0; i < 2; i++) {
            if (polls[i].fd >= 0 && polls[i].revents)
                take(proxy, &ways[i], not_before);
        }
    }
    for (int i = 0; i < 2; i++) {
        close(ways[i].from);
        free(ways[i].pieces);
    }
}

static void *run(void *arg)
{
    struct bench_proxy *proxy = arg;
    while (!atomic_load(&proxy->stop)) {
        struct pollfd poll_fd = {.fd = proxy->fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 50) <= 0)
            continue;
        int client = accept(proxy->fd, NULL, NULL);
        if (client < 0)
            continue;
        atomic_fetch_add(&proxy->connections, 1);
        connection(proxy, client);
    }
    return NULL;
}

struct bench_proxy *bench_proxy_new(int to_port, const struct bench_proxy_shape *shape)
{
    struct bench_proxy *proxy = calloc(1, sizeof *proxy);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!proxy)
        bench_fail("no memory for the proxy");
    proxy->to_port = to_port;
    proxy->shape = *shape;
    proxy->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (proxy->fd < 0 || bind(proxy->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(proxy->fd, 16) != 0 || getsockname(proxy->fd, (struct sockaddr *)&at, &len) != 0)
        bench_fail("the proxy cannot listen");
    proxy->port = ntohs(at.sin_port);
    if (pthread_create(&proxy->thread, NULL, run, proxy) != 0)
        bench_fail("no thread for the proxy");
    return proxy;
}

int bench_proxy_port(const struct bench_proxy *proxy)
{
    return proxy->port;
}

void bench_proxy_take(struct bench_proxy *proxy, struct bench_proxy_count *count)
{
    count->up = atomic_exchange(&proxy->up, 0);
    count->down = atomic_exchange(&proxy->down, 0);
    count->connections = atomic_exchange(&proxy->connections, 0);
}

void bench_proxy_free(struct bench_proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->fd);
    free(proxy);
}
