/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled serve: options, opening and closing, and the tick of housekeeping.
 */
#include "server/main_serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "server/log.h"
#include "server/main_command.h"
#include "server/metrics.h"
#include "server/store_folder.h"

enum {
    TICK_MS = 1000,
    EAR_MS = 50,       /* between two looks at what other nodes told */
    BEAT_TICKS = 3600, /* an hour */
    PROBE_TICKS = 5    /* after a failed commit */
};

/* ---- the clock of housekeeping ---- */

static void measure(struct main_app *app)
{
    struct statvfs disk;
    metrics_set(METRIC_STORE_OK, atomic_load(&app->store_ok));
    metrics_set(METRIC_CLOCK_OK, sync_clock_ok(app->sync, (uint64_t)loop_time_ms(app->loop)));
    if (statvfs(app->conf.data, &disk) == 0)
        metrics_set(METRIC_DISK_FREE, (int64_t)(disk.f_bavail * disk.f_frsize));
}

static void on_tick(void *arg)
{
    struct main_app *app = arg;
    loop_timer_free(app->tick);
    app->tick = NULL;
    app->ticks++;
    measure(app);
    main_key_watch(app);
    main_job_tidy(app);
    bool probe = !atomic_load(&app->store_ok) && app->ticks % PROBE_TICKS == 0;
    if (probe || app->ticks % BEAT_TICKS == 0)
        main_job_beat(app);
    if (loop_timer_new(app->loop, TICK_MS, on_tick, app, &app->tick) != ERR_OK)
        LOG(LOG_ERROR, "no_timer", LOG_ERR("err", ERR_MEMORY));
}

static void on_ear(void *arg)
{
    struct main_app *app = arg;
    loop_timer_free(app->ear);
    app->ear = NULL;
    main_job_hear(app);
    if (loop_timer_new(app->loop, EAR_MS, on_ear, app, &app->ear) != ERR_OK)
        LOG(LOG_ERROR, "no_timer", LOG_ERR("err", ERR_MEMORY));
}

/* ---- start and end ---- */

static int read_options(struct main_app *app, int argc, char **argv, const char **port_file,
                        bool *accept_clock)
{
    const char *config = NULL, *data = NULL, *listen = NULL;
    bool insecure = false;
    char message[CONF_MESSAGE_MAX];
    const struct main_option options[] = {
        {"config", &config, NULL},          {"data", &data, NULL},
        {"listen", &listen, NULL},          {"port-file", port_file, NULL},
        {"insecure-http", NULL, &insecure}, {"accept-clock", NULL, accept_clock}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!config && !data) {
        main_refuse("serve needs --config FILE or --data DIR");
        return EXIT_USAGE;
    }
    conf_init(&app->conf);
    enum err err = config ? conf_load(&app->conf, config, message) : ERR_OK;
    if (err == ERR_OK && data) {
        /* A configuration file names the full path; a person at a prompt may write a shorter one. */
        char *full = realpath(data, NULL);
        err = conf_set(&app->conf, "data", full ? full : data, message);
        free(full);
    }
    if (err == ERR_OK && listen)
        err = conf_set(&app->conf, "listen", listen, message);
    if (err == ERR_OK && insecure)
        err = conf_set(&app->conf, "insecure_http", "yes", message);
    if (err == ERR_OK)
        err = conf_check(&app->conf, message);
    if (err == ERR_OK)
        return EXIT_DONE;
    main_refuse("%s", message);
    return err == ERR_USAGE ? EXIT_USAGE : EXIT_REFUSED;
}

static int open_data(struct main_app *app)
{
    const char *data = app->conf.data;
    int code = main_open_key(data, &app->key);
    if (code != EXIT_DONE)
        return code;
    if (app->conf.log_name[0] && strcmp(app->conf.log_name, app->key.log_name) != 0)
        return main_refuse("the configuration says log_name = %s, but this server was made as %s;"
                           " the name never changes: take the line out",
                           app->conf.log_name, app->key.log_name);
    enum err err = store_folder_lock(data, &app->lock);
    if (err == ERR_BUSY)
        return main_refuse("another passerelled serves %s", data);
    if (err != ERR_OK)
        return main_refuse("%s/lock: %s", data, err_text(err));
    code = main_open_store(data, STORE_OWNER, &app->store);
    if (code != EXIT_DONE)
        return code;
    err = store_cosigs_open(&app->cosigs, data);
    if (err != ERR_OK)
        return main_refuse("%s: %s", data, err_text(err));
    const struct sync_config config = {.store = app->store,
                                       .key = &app->key,
                                       .cosigs = app->cosigs,
                                       .folder = data,
                                       .device_day = {.bytes = app->conf.quota_device_bytes_day,
                                                      .leaves = app->conf.quota_device_leaves_day},
                                       .space_day = {.bytes = app->conf.quota_space_bytes_day,
                                                     .leaves = app->conf.quota_space_leaves_day},
                                       .space_blobs_max = app->conf.quota_space_attachments,
                                       .wait_max_ms = app->conf.long_poll_max_ms};
    err = sync_new(&app->sync, &config);
    if (err == ERR_OK)
        err = store_views_new(&app->views, app->store);
    if (err == ERR_OK)
        err = main_wait_new(&app->wait);
    if (err == ERR_OK)
        err = main_share_new(&app->share, (unsigned)app->conf.device_requests_max);
    if (err != ERR_OK)
        return main_refuse("%s: %s", data, err_text(err));
    return EXIT_DONE;
}

static int open_loop(struct main_app *app, const struct loop_handler *handler)
{
    const struct conf *conf = &app->conf;
    for (size_t i = 0; i < conf->origins_len; i++)
        app->origins[i] = conf->origins[i];
    const struct loop_config config = {.listen = conf->listen,
                                       .body_max = conf->body_max,
                                       .buffered_max = conf->buffered_max,
                                       .connections_max = (unsigned)conf->connections_max,
                                       .threads = (unsigned)conf->threads,
                                       .header_ms = conf->header_timeout_ms,
                                       .body_ms = conf->body_timeout_ms,
                                       .idle_ms = conf->idle_timeout_ms,
                                       .write_ms = conf->write_timeout_ms,
                                       .stop_ms = conf->stop_timeout_ms,
                                       .origins = app->origins,
                                       .origins_len = conf->origins_len,
                                       .signals = true};
    const struct loop_writer_config writer = {
        .items_max = MAIN_GROUP_MAX, .batch = main_job_batch, .done = main_job_written};
    enum err err = loop_new(&app->loop, &config, handler, app);
    if (err == ERR_EXISTS)
        return main_refuse("another program listens on %s: choose another port", conf->listen);
    if (err == ERR_DENIED)
        return main_refuse("this user may not listen on %s: choose a port above 1023",
                           conf->listen);
    if (err == ERR_OK)
        err = loop_writer_new(app->loop, &writer, app, &app->writer);
    if (err == ERR_OK)
        err = loop_timer_new(app->loop, TICK_MS, on_tick, app, &app->tick);
    if (err == ERR_OK && app->store->engine->heard)
        err = loop_timer_new(app->loop, EAR_MS, on_ear, app, &app->ear);
    if (err != ERR_OK)
        return main_refuse("cannot listen on %s: %s", conf->listen, err_text(err));
    return EXIT_DONE;
}

static int start_witnesses(struct main_app *app)
{
    unsigned line = 0;
    enum err err =
        main_cosign_start(&app->cosign, app->conf.data, &app->key, app->views, app->cosigs, &line);
    if (err == ERR_FORMAT)
        return main_refuse("%s/witnesses, line %u: write witness NAME KEY http://HOST:PORT, or"
                           " interval SECONDS",
                           app->conf.data, line);
    return err == ERR_OK ? EXIT_DONE : main_refuse("%s", err_text(err));
}

/* The first heartbeat is written before anybody is served: a server that cannot write says so at once. */
static int first_beat(struct main_app *app, bool accept_clock)
{
    uint64_t now_ms = (uint64_t)loop_time_ms(app->loop);
    if (accept_clock)
        sync_clock_accept(app->sync, now_ms);
    enum err err = sync_heartbeat(app->sync, now_ms);
    atomic_store(&app->store_ok, err == ERR_OK || err == ERR_CLOCK);
    if (err == ERR_CLOCK)
        LOG(LOG_ERROR, "clock_refused", LOG_NUM("now_ms", now_ms),
            LOG_WORD("do", "no push is accepted: set the clock right, or start once with"
                           " --accept-clock"));
    else if (err != ERR_OK)
        return main_refuse("%s cannot be written: %s", app->conf.data, err_text(err));
    measure(app);
    return EXIT_DONE;
}

static int announce(struct main_app *app, const char *port_file)
{
    char text[16];
    unsigned port = loop_port(app->loop);
    int n = snprintf(text, sizeof text, "%u\n", port);
    if (port_file && store_folder_write(port_file, text, (size_t)n) != ERR_OK)
        return main_refuse("%s cannot be written", port_file);
    printf("passerelled: listening on %s", app->conf.listen);
    if (port)
        printf(" (port %u)", port);
    printf("\n");
    fflush(stdout);
    LOG(LOG_INFO, "serving", LOG_NUM("port", port),
        LOG_NUM("connections_max", loop_connections_max(app->loop)));
    return EXIT_DONE;
}

static void close_all(struct main_app *app)
{
    loop_timer_free(app->tick);
    loop_timer_free(app->ear);
    loop_free(app->loop);
    main_wait_free(app->wait);
    main_share_free(app->share);
    main_cosign_stop(app->cosign);
    store_views_free(app->views);
    sync_free(app->sync);
    store_cosigs_close(app->cosigs);
    if (app->store) {
        if (app->store->engine->tidy(app->store, true) != ERR_OK)
            LOG(LOG_WARN, "checkpoint_failed",
                LOG_WORD("do", "nothing: the next start repeats it"));
        app->store->engine->close(app->store);
    }
    serverkey_fini(&app->key);
    store_folder_unlock(app->lock);
}

int main_serve(int argc, char **argv)
{
    static const struct loop_handler handler = {
        .request = main_job_request, .gone = main_job_gone, .stopping = main_job_stopping};
    struct main_app app = {.lock = -1};
    const char *port_file = NULL;
    bool accept_clock = false;
    int code = read_options(&app, argc, argv, &port_file, &accept_clock);
    if (code != EXIT_DONE)
        return code;
    log_open(2, conf_log_format(&app.conf), conf_log_level(&app.conf));
    metrics_start();
    code = open_data(&app);
    if (code == EXIT_DONE)
        code = open_loop(&app, &handler);
    if (code == EXIT_DONE)
        code = first_beat(&app, accept_clock);
    if (code == EXIT_DONE)
        code = start_witnesses(&app);
    if (code == EXIT_DONE)
        code = announce(&app, port_file);
    if (code == EXIT_DONE)
        loop_run(app.loop);
    close_all(&app);
    return code;
}
