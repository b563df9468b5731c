/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_domain_inside: what the files pas_domain*.c share.
 */
#ifndef CLIENT_PAS_DOMAIN_INSIDE_H
#define CLIENT_PAS_DOMAIN_INSIDE_H

#include "client/domain.h"
#include "client/pas_inside.h"

/** The view of a device for the modules of the domain; valid until the next edit or sync. */
struct domain pas_domain_of(const struct pas *pas);

#endif
