/* SPDX-License-Identifier: ISC */
/*
 * detect/incident.h -- findings with one cause, as an analyst works on them.
 *
 * All findings above a note of one session go to one incident: that of the
 * family of the gravest (detect/grade.c) at its server.  An incident goes on
 * as long as no more than INCIDENT_IDLE of packet time passes between its
 * sessions.  What an operator should mend (struct posture) has an incident
 * of its own for each kind and server, and for POSTURE_IDLE.  When several
 * servers lose the same for one client network
 * alone, theirs become one incident at that network.
 *
 * Plain facts and what they amount to; store/incidents.c keeps them.
 */
#ifndef DETECT_INCIDENT_H
#define DETECT_INCIDENT_H

#include "detect/detect.h"

#define INCIDENT_IDLE		INT64_C(86400000000)	/* us: a day */
#define POSTURE_IDLE		(30 * INCIDENT_IDLE)
#define INCIDENT_PARTS_MAX	300	/* of each sort */
#define INCIDENT_NET_SERVERS	3	/* from so many on it is the network */
#define INCIDENT_NEAR_NETS	3	/* from so many on it is the server */

/* incident_part.what: never renumber, they are stored. */
enum part {
	PART_CLIENT_NET, PART_SERVER, PART_DOMAIN, PART_SENSOR, PART_KIND,
	PART_CAUSE, PART_SERVER_NAME, PART_ABOUT, PARTS
};

struct incident_part {
	char		*word;		/* owned */
	uint64_t	 sessions;
	uint32_t	 hash;		/* of the word: words lie apart */
	bool		 dirty;		/* not yet stored like this */
};

struct incident_parts {
	struct incident_part	*list;
	unsigned		 count;
};

struct incident {
	int64_t		 id;
	enum family	 family;
	bool		 at_net;	/* at a client network, not a server */
	struct addr	 server;	/* unless at_net */
	uint16_t	 server_port;
	char		 net[ADDR_TEXT_MAX + 4];	/* if at_net */

	enum kind	 kind;		/* the gravest finding's */
	uint32_t	 because;
	enum severity	 severity;
	enum confidence	 confidence;
	int64_t		 first_seen, last_seen;
	uint64_t	 sessions, mails;
	int64_t		 session;	/* the gravest: to look at first */
	int64_t		 mended;	/* posture: found well then; 0: not */

	/* the counts that tell where it is, as of the latest session */
	unsigned	 servers_missing, servers_offering;	/* to that net */
	unsigned	 nets_offered, peers;	/* by that server, elsewhere */

	struct incident_parts	parts[PARTS];
	bool		 dirty;
};

/* What one session brings. */
struct incident_share {
	const struct session_record	*r;
	const struct findings		*f;
	const struct past		*past;
	const char			*sensor;
	int64_t				 session;	/* its id */
	bool				 again;		/* as it was known
							 * earlier it is in
							 * already: */
	int64_t				 before;	/* in this incident, */
	uint64_t			 mails_before;	/* with so many mails */
};

/* The finding an incident of this session would be about, or NULL: nothing
 * above a note. */
const struct finding	*incident_leader(const struct findings *f);

/* How long nothing may be seen of an incident of a family that goes on. */
int64_t	 incident_idle(enum family family);
/* Is a session at this time part of it, if the rest fits? */
bool	 incident_covers(const struct incident *i, int64_t at);
/* Is what lasted from `first` to `last`? */
bool	 incident_touches(const struct incident *i, int64_t first,
	    int64_t last);

/* "10.77.1.0/24", "fd77:1::/48": the client's network, into `out`. */
const char	*incident_net(const struct addr *client,
		    char out[ADDR_TEXT_MAX + 4]);
/* "10.77.2.21:25" or "[fd77:2::21]:25". */
#define INCIDENT_PARTY_MAX	(ADDR_TEXT_MAX + 8)
const char	*incident_server(const struct addr *server, uint16_t port,
		    char out[INCIDENT_PARTY_MAX]);

/* NULL: memory is short. */
struct incident	*incident_new(const struct incident_share *s);
void	 incident_free(struct incident *i);		/* NULL is fine */

/* Short of memory, or past their number, parts are left out. */
void	 incident_add(struct incident *i, const struct incident_share *s);
void	 incident_absorb(struct incident *i, const struct incident *other);
/* A word that is new counts as one session at least. */
void	 incident_put_part(struct incident *i, enum part what,
	    const char *word, uint64_t sessions, bool dirty);

/* Its findings were judged anew: the gravest of each grade and kind above a
 * note, which may be none.  Those that follow from others lead only alone. */
#define INCIDENT_LEADS_MAX	64
struct incident_lead {
	enum severity	 severity;
	enum confidence	 confidence;
	enum kind	 kind;
	int64_t		 session;
};
void	 incident_lead_by(struct incident *i, const struct incident_lead *l,
	    unsigned n);

/* From a server's to one at the only client network it has. */
void	 incident_move_to_net(struct incident *i);

/* Likewise of posture: incident_posture.c.  True: that was not known of it,
 * and is to be told. */
struct incident	*incident_posture_new(const struct incident_share *s,
		    const struct posture *p);
bool	 incident_posture_add(struct incident *i,
	    const struct incident_share *s, const struct posture *p);
/* It is well at that time, or what of it `p` names: mended, unless something
 * else was to be mended of late. */
void	 incident_posture_well(struct incident *i, const struct posture *p,
	    int64_t at);

/* What it amounts to, from the counts above. */
enum location	incident_location(const struct incident *i);
enum severity	incident_severity(const struct incident *i);

/* The words for an analyst; to be freed.  NULL: memory is short. */
char	*incident_title(const struct incident *i);
char	*incident_explanation(const struct incident *i);
char	*incident_next_steps(const struct incident *i);	/* a JSON array */
/* What settles a kind, one step. */
const char	*incident_step(enum kind kind);
/* ... of posture, likewise: posture_words.c. */
char	*posture_explanation(const struct incident *i);
char	*posture_next_steps(const struct incident *i);

#endif
