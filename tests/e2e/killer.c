/* SPDX-License-Identifier: Apache-2.0
 *
 * killer: a server that dies in the middle of pushes.
 *
 *   killer PORT FOUNDER-LINK FOLDER ROUNDS SEED -- SERVER-COMMAND...
 *
 * Each round writes some records, sends them, and kills the server (SIGKILL) at a random moment: before the request
 * leaves, between its bytes, while it is worked on, or after the answer. Then the server starts again and the next
 * sync must finish. At the end a second device must have every record that was ever acknowledged, each once.
 * Prints how the rounds went.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/carry.h"

enum { RECORDS_PER_ROUND = 4, READY_TRIES = 3000 };

struct server {
    unsigned port;
    char **command;
    pid_t pid;
};

static void start(struct server *server)
{
    server->pid = fork();
    if (server->pid < 0)
        carry_fail("fork: %s", strerror(errno));
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the test fails */
        execv(server->command[0], server->command);
        _exit(127);
    }
    for (int i = 0; i < READY_TRIES; i++) {
        char *ready = carry_get(server->port, "/readyz", NULL);
        if (ready) {
            free(ready);
            return;
        }
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            carry_fail("the server ended instead of starting");
        usleep(5000);
    }
    carry_fail("the server does not start");
}

struct shot {
    pid_t pid;
    useconds_t after;
};

static void *shoot(void *arg)
{
    const struct shot *shot = arg;
    usleep(shot->after);
    kill(shot->pid, SIGKILL);
    return NULL;
}

/* Sends the waiting work while the server is shot; true when the answer came all the same. */
static bool push_under_fire(struct pas *pas, struct server *server, useconds_t after)
{
    struct shot shot = {server->pid, after};
    pthread_t gun;
    unsigned char *request = NULL, *answer = NULL;
    size_t request_len, answer_len;
    struct pas_sync sync = {0};
    bool answered = false;
    if (pas_sync_begin(pas, 0, 0, &request, &request_len) != 0)
        carry_fail("sync: %s", pas_why(pas));
    if (pthread_create(&gun, NULL, shoot, &shot) != 0)
        carry_fail("no thread");
    int fd = carry_connect(server->port);
    if (fd >= 0 && carry_send(fd, request, request_len))
        answered = carry_receive(fd, &answer, &answer_len);
    if (answered && pas_sync_finish(pas, 0, answer, answer_len, &sync) != 0)
        carry_fail("answer: %s", pas_why(pas));
    if (sync.alarm || sync.refused)
        carry_fail("%s, %d refused", pas_error_name(sync.alarm), (int)sync.refused);
    pthread_join(gun, NULL);
    if (fd >= 0)
        close(fd);
    free(answer);
    pas_free_bytes(request, request_len);
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return answered;
}

static void write_round(struct pas *pas, int round)
{
    struct pas_id id;
    char name[48];
    for (int i = 0; i < RECORDS_PER_ROUND; i++) {
        snprintf(name, sizeof name, "Site %d.%d", round, i);
        carry_site(pas, name, &id);
    }
}

/* How long an undisturbed push takes. */
static useconds_t typical(struct pas *pas, unsigned port)
{
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) {
        write_round(pas, -1 - i);
        uint64_t start_ms = carry_now_ms();
        if (!carry_sync(pas, port))
            carry_fail("no sync before the first shot");
        sum += carry_now_ms() - start_ms;
    }
    return (useconds_t)(sum * 1000 / 8) + 1000;
}

static void check_everything(struct pas *pas, int rounds)
{
    struct pas_table *table = NULL;
    if (pas_sql(pas,
                "SELECT count(*) AS n, count(DISTINCT nom) AS names,"
                " (SELECT count(*) FROM history WHERE field = 'nom') AS written FROM site",
                &table) != 0)
        carry_fail("sql: %s", pas_why(pas));
    int64_t wanted = ((int64_t)rounds + 8) * RECORDS_PER_ROUND;
    for (size_t i = 0; i < 3; i++)
        if (pas_table_integer(table, 0, i) != wanted)
            carry_fail("%d %s instead of %d", (int)pas_table_integer(table, 0, i),
                       pas_table_name(table, i), (int)wanted);
    pas_table_free(table);
}

int main(int argc, char **argv)
{
    if (argc < 8 || strcmp(argv[6], "--") != 0)
        carry_fail("PORT FOUNDER-LINK FOLDER ROUNDS SEED -- SERVER-COMMAND...");
    struct server server = {.port = (unsigned)atoi(argv[1]), .command = argv + 7};
    int rounds = atoi(argv[4]), answered = 0, repeated = 0, acknowledged = 0;
    srandom((unsigned)atoi(argv[5]));

    start(&server);
    struct pas *writer = carry_device(argv[3], "writer");
    struct pas *reader = carry_device(argv[3], "reader");
    carry_found(writer, server.port, argv[2]);
    char *link = carry_invite(writer);
    if (!carry_sync(writer, server.port))
        carry_fail("the invite was not sent");
    carry_join(reader, server.port, link);
    pas_free(link);
    carry_approve(writer, server.port);
    useconds_t span = typical(writer, server.port);

    for (int round = 0; round < rounds; round++) {
        write_round(writer, round);
        bool came = push_under_fire(writer, &server, (useconds_t)random() % span);
        if (came && carry_unsent(writer) != 0)
            carry_fail("round %d: answered, but something is unsent", round);
        /* Half of the shots shall come before the answer. */
        span = came ? span - span / 16 : span + span / 16;
        answered += came;
        start(&server);
        if (!carry_sync(writer, server.port) || carry_unsent(writer) != 0)
            carry_fail("round %d: the next sync does not finish", round);
        repeated += carry_metric(server.port, "passerelle_leaves_total{result=\"repeated\"}") > 0;
        acknowledged++;
    }
    if (!carry_sync(reader, server.port))
        carry_fail("the second device does not sync");
    check_everything(writer, rounds);
    check_everything(reader, rounds);
    printf("%d rounds: %d answered before the shot, %d written but not answered, %d not written\n",
           acknowledged, answered, repeated, rounds - answered - repeated);
    pas_close(writer);
    pas_close(reader);
    kill(server.pid, SIGTERM);
    int status = 0;
    waitpid(server.pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        carry_fail("the server does not stop gracefully");
    return 0;
}
