/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of the outbox.
 *
 *   operation = [made_ms, kind, target16, operation, text | nil]      the inner two as bin
 */
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/outbox_inside.h"
#include "proto/wire.h"

enum { OPERATION_TEXT_MAX = 2 << 20 };

struct outbox_operation *outbox_operation_by_id(const struct space *space, uint64_t id)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        if (space->outbox.operations[i].id == id)
            return &space->outbox.operations[i];
    }
    return NULL;
}

static struct outbox_operation *operation_room(struct outbox *outbox)
{
    struct outbox_operation *grown =
        realloc(outbox->operations, (outbox->n_operations + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    outbox->operations = grown;
    grown[outbox->n_operations] = (struct outbox_operation){0};
    return &grown[outbox->n_operations];
}

enum err outbox_operate(struct engine *engine, struct space *space, const struct op *op,
                        const uint8_t target[static ID_LEN], const uint8_t *text, size_t text_len)
{
    enum err err = ERR_OK;
    struct outbox *outbox = &space->outbox;
    struct buf inner = {.max = HEADER_MAX}, plain = {.max = 4 << 20};
    struct op bare = *op;
    bare.has_prev = kind_is_chained(op->kind); /* zeroes until the leaf is made */
    memset(bare.prev, 0, HASH_LEN);
    op_encode(&inner, &bare);
    TRY(inner.err);
    wire_put_array(&plain, 5);
    wire_put_uint(&plain, engine->now_ms);
    wire_put_uint(&plain, (uint64_t)op->kind);
    wire_put_bin(&plain, target, ID_LEN);
    wire_put_bin(&plain, inner.bytes, inner.len);
    if (text)
        wire_put_bin(&plain, text, text_len);
    else
        wire_put_nil(&plain);
    TRY(plain.err);
    struct outbox_operation *operation = operation_room(outbox);
    if (!operation)
        TRY(ERR_MEMORY);
    TRY(replica_put(engine->replica, REPLICA_OPERATION, space->no, outbox->last_id + 1, plain.bytes,
                    plain.len));
    *operation = (struct outbox_operation){
        .id = ++outbox->last_id, .made_ms = engine->now_ms, .kind = op->kind};
    memcpy(operation->target, target, ID_LEN);
    outbox->n_operations++;
out:
    buf_free(&inner);
    buf_free(&plain);
    return err;
}

static struct wire_in operation_head(struct wire_in *root, struct outbox_operation *operation)
{
    struct wire_in in = wire_array(root, 5, 5);
    operation->made_ms = wire_uint(&in, UINT64_MAX);
    operation->kind = (enum leaf_kind)wire_uint(&in, 255);
    wire_bytes(&in, operation->target, ID_LEN);
    return in;
}

static enum err load_operation(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct space *space = ctx;
    struct wire_doc doc;
    enum err err = wire_open(&doc, plain, len, 2, 16);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct outbox_operation *operation = operation_room(&space->outbox);
    if (operation) {
        struct wire_in root = wire_root(&doc);
        struct wire_in in = operation_head(&root, operation);
        err = in.err == ERR_OK ? ERR_OK : ERR_CORRUPT;
        operation->id = id;
    } else {
        err = ERR_MEMORY;
    }
    if (err == ERR_OK)
        space->outbox.n_operations++;
    wire_close(&doc);
    return err;
}

enum err outbox_content(struct engine *engine, const struct space *space,
                        const struct outbox_operation *operation, struct outbox_content *content)
{
    enum err err = ERR_OK;
    struct outbox_operation head;
    *content = (struct outbox_content){.bytes.max = 4 << 20};
    TRY(replica_get(engine->replica, REPLICA_OPERATION, space->no, operation->id, &content->bytes));
    TRY(wire_open(&content->record, content->bytes.bytes, content->bytes.len, 2, 16));
    struct wire_in root = wire_root(&content->record);
    struct wire_in in = operation_head(&root, &head);
    size_t inner_len;
    const uint8_t *inner = wire_bin(&in, &inner_len, 1, HEADER_MAX);
    if (!wire_nil(&in))
        content->text = wire_bin(&in, &content->text_len, 0, OPERATION_TEXT_MAX);
    TRY(wire_end(&in));
    TRY(wire_open(&content->operation, inner, inner_len, 4, ITEMS_MAX));
    root = wire_root(&content->operation);
    TRY(op_decode(&content->op, head.kind, &root));
out:
    if (err != ERR_OK)
        outbox_content_free(content);
    return err;
}

void outbox_content_free(struct outbox_content *content)
{
    op_fini(&content->op);
    wire_close(&content->operation);
    wire_close(&content->record);
    buf_free(&content->bytes);
    *content = (struct outbox_content){0};
}

enum err outbox_operation_drop(struct engine *engine, struct space *space, uint64_t id)
{
    struct outbox *outbox = &space->outbox;
    enum err err = replica_delete(engine->replica, REPLICA_OPERATION, space->no, id);
    for (size_t i = 0; err == ERR_OK && i < outbox->n_operations; i++) {
        if (outbox->operations[i].id != id)
            continue;
        memmove(&outbox->operations[i], &outbox->operations[i + 1],
                (outbox->n_operations - i - 1) * sizeof *outbox->operations);
        outbox->n_operations--;
        break;
    }
    return err;
}

enum err outbox_operations_load(struct engine *engine, struct space *space)
{
    return replica_each(engine->replica, REPLICA_OPERATION, space->no, load_operation, space);
}
