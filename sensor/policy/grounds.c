/* SPDX-License-Identifier: ISC */
#include "policy/grounds.h"
#include "schema/moment.h"

#define RECORD_TEXT_MAX	1100	/* of one record; longer ones are cut */

const char *
grounds_ede_text(int ede)
{
	switch (ede) {
	case 1:
		return "unsupported DNSKEY algorithm";
	case 2:
		return "unsupported DS digest type";
	case 3:
		return "stale answer";
	case 5:
		return "DNSSEC indeterminate";
	case 6:
		return "DNSSEC bogus";
	case 7:
		return "signature expired";
	case 8:
		return "signature not yet valid";
	case 9:
		return "DNSKEY missing";
	case 10:
		return "RRSIGs missing";
	case 11:
		return "no zone key bit set";
	case 12:
		return "NSEC missing";
	case 22:
		return "no reachable authority";
	case 23:
		return "network error";
	default:
		return NULL;
	}
}

static void
key_string(struct json_text *j, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	json_text_raw(j, key);
	json_text_string(j, text);
}

static void
key_number(struct json_text *j, const char *key, int64_t number)
{
	json_text_raw(j, key);
	json_text_number(j, number);
}

static void
write_tags(struct json_text *j, uint32_t tags)
{
	const char *comma = "";

	json_text_raw(j, ",\"tags\":[");
	for (unsigned t = 0; t < DANE_TAGS; t++)
		if ((tags & 1U << t) != 0) {
			json_text_raw(j, comma);
			json_text_string(j, dane_tag_word((enum dane_tag)t));
			comma = ",";
		}
	json_text_raw(j, "]");
}

static void
write_sts(struct json_text *j, const struct sts_verdict *s)
{
	json_text_raw(j, ",\"sts\":{\"mode\":");
	json_text_string(j, sts_word(s->mode));
	key_string(j, ",\"why\":", sts_why_word(s->why));
	key_string(j, ",\"id\":", s->id);
	key_string(j, ",\"mx\":", sts_match_word(s->match));
	json_text_raw(j, "}");
}

static void
write_verdict(struct json_text *j, const struct dane_verdict *v,
    const struct sts_verdict *s)
{
	json_text_raw(j, "{\"domain\":");
	json_text_string(j, v->domain[0] != '\0' ? v->domain : NULL);
	json_text_raw(j, ",\"state\":");
	json_text_string(j, policy_word(v->state));
	key_string(j, ",\"why\":", dane_why_word(v->why));
	key_string(j, ",\"host\":", v->host);
	key_string(j, ",\"by\":", dane_by_word(v->by));
	key_string(j, ",\"base\":", v->base);
	if (v->hosts > 0) {
		key_number(j, ",\"hosts\":", v->hosts);
		key_number(j, ",\"covered\":", v->covered);
	}
	if (v->tags != 0)
		write_tags(j, v->tags);
	if (s != NULL)
		write_sts(j, s);
	json_text_raw(j, "}");
}

static void
write_failure(struct json_text *j, const struct lookup_answer *a)
{
	key_string(j, ",\"failure\":", lookup_failure_word(a->failure));
	if (a->failure == LOOKUP_RCODE)
		key_number(j, ",\"rcode\":", a->rcode);
	if (a->ede == LOOKUP_NO_EDE)
		return;
	key_number(j, ",\"ede\":", a->ede);
	key_string(j, ",\"ede_text\":", grounds_ede_text(a->ede));
}

static void
write_records(struct json_text *j, enum lookup_type type,
    const struct lookup_answer *a)
{
	char text[RECORD_TEXT_MAX];
	bool cut = a->cut;

	json_text_raw(j, ",\"records\":[");
	for (unsigned i = 0; i < a->nrecords; i++) {
		/* room for the rest: each record is at most twice its text */
		if (j->len > GROUNDS_MAX - 4 * RECORD_TEXT_MAX) {
			cut = true;
			break;
		}
		if (i > 0)
			json_text_raw(j, ",");
		json_text_string(j, lookup_record_text(type, &a->records[i],
		    text, sizeof(text)));
	}
	json_text_raw(j, cut ? "],\"cut\":true" : "]");
}

static void
write_lookup(struct json_text *j, const struct inquiry_line *l)
{
	const struct lookup_answer *a = l->answer;
	char when[MOMENT_TEXT];

	json_text_raw(j, "{\"name\":");
	json_text_string(j, l->question.name);
	json_text_raw(j, ",\"type\":");
	json_text_string(j, lookup_type_word(l->question.type));
	json_text_raw(j, ",\"status\":");
	json_text_string(j, lookup_status_word(a->status));
	if (!lookup_failed(a) && a->status != LOOKUP_UNKNOWN) {
		json_text_raw(j, ",\"found\":");
		json_text_string(j, lookup_found_word(a->found));
		key_number(j, ",\"ttl\":", a->ttl);
	}
	if (a->aliases > 0)
		key_string(j, ",\"canonical\":", a->canonical);
	write_failure(j, a);
	if (a->untrusted)
		json_text_raw(j, ",\"untrusted\":true");
	if (a->at != 0)
		key_string(j, ",\"at\":", moment_format(a->at, when));
	if (a->until != 0)
		key_string(j, ",\"until\":", moment_format(a->until, when));
	if (a->nrecords > 0)
		write_records(j, l->question.type, a);
	json_text_raw(j, "}");
}

void
grounds_write(struct json_text *out, const struct grounds *e)
{
	char address[ADDR_TEXT_MAX];
	const char *comma = "";

	json_text_raw(out, "{\"version\":1,\"source\":");
	json_text_string(out, e->source);
	json_text_raw(out, ",\"server\":");
	json_text_string(out, addr_format(&e->question->server, address));
	key_number(out, ",\"port\":", e->question->port);
	json_text_raw(out, ",\"verdicts\":[");
	for (unsigned i = 0; i < e->nverdicts; i++) {
		if (i > 0)
			json_text_raw(out, ",");
		write_verdict(out, &e->verdicts[i],
		    e->sts == NULL ? NULL : &e->sts[i]);
	}
	json_text_raw(out, "],\"lookups\":[");
	for (unsigned i = 0; i < e->inquiry->count; i++) {
		if (e->inquiry->lines[i].answer == NULL)
			continue;
		if (out->len > GROUNDS_MAX - 3 * RECORD_TEXT_MAX)
			break;
		json_text_raw(out, comma);
		write_lookup(out, &e->inquiry->lines[i]);
		comma = ",";
	}
	json_text_raw(out, "]}");
}
