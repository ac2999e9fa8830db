/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define PROGRAM	"striptls-sensor"

enum {
	OPT_FOLLOW = 256,
	OPT_POLICY,
	OPT_RESOLVER,
	OPT_TRUST,
	OPT_JSONL,
	OPT_EVIDENCE,
	OPT_TEST,
	OPT_LOG,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option	long_options[] = {
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "resolver", required_argument, NULL, OPT_RESOLVER },
	{ "trust-resolver", no_argument, NULL, OPT_TRUST },
	{ "jsonl", required_argument, NULL, OPT_JSONL },
	{ "evidence", required_argument, NULL, OPT_EVIDENCE },
	{ "test-config", no_argument, NULL, OPT_TEST },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void
help(void)
{
	puts(
"usage: " PROGRAM " [-c FILE] [-d DB] [-n NAME] (-i IFACE ... | -r FILE|DIR|- ...)\n"
"\n"
"Watches SMTP for mail that lost its encryption, and stores what it saw.\n"
"\n"
"  -i IFACE        capture live (\"any\" works); repeatable\n"
"  -r PATH         read a capture file, \"-\", or a directory of them; repeatable\n"
"      --follow    with a directory: keep taking files as they are completed\n"
"  -d DB           database (default striptls.db); created or upgraded\n"
"  -n NAME         this sensor's name (default: the host's)\n"
"  -p PORTS        SMTP ports, comma-separated (default 25)\n"
"  -f EXPR         extra capture filter, anded (pcap-filter(7))\n"
"  -u USER         live: become USER once the captures are open\n"
"  -c FILE         configuration (YAML), overridden by options\n"
"      --policy MODE    what DNS promises: live (default when live), off\n"
"                       (default for files), or file:PATH, a zone-format\n"
"                       snapshot\n"
"      --resolver ADDR[@PORT]   a validating resolver (default 127.0.0.1)\n"
"      --trust-resolver         ... believe it though not on loopback\n"
"      --jsonl PATH     findings and sessions as JSON lines too, \"-\": stdout\n"
"      --evidence DIR   write a small capture per session with findings\n"
"      --test-config    check everything, say what would be done, exit\n"
"  -q, -v          say less, say more\n"
"      --log FORM  messages as text (default) or json\n"
"\n"
"Then ask: striptls-analyzer sessions.  Full manual: man " PROGRAM);
}

static void
set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->flow = (struct flow_limits)FLOW_LIMITS_DEFAULT;
	c->decode = (struct decode_limits)DECODE_LIMITS_DEFAULT;
	c->dns = true;
	c->dns_limits = (struct dns_limits)DNS_LIMITS_DEFAULT;
	c->ports[0] = 25;
	c->nports = 1;
	c->log_level = LOG_NORMAL;
	c->snaplen = 262144;
	c->buffer = 64U * 1024 * 1024;
	c->promiscuous = true;
	c->queue_records = 32768;
	c->certificates = 4096;
	c->resolver = (struct resolver_options)RESOLVER_OPTIONS_DEFAULT;
}

int
config_set(char **to, const char *text)
{
	char *copy;

	if ((copy = strdup(text)) == NULL) {
		log_warn("configuration");
		return -1;
	}
	free(*to);
	*to = copy;
	return 0;
}

int
config_add_source(struct config *c, enum config_source_kind kind,
    const char *name)
{
	struct config_source *s;

	if (c->nsources == CONFIG_SOURCES_MAX) {
		log_warnx("more than %d captures at once; use a directory",
		    CONFIG_SOURCES_MAX);
		return -1;
	}
	s = &c->sources[c->nsources];
	s->kind = kind;
	if (config_set(&s->name, name) == -1)
		return -1;
	c->nsources++;
	return 0;
}

int
config_ports(struct config *c, const char *text)
{
	const char *p = text;
	unsigned long port;
	char *end;
	size_t n = 0;

	for (;;) {
		port = *p >= '0' && *p <= '9' ? strtoul(p, &end, 10) : 0;
		if (port == 0 || port > 65535 || n == CONFIG_PORTS_MAX)
			return -1;
		c->ports[n++] = (uint16_t)port;
		if (*end == '\0')
			break;
		if (*end != ',')
			return -1;
		p = end + 1;
	}
	c->nports = n;
	return 0;
}

bool
config_is_live(const struct config *c)
{
	return c->nsources > 0 && c->sources[0].kind == SOURCE_INTERFACE;
}

int
config_policy(struct config *c, const char *mode)
{
	if (strcmp(mode, "off") == 0)
		c->policy = POLICY_BY_NOBODY;
	else if (strcmp(mode, "live") == 0)
		c->policy = POLICY_BY_RESOLVER;
	else if (strncmp(mode, "file:", 5) == 0 && mode[5] != '\0') {
		c->policy = POLICY_BY_FILE;
		return config_set(&c->snapshot, mode + 5);
	} else {
		log_warnx("--policy %s: live, off or file:PATH", mode);
		return -1;
	}
	return 0;
}

int
config_resolver(struct config *c, const char *text)
{
	return resolver_set_server(&c->resolver, text) ? 0 : -1;
}

static int
set_log(struct config *c, const char *form)
{
	if (strcmp(form, "text") == 0)
		c->log_form = LOG_TEXT;
	else if (strcmp(form, "json") == 0)
		c->log_form = LOG_JSON;
	else {
		log_warnx("--log %s: text or json", form);
		return -1;
	}
	return 0;
}

/* One option.  -1 after saying why. */
static int
take_option(struct config *c, int opt)
{
	switch (opt) {
	case 'i':
		return config_add_source(c, SOURCE_INTERFACE, optarg);
	case 'r':
		return config_add_source(c, SOURCE_PATH, optarg);
	case 'd':
		return config_set(&c->database, optarg);
	case 'n':
		return config_set(&c->name, optarg);
	case 'f':
		return config_set(&c->filter, optarg);
	case 'u':
		return config_set(&c->user, optarg);
	case 'p':
		if (config_ports(c, optarg) == 0)
			return 0;
		log_warnx("-p %s: ports are numbers from 1 to 65535, "
		    "comma-separated, at most %d", optarg, CONFIG_PORTS_MAX);
		return -1;
	case 'q':
		c->log_level = LOG_QUIET;
		return 0;
	case 'v':
		c->log_level = LOG_VERBOSE;
		return 0;
	case OPT_FOLLOW:
		c->follow = true;
		return 0;
	case OPT_POLICY:
		return config_policy(c, optarg);
	case OPT_RESOLVER:
		if (config_resolver(c, optarg) == 0)
			return 0;
		log_warnx("--resolver %s: an address, or ADDRESS@PORT",
		    optarg);
		return -1;
	case OPT_TRUST:
		c->resolver.trusted = true;
		return 0;
	case OPT_JSONL:
		return config_set(&c->jsonl, optarg);
	case OPT_EVIDENCE:
		return config_set(&c->evidence, optarg);
	case OPT_TEST:
		c->test = true;
		return 0;
	case OPT_LOG:
		return set_log(c, optarg);
	case 'c':
		return 0;	/* read before the others */
	}
	log_warnx("try " PROGRAM " --help");
	return -1;
}

/* What no single option can tell. */
static int
check(struct config *c)
{
	char host[256];

	if (c->nsources == 0) {
		log_warnx("nothing to read: give -i IFACE or -r FILE "
		    "(" PROGRAM " --help)");
		return -1;
	}
	for (size_t i = 1; i < c->nsources; i++)
		if (c->sources[i].kind != c->sources[0].kind) {
			log_warnx("-i and -r do not go together: live "
			    "capture and files keep different time");
			return -1;
		}
	if (c->follow && (c->nsources != 1 || config_is_live(c))) {
		log_warnx("--follow goes with exactly one -r DIRECTORY");
		return -1;
	}
	if (c->user != NULL && !config_is_live(c)) {
		log_warnx("-u is for live capture: files are read as the "
		    "user you are");
		return -1;
	}
	if (c->policy == POLICY_BY_DEFAULT)
		c->policy = config_is_live(c) ? POLICY_BY_RESOLVER :
		    POLICY_BY_NOBODY;
	if (c->policy == POLICY_BY_RESOLVER && !c->resolver.trusted &&
	    !resolver_is_loopback(&c->resolver.server)) {
		log_warnx("--resolver: what a resolver elsewhere says of "
		    "DNSSEC can be forged on the way; with --trust-resolver "
		    "it is believed");
		return -1;
	}
	if (c->database == NULL && config_set(&c->database, "striptls.db"))
		return -1;
	if (c->name == NULL) {
		if (gethostname(host, sizeof(host)) == -1 || host[0] == '\0')
			snprintf(host, sizeof(host), "sensor");
		host[sizeof(host) - 1] = '\0';
		if (config_set(&c->name, host) == -1)
			return -1;
	}
	return 0;
}

enum config_result
config_read(struct config *c, int argc, char **argv)
{
	static const char letters[] = "c:d:f:i:n:p:qr:u:v";
	int opt;

	set_defaults(c);
	/* The file first, so that options override it. */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, letters, long_options,
	    NULL)) != -1) {
		if (opt == OPT_HELP) {
			help();
			return CONFIG_EXIT;
		}
		if (opt == OPT_VERSION) {
			puts(PROGRAM " " STRIPTLS_VERSION);
			return CONFIG_EXIT;
		}
		if (opt == 'c' && config_file(c, optarg) == -1)
			return CONFIG_WRONG;
	}
	optind = 1;
	opterr = 1;
	/* Captures on the command line replace those of the file. */
	bool replaced = false;
	while ((opt = getopt_long(argc, argv, letters, long_options,
	    NULL)) != -1) {
		if ((opt == 'i' || opt == 'r') && !replaced) {
			while (c->nsources > 0)
				free(c->sources[--c->nsources].name);
			memset(c->sources, 0, sizeof(c->sources));
			replaced = true;
			if (opt == 'r') {
				free(c->user);
				c->user = NULL;
			}
		}
		if (take_option(c, opt) == -1)
			return CONFIG_WRONG;
	}
	if (optind < argc) {
		log_warnx("%s: what is this? Files are given with -r",
		    argv[optind]);
		return CONFIG_WRONG;
	}
	return check(c) == -1 ? CONFIG_WRONG : CONFIG_RUN;
}

void
config_free(struct config *c)
{
	for (size_t i = 0; i < c->nsources; i++)
		free(c->sources[i].name);
	free(c->database);
	free(c->name);
	free(c->filter);
	free(c->user);
	free(c->jsonl);
	free(c->evidence);
	free(c->snapshot);
	inventory_free(&c->inventory);
}
