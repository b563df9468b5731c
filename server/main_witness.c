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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/op.h"
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

/* What the list says. Lines of one log stand in the order in which its keys followed each other. */
struct known {
    char listen[LISTEN_MAX]; /* "": it does not say */
    size_t n;
    struct known_log logs[LOGS_MAX];
};

struct witness {
    const char *folder;
    struct serverkey key;
    int lock;
    struct loop *loop;
    const char *list; /* the file named with --config; NULL: DIR/logs */
    struct known known;
    struct timespec read; /* when the file was written that it is from */
};

/* --- what it knows --- */

static bool take_bytes(uint8_t *out, size_t n, const char *text)
{
    uint8_t bytes[SIG_LEN + 4];
    size_t len = 0;
    if (!text || code_unbase64(bytes, sizeof bytes, &len, text, strlen(text)) != ERR_OK || len != n)
        return false;
    memcpy(out, bytes, n);
    return true;
}

/* "next NAME KEY RESPONSE-KEY SIGNATURE": the key before it says that this one follows. */
static bool check_next(const struct known *known, const char *name,
                       const struct op_key_offer *offer)
{
    static const uint8_t everywhere[ID_LEN];
    for (size_t i = known->n; i > 0; i--) {
        if (strcmp(known->logs[i - 1].name, name) == 0)
            return op_key_offer_verify(offer, everywhere, known->logs[i - 1].pk) == ERR_OK;
    }
    return false;
}

/* The same line twice is one line: an earlier key does not come after a later one. */
static bool is_known(const struct known *known, const char *name, const uint8_t *pk)
{
    for (size_t i = 0; i < known->n; i++) {
        if (strcmp(known->logs[i].name, name) == 0 && memcmp(known->logs[i].pk, pk, PK_LEN) == 0)
            return true;
    }
    return false;
}

/* `words` as they stand in a line "log ..." or "next ...". */
static bool read_log(struct known *known, char *const words[5], bool next)
{
    struct op_key_offer offer;
    const char *name = words[1];
    if (!note_name_ok(name, strlen(name)) || !take_bytes(offer.log_pk, PK_LEN, words[2]))
        return false;
    if (is_known(known, name, offer.log_pk))
        return true;
    if (next && (!take_bytes(offer.resp_pk, PK_LEN, words[3]) ||
                 !take_bytes(offer.old_sig, SIG_LEN, words[4]) || !check_next(known, name, &offer)))
        return false;
    if (known->n == LOGS_MAX)
        return false;
    struct known_log *log = &known->logs[known->n++];
    snprintf(log->name, sizeof log->name, "%s", name);
    memcpy(log->pk, offer.log_pk, PK_LEN);
    return true;
}

static bool read_line(struct known *known, char *line)
{
    char *save = NULL, *words[6] = {0};
    size_t n = 0;
    line[strcspn(line, "\r\n#")] = 0;
    for (char *at = strtok_r(line, " \t", &save); at && n < 6; at = strtok_r(NULL, " \t", &save))
        words[n++] = at;
    if (n == 3 && strcmp(words[0], "log") == 0)
        return read_log(known, words, false);
    if (n == 5 && strcmp(words[0], "next") == 0)
        return read_log(known, words, true);
    if (n == 2 && strcmp(words[0], "listen") == 0 && strlen(words[1]) < LISTEN_MAX) {
        snprintf(known->listen, LISTEN_MAX, "%s", words[1]);
        return true;
    }
    return n == 0;
}

static void list_path(const struct witness *witness, char path[static STORE_FOLDER_PATH_MAX])
{
    if (witness->list)
        snprintf(path, STORE_FOLDER_PATH_MAX, "%s", witness->list);
    else
        snprintf(path, STORE_FOLDER_PATH_MAX, "%.4000s/logs", witness->folder);
}

/* The list as it is now; 0, or the number of the first line that is wrong, and what was known stays. */
static unsigned read_list(struct witness *witness)
{
    char path[STORE_FOLDER_PATH_MAX], line[LINE_MAX_LEN];
    struct known fresh = {0};
    struct stat written;
    unsigned number = 0;
    bool good = true;
    list_path(witness, path);
    FILE *file = fopen(path, "re");
    if (file && fstat(fileno(file), &written) == 0)
        witness->read = written.st_mtim;
    while (good && file && fgets(line, sizeof line, file)) {
        number++;
        good = read_line(&fresh, line);
    }
    if (file)
        (void)fclose(file);
    if (!good)
        return number;
    witness->known = fresh;
    return 0;
}

#define LINE_FORM                                                                                  \
    "write \"log NAME KEY\" and \"next ...\" as passerelled log-key prints them, or \"listen "     \
    "ADDRESS:PORT\""

/* At the start the list must be right; DIR/logs need not be there. */
static int start_list(struct witness *witness)
{
    char path[STORE_FOLDER_PATH_MAX];
    list_path(witness, path);
    if (access(path, R_OK) != 0 && (witness->list || errno != ENOENT))
        return main_refuse("%s: %s", path, strerror(errno));
    unsigned line = read_list(witness);
    return line == 0 ? EXIT_DONE : main_refuse("%s, line %u: " LINE_FORM, path, line);
}

/* Lines may be added while it runs. */
static void look_at_list(struct witness *witness)
{
    char path[STORE_FOLDER_PATH_MAX];
    struct stat now;
    list_path(witness, path);
    if (stat(path, &now) != 0 || (now.st_mtim.tv_sec == witness->read.tv_sec &&
                                  now.st_mtim.tv_nsec == witness->read.tv_nsec))
        return;
    unsigned line = read_list(witness);
    if (line > 0)
        LOG(LOG_ERROR, "logs_refused", LOG_NUM("line", line),
            LOG_WORD("do", LINE_FORM "; until then the list counts as it was"));
}

/* What was seen last of an origin, and the key that had signed it: an earlier one signs nothing any more. */
struct seen {
    struct tlog_witness_state state;
    bool has_pk; /* files of earlier versions do not tell */
    uint8_t pk[PK_LEN];
};

/* Whether an origin is "<name>/<26 characters>". */
static bool is_of(const struct known_log *log, const char *origin)
{
    size_t len = strlen(origin), name = strlen(log->name);
    return len == name + 1 + SPACE_TEXT && origin[name] == '/' &&
           memcmp(origin, log->name, name) == 0 &&
           strspn(origin + name + 1, "abcdefghijklmnopqrstuvwxyz234567") == SPACE_TEXT;
}

/* Whose key signed the note, the one it was signed with before or a later one. ERR_NOT_FOUND: the log is not known. */
static enum err open_note(const struct witness *witness, const struct tlog_witness_ask *ask,
                          const struct seen *seen, struct note *note, const uint8_t **pk)
{
    enum err err = ERR_NOT_FOUND;
    bool may = !seen->has_pk;
    for (size_t i = 0; i < witness->known.n && err != ERR_OK; i++) {
        const struct known_log *log = &witness->known.logs[i];
        if (!is_of(log, ask->origin))
            continue;
        may = may || memcmp(log->pk, seen->pk, PK_LEN) == 0;
        err =
            may ? note_parse(note, ask->note, ask->note_len, ask->origin, log->pk) : ERR_SIGNATURE;
        *pk = log->pk;
    }
    return err;
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
static enum err seen_read(const struct witness *witness, const char *origin, struct seen *seen)
{
    char path[STORE_FOLDER_PATH_MAX], name[NOTE_ORIGIN_MAX + 2] = "", root[64] = "", pk[64] = "";
    unsigned long long size = 0;
    *seen = (struct seen){0};
    seen_path(witness, origin, path);
    FILE *file = fopen(path, "re");
    if (!file)
        return ERR_OK;
    bool good = fgets(name, sizeof name, file) != NULL;
    int n = good ? fscanf(file, "%llu %63s %63s", &size, root, pk) : 0;
    (void)fclose(file);
    name[strcspn(name, "\n")] = 0;
    seen->has_pk = n == 3;
    if (n < 2 || strcmp(name, origin) != 0 || !take_bytes(seen->state.root, HASH_LEN, root) ||
        (seen->has_pk && !take_bytes(seen->pk, PK_LEN, pk)))
        return ERR_CORRUPT;
    seen->state.size = size;
    return ERR_OK;
}

static enum err seen_write(const struct witness *witness, const char *origin,
                           const struct tlog_witness_state *state, const uint8_t *pk)
{
    char path[STORE_FOLDER_PATH_MAX], text[NOTE_ORIGIN_MAX + 192], root[64], key[64];
    code_base64(root, state->root, HASH_LEN);
    code_base64(key, pk, PK_LEN);
    seen_path(witness, origin, path);
    int len = snprintf(text, sizeof text, "%s\n%llu %s %s\n", origin,
                       (unsigned long long)state->size, root, key);
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
    note_cosign(cosig, note, origin, key->log_name, serverkey_now(key)->secret->log_sk,
                serverkey_now(key)->log_pk, (uint64_t)loop_time_ms(witness->loop) / 1000);
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
    struct seen seen;
    struct note note;
    const uint8_t *pk = NULL;
    if (tlog_witness_read(&ask, (const char *)req->body, req->body_len) != ERR_OK) {
        loop_respond_text(req, 400, "not an add-checkpoint request\n");
        return;
    }
    look_at_list(witness);
    enum err read = seen_read(witness, ask.origin, &seen);
    enum err err = open_note(witness, &ask, &seen, &note, &pk);
    if (err == ERR_NOT_FOUND) {
        loop_respond_text(req, 404, "this witness does not know that log\n");
        return;
    }
    if (err != ERR_OK) {
        loop_respond_text(req, err == ERR_FORMAT ? 400 : 403,
                          "no signature by that log's key; after a rotation the witness needs the"
                          " line \"next\" of passerelled log-key\n");
        return;
    }
    err = read;
    struct tlog_witness_state state = seen.state, before = seen.state;
    int status = err == ERR_OK ? tlog_witness_judge(&state, &ask, &note) : 500;
    if (status == 200)
        err = seen_write(witness, ask.origin, &state, pk);
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
    code_base64(base64, serverkey_now(key)->log_pk, PK_LEN);
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
    witness->list = config_file;
    witness->lock = -1;
    struct loop_config config = {
        .body_max = TLOG_WITNESS_MAX, .connections_max = 256, .threads = 1, .signals = true};
    log_open(2, LOG_AUTO, LOG_INFO);
    metrics_start();
    code = main_open_key(folder, &witness->key);
    if (code == EXIT_DONE && store_folder_lock(folder, &witness->lock) != ERR_OK)
        code = main_refuse("another witness serves %s", folder);
    if (code == EXIT_DONE)
        code = start_list(witness);
    config.listen = where                      ? where
                    : witness->known.listen[0] ? witness->known.listen
                                               : "127.0.0.1:8788";
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
