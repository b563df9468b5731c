/* SPDX-License-Identifier: Apache-2.0
 *
 * web: what the WebAssembly offers to the worker around it. One device, one thread; texts are UTF-8.
 *
 * Memory: web_alloc gives room for arguments, web_free takes it back and wipes it. Where a function answers with
 * bytes, they lie at web_answer() and are web_answer_len() long until the next call. Where it gives a `result`, 0 is done and everything else a number of
 * proto/err.h; web_why() says it in one sentence in the language of web_start, web_exit(result) as the terminal's exit
 * code does.
 *
 * A passphrase is stretched elsewhere (Argon2id takes 64 MiB, and WebAssembly never gives memory back): web_key_new or
 * web_key_of put a `struct pas_key` at the answer, another instance of this module fills it in with web_stretch, and
 * web_create or web_open take it.
 */
#ifndef CLIENT_WEB_CORE_WEB_H
#define CLIENT_WEB_CORE_WEB_H

#include <stddef.h>
#include <stdint.h>

struct pas_key;

#define WEB(name) __attribute__((export_name(#name)))

WEB(web_alloc) void *web_alloc(size_t len);
WEB(web_free) void web_free(void *bytes, size_t len);
WEB(web_answer) const void *web_answer(void);
WEB(web_answer_len) size_t web_answer_len(void);
WEB(web_why) const char *web_why(int result);
WEB(web_exit) int web_exit(int result);

/** The result of a request that nobody answered, with its sentence. */
WEB(web_net_failed) int web_net_failed(void);

/** First call: language "fr" or "en". 1: there is a device, 0: there is none, below 0: no dice, give up. */
WEB(web_start) int web_start(const char *lang);
/** Another language, of wordings and sentences from here on. */
WEB(web_lang) void web_lang(const char *lang);
WEB(web_version) const char *web_version(void);

/* --- keys; the 56 bytes of struct pas_key --- */
WEB(web_key_new) int web_key_new(int light);
WEB(web_key_of) int web_key_of(void);
WEB(web_stretch) int web_stretch(struct pas_key *key, const char *pass, size_t pass_len);

/** Seals a stretched passphrase under a stretched PIN and 32 random bytes; opens it again (PASSPHRASE). */
WEB(web_pin_seal)
int web_pin_seal(const struct pas_key *key, const struct pas_key *pin, const uint8_t *secret);
WEB(web_pin_open)
int web_pin_open(const uint8_t *box, size_t len, const struct pas_key *pin, const uint8_t *secret);

/* --- the device --- */
WEB(web_create) int web_create(const char *name, const struct pas_key *key);
WEB(web_open) int web_open(const struct pas_key *key);
WEB(web_close) void web_close(void);

/** One command line with --json: `words` are zero-terminated, one after the other. Its exit code; what it says goes to
 * standard output and error. */
WEB(web_run) int web_run(const char *words, size_t len);

/* --- a sync in pieces: begin (the request is the answer), carry it to web_sync_url, finish --- */
WEB(web_sync_servers) size_t web_sync_servers(void);
WEB(web_sync_url) const char *web_sync_url(size_t server);
WEB(web_sync_begin) int web_sync_begin(size_t server, double wait_ms);
/** Takes an HTTP answer. The answer is JSON: {"again", "pushed", "pulled", "refused", "alarm"}. */
WEB(web_sync_finish)
int web_sync_finish(size_t server, int status, const char *type, const uint8_t *body, size_t len);

/* --- words that are being typed --- */
WEB(web_jot_put) int web_jot_put(const char *name, const char *text);
WEB(web_jot_get) int web_jot_get(const char *name);
WEB(web_jot_delete) int web_jot_delete(const char *name);

#endif
