-- SPDX-License-Identifier: ISC
-- A sensor that never saw a connection.
INSERT INTO sensor (id, name) VALUES (1, 'idle');
