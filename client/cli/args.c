/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/args.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Whether `spec` holds an option; *takes_value says which way. */
static bool in_spec(const char *spec, const char *name, size_t len, bool *takes_value)
{
    while (spec && *spec) {
        size_t word = strcspn(spec, " ");
        size_t key = word > 0 && spec[word - 1] == '=' ? word - 1 : word;
        if (key == len && memcmp(spec, name, len) == 0) {
            *takes_value = key != word;
            return true;
        }
        spec += word + (spec[word] == ' ');
    }
    return false;
}

static enum args_result wrong(struct args *args, enum args_result result, const char *word)
{
    snprintf(args->bad, sizeof args->bad, "%s", word);
    return result;
}

static enum args_result add_option(struct args *args, const char *name, size_t len,
                                   const char *value)
{
    size_t max = sizeof args->options / sizeof args->options[0];
    if (args->n_options == max || len >= sizeof args->options[0].name)
        return wrong(args, ARGS_TOO_MANY, name);
    memcpy(args->options[args->n_options].name, name, len);
    args->options[args->n_options].name[len] = 0;
    args->options[args->n_options++].value = value;
    return ARGS_OK;
}

enum args_result args_parse(struct args *args, size_t argc, const char *const *argv,
                            const char *spec, const char *more)
{
    bool ended = false;
    args->n = args->n_options = 0;
    args->bad[0] = 0;
    for (size_t i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
            continue;
        }
        if (ended || strncmp(word, "--", 2) != 0) {
            if (args->n == ARGS_MAX)
                return wrong(args, ARGS_TOO_MANY, word);
            args->words[args->n++] = word;
            continue;
        }
        size_t len = strcspn(word + 2, "=");
        bool takes_value = false, has_value = word[2 + len] == '=';
        if (!in_spec(spec, word + 2, len, &takes_value) &&
            !in_spec(more, word + 2, len, &takes_value))
            return wrong(args, ARGS_UNKNOWN, word);
        if (has_value && !takes_value)
            return wrong(args, ARGS_VALUE, word);
        if (takes_value && !has_value && ++i == argc)
            return wrong(args, ARGS_NO_VALUE, word);
        const char *value = !takes_value ? "" : has_value ? word + 3 + len : argv[i];
        enum args_result result = add_option(args, word + 2, len, value);
        if (result != ARGS_OK)
            return result;
    }
    return ARGS_OK;
}

const char *args_option(const struct args *args, const char *name)
{
    for (size_t i = args->n_options; i-- > 0;)
        if (strcmp(args->options[i].name, name) == 0)
            return args->options[i].value;
    return NULL;
}

const char *args_command(size_t argc, const char *const *argv, const char *spec, size_t *at)
{
    for (size_t i = 0; i < argc; i++) {
        bool takes_value = false;
        if (strncmp(argv[i], "--", 2) != 0) {
            *at = i;
            return argv[i];
        }
        size_t len = strcspn(argv[i] + 2, "=");
        if (in_spec(spec, argv[i] + 2, len, &takes_value) && takes_value && !argv[i][2 + len])
            i++;
    }
    return NULL;
}

bool args_pair(const char *word, char *key, size_t key_max, const char **value)
{
    size_t len = strcspn(word, "=");
    if (!word[len] || len == 0 || len >= key_max)
        return false;
    memcpy(key, word, len);
    key[len] = 0;
    *value = word + len + 1;
    return true;
}

/* --- lines --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies one word to *out, both moving on; false for an open quote. */
static bool take_word(char **in, char **out)
{
    char quote = 0;
    for (; **in && (quote || !is_blank(**in)); ++*in) {
        char c = **in;
        if (quote == '\'') {
            if (c == '\'')
                quote = 0;
            else
                *(*out)++ = c;
        } else if (c == '\\' && (*in)[1] && (!quote || (*in)[1] == '"' || (*in)[1] == '\\')) {
            *(*out)++ = *++*in;
        } else if (quote && c == quote) {
            quote = 0;
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
        } else {
            *(*out)++ = c;
        }
    }
    return !quote;
}

size_t args_split(char *line, const char **words, size_t max)
{
    char *in = line, *out = line;
    size_t n = 0;
    for (;;) {
        while (is_blank(*in))
            in++;
        if (!*in || *in == '#')
            return n;
        if (n == max)
            return SIZE_MAX;
        words[n++] = out;
        if (!take_word(&in, &out))
            return SIZE_MAX;
        bool more = *in != 0;
        *out++ = 0;
        in += more;
        if (!more)
            return n;
    }
}
