-- SPDX-License-Identifier: ISC
-- What schema_apply() fills in from names.def.
INSERT INTO kind (id, word, text) VALUES
	(1, 'starttls-absent', 'a complete EHLO reply without STARTTLS'),
	(2, 'starttls-masked', 'the keyword overwritten'),
	(3, 'mail-in-clear', 'mail passed in clear where TLS was expected'),
	(4, 'credentials-in-clear', 'AUTH outside TLS');
INSERT INTO expectation (id, word) VALUES (0, 'dane'), (1, 'sts'),
	(2, 'history'), (3, 'peers'), (4, 'inventory');
INSERT INTO gap (id, word, text) VALUES
	(0, 'midstream', 'the beginning of the connection'),
	(1, 'client-only', 'everything the server said'),
	(2, 'server-only', 'everything the client said'),
	(3, 'gap-in-greeting', 'octets of the greeting'),
	(4, 'gap-in-ehlo-reply', 'octets of the EHLO or its reply'),
	(5, 'gap-in-starttls', 'octets around STARTTLS and its reply'),
	(6, 'gap-in-tls', 'octets of the TLS handshake'),
	(7, 'gap-in-mail', 'octets of a mail transaction'),
	(8, 'truncated', 'the end'),
	(9, 'evicted', 'the rest');
