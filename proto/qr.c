/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/qr.h"

#ifdef HAVE_QRENCODE
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

enum { MARGIN = 2 };

static int is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return 0;
    return code->data[y * code->width + x] & 1;
}

static void put_text(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

enum err qr_print(struct buf *out, const char *text)
{
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return ERR_NOT_FOUND;
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2) {
        put_text(out, "\033[30;107m");
        for (int x = -MARGIN; x < code->width + MARGIN; x++)
            put_text(out, blocks[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
        put_text(out, "\033[0m\n");
    }
    QRcode_free(code);
    return out->err;
}

enum err qr_svg(struct buf *out, const char *text)
{
    char run[160];
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return ERR_NOT_FOUND;
    int side = code->width + 2 * MARGIN;
    snprintf(run, sizeof run,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"60mm\" "
             "shape-rendering=\"crispEdges\"><path d=\"",
             side, side);
    put_text(out, run);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0, from; x < code->width; x++) {
            for (from = x; is_dark(code, x, y); x++)
                ;
            snprintf(run, sizeof run, "M%d %dh%dv1h-%dz", from + MARGIN, y + MARGIN, x - from,
                     x - from);
            if (x > from)
                put_text(out, run);
        }
    }
    put_text(out, "\"/></svg>");
    QRcode_free(code);
    return out->err;
}
#else
enum err qr_svg(struct buf *out, const char *text)
{
    (void)out;
    (void)text;
    return ERR_NOT_FOUND;
}

enum err qr_print(struct buf *out, const char *text)
{
    (void)out;
    (void)text;
    return ERR_NOT_FOUND;
}
#endif
