/* SPDX-License-Identifier: Apache-2.0 */
#include "client/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "client/rekey.h"
#include "proto/compress.h"
#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum {
    VERSION = 1,
    KEY_BOX_LEN = KEY_LEN + 48,
    DOCUMENT_MAX = 2 << 20,
    DOCUMENT_ITEMS_MAX = 1 << 17,
    EDITS_MAX = 8192,
    CHANGES_OF_EDIT_MAX = 2000,
    AD_LEN = 2 * ID_LEN
};

static void put_ad(uint8_t ad[static AD_LEN], const uint8_t *space, const uint8_t *device)
{
    memcpy(ad, space, ID_LEN);
    memcpy(ad + ID_LEN, device, ID_LEN);
}

/* --- making --- */

static enum err put_dossiers(struct space *space, const uint64_t *edits, size_t n, struct buf *out)
{
    struct buf list = {.max = DOCUMENT_MAX};
    size_t items = 0;
    for (size_t i = 0; i < n; i++) {
        const struct outbox_edit *edit = outbox_edit_by_id(space, edits[i]);
        const struct dossier *dossier = edit ? dossier_find(space, edit->shred) : NULL;
        bool before = false;
        for (size_t k = 0; k < i && edit && !before; k++) {
            const struct outbox_edit *other = outbox_edit_by_id(space, edits[k]);
            before = other && memcmp(other->shred, edit->shred, ID_LEN) == 0;
        }
        if (!dossier || dossier->born || !dossier->key || before)
            continue;
        wire_put_bin(&list, dossier->shred, ID_LEN);
        wire_put_bin(&list, dossier->key, KEY_LEN);
        items += 2;
    }
    wire_put_array(out, items);
    buf_put(out, list.bytes, list.len);
    enum err err = list.err == ERR_OK ? out->err : list.err;
    buf_free(&list);
    return err;
}

static enum err put_edit(struct engine *engine, struct space *space, uint64_t id, struct buf *out)
{
    const struct outbox_edit *edit = outbox_edit_by_id(space, id);
    struct outbox_changes changes;
    if (!edit)
        return ERR_NOT_FOUND;
    enum err err = outbox_changes(engine, space, edit, &changes);
    if (err != ERR_OK)
        return err;
    wire_put_array(out, 7);
    wire_put_bin(out, edit->author, ID_LEN);
    wire_put_bin(out, edit->run, RUN_LEN);
    wire_put_uint(out, edit->pack);
    wire_put_bin(out, edit->shred, ID_LEN);
    wire_put_uint(out, edit->ordinal);
    wire_put_int(out, changes.n ? changes.items[0].time_s : 0);
    wire_put_array(out, 4 * changes.n);
    for (size_t i = 0; i < changes.n; i++) {
        wire_put_bin(out, changes.items[i].record, RECORD_LEN);
        wire_put_uint(out, changes.items[i].field);
        wire_put_uint(out, changes.items[i].base);
        wire_put_bin(out, changes.items[i].value, changes.items[i].value_len);
    }
    outbox_changes_free(&changes);
    return out->err;
}

static enum err put_document(struct engine *engine, struct space *space, const uint64_t *edits,
                             size_t n, struct buf *out)
{
    enum err err = ERR_OK;
    wire_put_array(out, 2);
    TRY(put_dossiers(space, edits, n, out));
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++)
        TRY(put_edit(engine, space, edits[i], out));
out:
    return err;
}

static enum err sign_sealed(uint8_t sig[static SIG_LEN], const struct engine *engine,
                            const uint8_t ad[static AD_LEN], const struct buf *sealed)
{
    uint8_t hash[HASH_LEN];
    digest_sha256_of(hash, sealed->bytes, sealed->len);
    const struct digest_part parts[] = {{ad, AD_LEN}, {hash, HASH_LEN}};
    return sign_make(sig, engine->ring.device->ed_sk, TAG_OUTBOX, parts, 2);
}

enum err parcel_make(struct engine *engine, struct space *space, const uint64_t *edits, size_t n,
                     const struct parcel_to *to, size_t n_to, struct buf *payload)
{
    enum err err = ERR_OK;
    struct buf document = {.max = DOCUMENT_MAX}, packed = {.max = INBOX_ITEM_MAX},
               padded = {.max = INBOX_ITEM_MAX}, sealed = {.max = INBOX_ITEM_MAX};
    uint8_t ad[AD_LEN], sig[SIG_LEN], key[KEY_LEN];
    digest_random(key, sizeof key);
    put_ad(ad, space->pub.id, engine->ring.id);
    TRY(put_document(engine, space, edits, n, &document));
    compress_put(&packed, document.bytes, document.len);
    TRY(packed.err);
    change_pad(&padded, packed.bytes, packed.len, INBOX_ITEM_MAX);
    TRY(padded.err);
    uint8_t *room = buf_room(&sealed, padded.len + SEAL_BLOB_OVERHEAD);
    TRY(sealed.err);
    seal_blob(room, padded.bytes, padded.len, key, TAG_OUTBOX, ad, sizeof ad);
    TRY(sign_sealed(sig, engine, ad, &sealed));
    wire_put_array(payload, 4);
    wire_put_uint(payload, VERSION);
    wire_put_array(payload, 2 * n_to);
    for (size_t i = 0; i < n_to; i++) {
        uint8_t box[KEY_BOX_LEN];
        seal_box_to(box, key, KEY_LEN, to[i].x_pk);
        wire_put_bin(payload, to[i].id, ID_LEN);
        wire_put_bin(payload, box, sizeof box);
    }
    wire_put_bin(payload, sealed.bytes, sealed.len);
    wire_put_bin(payload, sig, sizeof sig);
    err = payload->err;
out:
    digest_wipe(key, sizeof key);
    buf_free(&document);
    buf_free(&packed);
    buf_free(&padded);
    buf_free(&sealed);
    return err;
}

/* --- opening --- */

struct parts {
    struct wire_doc doc;
    struct wire_in boxes;
    const uint8_t *sealed;
    size_t sealed_len;
    uint8_t sig[SIG_LEN];
};

/* wire_close(&parts->doc) whatever comes. */
static enum err split(struct parts *parts, const uint8_t *payload, size_t len)
{
    *parts = (struct parts){0};
    enum err err = wire_open(&parts->doc, payload, len, 2, 2 * PARCEL_TO_MAX + 8);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&parts->doc), in = wire_array(&root, 4, 4);
    if (wire_uint(&in, 255) != VERSION)
        wire_fail(&in, ERR_VERSION);
    parts->boxes = wire_array(&in, 0, 2 * PARCEL_TO_MAX);
    parts->sealed = wire_bin(&in, &parts->sealed_len, SEAL_BLOB_OVERHEAD + 1, INBOX_ITEM_MAX);
    wire_bytes(&in, parts->sig, SIG_LEN);
    return wire_end(&in);
}

enum err parcel_key(const struct engine *engine, const struct space *space,
                    const struct fold_device *from, const uint8_t *payload, size_t len,
                    uint8_t key[static KEY_LEN])
{
    enum err err = ERR_OK;
    struct parts parts = {0};
    struct rekey_ring boxes = {0};
    uint8_t ad[AD_LEN], hash[HASH_LEN];
    TRY(rekey_load(engine, space->pub.id, &boxes));
    TRY(split(&parts, payload, len));
    put_ad(ad, space->pub.id, from->id);
    digest_sha256_of(hash, parts.sealed, parts.sealed_len);
    const struct digest_part signed_parts[] = {{ad, AD_LEN}, {hash, HASH_LEN}};
    TRY(sign_verify(parts.sig, from->ed_pk, TAG_OUTBOX, signed_parts, 2));
    err = ERR_NO_KEY;
    while (parts.boxes.left > 0 && parts.boxes.err == ERR_OK) {
        uint8_t id[ID_LEN], box[KEY_BOX_LEN];
        wire_bytes(&parts.boxes, id, ID_LEN);
        wire_bytes(&parts.boxes, box, KEY_BOX_LEN);
        if (memcmp(id, engine->ring.id, ID_LEN) == 0 &&
            rekey_open_box(&boxes, key, box, KEY_BOX_LEN) == ERR_OK)
            err = ERR_OK;
    }
    if (parts.boxes.err != ERR_OK)
        err = parts.boxes.err;
out:
    rekey_free(&boxes);
    wire_close(&parts.doc);
    return err;
}

static enum err read_edit(struct wire_in *list, const struct parcel_reader *reader)
{
    enum err err = ERR_OK;
    struct outbox_edit edit = {0};
    struct wire_in in = wire_array(list, 7, 7);
    wire_bytes(&in, edit.author, ID_LEN);
    wire_bytes(&in, edit.run, RUN_LEN);
    edit.pack = (uint16_t)wire_uint(&in, UINT16_MAX);
    wire_bytes(&in, edit.shred, ID_LEN);
    edit.ordinal = wire_uint(&in, INT64_MAX);
    int64_t time_s = wire_int(&in);
    struct wire_in items = wire_array(&in, 4, 4 * CHANGES_OF_EDIT_MAX);
    if (wire_end(&in) != ERR_OK || items.left % 4)
        return ERR_FORMAT;
    struct change *changes = calloc(items.left / 4, sizeof *changes);
    if (!changes)
        return ERR_MEMORY;
    while (items.left > 0 && items.err == ERR_OK) {
        struct change *change = &changes[edit.n++];
        wire_bytes(&items, change->record, RECORD_LEN);
        change->field = (uint32_t)wire_uint(&items, UINT32_MAX);
        change->base = wire_uint(&items, INT64_MAX);
        change->value = wire_bin(&items, &change->value_len, 1, VALUE_MAX + 16);
        edit.raw_len += change->value_len;
        if (items.err == ERR_OK)
            TRY(change_value_check(change->value, change->value_len));
    }
    TRY(items.err);
    if (reader->edit)
        err = reader->edit(reader->ctx, &edit, time_s, changes);
out:
    free(changes);
    return err;
}

static enum err read_document(const struct buf *text, const struct parcel_reader *reader)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    TRY(wire_open(&doc, text->bytes, text->len, 4, DOCUMENT_ITEMS_MAX));
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 2, 2);
    struct wire_in dossiers = wire_array(&in, 0, 2 * EDITS_MAX);
    struct wire_in edits = wire_array(&in, 0, EDITS_MAX);
    TRY(wire_end(&in));
    while (dossiers.left > 0) {
        uint8_t shred[ID_LEN], rk[KEY_LEN];
        wire_bytes(&dossiers, shred, ID_LEN);
        wire_bytes(&dossiers, rk, KEY_LEN);
        err = dossiers.err;
        if (err == ERR_OK && reader->dossier)
            err = reader->dossier(reader->ctx, shred, rk);
        digest_wipe(rk, sizeof rk);
        TRY(err);
    }
    while (edits.left > 0)
        TRY(read_edit(&edits, reader));
out:
    wire_close(&doc);
    return err;
}

enum err parcel_read(const uint8_t space[static ID_LEN], const uint8_t device[static ID_LEN],
                     const uint8_t *payload, size_t len, const uint8_t key[static KEY_LEN],
                     const struct parcel_reader *reader)
{
    enum err err = ERR_OK;
    struct parts parts;
    struct buf plain = {.max = INBOX_ITEM_MAX}, text = {.max = DOCUMENT_MAX};
    uint8_t ad[AD_LEN];
    size_t content = 0;
    TRY(split(&parts, payload, len));
    put_ad(ad, space, device);
    uint8_t *room = buf_room(&plain, parts.sealed_len - SEAL_BLOB_OVERHEAD);
    TRY(plain.err);
    TRY(open_blob(room, parts.sealed, parts.sealed_len, key, TAG_OUTBOX, ad, sizeof ad));
    TRY(seal_unpad(&content, plain.bytes, plain.len));
    TRY(compress_get(&text, plain.bytes, content, DOCUMENT_MAX));
    TRY(read_document(&text, reader));
out:
    wire_close(&parts.doc);
    buf_free(&plain);
    buf_free(&text);
    return err;
}
