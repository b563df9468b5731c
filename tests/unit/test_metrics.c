/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the numbers are right under threads, and the text is what Prometheus reads: one HELP and
 * TYPE per name, no sample twice.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/metrics.h"

static char *render(void)
{
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(metrics_render(&text, &len), ERR_OK);
    assert_int_equal(strlen(text), len);
    return text;
}

/* The value of the sample `name` (with labels); fails when it is absent. */
static double sample(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, len) == 0 && at[len] == ' ')
            return strtod(at + len, NULL);
    }
    fail_msg("no sample %s", name);
    return 0;
}

static void *hammer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        metrics_add(METRIC_PUSHES, 2);
        metrics_move(METRIC_LONG_POLLS, i % 2 ? -1 : 1);
        metrics_observe(METRIC_GROUP_SIZE, 3);
        metrics_sync_status(ERR_STALE_EPOCH);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metrics_count(METRIC_PUSHES), 160000);
    assert_int_equal(metrics_level(METRIC_LONG_POLLS), 0);
    char *text = render();
    assert_true(sample(text, "passerelle_pushes_total") == 160000);
    assert_true(sample(text, "passerelle_sync_items_total{status=\"STALE_EPOCH\"}") == 80000);
    assert_true(sample(text, "passerelle_commit_group_size_bucket{le=\"2\"}") == 0);
    assert_true(sample(text, "passerelle_commit_group_size_bucket{le=\"4\"}") == 80000);
    assert_true(sample(text, "passerelle_commit_group_size_sum") == 240000);
    free(text);
}

static void test_histogram_edges(void **state)
{
    (void)state;
    metrics_observe(METRIC_REQUEST_TIME, 0);
    metrics_observe(METRIC_REQUEST_TIME, 500); /* 0.0005 s: a bound belongs to its bucket */
    metrics_observe(METRIC_REQUEST_TIME, 501);
    metrics_observe(METRIC_REQUEST_TIME, 2500000);
    metrics_observe(METRIC_REQUEST_TIME, 2500001);
    char *text = render();
    assert_true(sample(text, "passerelle_request_seconds_bucket{le=\"0.0005\"}") == 2);
    assert_true(sample(text, "passerelle_request_seconds_bucket{le=\"0.001\"}") == 3);
    assert_true(sample(text, "passerelle_request_seconds_bucket{le=\"2.5\"}") == 4);
    assert_true(sample(text, "passerelle_request_seconds_bucket{le=\"+Inf\"}") == 5);
    assert_true(sample(text, "passerelle_request_seconds_count") == 5);
    free(text);
}

static void test_http_classes(void **state)
{
    (void)state;
    metrics_http(200);
    metrics_http(204);
    metrics_http(413);
    metrics_http(503);
    char *text = render();
    assert_true(sample(text, "passerelle_http_requests_total{class=\"2xx\"}") == 2);
    assert_true(sample(text, "passerelle_http_requests_total{class=\"4xx\"}") == 1);
    assert_true(sample(text, "passerelle_http_requests_total{class=\"5xx\"}") == 1);
    free(text);
}

static void test_process(void **state)
{
    (void)state;
    metrics_start();
    char *text = render();
    double resident = sample(text, "process_resident_memory_bytes");
    assert_true(resident > 100e3 && resident < 1e12);
    assert_true(sample(text, "process_start_time_seconds") > 1.7e9);
    assert_true(sample(text, "passerelle_uptime_seconds") < 60);
    free(text);
}

/* Counts lines that start with `prefix`. */
static size_t lines_with(const char *text, const char *prefix)
{
    size_t n = 0;
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        n += strncmp(at, prefix, strlen(prefix)) == 0;
    }
    return n;
}

static void check_line(const char *text, const char *line)
{
    char name[128];
    char prefix[192];
    if (line[0] == '#') {
        /* "# TYPE name kind": announced once */
        assert_int_equal(sscanf(line, "# %*s %127s", name), 1);
        snprintf(prefix, sizeof prefix, "# TYPE %s ", name);
        assert_int_equal(lines_with(text, prefix), 1);
        snprintf(prefix, sizeof prefix, "# HELP %s ", name);
        assert_int_equal(lines_with(text, prefix), 1);
        return;
    }
    const char *value = strrchr(line, ' ');
    assert_non_null(value);
    char *end;
    strtod(value + 1, &end);
    assert_true(*end == '\0' && end > value + 1);
    assert_int_equal(lines_with(text, line) >= 1, 1);
    snprintf(prefix, sizeof prefix, "%.*s ", (int)(value - line), line);
    assert_int_equal(lines_with(text, prefix), 1);
}

static void test_text_form(void **state)
{
    (void)state;
    char *text = render();
    char *copy = strdup(text);
    char *rest = copy;
    char *line;
    size_t n = 0;
    assert_int_equal(text[strlen(text) - 1], '\n');
    while ((line = strsep(&rest, "\n")) && *line) {
        check_line(text, line);
        n++;
    }
    assert_true(n > METRICS_COUNTER_N + METRICS_GAUGE_N);
    free(copy);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),      cmocka_unit_test(test_histogram_edges),
        cmocka_unit_test(test_http_classes), cmocka_unit_test(test_process),
        cmocka_unit_test(test_text_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
