/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a person typed to checked values, and from values to changes.
 */
#include "client/pas_draft.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"

/* --- reading what was typed --- */

static enum err resolve_ref(void *user, const struct pack_field *field, const char *text,
                            char out[static PACK_REF_MAX])
{
    struct pas *pas = user;
    struct view_record record;
    enum err err = pas_record_of(pas, text, field->targets, field->targets_n, &record);
    if (err == ERR_OK)
        snprintf(out, PACK_REF_MAX, "%s", record.id);
    return err;
}

enum err pas_draft_begin(struct pas_draft *draft, struct pas *pas, const struct pack_kind *kind,
                         const struct pas_edit *edit)
{
    static const struct pas_edit usual;
    *draft = (struct pas_draft){.pas = pas,
                                .kind = kind,
                                .edit = edit ? edit : &usual,
                                .wire = {.max = (size_t)CHANGES_MAX * 1024}};
    draft->context = (struct pack_context){
        .has_today = true,
        .today = civil_paris((int64_t)(engine_now_ms(pas->engine) / 1000), NULL),
        .lang = pas->lang,
        .resolve = resolve_ref,
        .user = pas};
    draft->values = calloc(kind->fields_n, sizeof *draft->values);
    return draft->values ? ERR_OK : ERR_MEMORY;
}

void pas_draft_end(struct pas_draft *draft)
{
    for (size_t i = 0; draft->values && i < draft->kind->fields_n; i++)
        pack_value_fini(&draft->values[i].value);
    free(draft->values);
    free(draft->items);
    free(draft->at);
    buf_free(&draft->wire);
}

struct pas_draft_value *pas_draft_slot(struct pas_draft *draft, const struct pack_field *field)
{
    const struct pack_field *first = draft->kind->fields;
    assert(field >= first && field < first + draft->kind->fields_n);
    return &draft->values[field - first];
}

const char *pas_draft_why(const struct pack_field *field, const char *why)
{
    size_t len = strlen(field->key);
    return strncmp(why, field->key, len) == 0 && strncmp(why + len, ": ", 2) == 0 ? why + len + 2
                                                                                  : why;
}

static enum err read_text(struct pas_draft *draft, const struct pack_field *field, const char *text)
{
    struct pas_draft_value *slot = pas_draft_slot(draft, field);
    struct pack_why why = {{0}};
    enum err err = pack_value_check(field, text, &draft->context, &slot->value, &why);
    const char *label = pack_label(&field->label, draft->pas->lang);
    if (err == ERR_OK)
        slot->field = field;
    else if (draft->pas->why[0])
        return err; /* the reference's own reason */
    else if (err == ERR_TOO_BIG && !why.text[0])
        return pas_fail(draft->pas, err, WORD_FIELD_LONG, label);
    else if (why.text[0])
        return pas_fail(draft->pas, err, WORD_FIELD_VALUE, label, pas_draft_why(field, why.text));
    return err;
}

enum err pas_draft_pairs(struct pas_draft *draft, const struct pas_pair *pairs, size_t n)
{
    enum err err = ERR_OK;
    struct pas *pas = draft->pas;
    const char *kind = draft->kind->key;
    for (size_t i = 0; i < n; i++) {
        const struct pack_field *field = pack_field_by_key(draft->kind, pairs[i].field);
        if (!field)
            return pas_fail(pas, ERR_USAGE, WORD_FIELD_UNKNOWN, kind, pairs[i].field, kind);
        if (pas_draft_slot(draft, field)->field)
            return pas_fail(pas, ERR_USAGE, WORD_FIELD_TWICE, pairs[i].field);
        TRY(read_text(draft, field, pairs[i].text));
    }
out:
    return err;
}

/* --- what a new record has without being told --- */

/* "placement.personne": the field personne of the record that the field placement names. */
static enum err read_copy(struct pas_draft *draft, const struct pack_field *field)
{
    char name[PACK_KEY_MAX + 1];
    struct view_record from;
    const char *dot = strchr(field->copy, '.');
    enum err err = ERR_OK;
    if (!dot || (size_t)(dot - field->copy) > PACK_KEY_MAX)
        return ERR_OK;
    snprintf(name, sizeof name, "%.*s", (int)(dot - field->copy), field->copy);
    const struct pack_field *ref = pack_field_by_key(draft->kind, name);
    const struct pas_draft_value *given = ref ? pas_draft_slot(draft, ref) : NULL;
    if (!given || given->value.type != PACK_VALUE_REF)
        return ERR_OK;
    err = view_find(draft->pas->view, given->value.text, NULL, 0, &from);
    if (err != ERR_OK || !from.kind)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    const struct pack_field *source = pack_field_by_key(from.kind, dot + 1);
    if (!source || source->type != field->type)
        return ERR_OK;
    struct pas_draft_value *slot = pas_draft_slot(draft, field);
    err = view_value(draft->pas->view, &from, source, &slot->value);
    if (err == ERR_OK && slot->value.type != PACK_VALUE_NIL)
        slot->field = field;
    return err;
}

enum err pas_draft_missing(struct pas_draft *draft)
{
    enum err err = ERR_OK;
    /* Twice: a copied reference may be what another copy goes by. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < draft->kind->fields_n; i++) {
            const struct pack_field *field = &draft->kind->fields[i];
            if (field->copy && !draft->values[i].field)
                TRY(read_copy(draft, field));
        }
    }
    for (size_t i = 0; i < draft->kind->fields_n; i++) {
        const struct pack_field *field = &draft->kind->fields[i];
        if (field->initial && strcmp(field->initial, PAS_GROUP) != 0 && !draft->values[i].field)
            TRY(read_text(draft, field, field->initial));
        if (field->required && draft->values[i].value.type == PACK_VALUE_NIL)
            TRY(pas_fail(draft->pas, ERR_USAGE, WORD_FIELD_MISSING,
                         pack_label(&field->label, draft->pas->lang), field->key));
    }
out:
    return err;
}

/* --- from values to changes --- */

enum err pas_draft_item(struct pas_draft *draft, uint32_t field, const struct view_value *value)
{
    if (draft->n_items == draft->items_cap) {
        size_t cap = draft->items_cap ? 2 * draft->items_cap : 32;
        struct change *items = realloc(draft->items, cap * sizeof *items);
        if (items)
            draft->items = items;
        size_t *at = realloc(draft->at, cap * sizeof *at);
        if (at)
            draft->at = at;
        if (!items || !at)
            return ERR_MEMORY;
        draft->items_cap = cap;
    }
    size_t start = draft->wire.len;
    enum err err = view_value_encode(&draft->wire, value, draft->shred);
    if (err != ERR_OK)
        return err;
    struct change *item = &draft->items[draft->n_items];
    *item =
        (struct change){.field = field, .base = draft->base, .value_len = draft->wire.len - start};
    memcpy(item->record, draft->record, RECORD_LEN);
    draft->at[draft->n_items++] = start;
    return ERR_OK;
}

static enum err add_element(struct pas_draft *draft, const struct pack_field *field,
                            const char *item, bool is_ref, int op)
{
    struct view_value value = {.type = is_ref ? PACK_VALUE_REF : PACK_VALUE_TEXT,
                               .op = op,
                               .text = item,
                               .text_len = strlen(item)};
    return pas_draft_item(draft, field->number, &value);
}

static bool has_item(const struct pack_value *set, const char *item)
{
    for (size_t i = 0; i < set->items_n; i++)
        if (strcmp(set->items[i], item) == 0)
            return true;
    return false;
}

/* A set is written as what is added and taken: against `now` where the whole set was given. */
static enum err add_set(struct pas_draft *draft, const struct pack_field *field,
                        const struct pack_value *given, const struct pack_value *now)
{
    enum err err = ERR_OK;
    bool refs = field->type == PACK_SET && field->of == PACK_REF;
    for (size_t i = 0; i < given->items_n; i++) {
        if (given->mode == PACK_SET_IS && has_item(now, given->items[i]))
            continue;
        TRY(add_element(draft, field, given->items[i], refs, given->mode != PACK_SET_REMOVE));
    }
    if (given->type == PACK_VALUE_SET && given->mode != PACK_SET_IS)
        return ERR_OK;
    for (size_t i = 0; i < now->items_n; i++)
        if (!has_item(given, now->items[i]))
            TRY(add_element(draft, field, now->items[i], refs, 0));
out:
    return err;
}

static enum err add_plain(struct pas_draft *draft, const struct pack_field *field,
                          const struct pack_value *given)
{
    struct view_value value = {.type = given->type,
                               .op = -1,
                               .integer =
                                   given->type == PACK_VALUE_BOOL ? given->boolean : given->integer,
                               .text = given->text,
                               .text_len = given->text_len};
    return pas_draft_item(draft, field->number, &value);
}

/* `existing` NULL: a new record, whose empty fields say nothing. */
enum err pas_draft_values(struct pas_draft *draft, const struct view_record *existing)
{
    enum err err = ERR_OK;
    struct pack_value now = {0};
    for (size_t i = 0; i < draft->kind->fields_n; i++) {
        const struct pack_field *field = &draft->kind->fields[i];
        const struct pack_value *given = &draft->values[i].value;
        bool is_set = field->type == PACK_SET || field->type == PACK_CHECKLIST;
        if (!draft->values[i].field || (!existing && given->type == PACK_VALUE_NIL) ||
            (draft->dossier_implied && field == draft->kind->dossier))
            continue;
        if (!is_set) {
            TRY(add_plain(draft, field, given));
            continue;
        }
        if (existing)
            TRY(view_value(draft->pas->view, existing, field, &now));
        TRY(add_set(draft, field, given, &now));
        pack_value_fini(&now);
    }
out:
    pack_value_fini(&now);
    return err;
}

enum err pas_draft_write(struct pas_draft *draft)
{
    struct pas *pas = draft->pas;
    uint16_t number = (uint16_t)pas->pack->version;
    enum err err = ERR_OK;
    if (draft->n_items == 0)
        return ERR_OK;
    for (size_t i = 0; i < draft->n_items; i++)
        draft->items[i].value = draft->wire.bytes + draft->at[i];
    TRY(engine_edit(pas->engine, draft->space, draft->shred, number, draft->items, draft->n_items));
    /* Now it is written, whatever becomes of the tables: an error would let people write it twice. */
    if (view_add(pas->view, draft->space, draft->shred, number, draft->items, draft->n_items) !=
        ERR_OK)
        pas_look_anew(pas);
out:
    return err;
}

enum err pas_draft_base(struct pas_draft *draft)
{
    uint64_t size = engine_space(draft->pas->engine, draft->space)->size;
    char asked[24], known[24];
    draft->base = draft->edit->has_base ? draft->edit->base : size;
    if (draft->base <= size)
        return ERR_OK;
    snprintf(asked, sizeof asked, "%llu", (unsigned long long)draft->base);
    snprintf(known, sizeof known, "%llu", (unsigned long long)size);
    return pas_fail(draft->pas, ERR_USAGE, WORD_BASE_AHEAD, asked, known);
}
