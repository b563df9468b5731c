/* SPDX-License-Identifier: Apache-2.0
 *
 * args: a command line taken apart. Pure: no file, no output, no environment.
 *
 * Options are --name, --name VALUE or --name=VALUE, anywhere; "--" ends them; everything else is positional. Which
 * options exist, and which take a value, a specification says: "json home= now=" (a trailing = takes a value).
 */
#ifndef CLIENT_CLI_ARGS_H
#define CLIENT_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

enum { ARGS_MAX = 1024 };

struct args {
    size_t n; /* positional */
    const char *words[ARGS_MAX];
    size_t n_options;
    struct {
        char name[32];
        const char *value; /* "" for a flag */
    } options[64];
    char bad[64]; /* what args_parse did not understand */
};

enum args_result { ARGS_OK, ARGS_UNKNOWN, ARGS_NO_VALUE, ARGS_VALUE, ARGS_TOO_MANY };

/** Takes `argc` words apart; everything is borrowed. Several specifications may be given; a NULL one is empty. On
 * failure args->bad names the option: unknown, without its value, or with a value that it does not take. */
enum args_result args_parse(struct args *args, size_t argc, const char *const *argv,
                            const char *spec, const char *more);

/** The value of an option, "" for a flag that was given, NULL if it was not given. The last one wins. */
const char *args_option(const struct args *args, const char *name);

/** The first word that is no option nor the value of one of `spec`, and its place; NULL if there is none. */
const char *args_command(size_t argc, const char *const *argv, const char *spec, size_t *at);

/** Splits "field=value" at the first '='; the key is copied. False if there is none, or the key is too long. */
bool args_pair(const char *word, char *key, size_t key_max, const char **value);

/**
 * Splits one line as a shell does, without expanding anything: blanks separate, '...' is literal, "..." knows \" and
 * \\, a backslash takes the next character, # at the start of a word begins a comment. `line` is changed in place and
 * holds the words. Returns their number; SIZE_MAX for an open quote or more than `max` words.
 */
size_t args_split(char *line, const char **words, size_t max);

#endif
