/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/pas_audit.h"
#include "client/pas_json.h"
#include "proto/limits.h"
#include "proto/qr.h"

enum { NOTE_FILE_MAX = 1 << 16, PAGES_MAX = 100000 };

/* What one verification found. */
struct finding {
    int result; /* 0: intact */
    uint64_t index;
    bool net; /* the network failed, which says nothing about the history */
};

static int finding_code(const struct finding *finding)
{
    if (finding->result == 0)
        return EXIT_DONE;
    if (finding->net)
        return EXIT_NET;
    switch (err_category((enum err)finding->result)) {
    case CAT_INTERNAL:
        return EXIT_REFUSED;
    case CAT_RETRY:
        return EXIT_NET;
    default:
        return EXIT_ALARM;
    }
}

/* All pages of a space from the server, verified without keeping them. */
static struct finding carry_full(struct cli *cli, struct pas_full *full, size_t space)
{
    struct finding finding = {.index = UINT64_MAX};
    char url[600];
    bool done = false;
    finding.result = pas_space_url(cli->pas, space, url);
    strncat(url, "/v1/sync", sizeof url - strlen(url) - 1);
    for (int page = 0; finding.result == 0 && !done && page < PAGES_MAX && !cli_stop; page++) {
        struct buf answer = {.max = RESPONSE_MAX};
        unsigned char *request = NULL;
        size_t len = 0;
        finding.result = pas_full_begin(full, &request, &len);
        if (finding.result == 0) {
            finding.result = (int)net_post(cli->net, url, request, len, 0, &answer);
            finding.net = finding.result != 0;
        }
        pas_free_bytes(request, len);
        if (finding.result == 0)
            finding.result = pas_full_finish(full, answer.bytes, answer.len, &done, &finding.index);
        buf_free(&answer);
    }
    return finding;
}

static struct finding verify_full(struct cli *cli, size_t space)
{
    struct finding finding = {.index = UINT64_MAX};
    struct pas_full *full = NULL;
    finding.result = pas_full_new(&full, cli->pas, space);
    if (finding.result == 0)
        finding = carry_full(cli, full, space);
    pas_full_free(full);
    return finding;
}

static void put_finding(struct cli *cli, struct buf *json, const struct finding *finding,
                        const char *name, const char *id, uint64_t size)
{
    int first = 1;
    (void)cli;
    buf_u8(json, '{');
    pas_json_key(json, &first, "name");
    pas_json_text(json, name, strlen(name));
    pas_json_key(json, &first, "id");
    pas_json_text(json, id, strlen(id));
    pas_json_key(json, &first, "size");
    pas_json_int(json, (int64_t)size);
    pas_json_key(json, &first, "ok");
    pas_json_raw(json, finding->result == 0 ? "true" : "false");
    pas_json_key(json, &first, "error");
    if (finding->result == 0)
        pas_json_raw(json, "null");
    else
        pas_json_text(json, pas_error_name(finding->result),
                      strlen(pas_error_name(finding->result)));
    pas_json_key(json, &first, "index");
    if (finding->result == 0 || finding->index == UINT64_MAX)
        pas_json_raw(json, "null");
    else
        pas_json_int(json, (int64_t)finding->index);
    buf_u8(json, '}');
}

static void say_finding(struct cli *cli, const struct finding *finding, const char *name,
                        uint64_t size, const char *url)
{
    const char *text = pas_error_text(finding->result, cli->lang);
    if (finding->result == 0)
        cli_say(cli, MSG_VERIFIED, name, (unsigned long long)size);
    else if (finding->net)
        (void)cli_net_failed(cli, finding->result, url);
    else if (finding_code(finding) == EXIT_REFUSED)
        cli_error(cli, MSG_ERROR, text);
    else if (finding->index == UINT64_MAX)
        cli_error(cli, MSG_VERIFY_FAILED, name, text);
    else
        cli_error(cli, MSG_VERIFY_FAILED_AT, name, (unsigned long long)finding->index, text);
}

/* An alarm outweighs a network failure, and that a success. */
static int worse(int a, int b)
{
    return a == EXIT_ALARM || b == EXIT_ALARM ? EXIT_ALARM : a != EXIT_DONE ? a : b;
}

static int verify_spaces(struct cli *cli, bool full)
{
    struct pas_table *table = NULL;
    struct buf json = {.max = 1 << 20};
    size_t only = SIZE_MAX;
    int code = EXIT_DONE;
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &only) : 0;
    if (result == 0)
        result = pas_spaces(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    buf_u8(&json, '[');
    for (size_t i = 0, put = 0; i < pas_table_rows(table); i++) {
        struct finding finding = {.index = UINT64_MAX};
        uint64_t size = (uint64_t)cli_int(table, i, "size");
        const char *name = cli_text(table, i, "name");
        if ((only != SIZE_MAX && i != only) || size == 0)
            continue;
        finding.result = pas_verify(cli->pas, i, &finding.index);
        /* What the server shows of a space that goes on elsewhere was found wanting. */
        bool left = strcmp(cli_text(table, i, "state"), "succeeded") == 0 && only != i;
        if (full && !left && finding.result == 0)
            finding = verify_full(cli, i);
        if (put++ > 0)
            buf_u8(&json, ',');
        put_finding(cli, &json, &finding, name, cli_text(table, i, "id"), size);
        say_finding(cli, &finding, name, size, cli_text(table, i, "url"));
        code = worse(code, finding_code(&finding));
    }
    pas_json_raw(&json, "]");
    buf_u8(&json, 0);
    if (cli->json && json.err == ERR_OK)
        printf("{\"spaces\":%s}\n", (const char *)json.bytes);
    buf_free(&json);
    pas_table_free(table);
    return code;
}

static int compare_with(struct cli *cli, const char *path)
{
    char *note = NULL;
    size_t len = 0;
    int code = cli_read_file(cli, path, NOTE_FILE_MAX, &note, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_compare(cli->pas, note, len);
    pas_free(note);
    if (cli->json)
        printf("{\"consistent\":%s,\"error\":%s%s%s}\n", result == 0 ? "true" : "false",
               result == 0 ? "null" : "\"", result == 0 ? "" : pas_error_name(result),
               result == 0 ? "" : "\"");
    if (result == ERR_BEHIND) {
        cli_error(cli, MSG_COMPARE_LATER);
        return EXIT_REFUSED;
    }
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_COMPARED);
    return EXIT_DONE;
}

int cmd_audit_verify(struct cli *cli, const struct args *args)
{
    const char *with = args_option(args, "with");
    bool full = args_option(args, "full") != NULL;
    if (with)
        return compare_with(cli, with);
    int code = full ? cli_net(cli) : EXIT_DONE;
    return code == EXIT_DONE ? verify_spaces(cli, full) : code;
}

int cmd_audit_log(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    const char *csv = args_option(args, "csv");
    size_t space = SIZE_MAX;
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &space) : 0;
    if (result == 0)
        result = pas_audit_log(cli->pas, space, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (!csv)
        return cli_table(cli, table, false,
                         "space index kind what author_name claimed_at received_at late code"
                         " detail verdict");
    result = pas_exported(cli->pas, space, "journal", NULL, pas_table_rows(table));
    if (result != 0) {
        pas_table_free(table);
        return cli_failed(cli, result);
    }
    int code = cli_csv(cli, table, csv);
    if (code == EXIT_DONE) {
        cli_say(cli, MSG_SAVED, csv);
        if (cli->json)
            printf("{\"entries\":%zu}\n", pas_table_rows(table));
    }
    pas_table_free(table);
    return code;
}

/* --- the signed report --- */

static int check_report(struct cli *cli, const char *path)
{
    enum { REPORT_FILE_MAX = 64 << 20 };
    struct pas_table *table = NULL;
    char *text = NULL;
    size_t len = 0;
    int code = cli_read_file(cli, path, REPORT_FILE_MAX, &text, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_audit_report_check(cli->pas, text, len, &table);
    pas_free(text);
    if (result != 0)
        return cli_failed(cli, result);
    bool fork = strcmp(cli_text(table, 0, "history"), "fork") == 0;
    cli_say(cli, MSG_REPORT_GOOD, cli_text(table, 0, "device_name"), cli_text(table, 0, "name"));
    code = cli_table(cli, table, true, "space device member size history");
    return fork ? EXIT_ALARM : code;
}

int cmd_audit_report(struct cli *cli, const struct args *args)
{
    const char *out = args_option(args, "out"), *check = args_option(args, "check");
    char *text = NULL;
    size_t space = 0;
    if (check)
        return check_report(cli, check);
    if (!out) {
        cli_error(cli, MSG_USAGE_OF, "audit report --out FILE | --check FILE");
        return EXIT_USAGE;
    }
    int result = pas_space_find(cli->pas, cli->space, &space);
    if (result == 0)
        result = pas_audit_report(cli->pas, space, &text);
    if (result == 0)
        result = pas_exported(cli->pas, space, "journal", NULL, 1);
    if (result != 0) {
        pas_free(text);
        return cli_failed(cli, result);
    }
    int code = cli_write_file(cli, out, text);
    pas_free(text);
    if (code == EXIT_DONE)
        cli_say(cli, MSG_SAVED, out);
    if (code == EXIT_DONE && cli->json)
        puts("{\"file\":true}");
    return code;
}

/* As a picture that another device's camera reads. */
static int draw_checkpoint(struct cli *cli, const char *path, const char *note)
{
    struct buf svg = {0};
    enum err err = qr_svg(&svg, note);
    buf_u8(&svg, 0);
    int code = err == ERR_OK ? cli_write_file(cli, path, (const char *)svg.bytes)
                             : cli_failed(cli, (int)err);
    buf_free(&svg);
    return code;
}

int cmd_audit_checkpoint(struct cli *cli, const struct args *args)
{
    char *note = NULL;
    size_t space = 0;
    const char *svg = args_option(args, "svg");
    int code = EXIT_DONE, result = pas_space_find(cli->pas, cli->space, &space);
    if (result == 0)
        result = pas_checkpoint(cli->pas, space, &note);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json) {
        struct buf json = {0};
        pas_json_text(&json, note, strlen(note));
        buf_u8(&json, 0);
        if (json.err == ERR_OK)
            printf("{\"note\":%s}\n", (const char *)json.bytes);
        buf_free(&json);
    } else {
        fputs(note, stdout);
        if (isatty(STDOUT_FILENO))
            cli_qr(note);
    }
    if (svg)
        code = draw_checkpoint(cli, svg, note);
    pas_free(note);
    return code;
}

/* --- new keys of the server --- */

static int accept_keys(struct cli *cli, const char *code)
{
    size_t n = 0;
    int result = pas_server_accept(cli->pas, code, &n);
    if (result == ERR_COMMITMENT)
        cli_error(cli, MSG_SERVER_KEY_OTHER, code);
    else if (result == ERR_NOT_FOUND)
        cli_error(cli, MSG_SERVER_KEY_NONE);
    if (result == ERR_COMMITMENT || result == ERR_NOT_FOUND)
        return EXIT_REFUSED;
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_SERVER_KEY_TAKEN, n);
    if (cli->json)
        printf("{\"spaces\":%zu}\n", n);
    return EXIT_DONE;
}

int cmd_server_key(struct cli *cli, const struct args *args)
{
    const char *code = args_option(args, "accept");
    struct pas_table *table = NULL;
    if (code)
        return accept_keys(cli, code);
    int result = pas_server_keys(cli->pas, &table);
    if (result == 0 && !cli->json && pas_table_rows(table) == 0)
        cli_say(cli, MSG_SERVER_KEY_NONE);
    return result == 0 ? cli_table(cli, table, false, "space_name offered may")
                       : cli_failed(cli, result);
}

/* --- witnesses --- */

int cmd_witness_set(struct cli *cli, const struct args *args)
{
    const char *quorum = args_option(args, "quorum");
    unsigned wanted = args->n > 0;
    size_t space = 0;
    if (quorum)
        wanted = (unsigned)atoi(quorum);
    int result = pas_space_find(cli->pas, cli->space, &space);
    if (result == 0)
        result = pas_witness_set(cli->pas, space, args->words, args->n, wanted);
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_WITNESS_SET);
    if (cli->json)
        puts("{\"state\":\"queued\"}");
    return EXIT_DONE;
}

int cmd_witness_list(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    (void)args;
    int result = pas_witnesses(cli->pas, &table);
    return result == 0 ? cli_table(cli, table, false, "space name confirmed_at level")
                       : cli_failed(cli, result);
}

/* --- the second level --- */

int cmd_audit_grant(struct cli *cli, const struct args *args)
{
    const char *days = args_option(args, "days");
    struct pas_grant_args ask = {.code = args->n ? args->words[0] : NULL,
                                 .from = args_option(args, "from"),
                                 .to = args_option(args, "to"),
                                 .reason = args_option(args, "reason"),
                                 .days = days ? atoi(days) : 14};
    size_t space = 0;
    int result = pas_space_find(cli->pas, cli->space, &space);
    if (result == 0)
        result = pas_grant(cli->pas, space, &ask);
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_GRANT_ASKED);
    if (cli->json)
        puts("{\"state\":\"queued\"}");
    return EXIT_DONE;
}

int cmd_audit_grants(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    (void)args;
    int result = pas_grants(cli->pas, &table);
    return result == 0 ? cli_table(cli, table, false,
                                   "hash state name second_name code from to expires reason")
                       : cli_failed(cli, result);
}

int cmd_audit_close(struct cli *cli, const struct args *args)
{
    int result = pas_grant_close(cli->pas, args->words[0]);
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_GRANT_CLOSED);
    if (cli->json)
        puts("{\"state\":\"queued\"}");
    return EXIT_DONE;
}

int cmd_audit_read(struct cli *cli, const struct args *args)
{
    struct pas_full *full = NULL;
    struct pas_table *table = NULL;
    struct finding finding = {.index = UINT64_MAX};
    size_t space = 0;
    int code = cli_net(cli);
    if (code != EXIT_DONE)
        return code;
    int result = pas_grant_read(&full, cli->pas, args->words[0], &space);
    if (result != 0)
        return cli_failed(cli, result);
    finding = carry_full(cli, full, space);
    code = finding_code(&finding);
    if (code == EXIT_DONE && (result = pas_grant_table(full, &table)) == 0)
        code = cli_table(cli, table, false, "index code kind field value author_name claimed_at");
    else
        say_finding(cli, &finding, "", 0, "");
    pas_full_free(full);
    return result == 0 ? code : cli_failed(cli, result);
}
