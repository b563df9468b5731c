/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any request body is opened and decoded or refused, within bounds.
 */
#include "proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_request request = {0};
    if (message_request_open(&request, data, size) == ERR_OK) {
        enum err err = message_request_auth(&request);
        err = message_request_decode(&request);
        (void)err;
    }
    message_request_free(&request);
    return 0;
}
