/* SPDX-License-Identifier: ISC */
/*
 * The only place that knows which number of the database stands for which
 * fact.  Enums of the road are translated, never stored: they may be
 * reordered at will.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/decimal.h"
#include "store/session_more.h"
#include "store/session_values.h"

#define HELLO_TEXT_MAX	24	/* ,"EHLO:250" */
#define HELLOS_TEXT_MAX	(SMTP_HELLOS_MAX * HELLO_TEXT_MAX + 2)
#define TUNNEL_TEXT_MAX	128

enum flag {
	FLAG_QUIT = 1,
	FLAG_PLAIN_AFTER_220 = 2,
	FLAG_RESUMED = 4,
};

enum payload { PAYLOAD_NONE, PAYLOAD_BOTH, PAYLOAD_CLIENT, PAYLOAD_SERVER };
enum handshake { SYN_NONE, SYN_BOTH, SYN_CLIENT, SYN_SERVER };
enum ending {
	END_FIN, END_OPEN, END_RESET_CLIENT, END_RESET_SERVER,
	END_RESET_BOTH, END_IDLE, END_REPLACED, END_EVICTED,
};

static const uint8_t protocols[] = {
	[RECORD_NONE] = 0, [RECORD_SMTP] = 1, [RECORD_LMTP] = 2,
	[RECORD_TLS] = 3, [RECORD_OTHER] = 4,
};
static const uint8_t offers[] = {
	[OFFER_UNSEEN] = 0, [OFFER_OFFERED] = 1, [OFFER_ABSENT] = 2,
	[OFFER_MASKED] = 3, [OFFER_EHLO_REFUSED] = 4, [OFFER_NOT_ASKED] = 5,
};
static const uint8_t starttls[] = {
	[RECORD_STARTTLS_NOT_SENT] = 0, [RECORD_STARTTLS_SENT] = 1,
	[RECORD_STARTTLS_MASKED] = 2, [RECORD_STARTTLS_UNSEEN] = 3,
};
static const uint8_t tls_states[] = {
	[RECORD_TLS_NONE] = 0, [RECORD_TLS_ESTABLISHED] = 1,
	[RECORD_TLS_FAILED] = 2, [RECORD_TLS_UNSEEN] = 3,
};
static const uint8_t protections[] = {
	[RECORD_CLEARTEXT] = 0, [RECORD_TLS_PROTECTED] = 1,
	[RECORD_NO_MAIL] = 2, [RECORD_UNKNOWN] = 3,
};
/* 0xff: NULL */
static const uint8_t hellos[] = {
	[HELLO_NONE] = 0xff, [HELLO_EHLO] = 1, [HELLO_HELO] = 2,
	[HELLO_LHLO] = 3,
};
static const uint8_t tls_failures[] = {
	[TLS_FAIL_NONE] = 0xff, [TLS_FAIL_NO_HELLO] = 1,
	[TLS_FAIL_PLAINTEXT] = 2, [TLS_FAIL_ALERT] = 3, [TLS_FAIL_RESET] = 4,
	[TLS_FAIL_CLOSED] = 5, [TLS_FAIL_TIMEOUT] = 6, [TLS_FAIL_GARBAGE] = 7,
};
static const uint8_t certificates[] = {
	[RECORD_CERTIFICATE_UNKNOWN] = 0xff, [RECORD_CERTIFICATE_NONE] = 0,
	[RECORD_CERTIFICATE_VISIBLE] = 1, [RECORD_CERTIFICATE_HIDDEN] = 2,
};
static const uint8_t names_from[] = {
	[RECORD_NAME_NONE] = 0xff, [RECORD_NAME_SNI] = 1,
	[RECORD_NAME_BANNER] = 2, [RECORD_NAME_MX] = 3,
	[RECORD_NAME_DNS] = 4,
};

static int64_t
or_null(uint8_t number)
{
	return number == 0xff ? VALUE_NULL : number;
}

/* The number a dictionary gave. */
static void
set_id(struct session_values *v, enum session_column at, int64_t id)
{
	if (id == -1)
		v->failed = true;
	v->integer[at] = id;
}

static int64_t
text_id(const struct session_values *v, struct dictionary *d,
    const char *text)
{
	struct book_text *kept = book_text_at(v->book, text);

	return kept != NULL ? dictionary_kept_text(d, kept) :
	    dictionary_text(d, text);
}

static void
set_text(struct session_values *v, struct dictionary *d,
    enum session_column at, const char *text)
{
	if (text != NULL)
		set_id(v, at, text_id(v, d, text));
}

static void
set_banner(struct session_values *v, struct dictionary *d, const char *text)
{
	struct book_text *kept;

	if (v->said.banner != 0) {
		v->integer[COLUMN_banner] = -v->said.banner;
		return;
	}
	kept = book_text_at(v->book, text);
	set_id(v, COLUMN_banner, kept != NULL ?
	    dictionary_kept_line(d, kept) :
	    dictionary_line(d, span_text(text)));
}

static void
set_line(struct session_values *v, struct dictionary *d,
    enum session_column at, struct span line)
{
	set_id(v, at, dictionary_line(d, line));
}

static int64_t
ending_of(const struct flow_facts *f)
{
	switch (f->end) {
	case FLOW_FINISHED:
		return END_FIN;
	case FLOW_RESET:
		if (f->reset_by[SIDE_CLIENT] && f->reset_by[SIDE_SERVER])
			return END_RESET_BOTH;
		return f->reset_by[SIDE_CLIENT] ? END_RESET_CLIENT :
		    END_RESET_SERVER;
	case FLOW_IDLE:
		return END_IDLE;
	case FLOW_REPLACED:
		return END_REPLACED;
	case FLOW_EVICTED:
		return END_EVICTED;
	case FLOW_OPEN:
	case FLOW_CUT:
		return END_OPEN;
	}
	return END_OPEN;
}

/* What was around the IP packets, as a JSON array. */
static void
set_tunnel(struct session_values *v, struct dictionary *d, unsigned wraps)
{
	static const struct {
		enum packet_wrap	 wrap;
		const char		*word;
	} words[] = {
		{ WRAP_VLAN, "vlan" }, { WRAP_MPLS, "mpls" },
		{ WRAP_PPPOE, "pppoe" }, { WRAP_GRE, "gre" },
		{ WRAP_ERSPAN, "erspan" }, { WRAP_VXLAN, "vxlan" },
		{ WRAP_GENEVE, "geneve" }, { WRAP_IP, "ip" },
		{ WRAP_FRAGMENTS, "fragments" },
	};
	char text[TUNNEL_TEXT_MAX];
	size_t len = 0;

	if (wraps == 0)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((wraps & words[i].wrap) != 0)
			len += (size_t)snprintf(text + len,
			    sizeof(text) - len, "%c\"%s\"",
			    len == 0 ? '[' : ',', words[i].word);
	if (len == 0)
		return;
	assert(len + 2 <= sizeof(text));
	memcpy(text + len, "]", 2);
	set_text(v, d, COLUMN_tunnel, text);
}

static void
fill_flow(struct session_values *v, struct dictionary *d,
    const struct flow_facts *f)
{
	const struct flow_traits *client = &f->side[SIDE_CLIENT];
	const struct flow_traits *server = &f->side[SIDE_SERVER];
	int64_t *n = v->integer;

	if (dictionary_host(d, &f->ip[SIDE_CLIENT], &n[COLUMN_client]) == -1 ||
	    dictionary_host(d, &f->ip[SIDE_SERVER], &n[COLUMN_server]) == -1)
		v->failed = true;
	n[COLUMN_client_port] = f->port[SIDE_CLIENT];
	n[COLUMN_server_port] = f->port[SIDE_SERVER];
	n[COLUMN_lasted] = value_step(f->first.time, f->last.time);
	n[COLUMN_ending] = ending_of(f);
	n[COLUMN_handshake] = client->syn && server->syn ? SYN_BOTH :
	    client->syn ? SYN_CLIENT : server->syn ? SYN_SERVER : SYN_NONE;
	n[COLUMN_payload] = client->octets > 0 && server->octets > 0 ?
	    PAYLOAD_BOTH : client->octets > 0 ? PAYLOAD_CLIENT :
	    server->octets > 0 ? PAYLOAD_SERVER : PAYLOAD_NONE;
	n[COLUMN_octets_client] = (int64_t)client->octets;
	n[COLUMN_octets_server] = (int64_t)server->octets;
	n[COLUMN_packets] = (int64_t)(client->packets + server->packets);
	if (client->vlan != 0 || server->vlan != 0)
		n[COLUMN_vlan] = client->vlan != 0 ? client->vlan :
		    server->vlan;
	set_tunnel(v, d, f->wraps);
}

/* ["EHLO:250","HELO:250"]; 0: no reply was seen. */
static void
set_hellos(struct session_values *v, struct dictionary *d,
    const struct smtp_facts *f)
{
	static const char *const words[] = {
		[HELLO_NONE] = "?", [HELLO_EHLO] = "EHLO",
		[HELLO_HELO] = "HELO", [HELLO_LHLO] = "LHLO",
	};
	char text[HELLOS_TEXT_MAX];
	size_t len = 0;

	if (f->hellos_kept == 0)
		return;
	for (unsigned i = 0; i < f->hellos_kept; i++) {
		assert(len + HELLO_TEXT_MAX + 2 <= sizeof(text));
		text[len++] = i == 0 ? '[' : ',';
		text[len++] = '"';
		len += (size_t)(stpcpy(text + len,
		    words[f->hellos[i].hello]) - (text + len));
		text[len++] = ':';
		len += decimal_put(text + len, (unsigned)f->hellos[i].code);
		text[len++] = '"';
	}
	memcpy(text + len, "]", 2);
	set_text(v, d, COLUMN_hellos, text);
}

/* The first line greets, and is another for each client. */
static void
set_ehlo_reply(struct session_values *v, struct dictionary *d,
    const struct smtp_facts *f)
{
	const char *rest;

	if (f->ehlo_reply == NULL)
		return;
	rest = strchrnul(f->ehlo_reply, '\n');
	if (v->said.ehlo_first != 0)
		v->integer[COLUMN_ehlo_first] = -v->said.ehlo_first;
	else
		set_line(v, d, COLUMN_ehlo_first, span_of(f->ehlo_reply,
		    (size_t)(rest - f->ehlo_reply)));
	set_id(v, COLUMN_ehlo_reply, dictionary_ehlo_reply(d,
	    *rest == '\0' ? rest : rest + 1,
	    f->capabilities != NULL ? f->capabilities : ""));
}

static void
set_rcpt_domains(struct session_values *v, struct dictionary *d,
    const struct smtp_facts *f)
{
	size_t len = 0;
	int64_t id;

	if (smtp_mail(f)->rcpt_domains_kept == 0)
		return;
	for (unsigned i = 0; i < smtp_mail(f)->rcpt_domains_kept; i++) {
		if ((id = text_id(v, d, smtp_mail(f)->rcpt_domains[i])) == -1) {
			v->failed = true;
			return;
		}
		assert(len + DECIMAL_MAX + 3 <= sizeof(v->rcpt_domains));
		v->rcpt_domains[len++] = i == 0 ? '[' : ',';
		len += decimal_put(v->rcpt_domains + len, (uint64_t)id);
	}
	memcpy(v->rcpt_domains + len, "]", 2);
}

/* Where few are counted, many sessions count the same. */
static void
set_counts(struct session_values *v)
{
	static const enum session_column counts[] = {
		COLUMN_mails_in_clear, COLUMN_mail_commands,
		COLUMN_rcpt_commands, COLUMN_data_commands,
	};
	int64_t *n = v->integer, most = 0;
	size_t len = 0;

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (most < n[counts[i]])
			most = n[counts[i]];
	if (most <= COUNT_SHARED_MAX)
		return;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		assert(len + DECIMAL_MAX + 3 <= sizeof(v->counts));
		v->counts[len++] = i == 0 ? '[' : ',';
		len += decimal_put(v->counts + len, (uint64_t)n[counts[i]]);
		n[counts[i]] = 0;
	}
	memcpy(v->counts + len, "]", 2);
}

static void
fill_smtp(struct session_values *v, struct dictionary *d,
    const struct smtp_facts *f)
{
	int64_t *n = v->integer;

	if (f->greeting_code != 0)
		n[COLUMN_greeting_code] = f->greeting_code;
	if (f->banner != NULL)
		set_banner(v, d, f->banner);
	n[COLUMN_hello] = or_null(hellos[f->hello]);
	set_text(v, d, COLUMN_hello_name, f->hello_name);
	set_hellos(v, d, f);
	set_ehlo_reply(v, d, f);
	set_text(v, d, COLUMN_offer_token, f->offer_token);
	set_text(v, d, COLUMN_starttls_command,
	    smtp_upgrade(f)->starttls_as_sent);
	if (f->starttls_reply != 0)
		n[COLUMN_starttls_reply] = f->starttls_reply;
	n[COLUMN_mails_in_clear] = f->mails_accepted;
	n[COLUMN_mail_commands] = f->mail_commands;
	n[COLUMN_rcpt_commands] = smtp_mail(f)->rcpt_commands;
	n[COLUMN_data_commands] = f->data_commands;
	set_counts(v);
	set_text(v, d, COLUMN_mail_from_domain, smtp_mail(f)->mail_from_domain);
	set_rcpt_domains(v, d, f);
	set_text(v, d, COLUMN_auth_in_clear, smtp_rare(f)->auth);
	if (f->quit)
		n[COLUMN_flags] |= FLAG_QUIT;
	if (f->plain_after_accept)
		n[COLUMN_flags] |= FLAG_PLAIN_AFTER_220;
}

static void
set_certificates(struct session_values *v, struct dictionary *d,
    const struct tls_facts *f)
{
	int64_t ids[TLS_CHAIN_MAX];

	if (f->chain_len == 0)
		return;
	for (unsigned i = 0; i < f->chain_len; i++)
		if ((ids[i] = dictionary_certificate(d, f->chain[i])) == -1) {
			v->failed = true;
			return;
		}
	v->integer[COLUMN_certificate] = ids[0];
	if (f->chain_len > 1)
		set_id(v, COLUMN_chain, dictionary_chain(d, ids,
		    f->chain_len));
}

static const char *
unless_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
fill_tls(struct session_values *v, struct dictionary *d,
    const struct tls_facts *f)
{
	char cipher[7];

	if (f->version != 0)
		set_text(v, d, COLUMN_tls_version,
		    tls_version_name(f->version));
	if (f->server_hello && f->cipher != 0)
		set_text(v, d, COLUMN_tls_cipher,
		    tls_cipher_name(f->cipher, cipher));
	if (f->client_version_max != 0)
		set_text(v, d, COLUMN_client_tls_version,
		    tls_version_name(f->client_version_max));
	set_text(v, d, COLUMN_sni, f->sni);
	set_text(v, d, COLUMN_alpn, f->alpn);
	set_text(v, d, COLUMN_ja3, unless_empty(f->ja3));
	set_text(v, d, COLUMN_ja3s, unless_empty(f->ja3s));
	set_text(v, d, COLUMN_ja4, unless_empty(f->ja4));
	set_certificates(v, d, f);
	if (f->resumed)
		v->integer[COLUMN_flags] |= FLAG_RESUMED;
}

/* "1:" and "=" are the same in all, and put back by the view. */
static void
set_community(struct session_values *v, const char *id)
{
	size_t len = strlen(id);

	if (len < 4 || strncmp(id, "1:", 2) != 0 || id[len - 1] != '=')
		return;
	memcpy(v->community, id + 2, len - 3);
	v->community[len - 3] = '\0';
}

/* What every session has a word for. */
static void
fill_words(struct session_values *v, struct dictionary *d,
    const struct session_record *r)
{
	int64_t *n = v->integer;

	n[COLUMN_flags] = 0;
	n[COLUMN_mails_in_clear] = n[COLUMN_mail_commands] = 0;
	n[COLUMN_rcpt_commands] = n[COLUMN_data_commands] = 0;
	n[COLUMN_protocol] = protocols[r->protocol];
	n[COLUMN_offer] = offers[r->offer];
	n[COLUMN_starttls] = starttls[r->starttls];
	n[COLUMN_tls] = tls_states[r->tls_state];
	n[COLUMN_tls_failure] = or_null(tls_failures[r->tls_failure]);
	n[COLUMN_certificate_seen] = or_null(certificates[r->certificate]);
	n[COLUMN_protection] = protections[r->protection];
	n[COLUMN_gaps] = r->gaps;
	set_text(v, d, COLUMN_server_name, r->server_name);
	if (r->server_name != NULL)
		n[COLUMN_server_name_from] =
		    or_null(names_from[r->server_name_from]);
	set_id(v, COLUMN_source, dictionary_source(d,
	    r->source != NULL ? r->source : ""));
	set_community(v, r->community_id);
}

int
session_values_fill(struct session_values *v, struct dictionary *d,
    const struct session_record *r, const struct promise *p)
{
	for (int i = 0; i < COLUMNS; i++)
		v->integer[i] = VALUE_NULL;
	v->book = r->book;
	v->community[0] = v->rcpt_domains[0] = v->counts[0] = '\0';
	v->more = NULL;
	v->failed = false;

	fill_words(v, d, r);
	fill_flow(v, d, &r->flow);
	if (r->smtp != NULL)
		fill_smtp(v, d, smtp_facts(r->smtp));
	if (r->tls != NULL)
		fill_tls(v, d, tls_facts(r->tls));
	if (session_more(r, p, &v->more, &v->more_shared) == -1)
		v->failed = true;
	return v->failed ? -1 : 0;
}

void
session_values_clear(struct session_values *v)
{
	free(v->more);
	v->more = NULL;
}
