/* SPDX-License-Identifier: Apache-2.0
 *
 * err: the one table of errors of the whole tree.
 *
 * Every function that can fail returns `enum err`. The category says what the caller does:
 *   RETRY     nothing is wrong with the item; send it again later, as it is
 *   REJECT    the item is wrong; it will never be accepted as it is; say so and go on with the others
 *   DENIED    the item is right but its author lacks the right
 *   CORRUPT   bytes are not what a signature, hash or key says; never use them; possibly an alarm
 *   ERASED    the key or body was legally destroyed; not a fault
 *   INTERNAL  this machine failed (memory, disk, our own mistake); leave everything as it was
 * The numbers travel as item statuses (PROTOCOL.md, "Statuses") and never change.
 */
#ifndef PROTO_ERR_H
#define PROTO_ERR_H

/* X(name, number, category, HTTP status, English text) */
#define ERR_TABLE(X)                                                                               \
    X(OK, 0, NONE, 200, "done")                                                                    \
    X(UNCHANGED, 1, NONE, 200, "nothing new")                                                      \
    X(PENDING, 2, NONE, 202, "waiting for a second person or for an approval")                     \
    X(BUSY, 10, RETRY, 503, "the server is busy; try again shortly")                               \
    X(BEHIND, 11, RETRY, 503, "this server has not caught up yet; try again shortly")              \
    X(STALE_EPOCH, 12, RETRY, 409, "the key has been rotated; seal again for the new epoch")       \
    X(LOST_RACE, 13, RETRY, 409, "another membership change came first; rebase and send again")    \
    X(CLOCK, 14, RETRY, 401, "the clock of this device is off; repeat with the server's time")     \
    X(QUOTA, 15, RETRY, 429, "the daily quota of this device is used up; try again tomorrow")      \
    X(NET, 16, RETRY, 503, "the network could not be reached; nothing is lost")                    \
    X(RECOVERING, 17, RETRY, 503, "the server is being restored; work goes on")                    \
    X(AFTER_REFUSED, 18, RETRY, 409, "an earlier item of this push was refused; send it again")    \
    X(FULL, 19, RETRY, 507, "no space left on the disk; free some and repeat, nothing is lost")    \
    X(FORMAT, 30, REJECT, 400, "the bytes do not have the documented form")                        \
    X(TOO_BIG, 31, REJECT, 413, "larger than the documented limit")                                \
    X(VERSION, 32, REJECT, 426, "made by a newer program; update this one")                        \
    X(USAGE, 33, REJECT, 400, "the arguments do not fit")                                          \
    X(NOT_FOUND, 34, REJECT, 404, "there is no such thing here")                                   \
    X(EXISTS, 35, REJECT, 409, "it exists already")                                                \
    X(SEQ, 36, REJECT, 409, "the sequence number does not follow this device's last one")          \
    X(SEEN, 37, REJECT, 409, "the history that this leaf claims to have seen is not this one")     \
    X(EXPIRED, 38, REJECT, 410, "the invitation has expired; ask for a new one")                   \
    X(USED, 39, REJECT, 409, "the invitation was used already; ask for a new one")                 \
    X(SEALS, 40, REJECT, 400, "the keys sent do not match the members of the space")               \
    X(ORPHAN, 41, REJECT, 409, "the space would be left without an administrator")                 \
    X(DENIED, 60, DENIED, 403, "this device does not have that right")                             \
    X(UNKNOWN_DEVICE, 61, DENIED, 403, "this device is not known to the server")                   \
    X(REVOKED, 62, DENIED, 403, "this device was removed from the space")                          \
    X(WRONG_SERVER, 63, DENIED, 403, "this is not the server that the device knows")               \
    X(NO_KEY, 64, DENIED, 403, "the key has not arrived yet")                                      \
    X(PASSPHRASE, 65, DENIED, 403, "wrong passphrase, or the key file was altered")                \
    X(CORRUPT, 80, CORRUPT, 400, "the bytes were altered, or sealed with another key")             \
    X(SIGNATURE, 81, CORRUPT, 401, "the signature does not verify")                                \
    X(ROOT, 82, CORRUPT, 400, "the entries do not produce the signed checkpoint")                  \
    X(FORK, 83, CORRUPT, 409, "two signed checkpoints cannot both be true")                        \
    X(ROLLBACK, 84, CORRUPT, 409, "the server shows less than it has already signed")              \
    X(COMMITMENT, 85, CORRUPT, 400, "the key is not the one that was promised in the log")         \
    X(WITHHELD, 86, CORRUPT, 400, "the server withholds something that the log names")             \
    X(ERASED, 100, ERASED, 410, "erased on request; its key was destroyed")                        \
    X(MEMORY, 120, INTERNAL, 500, "out of memory")                                                 \
    X(IO, 121, INTERNAL, 500, "the disk or the database failed")                                   \
    X(INTERNAL, 122, INTERNAL, 500, "a mistake of this program; please report it")

enum err_category {
    CAT_NONE,
    CAT_RETRY,
    CAT_REJECT,
    CAT_DENIED,
    CAT_CORRUPT,
    CAT_ERASED,
    CAT_INTERNAL
};

#define ERR_ENUM_ROW(name, number, category, http, text) ERR_##name = (number),
enum [[nodiscard]] err{ERR_TABLE(ERR_ENUM_ROW)};
#undef ERR_ENUM_ROW

/* The one control-flow macro: goes to `out:` with `err` set when the call fails.
 * The function declares `enum err err = ERR_OK;` and one label `out:`. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        err = (call);                                                                              \
        if (err != ERR_OK)                                                                         \
            goto out;                                                                              \
    } while (0)

/** The short name of an error, for logs and tests ("stale_epoch" style upper case); static storage. */
const char *err_name(enum err err);

/** One plain English sentence for an error; static storage. */
const char *err_text(enum err err);

/** What the caller should do about an error. Unknown numbers are CAT_INTERNAL. */
enum err_category err_category(enum err err);

/** The HTTP status that goes with an error, for whole requests that failed. */
int err_http(enum err err);

/** Turns a number from the wire into an error; numbers that this program does not know give ERR_VERSION. */
enum err err_from_number(unsigned long long number);

#endif
