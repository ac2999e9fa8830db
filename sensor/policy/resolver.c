/* SPDX-License-Identifier: ISC */
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/message.h"
#include "policy/resolver.h"

#define PAUSE_MS	250	/* before another try after a refusal */
#define WRONG_MAX	16	/* datagrams before we turn to TCP */
#define DRAIN_MAX	32	/* datagrams of one socket at a time */
#define SERVFAIL	2
#define ALIVE_MS	15000	/* so long after its last reply it may live */

enum step {
	QUERY_PAUSING,		/* no socket; the next try begins at deadline */
	QUERY_UDP,		/* sent; any datagram may come */
	QUERY_CONNECTING,	/* TCP, until it can be written to */
	QUERY_READING,		/* TCP, sent; the reply comes in pieces */
};

struct query {
	TAILQ_ENTRY(query)	 link;	/* waiting, in flight, or spare */
	enum step		 step;
	int			 fd;
	int64_t			 deadline;	/* milliseconds */
	struct lookup_question	 question;
	resolver_done		*done;
	void			*context;
	struct lookup_answer	*answer;
	unsigned		 tries;	/* begun in this phase */
	bool			 unchecked;	/* second phase: with CD */
	bool			 tcp;
	unsigned		 wrong;
	struct message_query	 sent;
	uint8_t			*reply;	/* TCP: two octets and the message */
	size_t			 have, want;
};

TAILQ_HEAD(queries, query);

struct resolver {
	struct resolver_options	 options;
	struct resolver_counts	 counts;
	bool			 trusted;
	int			 epoll;
	unsigned		 in_flight, waiting;
	int64_t			 heard;	/* when it last replied; 0: never */
	struct queries		 flying, queued;
	uint8_t			 datagram[MESSAGE_MAX];
};

bool
resolver_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (addr_is_v4(a))
		return a->octets[12] == 127;
	return memcmp(a->octets, one, sizeof(one)) == 0;
}

bool
resolver_set_server(struct resolver_options *o, const char *text)
{
	char address[ADDR_TEXT_MAX], *end;
	size_t len = strcspn(text, "@");
	unsigned long port = 53;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (text[len] == '@') {
		port = text[len + 1] >= '0' && text[len + 1] <= '9' ?
		    strtoul(text + len + 1, &end, 10) : 0;
		if (port == 0 || port > 65535 || *end != '\0')
			return false;
	}
	o->port = (uint16_t)port;
	return addr_parse(&o->server, address) == 0;
}

struct resolver *
resolver_new(const struct resolver_options *o)
{
	char text[ADDR_TEXT_MAX];
	struct resolver *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		log_warn("resolver");
		return NULL;
	}
	r->options = *o;
	r->trusted = o->trusted || resolver_is_loopback(&o->server);
	if (!r->trusted)	/* RFC 7672 section 2.1.1 */
		log_warnx("resolver %s: neither on loopback nor trusted; "
		    "nothing it says counts as validated",
		    addr_format(&o->server, text));
	TAILQ_INIT(&r->flying);
	TAILQ_INIT(&r->queued);
	if ((r->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		log_warn("resolver");
		free(r);
		return NULL;
	}
	return r;
}

static void
hang_up(struct query *q)
{
	if (q->fd != -1)
		close(q->fd);	/* which takes it out of the epoll set */
	q->fd = -1;
	free(q->reply);
	q->reply = NULL;
	q->have = q->want = 0;
}

static void
free_query(struct query *q)
{
	hang_up(q);
	lookup_answer_give(q->answer);
	free(q);
}

static void
free_all(struct queries *list)
{
	struct query *q;

	while ((q = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, q, link);
		free_query(q);
	}
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	free_all(&r->flying);
	free_all(&r->queued);
	close(r->epoll);
	free(r);
}

static void
finish(struct resolver *r, struct query *q)
{
	struct lookup_answer *a = q->answer;

	TAILQ_REMOVE(&r->flying, q, link);
	r->in_flight--;
	r->counts.answered++;
	if (a->failure == LOOKUP_MALFORMED)
		r->counts.malformed++;
	if (a->untrusted)
		r->counts.untrusted++;
	a->at = clock_wall_us() / 1000 * 1000;
	q->answer = NULL;
	q->done(q->context, a);
	free_query(q);
}

static void
pause_query(struct query *q, int64_t now)
{
	hang_up(q);
	q->step = QUERY_PAUSING;
	q->deadline = now + PAUSE_MS;
}

static socklen_t
server_address(const struct resolver *r, struct sockaddr_storage *ss)
{
	const struct addr *a = &r->options.server;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *four = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr_is_v4(a)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(r->options.port);
		memcpy(&four->sin_addr, a->octets + 12, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(r->options.port);
	memcpy(&six->sin6_addr, a->octets, 16);
	return sizeof(*six);
}

static bool
open_socket(struct resolver *r, struct query *q, int type)
{
	struct epoll_event e = { .data.ptr = q };
	struct sockaddr_storage ss;
	socklen_t len = server_address(r, &ss);

	q->fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (q->fd == -1)
		return false;
	e.events = type == SOCK_STREAM ? EPOLLOUT : EPOLLIN;
	if (connect(q->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		return false;
	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, q->fd, &e) == 0;
}

/* A new socket and identifier for each try: what was said to an older one
 * is not heard any more. */
static bool
send_query(struct resolver *r, struct query *q, int64_t now)
{
	uint16_t id;

	hang_up(q);
	if (getrandom(&id, sizeof(id), 0) != sizeof(id) ||
	    !message_ask(&q->sent, &q->question, id, q->unchecked))
		return false;
	q->wrong = 0;
	q->deadline = now + r->options.timeout_ms;
	if (q->tcp) {
		r->counts.over_tcp++;
		q->step = QUERY_CONNECTING;
		return open_socket(r, q, SOCK_STREAM);
	}
	q->step = QUERY_UDP;
	return open_socket(r, q, SOCK_DGRAM) &&
	    send(q->fd, q->sent.octets, q->sent.len, MSG_NOSIGNAL) ==
	    q->sent.len;
}

/*
 * A resolver that answers others and not this one speaks of the name; one
 * that is silent altogether only of itself: then nothing is known.
 */
static bool
is_silent(const struct resolver *r, enum lookup_failure why, int64_t now)
{
	if (why == LOOKUP_UNREACHABLE)
		return true;
	return why == LOOKUP_TIMEOUT &&
	    (r->heard == 0 || now - r->heard > ALIVE_MS);
}

static void
give_up(struct resolver *r, struct query *q, enum lookup_failure why,
    int64_t now)
{
	/* unchecked, it only was to tell bogus from dead */
	if (!q->unchecked) {
		q->answer->failure = why;
		if (is_silent(r, why, now))
			q->answer->status = LOOKUP_UNKNOWN;
	}
	if (why == LOOKUP_TIMEOUT)
		r->counts.timed_out++;
	else if (why == LOOKUP_UNREACHABLE)
		r->counts.unreachable++;
	finish(r, q);
}

static void
begin_try(struct resolver *r, struct query *q, int64_t now)
{
	if (q->tries > 0)
		r->counts.retried++;
	q->tries++;
	q->tcp = false;
	if (!send_query(r, q, now))
		pause_query(q, now);
}

/* The try came to nothing. */
static void
next_try(struct resolver *r, struct query *q, int64_t now,
    enum lookup_failure why)
{
	if (q->tries >= r->options.tries) {
		give_up(r, q, why, now);
		return;
	}
	if (why == LOOKUP_TIMEOUT)
		begin_try(r, q, now);
	else
		pause_query(q, now);
}

static void
go_tcp(struct resolver *r, struct query *q, int64_t now)
{
	q->tcp = true;
	if (!send_query(r, q, now))
		next_try(r, q, now, LOOKUP_UNREACHABLE);
}

/* The reply to the unchecked question: only whether there is something. */
static void
conclude_unchecked(struct resolver *r, struct query *q, struct span reply)
{
	int rcode = message_rcode(reply);

	if (rcode == 0 || rcode == 3)
		q->answer->status = LOOKUP_BOGUS;
	finish(r, q);
}

static void
take_reply(struct resolver *r, struct query *q, struct span reply,
    int64_t now)
{
	r->heard = now;
	if (message_is_truncated(reply) && !q->tcp) {
		go_tcp(r, q, now);
		return;
	}
	if (q->unchecked) {
		conclude_unchecked(r, q, reply);
		return;
	}
	if (message_read(q->answer, &q->question, reply, r->trusted) == -1) {
		/* memory is short: that says nothing about the name */
		q->answer->status = LOOKUP_UNKNOWN;
		q->answer->failure = LOOKUP_BUDGET;
	}
	if (q->answer->failure == LOOKUP_RCODE && r->trusted &&
	    q->answer->rcode == SERVFAIL) {
		q->unchecked = true;
		q->tries = 0;
		begin_try(r, q, now);
		return;
	}
	finish(r, q);
}

static void
hear_datagrams(struct resolver *r, struct query *q, int64_t now)
{
	for (unsigned i = 0; i < DRAIN_MAX; i++) {
		ssize_t n = recv(q->fd, r->datagram, sizeof(r->datagram), 0);
		struct span reply = span_of(r->datagram, n > 0 ? (size_t)n : 0);

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == -1) {
			next_try(r, q, now, LOOKUP_UNREACHABLE);
			return;
		}
		if (message_is_reply(&q->sent, reply)) {
			take_reply(r, q, reply, now);
			return;
		}
		r->counts.dropped++;
		if (++q->wrong == WRONG_MAX) {
			go_tcp(r, q, now);
			return;
		}
	}
}

static void
connected(struct resolver *r, struct query *q, int64_t now)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = q };
	uint8_t out[2 + MESSAGE_QUERY_MAX];
	ssize_t len = 2 + q->sent.len;

	out[0] = (uint8_t)(q->sent.len >> 8);
	out[1] = (uint8_t)q->sent.len;
	memcpy(out + 2, q->sent.octets, q->sent.len);
	/* a few hundred octets always fit a fresh connection */
	if (send(q->fd, out, (size_t)len, MSG_NOSIGNAL) != len ||
	    epoll_ctl(r->epoll, EPOLL_CTL_MOD, q->fd, &e) == -1 ||
	    (q->reply = malloc(2 + MESSAGE_MAX)) == NULL) {
		next_try(r, q, now, LOOKUP_UNREACHABLE);
		return;
	}
	q->have = 0;
	q->want = 2;
	q->step = QUERY_READING;
}

static void
hear_stream(struct resolver *r, struct query *q, int64_t now)
{
	struct span reply;

	for (;;) {
		ssize_t n = recv(q->fd, q->reply + q->have,
		    q->want - q->have, 0);

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			next_try(r, q, now, LOOKUP_UNREACHABLE);
			return;
		}
		q->have += (size_t)n;
		if (q->have == 2)
			q->want = 2 + (size_t)(q->reply[0] << 8 | q->reply[1]);
		if (q->have == q->want)
			break;
	}
	reply = span_of(q->reply + 2, q->have - 2);
	if (message_is_reply(&q->sent, reply)) {
		take_reply(r, q, reply, now);
		return;
	}
	r->counts.dropped++;
	next_try(r, q, now, LOOKUP_MALFORMED);
}

static void
handle(struct resolver *r, struct query *q, int64_t now)
{
	switch (q->step) {
	case QUERY_PAUSING:
		assert(false);	/* it has no socket */
		break;
	case QUERY_UDP:
		hear_datagrams(r, q, now);
		break;
	case QUERY_CONNECTING:
		connected(r, q, now);
		break;
	case QUERY_READING:
		hear_stream(r, q, now);
		break;
	}
}

bool
resolver_ask(struct resolver *r, const struct lookup_question *question,
    resolver_done *done, void *context)
{
	struct query *q;

	if (r->waiting >= r->options.waiting ||
	    (q = calloc(1, sizeof(*q))) == NULL)
		return false;
	if ((q->answer = lookup_answer_new(question)) == NULL) {
		free(q);
		return false;
	}
	q->fd = -1;
	q->step = QUERY_PAUSING;
	q->question = *question;
	q->done = done;
	q->context = context;
	TAILQ_INSERT_TAIL(&r->queued, q, link);
	r->waiting++;
	r->counts.asked++;
	return true;
}

int
resolver_fd(const struct resolver *r)
{
	return r->epoll;
}

int
resolver_wait_ms(const struct resolver *r)
{
	int64_t now = clock_steady_ms(), least = INT64_MAX;
	const struct query *q;

	if (r->waiting > 0 && r->in_flight < r->options.in_flight)
		return 0;
	TAILQ_FOREACH(q, &r->flying, link)
		if (q->deadline < least)
			least = q->deadline;
	if (least == INT64_MAX)
		return -1;
	return least > now ? (int)(least - now) : 0;
}

static void
check_deadlines(struct resolver *r, int64_t now)
{
	struct query *q, *next;

	for (q = TAILQ_FIRST(&r->flying); q != NULL; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q->deadline > now)
			continue;
		if (q->step == QUERY_PAUSING &&
		    q->tries < r->options.tries)
			begin_try(r, q, now);
		else if (q->step == QUERY_PAUSING)
			give_up(r, q, LOOKUP_UNREACHABLE, now);
		else
			next_try(r, q, now, LOOKUP_TIMEOUT);
	}
}

static void
start_waiting(struct resolver *r, int64_t now)
{
	struct query *q;

	while (r->in_flight < r->options.in_flight &&
	    (q = TAILQ_FIRST(&r->queued)) != NULL) {
		TAILQ_REMOVE(&r->queued, q, link);
		r->waiting--;
		TAILQ_INSERT_TAIL(&r->flying, q, link);
		r->in_flight++;
		begin_try(r, q, now);
	}
}

void
resolver_run(struct resolver *r)
{
	int64_t now = clock_steady_ms();
	struct epoll_event events[64];
	int n;

	start_waiting(r, now);
	n = epoll_wait(r->epoll, events, 64, 0);
	for (int i = 0; i < n; i++)
		handle(r, events[i].data.ptr, now);
	check_deadlines(r, now);
	start_waiting(r, now);
}

const struct resolver_counts *
resolver_counted(const struct resolver *r)
{
	return &r->counts;
}
