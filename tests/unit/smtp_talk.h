/* SPDX-License-Identifier: ISC */
/*
 * tests/unit/smtp_talk.h -- dialogues as the tests of smtp/ write them.
 *
 * A case is a list of steps and a list of facts.  Steps:
 *
 *	"S:220 mx"	the server says this line, CRLF added
 *	"C:EHLO a"	the client
 *	"S|250-a\n"	octets as they stand, no line end added
 *	"gap S 100"	octets of the server that were not captured
 *	"end C"		this side is done
 *	"tls C"		the client sends the octets of a TLS record
 *	"midstream"	(as the first) the beginning was not captured
 *
 * A fact is "key=value" or "key" as talk_dump() writes it; "!key" must not
 * be there.  Each case is heard in whole steps, octet by octet, cut in two
 * at each place, and with neighbouring steps of one side run together, also
 * when the same was heard before: all must give the same facts and dialogue.
 */
#ifndef SMTP_TALK_H
#define SMTP_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "smtp/smtp.h"

#define TALK_STEPS	60
#define TALK_WANTS	16
#define TALK_OCTETS	65536

struct talk_case {
	const char	*name;
	const char	*steps[TALK_STEPS];
	const char	*want[TALK_WANTS];
};

struct talk {			/* a case being heard */
	struct smtp	*smtp;
	struct book	*book;		/* NULL: none is shared */
	bool		 tls[SIDES];	/* its octets go to TLS now */
	bool		 begun;		/* a TLS record came there */
	size_t		 cut;		/* octets until a piece is cut;
					 * SIZE_MAX: octet by octet */
	char		*dialogue;
	size_t		 dialogue_len;
	unsigned	 known;		/* lines told as of the book */
};

struct talk_shared {		/* what conversations have in common */
	struct bookshelf	*shelf;
	struct book		*book;
	struct smtp_recalls	*recalls;
	unsigned		 known;
};

static const char talk_record[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc";

static void
talk_line(void *context, enum side who, struct mark at, struct span line)
{
	struct talk *t = context;
	int n;

	(void)at;
	n = snprintf(t->dialogue + t->dialogue_len,
	    TALK_OCTETS - t->dialogue_len, "say=%c:%.*s\n",
	    who == SIDE_CLIENT ? 'C' : 'S', (int)line.len,
	    (const char *)line.at);
	if (n > 0 && t->dialogue_len + (size_t)n < TALK_OCTETS)
		t->dialogue_len += (size_t)n;
}

static void
talk_known(void *context, enum side who, struct mark at,
    struct book_list lines)
{
	struct talk *t = context;

	t->known += lines.count;
	for (unsigned i = 0; i < lines.count; i++)
		talk_line(t, who, at, span_of(book_start(t->book) +
		    lines.place[i].at, lines.place[i].len));
}

static const struct smtp_ops talk_ops = { .line = talk_line,
	.known = talk_known };

static void
talk_hear(struct talk *t, enum side who, struct span octets, struct mark at)
{
	enum smtp_next next;
	size_t used;

	if (octets.len == 0)
		return;
	if (t->tls[who] && octets.at[0] == 0x16)
		t->begun = true;
	if (t->begun)
		return;
	if (t->tls[who]) {
		/* As session/ does: a client in clear ends it for both. */
		smtp_plain_again(t->smtp, who, at);
		t->tls[who] = false;
		if (who == SIDE_CLIENT)
			t->tls[SIDE_SERVER] = false;
	}
	used = smtp_hear(t->smtp, who, octets, at, &next);
	if (next == SMTP_TLS_MAY_BEGIN) {
		t->tls[SIDE_CLIENT] = t->tls[SIDE_SERVER] = true;
		talk_hear(t, who, span_skip(octets, used), at);
	} else
		assert_int_equal(used, octets.len);
}

/* Give the octets whole, one by one, or cut where the case says. */
static void
talk_give(struct talk *t, enum side who, struct span octets, struct mark at)
{
	while (octets.len > 0) {
		size_t n = octets.len;

		if (t->cut == SIZE_MAX)
			n = 1;
		else if (t->cut > 0 && t->cut < n)
			n = t->cut;
		if (t->cut != SIZE_MAX)
			t->cut = t->cut > n ? t->cut - n : 0;
		talk_hear(t, who, span_first(octets, n), at);
		octets = span_skip(octets, n);
	}
}

static enum side
talk_side(char c)
{
	assert_true(c == 'C' || c == 'S');
	return c == 'C' ? SIDE_CLIENT : SIDE_SERVER;
}

/* The octets of a step, NUL included: "\0" in a step ends it, so a NUL is
 * written as ^@ and an 8-bit octet as itself. */
static size_t
talk_octets(const char *step, char *out)
{
	size_t n = 0;

	if (strncmp(step, "tls ", 4) == 0) {
		memcpy(out, talk_record, sizeof(talk_record) - 1);
		return sizeof(talk_record) - 1;
	}
	for (const char *p = step + 2; *p != '\0'; p++) {
		if (p[0] == '^' && p[1] == '@') {
			out[n++] = '\0';
			p++;
		} else
			out[n++] = *p;
		assert_true(n < TALK_OCTETS - 2);
	}
	if (step[1] == ':') {
		out[n++] = '\r';
		out[n++] = '\n';
	}
	return n;
}

static bool
talk_says(const char *step)
{
	return step != NULL && (step[1] == ':' || step[1] == '|' ||
	    strncmp(step, "tls ", 4) == 0);
}

static char
talk_speaker(const char *step)
{
	return strncmp(step, "tls ", 4) == 0 ? step[4] : step[0];
}

static bool
talk_midstream(const struct talk_case *c)
{
	return strcmp(c->steps[0], "midstream") == 0;
}

static void
talk_run(struct talk *t, const struct talk_case *c, bool together)
{
	static char octets[TALK_OCTETS];

	for (size_t i = talk_midstream(c); i < TALK_STEPS &&
	    c->steps[i] != NULL; i++) {
		struct mark at = { .time = (int64_t)i, .packet = i + 1 };
		const char *step = c->steps[i];
		size_t n;

		if (strncmp(step, "gap ", 4) == 0) {
			smtp_gap(t->smtp, talk_side(step[4]),
			    strtoull(step + 6, NULL, 10), at);
			continue;
		}
		if (strncmp(step, "end ", 4) == 0) {
			if (!t->begun)
				smtp_end(t->smtp, talk_side(step[4]), at);
			continue;
		}
		assert_true(talk_says(step));
		n = talk_octets(step, octets);
		while (together && i + 1 < TALK_STEPS &&
		    talk_says(c->steps[i + 1]) &&
		    talk_speaker(c->steps[i + 1]) == talk_speaker(step))
			n += talk_octets(c->steps[++i], octets + n);
		talk_give(t, talk_side(talk_speaker(step)),
		    span_of(octets, n), at);
	}
}

static void __attribute__((format(printf, 3, 4)))
talk_put(char *out, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(out + *n, TALK_OCTETS - *n, fmt, ap);
	va_end(ap);
	assert_true(len >= 0 && *n + (size_t)len < TALK_OCTETS);
	*n += (size_t)len;
}

static void
talk_dump_hello(const struct smtp_facts *f, char *out, size_t *n)
{
	static const char *const hellos[] = { "none", "ehlo", "helo",
	    "lhlo" };
	static const char *const offers[] = { "unseen", "not-asked",
	    "offered", "absent", "masked", "refused" };

	talk_put(out, n, "hello=%s\noffer=%s\n", hellos[f->hello],
	    offers[f->offer]);
	for (unsigned i = 0; i < f->hellos_kept; i++)
		talk_put(out, n, "hello%u=%s,%d,%s\n", i + 1,
		    hellos[f->hellos[i].hello], f->hellos[i].code,
		    offers[f->hellos[i].offer]);
}

static void
talk_bool(char *out, size_t *n, const char *key, bool value)
{
	if (value)
		talk_put(out, n, "%s\n", key);
}

static void
talk_uint(char *out, size_t *n, const char *key, unsigned value)
{
	if (value != 0)
		talk_put(out, n, "%s=%u\n", key, value);
}

static void
talk_text(char *out, size_t *n, const char *key, const char *value)
{
	if (value != NULL)
		talk_put(out, n, "%s=%s\n", key, value);
}

#define TALK_BOOL(x)	talk_bool(out, &n, #x, f->x)
#define TALK_UINT(x)	talk_uint(out, &n, #x, (unsigned)f->x)
#define TALK_TEXT(x)	talk_text(out, &n, #x, f->x)
#define TALK_UINT_OF(part, x) \
	talk_uint(out, &n, #x, smtp_##part(f)->x)
#define TALK_TEXT_OF(part, x) \
	talk_text(out, &n, #x, smtp_##part(f)->x)

static size_t
talk_dump(const struct smtp_facts *f, char *out)
{
	static const char *const protocols[] = { "nothing", "smtp", "lmtp",
	    "foreign" };
	static const char *const starttls[] = { "not-sent", "sent",
	    "masked" };
	size_t n = 0;

	talk_put(out, &n, "protocol=%s\nstarttls=%s\n",
	    protocols[f->protocol], starttls[f->starttls]);
	talk_dump_hello(f, out, &n);
	TALK_UINT(greeting_code); TALK_TEXT(banner); TALK_BOOL(banner_masked);
	TALK_BOOL(banner_esmtp); TALK_TEXT(hello_name);
	TALK_UINT(hellos_seen); TALK_BOOL(hello_masked);
	TALK_BOOL(ehlo_echo_differs); TALK_TEXT(offer_token);
	TALK_BOOL(offer_altered); TALK_UINT(offer_times);
	TALK_UINT(masked_keywords); TALK_UINT(masked_eights);
	TALK_BOOL(masked_in_order); TALK_BOOL(offer_near);
	TALK_TEXT(ehlo_reply); TALK_TEXT(capabilities);
	TALK_BOOL(enhanced_codes); TALK_BOOL(reply_after_final);
	TALK_BOOL(reply_mixed_codes); TALK_UINT_OF(rare, garbage_lines);
	TALK_BOOL(reply_too_long); TALK_UINT(starttls_times);
	TALK_BOOL(starttls_unoffered); TALK_BOOL(anonymoustls);
	TALK_BOOL(noop_padded); TALK_BOOL(tls_unasked);
	TALK_TEXT_OF(upgrade, starttls_as_sent); TALK_UINT(starttls_reply);
	TALK_TEXT_OF(upgrade, starttls_reply_text);
	TALK_BOOL(starttls_reply_enhanced);
	TALK_BOOL(starttls_echo_differs); TALK_BOOL(starttls_demanded);
	TALK_UINT_OF(rare, client_early_octets);
	TALK_TEXT_OF(rare, client_early);
	TALK_UINT_OF(rare, server_early_octets);
	TALK_TEXT_OF(rare, server_early);
	TALK_BOOL(plain_after_accept); TALK_UINT(mail_commands);
	TALK_UINT_OF(mail, rcpt_commands); TALK_UINT(data_commands);
	TALK_UINT(mails_accepted); TALK_UINT(mails_unanswered);
	TALK_UINT_OF(mail, mails_tls_optional);
	TALK_UINT_OF(mail, mails_tls_report);
	TALK_UINT_OF(mail, mails_ordinary); TALK_UINT_OF(mail, headers_unseen);
	TALK_TEXT_OF(mail, mail_from_domain);
	for (unsigned i = 0; i < smtp_mail(f)->rcpt_domains_kept; i++)
		talk_put(out, &n, "rcpt%u=%s\n", i + 1,
		    smtp_mail(f)->rcpt_domains[i]);
	TALK_UINT_OF(mail, rcpt_domains_kept);
	TALK_UINT_OF(mail, rcpt_domains_dropped);
	TALK_BOOL(requiretls); TALK_TEXT_OF(rare, auth);
	TALK_UINT_OF(rare, auth_times);
	TALK_BOOL(auth_accepted); TALK_BOOL(quit); TALK_BOOL(turned);
	TALK_BOOL(xclient); TALK_BOOL(proxy_header); TALK_BOOL(tunnelled);
	TALK_BOOL(early_talker); TALK_UINT_OF(rare, unpaired_replies);
	TALK_UINT_OF(rare, limits_reached); TALK_BOOL(gap_in_greeting);
	TALK_BOOL(gap_in_ehlo_reply); TALK_BOOL(gap_in_starttls);
	TALK_BOOL(gap_in_mail);
	return n;
}

/* The facts and the dialogue of one way to hear a case; caller frees.
 * `shared` may be NULL. */
static char *
talk_facts_of(const struct talk_case *c, size_t cut, bool together,
    struct talk_shared *shared)
{
	struct talk t = { .cut = cut };
	char *out = calloc(2, TALK_OCTETS);
	size_t n;

	assert_non_null(out);
	t.dialogue = out + TALK_OCTETS;
	t.smtp = smtp_new(&talk_ops, &t, talk_midstream(c));
	assert_non_null(t.smtp);
	if (shared != NULL) {
		t.book = shared->book;
		smtp_share(t.smtp, shared->book, shared->recalls);
	}
	talk_run(&t, c, together);
	n = talk_dump(smtp_facts(t.smtp), out);
	if (t.begun)
		talk_put(out, &n, "tls\n");
	memmove(out + n, t.dialogue, t.dialogue_len);
	out[n + t.dialogue_len] = '\0';
	smtp_free(t.smtp);
	if (shared != NULL)
		shared->known += t.known;
	return out;
}

static char *
talk_facts(const struct talk_case *c, size_t cut, bool together)
{
	return talk_facts_of(c, cut, together, NULL);
}

static bool
talk_has(const char *facts, const char *want)
{
	size_t len = strlen(want);

	for (const char *p = facts; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, want, len) == 0 &&
		    (p[len] == '\n' || p[len] == '\0'))
			return true;
	}
	return false;
}

/* "!key" also forbids "key=..." */
static bool
talk_lacks(const char *facts, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = facts; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) == 0 && (p[len] == '\n' ||
		    p[len] == '=' || p[len] == '\0'))
			return false;
	}
	return true;
}

static unsigned
talk_same(const struct talk_case *c, const char *whole, size_t cut,
    bool together)
{
	char *other = talk_facts(c, cut, together);
	unsigned failed = strcmp(whole, other) != 0;

	if (failed)
		print_error("%s: heard %s (%zu):\n got: %s\nwant: %s\n",
		    c->name, together ? "together" : "in pieces", cut, other,
		    whole);
	free(other);
	return failed;
}

/* Again and again, until what was heard before is recalled; *known: how many
 * lines were. */
static unsigned
talk_again(const struct talk_case *c, const char *whole, unsigned *known)
{
	struct talk_shared shared = { .shelf = bookshelf_new(7),
		.recalls = smtp_recalls_new(7) };
	unsigned failed = 0;

	shared.book = bookshelf_take(shared.shelf);
	assert_non_null(shared.recalls);
	assert_non_null(shared.book);
	for (int i = 0; i < 5; i++) {
		char *other = talk_facts_of(c, 0, true, &shared);

		failed += strcmp(whole, other) != 0;
		if (strcmp(whole, other) != 0)
			print_error("%s: heard again (%d):\n got: %s\n"
			    "want: %s\n", c->name, i, other, whole);
		free(other);
	}
	*known = shared.known;
	book_drop(shared.book);
	bookshelf_free(shared.shelf);
	smtp_recalls_free(shared.recalls);
	return failed;
}

static unsigned
talk_check(const struct talk_case *c)
{
	char *whole = talk_facts(c, 0, false);
	size_t total = 0;
	unsigned failed = 0, known;
	static char scratch[TALK_OCTETS];

	for (size_t i = 0; i < TALK_WANTS && c->want[i] != NULL; i++) {
		const char *w = c->want[i];

		if (*w == '!' ? talk_lacks(whole, w + 1) : talk_has(whole, w))
			continue;
		failed++;
		print_error("%s:\nwant: %s\n got: %s\n", c->name, w, whole);
	}
	for (size_t i = 0; i < TALK_STEPS && c->steps[i] != NULL; i++)
		if (talk_says(c->steps[i]))
			total += talk_octets(c->steps[i], scratch);
	failed += talk_same(c, whole, SIZE_MAX, false);
	for (size_t cut = 1; cut < total && failed == 0; cut++)
		failed += talk_same(c, whole, cut, false);
	failed += talk_same(c, whole, 0, true);
	failed += talk_same(c, whole, SIZE_MAX, true);
	failed += talk_again(c, whole, &known);
	free(whole);
	return failed;
}

static void
talk_check_all(const struct talk_case *cases, size_t n)
{
	unsigned failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += talk_check(&cases[i]);
	assert_int_equal(failed, 0);
}

#endif
