/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "dns/answer.h"
#include "dns/key.h"

#define ITEM_TEXT	88	/* the text of one record is cut here */
#define TLSA_SHOWN	8	/* octets of a certificate association */

struct item {
	uint64_t	digest, about;	/* about 0: names nobody */
	char		text[ITEM_TEXT];
};

bool
dns_answer_wanted(uint16_t type)
{
	return type == DNS_A || type == DNS_AAAA || type == DNS_MX ||
	    type == DNS_CNAME || type == DNS_TLSA;
}

/* Of octets that stand for themselves. */
static uint64_t
digest_octets(uint64_t seed, struct span octets)
{
	uint64_t digest = octets.len;
	struct addr block;

	for (size_t i = 0; i < octets.len; i += sizeof(block.octets)) {
		struct span part = span_first(span_skip(octets, i),
		    sizeof(block.octets));

		memset(&block, 0, sizeof(block));
		memcpy(block.octets, part.at, part.len);
		digest = dns_key_pair(seed, digest,
		    dns_key_address(seed, &block));
	}
	return digest;
}

static void
write_tlsa(struct item *i, struct span data)
{
	int len;

	if (data.len < 3) {
		snprintf(i->text, sizeof(i->text), "TLSA (too short)");
		return;
	}
	len = snprintf(i->text, sizeof(i->text), "TLSA %u %u %u ",
	    data.at[0], data.at[1], data.at[2]);
	for (size_t n = 3; n < data.len && n < 3 + TLSA_SHOWN; n++)
		len += snprintf(i->text + len, sizeof(i->text) - (size_t)len,
		    "%02x", data.at[n]);
	if (data.len > 3 + TLSA_SHOWN)
		snprintf(i->text + len, sizeof(i->text) - (size_t)len, "...");
}

/* False: not a record that counts. */
static bool
read_item(struct item *i, const struct dns_message *m,
    const struct dns_record *r, uint64_t seed)
{
	char owner[DNS_NAME_MAX + 1], target[DNS_NAME_MAX + 1];
	char ip[ADDR_TEXT_MAX];
	struct addr a;
	uint16_t preference;

	if (!dns_answer_wanted(r->type) || !dns_record_owner(m, r, owner))
		return false;
	i->about = 0;
	if (dns_record_address(m, r, &a)) {
		i->about = i->digest = dns_key_address(seed, &a);
		snprintf(i->text, sizeof(i->text), "%s %s",
		    r->type == DNS_A ? "A" : "AAAA", addr_format(&a, ip));
	} else if (dns_record_target(m, r, target, &preference)) {
		i->about = dns_key_name(seed, target);
		i->digest = dns_key_pair(seed, i->about, preference);
		if (r->type == DNS_MX)
			snprintf(i->text, sizeof(i->text), "MX %u %.*s",
			    preference, ITEM_TEXT - 12, target);
		else
			snprintf(i->text, sizeof(i->text), "CNAME %.*s",
			    ITEM_TEXT - 12, target);
	} else {
		i->digest = digest_octets(seed, dns_record_data(m, r));
		if (r->type == DNS_TLSA)
			write_tlsa(i, dns_record_data(m, r));
		else
			snprintf(i->text, sizeof(i->text),
			    "type %u, unreadable", r->type);
	}
	i->digest = dns_key_pair(seed ^ r->type, i->digest,
	    dns_key_name(seed, owner));
	return true;
}

/* By text, as a reader would; records whose texts are cut alike by digest. */
static int
in_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int by_text = strcmp(x->text, y->text);

	if (by_text != 0)
		return by_text;
	return x->digest < y->digest ? -1 : x->digest > y->digest;
}

static void
add_text(struct dns_answer *a, size_t *len, const char *text)
{
	size_t more = strlen(text), comma = *len > 0 ? 2 : 0;

	/* four octets stay for what says that there is more */
	if (*len + comma + more + 5 > DNS_ANSWER_TEXT) {
		strcpy(a->text + *len, " ...");
		return;
	}
	memcpy(a->text + *len, ", ", comma);
	memcpy(a->text + *len + comma, text, more + 1);
	*len += comma + more;
}

static void
read_items(struct dns_answer *a, const struct dns_message *m, uint64_t seed)
{
	struct item items[DNS_ANSWERS_MAX];
	unsigned n = 0;
	size_t len = 0;

	for (unsigned k = 0; k < m->kept; k++)
		n += read_item(&items[n], m, &m->answers[k], seed);
	qsort(items, n, sizeof(items[0]), in_order);
	for (unsigned k = 0; k < n; k++) {
		if (k > 0 && items[k].digest == items[k - 1].digest)
			continue;	/* said twice */
		a->digest = dns_key_pair(seed, a->digest, items[k].digest);
		if (items[k].about != 0 && a->abouts < DNS_ABOUT_MAX)
			a->about[a->abouts++] = items[k].about;
		add_text(a, &len, items[k].text);
	}
	if (n > 0)
		a->verdict = DNS_SAYS_DATA;
}

void
dns_answer_read(struct dns_answer *a, const struct dns_message *m,
    uint64_t seed)
{
	a->verdict = DNS_SAYS_NOTHING;
	a->digest = 0;
	a->abouts = 0;
	a->text[0] = '\0';
	/* TC: the rest is to be asked for over TCP (RFC 2181 section 9) */
	if (!m->answer_whole || m->truncated || m->dropped > 0)
		return;
	switch (m->rcode) {
	case DNS_NOERROR:
		a->verdict = DNS_SAYS_EMPTY;
		strcpy(a->text, "no such record");
		break;
	case DNS_NXDOMAIN:
		a->verdict = DNS_SAYS_NXDOMAIN;
		strcpy(a->text, "no such name (NXDOMAIN)");
		break;
	case DNS_SERVFAIL:
		strcpy(a->text, "SERVFAIL");
		return;
	case DNS_REFUSED:
		strcpy(a->text, "REFUSED");
		return;
	default:
		snprintf(a->text, sizeof(a->text), "error %u", m->rcode);
		return;
	}
	read_items(a, m, seed);
}

bool
dns_answer_differs(enum dns_verdict a, uint64_t digest_a, enum dns_verdict b,
    uint64_t digest_b)
{
	if (a == DNS_SAYS_NOTHING || b == DNS_SAYS_NOTHING)
		return false;
	if (a != DNS_SAYS_DATA && b != DNS_SAYS_DATA)
		return false;
	return a != b || digest_a != digest_b;
}
