/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define LINE_MAX_BYTES	1024	/* longer lines are cut */

static struct {
	const char	*program;
	enum log_form	 form;
	enum log_level	 level;
} log_state = { .program = "striptls", .level = LOG_NORMAL };

void
log_open(const char *program, enum log_form form, enum log_level level)
{
	log_state.program = program;
	log_state.form = form;
	log_state.level = level;
}

/* JSON string escaping; whatever is no plain ASCII becomes an escape. */
static void
put_json(FILE *to, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(to, "\\%c", *p);
		else if ((uint8_t)*p < 0x20 || (uint8_t)*p > 0x7e)
			fprintf(to, "\\u%04x", (uint8_t)*p);
		else
			fputc(*p, to);
	}
}

static void say(const char *, int, const char *, va_list)
    __attribute__((format(printf, 3, 0)));

static void
say(const char *level, int error, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES], why[128];

	vsnprintf(line, sizeof(line), fmt, ap);
	why[0] = '\0';
	if (error != 0)
		snprintf(why, sizeof(why), ": %s", strerror(error));
	flockfile(stderr);
	if (log_state.form == LOG_JSON) {
		fprintf(stderr, "{\"program\":\"%s\",\"level\":\"%s\","
		    "\"message\":\"", log_state.program, level);
		put_json(stderr, line);
		put_json(stderr, why);
		fputs("\"}\n", stderr);
	} else
		fprintf(stderr, "%s: %s%s\n", log_state.program, line, why);
	funlockfile(stderr);
}

void
log_trace(const char *fmt, ...)
{
	va_list ap;

	if (log_state.level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	say("trace", 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	if (log_state.level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	say("info", 0, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	say("warning", error, fmt, ap);
	va_end(ap);
	errno = error;
}

void
log_fatal(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("fatal", 0, fmt, ap);
	va_end(ap);
	exit(status);
}
