-- SPDX-License-Identifier: ISC
-- Fixtures say what happened in words, as the views do; load.sql knows how
-- the tables hold it.  A later version of the tables changes that file only.
CREATE TEMP TABLE seen (
	low			INTEGER PRIMARY KEY,	-- last bits of the id
	sensor			TEXT DEFAULT 'edge',
	source			TEXT DEFAULT 'mail.pcap',
	second			INTEGER NOT NULL,	-- after 12:00 that day
	us			INTEGER DEFAULT 0,
	lasted			INTEGER DEFAULT 1500000,
	community		TEXT,
	client			TEXT NOT NULL,
	client_port		INTEGER DEFAULT 41022,
	server			TEXT NOT NULL,
	server_port		INTEGER DEFAULT 25,
	server_name		TEXT,
	server_name_from	TEXT,
	protocol		TEXT DEFAULT 'smtp',
	verdict			TEXT DEFAULT 'benign',
	gaps			INTEGER DEFAULT 0,
	banner			TEXT,
	hello			TEXT DEFAULT 'EHLO',
	hello_name		TEXT,
	ehlo_first		TEXT,
	ehlo_lines		TEXT,		-- JSON array
	keywords		TEXT,		-- JSON array
	offer			TEXT DEFAULT 'offered',
	offer_token		TEXT,
	starttls		TEXT DEFAULT 'not-sent',
	starttls_command	TEXT,
	starttls_reply		INTEGER,
	tls			TEXT DEFAULT 'none',
	tls_failure		TEXT,
	tls_version		TEXT,
	tls_cipher		TEXT,
	sni			TEXT,
	certificate		TEXT,		-- none, visible, hidden
	leaf			INTEGER,	-- of table certificate
	protection		TEXT DEFAULT 'no-mail',
	mails			INTEGER DEFAULT 0,
	mail_from		TEXT,
	rcpt			TEXT,		-- one domain
	rcpt2			TEXT,
	auth			TEXT,
	more			TEXT		-- JSON object
);
-- Steps are from the line before, as in schema/dialogue.h.
CREATE TEMP TABLE said (
	id		INTEGER PRIMARY KEY,
	low		INTEGER NOT NULL,
	who		TEXT NOT NULL,		-- C, S or -
	packets		INTEGER NOT NULL,
	us		INTEGER NOT NULL,
	line		TEXT NOT NULL
);
CREATE TEMP TABLE found (
	id		INTEGER PRIMARY KEY,
	low		INTEGER NOT NULL,
	us		INTEGER NOT NULL,	-- after the session's start
	kind		TEXT NOT NULL,
	because		INTEGER DEFAULT 0,	-- bits
	severity	TEXT NOT NULL,
	confidence	TEXT NOT NULL,
	summary		TEXT NOT NULL,
	evidence	TEXT DEFAULT '{}',
	incident	INTEGER
);
-- Incidents; their parts and log are written as the tables have them.
CREATE TEMP TABLE going_on (
	id		INTEGER PRIMARY KEY,
	family		TEXT DEFAULT 'encryption-lost',
	server		TEXT,			-- NULL: at a network
	server_port	INTEGER DEFAULT 25,
	client_net	TEXT,
	kind		TEXT NOT NULL,
	because		INTEGER DEFAULT 0,	-- bits
	severity	TEXT NOT NULL,
	confidence	TEXT NOT NULL,
	state		TEXT DEFAULT 'new',
	first		INTEGER NOT NULL,	-- seconds after 12:00
	last		INTEGER NOT NULL,
	sessions	INTEGER DEFAULT 1,
	mails		INTEGER DEFAULT 0,
	located		TEXT DEFAULT 'unknown',
	second		INTEGER NOT NULL,	-- the gravest session's
	low		INTEGER NOT NULL,
	title		TEXT NOT NULL,
	explanation	TEXT NOT NULL,
	next_steps	TEXT DEFAULT '[]'
);
