/* SPDX-License-Identifier: ISC */
#include "smtp/body.h"
#include "smtp/command.h"

/* In a line: jump to behind its LF.  Returns the octets taken. */
static size_t
to_next_line(enum smtp_body_at *at, struct span octets)
{
	const uint8_t *lf = memchr(octets.at, '\n', octets.len);
	bool cr;

	if (lf == NULL) {
		*at = octets.at[octets.len - 1] == '\r' ? BODY_CR :
		    BODY_IN_LINE;
		return octets.len;
	}
	cr = lf > octets.at ? lf[-1] == '\r' : *at == BODY_CR;
	*at = cr ? BODY_LINE_START : BODY_BARE_START;
	return (size_t)(lf - octets.at) + 1;
}

/* One octet at or near the start of a line.  */
static enum smtp_body_end
step(enum smtp_body_at *at, uint8_t c)
{
	bool strict = *at == BODY_LINE_START || *at == BODY_DOT ||
	    *at == BODY_DOT_CR;

	switch (*at) {
	case BODY_LINE_START:
	case BODY_BARE_START:
		if (c == '.')
			*at = strict ? BODY_DOT : BODY_BARE_DOT;
		else if (c == '\n')
			*at = BODY_BARE_START;
		else
			*at = c == '\r' ? BODY_CR : BODY_IN_LINE;
		break;
	case BODY_DOT:
	case BODY_BARE_DOT:
		if (c == '\r') {
			*at = strict ? BODY_DOT_CR : BODY_BARE_DOT_CR;
			break;
		}
		*at = c == '\n' ? BODY_BARE_START : BODY_IN_LINE;
		return c == '\n' ? BODY_MAY_END : BODY_GOES_ON;
	case BODY_DOT_CR:
	case BODY_BARE_DOT_CR:
		if (c == '\n') {
			*at = BODY_LINE_START;
			return strict ? BODY_ENDS : BODY_MAY_END;
		}
		/* ".\r\r\n": the CRs are dropped by some. */
		*at = c == '\r' ? BODY_BARE_DOT_CR : BODY_IN_LINE;
		break;
	case BODY_IN_LINE:
	case BODY_CR:
		break;		/* to_next_line() knows these */
	}
	return BODY_GOES_ON;
}

enum smtp_body_end
smtp_body_scan(enum smtp_body_at *at, struct span *octets)
{
	struct span o = *octets;
	enum smtp_body_end end = BODY_GOES_ON;

	while (o.len > 0 && end == BODY_GOES_ON) {
		if (*at == BODY_IN_LINE || *at == BODY_CR) {
			o = span_skip(o, to_next_line(at, o));
			continue;
		}
		end = step(at, o.at[0]);
		o = span_skip(o, 1);
	}
	*octets = o;
	return end;
}

bool
smtp_body_chunk(struct span argument, uint64_t *octets, bool *last)
{
	struct span size = smtp_command_word(&argument);
	struct span more = smtp_command_word(&argument);

	*octets = 0;
	*last = false;
	/* RFC 3030 gives a chunk-size of at most 20 digits; we want it to
	 * fit as well. */
	if (size.len == 0 || size.len > 20)
		return false;
	for (size_t i = 0; i < size.len; i++) {
		if (size.at[i] < '0' || size.at[i] > '9')
			return false;
		if (*octets > (INT64_MAX - 9) / 10)
			return false;
		*octets = *octets * 10 + (size.at[i] - '0');
	}
	if (more.len > 0) {
		if (!span_equal_nocase(more, span_text("LAST")))
			return false;
		*last = true;
	}
	return smtp_command_word(&argument).len == 0;
}
