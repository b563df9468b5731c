/* SPDX-License-Identifier: Apache-2.0
 *
 * entropy: what libsodium draws its randomness from on this system; included before its sources, which know these names
 * from other systems.
 */
#ifndef CLIENT_WEB_CORE_ENTROPY_H
#define CLIENT_WEB_CORE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/** The browser's (or node's) cryptographic randomness; ends the program when there is none. */
void arc4random_buf(void *out, size_t len);
uint32_t arc4random(void);

#endif
