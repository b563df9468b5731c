/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits. What a person typed becomes a draft: checked values of one record. A new record then finds its dossier and
 * space, and the draft becomes changes of one dossier, which the engine keeps in one transaction.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/pas_inside.h"
#include "proto/change.h"
#include "proto/digest.h"

enum { UNDO_MS = 10000 };

struct draft_value {
    const struct pack_field *field;
    struct pack_value value;
};

struct draft {
    struct pas *pas;
    const struct pack_kind *kind;
    struct pack_context context;
    struct draft_value *values; /* one slot per field of the kind, NULL field = not given */
    const struct pas_edit *edit;
    size_t space;
    uint8_t shred[ID_LEN];
    uint8_t record[RECORD_LEN];
    uint64_t base;
    bool dossier_implied; /* the record lies inside its dossier: the reference says nothing more */
    struct change *items;
    size_t *at; /* items[i].value as a place in `wire`, which may move while it grows */
    size_t n_items, items_cap;
    struct buf wire;
};

/* --- reading what was typed --- */

static enum err resolve_ref(void *user, const struct pack_field *field, const char *text,
                            char out[static PACK_REF_MAX])
{
    struct pas *pas = user;
    struct view_record record;
    enum err err = view_find(pas->view, text, field->targets, field->targets_n, &record);
    if (err == ERR_NOT_FOUND)
        return pas_fail(pas, err, WORD_RECORD_UNKNOWN, text);
    if (err == ERR_USAGE)
        return pas_fail(pas, err, WORD_RECORD_MANY, text);
    if (err == ERR_OK)
        snprintf(out, PACK_REF_MAX, "%s", record.id);
    return err;
}

static enum err draft_begin(struct draft *draft, struct pas *pas, const struct pack_kind *kind,
                            const struct pas_edit *edit)
{
    static const struct pas_edit usual;
    *draft = (struct draft){.pas = pas,
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

static void draft_end(struct draft *draft)
{
    for (size_t i = 0; draft->values && i < draft->kind->fields_n; i++)
        pack_value_fini(&draft->values[i].value);
    free(draft->values);
    free(draft->items);
    free(draft->at);
    buf_free(&draft->wire);
}

static struct draft_value *slot_of(struct draft *draft, const struct pack_field *field)
{
    for (size_t i = 0; i < draft->kind->fields_n; i++)
        if (&draft->kind->fields[i] == field)
            return &draft->values[i];
    assert(!"a field of another kind");
    return NULL;
}

static enum err read_text(struct draft *draft, const struct pack_field *field, const char *text)
{
    struct draft_value *slot = slot_of(draft, field);
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
        return pas_fail(draft->pas, err, WORD_FIELD_VALUE, label, why.text);
    return err;
}

static enum err read_pairs(struct draft *draft, const struct pas_pair *pairs, size_t n)
{
    enum err err = ERR_OK;
    struct pas *pas = draft->pas;
    const char *kind = draft->kind->key;
    for (size_t i = 0; i < n; i++) {
        const struct pack_field *field = pack_field_by_key(draft->kind, pairs[i].field);
        if (!field)
            return pas_fail(pas, ERR_USAGE, WORD_FIELD_UNKNOWN, kind, pairs[i].field, kind);
        if (slot_of(draft, field)->field)
            return pas_fail(pas, ERR_USAGE, WORD_FIELD_TWICE, pairs[i].field);
        TRY(read_text(draft, field, pairs[i].text));
    }
out:
    return err;
}

/* --- what a new record has without being told --- */

/* "placement.personne": the field personne of the record that the field placement names. */
static enum err read_copy(struct draft *draft, const struct pack_field *field)
{
    char name[PACK_KEY_MAX + 1];
    struct view_record from;
    const char *dot = strchr(field->copy, '.');
    enum err err = ERR_OK;
    if (!dot || (size_t)(dot - field->copy) > PACK_KEY_MAX)
        return ERR_OK;
    snprintf(name, sizeof name, "%.*s", (int)(dot - field->copy), field->copy);
    const struct pack_field *ref = pack_field_by_key(draft->kind, name);
    const struct draft_value *given = ref ? slot_of(draft, ref) : NULL;
    if (!given || given->value.type != PACK_VALUE_REF)
        return ERR_OK;
    err = view_find(draft->pas->view, given->value.text, NULL, 0, &from);
    if (err != ERR_OK || !from.kind)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    const struct pack_field *source = pack_field_by_key(from.kind, dot + 1);
    if (!source || source->type != field->type)
        return ERR_OK;
    struct draft_value *slot = slot_of(draft, field);
    err = view_value(draft->pas->view, &from, source, &slot->value);
    if (err == ERR_OK && slot->value.type != PACK_VALUE_NIL)
        slot->field = field;
    return err;
}

static enum err read_missing(struct draft *draft)
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
        if (field->initial && !draft->values[i].field)
            TRY(read_text(draft, field, field->initial));
        if (field->required && draft->values[i].value.type == PACK_VALUE_NIL)
            TRY(pas_fail(draft->pas, ERR_USAGE, WORD_FIELD_MISSING,
                         pack_label(&field->label, draft->pas->lang), field->key));
    }
out:
    return err;
}

/* --- where it is written --- */

static bool may_write(const struct engine_space *space)
{
    switch (space->state) {
    case SPACE_FOUNDING:
    case SPACE_WAITING: /* what is written now leaves after the approval */
        return true;
    case SPACE_ACTIVE:
        return (space->roles & ROLE_WRITER) != 0;
    default:
        return false;
    }
}

static enum err check_writable(struct pas *pas, size_t i)
{
    const struct engine_space *space = engine_space(pas->engine, i);
    if (may_write(space))
        return ERR_OK;
    if (space->state == SPACE_REVOKED)
        return ERR_REVOKED;
    if (space->state == SPACE_REFUSED)
        return space->status != ERR_OK ? space->status : ERR_DENIED;
    return pas_fail(pas, ERR_DENIED, WORD_READ_ONLY, space->name);
}

/* Whether any reference of the draft names a record of this space. */
static bool refers_to(struct draft *draft, size_t space)
{
    for (size_t i = 0; i < draft->kind->fields_n; i++) {
        struct view_record record;
        const struct pack_value *value = &draft->values[i].value;
        if (value->type == PACK_VALUE_REF &&
            view_find(draft->pas->view, value->text, NULL, 0, &record) == ERR_OK &&
            record.space == space)
            return true;
    }
    return false;
}

/* A space that was joined and not approved yet may not have told its level. */
static bool level_known(struct pas *pas, size_t i)
{
    return engine_space(pas->engine, i)->state != SPACE_WAITING || engine_fold(pas->engine, i);
}

/* The one space whose level is not known yet, for kinds that are not restricted. What turns out to be too private for
 * it does not leave: pas_sync_begin looks again. */
static bool choose_unknown(struct draft *draft)
{
    size_t found = 0;
    for (size_t i = 0; i < engine_space_count(draft->pas->engine); i++) {
        if (level_known(draft->pas, i))
            continue;
        draft->space = i;
        found++;
    }
    return found == 1 && draft->kind->level != PACK_RESTRICTED;
}

/* The space for a kind's level: that level, or the nearest narrower one; never a wider. */
static enum err choose_space(struct draft *draft)
{
    struct pas *pas = draft->pas;
    unsigned level = (unsigned)draft->kind->level;
    const char *word = words_level_for((enum space_level)level, pas->lang);
    enum err err = ERR_OK;
    if (draft->edit->space) {
        TRY(pas_space_of(pas, draft->edit->space, &draft->space));
        TRY(check_writable(pas, draft->space));
        const struct engine_space *space = engine_space(pas->engine, draft->space);
        if (level_known(pas, draft->space) && (unsigned)space->level < level)
            TRY(pas_fail(pas, ERR_DENIED, WORD_SPACE_WIDER, space->name));
        return ERR_OK;
    }
    for (unsigned at = level; at <= LEVEL_RESTRICTED; at++) {
        size_t found = 0, near = 0;
        for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
            const struct engine_space *space = engine_space(pas->engine, i);
            if ((unsigned)space->level != at || !may_write(space) || !level_known(pas, i))
                continue;
            bool refers = refers_to(draft, i);
            if ((refers && near == 0) || found == 0)
                draft->space = i;
            near += refers;
            found++;
        }
        if (found == 1 || near == 1)
            return ERR_OK;
        if (found > 1)
            return pas_fail(pas, ERR_USAGE, WORD_SPACE_MANY);
    }
    if (choose_unknown(draft))
        return ERR_OK;
    if (engine_space_count(pas->engine) == 0)
        return pas_fail(pas, ERR_NOT_FOUND, WORD_SPACE_NONE);
    return pas_fail(pas, ERR_DENIED, WORD_SPACE_LEVEL, word);
out:
    return err;
}

static enum err place_own(struct draft *draft)
{
    enum err err = ERR_OK;
    TRY(choose_space(draft));
    memset(draft->record, 0, RECORD_LEN);
    TRY(engine_dossier_new(draft->pas->engine, draft->space, draft->shred));
out:
    return err;
}

/* A record of a dossier lies inside it, unless the dossier's space is wider than the kind allows: then it is a dossier
 * of its own in a narrower space, and names the other one by its reference. */
static enum err place_new(struct draft *draft)
{
    struct view_record dossier;
    enum err err = ERR_OK;
    const struct pack_field *field = draft->kind->dossier;
    if (!field)
        return place_own(draft);
    const struct pack_value *value = &slot_of(draft, field)->value;
    if (value->type != PACK_VALUE_REF)
        return pas_fail(draft->pas, ERR_USAGE, WORD_FIELD_MISSING,
                        pack_label(&field->label, draft->pas->lang), field->key);
    TRY(view_find(draft->pas->view, value->text, NULL, 0, &dossier));
    const struct engine_space *space = engine_space(draft->pas->engine, dossier.space);
    if (level_known(draft->pas, dossier.space) &&
        (unsigned)space->level < (unsigned)draft->kind->level)
        return place_own(draft);
    if (dossier.locked)
        return pas_fail(draft->pas, ERR_VERSION, WORD_LOCKED);
    TRY(check_writable(draft->pas, dossier.space));
    TRY(engine_dossier_check(draft->pas->engine, dossier.space, dossier.shred));
    draft->space = dossier.space;
    memcpy(draft->shred, dossier.shred, ID_LEN);
    draft->dossier_implied = digest_is_zero(dossier.record, RECORD_LEN);
    do {
        digest_random(draft->record, RECORD_LEN);
    } while (digest_is_zero(draft->record, RECORD_LEN));
out:
    return err;
}

/* --- from values to changes --- */

static enum err add_item(struct draft *draft, uint32_t field, const struct view_value *value)
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

static enum err add_element(struct draft *draft, const struct pack_field *field, const char *item,
                            bool is_ref, int op)
{
    struct view_value value = {.type = is_ref ? PACK_VALUE_REF : PACK_VALUE_TEXT,
                               .op = op,
                               .text = item,
                               .text_len = strlen(item)};
    return add_item(draft, field->number, &value);
}

static bool has_item(const struct pack_value *set, const char *item)
{
    for (size_t i = 0; i < set->items_n; i++)
        if (strcmp(set->items[i], item) == 0)
            return true;
    return false;
}

/* A set is written as what is added and taken: against `now` where the whole set was given. */
static enum err add_set(struct draft *draft, const struct pack_field *field,
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

static enum err add_plain(struct draft *draft, const struct pack_field *field,
                          const struct pack_value *given)
{
    struct view_value value = {.type = given->type,
                               .op = -1,
                               .integer =
                                   given->type == PACK_VALUE_BOOL ? given->boolean : given->integer,
                               .text = given->text,
                               .text_len = given->text_len};
    return add_item(draft, field->number, &value);
}

/* `existing` NULL: a new record, whose empty fields say nothing. */
static enum err add_values(struct draft *draft, const struct view_record *existing)
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

static enum err write_draft(struct draft *draft)
{
    struct pas *pas = draft->pas;
    uint16_t number = (uint16_t)pas->pack->version;
    enum err err = ERR_OK;
    if (draft->n_items == 0)
        return ERR_OK;
    for (size_t i = 0; i < draft->n_items; i++)
        draft->items[i].value = draft->wire.bytes + draft->at[i];
    TRY(engine_edit(pas->engine, draft->space, draft->shred, number, draft->items, draft->n_items));
    TRY(view_add(pas->view, draft->space, draft->shred, number, draft->items, draft->n_items));
out:
    return err;
}

static enum err take_base(struct draft *draft)
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

/* --- the public calls --- */

static enum err give_id(struct pas *pas, const char *id, struct pas_id *out)
{
    struct view_record record;
    enum err err = view_find(pas->view, id, NULL, 0, &record);
    if (err == ERR_OK && out) {
        snprintf(out->id, sizeof out->id, "%s", record.id);
        snprintf(out->code, sizeof out->code, "%s", record.code);
    }
    return err;
}

int pas_new(struct pas *pas, const char *kind_text, const struct pas_pair *pairs, size_t n,
            const struct pas_edit *edit, struct pas_id *id)
{
    const struct pack_kind *kind = NULL;
    struct draft draft = {0};
    char text[VIEW_ID_MAX];
    enum err err = ERR_OK;
    pas_begin(pas);
    err = pas_kind(pas, kind_text, &kind);
    if (err != ERR_OK)
        return pas_end(pas, err);
    TRY(draft_begin(&draft, pas, kind, edit));
    TRY(read_pairs(&draft, pairs, n));
    TRY(read_missing(&draft));
    TRY(place_new(&draft));
    TRY(take_base(&draft));
    struct view_value number = {.type = PACK_VALUE_INT, .op = -1, .integer = kind->number};
    TRY(add_item(&draft, FIELD_KIND, &number));
    TRY(add_values(&draft, NULL));
    TRY(write_draft(&draft));
    view_id_text(text, draft.shred, draft.record);
    TRY(give_id(pas, text, id));
out:
    draft_end(&draft);
    return pas_end(pas, err);
}

/* Finds the record and checks that it may be written to. */
static enum err begin_existing(struct draft *draft, struct pas *pas, const char *text,
                               const struct pas_edit *edit, struct view_record *record)
{
    enum err err = ERR_OK;
    *draft = (struct draft){0};
    TRY(pas_record(pas, text, record));
    if (record->locked || !record->kind)
        return pas_fail(pas, ERR_VERSION, WORD_LOCKED);
    TRY(draft_begin(draft, pas, record->kind, edit));
    draft->space = record->space;
    memcpy(draft->shred, record->shred, ID_LEN);
    memcpy(draft->record, record->record, RECORD_LEN);
    TRY(check_writable(pas, record->space));
    TRY(engine_dossier_check(pas->engine, record->space, record->shred));
    TRY(take_base(draft));
out:
    return err;
}

static enum err check_fixed(struct draft *draft)
{
    for (size_t i = 0; i < draft->kind->fields_n; i++)
        if (draft->values[i].field && draft->kind->fields[i].fixed)
            return pas_fail(draft->pas, ERR_DENIED, WORD_FIELD_FIXED, draft->kind->fields[i].key);
    return ERR_OK;
}

static enum err check_conflicts(struct draft *draft, const struct view_record *record)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < draft->kind->fields_n; i++) {
        size_t standing = 0;
        if (!draft->values[i].field)
            continue;
        TRY(view_standing(draft->pas->view, record, &draft->kind->fields[i], &standing));
        if (standing < 2)
            TRY(pas_fail(draft->pas, ERR_USAGE, WORD_NO_CONFLICT, draft->kind->fields[i].key));
    }
out:
    return err;
}

static int set_values(struct pas *pas, const char *text, const struct pas_pair *pairs, size_t n,
                      const struct pas_edit *edit, bool resolve, struct pas_id *id)
{
    struct view_record record;
    struct draft draft = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    if (n == 0)
        TRY(pas_fail(pas, ERR_USAGE, WORD_NOTHING_SET));
    TRY(begin_existing(&draft, pas, text, edit, &record));
    TRY(read_pairs(&draft, pairs, n));
    TRY(check_fixed(&draft));
    if (resolve)
        TRY(check_conflicts(&draft, &record));
    TRY(add_values(&draft, &record));
    TRY(write_draft(&draft));
    TRY(give_id(pas, record.id, id));
out:
    draft_end(&draft);
    return pas_end(pas, err);
}

int pas_set(struct pas *pas, const char *record, const struct pas_pair *pairs, size_t n,
            const struct pas_edit *edit, struct pas_id *id)
{
    return set_values(pas, record, pairs, n, edit, false, id);
}

int pas_resolve(struct pas *pas, const char *record, const struct pas_pair *pairs, size_t n,
                struct pas_id *id)
{
    return set_values(pas, record, pairs, n, NULL, true, id);
}

int pas_mistake(struct pas *pas, const char *text, bool mistake, struct pas_id *id)
{
    struct view_record record;
    struct draft draft = {0};
    struct view_value value = {.type = PACK_VALUE_BOOL, .op = -1, .integer = mistake};
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(begin_existing(&draft, pas, text, NULL, &record));
    TRY(add_item(&draft, FIELD_MISTAKE, &value));
    TRY(write_draft(&draft));
    TRY(give_id(pas, record.id, id));
out:
    draft_end(&draft);
    return pas_end(pas, err);
}

int pas_undo(struct pas *pas, size_t *n)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    *n = 0;
    err = engine_undo(pas->engine, UNDO_MS, n);
    if (err == ERR_NOT_FOUND)
        err = pas_fail(pas, err, WORD_NOTHING_UNDO);
    TRY(err);
    TRY(view_refresh(pas->view));
out:
    return pas_end(pas, err);
}
