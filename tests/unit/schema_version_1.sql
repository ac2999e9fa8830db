-- SPDX-License-Identifier: ISC
--
-- A database as the program of version 1 made it: its schema.sql, then its
-- views.sql, unchanged.  The upgrade is tried on this, not on what we think
-- it was.
--
-- schema.sql -- the tables, version 1.
--
-- Readers use the views (views.sql); the tables may change with a version.
-- Times are microseconds since 1970, UTC.  A session costs one row: words
-- are small numbers, what repeats is a number of a dictionary, what is
-- rare stands in one JSON text, and there is no index that would have to
-- be written for each session at a random place.
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

CREATE TABLE session (
	id		INTEGER PRIMARY KEY,	-- see schema.h, session_id()
	identity	INTEGER NOT NULL,	-- 64 bits, of which id has some
	sensor		INTEGER NOT NULL REFERENCES sensor,
	source		INTEGER NOT NULL REFERENCES source,
	started		INTEGER NOT NULL,	-- after the second id >> 21
	lasted		INTEGER NOT NULL,	-- from first to last packet
	community	TEXT,			-- between '1:' and '='
	client		INTEGER NOT NULL,	-- IPv4, or in table host
	client_port	INTEGER NOT NULL,
	server		INTEGER NOT NULL,
	server_port	INTEGER NOT NULL,
	server_name	INTEGER REFERENCES text,
	server_name_from INTEGER,	-- 1 sni, 2 banner, 3 mx, 4 dns

	protocol	INTEGER NOT NULL,	-- 0 none, 1 smtp, 2 lmtp,
						-- 3 tls, 4 other
	verdict		INTEGER NOT NULL,	-- enum verdict
	findings	INTEGER NOT NULL,	-- how many
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
	octets_client	INTEGER NOT NULL,
	octets_server	INTEGER NOT NULL,
	packets		INTEGER NOT NULL,
	vlan		INTEGER,
	tunnel		INTEGER REFERENCES text,	-- JSON array of words

	greeting_code	INTEGER,
	banner		INTEGER REFERENCES line,
	hello		INTEGER,	-- 1 EHLO, 2 HELO, 3 LHLO
	hello_name	INTEGER REFERENCES text,
	hellos		INTEGER REFERENCES text,	-- JSON array
	ehlo_first	INTEGER REFERENCES line,
	ehlo_reply	INTEGER REFERENCES ehlo_reply,
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
	sni		INTEGER REFERENCES text,
	alpn		INTEGER REFERENCES text,
	ja3		INTEGER REFERENCES text,
	ja3s		INTEGER REFERENCES text,
	ja4		INTEGER REFERENCES text,
	certificate_seen INTEGER,	-- 0 none, 1 visible, 2 hidden
	certificate	INTEGER REFERENCES certificate,	-- the leaf
	chain		INTEGER REFERENCES chain,

	protection	INTEGER NOT NULL,	-- 0 cleartext, 1 tls,
				-- 2 no-mail, 3 unknown
	mails_in_clear	INTEGER NOT NULL,
	mail_commands	INTEGER NOT NULL,
	rcpt_commands	INTEGER NOT NULL,
	data_commands	INTEGER NOT NULL,
	mail_from_domain INTEGER REFERENCES text,
	rcpt_domains	TEXT,		-- JSON array of text ids; NULL: none
	auth_in_clear	INTEGER REFERENCES text,

	more		TEXT,		-- JSON object: facts that few have
	dialogue	BLOB		-- see dialogue.h
) STRICT;

CREATE TABLE finding (
	id		INTEGER PRIMARY KEY,
	session		INTEGER NOT NULL REFERENCES session,
	rank		INTEGER NOT NULL,	-- in its session, 0 the gravest
	at		INTEGER NOT NULL,
	kind		INTEGER NOT NULL REFERENCES kind,
	because		INTEGER NOT NULL,	-- bits, table expectation
	severity	INTEGER NOT NULL,	-- enum severity
	confidence	INTEGER NOT NULL,	-- enum confidence
	summary		TEXT NOT NULL,
	evidence	TEXT NOT NULL,		-- JSON object
	UNIQUE (session, rank)
) STRICT;

--
-- views.sql -- what every reader relies on.
--
-- The first columns of each view are the contract's, in its order; those
-- behind them may grow.  Lists are JSON arrays, unknown is NULL.  Nothing
-- here needs more than a plain sqlite3 of 3.38.
--
-- Dictionaries are read by scalar subqueries rather than joins: a reader
-- who asks for few columns, or filters, pays for no other.

CREATE VIEW v_sessions AS SELECT
	s.id AS id,
	(SELECT name FROM sensor WHERE id = s.sensor) AS sensor,
	(SELECT name FROM source WHERE id = s.source) AS source,
	(s.id >> 21) * 1000000 + s.started AS started_at,
	(s.id >> 21) * 1000000 + s.started + s.lasted AS ended_at,
	'1:' || s.community || '=' AS community_id,
	CASE WHEN s.client BETWEEN -2147483648 AND 2147483647
	    THEN printf('%d.%d.%d.%d', (s.client >> 24) & 255,
	    (s.client >> 16) & 255, (s.client >> 8) & 255, s.client & 255)
	    ELSE (SELECT ip FROM host WHERE id = s.client) END AS client_ip,
	s.client_port AS client_port,
	CASE WHEN s.server BETWEEN -2147483648 AND 2147483647
	    THEN printf('%d.%d.%d.%d', (s.server >> 24) & 255,
	    (s.server >> 16) & 255, (s.server >> 8) & 255, s.server & 255)
	    ELSE (SELECT ip FROM host WHERE id = s.server) END AS server_ip,
	s.server_port AS server_port,
	(SELECT text FROM text WHERE id = s.server_name) AS server_name,
	CASE s.server_name_from WHEN 1 THEN 'sni' WHEN 2 THEN 'banner'
	    WHEN 3 THEN 'mx' WHEN 4 THEN 'dns' END AS server_name_from,
	CASE s.protocol WHEN 0 THEN 'none' WHEN 1 THEN 'smtp'
	    WHEN 2 THEN 'lmtp' WHEN 3 THEN 'tls' WHEN 4 THEN 'other'
	    END AS protocol,
	CASE s.hello WHEN 1 THEN 'EHLO' WHEN 2 THEN 'HELO'
	    WHEN 3 THEN 'LHLO' END AS hello,
	(SELECT keywords FROM ehlo_reply WHERE id = s.ehlo_reply)
	    AS capabilities,
	CASE s.offer WHEN 0 THEN 'unseen' WHEN 1 THEN 'offered'
	    WHEN 2 THEN 'absent' WHEN 3 THEN 'masked'
	    WHEN 4 THEN 'ehlo-refused' WHEN 5 THEN 'not-asked' END AS offer,
	CASE s.starttls WHEN 0 THEN 'not-sent' WHEN 1 THEN 'sent'
	    WHEN 2 THEN 'masked' WHEN 3 THEN 'unseen' END AS starttls,
	s.starttls_reply AS starttls_reply,
	CASE s.tls WHEN 0 THEN 'none' WHEN 1 THEN 'established'
	    WHEN 2 THEN 'failed' WHEN 3 THEN 'unseen' END AS tls,
	CASE s.tls_failure WHEN 1 THEN 'no-hello' WHEN 2 THEN 'plaintext'
	    WHEN 3 THEN 'alert' WHEN 4 THEN 'reset' WHEN 5 THEN 'closed'
	    WHEN 6 THEN 'timeout' WHEN 7 THEN 'garbage' END AS tls_failure,
	(SELECT text FROM text WHERE id = s.tls_version) AS tls_version,
	(SELECT text FROM text WHERE id = s.tls_cipher) AS tls_cipher,
	(SELECT text FROM text WHERE id = s.sni) AS sni,
	(SELECT text FROM text WHERE id = s.ja3) AS ja3,
	(SELECT text FROM text WHERE id = s.ja3s) AS ja3s,
	(SELECT text FROM text WHERE id = s.ja4) AS ja4,
	CASE s.certificate_seen WHEN 0 THEN 'none' WHEN 1 THEN 'visible'
	    WHEN 2 THEN 'hidden' END AS certificate,
	(SELECT lower(hex(sha256)) FROM certificate WHERE id = s.certificate)
	    AS certificate_sha256,
	(SELECT lower(hex(spki_sha256)) FROM certificate
	    WHERE id = s.certificate AND spki_sha256 IS NOT NULL)
	    AS spki_sha256,
	CASE s.protection WHEN 0 THEN 'cleartext' WHEN 1 THEN 'tls'
	    WHEN 2 THEN 'no-mail' WHEN 3 THEN 'unknown' END AS protection,
	s.mails_in_clear AS mails_in_clear,
	(SELECT text FROM text WHERE id = s.mail_from_domain)
	    AS mail_from_domain,
	CASE WHEN s.rcpt_domains IS NULL THEN '[]' ELSE
	    (SELECT json_group_array(domain) FROM
	    (SELECT t.text AS domain
	    FROM json_each(s.rcpt_domains) AS e CROSS JOIN text AS t
	    WHERE t.id = e.value ORDER BY e.key)) END AS rcpt_domains,
	(SELECT text FROM text WHERE id = s.auth_in_clear) AS auth_in_clear,
	CASE s.gaps WHEN 0 THEN 'complete' ELSE 'partial' END AS capture,
	CASE s.gaps WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT word FROM gap WHERE ((s.gaps >> id) & 1) = 1
	    ORDER BY id)) END AS capture_gaps,
	'unknown' AS policy,
	'unknown' AS sts,
	CASE s.verdict WHEN 0 THEN 'benign' WHEN 1 THEN 'undecided'
	    WHEN 2 THEN 'suspicious' WHEN 3 THEN 'attack' END AS verdict,
	CASE s.findings WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT k.word AS word
	    FROM finding AS f CROSS JOIN kind AS k
	    WHERE f.session = s.id AND k.id = f.kind
	    GROUP BY k.id ORDER BY min(f.rank))) END AS kinds,

	-- more than the contract asks for
	CASE s.ending WHEN 0 THEN 'fin' WHEN 1 THEN 'open'
	    WHEN 2 THEN 'reset-client' WHEN 3 THEN 'reset-server'
	    WHEN 4 THEN 'reset-both' WHEN 5 THEN 'idle'
	    WHEN 6 THEN 'replaced' WHEN 7 THEN 'evicted' END AS "end",
	CASE s.handshake WHEN 0 THEN 'midstream' WHEN 1 THEN 'syn+synack'
	    WHEN 2 THEN 'syn-only' WHEN 3 THEN 'synack-only' END AS handshake,
	CASE s.payload WHEN 1 THEN 'both' WHEN 2 THEN 'client-only'
	    WHEN 3 THEN 'server-only' END AS payload,
	s.greeting_code AS greeting_code,
	(SELECT text FROM line WHERE id = s.banner) AS banner,
	(SELECT text FROM text WHERE id = s.hello_name) AS hello_name,
	ifnull((SELECT text FROM text WHERE id = s.hellos), '[]') AS hellos,
	CASE WHEN s.ehlo_first IS NOT NULL THEN '['
	    || json_quote((SELECT text FROM line WHERE id = s.ehlo_first))
	    || ifnull((SELECT CASE lines WHEN '[]' THEN ']'
	    ELSE ',' || substr(lines, 2) END
	    FROM ehlo_reply WHERE id = s.ehlo_reply), ']') END AS ehlo_reply,
	(SELECT text FROM text WHERE id = s.offer_token) AS offer_token,
	(SELECT text FROM text WHERE id = s.starttls_command)
	    AS starttls_command,
	json_extract(s.more, '$.tls_alert') AS tls_alert,
	(SELECT text FROM text WHERE id = s.client_tls_version)
	    AS client_tls_version,
	(SELECT text FROM text WHERE id = s.alpn) AS alpn,
	s.mail_commands AS mail_commands,
	s.rcpt_commands AS rcpt_commands,
	s.data_commands AS data_commands,
	s.flags & 1 AS quit,
	(s.flags >> 1) & 1 AS plain_after_220,
	ifnull(json_extract(s.more, '$.missing_client'), 0) AS missing_client,
	ifnull(json_extract(s.more, '$.missing_server'), 0) AS missing_server,
	ifnull(json_extract(s.more, '$.conflict_octets'), 0)
	    AS conflict_octets,
	s.octets_client AS octets_client,
	s.octets_server AS octets_server,
	s.packets AS packets,
	s.vlan AS vlan,
	ifnull((SELECT text FROM text WHERE id = s.tunnel), '[]') AS tunnel,
	(SELECT subject FROM certificate WHERE id = s.certificate)
	    AS certificate_subject,
	(SELECT issuer FROM certificate WHERE id = s.certificate)
	    AS certificate_issuer,
	(SELECT san FROM certificate WHERE id = s.certificate)
	    AS certificate_san,
	(SELECT not_before FROM certificate WHERE id = s.certificate)
	    AS certificate_not_before,
	(SELECT not_after FROM certificate WHERE id = s.certificate)
	    AS certificate_not_after,
	CASE WHEN s.chain IS NOT NULL
	    THEN (SELECT length FROM chain WHERE id = s.chain)
	    WHEN s.certificate IS NOT NULL THEN 1 END AS certificate_chain,
	(s.flags >> 2) & 1 AS resumed,
	ifnull(json_extract(s.more, '$.dialogue_dropped'), 0)
	    AS dialogue_dropped,
	s.more AS more
FROM session AS s;

CREATE VIEW v_findings AS SELECT
	f.id AS id,
	f.session AS session_id,
	CAST(NULL AS INTEGER) AS incident_id,
	f.at AS at,
	(SELECT word FROM kind WHERE id = f.kind) AS kind,
	CASE f.because WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT word FROM expectation
	    WHERE ((f.because >> id) & 1) = 1 ORDER BY id)) END AS because,
	CASE f.severity WHEN 0 THEN 'info' WHEN 1 THEN 'low'
	    WHEN 2 THEN 'medium' WHEN 3 THEN 'high'
	    WHEN 4 THEN 'critical' END AS severity,
	CASE f.confidence WHEN 0 THEN 'circumstantial' WHEN 1 THEN 'strong'
	    WHEN 2 THEN 'certain' END AS confidence,
	f.summary AS summary,
	f.evidence AS evidence,

	-- more than the contract asks for
	v.sensor AS sensor,
	v.source AS source,
	v.client_ip AS client_ip,
	v.client_port AS client_port,
	v.server_ip AS server_ip,
	v.server_port AS server_port,
	v.server_name AS server_name,
	v.mail_from_domain AS mail_from_domain,
	v.rcpt_domains AS rcpt_domains,
	v.verdict AS verdict
FROM finding AS f CROSS JOIN v_sessions AS v ON v.id = f.session;

-- One row per address and port.  `client_nets` is how many networks (/24,
-- /48) its clients came from: the list itself has no bound.  `certificates`
-- lists the SHA-256 of at most 16 leaf certificates, the latest first.
-- `last_offer` is that of the last session in which the server was asked
-- and its answer seen.
CREATE VIEW v_servers AS
WITH total AS (
	SELECT s.server AS server, s.server_port AS port,
	    min((s.id >> 21) * 1000000 + s.started) AS first_seen,
	    max((s.id >> 21) * 1000000 + s.started + s.lasted) AS last_seen,
	    count(*) AS sessions,
	    sum(s.offer = 1) AS offered,
	    sum(s.offer = 2) AS absent,
	    sum(s.offer = 3) AS masked,
	    sum(s.tls = 1) AS tls_established,
	    max(CASE WHEN s.offer BETWEEN 1 AND 4 THEN s.id END) AS answered,
	    max(CASE WHEN s.offer = 1
	        THEN (s.id >> 21) * 1000000 + s.started END)
	        AS last_offered_at,
	    max(CASE WHEN s.server_name IS NOT NULL THEN s.id END) AS named,
	    count(DISTINCT CASE
	        WHEN s.client BETWEEN -2147483648 AND 2147483647
	        THEN s.client >> 8
	        ELSE (SELECT net FROM host WHERE id = s.client) END)
	        AS client_nets
	FROM session AS s GROUP BY s.server, s.server_port
), shown AS (
	SELECT server, server_port AS port, certificate, max(id) AS last
	FROM session WHERE certificate IS NOT NULL
	GROUP BY server, server_port, certificate
), ranked AS (
	SELECT server, port, certificate, row_number() OVER
	    (PARTITION BY server, port ORDER BY last DESC) AS place
	FROM shown
), listed AS (
	SELECT server, port, json_group_array(sha256) AS certificates
	FROM (SELECT r.server AS server, r.port AS port,
	    lower(hex(c.sha256)) AS sha256
	    FROM ranked AS r JOIN certificate AS c ON c.id = r.certificate
	    WHERE r.place <= 16 ORDER BY r.server, r.port, r.place)
	GROUP BY server, port
)
SELECT
	CASE WHEN t.server BETWEEN -2147483648 AND 2147483647
	    THEN printf('%d.%d.%d.%d', (t.server >> 24) & 255,
	    (t.server >> 16) & 255, (t.server >> 8) & 255, t.server & 255)
	    ELSE (SELECT ip FROM host WHERE id = t.server) END AS server_ip,
	t.port AS server_port,
	(SELECT server_name FROM v_sessions WHERE id = t.named)
	    AS server_name,
	t.first_seen AS first_seen,
	t.last_seen AS last_seen,
	t.sessions AS sessions,
	t.offered AS offered,
	t.absent AS absent,
	t.masked AS masked,
	(SELECT offer FROM v_sessions WHERE id = t.answered) AS last_offer,
	t.last_offered_at AS last_offered_at,
	t.tls_established AS tls_established,
	t.client_nets AS client_nets,
	ifnull(l.certificates, '[]') AS certificates,
	'unknown' AS policy,
	CAST(NULL AS INTEGER) AS tlsa_matching,
	CAST(NULL AS INTEGER) AS tlsa_total,
	'[]' AS posture
FROM total AS t LEFT JOIN listed AS l
    ON l.server = t.server AND l.port = t.port;
