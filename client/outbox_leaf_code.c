/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a leaf on its way.
 *
 *   leaf = [state, status, made_ms, kind, epoch, hash32, operation, keys64 | nil, [edit, ...], header, sig64,
 *           [body, ...], [row16, epoch, slot72, ...], [device16, epoch, type, seal, ...]]
 */
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/outbox_inside.h"
#include "proto/digest.h"
#include "proto/wire.h"

enum { LEAF_ITEMS_MAX = 1 << 18 };

static void encode_lists(struct buf *out, const struct outbox_leaf *leaf)
{
    wire_put_array(out, leaf->n_edits);
    for (size_t i = 0; i < leaf->n_edits; i++)
        wire_put_uint(out, leaf->edits[i]);
    wire_put_bin(out, leaf->header, leaf->header_len);
    wire_put_bin(out, leaf->sig, SIG_LEN);
    wire_put_array(out, leaf->n_bodies);
    for (size_t i = 0; i < leaf->n_bodies; i++)
        wire_put_bin(out, leaf->bodies[i].bytes, leaf->bodies[i].len);
    wire_put_array(out, 3 * leaf->n_slots);
    for (size_t i = 0; i < leaf->n_slots; i++) {
        wire_put_bin(out, leaf->slots[i].row, ID_LEN);
        wire_put_uint(out, leaf->slots[i].epoch);
        wire_put_bin(out, leaf->slots[i].slot, SLOT_LEN);
    }
    wire_put_array(out, 4 * leaf->n_seals);
    for (size_t i = 0; i < leaf->n_seals; i++) {
        wire_put_bin(out, leaf->seals[i].device, ID_LEN);
        wire_put_uint(out, leaf->seals[i].epoch);
        wire_put_uint(out, leaf->seals[i].type);
        wire_put_bin(out, leaf->seals[i].seal, leaf->seals[i].seal_len);
    }
}

void outbox_leaf_encode(struct buf *out, const struct outbox_leaf *leaf)
{
    wire_put_array(out, 14);
    wire_put_uint(out, leaf->state);
    wire_put_uint(out, leaf->status);
    wire_put_uint(out, leaf->made_ms);
    wire_put_uint(out, leaf->kind);
    wire_put_uint(out, leaf->epoch);
    wire_put_bin(out, leaf->hash, HASH_LEN);
    wire_put_uint(out, leaf->operation);
    if (leaf->keys) {
        uint8_t keys[2 * KEY_LEN];
        memcpy(keys, leaf->keys, KEY_LEN);
        memcpy(keys + KEY_LEN, leaf->keys_sk, KEY_LEN);
        wire_put_bin(out, keys, sizeof keys);
        digest_wipe(keys, sizeof keys);
    } else {
        wire_put_nil(out);
    }
    encode_lists(out, leaf);
}

void outbox_leaf_free(struct engine *engine, struct outbox_leaf *leaf)
{
    if (!leaf)
        return;
    keyring_cell_free(&engine->ring, leaf->keys);
    keyring_cell_free(&engine->ring, leaf->keys_sk);
    free(leaf->edits);
    free(leaf->bodies);
    free(leaf->slots);
    free(leaf->seals);
    buf_free(&leaf->bytes);
    free(leaf);
}

static void *list_new(struct wire_in *in, size_t n, size_t size)
{
    void *list = calloc(n + 1, size);
    if (!list)
        wire_fail(in, ERR_MEMORY);
    return list;
}

static void decode_keys(struct engine *engine, struct wire_in *in, struct outbox_leaf *leaf)
{
    uint8_t keys[2 * KEY_LEN];
    if (!wire_bytes_or_nil(in, keys, sizeof keys))
        return;
    leaf->keys = keyring_cell_new(&engine->ring);
    leaf->keys_sk = keyring_cell_new(&engine->ring);
    if (leaf->keys && leaf->keys_sk) {
        memcpy(leaf->keys, keys, KEY_LEN);
        memcpy(leaf->keys_sk, keys + KEY_LEN, KEY_LEN);
    } else {
        wire_fail(in, ERR_MEMORY);
    }
    digest_wipe(keys, sizeof keys);
}

static void decode_edits_bodies(struct wire_in *in, struct outbox_leaf *leaf)
{
    struct wire_in list = wire_array(in, 0, LEAF_ITEMS_MAX);
    leaf->n_edits = list.left;
    leaf->edits = list_new(in, leaf->n_edits, sizeof *leaf->edits);
    for (size_t i = 0; leaf->edits && i < leaf->n_edits; i++)
        leaf->edits[i] = wire_uint(&list, UINT64_MAX);
    wire_join(in, &list);
    leaf->header = wire_bin(in, &leaf->header_len, 0, HEADER_MAX);
    wire_bytes(in, leaf->sig, SIG_LEN);
    list = wire_array(in, 0, BOXES_MAX);
    leaf->n_bodies = list.left;
    leaf->bodies = list_new(in, leaf->n_bodies, sizeof *leaf->bodies);
    for (size_t i = 0; leaf->bodies && i < leaf->n_bodies; i++)
        leaf->bodies[i].bytes = wire_bin(&list, &leaf->bodies[i].len, 0, BODY_MAX);
    wire_join(in, &list);
}

static void decode_slots_seals(struct wire_in *in, struct outbox_leaf *leaf)
{
    struct wire_in list = wire_array(in, 0, 3 * PUSH_KEYS_MAX);
    leaf->n_slots = list.left / 3;
    leaf->slots = list_new(in, leaf->n_slots, sizeof *leaf->slots);
    for (size_t i = 0; leaf->slots && i < leaf->n_slots; i++) {
        wire_bytes(&list, leaf->slots[i].row, ID_LEN);
        leaf->slots[i].epoch = (uint32_t)wire_uint(&list, UINT32_MAX);
        wire_bytes(&list, leaf->slots[i].slot, SLOT_LEN);
    }
    wire_join(in, &list);
    list = wire_array(in, 0, 4 * PUSH_KEYS_MAX);
    leaf->n_seals = list.left / 4;
    leaf->seals = list_new(in, leaf->n_seals, sizeof *leaf->seals);
    for (size_t i = 0; leaf->seals && i < leaf->n_seals; i++) {
        struct leaf_seal *seal = &leaf->seals[i];
        wire_bytes(&list, seal->device, ID_LEN);
        seal->epoch = (uint32_t)wire_uint(&list, UINT32_MAX);
        seal->type = (uint8_t)wire_uint(&list, 255);
        seal->seal = wire_bin(&list, &seal->seal_len, 0, SEAL_LEN_MAX);
    }
    wire_join(in, &list);
}

enum err outbox_leaf_decode(struct engine *engine, struct outbox_leaf *leaf)
{
    struct wire_doc doc;
    enum err err = wire_open(&doc, leaf->bytes.bytes, leaf->bytes.len, 3, LEAF_ITEMS_MAX);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 14, 14);
    leaf->state = (enum outbox_state)wire_uint(&in, 255);
    leaf->status = (enum err)wire_uint(&in, 255);
    leaf->made_ms = wire_uint(&in, UINT64_MAX);
    leaf->kind = (enum leaf_kind)wire_uint(&in, 255);
    leaf->epoch = (uint32_t)wire_uint(&in, UINT32_MAX);
    wire_bytes(&in, leaf->hash, HASH_LEN);
    leaf->operation = wire_uint(&in, UINT64_MAX);
    decode_keys(engine, &in, leaf);
    decode_edits_bodies(&in, leaf);
    decode_slots_seals(&in, leaf);
    err = wire_end(&in);
    wire_close(&doc);
    return err;
}
