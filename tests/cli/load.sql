-- SPDX-License-Identifier: ISC
-- From the words of stage.sql to the tables of schema/schema.sql.
-- rank(word, 'a b c') is the word's place in that list, from 0.
INSERT OR IGNORE INTO sensor (name) SELECT DISTINCT sensor FROM seen;
INSERT OR IGNORE INTO source (name) SELECT DISTINCT source FROM seen;
INSERT OR IGNORE INTO text (text)
	SELECT server_name FROM seen WHERE server_name IS NOT NULL UNION
	SELECT hello_name FROM seen WHERE hello_name IS NOT NULL UNION
	SELECT offer_token FROM seen WHERE offer_token IS NOT NULL UNION
	SELECT starttls_command FROM seen
	    WHERE starttls_command IS NOT NULL UNION
	SELECT tls_version FROM seen WHERE tls_version IS NOT NULL UNION
	SELECT tls_cipher FROM seen WHERE tls_cipher IS NOT NULL UNION
	SELECT sni FROM seen WHERE sni IS NOT NULL UNION
	SELECT mail_from FROM seen WHERE mail_from IS NOT NULL UNION
	SELECT rcpt FROM seen WHERE rcpt IS NOT NULL UNION
	SELECT rcpt2 FROM seen WHERE rcpt2 IS NOT NULL UNION
	SELECT auth FROM seen WHERE auth IS NOT NULL UNION
	SELECT json_array(hello) FROM seen WHERE hello IS NOT NULL;
INSERT INTO line (text) SELECT DISTINCT line FROM (
	SELECT line FROM said UNION
	SELECT banner FROM seen WHERE banner IS NOT NULL UNION
	SELECT ehlo_first FROM seen WHERE ehlo_first IS NOT NULL);
INSERT OR IGNORE INTO ehlo_reply (lines, keywords)
	SELECT DISTINCT ehlo_lines, keywords FROM seen
	WHERE ehlo_lines IS NOT NULL;
INSERT OR IGNORE INTO host (id, ip, net)
	SELECT 4294967296 + row_number() OVER (), ip, ip || '/48' FROM
	(SELECT client AS ip FROM seen UNION SELECT server FROM seen)
	WHERE instr(ip, ':');
-- one of its own for each session
INSERT INTO common (id, sensor, server_name_from, protocol, gaps, ending,
	handshake, payload, flags, greeting_code, hello, hellos, offer,
	offer_token, starttls, starttls_command, starttls_reply, tls,
	tls_failure, tls_version, tls_cipher, certificate_seen, protection,
	mails_in_clear, mail_commands, rcpt_commands, data_commands,
	auth_in_clear, more)
SELECT rowid, (SELECT id FROM sensor WHERE name = s.sensor),
	rank(server_name_from, '- sni banner mx dns'),
	rank(protocol, 'none smtp lmtp tls other'), gaps, 0, 1, 1, 1,
	CASE WHEN banner IS NOT NULL THEN 220 END,
	rank(hello, '- EHLO HELO LHLO'),
	(SELECT id FROM text WHERE text = json_array(s.hello)),
	rank(offer, 'unseen offered absent masked ehlo-refused not-asked'),
	(SELECT id FROM text WHERE text = s.offer_token),
	rank(starttls, 'not-sent sent masked unseen'),
	(SELECT id FROM text WHERE text = s.starttls_command),
	starttls_reply, rank(tls, 'none established failed unseen'),
	rank(tls_failure,
	    '- no-hello plaintext alert reset closed timeout garbage'),
	(SELECT id FROM text WHERE text = s.tls_version),
	(SELECT id FROM text WHERE text = s.tls_cipher),
	rank(certificate, 'none visible hidden'),
	rank(protection, 'cleartext tls no-mail unknown'), mails,
	CASE WHEN mail_from IS NULL THEN 0 ELSE max(mails, 1) END,
	(rcpt IS NOT NULL) + (rcpt2 IS NOT NULL), mails,
	(SELECT id FROM text WHERE text = s.auth), more
FROM seen AS s;
INSERT INTO session (id, identity, source, started, lasted, client,
	client_port, server, server_port, server_name, verdict, findings,
	common, octets_client, octets_server, packets, banner, hello_name,
	ehlo_first, ehlo_reply, sni, certificate, mail_from_domain, community,
	rcpt_domains, dialogue)
SELECT ((1772366400 + second) << 21) | low, low,
	(SELECT id FROM source WHERE name = s.source), us, lasted,
	ifnull((SELECT id FROM host WHERE ip = s.client), ipv4(client)),
	client_port,
	ifnull((SELECT id FROM host WHERE ip = s.server), ipv4(server)),
	server_port, (SELECT id FROM text WHERE text = s.server_name),
	rank(verdict, 'benign undecided suspicious attack'),
	(SELECT count(*) FROM found WHERE low = s.low), rowid, 412, 733, 18,
	(SELECT min(id) FROM line WHERE text = s.banner),
	(SELECT id FROM text WHERE text = s.hello_name),
	(SELECT min(id) FROM line WHERE text = s.ehlo_first),
	(SELECT id FROM ehlo_reply WHERE lines = s.ehlo_lines),
	(SELECT id FROM text WHERE text = s.sni), leaf,
	(SELECT id FROM text WHERE text = s.mail_from), community,
	(SELECT json_group_array(id) FROM text
	    WHERE text IN (s.rcpt, s.rcpt2)),
	(SELECT dialogue(json_group_array(json_array((SELECT min(id)
	    FROM line WHERE text = d.line), who, packets, us)))
	    FROM (SELECT * FROM said WHERE low = s.low ORDER BY id) AS d)
FROM seen AS s;
INSERT INTO finding (id, at, kind, because, severity, confidence,
	summary, evidence, incident)
SELECT (SELECT row FROM session
	    WHERE id = ((1772366400 + s.second) << 21) | s.low) * 128
	    + row_number() OVER (PARTITION BY f.low ORDER BY f.id) - 1,
	(1772366400 + s.second) * 1000000 + s.us + f.us,
	(SELECT id FROM kind WHERE word = f.kind), because,
	rank(severity, 'info low medium high critical'),
	rank(confidence, 'circumstantial strong certain'), summary, evidence,
	incident
FROM found AS f JOIN seen AS s ON s.low = f.low ORDER BY f.id;
INSERT INTO incident (id, family, server, server_port, client_net, kind,
	because, severity, confidence, state, first_seen, last_seen, sessions,
	mails_in_clear, located, session, servers_missing, servers_offering,
	nets_offered, peers, title, explanation, next_steps)
SELECT id, rank(family,
	    'encryption-lost interception injection credentials dns'),
	CASE WHEN server IS NOT NULL THEN ipv4(server) END,
	CASE WHEN server IS NOT NULL THEN server_port END, client_net,
	(SELECT id FROM kind WHERE word = g.kind), because,
	rank(severity, 'info low medium high critical'),
	rank(confidence, 'circumstantial strong certain'),
	rank(state, 'new acknowledged closed suppressed'),
	(1772366400 + first) * 1000000, (1772366400 + last) * 1000000,
	sessions, mails, rank(located, 'unknown near-client near-server'),
	((1772366400 + second) << 21) | low, 0, 0, 0, 0, title, explanation,
	next_steps
FROM going_on AS g;
DROP TABLE going_on;
DROP TABLE seen;
DROP TABLE said;
DROP TABLE found;
