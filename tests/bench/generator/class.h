/* SPDX-License-Identifier: ISC */
/*
 * class.h -- the kinds of SMTP session, and what is true of each.
 */
#ifndef GENERATOR_CLASS_H
#define GENERATOR_CLASS_H

enum class {
	CLASS_TLS12,		/* STARTTLS, then TLS 1.2: certificate seen */
	CLASS_TLS13,		/* STARTTLS, then TLS 1.3 */
	CLASS_PLAIN,		/* never offered by this server */
	CLASS_OPTOUT,		/* offered, the client does not ask */
	CLASS_STRIPPED,		/* offered before, the line is gone */
	CLASS_MANGLED,		/* offered before, the keyword is XXXXXXXA */
	CLASS_CMDMANGLED,	/* the client's command is XXXXXXXX */
	CLASS_R454,		/* asked, answered 454 */
	CLASS_R500,		/* asked, answered 500 */
	CLASS_EHLOREJ,		/* EHLO rejected, HELO used */
	CLASS_TLSABORT,		/* 220, ClientHello, fatal alert */
	CLASS_PROBE,		/* offered, the client quits at once */
};
#define CLASSES		12

/* The words of the truth file. */
struct class_facts {
	const char	*name;
	const char	*tls;		/* version, "-" if none came up */
	const char	*offered;
	const char	*starttls;
	const char	*outcome;
};

const struct class_facts	*class_facts(enum class c);

/* -1 if no class has this name; otherwise one of enum class. */
int	class_by_name(const char *name);

#endif
