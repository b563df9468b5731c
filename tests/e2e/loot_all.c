/* SPDX-License-Identifier: Apache-2.0
 *
 * loot_all: what copies of device folders and of a server's files open together (tests/lib/loot.h), as JSON.
 *
 *   loot_all KEYS.db LOG.db FROM CODE HOME PASSPHRASE-FILE [HOME PASSPHRASE-FILE...]
 *
 * FROM: first entry whose boxes and bodies are tried; CODE: short code of the dossier that `of_code` counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine.h"
#include "tests/lib/loot.h"

enum { HOMES_MAX = 8 };

static size_t read_line(const char *path, char *out, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(out, 1, cap, file) : 0;
    if (file)
        fclose(file);
    while (len > 0 && (out[len - 1] == '\n' || out[len - 1] == '\r'))
        len--;
    return len;
}

int main(int argc, char **argv)
{
    struct engine *engines[HOMES_MAX] = {0};
    struct loot_count count;
    char pass[256];
    size_t n = 0, bodies, opened;
    if (argc < 7 || argc > 5 + 2 * HOMES_MAX || argc % 2 == 0)
        return 2;
    struct loot *loot = loot_new();
    for (int i = 5; i + 1 < argc; i += 2, n++) {
        size_t pass_len = read_line(argv[i + 1], pass, sizeof pass);
        enum err err = engine_open(&engines[n], argv[i], pass, pass_len, 1800000000000, NULL);
        if (err != ERR_OK || engine_space_count(engines[n]) == 0) {
            fprintf(stderr, "%s: %s\n", argv[i], err_name(err));
            return 1;
        }
        loot_device(loot, engines[n], 0);
    }
    loot_keys(loot, argv[1]);
    loot_log(loot, argv[2], strtoull(argv[3], NULL, 10), UINT64_MAX, &count);
    loot_dossier(loot, argv[4], &bodies, &opened);
    printf("{\"slots\":%zu,\"slots_open\":%zu,\"seals\":%zu,\"seals_open\":%zu,\"routes\":%zu,"
           "\"routes_open\":%zu,\"bodies\":%zu,\"bodies_open\":%zu,\"newest\":%u,"
           "\"of_code\":{\"bodies\":%zu,\"open\":%zu}}\n",
           count.slots, count.slots_open, count.seals, count.seals_open, count.routes,
           count.routes_open, count.bodies, count.bodies_open, (unsigned)count.newest, bodies,
           opened);
    loot_free(loot);
    for (size_t i = 0; i < n; i++)
        engine_close(engines[i]);
    return 0;
}
