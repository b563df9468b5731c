/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the key file comes back as it was written, is nobody else's to read, and a damaged one is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "server/serverkey.h"
#include "server/store_folder.h"

static void test_urls_and_names(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name, *log_name; /* log_name NULL: refused */
    } rows[] = {
        {"https://sync.example.org", NULL, "sync.example.org"},
        {"https://sync.example.org:8443/sync/", NULL, "sync.example.org"},
        {"http://127.0.0.1:8787", NULL, "127.0.0.1"},
        {"http://[::1]:8787", "local", "local"},
        {"https://a.example", "team/paris", "team/paris"},
        {"http://sync.example.org", NULL, NULL},
        {"sync.example.org", NULL, NULL},
        {"", NULL, NULL},
        {"https://a.example", "with space", NULL},
        {"https://a.example", "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct serverkey key;
        enum err err = serverkey_make(&key, rows[i].url, rows[i].name);
        if (err != (rows[i].log_name ? ERR_OK : ERR_USAGE))
            print_error("%s %s: %s\n", rows[i].url, rows[i].name ? rows[i].name : "-",
                        err_name(err));
        assert_int_equal(err, rows[i].log_name ? ERR_OK : ERR_USAGE);
        if (rows[i].log_name)
            assert_string_equal(key.log_name, rows[i].log_name);
        serverkey_fini(&key);
    }
}

static void test_text(void **state)
{
    (void)state;
    struct serverkey key, back;
    struct buf text = {0};
    assert_int_equal(serverkey_make(&key, "https://sync.example.org", NULL), ERR_OK);
    serverkey_print(&text, &key);
    assert_int_equal(serverkey_parse(&back, (const char *)text.bytes, text.len), ERR_OK);
    assert_memory_equal(back.log_pk, key.log_pk, PK_LEN);
    assert_memory_equal(back.resp_pk, key.resp_pk, PK_LEN);
    assert_memory_equal(back.secret->log_sk, key.secret->log_sk, SK_LEN);
    assert_string_equal(back.url, key.url);
    assert_string_equal(back.log_name, key.log_name);
    serverkey_fini(&back);
    /* Every cut but that of a final line feed that is missing only itself, and foreign lines. */
    for (size_t len = 0; len < text.len; len++)
        assert_int_not_equal(serverkey_parse(&back, (const char *)text.bytes, len), ERR_OK);
    buf_put(&text, "more x\n", 7);
    assert_int_equal(serverkey_parse(&back, (const char *)text.bytes, text.len), ERR_FORMAT);
    serverkey_fini(&key);
    buf_free(&text);
}

static void test_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/passerelle-key-XXXXXX", path[64];
    struct serverkey key, back;
    struct stat st;
    int lock, second;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/server.key", folder);
    assert_int_equal(serverkey_make(&key, "https://sync.example.org", NULL), ERR_OK);
    assert_int_equal(store_folder_key(folder, &back), ERR_NOT_FOUND);
    assert_int_equal(store_folder_create(folder, &key), ERR_OK);
    assert_int_equal(store_folder_create(folder, &key), ERR_EXISTS);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(store_folder_key(folder, &back), ERR_OK);
    assert_memory_equal(back.log_pk, key.log_pk, PK_LEN);
    serverkey_fini(&back);
    chmod(path, 0640);
    assert_int_equal(store_folder_key(folder, &back), ERR_DENIED);
    assert_int_equal(store_folder_lock(folder, &lock), ERR_OK);
    assert_int_equal(store_folder_lock(folder, &second), ERR_BUSY);
    store_folder_unlock(lock);
    assert_int_equal(store_folder_lock(folder, &second), ERR_OK);
    store_folder_unlock(second);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock", folder);
    unlink(path);
    rmdir(folder);
    serverkey_fini(&key);
}

static int setup(void **state)
{
    (void)state;
    return digest_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_and_names),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
