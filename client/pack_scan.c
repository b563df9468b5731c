/* SPDX-License-Identifier: Apache-2.0
 *
 * One reader per type: the text that a person typed becomes the type's canonical form. Reading a
 * canonical form gives the same form again.
 */
#include "client/pack_scan.h"

#include "client/civil.h"
#include "client/pack_sql.h"
#include "client/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets the reason in the reader's language and gives ERR_USAGE. */
enum err pack_scan_refuse(const struct pack_scan *scan, const char *fr, const char *en)
{
    const char *lang = scan->context->lang;
    bool english = lang && strcmp(lang, "en") == 0;
    (void)pack_why_set(scan->why, "%s: %s", scan->field->key, english ? en : fr);
    return ERR_USAGE;
}

static size_t text_max(const struct pack_field *field)
{
    size_t most = field->type == PACK_LONGTEXT ? PACK_LONG_MAX : PACK_TEXT_MAX;
    bool bounded = field->has_max && (field->type == PACK_TEXT || field->type == PACK_LONGTEXT);
    if (bounded && field->max >= 0 && (uint64_t)field->max < most)
        most = (size_t)field->max;
    return most;
}

static enum err set_text(struct pack_value *out, const char *text, size_t len)
{
    out->text = malloc(len + 1);
    if (!out->text)
        return ERR_MEMORY;
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    out->text_len = len;
    out->type = PACK_VALUE_TEXT;
    return ERR_OK;
}

static enum err read_text(const struct pack_scan *scan, const char *text, size_t len,
                          struct pack_value *out)
{
    if (!text_valid(text, len) || !text_printable(text, len, scan->field->type == PACK_LONGTEXT))
        return pack_scan_refuse(scan, "caractères illisibles", "unreadable characters");
    if (len > text_max(scan->field)) {
        (void)pack_scan_refuse(scan, "texte trop long", "text too long");
        return ERR_TOO_BIG;
    }
    return set_text(out, text, len);
}

static enum err read_date(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    int32_t day;
    char iso[CIVIL_TEXT_LEN];
    if (!civil_read(text, scan->context->has_today ? &scan->context->today : NULL, &day))
        return pack_scan_refuse(scan, "une date : AAAA-MM-JJ, J/M/AAAA, hier, aujourd'hui",
                                "a date: YYYY-MM-DD, D/M/YYYY, yesterday, today");
    civil_format(day, iso);
    return set_text(out, iso, CIVIL_TEXT_LEN - 1);
}

/* A date as above, then "T14:30", " 14:30" or " 14h30". Without a time it means midnight. */
static enum err read_datetime(const struct pack_scan *scan, const char *text,
                              struct pack_value *out)
{
    char date[64];
    int32_t day;
    unsigned hour = 0, minute = 0;
    size_t len = strlen(text);
    size_t split = len;
    for (size_t i = 1; i + 1 < len; i++) {
        bool digit_after = text[i + 1] >= '0' && text[i + 1] <= '9';
        if ((text[i] == 'T' || text[i] == ' ') && digit_after)
            split = i;
    }
    if (split >= sizeof date)
        goto refused;
    memcpy(date, text, split);
    date[split] = '\0';
    if (!civil_read(date, scan->context->has_today ? &scan->context->today : NULL, &day))
        goto refused;
    if (split < len) {
        int used = 0;
        const char *time = text + split + 1;
        if (sscanf(time, "%2u%*1[:h]%2u%n", &hour, &minute, &used) != 2 || time[used])
            goto refused;
    }
    if (hour > 23 || minute > 59)
        goto refused;
    char iso[CIVIL_TEXT_LEN + 8];
    civil_format(day, iso);
    snprintf(iso + CIVIL_TEXT_LEN - 1, sizeof iso - CIVIL_TEXT_LEN + 1, "T%02u:%02u", hour, minute);
    return set_text(out, iso, strlen(iso));
refused:
    return pack_scan_refuse(scan, "une date et une heure : AAAA-MM-JJ hh:mm",
                            "a date and a time: YYYY-MM-DD hh:mm");
}

bool pack_scan_in_bounds(const struct pack_field *field, int64_t value)
{
    return (!field->has_min || value >= field->min) && (!field->has_max || value <= field->max);
}

static enum err read_int(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    const char *at = text + (*text == '-' || *text == '+');
    int64_t value = 0;
    size_t n = 0;
    for (; *at >= '0' && *at <= '9' && n < 15; at++, n++)
        value = value * 10 + (*at - '0');
    value = *text == '-' ? -value : value;
    if (*at || n == 0)
        return pack_scan_refuse(scan, "un nombre entier", "a whole number");
    if (!pack_scan_in_bounds(scan->field, value))
        return pack_scan_refuse(scan, "nombre hors limites", "number out of bounds");
    out->type = PACK_VALUE_INT;
    out->integer = value;
    return ERR_OK;
}

/* At most nine digits, a comma or point, at most three more; kept without useless zeros. */
static enum err read_decimal(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    const char *at = text + (*text == '-');
    int64_t whole = 0, part = 0;
    int n = 0, places = 0;
    for (; *at >= '0' && *at <= '9' && n < 9; at++, n++)
        whole = whole * 10 + (*at - '0');
    if (n > 0 && (*at == ',' || *at == '.')) {
        for (at++; *at >= '0' && *at <= '9' && places < 3; at++, places++)
            part = part * 10 + (*at - '0');
        if (places == 0)
            n = 0;
    }
    if (*at || n == 0)
        return pack_scan_refuse(scan, "un nombre, par exemple 17,5", "a number, as in 17.5");
    for (; places > 0 && part % 10 == 0; places--)
        part /= 10;
    bool negative = *text == '-' && (whole || part);
    int64_t outward = whole + (part ? 1 : 0); /* the bounds hold for 24.5 <= 24 too */
    if (!pack_scan_in_bounds(scan->field, negative ? -outward : whole) ||
        !pack_scan_in_bounds(scan->field, negative ? -whole : outward))
        return pack_scan_refuse(scan, "nombre hors limites", "number out of bounds");
    char canonical[40];
    int len = places > 0
                  ? snprintf(canonical, sizeof canonical, "%s%" PRId64 ".%0*" PRId64,
                             negative ? "-" : "", whole, places, part)
                  : snprintf(canonical, sizeof canonical, "%s%" PRId64, negative ? "-" : "", whole);
    return set_text(out, canonical, (size_t)len);
}

static enum err read_bool(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    static const char *const words[2][8] = {
        {"non", "no", "false", "faux", "0", "n", "nu", "ne"},
        {"oui", "yes", "true", "vrai", "1", "o", "da", "y"},
    };
    char folded[16];
    text_fold(folded, sizeof folded, text, strlen(text));
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < 8; i++) {
            if (strcmp(folded, words[value][i]) == 0) {
                out->type = PACK_VALUE_BOOL;
                out->boolean = value == 1;
                return ERR_OK;
            }
        }
    }
    return pack_scan_refuse(scan, "oui ou non", "yes or no");
}

/* The option whose key, or whose label in some language, folds to the same text. */
static const struct pack_option *find_option(const struct pack_field *field, const char *text)
{
    char wanted[256], other[256];
    const struct pack_option *exact = pack_option_by_key(field, text);
    if (exact)
        return exact;
    if (text_fold(wanted, sizeof wanted, text, strlen(text)) >= sizeof wanted)
        return NULL;
    for (size_t i = 0; i < field->options_n; i++) {
        const struct pack_option *option = &field->options[i];
        text_fold(other, sizeof other, option->key, strlen(option->key));
        if (strcmp(wanted, other) == 0)
            return option;
        for (size_t j = 0; j < option->label.n; j++) {
            const char *label = option->label.list[j].text;
            text_fold(other, sizeof other, label, strlen(label));
            if (*wanted && strcmp(wanted, other) == 0)
                return option;
        }
    }
    return NULL;
}

static enum err read_enum(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    const struct pack_field *field = scan->field;
    const struct pack_option *option = find_option(field, text);
    if (option)
        return set_text(out, option->key, strlen(option->key));
    if (field->open)
        return read_text(scan, text, strlen(text), out);

    char list[200] = "";
    size_t at = 0;
    for (size_t i = 0; i < field->options_n; i++) {
        size_t len = strlen(field->options[i].key);
        if (at + len + 8 > sizeof list) {
            memcpy(list + at, ", ...", 6);
            break;
        }
        if (at > 0)
            list[at++] = ',', list[at++] = ' ';
        memcpy(list + at, field->options[i].key, len + 1);
        at += len;
    }
    return pack_scan_refuse(scan, list, list);
}

bool pack_scan_is_ref(const char *text, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-_.:/";
    return len > 0 && len < PACK_REF_MAX && strspn(text, allowed) == len;
}

static enum err read_ref(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    char id[PACK_REF_MAX] = "";
    size_t len = strlen(text);
    if (scan->context->resolve) {
        enum err err = scan->context->resolve(scan->context->user, scan->field, text, id);
        if (err != ERR_OK) {
            (void)pack_scan_refuse(scan, "aucune fiche ne correspond", "no such record");
            return err;
        }
        len = strlen(id);
    } else if (pack_scan_is_ref(text, len)) {
        memcpy(id, text, len);
    }
    if (!pack_scan_is_ref(id, len))
        return pack_scan_refuse(scan, "l'identifiant d'une fiche", "the id of a record");
    enum err err = set_text(out, id, len);
    out->type = PACK_VALUE_REF;
    return err;
}

/* Digits, and a sign, spaces, dots, dashes, slashes and parentheses that people put between. */
static enum err read_phone(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    char number[24];
    size_t n = 0, digits = 0;
    for (const char *at = text; *at; at++) {
        if (strchr(" .-/()", *at))
            continue;
        if ((*at == '+' && n == 0) || (*at >= '0' && *at <= '9')) {
            if (n + 1 >= sizeof number)
                goto refused;
            number[n++] = *at;
            digits += *at != '+';
            continue;
        }
        goto refused;
    }
    number[n] = '\0';
    if (digits < 3 || digits > 20)
        goto refused;
    if (strncmp(number, "00", 2) == 0) {
        number[1] = '+';
        return set_text(out, number + 1, n - 1);
    }
    return set_text(out, number, n);
refused:
    return pack_scan_refuse(scan, "un numéro de téléphone", "a telephone number");
}

static enum err read_email(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    size_t len = strlen(text);
    const char *at = strchr(text, '@');
    bool good = at && at > text && !strchr(at + 1, '@') && strchr(at + 1, '.') && len <= 254 &&
                at[1] != '.' && text[len - 1] != '.' && !strpbrk(text, " \t\n,;<>()\"");
    if (!good || !text_valid(text, len) || !text_printable(text, len, false))
        return pack_scan_refuse(scan, "une adresse de courriel", "an e-mail address");
    enum err err = set_text(out, text, len);
    for (size_t i = (size_t)(at - text); err == ERR_OK && i < len; i++) {
        if (out->text[i] >= 'A' && out->text[i] <= 'Z')
            out->text[i] = (char)(out->text[i] + 32);
    }
    return err;
}

static enum err read_url(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    size_t len = strlen(text);
    bool secure = strncmp(text, "https://", 8) == 0;
    bool plain = strncmp(text, "http://", 7) == 0;
    if ((!secure && !plain) || len < 10 || strpbrk(text, " \t\n\"<>"))
        return pack_scan_refuse(scan, "une adresse qui commence par https://",
                                "an address that begins with https://");
    return read_text(scan, text, len, out);
}

/* "12345", "1-5", "1,3,5": ISO weekday digits. */
static enum err read_weekdays(const struct pack_scan *scan, const char *text,
                              struct pack_value *out)
{
    uint8_t week = 0;
    for (const char *at = text; *at; at++) {
        if (strchr(", ", *at))
            continue;
        char first[2] = {at[0], '\0'}, last[2] = {at[0], '\0'};
        if (at[1] == '-') {
            last[0] = at[2];
            at += at[2] ? 2 : 1;
        }
        uint8_t from, to;
        if (!civil_week_parse(first, &from) || !civil_week_parse(last, &to) || to < from)
            goto refused;
        week |= (uint8_t)((to << 1) - from);
    }
    char digits[8];
    size_t n = 0;
    for (int day = 1; day <= 7; day++) {
        if (week >> day & 1)
            digits[n++] = (char)('0' + day);
    }
    if (n > 0)
        return set_text(out, digits, n);
refused:
    return pack_scan_refuse(scan, "les jours en chiffres, 1 = lundi : 12345",
                            "weekdays as digits, 1 = Monday: 12345");
}

enum err pack_scan_one(const struct pack_scan *scan, enum pack_type type, const char *text,
                       struct pack_value *out)
{
    switch (type) {
    case PACK_TEXT:
    case PACK_LONGTEXT:
        return read_text(scan, text, strlen(text), out);
    case PACK_DATE:
        return read_date(scan, text, out);
    case PACK_DATETIME:
        return read_datetime(scan, text, out);
    case PACK_INT:
        return read_int(scan, text, out);
    case PACK_DECIMAL:
        return read_decimal(scan, text, out);
    case PACK_BOOL:
        return read_bool(scan, text, out);
    case PACK_ENUM:
    case PACK_CHECKLIST:
        return read_enum(scan, text, out);
    case PACK_REF:
        return read_ref(scan, text, out);
    case PACK_PHONE:
        return read_phone(scan, text, out);
    case PACK_EMAIL:
        return read_email(scan, text, out);
    case PACK_URL:
        return read_url(scan, text, out);
    case PACK_WEEKDAYS:
        return read_weekdays(scan, text, out);
    case PACK_SET:
    case PACK_TYPES:
        break;
    }
    return ERR_INTERNAL;
}
