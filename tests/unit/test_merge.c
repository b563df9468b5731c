/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a causally later edit always wins, concurrent ones stay side by side, an author replaces its own, and
 * replicas that hold the same log agree, whatever their clocks say.
 */
#include "proto/merge.h"
#include "tests/unit/proto_test.h"

static struct merge_entry entry(uint64_t index, uint64_t base, unsigned author)
{
    struct merge_entry e = {.index = index, .base = base, .t_recv_ms = UINT64_MAX};
    memcpy(e.author, &author, sizeof author);
    return e;
}

static void expect_live(struct merge_entry *e, size_t n, const char *live)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += live[i] == '1';
    assert_int_equal(merge_live(e, n), count);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(e[i].live, live[i] == '1');
}

static void test_examples(void **state)
{
    (void)state;
    assert_int_equal(merge_live(NULL, 0), 0);
    assert_int_equal(merge_first(NULL, 0), 0);

    struct merge_entry seen[] = {entry(3, 0, 1), entry(5, 4, 2)};
    expect_live(seen, 2, "01"); /* base 4: entry 3 was on screen */
    struct merge_entry unseen[] = {entry(3, 0, 1), entry(5, 3, 2)};
    expect_live(unseen, 2, "11"); /* base 3: entries 0..2 were on screen */
    struct merge_entry own[] = {entry(3, 0, 1), entry(5, 0, 1)};
    expect_live(own, 2, "01");

    /* A replaced value stays replaced although its successor was replaced by one who never saw it. */
    struct merge_entry chain[] = {entry(3, 0, 1), entry(5, 4, 2), entry(6, 0, 2)};
    expect_live(chain, 3, "001");

    /* A third one who saw only the first of two concurrent values. */
    struct merge_entry half[] = {entry(3, 0, 1), entry(5, 0, 2), entry(7, 4, 3)};
    expect_live(half, 3, "011");

    /* What waits in the outbox is replaced only by its own author's next edit, whatever its base. */
    struct merge_entry pending[] = {entry(3, 0, 1), entry(MERGE_PENDING, 4, 2),
                                    entry(MERGE_PENDING, 4, 2), entry(MERGE_PENDING, 9, 3)};
    expect_live(pending, 4, "0011");

    /* Two authors in one leaf (adopted changes) stay side by side; flags of a former run mean nothing. */
    struct merge_entry adopted[] = {entry(3, 0, 1), entry(8, 0, 2), entry(8, 8, 3), entry(8, 8, 3)};
    adopted[0].live = adopted[2].live = true;
    expect_live(adopted, 4, "0101");
}

static void test_replaces(void **state)
{
    (void)state;
    struct merge_entry older = entry(10, 0, 1);
    for (uint64_t base = 0; base < 20; base++) {
        struct merge_entry newer = entry(30, base, 2);
        assert_int_equal(merge_replaces(&newer, &older), base > 10);
    }
    struct merge_entry own = entry(30, 0, 1);
    assert_true(merge_replaces(&own, &older));
    struct merge_entry waiting = entry(MERGE_PENDING, 0, 1), later = entry(MERGE_PENDING, 1000, 2);
    assert_false(merge_replaces(&later, &waiting));
}

static void test_compare(void **state)
{
    (void)state;
    /* In rising order; each differs from the one before in one thing, the more important it is the later. */
    struct merge_entry e[8];
    for (size_t i = 0; i < 8; i++) {
        e[i] = entry(i, 0, 1);
        e[i].time_s = 1000;
        e[i].t_recv_ms = 5000000;
        e[i].ordinal = 1;
    }
    e[0].time_s = -3;
    e[1].time_s = 999;
    e[2].t_recv_ms =
        999999;       /* claimed 1000 but received within second 999: equal to the one before ... */
    e[2].ordinal = 2; /* ... so the ordinal decides */
    e[4].ordinal = 2;
    e[5].run[RUN_LEN - 1] = 1;
    e[5].ordinal = 0;
    e[6].author[ID_LEN - 1] = 1;
    e[6].ordinal = 0;
    e[7].time_s = 90000; /* from the future: counts as received */
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k < 8; k++)
            assert_int_equal(merge_compare(&e[i], &e[k]), i < k ? -1 : i > k);
    }
    /* Received in the same second as claimed: no difference. */
    struct merge_entry a = e[3], b = e[3];
    a.t_recv_ms = 1000999;
    assert_int_equal(merge_compare(&a, &b), 0);
    /* Pending entries keep their claimed time. */
    b.time_s = INT64_MAX;
    b.t_recv_ms = UINT64_MAX;
    a.time_s = INT64_MIN;
    assert_int_equal(merge_compare(&a, &b), -1);
}

static void test_first(void **state)
{
    (void)state;
    struct merge_entry e[] = {entry(1, 0, 1), entry(2, 0, 2), entry(3, 0, 3), entry(4, 0, 4)};
    for (size_t i = 0; i < 4; i++)
        e[i].time_s = 100;
    e[1].time_s = 300;
    e[2].time_s = 200;
    assert_int_equal(merge_first(e, 4), 4); /* nobody was marked yet */
    merge_live(e, 4);
    assert_int_equal(merge_first(e, 4), 1);
    e[1].live = false;
    assert_int_equal(merge_first(e, 4), 2);
    e[2].live = false;
    assert_int_equal(merge_first(e, 4), 3); /* equal times: the greater author */
}

/* The rule word by word, for comparison. */
static size_t rule(const struct merge_entry *e, size_t n, bool *live)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        live[i] = true;
        for (size_t k = i + 1; k < n; k++) {
            if (e[k].base > e[i].index || memcmp(e[k].author, e[i].author, ID_LEN) == 0)
                live[i] = false;
        }
        count += live[i];
    }
    return count;
}

static void test_against_rule(void **state)
{
    (void)state;
    struct dice d = {9};
    enum { MAX = 300 };
    static struct merge_entry e[MAX];
    static bool live[MAX];
    for (int round = 0; round < 3000; round++) {
        size_t n = dice_below(&d, round % 10 ? 20 : MAX);
        size_t authors =
            1 + dice_below(&d, round % 7 ? 5 : 200); /* also more than the cache holds */
        uint64_t index = 0;
        for (size_t i = 0; i < n; i++) {
            index += dice_below(&d, 3);
            uint64_t base = index - dice_below(&d, (size_t)index + 1);
            bool old = dice_below(&d, 3) > 0;
            e[i] = entry(index, old ? base / 4 : base, (unsigned)dice_below(&d, authors));
        }
        for (size_t i = n - n / 8; i < n; i++)
            e[i].index = MERGE_PENDING;
        size_t expected = rule(e, n, live);
        assert_int_equal(merge_live(e, n), expected);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(e[i].live, live[i]);
    }
}

/* More people than the module remembers write at once, then some of them again. */
static void test_crowd(void **state)
{
    (void)state;
    struct dice d = {16};
    enum { N = 500 };
    static struct merge_entry e[N];
    static bool live[N];
    for (size_t authors = 60; authors <= 300; authors += 4) {
        for (size_t i = 0; i < N; i++)
            e[i] = entry(i, 0, (unsigned)(i < authors ? i : dice_below(&d, authors)));
        assert_int_equal(rule(e, N, live), authors);
        assert_int_equal(merge_live(e, N), authors);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(e[i].live, live[i]);
    }
}

/* --- devices that work on one field, mostly offline, with wrong clocks --- */

enum { DEVICES = 5, EDITS = 60 };

struct replica {
    unsigned id;
    int64_t skew_s;
    uint64_t size; /* of the log, as far as it was pulled */
    uint64_t ordinal;
    size_t n_waiting;
    struct merge_entry waiting[EDITS];
};

struct world {
    struct dice dice;
    int64_t now_s;
    size_t n;
    struct merge_entry log[EDITS];
    struct replica replicas[DEVICES];
};

/* What a replica has on screen: its part of the log, then its own outbox. */
static size_t screen(const struct world *w, const struct replica *r, struct merge_entry *out)
{
    memcpy(out, w->log, (size_t)r->size * sizeof *out);
    memcpy(out + r->size, r->waiting, r->n_waiting * sizeof *out);
    size_t n = (size_t)r->size + r->n_waiting;
    merge_live(out, n);
    return n;
}

static void edit(struct world *w, struct replica *r)
{
    struct merge_entry e = entry(MERGE_PENDING, r->size, r->id);
    e.ordinal = ++r->ordinal;
    e.time_s = w->now_s + r->skew_s;
    r->waiting[r->n_waiting++] = e;
    /* Whoever has just written something sees that and nothing else. */
    struct merge_entry seen[2 * EDITS];
    size_t n = screen(w, r, seen);
    size_t live = 0;
    for (size_t i = 0; i < n; i++)
        live += seen[i].live;
    assert_int_equal(live, 1);
    assert_true(seen[n - 1].live);
}

static void push_and_pull(struct world *w, struct replica *r)
{
    for (size_t i = 0; i < r->n_waiting; i++) {
        struct merge_entry e = r->waiting[i];
        e.index = w->n;
        e.t_recv_ms = (uint64_t)w->now_s * 1000;
        w->log[w->n++] = e;
    }
    r->n_waiting = 0;
    r->size = w->n;
}

/* The log as it grew, once more: nothing that was replaced ever comes back. */
static void expect_monotonic(const struct world *w)
{
    bool dead[EDITS] = {false};
    for (size_t size = 1; size <= w->n; size++) {
        struct merge_entry e[EDITS];
        memcpy(e, w->log, size * sizeof *e);
        assert_true(merge_live(e, size) > 0);
        assert_true(e[size - 1].live); /* the newest is never lost, whatever its time says */
        for (size_t i = 0; i < size; i++) {
            assert_false(dead[i] && e[i].live);
            dead[i] = !e[i].live;
        }
        size_t first = merge_first(e, size);
        assert_true(first < size && e[first].live);
        for (size_t i = 0; i < size; i++)
            assert_true(!e[i].live || merge_compare(&e[first], &e[i]) >= 0);
    }
}

static void expect_rules(const struct world *w, const struct merge_entry *final)
{
    for (size_t i = 0; i < w->n; i++) {
        bool replaced = false;
        for (size_t k = i + 1; k < w->n; k++) {
            bool saw_it = w->log[k].base > i;
            bool own = memcmp(w->log[k].author, w->log[i].author, ID_LEN) == 0;
            assert_int_equal(merge_replaces(&w->log[k], &w->log[i]), saw_it || own);
            replaced = replaced || saw_it || own;
        }
        assert_int_equal(final[i].live, !replaced);
    }
}

static void test_simulation(void **state)
{
    (void)state;
    size_t side_by_side = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct world w = {.dice = {seed * 77}, .now_s = 1700000000};
        for (unsigned i = 0; i < DEVICES; i++) {
            static const int64_t skews[] = {0, 9ll * 365 * 86400, -5ll * 365 * 86400, 200, -200};
            w.replicas[i].id = i + 1;
            w.replicas[i].skew_s = skews[i];
        }
        size_t made = 0;
        while (made < EDITS) {
            struct replica *r = &w.replicas[dice_below(&w.dice, DEVICES)];
            w.now_s += (int64_t)dice_below(&w.dice, 5000);
            if (dice_below(&w.dice, 3) == 0) {
                push_and_pull(&w, r);
            } else {
                edit(&w, r);
                made++;
            }
        }
        for (unsigned i = 0; i < DEVICES; i++)
            push_and_pull(&w, &w.replicas[i]);
        assert_int_equal(w.n, EDITS);

        struct merge_entry final[2 * EDITS], other[2 * EDITS];
        size_t live = 0;
        for (unsigned i = 0; i < DEVICES; i++) {
            push_and_pull(&w, &w.replicas[i]);
            size_t n = screen(&w, &w.replicas[i], i ? other : final);
            assert_int_equal(n, EDITS);
            /* All replicas show the same, whatever they went through. */
            for (size_t k = 0; i > 0 && k < n; k++)
                assert_true(other[k].live == final[k].live && other[k].index == final[k].index);
            if (i > 0)
                assert_int_equal(merge_first(other, n), merge_first(final, n));
        }
        for (size_t i = 0; i < EDITS; i++)
            live += final[i].live;
        side_by_side += live > 1;
        expect_monotonic(&w);
        expect_rules(&w, final);
    }
    assert_true(side_by_side > 200); /* concurrency did happen */
}

/* Ten thousand entries of one field, with one value that nobody ever sees: no quadratic walk. */
static void test_long_history(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct merge_entry *e = malloc(N * sizeof *e);
    assert_non_null(e);
    for (size_t i = 0; i < N; i++)
        e[i] = entry(i, 0, i == 0 ? 1 : 2);
    for (int round = 0; round < 100; round++)
        assert_int_equal(merge_live(e, N), 2);
    assert_true(e[0].live && e[N - 1].live);
    for (size_t i = 0; i < N; i++)
        e[i] = entry(i, i, (unsigned)(1 + i % 50));
    for (int round = 0; round < 100; round++)
        assert_int_equal(merge_live(e, N), 1);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),     cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_first),
        cmocka_unit_test(test_against_rule), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_simulation),   cmocka_unit_test(test_long_history),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
