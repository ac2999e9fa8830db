/* SPDX-License-Identifier: ISC */
/*
 * Any octets, from both sides, in any order, with holes.
 *
 * The input is a script: an octet says what comes (who speaks, a gap, an
 * end), two more how long it is, then the octets themselves.  It is heard
 * twice, in whole pieces and octet by octet, and both must come to the same
 * facts; what is kept stays within its limits.  If there is a list in it, it
 * is heard some times more, until lists are recalled (smtp/recall.h).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "smtp/smtp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* a step's first octet: who in bit 0, what in bits 1 to 3 */
enum what { SAY, SAY_LINE, GAP, END, SKIP, SAY_MORE, SAY_TLS, SAY_AGAIN };

#define DIALOGUE_MAX	(1 << 20)

struct heard {
	struct smtp	*smtp;
	struct book	*book;		/* NULL: none is shared */
	bool		 begun;
	bool		 tls[SIDES];
	uint64_t	 lines;		/* a sum over the dialogue */
};

static void
hear_line(void *context, enum side who, struct mark at, struct span line)
{
	struct heard *h = context;

	assert(line.len <= 512);
	for (size_t i = 0; i < line.len; i++) {
		assert(line.at[i] >= 0x20 && line.at[i] < 0x7f);
		h->lines = h->lines * 31 + line.at[i];
	}
	h->lines = h->lines * 31 + (uint64_t)who + at.packet;
}

static void
hear_known(void *context, enum side who, struct mark at,
    struct book_list lines)
{
	struct heard *h = context;

	for (unsigned i = 0; i < lines.count; i++)
		hear_line(h, who, at, span_of(book_start(h->book) +
		    lines.place[i].at, lines.place[i].len));
}

static const struct smtp_ops ops = { .line = hear_line,
	.known = hear_known };

static void
say(struct heard *h, enum side who, struct span octets, struct mark at)
{
	enum smtp_next next;
	size_t used;
	int turns = 0;

	while (octets.len > 0 && !h->begun) {
		assert(turns++ < 100000);
		if (h->tls[who]) {
			if (octets.at[0] == 0x16) {
				h->begun = true;
				return;
			}
			smtp_plain_again(h->smtp, who, at);
			h->tls[who] = false;
			if (who == SIDE_CLIENT)
				h->tls[SIDE_SERVER] = false;
		}
		used = smtp_hear(h->smtp, who, octets, at, &next);
		assert(used <= octets.len);
		assert(next == SMTP_TLS_MAY_BEGIN || used == octets.len);
		if (next == SMTP_TLS_MAY_BEGIN)
			h->tls[SIDE_CLIENT] = h->tls[SIDE_SERVER] = true;
		octets = span_skip(octets, used);
	}
}

static void
give(struct heard *h, enum side who, struct span octets, struct mark at,
    bool whole)
{
	if (whole) {
		say(h, who, octets, at);
		return;
	}
	for (size_t i = 0; i < octets.len; i++)
		say(h, who, span_of(octets.at + i, 1), at);
}

static void
skip(struct heard *h, enum side who, uint64_t most, struct mark at)
{
	uint64_t n = smtp_skippable(h->smtp, who);

	if (n > 0 && !h->begun)
		smtp_skipped(h->smtp, who, n < most ? n : most, at);
}

static void
play(struct heard *h, const uint8_t *data, size_t size, bool whole)
{
	struct cursor c = cursor_over(span_of(data, size));
	struct mark at = { .packet = 0 };

	while (cursor_ok(&c) && c.rest.len > 0) {
		uint8_t step = cursor_u8(&c);
		enum side who = step & 1 ? SIDE_SERVER : SIDE_CLIENT;
		size_t n = cursor_u8(&c);
		enum what what = (enum what)(step >> 1 & 7);

		at.packet++;
		switch (what) {
		case SAY_MORE:
			n *= 64;
			/* fall through */
		case SAY:
		case SAY_AGAIN:
			n = n < c.rest.len ? n : c.rest.len;
			give(h, who, cursor_take(&c, n), at, whole);
			break;
		case SAY_LINE:
			n = n < c.rest.len ? n : c.rest.len;
			give(h, who, cursor_take(&c, n), at, whole);
			give(h, who, span_text("\r\n"), at, whole);
			break;
		case SAY_TLS:
			give(h, who, span_text("\x16\x03\x01"), at, whole);
			break;
		case GAP:
			if (!h->begun)
				smtp_gap(h->smtp, who, n + 1, at);
			break;
		case END:
			if (!h->begun)
				smtp_end(h->smtp, who, at);
			break;
		case SKIP:
			skip(h, who, n + 1, at);
			break;
		}
	}
}

static void
check_text(const char *text, size_t max)
{
	if (text != NULL)
		assert(strlen(text) <= max);
}

static void
check_limits(const struct smtp_facts *f)
{
	check_text(f->banner, SMTP_BANNER_MAX);
	check_text(f->hello_name, 255);
	check_text(f->ehlo_reply, SMTP_REPLY_MAX);
	check_text(f->capabilities, SMTP_REPLY_MAX);
	check_text(f->offer_token, 160);
	check_text(smtp_upgrade(f)->starttls_as_sent, 255);
	check_text(smtp_upgrade(f)->starttls_reply_text, 512);
	check_text(smtp_rare(f)->client_early, 200);
	check_text(smtp_rare(f)->server_early, 200);
	check_text(smtp_mail(f)->mail_from_domain, 255);
	check_text(smtp_rare(f)->auth, 32);
	assert(f->hellos_kept <= SMTP_HELLOS_MAX);
	assert(smtp_mail(f)->rcpt_domains_kept <= SMTP_DOMAINS_MAX);
	for (unsigned i = 0; i < smtp_mail(f)->rcpt_domains_kept; i++)
		check_text(smtp_mail(f)->rcpt_domains[i], 255);
	assert(f->mails_accepted <= 100000);
	assert(f->mails_unanswered <= 100000);
}

static void
same_text(const char *a, const char *b)
{
	assert((a == NULL) == (b == NULL));
	assert(a == NULL || strcmp(a, b) == 0);
}

/* Each part: what a pointer points at is compared, then the rest.  All came
 * from calloc() or are all zero, so padding is zero as well. */
#define SAME(field)	same_text(a->field, b->field); \
			x.field = y.field = NULL

static void
same_upgrade(const struct smtp_upgrade *a, const struct smtp_upgrade *b)
{
	struct smtp_upgrade x = *a, y = *b;

	SAME(starttls_as_sent);
	SAME(starttls_reply_text);
	assert(memcmp(&x, &y, sizeof(x)) == 0);
}

static void
same_mail(const struct smtp_mail *a, const struct smtp_mail *b)
{
	struct smtp_mail x = *a, y = *b;

	SAME(mail_from_domain);
	assert(a->rcpt_domains_kept == b->rcpt_domains_kept);
	for (unsigned i = 0; i < a->rcpt_domains_kept; i++)
		same_text(a->rcpt_domains[i], b->rcpt_domains[i]);
	x.rcpt_domains = y.rcpt_domains = NULL;
	assert(memcmp(&x, &y, sizeof(x)) == 0);
}

static void
same_rare(const struct smtp_rare *a, const struct smtp_rare *b)
{
	struct smtp_rare x = *a, y = *b;

	SAME(client_early);
	SAME(server_early);
	SAME(auth);
	assert(memcmp(&x, &y, sizeof(x)) == 0);
}

static void
same_facts(const struct smtp_facts *a, const struct smtp_facts *b)
{
	struct smtp_facts x = *a, y = *b;

	SAME(banner);
	SAME(hello_name);
	SAME(offer_token);
	SAME(ehlo_reply);
	SAME(capabilities);
	assert(a->hellos_kept == b->hellos_kept);
	for (unsigned i = 0; i < a->hellos_kept; i++) {
		assert(a->hellos[i].hello == b->hellos[i].hello);
		assert(a->hellos[i].code == b->hellos[i].code);
		assert(a->hellos[i].offer == b->hellos[i].offer);
	}
	x.hellos = y.hellos = NULL;
	same_upgrade(smtp_upgrade(a), smtp_upgrade(b));
	same_mail(smtp_mail(a), smtp_mail(b));
	same_rare(smtp_rare(a), smtp_rare(b));
	x.upgrade = y.upgrade = NULL;
	x.mail = y.mail = NULL;
	x.rare = y.rare = NULL;
	assert(memcmp(&x, &y, sizeof(x)) == 0);
}
#undef SAME

static void
play_again(const struct heard *first, const uint8_t *data, size_t size,
    bool midstream)
{
	struct bookshelf *shelf = bookshelf_new(1);
	struct smtp_recalls *recalls = smtp_recalls_new(1);
	struct book *book = bookshelf_take(shelf);

	if (recalls == NULL || book == NULL)
		abort();
	for (int i = 0; i < 5; i++) {
		struct heard again = { .book = book,
			.smtp = smtp_new(&ops, &again, midstream) };

		if (again.smtp == NULL)
			abort();
		smtp_share(again.smtp, book, recalls);
		play(&again, data, size, true);
		same_facts(smtp_facts(first->smtp), smtp_facts(again.smtp));
		assert(first->lines == again.lines);
		assert(first->begun == again.begun);
		smtp_free(again.smtp);
	}
	book_drop(book);
	bookshelf_free(shelf);
	smtp_recalls_free(recalls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = { .smtp = NULL }, apart = { .smtp = NULL };
	bool midstream = size > 0 && (data[0] & 0x80) != 0;

	whole.smtp = smtp_new(&ops, &whole, midstream);
	apart.smtp = smtp_new(&ops, &apart, midstream);
	if (whole.smtp == NULL || apart.smtp == NULL)
		abort();
	play(&whole, data, size, true);
	play(&apart, data, size, false);
	check_limits(smtp_facts(whole.smtp));
	same_facts(smtp_facts(whole.smtp), smtp_facts(apart.smtp));
	assert(whole.lines == apart.lines);
	assert(whole.begun == apart.begun);
	if (memmem(data, size, "250-", 4) != NULL)
		play_again(&whole, data, size, midstream);
	smtp_free(whole.smtp);
	smtp_free(apart.smtp);
	return 0;
}
