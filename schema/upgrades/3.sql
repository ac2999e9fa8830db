-- SPDX-License-Identifier: ISC
--
-- From version 3 to 4: sessions whose policy could not be looked up are judged
-- again when it can.

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
