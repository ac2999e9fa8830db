/* SPDX-License-Identifier: ISC */
/* Who reads what, and what it amounts to. */
#include "tests/unit/session_talk.h"

#define COUNT_OF(cases)	(sizeof(cases) / sizeof((cases)[0]))

#define EHLO		S("220 mx.example ESMTP"), C("EHLO a.example"), \
			S("250-mx.example"), S("250 STARTTLS")
#define ACCEPTED	EHLO, C("STARTTLS"), S("220 2.0.0 go ahead")
#define MAIL		C("MAIL FROM:<x@a.example>"), S("250 ok"), \
			C("RCPT TO:<y@b.example>"), S("250 ok"), \
			C("DATA"), S("354 go"), C("text"), C("."), \
			S("250 queued")
#define QUIT		C("QUIT"), S("221 bye")
#define SERVER_12	ANSWER_12 CERTIFICATE_NO DONE
#define CLIENT_12	EXCHANGE CHANGE FINISHED
#define TLS_12		CO(HELLO_12), SO(SERVER_12), CO(CLIENT_12), \
			SO(CHANGE FINISHED), CO(DATA_30), SO(DATA_30)
#define TLS_13		CO(HELLO_13), SO(ANSWER_13 CHANGE DATA_100), \
			CO(CHANGE DATA_53 DATA_30), SO(DATA_30)

static const struct talk_case upgrades[] = {
	{ "STARTTLS is accepted and TLS comes",
	  { ACCEPTED, TLS_12, FINS },
	  { "protocol=smtp", "offer=offered", "starttls=sent", "reply=220",
	    "tls=established", "protection=tls", "!partial",
	    "!server_early" } },
	{ "the same in TLS 1.3",
	  { ACCEPTED, TLS_13, FINS },
	  { "tls=established", "protection=tls", "!partial" } },
	{ "STARTTLS is accepted and the client goes on in clear",
	  { ACCEPTED, MAIL, QUIT, FINS },
	  { "tls=failed", "failure=plaintext", "plain_after_accept",
	    "mails=1", "protection=cleartext", "quit", "!partial" } },
	{ "STARTTLS is accepted and the client closes",
	  { ACCEPTED, FINS },
	  { "tls=failed", "failure=no-hello", "protection=no-mail" } },
	{ "STARTTLS is accepted and the capture ends",
	  { ACCEPTED },
	  { "tls=unseen", "failure=-", "protection=unknown" } },
	{ "STARTTLS is never answered, and all of it was captured",
	  { EHLO, C("STARTTLS"), FINS },
	  { "starttls=sent", "tls=none", "protection=no-mail", "!partial" } },
	{ "STARTTLS is refused and mail goes in clear",
	  { EHLO, C("STARTTLS"), S("454 not now"), MAIL, QUIT, FINS },
	  { "reply=454", "tls=none", "mails=1", "protection=cleartext" } },
	{ "text stands between the 220 and TLS: a response was injected",
	  { EHLO, C("STARTTLS"),
	    SO("220 go\r\n454 TLS not available\r\n"), TLS_12, FINS },
	  { "tls=established", "server_early=454 ...",
	    "!plain_after_accept", "protection=tls" } },
	{ "the hello is ahead of the 220 and is not read twice",
	  { EHLO, C("STARTTLS"), CO(HELLO_12), S("220 go"),
	    SO(SERVER_12), CO(CLIENT_12), SO(CHANGE FINISHED), FINS },
	  { "reply=220", "client_hello", "tls=established", "!server_early",
	    "!partial" } },
	{ "clear text answers the hello",
	  { ACCEPTED, CO(HELLO_12), S("454 TLS failed"), FINS },
	  { "tls=failed", "failure=plaintext",
	    "server_early=454 ...", "protection=no-mail" } },
	{ "an alert answers the hello, and mail goes in clear",
	  { ACCEPTED, CO(HELLO_12), SO(ALERT_FATAL), MAIL, FINS },
	  { "tls=failed", "failure=alert", "plain_after_accept",
	    "protection=cleartext" } },
	{ "TLS from the first octet",
	  { TLS_12, FINS },
	  { "protocol=tls", "offer=not-asked", "starttls=no",
	    "tls=established", "protection=tls" } },
	{ "a client that speaks TLS where a greeting is due",
	  { CO(HELLO_12), S("220 mx.example ESMTP"), FINS },
	  { "tls=failed", "failure=plaintext" } },
};

static const struct talk_case holes[] = {
	{ "the beginning of the ClientHello was not captured",
	  { ACCEPTED, C_LOST(30), CO("domain3.example\x00\x05" X50),
	    SO(SERVER_12), CO(CLIENT_12), SO(CHANGE FINISHED), FINS },
	  { "!failure=plaintext", "!plain_after_accept", "!tls=none",
	    "partial", "!protection=no-mail" } },
	{ "a name stands alone in a segment behind the hole",
	  { ACCEPTED, C_LOST(30), CO("mx4.domain3.example"),
	    CO("\x00\x05" X50), SO(SERVER_12), FINS },
	  { "!failure=plaintext", "!plain_after_accept", "tls=unseen",
	    "failure=-", "protection=unknown", "!tls=none" } },
	{ "a hole in a certificate, behind it a name and no record",
	  { ACCEPTED, CO(HELLO_12), SO(ANSWER_12), S_LOST(1000),
	    SO(" test intermediate0*0\x05\x06\x03+ep\n more text here\r\n"),
	    CO(CLIENT_12), FINS },
	  { "!failure=plaintext", "!server_early", "tls=unseen", "partial",
	    "protection=unknown" } },
	{ "the whole ClientHello was not captured",
	  { ACCEPTED, C_LOST(52), SO(SERVER_12), CO(CLIENT_12),
	    SO(CHANGE FINISHED), FINS },
	  { "!tls=failed", "!tls=none", "partial" } },
	{ "a hole behind the 220, and a command behind it",
	  { HOW(HOW_WHOLE),
	    ACCEPTED, C_LOST(30), C("MAIL FROM:<x@a.example>"),
	    S("250 ok"), C("RCPT TO:<y@b.example>"), S("250 ok"),
	    C("DATA"), S("354 go"), C("."), S("250 queued"), FINS },
	  { "tls=unseen", "failure=-", "protection=cleartext", "mails=1",
	    "partial" } },
	{ "clear text behind a hole of the client is no injection",
	  { HOW(HOW_WHOLE),
	    ACCEPTED, C_LOST(16), S("250-mx.example"), S("250 SIZE"), FINS },
	  { "partial", "!tls=none" } },
	{ "EHLO was not captured, its reply was",
	  { S("220 mx.example ESMTP"), C_LOST(16), S("250-mx.example"),
	    S("250 STARTTLS"), C("STARTTLS"), S("220 go"), TLS_12, FINS },
	  { "hello=0", "offer=offered", "starttls=sent", "partial",
	    "tls=established" } },
	{ "the reply to the second EHLO was not captured",
	  { EHLO, C("EHLO a.example"), S_LOST(34),
	    C("MAIL FROM:<x@a.example>"), S("250 ok"), QUIT, FINS },
	  { "offer=unseen", "partial" } },
	{ "part of EHLO was not captured, nor its reply",
	  { S("220 mx.example ESMTP"), C_LOST(8), C("ple"), S_LOST(34),
	    C("MAIL FROM:<x@a.example>"), S("250 ok"), QUIT, FINS },
	  { "offer=unseen", "partial" } },
	{ "the refusal of EHLO was not captured, HELO follows",
	  { S("220 mx.example ESMTP"), C("EHLO a.example"), S_LOST(20),
	    C("HELO a.example"), S("250 mx"), MAIL, QUIT, FINS },
	  { "!offer=not-asked", "!offer=absent", "!offer=ehlo-refused",
	    "mails=1" } },
	{ "the 220 was not captured: EHLO behind it asks for nothing",
	  { EHLO, C("STARTTLS"), S_LOST(20), C("EHLO a.example"),
	    S("250-mx.example"), S("250 8BITMIME"), MAIL, QUIT, FINS },
	  { "offer=unseen", "starttls=sent", "!reply", "partial",
	    "!tls=none" } },
	{ "HELO only, the beginning captured",
	  { S("220 mx.example ESMTP"), C("HELO a.example"), S("250 mx"),
	    MAIL, QUIT, FINS },
	  { "offer=not-asked", "starttls=no", "tls=none", "!partial" } },
	{ "HELO in the middle of a connection: EHLO may have been refused",
	  { HOW(HOW_MIDSTREAM),
	    C("HELO a.example"), S("250 mx"), MAIL, QUIT, FINS },
	  { "offer=unseen", "partial" } },
	{ "a hole in the client where nothing else is wrong",
	  { EHLO, C_LOST(500), C("QUIT"), S("221 bye"), FINS },
	  { "starttls=unseen", "tls=unseen", "protection=unknown",
	    "offer=offered" } },
	{ "all before the hello was not captured: STARTTLS was in it",
	  { C_LOST(26), S_LOST(90), CO(HELLO_12), SO(SERVER_12),
	    CO(CLIENT_12), SO(CHANGE FINISHED), FINS },
	  { "!protocol=tls", "!offer=not-asked", "starttls=unseen",
	    "partial" } },
	{ "the client alone, up to its hello",
	  { C("EHLO a.example"), C("STARTTLS"), CO(HELLO_12), C_FIN },
	  { "tls=unseen", "failure=-", "offer=unseen",
	    "protection=unknown" } },
	{ "the client alone, TLS to the end",
	  { C("EHLO a.example"), C("STARTTLS"), CO(HELLO_13),
	    CO(CHANGE DATA_100 DATA_100 DATA_30), C_FIN },
	  { "tls=unseen", "failure=-", "protection=unknown" } },
};

static const struct talk_case others[] = {
	{ "port 25 on both ends, the server heard first",
	  { HOW(HOW_WHOLE | HOW_MIDSTREAM | HOW_BOTH_25),
	    S("250-mx.example"), S("250 STARTTLS"), C("STARTTLS"),
	    S("220 2.0.0 go"), TLS_12, FINS },
	  { "server_is_the_server", "offer=unseen", "reply=220",
	    "tls=established" } },
	{ "port 25 on both ends, the client heard first",
	  { HOW(HOW_WHOLE | HOW_MIDSTREAM | HOW_BOTH_25),
	    C("EHLO a.example"), S("250-mx.example"), S("250 STARTTLS"),
	    C("STARTTLS"), S("220 2.0.0 go"), TLS_12, FINS },
	  { "hello=1", "offer=offered", "tls=established" } },
	{ "a chunk full of commands is passed over",
	  { EHLO, C("MAIL FROM:<x@a.example>"), S("250 ok"),
	    C("BDAT 35 LAST"),
	    CO("QUIT\r\nMAIL FROM:<z@z.example>\r\nab\r\n"),
	    S("250 queued"), C("RSET"), S("250 ok"), FINS },
	  { "mail_commands=1", "mails=1", "!quit", "!partial",
	    "protection=cleartext" } },
	{ "a hole in a chunk moves nothing behind it",
	  { EHLO, C("MAIL FROM:<x@a.example>"), S("250 ok"),
	    C("BDAT 35 LAST"), CO("QUIT\r\n"), C_LOST(25),
	    CO("ab\r\n"), S("250 queued"), QUIT, FINS },
	  { "mail_commands=1", "mails=1", "quit", "partial" } },
	{ "the same octets said twice otherwise, in a greeting",
	  { HOW(HOW_WHOLE),
	    S("220 mx.example ESMTP"), S_AGAIN("220 mx.exampel ESMTP\r\n"),
	    C("EHLO a.example"), S("250-mx"), S("250 STARTTLS"), FINS },
	  { "before=le", "after=el" } },
	{ "of a password said twice otherwise nothing is kept",
	  { HOW(HOW_WHOLE),
	    EHLO, C("AUTH PLAIN"), S("334 "), C("AGpvZQBzZWNyZXQ="),
	    C_AGAIN("AGpvZQBTRUNSRVQ=\r\n"), S("235 ok"), FINS },
	  { "auth=PLAIN", "before=", "after=" } },
	{ "of a reply that may name people its code is kept",
	  { HOW(HOW_WHOLE),
	    EHLO, C("MAIL FROM:<x@a.example>"), S("250 joe@a.example"),
	    S_AGAIN("550 ann@b.example\r\n"), FINS },
	  { "before=250", "after=550" } },
};

static void
test_upgrades(void **state)
{
	(void)state;
	talk_check_all(upgrades, COUNT_OF(upgrades));
}

static void
test_holes(void **state)
{
	(void)state;
	talk_check_all(holes, COUNT_OF(holes));
}

static void
test_others(void **state)
{
	(void)state;
	talk_check_all(others, COUNT_OF(others));
}

/* Frames kept of a connection, and whether one of them holds this. */
static unsigned
frames_kept(const struct talk_case *c, const char *word, bool *there)
{
	struct session_record *r = talk_play(c, false, NULL);
	const struct evidence_frame *f;
	unsigned n = 0;

	assert_non_null(r);
	*there = false;
	for (f = evidence_first(r->evidence); f != NULL; f = f->next) {
		n++;
		*there |= f->len > 0 && memmem(f->octets, f->len, word,
		    strlen(word)) != NULL;
	}
	session_record_free(r);
	return n;
}

static void
test_evidence_stops_before_mail_and_passwords(void **state)
{
	static const struct talk_case mail = { "evidence up to MAIL",
	    { EHLO, MAIL, QUIT, FINS }, { NULL } };
	static const struct talk_case auth = { "evidence up to AUTH",
	    { EHLO, C("AUTH PLAIN AGpvZQBzZWNyZXQ="), S("235 ok"), QUIT,
	    FINS }, { NULL } };
	bool there;

	(void)state;
	/* SYN, SYN-ACK, 220, EHLO, two lines of its reply */
	assert_int_equal(frames_kept(&mail, "MAIL", &there), 6);
	assert_false(there);
	assert_int_equal(frames_kept(&auth, "AGpv", &there), 6);
	assert_false(there);
	(void)frames_kept(&mail, "STARTTLS", &there);
	assert_true(there);
}

static void
test_what_is_too_large_is_counted(void **state)
{
	/* a ClientHello of 131072 octets */
	static const struct talk_case large = { "a large hello",
	    { ACCEPTED, CO("\x16\x03\x01\x40\x00" "\x01\x02\x00\x00" X50),
	    FINS }, { NULL } };
	static const struct talk_case usual = { "a usual hello",
	    { ACCEPTED, TLS_12, FINS }, { NULL } };
	struct counters counters;

	(void)state;
	session_record_free(talk_play(&large, false, &counters));
	assert_int_equal(counter_read(&counters, COUNT_tls_oversized), 1);
	session_record_free(talk_play(&usual, false, &counters));
	assert_int_equal(counter_read(&counters, COUNT_tls_oversized), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_others),
		cmocka_unit_test(
		    test_evidence_stops_before_mail_and_passwords),
		cmocka_unit_test(test_what_is_too_large_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
