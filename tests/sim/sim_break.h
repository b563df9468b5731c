/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_break: deliberate mistakes in the code under test, to show that the simulator finds them. The product's sources
 * know nothing of it: the linker puts these functions in front of the real ones in the simulator's programs alone
 * (options.cmake), and without a breakage they only pass on.
 */
#ifndef TESTS_SIM_BREAK_H
#define TESTS_SIM_BREAK_H

/* X(name in C, name on the command line, profile in which it can show, or NULL for all) */
#define SIM_BREAKS(X)                                                                              \
    X(FSYNC, "drop-fsync", NULL)            /* syncs of files do nothing */                        \
    X(EARLY_ACK, "early-ack", NULL)         /* the server answers before a commit is durable */    \
    X(SIGNATURE, "unsigned-leaf", NULL)     /* nobody looks at the signature of a leaf */          \
    X(NONCE, "same-nonce", NULL)            /* now and then a nonce is drawn twice */              \
    X(CUT, "forget-cut", NULL)              /* what a revocation cuts is shown */                  \
    X(OUTBOX, "lose-outbox", NULL)          /* a refused leaf takes its changes with it */         \
    X(ROOT, "no-root", "forked")            /* a device does not compare roots */                  \
    X(TWICE, "twice", NULL)                 /* a logged change stays in the outbox */              \
    X(SERVE_REVOKED, "serve-revoked", NULL) /* the server goes on serving who was revoked */       \
    X(COUNT, "wrong-count", NULL)           /* the count of unsent work is one short */            \
    X(KEEP_SLOT, "keep-slot", NULL)         /* the server keeps the key of an erased dossier */    \
    X(KEEP_KEY, "keep-key", NULL)           /* a device keeps it */                                \
    X(ALARM, "no-alarm", "forked")          /* a device raises no alarm */                         \
    X(SEAL, "no-seal", NULL)                /* bodies leave in clear */                            \
    X(ROTATION, "no-rotation", NULL)        /* new keys are sealed for the revoked too */

#define SIM_BREAK_ROW(name, text, profile) SIM_BREAK_##name,
enum sim_break { SIM_BREAK_NONE, SIM_BREAKS(SIM_BREAK_ROW) SIM_BREAK_N };
#undef SIM_BREAK_ROW

void sim_break_set(enum sim_break breakage);
const char *sim_break_name(enum sim_break breakage);
/** SIM_BREAK_NONE: there is no such breakage. */
enum sim_break sim_break_by_name(const char *name);
/** The profile in which it can show, or NULL for all. */
const char *sim_break_needs(enum sim_break breakage);

#endif
