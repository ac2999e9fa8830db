/* SPDX-License-Identifier: ISC */
/*
 * baseline/past.h -- what is remembered of a server and a client, as it was
 * before one session.
 *
 * Plain facts for rules to weigh; nothing here judges.  Counts are of
 * sessions that began before the one asked about, within the window of
 * memory (struct baseline_limits).  "Missing" is a complete EHLO reply
 * without a usable offer: absent, masked, or EHLO refused.
 */
#ifndef BASELINE_PAST_H
#define BASELINE_PAST_H

#include <stdbool.h>
#include <stdint.h>

/* So many sessions on so many days make a habit. */
#define PAST_HABIT_SESSIONS	5
#define PAST_HABIT_DAYS		2

/* How an earlier attempt at TLS between the same two ended. */
enum past_failure {
	PAST_FAILED_NOT,
	PAST_FAILED_REFUSED,	/* STARTTLS was refused */
	PAST_FAILED_BROKEN,	/* the handshake did not come about */
};

/* What the client's hello offers now, beside what it offered this server
 * before. */
enum past_offer {
	PAST_OFFER_UNKNOWN,
	PAST_OFFER_SAME,	/* the same suites */
	PAST_OFFER_CUT,		/* other suites; but for them, the same hello */
	PAST_OFFER_OTHER,	/* another hello, as another program's */
};

struct past {
	/* the server, for everybody */
	uint32_t	offered, absent, masked, ehlo_refused;
	uint32_t	offered_plainly;	/* in the form all clients know */
	uint32_t	established, handshakes_failed, starttls_refused;
	uint32_t	banners_plain, banners_masked;
	unsigned	offered_days;		/* distinct days, UTC */
	int64_t		first_offered, last_offered;	/* 0: never */
	int64_t		first_missing, last_missing;
	int64_t		broke_at;		/* the first time that it was
						 * missing after it had been
						 * offered for long without
						 * exception; 0: never */
	unsigned	mixed_buckets;		/* hours or days with both */

	/* ... by client network (IPv4 /24, IPv6 /48) */
	unsigned	nets_offered;		/* were offered it, ever */
	unsigned	nets_missing;		/* missed it since last_offered */
	unsigned	peers;			/* other networks offered it in
						 * the hours around the session */
	uint32_t	here_offered, here_missing;	/* this network */
	unsigned	here_missing_days;

	/* ... by the name in its EHLO reply: back ends of a pool */
	unsigned	names;
	uint32_t	name_offered, name_missing;
	unsigned	name_days;		/* with this name */

	/* ... its replies and keys */
	bool		reply_known;		/* some offering reply is */
	bool		reply_same;		/* this list, but for STARTTLS,
						 * is one of those */
	unsigned	keywords, keywords_usual; /* in this list but for
						 * STARTTLS, and in the latest
						 * of those; 0: unknown */
	unsigned	keys;			/* distinct ones shown */
	bool		key_known, issuer_known;

	/* ... what it chose in TLS: of suites of this session's grade (enum
	 * suite_grade) or below */
	uint32_t	suites_low;		/* sessions */
	unsigned	suites_low_nets;	/* other networks: at least */
	unsigned	suites_low_days;	/* a downgrade does not count */
	int64_t		suites_low_first;	/* 0: never */
	int64_t		suites_better_last;	/* of a higher grade; 0 */

	/* the client */
	uint32_t	client_tls, client_unused;	/* offers taken, and not */
	uint32_t	client_tls_here, client_unused_here;
	uint16_t	client_best_here;	/* greatest version it offered */
	uint16_t	chosen_best_here;	/* ... and got */
	int64_t		client_best_at;
	/* ... suites that both agreed on, but for downgrades */
	uint32_t	suites_here;		/* sessions */
	unsigned	suites_here_days;
	uint8_t		suite_lowest_here;	/* grades; 0: none */
	uint8_t		suite_best_here;
	enum past_offer	offer_here;
	unsigned	offer_elsewhere;	/* other servers it offered the
						 * same as this session does */
	enum past_failure failed;		/* with this server or one of
						 * the same domain */
	int64_t		failed_at;
	bool		failed_there;		/* it was another server */

	/* its network, in the hours around the session */
	unsigned	net_servers_offering, net_servers_missing;
};

#endif
