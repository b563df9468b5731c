/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 5545: lines end with CR LF, are at most 75 octets long, and continue after CR LF and a space (3.1); texts escape
 * \ ; , and line ends (3.3.11); an all-day event has DATE values and an exclusive end (3.6.1).
 */
#include "client/ics.h"

#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/pas_time.h"

enum { LINE_MAX_OCTETS = 75 };

/* Appends text to a line that is `used` octets long, folding before the octet or character that would not fit. */
static void put_folded(struct buf *out, size_t *used, const char *piece, size_t len)
{
    if (*used + len > LINE_MAX_OCTETS) {
        domain_put(out, "\r\n ");
        *used = 1;
    }
    buf_put(out, piece, len);
    *used += len;
}

/* Octets of the UTF-8 character at `at`; stray bytes are one by one. */
static size_t character(const char *at)
{
    size_t len = 1;
    if (((unsigned char)*at & 0xc0) == 0xc0) {
        while (len < 4 && ((unsigned char)at[len] & 0xc0) == 0x80)
            len++;
    }
    return len;
}

void ics_line(struct buf *out, const char *name, const char *text)
{
    size_t used = 0;
    put_folded(out, &used, name, strlen(name));
    put_folded(out, &used, ":", 1);
    while (*text) {
        size_t len = character(text);
        if (*text == '\\' || *text == ';' || *text == ',') {
            char pair[2] = {'\\', *text};
            put_folded(out, &used, pair, 2);
        } else if (*text == '\n') {
            put_folded(out, &used, "\\n", 2);
        } else if ((unsigned char)*text >= 0x20 || *text == '\t') {
            put_folded(out, &used, text, len);
        }
        text += len;
    }
    domain_put(out, "\r\n");
}

static void put_date(struct buf *out, const char *name, int32_t day)
{
    int year, month, of_month;
    char line[64];
    civil_to_ymd(day, &year, &month, &of_month);
    snprintf(line, sizeof line, "%s;VALUE=DATE:%04d%02d%02d\r\n", name, year, month, of_month);
    domain_put(out, line);
}

/* "2025-05-05T08:00:00Z" without its marks. */
static void put_stamp(struct buf *out, int64_t now_s)
{
    char at[PAS_TIME_LEN];
    pas_time_format(now_s, at);
    domain_put(out, "DTSTAMP:");
    for (const char *c = at; *c; c++) {
        if (*c != '-' && *c != ':')
            buf_put(out, c, 1);
    }
    domain_put(out, "\r\n");
}

/* How many items from `first` on are one visit. */
static size_t visit_of(const struct agenda *agenda, size_t first, bool *begins)
{
    const char *visit = agenda->items[first].visit;
    size_t n = 1;
    *begins = true;
    if (!*visit)
        return 1;
    for (size_t i = 0; i < agenda->n; i++) {
        if (i != first && strcmp(agenda->items[i].visit, visit) == 0) {
            n++;
            if (i < first)
                *begins = false;
        }
    }
    return n;
}

static void put_titles(const struct agenda *agenda, size_t first, struct buf *title)
{
    const struct agenda_item *item = &agenda->items[first];
    domain_put(title, item->label);
    for (size_t i = first + 1; i < agenda->n && *item->visit; i++) {
        if (strcmp(agenda->items[i].visit, item->visit) == 0) {
            domain_put(title, " + ");
            domain_put(title, agenda->items[i].label);
        }
    }
}

static enum err put_event(const struct domain *domain, const struct agenda *agenda, size_t first,
                          size_t n, const struct ics_options *options, struct buf *out)
{
    const struct agenda_item *item = &agenda->items[first];
    bool english = strcmp(domain->lang, "en") == 0;
    struct buf title = {.max = 4096};
    char plain[64], uid[64];
    domain_put(out, "BEGIN:VEVENT\r\n");
    snprintf(uid, sizeof uid, "%s@passerelle.invalid", *item->visit ? item->visit : item->id);
    ics_line(out, "UID", uid);
    put_stamp(out, options->now_s);
    put_date(out, "DTSTART", item->due);
    put_date(out, "DTEND", item->due + 1);
    if (options->titles) {
        put_titles(agenda, first, &title);
    } else {
        snprintf(plain, sizeof plain, "%zu %s%s", n, english ? "reminder" : "rappel",
                 n > 1 ? "s" : "");
        domain_put(&title, plain);
    }
    buf_u8(&title, 0);
    if (title.err == ERR_OK)
        ics_line(out, "SUMMARY", (const char *)title.bytes);
    else
        buf_fail(out, title.err);
    domain_put(out, "TRANSP:TRANSPARENT\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n");
    buf_free(&title);
    return out->err;
}

enum err ics_write(const struct domain *domain, const struct agenda *agenda,
                   const struct ics_options *options, struct buf *out)
{
    enum err err = ERR_OK;
    domain_put(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Passerelle//Agenda//FR\r\n"
                    "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n");
    for (size_t i = 0; i < agenda->n; i++) {
        bool begins;
        size_t n = visit_of(agenda, i, &begins);
        if (begins)
            TRY(put_event(domain, agenda, i, n, options, out));
    }
    domain_put(out, "END:VCALENDAR\r\n");
    err = out->err;
out:
    return err;
}
