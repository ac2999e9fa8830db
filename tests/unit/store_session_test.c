/* SPDX-License-Identifier: ISC */
/*
 * Facts in, words out: each case changes one thing of a record, and reads
 * the views.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static struct certificate leaf = {
	.sha256 = { 0xab, 0xcd }, .spki_sha256 = { 0x12 }, .readable = true,
	.subject = "CN=mx.example", .issuer = "CN=ca",
	.san = "mx.example www.example", .not_before = 1000000,
	.not_after = 2000000,
};
static struct certificate above = {
	.sha256 = { 0xef }, .readable = false,
};

static char mx[] = "mx.example";

static void
show(struct made_up *m, struct certificate *c)
{
	m->chain[m->tls.facts.chain_len++] = c;
}

/* The setters; one line each. */
#define SET(name, ...)							\
	static void							\
	set_##name(struct made_up *m)					\
	{								\
		__VA_ARGS__;						\
	}
SET(nothing, m->record.smtp = NULL; m->record.tls = NULL)
SET(no_source, m->record.source = NULL)
SET(smtp, m->record.protocol = RECORD_SMTP)
SET(lmtp, m->record.protocol = RECORD_LMTP)
SET(tls, m->record.protocol = RECORD_TLS)
SET(other, m->record.protocol = RECORD_OTHER)
SET(none, m->record.protocol = RECORD_NONE)
SET(ehlo, m->smtp.facts.hello = HELLO_EHLO)
SET(helo, m->smtp.facts.hello = HELLO_HELO)
SET(lhlo, m->smtp.facts.hello = HELLO_LHLO)
SET(unseen, m->record.offer = OFFER_UNSEEN)
SET(not_asked, m->record.offer = OFFER_NOT_ASKED)
SET(offered, m->record.offer = OFFER_OFFERED)
SET(absent, m->record.offer = OFFER_ABSENT)
SET(masked, m->record.offer = OFFER_MASKED)
SET(refused, m->record.offer = OFFER_EHLO_REFUSED)
SET(starttls_unseen, m->record.starttls = RECORD_STARTTLS_UNSEEN)
SET(not_sent, m->record.starttls = RECORD_STARTTLS_NOT_SENT)
SET(sent, m->record.starttls = RECORD_STARTTLS_SENT)
SET(starttls_masked, m->record.starttls = RECORD_STARTTLS_MASKED)
SET(reply, m->smtp.facts.starttls_reply = 454)
SET(tls_unseen, m->record.tls_state = RECORD_TLS_UNSEEN)
SET(tls_none, m->record.tls_state = RECORD_TLS_NONE)
SET(established, m->record.tls_state = RECORD_TLS_ESTABLISHED)
SET(failed, m->record.tls_state = RECORD_TLS_FAILED)
SET(no_hello, m->record.tls_failure = TLS_FAIL_NO_HELLO)
SET(plaintext, m->record.tls_failure = TLS_FAIL_PLAINTEXT)
SET(alert, m->record.tls_failure = TLS_FAIL_ALERT)
SET(reset, m->record.tls_failure = TLS_FAIL_RESET)
SET(closed, m->record.tls_failure = TLS_FAIL_CLOSED)
SET(timeout, m->record.tls_failure = TLS_FAIL_TIMEOUT)
SET(garbage, m->record.tls_failure = TLS_FAIL_GARBAGE)
SET(visible, m->record.certificate = RECORD_CERTIFICATE_VISIBLE)
SET(hidden, m->record.certificate = RECORD_CERTIFICATE_HIDDEN)
SET(anonymous, m->record.certificate = RECORD_CERTIFICATE_NONE)
SET(unknown, m->record.protection = RECORD_UNKNOWN)
SET(no_mail, m->record.protection = RECORD_NO_MAIL)
SET(protected, m->record.protection = RECORD_TLS_PROTECTED)
SET(cleartext, m->record.protection = RECORD_CLEARTEXT)
SET(name_sni, m->record.server_name = mx;
    m->record.server_name_from = RECORD_NAME_SNI)
SET(name_banner, m->record.server_name = mx;
    m->record.server_name_from = RECORD_NAME_BANNER)
SET(capabilities, m->smtp.facts.ehlo_reply = "mx hi\nSIZE 9\nX \"\\x01\"";
    m->smtp.facts.capabilities = "SIZE X")
SET(one_line, m->smtp.facts.ehlo_reply = "mx"; m->smtp.facts.capabilities = "")
SET(banner, m->smtp.facts.greeting_code = 220;
    m->smtp.facts.banner = "mx ESMTP")
SET(hellos, m->smtp.facts.hellos_kept = m->smtp.facts.hellos_seen = 2;
    m->hellos[0] = (struct smtp_greeting){ .hello = HELLO_EHLO, .code = 502 };
    m->hellos[1] = (struct smtp_greeting){ .hello = HELLO_HELO })
SET(mail, m->smtp.facts.mail_commands = 3; m->mail.rcpt_commands = 5;
    m->smtp.facts.data_commands = 2; m->smtp.facts.mails_accepted = 1)
SET(domains, m->mail.mail_from_domain = "from.example";
    m->domains[0] = "b.example"; m->domains[1] = "a.example";
    m->mail.rcpt_domains_kept = 2)
SET(null_sender, m->mail.mail_from_domain = "")
SET(auth, m->rare.auth = "PLAIN")
SET(quit, m->smtp.facts.quit = true)
SET(plain_again, m->smtp.facts.plain_after_accept = true)
SET(command, m->upgrade.starttls_as_sent = "starttls";
    m->smtp.facts.offer_token = "STARTTLS ")
SET(gaps, m->record.gaps = 1u << GAP_MIDSTREAM | 1u << GAP_EVICTED)
SET(midstream, m->record.flow.side[SIDE_CLIENT].syn =
    m->record.flow.side[SIDE_SERVER].syn = false)
SET(syn_only, m->record.flow.side[SIDE_SERVER].syn = false)
SET(synack_only, m->record.flow.side[SIDE_CLIENT].syn = false)
SET(client_only, m->record.flow.side[SIDE_SERVER].octets = 0)
SET(server_only, m->record.flow.side[SIDE_CLIENT].octets = 0)
SET(no_octets, m->record.flow.side[SIDE_CLIENT].octets =
    m->record.flow.side[SIDE_SERVER].octets = 0)
SET(end_open, m->record.flow.end = FLOW_OPEN)
SET(end_cut, m->record.flow.end = FLOW_CUT)
SET(end_idle, m->record.flow.end = FLOW_IDLE)
SET(end_replaced, m->record.flow.end = FLOW_REPLACED)
SET(end_evicted, m->record.flow.end = FLOW_EVICTED)
SET(reset_client, m->record.flow.end = FLOW_RESET;
    m->record.flow.reset_by[SIDE_CLIENT] = true)
SET(reset_server, m->record.flow.end = FLOW_RESET;
    m->record.flow.reset_by[SIDE_SERVER] = true)
SET(reset_both, set_reset_client(m); set_reset_server(m))
SET(ipv6, m->record.flow.ip[SIDE_CLIENT] =
    addr_v6((uint8_t[]){ 0x20, 1, 0xd, 0xb8, [15] = 7 }))
SET(high_ipv4, m->record.flow.ip[SIDE_SERVER] =
    addr_v4((uint8_t[]){ 255, 255, 255, 255 }))
SET(vlan, m->record.flow.side[SIDE_SERVER].vlan = 7)
SET(tunnel, m->record.flow.wraps = WRAP_VLAN | WRAP_VXLAN)
SET(all_tunnels, m->record.flow.wraps = 0x1ff)
SET(unheard_wrap, m->record.flow.wraps = 0x8000)
SET(missing, m->record.flow.side[SIDE_CLIENT].missing = 1460;
    m->record.flow.side[SIDE_SERVER].conflicting = 9)
SET(tls_facts, m->tls.facts = ((struct tls_facts){ .version = 0x0303,
    .cipher = 0xc02f, .server_hello = true, .client_version_max = 0x0304,
    .sni = "mx.example", .alpn = "smtp", .ja3 = "j3", .ja3s = "j3s",
    .ja4 = "j4", .resumed = true, .alert = true, .alert_level = 2,
    .alert_code = 40, .alert_by = SIDE_SERVER }))
SET(leaf, show(m, &leaf))
SET(unreadable, show(m, &above))
SET(chain, show(m, &leaf); show(m, &above))
SET(no_community, m->record.community_id[0] = '\0')
SET(verdict, m->findings.verdict = VERDICT_ATTACK)
SET(first_packet_last, m->record.flow.last.time = NOON - 5)
SET(before_1970, m->record.flow.first.time = -1500000)
SET(beginning_of_time, m->record.flow.first.time = INT64_MIN + 1;
    m->record.flow.last.time = INT64_MIN + 1)
SET(end_of_time, m->record.flow.first.time = INT64_MAX;
    m->record.flow.last.time = INT64_MAX)

static const struct fact {
	void		(*set)(struct made_up *);
	const char	*column, *want;
} facts[] = {
	{ set_smtp, "sensor || source", "seneth0" },
	{ set_no_source, "source", "" },
	{ set_smtp, "started_at", "1795176715066175" },
	{ set_smtp, "ended_at", "1795176716566175" },
	{ set_first_packet_last, "ended_at", "1795176715066170" },
	{ set_before_1970, "started_at", "-1500000" },
	{ set_beginning_of_time, "started_at", "-9223372036854775807" },
	{ set_end_of_time, "ended_at", "9223372036854775807" },
	{ set_smtp, "community_id", "1:abcdefghijklmnopqrstuvwxyz0=" },
	{ set_no_community, "community_id", "(none)" },
	{ set_smtp, "client_ip || ' ' || client_port || ' ' || server_ip || "
	  "' ' || server_port", "192.0.2.10 41022 198.51.100.25 25" },
	{ set_ipv6, "client_ip", "2001:db8::7" },
	{ set_high_ipv4, "server_ip", "255.255.255.255" },
	{ set_name_sni, "server_name || ' ' || server_name_from",
	  "mx.example sni" },
	{ set_name_banner, "server_name_from", "banner" },
	{ set_smtp, "server_name_from", "(none)" },
	{ set_smtp, "protocol", "smtp" },
	{ set_lmtp, "protocol", "lmtp" },
	{ set_tls, "protocol", "tls" },
	{ set_other, "protocol", "other" },
	{ set_none, "protocol", "none" },
	{ set_ehlo, "hello", "EHLO" },
	{ set_helo, "hello", "HELO" },
	{ set_lhlo, "hello", "LHLO" },
	{ set_smtp, "hello", "(none)" },
	{ set_nothing, "hello", "(none)" },
	{ set_capabilities, "capabilities", "[\"SIZE\",\"X\"]" },
	{ set_capabilities, "ehlo_reply",
	  "[\"mx hi\",\"SIZE 9\",\"X \\\"\\\\x01\\\"\"]" },
	{ set_one_line, "capabilities", "[]" },
	{ set_one_line, "ehlo_reply", "[\"mx\"]" },
	{ set_smtp, "capabilities", "(none)" },
	{ set_unseen, "offer", "unseen" },
	{ set_not_asked, "offer", "not-asked" },
	{ set_offered, "offer", "offered" },
	{ set_absent, "offer", "absent" },
	{ set_masked, "offer", "masked" },
	{ set_refused, "offer", "ehlo-refused" },
	{ set_starttls_unseen, "starttls", "unseen" },
	{ set_not_sent, "starttls", "not-sent" },
	{ set_sent, "starttls", "sent" },
	{ set_starttls_masked, "starttls", "masked" },
	{ set_reply, "starttls_reply", "454" },
	{ set_smtp, "starttls_reply", "(none)" },
	{ set_tls_unseen, "tls", "unseen" },
	{ set_tls_none, "tls", "none" },
	{ set_established, "tls", "established" },
	{ set_failed, "tls", "failed" },
	{ set_failed, "tls_failure", "(none)" },
	{ set_no_hello, "tls_failure", "no-hello" },
	{ set_plaintext, "tls_failure", "plaintext" },
	{ set_alert, "tls_failure", "alert" },
	{ set_reset, "tls_failure", "reset" },
	{ set_closed, "tls_failure", "closed" },
	{ set_timeout, "tls_failure", "timeout" },
	{ set_garbage, "tls_failure", "garbage" },
	{ set_tls_facts, "tls_version || ' ' || client_tls_version",
	  "TLSv1.2 TLSv1.3" },
	{ set_tls_facts, "tls_cipher",
	  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ set_tls_facts, "sni || ' ' || alpn || ' ' || ja3 || ' ' || ja3s "
	  "|| ' ' || ja4", "mx.example smtp j3 j3s j4" },
	{ set_tls_facts, "tls_alert || ' ' || resumed", "2/40 1" },
	{ set_tls_facts, "more", "{\"tls_alert\":\"2/40\","
	  "\"tls_alert_by\":\"server\"}" },
	{ set_established, "tls_version", "(none)" },
	{ set_established, "tls_cipher", "(none)" },
	{ set_established, "ja3", "(none)" },
	{ set_visible, "certificate", "visible" },
	{ set_hidden, "certificate", "hidden" },
	{ set_anonymous, "certificate", "none" },
	{ set_smtp, "certificate", "(none)" },
	{ set_chain, "substr(certificate_sha256, 1, 6) || ' ' || "
	  "substr(spki_sha256, 1, 4)", "abcd00 1200" },
	{ set_chain, "certificate_chain", "2" },
	{ set_leaf, "certificate_chain", "1" },
	{ set_leaf, "certificate_subject || certificate_issuer || "
	  "certificate_san",
	  "CN=mx.exampleCN=ca[\"mx.example\",\"www.example\"]" },
	{ set_leaf, "certificate_not_before || ' ' || certificate_not_after",
	  "1000000 2000000" },
	{ set_unreadable, "substr(certificate_sha256, 1, 4)", "ef00" },
	{ set_unreadable, "spki_sha256", "(none)" },
	{ set_unreadable, "certificate_subject", "(none)" },
	{ set_unknown, "protection", "unknown" },
	{ set_no_mail, "protection", "no-mail" },
	{ set_protected, "protection", "tls" },
	{ set_cleartext, "protection", "cleartext" },
	{ set_mail, "mails_in_clear || mail_commands || rcpt_commands || "
	  "data_commands", "1352" },
	{ set_nothing, "mails_in_clear || mail_commands || rcpt_commands || "
	  "data_commands", "0000" },
	{ set_domains, "mail_from_domain", "from.example" },
	{ set_null_sender, "mail_from_domain", "" },
	{ set_smtp, "mail_from_domain", "(none)" },
	{ set_domains, "rcpt_domains", "[\"b.example\",\"a.example\"]" },
	{ set_auth, "auth_in_clear", "PLAIN" },
	{ set_smtp, "auth_in_clear", "(none)" },
	{ set_smtp, "capture || capture_gaps", "complete[]" },
	{ set_gaps, "capture || capture_gaps",
	  "partial[\"midstream\",\"evicted\"]" },
	{ set_verdict, "verdict", "attack" },
	{ set_smtp, "verdict || kinds", "benign[]" },
	{ set_smtp, "\"end\"", "fin" },
	{ set_end_open, "\"end\"", "open" },
	{ set_end_cut, "\"end\"", "open" },
	{ set_end_idle, "\"end\"", "idle" },
	{ set_end_replaced, "\"end\"", "replaced" },
	{ set_end_evicted, "\"end\"", "evicted" },
	{ set_reset_client, "\"end\"", "reset-client" },
	{ set_reset_server, "\"end\"", "reset-server" },
	{ set_reset_both, "\"end\"", "reset-both" },
	{ set_smtp, "handshake", "syn+synack" },
	{ set_syn_only, "handshake", "syn-only" },
	{ set_synack_only, "handshake", "synack-only" },
	{ set_midstream, "handshake", "midstream" },
	{ set_smtp, "payload", "both" },
	{ set_client_only, "payload", "client-only" },
	{ set_server_only, "payload", "server-only" },
	{ set_no_octets, "payload", "(none)" },
	{ set_banner, "greeting_code || banner", "220mx ESMTP" },
	{ set_smtp, "greeting_code", "(none)" },
	{ set_hellos, "hellos", "[\"EHLO:502\",\"HELO:0\"]" },
	{ set_smtp, "hellos", "[]" },
	{ set_command, "starttls_command || offer_token",
	  "starttlsSTARTTLS " },
	{ set_quit, "quit || plain_after_220 || resumed", "100" },
	{ set_plain_again, "quit || plain_after_220 || resumed", "010" },
	{ set_smtp, "octets_client || ' ' || octets_server || ' ' || packets",
	  "300 300 20" },
	{ set_vlan, "vlan", "7" },
	{ set_smtp, "vlan", "(none)" },
	{ set_tunnel, "tunnel", "[\"vlan\",\"vxlan\"]" },
	{ set_all_tunnels, "tunnel", "[\"vlan\",\"mpls\",\"pppoe\",\"gre\","
	  "\"erspan\",\"vxlan\",\"geneve\",\"ip\",\"fragments\"]" },
	{ set_unheard_wrap, "tunnel", "[]" },
	{ set_missing, "missing_client || ' ' || missing_server || ' ' || "
	  "conflict_octets", "1460 0 9" },
	{ set_missing, "more",
	  "{\"missing_client\":1460,\"conflict_octets\":9}" },
	{ set_smtp, "more", "(none)" },
};

static void
each_fact_has_its_word(void **state)
{
	struct store *s;
	char query[256], got[512];
	struct made_up m;

	(void)state;
	for (size_t i = 0; i < LENGTH(facts); i++) {
		char path[] = "/tmp/store_test.XXXXXX";
		sqlite3 *db;

		close(mkstemp(path));
		assert_non_null(s = store_open(path, "sen"));
		make_up(&m, i);
		facts[i].set(&m);
		assert_int_equal(made_up_store(s, &m), 0);
		assert_int_equal(store_close(s), 0);

		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		snprintf(query, sizeof(query), "SELECT %s FROM v_sessions",
		    facts[i].column);
		ask(db, query, got);
		check(db, "PRAGMA foreign_key_check", "(none)");
		sqlite3_close(db);
		unlink(path);
		if (strcmp(got, facts[i].want) != 0)
			fail_msg("%s: got %s, want %s", facts[i].column, got,
			    facts[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fact_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
