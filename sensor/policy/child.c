/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/child.h"
#include "policy/sandbox.h"
#include "policy/wire.h"

#define TURN_MAX	32	/* questions taken before answers are seen to */

/* A message that the socket had no room for. */
struct held {
	STAILQ_ENTRY(held)	 link;
	size_t			 len;
	uint8_t			 octets[];
};

struct worker {
	int			 data;
	struct engine		*engine;
	unsigned		 cases;		/* that the engine takes */
	bool			 over;		/* the sensor is gone */
	struct wire		 out;
	STAILQ_HEAD(, held)	 held;
	uint8_t			 in[WIRE_MAX];
	struct policy_question	 question;	/* being read */
};

struct asked {
	struct worker	*worker;
	uint64_t	 ticket;
};

static bool
try_send(struct worker *w, const uint8_t *at, size_t len)
{
	if (send(w->data, at, len, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return false;
	w->over = true;
	return true;
}

/* Held messages are bounded by the cases that may be open. */
static void
send_out(struct worker *w)
{
	struct held *h;

	if (w->out.full)
		return;
	if (STAILQ_EMPTY(&w->held) && try_send(w, w->out.at, w->out.len))
		return;
	if ((h = malloc(sizeof(*h) + w->out.len)) == NULL) {
		log_warn("policy worker");
		w->over = true;		/* an answer lost is a worker lost */
		return;
	}
	h->len = w->out.len;
	memcpy(h->octets, w->out.at, w->out.len);
	STAILQ_INSERT_TAIL(&w->held, h, link);
}

static void
send_held(struct worker *w)
{
	struct held *h;

	while ((h = STAILQ_FIRST(&w->held)) != NULL &&
	    try_send(w, h->octets, h->len)) {
		STAILQ_REMOVE_HEAD(&w->held, link);
		free(h);
	}
}

static void
answered(void *context, struct policy_answer *a)
{
	struct asked *asked = context;
	struct worker *w = asked->worker;

	if (a == NULL)
		w->over = true;
	else {
		wire_write_answer(&w->out, asked->ticket, a);
		send_out(w);
	}
	policy_answer_free(a);
	free(asked);
}

static void
keep_sts(void *context, const char *line)
{
	struct worker *w = context;

	wire_write_line(&w->out, WIRE_STS_KEEP, line);
	send_out(w);
}

static void
take_question(struct worker *w, struct span message)
{
	struct asked *asked;
	uint64_t ticket;

	if (!wire_read_question(message, &ticket, &w->question))
		return;
	if ((asked = malloc(sizeof(*asked))) == NULL) {
		w->over = true;
		return;
	}
	*asked = (struct asked){ w, ticket };
	policy_ask(engine_policy(w->engine), &w->question, answered, asked);
}

static void
take_line(struct worker *w, struct span message)
{
	static char line[STS_LINE_MAX];

	if (engine_sts(w->engine) != NULL &&
	    wire_read_line(message, line, sizeof(line)))
		sts_store_load(engine_sts(w->engine), line, clock_wall_us());
}

/* More questions are read when what is known can be got rid of. */
static bool
has_room(const struct worker *w)
{
	return STAILQ_EMPTY(&w->held) &&
	    policy_open_cases(engine_policy(w->engine)) < w->cases;
}

static void
hear(struct worker *w)
{
	for (unsigned i = 0; i < TURN_MAX && has_room(w); i++) {
		ssize_t n = recv(w->data, w->in, sizeof(w->in), MSG_DONTWAIT);
		struct span message = span_of(w->in, n > 0 ? (size_t)n : 0);

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			w->over = true;
			return;
		}
		switch (wire_kind_of(message)) {
		case WIRE_QUESTION:
			take_question(w, message);
			break;
		case WIRE_STS_HAVE:
			take_line(w, message);
			break;
		default:
			break;
		}
	}
}

static void
work(struct worker *w)
{
	while (!w->over) {
		struct pollfd p[2] = {
			{ .fd = engine_fd(w->engine), .events = POLLIN },
			{ .fd = w->data },
		};

		if (!STAILQ_EMPTY(&w->held))
			p[1].events = POLLOUT;
		else if (has_room(w))
			p[1].events = POLLIN;

		if (poll(p, 2, engine_wait_ms(w->engine)) == -1 &&
		    errno != EINTR)
			return;
		send_held(w);
		hear(w);
		engine_run(w->engine);
	}
}

int
child_work(const struct ask_options *o, int data)
{
	struct engine_options e = o->engine;
	struct worker *w;

	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->out.at = malloc(WIRE_MAX)) == NULL) {
		log_warn("policy worker");
		free(w);
		return 1;
	}
	w->data = data;
	w->cases = e.cases;
	STAILQ_INIT(&w->held);
	e.sts.keep = keep_sts;
	e.sts.context = w;
	if ((w->engine = engine_new(&e)) == NULL || sandbox_enter() == -1)
		return 1;
	wire_write_hello(&w->out);
	send_out(w);
	work(w);
	return 0;	/* with all that is open: the process ends */
}
