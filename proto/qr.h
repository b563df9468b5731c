/* SPDX-License-Identifier: Apache-2.0
 *
 * qr: a QR code as text for a terminal: two modules per character, dark on light whatever the terminal's colours are.
 */
#ifndef PROTO_QR_H
#define PROTO_QR_H

#include "proto/buf.h"

/**
 * Appends the code of `text` (zero-terminated, borrowed) to `out`, one line per two rows.
 *
 * ERR_NOT_FOUND  this build has no libqrencode, or the text is too long for a code: show the text alone
 */
enum err qr_print(struct buf *out, const char *text);

/** The same as an SVG element for a printed page. */
enum err qr_svg(struct buf *out, const char *text);

#endif
