/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_recovery: the section of passerelle.h about losing everything: recovery sheets, and a new identity for a phone that
 * was put back from a backup.
 */
#ifndef CLIENT_PAS_RECOVERY_H
#define CLIENT_PAS_RECOVERY_H

#include "client/passerelle.h"

/** Makes a recovery sheet for every space of a server that this device administers (`space` SIZE_MAX), or for one. It is
 * valid once the next sync has sent it, where one person suffices; elsewhere once another has confirmed it. Gives
 * `*code` (28 characters in groups) and `*link` (for the QR code), both secrets to be printed and forgotten (pas_free).
 * The table: space, space_name, code (of the space, to be typed), state (queued or proposed), url. */
PAS_CHECK int pas_recovery_sheet(struct pas *pas, size_t space, char **code, char **link,
                                 struct pas_table **table);

/** The server of a sheet's link; FORMAT when it is none. */
PAS_CHECK int pas_recovery_url(const char *link, char url[512]);

struct pas_rescue_args {
    const char *sheet;  /* the link, or the code as it was typed */
    const char *url;    /* with a code: the server, and */
    const char *spaces; /* the codes of the spaces, separated by commas */
    const char *dir;    /* a scratch folder that does not exist yet */
    const unsigned char *server;
    size_t server_len;
    uint64_t now_ms;
};
/** Takes a sheet into a program for a moment. pas_why tells which character of a code is wrong. */
struct pas_rescue;
PAS_CHECK int pas_rescue_new(struct pas_rescue **rescue, struct pas *pas,
                             const struct pas_rescue_args *args);
/** Round trips with the sheet's server, as pas_sync_begin and _finish. */
PAS_CHECK int pas_rescue_begin(struct pas_rescue *rescue, unsigned char **request, size_t *len);
PAS_CHECK int pas_rescue_finish(struct pas_rescue *rescue, const unsigned char *answer, size_t len,
                                struct pas_sync *sync);
/** After the first syncs: admits this device, and removes the lost ones that are named. Then sync once more. */
PAS_CHECK int pas_rescue_admit(struct pas_rescue *rescue, const char *const *lost, size_t n_lost,
                               size_t *spaces, size_t *removed);
/** After the last sync: this device has the spaces; its own sync brings what is in them. */
PAS_CHECK int pas_rescue_end(struct pas_rescue *rescue, size_t *spaces);
void pas_rescue_free(struct pas_rescue *rescue); /* NULL is fine; removes the scratch folder */

/* --- a phone from a backup --- */

/** Gives this device a new identity, after the alarm that another copy of it writes (SEQ). Its waiting work stays; each
 * space is joined again by a new invitation. `*spaces` and `*changes` tell how many. USAGE: there was no such alarm. */
PAS_CHECK int pas_renew(struct pas *pas, const char *pass, size_t pass_len, size_t *spaces,
                        size_t *changes);

#endif
