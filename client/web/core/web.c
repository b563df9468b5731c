/* SPDX-License-Identifier: Apache-2.0
 *
 * One `struct cli` lives as long as the worker: the commands of client/cli run on it as they do at a terminal.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/cli.h"
#include "client/net_rules.h"
#include "client/pas_json.h"
#include "client/passerelle.h"
#include "client/web/core/web.h"
#include "proto/digest.h"
#include "proto/err.h"
#include "proto/seal.h"

enum { STDOUT_PIECE = 1 << 16, WORDS_MAX = 1024, KEY_BYTES = 56 };

static const char HOME[] = "device";

/* What JavaScript and other instances of this module pass around as bytes. */
_Static_assert(sizeof(struct pas_key) == KEY_BYTES, "key");

volatile sig_atomic_t cli_stop;
static struct cli cli;
static struct buf answer = {.max = (size_t)1 << 30};
static char why[512];

static uint64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- memory, answers, reasons --- */

void *web_alloc(size_t len)
{
    return malloc(len ? len : 1);
}

void web_free(void *bytes, size_t len)
{
    digest_wipe(bytes, len);
    free(bytes);
}

static void answer_new(void)
{
    digest_wipe(answer.bytes, answer.len);
    buf_reset(&answer);
    why[0] = 0;
}

const void *web_answer(void)
{
    return answer.bytes;
}

size_t web_answer_len(void)
{
    return answer.len;
}

const char *web_why(int result)
{
    const char *said = cli.pas && result != ERR_NET ? pas_why(cli.pas) : "";
    return why[0] ? why : *said ? said : pas_error_text(result, cli.lang);
}

int web_net_failed(void)
{
    answer_new();
    return ERR_NET;
}

int web_exit(int result)
{
    return pas_error_exit(result);
}

/* --- beginning --- */

int web_start(const char *lang)
{
    if (digest_init() != ERR_OK)
        return -1;
    /* Documents leave in few large pieces. */
    (void)setvbuf(stdout, NULL, _IOFBF, STDOUT_PIECE);
    snprintf(cli.home, sizeof cli.home, "%s", HOME);
    cli.json = true;
    web_lang(lang);
    return web_key_of() == ERR_OK;
}

void web_lang(const char *lang)
{
    memcpy(cli.lang, lang[0] == 'e' ? "en" : "fr", 3);
    if (cli.pas)
        pas_language(cli.pas, cli.lang);
}

const char *web_version(void)
{
    return PASSERELLE_VERSION;
}

/* --- keys --- */

static int give_key(int result, struct pas_key *key)
{
    answer_new();
    if (result == 0)
        buf_put(&answer, key, sizeof *key);
    digest_wipe(key, sizeof *key);
    return result == 0 ? (int)answer.err : result;
}

int web_key_new(int light)
{
    struct pas_key key = {0};
    return give_key(pas_key_new(&key, light != 0), &key);
}

int web_key_of(void)
{
    struct pas_key key = {0};
    return give_key(pas_key_of(&key, HOME), &key);
}

int web_stretch(struct pas_key *key, const char *pass, size_t pass_len)
{
    return pas_key_stretch(key, pass, pass_len);
}

/* A PIN alone is soon guessed: the random bytes, which are never written to a disk, are the lock. */
static const char PIN_TAG[] = "passerelle/pin/v1";

static void pin_key(uint8_t key[static KEY_LEN], const struct pas_key *pin, const uint8_t *secret)
{
    const struct digest_part part = {pin->uk, sizeof pin->uk};
    digest_keyed(key, KEY_LEN, secret, &part, 1);
}

int web_pin_seal(const struct pas_key *key, const struct pas_key *pin, const uint8_t *secret)
{
    uint8_t kek[KEY_LEN];
    answer_new();
    uint8_t *room = buf_room(&answer, sizeof *key + SEAL_BLOB_OVERHEAD);
    if (!room)
        return (int)answer.err;
    pin_key(kek, pin, secret);
    seal_blob(room, (const uint8_t *)key, sizeof *key, kek, PIN_TAG, pin->salt, sizeof pin->salt);
    digest_wipe(kek, sizeof kek);
    return 0;
}

int web_pin_open(const uint8_t *box, size_t len, const struct pas_key *pin, const uint8_t *secret)
{
    uint8_t kek[KEY_LEN];
    answer_new();
    if (len != KEY_BYTES + SEAL_BLOB_OVERHEAD)
        return ERR_FORMAT;
    uint8_t *room = buf_room(&answer, KEY_BYTES);
    if (!room)
        return (int)answer.err;
    pin_key(kek, pin, secret);
    enum err err = open_blob(room, box, len, kek, PIN_TAG, pin->salt, sizeof pin->salt);
    digest_wipe(kek, sizeof kek);
    if (err != ERR_OK)
        answer_new();
    return err == ERR_OK ? 0 : ERR_PASSPHRASE;
}

/* --- the device --- */

int web_create(const char *name, const struct pas_key *key)
{
    const struct pas_create_args args = {.dir = HOME, .name = name, .key = key, .now_ms = now_ms()};
    answer_new();
    int result = pas_create(&args);
    if (result == ERR_EXISTS)
        snprintf(why, sizeof why, message_text(MSG_MADE_ALREADY, cli.lang), HOME);
    return result;
}

int web_open(const struct pas_key *key)
{
    const struct pas_open_args args = {
        .dir = HOME, .key = key, .now_ms = now_ms(), .lang = cli.lang};
    answer_new();
    if (cli.pas)
        return 0;
    int result = pas_open(&cli.pas, &args);
    const struct pas_repair *repair = result == 0 ? pas_repaired(cli.pas) : NULL;
    if (repair)
        snprintf(why, sizeof why, message_text(MSG_REPAIRED, cli.lang), repair->kept_as,
                 (unsigned long long)repair->unsent_saved, (unsigned long long)repair->unsent_lost,
                 (unsigned long long)repair->leaves_to_fetch);
    if (repair)
        buf_put(&answer, why, strlen(why));
    return result;
}

void web_close(void)
{
    answer_new();
    cli_close(&cli);
}

/* A command finds the device locked: nobody can be asked here. */
int cli_passphrase(struct cli *self, bool fresh, char *pass, size_t max, size_t *len)
{
    (void)fresh, (void)max;
    pass[0] = 0;
    *len = 0;
    cli_error(self, MSG_DEVICE_LOCKED);
    return EXIT_REFUSED;
}

static size_t split(const char *words, size_t len, const char **out)
{
    size_t n = 0;
    for (size_t at = 0; at < len && n < WORDS_MAX; at += strlen(words + at) + 1)
        out[n++] = words + at;
    return n;
}

int web_run(const char *words, size_t len)
{
    static const char *list[WORDS_MAX];
    struct cli before = cli;
    answer_new();
    if (len > 0 && words[len - 1] != 0)
        return EXIT_USAGE;
    size_t n = split(words, len, list);
    int code = cli_run(&cli, n, list);
    /* The options of one command line hold for it alone. */
    cli.space = before.space;
    cli.json = before.json;
    cli.has_now = before.has_now;
    cli.now_ms = before.now_ms;
    memcpy(cli.lang, before.lang, sizeof cli.lang);
    memcpy(cli.home, before.home, sizeof cli.home);
    cli.pass_file = cli.socket = NULL;
    (void)fflush(stdout);
    (void)fflush(stderr);
    return code;
}

/* --- a sync in pieces --- */

static int ready(void)
{
    answer_new();
    if (!cli.pas)
        return ERR_DENIED;
    pas_time(cli.pas, now_ms());
    return 0;
}

size_t web_sync_servers(void)
{
    return cli.pas ? pas_servers(cli.pas) : 0;
}

const char *web_sync_url(size_t server)
{
    return pas_server_url(cli.pas, server);
}

int web_sync_begin(size_t server, double wait_ms)
{
    unsigned char *request = NULL;
    size_t len = 0;
    int result = ready();
    if (result == 0)
        result = (int)net_rules_url(pas_server_url(cli.pas, server), why, sizeof why);
    if (result == 0)
        result = pas_sync_begin(cli.pas, server, (uint64_t)wait_ms, &request, &len);
    if (result == 0)
        buf_put(&answer, request, len);
    pas_free_bytes(request, len);
    return result == 0 ? (int)answer.err : result;
}

static void put_sync(const struct pas_sync *sync)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"again\":%s,\"pushed\":%" PRIu64 ",\"pulled\":%" PRIu64 ",\"refused\":%" PRIu64
             ",\"alarm\":%d}",
             sync->again ? "true" : "false", sync->pushed, sync->pulled, sync->refused,
             sync->alarm);
    pas_json_raw(&answer, text);
}

int web_sync_finish(size_t server, int status, const char *type, const uint8_t *body, size_t len)
{
    struct pas_sync sync = {0};
    char clause[96] = "";
    int result = ready();
    if (result == 0)
        result = (int)net_rules_answer(status, type, clause, sizeof clause);
    if (result == ERR_NOT_FOUND)
        snprintf(why, sizeof why, message_text(MSG_NET_STRANGER, cli.lang), web_sync_url(server),
                 clause);
    if (result != 0)
        return result;
    result = pas_sync_finish(cli.pas, server, body, len, &sync);
    if (result == 0)
        put_sync(&sync);
    return result == 0 ? (int)answer.err : result;
}

/* --- words that are being typed --- */

int web_jot_put(const char *name, const char *text)
{
    int result = ready();
    return result == 0 ? pas_jot_put(cli.pas, name, text) : result;
}

int web_jot_get(const char *name)
{
    char *text = NULL;
    int result = ready();
    if (result == 0)
        result = pas_jot_get(cli.pas, name, &text);
    if (result == 0)
        buf_put(&answer, text, strlen(text));
    pas_free(text);
    return result == 0 ? (int)answer.err : result;
}

int web_jot_delete(const char *name)
{
    int result = ready();
    return result == 0 ? pas_jot_delete(cli.pas, name) : result;
}
