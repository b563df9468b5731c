/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a configuration file is read as documented, every mistake in it is named with its line, the
 * example file explains every key, and plain HTTP never reaches the network by accident.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/conf.h"

static char message[CONF_MESSAGE_MAX];

static enum err parse(struct conf *conf, const char *text)
{
    conf_init(conf);
    message[0] = '\0';
    return conf_parse(conf, text, strlen(text), "f.conf", message);
}

static void refuse(const char *text, const char *part)
{
    struct conf conf;
    assert_int_equal(parse(&conf, text), ERR_USAGE);
    if (!strstr(message, part))
        print_error("message: %s\n", message);
    assert_non_null(strstr(message, part));
}

static void test_defaults(void **state)
{
    (void)state;
    struct conf conf;
    assert_int_equal(parse(&conf, ""), ERR_OK);
    assert_string_equal(conf.listen, "127.0.0.1:8787");
    assert_int_equal(conf.body_max, 8 << 20);
    assert_true(conf.metrics);
    assert_false(conf.insecure_http);
    assert_int_equal(conf.origins_len, 0);
    assert_int_equal(conf_log_format(&conf), LOG_AUTO);
    assert_int_equal(conf_log_level(&conf), LOG_INFO);
    assert_int_equal(conf_check(&conf, message), ERR_USAGE);
    assert_non_null(strstr(message, "data is missing"));
}

static void test_values(void **state)
{
    (void)state;
    struct conf conf;
    assert_int_equal(parse(&conf, "# a comment\r\n\n  data=/srv/pass erelle  \r\n"
                                  "listen = unix:/run/p.sock\nbody_max = 2M\nbuffered_max=1G\n"
                                  "connections_max = 10\nmetrics = no\nlog_format = json\n"
                                  "cors_origin = https://a.example\nlog_level=warn\n"
                                  "\tcors_origin\t=\thttps://b.example:8443\t\n"
                                  "url = https://p.example/x=y"),
                     ERR_OK);
    assert_string_equal(conf.data, "/srv/pass erelle");
    assert_string_equal(conf.url, "https://p.example/x=y");
    assert_int_equal(conf.body_max, 2 << 20);
    assert_int_equal(conf.buffered_max, 1 << 30);
    assert_int_equal(conf.connections_max, 10);
    assert_false(conf.metrics);
    assert_int_equal(conf.origins_len, 2);
    assert_string_equal(conf.origins[0], "https://a.example");
    assert_string_equal(conf.origins[1], "https://b.example:8443");
    assert_int_equal(conf_log_format(&conf), LOG_JSON);
    assert_int_equal(conf_log_level(&conf), LOG_WARN);
    assert_int_equal(conf_check(&conf, message), ERR_OK);
}

static void test_mistakes(void **state)
{
    (void)state;
    refuse("\n\nlisten 127.0.0.1:1\n", "f.conf:3: write key = value");
    refuse("data = /x\nbodymax = 1M\n", "f.conf:2: there is no key \"bodymax\"; there are data,");
    refuse("Listen = 127.0.0.1:1", "f.conf:1: there is no key");
    refuse("= 1", "there is no key \"\"");
    refuse("threads = 1\nthreads = 1", "f.conf:2: threads stands twice");
    refuse("threads = many", "write a number from 0 to 128");
    refuse("threads = -1", "write a number");
    refuse("threads =", "write a number");
    refuse("threads = 129", "write a number");
    refuse("body_max = 1", "from 65536 to 8388608");
    refuse("body_max = 8MB", "write a number");
    refuse("body_max = 8 M", "write a number");
    refuse("body_max = 999999999999999G", "write a number");
    refuse("body_max = 99999999999999999999", "write a number");
    refuse("metrics = true", "write yes or no");
    refuse("data = var", "full path");
    refuse("url = passerelle.example.org", "as in https://");
    refuse("url = https://", "as in https://");
    refuse("url = https://a b", "as in https://");
    refuse("cors_origin = https://a.example/", "scheme and host alone");
    refuse("cors_origin = *", "scheme and host alone");
    refuse("log_name = a+b", "without +");
    refuse("log_format = xml", "auto, json or text");
    refuse("log_level = loud", "debug, info, warn or error");
    refuse("listen = example.org:80", "ADDRESS:PORT");
    char text[700] = "data = /";
    memset(text + 8, 'a', 600);
    refuse(text, "shorter than 256");
    struct conf conf;
    conf_init(&conf);
    assert_int_equal(conf_parse(&conf, "data = /x\0y\n", 12, "f.conf", message), ERR_USAGE);
    assert_non_null(strstr(message, "not a text file"));
}

static void test_origins_are_bounded(void **state)
{
    (void)state;
    char text[CONF_ORIGINS_MAX * 40 + 80] = "";
    struct conf conf;
    static const char line[] = "cors_origin = https://a.example\n";
    for (size_t i = 0; i < CONF_ORIGINS_MAX; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line);
    assert_int_equal(parse(&conf, text), ERR_OK);
    memcpy(text + CONF_ORIGINS_MAX * (sizeof line - 1), line, sizeof line);
    refuse(text, "at most 8");
}

struct listen_row {
    const char *text;
    enum err err;
    bool local, loopback, ipv6;
    const char *host;
    uint16_t port;
};

static void test_listen(void **state)
{
    (void)state;
    static const struct listen_row rows[] = {
        {"127.0.0.1:8787", ERR_OK, false, true, false, "127.0.0.1", 8787},
        {"127.8.9.1:0", ERR_OK, false, true, false, "127.8.9.1", 0},
        {"localhost:80", ERR_OK, false, true, false, "127.0.0.1", 80},
        {"0.0.0.0:80", ERR_OK, false, false, false, "0.0.0.0", 80},
        {"[::1]:65535", ERR_OK, false, true, true, "::1", 65535},
        {"[::]:80", ERR_OK, false, false, true, "::", 80},
        {"unix:/run/x.sock", ERR_OK, true, false, false, "/run/x.sock", 0},
        {"unix:x.sock", ERR_USAGE, 0, 0, 0, "", 0},
        {"::1:80", ERR_USAGE, 0, 0, 0, "", 0},
        {"[::1]", ERR_USAGE, 0, 0, 0, "", 0},
        {"[127.0.0.1]:80", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.0.0.1", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.0.0.1:", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.0.0.1:65536", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.0.0.1:80x", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.0.0.1:-1", ERR_USAGE, 0, 0, 0, "", 0},
        {"127.1:80", ERR_USAGE, 0, 0, 0, "", 0},
        {":80", ERR_USAGE, 0, 0, 0, "", 0},
        {"", ERR_USAGE, 0, 0, 0, "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf_listen where;
        assert_int_equal(conf_listen_parse(&where, rows[i].text), rows[i].err);
        if (rows[i].err != ERR_OK)
            continue;
        assert_int_equal(where.local, rows[i].local);
        assert_int_equal(where.loopback, rows[i].loopback);
        assert_int_equal(where.ipv6, rows[i].ipv6);
        assert_string_equal(where.host, rows[i].host);
        assert_int_equal(where.port, rows[i].port);
    }
}

static void test_plain_http_stays_home(void **state)
{
    (void)state;
    struct conf conf;
    assert_int_equal(parse(&conf, "data = /x\nlisten = 0.0.0.0:80\n"), ERR_OK);
    assert_int_equal(conf_check(&conf, message), ERR_USAGE);
    assert_non_null(strstr(message, "insecure_http"));
    assert_int_equal(conf_set(&conf, "insecure_http", "yes", message), ERR_OK);
    assert_int_equal(conf_check(&conf, message), ERR_OK);
    assert_int_equal(conf_set(&conf, "insecure_http", "no", message), ERR_OK);
    assert_int_equal(conf_set(&conf, "listen", "[::1]:80", message), ERR_OK);
    assert_int_equal(conf_check(&conf, message), ERR_OK);
    assert_int_equal(conf_set(&conf, "listen", "nowhere", message), ERR_USAGE);
    assert_int_equal(conf_set(&conf, "nothing", "x", message), ERR_USAGE);
    assert_int_equal(parse(&conf, "data = /x\nbody_max = 8M\nbuffered_max = 1M\n"), ERR_OK);
    assert_int_equal(conf_check(&conf, message), ERR_USAGE);
}

static void test_load(void **state)
{
    (void)state;
    char path[] = "/tmp/test_conf.XXXXXX";
    int fd = mkstemp(path);
    struct conf conf;
    assert_true(fd >= 0);
    conf_init(&conf);
    assert_int_equal(write(fd, "data = /x\n", 10), 10);
    assert_int_equal(conf_load(&conf, path, message), ERR_OK);
    assert_string_equal(conf.data, "/x");
    for (int i = 0; i < CONF_FILE_MAX / 10; i++)
        assert_int_equal(write(fd, "#\n#\n#\n#\n#\n", 10), 10);
    assert_int_equal(conf_load(&conf, path, message), ERR_TOO_BIG);
    close(fd);
    unlink(path);
    assert_int_equal(conf_load(&conf, path, message), ERR_NOT_FOUND);
    assert_non_null(strstr(message, "--config"));
    assert_int_equal(conf_load(&conf, "/tmp", message), ERR_IO);
}

/* Reads the example; with `all`, every commented `#key = value` counts too. */
static char *example(bool all)
{
    const char *root = getenv("SOURCE_DIR");
    char path[1024];
    snprintf(path, sizeof path, "%s/deploy/passerelled.conf.example",
             root ? root : TEST_SOURCE_DIR);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = calloc(1, CONF_FILE_MAX + 1);
    assert_non_null(text);
    char line[512];
    size_t len = 0;
    while (fgets(line, sizeof line, file)) {
        bool setting = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
        const char *kept = all && setting ? line + 1 : line;
        memcpy(text + len, kept, strlen(kept));
        len += strlen(kept);
        assert_true(len + sizeof line < CONF_FILE_MAX);
    }
    fclose(file);
    return text;
}

static void test_example(void **state)
{
    (void)state;
    struct conf conf;
    char *text = example(false);
    assert_int_equal(parse(&conf, text), ERR_OK);
    assert_int_equal(conf_check(&conf, message), ERR_OK);
    free(text);

    text = example(true);
    enum err err = parse(&conf, text);
    if (err != ERR_OK)
        print_error("%s\n", message);
    assert_int_equal(err, ERR_OK);
    size_t n = 0;
    for (; conf_key(n); n++) {
        if (!(conf.seen & 1u << n))
            print_error("the example does not show %s\n", conf_key(n));
        assert_true(conf.seen & 1u << n);
    }
    assert_true(n >= 20);

    /* The values it shows as defaults are the defaults. */
    struct conf defaults;
    conf_init(&defaults);
#define NO_TEXT(key, ...)
#define SAME(key, ...) assert_int_equal(conf.key, defaults.key);
    CONF_TABLE(NO_TEXT, SAME, SAME)
    assert_string_equal(conf.listen, defaults.listen);
    assert_string_equal(conf.log_format, defaults.log_format);
    assert_string_equal(conf.log_level, defaults.log_level);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_origins_are_bounded),
        cmocka_unit_test(test_listen),   cmocka_unit_test(test_plain_http_stays_home),
        cmocka_unit_test(test_load),     cmocka_unit_test(test_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
