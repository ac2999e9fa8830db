/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "schema/json_text.h"
#include "store/decimal.h"
#include "store/session_more.h"

#define SHARED_MAX	256	/* octets; longer ones hold what was said */

/* Begun when the first fact comes: most sessions have none. */
static void
put_key(struct json_text *j, const char *key)
{
	json_text_raw(j, j->len == 0 ? "{" : ",");
	json_text_string(j, key);
	json_text_raw(j, ":");
}

static void
put_number(struct json_text *j, const char *key, uint64_t n)
{
	put_key(j, key);
	json_text_number(j, (int64_t)n);
}

static void
put_text(struct json_text *j, const char *key, const char *what)
{
	put_key(j, key);
	json_text_string(j, what);
}

static void
put_flag(struct json_text *j, const char *key)
{
	put_key(j, key);
	json_text_raw(j, "true");
}

static inline void
number(struct json_text *j, const char *key, uint64_t n)
{
	if (n != 0)
		put_number(j, key, n);
}

static inline void
flag(struct json_text *j, const char *key, bool yes)
{
	if (yes)
		put_flag(j, key);
}

static inline void
text(struct json_text *j, const char *key, const char *what)
{
	if (what != NULL)
		put_text(j, key, what);
}

static const char *
side_word(enum side who)
{
	return who == SIDE_CLIENT ? "client" : "server";
}

static void
add_flow(struct json_text *j, const struct session_record *r)
{
	const struct flow_traits *client = &r->flow.side[SIDE_CLIENT];
	const struct flow_traits *server = &r->flow.side[SIDE_SERVER];

	number(j, "missing_client", client->missing);
	number(j, "missing_server", server->missing);
	number(j, "conflict_octets",
	    (uint64_t)client->conflicting + server->conflicting);
	number(j, "resets_ignored", r->flow.resets_ignored);
	if (r->dialogue != NULL)
		number(j, "dialogue_dropped", dialogue_dropped(r->dialogue));
}

static void
add_smtp(struct json_text *j, const struct smtp_facts *f)
{
	flag(j, "banner_masked", f->banner_masked);
	number(j, "masked_keywords", f->masked_keywords);
	flag(j, "offer_altered", f->offer_altered);
	flag(j, "reply_after_final", f->reply_after_final);
	flag(j, "reply_mixed_codes", f->reply_mixed_codes);
	flag(j, "reply_too_long", f->reply_too_long);
	if (f->hellos_seen > f->hellos_kept)
		number(j, "hellos_seen", f->hellos_seen);

	flag(j, "hello_masked", f->hello_masked);
	flag(j, "ehlo_echo_differs", f->ehlo_echo_differs);
	number(j, "garbage_lines", smtp_rare(f)->garbage_lines);
	if (f->starttls_times > 1)
		number(j, "starttls_times", f->starttls_times);
	flag(j, "starttls_unoffered", f->starttls_unoffered);
	flag(j, "anonymoustls", f->anonymoustls);
	flag(j, "noop_padded", f->noop_padded);
	flag(j, "tls_unasked", f->tls_unasked);
	flag(j, "starttls_echo_differs", f->starttls_echo_differs);
	flag(j, "starttls_demanded", f->starttls_demanded);
	number(j, "client_early_octets", smtp_rare(f)->client_early_octets);
	text(j, "client_early", smtp_rare(f)->client_early);
	number(j, "server_early_octets", smtp_rare(f)->server_early_octets);
	text(j, "server_early", smtp_rare(f)->server_early);
}

static void
add_mail(struct json_text *j, const struct smtp_facts *f)
{
	number(j, "mails_unanswered", f->mails_unanswered);
	number(j, "mails_tls_optional", smtp_mail(f)->mails_tls_optional);
	number(j, "mails_tls_report", smtp_mail(f)->mails_tls_report);
	number(j, "headers_unseen", smtp_mail(f)->headers_unseen);
	number(j, "rcpt_domains_dropped", smtp_mail(f)->rcpt_domains_dropped);
	flag(j, "requiretls", f->requiretls);
	flag(j, "auth_accepted", f->auth_accepted);
	flag(j, "turned", f->turned);
	flag(j, "xclient", f->xclient);
	flag(j, "proxy_header", f->proxy_header);
	flag(j, "tunnelled", f->tunnelled);
	flag(j, "early_talker", f->early_talker);
	number(j, "unpaired_replies", smtp_rare(f)->unpaired_replies);
	number(j, "limits_reached", smtp_rare(f)->limits_reached);
}

static void
add_tls(struct json_text *j, const struct tls_facts *f)
{
	char alert[8];
	size_t len;

	if (f->alert) {
		len = decimal_put(alert, f->alert_level);
		alert[len++] = '/';
		len += decimal_put(alert + len, f->alert_code);
		alert[len] = '\0';
		text(j, "tls_alert", alert);
		text(j, "tls_alert_by", side_word(f->alert_by));
	}
	if (f->state == TLS_FAILED && f->failure != TLS_FAIL_NONE)
		text(j, "tls_failed_by", side_word(f->failed_by));
	text(j, "tls_failure_text", f->failure_text);
	flag(j, "tls_alert_hidden", f->alert_hidden);
	flag(j, "ssl2_hello", f->ssl2_hello);
	flag(j, "early_data", f->early_data);
	flag(j, "tls_oversized", f->oversized);
	if (f->chain_sent > f->chain_len)
		number(j, "certificates_sent", f->chain_sent);
	flag(j, "downgrade_sentinel", f->downgrade_sentinel);
	if (f->broken_after)
		text(j, "tls_broken_by", side_word(f->broken_by));
}

/* What each TLSA record made of the certificates, in the order in which the
 * grounds of the promise have them. */
static void
add_match(struct json_text *j, const struct match_result *m)
{
	if (match_promise(m->outcome) != MATCH_KEPT &&
	    match_promise(m->outcome) != MATCH_BROKEN)
		return;
	put_text(j, "tlsa", match_word(m->outcome));
	put_key(j, "tlsa_records");
	for (unsigned i = 0; i < m->count; i++) {
		json_text_raw(j, i == 0 ? "[" : ",");
		json_text_string(j, match_word(m->verdicts[i].outcome));
	}
	json_text_raw(j, m->count == 0 ? "[]" : "]");
}

int
session_more(const struct session_record *r, const struct promise *p,
    char **out, bool *shared)
{
	struct json_text j = { .at = NULL };

	*out = NULL;
	add_flow(&j, r);
	/* how much is missing is a matter of this session's packets */
	*shared = j.len == 0;
	if (r->smtp != NULL) {
		add_smtp(&j, smtp_facts(r->smtp));
		add_mail(&j, smtp_facts(r->smtp));
	}
	if (r->tls != NULL)
		add_tls(&j, tls_facts(r->tls));
	if (p != NULL && p->match != NULL)
		add_match(&j, p->match);
	if (j.len > 0)
		json_text_raw(&j, "}");
	if (j.failed) {
		json_text_free(&j);
		return -1;
	}
	*shared = *shared && j.len <= SHARED_MAX;
	*out = j.at;
	return 0;
}
