-- SPDX-License-Identifier: ISC
--
-- From version 2 to 3: what findings say is stored once.
-- Findings of before keep their own texts.

ALTER TABLE finding ADD COLUMN wording INTEGER REFERENCES wording;
ALTER TABLE finding ADD COLUMN shape INTEGER REFERENCES wording;

-- What many findings say: see schema.sql.
CREATE TABLE wording (
	id		INTEGER PRIMARY KEY,
	text		TEXT NOT NULL
) STRICT;
