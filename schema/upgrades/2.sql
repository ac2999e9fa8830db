-- SPDX-License-Identifier: ISC
--
-- From version 2 to 3: when what an operator should mend was found well
-- again.

ALTER TABLE incident ADD COLUMN mended INTEGER;
