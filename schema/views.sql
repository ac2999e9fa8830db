-- SPDX-License-Identifier: ISC
--
-- views.sql -- what every reader relies on.
--
-- The first columns of each view are the contract's, in its order; those
-- behind them may grow.  Lists are JSON arrays, unknown is NULL.  Nothing
-- here needs more than a plain sqlite3 of 3.38.
--
-- Dictionaries are read by scalar subqueries rather than joins: a reader
-- who asks for few columns, or filters, pays for no other.  What sessions
-- have in common is joined from the left, which SQLite leaves out where no
-- column of it is asked for.  Of findings it is said twice whose they are,
-- so that either side may be the one that is looked for.

CREATE VIEW v_sessions AS SELECT
	s.id AS id,
	(SELECT name FROM sensor WHERE id = k.sensor) AS sensor,
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
	CASE k.server_name_from WHEN 1 THEN 'sni' WHEN 2 THEN 'banner'
	    WHEN 3 THEN 'mx' WHEN 4 THEN 'dns' END AS server_name_from,
	CASE k.protocol WHEN 0 THEN 'none' WHEN 1 THEN 'smtp'
	    WHEN 2 THEN 'lmtp' WHEN 3 THEN 'tls' WHEN 4 THEN 'other'
	    END AS protocol,
	CASE k.hello WHEN 1 THEN 'EHLO' WHEN 2 THEN 'HELO'
	    WHEN 3 THEN 'LHLO' END AS hello,
	(SELECT keywords FROM ehlo_reply WHERE id = s.ehlo_reply)
	    AS capabilities,
	CASE k.offer WHEN 0 THEN 'unseen' WHEN 1 THEN 'offered'
	    WHEN 2 THEN 'absent' WHEN 3 THEN 'masked'
	    WHEN 4 THEN 'ehlo-refused' WHEN 5 THEN 'not-asked' END AS offer,
	CASE k.starttls WHEN 0 THEN 'not-sent' WHEN 1 THEN 'sent'
	    WHEN 2 THEN 'masked' WHEN 3 THEN 'unseen' END AS starttls,
	k.starttls_reply AS starttls_reply,
	CASE k.tls WHEN 0 THEN 'none' WHEN 1 THEN 'established'
	    WHEN 2 THEN 'failed' WHEN 3 THEN 'unseen' END AS tls,
	CASE k.tls_failure WHEN 1 THEN 'no-hello' WHEN 2 THEN 'plaintext'
	    WHEN 3 THEN 'alert' WHEN 4 THEN 'reset' WHEN 5 THEN 'closed'
	    WHEN 6 THEN 'timeout' WHEN 7 THEN 'garbage' END AS tls_failure,
	(SELECT text FROM text WHERE id = k.tls_version) AS tls_version,
	(SELECT text FROM text WHERE id = k.tls_cipher) AS tls_cipher,
	(SELECT text FROM text WHERE id = s.sni) AS sni,
	(SELECT text FROM text WHERE id = k.ja3) AS ja3,
	(SELECT text FROM text WHERE id = k.ja3s) AS ja3s,
	(SELECT text FROM text WHERE id = k.ja4) AS ja4,
	CASE k.certificate_seen WHEN 0 THEN 'none' WHEN 1 THEN 'visible'
	    WHEN 2 THEN 'hidden' END AS certificate,
	(SELECT lower(hex(sha256)) FROM certificate WHERE id = s.certificate)
	    AS certificate_sha256,
	(SELECT lower(hex(spki_sha256)) FROM certificate
	    WHERE id = s.certificate AND spki_sha256 IS NOT NULL)
	    AS spki_sha256,
	CASE k.protection WHEN 0 THEN 'cleartext' WHEN 1 THEN 'tls'
	    WHEN 2 THEN 'no-mail' WHEN 3 THEN 'unknown' END AS protection,
	CASE WHEN s.counts IS NULL THEN k.mails_in_clear
	    ELSE json_extract(s.counts, '$[0]') END AS mails_in_clear,
	(SELECT text FROM text WHERE id = s.mail_from_domain)
	    AS mail_from_domain,
	CASE WHEN s.rcpt_domains IS NULL THEN '[]' ELSE
	    (SELECT json_group_array(domain) FROM
	    (SELECT t.text AS domain
	    FROM json_each(s.rcpt_domains) AS e CROSS JOIN text AS t
	    WHERE t.id = e.value ORDER BY e.key)) END AS rcpt_domains,
	(SELECT text FROM text WHERE id = k.auth_in_clear) AS auth_in_clear,
	CASE k.gaps WHEN 0 THEN 'complete' ELSE 'partial' END AS capture,
	CASE k.gaps WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT word FROM gap WHERE ((k.gaps >> id) & 1) = 1
	    ORDER BY id)) END AS capture_gaps,
	CASE s.policy & 15 WHEN 1 THEN 'not-applicable' WHEN 2 THEN 'none-insecure'
	    WHEN 3 THEN 'none-secure' WHEN 4 THEN 'dane-half'
	    WHEN 5 THEN 'must-not-deliver' WHEN 6 THEN 'dane-tls'
	    WHEN 7 THEN 'dane-auth' ELSE 'unknown' END AS policy,
	CASE s.policy >> 4 WHEN 1 THEN 'none' WHEN 2 THEN 'testing'
	    WHEN 3 THEN 'enforce' ELSE 'unknown' END AS sts,
	CASE s.verdict WHEN 0 THEN 'benign' WHEN 1 THEN 'undecided'
	    WHEN 2 THEN 'suspicious' WHEN 3 THEN 'attack' END AS verdict,
	CASE s.findings WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT w.word AS word
	    FROM finding AS f CROSS JOIN kind AS w
	    WHERE f.id BETWEEN s.row * 128 AND s.row * 128 + 127
	    AND w.id = f.kind
	    GROUP BY w.id ORDER BY min(f.id))) END AS kinds,

	-- more than the contract asks for
	CASE k.ending WHEN 0 THEN 'fin' WHEN 1 THEN 'open'
	    WHEN 2 THEN 'reset-client' WHEN 3 THEN 'reset-server'
	    WHEN 4 THEN 'reset-both' WHEN 5 THEN 'idle'
	    WHEN 6 THEN 'replaced' WHEN 7 THEN 'evicted' END AS "end",
	CASE k.handshake WHEN 0 THEN 'midstream' WHEN 1 THEN 'syn+synack'
	    WHEN 2 THEN 'syn-only' WHEN 3 THEN 'synack-only' END AS handshake,
	CASE k.payload WHEN 1 THEN 'both' WHEN 2 THEN 'client-only'
	    WHEN 3 THEN 'server-only' END AS payload,
	k.greeting_code AS greeting_code,
	(SELECT iif(s.banner < 0, substr(text, 5), text) FROM line
	    WHERE id = abs(s.banner)) AS banner,
	(SELECT text FROM text WHERE id = s.hello_name) AS hello_name,
	ifnull((SELECT text FROM text WHERE id = k.hellos), '[]') AS hellos,
	CASE WHEN s.ehlo_first IS NOT NULL THEN '['
	    || json_quote((SELECT iif(s.ehlo_first < 0, substr(text, 5), text)
	    FROM line WHERE id = abs(s.ehlo_first)))
	    || ifnull((SELECT CASE lines WHEN '[]' THEN ']'
	    ELSE ',' || substr(lines, 2) END
	    FROM ehlo_reply WHERE id = s.ehlo_reply), ']') END AS ehlo_reply,
	(SELECT text FROM text WHERE id = k.offer_token) AS offer_token,
	(SELECT text FROM text WHERE id = k.starttls_command)
	    AS starttls_command,
	json_extract(ifnull(s.more, k.more), '$.tls_alert') AS tls_alert,
	(SELECT text FROM text WHERE id = k.client_tls_version)
	    AS client_tls_version,
	(SELECT text FROM text WHERE id = k.alpn) AS alpn,
	CASE WHEN s.counts IS NULL THEN k.mail_commands
	    ELSE json_extract(s.counts, '$[1]') END AS mail_commands,
	CASE WHEN s.counts IS NULL THEN k.rcpt_commands
	    ELSE json_extract(s.counts, '$[2]') END AS rcpt_commands,
	CASE WHEN s.counts IS NULL THEN k.data_commands
	    ELSE json_extract(s.counts, '$[3]') END AS data_commands,
	k.flags & 1 AS quit,
	(k.flags >> 1) & 1 AS plain_after_220,
	ifnull(json_extract(ifnull(s.more, k.more), '$.missing_client'), 0)
	    AS missing_client,
	ifnull(json_extract(ifnull(s.more, k.more), '$.missing_server'), 0)
	    AS missing_server,
	ifnull(json_extract(ifnull(s.more, k.more), '$.conflict_octets'), 0)
	    AS conflict_octets,
	s.octets_client AS octets_client,
	s.octets_server AS octets_server,
	s.packets AS packets,
	k.vlan AS vlan,
	ifnull((SELECT text FROM text WHERE id = k.tunnel), '[]') AS tunnel,
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
	(k.flags >> 2) & 1 AS resumed,
	ifnull(json_extract(ifnull(s.more, k.more), '$.dialogue_dropped'), 0)
	    AS dialogue_dropped,
	ifnull(s.more, k.more) AS more,
	s.tlsa >> 8 AS tlsa_matching,
	s.tlsa & 255 AS tlsa_total,
	(SELECT evidence FROM promise WHERE id = s.promise) AS promise,
	(SELECT json_object('answer', CASE c.answer WHEN 1 THEN 'unconfirmed'
	    WHEN 2 THEN 'confirmed' WHEN 3 THEN 'rollover-race'
	    WHEN 4 THEN 'withdrawn' WHEN 5 THEN 'undecided' END,
	    'due', strftime('%Y-%m-%dT%H:%M:%S', c.due / 1000000,
	    'unixepoch') || printf('.%06dZ', c.due % 1000000),
	    'settled_at', strftime('%Y-%m-%dT%H:%M:%S', c.settled / 1000000,
	    'unixepoch') || printf('.%06dZ', c.settled % 1000000),
	    'why', c.why,
	    'first', json_object('verdict',
	    CASE c.verdict WHEN 0 THEN 'benign' WHEN 1 THEN 'undecided'
	    WHEN 2 THEN 'suspicious' WHEN 3 THEN 'attack' END,
	    'severity', CASE c.severity WHEN 0 THEN 'info' WHEN 1 THEN 'low'
	    WHEN 2 THEN 'medium' WHEN 3 THEN 'high'
	    WHEN 4 THEN 'critical' END,
	    'confidence', CASE c.confidence WHEN 0 THEN 'circumstantial'
	    WHEN 1 THEN 'strong' WHEN 2 THEN 'certain' END,
	    'summary', c.summary),
	    'promise', (SELECT CASE WHEN json_valid(evidence)
	    THEN json(evidence) END FROM promise WHERE id = c.promise))
	    FROM confirmation AS c WHERE c.session = s.id) AS confirmation,
	(SELECT json_object('answer', CASE u.answer WHEN 1 THEN 'open'
	    WHEN 2 THEN 'answered' WHEN 3 THEN 'left' END,
	    'why', u.why,
	    'failed_at', strftime('%Y-%m-%dT%H:%M:%S', u.at / 1000000,
	    'unixepoch') || printf('.%06dZ', u.at % 1000000),
	    'due', strftime('%Y-%m-%dT%H:%M:%S', u.due / 1000000,
	    'unixepoch') || printf('.%06dZ', u.due % 1000000),
	    'tries', u.tries,
	    'settled_at', strftime('%Y-%m-%dT%H:%M:%S', u.settled / 1000000,
	    'unixepoch') || printf('.%06dZ', u.settled % 1000000),
	    'why_left', u.why_left,
	    'first', json_object('policy',
	    CASE u.policy & 15 WHEN 1 THEN 'not-applicable'
	    WHEN 2 THEN 'none-insecure' WHEN 3 THEN 'none-secure'
	    WHEN 4 THEN 'dane-half' WHEN 5 THEN 'must-not-deliver'
	    WHEN 6 THEN 'dane-tls' WHEN 7 THEN 'dane-auth'
	    ELSE 'unknown' END,
	    'verdict', CASE u.verdict WHEN 0 THEN 'benign'
	    WHEN 1 THEN 'undecided' WHEN 2 THEN 'suspicious'
	    WHEN 3 THEN 'attack' END,
	    'kinds', CASE WHEN json_valid(u.kinds) THEN json(u.kinds) END,
	    'severity', CASE u.severity WHEN 0 THEN 'info' WHEN 1 THEN 'low'
	    WHEN 2 THEN 'medium' WHEN 3 THEN 'high'
	    WHEN 4 THEN 'critical' END,
	    'summary', u.summary),
	    'promise', (SELECT CASE WHEN json_valid(evidence)
	    THEN json(evidence) END FROM promise WHERE id = u.promise))
	    FROM unanswered AS u WHERE u.session = s.id) AS unanswered
FROM session AS s LEFT JOIN common AS k ON k.id = s.common;

CREATE VIEW v_findings AS SELECT
	f.id AS id,
	o.id AS session_id,
	f.incident AS incident_id,
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
	CASE WHEN f.wording IS NULL THEN f.summary ELSE
	    replace(replace((SELECT text FROM wording WHERE id = f.wording),
	    char(1), CASE WHEN v.server_name IS NULL THEN v.server_ip
	    ELSE substr(v.server_name, 1, 255) || ' (' || v.server_ip || ')'
	    END), char(2), v.client_ip) END AS summary,
	CASE WHEN f.shape IS NULL THEN f.evidence ELSE
	    (WITH RECURSIVE filled (n, text) AS (
	    SELECT 0, (SELECT text FROM wording WHERE id = f.shape)
	    UNION ALL SELECT n + 1, replace(text, char(n + 1),
	    (json_extract(f.evidence, '$[' || (2 * n) || ']')
	    + CASE n WHEN 0 THEN 0 ELSE json_extract(f.evidence, '$[0]') END)
	    || ',"at":"' || strftime('%Y-%m-%dT%H:%M:%S', (f.at
	    + json_extract(f.evidence, '$[' || (2 * n + 1) || ']')) / 1000000,
	    'unixepoch') || printf('.%06dZ"', (f.at
	    + json_extract(f.evidence, '$[' || (2 * n + 1) || ']')) % 1000000))
	    FROM filled WHERE n < json_array_length(f.evidence) / 2)
	    SELECT text FROM filled ORDER BY n DESC LIMIT 1) END AS evidence,

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
FROM finding AS f JOIN session AS o ON o.row = f.id >> 7
    AND f.id BETWEEN o.row * 128 AND o.row * 128 + 127
    JOIN v_sessions AS v ON v.id = o.id;

-- One row per incident.  Lists are of the first few hundred of each sort,
-- the busiest first; server_ip and server_name are NULL where it is about a
-- client network and many servers.
CREATE VIEW v_incidents AS SELECT
	i.id AS id,
	(SELECT word FROM kind WHERE id = i.kind) AS kind,
	i.title AS title,
	CASE i.severity WHEN 0 THEN 'info' WHEN 1 THEN 'low'
	    WHEN 2 THEN 'medium' WHEN 3 THEN 'high'
	    WHEN 4 THEN 'critical' END AS severity,
	CASE i.confidence WHEN 0 THEN 'circumstantial' WHEN 1 THEN 'strong'
	    WHEN 2 THEN 'certain' END AS confidence,
	CASE i.state WHEN 0 THEN 'new' WHEN 1 THEN 'acknowledged'
	    WHEN 2 THEN 'closed' WHEN 3 THEN 'suppressed' END AS state,
	CASE i.because WHEN 0 THEN '[]' ELSE
	    (SELECT json_group_array(word) FROM
	    (SELECT word FROM expectation
	    WHERE ((i.because >> id) & 1) = 1 ORDER BY id)) END AS because,
	CASE WHEN i.server BETWEEN -2147483648 AND 2147483647
	    THEN printf('%d.%d.%d.%d', (i.server >> 24) & 255,
	    (i.server >> 16) & 255, (i.server >> 8) & 255, i.server & 255)
	    ELSE (SELECT ip FROM host WHERE id = i.server) END AS server_ip,
	CASE WHEN i.server IS NOT NULL THEN
	    (SELECT word FROM incident_part WHERE incident = i.id AND what = 6
	    ORDER BY sessions DESC, word LIMIT 1) END AS server_name,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 0
	    ORDER BY sessions DESC, word)) AS client_nets,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 3 ORDER BY word)) AS sensors,
	i.first_seen AS first_seen,
	i.last_seen AS last_seen,
	i.sessions AS sessions,
	i.mails_in_clear AS mails_in_clear,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 2
	    ORDER BY sessions DESC, word)) AS rcpt_domains,
	CASE i.located WHEN 0 THEN 'unknown' WHEN 1 THEN 'near-client'
	    WHEN 2 THEN 'near-server' END AS located,
	i.explanation AS explanation,
	i.next_steps AS next_steps,

	-- more than the contract asks for
	CASE i.family WHEN 0 THEN 'encryption-lost' WHEN 1 THEN 'interception'
	    WHEN 2 THEN 'injection' WHEN 3 THEN 'credentials'
	    WHEN 4 THEN 'dns' WHEN 5 THEN 'posture' END AS family,
	i.server_port AS server_port,
	i.client_net AS client_net,
	i.session AS session_id,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 1
	    ORDER BY sessions DESC, word)) AS servers,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 4
	    ORDER BY sessions DESC, word)) AS kinds,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 5
	    ORDER BY sessions DESC, word)) AS causes,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 6
	    ORDER BY sessions DESC, word)) AS server_names,
	(SELECT json_group_array(word) FROM (SELECT word FROM incident_part
	    WHERE incident = i.id AND what = 7
	    ORDER BY sessions DESC, word)) AS about,
	i.mended AS mended_at
FROM incident AS i;

-- One row per address and port.  `client_nets` is how many networks (/24,
-- /48) its clients came from: the list itself has no bound.  `certificates`
-- lists the SHA-256 of at most 16 leaf certificates, the latest first.
-- `last_offer` is that of the last session in which the server was asked
-- and its answer seen.  `posture` lists what is still to be mended, the
-- gravest first: the same kind may have been mended and come again.
CREATE VIEW v_servers AS
WITH total AS (
	SELECT s.server AS server, s.server_port AS port,
	    min((s.id >> 21) * 1000000 + s.started) AS first_seen,
	    max((s.id >> 21) * 1000000 + s.started + s.lasted) AS last_seen,
	    count(*) AS sessions,
	    sum(k.offer = 1) AS offered,
	    sum(k.offer = 2) AS absent,
	    sum(k.offer = 3) AS masked,
	    sum(k.tls = 1) AS tls_established,
	    max(CASE WHEN k.offer BETWEEN 1 AND 4 THEN s.id END) AS answered,
	    max(CASE WHEN k.offer = 1
	        THEN (s.id >> 21) * 1000000 + s.started END)
	        AS last_offered_at,
	    max(CASE WHEN s.server_name IS NOT NULL THEN s.id END) AS named,
	    max(CASE WHEN (s.policy & 15) > 0 THEN s.id END) AS promised,
	    max(CASE WHEN s.tlsa > 0 AND s.certificate IS NOT NULL
	        THEN s.id END) AS compared,
	    count(DISTINCT CASE
	        WHEN s.client BETWEEN -2147483648 AND 2147483647
	        THEN s.client >> 8
	        ELSE (SELECT net FROM host WHERE id = s.client) END)
	        AS client_nets
	FROM session AS s LEFT JOIN common AS k ON k.id = s.common
	GROUP BY s.server, s.server_port
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
	ifnull((SELECT policy FROM v_sessions WHERE id = t.promised),
	    'unknown') AS policy,
	(SELECT tlsa >> 8 FROM session WHERE id = t.compared)
	    AS tlsa_matching,
	(SELECT tlsa & 255 FROM session WHERE id = t.compared) AS tlsa_total,
	(SELECT json_group_array(word) FROM (SELECT k.word AS word
	    FROM incident AS i CROSS JOIN kind AS k
	    WHERE i.family = 5 AND i.server = t.server
	    AND i.server_port = t.port AND i.mended IS NULL AND k.id = i.kind
	    GROUP BY k.id ORDER BY max(i.severity) DESC, k.word)) AS posture
FROM total AS t LEFT JOIN listed AS l
    ON l.server = t.server AND l.port = t.port;
