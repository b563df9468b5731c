/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: what the server counts, as Prometheus text for /metrics.
 *
 * One table per kind declares everything. Rows that share a name stand together and carry the same
 * help. All functions are safe on every thread and never fail; the numbers live as long as the
 * process. Nothing here names a device, a space or an address.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

/* X(ID, name, labels with braces or "", help) */
#define METRICS_COUNTERS(X)                                                                        \
    X(HTTP_2XX, "passerelle_http_requests_total", "{class=\"2xx\"}", "HTTP requests answered")     \
    X(HTTP_3XX, "passerelle_http_requests_total", "{class=\"3xx\"}", "HTTP requests answered")     \
    X(HTTP_4XX, "passerelle_http_requests_total", "{class=\"4xx\"}", "HTTP requests answered")     \
    X(HTTP_5XX, "passerelle_http_requests_total", "{class=\"5xx\"}", "HTTP requests answered")     \
    X(BYTES_IN, "passerelle_http_received_bytes_total", "", "Bytes read from sockets")             \
    X(BYTES_OUT, "passerelle_http_sent_bytes_total", "", "Bytes written to sockets")               \
    X(CONNECTIONS, "passerelle_connections_accepted_total", "", "Connections accepted")            \
    X(CONNECTIONS_REFUSED, "passerelle_connections_refused_total", "",                             \
      "Connections refused because connections_max were open")                                     \
    X(TIMEOUTS, "passerelle_connections_timeout_total", "",                                        \
      "Connections closed because the other side was too slow or idle")                            \
    X(SYNCS, "passerelle_syncs_total", "", "Sync requests answered")                               \
    X(PUSHES, "passerelle_pushes_total", "", "Sync requests that carried leaves")                  \
    X(LEAVES_ACCEPTED, "passerelle_leaves_total", "{result=\"accepted\"}", "Leaves pushed")        \
    X(LEAVES_REPEATED, "passerelle_leaves_total", "{result=\"repeated\"}", "Leaves pushed")        \
    X(LEAVES_REFUSED, "passerelle_leaves_total", "{result=\"refused\"}", "Leaves pushed")          \
    X(LEAVES_SENT, "passerelle_leaves_sent_total", "", "Leaves sent to devices")                   \
    X(COMMITS, "passerelle_commits_total", "", "Transactions committed by the writer")             \
    X(VERIFY_FAILURES, "passerelle_verify_failures_total", "", "Signatures that did not verify")   \
    X(DENIED, "passerelle_denied_total", "", "Requests refused for lack of a right")               \
    X(QUOTA, "passerelle_quota_refusals_total", "", "Pushes refused by a device's daily quota")    \
    X(QUOTA_SPACE, "passerelle_quota_space_refusals_total", "",                                    \
      "Pushes refused by a space's daily quota")                                                   \
    X(QUOTA_BLOBS, "passerelle_quota_attachments_refusals_total", "",                              \
      "Attachments refused since their space keeps as many as it may")                             \
    X(ADMISSION, "passerelle_admission_refusals_total", "",                                        \
      "Requests refused because the server was full")

#define METRICS_GAUGES(X)                                                                          \
    X(CONNECTIONS_OPEN, "passerelle_connections_open", "", "Connections open now")                 \
    X(REQUESTS_OPEN, "passerelle_requests_open", "", "Requests received and not yet answered")     \
    X(LONG_POLLS, "passerelle_long_polls_held", "", "Long polls waiting now")                      \
    X(BUFFERED_BYTES, "passerelle_buffered_bytes", "", "Bytes of requests held in memory")         \
    X(WRITER_QUEUE, "passerelle_writer_queue", "", "Items waiting for the writer")                 \
    X(STORE_OK, "passerelle_store_writable", "", "1 while the last write reached the disk")        \
    X(CLOCK_OK, "passerelle_clock_trusted", "", "1 while the clock has not jumped")                \
    X(DISK_FREE, "passerelle_disk_free_bytes", "", "Room left where the data folder is")

/* X(ID, name, help, unit: observed integers per printed unit, bounds in printed units...) */
#define METRICS_HISTOGRAMS(X)                                                                      \
    X(GROUP_SIZE, "passerelle_commit_group_size", "Items written by one commit", 1, 1, 2, 4, 8,    \
      16, 32, 64, 128, 256, 512)                                                                   \
    X(COMMIT_TIME, "passerelle_commit_seconds", "Time of one group commit", 1000000, 0.001,        \
      0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)                                         \
    X(REQUEST_TIME, "passerelle_request_seconds",                                                  \
      "Time from a request's last byte to its answer, without long polls", 1000000, 0.0005, 0.001, \
      0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

#define METRICS_ID(id, ...) METRIC_##id,
enum metrics_counter { METRICS_COUNTERS(METRICS_ID) METRICS_COUNTER_N };
enum metrics_gauge { METRICS_GAUGES(METRICS_ID) METRICS_GAUGE_N };
enum metrics_histogram { METRICS_HISTOGRAMS(METRICS_ID) METRICS_HISTOGRAM_N };
#undef METRICS_ID

/** Adds to a counter. */
void metrics_add(enum metrics_counter counter, uint64_t n);

/** The counter's value, for tests and `passerelled stats`. */
uint64_t metrics_count(enum metrics_counter counter);

/** Moves a gauge up or down, or sets it. */
void metrics_move(enum metrics_gauge gauge, int64_t by);
void metrics_set(enum metrics_gauge gauge, int64_t value);
int64_t metrics_level(enum metrics_gauge gauge);

/** Counts one observation, in the unit of the table (items, or microseconds). */
void metrics_observe(enum metrics_histogram histogram, uint64_t value);

/** Counts the status of one synced item: passerelle_sync_items_total{status="SEQ"}. */
void metrics_sync_status(enum err status);

/** Counts a finished request by the class of its HTTP status. */
void metrics_http(int status);

/**
 * Gives everything as Prometheus text (version 0.0.4, UTF-8) in `*text`, NUL-terminated, `*len`
 * bytes without the NUL; the caller frees it. Adds process_start_time_seconds,
 * process_cpu_seconds_total, process_resident_memory_bytes and passerelle_uptime_seconds (since
 * metrics_start).
 *
 * ERR_MEMORY  nothing was given
 */
enum err metrics_render(char **text, size_t *len);

/** Notes the time of the start; call once from main. */
void metrics_start(void);

#endif
