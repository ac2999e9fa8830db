/* SPDX-License-Identifier: ISC */
/* Which mails may go in clear, by their header (RFC 8689, RFC 8460). */
#include "smtp_talk.h"
#include "smtp/header.h"

/* What is found, as text: "no" and "report", "lost" if not seen whole. */
struct header_case {
	const char	*name;
	const char	*octets;
	const char	*want;
};

#define REPORT	"multipart/report; report-type=\"tlsrpt\""
#define LONG	"0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct header_case headers[] = {
	{ "an ordinary mail", "From: <a@b.example>\r\nSubject: x\r\n\r\n", "" },
	{ "the field", "Subject: x\r\nTLS-Required: No\r\n\r\n", "no" },
	{ "any case, no blank", "tls-REQUIRED:nO\r\n\r\n", "no" },
	{ "blanks and a tab", "TLS-Required: \t No \t\r\n\r\n", "no" },
	{ "folded", "TLS-Required:\r\n No\r\n\r\n", "no" },
	{ "folded over a line of blanks",
	  "TLS-Required:\r\n \r\n\tNo\r\nX: y\r\n\r\n", "no" },
	{ "a comment", "TLS-Required: (not (really) \\) here) No (x)\r\n\r\n",
	  "no" },
	{ "blank before the colon", "TLS-Required : No\r\n\r\n", "no" },
	{ "lines that end in LF", "A: b\nTLS-Required: No\n\n", "no" },
	{ "the last field, and no body", "TLS-Required: No", "no" },
	{ "another value", "TLS-Required: Yes\r\n\r\n", "" },
	{ "a longer value", "TLS-Required: Nobody\r\n\r\n", "" },
	{ "two words", "TLS-Required: No way\r\n\r\n", "" },
	{ "cut by a comment", "TLS-Required: N(o)o\r\n\r\n", "" },
	{ "cut by a blank", "TLS-Required: N\r\n o\r\n\r\n", "" },
	{ "the value in quotes", "TLS-Required: \"No\"\r\n\r\n", "" },
	{ "in a comment alone", "TLS-Required: (No)\r\n\r\n", "" },
	{ "a comment that never ends", "TLS-Required: No (\r\n\r\n", "" },
	{ "no value", "TLS-Required:\r\n\r\n", "" },
	{ "twice", "TLS-Required: No\r\nTLS-Required: No\r\n\r\n", "" },
	{ "twice, with two values",
	  "TLS-Required: Yes\r\nTLS-Required: No\r\n\r\n", "" },
	{ "a longer name", "X-TLS-Required: No\r\n\r\n", "" },
	{ "a shorter name", "TLS-Require: No\r\n\r\n", "" },
	{ "a name of many octets", "TLS-Required" LONG ": No\r\n\r\n", "" },
	{ "in the body", "Subject: x\r\n\r\nTLS-Required: No\r\n", "" },
	{ "in the header of a part", "Content-Type: multipart/mixed; "
	  "boundary=b\r\n\r\n--b\r\nTLS-Required: No\r\n\r\nx\r\n--b--\r\n",
	  "" },
	{ "in another field's value", "Subject: TLS-Required: No\r\n\r\n", "" },
	{ "in another field's folded line",
	  "Subject: x\r\n TLS-Required: No\r\n\r\n", "" },
	{ "a body without an empty line before it",
	  "Subject: x\r\nDear all,\r\nTLS-Required: No\r\n\r\n", "" },
	{ "a body that begins with blanks",
	  " TLS-Required: No\r\nTLS-Required: No\r\n\r\n", "" },
	{ "behind CR CR LF", "Subject: x\r\n\r\r\nTLS-Required: No\r\n\r\n",
	  "" },
	{ "a dot that was doubled", "..A: b\r\nTLS-Required: No\r\n\r\n", "no" },
	{ "a dot that need not be there", ".TLS-Required: No\r\n\r\n", "no" },
	{ "behind the end of the mail",
	  "A: b\r\n.\r\nTLS-Required: No\r\n\r\n", "" },
	{ "behind what some take for the end",
	  "A: b\r\n.\nTLS-Required: No\r\n\r\n", "" },
	{ "a folded line with a dot", "Subject: x\r\n. y\r\nTLS-Required: No"
	  "\r\n\r\n", "no" },
	{ "eight-bit text", "Subject: \xc3\xa9\r\nTLS-Required: No\r\n\r\n",
	  "no" },
	{ "an eight-bit name", "S\xc3\xa9: x\r\nTLS-Required: No\r\n\r\n", "" },

	{ "a report by its type", "Content-Type: " REPORT "\r\n\r\n",
	  "report" },
	{ "a report, folded, its parameters in another order",
	  "content-type: Multipart/Report (x);\r\n\tboundary=\"a;b\";\r\n"
	  "\tReport-Type = TLSRPT\r\n\r\n", "report" },
	{ "a report by its fields", "TLS-Report-Domain: a.example\r\n"
	  "TLS-Report-Submitter: b.example\r\n\r\n", "report" },
	{ "its fields the other way round", "TLS-Report-Submitter: b\r\n"
	  "Subject: x\r\nTLS-Report-Domain:\r\n " LONG ".example\r\n\r\n",
	  "report" },
	{ "but one of them", "TLS-Report-Domain: a.example\r\n\r\n", "" },
	{ "one of them twice", "TLS-Report-Domain: a\r\nTLS-Report-Domain: b"
	  "\r\n\r\n", "" },
	{ "one of them empty", "TLS-Report-Domain: a\r\nTLS-Report-Submitter:"
	  " (x)\r\n\r\n", "" },
	{ "another kind of report", "Content-Type: multipart/report; "
	  "report-type=delivery-status\r\n\r\n", "" },
	{ "the parameter of another type", "Content-Type: text/plain; "
	  "report-type=tlsrpt\r\n\r\n", "" },
	{ "within another parameter", "Content-Type: multipart/report; "
	  "boundary=\"x; report-type=tlsrpt\"\r\n\r\n", "" },
	{ "within a comment", "Content-Type: multipart/report "
	  "(; report-type=tlsrpt)\r\n\r\n", "" },
	{ "within an escape", "Content-Type: multipart/report; "
	  "boundary=\"x\\\"; report-type=tlsrpt; y=\"\r\n\r\n", "" },
	{ "a longer value", "Content-Type: multipart/report; "
	  "report-type=tlsrpt-not\r\n\r\n", "" },
	{ "the name of a parameter alone", "Content-Type: multipart/report; "
	  "report-type; x=tlsrpt\r\n\r\n", "" },
	{ "the type of the first of two", "Content-Type: text/plain\r\n"
	  "Content-Type: " REPORT "\r\n\r\n", "" },
	{ "the type of a part", "Content-Type: multipart/mixed\r\n\r\n--b\r\n"
	  "Content-Type: " REPORT "\r\n\r\n", "" },
	{ "both", "TLS-Required: No\r\nContent-Type: " REPORT "\r\n\r\n",
	  "no report" },
};

static void
tell(const struct smtp_header *h, char out[32])
{
	snprintf(out, 32, "%s%s%s%s", h->tls_optional ? "no" : "",
	    h->tls_optional && h->tls_report ? " " : "",
	    h->tls_report ? "report" : "",
	    h->at == HEADER_LOST ? "lost" : "");
}

/* In pieces: one of `cut` octets, the rest whole or octet by octet. */
static void
check_cut(const struct header_case *c, size_t cut, bool singly)
{
	struct span rest = span_text(c->octets);
	struct smtp_header h;
	char got[32];

	smtp_header_begin(&h, true);
	smtp_header_hear(&h, span_first(rest, cut));
	rest = span_skip(rest, cut);
	for (size_t n; rest.len > 0; rest = span_skip(rest, n)) {
		n = singly ? 1 : rest.len;
		smtp_header_hear(&h, span_first(rest, n));
	}
	smtp_header_end(&h);
	tell(&h, got);
	if (strcmp(got, c->want) != 0)
		fail_msg("%s, cut at %zu%s\ngot\t%s\nwant\t%s", c->name, cut,
		    singly ? ", then singly" : "", got, c->want);
}

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		for (size_t cut = 0; cut <= strlen(headers[i].octets); cut++) {
			check_cut(&headers[i], cut, false);
			check_cut(&headers[i], cut, true);
		}
}

static void
test_dots_mean_nothing_in_chunks(void **state)
{
	struct smtp_header h;

	(void)state;
	smtp_header_begin(&h, false);
	smtp_header_hear(&h, span_text(".TLS-Required: No\r\n\r\n"));
	assert_false(h.tls_optional);
	smtp_header_begin(&h, false);
	smtp_header_hear(&h, span_text("A: b\r\n.\r\nTLS-Required: No\r\n"));
	smtp_header_end(&h);
	assert_false(h.tls_optional);
}

static void
test_a_gap_in_the_header_leaves_it_unknown(void **state)
{
	struct smtp_header h;

	(void)state;
	smtp_header_begin(&h, true);
	smtp_header_hear(&h, span_text("TLS-Required: N"));
	smtp_header_gap(&h);
	smtp_header_hear(&h, span_text("o\r\n\r\n"));
	smtp_header_end(&h);
	assert_false(h.tls_optional);
	assert_int_equal(h.at, HEADER_LOST);
	/* what was read before it, stands */
	smtp_header_begin(&h, true);
	smtp_header_hear(&h, span_text("TLS-Required: No\r\nA"));
	smtp_header_gap(&h);
	smtp_header_end(&h);
	assert_true(h.tls_optional);
}

/* Headers without end: given up, and not read on. */
static void
test_limits(void **state)
{
	static char many[SMTP_HEADER_OCTETS_MAX + 100];
	struct smtp_header h;

	(void)state;
	memset(many, 'x', sizeof(many));
	memcpy(many, "A: ", 3);
	smtp_header_begin(&h, true);
	smtp_header_hear(&h, span_of(many, sizeof(many)));
	assert_int_equal(h.at, HEADER_LOST);
	assert_int_equal(h.octets, SMTP_HEADER_OCTETS_MAX);
	smtp_header_begin(&h, true);
	for (int i = 0; i < SMTP_HEADER_LINES_MAX; i++) {
		assert_true(smtp_header_wants(&h));
		smtp_header_hear(&h, span_text("A:\r\n"));
	}
	assert_int_equal(h.at, HEADER_LOST);
}

/* ------------------------------------------------------------------ */
/* in a conversation                                                  */

#define HELO	"S:220 mx ESMTP", "C:HELO a", "S:250 mx"
#define MAIL	"C:MAIL FROM:<x@a.example>", "S:250 ok", \
		"C:RCPT TO:<y@b.example>", "S:250 ok"
#define GO	"C:DATA", "S:354 go"
#define NO	"C:TLS-Required: No", "C:"
#define END	"C:.", "S:250 ok"

static const struct talk_case mails[] = {
	{ "one mail that may go without TLS",
	  { HELO, MAIL, GO, "C:Subject: x", NO, "C:text", END },
	  { "mails_tls_optional=1", "!mails_ordinary", "mails_accepted=1" } },
	{ "a report",
	  { HELO, MAIL, GO, "C:TLS-Report-Domain: b.example",
	    "C:TLS-Report-Submitter: a.example", "C:", END },
	  { "mails_tls_report=1", "!mails_ordinary" } },
	{ "of two mails the first",
	  { HELO, MAIL, GO, NO, END, MAIL, GO, "C:Subject: x", "C:", END },
	  { "mails_tls_optional=1", "mails_ordinary=1" } },
	{ "of two mails the second",
	  { HELO, MAIL, GO, "C:Subject: x", "C:", "C:TLS-Required: No", END,
	    MAIL, GO, NO, END },
	  { "mails_tls_optional=1", "mails_ordinary=1" } },
	{ "both, in one go",
	  { "S:220 mx ESMTP", "C:EHLO a", "S:250-mx", "S:250 PIPELINING",
	    "C|MAIL FROM:<x@a.example>\r\nRCPT TO:<y@b.example>\r\nDATA\r\n"
	    "TLS-Required: No\r\n\r\n.\r\nMAIL FROM:<x@a.example>\r\n"
	    "RCPT TO:<y@b.example>\r\nDATA\r\nTLS-Required: No\r\n\r\n.\r\n",
	    "S|250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n250 ok\r\n250 ok\r\n"
	    "354 go\r\n250 ok\r\n" },
	  { "mails_tls_optional=2", "!mails_ordinary" } },
	{ "MAIL with REQUIRETLS stands above the header",
	  { HELO, "C:MAIL FROM:<x@a.example> REQUIRETLS", "S:250 ok",
	    "C:RCPT TO:<y@b.example>", "S:250 ok", GO, NO, END },
	  { "!mails_tls_optional", "mails_ordinary=1", "requiretls" } },
	{ "REQUIRETLS for the mail before it",
	  { HELO, "C:MAIL FROM:<x@a.example> REQUIRETLS", "S:550 no", MAIL,
	    GO, NO, END },
	  { "mails_tls_optional=1", "!mails_ordinary", "requiretls" } },
	{ "chunks",
	  { HELO, MAIL, "C|BDAT 18\r\nTLS-Required: No\r\n", "S:250 ok",
	    "C|BDAT 6 LAST\r\n\r\ntext", "S:250 ok" },
	  { "mails_tls_optional=1", "!mails_ordinary" } },
	{ "a header cut in two by chunks",
	  { HELO, MAIL, "C|BDAT 8\r\nTLS-Requ", "S:250 ok",
	    "C|BDAT 14 LAST\r\nired: No\r\n\r\nab", "S:250 ok" },
	  { "mails_tls_optional=1", "!mails_ordinary" } },
	{ "text of a later chunk",
	  { HELO, MAIL, "C|BDAT 6\r\nA: b\r\n", "S:250 ok",
	    "C|BDAT 22 LAST\r\n\r\nTLS-Required: No\r\n\r\n", "S:250 ok" },
	  { "mails_ordinary=1", "!mails_tls_optional" } },
	{ "a last chunk of nothing",
	  { HELO, MAIL, "C|BDAT 18\r\nTLS-Required: No\r\n", "S:250 ok",
	    "C:BDAT 0 LAST", "S:250 ok" },
	  { "mails_tls_optional=1", "!mails_ordinary" } },
	{ "chunks of a mail that was given up",
	  { HELO, MAIL, "C|BDAT 18\r\nTLS-Required: No\r\n", "S:250 ok",
	    "C:RSET", "S:250 ok", MAIL, "C|BDAT 8 LAST\r\nA: b\r\n\r\n",
	    "S:250 ok" },
	  { "mails_ordinary=1", "!mails_tls_optional" } },
	{ "octets that are no mail",
	  { HELO, MAIL, "C:XEXCH50 20 2", "S:354 go",
	    "C|TLS-Required: No\r\n\r\n", "S:250 ok",
	    "C|BDAT 8 LAST\r\nA: b\r\n\r\n", "S:250 ok" },
	  { "mails_ordinary=1", "!mails_tls_optional" } },
	{ "a text from elsewhere",
	  { HELO, MAIL, "C:BURL imap://x LAST", "S:250 ok" },
	  { "mails_ordinary=1", "headers_unseen=1" } },
	{ "a gap in the header",
	  { HELO, MAIL, GO, "C:Subject: x", "gap C 40", NO, END },
	  { "mails_ordinary=1", "headers_unseen=1", "!mails_tls_optional" } },
	{ "a gap behind the header",
	  { HELO, MAIL, GO, NO, "gap C 40", "C|\r\n.\r\n", "S:250 ok" },
	  { "mails_tls_optional=1", "!mails_ordinary" } },
	{ "a gap between chunks, where another mail may begin",
	  { HELO, MAIL, "C|BDAT 20\r\nTLS-Required: No\r\n\r\n", "S:250 ok",
	    "gap C 100", "C|BDAT 6 LAST\r\nabcdef", "S:250 ok" },
	  { "!mails_tls_optional", "gap_in_mail" } },
	{ "a body whose DATA was not captured",
	  { HELO, MAIL, "gap C 6", "S:354 go", NO, "C:x", END },
	  { "mails_ordinary=1", "headers_unseen=1", "!mails_tls_optional" } },
	{ "what the server takes for the end",
	  { HELO, MAIL, GO, "C|A: b\r\n.\nTLS-Required: No\r\n", END },
	  { "mails_ordinary=1", "!mails_tls_optional" } },
	{ "refused at its end: its octets went all the same",
	  { HELO, MAIL, GO, "C:A: b", "C:.", "S:550 no", MAIL, GO, NO, END },
	  { "mails_tls_optional=1", "mails_ordinary=1" } },
};

static void
test_mails(void **state)
{
	(void)state;
	talk_check_all(mails, sizeof(mails) / sizeof(mails[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_dots_mean_nothing_in_chunks),
		cmocka_unit_test(test_a_gap_in_the_header_leaves_it_unknown),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
