/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a device has its share and no more; others are not touched; what leaves makes room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/main_share.h"

static void device_of(uint8_t device[static ID_LEN], unsigned n)
{
    memset(device, 0, ID_LEN);
    device[ID_LEN - 1] = (uint8_t)n; /* all in one bucket */
}

static void test_share(void **state)
{
    (void)state;
    struct main_share *share;
    uint8_t device[ID_LEN];
    assert_int_equal(main_share_new(&share, 3), ERR_OK);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned n = 0; n < 50; n++) {
            device_of(device, n);
            for (unsigned i = 0; i < 3; i++)
                assert_int_equal(main_share_enter(share, device), ERR_OK);
            assert_int_equal(main_share_enter(share, device), ERR_BUSY);
        }
        device_of(device, 25);
        main_share_leave(share, device);
        assert_int_equal(main_share_enter(share, device), ERR_OK);
        assert_int_equal(main_share_enter(share, device), ERR_BUSY);
        for (unsigned n = 50; n-- > 0;) {
            device_of(device, n);
            for (unsigned i = 0; i < 3; i++)
                main_share_leave(share, device);
        }
    }
    device_of(device, 1);
    assert_int_equal(main_share_enter(share, device), ERR_OK);
    main_share_free(share); /* with somebody in it */
    main_share_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
