/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled setup: five questions, or a file of answers; then configuration, keys, founder link, and a test from the
 * outside. Everything is asked and judged before anything is written.
 */
#include "server/main_setup.h"

#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/digest.h"
#include "proto/qr.h"
#include "server/store_folder.h"

static const char default_config[] = "/etc/passerelle/passerelled.conf";
static const char user_name[] = "passerelle";

extern const unsigned char caddyfile_embedded[];
extern const size_t caddyfile_embedded_len;

enum { ANSWERS = 5, PATH_LEN_MAX = 4096, IDENTITY_MAX = 256, ANSWERS_FILE_MAX = 8192 };
enum { URL, DATA, LISTEN, BACKUP, RECIPIENT };

struct setup {
    char config[PATH_LEN_MAX]; /* the file to write; its folder takes the others */
    char folder[PATH_LEN_MAX];
    char answers[ANSWERS][CONF_TEXT_MAX];
    char identity[IDENTITY_MAX]; /* of an age key that was made here; wiped */
    char place[CONF_TEXT_MAX];   /* of a PostgreSQL database, only from a file of answers; "" */
    struct conf conf;
    struct serverkey key;
    bool json;
};

static const struct {
    const char *key, *fallback;
    enum setup_word ask;
} questions[ANSWERS] = {
    [URL] = {"url", "", SETUP_ASK_URL},
    [DATA] = {"data", "/var/lib/passerelle", SETUP_ASK_DATA},
    [LISTEN] = {"listen", "127.0.0.1:8787", SETUP_ASK_LISTEN},
    [BACKUP] = {"backup", "/var/backups/passerelle", SETUP_ASK_BACKUP},
    [RECIPIENT] = {"recipient", "new", SETUP_ASK_RECIPIENT},
};

const char *setup_word(enum setup_word word)
{
#define WORD(id, fr, en) [SETUP_##id] = {fr, en},
    static const char *const words[SETUP_WORD_N][2] = {SETUP_WORDS(WORD)};
#undef WORD
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return words[word][strncmp(value, "en", 2) == 0];
    }
    return words[word][0];
}

/* --- answers --- */

static enum err make_identity(struct setup *setup, char message[static CONF_MESSAGE_MAX])
{
    char text[1024];
    size_t len;
    const char *const argv[] = {"sh", "-c", "exec age-keygen 2>/dev/null", NULL};
    enum err err = setup_run(argv, text, sizeof text, &len);
    const char *recipient = strstr(text, "age1"), *identity = strstr(text, "AGE-SECRET-KEY-");
    if (err == ERR_OK && recipient && identity) {
        snprintf(setup->answers[RECIPIENT], CONF_TEXT_MAX, "%.*s", (int)strcspn(recipient, " \r\n"),
                 recipient);
        snprintf(setup->identity, sizeof setup->identity, "%.*s", (int)strcspn(identity, " \r\n"),
                 identity);
    } else {
        snprintf(message, CONF_MESSAGE_MAX, "%s", setup_word(SETUP_NO_AGE));
        err = ERR_USAGE;
    }
    digest_wipe(text, sizeof text);
    return err;
}

static enum err refuse(char message[static CONF_MESSAGE_MAX], enum setup_word word)
{
    snprintf(message, CONF_MESSAGE_MAX, "%s", setup_word(word));
    return ERR_USAGE;
}

/* Judges one answer as the programs that will read it do. */
static enum err take(struct setup *setup, size_t i, const char *value,
                     char message[static CONF_MESSAGE_MAX])
{
    if (!*value)
        value = questions[i].fallback;
    if (!*value)
        return refuse(message, SETUP_NO_ANSWER);
    snprintf(setup->answers[i], CONF_TEXT_MAX, "%s", value);
    switch (i) {
    case URL:
        if (conf_set(&setup->conf, "url", value, message) != ERR_OK ||
            serverkey_make(&setup->key, value, NULL) != ERR_OK)
            return refuse(message, SETUP_BAD_URL);
        return ERR_OK;
    case DATA:
    case LISTEN:
        return conf_set(&setup->conf, questions[i].key, value, message);
    case BACKUP:
        return value[0] == '/' ? ERR_OK : refuse(message, SETUP_BAD_PATH);
    default:
        if (strcmp(value, "new") == 0)
            return make_identity(setup, message);
        return strcmp(value, "none") == 0 || strncmp(value, "age1", 4) == 0
                   ? ERR_OK
                   : refuse(message, SETUP_BAD_RECIPIENT);
    }
}

static int ask(struct setup *setup)
{
    char line[CONF_TEXT_MAX], message[CONF_MESSAGE_MAX];
    fputs(setup_word(SETUP_HEAD), stderr);
    for (size_t i = 0; i < ANSWERS;) {
        fprintf(stderr, "%s%s%s%s: ", setup_word(questions[i].ask),
                *questions[i].fallback ? " [" : "", questions[i].fallback,
                *questions[i].fallback ? "]" : "");
        fflush(stderr);
        if (!fgets(line, sizeof line, stdin))
            return main_refuse("setup: %s", setup_word(SETUP_NO_ANSWER));
        line[strcspn(line, "\r\n")] = '\0';
        if (take(setup, i, line, message) == ERR_OK)
            i++;
        else
            fprintf(stderr, "   %s\n", message);
    }
    return EXIT_DONE;
}

/* The value of "key = value" in a text, "" if it has no such line. */
static void find_answer(const char *text, const char *key, char value[static CONF_TEXT_MAX])
{
    size_t len = strlen(key);
    value[0] = '\0';
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) != 0)
            continue;
        const char *at = line + len + strspn(line + len, " \t");
        if (*at != '=')
            continue;
        at += 1 + strspn(at + 1, " \t");
        snprintf(value, CONF_TEXT_MAX, "%.*s", (int)strcspn(at, "\r\n"), at);
    }
}

static int read_answers(struct setup *setup, const char *path)
{
    char text[ANSWERS_FILE_MAX], value[CONF_TEXT_MAX], message[CONF_MESSAGE_MAX];
    FILE *file = fopen(path, "r");
    if (!file)
        return main_refuse("%s: %s", path, strerror(errno));
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < ANSWERS; i++) {
        find_answer(text, questions[i].key, value);
        if (take(setup, i, value, message) != ERR_OK) {
            main_refuse("%s: %s: %s", path, questions[i].key, message);
            return EXIT_USAGE;
        }
    }
    find_answer(text, "store", setup->place);
    return EXIT_DONE;
}

/* --- files --- */

static int write_file(const struct setup *setup, const char *name, const char *text)
{
    char path[2 * PATH_LEN_MAX];
    snprintf(path, sizeof path, "%s/%s", setup->folder, name);
    /* The umask hides it from the server's user; nothing secret is in it. */
    if (store_folder_write(path, text, strlen(text)) != ERR_OK || chmod(path, 0644) != 0)
        return main_refuse(setup_word(SETUP_CANNOT_WRITE), path);
    if (!setup->json)
        printf(setup_word(SETUP_WRITTEN), path);
    return EXIT_DONE;
}

static int write_config(const struct setup *setup)
{
    char text[8 * CONF_TEXT_MAX];
    const char *base = strrchr(setup->config, '/');
    snprintf(text, sizeof text,
             "# Written by passerelled setup; passerelled.conf(5) explains every key.\n"
             "data = %s\nlisten = %s\nurl = %s\nlog_name = %s\n",
             setup->answers[DATA], setup->answers[LISTEN], setup->key.url, setup->key.log_name);
    return write_file(setup, base ? base + 1 : setup->config, text);
}

static int write_backup(const struct setup *setup)
{
    char text[8 * CONF_TEXT_MAX];
    if (strcmp(setup->answers[RECIPIENT], "none") == 0)
        return EXIT_DONE;
    snprintf(
        text, sizeof text,
        "# Read by passerelle-backup(8). Its service may write below /var/backups; another folder\n"
        "# needs a line ReadWritePaths=... (systemctl edit passerelle-backup.service).\n"
        "data = %s\nto = %s\nrecipient = %s\n"
        "# Days that backups of the log, and those of the keys, are kept.\n"
        "keep_log = 400\nkeep_keys = 30\nfull_every = 7\n",
        setup->answers[DATA], setup->answers[BACKUP], setup->answers[RECIPIENT]);
    return write_file(setup, "backup.conf", text);
}

/* The Caddyfile of the package with this server's name, and its address behind the proxy. */
static int write_caddyfile(const struct setup *setup)
{
    static const char name[] = "\npasserelle.example.org {", proxy[] = "reverse_proxy ";
    const char *text = (const char *)caddyfile_embedded;
    const char *host = strstr(setup->key.url, "://") + 3;
    const char *at = strstr(text, name), *to = at ? strstr(at, proxy) : NULL;
    if (!to)
        return main_refuse("the Caddyfile of this program has no %s", name);
    struct buf out = {0};
    bool local = strncmp(setup->answers[LISTEN], "unix:", 5) == 0;
    const char *where = setup->answers[LISTEN] + (local ? 5 : 0);
    buf_put(&out, text, (size_t)(at + 1 - text));
    buf_put(&out, host, strlen(host));
    at += sizeof name - 3;
    to += sizeof proxy - 1;
    buf_put(&out, at, (size_t)(to - at));
    buf_put(&out, local ? "unix/" : "", local ? 5 : 0);
    buf_put(&out, where, strlen(where));
    to += strcspn(to, " \n");
    buf_put(&out, to, strlen(to) + 1);
    int code = out.err == ERR_OK ? write_file(setup, "Caddyfile", (const char *)out.bytes)
                                 : main_refuse("Caddyfile: %s", err_text(out.err));
    buf_free(&out);
    return code;
}

/* As root the data become the server's user's, if the package made one. */
static int give_to_user(const struct setup *setup)
{
    static const char *const names[] = {"",         "/server.key",  "/store",
                                        "/log.db",  "/log.db-wal",  "/log.db-shm",
                                        "/keys.db", "/keys.db-wal", "/keys.db-shm"};
    char path[PATH_LEN_MAX];
    const struct passwd *user = geteuid() == 0 ? getpwnam(user_name) : NULL;
    for (size_t i = 0; user && i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s%s", setup->answers[DATA], names[i]);
        if (lchown(path, user->pw_uid, user->pw_gid) != 0 && errno != ENOENT)
            return main_refuse("%s: %s", path, strerror(errno));
    }
    return EXIT_DONE;
}

/* By a process of its own, which becomes the owner of the data; this one still has files of root to write. */
static int draw_link(const struct setup *setup, char *link, size_t max)
{
    static const char before[] = "\"founder_link\": \"";
    char text[2048];
    size_t len;
    const char *const argv[] = {"/proc/self/exe",     "founder-link", "--data",
                                setup->answers[DATA], "--json",       NULL};
    int code = setup_run(argv, text, sizeof text, &len) == ERR_OK ? EXIT_DONE : EXIT_REFUSED;
    const char *at = strstr(text, before);
    if (at) {
        at += sizeof before - 1;
        snprintf(link, max, "%.*s", (int)strcspn(at, "\""), at);
    }
    digest_wipe(text, sizeof text);
    return at ? code : EXIT_REFUSED;
}

/* --- the test --- */

/* Whether the packaged services are what serves and saves here. */
static bool by_services(const struct setup *setup)
{
    return strcmp(setup->config, default_config) == 0 && setup_systemd();
}

/* Starts the server unless it answers already. */
static int try_here(const struct setup *setup, const char *listen, struct setup_child *child)
{
    if (setup_probe(listen, &setup->key, 0) == SETUP_SILENT &&
        (by_services(setup) ? setup_enable("passerelled.service")
                            : setup_start(setup->config, child)) != ERR_OK)
        return main_refuse(setup_word(SETUP_TEST_HERE_BAD), listen);
    enum setup_reach reach = setup_probe(listen, &setup->key, 10);
    if (!setup->json || reach != SETUP_REACHED)
        fprintf(reach == SETUP_REACHED ? stdout : stderr,
                setup_word(reach == SETUP_REACHED   ? SETUP_TEST_HERE
                           : reach == SETUP_UNTRIED ? SETUP_NO_CURL
                                                    : SETUP_TEST_HERE_BAD),
                listen);
    return reach == SETUP_REACHED ? EXIT_DONE : EXIT_REFUSED;
}

static int try_outside(const struct setup *setup)
{
    const char *url = setup->key.url;
    char caddyfile[PATH_LEN_MAX + 16];
    snprintf(caddyfile, sizeof caddyfile, "%s/Caddyfile", setup->folder);
    switch (setup_probe(url, &setup->key, 0)) {
    case SETUP_REACHED:
        if (!setup->json)
            printf(setup_word(SETUP_TEST_OUT), url);
        return EXIT_DONE;
    case SETUP_STRANGER:
        fprintf(stderr, setup_word(SETUP_TEST_OTHER), url);
        return EXIT_REFUSED;
    default:
        fprintf(stderr, setup_word(SETUP_TEST_OUT_BAD), url, caddyfile, setup->config);
        return EXIT_REFUSED;
    }
}

static int try_all(const struct setup *setup)
{
    struct setup_child child = {0};
    int code = try_here(setup, setup->conf.listen, &child);
    bool alone = child.pid > 0, here = code == EXIT_DONE;
    if (here)
        code = try_outside(setup);
    setup_stop(&child, !here);
    if (alone && !setup->json)
        printf(setup_word(SETUP_START), setup->config);
    return code;
}

static void turn_on_backups(const struct setup *setup)
{
    if (!by_services(setup) || strcmp(setup->answers[RECIPIENT], "none") == 0)
        return;
    if (setup_enable("passerelle-backup.timer") != ERR_OK)
        fputs(setup_word(SETUP_BACKUPS_BAD), stderr);
    else if (!setup->json)
        printf(setup_word(SETUP_BACKUPS_ON), setup->answers[BACKUP]);
}

static int test_only(struct setup *setup)
{
    char message[CONF_MESSAGE_MAX];
    if (conf_load(&setup->conf, setup->config, message) != ERR_OK)
        return main_refuse("%s", message);
    int code = main_open_key(setup->conf.data, &setup->key);
    return code == EXIT_DONE ? try_all(setup) : code;
}

/* --- the whole --- */

static void print_all(const struct setup *setup, const char *text, bool reached)
{
    struct buf code = {0};
    if (setup->json) {
        printf("{\"founder_link\": ");
        main_json_text(text, strlen(text));
        printf(", \"url\": ");
        main_json_text(setup->key.url, strlen(setup->key.url));
        printf(", \"recipient\": ");
        main_json_text(setup->answers[RECIPIENT], strlen(setup->answers[RECIPIENT]));
        printf(", \"identity\": ");
        main_json_text(setup->identity, strlen(setup->identity));
        printf(", \"reached\": %s}\n", reached ? "true" : "false");
        return;
    }
    printf(setup_word(SETUP_LINK), text);
    if (isatty(STDOUT_FILENO) && qr_print(&code, text) == ERR_OK)
        fwrite(code.bytes, 1, code.len, stdout);
    buf_free(&code);
    if (setup->identity[0])
        printf(setup_word(SETUP_IDENTITY), setup->identity);
    printf(setup_word(SETUP_LOCK_AWAY), setup->answers[DATA]);
}

static int set_up(struct setup *setup, const char *answers)
{
    char link[LINK_URL_MAX + 256] = "", message[CONF_MESSAGE_MAX];
    if (access(setup->config, F_OK) == 0)
        return main_refuse(setup_word(SETUP_DONE_ALREADY), setup->config);
    if (access(setup->folder, W_OK) != 0)
        return main_refuse(setup_word(SETUP_CANNOT_WRITE), setup->config);
    int code = answers ? read_answers(setup, answers) : ask(setup);
    if (code == EXIT_DONE && conf_check(&setup->conf, message) != ERR_OK)
        code = main_refuse("%s", message);
    if (code == EXIT_DONE)
        code =
            main_create(setup->answers[DATA], &setup->key, setup->place[0] ? setup->place : NULL);
    if (code == EXIT_DONE)
        code = give_to_user(setup);
    if (code == EXIT_DONE)
        code = draw_link(setup, link, sizeof link);
    if (code == EXIT_DONE)
        code = write_backup(setup);
    if (code == EXIT_DONE)
        code = write_caddyfile(setup);
    if (code == EXIT_DONE)
        code = write_config(setup);
    if (code == EXIT_DONE) {
        bool reached = try_all(setup) == EXIT_DONE;
        turn_on_backups(setup);
        print_all(setup, link, reached);
    }
    digest_wipe(link, sizeof link);
    return code;
}

int main_setup(int argc, char **argv)
{
    const char *config = default_config, *answers = NULL;
    bool test = false;
    struct setup setup = {0};
    const struct main_option options[] = {{"config", &config, NULL},
                                          {"answers", &answers, NULL},
                                          {"test", NULL, &test},
                                          {"json", NULL, &setup.json}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    char *copy = strdup(config);
    if (!copy || strlen(config) >= PATH_LEN_MAX)
        return main_refuse("%s: %s", config, err_text(copy ? ERR_TOO_BIG : ERR_MEMORY));
    snprintf(setup.config, sizeof setup.config, "%s", config);
    snprintf(setup.folder, sizeof setup.folder, "%s", dirname(copy));
    free(copy);
    conf_init(&setup.conf);
    code = test ? test_only(&setup) : set_up(&setup, answers);
    serverkey_fini(&setup.key);
    digest_wipe(setup.identity, sizeof setup.identity);
    return code;
}
