/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_desk_inside: between the sim_desk*.c files: the desk, and what people can do at it. Which of them does what when is
 * the table of sim_desk.c.
 */
#ifndef TESTS_SIM_SIM_DESK_INSIDE_H
#define TESTS_SIM_SIM_DESK_INSIDE_H

#include "client/passerelle.h"
#include "tests/sim/sim_world.h"

struct person {
    char dir[40];
    const char *name;
    struct pas *pas;
    uint8_t seen[HASH_LEN]; /* what she sees, before a step */
};

enum { CLAIRE, NADIA, PEOPLE };

struct desk {
    struct sim_world *world;
    struct person people[PEOPLE], *who; /* of the running step */
    char *invite;
    unsigned char *stick;
    size_t stick_len;
    struct pas_id id;
    char stefan[9];
};

/** What people can do, up to a row of zeroes. `act` gives a PAS_ error. */
struct sim_desk_act {
    const char *name;
    int (*act)(struct desk *desk);
    bool many; /* does several things one after the other: some of them may be done */
};

extern const struct sim_desk_act sim_desk_space[]; /* servers, spaces, members, audit */
extern const struct sim_desk_act sim_desk_write[]; /* dossiers */
extern const struct sim_desk_act sim_desk_read[];  /* what is there */

/** Calls that give a table, or a text, of which only the making matters here: takes it, gives the result. */
int sim_desk_with_table(int result, struct pas_table *table);
int sim_desk_with_text(int result, char *text);

#define TABLE_STEP(name, call)                                                                     \
    static int name(struct desk *desk)                                                             \
    {                                                                                              \
        struct pas_table *table = NULL;                                                            \
        struct pas *pas = desk->who->pas;                                                          \
        int result = call;                                                                         \
        return sim_desk_with_table(result, table);                                                 \
    }

#endif
