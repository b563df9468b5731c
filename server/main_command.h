/* SPDX-License-Identifier: Apache-2.0
 *
 * main_command: what the sub-commands of passerelled share. Exit codes: 0 done, 1 refused or something is wrong,
 * 2 usage.
 */
#ifndef SERVER_MAIN_COMMAND_H
#define SERVER_MAIN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "server/serverkey.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/** A sub-command: argv[0] is its name. */
struct main_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
    const char *help;
};

int main_init(int argc, char **argv);
int main_founder_link(int argc, char **argv);
int main_serve(int argc, char **argv);
int main_check(int argc, char **argv);
int main_stats(int argc, char **argv);
int main_setup(int argc, char **argv);
int main_backup(int argc, char **argv);
int main_copy(int argc, char **argv);
int main_restore(int argc, char **argv);
int main_log_key(int argc, char **argv);
int main_rotate_key(int argc, char **argv);

/** One option of a sub-command: "--name VALUE" or, with `flag`, "--name". */
struct main_option {
    const char *name; /* without dashes */
    const char **value;
    bool *flag;
};

/** Takes options from argv[1..]; everything must be one. Says what is wrong and gives EXIT_USAGE, or EXIT_DONE. */
int main_options(int argc, char **argv, const struct main_option *options, size_t n);

/** What messages call this program: "passerelled", unless its main() says otherwise. */
extern const char *main_name;

/** Keys live in this process: no core dump, no debugger of another user, and what it writes is its user's only. */
void main_harden(void);

/** main_name and a message on standard error; gives EXIT_REFUSED. */
__attribute__((format(printf, 1, 2))) int main_refuse(const char *format, ...);

/** Root takes the place of the folder's owner: what is made in it must be the server's to write. */
void main_as_owner(const char *folder);

/** Reads the server's keys as the folder's owner, or says why not. */
int main_open_key(const char *folder, struct serverkey *key);

/** Opens the store of a data folder, or says why not. `mode` is an enum store_mode. */
struct store;
int main_open_store(const char *folder, int mode, struct store **store);

/** Makes the data folder of a new server with these keys, or says why not. */
int main_create(const char *folder, const struct serverkey *key, const char *place);

/** Prints a JSON string with its quotes. */
void main_json_text(const char *text, size_t len);
void main_json_id(const uint8_t id[static ID_LEN]);

#endif
