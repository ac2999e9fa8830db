-- SPDX-License-Identifier: ISC
-- Ten connections on 1 March 2026; see stage.sql for the columns.

-- Two of one second, their ids in the other order: the list is not offered,
-- then it is overwritten.
INSERT INTO seen (low, second, us, community, client, server, server_name,
	server_name_from, verdict, banner, hello_name, ehlo_first, ehlo_lines,
	keywords, offer, protection, mails, mail_from, rcpt) VALUES
	(900, 0, 100000, 'Y2xlYXItYW5kLWFic2VudC0wMQ', '203.0.113.5',
	'198.51.100.25', 'mx.example', 'banner', 'suspicious',
	'mx.example ESMTP', 'client.example', 'mx.example',
	'["PIPELINING","SIZE 10240000"]', '["PIPELINING","SIZE"]', 'absent',
	'cleartext', 1, 'client.example', 'example.org');
INSERT INTO said (low, who, packets, us, line) VALUES
	(900, 'S', 4, 20000, '220 mx.example ESMTP'),
	(900, 'C', 1, 1000, 'EHLO client.example'),
	(900, 'S', 1, 900, '250-mx.example'),
	(900, 'S', 0, 0, '250-PIPELINING'),
	(900, 'S', 0, 0, '250 SIZE 10240000'),
	(900, 'C', 2, 5000, 'MAIL FROM:<...@client.example>'),
	(900, 'S', 1, 700, '250 2.1.0 Ok'),
	(900, 'C', 1, 300, 'RCPT TO:<...@example.org>'),
	(900, 'S', 1, 700, '250 2.1.5 Ok'),
	(900, 'C', 1, 300, 'DATA'),
	(900, 'S', 1, 700, '354 End data with <CR><LF>.<CR><LF>'),
	(900, '-', 1, 400, '1432 octets of mail'),
	(900, 'S', 1, 90000, '250 2.0.0 Ok: queued'),
	(900, 'C', 1, 300, 'QUIT');
INSERT INTO found (low, us, kind, severity, confidence, summary, incident,
	evidence) VALUES (900, 21900, 'starttls-absent', 'medium', 'circumstantial',
	'mx.example (198.51.100.25) did not offer STARTTLS and took 1 mail in clear', 2,
	'{"packet":6,"at":"2026-03-01T12:00:00.121900Z","expected":"STARTTLS in the EHLO reply","seen":"a complete EHLO reply without it","lines":[{"who":"server","packet":6,"at":"2026-03-01T12:00:00.121900Z","text":"mx.example\nPIPELINING\nSIZE 10240000"}],"keywords":["PIPELINING","SIZE"]}');

INSERT INTO seen (low, second, us, community, client, client_port, server,
	server_name, server_name_from, verdict, hello_name, ehlo_first,
	ehlo_lines, keywords, offer, offer_token, protection, mails,
	mail_from, rcpt, rcpt2, more) VALUES
	(17, 0, 600000, 'bWFza2VkLWtleXdvcmQtMDAwMQ', '203.0.113.5', 41023,
	'198.51.100.25', 'mx.example', 'banner', 'attack', 'client.example',
	'mx.example', '["PIPELINING","XXXXXXXX"]', '["PIPELINING","XXXXXXXX"]',
	'masked', 'XXXXXXXX', 'cleartext', 2, 'client.example',
	'example.org', 'dept.example.net',
	'{"masked_keywords":1,"early_talker":true,"tls_failure_text":"220 \u001b[31m"}');
INSERT INTO found (low, us, kind, because, severity, confidence, incident,
	summary) VALUES (17, 21900, 'starttls-masked', 5, 'critical', 'certain', 1,
	'STARTTLS in the EHLO reply of mx.example (198.51.100.25) was overwritten with XXXXXXXX'),
	(17, 40000, 'mail-in-clear', 0, 'high', 'strong', 1,
	'2 mails went to mx.example (198.51.100.25) in clear');

-- STARTTLS as it should be; TLS 1.3 hides the certificate.
INSERT INTO seen (low, second, client, server, server_name, server_name_from,
	hello_name, offer, starttls, starttls_command, starttls_reply, tls,
	tls_version, tls_cipher, sni, certificate, protection) VALUES
	(3, 60, '203.0.113.77', '192.0.2.25', 'mail.example.org', 'sni',
	'out.example.com', 'offered', 'sent', 'STARTTLS', 220, 'established',
	'TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'mail.example.org', 'hidden',
	'tls');
INSERT INTO said (low, who, packets, us, line) VALUES
	(3, 'S', 4, 20000, '220 mail.example.org ESMTP'),
	(3, 'C', 1, 1000, 'EHLO out.example.com'),
	(3, 'S', 1, 900, '250 STARTTLS'),
	(3, 'C', 1, 900, 'STARTTLS'),
	(3, 'S', 1, 900, '220 go ahead'),
	(3, '-', 1, 900, 'ClientHello, TLSv1.3, for mail.example.org');

-- TLS 1.2 shows its certificate.
INSERT INTO certificate (id, sha256, spki_sha256, subject, issuer, san,
	not_before, not_after, der) VALUES
	(1, x'6a7d26f4a6eb1a4a17cf44d7f9bca9a3d4c0b9dcb7fdbf0f1f4cd1b2c3d4e5f6',
	x'0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
	'CN=mail.example.org', 'CN=Example CA', '["mail.example.org"]',
	1767225600000000, 1798761600000000, x'00');
INSERT INTO seen (low, second, client, server, server_name, server_name_from,
	hello_name, starttls, starttls_reply, tls, tls_version, tls_cipher,
	certificate, leaf, protection) VALUES
	(4, 120, '2001:db8:1::77', '2001:db8:2::25', 'mail.example.org',
	'sni', 'six.example.com', 'sent', 220, 'established', 'TLSv1.2',
	'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'visible', 1, 'tls');

-- An IPv6 server without a name, and TLS that is cut off.
INSERT INTO seen (low, second, client, server, offer, starttls,
	starttls_reply, tls, tls_failure, protection) VALUES
	(5, 180, '2001:db8:1::78', '2001:db8:2::26', 'offered', 'sent', 220,
	'failed', 'reset', 'no-mail');

-- A gap in the EHLO reply: nobody can say.
INSERT INTO seen (low, sensor, source, second, client, server, verdict, gaps,
	offer, protection, more) VALUES
	(6, 'core', 'eth0', 240, '203.0.113.9', '198.51.100.26', 'undecided',
	16, 'unseen', 'no-mail', '{"missing_server":1460}');

-- A password in clear, on another port.
INSERT INTO seen (low, second, client, server, server_port, server_name,
	server_name_from, verdict, hello_name, offer, protection, auth)
	VALUES
	(7, 300, '198.51.100.200', '198.51.100.27', 587, 'smtp.example.net',
	'banner', 'suspicious', 'pc-17.example.net', 'offered', 'cleartext',
	'PLAIN');
INSERT INTO found (low, us, kind, severity, confidence, incident, summary)
	VALUES (7, 30000, 'credentials-in-clear', 'high', 'certain', 3,
	'a password was sent in clear with PLAIN to smtp.example.net (198.51.100.27)');

-- Hostile text: escapes, C1, a right-to-left override, broken UTF-8.
INSERT INTO seen (low, source, second, client, server, server_name,
	server_name_from, banner, hello_name, ehlo_first, ehlo_lines, keywords,
	offer, verdict) VALUES
	(8, 'it''s ' || char(27) || '[2J.pcap', 360, '203.0.113.66',
	'203.0.113.67', 'a' || char(27) || '[31m' || char(155) || '1m' ||
	char(8238) || 'gpj.exe', 'banner', char(27) || ']0;owned' || char(7),
	'x' || CAST(x'ff80' AS TEXT) || char(127), char(27) || 'c',
	'["SIZE"]', '["SIZE"]', 'absent', 'benign');
INSERT INTO said (low, who, packets, us, line) VALUES
	(8, 'S', 1, 1, '220 ' || char(27) || ']0;owned' || char(7) || char(10)
	|| char(13) || 'new line');

-- A probe that says nothing, and HELO.
INSERT INTO seen (low, second, client, server, protocol, hello, offer)
	VALUES (9, 420, '203.0.113.70', '192.0.2.25', 'none', NULL,
	'not-asked'),
	(10, 86400, '203.0.113.71', '192.0.2.25', 'smtp', 'HELO',
	'not-asked');

INSERT INTO source (name) SELECT 'mail.pcap'
	WHERE NOT EXISTS (SELECT 1 FROM source WHERE name = 'mail.pcap');
INSERT INTO sensor (name) SELECT 'edge'
	WHERE NOT EXISTS (SELECT 1 FROM sensor WHERE name = 'edge');
INSERT INTO run (sensor, source, begun_at, damage) SELECT
	(SELECT id FROM sensor WHERE name = 'edge'),
	(SELECT id FROM source WHERE name = 'mail.pcap'), 0,
	'cut short at octet 48211';

-- What is made of it: one to work on, one that somebody works on, one that
-- is over, and one that nobody wants to hear of (told by a stranger's name).
INSERT INTO going_on (id, server, kind, because, severity, confidence, first,
	last, mails, second, low, title, explanation, next_steps) VALUES
	(1, '198.51.100.25', 'starttls-masked', 5, 'critical', 'certain', 0,
	0, 2, 0, 17,
	'STARTTLS overwritten in the EHLO reply of mx.example (198.51.100.25)',
	'Seen: the keyword overwritten, in 1 session at 2026-03-01T12:00:00Z, of clients in 203.0.113.0/24.' ||
	char(10) || 'Expected: TLS as before, because earlier sessions of the same server, or client, had it.' ||
	char(10) || 'Where: not to be told yet: 1 client network lost it.' ||
	char(10) || 'How sure: certain; the octets themselves show a third hand.',
	'["Read the gravest session with its dialogue: striptls-analyzer session 3716921740492817","Look for a firewall with mail inspection on the path (Cisco: \"inspect esmtp\" without allow-tls) and let it pass STARTTLS.","Then: striptls-analyzer ack 1, note, or close"]');
INSERT INTO going_on (id, server, kind, severity, confidence, state, first,
	last, mails, second, low, title, explanation) VALUES
	(2, '198.51.100.25', 'starttls-absent', 'medium', 'circumstantial',
	'acknowledged', 0, 3600, 1, 0, 900,
	'STARTTLS vanished from the EHLO reply of mx.example (198.51.100.25)',
	'no labels here');
INSERT INTO going_on (id, family, server, server_port, kind, severity,
	confidence, state, first, last, second, low, title, explanation)
	VALUES (3, 'credentials', '198.51.100.27', 587, 'credentials-in-clear',
	'high', 'certain', 'closed', 300, 300, 300, 7,
	'passwords in clear to smtp.example.net (198.51.100.27)', 'Seen: one');
INSERT INTO going_on (id, client_net, kind, severity, confidence, state,
	first, last, sessions, located, second, low, title, explanation)
	VALUES (4, '203.0.113.0/24', 'starttls-absent', 'low', 'strong',
	'suppressed', -86400, 600, 40, 'near-client', 360, 8,
	'STARTTLS vanished for clients of ' || char(27) || '[2J', 'Seen: ' ||
	char(27) || '[2J');
INSERT INTO incident_part (incident, what, word, sessions) VALUES
	(1, 0, '203.0.113.0/24', 1), (1, 1, '198.51.100.25:25', 1),
	(1, 2, 'dept.example.net', 1), (1, 2, 'example.org', 1),
	(1, 3, 'edge', 1), (1, 4, 'mail-in-clear', 1),
	(1, 4, 'starttls-masked', 1), (1, 5, 'a mail-inspecting firewall', 1),
	(1, 6, 'mx.example', 1),
	(2, 0, '203.0.113.0/24', 1), (2, 1, '198.51.100.25:25', 1),
	(2, 2, 'example.org', 1), (2, 3, 'edge', 1),
	(2, 4, 'starttls-absent', 1), (2, 6, 'mx.example', 1),
	(3, 0, '198.51.100.0/24', 1), (3, 1, '198.51.100.27:587', 1),
	(3, 3, 'edge', 1), (3, 4, 'credentials-in-clear', 1),
	(3, 6, 'smtp.example.net', 1),
	(4, 0, '203.0.113.0/24', 40), (4, 1, '203.0.113.67:25', 20),
	(4, 1, '[2001:db8:2::25]:25', 11), (4, 1, '198.51.100.26:25', 9),
	(4, 3, 'core', 40), (4, 4, 'starttls-absent', 40);
INSERT INTO incident_log (incident, at, who, action, text) VALUES
	(1, 1772366402000000, 'sensor', 'opened', NULL),
	(2, 1772366402000000, 'sensor', 'opened', NULL),
	(2, 1772370000000000, 'ada', 'acknowledged', 'asked the operator'),
	(3, 1772366800000000, 'sensor', 'opened', NULL),
	(3, 1772453200000000, 'bob', 'closed', 'passwords changed'),
	(4, 1772366800000000, 'sensor', 'opened', NULL),
	(4, 1772453300000000, 'e' || char(27) || '[31m', 'suppressed', 'known');
