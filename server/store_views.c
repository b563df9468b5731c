/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of views for a pool of threads: at most as many are open as threads ever read at once.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "server/store.h"

struct store_views {
    struct store *store;
    pthread_mutex_t lock;
    size_t open, n_free;
    struct store_view *free[STORE_VIEWS_MAX];
};

enum err store_views_new(struct store_views **views, struct store *store)
{
    *views = calloc(1, sizeof **views);
    if (!*views)
        return ERR_MEMORY;
    (*views)->store = store;
    pthread_mutex_init(&(*views)->lock, NULL);
    return ERR_OK;
}

/* Takes a free view, or NULL with the right to open one more. */
static enum err take_free(struct store_views *views, struct store_view **view)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&views->lock);
    *view = NULL;
    if (views->n_free > 0)
        *view = views->free[--views->n_free];
    else if (views->open < STORE_VIEWS_MAX)
        views->open++;
    else
        err = ERR_BUSY;
    pthread_mutex_unlock(&views->lock);
    return err;
}

static void put_back(struct store_views *views, struct store_view *view)
{
    pthread_mutex_lock(&views->lock);
    assert(views->n_free < STORE_VIEWS_MAX);
    if (view)
        views->free[views->n_free++] = view;
    else
        views->open--;
    pthread_mutex_unlock(&views->lock);
}

enum err store_views_take(struct store_views *views, struct store_view **view)
{
    enum err err = ERR_OK;
    TRY(take_free(views, view));
    if (!*view) {
        err = views->store->engine->view_open(views->store, view);
        if (err != ERR_OK) {
            put_back(views, NULL);
            goto out;
        }
    }
    err = views->store->engine->view_begin(*view);
    if (err != ERR_OK) {
        put_back(views, *view);
        *view = NULL;
    }
out:
    return err;
}

void store_views_give(struct store_views *views, struct store_view *view)
{
    views->store->engine->view_end(view);
    put_back(views, view);
}

void store_views_free(struct store_views *views)
{
    if (!views)
        return;
    assert(views->n_free == views->open);
    for (size_t i = 0; i < views->n_free; i++)
        views->store->engine->view_close(views->free[i]);
    pthread_mutex_destroy(&views->lock);
    free(views);
}
