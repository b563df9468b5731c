/* SPDX-License-Identifier: Apache-2.0
 *
 * First step: everything that can be said of a request from its own bytes and the keys of devices. Cheap
 * questions first (shape, known device), then the signature, the clock, and only then what the request holds.
 */
#include <string.h>

#include "proto/digest.h"
#include "proto/sign.h"
#include "server/metrics.h"
#include "server/sync_inside.h"

/* ---- leaves ---- */

/* The key that must have signed a leaf: of the device that asks, or of another one whose work it carries. A
 * device that this very push adds is not known yet; then the judge of the leaf verifies. */
static enum err author_key(const struct sync_call *call, struct store_view *view,
                           const struct leaf *leaf, uint8_t pk[static PK_LEN])
{
    if (memcmp(leaf->device, call->request.device, ID_LEN) == 0) {
        memcpy(pk, call->request.ed_pk, PK_LEN);
        return ERR_OK;
    }
    return view->engine->device(view, leaf->device, pk);
}

static enum err check_size(const struct message_leaf *in)
{
    size_t len = in->header_len + SIG_LEN;
    for (size_t i = 0; i < in->n_bodies; i++)
        len += in->bodies[i].len;
    return len <= LEAF_MAX ? ERR_OK : ERR_TOO_BIG;
}

static enum err check_bodies(const struct leaf *leaf, const struct message_leaf *in)
{
    for (size_t i = 0; i < in->n_bodies; i++) {
        if (in->bodies[i].len < BODY_MIN)
            return ERR_FORMAT;
    }
    return leaf_bodies_check(leaf, in->bodies, in->n_bodies);
}

static enum err verify_leaf(const struct sync_call *call, struct store_view *view,
                            struct sync_leaf *leaf)
{
    enum err err = ERR_OK;
    const struct message_leaf *in = leaf->in;
    uint8_t pk[PK_LEN];
    TRY(check_size(in));
    TRY(leaf_decode(&leaf->leaf, in->header, in->header_len, in->sig));
    leaf_hash(leaf->hash, in->header, in->header_len, in->sig);
    TRY(check_bodies(&leaf->leaf, in));
    err = author_key(call, view, &leaf->leaf, pk);
    if (err == ERR_OK) {
        err = leaf_verify(&leaf->leaf, pk);
        leaf->checked = err == ERR_OK;
        if (err == ERR_SIGNATURE)
            metrics_add(METRIC_VERIFY_FAILURES, 1);
    } else if (err == ERR_NOT_FOUND) {
        err = ERR_OK;
    }
out:
    return err;
}

/* Which of the row's slots are born with which leaf: the consecutive run that hashes to keys32. */
static enum err find_births(struct sync_row *row, struct sync_leaf *leaf)
{
    size_t left = row->in->n_slots - row->rewraps_from;
    const struct leaf_slot *slots = row->in->slots + row->rewraps_from;
    for (size_t n = 1; n <= left && n <= BOXES_MAX; n++) {
        uint8_t hash[HASH_LEN];
        enum err err = leaf_slots_hash(hash, slots, n);
        if (err != ERR_OK)
            return err;
        if (digest_equal(hash, leaf->leaf.keys, HASH_LEN)) {
            leaf->slots_from = row->rewraps_from;
            leaf->slots_n = n;
            row->rewraps_from += n;
            return ERR_OK;
        }
    }
    return ERR_SEALS;
}

static enum err verify_leaves(struct sync_call *call, struct store_view *view, struct sync_row *row)
{
    enum err err = ERR_OK;
    row->leaves = arena_get(call->arena, row->in->n_leaves, sizeof *row->leaves);
    TRY(row->leaves ? ERR_OK : ERR_MEMORY);
    row->n_leaves = row->in->n_leaves;
    for (size_t k = 0; k < row->n_leaves; k++) {
        struct sync_leaf *leaf = &row->leaves[k];
        leaf->in = &row->in->leaves[k];
        /* After a bad leaf the rest of the row is not looked at: it will be refused anyway. */
        if (k > 0 && row->leaves[k - 1].status != ERR_OK) {
            leaf->status = ERR_AFTER_REFUSED;
            continue;
        }
        leaf->status = verify_leaf(call, view, leaf);
        if (leaf->status == ERR_OK && leaf->leaf.has_keys && kind_has_route(leaf->leaf.kind))
            leaf->status = find_births(row, leaf);
        TRY(err_category(leaf->status) == CAT_INTERNAL ? leaf->status : ERR_OK);
    }
    row->founds = row->n_leaves > 0 && row->leaves[0].status == ERR_OK &&
                  row->leaves[0].leaf.kind == KIND_GENESIS &&
                  memcmp(row->leaves[0].leaf.device, call->request.device, ID_LEN) == 0;
out:
    return err;
}

/* ---- inbox ---- */

static enum err verify_join(const struct sync_call *call, const struct sync_row *row,
                            const struct message_inbox *in, struct sync_inbox *item)
{
    enum err err = ERR_OK;
    struct message_join join;
    struct op_proof statement;
    uint8_t id[ID_LEN];
    if (in->type == INBOX_JOIN) {
        TRY(message_join_decode(&join, in->payload, in->payload_len));
        TRY(op_proof_verify(&item->join, &join.proof, row->space));
    } else {
        TRY(message_statement_decode(&statement, in->payload, in->payload_len));
        TRY(op_proof_verify(&item->join, &statement, row->space));
    }
    sign_device_id(id, item->join.ed_pk);
    if (memcmp(id, in->id, ID_LEN) != 0 || memcmp(id, call->request.device, ID_LEN) != 0)
        err = ERR_SIGNATURE;
out:
    return err;
}

static enum err verify_inbox(struct sync_call *call, struct sync_row *row)
{
    enum err err = ERR_OK;
    row->inbox = arena_get(call->arena, row->in->n_inbox, sizeof *row->inbox);
    TRY(row->inbox ? ERR_OK : ERR_MEMORY);
    for (size_t i = 0; i < row->in->n_inbox; i++) {
        const struct message_inbox *in = &row->in->inbox[i];
        enum err *status = &row->inbox[i].status;
        switch (in->type) {
        case INBOX_JOIN:
        case INBOX_STATEMENT:
            *status = verify_join(call, row, in, &row->inbox[i]);
            break;
        case INBOX_OUTBOX:
            *status = memcmp(in->id, call->request.device, ID_LEN) == 0 ? ERR_OK : ERR_DENIED;
            if (in->payload_len == 0 || in->payload_len > INBOX_ITEM_MAX)
                *status = ERR_TOO_BIG;
            break;
        case INBOX_PIECE:
        case INBOX_FETCH:
            break; /* read where it is taken */
        case INBOX_DISMISS:
            *status = in->payload_len == 0 ? ERR_OK : ERR_FORMAT;
            break;
        case INBOX_KEYS:
            *status = in->payload_len > HASH_LEN && memcmp(in->id, in->payload, ID_LEN) == 0
                          ? ERR_OK
                          : ERR_FORMAT;
            if (in->payload_len > INBOX_ITEM_MAX)
                *status = ERR_TOO_BIG;
            break;
        default:
            *status = ERR_VERSION;
        }
        TRY(err_category(*status) == CAT_INTERNAL ? *status : ERR_OK);
    }
out:
    return err;
}

/* ---- rows ---- */

/* A statement that erasures were carried out is worth a write only when it says something new. */
static enum err erased_news(const struct sync_call *call, struct store_view *view,
                            const struct sync_row *row, bool *news)
{
    struct store_member member;
    *news = false;
    if (row->erased_upto == 0)
        return ERR_OK;
    enum err err = view->engine->member(view, row->space, call->request.device, &member);
    if (err == ERR_OK)
        *news = member.active && row->erased_upto > member.erased_upto;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Whoever has just been admitted does not know it and still knocks: that needs no write, and no healthy log. */
static enum err inbox_news(const struct sync_call *call, struct store_view *view,
                           const struct sync_row *row, bool *news)
{
    struct store_member member;
    *news = row->in->n_inbox > 0;
    for (size_t i = 0; i < row->in->n_inbox; i++)
        if (row->in->inbox[i].type != INBOX_JOIN && row->in->inbox[i].type != INBOX_STATEMENT)
            return ERR_OK;
    if (!*news)
        return ERR_OK;
    enum err err = view->engine->member(view, row->space, call->request.device, &member);
    *news = err != ERR_OK || !member.active;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A refill is proved by a note of the log key; nothing of it needs another signature. */
static enum err verify_refill(const struct message_row *in, struct sync_row *row)
{
    struct leaf leaf;
    row->pushes = true;
    if (row->have_size > 0 || in->n_leaves == 0)
        return ERR_OK;
    enum err err =
        leaf_decode(&leaf, in->leaves[0].header, in->leaves[0].header_len, in->leaves[0].sig);
    row->founds = err == ERR_OK && leaf.kind == KIND_GENESIS;
    leaf_fini(&leaf);
    return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
}

static enum err verify_row(struct sync_call *call, struct store_view *view, struct sync_row *row,
                           const struct message_row *in)
{
    enum err err = ERR_OK;
    bool erased = false, knocks = false;
    memcpy(row->space, in->space, ID_LEN);
    row->in = in;
    row->have_size = in->have_size;
    row->erased_upto = in->erased_upto;
    /* A client that knows another life of keys has counted in another life. */
    bool same_life = memcmp(call->request.store_id, call->sync->store_id, STORE_ID_LEN) == 0;
    row->keys_rev = same_life ? in->keys_rev : 0;
    row->items = arena_get(call->arena, in->n_slots + in->n_seals + in->n_bodies + in->n_inbox,
                           sizeof *row->items);
    TRY(row->items ? ERR_OK : ERR_MEMORY);
    if (call->flags & FLAG_REFILL)
        return verify_refill(in, row);
    TRY(verify_leaves(call, view, row));
    TRY(verify_inbox(call, row));
    TRY(erased_news(call, view, row, &erased));
    TRY(inbox_news(call, view, row, &knocks));
    row->pushes = erased || in->n_leaves || in->n_bodies || in->n_slots || in->n_seals || knocks;
out:
    return err;
}

static enum err verify_rows(struct sync_call *call, struct store_view *view)
{
    enum err err = ERR_OK;
    const struct message_request *request = &call->request;
    call->rows = arena_get(call->arena, request->n_rows, sizeof *call->rows);
    TRY(call->rows ? ERR_OK : ERR_MEMORY);
    call->n_rows = request->n_rows;
    for (size_t i = 0; i < call->n_rows; i++) {
        TRY(verify_row(call, view, &call->rows[i], &request->rows[i]));
        if (call->rows[i].pushes)
            call->step = SYNC_APPLY;
    }
out:
    return err;
}

/* ---- unknown devices ---- */

/* Finds the founder link whose key signed the genesis. */
static enum err find_link(struct sync_call *call, struct store_view *view)
{
    uint8_t pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    const struct leaf *genesis = &call->rows[0].leaves[0].leaf;
    enum err err = view->engine->links(view, pks, used, &n);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < n; i++) {
        if (message_found_verify(call->request.link_sig, pks[i], genesis->header,
                                 genesis->header_len) != ERR_OK)
            continue;
        memcpy(call->link_pk, pks[i], PK_LEN);
        call->found_by_link = true;
        return used[i] ? ERR_USED : ERR_OK;
    }
    return ERR_SIGNATURE;
}

/* Exactly one row: a founding push, or one join. */
static enum err verify_unknown(struct sync_call *call, struct store_view *view)
{
    if (call->n_rows != 1)
        return ERR_UNKNOWN_DEVICE;
    const struct message_row *in = call->rows[0].in;
    bool quiet = in->n_bodies == 0 && in->n_want == 0;
    if (quiet && call->request.has_link_sig && call->rows[0].founds && in->n_inbox == 0)
        return find_link(call, view);
    bool joins = quiet && in->n_leaves == 0 && in->n_slots == 0 && in->n_seals == 0 &&
                 in->n_inbox == 1 && in->inbox[0].type == INBOX_JOIN;
    return joins ? ERR_OK : ERR_UNKNOWN_DEVICE;
}

/* ---- the whole ---- */

static enum err find_device(struct sync_call *call, struct store_view *view)
{
    enum err err = ERR_OK;
    struct message_request *request = &call->request;
    err = view->engine->device(view, request->device, request->ed_pk);
    if (err != ERR_NOT_FOUND)
        return err;
    call->unknown = true;
    TRY(message_request_auth(request));
    TRY(request->has_auth ? ERR_OK : ERR_UNKNOWN_DEVICE);
out:
    return err;
}

static bool in_window(uint64_t time_ms, uint64_t now_ms)
{
    uint64_t window = (uint64_t)CLOCK_WINDOW_MS;
    return time_ms <= now_ms ? now_ms - time_ms <= window : time_ms - now_ms <= window;
}

/* The answer is plain text: there is nothing yet that a signed one could be bound to. */
static void refuse_plainly(struct sync_call *call, enum err err)
{
    const char *text = err_text(err);
    call->step = SYNC_DONE;
    call->text = true;
    call->http_status = err_http(err);
    buf_reset(&call->out);
    buf_put(&call->out, text, strlen(text));
    buf_put(&call->out, "\n", 1);
}

static enum err verify_inside(struct sync_call *call, struct store_view *view, uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct message_request *request = &call->request;
    if (!in_window(request->time_ms, now_ms))
        return ERR_CLOCK;
    uint8_t ed_pk[PK_LEN];
    memcpy(ed_pk, request->ed_pk, PK_LEN);
    TRY(message_request_decode(request));
    /* Decoding may have read another key from `auth`; the one that was verified counts. */
    memcpy(request->ed_pk, ed_pk, PK_LEN);
    TRY(request->flags & FLAG_REFILL && !call->recovering ? ERR_USAGE : ERR_OK);
    call->wait_ms = request->wait_ms < call->sync->config.wait_max_ms
                        ? request->wait_ms
                        : call->sync->config.wait_max_ms;
    call->max_bytes = request->max_bytes;
    call->flags = request->flags;
    TRY(verify_rows(call, view));
    if (call->unknown)
        TRY(verify_unknown(call, view));
out:
    return err;
}

/* Devices that were away while the keys changed ask with what they know; most ask with the newest. */
static enum err verify_request(struct sync_call *call)
{
    const struct serverkey *key = call->sync->config.key;
    enum err err = ERR_SIGNATURE;
    call->pair = serverkey_now(key);
    for (size_t i = key->n; i > 0 && err == ERR_SIGNATURE; i--) {
        err = message_request_verify(&call->request, key->pairs[i - 1].aud, call->request.ed_pk);
        if (err == ERR_OK)
            call->pair = &key->pairs[i - 1];
    }
    return err;
}

void sync_verify(struct sync_call *call, struct store_view *view, uint64_t now_ms)
{
    struct message_request *request = &call->request;
    call->step = SYNC_ANSWER;
    enum err err = message_request_open(request, call->bytes, call->len);
    if (err != ERR_OK) {
        refuse_plainly(call, err);
        return;
    }
    /* The signature is looked at in any case: that is what binds a refusal to this request. */
    enum err known = find_device(call, view);
    enum err verified = verify_request(call);
    call->recovering = sync_recovering(call->sync, view);
    /* It may have been admitted in what was lost. */
    if (known == ERR_UNKNOWN_DEVICE && call->recovering)
        known = ERR_RECOVERING;
    call->refusal = known != ERR_OK ? known : verified;
    if (verified == ERR_SIGNATURE && known == ERR_OK)
        metrics_add(METRIC_VERIFY_FAILURES, 1);
    if (call->refusal == ERR_OK)
        call->refusal = verify_inside(call, view, now_ms);
    if (call->refusal != ERR_OK)
        call->step = SYNC_ANSWER;
}
