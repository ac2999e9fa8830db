/* SPDX-License-Identifier: ISC */
/*
 * store/json_lines.h -- what was committed, once more as JSON lines.
 */
#ifndef STORE_JSON_LINES_H
#define STORE_JSON_LINES_H

#include <sqlite3.h>
#include <stdint.h>

struct json_lines;		/* opaque */

/* NULL after saying why. */
struct json_lines	*json_lines_open(sqlite3 *db, const char *path);

/* The session and its findings, read back through the views.  -1 after
 * saying why; then there is no point in more. */
int	json_lines_session(struct json_lines *j, int64_t id);
int	json_lines_flush(struct json_lines *j);

/* -1 after saying why: what was written last did not arrive. */
int	json_lines_close(struct json_lines *j);	/* NULL is fine: 0 */

#endif
