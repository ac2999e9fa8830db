/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <sys/socket.h>

#include <err.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/geoip.h"

#define FILES_MAX	16
#define FILE_NAME_MAX	4096

struct geoip {
	struct file {
		MMDB_s	mmdb;
		bool	country, asn;	/* what it can tell */
	}		files[FILES_MAX];
	unsigned	count;
};

/* Where packages and geoipupdate put them; the first of each sort that is
 * there is taken. */
static const char *const folders[] = {
	"/usr/share/GeoIP", "/var/lib/GeoIP", "/usr/local/share/GeoIP", NULL
};
static const char *const country_names[] = {
	"GeoIP2-Country", "GeoLite2-Country", "GeoIP2-City", "GeoLite2-City",
	"dbip-country-lite", NULL
};
static const char *const asn_names[] = {
	"GeoIP2-ISP", "GeoLite2-ASN", "dbip-asn-lite", NULL
};

/* A file's own word for what it holds; one we never heard of may hold
 * anything. */
static void
look_at_type(struct file *f)
{
	const char *type = f->mmdb.metadata.database_type;

	f->country = type == NULL || strcasestr(type, "country") != NULL ||
	    strcasestr(type, "city") != NULL ||
	    strcasestr(type, "enterprise") != NULL;
	f->asn = type == NULL || strcasestr(type, "asn") != NULL ||
	    strcasestr(type, "isp") != NULL ||
	    strcasestr(type, "enterprise") != NULL;
	if (!f->country && !f->asn)
		f->country = f->asn = true;
}

static int
add_file(struct geoip *g, const char *path)
{
	struct file *f = &g->files[g->count];
	int rc;

	if (g->count == FILES_MAX) {
		warnx("%s: more than %d geoip files", path, FILES_MAX);
		return -1;
	}
	if ((rc = MMDB_open(path, MMDB_MODE_MMAP, &f->mmdb)) !=
	    MMDB_SUCCESS) {
		if (rc == MMDB_IO_ERROR || rc == MMDB_FILE_OPEN_ERROR)
			warn("%s", path);
		else
			warnx("%s: %s", path, MMDB_strerror(rc));
		return -1;
	}
	look_at_type(f);
	g->count++;
	return 0;
}

static int
add_list(struct geoip *g, const char *list)
{
	char path[FILE_NAME_MAX];
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ":");
		if (len >= sizeof(path)) {
			warnx("STRIPTLS_GEOIP: a path is too long");
			return -1;
		}
		memcpy(path, list, len);
		path[len] = '\0';
		if (len > 0 && add_file(g, path) == -1)
			return -1;
		if (list[len] == '\0')
			return 0;
	}
}

static int
add_usual(struct geoip *g, const char *const *names)
{
	char path[FILE_NAME_MAX];

	for (size_t i = 0; names[i] != NULL; i++)
		for (size_t j = 0; folders[j] != NULL; j++) {
			snprintf(path, sizeof(path), "%s/%s.mmdb", folders[j],
			    names[i]);
			if (access(path, R_OK) == 0)
				return add_file(g, path);
		}
	return 0;
}

static int
add_all(struct geoip *g, const struct options *o)
{
	const char *list = getenv("STRIPTLS_GEOIP");

	for (unsigned i = 0; i < o->geoip_count; i++)
		if (add_file(g, o->geoip[i]) == -1)
			return -1;
	if (o->geoip_count > 0)
		return 0;
	if (list != NULL && *list != '\0')
		return add_list(g, list);
	if (add_usual(g, country_names) == -1)
		return -1;
	return add_usual(g, asn_names);
}

static bool
can_tell(const struct geoip *g, bool country)
{
	for (unsigned i = 0; i < g->count; i++)
		if (country ? g->files[i].country : g->files[i].asn)
			return true;
	return false;
}

struct geoip *
geoip_open(const struct options *o, bool country, bool asn)
{
	struct geoip *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		warnx("memory is short");
		return NULL;
	}
	if (add_all(g, o) == -1)
		goto fail;
	if ((country && !can_tell(g, true)) || (asn && !can_tell(g, false))) {
		warnx("--by %s takes a MaxMind DB file that has it "
		    "(GeoLite2-%s.mmdb, or the like): name it with --geoip "
		    "or STRIPTLS_GEOIP, or put it in /usr/share/GeoIP",
		    country && !can_tell(g, true) ? "country" : "asn",
		    country && !can_tell(g, true) ? "Country" : "ASN");
		goto fail;
	}
	return g;
fail:
	geoip_close(g);
	return NULL;
}

void
geoip_close(struct geoip *g)
{
	if (g == NULL)
		return;
	for (unsigned i = 0; i < g->count; i++)
		MMDB_close(&g->files[i].mmdb);
	free(g);
}

/* Not by name: that would ask the resolver's code for each. */
static bool
read_address(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		ss->ss_family = AF_INET;
		return true;
	}
	ss->ss_family = AF_INET6;
	return inet_pton(AF_INET6, text, &six->sin6_addr) == 1;
}

/* The value at this path in the first file that has it. */
static bool
look_up(struct geoip *g, const char *ip, const char *const *path,
    MMDB_entry_data_s *data)
{
	struct sockaddr_storage ss;
	MMDB_lookup_result_s found;
	int error;

	if (ip == NULL || !read_address(ip, &ss))
		return false;
	for (unsigned i = 0; i < g->count; i++) {
		found = MMDB_lookup_sockaddr(&g->files[i].mmdb,
		    (struct sockaddr *)&ss, &error);
		if (error == MMDB_SUCCESS && found.found_entry &&
		    MMDB_aget_value(&found.entry, data, path) ==
		    MMDB_SUCCESS && data->has_data)
			return true;
	}
	return false;
}

static bool
give(sqlite3_context *context, sqlite3_value *ip, const char *const *path)
{
	struct geoip *g = sqlite3_user_data(context);
	MMDB_entry_data_s data;

	if (!look_up(g, (const char *)sqlite3_value_text(ip), path, &data))
		return false;
	switch (data.type) {
	case MMDB_DATA_TYPE_UTF8_STRING:
		sqlite3_result_text(context, data.utf8_string,
		    (int)data.data_size, SQLITE_TRANSIENT);
		return true;
	case MMDB_DATA_TYPE_UINT32:
		sqlite3_result_int64(context, data.uint32);
		return true;
	case MMDB_DATA_TYPE_UINT16:
		sqlite3_result_int64(context, data.uint16);
		return true;
	}
	return false;
}

static void
sql_country(sqlite3_context *context, int n, sqlite3_value **values)
{
	static const char *const paths[][3] = {
		{ "country", "iso_code", NULL },
		{ "registered_country", "iso_code", NULL },
		{ "country_code", NULL, NULL },
	};

	(void)n;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (give(context, values[0], paths[i]))
			return;
}

static void
sql_asn(sqlite3_context *context, int n, sqlite3_value **values)
{
	static const char *const path[] = { "autonomous_system_number", NULL };

	(void)n;
	give(context, values[0], path);
}

static void
sql_as_name(sqlite3_context *context, int n, sqlite3_value **values)
{
	static const char *const path[] = { "autonomous_system_organization",
	    NULL };

	(void)n;
	give(context, values[0], path);
}

int
geoip_functions(struct geoip *g, sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
	int error;

	error = sqlite3_create_function(db, "country", 1, flags, g,
	    sql_country, NULL, NULL);
	if (error == SQLITE_OK)
		error = sqlite3_create_function(db, "asn", 1, flags, g,
		    sql_asn, NULL, NULL);
	if (error == SQLITE_OK)
		error = sqlite3_create_function(db, "as_name", 1, flags, g,
		    sql_as_name, NULL, NULL);
	return error;
}
