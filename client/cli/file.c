/* SPDX-License-Identifier: Apache-2.0
 *
 * Files whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "proto/digest.h"

static void wipe_free(char *bytes, size_t len)
{
    digest_wipe(bytes, len);
    free(bytes);
}

int cli_read_file(struct cli *cli, const char *path, size_t max, char **bytes, size_t *len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    size_t cap = 4096, n = 0, got;
    char *text = file ? malloc(cap + 1) : NULL;
    *bytes = NULL;
    *len = 0;
    if (!file || !text) {
        cli_error(cli, MSG_FILE_READ, path, strerror(file ? ENOMEM : errno));
        free(text);
        return EXIT_REFUSED;
    }
    while ((got = fread(text + n, 1, cap - n, file)) > 0) {
        n += got;
        if (n < cap)
            continue;
        char *more = n <= max ? malloc(2 * cap + 1) : NULL;
        if (!more)
            break;
        memcpy(more, text, n);
        wipe_free(text, n);
        text = more;
        cap *= 2;
    }
    int failed = ferror(file), saved = errno;
    if (file != stdin)
        (void)fclose(file);
    if (failed || n > max || n == cap) {
        wipe_free(text, n);
        if (failed)
            cli_error(cli, MSG_FILE_READ, path, strerror(saved));
        else
            cli_error(cli, MSG_FILE_BIG, path);
        return EXIT_REFUSED;
    }
    text[n] = 0;
    *bytes = text;
    *len = n;
    return EXIT_DONE;
}

int cli_write_file(struct cli *cli, const char *path, const char *text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wbe");
    bool failed = !file || fputs(text, file) == EOF;
    int saved = errno;
    if (file && file != stdout && fclose(file) != 0 && !failed) {
        failed = true;
        saved = errno;
    }
    if (failed) {
        cli_error(cli, MSG_FILE_WRITE, path, strerror(saved));
        if (file && file != stdout)
            (void)remove(path);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}
