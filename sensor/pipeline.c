/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "capture/filter.h"
#include "capture/privileges.h"
#include "clerk.h"
#include "pipeline.h"
#include "report.h"

#define STATUS_DONE	0
#define STATUS_NOT_ALL	1
#define STATUS_WRONG	2

#define PORT_OCTETS	8192	/* a bit per port */
#define PROGRESS_MS	200

struct pipeline {
	const struct config	*config;
	uint8_t			 ports[PORT_OCTETS];
	struct road_source	*sources;
	size_t			 nsources;
	struct road		*roads;
	size_t			 nroads;
	struct queue		*records;
	struct store		*store;
	struct promises		*promises;
	struct clerk		 clerk;
	sigset_t		 signals;
};

static void
set_ports(struct pipeline *p)
{
	for (size_t i = 0; i < p->config->nports; i++)
		p->ports[p->config->ports[i] / 8] |=
		    (uint8_t)(1 << p->config->ports[i] % 8);
}

/* Files: one road takes all sources in turn.  Live: a road an interface. */
static int
lay_roads(struct pipeline *p)
{
	bool live = config_is_live(p->config);

	p->nsources = p->config->nsources;
	p->nroads = live ? p->nsources : 1;
	p->sources = calloc(p->nsources, sizeof(p->sources[0]));
	p->roads = calloc(p->nroads, sizeof(p->roads[0]));
	p->records = queue_new(p->config->queue_records);
	if (p->sources == NULL || p->roads == NULL || p->records == NULL) {
		log_warn("pipeline");
		return -1;
	}
	for (size_t i = 0; i < p->nsources; i++)
		p->sources[i].what = &p->config->sources[i];
	for (size_t i = 0; i < p->nroads; i++)
		p->roads[i] = (struct road){
			.config = p->config,
			.ports = p->ports,
			.sources = &p->sources[i],
			.nsources = live ? 1 : p->nsources,
			.records = p->records,
			.live = live,
			.waiter = pthread_self(),
		};
	return 0;
}

/* Live captures open before privileges are given up. */
static int
open_interfaces(struct pipeline *p)
{
	const struct config *c = p->config;
	struct capture_live how = {
		.snaplen = c->snaplen,
		.buffer = c->buffer,
		.promiscuous = c->promiscuous,
		.ports = c->ports,
		.nports = c->nports,
		.dns = c->dns,
		.filter = c->filter,
	};

	for (size_t i = 0; i < p->nsources; i++) {
		p->sources[i].capture =
		    capture_open_live(c->sources[i].name, &how);
		if (p->sources[i].capture == NULL)
			return -1;
		log_info("capture interface=%s", c->sources[i].name);
	}
	return privileges_drop(c->user);
}

static int
begin_runs(struct pipeline *p)
{
	for (size_t i = 0; i < p->nsources; i++) {
		p->sources[i].run = store_run_begin(p->store,
		    p->config->sources[i].name, clock_wall_us());
		if (p->sources[i].run == -1)
			return -1;
	}
	return store_commit(p->store);
}

static int
end_runs(struct pipeline *p)
{
	for (size_t i = 0; i < p->nsources; i++) {
		const struct road_source *s = &p->sources[i];

		if (store_run_end(p->store, s->run, &s->counters, s->first,
		    s->last, s->damage) == -1)
			return -1;
	}
	return store_commit(p->store);
}

static bool
roads_ended(const struct pipeline *p)
{
	for (size_t i = 0; i < p->nroads; i++)
		if (!atomic_load(&p->roads[i].ended))
			return false;
	return true;
}

static void
stop_roads(struct pipeline *p)
{
	for (size_t i = 0; i < p->nroads; i++)
		road_stop(&p->roads[i]);
}

/* Until all roads have ended: signals, progress, a failing store. */
static void
watch(struct pipeline *p)
{
	const struct timespec tick = { .tv_nsec = PROGRESS_MS * 1000000L };
	bool stopping = false;
	int sig;

	while (!roads_ended(p)) {
		sig = sigtimedwait(&p->signals, NULL, &tick);
		if ((sig == SIGINT || sig == SIGTERM ||
		    atomic_load(&p->clerk.failed)) && !stopping) {
			stopping = true;
			sd_notify(0, "STOPPING=1");
			stop_roads(p);
		}
		if (!config_is_live(p->config) &&
		    p->config->log_level != LOG_QUIET)
			report_progress(&p->roads[0]);
	}
	if (p->config->log_level != LOG_QUIET)
		report_progress_end();
}

/* Threads run until there is nothing more to read.  -1: could not start. */
static int
run_threads(struct pipeline *p)
{
	size_t started = 0;

	p->clerk = (struct clerk){ .records = p->records,
	    .store = p->store, .promises = p->promises,
	    .in_order = !config_is_live(p->config),
	    .waiter = pthread_self() };
	if (clerk_start(&p->clerk) == -1)
		return -1;
	while (started < p->nroads && road_start(&p->roads[started]) == 0)
		started++;
	if (started < p->nroads) {
		for (size_t i = started; i < p->nroads; i++)
			atomic_store(&p->roads[i].ended, true);
		stop_roads(p);
	}
	sd_notify(0, "READY=1");
	watch(p);
	for (size_t i = 0; i < started; i++)
		road_join(&p->roads[i]);
	queue_close(p->records);
	clerk_join(&p->clerk);
	return started < p->nroads ? -1 : 0;
}

static int
pipeline_open(struct pipeline *p, const struct config *c)
{
	p->config = c;
	set_ports(p);
	sigemptyset(&p->signals);
	sigaddset(&p->signals, SIGINT);
	sigaddset(&p->signals, SIGTERM);
	sigaddset(&p->signals, SIGUSR1);
	/* Blocked everywhere, taken by watch(): no handler, no globals. */
	pthread_sigmask(SIG_BLOCK, &p->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file size limit is a full disk */
	return lay_roads(p);
}

static void
pipeline_close(struct pipeline *p)
{
	for (size_t i = 0; i < p->nsources && p->sources != NULL; i++) {
		capture_close(p->sources[i].capture);
		free(p->sources[i].damage);
	}
	queue_free(p->records);
	free(p->roads);
	free(p->sources);
}

static int
check_filter(const struct config *c)
{
	char why[256];

	if (c->filter == NULL || capture_filter_check(c->filter, why,
	    sizeof(why)) == 0)
		return 0;
	log_warnx("-f %s: %s", c->filter, why);
	return -1;
}

static int
store_begin(struct pipeline *p)
{
	const struct config *c = p->config;

	if ((p->store = store_open(c->database, c->name)) == NULL)
		return -1;
	if (c->jsonl != NULL && store_jsonl(p->store, c->jsonl) == -1)
		return -1;
	if (c->evidence != NULL && store_evidence(p->store, c->evidence) == -1)
		return -1;
	return begin_runs(p);
}

int
pipeline_run(const struct config *c)
{
	struct pipeline p = { 0 };
	int status = STATUS_NOT_ALL;
	bool stored;

	if (check_filter(c) == -1)
		return STATUS_WRONG;
	if (pipeline_open(&p, c) == -1)
		goto out;
	/* It forks: ahead of threads and of privileges being given up. */
	if ((p.promises = promises_open(c)) == NULL ||
	    (config_is_live(c) && open_interfaces(&p) == -1))
		goto out;
	if (store_begin(&p) == -1) {
		store_close(p.store);
		goto out;
	}
	promises_keep_in(p.promises, p.store);
	if (run_threads(&p) == 0)
		status = STATUS_DONE;
	stored = !atomic_load(&p.clerk.failed) && end_runs(&p) == 0;
	report_summary(c, p.sources, p.nsources, store_totals(p.store));
	if (store_close(p.store) == -1 || !stored)
		status = STATUS_NOT_ALL;
	for (size_t i = 0; i < p.nsources; i++)
		if (p.sources[i].failed)
			status = STATUS_NOT_ALL;
out:
	promises_close(p.promises);
	pipeline_close(&p);
	return status;
}

/* ------------------------------------------------------------------ */
/* --test-config                                                      */

static int
test_source(const struct config *c, const struct config_source *s)
{
	struct capture_path how = { .filter = c->filter };
	struct capture *capture;
	struct stat st;

	if (s->kind == SOURCE_INTERFACE) {
		printf("capture live from %s\n", s->name);
		return 0;
	}
	if (strcmp(s->name, "-") == 0) {
		puts("read a capture from standard input");
		return 0;
	}
	if (stat(s->name, &st) == -1) {
		log_warn("%s", s->name);
		return -1;
	}
	if (!S_ISFIFO(st.st_mode)) {
		if ((capture = capture_open_path(s->name, &how)) == NULL)
			return -1;
		capture_close(capture);
	}
	printf("read %s%s\n", s->name, c->follow ? ", and follow it" : "");
	return 0;
}

int
pipeline_test(const struct config *c)
{
	char resolver[ADDR_TEXT_MAX];

	if (check_filter(c) == -1)
		return STATUS_WRONG;
	for (size_t i = 0; i < c->nsources; i++)
		if (test_source(c, &c->sources[i]) == -1)
			return STATUS_WRONG;
	printf("SMTP ports:");
	for (size_t i = 0; i < c->nports; i++)
		printf(" %u", c->ports[i]);
	printf("\nextra filter: %s\n", c->filter != NULL ? c->filter : "none");
	puts(c->dns ? "listen to DNS on the way" :
	    "do not listen to DNS on the way");
	printf("database %s, as sensor %s\n", c->database, c->name);
	if (c->jsonl != NULL)
		printf("JSON lines to %s\n", c->jsonl);
	if (c->evidence != NULL)
		printf("evidence captures to %s\n", c->evidence);
	if (config_is_live(c))
		printf("then become %s, without privileges\n",
		    c->user != NULL ? c->user : "nobody else");
	switch (c->policy) {
	case POLICY_BY_RESOLVER:
		printf("ask the resolver %s@%u what DNS promises\n",
		    addr_format(&c->resolver.server, resolver),
		    c->resolver.port);
		break;
	case POLICY_BY_FILE:
		printf("read what DNS promises from %s\n", c->snapshot);
		break;
	case POLICY_BY_DEFAULT:
	case POLICY_BY_NOBODY:
		puts("judge without DNS (policy off)");
		break;
	}
	return STATUS_DONE;
}
