/* SPDX-License-Identifier: ISC */
/*
 * What the server is called, from the best witness there is: the client, who
 * says whom it wants; the DNS that led to the address; the server itself.
 */
#include <stdlib.h>

#include "session/session_internal.h"

static bool
is_name_char(char c)
{
	char letter = c | 0x20;		/* nothing else becomes one */

	return (letter >= 'a' && letter <= 'z') ||
	    (c >= '-' && c <= '9' && c != '/') || c == '_';
}

/* The first word of a greeting names the host (RFC 5321 section 4.2). */
static char *
name_in_banner(const char *banner)
{
	size_t n = 0;

	while (is_name_char(banner[n]))
		n++;
	if ((banner[n] != '\0' && banner[n] != ' ') ||
	    memchr(banner, '.', n) == NULL)
		return NULL;
	return strndup(banner, n);
}

static void
name_by_dns(struct session_record *r, const struct session *s,
    const struct dns_subject *about)
{
	char name[DNS_NAME_MAX + 1];
	bool mx;

	if (!dns_seen_name(s->world->dns, about, name, &mx) ||
	    (r->server_name = strdup(name)) == NULL)
		return;
	r->server_name_from = mx ? RECORD_NAME_MX : RECORD_NAME_DNS;
}

void
conclude_name(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	const char *sni = s->tls != NULL ? tls_facts(s->tls)->sni : NULL;
	struct dns_subject about = {
		.server = &r->flow.ip[SIDE_SERVER],
		.rcpt_domains = (const char *const *)
		    smtp_mail(smtp)->rcpt_domains,
		.nrcpt_domains = smtp_mail(smtp)->rcpt_domains_kept,
		.at = r->flow.last.time,
	};

	if (sni != NULL && (r->server_name = strdup(sni)) != NULL)
		r->server_name_from = RECORD_NAME_SNI;
	else
		name_by_dns(r, s, &about);
	if (r->server_name == NULL && smtp->banner != NULL &&
	    !smtp->banner_masked &&
	    (r->server_name = name_in_banner(smtp->banner)) != NULL)
		r->server_name_from = RECORD_NAME_BANNER;
	about.server_name = r->server_name;
	r->dns = dns_seen_facts(s->world->dns, &about);
}
