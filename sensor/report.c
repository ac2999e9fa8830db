/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <unistd.h>

#include "report.h"

#define BAR	40		/* columns */

void
report_progress(struct road *r)
{
	uint64_t done, size, frames;
	const struct road_source *s;
	unsigned filled;

	if (isatty(STDERR_FILENO) == 0)
		return;
	road_progress(r, &done, &size);
	s = &r->sources[atomic_load(&r->at)];
	frames = counter_read(&s->counters, COUNT_frames);
	if (size == 0) {
		fprintf(stderr, "\r%" PRIu64 " packets\033[K", frames);
		return;
	}
	if (done > size)
		done = size;
	filled = (unsigned)((double)done / (double)size * BAR);
	fprintf(stderr, "\r[%.*s%*s] %3u%%  %" PRIu64 " packets\033[K",
	    (int)filled, "########################################",
	    (int)(BAR - filled), "",
	    (unsigned)((double)done / (double)size * 100), frames);
}

void
report_progress_end(void)
{
	if (isatty(STDERR_FILENO) != 0)
		fputs("\r\033[K", stderr);
}

static uint64_t
sum(const struct road_source *sources, size_t n, enum counter which)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += counter_read(&sources[i].counters, which);
	return total;
}

static void
say_findings(const struct store_totals *t)
{
	const char *comma = "";
	bool any = false;

	fputs("findings: ", stderr);
	for (int s = SEVERITIES - 1; s >= 0; s--) {
		if (t->findings[s] == 0)
			continue;
		fprintf(stderr, "%s%" PRIu64 " %s", comma, t->findings[s],
		    severity_word(s));
		comma = ", ";
		any = true;
	}
	fputs(any ? "\n" : "none\n", stderr);
}

void
report_summary(const struct config *c, const struct road_source *sources,
    size_t n, const struct store_totals *t)
{
	uint64_t drops = sum(sources, n, COUNT_kernel_drops) +
	    sum(sources, n, COUNT_interface_drops);
	uint64_t lost = sum(sources, n, COUNT_sessions_unrecorded);

	if (c->log_level == LOG_QUIET)
		return;
	fprintf(stderr, "packets: %" PRIu64 "\n",
	    sum(sources, n, COUNT_frames));
	fprintf(stderr, "sessions: %" PRIu64 ", %" PRIu64 " new, %" PRIu64
	    " undecided\n", t->sessions, t->new_sessions, t->undecided);
	say_findings(t);
	fprintf(stderr, "incidents: %" PRIu64 " opened\n", t->incidents);
	if (config_is_live(c) || drops > 0)
		fprintf(stderr, "dropped before we saw them: %" PRIu64
		    " packets\n", drops);
	if (lost > 0)
		fprintf(stderr, "not recorded: %" PRIu64 " sessions\n", lost);
	fprintf(stderr, "stored in %s; see: striptls-analyzer -d %s %s\n",
	    c->database, c->database, t->incidents > 0 ? "incidents" :
	    "sessions");
	if (c->log_level != LOG_VERBOSE)
		return;
	for (int i = 0; i < COUNTERS; i++)
		if (sum(sources, n, i) > 0)
			fprintf(stderr, "  %12" PRIu64 "  %s\n",
			    sum(sources, n, i), counter_text(i));
}
