/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include "smtp/facts.h"

void
smtp_facts_forget(const struct smtp *s, const char *text)
{
	if (book_text_at(s->book, text) == NULL)
		free((char *)text);
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
smtp_facts_adopt(struct smtp *s, const char **fact, struct smtp_text *text)
{
	const char *kept = text->at == NULL ? NULL :
	    book_find(s->book, span_of(text->at, text->len));

	smtp_facts_forget(s, *fact);
	if (kept != NULL)
		smtp_text_drop(text);
	*fact = kept != NULL ? kept : smtp_text_take(text);
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
smtp_facts_show_known(struct smtp *s, enum side who, struct span text,
    struct mark at)
{
	if (s->ops == NULL || s->ops->known == NULL) {
		smtp_facts_show(s, who, text, at);
		return;
	}
	s->ops->known(s->context, s->flipped ? side_other(who) : who, at,
	    text);
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

void
smtp_facts_hello(struct smtp *s, enum smtp_hello hello, struct span name,
    struct mark at)
{
	struct smtp_facts *f = &s->facts;
	void *array = f->hellos;

	if (make_room(&array, f->hellos_kept, SMTP_HELLOS_MAX,
	    sizeof(f->hellos[0]))) {
		f->hellos = array;
		f->hellos[f->hellos_kept++] = (struct smtp_greeting){
			.hello = hello, .command = at,
			.offer = hello == HELLO_HELO ? OFFER_NOT_ASKED :
			    OFFER_UNSEEN };
	} else
		f->limits_reached++;
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
add_recipient(struct smtp *s, const char *domain)
{
	struct smtp_facts *f = &s->facts;
	void *array = f->rcpt_domains;

	for (unsigned i = 0; i < f->rcpt_domains_kept; i++)
		if (strcmp(f->rcpt_domains[i], domain) == 0) {
			smtp_facts_forget(s, domain);
			return;
		}
	if (!make_room(&array, f->rcpt_domains_kept, SMTP_DOMAINS_MAX,
	    sizeof(f->rcpt_domains[0]))) {
		f->rcpt_domains_dropped++;
		smtp_facts_forget(s, domain);
		return;
	}
	f->rcpt_domains = array;
	f->rcpt_domains[f->rcpt_domains_kept++] = domain;
}

void
smtp_facts_path(struct smtp *s, const struct smtp_command *c)
{
	struct smtp_facts *f = &s->facts;
	struct smtp_path path;
	bool found = smtp_command_path(c->argument, &path);
	const char *domain = found && path.domain.at != NULL ?
	    domain_text(s, path.domain) : NULL;

	if (c->verb == VERB_RCPT) {
		if (domain != NULL)
			add_recipient(s, domain);
		else if (found && path.domain.at != NULL)
			f->rcpt_domains_dropped++;
		return;
	}
	smtp_facts_forget(s, f->mail_from_domain);
	f->mail_from_domain = domain;
	if (found && path.null)
		f->mail_from_domain = keep(s, span_of(NULL, 0));
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
	smtp_facts_adopt(s, &f->ehlo_reply, &l->reply);
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
	struct smtp_facts *f = &s->facts;

	word = span_first(word, sizeof(upper));
	for (size_t i = 0; i < word.len; i++)
		upper[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ?
		    (uint8_t)(word.at[i] - 32) : word.at[i];
	word = span_of(upper, word.len);
	smtp_facts_forget(s, s->auth_latest);
	s->auth_latest = NULL;
	if (f->auth_times++ == 0) {
		f->auth_at = at;
		smtp_facts_text(s, &f->auth, word,
		    SMTP_MECHANISM_MAX);
	} else if (f->auth != NULL && !f->auth_accepted &&
	    !span_equal(word, span_text(f->auth))) {
		s->auth_latest_at = at;
		smtp_facts_text(s, &s->auth_latest, word,
		    SMTP_MECHANISM_MAX);
	}
}

void
smtp_facts_auth_accepted(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;

	if (f->auth_accepted || f->auth_times == 0)
		return;
	f->auth_accepted = true;
	if (s->auth_latest == NULL)
		return;
	smtp_facts_forget(s, f->auth);
	f->auth = s->auth_latest;
	f->auth_at = s->auth_latest_at;
	s->auth_latest = NULL;
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

	if (n > 0 && s->early_held == 0 && s->facts.client_early_octets == 0)
		s->facts.client_early_at = at;
	s->early_held += n;
}

void
smtp_facts_server_early(struct smtp *s, struct span octets, struct mark at)
{
	struct smtp_facts *f = &s->facts;
	unsigned n = count_visible(octets);

	if (n > 0 && f->server_early_octets == 0)
		f->server_early_at = at;
	f->server_early_octets += n;
}

/* REQUIRETLS stands above what the header says, RFC 8689 section 4.1. */
void
smtp_facts_mail_sent(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;
	struct smtp_header *h = &s->header;

	smtp_header_end(h);
	if (h->tls_optional && !s->requiretls)
		f->mails_tls_optional++;
	else if (h->tls_report && !s->requiretls)
		f->mails_tls_report++;
	else {
		f->mails_ordinary++;
		f->headers_unseen += h->at == HEADER_LOST;
	}
	h->at = HEADER_NONE;
}

/* The line is escaped already; lines are divided by an escaped CRLF. */
void
smtp_facts_early_line(struct smtp *s, enum side who, struct span redacted)
{
	struct smtp_text *t = &s->early[who];
	char line[SMTP_EARLY_MAX + 1];

	if (redacted.len == 0)
		return;
	redacted = span_first(redacted, SMTP_EARLY_MAX);
	memcpy(line, redacted.at, redacted.len);
	line[redacted.len] = '\0';
	if (t->len > 0)
		smtp_text_say(t, "\\r\\n", SMTP_EARLY_MAX);
	smtp_text_say(t, line, SMTP_EARLY_MAX);
	if (who == SIDE_CLIENT)
		s->facts.client_early = t->at;
	else
		s->facts.server_early = t->at;
}

void
smtp_facts_free(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;

	for (unsigned i = 0; i < f->rcpt_domains_kept; i++)
		smtp_facts_forget(s, f->rcpt_domains[i]);
	free(f->rcpt_domains);
	free(f->hellos);
	smtp_facts_forget(s, f->banner);
	smtp_facts_forget(s, f->hello_name);
	smtp_facts_forget(s, f->offer_token);
	smtp_facts_forget(s, f->ehlo_reply);
	smtp_facts_forget(s, f->capabilities);
	smtp_facts_forget(s, f->starttls_as_sent);
	smtp_facts_forget(s, f->starttls_reply_text);
	smtp_facts_forget(s, f->mail_from_domain);
	smtp_facts_forget(s, f->auth);
	smtp_facts_forget(s, s->auth_latest);
}
