/* SPDX-License-Identifier: ISC */
/*
 * The memory that a record takes up; texts and certificates that are shared
 * are counted nowhere.
 */
#include "base/footprint.h"
#include "session/record.h"

size_t
readers_size(const struct dialogue *d, const struct smtp *smtp,
    const struct tls *tls)
{
	return (d == NULL ? 0 : dialogue_size(d)) +
	    (smtp == NULL ? 0 : smtp_size(smtp)) +
	    (tls == NULL ? 0 : tls_size(tls));
}

size_t
session_record_size(const struct session_record *r)
{
	size_t size = footprint(sizeof(*r)) +
	    footprint_text(r->server_name) +
	    footprint_of(r->dns, sizeof(*r->dns)) +
	    footprint_of(r->odd, sizeof(*r->odd)) +
	    footprint_of(r->conflicts,
	    RECORD_CONFLICTS_MAX * sizeof(r->conflicts[0])) +
	    readers_size(r->dialogue, r->smtp, r->tls);

	if (r->evidence != NULL)
		size += evidence_size(r->evidence);
	return size;
}
