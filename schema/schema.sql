-- SPDX-License-Identifier: ISC
--
-- schema.sql -- the tables, version 5.
--
-- Readers use the views (views.sql); the tables may change with a version.
-- Times are microseconds since 1970, UTC.  A session costs one row: words
-- are small numbers, what repeats is a number of a dictionary, what is
-- rare stands in one JSON text, and all rows of sessions and findings are
-- appended: what is written for each session at a random place is an entry
-- of one narrow index.
--
-- Numbers of severity, confidence, verdict, expectation and gap are those
-- of names.def in this version: names may be appended there, and any other
-- change needs an upgrade.  Kinds are found by their word, so names.def may
-- rank them anew at will.

-- What happened, kept at creation and at each opening by a later program.
CREATE TABLE kind (
	id		INTEGER PRIMARY KEY,
	word		TEXT NOT NULL UNIQUE,
	text		TEXT NOT NULL
) STRICT;

-- Bits of finding.because.
CREATE TABLE expectation (
	id		INTEGER PRIMARY KEY,
	word		TEXT NOT NULL UNIQUE
) STRICT;

-- Bits of session.gaps.
CREATE TABLE gap (
	id		INTEGER PRIMARY KEY,
	word		TEXT NOT NULL UNIQUE,
	text		TEXT NOT NULL
) STRICT;

CREATE TABLE sensor (
	id		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL UNIQUE
) STRICT;

-- An interface, or a capture file by its name.
CREATE TABLE source (
	id		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL UNIQUE
) STRICT;

-- One source read once.  Reading the same packets again leaves one row.
CREATE TABLE run (
	id		INTEGER PRIMARY KEY,
	sensor		INTEGER NOT NULL REFERENCES sensor,
	source		INTEGER NOT NULL REFERENCES source,
	begun_at	INTEGER NOT NULL,
	first_at	INTEGER,	-- first and last packet; NULL: none,
	last_at		INTEGER,	-- or the run did not end in order
	counters	TEXT,		-- JSON object; NULL: did not end
	damage		TEXT		-- what could not be read; NULL: nothing
) STRICT;

-- Addresses but those of IPv4, which stand for themselves: session.client
-- and session.server are the 32 bits of an IPv4 address as a signed number,
-- or the number of a row here, which is outside those.  A flood from random
-- IPv4 addresses adds no row.
CREATE TABLE host (
	id		INTEGER PRIMARY KEY CHECK (id > 4294967295),
	ip		TEXT NOT NULL UNIQUE,
	net		TEXT NOT NULL	-- its /48
) STRICT;

-- What comes again and again: names, domains, suites, fingerprints, ...
CREATE TABLE text (
	id		INTEGER PRIMARY KEY,
	text		TEXT NOT NULL UNIQUE
) STRICT;

-- Lines of dialogues and greetings.  Most come again, but many carry a
-- queue id or a time and never do; an index to find those would be written
-- at a random page for each.  So lines are only appended, the store
-- remembers the frequent ones, and a line may be here twice.
CREATE TABLE line (
	id		INTEGER PRIMARY KEY,
	text		TEXT NOT NULL
) STRICT;

-- A reply to EHLO behind its first line, which greets the client by name
-- and would make each reply a new one (that is session.ehlo_first).
CREATE TABLE ehlo_reply (
	id		INTEGER PRIMARY KEY,
	lines		TEXT NOT NULL UNIQUE,	-- JSON array
	keywords	TEXT NOT NULL		-- JSON array, upper case
) STRICT;

CREATE TABLE certificate (
	id		INTEGER PRIMARY KEY,
	sha256		BLOB NOT NULL UNIQUE,
	spki_sha256	BLOB,		-- NULL, as all below: X.509 unreadable
	subject		TEXT,
	issuer		TEXT,
	san		TEXT,		-- JSON array
	not_before	INTEGER,
	not_after	INTEGER,
	der		BLOB NOT NULL
) STRICT;

-- What a server sent when that was more than its own certificate.
CREATE TABLE chain (
	id		INTEGER PRIMARY KEY,
	certificates	TEXT NOT NULL UNIQUE,	-- JSON array of ids, leaf first
	length		INTEGER NOT NULL
) STRICT;

-- What sessions have in common: all of a session that is no matter of its
-- own.  A few hundred of these describe half a million sessions.  Only
-- appended, like lines, and one may be here twice.
CREATE TABLE common (
	id		INTEGER PRIMARY KEY,
	sensor		INTEGER NOT NULL REFERENCES sensor,
	server_name_from INTEGER,	-- 1 sni, 2 banner, 3 mx, 4 dns
	protocol	INTEGER NOT NULL,	-- 0 none, 1 smtp, 2 lmtp,
						-- 3 tls, 4 other
	gaps		INTEGER NOT NULL,	-- bits, table gap
	ending		INTEGER NOT NULL,	-- 0 fin, 1 open,
				-- 2 reset-client, 3 reset-server,
				-- 4 reset-both, 5 idle, 6 replaced, 7 evicted
	handshake	INTEGER NOT NULL,	-- 0 midstream, 1 syn+synack,
				-- 2 syn-only, 3 synack-only
	payload		INTEGER NOT NULL,	-- 0 none, 1 both,
				-- 2 client-only, 3 server-only
	flags		INTEGER NOT NULL,	-- 1 quit, 2 plain after 220,
				-- 4 tls resumed
	vlan		INTEGER,
	tunnel		INTEGER REFERENCES text,	-- JSON array of words

	greeting_code	INTEGER,
	hello		INTEGER,	-- 1 EHLO, 2 HELO, 3 LHLO
	hellos		INTEGER REFERENCES text,	-- JSON array
	offer		INTEGER NOT NULL,	-- 0 unseen, 1 offered,
				-- 2 absent, 3 masked, 4 ehlo-refused,
				-- 5 not-asked
	offer_token	INTEGER REFERENCES text,
	starttls	INTEGER NOT NULL,	-- 0 not-sent, 1 sent, 2 masked,
				-- 3 unseen
	starttls_command INTEGER REFERENCES text,
	starttls_reply	INTEGER,

	tls		INTEGER NOT NULL,	-- 0 none, 1 established,
				-- 2 failed, 3 unseen
	tls_failure	INTEGER,	-- 1 no-hello, 2 plaintext, 3 alert,
				-- 4 reset, 5 closed, 6 timeout, 7 garbage
	tls_version	INTEGER REFERENCES text,
	tls_cipher	INTEGER REFERENCES text,
	client_tls_version INTEGER REFERENCES text,
	alpn		INTEGER REFERENCES text,
	ja3		INTEGER REFERENCES text,
	ja3s		INTEGER REFERENCES text,
	ja4		INTEGER REFERENCES text,
	certificate_seen INTEGER,	-- 0 none, 1 visible, 2 hidden

	protection	INTEGER NOT NULL,	-- 0 cleartext, 1 tls,
				-- 2 no-mail, 3 unknown
	mails_in_clear	INTEGER NOT NULL,	-- these four: 0 where
	mail_commands	INTEGER NOT NULL,	-- session.counts has them
	rcpt_commands	INTEGER NOT NULL,
	data_commands	INTEGER NOT NULL,
	auth_in_clear	INTEGER REFERENCES text,
	more		TEXT		-- JSON object: facts that few have;
				-- NULL: none, or session.more has them
) STRICT;

CREATE TABLE session (
	row		INTEGER PRIMARY KEY,	-- as they were stored, from 1 on
	id		INTEGER NOT NULL UNIQUE, -- see schema.h, session_id()
	identity	INTEGER NOT NULL,	-- the upper 48 of its 64 bits
	source		INTEGER NOT NULL REFERENCES source,
	started		INTEGER NOT NULL,	-- after the second id >> 21
	lasted		INTEGER NOT NULL,	-- from first to last packet
	client		INTEGER NOT NULL,	-- IPv4, or in table host
	client_port	INTEGER NOT NULL,
	server		INTEGER NOT NULL,
	server_port	INTEGER NOT NULL,
	server_name	INTEGER REFERENCES text,
	verdict		INTEGER NOT NULL,	-- enum verdict
	findings	INTEGER NOT NULL,	-- how many
	common		INTEGER NOT NULL REFERENCES common,
	octets_client	INTEGER NOT NULL,
	octets_server	INTEGER NOT NULL,
	packets		INTEGER NOT NULL,
	banner		INTEGER,	-- table line; negative: what is
				-- behind the reply code of that line
	hello_name	INTEGER REFERENCES text,
	ehlo_first	INTEGER,	-- as banner
	ehlo_reply	INTEGER REFERENCES ehlo_reply,
	sni		INTEGER REFERENCES text,
	certificate	INTEGER REFERENCES certificate,	-- the leaf
	chain		INTEGER REFERENCES chain,
	mail_from_domain INTEGER REFERENCES text,
	policy		INTEGER,	-- enum policy_state + 16 * enum sts_mode;
				-- NULL: not asked
	promise		INTEGER,		-- table promise
	tlsa		INTEGER,	-- TLSA records + 256 * those of them
				-- that the chain matches; NULL: none, or no
				-- chain was to be seen
	community	TEXT,			-- between '1:' and '='
	rcpt_domains	TEXT,		-- JSON array of text ids; NULL: none
	counts		TEXT,		-- JSON array of the four counts of
				-- commands that table common has; NULL: has
	more		TEXT,		-- as common.more, of this one alone
	dialogue	BLOB		-- see dialogue.h
) STRICT;

CREATE TABLE finding (
	id		INTEGER PRIMARY KEY,	-- 128 * session.row + rank in
				-- the session, 0 the gravest: see schema.h
	at		INTEGER NOT NULL,
	kind		INTEGER NOT NULL REFERENCES kind,
	because		INTEGER NOT NULL,	-- bits, table expectation
	severity	INTEGER NOT NULL,	-- enum severity
	confidence	INTEGER NOT NULL,	-- enum confidence
	summary		TEXT NOT NULL,		-- '' where `wording` has it
	evidence	TEXT NOT NULL,		-- JSON object, or numbers
	incident	INTEGER,		-- NULL: of none
	wording		INTEGER REFERENCES wording,
	shape		INTEGER REFERENCES wording
) STRICT;

-- What many findings say.  As a finding's wording: its summary, with octet
-- 1 for the server's name and address and 2 for the client's address.  As
-- its shape: its evidence, with octet n for the n-th packet and time, which
-- are numbers 2n-2 and 2n-1 of the JSON array in finding.evidence, packets
-- counted from the first one and microseconds from finding.at.  Only
-- appended, like lines, and a text may be here twice.
CREATE TABLE wording (
	id		INTEGER PRIMARY KEY,
	text		TEXT NOT NULL
) STRICT;

CREATE INDEX finding_incident ON finding (incident)
	WHERE incident IS NOT NULL;

-- What policies rest on: RRsets, status, resolver, time; each text once.
CREATE TABLE promise (
	id		INTEGER PRIMARY KEY,
	digest		TEXT NOT NULL UNIQUE,
	evidence	TEXT NOT NULL		-- JSON object
) STRICT;

-- Sessions whose certificate matched no TLSA record, by records that might
-- have been yesterday's: how they were judged first, and what records of
-- after the TTL said.
CREATE TABLE confirmation (
	session		INTEGER PRIMARY KEY,
	answer		INTEGER NOT NULL,	-- 1 unconfirmed: still to be
				-- asked again, 2 confirmed, 3 rollover-race,
				-- 4 withdrawn, 5 undecided
	due		INTEGER NOT NULL,	-- asked again no earlier
	settled		INTEGER,		-- when it was; NULL: open
	why		TEXT,			-- of undecided
	promise		INTEGER,		-- table promise: what was
						-- answered then
	verdict		INTEGER NOT NULL,	-- the first one, and of its
	severity	INTEGER NOT NULL,	-- certificate-mismatch
	confidence	INTEGER NOT NULL,
	summary		TEXT NOT NULL
) STRICT;

CREATE INDEX confirmation_open ON confirmation (session) WHERE answer = 1;

-- Sessions whose policy could not be looked up when they were judged: how
-- they were judged without, and what came of asking again.  What is promised
-- since is in the session itself.
CREATE TABLE unanswered (
	session		INTEGER PRIMARY KEY,
	answer		INTEGER NOT NULL,	-- 1 open: still to be asked
				-- again, 2 answered, and judged again, 3 left
	why		TEXT NOT NULL,		-- the lookup failed, a word
	at		INTEGER NOT NULL,	-- ... when it was judged without
	due		INTEGER NOT NULL,	-- asked again no earlier
	tries		INTEGER NOT NULL,	-- how often it was since
	settled		INTEGER,		-- when; NULL: open
	why_left	TEXT,			-- of left
	policy		INTEGER,		-- as session.policy, of before
	promise		INTEGER,		-- likewise
	verdict		INTEGER NOT NULL,	-- likewise
	kinds		TEXT NOT NULL,		-- JSON array, gravest first
	severity	INTEGER,		-- of the gravest finding; NULL:
	summary		TEXT			-- there was none
) STRICT;

CREATE INDEX unanswered_open ON unanswered (session) WHERE answer = 1;

-- MTA-STS policies outlive the process that fetched them (RFC 8461 section
-- 5.1).  The line is that of policy/sts_store.h.
CREATE TABLE sts_policy (
	domain		TEXT PRIMARY KEY,
	expires		INTEGER NOT NULL,
	line		TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What servers (0), clients (1) and client networks (2) did before, packed:
-- see baseline/.  Keys are address and port, address, network.
CREATE TABLE past (
	what		INTEGER NOT NULL,
	key		BLOB NOT NULL,
	last		INTEGER NOT NULL,	-- latest session learnt
	memory		BLOB NOT NULL,
	PRIMARY KEY (what, key)
) STRICT, WITHOUT ROWID;

-- Findings with one cause, as an analyst works on them.
CREATE TABLE incident (
	id		INTEGER PRIMARY KEY,
	family		INTEGER NOT NULL,	-- enum family
	server		INTEGER,	-- as session.server; NULL: many,
	server_port	INTEGER,	-- lost for one client network
	client_net	TEXT,		-- that network; NULL: at the server
	kind		INTEGER NOT NULL REFERENCES kind,	-- gravest
	because		INTEGER NOT NULL,	-- bits, table expectation
	severity	INTEGER NOT NULL,	-- enum severity
	confidence	INTEGER NOT NULL,	-- enum confidence
	state		INTEGER NOT NULL,	-- enum state
	first_seen	INTEGER NOT NULL,
	last_seen	INTEGER NOT NULL,
	sessions	INTEGER NOT NULL,
	mails_in_clear	INTEGER NOT NULL,
	located		INTEGER NOT NULL,	-- enum location
	session		INTEGER NOT NULL,	-- the gravest
	servers_missing	INTEGER NOT NULL,	-- lost for these clients, and
	servers_offering INTEGER NOT NULL,	-- not, in the latest hours
	nets_offered	INTEGER NOT NULL,	-- by this server, ever, and
	peers		INTEGER NOT NULL,	-- others, in the latest hours
	title		TEXT NOT NULL,
	explanation	TEXT NOT NULL,
	next_steps	TEXT NOT NULL,		-- JSON array
	mended		INTEGER		-- posture: found well again then;
				-- NULL: not, or of no such family
) STRICT;

CREATE INDEX incident_at ON incident (family, server, server_port);

-- Who and what is in it; the first few hundred of each.
CREATE TABLE incident_part (
	incident	INTEGER NOT NULL REFERENCES incident,
	what		INTEGER NOT NULL,	-- 0 client net, 1 server,
				-- 2 recipient domain, 3 sensor, 4 kind,
				-- 5 cause, 6 server name,
				-- 7 what of a server is to be mended
	word		TEXT NOT NULL,
	sessions	INTEGER NOT NULL,
	PRIMARY KEY (incident, what, word)
) STRICT, WITHOUT ROWID;

-- For finding what one client network lost.
CREATE INDEX incident_part_net ON incident_part (word)
	WHERE what = 0;

-- Its life: who did what, and when (the clock's time).
CREATE TABLE incident_log (
	id		INTEGER PRIMARY KEY,
	incident	INTEGER NOT NULL REFERENCES incident,
	at		INTEGER NOT NULL,
	who		TEXT NOT NULL,
	action		TEXT NOT NULL,	-- opened, acknowledged, closed,
				-- reopened, suppressed, noted, merged, revised
	text		TEXT
) STRICT;

CREATE INDEX incident_log_of ON incident_log (incident);
