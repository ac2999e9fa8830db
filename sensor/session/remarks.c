/* SPDX-License-Identifier: ISC */
/*
 * Lines of the dialogue that nobody said in SMTP: TLS messages, holes in
 * the capture, two contents for one place, the end.
 */
#include <stdarg.h>
#include <stdio.h>

#include "session/session_internal.h"

enum remark {
	REMARK_CLIENT_HELLO	= 1 << 0,
	REMARK_HELLO_RETRY	= 1 << 1,
	REMARK_SERVER_HELLO	= 1 << 2,
	REMARK_CERTIFICATE	= 1 << 3,
	REMARK_ESTABLISHED	= 1 << 4,
	REMARK_ALERT		= 1 << 5,
	REMARK_FAILED		= 1 << 6,
	REMARK_BROKEN_AFTER	= 1 << 7,
};

static void remark(struct session *, enum dialogue_who, struct mark,
    const char *, ...) __attribute__((format(printf, 4, 5)));

static void
remark(struct session *s, enum dialogue_who who, struct mark at,
    const char *fmt, ...)
{
	char line[DIALOGUE_LINE_MAX];
	va_list ap;
	int len;

	if (s->dialogue == NULL)
		return;
	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line))
		len = sizeof(line) - 1;
	session_say(s, who, at, span_of(line, (size_t)len));
}

/* The same of words, which is what most remarks are made of, up to NULL. */
static void
remark_words(struct session *s, enum dialogue_who who, struct mark at,
    const char *const words[])
{
	char line[DIALOGUE_LINE_MAX];
	size_t len = 0, n;

	for (; *words != NULL; words++) {
		n = strlen(*words);
		if (n > sizeof(line) - 1 - len)
			n = sizeof(line) - 1 - len;
		memcpy(line + len, *words, n);
		len += n;
	}
	session_say(s, who, at, span_of(line, len));
}

/* Once per connection and thing. */
static bool
first_time(struct session *s, enum remark what)
{
	if ((s->remarked & what) != 0)
		return false;
	s->remarked |= what;
	return true;
}

static const char *
name_of(enum side who)
{
	return who == SIDE_CLIENT ? "client" : "server";
}

static enum dialogue_who
voice_of(enum side who)
{
	return who == SIDE_CLIENT ? SAID_BY_CLIENT : SAID_BY_SERVER;
}

static void
remark_hellos(struct session *s, const struct tls_facts *f)
{
	char cipher[7];

	if (f->client_hello && first_time(s, REMARK_CLIENT_HELLO))
		remark_words(s, SAID_BY_CLIENT, f->client_hello_at,
		    (const char *const[]){ "[TLS ClientHello, up to ",
		    tls_version_name(f->client_version_max),
		    f->sni != NULL ? ", for " : "",
		    f->sni != NULL ? f->sni : "", "]", NULL });
	if (f->hello_retry && first_time(s, REMARK_HELLO_RETRY))
		session_say(s, SAID_BY_SERVER, f->server_hello ?
		    f->server_hello_at : f->client_hello_at,
		    span_text("[TLS HelloRetryRequest]"));
	if (f->server_hello && first_time(s, REMARK_SERVER_HELLO))
		remark_words(s, SAID_BY_SERVER, f->server_hello_at,
		    (const char *const[]){ "[TLS ServerHello, ",
		    tls_version_name(f->version), " ",
		    tls_cipher_name(f->cipher, cipher), "]", NULL });
}

static void
remark_certificate(struct session *s, const struct tls_facts *f)
{
	const struct certificate *leaf;

	if (!f->certificate_seen || f->chain_len == 0 ||
	    !first_time(s, REMARK_CERTIFICATE))
		return;
	leaf = f->chain[0];
	remark(s, SAID_BY_SERVER, f->certificate_at,
	    "[TLS Certificate, %u in the chain, subject %s]", f->chain_len,
	    leaf->subject != NULL ? leaf->subject : "unreadable");
}

static void
remark_failure(struct session *s, const struct tls_facts *f)
{
	char alert[TLS_ALERT_MAX];

	if (f->alert && first_time(s, REMARK_ALERT))
		remark_words(s, voice_of(f->alert_by), f->alert_at,
		    (const char *const[]){
		    f->alert_level == TLS_ALERT_WARNING ?
		    "[TLS alert, warning: " : "[TLS alert: ",
		    tls_alert_name(f->alert_code, alert), "]", NULL });
	if (f->state != TLS_FAILED || !first_time(s, REMARK_FAILED))
		return;
	switch (f->failure) {
	case TLS_FAIL_PLAINTEXT:
		remark(s, SAID_BY_US, f->failed_at,
		    "text from the %s where TLS was due",
		    name_of(f->failed_by));
		break;
	case TLS_FAIL_GARBAGE:
		remark(s, SAID_BY_US, f->failed_at,
		    "octets from the %s that are neither TLS nor text",
		    name_of(f->failed_by));
		break;
	case TLS_FAIL_NONE:
	case TLS_FAIL_NO_HELLO:
	case TLS_FAIL_ALERT:
	case TLS_FAIL_RESET:
	case TLS_FAIL_CLOSED:
	case TLS_FAIL_TIMEOUT:
		break;		/* the alert or the end says it */
	}
}

void
remark_tls(struct session *s)
{
	const struct tls_facts *f = tls_facts(s->tls);

	remark_hellos(s, f);
	remark_certificate(s, f);
	remark_failure(s, f);
	if (f->state == TLS_ESTABLISHED && first_time(s, REMARK_ESTABLISHED))
		session_say(s, SAID_BY_US, f->established_at,
		    span_text("TLS established: nothing further can be read"));
	if (f->broken_after && first_time(s, REMARK_BROKEN_AFTER))
		remark(s, SAID_BY_US, f->broken_at,
		    "text from the %s in place of a TLS record",
		    name_of(f->broken_by));
}

void
remark_gap(struct session *s, enum side who, uint64_t octets,
    struct mark at)
{
	remark(s, SAID_BY_US, at,
	    "not captured: %llu octets of the %s before this",
	    (unsigned long long)octets, name_of(who));
}

void
remark_conflict(struct session *s, const struct record_conflict *c)
{
	remark(s, SAID_BY_US, c->after_at,
	    "another copy of the %s's octets says \"%.120s\" where packet "
	    "%llu said \"%.120s\"", name_of(c->side), c->after,
	    (unsigned long long)c->before_at.packet, c->before);
}

void
remark_end(struct session *s, enum side who, bool reset, struct mark at)
{
	session_say(s, voice_of(who), at,
	    span_text(reset ? "[reset]" : "[close]"));
}
