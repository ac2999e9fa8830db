/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <jansson.h>

#include "store/session_more.h"

/* Made when the first fact comes: most sessions have none. */
struct more {
	json_t	*object;
	bool	 failed;
};

static void
put(struct more *m, const char *key, json_t *value)
{
	if (m->object == NULL)
		m->object = json_object();
	if (json_object_set_new(m->object, key, value) == -1)
		m->failed = true;
}

static void
number(struct more *m, const char *key, uint64_t n)
{
	if (n != 0)
		put(m, key, json_integer((json_int_t)n));
}

static void
flag(struct more *m, const char *key, bool yes)
{
	if (yes)
		put(m, key, json_true());
}

static void
text(struct more *m, const char *key, const char *what)
{
	if (what != NULL)
		put(m, key, json_string(what));
}

static const char *
side_word(enum side who)
{
	return who == SIDE_CLIENT ? "client" : "server";
}

static void
add_flow(struct more *m, const struct session_record *r)
{
	const struct flow_traits *client = &r->flow.side[SIDE_CLIENT];
	const struct flow_traits *server = &r->flow.side[SIDE_SERVER];

	number(m, "missing_client", client->missing);
	number(m, "missing_server", server->missing);
	number(m, "conflict_octets",
	    (uint64_t)client->conflicting + server->conflicting);
	number(m, "resets_ignored", r->flow.resets_ignored);
	if (r->dialogue != NULL)
		number(m, "dialogue_dropped", dialogue_dropped(r->dialogue));
}

static void
add_smtp(struct more *m, const struct smtp_facts *f)
{
	flag(m, "banner_masked", f->banner_masked);
	number(m, "masked_keywords", f->masked_keywords);
	flag(m, "offer_altered", f->offer_altered);
	flag(m, "reply_after_final", f->reply_after_final);
	flag(m, "reply_mixed_codes", f->reply_mixed_codes);
	flag(m, "reply_too_long", f->reply_too_long);
	if (f->hellos_seen > f->hellos_kept)
		number(m, "hellos_seen", f->hellos_seen);

	flag(m, "hello_masked", f->hello_masked);
	flag(m, "ehlo_echo_differs", f->ehlo_echo_differs);
	number(m, "garbage_lines", f->garbage_lines);
	if (f->starttls_times > 1)
		number(m, "starttls_times", f->starttls_times);
	flag(m, "starttls_unoffered", f->starttls_unoffered);
	flag(m, "anonymoustls", f->anonymoustls);
	flag(m, "noop_padded", f->noop_padded);
	flag(m, "tls_unasked", f->tls_unasked);
	flag(m, "starttls_echo_differs", f->starttls_echo_differs);
	flag(m, "starttls_demanded", f->starttls_demanded);
	number(m, "client_early_octets", f->client_early_octets);
	text(m, "client_early", f->client_early);
	number(m, "server_early_octets", f->server_early_octets);
	text(m, "server_early", f->server_early);

}

static void
add_mail(struct more *m, const struct smtp_facts *f)
{
	number(m, "mails_unanswered", f->mails_unanswered);
	number(m, "rcpt_domains_dropped", f->rcpt_domains_dropped);
	flag(m, "requiretls", f->requiretls);
	flag(m, "auth_accepted", f->auth_accepted);
	flag(m, "turned", f->turned);
	flag(m, "xclient", f->xclient);
	flag(m, "proxy_header", f->proxy_header);
	flag(m, "tunnelled", f->tunnelled);
	flag(m, "early_talker", f->early_talker);
	number(m, "unpaired_replies", f->unpaired_replies);
	number(m, "limits_reached", f->limits_reached);
}

static void
add_tls(struct more *m, const struct tls_facts *f)
{
	char alert[8];

	if (f->alert) {
		snprintf(alert, sizeof(alert), "%d/%d", f->alert_level,
		    f->alert_code);
		text(m, "tls_alert", alert);
		text(m, "tls_alert_by", side_word(f->alert_by));
	}
	if (f->state == TLS_FAILED && f->failure != TLS_FAIL_NONE)
		text(m, "tls_failed_by", side_word(f->failed_by));
	text(m, "tls_failure_text", f->failure_text);
	flag(m, "tls_alert_hidden", f->alert_hidden);
	flag(m, "ssl2_hello", f->ssl2_hello);
	flag(m, "early_data", f->early_data);
	flag(m, "tls_oversized", f->oversized);
	if (f->chain_sent > f->chain_len)
		number(m, "certificates_sent", f->chain_sent);
	flag(m, "downgrade_sentinel", f->downgrade_sentinel);
	if (f->broken_after)
		text(m, "tls_broken_by", side_word(f->broken_by));
}

int
session_more(const struct session_record *r, char **out)
{
	struct more m = { .object = NULL };

	*out = NULL;
	add_flow(&m, r);
	if (r->smtp != NULL) {
		add_smtp(&m, smtp_facts(r->smtp));
		add_mail(&m, smtp_facts(r->smtp));
	}
	if (r->tls != NULL)
		add_tls(&m, tls_facts(r->tls));
	if (m.object == NULL && !m.failed)
		return 0;
	if (!m.failed)
		*out = json_dumps(m.object, JSON_COMPACT);
	json_decref(m.object);
	return *out != NULL ? 0 : -1;
}
