-- SPDX-License-Identifier: ISC
--
-- From version 3 to 4: sessions whose policy could not be looked up are judged
-- again when it can, and what sessions have in common is stored once.  Each
-- session of before finds its row of table common by all its columns, as
-- one text; the first session of a kind stands for it.

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

CREATE TABLE session_of_4 (
	id		INTEGER PRIMARY KEY,	-- see schema.h, session_id()
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

-- More counts than three make a row of their own, as they do in the store,
-- and so does what is a matter of one session's packets.
CREATE TEMP VIEW parted AS SELECT *,
    max(mails_in_clear, mail_commands, rcpt_commands, data_commands) > 3
    AS many,
    CASE WHEN length(more) <= 256 AND instr(more, '"missing_') = 0
    AND instr(more, '"conflict_octets"') = 0
    AND instr(more, '"resets_ignored"') = 0
    AND instr(more, '"dialogue_dropped"') = 0 THEN more END AS shared
    FROM main.session;

CREATE TEMP VIEW keyed AS SELECT *, json_array(
    sensor, server_name_from, protocol, gaps, ending, handshake, payload,
    flags, vlan, tunnel, greeting_code, hello, hellos, offer, offer_token,
    starttls, starttls_command, starttls_reply, tls, tls_failure,
    tls_version, tls_cipher, client_tls_version, alpn, ja3, ja3s, ja4,
    certificate_seen, protection, auth_in_clear,
    iif(many, json_array(0, 0, 0, 0), json_array(mails_in_clear,
    mail_commands, rcpt_commands, data_commands)), shared) AS key
    FROM parted;

CREATE TEMP TABLE likeness (
	id		INTEGER PRIMARY KEY,
	key		TEXT NOT NULL UNIQUE,
	session		INTEGER NOT NULL
);

INSERT OR IGNORE INTO likeness (key, session) SELECT key, id FROM keyed;

INSERT INTO common (id,
    sensor, server_name_from, protocol, gaps, ending, handshake, payload,
    flags, vlan, tunnel, greeting_code, hello, hellos, offer, offer_token,
    starttls, starttls_command, starttls_reply, tls, tls_failure,
    tls_version, tls_cipher, client_tls_version, alpn, ja3, ja3s, ja4,
    certificate_seen, protection, auth_in_clear,
    mails_in_clear, mail_commands, rcpt_commands, data_commands, more)
    SELECT l.id,
    sensor, server_name_from, protocol, gaps, ending, handshake, payload,
    flags, vlan, tunnel, greeting_code, hello, hellos, offer, offer_token,
    starttls, starttls_command, starttls_reply, tls, tls_failure,
    tls_version, tls_cipher, client_tls_version, alpn, ja3, ja3s, ja4,
    certificate_seen, protection, auth_in_clear,
    CASE many WHEN 0 THEN mails_in_clear ELSE 0 END,
    CASE many WHEN 0 THEN mail_commands ELSE 0 END,
    CASE many WHEN 0 THEN rcpt_commands ELSE 0 END,
    CASE many WHEN 0 THEN data_commands ELSE 0 END, shared
    FROM likeness AS l CROSS JOIN parted AS p ON p.id = l.session;

INSERT INTO session_of_4 (id, identity,
    source, started, lasted, client, client_port, server, server_port,
    server_name, verdict, findings, octets_client, octets_server, packets,
    banner, hello_name, ehlo_first, ehlo_reply, sni, certificate, chain,
    mail_from_domain, policy, promise, tlsa, community, rcpt_domains,
    dialogue,
    common, counts, more)
    SELECT id, identity >> 16,
    source, started, lasted, client, client_port, server, server_port,
    server_name, verdict, findings, octets_client, octets_server, packets,
    banner, hello_name, ehlo_first, ehlo_reply, sni, certificate, chain,
    mail_from_domain, policy, promise, tlsa, community, rcpt_domains,
    dialogue,
    (SELECT l.id FROM likeness AS l WHERE l.key = k.key),
    CASE many WHEN 1 THEN json_array(mails_in_clear, mail_commands,
    rcpt_commands, data_commands) END,
    CASE WHEN shared IS NULL THEN more END
    FROM keyed AS k;

DROP TABLE temp.likeness;
DROP VIEW temp.keyed;
DROP VIEW temp.parted;
DROP TABLE session;
ALTER TABLE session_of_4 RENAME TO session;
