/* SPDX-License-Identifier: ISC */
/*
 * base/log.h -- what we say to the operator, on standard error.
 *
 * Five words for five situations, after Postfix: trace and info tell, warnx
 * and warn complain (warn adds what errno says), fatal gives up -- and is
 * for main.c before the road opens, nobody else.  Lines are `noun key=value`
 * and never carry message contents or credentials.  Packets are never
 * logged: hostile bytes become values and counters (base/counters.h).
 *
 * The log is the project's only global state.  Every call is safe from any
 * thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_form { LOG_TEXT, LOG_JSON };
enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

/* `program` must stay valid.  Call once, before threads. */
void	log_open(const char *program, enum log_form, enum log_level);

void	log_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says why and exits with `status`. */
void	log_fatal(int status, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3), noreturn));

#endif
