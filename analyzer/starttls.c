/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "analyzer/dial.h"
#include "analyzer/starttls.h"

#define REPLY_LINES_MAX	200	/* then the server is talking nonsense */

struct client {
	const struct starttls_question	*q;
	struct starttls_answer		*a;
	struct dial			 dial;
	SSL_CTX				*tls;
	SSL				*ssl;
};

/* The outcome and its reason, once. */
static int
stop(struct client *c, enum starttls_outcome o, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
stop(struct client *c, enum starttls_outcome o, const char *fmt, ...)
{
	va_list ap;

	c->a->outcome = o;
	va_start(ap, fmt);
	vsnprintf(c->a->why, sizeof(c->a->why), fmt, ap);
	va_end(ap);
	return -1;
}

static int
stop_lost(struct client *c, enum starttls_outcome o, int rc)
{
	return stop(c, o, "%s", rc == 0 ? "the server closed the connection" :
	    c->dial.why);
}

/* --- SMTP --- */

/* What a terminal would obey, or not show, becomes a question mark. */
static void
make_plain(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static bool
is_reply(const char *line)
{
	for (int i = 0; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return false;
	return line[3] == '\0' || line[3] == ' ' || line[3] == '-';
}

/*
 * A reply of one or more lines (RFC 5321 section 4.2): its code.  Its first
 * line, made safe, goes to `text`; the others to the answer if `ehlo`.  -1
 * if none came, 0 with `text` if it is no reply.
 */
static int
read_reply(struct client *c, char text[STARTTLS_LINE_MAX], bool ehlo,
    enum starttls_outcome why)
{
	char line[STARTTLS_LINE_MAX];
	struct starttls_answer *a = c->a;
	int rc;

	text[0] = '\0';
	for (int n = 0; n < REPLY_LINES_MAX; n++) {
		rc = dial_line(&c->dial, line, sizeof(line));
		if (rc != 1)
			return stop_lost(c, why, rc);
		make_plain(line);
		if (n == 0)
			memcpy(text, line, sizeof(line));
		if (!is_reply(line))
			return 0;
		if (ehlo && a->lines_count < STARTTLS_LINES_MAX)
			strcpy(a->lines[a->lines_count++],
			    line + 3 + (line[3] != '\0'));
		if (line[3] != '-')
			return atoi(line);
	}
	return stop(c, why, "a reply that does not end");
}

/* The first line is the server's name, the others are keywords (RFC 5321
 * section 4.1.1.1). */
static bool
is_offered(const struct starttls_answer *a)
{
	struct span line;

	for (unsigned i = 1; i < a->lines_count; i++) {
		line = span_text(a->lines[i]);
		for (size_t n = 0; n < line.len; n++)
			if (line.at[n] == ' ')
				line.len = n;
		if (span_equal_nocase(line, span_text("STARTTLS")))
			return true;
	}
	return false;
}

static int
say_ehlo(struct client *c)
{
	char line[320], literal[80], text[STARTTLS_LINE_MAX];
	const char *hello = c->q->hello;
	int code;

	if (hello == NULL) {
		dial_literal(&c->dial, literal);
		hello = literal;
	}
	snprintf(line, sizeof(line), "EHLO %s\r\n", hello);
	if (dial_send(&c->dial, line) == -1)
		return stop_lost(c, STARTTLS_NO_EHLO, -1);
	if ((code = read_reply(c, text, true, STARTTLS_NO_EHLO)) == -1)
		return -1;
	if (code != 250) {
		c->a->lines_count = 0;
		return stop(c, STARTTLS_NO_EHLO, "EHLO was refused: %.200s",
		    text);
	}
	return 0;
}

/* Up to the 220 behind STARTTLS. */
static int
talk(struct client *c)
{
	char text[STARTTLS_LINE_MAX];
	int code;

	code = read_reply(c, c->a->greeting, false, STARTTLS_NO_GREETING);
	if (code == -1)
		return -1;
	if (code != 220)
		return stop(c, STARTTLS_NO_GREETING, "not greeted with 220: "
		    "%.200s", c->a->greeting);
	if (say_ehlo(c) == -1)
		return -1;
	if (!is_offered(c->a))
		return stop(c, STARTTLS_NOT_OFFERED, "the EHLO reply does "
		    "not offer STARTTLS");
	if (dial_send(&c->dial, "STARTTLS\r\n") == -1)
		return stop_lost(c, STARTTLS_REFUSED, -1);
	if ((code = read_reply(c, text, false, STARTTLS_REFUSED)) == -1)
		return -1;
	c->a->reply = code;
	if (code != 220)
		return stop(c, STARTTLS_REFUSED, "STARTTLS was refused: "
		    "%.200s", text);
	/* what came with the 220 in clear is no part of TLS (RFC 3207) */
	c->a->early = c->dial.have;
	c->dial.have = 0;
	return 0;
}

/* --- TLS --- */

/*
 * Anything a mail server may still have: nothing is protected by this
 * connection, it is there to be looked at.
 */
static bool
set_up_tls(struct client *c)
{
	static const char *const algorithms[] = {
		[STARTTLS_ANY_KEY] = NULL,
		[STARTTLS_RSA] = "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
		    "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:"
		    "RSA+SHA1",
		[STARTTLS_ECDSA] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:"
		    "ed25519:ed448:ECDSA+SHA1",
	};
	const char *only = algorithms[c->q->key];

	if ((c->tls = SSL_CTX_new(TLS_client_method())) == NULL)
		return false;
	SSL_CTX_set_verify(c->tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_security_level(c->tls, 0);
	SSL_CTX_set_options(c->tls, SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_min_proto_version(c->tls, TLS1_VERSION);
	SSL_CTX_set_cipher_list(c->tls, "ALL:!aNULL:!eNULL");
	if (only != NULL && SSL_CTX_set1_sigalgs_list(c->tls, only) != 1)
		return false;
	return (c->ssl = SSL_new(c->tls)) != NULL &&
	    SSL_set_fd(c->ssl, c->dial.fd) == 1;
}

static void
note_tls_error(struct client *c, int error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (reason != NULL)
		stop(c, STARTTLS_NO_TLS, "the handshake failed: %s", reason);
	else if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL)
		stop(c, STARTTLS_NO_TLS, "the server broke off the "
		    "handshake");
	else
		stop(c, STARTTLS_NO_TLS, "the handshake failed");
}

static int
shake_hands(struct client *c)
{
	int rc, error;

	for (;;) {
		ERR_clear_error();
		if ((rc = SSL_connect(c->ssl)) == 1)
			return 0;
		error = SSL_get_error(c->ssl, rc);
		if (error != SSL_ERROR_WANT_READ &&
		    error != SSL_ERROR_WANT_WRITE) {
			note_tls_error(c, error);
			return -1;
		}
		if (dial_wait(&c->dial, error == SSL_ERROR_WANT_WRITE) == -1)
			return stop_lost(c, STARTTLS_NO_TLS, -1);
	}
}

static bool
take_chain(struct client *c)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(c->ssl);
	struct starttls_answer *a = c->a;
	unsigned char *der;
	uint8_t *copy;
	int len;

	a->chain_sent = chain == NULL ? 0 : (unsigned)sk_X509_num(chain);
	for (unsigned i = 0; i < a->chain_sent && i < STARTTLS_CHAIN_MAX;
	    i++) {
		der = NULL;
		len = i2d_X509(sk_X509_value(chain, (int)i), &der);
		copy = len > 0 ? malloc((size_t)len) : NULL;
		if (copy == NULL) {
			OPENSSL_free(der);
			return false;
		}
		memcpy(copy, der, (size_t)len);
		a->chain[a->chain_count++] = span_of(copy, (size_t)len);
		OPENSSL_free(der);
	}
	return true;
}

/* The name goes along if it is one (RFC 6066 section 3: no addresses). */
static const char *
sni_of(const struct starttls_question *q)
{
	const char *name = q->sni != NULL ? q->sni : q->host;
	size_t len = strlen(name);

	if (len == 0 || strchr(name, ':') != NULL ||
	    strspn(name, "0123456789.") == len)
		return NULL;
	return name;
}

/* -1 if memory is short. */
static int
start_tls(struct client *c)
{
	const char *sni = sni_of(c->q);
	char name[256];

	if (!set_up_tls(c))
		return -1;
	if (sni != NULL) {
		snprintf(name, sizeof(name), "%s", sni);
		if (name[strlen(name) - 1] == '.')
			name[strlen(name) - 1] = '\0';
		SSL_set_tlsext_host_name(c->ssl, name);
	}
	if (shake_hands(c) == -1)
		return 0;		/* told in the answer */
	c->a->outcome = STARTTLS_ESTABLISHED;
	c->a->version = SSL_get_version(c->ssl);
	c->a->cipher = SSL_CIPHER_standard_name(
	    SSL_get_current_cipher(c->ssl));
	if (!take_chain(c))
		return -1;
	/* be polite, but do not wait for thanks */
	(void)SSL_write(c->ssl, "QUIT\r\n", 6);
	(void)SSL_shutdown(c->ssl);
	return 0;
}

int
starttls_ask(const struct starttls_question *q, struct starttls_answer *a)
{
	struct client c = { .q = q, .a = a };
	int rc = 0;

	*a = (struct starttls_answer){ .outcome = STARTTLS_UNREACHABLE };
	if (dial_open(&c.dial, q->address != NULL ? q->address : q->host,
	    q->port, q->seconds > 0 ? q->seconds : STARTTLS_SECONDS) == -1) {
		stop(&c, c.dial.no_address ? STARTTLS_NO_ADDRESS :
		    STARTTLS_UNREACHABLE, "%s", c.dial.why);
		a->error = c.dial.error;
		return 0;
	}
	snprintf(a->address, sizeof(a->address), "%s", c.dial.address);
	if (talk(&c) == 0)
		rc = start_tls(&c);
	else
		(void)dial_send(&c.dial, "QUIT\r\n");
	if (rc == -1)
		warnx("%s: memory is short", q->host);
	SSL_free(c.ssl);
	SSL_CTX_free(c.tls);
	dial_close(&c.dial);
	ERR_clear_error();
	return rc;
}

void
starttls_forget(struct starttls_answer *a)
{
	for (unsigned i = 0; i < a->chain_count; i++)
		free((uint8_t *)a->chain[i].at);
	a->chain_count = 0;
}

const char *
starttls_word(enum starttls_outcome o)
{
	static const char *const words[STARTTLS_OUTCOMES] = {
		[STARTTLS_ESTABLISHED] = "established",
		[STARTTLS_NO_ADDRESS] = "no-address",
		[STARTTLS_UNREACHABLE] = "unreachable",
		[STARTTLS_NO_GREETING] = "no-greeting",
		[STARTTLS_NO_EHLO] = "ehlo-refused",
		[STARTTLS_NOT_OFFERED] = "not-offered",
		[STARTTLS_REFUSED] = "refused",
		[STARTTLS_NO_TLS] = "tls-failed",
	};

	return o < STARTTLS_OUTCOMES ? words[o] : "?";
}
