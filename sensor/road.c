/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "decode/decode.h"
#include "road.h"
#include "session/session.h"

/*
 * Files of a directory continue each other (a rotated capture) unless the
 * next begins this much before the last packet: then it is another capture
 * of its own, and connections do not reach over.
 */
#define OVERLAP	1000000		/* microseconds */

#define BATCH_FRAMES	64
#define BATCH_OCTETS	512	/* longer frames are not worth the copy */
#define APPROACH	8	/* packets on their way to the table */

struct batch {
	unsigned	frames;
	struct frame	frame[BATCH_FRAMES];
	uint8_t		octets[BATCH_FRAMES][BATCH_OCTETS];
};

/* Packets on their way to the table: what each will need there is fetched step
 * by step, while others are at work. */
struct approach {
	unsigned	first;		/* the next to be taken; may wrap */
	unsigned	count;
	struct packet	packet[APPROACH];
};

/* Everything one source needs on its way. */
struct journey {
	struct road		*road;
	struct road_source	*source;
	struct decoder		*decoder;
	struct flow_table	*flows;
	struct dns_seen		*dns;		/* NULL: not listened to */
	struct digest		*digest;
	struct certificate_cache *certificates;
	struct bookshelf	*books;
	struct smtp_recalls	*recalls;
	struct session_world	 world;
	bool			 new_file;
	char			*file;		/* whose frames are in the batch */
	struct batch		 batch;
	struct approach		 approach;
};

static void
give_record(void *context, struct session_record *record)
{
	struct journey *j = context;
	bool given;

	given = j->road->live ? queue_try_put(j->road->records, record) :
	    queue_put(j->road->records, record);
	if (!given) {
		count(&j->source->counters, COUNT_sessions_unrecorded);
		session_record_free(record);
	}
}

static uint64_t
random_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(seed)) {
		log_warn("no random seed from the kernel");
		seed = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&seed;
	}
	return seed;
}

static void
journey_end(struct journey *j)
{
	flow_table_free(j->flows);
	dns_seen_free(j->dns);
	decoder_free(j->decoder);
	certificate_cache_free(j->certificates);
	bookshelf_free(j->books);
	smtp_recalls_free(j->recalls);
	digest_free(j->digest);
	free(j->file);
}

static int
journey_begin(struct journey *j)
{
	const struct config *c = j->road->config;
	struct decode_limits fragments = c->decode;
	struct dns_limits dns = c->dns_limits;

	j->digest = digest_new();
	j->certificates = j->digest == NULL ? NULL :
	    certificate_cache_new(c->certificates, j->digest);
	j->books = bookshelf_new(random_seed());
	j->recalls = smtp_recalls_new(random_seed());
	fragments.seed = random_seed();
	j->decoder = decoder_new(&fragments, j->road->ports, c->dns,
	    &j->source->counters);
	dns.seed = random_seed();
	j->dns = c->dns ? dns_seen_new(&dns, &j->source->counters) : NULL;
	j->world = (struct session_world){
		.digest = j->digest,
		.certificates = j->certificates,
		.dns = j->dns,
		.counters = &j->source->counters,
		.books = j->books,
		.recalls = j->recalls,
		.source = "",
		.live = j->road->live,
		.evidence = c->evidence != NULL,
		.give = give_record,
		.context = j,
	};
	j->flows = flow_table_new(&c->flow, j->road->ports, random_seed(),
	    &session_ops, &j->world, &j->source->counters);
	if (j->certificates != NULL && j->decoder != NULL &&
	    j->flows != NULL && (j->dns != NULL || !c->dns))
		return 0;
	log_warnx("source %s: out of memory", j->source->what->name);
	journey_end(j);
	return -1;
}

static_assert(APPROACH > FLOW_FORESEE_STEPS && (APPROACH & (APPROACH - 1)) == 0,
    "a step a packet, and numbers that wrap");

static struct packet *
packet_at(struct approach *a, unsigned i)
{
	return &a->packet[(a->first + i) % APPROACH];
}

/* The newest packet does its first step, the one before it its second, ...
 * Where none came `newest` is one behind the last. */
static void
approach(struct journey *j, unsigned newest)
{
	struct approach *a = &j->approach;

#pragma GCC unroll 8
	for (unsigned i = 0; i < FLOW_FORESEE_STEPS; i++)
		if (newest - i < a->count)	/* or it wrapped */
			flow_foresee(j->flows, packet_at(a, newest - i), i);
}

static void
take_first(struct journey *j)
{
	struct approach *a = &j->approach;

	flow_take(j->flows, packet_at(a, 0));
	a->first++;
	a->count--;
}

/* All that are on their way. */
static void
take_all(struct journey *j)
{
	unsigned newest = j->approach.count;

	while (j->approach.count > 0) {
		approach(j, newest);
		take_first(j);
	}
}

/*
 * Frames come in batches, and are taken in their order.  A datagram put
 * together from fragments lives in the decoder, until the next: it goes at
 * once, behind those before it.  DNS does too: sessions that end before it
 * was answered must not know the answer.
 */
static void
batch_flush(struct journey *j)
{
	struct batch *b = &j->batch;
	struct approach *a = &j->approach;
	const struct frame *end = b->frame + b->frames;

	b->frames = 0;
	for (const struct frame *f = b->frame; f < end; f++) {
		struct packet *p = packet_at(a, a->count);
		enum decode_result result = decode(j->decoder, f, p);

		if (result == DECODE_DNS) {
			take_all(j);
			dns_seen_take(j->dns, p);
			continue;
		}
		if (result != DECODE_TCP)
			continue;	/* counted where it was met */
		approach(j, a->count++);
		if ((p->wraps & WRAP_FRAGMENTS) != 0)
			take_all(j);
		else if (a->count > FLOW_FORESEE_STEPS)
			take_first(j);
	}
	take_all(j);
}

/* Where the file begins that a frame is the first of. */
static void
begin_file(struct journey *j, const struct frame *f)
{
	j->new_file = false;
	if (f->time >= j->source->last - OVERLAP)
		return;
	flow_table_flush(j->flows);
	if (j->dns != NULL)
		dns_seen_forget(j->dns);
}

/* What is to be counted of the next `n` frames of the batch. */
static void
note_frames(struct road_source *s, const struct frame *f, size_t n)
{
	int64_t first = s->first, last = s->last;
	uint64_t cut = 0;

	for (size_t i = 0; i < n; i++) {
		if (first == 0 || f[i].time < first)
			first = f[i].time;
		if (f[i].time > last)
			last = f[i].time;
		cut += f[i].octets.len < f[i].wire_len;
	}
	s->first = first;
	s->last = last;
	count_many(&s->counters, COUNT_frames, n);
	count_many(&s->counters, COUNT_frames_truncated, cut);
}

/*
 * The frame behind those of the batch has come, and others with it if they
 * were at hand: what is good until the next call fills the batch or goes at
 * once, unless it is so short that a copy of it can wait for more.
 */
static void
take_frames(struct journey *j, struct capture *c)
{
	struct batch *b = &j->batch;
	struct frame *f = &b->frame[b->frames];
	size_t n = 1 + capture_more(c, f + 1, BATCH_FRAMES - b->frames - 1);
	uint8_t *copy = b->octets[b->frames];

	if (j->new_file)
		begin_file(j, f);
	note_frames(j->source, f, n);
	b->frames += (unsigned)n;
	if (n > 1 || b->frames == BATCH_FRAMES || f->octets.len == 0 ||
	    f->octets.len > BATCH_OCTETS) {
		batch_flush(j);
		return;
	}
	memcpy(copy, f->octets.at, f->octets.len);
	f->octets.at = copy;
}

/* The first complaint of a source is kept for its row; each is said. */
static void
complain(struct road_source *s, const struct capture *c)
{
	log_warnx("%s", capture_why(c));
	if (s->damage == NULL)
		s->damage = strdup(capture_why(c));
	s->failed = true;
}

static void
note_drops(struct journey *j, struct capture *c)
{
	struct capture_drops d = capture_drops(c);
	struct counters *n = &j->source->counters;

	count_many(n, COUNT_kernel_drops,
	    d.kernel - counter_read(n, COUNT_kernel_drops));
	count_many(n, COUNT_interface_drops,
	    d.interface - counter_read(n, COUNT_interface_drops));
}

/* Live and quiet: packet time goes on with the clock that stamps packets,
 * some way behind it, as the kernel may still hold packets back. */
static void
let_time_pass(struct journey *j)
{
	if (j->road->live)
		flow_table_tick(j->flows, clock_wall_us() - 1000000);
}

/* Our own copy: the capture may be at its next file, with frames of the last
 * still in the batch. */
static void
name_file(struct journey *j, const struct capture *c)
{
	char *name = strdup(capture_name(c));

	if (name == NULL) {
		log_warn("source %s", j->source->what->name);
		return;		/* the old name is better than none */
	}
	free(j->file);
	j->world.source = j->file = name;
}

static void
travel(struct journey *j, struct capture *c)
{
	struct batch *b = &j->batch;

	name_file(j, c);
	for (;;) {
		enum capture_status status = capture_next(c,
		    &b->frame[b->frames]);

		if (status != CAPTURE_FRAME)
			batch_flush(j);
		switch (status) {
		case CAPTURE_FRAME:
			take_frames(j, c);
			break;
		case CAPTURE_QUIET:
			let_time_pass(j);
			note_drops(j, c);
			break;
		case CAPTURE_FILE:
			name_file(j, c);
			j->new_file = true;
			break;
		case CAPTURE_DAMAGED:
			complain(j->source, c);
			break;
		case CAPTURE_FAILED:
			complain(j->source, c);
			note_drops(j, c);
			return;
		case CAPTURE_END:
			note_drops(j, c);
			return;
		}
	}
}

static void
set_current(struct road *r, struct capture *c)
{
	pthread_mutex_lock(&r->lock);
	r->current = c;
	if (c != NULL && atomic_load(&r->stopping))
		capture_stop(c);
	pthread_mutex_unlock(&r->lock);
}

static void
read_source(struct road *r, struct road_source *s)
{
	struct capture_path how = { .filter = r->config->filter,
	    .follow = r->config->follow };
	struct journey j = { .road = r, .source = s };
	struct capture *c = s->capture;

	if (c == NULL && (c = capture_open_path(s->what->name, &how)) == NULL) {
		s->failed = true;
		s->damage = strdup("could not be opened");
		return;
	}
	s->capture = NULL;
	if (journey_begin(&j) == 0) {
		set_current(r, c);
		travel(&j, c);
		set_current(r, NULL);
		flow_table_flush(j.flows);
		journey_end(&j);
	} else
		s->failed = true;
	capture_close(c);
}

static void *
road_main(void *argument)
{
	struct road *r = argument;

	pthread_setname_np(pthread_self(), "road");
	for (size_t i = 0; i < r->nsources &&
	    !atomic_load(&r->stopping); i++) {
		atomic_store(&r->at, i);
		read_source(r, &r->sources[i]);
	}
	atomic_store(&r->ended, true);
	pthread_kill(r->waiter, SIGUSR1);
	return NULL;
}

int
road_start(struct road *r)
{
	int error;

	pthread_mutex_init(&r->lock, NULL);
	if ((error = pthread_create(&r->thread, NULL, road_main, r)) != 0) {
		errno = error;
		log_warn("road thread");
		pthread_mutex_destroy(&r->lock);
		return -1;
	}
	return 0;
}

void
road_stop(struct road *r)
{
	atomic_store(&r->stopping, true);
	pthread_mutex_lock(&r->lock);
	if (r->current != NULL)
		capture_stop(r->current);
	pthread_mutex_unlock(&r->lock);
}

void
road_progress(struct road *r, uint64_t *done, uint64_t *size)
{
	*done = *size = 0;
	pthread_mutex_lock(&r->lock);
	if (r->current != NULL)
		capture_progress(r->current, done, size);
	pthread_mutex_unlock(&r->lock);
}

void
road_join(struct road *r)
{
	pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
}
