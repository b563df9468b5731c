/* SPDX-License-Identifier: Apache-2.0
 *
 * A QR code in a terminal: two modules per character, dark on light whatever the terminal's colours are.
 */
#include <stdio.h>

#include "client/cli/cli.h"

#ifdef HAVE_QRENCODE
#include <qrencode.h>

enum { MARGIN = 2 };

static int is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return 0;
    return code->data[y * code->width + x] & 1;
}

void cli_qr(const char *text)
{
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return;
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2) {
        fputs("\033[30;107m", stdout);
        for (int x = -MARGIN; x < code->width + MARGIN; x++)
            fputs(blocks[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)], stdout);
        fputs("\033[0m\n", stdout);
    }
    QRcode_free(code);
}
#else
void cli_qr(const char *text)
{
    (void)text;
}
#endif
