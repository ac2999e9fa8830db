/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json_row.h"
#include "schema/moment.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define START_SIZE	4096

struct json_row {
	sqlite3_stmt	*stmt;
	char		*octets;	/* the text; grows */
	size_t		 len, size;
	size_t		 head;		/* octets of what begins each object */
	bool		 failed;	/* memory was short in this row */
	int		 columns;
	enum row_role	*roles;
};

/* The one place that knows which column holds what. */
static const struct {
	const char	*column;
	enum row_role	 role;
} role_table[] = {
	{ "at", ROW_TIME },
	{ "begun_at", ROW_TIME },
	{ "certificate_not_after", ROW_TIME },
	{ "certificate_not_before", ROW_TIME },
	{ "ended_at", ROW_TIME },
	{ "first_at", ROW_TIME },
	{ "first_seen", ROW_TIME },
	{ "hour", ROW_TIME },
	{ "last_at", ROW_TIME },
	{ "last_offered_at", ROW_TIME },
	{ "last_seen", ROW_TIME },
	{ "mended_at", ROW_TIME },
	{ "started_at", ROW_TIME },
	{ "until", ROW_TIME },

	{ "counts", ROW_FLAG },
	{ "plain_after_220", ROW_FLAG },
	{ "quit", ROW_FLAG },
	{ "resumed", ROW_FLAG },

	{ "about", ROW_LIST },
	{ "because", ROW_LIST },
	{ "capabilities", ROW_LIST },
	{ "capture_gaps", ROW_LIST },
	{ "causes", ROW_LIST },
	{ "certificate_san", ROW_LIST },
	{ "certificates", ROW_LIST },
	{ "client_nets", ROW_LIST },
	{ "ehlo_reply", ROW_LIST },
	{ "failure_details", ROW_LIST },
	{ "hellos", ROW_LIST },
	{ "kinds", ROW_LIST },
	{ "mx_host", ROW_LIST },
	{ "next_steps", ROW_LIST },
	{ "policy_string", ROW_LIST },
	{ "posture", ROW_LIST },
	{ "rcpt_domains", ROW_LIST },
	{ "result_types", ROW_LIST },
	{ "sensors", ROW_LIST },
	{ "server_names", ROW_LIST },
	{ "servers", ROW_LIST },
	{ "tunnel", ROW_LIST },

	{ "confirmation", ROW_OBJECT },
	{ "counters", ROW_OBJECT },
	{ "evidence", ROW_OBJECT },
	{ "more", ROW_OBJECT },
	{ "promise", ROW_OBJECT },
	{ "unanswered", ROW_OBJECT },
};

enum row_role
row_role(const char *column)
{
	for (size_t i = 0; i < LENGTH(role_table); i++)
		if (strcmp(role_table[i].column, column) == 0)
			return role_table[i].role;
	return ROW_PLAIN;
}

/* Room for n octets more, and a NUL.  Says so once in `failed`. */
static bool
room(struct json_row *r, size_t n)
{
	size_t size = r->size;
	char *octets;

	if (r->failed)
		return false;
	if (n < size - r->len)
		return true;
	while (n >= size - r->len)
		size *= 2;
	if ((octets = realloc(r->octets, size)) == NULL) {
		r->failed = true;
		return false;
	}
	r->octets = octets;
	r->size = size;
	return true;
}

static void
put(struct json_row *r, const char *text, size_t len)
{
	if (!room(r, len))
		return;
	memcpy(r->octets + r->len, text, len);
	r->len += len;
}

/*
 * Octets of the UTF-8 character at p, 0 if it is none (RFC 3629 section 4:
 * no overlong form, no surrogate, nothing past U+10FFFF).  p is
 * NUL-terminated, which no sequence goes past.
 */
static size_t
utf8_length(const uint8_t *p)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t more;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	more = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i <= more; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return more + 1;
}

/* Texts are nearly always plain: run over what needs no escape. */
static void
put_string(struct json_row *r, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *from;
	char escape[8];
	size_t n;

	put(r, "\"", 1);
	while (*p != '\0') {
		for (from = p; *p >= 0x20 && *p < 0x7f && *p != '"' &&
		    *p != '\\'; p++)
			;
		put(r, (const char *)from, (size_t)(p - from));
		if (*p == '\0')
			break;
		if ((n = utf8_length(p)) > 0) {
			put(r, (const char *)p, n);
			p += n;
			continue;
		}
		if (*p == '"' || *p == '\\')
			n = (size_t)snprintf(escape, sizeof(escape), "\\%c",
			    *p);
		else		/* a control, or no UTF-8 */
			n = (size_t)snprintf(escape, sizeof(escape), "\\u%04x",
			    *p < 0x80 ? *p : 0xfffdu);
		put(r, escape, n);
		p++;
	}
	put(r, "\"", 1);
}

/* JSON within JSON.  Line ends may only be layout there, and would end our
 * line; what does not look like JSON becomes a string. */
static void
put_json(struct json_row *r, const char *text, char open)
{
	size_t at = r->len;

	if (text[0] != open) {
		put_string(r, text);
		return;
	}
	put(r, text, strlen(text));
	if (r->failed)
		return;
	for (; at < r->len; at++)
		if (r->octets[at] == '\n' || r->octets[at] == '\r')
			r->octets[at] = ' ';
}

static void
put_number(struct json_row *r, int64_t number)
{
	char digits[24];
	char *p = digits + sizeof(digits);
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		*--p = '-';
	put(r, p, (size_t)(digits + sizeof(digits) - p));
}

static void
put_time(struct json_row *r, int64_t time)
{
	char text[MOMENT_TEXT];

	moment_format(time, text);
	put(r, "\"", 1);
	put(r, text, strlen(text));
	put(r, "\"", 1);
}

static void
put_integer(struct json_row *r, enum row_role role, int64_t number)
{
	switch (role) {
	case ROW_TIME:
		put_time(r, number);
		break;
	case ROW_FLAG:
		if (number != 0)
			put(r, "true", 4);
		else
			put(r, "false", 5);
		break;
	case ROW_PLAIN:
	case ROW_LIST:
	case ROW_OBJECT:
		put_number(r, number);
		break;
	}
}

static void
put_text(struct json_row *r, enum row_role role, const char *text)
{
	switch (role) {
	case ROW_LIST:
		put_json(r, text, '[');
		break;
	case ROW_OBJECT:
		put_json(r, text, '{');
		break;
	case ROW_PLAIN:
	case ROW_TIME:
	case ROW_FLAG:
		put_string(r, text);
		break;
	}
}

static void
put_column(struct json_row *r, int i)
{
	const char *text;
	char real[32];

	switch (sqlite3_column_type(r->stmt, i)) {
	case SQLITE_INTEGER:
		put_integer(r, r->roles[i], sqlite3_column_int64(r->stmt, i));
		return;
	case SQLITE_FLOAT:
		put(r, real, (size_t)snprintf(real, sizeof(real), "%.15g",
		    sqlite3_column_double(r->stmt, i)));
		return;
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(r->stmt, i);
		if (text == NULL)
			r->failed = true;
		else
			put_text(r, r->roles[i], text);
		return;
	}
	put(r, "null", 4);	/* NULL; no view has a blob */
}

struct json_row *
json_row_new(sqlite3_stmt *stmt, const char *type)
{
	struct json_row *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->stmt = stmt;
	r->columns = sqlite3_column_count(stmt);
	r->size = START_SIZE;
	r->octets = malloc(r->size);
	r->roles = calloc((size_t)r->columns + 1, sizeof(*r->roles));
	if (r->octets == NULL || r->roles == NULL)
		goto fail;
	for (int i = 0; i < r->columns; i++)
		r->roles[i] = row_role(sqlite3_column_name(stmt, i));
	put(r, "{", 1);
	if (type != NULL) {
		put(r, "\"type\":", 7);
		put_string(r, type);
	}
	if (r->failed)
		goto fail;
	r->head = r->len;
	return r;

fail:
	json_row_free(r);
	return NULL;
}

void
json_row_free(struct json_row *r)
{
	if (r == NULL)
		return;
	free(r->roles);
	free(r->octets);
	free(r);
}

const char *
json_row_text(struct json_row *r, size_t *len)
{
	r->len = r->head;
	r->failed = false;
	for (int i = 0; i < r->columns; i++) {
		if (r->len > 1)
			put(r, ",", 1);
		put_string(r, sqlite3_column_name(r->stmt, i));
		put(r, ":", 1);
		put_column(r, i);
	}
	put(r, "}", 1);
	if (r->failed)
		return NULL;
	r->octets[r->len] = '\0';
	*len = r->len;
	return r->octets;
}
