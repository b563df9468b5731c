/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a new record is written. The pack gives each kind a level; the record goes to that level or the nearest
 * narrower one, never to a wider.
 */
#include <string.h>

#include "client/pas_draft.h"
#include "proto/digest.h"

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

/* What is written to a file of a space that goes on elsewhere goes there too, as long as the file has not. */
enum err pas_place_check(struct pas *pas, size_t i)
{
    const struct engine_space *space = engine_space(pas->engine, i);
    if (may_write(space) || (space->state == SPACE_SUCCEEDED && space->roles & ROLE_WRITER))
        return ERR_OK;
    if (space->state == SPACE_REVOKED)
        return ERR_REVOKED;
    if (space->state == SPACE_REFUSED)
        return space->status != ERR_OK ? space->status : ERR_DENIED;
    return pas_fail(pas, ERR_DENIED, WORD_READ_ONLY, space->name);
}

/* Whether any reference of the draft names a record of this space. */
static bool refers_to(struct pas_draft *draft, size_t space)
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
    const struct engine_space *space = engine_space(pas->engine, i);
    return space->state == SPACE_FOUNDING || !digest_is_zero(space->old, ID_LEN) ||
           engine_fold(pas->engine, i);
}

/* The one space whose level is not known yet, for kinds that are not restricted. What turns out to be too private for
 * it does not leave: pas_sync_begin looks again. */
static bool choose_unknown(struct pas_draft *draft)
{
    size_t found = 0;
    for (size_t i = 0; i < engine_space_count(draft->pas->engine); i++) {
        if (level_known(draft->pas, i) || !may_write(engine_space(draft->pas->engine, i)))
            continue;
        draft->space = i;
        found++;
    }
    return found == 1 && draft->kind->level != PACK_RESTRICTED;
}

/* The space for a kind's level: that level, or the nearest narrower one; never a wider. */
static enum err choose_space(struct pas_draft *draft)
{
    struct pas *pas = draft->pas;
    unsigned level = (unsigned)draft->kind->level;
    const char *word = words_level_for((enum space_level)level, pas->lang);
    enum err err = ERR_OK;
    if (draft->edit->space) {
        TRY(pas_space_of(pas, draft->edit->space, &draft->space));
        if (engine_space(pas->engine, draft->space)->state == SPACE_SUCCEEDED)
            TRY(pas_succeeded(pas, draft->space));
        TRY(pas_place_check(pas, draft->space));
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

static enum err place_own(struct pas_draft *draft)
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
enum err pas_place_new(struct pas_draft *draft)
{
    struct view_record dossier;
    enum err err = ERR_OK;
    const struct pack_field *field = draft->kind->dossier;
    if (!field)
        return place_own(draft);
    const struct pack_value *value = &pas_draft_slot(draft, field)->value;
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
    if (engine_fold(draft->pas->engine, dossier.space) &&
        fold_moved(engine_fold(draft->pas->engine, dossier.space), dossier.shred))
        return pas_fail(draft->pas, ERR_DENIED, WORD_MOVED_AWAY);
    TRY(pas_place_check(draft->pas, dossier.space));
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
