/* SPDX-License-Identifier: ISC */
/*
 * Posture in words: what was seen, what it means for mail, by when it is to
 * be mended and how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/incident_internal.h"
#include "schema/moment.h"

#define SOME	3	/* things named before "and N more" */

/* What it means, and by when. */
struct meaning {
	const char	*text, *when;
};

static struct meaning
meaning(enum kind kind)
{
	switch (kind) {
	case KIND_DANE_PARTIAL:
		return (struct meaning){ "A sender that cannot reach the "
		    "protected hosts goes on to the others, and there nobody "
		    "has to keep the encryption: who wants the mail only has "
		    "to close the protected ones to it.", "soon; mail "
		    "arrives meanwhile." };
	case KIND_TLSA_MISMATCH:
		return (struct meaning){ "Senders that check DANE do not "
		    "deliver to this server: they take it for an impostor, "
		    "keep the mail and try again for days. If nobody "
		    "changed the certificate, it may be one.", "now; every "
		    "hour keeps mail out." };
	case KIND_TLSA_AT_RISK:
		return (struct meaning){ "Of two kinds of records, one is "
		    "meant to hold when the other fails. Mail still arrives, "
		    "and will not when the record that still matches fails "
		    "too.", "before the certificate or its key is changed "
		    "next." };
	case KIND_TLSA_UNUSABLE:
		return (struct meaning){ "Senders that check DANE demand TLS "
		    "here and authenticate nobody: who sits between can "
		    "answer with a certificate of his own.", "soon; mail "
		    "arrives meanwhile." };
	case KIND_TLSA_UNSIGNED:
		return (struct meaning){ "Senders ignore these records: they "
		    "protect nothing, although they look as if they did.",
		    "when DNSSEC can be had; nothing breaks meanwhile." };
	case KIND_CERTIFICATE_EXPIRING:
		return (struct meaning){ "Whom the date matters to: senders "
		    "that check DANE by a trust anchor (2 x x), or MTA-STS, "
		    "do not deliver once it has passed; to a 3 x x record no "
		    "date matters (RFC 7672 section 3.1.1), and to senders "
		    "that verify nobody none either.", "before the date." };
	case KIND_STARTTLS_NEVER:
		return (struct meaning){ "All mail to it passes in clear, or "
		    "does not arrive where DNS promises TLS. Somebody who "
		    "takes the offer away from all connections since the "
		    "first one seen looks the same.", "now." };
	case KIND_DNSSEC_BOGUS:
		return (struct meaning){ "Senders whose resolver validates "
		    "get no answer, and do not deliver; it is a broken "
		    "signature, or somebody who forges answers to this "
		    "sensor's resolver.", "now; every hour keeps mail "
		    "out." };
	default:
		return (struct meaning){ "", "." };
	}
}

static void
say_about(FILE *out, const struct incident_parts *p)
{
	const struct incident_part *one = NULL;

	fputs("\nAbout: ", out);
	for (unsigned i = 0; i < SOME; i++) {
		if ((one = incident_busiest(p, one)) == NULL)
			break;
		fprintf(out, "%s%s", i > 0 ? "; " : "", one->word);
	}
	if (p->count > SOME)
		fprintf(out, "; and %u more", p->count - SOME);
	putc('.', out);
}

static const char *
sure(enum confidence c)
{
	switch (c) {
	case CONFIDENCE_CERTAIN:
		return "certain; it follows from what was on the wire and "
		    "what DNS promised then.";
	case CONFIDENCE_STRONG:
		return "strong; what was seen and what DNS says now agree on "
		    "it.";
	case CONFIDENCE_CIRCUMSTANTIAL:
	case CONFIDENCES:
		break;
	}
	return "circumstantial; it matters to some senders only.";
}

char *
posture_explanation(const struct incident *i)
{
	const struct meaning m = meaning(i->kind);
	char first[MOMENT_TEXT], last[MOMENT_TEXT], *text = NULL;
	unsigned nets = i->parts[PART_CLIENT_NET].count;
	size_t size;
	FILE *out;

	if ((out = open_memstream(&text, &size)) == NULL)
		return NULL;
	fprintf(out, "Seen: %s, in %llu session%s ", kind_text(i->kind),
	    (unsigned long long)i->sessions, i->sessions == 1 ? "" : "s");
	moment_format_second(i->first_seen, first);
	if (i->first_seen == i->last_seen)
		fprintf(out, "at %s", first);
	else
		fprintf(out, "from %s to %s", first, moment_format_second(i->last_seen,
		    last));
	fprintf(out, ", of clients in %u network%s.", nets,
	    nets == 1 ? "" : "s");
	if (i->mended != 0)
		fprintf(out, " Mended: it was found well at %s.",
		    moment_format_second(i->mended, last));
	if (i->parts[PART_ABOUT].count > 0)
		say_about(out, &i->parts[PART_ABOUT]);
	fprintf(out, "\nMeaning: %s\nMend it: %s\nHow sure: %s", m.text,
	    m.when, sure(i->confidence));
	if (fclose(out) == EOF) {
		free(text);
		return NULL;
	}
	return text;
}

char *
posture_next_steps(const struct incident *i)
{
	char step[256], ip[ADDR_TEXT_MAX];
	struct json_text j = { 0 };

	addr_format(&i->server, ip);
	json_text_raw(&j, "[");
	incident_put_step(&j, incident_step(i->kind));
	snprintf(step, sizeof(step), "See what it showed: striptls-analyzer "
	    "server %s, and session %lld", ip, (long long)i->session);
	incident_put_step(&j, step);
	incident_put_step(&j, "Then ask it: striptls-analyzer check HOST, with the "
	    "server's name; the next session that shows it mended says so "
	    "here.");
	snprintf(step, sizeof(step), "Known and meant so: an exception in "
	    "the inventory, or striptls-analyzer suppress %lld",
	    (long long)i->id);
	incident_put_step(&j, step);
	return incident_take_steps(&j);
}
