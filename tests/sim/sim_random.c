/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_random.h"

#include <sodium.h>
#include <string.h>

/* SplitMix64: passes what a schedule needs, and any state is a good one. */
uint64_t sim_u64(struct sim_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct sim_random sim_random_from(uint64_t seed, uint64_t purpose)
{
    struct sim_random random = {seed};
    random.state = sim_u64(&random) ^ purpose * 0x2545f4914f6cdd1du;
    sim_u64(&random);
    return random;
}

uint64_t sim_below(struct sim_random *random, uint64_t n)
{
    return n ? sim_u64(random) % n : 0;
}

uint64_t sim_between(struct sim_random *random, uint64_t lo, uint64_t hi)
{
    return lo + sim_below(random, hi - lo + 1);
}

bool sim_chance(struct sim_random *random, unsigned per_mille)
{
    return sim_below(random, 1000) < per_mille;
}

/* --- what the programs draw --- */

static struct {
    uint8_t key[crypto_stream_chacha20_KEYBYTES];
    uint64_t block;
    uint8_t bytes[512];
    size_t left;
} drawn;

void sim_random_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        if (drawn.left == 0) {
            uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {0};
            memset(drawn.bytes, 0, sizeof drawn.bytes);
            crypto_stream_chacha20_xor_ic(drawn.bytes, drawn.bytes, sizeof drawn.bytes, nonce,
                                          drawn.block, drawn.key);
            drawn.block += sizeof drawn.bytes / 64;
            drawn.left = sizeof drawn.bytes;
        }
        size_t n = len < drawn.left ? len : drawn.left;
        memcpy(at, drawn.bytes + sizeof drawn.bytes - drawn.left, n);
        drawn.left -= n;
        at += n;
        len -= n;
    }
}

static const char *name(void)
{
    return "simulator";
}

static uint32_t draw_u32(void)
{
    uint32_t v;
    sim_random_bytes(&v, sizeof v);
    return v;
}

static void draw_buf(void *const out, const size_t len)
{
    sim_random_bytes(out, len);
}

static struct randombytes_implementation implementation = {
    .implementation_name = name, .random = draw_u32, .buf = draw_buf};

void sim_random_install(uint64_t seed)
{
    struct sim_random random = sim_random_from(seed, 0x6c6962736f6469u);
    for (size_t i = 0; i < sizeof drawn.key; i += 8) {
        uint64_t word = sim_u64(&random);
        memcpy(drawn.key + i, &word, 8);
    }
    drawn.block = 0;
    drawn.left = 0;
    randombytes_set_implementation(&implementation);
}
