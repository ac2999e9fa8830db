/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/check.h"
#include "analyzer/when.h"
#include "schema/names.h"

#define SEVERITY_DEFAULT	"medium"
#define HELD_MAX		4096	/* octets of standard error */

void
check_hold(struct check_hold *h)
{
	int ends[2];

	h->saved = h->reader = -1;
	/* Nobody reads while we write: what a full pipe does not take is
	 * lost, which our few lines never come to. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return;
	h->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (h->saved == -1 || dup2(ends[1], STDERR_FILENO) == -1) {
		close(ends[0]);
		close(h->saved);
		h->saved = -1;
	} else {
		h->reader = ends[0];
	}
	close(ends[1]);
}

int
check_release(struct check_hold *h, int status)
{
	static const char us[] = "striptls-analyzer: ";
	char held[HELD_MAX], *why = held;
	ssize_t len = 0;

	if (h->saved != -1) {
		fflush(stderr);
		dup2(h->saved, STDERR_FILENO);
		close(h->saved);
		len = read(h->reader, held, sizeof(held) - 1);
		close(h->reader);
		*h = (struct check_hold){ -1, -1 };
	}
	held[len > 0 ? len : 0] = '\0';
	fputs(held, stderr);
	if ((status & STATUS_CHECKED) != 0)
		return status;
	if (strncmp(why, us, sizeof(us) - 1) == 0)
		why += sizeof(us) - 1;
	printf("UNKNOWN: %.*s\n", (int)strcspn(why, "\n"), why);
	return STATUS_CHECKED | CHECK_UNKNOWN;
}

/* Words of all severities from `least` on, for '@' of the listing. */
static void
add_worst(struct query *q, const char *sql, int least)
{
	const char *at = strchr(sql, '@');

	query_add(q, "%.*s", (int)(at - sql), sql);
	for (int i = least; i < SEVERITIES; i++) {
		if (i > least)
			query_add(q, ", ");
		query_add_text(q, severity_word((enum severity)i));
	}
	query_add(q, "%s", at + 1);
}

/* Rows by their gravest severity: counts[]. */
static int
count_rows(const struct listing *l, const struct options *o,
    const struct database *d, int64_t counts[SEVERITIES])
{
	sqlite3_stmt *stmt = NULL;
	struct query *q;
	int rank, status, rc = SQLITE_ERROR;

	q = query_new(d->sql);
	query_add(q, "SELECT worst, count(*) FROM (SELECT ");
	add_worst(q, l->worst, severity_of(o->filters[FILTER_SEVERITY]));
	query_add(q, " AS worst FROM all_%s AS s WHERE 1", l->columns.view);
	if (listing_stands(l, o))
		query_add(q, " AND %s", l->standing);
	status = filter_apply(q, &l->filters, o, when_now());
	query_add(q, ") WHERE worst IS NOT NULL GROUP BY worst");
	if (status == STATUS_DONE && (stmt = query_prepare(q)) == NULL)
		status = STATUS_ERROR;
	query_free(q);
	if (status != STATUS_DONE)
		return status;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		rank = sqlite3_column_int(stmt, 0);
		if (rank >= 0 && rank < SEVERITIES)
			counts[rank] = sqlite3_column_int64(stmt, 1);
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE)
		return STATUS_DONE;
	warnx("%s: %s", d->paths[0], sqlite3_errmsg(d->sql));
	return STATUS_ERROR;
}

/* A sensor that never saw anything proves nothing. */
static bool
saw_anything(const struct database *d)
{
	sqlite3_stmt *stmt;
	bool saw;

	if (sqlite3_prepare_v2(d->sql, "SELECT 1 FROM all_sessions LIMIT 1",
	    -1, &stmt, NULL) != SQLITE_OK)
		return false;
	saw = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return saw;
}

static void
say_counts(const struct listing *l, const char *least,
    const int64_t counts[SEVERITIES], int64_t total)
{
	const char *between = " (";

	if (total == 0)
		printf("no %s at or above %s", l->many, least);
	else
		printf("%lld %s at or above %s", (long long)total,
		    total == 1 ? l->one : l->many, least);
	for (int i = SEVERITIES - 1; i >= 0; i--) {
		if (counts[i] == 0)
			continue;
		printf("%s%lld %s", between, (long long)counts[i],
		    severity_word((enum severity)i));
		between = ", ";
	}
	if (total > 0)
		putchar(')');
	/* 'label'=value;warn;crit;min */
	printf(" | %s=%lld;;;0", l->many, (long long)total);
	for (int i = SEVERITIES - 1; i >= severity_of(least); i--)
		printf(" %s=%lld;;;0", severity_word((enum severity)i),
		    (long long)counts[i]);
	putchar('\n');
}

int
check_run(const struct listing *l, const struct options *given,
    const struct database *d)
{
	struct options o = *given;
	int64_t counts[SEVERITIES] = { 0 }, total = 0;
	enum check_status status;
	int rc;

	if (o.filters[FILTER_SEVERITY] == NULL)
		o.filters[FILTER_SEVERITY] = SEVERITY_DEFAULT;
	if ((rc = count_rows(l, &o, d, counts)) != STATUS_DONE)
		return rc;
	for (int i = 0; i < SEVERITIES; i++)
		total += counts[i];
	if (total == 0 && !saw_anything(d)) {
		warnx("no session was ever recorded");
		return STATUS_ERROR;
	}
	status = counts[SEVERITY_CRITICAL] > 0 ? CHECK_CRITICAL :
	    total > 0 ? CHECK_WARNING : CHECK_OK;
	printf("%s: ", status == CHECK_CRITICAL ? "CRITICAL" :
	    status == CHECK_WARNING ? "WARNING" : "OK");
	say_counts(l, o.filters[FILTER_SEVERITY], counts, total);
	return STATUS_CHECKED | (int)status;
}
