/* SPDX-License-Identifier: ISC */
/*
 * policy_answer_fuzz.c -- any reply to a DNS question.
 *
 * The first octet chooses the question's type; the rest is the reply, once
 * as it is and once with the header and question that make it ours.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/evidence.h"
#include "policy/message.h"
#include "policy/sts.h"
#include "policy/tlsa.h"

static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_MX, DNS_TXT,
    DNS_AAAA, DNS_TLSA };

/* What is done with every answer. */
static void
use(const struct dns_answer *a, enum dns_type type)
{
	static char text[2048];
	struct tlsa_set set = { .count = 0 };
	char id[STS_ID_MAX];

	assert(a->nrecords <= DNS_RECORDS_MAX);
	assert(a->canonical[0] == '\0' || dns_name_ok(a->canonical));
	if (a->failure != DNS_NO_FAILURE)
		assert(a->status == DNS_FAILED);
	for (unsigned i = 0; i < a->nrecords; i++) {
		const struct dns_record *r = &a->records[i];

		assert(r->data.at[r->data.len] == '\0');
		dns_record_text(type, r, text, sizeof(text));
		if (type == DNS_MX || type == DNS_CNAME)
			assert(r->data.len == 0 ||
			    dns_name_ok((const char *)r->data.at));
		if (type == DNS_TLSA)
			tlsa_add_rdata(&set, r->data);
	}
	tlsa_clear(&set);
	if (type == DNS_TXT)
		sts_record_id(a, id);
}

static void
read_reply(const struct dns_question *q, struct span reply)
{
	struct dns_answer *a;

	for (int trusted = 0; trusted < 2; trusted++) {
		if ((a = dns_answer_new(q)) == NULL)
			abort();
		if (message_read(a, q, reply, trusted) == 0)
			use(a, q->type);
		assert(trusted || a->status != DNS_SECURE);
		dns_answer_give(a);
	}
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct dns_question q = { .name = "mx.example" };
	static uint8_t reply[MESSAGE_MAX];
	struct message_query m;
	size_t head;

	if (len < 1)
		return 0;
	q.type = types[at[0] % (sizeof(types) / sizeof(types[0]))];
	at++;
	len--;
	if (!message_ask(&m, &q, 0x1234, false))
		abort();
	if (message_is_reply(&m, span_of(at, len)))
		read_reply(&q, span_of(at, len));

	/* flags and counts are the input's, the rest of the head is ours */
	head = m.len - 11U;	/* without our OPT */
	if (len < 10 || head + len - 10 > sizeof(reply))
		return 0;
	memcpy(reply, m.octets, head);
	memcpy(reply + 2, at, 10);
	reply[2] = (uint8_t)((reply[2] | 0x80) & 0x87);
	reply[4] = 0;
	reply[5] = 1;
	memcpy(reply + head, at + 10, len - 10);
	if (!message_is_reply(&m, span_of(reply, head + len - 10)))
		abort();
	read_reply(&q, span_of(reply, head + len - 10));
	return 0;
}
