/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* How the argument of a long option is read, and where it goes. */
enum form {
	FORM_COUNT,		/* uint64_t, with k, M, G */
	FORM_SMALL,		/* uint32_t, likewise */
	FORM_SHARE,		/* double: percent */
	FORM_REAL,		/* double: milliseconds */
	FORM_PATH,
	FORM_MIX,
	FORM_SIZE,
	FORM_BYTES,		/* FORM_COUNT; lifts the limit of -n, too */
	FORM_FLAG,
	FORM_HELP,
};

struct rule {
	const char	*name;
	enum form	 form;
	size_t		 at;
};
#define AT(field)	offsetof(struct options, field)

static const struct rule	rules[] = {
	{ "bytes", FORM_BYTES, AT(octets) },
	{ "seed", FORM_COUNT, AT(seed) },
	{ "start", FORM_COUNT, AT(start) },
	{ "mix", FORM_MIX, AT(mix) },
	{ "size", FORM_SIZE, AT(size) },
	{ "servers", FORM_SMALL, AT(servers) },
	{ "clients", FORM_SMALL, AT(clients) },
	{ "concurrency", FORM_SMALL, AT(concurrency) },
	{ "ipv6", FORM_SHARE, AT(ipv6) },
	{ "reorder", FORM_SHARE, AT(reorder) },
	{ "retrans", FORM_SHARE, AT(retrans) },
	{ "loss", FORM_SHARE, AT(loss) },
	{ "split", FORM_SHARE, AT(split) },
	{ "midstream", FORM_SHARE, AT(midstream) },
	{ "rst", FORM_SHARE, AT(rst) },
	{ "badcert", FORM_SHARE, AT(badcert) },
	{ "noise", FORM_SHARE, AT(noise) },
	{ "rtt", FORM_REAL, AT(rtt) },
	{ "mss", FORM_SMALL, AT(mss) },
	{ "burst", FORM_SMALL, AT(burst) },
	{ "nsec", FORM_FLAG, AT(nanoseconds) },
	{ "ca", FORM_PATH, AT(ca) },
	{ "help", FORM_HELP, 0 },
};
#define RULES		(sizeof(rules) / sizeof(rules[0]))
#define LONG_BASE	256

static const struct options	defaults = {
	.sessions = 1000, .seed = 1, .start = 1700000000,
	.servers = 200, .clients = 100, .concurrency = 50,
	.mix = {
		[CLASS_TLS12] = 20, [CLASS_TLS13] = 50, [CLASS_PLAIN] = 17,
		[CLASS_OPTOUT] = 3, [CLASS_STRIPPED] = 3, [CLASS_MANGLED] = 2,
		[CLASS_CMDMANGLED] = 1, [CLASS_R454] = 2, [CLASS_R500] = 0.5,
		[CLASS_EHLOREJ] = 1, [CLASS_TLSABORT] = 0.5,
	},
	.size_mean = 75000, .size_sigma = 1.5, .ipv6 = 10, .reorder = 0.2,
	.retrans = 0.2, .rtt = 40, .mss = 1460, .burst = 4,
};

static void
usage(FILE *to)
{
	fputs(
"usage: smtpgen [options] -w FILE.pcap [-t TRUTH.tsv]\n"
"  -w FILE            capture to write (- is standard output)\n"
"  -t FILE            ground truth, one line a session\n"
"  -n N               SMTP sessions (1000)\n"
"  --bytes N          begin no session after N octets (suffix k, M, G)\n"
"  --seed N           (1)\n"
"  --start SECONDS    time of the first packet (1700000000)\n"
"  --mix C=P,...      weight of each class; classes: tls12 tls13 plain\n"
"                     optout stripped mangled cmdmangled r454 r500\n"
"                     ehlorej tlsabort probe (not by default)\n"
"  --size S           lognormal:MEAN[,SIGMA] | fixed:N | small\n"
"                     (lognormal:75000,1.5)\n"
"  --servers N        (200)   --clients N (100)\n"
"  --concurrency N    SMTP sessions open at a time (50)\n"
"  --ipv6 P           percent of sessions over IPv6 (10)\n"
"  --reorder P        percent of data segments swapped with the next (0.2)\n"
"  --retrans P        percent of data segments sent twice (0.2)\n"
"  --loss P           percent of SMTP packets absent from the file (0)\n"
"  --split P          percent of sessions whose short turns come in tiny\n"
"                     segments (0)\n"
"  --midstream P      percent of sessions whose start is absent (0)\n"
"  --rst P            percent of sessions that end with RST (0)\n"
"  --badcert P        percent of servers with an expired, self-signed or\n"
"                     misnamed certificate (0)\n"
"  --ca FILE          PEM of the root that the certificates chain to\n"
"  --noise P          percent of all packets that are not SMTP (0)\n"
"  --rtt MS           mean time between flights of a session (40)\n"
"  --mss N            (1460)  --burst N segments a flight (4, up to 16)\n"
"  --nsec             nanosecond time stamps\n", to);
}

/* A whole number, or one with a fraction before its suffix ("1.5G"). */
static int
read_count(const char *text, uint64_t *to)
{
	char *end;
	double v;

	*to = strtoull(text, &end, 0);
	if (end != text && *end == '\0' && *text != '-')
		return 0;
	v = strtod(text, &end);
	if (end == text || !(v >= 0))
		return -1;
	if (*end == 'k' || *end == 'K')
		v *= 1e3;
	else if (*end == 'm' || *end == 'M')
		v *= 1e6;
	else if (*end == 'g' || *end == 'G')
		v *= 1e9;
	if (v >= 0x1p63 || (*end != '\0' && end[1] != '\0') ||
	    (*end != '\0' && strchr("kKmMgG", *end) == NULL))
		return -1;
	*to = (uint64_t)v;
	return 0;
}

static int
read_small(const char *text, uint32_t *to)
{
	uint64_t v;

	if (read_count(text, &v) == -1 || v > UINT32_MAX)
		return -1;
	*to = (uint32_t)v;
	return 0;
}

static int
read_real(const char *text, double *to)
{
	char *end;

	*to = strtod(text, &end);
	return end != text && *end == '\0' && *to >= 0 && *to < 1e9 ? 0 : -1;
}

static int
read_share(const char *text, double *to)
{
	return read_real(text, to) == 0 && *to <= 100 ? 0 : -1;
}

/* class=weight,...  What is not named does not occur. */
static int
read_mix(char *text, double mix[CLASSES])
{
	char *item, *weight;
	int c;

	memset(mix, 0, CLASSES * sizeof(mix[0]));
	while ((item = strsep(&text, ",")) != NULL) {
		if ((weight = strchr(item, '=')) == NULL)
			return -1;
		*weight++ = '\0';
		if ((c = class_by_name(item)) == -1 ||
		    read_real(weight, &mix[c]) == -1)
			return -1;
	}
	return 0;
}

static int
read_size(char *text, struct options *o)
{
	char *kind = strsep(&text, ":"), *mean;

	if (strcmp(kind, "small") == 0 && text == NULL) {
		o->size = SIZE_SMALL;
		return 0;
	}
	if (text == NULL)
		return -1;
	if (strcmp(kind, "fixed") == 0) {
		o->size = SIZE_FIXED;
		return read_real(text, &o->size_mean);
	}
	if (strcmp(kind, "lognormal") != 0)
		return -1;
	o->size = SIZE_LOGNORMAL;
	mean = strsep(&text, ",");
	if (read_real(mean, &o->size_mean) == -1 || o->size_mean < 1)
		return -1;
	return text == NULL ? 0 : read_real(text, &o->size_sigma);
}

/* -1 if the argument of this option is not understood. */
static int
take_long(struct options *o, const struct rule *rule, char *argument)
{
	void *to = (char *)o + rule->at;

	switch (rule->form) {
	case FORM_BYTES:
		o->sessions = UINT64_MAX;
		return read_count(argument, to);
	case FORM_COUNT:
		return read_count(argument, to);
	case FORM_SMALL:
		return read_small(argument, to);
	case FORM_SHARE:
		return read_share(argument, to);
	case FORM_REAL:
		return read_real(argument, to);
	case FORM_PATH:
		*(const char **)to = argument;
		return 0;
	case FORM_MIX:
		return read_mix(argument, to);
	case FORM_SIZE:
		return read_size(argument, o);
	case FORM_FLAG:
		*(bool *)to = true;
		return 0;
	case FORM_HELP:
		return 0;
	}
	return -1;
}

/* What makes no sense together, or beyond what the addresses allow. */
static const char *
complaint(const struct options *o)
{
	double sum = 0;
	int c;

	for (c = 0; c < CLASSES; c++)
		sum += o->mix[c];
	if (sum <= 0)
		return "--mix is empty";
	if (o->servers < 2 || o->servers > 100000)
		return "--servers: from 2 to 100000";
	if (o->clients < 1 || o->clients > 4000000)
		return "--clients: from 1 to 4000000";
	if (o->concurrency < 1)
		return "--concurrency: at least 1";
	if (o->burst < 1 || o->burst > 16)
		return "--burst: from 1 to 16";
	if (o->mss < 200 || o->mss > 8960)
		return "--mss: from 200 to 8960";
	if (o->noise >= 100)
		return "--noise: less than 100";
	return NULL;
}

static void
fill_long(struct option *to)
{
	size_t i;

	for (i = 0; i < RULES; i++) {
		to[i] = (struct option){ .name = rules[i].name,
			.has_arg = rules[i].form == FORM_FLAG ||
			    rules[i].form == FORM_HELP ? no_argument :
			    required_argument,
			.val = LONG_BASE + (int)i };
	}
	to[RULES] = (struct option){ 0 };
}

enum options_verdict
options_read(struct options *o, int argc, char **argv)
{
	struct option table[RULES + 1];
	const struct rule *rule;
	const char *why;
	int c;

	*o = defaults;
	fill_long(table);
	while ((c = getopt_long(argc, argv, "w:t:n:h", table, NULL)) != -1) {
		rule = c >= LONG_BASE ? &rules[c - LONG_BASE] : NULL;
		if (c == 'h' || (rule != NULL && rule->form == FORM_HELP)) {
			usage(stdout);
			return OPTIONS_EXIT;
		}
		if (c == 'w') {
			o->capture = optarg;
		} else if (c == 't') {
			o->truth = optarg;
		} else if (c == 'n') {
			if (read_count(optarg, &o->sessions) == -1) {
				warnx("-n: not a number");
				return OPTIONS_WRONG;
			}
		} else if (rule == NULL) {
			usage(stderr);
			return OPTIONS_WRONG;
		} else if (take_long(o, rule, optarg) == -1) {
			warnx("--%s: not understood; see --help", rule->name);
			return OPTIONS_WRONG;
		}
	}
	if (o->capture == NULL || optind != argc) {
		usage(stderr);
		return OPTIONS_WRONG;
	}
	if ((why = complaint(o)) != NULL) {
		warnx("%s", why);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}
