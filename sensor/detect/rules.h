/* SPDX-License-Identifier: ISC */
/*
 * detect/rules.h -- the rules, and what they share.
 *
 * A rule looks at one brief and adds what it finds.  Each lives in a file
 * of its own, named after the kind it reports.
 */
#ifndef DETECT_RULES_H
#define DETECT_RULES_H

#include "detect/detect.h"
#include "detect/grade.h"

/* What a rule is given: the session, and what was before. */
struct brief {
	const struct session_record	*r;
	const struct smtp_facts		*smtp;	/* of silence: never NULL */
	const struct tls_facts		*tls;	/* NULL: none */
	const struct past		*past;	/* of nothing: never NULL */
	const struct promise		*promise;	/* likewise */
	bool	exposed;	/* a mail or a password passed in clear */
};

typedef void detect_rule(const struct brief *, struct findings *);

/* In the order in which they are asked: a later rule may look at what an
 * earlier one found. */
detect_rule	detect_starttls_masked;
detect_rule	detect_banner_masked;
detect_rule	detect_starttls_absent;
detect_rule	detect_ehlo_refused;
detect_rule	detect_starttls_command_masked;
detect_rule	detect_starttls_refused;
detect_rule	detect_starttls_demanded;
detect_rule	detect_starttls_hidden;
detect_rule	detect_tls_not_started;
detect_rule	detect_tls_disrupted;
detect_rule	detect_tls_downgraded;
detect_rule	detect_certificate_mismatch;
detect_rule	detect_certificate_changed;
detect_rule	detect_command_injection;
detect_rule	detect_response_injection;
detect_rule	detect_reply_conflict;
detect_rule	detect_path_anomaly;
detect_rule	detect_starttls_unused;
detect_rule	detect_cleartext_retry;
detect_rule	detect_requiretls_in_clear;
detect_rule	detect_mail_in_clear;
detect_rule	detect_credentials_in_clear;
detect_rule	detect_dns_conflict;

/* Apart from the verdict: what the operator should mend.  It fills the
 * postures alone, and only of servers that the inventory calls his own. */
detect_rule	detect_posture;

/* What a rule says; strings are copied. */
struct opinion {
	enum kind	 kind;
	enum weight	 weight;
	uint32_t	 because;	/* BECAUSE() of expectations, or 0 */
	struct mark	 at;		/* the decisive packet */
	const char	*expected, *seen;
	bool		 tentative;	/* expected by a trial, not a demand */
};

#define BECAUSE(e)	(1U << EXPECT_##e)

/* Add a finding with a summary in printf style, and return it so that its
 * evidence can be filled (NULL when there was no room or memory). */
struct finding	*finding_add(struct findings *f, const struct brief *b,
		    const struct opinion *o, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));

/* The same without a place in the list; false: memory is short. */
bool	finding_fill(struct finding *one, const struct brief *b,
	    const struct opinion *o, const struct circumstances *c,
	    const char *summary);

/* The finding of this kind that is there already, or NULL. */
const struct finding	*finding_of(const struct findings *f, enum kind kind);

/* A line of the dialogue into the evidence of `one`, which may be NULL. */
void	evidence_line(struct finding *one, enum side who, struct mark at,
	    const char *text);

/* Likewise STARTTLS as it was sent, and what answered it. */
void	evidence_starttls(struct finding *one, const struct smtp_facts *smtp);
void	evidence_starttls_reply(struct finding *one,
	    const struct smtp_facts *smtp);

/* The reply to the last EHLO, or NULL if none was kept. */
const struct smtp_greeting	*brief_hello(const struct brief *b);

/* record_server() of the session. */
const char	*brief_server(const struct brief *b, char out[PARTY_MAX]);
/* The client's address alone. */
const char	*brief_client(const struct brief *b, char out[PARTY_MAX]);

/* "1 mail" or "7 mails", into `out`. */
#define COUNTED_MAX	48
const char	*mails_counted(unsigned mails, char out[COUNTED_MAX]);
/* ", and 1 mail went in clear", or "" if none did. */
#define AFTERMATH_MAX	80
const char	*brief_aftermath(const struct brief *b,
		    char out[AFTERMATH_MAX]);

/* Mails the server took, and those sent whole whose reply was not seen. */
unsigned	record_mails(const struct session_record *r);

/*
 * What the past says about a missing offer: detect/expectation.c.
 */
enum habit {
	HABIT_UNKNOWN,		/* no record of an offer */
	HABIT_NEVER,		/* a record, and never an offer */
	HABIT_POOL,		/* this back end never offers it */
	HABIT_MIXED,		/* both, for long, for everybody */
	HABIT_HIDDEN,		/* others are offered it, this client network
				 * for long is not */
	HABIT_SWITCHED_OFF,	/* offered once; for long to nobody */
	HABIT_OFFERED_ONCE,	/* offered before, seldom or with exceptions
				 * from the beginning on */
	HABIT_OTHERS,		/* others are offered it in these hours, this
				 * network never was */
	HABIT_OFFERED,		/* long and without exception */
};
enum habit	brief_habit(const struct brief *b);
/* The weight and the reasons of a missing offer with that habit. */
enum weight	habit_weight(const struct brief *b, enum habit h,
		    uint32_t *because);
/* "it offered STARTTLS in 23 sessions on 3 days, last on ...", into out. */
#define REASON_MAX	400
const char	*habit_reason(const struct brief *b, enum habit h,
		    char out[REASON_MAX]);

/* Is this packet of that side so unlike the others that another host may
 * have sent it?  One trait alone does not tell: detect/path_anomaly.c. */
bool	brief_elsewhere(const struct brief *b, enum side who,
	    struct mark at);

/* No client ever got TLS with this server, for days: of its own making, and
 * not of the moment. */
bool	brief_never_worked(const struct brief *b);

/*
 * Who says that this destination does TLS: BECAUSE() of dane, sts and
 * inventory, or 0.  detect/promised.c, as all of these.
 */
uint32_t	brief_promised(const struct brief *b);
/* Only hoped for: MTA-STS in mode testing, and nobody demands it. */
bool		brief_hoped(const struct brief *b);
/* Promised to every sender, not only to those who look behind an unsigned MX
 * (dane-half, RFC 7672 section 2.2.1)? */
bool		brief_promised_wholly(const struct brief *b);
/* ", which promises TLS in DNS (DANE, _25._tcp.mx.example)", or "". */
#define PROMISED_MAX	400
const char	*brief_promise_words(const struct brief *b,
		    char out[PROMISED_MAX]);

/* May all its mails go in clear, whatever is promised?  Why, in words that
 * follow "went in clear" and begin with a colon; and what is promised and binds them even so.
 * detect/exempt.c. */
bool		brief_exempt(const struct brief *b);
const char	*brief_exemption(const struct brief *b);
uint32_t	brief_owed(const struct brief *b);

/* TLS by Exchange's own keyword, X-ANONYMOUSTLS, offered and used:
 * detect/starttls_hidden.c. */
bool	brief_anonymous(const struct brief *b);

/* A known box or tool by its handwriting, or NULL: detect/cause.c. */
const char	*brief_cause(const struct brief *b);
/* The certificate shown is the one that a stripping tool makes. */
bool	brief_tool_certificate(const struct brief *b);

#endif
