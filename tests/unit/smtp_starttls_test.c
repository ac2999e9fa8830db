/* SPDX-License-Identifier: ISC */
/* STARTTLS, what is answered, and what stands where nothing may. */
#include "smtp_talk.h"

#define GREET	"S:220 mx.example ESMTP"
#define OFFER	GREET, "C:EHLO out.example", "S:250-mx.example", \
		"S:250-ENHANCEDSTATUSCODES", "S:250 STARTTLS"
#define NO_OFFER GREET, "C:EHLO out.example", "S:250-mx.example", \
		"S:250 SIZE"

static const struct talk_case answers[] = {
	{ "accepted, and TLS comes",
	  { OFFER, "C:STARTTLS", "S:220 2.0.0 Ready", "tls C", "tls S" },
	  { "starttls=sent", "starttls_reply=220", "starttls_as_sent=STARTTLS",
	    "starttls_reply_text=2.0.0 Ready", "starttls_reply_enhanced",
	    "tls", "!starttls_unoffered", "!plain_after_accept",
	    "!client_early_octets", "!server_early_octets",
	    "offer=offered", "!tls_unasked" } },
	{ "accepted in two lines",
	  { OFFER, "C:STARTTLS", "S:220-Ready", "S:220 to start", "tls C" },
	  { "starttls_reply=220", "starttls_reply_text=Ready", "tls",
	    "!server_early_octets", "!starttls_reply_enhanced" } },
	{ "accepted with no text at all",
	  { OFFER, "C:STARTTLS", "S:220", "tls C" },
	  { "starttls_reply=220", "starttls_reply_text=", "tls" } },
	{ "200 is taken for acceptance by clients",
	  { OFFER, "C:STARTTLS", "S:200 STRIPTLS", "tls C" },
	  { "starttls_reply=200", "tls", "!tls_unasked" } },
	{ "turned into NOOP: 250, and the client goes on in clear",
	  { OFFER, "C:STARTTLS", "S:250 2.0.0 Ok", "C:MAIL FROM:<a@b.example>",
	    "S:250 ok" },
	  { "starttls_reply=250", "plain_after_accept", "mail_commands=1" } },
	{ "354 is no acceptance",
	  { OFFER, "C:STARTTLS", "S:354 go", "C:QUIT", "S:221 bye" },
	  { "starttls_reply=354", "quit", "!plain_after_accept" } },
	{ "421 and the end",
	  { OFFER, "C:STARTTLS", "S:421 4.7.0 no", "end S", "end C" },
	  { "starttls_reply=421", "starttls_reply_enhanced" } },
	{ "454, and mail in clear",
	  { OFFER, "C:STARTTLS", "S:454 TLS not available",
	    "C:MAIL FROM:<a@b.example>", "S:250 2.1.0 ok",
	    "C:RCPT TO:<c@d.example>", "S:250 2.1.5 ok", "C:DATA",
	    "S:354 go", "C:x", "C:.", "S:250 2.0.0 taken" },
	  { "starttls_reply=454", "!starttls_reply_enhanced",
	    "mails_accepted=1", "!plain_after_accept",
	    "say=S:454 TLS not available", "say=S:250 2.0.0 ..." } },
	{ "refused with 501 for a parameter",
	  { OFFER, "C:STARTTLS now", "S:501 5.5.4 Syntax" },
	  { "starttls=sent", "starttls_as_sent=STARTTLS now",
	    "starttls_reply=501" } },
	{ "500, 502, 503, 554",
	  { OFFER, "C:starttls ", "S:500 a", "C:STARTTLS", "S:502 b",
	    "C:STARTTLS", "S:503 c", "C:StartTLS", "S:554 d" },
	  { "starttls_times=4", "starttls_reply=554",
	    "starttls_as_sent=StartTLS" } },
	{ "no answer at all",
	  { OFFER, "C:STARTTLS", "end S", "end C" },
	  { "starttls=sent", "!starttls_reply", "!plain_after_accept" } },
	{ "asked for before EHLO",
	  { GREET, "C:STARTTLS", "S:503 5.5.1 EHLO first" },
	  { "starttls_unoffered", "starttls_reply=503", "hello=none" } },
	{ "asked for without an offer, and accepted",
	  { NO_OFFER, "C:STARTTLS", "S:220 go", "tls C" },
	  { "starttls_unoffered", "offer=absent", "tls" } },
	{ "EHLO and STARTTLS in one go, not offered",
	  { GREET, "C|EHLO a\r\nSTARTTLS\r\n", "S:250-mx", "S:250 SIZE",
	    "S:502 no" },
	  { "starttls_unoffered", "starttls_reply=502" } },
	{ "Exim with a cached offer speaks before the greeting",
	  { "C|EHLO a\r\nSTARTTLS\r\n", GREET, "S:250-mx", "S:250 STARTTLS",
	    "S:220 go", "tls C" },
	  { "early_talker", "offer=offered", "!starttls_unoffered",
	    "starttls_reply=220", "tls", "!client_early_octets",
	    "!server_early_octets" } },
	{ "X-ANONYMOUSTLS",
	  { OFFER, "C:X-ANONYMOUSTLS", "S:220 go", "tls C" },
	  { "starttls=sent", "anonymoustls", "starttls_reply=220", "tls" } },
	{ "demanded although not offered",
	  { NO_OFFER, "C:MAIL FROM:<a@b.example>",
	    "S:530 5.7.0 Must issue a STARTTLS command first" },
	  { "starttls_demanded", "mail_commands=1",
	    "say=S:530 5.7.0 Must issue a STARTTLS command first" } },
	{ "encryption demanded with 523",
	  { NO_OFFER, "C:AUTH PLAIN", "S:523 5.7.10 Encryption needed" },
	  { "starttls_demanded" } },
	{ "530 for want of a login demands no TLS",
	  { NO_OFFER, "C:MAIL FROM:<a@b.example>",
	    "S:530 5.7.0 Authentication required" },
	  { "!starttls_demanded" } },
	{ "TLS octets whose STARTTLS was answered unseen",
	  { OFFER, "C:STARTTLS", "gap S 20", "tls C" },
	  { "tls", "gap_in_starttls", "!starttls_reply", "!tls_unasked" } },
	{ "a client that speaks TLS to a plain greeting",
	  { GREET, "tls C" },
	  { "tls", "tls_unasked", "starttls=not-sent", "greeting_code=220" } },
};

static const struct talk_case masked[] = {
	{ "overwritten on the way to the server",
	  { OFFER, "C:XXXXXXXX", "S:500 5.5.2 not recognized",
	    "C:MAIL FROM:<a@b.example>", "S:250 ok" },
	  { "starttls=masked", "starttls_as_sent=XXXXXXXX",
	    "starttls_reply=500", "!starttls_times" } },
	{ "overwritten in part, where it was offered",
	  { OFFER, "C:STARTFOO", "S:500 what" },
	  { "starttls=masked", "starttls_as_sent=STARTFOO",
	    "say=C:STARTFOO" } },
	{ "one letter off, where nothing was offered",
	  { NO_OFFER, "C:S7ARTTLS", "S:500 what" }, { "starttls=not-sent" } },
	{ "other words of eight letters",
	  { OFFER, "C:XYZZYXYZ", "S:500 what", "C:XXXXXXX", "S:500 what" },
	  { "starttls=not-sent", "say=C:..." } },
	{ "turned into NOOP and blanks",
	  { OFFER, "C:NOOP    ", "S:250 ok" }, { "noop_padded" } },
	{ "a NOOP like any other",
	  { OFFER, "C:NOOP", "S:250 ok" }, { "!noop_padded" } },
	{ "the server echoes X's for the STARTTLS that was sent",
	  { OFFER, "C:STARTTLS",
	    "S:500 5.5.1 Command unrecognized: \"XXXXXXXX\"" },
	  { "starttls=sent", "starttls_echo_differs" } },
	{ "the server echoes an altered word",
	  { OFFER, "C:STARTTLS", "S:500 unknown command 'STARTFOO'" },
	  { "starttls_echo_differs" } },
	{ "the server echoes what was sent",
	  { OFFER, "C:STARTTLS", "S:502 \"starttls\" not implemented" },
	  { "!starttls_echo_differs" } },
	{ "an ordinary word of eight letters is no echo",
	  { OFFER, "C:STARTTLS", "S:502 disabled; \"security\" is off" },
	  { "!starttls_echo_differs" } },
	{ "masked first, spelt out later",
	  { OFFER, "C:XXXXXXXX", "S:500 no", "C:STARTTLS", "S:220 go",
	    "tls C" },
	  { "starttls=sent", "starttls_reply=220", "starttls_times=1" } },
};

static const struct talk_case injected[] = {
	{ "commands behind STARTTLS in one segment",
	  { OFFER, "C|STARTTLS\r\nRSET\r\nMAIL FROM:<evil@evil.example>\r\n",
	    "S:220 go", "tls C" },
	  { "client_early_octets=32", "tls", "!mail_commands",
	    "client_early=RSET\\r\\nMAIL FROM:<...@evil.example>",
	    "!plain_after_accept" } },
	{ "commands behind STARTTLS, which is refused: they are heard",
	  { OFFER, "C|STARTTLS\r\nMAIL FROM:<a@b.example>\r\n", "S:454 no",
	    "S:250 ok" },
	  { "mail_commands=1", "starttls_reply=454",
	    "client_early_octets=22", "!unpaired_replies",
	    "client_early=MAIL FROM:<...@b.example>" } },
	{ "an empty line behind STARTTLS is nothing",
	  { OFFER, "C|STARTTLS\r\n\r\n", "S:220 go", "tls C" },
	  { "!client_early_octets", "tls" } },
	{ "commands before STARTTLS in the same segment",
	  { OFFER, "C|NOOP\r\nSTARTTLS\r\n", "S:250 ok", "S:220 go",
	    "tls C" },
	  { "!client_early_octets", "starttls_reply=220", "tls" } },
	{ "injected lines, and TLS before the 220 is seen",
	  { OFFER, "C|STARTTLS\r\nNOOP\r\n", "tls C" },
	  { "client_early_octets=4", "client_early=NOOP", "tls" } },
	{ "replies behind the 220 in one segment",
	  { OFFER, "C:STARTTLS",
	    "S|220 go\r\n250-evil.example\r\n250 AUTH LOGIN\r\n", "tls C" },
	  { "server_early_octets=28", "tls", "offer=offered",
	    "server_early=250-evil.example\\r\\n250 AUTH LOGIN",
	    "!plain_after_accept",
	    "capabilities=ENHANCEDSTATUSCODES STARTTLS" } },
	{ "the client goes on with mail after the 220",
	  { OFFER, "C:STARTTLS", "S:220 go", "C:MAIL FROM:<a@b.example>",
	    "S:250 ok" },
	  { "plain_after_accept", "mail_commands=1",
	    "!server_early_octets" } },
	{ "the client goes on with EHLO, AUTH and mail after the 220",
	  { OFFER, "C:STARTTLS", "S:220 go", "C:EHLO a", "S:250-mx",
	    "S:250 SIZE", "C:AUTH PLAIN AGEAYg==", "S:235 ok",
	    "C:MAIL FROM:<a@b.example>", "S:250 ok",
	    "C:RCPT TO:<c@d.example>", "S:250 ok", "C:DATA", "S:354 go",
	    "C:x", "C:.", "S:250 ok", "C:QUIT", "S:221 bye" },
	  { "plain_after_accept", "offer=offered", "hellos_seen=2",
	    "hello2=ehlo,250,absent", "auth=PLAIN", "auth_accepted",
	    "mails_accepted=1", "quit", "hello_name=out.example",
	    "capabilities=ENHANCEDSTATUSCODES STARTTLS" } },
	{ "something else follows the 220",
	  { OFFER, "C:STARTTLS", "S:220 go", "C:GET / HTTP/1.1" },
	  { "plain_after_accept", "say=C:..." } },
	{ "the server alone is heard: its 220 and TLS",
	  { "S:220 mx", "S:250-mx", "S:250 STARTTLS", "S:220 go", "tls S" },
	  { "offer=offered", "starttls_reply=220", "tls",
	    "starttls=not-sent", "hello=none" } },
	{ "the server alone is heard, and goes on in clear after its 220",
	  { "S:220 mx", "S:250-mx", "S:250 STARTTLS", "S:220 go",
	    "S:250 ok" },
	  { "plain_after_accept", "!server_early_octets" } },
};

static void
test_answers(void **state)
{
	(void)state;
	talk_check_all(answers, sizeof(answers) / sizeof(answers[0]));
}

static void
test_masked(void **state)
{
	(void)state;
	talk_check_all(masked, sizeof(masked) / sizeof(masked[0]));
}

static void
test_injected(void **state)
{
	(void)state;
	talk_check_all(injected, sizeof(injected) / sizeof(injected[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
