/* SPDX-License-Identifier: Apache-2.0
 *
 * The passphrase: from a file, or from the terminal without echo.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "proto/digest.h"

enum { SHORT_PASS = 12 };

/* The first line of the file. */
static int pass_from_file(struct cli *cli, char *pass, size_t max, size_t *len)
{
    char *bytes = NULL;
    size_t n = 0;
    int code = cli_read_file(cli, cli->pass_file, 4096, &bytes, &n);
    if (code != EXIT_DONE)
        return code;
    *len = strcspn(bytes, "\r\n");
    if (*len >= max)
        *len = max - 1;
    memcpy(pass, bytes, *len);
    pass[*len] = 0;
    digest_wipe(bytes, n);
    free(bytes);
    return EXIT_DONE;
}

/* One line from the terminal, unseen. False at the end of input. */
static bool ask(int terminal, const char *prompt, char *pass, size_t max, size_t *len)
{
    struct termios before, unseen;
    bool changed = tcgetattr(terminal, &before) == 0;
    bool done = false;
    if (changed) {
        unseen = before;
        unseen.c_lflag &= ~(tcflag_t)ECHO;
        unseen.c_lflag |= ECHONL;
        changed = tcsetattr(terminal, TCSAFLUSH, &unseen) == 0;
    }
    *len = 0;
    if (write(terminal, prompt, strlen(prompt)) >= 0) {
        char c;
        while (*len < max - 1 && read(terminal, &c, 1) == 1 && !cli_stop) {
            done = c == '\n';
            if (done)
                break;
            pass[(*len)++] = c;
        }
    }
    pass[*len] = 0;
    if (changed)
        (void)tcsetattr(terminal, TCSAFLUSH, &before);
    return done;
}

static int pass_from_terminal(struct cli *cli, bool fresh, char *pass, size_t max, size_t *len)
{
    char again[1024] = "";
    size_t again_len = 0;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        cli_error(cli, MSG_PASS_NONE);
        return EXIT_REFUSED;
    }
    bool done = ask(terminal, message_text(fresh ? MSG_ASK_PASS_NEW : MSG_ASK_PASS, cli->lang),
                    pass, max, len);
    bool same = true;
    if (done && fresh) {
        done = ask(terminal, message_text(MSG_ASK_PASS_AGAIN, cli->lang), again, sizeof again,
                   &again_len);
        same = again_len == *len && memcmp(again, pass, *len) == 0;
    }
    (void)close(terminal);
    digest_wipe(again, sizeof again);
    if (!done || !same) {
        cli_error(cli, same ? MSG_PASS_NONE : MSG_PASS_DIFFER);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

int cli_passphrase(struct cli *cli, bool fresh, char *pass, size_t max, size_t *len)
{
    int code = cli->pass_file ? pass_from_file(cli, pass, max, len)
                              : pass_from_terminal(cli, fresh, pass, max, len);
    if (code == EXIT_DONE && *len == 0) {
        cli_error(cli, MSG_PASS_NONE);
        return EXIT_REFUSED;
    }
    if (code == EXIT_DONE && fresh && *len < SHORT_PASS)
        fputs(message_text(MSG_PASS_SHORT, cli->lang), stderr);
    return code;
}
