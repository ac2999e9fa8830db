/* SPDX-License-Identifier: ISC */
/*
 * The configuration file: YAML into declared structs, by libcyaml.
 *
 * Every field is optional, so all are pointers here: NULL means "not said".
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "config.h"

struct file_limits {
	uint32_t	*connections;
	uint32_t	*memory_mib;
	uint32_t	*held_kib_per_side;
	uint32_t	*remembered_kib_per_side;
	uint32_t	*remember_seconds;
	uint32_t	*gap_seconds;
	uint32_t	*idle_seconds;
	uint32_t	*opening_seconds;
	uint32_t	*linger_seconds;
	uint32_t	*fragment_datagrams;
	uint32_t	*fragment_memory_mib;
	uint32_t	*fragment_seconds;
	uint32_t	*depth;
	uint32_t	*queue_records;
	uint32_t	*certificates;
	uint32_t	*dns_questions;
	uint32_t	*dns_names;
	uint32_t	*dns_conflicts;
	uint32_t	*dns_remember_seconds;
};

struct file_server {
	char		 *name;
	char		**addresses;
	unsigned	  addresses_count;
	bool		 *must_offer;
};

struct file_exception {
	char		 *where;
	char		 *kind;
	char		 *reason;
	char		 *until;
};

struct file_inventory {
	char			**domains;
	unsigned		  domains_count;
	char			**networks;
	unsigned		  networks_count;
	struct file_server	 *servers;
	unsigned		  servers_count;
	char			**must_offer;
	unsigned		  must_offer_count;
	struct file_exception	 *exceptions;
	unsigned		  exceptions_count;
};

struct file {
	char		**interfaces;
	unsigned	  interfaces_count;
	uint16_t	 *ports;
	unsigned	  ports_count;
	char		 *name;
	char		 *database;
	char		 *filter;
	char		 *user;
	char		 *jsonl;
	char		 *evidence;
	uint32_t	 *snaplen;
	uint32_t	 *buffer_mib;
	bool		 *promiscuous;
	bool		 *dns;
	char		 *policy;
	char		 *resolver;
	bool		 *trust_resolver;
	bool		 *mta_sts;
	struct file_limits	*limits;
	struct file_inventory	*inventory;
};

#define FLAGS	(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define LIMIT(name)	CYAML_FIELD_UINT_PTR(#name, FLAGS, \
			    struct file_limits, name)
#define TEXT(name)	CYAML_FIELD_STRING_PTR(#name, FLAGS, \
			    struct file, name, 1, 4096)

static const cyaml_schema_field_t	limit_fields[] = {
	LIMIT(connections),
	LIMIT(memory_mib),
	LIMIT(held_kib_per_side),
	LIMIT(remembered_kib_per_side),
	LIMIT(remember_seconds),
	LIMIT(gap_seconds),
	LIMIT(idle_seconds),
	LIMIT(opening_seconds),
	LIMIT(linger_seconds),
	LIMIT(fragment_datagrams),
	LIMIT(fragment_memory_mib),
	LIMIT(fragment_seconds),
	LIMIT(depth),
	LIMIT(queue_records),
	LIMIT(certificates),
	LIMIT(dns_questions),
	LIMIT(dns_names),
	LIMIT(dns_conflicts),
	LIMIT(dns_remember_seconds),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t	interface_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 255),
};
static const cyaml_schema_value_t	port_value = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t),
};

static const cyaml_schema_value_t	text_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 255),
};

static const cyaml_schema_field_t	server_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER,
	    struct file_server, name, 1, 255),
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER,
	    struct file_server, addresses, &text_value, 1, 64),
	CYAML_FIELD_BOOL_PTR("must_offer", FLAGS, struct file_server,
	    must_offer),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t	server_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct file_server,
	    server_fields),
};

static const cyaml_schema_field_t	exception_fields[] = {
	CYAML_FIELD_STRING_PTR("where", CYAML_FLAG_POINTER,
	    struct file_exception, where, 1, 255),
	CYAML_FIELD_STRING_PTR("kind", FLAGS, struct file_exception, kind,
	    1, 64),
	CYAML_FIELD_STRING_PTR("reason", CYAML_FLAG_POINTER,
	    struct file_exception, reason, 1, 1024),
	CYAML_FIELD_STRING_PTR("until", CYAML_FLAG_POINTER,
	    struct file_exception, until, 1, 32),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t	exception_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct file_exception,
	    exception_fields),
};

#define TEXTS(name, most)	CYAML_FIELD_SEQUENCE(#name, FLAGS, \
			    struct file_inventory, name, &text_value, 0, most)

static const cyaml_schema_field_t	inventory_fields[] = {
	TEXTS(domains, 10000),
	TEXTS(networks, 10000),
	CYAML_FIELD_SEQUENCE("servers", FLAGS, struct file_inventory,
	    servers, &server_value, 0, 1000),
	TEXTS(must_offer, 10000),
	CYAML_FIELD_SEQUENCE("exceptions", FLAGS, struct file_inventory,
	    exceptions, &exception_value, 0, 10000),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t	file_fields[] = {
	CYAML_FIELD_SEQUENCE("interfaces", FLAGS, struct file, interfaces,
	    &interface_value, 0, CONFIG_SOURCES_MAX),
	CYAML_FIELD_SEQUENCE("ports", FLAGS, struct file, ports,
	    &port_value, 1, CONFIG_PORTS_MAX),
	TEXT(name),
	TEXT(database),
	TEXT(filter),
	TEXT(user),
	TEXT(jsonl),
	TEXT(evidence),
	CYAML_FIELD_UINT_PTR("snaplen", FLAGS, struct file, snaplen),
	CYAML_FIELD_UINT_PTR("buffer_mib", FLAGS, struct file, buffer_mib),
	CYAML_FIELD_BOOL_PTR("promiscuous", FLAGS, struct file, promiscuous),
	CYAML_FIELD_BOOL_PTR("dns", FLAGS, struct file, dns),
	TEXT(policy),
	TEXT(resolver),
	CYAML_FIELD_BOOL_PTR("trust_resolver", FLAGS, struct file,
	    trust_resolver),
	CYAML_FIELD_BOOL_PTR("mta_sts", FLAGS, struct file, mta_sts),
	CYAML_FIELD_MAPPING_PTR("limits", FLAGS, struct file, limits,
	    limit_fields),
	CYAML_FIELD_MAPPING_PTR("inventory", FLAGS, struct file, inventory,
	    inventory_fields),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t	file_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, file_fields),
};

/* The first complaint of libcyaml is the one that explains. */
struct complaint {
	char	text[256];
};

static void complain(cyaml_log_t, void *, const char *, va_list)
    __attribute__((format(printf, 3, 0)));

static void
complain(cyaml_log_t level, void *context, const char *fmt, va_list ap)
{
	struct complaint *c = context;

	if (level < CYAML_LOG_ERROR || c->text[0] != '\0')
		return;
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	c->text[strcspn(c->text, "\n")] = '\0';
}

static bool
within(const char *path, const char *name, uint32_t value, uint32_t low,
    uint32_t high)
{
	if (value >= low && value <= high)
		return true;
	log_warnx("%s: %s is %u; it can be %u to %u", path, name, value, low,
	    high);
	return false;
}

/* Each limit has a least value below which the sensor would be blind. */
static int
take_limits(struct config *c, const struct file_limits *l, const char *path)
{
	uint32_t memory_mib = (uint32_t)(c->flow.memory >> 20);
	uint32_t held = c->flow.held_per_side >> 10;
	uint32_t remembered = c->flow.remembered_per_side >> 10;
	uint32_t fragments = c->decode.fragment_memory >> 20;
	const struct {
		const char	*name;
		const uint32_t	*said;
		uint32_t	*to, low, high;
	} limits[] = {
		{ "connections", l->connections, &c->flow.connections, 16,
		    100000000 },
		{ "memory_mib", l->memory_mib, &memory_mib, 1, 1048576 },
		{ "held_kib_per_side", l->held_kib_per_side, &held, 4, 65536 },
		{ "remembered_kib_per_side", l->remembered_kib_per_side,
		    &remembered, 1, 1024 },
		{ "remember_seconds", l->remember_seconds,
		    &c->flow.remember_seconds, 1, 3600 },
		{ "gap_seconds", l->gap_seconds, &c->flow.gap_seconds, 1, 60 },
		{ "idle_seconds", l->idle_seconds, &c->flow.idle_seconds, 60,
		    86400 },
		{ "opening_seconds", l->opening_seconds,
		    &c->flow.opening_seconds, 5, 3600 },
		{ "linger_seconds", l->linger_seconds,
		    &c->flow.linger_seconds, 1, 600 },
		{ "fragment_datagrams", l->fragment_datagrams,
		    &c->decode.fragment_datagrams, 1, 1048576 },
		{ "fragment_memory_mib", l->fragment_memory_mib, &fragments,
		    1, 2048 },
		{ "fragment_seconds", l->fragment_seconds,
		    &c->decode.fragment_timeout, 1, 300 },
		{ "depth", l->depth, &c->decode.depth, 4, 64 },
		{ "queue_records", l->queue_records, &c->queue_records, 16,
		    1048576 },
		{ "certificates", l->certificates, &c->certificates, 16,
		    1048576 },
		{ "dns_questions", l->dns_questions, &c->dns_limits.questions,
		    16, 1048576 },
		{ "dns_names", l->dns_names, &c->dns_limits.names, 16,
		    1048576 },
		{ "dns_conflicts", l->dns_conflicts, &c->dns_limits.conflicts,
		    4, 65536 },
		{ "dns_remember_seconds", l->dns_remember_seconds,
		    &c->dns_limits.remember_seconds, 60, 86400 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].said == NULL)
			continue;
		if (!within(path, limits[i].name, *limits[i].said,
		    limits[i].low, limits[i].high))
			return -1;
		*limits[i].to = *limits[i].said;
	}
	c->flow.memory = (uint64_t)memory_mib << 20;
	c->flow.held_per_side = held << 10;
	c->flow.remembered_per_side = remembered << 10;
	c->decode.fragment_memory = fragments << 20;
	return 0;
}

static int
take_texts(struct config *c, const struct file *f)
{
	const struct {
		const char	*said;
		char		**to;
	} texts[] = {
		{ f->name, &c->name },
		{ f->database, &c->database },
		{ f->filter, &c->filter },
		{ f->user, &c->user },
		{ f->jsonl, &c->jsonl },
		{ f->evidence, &c->evidence },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].said != NULL &&
		    config_set(texts[i].to, texts[i].said) == -1)
			return -1;
	return 0;
}

static int
take_policy(struct config *c, const struct file *f, const char *path)
{
	if (f->policy != NULL && config_policy(c, f->policy) == -1)
		return -1;
	if (f->resolver != NULL && config_resolver(c, f->resolver) == -1) {
		log_warnx("%s: resolver: %s: an address, or ADDRESS@PORT",
		    path, f->resolver);
		return -1;
	}
	if (f->trust_resolver != NULL)
		c->resolver.trusted = *f->trust_resolver;
	if (f->mta_sts != NULL)
		c->mta_sts = *f->mta_sts;
	return 0;
}

static int
take_capture(struct config *c, const struct file *f, const char *path)
{
	for (unsigned i = 0; i < f->interfaces_count; i++)
		if (config_add_source(c, SOURCE_INTERFACE,
		    f->interfaces[i]) == -1)
			return -1;
	for (unsigned i = 0; i < f->ports_count; i++) {
		if (!within(path, "ports", f->ports[i], 1, 65535))
			return -1;
		c->ports[i] = f->ports[i];
		c->nports = i + 1;
	}
	if (f->snaplen != NULL) {
		if (!within(path, "snaplen", *f->snaplen, 256, 262144))
			return -1;
		c->snaplen = *f->snaplen;
	}
	if (f->buffer_mib != NULL) {
		if (!within(path, "buffer_mib", *f->buffer_mib, 1, 2047))
			return -1;
		c->buffer = *f->buffer_mib << 20;
	}
	if (f->promiscuous != NULL)
		c->promiscuous = *f->promiscuous;
	if (f->dns != NULL)
		c->dns = *f->dns;
	return 0;
}

static int
take_servers(struct inventory *to, const struct file_inventory *f, char *why)
{
	for (unsigned i = 0; i < f->servers_count; i++) {
		const struct file_server *s = &f->servers[i];

		if (inventory_add_server(to, s->name, s->must_offer == NULL ||
		    *s->must_offer, why) == -1)
			return -1;
		for (unsigned n = 0; n < s->addresses_count; n++)
			if (inventory_add_address(to, s->addresses[n],
			    why) == -1)
				return -1;
	}
	return 0;
}

static int
take_texts_of(struct inventory *to, char *const *texts, unsigned n,
    int (*add)(struct inventory *, const char *, char *), char *why)
{
	for (unsigned i = 0; i < n; i++)
		if (add(to, texts[i], why) == -1)
			return -1;
	return 0;
}

static int
take_inventory(struct config *c, const struct file_inventory *f,
    const char *path)
{
	struct inventory *to = &c->inventory;
	char why[INVENTORY_WHY_MAX];

	if (take_texts_of(to, f->domains, f->domains_count,
	    inventory_add_domain, why) == -1 ||
	    take_texts_of(to, f->networks, f->networks_count,
	    inventory_add_network, why) == -1 ||
	    take_texts_of(to, f->must_offer, f->must_offer_count,
	    inventory_add_must_offer, why) == -1 ||
	    take_servers(to, f, why) == -1)
		goto fail;
	for (unsigned i = 0; i < f->exceptions_count; i++) {
		const struct file_exception *e = &f->exceptions[i];

		if (inventory_add_exception(to, e->where, e->kind, e->reason,
		    e->until, why) == -1)
			goto fail;
	}
	return 0;

fail:
	log_warnx("%s: inventory: %s", path, why);
	return -1;
}

int
config_file(struct config *c, const char *path)
{
	struct complaint why = { .text = "" };
	const cyaml_config_t how = {
		.log_fn = complain,
		.log_ctx = &why,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_WARNING,
	};
	cyaml_err_t error;
	struct file *f = NULL;
	FILE *probe;
	int result = -1;

	/* libcyaml would not say why a file cannot be opened */
	if ((probe = fopen(path, "r")) == NULL) {
		log_warn("configuration %s", path);
		return -1;
	}
	fclose(probe);
	error = cyaml_load_file(path, &how, &file_value,
	    (cyaml_data_t **)&f, NULL);
	if (error != CYAML_OK) {
		log_warnx("configuration %s: %s", path, why.text[0] != '\0' ?
		    why.text : cyaml_strerror(error));
		return -1;
	}
	if (take_texts(c, f) == 0 && take_capture(c, f, path) == 0 &&
	    take_policy(c, f, path) == 0 &&
	    (f->limits == NULL || take_limits(c, f->limits, path) == 0) &&
	    (f->inventory == NULL ||
	    take_inventory(c, f->inventory, path) == 0))
		result = 0;
	cyaml_free(&how, &file_value, f, 0);
	return result;
}
