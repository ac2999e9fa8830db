/* SPDX-License-Identifier: ISC */
/*
 * config.h -- what the sensor is told to do, and every limit it keeps.
 *
 * Built from defaults, then the configuration file (-c, YAML), then the
 * command line: the later wins.  Strings belong to the config.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "decode/decode.h"
#include "dns/seen.h"
#include "flow/flow.h"
#include "policy/inventory.h"
#include "policy/resolver.h"

#define CONFIG_SOURCES_MAX	256	/* -i and -r together */
#define CONFIG_PORTS_MAX	64

enum config_source_kind { SOURCE_INTERFACE, SOURCE_PATH };

enum config_policy {
	POLICY_BY_DEFAULT,	/* live: the resolver; files: nobody */
	POLICY_BY_NOBODY,	/* off */
	POLICY_BY_RESOLVER,	/* live */
	POLICY_BY_FILE,
};

struct config_source {
	enum config_source_kind	 kind;
	char			*name;
};

struct config {
	struct config_source	 sources[CONFIG_SOURCES_MAX];
	size_t			 nsources;
	uint16_t		 ports[CONFIG_PORTS_MAX];
	size_t			 nports;
	bool			 follow;
	char			*database;
	char			*name;		/* of this sensor */
	char			*filter;	/* NULL: none */
	char			*user;		/* NULL: stay */
	char			*jsonl;		/* NULL: none */
	char			*evidence;	/* directory; NULL: none */
	bool			 dns;		/* listen to DNS answers */
	bool			 test;		/* --test-config */
	enum log_form		 log_form;
	enum log_level		 log_level;

	/* live capture */
	uint32_t		 snaplen;	/* octets a packet */
	uint32_t		 buffer;	/* kernel buffer, octets */
	bool			 promiscuous;

	/* limits of what grows with traffic */
	struct flow_limits	 flow;
	struct decode_limits	 decode;
	struct dns_limits	 dns_limits;
	uint32_t		 queue_records;	/* between road and clerk */
	uint32_t		 certificates;	/* kept parsed, a road thread */

	/* what DNS is asked for */
	enum config_policy	 policy;
	char			*snapshot;	/* POLICY_BY_FILE */
	struct resolver_options	 resolver;
	bool			 mta_sts;	/* fetch policies, RFC 8461 */

	/* what the operator says of his own; the file alone has it */
	struct inventory	 inventory;
};

enum config_result {
	CONFIG_RUN,
	CONFIG_EXIT,		/* --help, --version: done */
	CONFIG_WRONG,		/* said why: exit status 2 */
};

/* Fills `c` from argv and the files it names. */
enum config_result	config_read(struct config *c, int argc, char **argv);
void			config_free(struct config *c);

/* config_file.c: the YAML file over what is there.  -1 after saying why. */
int	config_file(struct config *c, const char *path);

/* Shared by both readers: -1 if `text` is no list of ports. */
int	config_ports(struct config *c, const char *text);
/* -1 if `text` is neither an address nor ADDRESS@PORT. */
int	config_resolver(struct config *c, const char *text);
/* How the policy is told: "live", "off" or "file:PATH"; -1 after saying why. */
int	config_policy(struct config *c, const char *mode);
/* Replaces a string; -1 after saying why. */
int	config_set(char **to, const char *text);
int	config_add_source(struct config *c, enum config_source_kind kind,
	    const char *name);

/* Are all sources interfaces?  (Mixed ones are refused.) */
bool	config_is_live(const struct config *c);

#endif
