-- SPDX-License-Identifier: ISC
--
-- From version 2 to 3: certificates that matched no TLSA record are asked
-- about again, MTA-STS policies outlive the sensor, of what an operator should
-- mend it is kept when it was found well again, and what findings say is
-- stored once; findings of before keep their own texts.

-- Sessions whose certificate matched no TLSA record, by records that might
-- have been yesterday's: how they were judged first, and what records of
-- after the TTL said.
CREATE TABLE confirmation (
	session		INTEGER PRIMARY KEY,
	answer		INTEGER NOT NULL,	-- 1 unconfirmed: still to be
				-- asked again, 2 confirmed, 3 rollover-race,
				-- 4 withdrawn, 5 undecided
	due		INTEGER NOT NULL,	-- asked again no earlier
	settled		INTEGER,		-- when it was; NULL: open
	why		TEXT,			-- of undecided
	promise		INTEGER,		-- table promise: what was
						-- answered then
	verdict		INTEGER NOT NULL,	-- the first one, and of its
	severity	INTEGER NOT NULL,	-- certificate-mismatch
	confidence	INTEGER NOT NULL,
	summary		TEXT NOT NULL
) STRICT;

CREATE INDEX confirmation_open ON confirmation (session) WHERE answer = 1;

-- MTA-STS policies outlive the process that fetched them (RFC 8461 section
-- 5.1).  The line is that of policy/sts_store.h.
CREATE TABLE sts_policy (
	domain		TEXT PRIMARY KEY,
	expires		INTEGER NOT NULL,
	line		TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE incident ADD COLUMN mended INTEGER;

ALTER TABLE finding ADD COLUMN wording INTEGER REFERENCES wording;
ALTER TABLE finding ADD COLUMN shape INTEGER REFERENCES wording;

-- What many findings say: see schema.sql.
CREATE TABLE wording (
	id		INTEGER PRIMARY KEY,
	text		TEXT NOT NULL
) STRICT;
