/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/view.h"
#include "proto/change.h"
#include "proto/code.h"
#include "proto/digest.h"
#include "proto/wire.h"

void view_id_text(char out[static VIEW_ID_MAX], const uint8_t shred[static ID_LEN],
                  const uint8_t record[static RECORD_LEN])
{
    code_hex(out, shred, ID_LEN);
    if (!digest_is_zero(record, RECORD_LEN)) {
        out[2 * ID_LEN] = '-';
        code_hex(out + 2 * ID_LEN + 1, record, RECORD_LEN);
    }
}

enum err view_id_parse(const char *text, uint8_t shred[static ID_LEN],
                       uint8_t record[static RECORD_LEN])
{
    size_t len = strlen(text);
    memset(record, 0, RECORD_LEN);
    if (len == 2 * ID_LEN)
        return code_unhex(shred, ID_LEN, text, len);
    if (len != VIEW_ID_MAX - 1 || text[2 * ID_LEN] != '-')
        return ERR_FORMAT;
    enum err err = code_unhex(shred, ID_LEN, text, 2 * ID_LEN);
    if (err == ERR_OK)
        err = code_unhex(record, RECORD_LEN, text + 2 * ID_LEN + 1, 2 * RECORD_LEN);
    /* A record inside a dossier is never zero: two ids for one record would be two records. */
    if (err == ERR_OK && digest_is_zero(record, RECORD_LEN))
        err = ERR_FORMAT;
    return err;
}

/* A reference of 8, 16 or 24 bytes becomes an id in value->ref. */
static void take_reference(struct view_value *value, struct wire_in *in,
                           const uint8_t shred[static ID_LEN])
{
    static const uint8_t itself[RECORD_LEN];
    size_t len = 0;
    const uint8_t *bytes = wire_bin(in, &len, RECORD_LEN, ID_LEN + RECORD_LEN);
    if (!bytes)
        return;
    if (len == RECORD_LEN)
        view_id_text(value->ref, shred, bytes);
    else if (len == ID_LEN)
        view_id_text(value->ref, bytes, itself);
    else if (len == ID_LEN + RECORD_LEN)
        view_id_text(value->ref, bytes, bytes + ID_LEN);
    else
        wire_fail(in, ERR_FORMAT);
    value->type = PACK_VALUE_REF;
    value->text = value->ref;
    value->text_len = strlen(value->ref);
}

static void take_item(struct view_value *value, struct wire_in *in,
                      const uint8_t shred[static ID_LEN])
{
    switch (wire_peek(in)) {
    case WIRE_NIL:
        (void)wire_nil(in);
        value->type = PACK_VALUE_NIL;
        break;
    case WIRE_BOOL:
        value->type = PACK_VALUE_BOOL;
        value->integer = wire_bool(in);
        break;
    case WIRE_UINT:
    case WIRE_NEGATIVE:
        value->type = PACK_VALUE_INT;
        value->integer = wire_int(in);
        break;
    case WIRE_STR:
        value->type = PACK_VALUE_TEXT;
        value->text = wire_str(in, &value->text_len, VALUE_MAX);
        break;
    case WIRE_BIN:
        take_reference(value, in, shred);
        break;
    default:
        wire_fail(in, ERR_FORMAT);
        break;
    }
}

enum err view_value_decode(struct view_value *value, const uint8_t *bytes, size_t len,
                           const uint8_t shred[static ID_LEN])
{
    struct wire_doc doc = {0};
    *value = (struct view_value){.op = -1};
    if (len > VALUE_MAX)
        return ERR_FORMAT;
    enum err err = wire_open(&doc, bytes, len, 1, 4);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_FORMAT;
    struct wire_in root = wire_root(&doc);
    if (wire_peek(&root) == WIRE_ARRAY) {
        struct wire_in pair = wire_array(&root, 2, 2);
        value->op = (int)wire_uint(&pair, 1);
        take_item(value, &pair, shred);
        if (value->type == PACK_VALUE_NIL)
            wire_fail(&pair, ERR_FORMAT);
        wire_join(&root, &pair);
    } else {
        take_item(value, &root, shred);
    }
    err = wire_end(&root);
    wire_close(&doc);
    return err == ERR_OK ? ERR_OK : ERR_FORMAT;
}

static enum err put_reference(struct buf *out, const char *id, const uint8_t shred[static ID_LEN])
{
    uint8_t bytes[ID_LEN + RECORD_LEN];
    enum err err = view_id_parse(id, bytes, bytes + ID_LEN);
    if (err != ERR_OK)
        return err;
    if (memcmp(bytes, shred, ID_LEN) == 0)
        wire_put_bin(out, bytes + ID_LEN, RECORD_LEN);
    else if (digest_is_zero(bytes + ID_LEN, RECORD_LEN))
        wire_put_bin(out, bytes, ID_LEN);
    else
        wire_put_bin(out, bytes, sizeof bytes);
    return out->err;
}

enum err view_value_encode(struct buf *out, const struct view_value *value,
                           const uint8_t shred[static ID_LEN])
{
    if (value->op >= 0) {
        wire_put_array(out, 2);
        wire_put_uint(out, (uint64_t)value->op);
    }
    switch (value->type) {
    case PACK_VALUE_NIL:
        wire_put_nil(out);
        break;
    case PACK_VALUE_BOOL:
        wire_put_bool(out, value->integer != 0);
        break;
    case PACK_VALUE_INT:
        wire_put_int(out, value->integer);
        break;
    case PACK_VALUE_TEXT:
        wire_put_str(out, value->text, value->text_len);
        break;
    case PACK_VALUE_REF:
        return put_reference(out, value->text, shred);
    case PACK_VALUE_SET:
        return ERR_FORMAT;
    }
    return out->err;
}
