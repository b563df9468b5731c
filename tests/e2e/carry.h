/* SPDX-License-Identifier: Apache-2.0
 *
 * carry: what the programs of this folder share: devices of the client library against a real server on 127.0.0.1,
 * with a socket in hand, so that a test decides when bytes leave and what happens in between.
 *
 * Functions that return void or a value end the program with a message when something fails that the test does not
 * ask about.
 */
#ifndef TESTS_E2E_CARRY_H
#define TESTS_E2E_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/passerelle.h"

/** Ends the program: "FAIL: ..." */
void carry_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

uint64_t carry_now_ms(void);

/** A connected socket, or -1. */
int carry_connect(unsigned port);

/** Sends POST /v1/sync; false when the other side is gone. */
bool carry_send(int fd, const unsigned char *body, size_t len);

/** Reads one whole answer. False when the connection ends before. Gives `*body` (free). */
bool carry_receive(int fd, unsigned char **body, size_t *len);

/** GET of a path; gives the body with a NUL behind it (free), or NULL. */
char *carry_get(unsigned port, const char *path, size_t *len);

/** One number of /metrics, named with its labels. */
uint64_t carry_metric(unsigned port, const char *name);

/** Makes and opens a device in folder/name. */
struct pas *carry_device(const char *folder, const char *name);

/** Founds a space "Equipe" of level team. */
void carry_found(struct pas *pas, unsigned port, const char *founder_link);

/** Makes an invite for a writer, not yet sent. Gives the link (pas_free). */
char *carry_invite(struct pas *pas);

/** Joins, and sends it. */
void carry_join(struct pas *pas, unsigned port, const char *link);

/** Approves all who wait, before and after a sync. */
void carry_approve(struct pas *pas, unsigned port);

/** A whole sync; false when the network failed. Ends the program on an alarm or refusal. */
bool carry_sync(struct pas *pas, unsigned port);

/** What no checkpoint covers yet. */
int64_t carry_unsent(struct pas *pas);

/** A new site with this name. */
void carry_site(struct pas *pas, const char *name, struct pas_id *id);

#endif
