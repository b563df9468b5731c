/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, closing, reasons. What the parts share is in pas_inside.h.
 */
#include "client/passerelle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_inside.h"
#include "proto/code.h"
#include "proto/digest.h"

#define CACHE_NAME "view"
#define PACK_NAME  "pack" /* the last published pack that was read */
#define CACHE_MAX  ((size_t)1 << 28)
enum { CACHE_FROM = 2000 }; /* changes; fewer are read faster than a cache is written */

/* --- results --- */

const char *pas_error_name(int result)
{
    return err_name((enum err)result);
}

const char *pas_error_text(int result, const char *lang)
{
    return words_err((enum err)result, lang);
}

int pas_error_exit(int result)
{
    switch ((enum err)result) {
    case ERR_OK:
    case ERR_UNCHANGED:
    case ERR_PENDING:
        return 0;
    case ERR_NET:
    case ERR_BUSY:
    case ERR_BEHIND:
    case ERR_RECOVERING:
        return 3;
    case ERR_FORK:
    case ERR_ROLLBACK:
    case ERR_ROOT:
    case ERR_SIGNATURE:
    case ERR_WITHHELD:
    case ERR_COMMITMENT:
    case ERR_CORRUPT:
        return 4;
    default:
        return 1;
    }
}

const char *pas_why(const struct pas *pas)
{
    return pas->why;
}

void pas_look_anew(struct pas *pas)
{
    pas->stale = view_refresh(pas->view) != ERR_OK;
}

void pas_begin(struct pas *pas)
{
    pas->why[0] = 0;
    if (pas->stale)
        pas_look_anew(pas);
}

int pas_end(struct pas *pas, enum err err)
{
    if (err == ERR_OK)
        pas->why[0] = 0;
    else if (!pas->why[0])
        snprintf(pas->why, sizeof pas->why, "%s", words_err(err, pas->lang));
    return (int)err;
}

enum err pas_fail(struct pas *pas, enum err err, enum words_name sentence, ...)
{
    va_list args;
    va_start(args, sentence);
    vsnprintf(pas->why, sizeof pas->why, words_sentence(sentence, pas->lang), args);
    va_end(args);
    return err;
}

/* --- life --- */

static struct unlock_cost cost_of(bool light)
{
    return light ? (struct unlock_cost){UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB}
                 : (struct unlock_cost){UNLOCK_T, UNLOCK_M_KIB};
}

static void take_key(struct unlock_key *to, const struct pas_key *from)
{
    *to = (struct unlock_key){.cost = {from->t, from->m_kib}};
    memcpy(to->salt, from->salt, sizeof to->salt);
    memcpy(to->uk, from->uk, sizeof to->uk);
}

static void give_key(struct pas_key *to, const struct unlock_key *from)
{
    *to = (struct pas_key){.t = from->cost.t, .m_kib = from->cost.m_kib};
    memcpy(to->salt, from->salt, sizeof to->salt);
    memcpy(to->uk, from->uk, sizeof to->uk);
}

int pas_key_new(struct pas_key *key, bool light)
{
    struct unlock_key made;
    const struct unlock_cost cost = cost_of(light);
    enum err err = digest_init();
    if (err == ERR_OK) {
        unlock_key_new(&made, &cost);
        give_key(key, &made);
    }
    return (int)err;
}

int pas_key_of(struct pas_key *key, const char *dir)
{
    struct unlock_key found = {0};
    enum err err = engine_key(&found, dir);
    if (err == ERR_OK)
        give_key(key, &found);
    return (int)err;
}

int pas_key_stretch(struct pas_key *key, const char *pass, size_t pass_len)
{
    struct unlock_key work;
    take_key(&work, key);
    enum err err = digest_init();
    if (err == ERR_OK)
        err = unlock_stretch(&work, pass, pass_len);
    if (err == ERR_OK)
        memcpy(key->uk, work.uk, sizeof key->uk);
    digest_wipe(&work, sizeof work);
    return (int)err;
}

int pas_create(const struct pas_create_args *args)
{
    const struct unlock_cost cost = cost_of(args->light);
    struct unlock_key key;
    enum err err = digest_init();
    if (err == ERR_OK && args->key) {
        take_key(&key, args->key);
        err = engine_create_key(args->dir, args->name, &key, args->now_ms);
        digest_wipe(&key, sizeof key);
    } else if (err == ERR_OK) {
        err = engine_create(args->dir, args->name, args->pass, args->pass_len, &cost, args->now_ms);
    }
    return (int)err;
}

/* The greatest pack number that any space publishes; 0 = none. */
static uint32_t newest_pack(const struct pas *pas, uint32_t below)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        if (fold && fold->pack_number > newest && fold->pack_number < below)
            newest = fold->pack_number;
    }
    return newest;
}

/* Reads the published pack with this number. */
static enum err read_pack(const struct pas *pas, uint32_t number, struct pack **pack)
{
    enum err err = ERR_NOT_FOUND;
    for (size_t i = 0; i < engine_space_count(pas->engine) && err != ERR_OK; i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        struct buf json = {.max = PACK_JSON_MAX};
        uint32_t found = 0;
        if (!fold || fold->pack_number != number)
            continue;
        err = engine_pack(pas->engine, i, &found, &json);
        if (err == ERR_OK)
            err = pack_parse(pack, (const char *)json.bytes, json.len, NULL);
        /* A number that is not the document's own would make edits that others cannot place. */
        if (err == ERR_OK && (*pack)->version != number) {
            pack_free(*pack);
            *pack = NULL;
            err = ERR_FORMAT;
        }
        buf_free(&json);
    }
    return err;
}

/* Keeps a published pack that is in force, for the day when a newer program publishes one that this one does not read. */
static void remember_pack(struct pas *pas, const struct pack *pack)
{
    struct buf kept = {.max = PACK_JSON_MAX};
    bool same = engine_cache_get(pas->engine, PACK_NAME, &kept) == ERR_OK &&
                kept.len == pack->json_len && memcmp(kept.bytes, pack->json, kept.len) == 0;
    if (!same)
        (void)engine_cache_put(pas->engine, PACK_NAME, (const uint8_t *)pack->json, pack->json_len);
    buf_free(&kept);
}

/* The remembered pack; at an erasure all caches go, then the one in use does as well. */
static enum err recall_pack(struct pas *pas, struct pack **pack)
{
    struct buf kept = {.max = PACK_JSON_MAX};
    enum err err = engine_cache_get(pas->engine, PACK_NAME, &kept);
    if (err == ERR_NOT_FOUND && pas->pack && pas->pack_number) {
        buf_put(&kept, pas->pack->json, pas->pack->json_len);
        err = kept.err;
    }
    if (err == ERR_OK)
        err = pack_parse(pack, (const char *)kept.bytes, kept.len, NULL);
    if (err == ERR_OK)
        remember_pack(pas, *pack);
    buf_free(&kept);
    return err;
}

/* Chooses the pack: the newest published one that this program reads, else the last one that it read, else the shipped
 * one. */
static enum err choose_pack(struct pas *pas, struct pack **pack, uint32_t *number)
{
    uint32_t newest = newest_pack(pas, UINT32_MAX);
    enum err err = ERR_OK;
    *pack = NULL;
    pas->pack_unread = 0;
    for (*number = newest; *number; *number = newest_pack(pas, *number)) {
        err = read_pack(pas, *number, pack);
        if (err == ERR_OK)
            remember_pack(pas, *pack);
        if (err == ERR_OK || err == ERR_MEMORY)
            return err;
        pas->pack_unread = newest;
    }
    if (newest == 0)
        return pack_default(pack);
    err = recall_pack(pas, pack);
    if (err == ERR_OK)
        *number = (*pack)->version;
    return err == ERR_OK || err == ERR_MEMORY ? err : pack_default(pack);
}

/* The view of tens of thousands of changes is kept sealed, so that the next unlock need not build it. A cache that
 * cannot be written is no loss. */
static void keep_cache(struct pas *pas)
{
    struct buf bytes = {.max = CACHE_MAX};
    if (view_taken(pas->view) < CACHE_FROM)
        return;
    if (view_dump(pas->view, &bytes) == ERR_OK)
        (void)engine_cache_put(pas->engine, CACHE_NAME, bytes.bytes, bytes.len);
    buf_free(&bytes);
}

/* Fills a view that was just made; one that a failed load left of no use is made again. */
static enum err load_cache(struct pas *pas, const struct pack *pack, struct view **view)
{
    struct buf bytes = {.max = CACHE_MAX};
    enum err err = engine_cache_get(pas->engine, CACHE_NAME, &bytes);
    if (err == ERR_OK)
        err = view_load(*view, bytes.bytes, bytes.len);
    buf_free(&bytes);
    if (err == ERR_OK || err == ERR_NOT_FOUND)
        return ERR_OK;
    (void)engine_cache_delete(pas->engine, CACHE_NAME);
    if (err == ERR_UNCHANGED)
        return ERR_OK;
    view_free(*view);
    return view_new(view, pas->engine, pack, pas->lang);
}

static enum err use_pack(struct pas *pas, struct pack *pack, uint32_t number)
{
    struct view *view = NULL;
    enum err err = view_new(&view, pas->engine, pack, pas->lang);
    if (err == ERR_OK)
        err = load_cache(pas, pack, &view);
    if (err != ERR_OK) {
        pack_free(pack);
        return err;
    }
    view_free(pas->view);
    pack_free(pas->pack);
    pas->view = view;
    pas->pack = pack;
    pas->pack_number = number;
    return ERR_OK;
}

enum err pas_follow(struct pas *pas)
{
    struct pack *pack = NULL;
    uint32_t number = newest_pack(pas, UINT32_MAX);
    enum err err = ERR_OK;
    if (!pas->view || number != pas->pack_number) {
        TRY(choose_pack(pas, &pack, &number));
        if (pas->view && number == pas->pack_number)
            pack_free(pack);
        else
            TRY(use_pack(pas, pack, number));
    }
    TRY(view_refresh(pas->view));
    keep_cache(pas);
out:
    return err;
}

void pas_language(struct pas *pas, const char *lang)
{
    memcpy(pas->lang, lang[0] == 'e' ? "en" : "fr", 3);
    view_language(pas->view, pas->lang);
}

int pas_open(struct pas **out, const struct pas_open_args *args)
{
    enum err err = ERR_OK;
    struct pas *pas = calloc(1, sizeof *pas);
    *out = NULL;
    if (!pas)
        return (int)ERR_MEMORY;
    memcpy(pas->lang, args->lang && args->lang[0] == 'e' ? "en" : "fr", 3);
    TRY(digest_init());
    if (args->key) {
        struct unlock_key key;
        take_key(&key, args->key);
        err = engine_open_key(&pas->engine, args->dir, &key, args->now_ms, &pas->repaired);
        digest_wipe(&key, sizeof key);
    } else {
        err = engine_open(&pas->engine, args->dir, args->pass, args->pass_len, args->now_ms,
                          &pas->repaired);
    }
    TRY(err);
    engine_set_time(pas->engine, args->now_ms);
    code_hex(pas->device, engine_device(pas->engine), ID_LEN);
    pas->repair = (struct pas_repair){pas->repaired.kept_as, pas->repaired.unsent_saved,
                                      pas->repaired.unsent_lost, pas->repaired.leaves_to_fetch};
    TRY(pas_follow(pas));
    *out = pas;
    return 0;
out:
    pas_close(pas);
    return (int)err;
}

void pas_close(struct pas *pas)
{
    if (!pas)
        return;
    view_free(pas->view);
    engine_close(pas->engine);
    pack_free(pas->pack);
    digest_wipe(pas, sizeof *pas);
    free(pas);
}

const struct pas_repair *pas_repaired(const struct pas *pas)
{
    return pas->repaired.happened ? &pas->repair : NULL;
}

/* --- words that are being typed --- */

int pas_jot_put(struct pas *pas, const char *name, const char *text)
{
    pas_begin(pas);
    return pas_end(pas, engine_jot_put(pas->engine, name, (const uint8_t *)text, strlen(text)));
}

int pas_jot_get(struct pas *pas, const char *name, char **text)
{
    struct buf out = {.max = (1 << 20) + 1};
    enum err err = ERR_OK;
    pas_begin(pas);
    *text = NULL;
    TRY(engine_jot_get(pas->engine, name, &out));
    TRY(pas_take_text(&out, text));
out:
    buf_free(&out);
    return pas_end(pas, err);
}

int pas_jot_delete(struct pas *pas, const char *name)
{
    pas_begin(pas);
    return pas_end(pas, engine_jot_delete(pas->engine, name));
}

void pas_time(struct pas *pas, uint64_t now_ms)
{
    engine_set_time(pas->engine, now_ms);
}

const char *pas_device(const struct pas *pas)
{
    return pas->device;
}

const char *pas_name(const struct pas *pas)
{
    return engine_name(pas->engine);
}
