/* SPDX-License-Identifier: ISC */
/*
 * store/incident_rows.h -- incidents in tables incident, incident_part and
 * incident_log.
 */
#ifndef STORE_INCIDENT_ROWS_H
#define STORE_INCIDENT_ROWS_H

#include <sqlite3.h>

#include "detect/grade.h"
#include "detect/incident.h"
#include "store/dictionary.h"

#define INCIDENT_ROWS_RECENT	(2 * INCIDENT_IDLE)

struct incident_rows;		/* opaque: the statements */

/* -1 and NULL in *out: SQLite or memory failed. */
int	incident_rows_new(sqlite3 *db, struct dictionary *d,
	    struct incident_rows **out);
void	incident_rows_free(struct incident_rows *r);	/* NULL is fine */

/* Has another program written since the last call?  Then *next_id is the
 * number of the next incident. */
int	incident_rows_changed(struct incident_rows *r, bool *changed,
	    int64_t *next_id);

/* Ask for those of the latest days, the most recent first; for those at the
 * place of `like` that its times touch; or for those at servers that have to
 * do with its client network.  Then take them one by one until NULL; the
 * caller owns them.  Their parts, which are hundreds, come by a call of
 * their own: most that are asked for are known already. */
void	incident_rows_recent(struct incident_rows *r, unsigned most);
int	incident_rows_at(struct incident_rows *r,
	    const struct incident *like);
void	incident_rows_of_net(struct incident_rows *r,
	    const struct incident *like);
void	incident_rows_of_id(struct incident_rows *r, int64_t id);
struct incident	*incident_rows_next(struct incident_rows *r);
void	incident_rows_parts(struct incident_rows *r, struct incident *i);
bool	incident_rows_failed(const struct incident_rows *r);

/* Write it, and in its log that it was opened, or opened again, or closed
 * because it was mended. */
int	incident_rows_put(struct incident_rows *r, struct incident *i,
	    int64_t now);

/* It is at a client network now: if it has a row, that says so at once. */
int	incident_rows_moved(struct incident_rows *r, const struct incident *i);

/* The gravest session of each grade and kind among its findings above a note,
 * as their rows have them. */
int	incident_rows_leads(struct incident_rows *r, int64_t id,
	    struct incident_lead out[INCIDENT_LEADS_MAX], unsigned *n);

/* Write it, and in its log why it changed, once for each `now`.  Closed, it is
 * opened again only if `again`, or if it went on; new, it is closed if there is
 * nothing above a note in it. */
#define INCIDENT_LOG_MAX	300
int	incident_rows_revise(struct incident_rows *r, struct incident *i,
	    int64_t now, const char *text, bool again);

/* Findings and log of `other` become those of `into`, whose log says so; its
 * row goes. */
int	incident_rows_merge(struct incident_rows *r, int64_t into,
	    const struct incident *other, int64_t now);

#endif
