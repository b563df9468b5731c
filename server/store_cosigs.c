/* SPDX-License-Identifier: Apache-2.0
 *
 *   file = (space16 | u64be size | root32 | signature64 | cosignature76) ...
 */
#include "server/store_cosigs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store_folder.h"

enum { LINE_LEN = ID_LEN + 8 + HASH_LEN + SIG_LEN + NOTE_COSIG_LEN, LINES_MAX = 1 << 20 };

struct store_cosigs {
    char path[STORE_FOLDER_PATH_MAX];
    pthread_mutex_t lock;
    size_t n, cap;
    uint8_t (*lines)[LINE_LEN];
    bool changed;
};

static uint8_t *cosig_of(uint8_t *line)
{
    return line + LINE_LEN - NOTE_COSIG_LEN;
}

static enum err add(struct store_cosigs *cosigs, const uint8_t line[static LINE_LEN])
{
    if (cosigs->n == cosigs->cap) {
        size_t cap = cosigs->cap ? 2 * cosigs->cap : 64;
        uint8_t(*grown)[LINE_LEN] = realloc(cosigs->lines, cap * LINE_LEN);
        if (!grown || cosigs->n >= LINES_MAX)
            return ERR_MEMORY;
        cosigs->lines = grown;
        cosigs->cap = cap;
    }
    memcpy(cosigs->lines[cosigs->n++], line, LINE_LEN);
    return ERR_OK;
}

enum err store_cosigs_open(struct store_cosigs **out, const char *folder)
{
    enum err err = ERR_OK;
    uint8_t line[LINE_LEN];
    struct store_cosigs *cosigs = calloc(1, sizeof *cosigs);
    *out = NULL;
    if (!cosigs)
        return ERR_MEMORY;
    pthread_mutex_init(&cosigs->lock, NULL);
    snprintf(cosigs->path, sizeof cosigs->path, "%.4000s/cosigs", folder);
    FILE *file = fopen(cosigs->path, "rbe");
    while (err == ERR_OK && file && fread(line, LINE_LEN, 1, file) == 1)
        err = add(cosigs, line);
    if (file)
        (void)fclose(file);
    if (err != ERR_OK) {
        store_cosigs_close(cosigs);
        return err;
    }
    *out = cosigs;
    return ERR_OK;
}

void store_cosigs_close(struct store_cosigs *cosigs)
{
    if (!cosigs)
        return;
    pthread_mutex_destroy(&cosigs->lock);
    free(cosigs->lines);
    free(cosigs);
}

enum err store_cosigs_put(struct store_cosigs *cosigs, const uint8_t space[static ID_LEN],
                          const struct note *note)
{
    enum err err = ERR_OK;
    uint8_t line[LINE_LEN], *at = line;
    memcpy(at, space, ID_LEN);
    at += ID_LEN;
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)(note->size >> (56 - 8 * i));
    memcpy(at, note->root, HASH_LEN);
    memcpy(at + HASH_LEN, note->sig, SIG_LEN);
    memcpy(cosig_of(line), note->cosigs[0], NOTE_COSIG_LEN);
    pthread_mutex_lock(&cosigs->lock);
    size_t i = 0;
    /* The key hash, in front of a cosignature, names its witness. */
    while (i < cosigs->n && (memcmp(cosigs->lines[i], space, ID_LEN) != 0 ||
                             memcmp(cosig_of(cosigs->lines[i]), note->cosigs[0], 4) != 0))
        i++;
    if (i < cosigs->n)
        memcpy(cosigs->lines[i], line, LINE_LEN);
    else
        err = add(cosigs, line);
    cosigs->changed = true;
    pthread_mutex_unlock(&cosigs->lock);
    return err;
}

enum err store_cosigs_save(struct store_cosigs *cosigs)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&cosigs->lock);
    size_t len = cosigs->n * LINE_LEN;
    bool changed = cosigs->changed && len > 0;
    uint8_t *copy = changed ? malloc(len) : NULL;
    if (copy)
        memcpy(copy, cosigs->lines, len);
    cosigs->changed = false;
    pthread_mutex_unlock(&cosigs->lock);
    if (changed)
        err = copy ? store_folder_write(cosigs->path, copy, len) : ERR_MEMORY;
    free(copy);
    return err;
}

static void read_line(const uint8_t *line, struct note *note)
{
    *note = (struct note){.n_cosigs = 1};
    line += ID_LEN;
    for (int i = 0; i < 8; i++)
        note->size = note->size << 8 | *line++;
    memcpy(note->root, line, HASH_LEN);
    memcpy(note->sig, line + HASH_LEN, SIG_LEN);
    memcpy(note->cosigs[0], line + HASH_LEN + SIG_LEN, NOTE_COSIG_LEN);
}

size_t store_cosigs_get(struct store_cosigs *cosigs, const uint8_t space[static ID_LEN],
                        struct note *out, size_t max)
{
    size_t n = 0;
    if (!cosigs)
        return 0;
    pthread_mutex_lock(&cosigs->lock);
    for (size_t i = 0; i < cosigs->n && n < max; i++) {
        if (memcmp(cosigs->lines[i], space, ID_LEN) == 0)
            read_line(cosigs->lines[i], &out[n++]);
    }
    pthread_mutex_unlock(&cosigs->lock);
    return n;
}
