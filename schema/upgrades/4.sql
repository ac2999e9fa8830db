-- SPDX-License-Identifier: ISC
--
-- From version 4 to 5: sessions are rows one behind the other, with an index
-- of their ids, and a finding's id has its session's row and its rank in it.
-- The order of findings stays: sessions that have some come first, by them.

CREATE TEMP TABLE numbered (
	session		INTEGER PRIMARY KEY,
	row		INTEGER NOT NULL
);

INSERT INTO numbered SELECT s.id, row_number() OVER
    (ORDER BY f.first IS NULL, f.first, s.id)
    FROM main.session AS s LEFT JOIN (SELECT session, min(id) AS first
    FROM main.finding GROUP BY session) AS f ON f.session = s.id;

CREATE TABLE session_of_5 (
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

INSERT INTO session_of_5 (row,
    id, identity, source, started, lasted, client, client_port, server,
    server_port, server_name, verdict, findings, common, octets_client,
    octets_server, packets, banner, hello_name, ehlo_first, ehlo_reply,
    sni, certificate, chain, mail_from_domain, policy, promise, tlsa,
    community, rcpt_domains, counts, more, dialogue)
    SELECT n.row AS row,
    id, identity, source, started, lasted, client, client_port, server,
    server_port, server_name, verdict, findings, common, octets_client,
    octets_server, packets, banner, hello_name, ehlo_first, ehlo_reply,
    sni, certificate, chain, mail_from_domain, policy, promise, tlsa,
    community, rcpt_domains, counts, more, dialogue
    FROM main.session AS s CROSS JOIN numbered AS n ON n.session = s.id
    ORDER BY 1;

CREATE TABLE finding_of_5 (
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

INSERT INTO finding_of_5 SELECT n.row * 128 + f.rank AS id,
    at, kind, because, severity, confidence, summary, evidence, incident,
    wording, shape
    FROM main.finding AS f CROSS JOIN numbered AS n ON n.session = f.session
    ORDER BY 1;

DROP TABLE temp.numbered;
DROP TABLE finding;
DROP TABLE session;
ALTER TABLE session_of_5 RENAME TO session;
ALTER TABLE finding_of_5 RENAME TO finding;
CREATE INDEX finding_incident ON finding (incident)
	WHERE incident IS NOT NULL;
