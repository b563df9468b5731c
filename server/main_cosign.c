/* SPDX-License-Identifier: Apache-2.0 */
#include "server/main_cosign.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/code.h"
#include "server/log.h"
#include "server/logkey.h"
#include "server/main_post.h"
#include "server/store_folder.h"
#include "server/tlog_witness.h"

enum {
    PEERS_MAX = 8,
    LINE_MAX_LEN = 1024,
    INTERVAL_S = 60,
    FRESH_S = 6 * 3600 /* an unchanged checkpoint is cosigned again that often */
};

struct peer {
    char name[NAME_LEN_MAX + 1];
    uint8_t pk[PK_LEN], key_hash[4];
    char url[512];
    bool failed; /* said once */
};

struct main_cosign {
    const struct serverkey *key;
    struct store_views *views;
    struct store_cosigs *cosigs;
    unsigned interval_s;
    size_t n_peers;
    struct peer peers[PEERS_MAX];
    struct main_post *post;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

/* --- the list --- */

static bool read_url(struct peer *peer, const char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    int n = snprintf(peer->url, sizeof peer->url, "%.*s/add-checkpoint", (int)len, url);
    return n > 0 && (size_t)n < sizeof peer->url && main_post_url_ok(peer->url);
}

static bool read_peer(struct main_cosign *cosign, char *rest)
{
    char *save = NULL, *name = strtok_r(rest, " \t", &save), *key = strtok_r(NULL, " \t", &save),
         *url = strtok_r(NULL, " \t", &save);
    struct peer *peer = &cosign->peers[cosign->n_peers];
    uint8_t pk[PK_LEN + 4];
    size_t len = 0;
    if (cosign->n_peers == PEERS_MAX || !url || strtok_r(NULL, " \t", &save) ||
        !note_name_ok(name, strlen(name)) ||
        code_unbase64(pk, sizeof pk, &len, key, strlen(key)) != ERR_OK || len != PK_LEN ||
        !read_url(peer, url))
        return false;
    snprintf(peer->name, sizeof peer->name, "%s", name);
    memcpy(peer->pk, pk, PK_LEN);
    note_key_hash(peer->key_hash, peer->name, 4, peer->pk);
    cosign->n_peers++;
    return true;
}

static bool read_line(struct main_cosign *cosign, char *line)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n#")] = 0;
    if (!*line)
        return true;
    if (strncmp(line, "witness ", 8) == 0)
        return read_peer(cosign, line + 8);
    if (strncmp(line, "interval ", 9) != 0)
        return false;
    char *end = NULL;
    unsigned long value = strtoul(line + 9, &end, 10);
    cosign->interval_s = (unsigned)value;
    return *end == 0 && value >= 1 && value <= 86400;
}

static enum err read_list(struct main_cosign *cosign, const char *folder, unsigned *number)
{
    char path[STORE_FOLDER_PATH_MAX], line[LINE_MAX_LEN];
    enum err err = ERR_OK;
    snprintf(path, sizeof path, "%.4000s/witnesses", folder);
    FILE *file = fopen(path, "re");
    *number = 0;
    while (err == ERR_OK && file && fgets(line, sizeof line, file)) {
        ++*number;
        if (!read_line(cosign, line))
            err = ERR_FORMAT;
    }
    if (file)
        (void)fclose(file);
    return err;
}

/* --- one checkpoint and one witness --- */

struct round {
    struct main_cosign *cosign;
    uint8_t space[ID_LEN];
    char origin[NOTE_ORIGIN_MAX];
    struct note note;
    const struct serverkey_pair *pair; /* that signed it */
};

struct nodes {
    struct store_view *view;
    const uint8_t *space;
};

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    const struct nodes *nodes = ctx;
    return nodes->view->engine->node(nodes->view, nodes->space, level, index, out);
}

static enum err make_request(const struct round *round, uint64_t old, struct buf *out)
{
    struct store_view *view = NULL;
    struct tree_proof proof = {0};
    enum err err = ERR_OK;
    if (old > 0 && old < round->note.size) {
        err = store_views_take(round->cosign->views, &view);
        if (err == ERR_OK) {
            struct nodes nodes = {view, round->space};
            err = tree_consistency(&proof, old, round->note.size, node_of, &nodes);
            store_views_give(round->cosign->views, view);
        }
    }
    out->max = TLOG_WITNESS_MAX;
    if (err == ERR_OK)
        tlog_witness_ask(out, old, &proof, &round->note, round->origin, round->pair->log_pk);
    return err == ERR_OK ? out->err : err;
}

/* What this witness cosigned last, and when. */
static uint64_t last_size(const struct round *round, const struct peer *peer, uint64_t *time_s)
{
    struct note notes[WITNESSES_MAX];
    size_t n = store_cosigs_get(round->cosign->cosigs, round->space, notes, WITNESSES_MAX);
    *time_s = 0;
    for (size_t i = 0; i < n; i++) {
        if (memcmp(notes[i].cosigs[0], peer->key_hash, 4) == 0 &&
            note_cosign_verify(time_s, notes[i].cosigs[0], &notes[i], round->origin, peer->name,
                               peer->pk) == ERR_OK)
            return notes[i].size;
    }
    return 0;
}

static enum err ask(const struct round *round, struct peer *peer, uint64_t *old, bool *again)
{
    enum err err = ERR_OK;
    struct buf request = {0}, answer = {.max = TLOG_WITNESS_MAX};
    struct note cosigned = round->note;
    int status = 0;
    *again = false;
    TRY(make_request(round, *old, &request));
    TRY(main_post(round->cosign->post, peer->url, &request, &status, &answer));
    const char *body = (const char *)answer.bytes;
    if (status == 409) {
        /* It knows another size than we thought. */
        uint64_t known = strtoull(body, NULL, 10);
        *again = known != *old && known <= round->note.size;
        *old = known;
        err = *again ? ERR_OK : ERR_ROLLBACK;
        goto out;
    }
    TRY(status == 200 ? ERR_OK : ERR_DENIED);
    cosigned.n_cosigs = 1;
    TRY(tlog_witness_take(cosigned.cosigs[0], body, strlen(body), &round->note, round->origin,
                          peer->name, peer->pk));
    TRY(store_cosigs_put(round->cosign->cosigs, round->space, &cosigned));
out:
    buf_free(&request);
    buf_free(&answer);
    return err;
}

static void ask_peer(const struct round *round, struct peer *peer)
{
    uint64_t time_s, old = last_size(round, peer, &time_s);
    bool again = true;
    enum err err = ERR_OK;
    if (old == round->note.size && time_s + FRESH_S > (uint64_t)time(NULL))
        return;
    for (int turn = 0; turn < 2 && again && err == ERR_OK; turn++)
        err = ask(round, peer, &old, &again);
    if (err != ERR_OK && !peer->failed)
        LOG(LOG_WARN, "witness_failed", LOG_ERR("err", err),
            LOG_WORD("do", "nothing: it is asked again; devices say so after 7 days"));
    peer->failed = err != ERR_OK;
}

/* --- rounds --- */

struct sizes {
    size_t n, cap;
    struct store_space *list;
};

static enum err keep_space(void *ctx, const struct store_space *space)
{
    struct sizes *sizes = ctx;
    if (sizes->n == sizes->cap) {
        size_t cap = sizes->cap ? 2 * sizes->cap : 64;
        struct store_space *grown = realloc(sizes->list, cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        sizes->list = grown;
        sizes->cap = cap;
    }
    sizes->list[sizes->n++] = *space;
    return ERR_OK;
}

static bool stopping(struct main_cosign *cosign)
{
    pthread_mutex_lock(&cosign->lock);
    bool stop = cosign->stop;
    pthread_mutex_unlock(&cosign->lock);
    return stop;
}

/* The newest note; a space without entries has none. */
static enum err start_round(struct main_cosign *cosign, const struct store_space *space,
                            struct round *round)
{
    const struct serverkey *key = cosign->key;
    struct store_view *view = NULL;
    *round = (struct round){.cosign = cosign};
    memcpy(round->space, space->space, ID_LEN);
    enum err err = note_origin(round->origin, key->log_name, strlen(key->log_name), round->space);
    if (err == ERR_OK)
        err = store_views_take(cosign->views, &view);
    if (err == ERR_OK) {
        err = view->engine->note(view, round->space, space->size, &round->note);
        if (err == ERR_OK)
            err = logkey_at(key, view, round->space, space->size, &round->pair);
        store_views_give(cosign->views, view);
    }
    return err;
}

static void run_round(struct main_cosign *cosign)
{
    struct sizes sizes = {0};
    struct store_view *view = NULL;
    enum err err = store_views_take(cosign->views, &view);
    if (err == ERR_OK) {
        err = view->engine->spaces(view, keep_space, &sizes);
        store_views_give(cosign->views, view);
    }
    for (size_t i = 0; err == ERR_OK && i < sizes.n; i++) {
        struct round round;
        if (start_round(cosign, &sizes.list[i], &round) != ERR_OK)
            continue;
        for (size_t k = 0; k < cosign->n_peers && !stopping(cosign); k++)
            ask_peer(&round, &cosign->peers[k]);
    }
    free(sizes.list);
    err = store_cosigs_save(cosign->cosigs);
    if (err != ERR_OK)
        LOG(LOG_WARN, "cosigs_not_saved", LOG_ERR("err", err),
            LOG_WORD("do", "make room on the disk; they are asked for again"));
}

static void *thread(void *arg)
{
    struct main_cosign *cosign = arg;
    while (!stopping(cosign)) {
        struct timespec until;
        run_round(cosign);
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += cosign->interval_s;
        pthread_mutex_lock(&cosign->lock);
        while (!cosign->stop &&
               pthread_cond_timedwait(&cosign->wake, &cosign->lock, &until) != ETIMEDOUT)
            ;
        pthread_mutex_unlock(&cosign->lock);
    }
    return NULL;
}

enum err main_cosign_start(struct main_cosign **out, const char *folder,
                           const struct serverkey *key, struct store_views *views,
                           struct store_cosigs *cosigs, unsigned *line)
{
    enum err err = ERR_OK;
    struct main_cosign *cosign = calloc(1, sizeof *cosign);
    *out = NULL;
    if (!cosign)
        return ERR_MEMORY;
    cosign->key = key;
    cosign->views = views;
    cosign->cosigs = cosigs;
    cosign->interval_s = INTERVAL_S;
    err = read_list(cosign, folder, line);
    if (err == ERR_OK && cosign->n_peers > 0)
        err = main_post_new(&cosign->post);
    if (err != ERR_OK || cosign->n_peers == 0) {
        free(cosign);
        return err;
    }
    pthread_mutex_init(&cosign->lock, NULL);
    pthread_cond_init(&cosign->wake, NULL);
    if (pthread_create(&cosign->thread, NULL, thread, cosign) != 0) {
        main_post_free(cosign->post);
        free(cosign);
        return ERR_MEMORY;
    }
    *out = cosign;
    return ERR_OK;
}

void main_cosign_stop(struct main_cosign *cosign)
{
    if (!cosign)
        return;
    pthread_mutex_lock(&cosign->lock);
    cosign->stop = true;
    pthread_cond_signal(&cosign->wake);
    pthread_mutex_unlock(&cosign->lock);
    pthread_join(cosign->thread, NULL);
    pthread_cond_destroy(&cosign->wake);
    pthread_mutex_destroy(&cosign->lock);
    main_post_free(cosign->post);
    free(cosign);
}
