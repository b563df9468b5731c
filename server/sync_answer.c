/* SPDX-License-Identifier: Apache-2.0
 *
 * Third step: one row after the other from one snapshot, signed as a whole. A row that has nothing to say is one
 * byte. The budget of bytes is shared by the rows; what does not fit is said by `more`, and the client comes
 * again from where its page ended.
 */
#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "server/metrics.h"
#include "server/sync_page.h"

enum {
    ANSWER_DEFAULT = 8 << 20, /* when the request names no bound */
    ANSWER_MAX = 12 << 20,    /* leaves room for one leaf beyond the budget, proofs and items */
    ELEMENTS_MAX =
        ITEMS_MAX - (ITEMS_MAX >> 2), /* the rest is for what the budget does not count */
    ARENA_MAX = 64 << 20
};

/* ---- who is asking ---- */

/* A device that waits: its own item in the inbox says how that stands. */
struct waiting {
    const uint8_t *device;
    enum err status;
};

static enum err look_for_own(void *ctx, const struct store_inbox *item)
{
    struct waiting *waiting = ctx;
    if (memcmp(item->device, waiting->device, ID_LEN) != 0 || item->type == INBOX_OUTBOX)
        return ERR_OK;
    if (item->state == STORE_INBOX_WAITING)
        waiting->status = ERR_PENDING;
    else if (waiting->status != ERR_PENDING)
        waiting->status = ERR_DENIED;
    return ERR_OK;
}

static enum err stranger_status(const struct sync_call *call, struct store_view *view,
                                const struct sync_row *row)
{
    struct waiting waiting = {.device = call->request.device, .status = ERR_NOT_FOUND};
    enum err err = view->engine->inbox(view, row->space, look_for_own, &waiting);
    return err == ERR_OK ? waiting.status : err;
}

/* ---- one row ---- */

/* Fills page->out. ERR_OK: a full row, or page->quiet. Statuses of the row otherwise; INTERNAL: of the call. */
static enum err build_row(struct sync_page *page, const struct sync_call *call)
{
    enum err err = ERR_OK;
    const struct sync_row *row = page->row;
    struct store_view *view = page->view;
    TRY(row->status);
    if (call->flags & FLAG_REFILL)
        return ERR_UNCHANGED;
    err = view->engine->space(view, row->space, &page->space);
    if (err == ERR_NOT_FOUND && call->recovering && row->have_size > 0)
        return sync_page_lost(page);
    TRY(err);
    err = view->engine->member(view, row->space, call->request.device, &page->member);
    if (err == ERR_NOT_FOUND && row->courier)
        return sync_page_items(page);
    if (err == ERR_NOT_FOUND)
        err = stranger_status(call, view, row);
    TRY(err);
    TRY(sync_page_begin(page));
    if (page->out->status == ERR_ROLLBACK)
        return sync_page_successor(page);
    if (page->out->status == ERR_RECOVERING)
        return ERR_OK;
    TRY(sync_page_keys(page));
    TRY(sync_page_entries(page));
    TRY(sync_page_items(page));
    TRY(sync_page_rest(page));
out:
    return err;
}

static bool must_stop(enum err err)
{
    return err == ERR_FULL || err == ERR_BUSY || err_category(err) == CAT_INTERNAL;
}

struct answer {
    struct sync_call *call;
    struct store_view *view;
    uint64_t now_ms;
    struct buf rows;
    size_t elements; /* of MessagePack, so far */
    size_t budget;
    bool news; /* some row has something new to say */
};

static enum err answer_row(struct answer *answer, struct sync_row *row)
{
    enum err err = ERR_OK;
    struct message_row out = {0};
    struct sync_page page = {.call = answer->call,
                             .row = row,
                             .view = answer->view,
                             .out = &out,
                             .now_ms = answer->now_ms,
                             .arena = arena_new(ARENA_MAX)};
    size_t used = answer->rows.len;
    page.bytes_left = used < answer->budget ? answer->budget - used : 0;
    page.elements_left = answer->elements < ELEMENTS_MAX ? ELEMENTS_MAX - answer->elements : 0;
    TRY(page.arena ? ERR_OK : ERR_MEMORY);
    enum err said = build_row(&page, answer->call);
    if (must_stop(said)) {
        err = said;
        goto out;
    }
    if (said == ERR_CORRUPT) { /* what is damaged is the store, not what the client sent */
        said = ERR_IO;
        metrics_sync_status(said);
    }
    answer->news |= said != ERR_OK || page.news || row->pushes;
    if (said != ERR_OK)
        out = (struct message_row){.status = said};
    else if (!page.news && !page.waiting && !row->pushes)
        out = (struct message_row){.status = ERR_UNCHANGED};
    else
        out.full = true;
    answer->elements += page.elements;
    message_row_encode(&answer->rows, &out);
    err = answer->rows.err;
out:
    arena_free(page.arena);
    return err;
}

static enum err answer_rows(struct answer *answer)
{
    enum err err = ERR_OK;
    struct sync_call *call = answer->call;
    uint64_t budget = call->max_bytes ? call->max_bytes : ANSWER_DEFAULT;
    budget = budget > ANSWER_MAX ? ANSWER_MAX : budget;
    answer->budget = (size_t)budget;
    for (size_t i = 0; i < call->n_rows; i++)
        TRY(answer_row(answer, &call->rows[i]));
out:
    return err;
}

/* ---- the whole ---- */

/* From here on the call needs neither its bytes nor what was decoded from them. */
/* What is left of a call that waits is its rows, in an arena of exactly their size: thousands may wait. */
static void shrink(struct sync_call *call)
{
    size_t size = call->n_rows * sizeof *call->rows;
    struct arena *small = arena_new(size + alignof(max_align_t));
    struct sync_row *rows = small ? arena_copy(small, call->rows, size) : NULL;
    if (!rows) {
        arena_free(small);
        return;
    }
    for (size_t i = 0; i < call->n_rows; i++) {
        assert(rows[i].n_leaves == 0 && rows[i].n_items == 0);
        rows[i].leaves = NULL;
        rows[i].inbox = NULL;
        rows[i].items = NULL;
    }
    arena_free(call->arena);
    call->arena = small;
    call->rows = rows;
}

static void hold(struct sync_call *call)
{
    for (size_t i = 0; i < call->n_rows; i++) {
        assert(!call->rows[i].pushes);
        call->rows[i].in = NULL;
    }
    if (call->bytes)
        shrink(call);
    message_request_free(&call->request);
    call->bytes = NULL;
    call->len = 0;
    call->step = SYNC_HELD;
}

static void fail(struct sync_call *call, enum err err)
{
    const char *text = err_text(err);
    buf_reset(&call->out);
    call->text = true;
    call->http_status = err_http(err);
    buf_put(&call->out, text, strlen(text));
    buf_put(&call->out, "\n", 1);
}

static bool may_wait(const struct sync_call *call, bool last)
{
    bool quiet = !last && call->wait_ms > 0 && call->n_rows > 0 && call->refusal == ERR_OK;
    for (size_t i = 0; i < call->n_rows && quiet; i++)
        quiet = !call->rows[i].pushes && (!call->rows[i].in || call->rows[i].in->n_want == 0);
    return quiet;
}

void sync_answer(struct sync_call *call, struct store_view *view, uint64_t now_ms, bool last)
{
    enum err err = ERR_OK;
    struct answer answer = {
        .call = call, .view = view, .now_ms = now_ms, .rows = {.max = RESPONSE_MAX}};
    assert(call->step == SYNC_ANSWER || call->step == SYNC_HELD);
    if (call->refusal == ERR_OK) {
        err = answer_rows(&answer);
        call->refusal = err == ERR_CORRUPT ? ERR_IO : err;
    }
    if (call->refusal == ERR_OK && !answer.news && may_wait(call, last)) {
        hold(call);
        goto out;
    }
    bool refused = call->refusal != ERR_OK;
    const struct buf none = {0};
    call->step = SYNC_DONE;
    call->http_status = err_http(call->refusal);
    buf_reset(&call->out);
    TRY(message_response_make_rows(&call->out, now_ms, call->refusal, call->sync->store_id,
                                   refused ? &none : &answer.rows, refused ? 0 : call->n_rows,
                                   call->request.hash, call->pair->secret->resp_sk));
    metrics_add(METRIC_SYNCS, 1);
    metrics_sync_status(call->refusal);
out:
    if (err != ERR_OK && call->step == SYNC_DONE)
        fail(call, err);
    buf_free(&answer.rows);
}
