/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_carry.h"

#include "client/pas_inside.h"

static struct pas_bundle told(const struct engine_bundle *did)
{
    return (struct pas_bundle){.entries = did->entries,
                               .leaves = did->leaves,
                               .known = did->known,
                               .later = did->later,
                               .refused = did->refused,
                               .foreign = did->foreign};
}

int pas_bundle_export(struct pas *pas, size_t space, uint64_t since, unsigned char **bytes,
                      size_t *len, struct pas_bundle *did)
{
    struct buf out = {.max = BUNDLE_MAX};
    struct engine_bundle done = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    *bytes = NULL;
    *len = 0;
    TRY(pas_check_wider(pas));
    TRY(engine_bundle_export(pas->engine, space, since, &out, &done));
    TRY(pas_take_bytes(&out, bytes, len));
out:
    *did = told(&done);
    buf_free(&out);
    return pas_end(pas, err);
}

int pas_bundle_import(struct pas *pas, const unsigned char *bytes, size_t len,
                      struct pas_bundle *did)
{
    struct engine_bundle done = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    err = engine_bundle_import(pas->engine, bytes, len, &done);
    *did = told(&done);
    if (err == ERR_FORMAT || err == ERR_CORRUPT)
        TRY(pas_fail(pas, ERR_FORMAT, WORD_BUNDLE_BAD));
    TRY(err);
    TRY(pas_follow(pas));
out:
    return pas_end(pas, err);
}
