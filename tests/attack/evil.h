/* SPDX-License-Identifier: Apache-2.0
 *
 * evil: a server that owns all its keys and its whole store, and lies. It answers as the honest one would, lets an
 * attack change the decoded answer, signs checkpoints for whatever the page now says, and signs the answer.
 *
 *     struct evil evil;
 *     evil_start(&evil);                     Alice (admin), Bruno (victim) and Chloe (writer) in two spaces
 *     evil_run(&evil, attack, false, &seen); Bruno's next sync, with the answer changed
 *     evil_stop(&evil);
 */
#ifndef TESTS_ATTACK_EVIL_H
#define TESTS_ATTACK_EVIL_H

#include "proto/message.h"
#include "tests/lib/enginekit.h"

enum { EVIL_MEMBER = ROLE_READER | ROLE_WRITER };

struct evil {
    struct kit kit;
    size_t at_a[2], at_b[2];   /* the spaces "Equipe" and "Autre" at Alice's and Bruno's */
    struct kit_device *victim; /* Bruno, unless the test says another */
    size_t at;                 /* the space that is attacked, at the victim's */
    uint8_t site[ID_LEN], person[ID_LEN]; /* dossiers of "Equipe" that Bruno knows */
    uint8_t fresh[ID_LEN]; /* one that he does not know yet: its slot is in the answer */
    uint8_t other[ID_LEN]; /* a dossier of "Autre" */
    /* of the attacked answer */
    struct message_request request;
    struct message_row *row; /* the one of "Equipe", to be changed */
    struct message_response *answer;
    struct arena *arena; /* for what an attack adds */
    uint8_t hash[HASH_LEN];
    bool keep_note; /* the attack made row->note itself */
    bool raw;       /* the attack made `out` itself */
    struct buf out, request_bytes;
    struct buf old_answer; /* to an earlier request of Bruno's */
    uint8_t stranger_sk[SK_LEN], stranger_pk[PK_LEN], stranger[ID_LEN]; /* no member */
};

typedef void (*evil_attack)(struct evil *evil);

/** How the victim stands after it. */
struct evil_seen {
    enum err err;     /* of taking the answer */
    enum err alarm;   /* of "Equipe" */
    uint64_t index;   /* of the alarm */
    uint64_t size;    /* verified entries of "Equipe" */
    uint64_t invalid; /* leaves that are kept and ignored */
    size_t members;   /* active ones of "Equipe" */
    size_t changes;   /* that can be read in it */
    uint64_t keyless; /* changes whose dossier key has not come */
    uint64_t unsent;
    enum err status;
};

void evil_start(struct evil *evil);
void evil_stop(struct evil *evil);

/** The victim's sync with the attack in the first answer; in all of them when the server `insists`. What is asked for
 * again does not come. */
void evil_run(struct evil *evil, evil_attack attack, bool insists, struct evil_seen *seen);

/** The state of the victim's replica, without any sync. */
void evil_look(struct evil *evil, struct evil_seen *seen);

/** An entry of the answer's row, counted from the end: 0 is the newest. */
struct message_leaf *evil_entry(struct evil *evil, size_t from_end);

/** Appends an entry with a leaf that `ed_sk` signs; chain, seen root, epoch and space are put right. Gives its
 * place in the row. */
struct message_leaf *evil_inject(struct evil *evil, struct leaf *leaf,
                                 const uint8_t device[static ID_LEN],
                                 const uint8_t ed_sk[static SK_LEN]);

/** The same for an operation. */
void evil_operate(struct evil *evil, struct op op, const uint8_t device[static ID_LEN],
                  const uint8_t ed_sk[static SK_LEN]);

/** A copy that lives as long as the answer. */
void *evil_copy(struct evil *evil, const void *bytes, size_t len);

#endif
