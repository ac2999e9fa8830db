/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>

#include "plan.h"
#include "random.h"

#define SIZE_MAX_OCTETS	20000000
#define SIZE_MIN_OCTETS	200
#define PORT_FIRST	1024U
#define PORT_SPAN	64000U

int
planner_make(struct planner *p, const struct options *o,
    const struct servers *s)
{
	double sum = 0;
	int c;

	*p = (struct planner){ .options = o, .servers = s };
	for (c = 0; c < CLASSES; c++)
		p->share[c] = sum += o->mix[c];
	p->client_ports = calloc(o->clients, sizeof(*p->client_ports));
	if (p->client_ports == NULL) {
		warn("clients");
		return -1;
	}
	return 0;
}

void
planner_free(struct planner *p)
{
	free(p->client_ports);
	p->client_ports = NULL;
}

/* Turns are appended in order; the first one not written is STEP_END. */
struct script {
	uint8_t	*next;
};

static void
add(struct script *s, enum step step)
{
	*s->next++ = (uint8_t)step;
}

static void
script_tls12(struct script *t, const struct session *s)
{
	/* Half of the clients would also speak 1.3. */
	add(t, s->id & 2 ? STEP_CLIENT_HELLO13 : STEP_CLIENT_HELLO12);
	add(t, STEP_SERVER_HELLO12);
	add(t, STEP_CLIENT_KEY12);
	add(t, STEP_FINISHED12);
	add(t, STEP_SEALED_COMMAND);
	add(t, STEP_SEALED_REPLY);
}

static void
script_tls13(struct script *t)
{
	add(t, STEP_CLIENT_HELLO13);
	add(t, STEP_SERVER_HELLO13);
	add(t, STEP_CLIENT_FINISHED13);
	add(t, STEP_SEALED_REPLY);
}

static void
script_sealed_mail(struct script *t, bool pipelined)
{
	int n;

	for (n = pipelined ? 1 : 3; n > 0; n--) {
		add(t, STEP_SEALED_COMMAND);
		add(t, STEP_SEALED_REPLY);
	}
	add(t, STEP_SEALED_MAIL);
	add(t, STEP_SEALED_REPLY);
	add(t, STEP_SEALED_COMMAND);	/* QUIT */
	add(t, STEP_SEALED_REPLY);
}

static void
script_clear_mail(struct script *t, bool pipelined)
{
	if (pipelined) {
		add(t, STEP_ENVELOPE);
		add(t, STEP_ENVELOPE_OK);
	} else {
		add(t, STEP_MAIL);
		add(t, STEP_OK);
		add(t, STEP_RCPT);
		add(t, STEP_OK);
		add(t, STEP_DATA);
		add(t, STEP_354);
	}
	add(t, STEP_BODY);
	add(t, STEP_QUEUED);
}

/* From EHLO's answer to the decision about TLS; says whether mail follows
 * in clear. */
static bool
script_decision(struct script *t, struct session *s)
{
	switch (s->class) {
	case CLASS_TLS12:
	case CLASS_TLS13:
	case CLASS_TLSABORT:
		add(t, STEP_OFFER);
		add(t, STEP_STARTTLS);
		add(t, STEP_READY);
		return false;
	case CLASS_PLAIN:
	case CLASS_STRIPPED:
		add(t, STEP_NO_OFFER);
		return true;
	case CLASS_OPTOUT:
		add(t, STEP_OFFER);
		return true;
	case CLASS_PROBE:
		add(t, STEP_OFFER);
		return false;
	case CLASS_MANGLED:
		add(t, STEP_OFFER_MASKED);
		return true;
	case CLASS_CMDMANGLED:
		add(t, STEP_OFFER);
		add(t, STEP_STARTTLS_MASKED);
		add(t, STEP_500);
		return true;
	case CLASS_R454:
	case CLASS_R500:
		add(t, STEP_OFFER);
		add(t, STEP_STARTTLS);
		add(t, s->class == CLASS_R454 ? STEP_454 : STEP_500);
		return random_below(&s->random, 10) < 7;
	case CLASS_EHLOREJ:
		add(t, STEP_EHLO_REJECTED);
		add(t, STEP_HELO);
		add(t, STEP_HELO_OK);
		return true;
	}
	return true;
}

static void
script(struct session *s)
{
	bool pipelined = random_below(&s->random, 10) < 7;
	struct script t = { s->steps };
	bool clear;

	add(&t, s->class == CLASS_MANGLED && (s->id & 1) ?
	    STEP_BANNER_MASKED : STEP_BANNER);
	add(&t, STEP_EHLO);
	clear = script_decision(&t, s);
	if (s->class == CLASS_TLSABORT) {
		add(&t, STEP_CLIENT_HELLO13);
		add(&t, STEP_ALERT);
		return;
	}
	if (s->class == CLASS_TLS12 || s->class == CLASS_TLS13) {
		if (s->class == CLASS_TLS12)
			script_tls12(&t, s);
		else
			script_tls13(&t);
		script_sealed_mail(&t, pipelined);
		return;
	}
	if (clear)
		script_clear_mail(&t, pipelined);
	add(&t, STEP_QUIT);
	add(&t, STEP_BYE);
}

static uint64_t
bounded(double v)
{
	return v > SIZE_MAX_OCTETS ? SIZE_MAX_OCTETS : (uint64_t)v;
}

static uint64_t
mail_size(const struct options *o, uint64_t *random)
{
	uint64_t v;

	switch (o->size) {
	case SIZE_FIXED:
		return (uint64_t)o->size_mean;
	case SIZE_SMALL:
		return SIZE_MIN_OCTETS + random_below(random, 1300);
	case SIZE_LOGNORMAL:
		break;
	}
	v = bounded(random_lognormal(random, o->size_mean, o->size_sigma));
	return v < SIZE_MIN_OCTETS ? SIZE_MIN_OCTETS : v;
}

/* What sessions of all kinds have. */
static void
plan_common(struct planner *p, struct session *s)
{
	const struct options *o = p->options;
	struct ends *e = &s->ends;
	uint32_t client;

	*s = (struct session){ .id = ++p->last_id };
	s->random = random_scramble(o->seed ^ (uint64_t)s->id << 20);
	client = random_below(&s->random, o->clients);
	e->host[CLIENT] = client;
	e->port[CLIENT] = (uint16_t)(PORT_FIRST +
	    p->client_ports[client]++ % PORT_SPAN);
	e->ipv6 = random_chance(&s->random, o->ipv6);
	/* Some paths have a tunnel in them. */
	e->mss = (uint16_t)(o->mss - (e->ipv6 ? 20 : 0) -
	    (random_below(&s->random, 8) == 0 ? 80 : 0));
	s->seq[CLIENT] = (uint32_t)random_next(&s->random);
	s->seq[SERVER] = (uint32_t)random_next(&s->random);
}

/* Class and server; some classes need a server that offered before. */
static void
plan_class(struct planner *p, struct session *s)
{
	const struct servers *all = p->servers;
	const struct server_list *from = &all->offering;
	double u = random_share(&s->random) * p->share[CLASSES - 1];
	int c = 0;

	while (c < CLASSES - 1 && u >= p->share[c])
		c++;
	if (c == CLASS_PLAIN && all->plain.count > 0)
		from = &all->plain;
	if (c == CLASS_STRIPPED || c == CLASS_MANGLED || c == CLASS_EHLOREJ) {
		if (all->seen.count > 0)
			from = &all->seen;
		else
			c = CLASS_TLS12;
	}
	s->class = (enum class)c;
	s->ends.host[SERVER] = servers_pick(from, &s->random);
}

void
plan_mail(struct planner *p, struct session *s)
{
	const struct options *o = p->options;

	plan_common(p, s);
	s->kind = SESSION_SMTP;
	s->ends.port[SERVER] = 25;
	s->bulk = mail_size(o, &s->random);
	s->split = random_chance(&s->random, o->split);
	s->midstream = random_chance(&s->random, o->midstream);
	s->reset = random_chance(&s->random, o->rst);
	plan_class(p, s);
	script(s);
	if (s->midstream) {
		s->phase = PHASE_TURNS;
		s->at = 2;	/* the answer to EHLO is seen first */
	}
}

void
plan_noise(struct planner *p, struct session *s)
{
	static const uint16_t ports[] = { 443, 443, 443, 443, 80, 8443, 22,
		993, 587 };
	struct script t = { s->steps };

	plan_common(p, s);
	s->ends.host[SERVER] = 0x4000 + random_below(&s->random, 4096);
	if (random_below(&s->random, 10) < 5) {
		s->kind = SESSION_DNS;
		s->ends.udp = true;
		s->ends.port[SERVER] = 53;
		s->phase = PHASE_TURNS;
		add(&t, STEP_DNS_QUESTION);
		add(&t, STEP_DNS_ANSWER);
		return;
	}
	s->kind = SESSION_WEB;
	s->ends.port[SERVER] = ports[random_below(&s->random,
	    sizeof(ports) / sizeof(ports[0]))];
	s->bulk = bounded(random_lognormal(&s->random, 60000, 2.0));
	add(&t, STEP_WEB_HELLO);
	add(&t, STEP_WEB_SERVER_HELLO);
	add(&t, STEP_WEB_REQUEST);
	add(&t, STEP_WEB_ANSWER);
}
