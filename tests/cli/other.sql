-- SPDX-License-Identifier: ISC
-- Another sensor.  Its first session has the id of one of fixture.sql.
INSERT INTO seen (low, sensor, source, second, us, client, server,
	server_name, server_name_from, offer, starttls, starttls_reply, tls,
	tls_version, protection) VALUES
	(900, 'west', 'eth1', 0, 300000, '203.0.113.5', '198.51.100.25',
	'mx.example', 'banner', 'offered', 'sent', 220, 'established',
	'TLSv1.3', 'tls'),
	(33, 'west', 'eth1', 90, 0, '203.0.113.90', '192.0.2.77', NULL,
	NULL, 'absent', 'not-sent', NULL, 'none', NULL, 'no-mail');

INSERT INTO going_on (id, server, kind, severity, confidence, first, last,
	second, low, title, explanation) VALUES (1, '192.0.2.77',
	'starttls-absent', 'high', 'strong', 90, 90, 90, 33,
	'STARTTLS vanished from the EHLO reply of 192.0.2.77', 'Seen: once');
INSERT INTO incident_part (incident, what, word, sessions) VALUES
	(1, 0, '203.0.113.0/24', 1), (1, 1, '192.0.2.77:25', 1),
	(1, 3, 'west', 1), (1, 4, 'starttls-absent', 1);
