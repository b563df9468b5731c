/* SPDX-License-Identifier: Apache-2.0
 *
 * One request after the other, on the loop's thread: what was seen is on the disk before its cosignature leaves, and
 * nothing comes in between comparing and writing.
 */
#include "server/main_witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "server/log.h"
#include "server/loop.h"
#include "server/main_command.h"
#include "server/metrics.h"
#include "server/store_folder.h"
#include "server/tlog_witness.h"

enum { LOGS_MAX = 64, LINE_MAX_LEN = 1024, SPACE_TEXT = 26, LISTEN_MAX = 256 };

struct known_log {
    char name[NAME_LEN_MAX + 1];
    uint8_t pk[PK_LEN];
};

struct witness {
    const char *folder;
    struct serverkey key;
    int lock;
    struct loop *loop;
    char listen[LISTEN_MAX]; /* what its list says, "" */
    size_t n_logs;
    struct known_log logs[LOGS_MAX];
};

/* --- what it knows --- */

static bool read_log(struct witness *witness, const char *name, const char *key)
{
    struct known_log *log = &witness->logs[witness->n_logs];
    uint8_t pk[PK_LEN + 4];
    size_t len = 0;
    if (witness->n_logs == LOGS_MAX || !note_name_ok(name, strlen(name)) ||
        code_unbase64(pk, sizeof pk, &len, key, strlen(key)) != ERR_OK || len != PK_LEN)
        return false;
    snprintf(log->name, sizeof log->name, "%s", name);
    memcpy(log->pk, pk, PK_LEN);
    witness->n_logs++;
    return true;
}

static bool read_line(struct witness *witness, char *line)
{
    char *save = NULL, *words[4] = {0};
    size_t n = 0;
    line[strcspn(line, "\r\n#")] = 0;
    for (char *at = strtok_r(line, " \t", &save); at && n < 4; at = strtok_r(NULL, " \t", &save))
        words[n++] = at;
    if (n == 3 && strcmp(words[0], "log") == 0)
        return read_log(witness, words[1], words[2]);
    if (n == 2 && strcmp(words[0], "listen") == 0 && strlen(words[1]) < LISTEN_MAX) {
        snprintf(witness->listen, LISTEN_MAX, "%s", words[1]);
        return true;
    }
    return n == 0;
}

/* `config` NULL: DIR/logs, which need not be there. */
static int read_config(struct witness *witness, const char *config)
{
    char path[STORE_FOLDER_PATH_MAX], line[LINE_MAX_LEN];
    unsigned number = 0;
    int code = EXIT_DONE;
    if (!config)
        snprintf(path, sizeof path, "%.4000s/logs", witness->folder);
    FILE *file = fopen(config ? config : path, "re");
    if (!file && (config || errno != ENOENT))
        return main_refuse("%s: %s", config ? config : path, strerror(errno));
    while (code == EXIT_DONE && file && fgets(line, sizeof line, file)) {
        number++;
        if (!read_line(witness, line))
            code = main_refuse("%s, line %u: write \"log NAME KEY\", as passerelled log-key prints"
                               " it, or \"listen ADDRESS:PORT\"",
                               config ? config : path, number);
    }
    if (file)
        (void)fclose(file);
    return code;
}

/* The log of an origin "<name>/<26 characters>"; NULL. */
static const struct known_log *log_of(const struct witness *witness, const char *origin)
{
    size_t len = strlen(origin);
    for (size_t i = 0; i < witness->n_logs; i++) {
        size_t name = strlen(witness->logs[i].name);
        if (len == name + 1 + SPACE_TEXT && origin[name] == '/' &&
            memcmp(origin, witness->logs[i].name, name) == 0 &&
            strspn(origin + name + 1, "abcdefghijklmnopqrstuvwxyz234567") == SPACE_TEXT)
            return &witness->logs[i];
    }
    return NULL;
}

static void seen_path(const struct witness *witness, const char *origin,
                      char path[static STORE_FOLDER_PATH_MAX])
{
    uint8_t hash[HASH_LEN];
    char hex[2 * ID_LEN + 1];
    digest_sha256_of(hash, origin, strlen(origin));
    code_hex(hex, hash, ID_LEN);
    snprintf(path, STORE_FOLDER_PATH_MAX, "%.4000s/seen-%s", witness->folder, hex);
}

/* ERR_CORRUPT: the file is there and says nothing that can be relied on: nothing of that log is cosigned any more. */
static enum err seen_read(const struct witness *witness, const char *origin,
                          struct tlog_witness_state *state)
{
    char path[STORE_FOLDER_PATH_MAX], name[NOTE_ORIGIN_MAX + 2] = "", root[64] = "";
    uint8_t bytes[HASH_LEN + 4];
    unsigned long long size = 0;
    size_t len = 0;
    *state = (struct tlog_witness_state){0};
    seen_path(witness, origin, path);
    FILE *file = fopen(path, "re");
    if (!file)
        return ERR_OK;
    bool good = fgets(name, sizeof name, file) && fscanf(file, "%llu %63s", &size, root) == 2;
    (void)fclose(file);
    name[strcspn(name, "\n")] = 0;
    if (!good || strcmp(name, origin) != 0 ||
        code_unbase64(bytes, sizeof bytes, &len, root, strlen(root)) != ERR_OK || len != HASH_LEN)
        return ERR_CORRUPT;
    state->size = size;
    memcpy(state->root, bytes, HASH_LEN);
    return ERR_OK;
}

static enum err seen_write(const struct witness *witness, const char *origin,
                           const struct tlog_witness_state *state)
{
    char path[STORE_FOLDER_PATH_MAX], text[NOTE_ORIGIN_MAX + 128], root[64];
    code_base64(root, state->root, HASH_LEN);
    seen_path(witness, origin, path);
    int len =
        snprintf(text, sizeof text, "%s\n%llu %s\n", origin, (unsigned long long)state->size, root);
    return store_folder_write(path, text, (size_t)len);
}

/* --- one request --- */

static void respond(struct loop_request *req, int status, const char *type, const struct buf *text)
{
    char *copy = malloc(text->len + 1);
    if (!copy || text->err != ERR_OK) {
        free(copy);
        loop_respond_text(req, 503, "out of memory\n");
        return;
    }
    if (text->len)
        memcpy(copy, text->bytes, text->len);
    const struct loop_answer answer = {
        .status = status, .content_type = type, .body = copy, .body_len = text->len};
    loop_respond(req, &answer);
}

static void cosign(struct witness *witness, struct loop_request *req, const struct note *note,
                   const char *origin)
{
    struct buf line = {.max = TLOG_WITNESS_MAX};
    uint8_t cosig[NOTE_COSIG_LEN];
    const struct serverkey *key = &witness->key;
    note_cosign(cosig, note, origin, key->log_name, key->secret->log_sk, key->log_pk,
                (uint64_t)loop_time_ms(witness->loop) / 1000);
    tlog_witness_line(&line, key->log_name, cosig);
    respond(req, 200, "text/plain; charset=utf-8", &line);
    buf_free(&line);
}

static void conflict(struct loop_request *req, uint64_t size)
{
    struct buf text = {.max = 64};
    char line[32];
    int len = snprintf(line, sizeof line, "%llu\n", (unsigned long long)size);
    buf_put(&text, line, (size_t)len);
    respond(req, 409, "text/x.tlog.size", &text);
    buf_free(&text);
}

static void add_checkpoint(struct witness *witness, struct loop_request *req)
{
    struct tlog_witness_ask ask;
    struct tlog_witness_state state;
    struct note note;
    if (tlog_witness_read(&ask, (const char *)req->body, req->body_len) != ERR_OK) {
        loop_respond_text(req, 400, "not an add-checkpoint request\n");
        return;
    }
    const struct known_log *log = log_of(witness, ask.origin);
    if (!log) {
        loop_respond_text(req, 404, "this witness does not know that log\n");
        return;
    }
    enum err err = note_parse(&note, ask.note, ask.note_len, ask.origin, log->pk);
    if (err != ERR_OK) {
        loop_respond_text(req, err == ERR_FORMAT ? 400 : 403, "no signature by that log's key\n");
        return;
    }
    err = seen_read(witness, ask.origin, &state);
    struct tlog_witness_state before = state;
    int status = err == ERR_OK ? tlog_witness_judge(&state, &ask, &note) : 500;
    if (status == 200)
        err = seen_write(witness, ask.origin, &state);
    if (err != ERR_OK) {
        LOG(LOG_ERROR, "witness_state", LOG_ERR("err", err));
        loop_respond_text(req, 500, "what was seen cannot be read or written\n");
    } else if (status == 200) {
        cosign(witness, req, &note, ask.origin);
    } else if (status == 409) {
        conflict(req, before.size);
    } else {
        loop_respond_text(req, status,
                          status == 422 ? "the proof does not hold\n"
                                        : "the old size is larger than the new\n");
    }
}

static void on_request(void *ctx, struct loop_request *req)
{
    bool post = req->method == HTTP_METHOD_POST;
    if (post && strcmp(req->path, "/add-checkpoint") == 0)
        add_checkpoint(ctx, req);
    else if (!post && strcmp(req->path, "/readyz") == 0)
        loop_respond_text(req, 200, "ready\n");
    else
        loop_respond_text(req, 404, "there is nothing here\n");
}

/* --- commands --- */

static void print_key(const struct serverkey *key)
{
    char base64[64];
    code_base64(base64, key->log_pk, PK_LEN);
    printf("witness %s %s\n", key->log_name, base64);
}

int main_witness_init(int argc, char **argv)
{
    const char *folder = NULL, *name = NULL;
    const struct main_option options[] = {{"data", &folder, NULL}, {"name", &name, NULL}};
    struct serverkey key = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!folder || !name) {
        main_refuse("init needs --data DIR and --name NAME");
        return EXIT_USAGE;
    }
    if (serverkey_make(&key, "http://localhost", name) != ERR_OK)
        return main_refuse("--name: visible ASCII without + and spaces, as in witness.example.org");
    main_as_owner(folder);
    enum err err = store_folder_create(folder, &key);
    if (err == ERR_OK)
        print_key(&key);
    else if (err == ERR_EXISTS)
        code = main_refuse("%s holds a server.key already; nothing was changed", folder);
    else
        code = main_refuse("%s: %s", folder, err_text(err));
    serverkey_fini(&key);
    return code;
}

int main_witness_serve(int argc, char **argv)
{
    static const struct loop_handler handler = {.request = on_request};
    const char *folder = NULL, *config_file = NULL, *where = NULL;
    const struct main_option options[] = {
        {"data", &folder, NULL}, {"config", &config_file, NULL}, {"listen", &where, NULL}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!folder) {
        main_refuse("serve needs --data DIR");
        return EXIT_USAGE;
    }
    struct witness *witness = calloc(1, sizeof *witness);
    if (!witness)
        return main_refuse("%s", err_text(ERR_MEMORY));
    witness->folder = folder;
    witness->lock = -1;
    struct loop_config config = {
        .body_max = TLOG_WITNESS_MAX, .connections_max = 256, .threads = 1, .signals = true};
    log_open(2, LOG_AUTO, LOG_INFO);
    metrics_start();
    code = main_open_key(folder, &witness->key);
    if (code == EXIT_DONE && store_folder_lock(folder, &witness->lock) != ERR_OK)
        code = main_refuse("another witness serves %s", folder);
    if (code == EXIT_DONE)
        code = read_config(witness, config_file);
    config.listen = where ? where : witness->listen[0] ? witness->listen : "127.0.0.1:8788";
    if (code == EXIT_DONE && loop_new(&witness->loop, &config, &handler, witness) != ERR_OK)
        code = main_refuse("cannot listen on %s", config.listen);
    if (code == EXIT_DONE) {
        printf("passerelle-witness: listening on %s (port %u)\n", config.listen,
               loop_port(witness->loop));
        fflush(stdout);
        loop_run(witness->loop);
    }
    loop_free(witness->loop);
    serverkey_fini(&witness->key);
    store_folder_unlock(witness->lock);
    free(witness);
    return code;
}
