/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any header (signature behind it) decodes or is refused; what decodes is written back byte by byte, and the
 * fold judges it without changing.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "tests/lib/logbook.h"

static struct logbook *lb;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!lb) {
        lb = calloc(1, sizeof *lb);
        if (digest_init() != ERR_OK || !lb)
            abort();
        logbook_start(lb);
        logbook_scenarios[0].run(lb);
    }
    if (size < SIG_LEN)
        return 0;
    struct leaf leaf;
    enum err err = leaf_decode(&leaf, data, size - SIG_LEN, data + size - SIG_LEN);
    if (err == ERR_OK && !leaf.unknown) {
        struct leaf again = leaf;
        struct buf out = {.max = HEADER_MAX};
        if (leaf_make(&again, &out, lb->actors[0].ed_sk) != ERR_OK || out.len != leaf.header_len ||
            memcmp(out.bytes, leaf.header, out.len) != 0)
            abort();
        buf_free(&out);
    }
    if (err == ERR_OK) {
        /* Judged with and without the checks that a flipped bit would always fail. */
        struct fold_entry entry = {.index = lb->fold->size, .t_recv_ms = lb->now_ms, .leaf = &leaf};
        enum err replayed = fold_judge(lb->fold, &entry);
        (void)replayed;
        entry.fresh = true;
        entry.root_at = logbook_root_at;
        entry.root_ctx = lb;
        if (fold_judge(lb->fold, &entry) == ERR_OK)
            abort(); /* nobody but its author makes a valid leaf */
    }
    leaf_fini(&leaf);
    return 0;
}
