/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a server that owns its keys and its store, and lies in its answers, reaches nothing: each attack of the table is
 * refused, raises an alarm, is kept and ignored, or shows at the next true answer; nobody becomes a member by it, no
 * key goes, nothing that Bruno could read or had written is lost, and he works on. PROTOCOL.md 14 lists the same names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "proto/sign.h"
#include "tests/attack/evil_table.h"

/* --- the envelope --- */

static void honest_out(struct evil *evil, const uint8_t *hash, const uint8_t *sk)
{
    assert_int_equal(message_response_make(&evil->out, evil->answer, hash, sk), ERR_OK);
    evil->raw = true;
}

static const uint8_t *resp_sk(struct evil *evil)
{
    return serverkey_now(&evil->kit.server.key)->secret->resp_sk;
}

static void altered_answer(struct evil *evil)
{
    honest_out(evil, evil->hash, resp_sk(evil));
    evil->out.bytes[evil->out.len / 2] ^= 4;
}

static void cut_answer(struct evil *evil)
{
    honest_out(evil, evil->hash, resp_sk(evil));
    evil->out.len -= 100;
}

static void earlier_answer(struct evil *evil)
{
    buf_put(&evil->out, evil->old_answer.bytes, evil->old_answer.len);
    evil->raw = true;
}

static void other_key(struct evil *evil)
{
    honest_out(evil, evil->hash, evil->stranger_sk);
}

static void other_request(struct evil *evil)
{
    uint8_t hash[HASH_LEN] = {7};
    honest_out(evil, hash, resp_sk(evil));
}

static void fewer_rows(struct evil *evil)
{
    evil->answer->n_rows = 1;
    honest_out(evil, evil->hash, resp_sk(evil));
}

static void swapped_rows(struct evil *evil)
{
    struct message_row row = evil->answer->rows[0];
    evil->answer->rows[0] = evil->answer->rows[1];
    evil->answer->rows[1] = row;
    honest_out(evil, evil->hash, resp_sk(evil));
}

static void late_clock(struct evil *evil)
{
    evil->answer->time_ms += 10ULL * 365 * 86400 * 1000;
}

static void early_clock(struct evil *evil)
{
    evil->answer->time_ms = 1000;
}

static void status_only(struct evil *evil, enum err status)
{
    *evil->row = (struct message_row){.status = status};
}

static void silence(struct evil *evil)
{
    status_only(evil, ERR_UNCHANGED);
}

static void said_removed(struct evil *evil)
{
    status_only(evil, ERR_REVOKED);
}

static void said_no_space(struct evil *evil)
{
    status_only(evil, ERR_NOT_FOUND);
}

static void said_unknown(struct evil *evil)
{
    evil->answer->status = ERR_UNKNOWN_DEVICE;
    evil->answer->n_rows = 0;
    honest_out(evil, evil->hash, resp_sk(evil));
}

/* --- checkpoints --- */

static void own_note(struct evil *evil, uint64_t size, const uint8_t *root, const char *origin,
                     const uint8_t *sk)
{
    const struct serverkey *key = &evil->kit.server.key;
    const struct fold *fold = engine_fold(evil->kit.b.engine, evil->at_b[0]);
    char name[NOTE_ORIGIN_MAX];
    assert_int_equal(note_origin(name, key->log_name, strlen(key->log_name), fold->space), ERR_OK);
    struct note *note = &evil->row->note;
    *note = (struct note){.size = size};
    memcpy(note->root, root, HASH_LEN);
    note_sign(note, origin ? origin : name, sk ? sk : serverkey_now(key)->secret->log_sk);
    evil->row->has_note = true;
    evil->row->has_head = evil->row->more = false;
    evil->row->size = size;
    evil->keep_note = true;
}

static void no_entries(struct evil *evil)
{
    evil->row->n_leaves = 0;
    evil->row->n_slots = 0;
    evil->row->n_items = 0;
}

static uint64_t have(struct evil *evil)
{
    return engine_fold(evil->kit.b.engine, evil->at_b[0])->size;
}

static void rolled_back(struct evil *evil)
{
    uint8_t root[HASH_LEN] = {1};
    no_entries(evil);
    own_note(evil, have(evil) - 2, root, NULL, NULL);
}

static void other_root(struct evil *evil)
{
    uint8_t root[HASH_LEN] = {2};
    no_entries(evil);
    own_note(evil, have(evil), root, NULL, NULL);
}

static void root_of_nothing(struct evil *evil)
{
    uint8_t root[HASH_LEN] = {3};
    own_note(evil, have(evil) + evil->row->n_leaves, root, NULL, NULL);
}

static void note_by_another(struct evil *evil)
{
    uint8_t root[HASH_LEN];
    memcpy(root, evil->row->note.root, HASH_LEN);
    own_note(evil, evil->row->note.size, root, NULL, evil->stranger_sk);
}

static void note_of_another_space(struct evil *evil)
{
    uint8_t root[HASH_LEN];
    char origin[NOTE_ORIGIN_MAX];
    const struct serverkey *key = &evil->kit.server.key;
    const struct fold *fold = engine_fold(evil->kit.b.engine, evil->at_b[1]);
    assert_int_equal(note_origin(origin, key->log_name, strlen(key->log_name), fold->space),
                     ERR_OK);
    memcpy(root, evil->row->note.root, HASH_LEN);
    own_note(evil, evil->row->note.size, root, origin, NULL);
}

static void no_note(struct evil *evil)
{
    evil->row->has_note = evil->row->has_head = false;
    evil->keep_note = true;
}

static void longer_than_told(struct evil *evil)
{
    uint8_t root[HASH_LEN] = {4};
    own_note(evil, have(evil) + evil->row->n_leaves + 5, root, NULL, NULL);
}

/* --- entries --- */

static void drop(struct evil *evil, size_t at)
{
    struct message_row *row = evil->row;
    memmove(&row->leaves[at], &row->leaves[at + 1], (row->n_leaves - at - 1) * sizeof *row->leaves);
    row->n_leaves--;
}

static void newest_left_out(struct evil *evil)
{
    drop(evil, evil->row->n_leaves - 1);
}

static void one_left_out(struct evil *evil)
{
    drop(evil, 0);
}

static void two_swapped(struct evil *evil)
{
    struct message_leaf leaf = *evil_entry(evil, 0);
    *evil_entry(evil, 0) = *evil_entry(evil, 1);
    *evil_entry(evil, 1) = leaf;
    evil_entry(evil, 0)->t_recv_ms = evil_entry(evil, 1)->t_recv_ms =
        evil->row->leaves[evil->row->n_leaves - 1].t_recv_ms;
}

static void one_twice(struct evil *evil)
{
    struct message_row *row = evil->row;
    struct message_leaf *entries =
        evil_copy(evil, row->leaves, (row->n_leaves + 1) * sizeof *row->leaves);
    entries[row->n_leaves] = entries[row->n_leaves - 1];
    row->leaves = entries;
    row->n_leaves++;
}

static void received_later(struct evil *evil)
{
    evil_entry(evil, 0)->t_recv_ms += 3600000;
}

static void altered_header(struct evil *evil)
{
    struct message_leaf *entry = evil_entry(evil, 0);
    uint8_t *header = evil_copy(evil, entry->header, entry->header_len);
    header[entry->header_len - 60] ^= 1;
    entry->header = header;
}

static void altered_signature(struct evil *evil)
{
    evil_entry(evil, 0)->sig[10] ^= 1;
}

static void leaf_of_another_space(struct evil *evil)
{
    struct message_response *answer = evil->answer;
    struct message_row *theirs = &answer->rows[evil->row == answer->rows ? 1 : 0];
    assert_true(theirs->n_leaves > 0);
    struct message_leaf leaf = theirs->leaves[theirs->n_leaves - 1];
    leaf.t_recv_ms = evil_entry(evil, 0)->t_recv_ms;
    *evil_entry(evil, 0) = leaf;
}

/* --- bodies --- */

/* The entry with two boxes. */
static struct message_leaf *two_boxes(struct evil *evil)
{
    for (size_t i = 0; i < evil->row->n_leaves; i++)
        if (evil->row->leaves[i].n_bodies == 2)
            return &evil->row->leaves[i];
    fail_msg("no leaf with two boxes");
    return NULL;
}

static void boxes_swapped(struct evil *evil)
{
    struct message_leaf *entry = two_boxes(evil);
    struct leaf_body body = entry->bodies[0];
    entry->bodies[0] = entry->bodies[1];
    entry->bodies[1] = body;
}

static void body_of_another_leaf(struct evil *evil)
{
    two_boxes(evil)->bodies[0] = evil_entry(evil, 0)->bodies[0];
}

static void body_of_another_space(struct evil *evil)
{
    struct message_response *answer = evil->answer;
    struct message_row *theirs = &answer->rows[evil->row == answer->rows ? 1 : 0];
    evil_entry(evil, 0)->bodies[0] = theirs->leaves[theirs->n_leaves - 1].bodies[0];
}

static void body_altered(struct evil *evil)
{
    struct leaf_body *body = &evil_entry(evil, 0)->bodies[0];
    uint8_t *bytes = evil_copy(evil, body->bytes, body->len);
    bytes[3] ^= 1;
    body->bytes = bytes;
}

static void body_kept_back(struct evil *evil)
{
    struct leaf_body *body = &evil_entry(evil, 0)->bodies[0];
    uint8_t hash[HASH_LEN];
    leaf_body_hash(hash, body);
    *body = (struct leaf_body){.bytes = evil_copy(evil, hash, HASH_LEN), .len = HASH_LEN};
}

static void body_missing(struct evil *evil)
{
    two_boxes(evil)->n_bodies = 1;
}

/* --- keys --- */

static void slot_kept_back(struct evil *evil)
{
    assert_true(evil->row->n_slots > 0);
    evil->row->n_slots = 0;
}

static void slot_altered(struct evil *evil)
{
    assert_true(evil->row->n_slots > 0);
    evil->row->slots[0].slot[40] ^= 1;
}

static void slot_of_another_dossier(struct evil *evil)
{
    struct store_slot slot;
    struct store_view *view = evil->kit.server.view;
    const struct space *space = engine_at(evil->kit.b.engine, evil->at_b[0]);
    uint8_t row[ID_LEN];
    seal_row(row, space->epochs[0].ek, space->pub.id, evil->site);
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->slot(view, space->pub.id, row, &slot), ERR_OK);
    view->engine->view_end(view);
    memcpy(evil->row->slots[0].slot, slot.slot.slot, SLOT_LEN);
}

static void rows_to_wrap(struct evil *evil)
{
    uint8_t rows[2][ID_LEN] = {{1}, {2}};
    evil->row->stale = evil_copy(evil, rows, sizeof rows);
    evil->row->n_stale = 2;
}

static void bodies_wanted(struct evil *evil)
{
    const struct message_want want[] = {{.leaf = 999999, .box = 3}, {.leaf = 0, .box = 0}};
    evil->row->want = evil_copy(evil, want, sizeof want);
    evil->row->n_want = 2;
}

static void join_invented(struct evil *evil)
{
    static const uint8_t garbage[80] = {0x93, 1, 2};
    struct message_inbox item = {
        .type = INBOX_JOIN, .payload = garbage, .payload_len = sizeof garbage};
    memcpy(item.id, evil->stranger, ID_LEN);
    evil->row->inbox = evil_copy(evil, &item, sizeof item);
    evil->row->n_inbox = 1;
}

static void keys_begin_again(struct evil *evil)
{
    evil->row->keys_rev = 0;
    memset(evil->answer->store_id, 9, STORE_ID_LEN);
}

/* --- the table --- */

static const struct evil_row attacks[] = {
    {"altered answer", altered_answer, REFUSED, ERR_SIGNATURE, ERR_OK},
    {"cut answer", cut_answer, REFUSED, ERR_FORMAT, ERR_OK},
    {"earlier answer replayed", earlier_answer, REFUSED, ERR_SIGNATURE, ERR_OK},
    {"answer by another key", other_key, REFUSED, ERR_SIGNATURE, ERR_OK},
    {"answer to another request", other_request, REFUSED, ERR_SIGNATURE, ERR_OK},
    {"rows left out", fewer_rows, REFUSED, ERR_FORMAT, ERR_OK},
    {"rows swapped between spaces", swapped_rows, ALARM, ERR_ROLLBACK, ERR_OK},
    {"clock ten years ahead", late_clock, QUIET, ERR_OK, ERR_OK},
    {"clock of 1970", early_clock, QUIET, ERR_OK, ERR_OK},
    {"news kept back", silence, QUIET, ERR_OK, ERR_OK},
    {"removal claimed without a leaf", said_removed, QUIET, ERR_OK, ERR_OK},
    {"space denied", said_no_space, ALARM, ERR_ROLLBACK, ERR_OK},
    {"device denied", said_unknown, ALARM, ERR_ROLLBACK, ERR_OK},
    {"rollback", rolled_back, ALARM, ERR_ROLLBACK, ERR_OK},
    {"fork at the same size", other_root, ALARM, ERR_FORK, ERR_FORK},
    {"checkpoint over other entries", root_of_nothing, INSISTS, ERR_FORK, ERR_OK},
    {"checkpoint by another key", note_by_another, ALARM, ERR_SIGNATURE, ERR_OK},
    {"checkpoint of another space", note_of_another_space, ALARM, ERR_SIGNATURE, ERR_OK},
    {"entries without a checkpoint", no_note, INSISTS, ERR_WITHHELD, ERR_OK},
    {"checkpoint beyond the entries", longer_than_told, INSISTS, ERR_ROOT, ERR_OK},
    {"newest entry kept back", newest_left_out, QUIET, ERR_OK, ERR_OK},
    {"entry dropped", one_left_out, IGNORED, ERR_OK, ERR_FORK},
    {"entries reordered", two_swapped, IGNORED, ERR_OK, ERR_FORK},
    {"entry replayed", one_twice, IGNORED, ERR_OK, ERR_FORK},
    {"received time altered", received_later, QUIET, ERR_OK, ERR_FORK},
    {"header altered", altered_header, IGNORED, ERR_OK, ERR_FORK},
    {"leaf signature altered", altered_signature, IGNORED, ERR_OK, ERR_FORK},
    {"leaf of another space", leaf_of_another_space, IGNORED, ERR_OK, ERR_FORK},
    {"bodies swapped between dossiers", boxes_swapped, ALARM, ERR_WITHHELD, ERR_OK},
    {"body of another leaf", body_of_another_leaf, ALARM, ERR_WITHHELD, ERR_OK},
    {"body of another space", body_of_another_space, ALARM, ERR_WITHHELD, ERR_OK},
    {"body altered", body_altered, ALARM, ERR_WITHHELD, ERR_OK},
    {"body kept back", body_kept_back, ALARM, ERR_WITHHELD, ERR_OK},
    {"body left out", body_missing, ALARM, ERR_WITHHELD, ERR_OK},
    {"slot kept back", slot_kept_back, INSISTS, ERR_WITHHELD, ERR_OK},
    {"slot altered", slot_altered, KEYLESS, ERR_OK, ERR_OK},
    {"slot of another dossier", slot_of_another_dossier, KEYLESS, ERR_OK, ERR_OK},
    {"rows to wrap invented", rows_to_wrap, QUIET, ERR_OK, ERR_OK},
    {"bodies wanted that are not there", bodies_wanted, QUIET, ERR_OK, ERR_OK},
    {"join invented", join_invented, QUIET, ERR_OK, ERR_OK},
    {"keys begin again", keys_begin_again, QUIET, ERR_OK, ERR_OK},
};

static void test_attacks(void **state)
{
    (void)state;
    evil_table_run(attacks, sizeof attacks / sizeof attacks[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_attacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
