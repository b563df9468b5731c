/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "proto/qr.h"

void cli_qr(const char *text)
{
    struct buf code = {0};
    if (qr_print(&code, text) == ERR_OK)
        fwrite(code.bytes, 1, code.len, stdout);
    buf_free(&code);
}
