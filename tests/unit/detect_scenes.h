/* SPDX-License-Identifier: ISC */
/*
 * unit/detect_scenes.h -- sessions as rules meet them, named by what happened
 * in them.  Behind <cmocka.h>; in one file of a program.
 */
#ifndef DETECT_SCENES_H
#define DETECT_SCENES_H

#include "store_made_up.h"

static const struct mark	decisive = { .time = NOON + 7, .packet = 9 };

static struct certificate	leaf;
static struct record_conflict	conflict;

static inline void
lacks(struct made_up *m)
{
	m->record.protocol = RECORD_SMTP;
	m->record.offer = OFFER_ABSENT;
	m->record.starttls = RECORD_STARTTLS_NOT_SENT;
	m->record.tls_state = RECORD_TLS_NONE;
	m->smtp.facts.greeting_code = 220;
	m->smtp.facts.greeting = decisive;
	m->smtp.facts.hello = HELLO_EHLO;
	m->smtp.facts.hellos_kept = m->smtp.facts.hellos_seen = 1;
	m->hellos[0] = (struct smtp_greeting){ .hello = HELLO_EHLO,
	    .code = 250, .offer = OFFER_ABSENT, .command = decisive,
	    .reply_first = decisive, .reply_last = decisive };
	m->smtp.facts.ehlo_reply = "mx.example\nSIZE";
	m->smtp.facts.capabilities = "SIZE";
	m->record.tls = NULL;
}

static inline void
mail(struct made_up *m)
{
	m->smtp.facts.mail_commands = m->smtp.facts.mails_accepted = 1;
	m->mail.first_mail = m->mail.first_data =
	    m->mail.first_accepted = decisive;
}

static inline void
lacks_and_mails(struct made_up *m)
{
	lacks(m);
	mail(m);
}

static inline void
offers(struct made_up *m)
{
	lacks(m);
	m->record.offer = m->hellos[0].offer = OFFER_OFFERED;
	m->smtp.facts.offer_times = 1;
	m->smtp.facts.offer_token = "STARTTLS";
	m->smtp.facts.capabilities = "SIZE STARTTLS";
}

static inline void
passes_by(struct made_up *m)
{
	offers(m);
	mail(m);
}

static inline void
passes_by_at_587(struct made_up *m)
{
	passes_by(m);
	m->record.flow.port[SIDE_SERVER] = 587;
}

static inline void
asks(struct made_up *m)
{
	offers(m);
	m->record.starttls = RECORD_STARTTLS_SENT;
	m->smtp.facts.starttls = STARTTLS_SENT;
	m->smtp.facts.starttls_times = 1;
	m->upgrade.starttls_as_sent = "STARTTLS";
	m->upgrade.starttls_command_at = decisive;
	m->upgrade.starttls_reply_at = decisive;
}

static inline void
gets_tls(struct made_up *m)
{
	asks(m);
	m->smtp.facts.starttls_reply = 220;
	m->record.tls = &m->tls;
	m->record.tls_state = RECORD_TLS_ESTABLISHED;
	m->tls.facts.client_hello = m->tls.facts.server_hello = true;
	m->tls.facts.client_hello_at = m->tls.facts.server_hello_at =
	    m->tls.facts.certificate_at = decisive;
	m->tls.facts.client_version_max = 0x0304;
	m->tls.facts.version = 0x0303;
}

static inline void
gets_tls_unoffered(struct made_up *m)
{
	gets_tls(m);
	m->record.offer = m->hellos[0].offer = OFFER_ABSENT;
	m->smtp.facts.starttls_unoffered = true;
}

static inline void
refused(struct made_up *m, int code, const char *text)
{
	asks(m);
	m->smtp.facts.starttls_reply = code;
	m->upgrade.starttls_reply_text = text;
}

static inline void
busy(struct made_up *m)
{
	refused(m, 454, "454 4.7.0 too busy");
	m->smtp.facts.enhanced_codes = true;
	m->smtp.facts.starttls_reply_enhanced = true;
}

static inline void
busy_and_mails(struct made_up *m)
{
	busy(m);
	mail(m);
}

static inline void
says_454(struct made_up *m)
{
	refused(m, 454, "454 no");
}

static inline void
says_454_without_its_code(struct made_up *m)
{
	refused(m, 454, "454 no");
	m->smtp.facts.enhanced_codes = true;
}

static inline void
says_421_without_its_code(struct made_up *m)
{
	refused(m, 421, "421 no");
	m->smtp.facts.enhanced_codes = true;
}

static inline void
says_502(struct made_up *m)
{
	refused(m, 502, "502 no");
}

static inline void
says_200(struct made_up *m)
{
	refused(m, 200, "200 yes");
}

static inline void
says_250_unoffered(struct made_up *m)
{
	refused(m, 250, "250 Ok");
	m->record.offer = m->hellos[0].offer = OFFER_ABSENT;
}

static inline void
says_502_unoffered(struct made_up *m)
{
	refused(m, 502, "502 no");
	m->record.offer = m->hellos[0].offer = OFFER_ABSENT;
}

static inline void
says_501_to_a_parameter(struct made_up *m)
{
	refused(m, 501, "501 no");
	m->upgrade.starttls_as_sent = "STARTTLS now";
}

static inline void
says_554_to_the_second(struct made_up *m)
{
	refused(m, 554, "554 already");
	m->smtp.facts.starttls_times = 2;
}

static inline void
fails(struct made_up *m, enum tls_failure how)
{
	asks(m);
	m->smtp.facts.starttls_reply = 220;
	m->record.tls = &m->tls;
	m->record.tls_state = RECORD_TLS_FAILED;
	m->record.tls_failure = m->tls.facts.failure = how;
	m->tls.facts.client_hello = true;
	m->tls.facts.client_hello_at = decisive;
	m->tls.facts.failed_by = SIDE_SERVER;
	m->tls.facts.failed_at = decisive;
}

static inline void
garbled(struct made_up *m)
{
	fails(m, TLS_FAIL_GARBAGE);
}

static inline void
answered_in_clear(struct made_up *m)
{
	fails(m, TLS_FAIL_PLAINTEXT);
}

static inline void
reset(struct made_up *m)
{
	fails(m, TLS_FAIL_RESET);
}

static inline void
alerted(struct made_up *m)
{
	fails(m, TLS_FAIL_ALERT);
}

static inline void
no_hello(struct made_up *m)
{
	fails(m, TLS_FAIL_NO_HELLO);
}

static inline void
masked(struct made_up *m)
{
	lacks(m);
	m->record.offer = m->hellos[0].offer = OFFER_MASKED;
	m->smtp.facts.offer_token = "XXXXXXXA";
	m->smtp.facts.capabilities = "CHUNKING 8BITMIME SMTPUTF8 XXXXXXXA";
	m->smtp.facts.masked_keywords = m->smtp.facts.masked_eights = 1;
}

static inline void
masked_perhaps_another(struct made_up *m)
{
	masked(m);
	m->smtp.facts.capabilities = "8BITMIME SMTPUTF8 XXXXXXXA";
}

static inline void
listed_twice(struct made_up *m)
{
	offers(m);
	m->smtp.facts.offer_times = 2;
}

static inline void
respelt(struct made_up *m)
{
	offers(m);
	m->smtp.facts.offer_altered = true;
	m->smtp.facts.offer_token = "StartTLS";
}

static inline void
starred(struct made_up *m)
{
	lacks(m);
	m->smtp.facts.banner = "****0****2*****";
	m->smtp.facts.banner_masked = true;
}

static inline void
starred_with_tls(struct made_up *m)
{
	gets_tls(m);
	m->smtp.facts.banner = "****0****2*****";
	m->smtp.facts.banner_masked = true;
	m->record.certificate = RECORD_CERTIFICATE_VISIBLE;
	leaf = (struct certificate){ .readable = true, .subject = "CN=mx",
	    .issuer = "CN=ca" };
	m->chain[0] = &leaf;
	m->tls.facts.chain_len = 1;
}

static inline void
shows(struct made_up *m)
{
	starred_with_tls(m);
	m->smtp.facts.banner_masked = false;
}

static inline void
shows_the_tools(struct made_up *m)
{
	shows(m);
	leaf.subject = "CN=striptls.localhost.localdomain";
}

static inline void
ehlo_refused(struct made_up *m)
{
	lacks(m);
	m->record.offer = m->hellos[0].offer = OFFER_EHLO_REFUSED;
	m->hellos[0].code = 502;
	m->smtp.facts.hello_name = "a.example";
}

static inline void
ehlo_refused_and_mails(struct made_up *m)
{
	ehlo_refused(m);
	mail(m);
}

static inline void
ehlo_refused_by_esmtp(struct made_up *m)
{
	ehlo_refused(m);
	m->smtp.facts.banner_esmtp = true;
}

static inline void
ehlo_refused_with_421(struct made_up *m)
{
	ehlo_refused_by_esmtp(m);
	m->hellos[0].code = 421;
}

static inline void
ehlo_refused_for_no_name(struct made_up *m)
{
	ehlo_refused_by_esmtp(m);
	m->hellos[0].code = 501;
	m->smtp.facts.hello_name = "";
}

static inline void
ehlo_echoed_otherwise(struct made_up *m)
{
	ehlo_refused(m);
	m->smtp.facts.ehlo_echo_differs = true;
}

static inline void
command_masked(struct made_up *m)
{
	asks(m);
	m->record.starttls = RECORD_STARTTLS_MASKED;
	m->smtp.facts.starttls = STARTTLS_MASKED;
	m->upgrade.starttls_as_sent = "XXXXXXXX";
}

static inline void
noop(struct made_up *m)
{
	offers(m);
	m->smtp.facts.noop_padded = true;
	m->upgrade.starttls_command_at = decisive;
}

static inline void
demanded(struct made_up *m)
{
	lacks(m);
	m->smtp.facts.starttls_demanded = true;
	m->rare.starttls_demanded_at = decisive;
}

static inline void
demanded_and_offered(struct made_up *m)
{
	demanded(m);
	m->record.offer = OFFER_OFFERED;
}

static inline void
plain_after_220(struct made_up *m)
{
	fails(m, TLS_FAIL_NO_HELLO);
	m->smtp.facts.plain_after_accept = true;
	m->rare.plain_after_accept_at = decisive;
}

static inline void
plain_after_220_and_mails(struct made_up *m)
{
	plain_after_220(m);
	mail(m);
}

static inline void
early(struct made_up *m, const char *text)
{
	gets_tls(m);
	m->rare.client_early = text;
	m->rare.client_early_octets = (unsigned)strlen(text);
	m->rare.client_early_at = decisive;
}

static inline void
injects(struct made_up *m)
{
	early(m, "RSET\\r\\n");
}

static inline void
stray_line_end(struct made_up *m)
{
	early(m, "\\r\\n ");
}

static inline void
letters_of_escapes(struct made_up *m)
{
	early(m, "rnr");
}

static inline void
injects_replies(struct made_up *m)
{
	gets_tls(m);
	m->rare.server_early = "250 AUTH LOGIN\\r\\n";
	m->rare.server_early_octets = 16;
	m->rare.server_early_at = decisive;
}

static inline void
conflicting(struct made_up *m, uint32_t octets, uint8_t ttl)
{
	lacks(m);
	conflict = (struct record_conflict){ .side = SIDE_SERVER,
	    .before_at = decisive, .after_at = { NOON + 9, 10 },
	    .octets = octets, .ttl_before = 64, .ttl_after = ttl,
	    .before = "250-STARTTLS", .after = "250-XXXXXXXX" };
	m->record.conflicts = &conflict;
	m->record.conflicts_kept = m->record.conflicts_seen = 1;
}

static inline void
conflicts(struct made_up *m)
{
	conflicting(m, 8, 64);
}

static inline void
conflicts_in_one_octet(struct made_up *m)
{
	conflicting(m, 1, 64);
}

static inline void
conflicts_from_afar(struct made_up *m)
{
	conflicting(m, 8, 55);
}

static inline void
conflicts_from_two_hops(struct made_up *m)
{
	conflicting(m, 8, 62);
}

static inline void
pressed_down(struct made_up *m)
{
	gets_tls(m);
	m->tls.facts.downgrade_sentinel = true;
}

static inline void
pressed_down_for_an_old_client(struct made_up *m)
{
	pressed_down(m);
	m->tls.facts.client_version_max = 0x0303;
}

static inline void
old_version(struct made_up *m)
{
	gets_tls(m);
	m->tls.facts.client_version_max = m->tls.facts.version = 0x0302;
}

/* TLS 1.2 with that suite. */
static inline void
agrees_on(struct made_up *m, uint16_t cipher)
{
	gets_tls(m);
	m->tls.facts.client_version_max = 0x0303;
	m->tls.facts.cipher = cipher;
}

static inline void
anonymous_suite(struct made_up *m)
{
	agrees_on(m, 0xc019);
}

static inline void
export_suite_of_a_changed_hello(struct made_up *m)
{
	agrees_on(m, 0x0014);
	m->tls.facts.downgrade_sentinel = true;
}

static inline void
export_suite_chosen(struct made_up *m)
{
	agrees_on(m, 0x0014);
	m->record.tls_state = RECORD_TLS_FAILED;
	m->tls.facts.state = TLS_FAILED;
}

static inline void
static_suite(struct made_up *m)
{
	agrees_on(m, 0x009d);
}

static inline void
cbc_suite(struct made_up *m)
{
	agrees_on(m, 0xc014);
}

static inline void
logs_in(struct made_up *m)
{
	lacks(m);
	m->rare.auth = "PLAIN";
	m->rare.auth_at = decisive;
}

static inline void
logs_in_with_proof(struct made_up *m)
{
	logs_in(m);
	m->rare.auth = "SCRAM-SHA-256";
}

static inline void
logs_in_stripped(struct made_up *m)
{
	masked(m);
	m->rare.auth = "LOGIN";
	m->rare.auth_at = decisive;
}

static inline void
requires_tls(struct made_up *m)
{
	lacks(m);
	m->smtp.facts.requiretls = true;
	m->rare.requiretls_at = decisive;
}

static inline void
masked_and_mails(struct made_up *m)
{
	masked(m);
	mail(m);
}

#endif
