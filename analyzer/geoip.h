/* SPDX-License-Identifier: ISC */
/*
 * analyzer/geoip.h -- country and network of an address, from MaxMind DB
 * files that the operator has; none comes with us.
 */
#ifndef ANALYZER_GEOIP_H
#define ANALYZER_GEOIP_H

#include <sqlite3.h>
#include <stdbool.h>

#include "analyzer/options.h"

struct geoip;			/* opaque: open files */

/*
 * Open --geoip's files, else those of STRIPTLS_GEOIP (with colons between
 * them), else what the usual places have.  NULL after saying why: a file
 * that is none, or nothing that could tell what is wanted.
 */
struct geoip	*geoip_open(const struct options *o, bool country, bool asn);
void		 geoip_close(struct geoip *g);		/* NULL is fine */

/*
 * Make known to `db`, for as long as `g` is open:
 *	country(ip)	two letters
 *	asn(ip)		number of the autonomous system
 *	as_name(ip)	who runs it
 * NULL for what the files do not know.  SQLITE_OK or its error.
 */
int		 geoip_functions(struct geoip *g, sqlite3 *db);

#endif
