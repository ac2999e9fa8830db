/* SPDX-License-Identifier: ISC */
/*
 * Any octets as DNS messages.
 *
 * The input is a script: an octet says where a datagram goes and how time
 * goes on, two how long it is, then its octets.  Each message is read and
 * all its records are; then it is remembered, and what is remembered is
 * asked for.  The same with each datagram twice comes to the same names and
 * conflicts.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "dns/seen.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND	INT64_C(1000000)

struct fuzz {
	struct dns_seen	*seen;
	struct counters	 counters;
	struct addr	 last;		/* address told last */
	char		 asked[DNS_NAME_MAX + 1];	/* name told last */
	int64_t		 time;
	uint64_t	 packets;
};

static void
check_name(const char *name)
{
	assert(strlen(name) <= DNS_NAME_MAX);
	for (const char *p = name; *p != '\0'; p++)
		assert(*p > 0x20 && *p < 0x7f && !(*p >= 'A' && *p <= 'Z'));
}

static void
read_records(struct fuzz *z, const struct dns_message *m)
{
	char name[DNS_NAME_MAX + 1];
	uint16_t preference;

	check_name(m->name);
	assert(m->kept <= DNS_ANSWERS_MAX);
	if (m->asked && m->name[0] != '\0')
		strcpy(z->asked, m->name);
	for (unsigned i = 0; i < m->kept; i++) {
		const struct dns_record *r = &m->answers[i];
		struct span data = dns_record_data(m, r);

		assert(data.len == r->data_len);
		if (dns_record_owner(m, r, name))
			check_name(name);
		if (dns_record_target(m, r, name, &preference))
			check_name(name);
		dns_record_address(m, r, &z->last);
	}
}

static void
take(struct fuzz *z, uint8_t how, struct span octets)
{
	static const uint8_t ips[2][4] = { { 192, 0, 2, 1 },
	    { 192, 0, 2, 53 } };
	struct packet p = { .payload = octets, .ttl = how,
		.payload_wire = (uint32_t)octets.len + (how & 0x40 ? 9 : 0) };
	struct dns_message m;

	p.mark = (struct mark){ z->time, ++z->packets };
	p.source = addr_v4(ips[how & 1]);
	p.destination = addr_v4(ips[!(how & 1)]);
	p.source_port = how & 1 ? 53 : 4000;
	p.destination_port = how & 1 ? 4000 : 53;
	if (dns_message_read(&m, octets, p.payload_wire) != DNS_READ_BAD)
		read_records(z, &m);
	dns_seen_take(z->seen, &p);
}

/* The number of conflicts that concern what was told last. */
static unsigned
look(const struct fuzz *z)
{
	const char *recipients[] = { z->asked };
	struct dns_subject about = { .server = &z->last,
		.server_name = z->asked, .rcpt_domains = recipients,
		.nrcpt_domains = 1, .at = z->time };
	char name[DNS_NAME_MAX + 1];
	struct dns_facts *f;
	unsigned seen = 0;
	bool mx;

	if (dns_seen_name(z->seen, &about, name, &mx))
		check_name(name);
	if ((f = dns_seen_facts(z->seen, &about)) == NULL)
		return 0;
	seen = f->conflicts_seen;
	assert(f->conflicts_kept <= DNS_CONFLICTS_MAX);
	assert(f->conflicts_kept <= seen);
	assert(seen > 0 || f->tlsa_fails);
	for (unsigned i = 0; i < f->conflicts_kept; i++)
		check_name(f->conflicts[i].name);
	if (f->tlsa_fails)
		check_name(f->tlsa.host);
	free(f);
	return seen;
}

static unsigned
play(const uint8_t *data, size_t size, unsigned copies)
{
	const struct dns_limits limits = { .questions = 16, .names = 32,
		.conflicts = 4, .remember_seconds = 60, .seed = 7 };
	struct cursor c = cursor_over(span_of(data, size));
	struct fuzz z = { .time = 1700000000 * SECOND };
	unsigned seen = 0;

	if ((z.seen = dns_seen_new(&limits, &z.counters)) == NULL)
		abort();
	while (cursor_ok(&c) && c.rest.len > 0) {
		uint8_t how = cursor_u8(&c);
		struct span octets = span_first(c.rest, cursor_u16(&c) & 0xfff);

		octets = cursor_take(&c, span_first(c.rest,
		    octets.len).len);
		z.time += (how & 2 ? 2 * SECOND : 0) + (how & 4 ? 9 *
		    SECOND : 0) + 1000;
		for (unsigned i = 0; i < copies; i++)
			take(&z, how, octets);
		seen += look(&z);
	}
	dns_seen_free(z.seen);
	return seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned once = play(data, size, 1);

	assert(play(data, size, 2) == once);
	return 0;
}
