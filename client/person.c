/* SPDX-License-Identifier: Apache-2.0 */
#include "client/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/page.h"
#include "client/pas_json.h"
#include "client/text.h"

enum { WORD_MAX = 64, WORD_MIN = 3, VALUE_MAX_LEN = 1 << 20 };

/* --- sentences of ours --- */

struct words {
    const char *lang, *title, *about, *accesses, *none, *other, *mistake, *columns[3], *note;
};

/* Romanian and Bulgarian: not read yet by a native reader, as the pack says of its own. */
static const struct words sentences[] = {
    {"fr",
     "Ce qui est noté sur vous",
     "Copie remise à la personne concernée, le",
     "Qui a ouvert, exporté ou imprimé ce dossier",
     "personne",
     "[autre personne]",
     "saisie par erreur",
     {"Quand", "Quoi", "Qui"},
     "Les noms d'autres personnes sont masqués. Les consultations des douze dernières heures sur "
     "d'autres appareils peuvent manquer."},
    {"en",
     "What is noted about you",
     "Copy for the person concerned, made on",
     "Who opened, exported or printed this file",
     "nobody",
     "[another person]",
     "entered by mistake",
     {"When", "What", "Who"},
     "Names of other people are masked. Openings of the last twelve hours on other devices may be "
     "missing."},
    {"ro",
     "Ce este notat despre dumneavoastră",
     "Copie pentru persoana vizată, făcută la",
     "Cine a deschis, exportat sau tipărit acest dosar",
     "nimeni",
     "[altă persoană]",
     "introdus din greșeală",
     {"Când", "Ce", "Cine"},
     "Numele altor persoane sunt ascunse. Consultările din ultimele douăsprezece ore pe alte "
     "aparate pot lipsi. (traducere nerevizuită)"},
    {"bg",
     "Какво е записано за вас",
     "Копие за лицето, направено на",
     "Кой е отварял, изнасял или печатал това досие",
     "никой",
     "[друго лице]",
     "въведено по грешка",
     {"Кога", "Какво", "Кой"},
     "Имената на други хора са скрити. Отварянията от последните дванадесет часа на други "
     "устройства може да липсват. (непрегледан превод)"},
};
enum { SENTENCES_N = sizeof sentences / sizeof sentences[0] };

static const struct words *words_of(const char *lang)
{
    for (size_t i = 0; i < SENTENCES_N; i++) {
        if (strcmp(sentences[i].lang, lang) == 0)
            return &sentences[i];
    }
    return &sentences[0];
}

/* --- names of other people --- */

struct names {
    size_t n, cap;
    char (*list)[WORD_MAX];
};

struct writing {
    const struct domain *domain;
    const char *id; /* of the person */
    const struct words *words;
    struct names others;
    struct buf *html, *json;
    bool first; /* record of the JSON */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Bytes of letters and digits; everything beyond ASCII counts as a letter. */
static bool in_word(char c)
{
    return (c & 0x80) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t word_len(const char *text)
{
    size_t len = 0;
    while (text[len] && in_word(text[len]))
        len++;
    return len;
}

static bool fold_word(char out[static WORD_MAX], const char *text, size_t len)
{
    if (len < WORD_MIN || len >= WORD_MAX / 2)
        return false;
    (void)text_fold(out, WORD_MAX, text, len);
    return out[0] != 0;
}

static enum err add_words(struct names *names, const char *text)
{
    while (*text) {
        size_t len = word_len(text);
        if (names->n == names->cap) {
            size_t cap = names->cap ? 2 * names->cap : 256;
            char(*grown)[WORD_MAX] = realloc(names->list, cap * WORD_MAX);
            if (!grown)
                return ERR_MEMORY;
            names->list = grown;
            names->cap = cap;
        }
        names->n += fold_word(names->list[names->n], text, len);
        text += len ? len : 1;
    }
    return ERR_OK;
}

static bool is_name(const struct names *names, const char *text, size_t len)
{
    char folded[WORD_MAX];
    return fold_word(folded, text, len) && names->n > 0 &&
           bsearch(folded, names->list, names->n, WORD_MAX, by_text);
}

enum err person_kind(const struct domain *domain, const struct pack_kind *kind, bool *person)
{
    struct sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row = false;
    *person = false;
    TRY(domain_prepare_own(domain, &rows, "SELECT person FROM domain_kind WHERE key = :key"));
    domain_bind(rows, ":key", kind->key);
    TRY(domain_step(rows, &row));
    *person = row && !kind->dossier && strcmp(domain_text(rows, 0), "0") != 0;
out:
    domain_end(rows);
    return err;
}

static enum err collect_kind(struct writing *writing, const struct pack_kind *kind,
                             struct names *own)
{
    struct sqlite3_stmt *rows = NULL;
    bool person = false, row;
    enum err err = ERR_OK;
    TRY(person_kind(writing->domain, kind, &person));
    if (!person)
        goto out;
    TRY(domain_prepare_own(writing->domain, &rows, "SELECT id, title(id) FROM \"%w\"", kind->key));
    while ((err = domain_step(rows, &row)) == ERR_OK && row) {
        bool mine = strcmp(domain_text(rows, 0), writing->id) == 0;
        TRY(add_words(mine ? own : &writing->others, domain_text(rows, 1)));
    }
out:
    domain_end(rows);
    return err;
}

/* Words of other people's names that are not the person's own. */
static enum err collect_names(struct writing *writing)
{
    struct names own = {0}, *others = &writing->others;
    const struct pack *pack = writing->domain->pack;
    size_t kept = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; i < pack->kinds_n; i++)
        TRY(collect_kind(writing, &pack->kinds[i], &own));
    if (own.n)
        qsort(own.list, own.n, WORD_MAX, by_text);
    for (size_t i = 0; i < others->n; i++) {
        if (own.n && bsearch(others->list[i], own.list, own.n, WORD_MAX, by_text))
            continue;
        if (kept != i)
            memcpy(others->list[kept], others->list[i], WORD_MAX);
        kept++;
    }
    others->n = kept;
    if (others->n)
        qsort(others->list, others->n, WORD_MAX, by_text);
out:
    free(own.list);
    return err;
}

static void put_masked(const struct writing *writing, const char *text, struct buf *out)
{
    while (*text) {
        size_t len = word_len(text);
        if (len && is_name(&writing->others, text, len))
            domain_put(out, "[…]");
        else
            buf_put(out, text, len ? len : 1);
        text += len ? len : 1;
    }
}

/* --- values --- */

/* A reference to another person says no name. */
static enum err names_other(const struct writing *writing, const struct pack_field *field,
                            const char *stored, bool *other)
{
    bool person = false;
    enum err err = ERR_OK;
    *other = false;
    for (size_t i = 0; i < field->targets_n; i++) {
        TRY(person_kind(writing->domain, field->targets[i], &person));
        *other = *other || (person && strncmp(stored, writing->id, strlen(writing->id)) != 0);
    }
out:
    return err;
}

static enum err shown(const struct writing *writing, const struct pack_field *field,
                      const char *stored, struct buf *out)
{
    struct buf plain = {.max = VALUE_MAX_LEN};
    bool other = false;
    enum err err = ERR_OK;
    TRY(names_other(writing, field, stored, &other));
    if (other) {
        domain_put(out, writing->words->other);
    } else {
        TRY(domain_shown(writing->domain, field, stored, &plain));
        buf_u8(&plain, 0);
        TRY(plain.err);
        put_masked(writing, (const char *)plain.bytes, out);
    }
    buf_u8(out, 0);
    err = out->err;
out:
    buf_free(&plain);
    return err;
}

static enum err put_field(const struct writing *writing, const struct pack_field *field,
                          const char *stored, int *first)
{
    struct buf text = {.max = VALUE_MAX_LEN};
    const char *label = pack_label(&field->label, writing->domain->lang);
    int inner = 1;
    enum err err = shown(writing, field, stored, &text);
    if (err == ERR_OK) {
        const char *value = (const char *)text.bytes;
        page_field(writing->html, label, value);
        pas_json_key(writing->json, first, field->key);
        domain_put(writing->json, "{");
        pas_json_key(writing->json, &inner, "label");
        pas_json_text(writing->json, label, strlen(label));
        pas_json_key(writing->json, &inner, "text");
        pas_json_text(writing->json, value, strlen(value));
        domain_put(writing->json, "}");
    }
    buf_free(&text);
    return err;
}

/* --- records --- */

static void begin_record(struct writing *writing, const struct pack_kind *kind, const char *code,
                         const char *created, bool mistake)
{
    char heading[512];
    const char *label = pack_label(&kind->label, writing->domain->lang);
    int first = 1;
    snprintf(heading, sizeof heading, "%s · %s · %.10s%s%s", label, code, created,
             mistake ? " · " : "", mistake ? writing->words->mistake : "");
    page_heading(writing->html, heading);
    domain_put(writing->json, writing->first ? "{" : ",{");
    writing->first = false;
    pas_json_key(writing->json, &first, "kind");
    pas_json_text(writing->json, kind->key, strlen(kind->key));
    pas_json_key(writing->json, &first, "label");
    pas_json_text(writing->json, label, strlen(label));
    pas_json_key(writing->json, &first, "code");
    pas_json_text(writing->json, code, strlen(code));
    pas_json_key(writing->json, &first, "created_at");
    pas_json_text(writing->json, created, strlen(created));
    pas_json_key(writing->json, &first, "mistake");
    pas_json_raw(writing->json, mistake ? "true" : "false");
    pas_json_key(writing->json, &first, "fields");
    domain_put(writing->json, "{");
}

/* One row of "SELECT * FROM kind". */
static enum err put_record(struct writing *writing, const struct pack_kind *kind,
                           struct sqlite3_stmt *rows)
{
    const char *code = "", *created = "";
    bool mistake = false;
    int fields = 1;
    enum err err = ERR_OK;
    for (int c = 0; c < domain_columns(rows); c++) {
        const char *name = domain_column(rows, c);
        if (strcmp(name, "code") == 0)
            code = domain_text(rows, c);
        else if (strcmp(name, "created_at") == 0)
            created = domain_text(rows, c);
        else if (strcmp(name, "mistake") == 0)
            mistake = strcmp(domain_text(rows, c), "1") == 0;
    }
    begin_record(writing, kind, code, created, mistake);
    for (size_t i = 0; i < kind->fields_n; i++) {
        for (int c = 0; c < domain_columns(rows); c++) {
            if (strcmp(domain_column(rows, c), kind->fields[i].key) == 0 && *domain_text(rows, c))
                TRY(put_field(writing, &kind->fields[i], domain_text(rows, c), &fields));
        }
    }
    domain_put(writing->json, "}}");
out:
    return err;
}

/* The records of a kind that belong to the person, also those in a restricted space that name the person as their
 * dossier's. */
static enum err put_kind(struct writing *writing, const struct pack_kind *kind,
                         const struct pack_kind *own)
{
    struct sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    if (kind != own && !kind->dossier)
        return ERR_OK;
    TRY(domain_prepare_own(writing->domain, &rows,
                           "SELECT * FROM \"%w\" WHERE \"%w\" = :id ORDER BY created_at, code",
                           kind->key, kind == own ? "id" : kind->dossier->key));
    domain_bind(rows, ":id", writing->id);
    while ((err = domain_step(rows, &row)) == ERR_OK && row)
        TRY(put_record(writing, kind, rows));
out:
    domain_end(rows);
    return err;
}

/* --- who opened it --- */

static const char *cell(const struct pas_table *table, size_t row, const char *name, bool people)
{
    size_t column = pas_table_find(table, name);
    const char *text = people ? pas_table_shown(table, row, column) : NULL;
    if (!text)
        text = pas_table_get(table, row, column);
    return text ? text : "";
}

static void put_accesses(const struct writing *writing, const struct pas_table *accesses)
{
    static const char *const names[] = {"time", "what", "name"};
    int first = 1;
    page_heading(writing->html, writing->words->accesses);
    if (pas_table_rows(accesses) == 0)
        page_text(writing->html, writing->words->none);
    page_raw(writing->html, "<table><tr>");
    for (int c = 0; c < 3; c++) {
        page_raw(writing->html, "<th>");
        page_text(writing->html, writing->words->columns[c]);
        page_raw(writing->html, "</th>");
    }
    page_raw(writing->html, "</tr>\n");
    pas_json_raw(writing->json, "],\"accesses\":[");
    for (size_t row = 0; row < pas_table_rows(accesses); row++) {
        page_raw(writing->html, "<tr>");
        domain_put(writing->json, row ? ",{" : "{");
        first = 1;
        for (int c = 0; c < 3; c++) {
            const char *plain = cell(accesses, row, names[c], false);
            page_raw(writing->html, "<td>");
            page_text(writing->html, cell(accesses, row, names[c], true));
            page_raw(writing->html, "</td>");
            pas_json_key(writing->json, &first, names[c]);
            pas_json_text(writing->json, plain, strlen(plain));
        }
        page_raw(writing->html, "</tr>\n");
        domain_put(writing->json, "}");
    }
    page_raw(writing->html, "</table>\n");
    pas_json_raw(writing->json, "]}\n");
}

enum err person_write(const struct domain *domain, const struct pack_kind *kind, const char *id,
                      const struct pas_table *accesses, const char *made, struct buf *html,
                      struct buf *json)
{
    struct writing writing = {.domain = domain,
                              .id = id,
                              .words = words_of(domain->lang),
                              .html = html,
                              .json = json,
                              .first = true};
    char header[256];
    int first = 1;
    enum err err = ERR_OK;
    TRY(collect_names(&writing));
    snprintf(header, sizeof header, "%s %s", writing.words->about, made);
    page_begin(html, domain->lang, writing.words->title, header, writing.words->note);
    domain_put(json, "{");
    pas_json_key(json, &first, "language");
    pas_json_text(json, domain->lang, strlen(domain->lang));
    pas_json_key(json, &first, "made_on");
    pas_json_text(json, made, strlen(made));
    pas_json_key(json, &first, "note");
    pas_json_text(json, writing.words->note, strlen(writing.words->note));
    pas_json_key(json, &first, "records");
    domain_put(json, "[");
    TRY(put_kind(&writing, kind, kind));
    for (size_t i = 0; i < domain->pack->kinds_n; i++) {
        if (&domain->pack->kinds[i] != kind)
            TRY(put_kind(&writing, &domain->pack->kinds[i], kind));
    }
    put_accesses(&writing, accesses);
    page_end(html);
    err = html->err != ERR_OK ? html->err : json->err;
out:
    free(writing.others.list);
    return err;
}

enum err person_language(const struct domain *domain, const struct pack_kind *kind, const char *id,
                         char lang[static 8])
{
    struct sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row = false;
    snprintf(lang, 8, "fr");
    if (!pack_field_by_key(kind, "langues"))
        return ERR_OK;
    TRY(domain_prepare_own(domain, &rows, "SELECT langues FROM \"%w\" WHERE id = :id", kind->key));
    domain_bind(rows, ":id", id);
    TRY(domain_step(rows, &row));
    /* French last: who speaks another language as well reads that one more easily. */
    for (size_t i = SENTENCES_N; row && i-- > 0;) {
        char quoted[16];
        snprintf(quoted, sizeof quoted, "\"%s\"", sentences[i].lang);
        if (strstr(domain_text(rows, 0), quoted)) {
            snprintf(lang, 8, "%s", sentences[i].lang);
            break;
        }
    }
out:
    domain_end(rows);
    return err;
}
