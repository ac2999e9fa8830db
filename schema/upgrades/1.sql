-- SPDX-License-Identifier: ISC
--
-- From version 1 to 2: promises, memories of servers and clients, and
-- incidents.
-- Sessions of before are not judged again; read their captures into a new
-- database for that.

ALTER TABLE session ADD COLUMN policy INTEGER;
ALTER TABLE session ADD COLUMN promise INTEGER;
ALTER TABLE session ADD COLUMN tlsa INTEGER;
ALTER TABLE finding ADD COLUMN incident INTEGER;

CREATE INDEX finding_incident ON finding (incident)
	WHERE incident IS NOT NULL;

-- What policies rest on: RRsets, status, resolver, time; each text once.
CREATE TABLE promise (
	id		INTEGER PRIMARY KEY,
	digest		TEXT NOT NULL UNIQUE,
	evidence	TEXT NOT NULL		-- JSON object
) STRICT;

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
	next_steps	TEXT NOT NULL		-- JSON array
) STRICT;

CREATE INDEX incident_at ON incident (family, server, server_port);

-- Who and what is in it; the first few hundred of each.
CREATE TABLE incident_part (
	incident	INTEGER NOT NULL REFERENCES incident,
	what		INTEGER NOT NULL,	-- 0 client net, 1 server,
				-- 2 recipient domain, 3 sensor, 4 kind,
				-- 5 cause, 6 server name
	word		TEXT NOT NULL,
	sessions	INTEGER NOT NULL,
	PRIMARY KEY (incident, what, word)
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_part_net ON incident_part (word)
	WHERE what = 0;

-- Its life: who did what, and when (the clock's time).
CREATE TABLE incident_log (
	id		INTEGER PRIMARY KEY,
	incident	INTEGER NOT NULL REFERENCES incident,
	at		INTEGER NOT NULL,
	who		TEXT NOT NULL,
	action		TEXT NOT NULL,	-- opened, acknowledged, closed,
				-- reopened, suppressed, noted, merged
	text		TEXT
) STRICT;

CREATE INDEX incident_log_of ON incident_log (incident);
