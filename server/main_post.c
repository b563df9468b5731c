/* SPDX-License-Identifier: Apache-2.0 */
#include "server/main_post.h"

#include <curl/curl.h>
#include <stdlib.h>

enum { SILENCE_S = 5, WHOLE_S = 60 };

struct main_post {
    CURL *curl;
    struct curl_slist *headers;
};

enum err main_post_new(struct main_post **out)
{
    struct main_post *post = calloc(1, sizeof *post);
    *out = NULL;
    if (!post || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        free(post);
        return ERR_MEMORY;
    }
    post->curl = curl_easy_init();
    post->headers = curl_slist_append(NULL, "Content-Type: text/plain");
    if (!post->curl || !post->headers) {
        main_post_free(post);
        return ERR_MEMORY;
    }
    *out = post;
    return ERR_OK;
}

void main_post_free(struct main_post *post)
{
    if (!post)
        return;
    curl_slist_free_all(post->headers);
    curl_easy_cleanup(post->curl);
    free(post);
    curl_global_cleanup();
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

bool main_post_url_ok(const char *text)
{
    CURLU *url = curl_url();
    bool ok = url && (curl_strnequal(text, "http://", 7) || curl_strnequal(text, "https://", 8)) &&
              curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_QUERY) &&
              !has_part(url, CURLUPART_FRAGMENT);
    curl_url_cleanup(url);
    return ok;
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct buf *answer = ctx;
    buf_put(answer, bytes, size * n);
    return answer->err == ERR_OK ? size * n : 0;
}

enum err main_post(struct main_post *post, const char *url, const struct buf *body, int *status,
                   struct buf *answer)
{
    CURL *curl = post->curl;
    long code = 0;
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)SILENCE_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WHOLE_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body->bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    CURLcode result = curl_easy_perform(curl);
    if (result == CURLE_OK)
        result = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    *status = (int)code;
    buf_u8(answer, 0);
    return result == CURLE_OK && answer->err == ERR_OK ? ERR_OK : ERR_NET;
}
