/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/messages.h"

#include <assert.h>

const char *message_text(enum message message, const char *lang)
{
#define MESSAGE_ROW(name, fr, en) {fr, en},
    static const char *const table[][2] = {MESSAGES(MESSAGE_ROW)};
#undef MESSAGE_ROW
    assert((unsigned)message < MSG_N);
    return table[message][lang[0] == 'e'];
}
