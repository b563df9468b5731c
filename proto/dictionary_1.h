/* SPDX-License-Identifier: Apache-2.0
 *
 * dictionary_1: the zstd dictionary number 1, for compress.c alone. It is part of the format and
 * never changes; tests/tools/make_dictionary.c tells how it was made.
 */
#ifndef PROTO_DICTIONARY_1_H
#define PROTO_DICTIONARY_1_H

#include <stddef.h>
#include <stdint.h>

enum { DICTIONARY_1_LEN = 12288 };

extern const uint8_t dictionary_1_bytes[DICTIONARY_1_LEN];

#endif
