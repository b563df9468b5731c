/* SPDX-License-Identifier: Apache-2.0
 *
 * carnet FOLDER PASSPHRASE FOUNDER-LINK SITE: makes a device and a space, writes a record, syncs with the help of curl.
 */
#include <passerelle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct pas *pas;

static void check(int result)
{
    if (result == 0)
        return;
    fprintf(stderr, "carnet: %s %s\n", pas_error_name(result), pas ? pas_why(pas) : "");
    exit(pas_error_exit(result));
}

/* The library carries no bytes: curl does, with the request in a file. */
static size_t carry(const char *url, const unsigned char *request, size_t len,
                    unsigned char *answer, size_t max)
{
    char command[1024] = "";
    snprintf(command, sizeof command, "curl -sS %s '%s'", len ? "--data-binary @request" : "", url);
    FILE *file = fopen("request", "wb");
    check(!file || fwrite(request, 1, len, file) != len || fclose(file) != 0);
    FILE *curl = popen(command, "r");
    size_t n = curl ? fread(answer, 1, max, curl) : 0;
    check(!curl || pclose(curl) != 0);
    return n;
}

int main(int argc, char **argv)
{
    static unsigned char answer[1 << 20], *request;
    struct pas_sync sync = {.again = true};
    char url[600] = "", *json;
    check(argc != 5);
    uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    struct pas_create_args fresh = {.dir = argv[1],
                                    .name = "carnet",
                                    .pass = argv[2],
                                    .pass_len = strlen(argv[2]),
                                    .light = true,
                                    .now_ms = now_ms};
    struct pas_open_args open = {.dir = argv[1],
                                 .pass = argv[2],
                                 .pass_len = strlen(argv[2]),
                                 .now_ms = now_ms,
                                 .lang = "en"};
    check(pas_create(&fresh));
    check(pas_open(&pas, &open));

    size_t space, len;
    check(pas_link_url(argv[3], url));
    len = carry(strcat(url, "/v1/server"), NULL, 0, answer, sizeof answer);
    check(pas_found(pas, argv[3], NULL, answer, len, "Carnet", "team", &space));

    struct pas_id id;
    check(pas_new(pas, "site", &(struct pas_pair){"nom", argv[4]}, 1, NULL, &id));
    while (sync.again) {
        snprintf(url, sizeof url, "%s/v1/sync", pas_server_url(pas, 0));
        check(pas_sync_begin(pas, 0, 0, &request, &len));
        size_t n = carry(url, request, len, answer, sizeof answer);
        pas_free_bytes(request, len);
        check(pas_sync_finish(pas, 0, answer, n, &sync));
    }

    struct pas_table *sites;
    check(pas_list(pas, "site", NULL, true, &sites));
    check(pas_table_json_text(sites, false, &json));
    puts(json);
    pas_free(json);
    pas_table_free(sites);
    pas_close(pas);
}
