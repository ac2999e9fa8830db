/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include "smtp/facts.h"
#include "smtp/proxy.h"

void
smtp_facts_forget(const struct smtp *s, const char *text)
{
	if (text != NULL && book_text_at(s->book, text) == NULL)
		free((char *)text);
}

struct smtp_asked *
smtp_facts_asked(struct smtp *s)
{
	struct smtp_asked *asked = smtp_asked_of(s);

	if (asked == NULL && (asked = calloc(1, sizeof(*asked))) != NULL)
		s->facts.upgrade = &asked->facts;
	return asked;
}

struct smtp_mail *
smtp_facts_mail(struct smtp *s)
{
	if (s->facts.mail == NULL)
		s->facts.mail = calloc(1, sizeof(*s->facts.mail));
	return s->facts.mail;
}

struct smtp_odd *
smtp_facts_odd(struct smtp *s)
{
	struct smtp_odd *odd = smtp_odd_of(s);

	if (odd == NULL && (odd = calloc(1, sizeof(*odd))) != NULL)
		s->facts.rare = &odd->facts;
	return odd;
}

/* As it stands in the book, or a copy of its own. */
static const char *
keep(struct smtp *s, struct span text)
{
	const char *kept = book_find(s->book, text);
	char *copy;

	if (kept != NULL)
		return kept;
	if ((copy = malloc(text.len + 1)) == NULL)
		return NULL;
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return copy;
}

void
smtp_facts_text(struct smtp *s, const char **fact, struct span octets,
    size_t max)
{
	char escaped[SMTP_BANNER_MAX + 1];

	assert(max < sizeof(escaped));
	smtp_facts_forget(s, *fact);
	*fact = keep(s, smtp_text_plain(octets, max, escaped));
}

void
smtp_facts_adopt(struct smtp *s, const char **fact,
    const struct smtp_text *text)
{
	smtp_facts_forget(s, *fact);
	*fact = text->at == NULL ? NULL :
	    keep(s, span_of(text->at, text->len));
}

void
smtp_facts_show(struct smtp *s, enum side who, struct span redacted,
    struct mark at)
{
	if (s->ops == NULL || s->ops->line == NULL)
		return;
	s->ops->line(s->context, s->flipped ? side_other(who) : who, at,
	    redacted);
}

void
smtp_facts_show_known(struct smtp *s, enum side who, struct book_list lines,
    struct mark at)
{
	if (s->ops != NULL && s->ops->known != NULL) {
		s->ops->known(s->context, s->flipped ? side_other(who) : who,
		    at, lines);
		return;
	}
	for (unsigned i = 0; i < lines.count; i++)
		smtp_facts_show(s, who, span_of(book_start(s->book) +
		    lines.place[i].at, lines.place[i].len), at);
}

/* What the server is should be known before the case is closed: its first
 * line is still heard. */
void
smtp_facts_foreign(struct smtp *s, enum side who)
{
	s->talk = TALK_FOREIGN;
	if (who == SIDE_SERVER || s->facts.greeting_code != 0)
		s->facts.protocol = SMTP_FOREIGN;
	smtp_hold_drop(&s->hold);
	smtp_expect_clear(&s->expect);
}

/* Room for one more in an array that doubles from one. */
static bool
make_room(void **array, unsigned kept, unsigned max, size_t size)
{
	void *grown;

	if (kept >= max)
		return false;
	if ((kept & (kept - 1)) != 0)
		return true;
	grown = realloc(*array, (kept > 0 ? kept * 2 : 1) * size);
	if (grown == NULL)
		return false;
	*array = grown;
	return true;
}

/* Few say it more than once: the first lies with the conversation. */
static bool
room_for_hello(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;
	void *array = f->hellos_kept > 1 ? f->hellos : NULL;

	if (f->hellos_kept == 0) {
		f->hellos = &s->first_hello;
		return true;
	}
	if (f->hellos_kept == 1) {
		if ((array = malloc(2 * sizeof(f->hellos[0]))) == NULL)
			return false;
		memcpy(array, &s->first_hello, sizeof(f->hellos[0]));
	} else if (!make_room(&array, f->hellos_kept, SMTP_HELLOS_MAX,
	    sizeof(f->hellos[0])))
		return false;
	f->hellos = array;
	return true;
}

void
smtp_facts_starttls(struct smtp *s, struct span line, struct mark at)
{
	struct smtp_asked *asked = smtp_facts_asked(s);

	if (asked == NULL)
		return;
	asked->facts.starttls_command_at = at;
	smtp_facts_text(s, &asked->facts.starttls_as_sent, line,
	    SMTP_NAME_MAX);
}

void
smtp_facts_verdict(struct smtp *s, int code)
{
	struct smtp_asked *asked = smtp_facts_asked(s);

	s->facts.starttls_reply = (uint16_t)code;
	s->facts.starttls_reply_enhanced = s->answer.enhanced;
	if (asked == NULL)
		return;
	asked->facts.starttls_reply_at = s->answer.at;
	smtp_facts_adopt(s, &asked->facts.starttls_reply_text,
	    &asked->answer);
	smtp_text_drop(&asked->answer);
}

void
smtp_facts_verdict_line(struct smtp *s, struct span text)
{
	struct smtp_asked *asked = smtp_facts_asked(s);

	if (asked == NULL)
		return;
	if (s->answer.lines > 1)
		smtp_text_say(&asked->answer, "\n", SMTP_ANSWER_MAX);
	smtp_text_add(&asked->answer, text, SMTP_ANSWER_MAX);
}

void
smtp_facts_verdict_drop(struct smtp *s)
{
	struct smtp_asked *asked = smtp_asked_of(s);

	if (asked != NULL)
		smtp_text_drop(&asked->answer);
}

void
smtp_facts_limit(struct smtp *s)
{
	struct smtp_odd *odd = smtp_facts_odd(s);

	if (odd != NULL)
		odd->facts.limits_reached++;
}

void
smtp_facts_unpaired(struct smtp *s)
{
	struct smtp_odd *odd = smtp_facts_odd(s);

	if (odd != NULL)
		odd->facts.unpaired_replies++;
}

void
smtp_facts_plain(struct smtp *s, struct mark at)
{
	struct smtp_odd *odd = smtp_facts_odd(s);

	s->facts.plain_after_accept = true;
	if (odd != NULL)
		odd->facts.plain_after_accept_at = at;
}

void
smtp_facts_hello(struct smtp *s, enum smtp_hello hello, struct span name,
    struct mark at)
{
	struct smtp_facts *f = &s->facts;

	if (room_for_hello(s))
		f->hellos[f->hellos_kept++] = (struct smtp_greeting){
			.hello = hello, .command = at,
			.offer = hello == HELLO_HELO ? OFFER_NOT_ASKED :
			    OFFER_UNSEEN };
	else
		smtp_facts_limit(s);
	f->hellos_seen++;
	if (s->frozen)
		return;
	f->hello = hello;
	smtp_facts_text(s, &f->hello_name, name, SMTP_NAME_MAX);
	if (hello != HELLO_HELO && !s->list_seen)
		f->offer = OFFER_UNSEEN;
}

static const char *
domain_text(struct smtp *s, struct span domain)
{
	char text[SMTP_NAME_MAX + 1];
	struct span escaped;

	if (domain.len > 1 && domain.at[domain.len - 1] == '.')
		domain.len--;
	if (domain.len > SMTP_NAME_MAX)
		return NULL;
	escaped = span_of(text, smtp_text_escape(domain, text, sizeof(text)));
	for (size_t i = 0; i < escaped.len; i++)
		text[i] = (char)span_lower((uint8_t)text[i]);
	return keep(s, escaped);
}

static void
add_recipient(struct smtp *s, struct smtp_mail *m, const char *domain)
{
	void *array = m->rcpt_domains;

	for (unsigned i = 0; i < m->rcpt_domains_kept; i++)
		if (strcmp(m->rcpt_domains[i], domain) == 0) {
			smtp_facts_forget(s, domain);
			return;
		}
	if (!make_room(&array, m->rcpt_domains_kept, SMTP_DOMAINS_MAX,
	    sizeof(m->rcpt_domains[0]))) {
		m->rcpt_domains_dropped++;
		smtp_facts_forget(s, domain);
		return;
	}
	m->rcpt_domains = array;
	m->rcpt_domains[m->rcpt_domains_kept++] = domain;
}

void
smtp_facts_path(struct smtp *s, const struct smtp_command *c)
{
	struct smtp_mail *m = smtp_facts_mail(s);
	const struct smtp_path *path = &c->path;
	const char *domain;

	if (m == NULL)
		return;
	domain = path->domain.at != NULL ? domain_text(s, path->domain) : NULL;
	if (c->verb == VERB_RCPT) {
		if (domain != NULL)
			add_recipient(s, m, domain);
		else if (path->domain.at != NULL)
			m->rcpt_domains_dropped++;
		return;
	}
	smtp_facts_forget(s, m->mail_from_domain);
	m->mail_from_domain = path->null ? keep(s, span_of(NULL, 0)) : domain;
}

/* The list just read becomes the one that counts. */
void
smtp_facts_list(struct smtp *s, enum smtp_offer offer)
{
	struct smtp_facts *f = &s->facts;
	struct smtp_list *l = s->list;

	f->offer = offer;
	f->reply_too_long = l->too_long;
	smtp_facts_forget(s, f->offer_token);
	f->offer_token = l->known_token;
	if (l->strongest >= TOKEN_MASKED_EIGHT && l->token != NULL) {
		f->offer_token = keep(s, span_text(l->token));
		free(l->token);
		l->token = NULL;
	}
	s->list_len = l->reply.len;
	if (l->lines > 0)
		smtp_facts_adopt(s, &f->ehlo_reply, &l->reply);
	else {
		smtp_facts_forget(s, f->ehlo_reply);
		f->ehlo_reply = NULL;
	}
	smtp_facts_adopt(s, &f->capabilities, &l->capabilities);
	if (l->known_capabilities != NULL) {
		smtp_facts_forget(s, f->capabilities);
		f->capabilities = l->known_capabilities;
	}
	f->offer_altered = l->altered > 0 && l->altered == l->offered;
	f->offer_near = l->strongest == TOKEN_NEAR;
	f->offer_times = l->offered;
	f->masked_keywords = l->masked + (l->masked > 0 ?
	    l->masked_pairs : 0);
	f->masked_eights = l->masked_eights;
	f->masked_in_order = f->masked_keywords > 1 && l->letter != 0 &&
	    !l->letters_broken;
	f->enhanced_codes = l->enhanced;
}

/* The mechanism, upper case.  The first stays the fact until another one is
 * accepted; so the latest is remembered too if it differs. */
void
smtp_facts_auth(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	struct span rest = c->argument, word = smtp_command_word(&rest);
	uint8_t upper[SMTP_MECHANISM_MAX];
	struct smtp_odd *odd = smtp_facts_odd(s);
	struct smtp_rare *r;

	if (odd == NULL)
		return;
	r = &odd->facts;
	word = span_first(word, sizeof(upper));
	for (size_t i = 0; i < word.len; i++)
		upper[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ?
		    (uint8_t)(word.at[i] - 32) : word.at[i];
	word = span_of(upper, word.len);
	smtp_facts_forget(s, odd->auth_latest);
	odd->auth_latest = NULL;
	if (r->auth_times++ == 0) {
		r->auth_at = at;
		smtp_facts_text(s, &r->auth, word,
		    SMTP_MECHANISM_MAX);
	} else if (r->auth != NULL && !s->facts.auth_accepted &&
	    !span_equal(word, span_text(r->auth))) {
		odd->auth_latest_at = at;
		smtp_facts_text(s, &odd->auth_latest, word,
		    SMTP_MECHANISM_MAX);
	}
}

void
smtp_facts_auth_accepted(struct smtp *s)
{
	struct smtp_odd *odd = smtp_odd_of(s);

	if (s->facts.auth_accepted || odd == NULL ||
	    odd->facts.auth_times == 0)
		return;
	s->facts.auth_accepted = true;
	if (odd->auth_latest == NULL)
		return;
	smtp_facts_forget(s, odd->facts.auth);
	odd->facts.auth = odd->auth_latest;
	odd->facts.auth_at = odd->auth_latest_at;
	odd->auth_latest = NULL;
}

static unsigned
count_visible(struct span octets)
{
	unsigned n = 0;

	for (size_t i = 0; i < octets.len; i++)
		n += octets.at[i] != '\r' && octets.at[i] != '\n' &&
		    octets.at[i] != ' ' && octets.at[i] != '\t';
	return n;
}

void
smtp_facts_early_held(struct smtp *s, struct span octets, struct mark at)
{
	unsigned n = count_visible(octets);
	struct smtp_odd *odd;

	if (n > 0 && s->early_held == 0 && (odd = smtp_facts_odd(s)) != NULL &&
	    odd->facts.client_early_octets == 0)
		odd->facts.client_early_at = at;
	s->early_held += n;
}

void
smtp_facts_server_early(struct smtp *s, struct span octets, struct mark at)
{
	unsigned n = count_visible(octets);
	struct smtp_odd *odd;

	if (n == 0 || (odd = smtp_facts_odd(s)) == NULL)
		return;
	if (odd->facts.server_early_octets == 0)
		odd->facts.server_early_at = at;
	odd->facts.server_early_octets += n;
}

/* REQUIRETLS stands above what the header says, RFC 8689 section 4.1. */
void
smtp_facts_mail_sent(struct smtp *s)
{
	struct smtp_mail *m = smtp_facts_mail(s);
	struct smtp_header *h = &s->header;

	smtp_header_end(h);
	if (m == NULL)
		;
	else if (h->tls_optional && !s->requiretls)
		m->mails_tls_optional++;
	else if (h->tls_report && !s->requiretls)
		m->mails_tls_report++;
	else {
		m->mails_ordinary++;
		m->headers_unseen += h->at == HEADER_LOST;
	}
	h->at = HEADER_NONE;
}

/* The line is escaped already; lines are divided by an escaped CRLF. */
void
smtp_facts_early_line(struct smtp *s, enum side who, struct span redacted)
{
	char line[SMTP_EARLY_MAX + 1];
	struct smtp_odd *odd;
	struct smtp_text *t;

	if (redacted.len == 0 || (odd = smtp_facts_odd(s)) == NULL)
		return;
	t = &odd->early[who];
	redacted = span_first(redacted, SMTP_EARLY_MAX);
	memcpy(line, redacted.at, redacted.len);
	line[redacted.len] = '\0';
	if (t->len > 0)
		smtp_text_say(t, "\\r\\n", SMTP_EARLY_MAX);
	smtp_text_say(t, line, SMTP_EARLY_MAX);
	if (who == SIDE_CLIENT)
		odd->facts.client_early = t->at;
	else
		odd->facts.server_early = t->at;
}

static void
free_asked(struct smtp *s, struct smtp_asked *asked)
{
	if (asked == NULL)
		return;
	smtp_facts_forget(s, asked->facts.starttls_as_sent);
	smtp_facts_forget(s, asked->facts.starttls_reply_text);
	smtp_text_drop(&asked->answer);
	free(asked);
}

static void
free_mail(struct smtp *s, struct smtp_mail *m)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < m->rcpt_domains_kept; i++)
		smtp_facts_forget(s, m->rcpt_domains[i]);
	free(m->rcpt_domains);
	smtp_facts_forget(s, m->mail_from_domain);
	free(m);
}

static void
free_odd(struct smtp *s, struct smtp_odd *odd)
{
	if (odd == NULL)
		return;
	for (int i = 0; i < SIDES; i++)
		smtp_text_drop(&odd->early[i]);
	smtp_facts_forget(s, odd->facts.auth);
	smtp_facts_forget(s, odd->auth_latest);
	smtp_proxy_free(odd->proxy);
	free(odd);
}

void
smtp_facts_free(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;

	if (f->hellos != &s->first_hello)
		free(f->hellos);
	smtp_facts_forget(s, f->banner);
	smtp_facts_forget(s, f->hello_name);
	smtp_facts_forget(s, f->offer_token);
	smtp_facts_forget(s, f->ehlo_reply);
	smtp_facts_forget(s, f->capabilities);
	free_asked(s, smtp_asked_of(s));
	free_mail(s, f->mail);
	free_odd(s, smtp_odd_of(s));
}
