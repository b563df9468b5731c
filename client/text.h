/* SPDX-License-Identifier: Apache-2.0
 *
 * text: UTF-8 checks, folding for search and sorting, likeness of names. Total on any bytes, no
 * allocation, no locale.
 */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_NAME_MAX 256 /* folded bytes of a name that text_similar looks at */

/** A folded text is at most this many bytes per byte of input, plus the zero. */
#define TEXT_FOLD_MAX(len) ((len)*2 + 1)

/** Whether `len` bytes are well-formed UTF-8 without a zero byte (no surrogates, shortest forms only). */
bool text_valid(const char *in, size_t len);

/** Whether a valid UTF-8 text holds no control characters; with `lines` true, \n and \t are allowed. */
bool text_printable(const char *in, size_t len, bool lines);

/** The code point at in[0..len), len > 0; *used is its bytes. Malformed bytes give 0xFFFD, one at a time. */
uint32_t text_decode(const char *in, size_t len, size_t *used);

/** Writes a code point as UTF-8 (4 bytes at most), returns its bytes. */
size_t text_encode(uint32_t point, char out[static 4]);

/**
 * Folds for search and sorting: lower case, no accents ("Ștefan", "Şefan" -> stefan, sefan), letters
 * that are no accent (ł -> l, œ -> oe, æ -> ae, ß -> ss, đ -> d, ø -> o), Cyrillic to Latin after the
 * Bulgarian rules ("Мария" -> maria), everything that is neither letter nor digit -> one space, none
 * at the ends. Other scripts stay as they are.
 *
 * Writes at most out_max - 1 bytes and a zero (whole characters only), and returns the bytes that the
 * whole result has: truncated if that is >= out_max.
 */
size_t text_fold(char *out, size_t out_max, const char *in, size_t in_len);

/** How alike two names are, from least to most. */
enum text_likeness {
    TEXT_DIFFERENT,
    TEXT_PART,    /* one name's words are all in the other ("Maria", "Maria Ionescu") */
    TEXT_CLOSE,   /* one letter apart, or alike in sound (Mariya, Maria; Yordan, Iordan) */
    TEXT_SWAPPED, /* the same words in another order */
    TEXT_SAME,    /* the same folded text */
};

/** Compares two whole names ("first last"), zero-terminated, for warnings about duplicates. */
enum text_likeness text_similar(const char *a, const char *b);

#endif
