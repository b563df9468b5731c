/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: pieces are zeroed, aligned, apart from each other and never move; the ceiling holds.
 */
#include <stdalign.h>

#include "proto/arena.h"
#include "tests/unit/proto_test.h"

static void test_pieces(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct arena *arena = arena_new(64 << 20);
    assert_non_null(arena);
    static uint8_t *piece[N];
    static size_t len[N];
    struct dice d = {4};
    for (size_t i = 0; i < N; i++) {
        len[i] = 1 + dice_below(&d, i % 100 == 0 ? 50000 : 200);
        piece[i] = arena_get(arena, len[i], 1);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
        assert_true(digest_is_zero(piece[i], len[i]));
        memset(piece[i], (int)(i % 255) + 1, len[i]);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < len[i]; k++)
            assert_int_equal(piece[i][k], i % 255 + 1);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    assert_non_null(arena_get(arena, 4000, 1));
    assert_null(arena_get(arena, 200, 1));
    assert_non_null(arena_get(arena, 96, 1)); /* a smaller one still fits */
    assert_null(arena_get(arena, 1, 1));
    assert_non_null(arena_get(arena, 0, 8)); /* nothing is always there */
    arena_free(arena);

    arena = arena_new(0);
    assert_null(arena_get(arena, 1, 1));
    arena_free(arena);

    /* Many pieces in many blocks count as well as one large one. */
    arena = arena_new(1 << 20);
    size_t given = 0;
    while (arena_get(arena, 100, 1))
        given += 100;
    assert_in_range(given, (1 << 20) * 85 / 100, 1 << 20);
    arena_free(arena);

    arena = arena_new(1 << 20);
    assert_null(arena_get(arena, (1 << 20) + 1, 1));
    assert_non_null(arena_get(arena, 1 << 20, 1));
    arena_free(arena);
}

static void test_overflow(void **state)
{
    (void)state;
    struct arena *arena = arena_new(SIZE_MAX / 2);
    assert_null(arena_get(arena, SIZE_MAX, 1));
    assert_null(arena_get(arena, SIZE_MAX / 8 + 2, 8)); /* the product wraps to a small number */
    assert_null(arena_get(arena, (size_t)1 << 33, (size_t)1 << 33));
    assert_null(arena_get(arena, 1, SIZE_MAX));
    assert_non_null(arena_get(arena, 1, 1));
    assert_non_null(arena_get(arena, 5, 0));
    assert_non_null(arena_get(arena, SIZE_MAX, 0));
    arena_free(arena);
}

static void test_copy(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1000);
    const char *copy = arena_copy(arena, "passerelle", 11);
    assert_string_equal(copy, "passerelle");
    assert_non_null(arena_copy(arena, NULL, 0));
    assert_null(arena_copy(arena, copy, 1000));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
