/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any text is a configuration or is refused with a message that names the file; what is accepted stays within
 * the bounds of its table.
 */
#include <stdlib.h>
#include <string.h>

#include "server/conf.h"

static void check_numbers(const struct conf *conf)
{
#define NO_TEXT(key, otherwise, check)                                                             \
    if (memchr(conf->key, 0, sizeof conf->key) == NULL)                                            \
        abort();
#define IN_BOUNDS(key, otherwise, least, most)                                                     \
    if (conf->key + 1 < (uint64_t)(least) + 1 || conf->key > (uint64_t)(most))                     \
        abort();
#define NO_FLAG(key, otherwise)
    CONF_TABLE(NO_TEXT, IN_BOUNDS, NO_FLAG)
#undef NO_TEXT
#undef IN_BOUNDS
#undef NO_FLAG
    if (conf->origins_len > CONF_ORIGINS_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf conf;
    struct conf_listen where;
    char message[CONF_MESSAGE_MAX] = "";
    conf_init(&conf);
    enum err err = conf_parse(&conf, (const char *)data, size, "file.conf", message);
    if (!memchr(message, 0, sizeof message))
        abort();
    if (err == ERR_OK) {
        check_numbers(&conf);
        if (conf_listen_parse(&where, conf.listen) != ERR_OK)
            abort();
        if (conf_check(&conf, message) != ERR_OK && !message[0])
            abort();
        (void)conf_log_format(&conf);
        (void)conf_log_level(&conf);
    } else if (strncmp(message, "file.conf", 9) != 0) {
        abort();
    }
    return 0;
}
