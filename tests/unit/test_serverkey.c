/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the key file comes back as it was written, is nobody else's to read, and a damaged one is refused; pairs are only ever added.
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
#include "proto/op.h"
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
    assert_memory_equal(serverkey_now(&back)->log_pk, serverkey_now(&key)->log_pk, PK_LEN);
    assert_memory_equal(serverkey_now(&back)->resp_pk, serverkey_now(&key)->resp_pk, PK_LEN);
    assert_memory_equal(serverkey_now(&back)->secret->log_sk, serverkey_now(&key)->secret->log_sk,
                        SK_LEN);
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
    assert_memory_equal(serverkey_now(&back)->log_pk, serverkey_now(&key)->log_pk, PK_LEN);
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

/* Further pairs: what each is found by, that the file keeps them, and that only a continuation is taken over. */
static void test_pairs(void **state)
{
    (void)state;
    struct serverkey key, back, other;
    struct buf text = {0};
    struct op_key_offer offer;
    uint8_t fingerprint[HASH_LEN], space[ID_LEN] = {1};
    assert_int_equal(serverkey_make(&key, "https://sync.example.org", NULL), ERR_OK);
    serverkey_print(&text, &key);
    assert_memory_equal(text.bytes, "passerelled key 1\n", 18);
    assert_int_equal(serverkey_parse(&back, (const char *)text.bytes, text.len), ERR_OK);
    const struct serverkey_pair *first = serverkey_now(&key);
    for (size_t n = 2; n <= SERVERKEY_PAIRS_MAX; n++) {
        assert_int_equal(serverkey_rotate(&key), ERR_OK);
        assert_int_equal(key.n, n);
    }
    assert_int_equal(serverkey_rotate(&key), ERR_FULL);
    assert_ptr_equal(serverkey_find(&key, first->aud), first);
    link_fingerprint(fingerprint, key.pairs[3].log_pk, key.pairs[3].resp_pk);
    assert_ptr_equal(serverkey_find(&key, fingerprint), &key.pairs[3]);
    assert_null(serverkey_find(&key, key.pairs[3].log_pk));

    const struct serverkey_pair *now = serverkey_now(&key);
    memcpy(offer.log_pk, now->log_pk, PK_LEN);
    memcpy(offer.resp_pk, now->resp_pk, PK_LEN);
    assert_int_equal(serverkey_hand_over(offer.old_sig, first, now, space), ERR_OK);
    assert_int_equal(op_key_offer_verify(&offer, space, first->log_pk), ERR_OK);
    assert_int_equal(op_key_offer_verify(&offer, space, now->log_pk), ERR_SIGNATURE);
    space[0] = 2;
    assert_int_equal(op_key_offer_verify(&offer, space, first->log_pk), ERR_SIGNATURE);

    assert_int_equal(serverkey_follow(&key, &back), ERR_CORRUPT);
    assert_int_equal(serverkey_follow(&back, &key), ERR_OK);
    assert_int_equal(back.n, SERVERKEY_PAIRS_MAX);
    assert_memory_equal(serverkey_now(&back)->secret->log_sk, now->secret->log_sk, SK_LEN);
    assert_int_equal(serverkey_make(&other, "https://sync.example.org", NULL), ERR_OK);
    assert_int_equal(serverkey_follow(&back, &other), ERR_CORRUPT);
    serverkey_fini(&back);

    buf_reset(&text);
    serverkey_print(&text, &key);
    assert_memory_equal(text.bytes, "passerelled key 2\n", 18);
    assert_int_equal(serverkey_parse(&back, (const char *)text.bytes, text.len), ERR_OK);
    assert_int_equal(back.n, SERVERKEY_PAIRS_MAX);
    serverkey_fini(&back);
    for (size_t len = 0; len < text.len; len++)
        assert_int_not_equal(serverkey_parse(&back, (const char *)text.bytes, len), ERR_OK);
    text.bytes[16] = '3';
    assert_int_equal(serverkey_parse(&back, (const char *)text.bytes, text.len), ERR_VERSION);
    serverkey_fini(&key);
    serverkey_fini(&other);
    buf_free(&text);
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
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
