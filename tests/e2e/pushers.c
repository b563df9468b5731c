/* SPDX-License-Identifier: Apache-2.0
 *
 * pushers: many devices push at the same moment.
 *
 *   pushers PORT FOUNDER-LINK SERVER-PID FOLDER DEVICES
 *
 * Makes the devices, lets each write one record, stops the server (SIGSTOP), sends all requests, lets it go on, and
 * prints the commits that it made of them. Every push must have been accepted.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/carry.h"

enum { DEVICES_MOST = 256 };

struct pusher {
    struct pas *pas;
    unsigned char *request;
    size_t len;
    int fd;
};

static void join_all(struct pas *founder, struct pusher *all, size_t n, unsigned port,
                     const char *folder)
{
    static char *links[DEVICES_MOST];
    char name[32];
    for (size_t i = 0; i < n; i++)
        links[i] = carry_invite(founder);
    if (!carry_sync(founder, port))
        carry_fail("the invites were not sent");
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "device-%zu", i);
        all[i].pas = carry_device(folder, name);
        carry_join(all[i].pas, port, links[i]);
        pas_free(links[i]);
    }
    carry_approve(founder, port);
}

static void prepare(struct pusher *one, unsigned port, size_t i)
{
    struct pas_id id;
    char name[32];
    if (!carry_sync(one->pas, port))
        carry_fail("device %zu does not sync", i);
    snprintf(name, sizeof name, "Site %zu", i);
    carry_site(one->pas, name, &id);
    if (pas_sync_begin(one->pas, 0, 0, &one->request, &one->len) != 0)
        carry_fail("device %zu: %s", i, pas_why(one->pas));
}

static void finish(struct pusher *one, size_t i)
{
    struct pas_sync sync;
    unsigned char *answer;
    size_t len;
    if (!carry_receive(one->fd, &answer, &len))
        carry_fail("no answer for device %zu", i);
    if (pas_sync_finish(one->pas, 0, answer, len, &sync) != 0)
        carry_fail("device %zu: %s", i, pas_why(one->pas));
    if (sync.pushed == 0 || sync.refused || sync.alarm)
        carry_fail("device %zu: %d accepted, %d refused", i, (int)sync.pushed, (int)sync.refused);
    free(answer);
    close(one->fd);
    pas_free_bytes(one->request, one->len);
}

int main(int argc, char **argv)
{
    static struct pusher all[DEVICES_MOST];
    if (argc != 6)
        carry_fail("PORT FOUNDER-LINK SERVER-PID FOLDER DEVICES");
    unsigned port = (unsigned)atoi(argv[1]);
    pid_t server = (pid_t)atol(argv[3]);
    size_t n = (size_t)atoi(argv[5]);
    if (n == 0 || n > DEVICES_MOST)
        carry_fail("1 to %d devices", DEVICES_MOST);

    struct pas *founder = carry_device(argv[4], "founder");
    carry_found(founder, port, argv[2]);
    join_all(founder, all, n, port, argv[4]);
    for (size_t i = 0; i < n; i++)
        prepare(&all[i], port, i);

    uint64_t before = carry_metric(port, "passerelle_commits_total");
    uint64_t pushes = carry_metric(port, "passerelle_pushes_total");
    kill(server, SIGSTOP);
    for (size_t i = 0; i < n; i++) {
        all[i].fd = carry_connect(port);
        if (all[i].fd < 0 || !carry_send(all[i].fd, all[i].request, all[i].len))
            carry_fail("request %zu cannot be sent", i);
    }
    kill(server, SIGCONT);
    for (size_t i = 0; i < n; i++)
        finish(&all[i], i);
    pushes = carry_metric(port, "passerelle_pushes_total") - pushes;
    if (pushes != n)
        carry_fail("the server counted %d pushes", (int)pushes);
    printf("%d\n", (int)(carry_metric(port, "passerelle_commits_total") - before));

    for (size_t i = 0; i < n; i++)
        pas_close(all[i].pas);
    pas_close(founder);
    return 0;
}
