/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries of a record fit its kind and fields, which of them stand, and which one is shown.
 */
#include <string.h>

#include "client/view_merging.h"
#include "proto/change.h"

const char *view_text_of(const struct view *view, const struct view_entry *entry)
{
    return (const char *)view->texts.bytes + entry->text;
}

struct view_group view_group_of(const struct view *view, uint32_t field)
{
    size_t from = 0;
    while (from < view->n_entries && view->entries[from].field < field)
        from++;
    size_t to = from;
    while (to < view->n_entries && view->entries[to].field == field)
        to++;
    return (struct view_group){from, to};
}

/* The first change of a record says its kind; later ones do not change it. */
const struct view_entry *view_judge_kind(struct view_merging *m)
{
    struct view_group group = view_group_of(m->view, FIELD_KIND);
    const struct view_entry *first = NULL;
    for (size_t i = group.from; i < group.to; i++) {
        const struct view_entry *entry = &m->view->entries[i];
        if (entry->type == PACK_VALUE_INT && entry->op < 0 && (!first || entry->seq < first->seq))
            first = entry;
    }
    if (!first)
        return NULL;
    if (first->pack <= m->view->pack->version && first->integer > 0)
        m->kind = pack_kind_by_number(m->view->pack, (uint64_t)first->integer);
    m->locked = m->locked || !m->kind;
    return first;
}

static bool fits_core(const struct view_entry *entry)
{
    switch (entry->field) {
    case FIELD_KIND:
        return entry->type == PACK_VALUE_INT && entry->op < 0;
    case FIELD_MISTAKE:
        return entry->type == PACK_VALUE_BOOL && entry->op < 0;
    case FIELD_ORIGIN:
        return entry->type == PACK_VALUE_TEXT && entry->op < 0;
    case FIELD_MERGED:
        return (entry->type == PACK_VALUE_REF || entry->type == PACK_VALUE_NIL) && entry->op < 0;
    default:
        return false;
    }
}

static bool fits_field(const struct view *view, const struct pack_field *field,
                       const struct view_entry *entry)
{
    bool is_set = field->type == PACK_SET || field->type == PACK_CHECKLIST;
    char *text = (char *)view->texts.bytes + entry->text;
    struct pack_value value = {.type = entry->type,
                               .boolean = entry->integer != 0,
                               .integer = entry->integer,
                               .text = text,
                               .text_len = entry->text_len};
    if (is_set != (entry->op >= 0))
        return false;
    if (!is_set)
        return entry->type == PACK_VALUE_NIL || pack_value_fits(field, &value);
    if (entry->type != PACK_VALUE_TEXT && entry->type != PACK_VALUE_REF)
        return false;
    struct pack_value set = {.type = PACK_VALUE_SET,
                             .items_are_refs = entry->type == PACK_VALUE_REF,
                             .items = &text,
                             .items_n = 1};
    return pack_value_fits(field, &set);
}

void view_judge_entries(struct view_merging *m)
{
    for (size_t i = 0; i < m->view->n_entries; i++) {
        struct view_entry *entry = &m->view->entries[i];
        const struct pack_field *field = NULL;
        bool newer = entry->pack > m->view->pack->version;
        bool core = entry->field <= FIELD_ORIGIN;
        if (m->kind && !core)
            field = pack_field_by_number(m->kind, entry->field);
        if (newer || (m->kind && !core && !field))
            m->locked = true;
        if (core)
            entry->fits = fits_core(entry);
        else
            entry->fits = !newer && field && fits_field(m->view, field, entry);
    }
}

/* Whether the author of an entry knew that the record it was written to is one with the record of the other. */
static bool knew(const struct view *view, size_t a, const struct merge_entry *entry, size_t b)
{
    const size_t sources[] = {a, b};
    for (size_t i = 0; i < 2; i++)
        if (sources[i] && !merge_replaces(entry, &view->joints[sources[i] - 1].merge))
            return false;
    return true;
}

/* As merge_live, over several records that became one: what was written to one of them replaces what stands in another
 * only by who knew of that. */
static void merge_joined(struct view *view, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct merge_entry *older = &view->scratch[i];
        size_t mine = view->entries[view->which[i]].source;
        older->live = true;
        for (size_t k = i + 1; k < n && older->live; k++) {
            size_t source = view->entries[view->which[k]].source;
            older->live = !merge_replaces(&view->scratch[k], older) ||
                          (source != mine && !knew(view, source, &view->scratch[k], mine));
        }
    }
}

/* Merges the fitting entries of [from, to); gives how many take part. */
size_t view_merge_run(struct view *view, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        view->entries[i].merge.live = false;
        if (view->entries[i].fits) {
            view->scratch[n] = view->entries[i].merge;
            view->which[n++] = i;
        }
    }
    if (view->n_joints)
        merge_joined(view, n);
    else
        (void)merge_live(view->scratch, n);
    for (size_t i = 0; i < n; i++)
        view->entries[view->which[i]].merge.live = view->scratch[i].live;
    return n;
}

static int rank_of(const struct view *view, const struct pack_field *field, size_t at)
{
    const struct view_entry *entry = &view->entries[at];
    const struct pack_option *option = entry->type == PACK_VALUE_TEXT
                                           ? pack_option_by_key(field, view_text_of(view, entry))
                                           : NULL;
    return option ? option->rank : -1;
}

/* The entry that is shown of `n` merged ones; NULL when none stands. */
const struct view_entry *view_shown_of(const struct view *view, const struct pack_field *field,
                                       size_t n)
{
    size_t first = merge_first(view->scratch, n);
    if (first == n)
        return NULL;
    if (field && field->merge == PACK_MERGE_G) {
        for (size_t i = 0; i < n; i++) {
            if (!view->scratch[i].live)
                continue;
            int mine = rank_of(view, field, view->which[i]);
            int best = rank_of(view, field, view->which[first]);
            if (mine > best ||
                (mine == best && merge_compare(&view->scratch[i], &view->scratch[first]) > 0))
                first = i;
        }
    }
    return &view->entries[view->which[first]];
}

bool view_same_value(const struct view *view, const struct view_entry *a,
                     const struct view_entry *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == PACK_VALUE_TEXT || a->type == PACK_VALUE_REF)
        return strcmp(view_text_of(view, a), view_text_of(view, b)) == 0;
    return a->type == PACK_VALUE_NIL || a->integer == b->integer;
}
