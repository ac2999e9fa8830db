/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "handshake.h"
#include "turns.h"

#define DATE		"Tue, 14 Nov 2023 22:13:20 +0000"

/* Who is talking: what a recipe may ask for. */
struct scene {
	const struct session	*session;
	const struct server	*server;	/* NULL: other traffic */
	const struct bulk	*bulk;
};

static void	say(struct turn *t, const char *format, ...)
		    __attribute__((format(printf, 2, 3)));

static void
say(struct turn *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->prefix_length += (uint32_t)vsnprintf(
	    (char *)t->prefix + t->prefix_length,
	    sizeof(t->prefix) - t->prefix_length, format, args);
	va_end(args);
}

struct name {
	char	text[CERTIFICATE_NAME_MAX];
};

static struct name
server_of(const struct scene *sc)
{
	struct name n;

	server_name(n.text, sc->session->ends.host[SERVER]);
	return n;
}

static struct name
client_of(const struct scene *sc)
{
	uint32_t client = sc->session->ends.host[CLIENT];
	struct name n;

	snprintf(n.text, sizeof(n.text), "out%u.sender%u.example",
	    client % 8 + 1, client / 8);
	return n;
}

static uint32_t
sender(const struct session *s)
{
	return s->ends.host[CLIENT] / 8;
}

static uint32_t
recipient(const struct session *s)
{
	return s->ends.host[SERVER] / 4;
}

static void
banner(struct turn *t, const struct scene *sc)
{
	struct name server = server_of(sc);

	switch (sc->server->flavour) {
	case FLAVOUR_POSTFIX:
		say(t, "220 %s ESMTP Postfix\r\n", server.text);
		break;
	case FLAVOUR_EXIM:
		say(t, "220-%s ESMTP Exim 4.96 #2 " DATE " \r\n"
		    "220-We do not authorize the use of this system to "
		    "transport unsolicited, \r\n"
		    "220 and/or bulk e-mail.\r\n", server.text);
		break;
	case FLAVOUR_EXCHANGE:
		say(t, "220 %s Microsoft ESMTP MAIL Service ready at " DATE
		    "\r\n", server.text);
		break;
	}
}

static void
ehlo(struct turn *t, const struct scene *sc)
{
	say(t, "EHLO %s\r\n", client_of(sc).text);
}

static void
helo(struct turn *t, const struct scene *sc)
{
	say(t, "HELO %s\r\n", client_of(sc).text);
}

static void
helo_ok(struct turn *t, const struct scene *sc)
{
	say(t, "250 %s\r\n", server_of(sc).text);
}

/* The reply to EHLO; no line for STARTTLS if `keyword` is NULL. */
static void
capabilities(struct turn *t, const struct scene *sc, const char *keyword)
{
	struct name server = server_of(sc);

	switch (sc->server->flavour) {
	case FLAVOUR_POSTFIX:
		say(t, "250-%s\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n"
		    "250-ETRN\r\n", server.text);
		if (keyword != NULL)
			say(t, "250-%s\r\n", keyword);
		say(t, "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
		    "250-DSN\r\n250 SMTPUTF8\r\n");
		break;
	case FLAVOUR_EXIM:
		say(t, "250-%s Hello %s\r\n250-SIZE 52428800\r\n"
		    "250-8BITMIME\r\n250-PIPELINING\r\n", server.text,
		    client_of(sc).text);
		if (keyword != NULL)
			say(t, "250-%s\r\n", keyword);
		say(t, "250 HELP\r\n");
		break;
	case FLAVOUR_EXCHANGE:
		say(t, "250-%s Hello\r\n250-SIZE 37748736\r\n"
		    "250-PIPELINING\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n"
		    "250-8BITMIME\r\n250-SMTPUTF8\r\n250 %s\r\n", server.text,
		    keyword != NULL ? keyword : "OK");
		break;
	}
}

static void
offer(struct turn *t, const struct scene *sc)
{
	capabilities(t, sc, "STARTTLS");
}

static void
no_offer(struct turn *t, const struct scene *sc)
{
	capabilities(t, sc, NULL);
}

static void
offer_masked(struct turn *t, const struct scene *sc)
{
	capabilities(t, sc, "XXXXXXXA");
}

static void
ehlo_rejected(struct turn *t, const struct scene *sc)
{
	say(t, sc->session->id & 1 ?
	    "502 5.5.1 Command not implemented\r\n" :
	    "500 5.5.2 Error: command not recognized\r\n");
}

static void
envelope(struct turn *t, const struct scene *sc)
{
	const struct session *s = sc->session;

	say(t, "MAIL FROM:<user%u@sender%u.example> SIZE=%" PRIu64 "\r\n"
	    "RCPT TO:<box%u@domain%u.example>\r\nDATA\r\n",
	    s->id % 1000, sender(s), s->bulk, s->id % 777, recipient(s));
}

static void
mail(struct turn *t, const struct scene *sc)
{
	say(t, "MAIL FROM:<user%u@sender%u.example>\r\n",
	    sc->session->id % 1000, sender(sc->session));
}

static void
rcpt(struct turn *t, const struct scene *sc)
{
	say(t, "RCPT TO:<box%u@domain%u.example>\r\n",
	    sc->session->id % 777, recipient(sc->session));
}

static void
body(struct turn *t, const struct scene *sc)
{
	const struct session *s = sc->session;

	say(t, "Received: from local (localhost [127.0.0.1]) by %s "
	    "with ESMTP id %08X\r\n"
	    "From: <user%u@sender%u.example>\r\n"
	    "To: <box%u@domain%u.example>\r\n"
	    "Subject: message %u\r\n"
	    "Date: " DATE "\r\n"
	    "Message-ID: <%u.%" PRIx64 "@sender%u.example>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: application/octet-stream; name=\"a.bin\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    client_of(sc).text, s->id, s->id % 1000, sender(s), s->id % 777,
	    recipient(s), s->id, s->id, s->random & 0xffffffff, sender(s));
	t->bulk = BULK_IS_TEXT;
	t->bulk_length = s->bulk / BULK_LINE * BULK_LINE;
	t->bulk_seed = s->random % BULK_LINES * BULK_LINE;
	t->end = ".\r\n";
	t->end_length = 3;
}

static void
queued(struct turn *t, const struct scene *sc)
{
	say(t, "250 2.0.0 Ok: queued as %08X\r\n",
	    sc->session->id * 2654435761U);
}

static struct writer
writer_of(struct turn *t)
{
	return (struct writer){ t->prefix + t->prefix_length };
}

static void
written(struct turn *t, const struct writer *w)
{
	t->prefix_length = (uint32_t)(w->at - t->prefix);
}

/* One client in 16 does not say whom it wants to talk to. */
static void
client_hello(struct turn *t, const struct scene *sc, bool tls13)
{
	struct name server = server_of(sc);
	struct writer w = writer_of(t);

	handshake_client_hello(&w, sc->session, tls13,
	    sc->session->id % 16 != 0 ? server.text : NULL);
	written(t, &w);
}

static void
client_hello12(struct turn *t, const struct scene *sc)
{
	client_hello(t, sc, false);
}

static void
client_hello13(struct turn *t, const struct scene *sc)
{
	client_hello(t, sc, true);
}

static void
server_hello12(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	handshake_server12(&w, sc->session, &sc->server->chain);
	written(t, &w);
}

static void
client_key12(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	handshake_client_key12(&w, sc->session, sc->bulk);
	written(t, &w);
}

static void
finished12(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	handshake_finished12(&w, sc->session, sc->bulk);
	written(t, &w);
}

static void
server_hello13(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	handshake_server13(&w, sc->session, sc->bulk,
	    sc->server->chain.length);
	written(t, &w);
}

static void
client_finished13(struct turn *t, const struct scene *sc)
{
	struct name client = client_of(sc);
	struct writer w = writer_of(t);

	handshake_client_finished13(&w, sc->session, sc->bulk, client.text);
	written(t, &w);
}

static void
alert(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	(void)sc;
	handshake_alert(&w);
	written(t, &w);
}

static void
sealed(struct turn *t, const struct scene *sc, uint32_t length)
{
	struct writer w = writer_of(t);

	handshake_sealed(&w, sc->session, sc->bulk, length);
	written(t, &w);
}

static void
sealed_command(struct turn *t, const struct scene *sc)
{
	sealed(t, sc, 24 + sc->session->id % 90);
}

static void
sealed_reply(struct turn *t, const struct scene *sc)
{
	sealed(t, sc, 40 + sc->session->id % 200);
}

static void
records(struct turn *t, const struct session *s, uint64_t length)
{
	t->bulk = BULK_IS_RECORDS;
	t->bulk_length = length;
	t->bulk_seed = s->random % BULK_NOISE;
}

/* The headers of a mail come to about 500 octets; each record adds its own
 * header and its seal. */
static void
sealed_mail(struct turn *t, const struct scene *sc)
{
	uint64_t text = sc->session->bulk + 500;
	uint64_t count = text / (BULK_RECORD - BULK_RECORD_HEADER) + 1;

	records(t, sc->session, text + count * 22);
}

static void
web_hello(struct turn *t, const struct scene *sc)
{
	struct name server = server_of(sc);
	struct writer w = writer_of(t);

	handshake_client_hello(&w, sc->session, true, server.text);
	written(t, &w);
}

static void
web_server_hello(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	handshake_web13(&w, sc->session, sc->bulk);
	written(t, &w);
}

static void
web_request(struct turn *t, const struct scene *sc)
{
	sealed(t, sc, 300 + sc->session->id % 700);
}

static void
web_answer(struct turn *t, const struct scene *sc)
{
	records(t, sc->session, sc->session->bulk + 30);
}

/* RFC 1035 4: the header, and the question for an address. */
static void
dns_head(struct writer *w, const struct scene *sc, bool answer)
{
	struct name server = server_of(sc);
	const char *label;
	size_t n;

	write16(w, (uint32_t)(sc->session->random & 0xffff));
	write16(w, answer ? 0x8180 : 0x0100);
	write16(w, 1);
	write16(w, answer ? 1 : 0);
	write16(w, 0);
	write16(w, 0);
	for (label = server.text; *label != '\0'; label += n) {
		label += *label == '.';
		n = strcspn(label, ".");
		write8(w, (uint32_t)n);
		write_octets(w, label, n);
	}
	write8(w, 0);
	write16(w, 1);
	write16(w, 1);
}

static void
dns_question(struct turn *t, const struct scene *sc)
{
	struct writer w = writer_of(t);

	dns_head(&w, sc, false);
	written(t, &w);
}

static void
dns_answer(struct turn *t, const struct scene *sc)
{
	/* the name asked for, A, IN, 300 seconds, 4 octets: 198.18.x.x */
	static const uint8_t fixed[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44,
		0, 4, 198, 18 };
	struct writer w = writer_of(t);

	dns_head(&w, sc, true);
	write_octets(&w, fixed, sizeof(fixed));
	write16(&w, sc->session->ends.host[SERVER] & 0xffff);
	written(t, &w);
}

/* Each step is said by one side, and is either the same always or made. */
static const struct recipe {
	enum side	 from;
	const char	*text;
	void		(*make)(struct turn *, const struct scene *);
} recipes[] = {
	[STEP_BANNER] = { SERVER, NULL, banner },
	[STEP_BANNER_MASKED] = { SERVER, "220 *****************"
	    "**********************************\r\n", NULL },
	[STEP_EHLO] = { CLIENT, NULL, ehlo },
	[STEP_OFFER] = { SERVER, NULL, offer },
	[STEP_NO_OFFER] = { SERVER, NULL, no_offer },
	[STEP_OFFER_MASKED] = { SERVER, NULL, offer_masked },
	[STEP_EHLO_REJECTED] = { SERVER, NULL, ehlo_rejected },
	[STEP_HELO] = { CLIENT, NULL, helo },
	[STEP_HELO_OK] = { SERVER, NULL, helo_ok },
	[STEP_STARTTLS] = { CLIENT, "STARTTLS\r\n", NULL },
	[STEP_STARTTLS_MASKED] = { CLIENT, "XXXXXXXX\r\n", NULL },
	[STEP_READY] = { SERVER, "220 2.0.0 Ready to start TLS\r\n", NULL },
	[STEP_454] = { SERVER, "454 4.7.0 TLS not available due to "
	    "temporary reason\r\n", NULL },
	[STEP_500] = { SERVER, "500 5.5.1 Command unrecognized: "
	    "\"XXXXXXXX\"\r\n", NULL },
	[STEP_CLIENT_HELLO12] = { CLIENT, NULL, client_hello12 },
	[STEP_CLIENT_HELLO13] = { CLIENT, NULL, client_hello13 },
	[STEP_SERVER_HELLO12] = { SERVER, NULL, server_hello12 },
	[STEP_CLIENT_KEY12] = { CLIENT, NULL, client_key12 },
	[STEP_FINISHED12] = { SERVER, NULL, finished12 },
	[STEP_SERVER_HELLO13] = { SERVER, NULL, server_hello13 },
	[STEP_CLIENT_FINISHED13] = { CLIENT, NULL, client_finished13 },
	[STEP_ALERT] = { SERVER, NULL, alert },
	[STEP_SEALED_COMMAND] = { CLIENT, NULL, sealed_command },
	[STEP_SEALED_REPLY] = { SERVER, NULL, sealed_reply },
	[STEP_SEALED_MAIL] = { CLIENT, NULL, sealed_mail },
	[STEP_ENVELOPE] = { CLIENT, NULL, envelope },
	[STEP_ENVELOPE_OK] = { SERVER, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
	    "354 End data with <CR><LF>.<CR><LF>\r\n", NULL },
	[STEP_MAIL] = { CLIENT, NULL, mail },
	[STEP_OK] = { SERVER, "250 2.1.0 Ok\r\n", NULL },
	[STEP_RCPT] = { CLIENT, NULL, rcpt },
	[STEP_DATA] = { CLIENT, "DATA\r\n", NULL },
	[STEP_354] = { SERVER, "354 End data with <CR><LF>.<CR><LF>\r\n",
	    NULL },
	[STEP_BODY] = { CLIENT, NULL, body },
	[STEP_QUEUED] = { SERVER, NULL, queued },
	[STEP_QUIT] = { CLIENT, "QUIT\r\n", NULL },
	[STEP_BYE] = { SERVER, "221 2.0.0 Bye\r\n", NULL },
	[STEP_WEB_HELLO] = { CLIENT, NULL, web_hello },
	[STEP_WEB_SERVER_HELLO] = { SERVER, NULL, web_server_hello },
	[STEP_WEB_REQUEST] = { CLIENT, NULL, web_request },
	[STEP_WEB_ANSWER] = { SERVER, NULL, web_answer },
	[STEP_DNS_QUESTION] = { CLIENT, NULL, dns_question },
	[STEP_DNS_ANSWER] = { SERVER, NULL, dns_answer },
};

void
turn_build(struct turn *t, const struct session *s,
    const struct servers *servers, const struct bulk *b)
{
	const struct recipe *recipe = &recipes[session_step(s)];
	const struct scene sc = { s, s->kind != SESSION_SMTP ? NULL :
	    &servers->all[s->ends.host[SERVER]], b };

	t->from = recipe->from;
	t->prefix_length = 0;
	t->bulk = BULK_NONE;
	t->bulk_length = 0;
	t->end_length = 0;
	if (recipe->text != NULL)
		say(t, "%s", recipe->text);
	else
		recipe->make(t, &sc);
	t->length = t->prefix_length + t->bulk_length + t->end_length;
}

void
turn_resize(struct turn *t, uint64_t length)
{
	uint64_t shift;

	if (length > t->length) {
		shift = length - t->length;
		memmove(t->prefix + shift, t->prefix, t->prefix_length);
		t->prefix_length += (uint32_t)shift;
	} else {
		shift = t->length - length;
		t->prefix_length -= (uint32_t)shift;
		memmove(t->prefix, t->prefix + shift, t->prefix_length);
	}
	t->length = length;
}

static uint32_t
least(uint32_t n, uint64_t left)
{
	return n < left ? n : (uint32_t)left;
}

void
turn_copy(const struct turn *t, const struct bulk *b, uint64_t offset,
    uint32_t n, uint8_t *to)
{
	const struct bulk_records r = { t->bulk_seed, t->bulk_length };
	uint32_t part;

	if (offset < t->prefix_length) {
		part = least(n, t->prefix_length - offset);
		memcpy(to, t->prefix + offset, part);
		to += part;
		n -= part;
		offset = t->prefix_length;
	}
	if (n == 0)
		return;
	offset -= t->prefix_length;
	if (offset < t->bulk_length) {
		part = least(n, t->bulk_length - offset);
		if (t->bulk == BULK_IS_TEXT)
			memcpy(to, b->text + (t->bulk_seed + offset) %
			    BULK_TEXT, part);
		else
			bulk_copy_records(b, &r, offset, part, to);
		to += part;
		n -= part;
		offset = t->bulk_length;
	}
	if (n > 0)
		memcpy(to, t->end + (offset - t->bulk_length), n);
}
