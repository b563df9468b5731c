/* SPDX-License-Identifier: Apache-2.0 */
#include "client/audit_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/pas_time.h"
#include "proto/code.h"
#include "proto/sign.h"

#define FIRST_LINE "passerelle audit report 1\n"
#define SIGNATURE  "signature: "
enum { SIGNATURE_LINE = sizeof SIGNATURE - 1 + 2 * SIG_LEN + 1, NOTE_MAX = 1 << 16 };

static void put_text(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

static void put_hex(struct buf *out, const char *name, const uint8_t *bytes, size_t len)
{
    char hex[2 * SIG_LEN + 1];
    code_hex(hex, bytes, len);
    put_text(out, name);
    put_text(out, hex);
    buf_u8(out, '\n');
}

static enum err put_checkpoint(struct engine *engine, size_t space, struct buf *out)
{
    struct buf note = {.max = NOTE_MAX};
    char *base64 = NULL;
    enum err err = engine_checkpoint(engine, space, &note);
    if (err == ERR_OK)
        base64 = malloc(4 * (note.len / 3 + 2));
    if (base64) {
        code_base64(base64, note.bytes, note.len);
        put_text(out, "checkpoint: ");
        put_text(out, base64);
        buf_u8(out, '\n');
    } else if (err == ERR_OK) {
        err = ERR_MEMORY;
    }
    free(base64);
    buf_free(&note);
    return err;
}

enum err audit_report_make(struct engine *engine, size_t i, const char *counts,
                           const struct buf *lines, struct buf *out)
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(engine, i);
    char line[64], time[PAS_TIME_LEN];
    uint8_t sig[SIG_LEN];
    put_text(out, FIRST_LINE);
    put_hex(out, "space: ", space->pub.id, ID_LEN);
    snprintf(line, sizeof line, "size: %llu\n", (unsigned long long)space->fold->size);
    put_text(out, line);
    pas_time_format((int64_t)(engine->now_ms / 1000), time);
    snprintf(line, sizeof line, "made: %s\n", time);
    put_text(out, line);
    put_hex(out, "device: ", engine->ring.id, ID_LEN);
    put_hex(out, "key: ", engine->ring.ed_pk, PK_LEN);
    put_text(out, counts);
    TRY(put_checkpoint(engine, i, out));
    buf_u8(out, '\n');
    buf_put(out, lines->bytes, lines->len);
    TRY(out->err);
    const struct digest_part all = {out->bytes, out->len};
    TRY(sign_make(sig, engine->ring.device->ed_sk, TAG_REPORT, &all, 1));
    put_hex(out, SIGNATURE, sig, SIG_LEN);
    err = out->err;
out:
    return err;
}

/* --- reading --- */

/* The value of a line of the head; NULL. */
static const char *field(const char *text, const char *end, const char *name, size_t *len)
{
    size_t name_len = strlen(name);
    while (text < end && *text != '\n') {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            return NULL;
        if ((size_t)(stop - text) > name_len && memcmp(text, name, name_len) == 0) {
            *len = (size_t)(stop - text) - name_len;
            return text + name_len;
        }
        text = stop + 1;
    }
    return NULL;
}

static enum err hex_field(const char *text, const char *end, const char *name, uint8_t *out,
                          size_t len)
{
    size_t n = 0;
    const char *value = field(text, end, name, &n);
    return value ? code_unhex(out, len, value, n) : ERR_FORMAT;
}

static enum err check_signature(const char *text, const char *sig_line,
                                const uint8_t device[static ID_LEN])
{
    enum err err = ERR_OK;
    uint8_t pk[PK_LEN], sig[SIG_LEN], id[ID_LEN];
    const struct digest_part all = {text, (size_t)(sig_line - text)};
    TRY(hex_field(text, sig_line, "key: ", pk, PK_LEN));
    TRY(code_unhex(sig, SIG_LEN, sig_line + sizeof SIGNATURE - 1, (size_t)2 * SIG_LEN));
    sign_device_id(id, pk);
    if (memcmp(id, device, ID_LEN) != 0)
        return ERR_SIGNATURE;
    err = sign_verify(sig, pk, TAG_REPORT, &all, 1);
out:
    return err;
}

static enum err check_history(struct engine *engine, const char *text, const char *end,
                              struct audit_report *report)
{
    size_t n = 0, len = 0;
    const char *base64 = field(text, end, "checkpoint: ", &n);
    uint8_t *note = base64 ? malloc(n) : NULL;
    if (!note)
        return base64 ? ERR_MEMORY : ERR_FORMAT;
    enum err err = code_unbase64(note, n, &len, base64, n);
    if (err == ERR_OK)
        report->history = engine_compare(engine, (const char *)note, len);
    free(note);
    return err;
}

enum err audit_report_check(struct engine *engine, const char *text, size_t len,
                            struct audit_report *report)
{
    enum err err = ERR_OK;
    *report = (struct audit_report){.at = SIZE_MAX};
    size_t first = sizeof FIRST_LINE - 1, n = 0;
    if (len < first + SIGNATURE_LINE || memcmp(text, FIRST_LINE, first) != 0)
        return ERR_FORMAT;
    const char *sig_line = text + len - SIGNATURE_LINE;
    if (memcmp(sig_line, SIGNATURE, sizeof SIGNATURE - 1) != 0 || sig_line[-1] != '\n')
        return ERR_FORMAT;
    TRY(hex_field(text, sig_line, "space: ", report->space, ID_LEN));
    TRY(hex_field(text, sig_line, "device: ", report->device, ID_LEN));
    TRY(check_signature(text, sig_line, report->device));
    const char *size = field(text, sig_line, "size: ", &n);
    report->size = size ? strtoull(size, NULL, 10) : 0;
    if (engine_space_by_id(engine, report->space, &report->at)) {
        report->member = fold_device(engine_at(engine, report->at)->fold, report->device) != NULL;
        TRY(check_history(engine, text, sig_line, report));
    }
out:
    return err;
}
