/* SPDX-License-Identifier: Apache-2.0
 *
 * cli: what the commands of `passerelle` share: one run, its options, its device, and ways to answer.
 *
 * A command is a function of one row of the table in commands.c. It gets its words taken apart, uses the library's
 * public interface only, and returns an exit code: 0 done, 1 refused, 2 usage, 3 network, 4 alarm.
 */
#ifndef CLIENT_CLI_CLI_H
#define CLIENT_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client/cli/args.h"
#include "client/cli/messages.h"
#include "client/net_curl.h"
#include "client/passerelle.h"

/* Options of every command, as args.h. */
#define CLI_COMMON "home= passphrase-file= json now= space= lang= socket= sync help"

enum cli_exit { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NET = 3, EXIT_ALARM = 4 };

struct cli {
    char home[4096];
    const char *pass_file; /* NULL: ask the terminal */
    const char *socket;
    const char *space;
    char lang[3];
    bool json;
    bool has_now;
    uint64_t now_ms;
    bool batch;
    size_t line;     /* of a batch; 0 = none */
    char error[512]; /* the last message of cli_error, for a batch's JSON */
    struct pas *pas; /* opened when first needed, closed at the end */
    struct net *net;
};

struct command {
    const char *name;                /* one or two words */
    const char *usage_fr, *usage_en; /* the arguments */
    const char *options;             /* as args.h; NULL = none beyond the common ones */
    size_t min, max;                 /* positional arguments */
    bool alone;                      /* needs no device */
    bool no_batch;
    int (*run)(struct cli *cli, const struct args *args);
    const char *help_fr, *help_en;
};

extern const struct command cli_commands[];
extern const size_t cli_commands_n;

/** Set by SIGINT and SIGTERM. */
extern volatile sig_atomic_t cli_stop;

/* --- commands.c, main.c --- */

/** The command that `words` begin with (two words before one); *used says how many. NULL if there is none. */
const struct command *cli_find(const char *const *words, size_t n, size_t *used);

/** Takes a whole command line apart and runs it. */
int cli_run(struct cli *cli, size_t argc, const char *const *argv);

/** Prints what a command does and how it is used, or all of them (NULL), to stdout. */
int cli_help(struct cli *cli, const struct command *only);

/** Prints how a command is used to stderr and gives EXIT_USAGE. */
int cli_usage(struct cli *cli, const struct command *command);

/** Opens the device if it is not open yet. EXIT_DONE, or an exit code after its message. */
int cli_open(struct cli *cli);
void cli_close(struct cli *cli);

/* --- say.c --- */

/** Prints a message to stdout (nothing with --json) or stderr. */
void cli_say(struct cli *cli, enum message message, ...);
void cli_error(struct cli *cli, enum message message, ...);

/** Tells why a call of the library failed; gives the exit code. */
int cli_failed(struct cli *cli, int result);

/** Prints a table: JSON with --json (`one`: as one object), else the columns named in `columns` ("code title"; NULL:
 * all) for people; takes the table. Gives EXIT_DONE or EXIT_REFUSED. */
int cli_table(struct cli *cli, struct pas_table *table, bool one, const char *columns);

/** Prints a JSON text and a line end; takes it. */
int cli_json(struct cli *cli, char *json);

/** A cell for people: its wording, or the value itself; a time as day and hour in Paris. `room` is scratch. */
const char *cli_cell(struct cli *cli, const struct pas_table *table, size_t row, const char *column,
                     char *room, size_t room_len);

/** The text of a TEXT cell, "" when it has none. */
const char *cli_text(const struct pas_table *table, size_t row, const char *column);
int64_t cli_int(const struct pas_table *table, size_t row, const char *column);

/** Writes a table as CSV that a spreadsheet opens with accents (UTF-8 with mark, semicolons). EXIT_DONE/REFUSED. */
int cli_csv(struct cli *cli, const struct pas_table *table, const char *path);

/** An RFC 3339 instant as day and hour in Paris; another text as it is. */
void cli_local_time(const char *text, char *out, size_t out_len);

/* --- file.c --- */

/** Reads a whole file ("-": stdin) of at most `max` bytes; a zero follows. EXIT_DONE or EXIT_REFUSED. */
int cli_read_file(struct cli *cli, const char *path, size_t max, char **bytes, size_t *len);

/** Writes a text over a file ("-": stdout). EXIT_DONE or EXIT_REFUSED; then no half file stays. */
int cli_write_file(struct cli *cli, const char *path, const char *text);

/* --- pass.c --- */

/** Gets the passphrase (once more for a new one) into `pass`; *len < max. */
int cli_passphrase(struct cli *cli, bool fresh, char *pass, size_t max, size_t *len);

/* --- carry.c --- */

struct carried {
    unsigned requests;
    uint64_t pushed, pulled, refused;
    uint64_t relayed, relay_refused;
    int alarm; /* a result number; 0 = none */
};

/** The HTTP client, made when first needed. */
int cli_net(struct cli *cli);

/** Asks the server of `where` (a link or an address; `url` is its address) for its keys, into `out`. */
int cli_get_server(struct cli *cli, const char *where, const char *url, struct buf *out);

/** Syncs with one server until it is done; adds to `carried`. Quiet: messages are the caller's, except of failures. */
int cli_carry(struct cli *cli, size_t server, uint64_t wait_ms, struct carried *carried);

/** The same with each server. The first failure is the answer, but the others are tried as well. */
int cli_carry_all(struct cli *cli, uint64_t wait_ms, struct carried *carried);

/** The exit code of a sync that worked. */
int cli_carried(const struct carried *carried);

/** Says what a network failure was. */
int cli_net_failed(struct cli *cli, int result, const char *url);

/* --- qr.c --- */

/** Draws a QR code of `text` on the terminal; nothing if it cannot. */
void cli_qr(const char *text);

#endif
