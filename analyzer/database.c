/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/database.h"
#include "analyzer/party.h"
#include "schema/schema.h"

#define BUSY_MS		5000	/* another may be recovering the log */
#define BUSY_WRITE_MS	15000	/* a sensor commits some 262144 sessions */

static const char *const names[DATABASE_FILES_MAX] = {
	"main", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10",
};

const char *
database_name(unsigned i)
{
	return names[i];
}

/* A path as SQLite's URI: '?', '#' and '%' mean something there. */
static char *
uri_of(const char *path, bool immutable)
{
	char *uri = NULL;
	size_t size;
	FILE *out;

	if ((out = open_memstream(&uri, &size)) == NULL)
		return NULL;
	fputs("file:", out);
	/* two slashes at the beginning would introduce a host */
	if (strncmp(path, "//", 2) == 0)
		fputs("//", out);
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			fprintf(out, "%%%02x", (unsigned char)*path);
		else
			putc(*path, out);
	}
	fputs(immutable ? "?immutable=1" : "?mode=ro", out);
	if (fclose(out) == EOF) {
		free(uri);
		return NULL;
	}
	return uri;
}

/* Is there a write-ahead log with something in it? */
static bool
log_pending(const char *path)
{
	struct stat st;
	char *name;
	bool pending;

	if (asprintf(&name, "%s-wal", path) == -1)
		return true;
	pending = stat(name, &st) == 0 && st.st_size > 0;
	free(name);
	return pending;
}

static sqlite3 *
open_uri(const char *uri)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
	    SQLITE_OPEN_NOMUTEX;
	sqlite3 *db;

	if (sqlite3_open_v2(uri, &db, flags, NULL) != SQLITE_OK) {
		sqlite3_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	/* The file may come from anywhere.  Its views are plain SQL without
	 * side effects whatever they say: no extension can be loaded, and our
	 * own functions are not for views.  (TRUSTED_SCHEMA off would refuse
	 * json_group_array() in SQLite before 3.41.) */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return db;
}

/*
 * Open one file and see whether it is one we can read.  A database in WAL
 * mode needs a shared memory file beside it even to be read; where that
 * cannot be made (read-only media, another user's directory) and nobody's
 * log is waiting to be read with it, the file is taken as unchanging.
 */
static enum schema_state
open_file(const char *path, char **uri, sqlite3 **db, char *why)
{
	enum schema_state state = SCHEMA_UNREADABLE;

	*uri = NULL;
	*db = NULL;
	for (int immutable = 0; immutable <= 1; immutable++) {
		free(*uri);
		sqlite3_close(*db);
		*db = NULL;
		if ((*uri = uri_of(path, immutable)) == NULL ||
		    (*db = open_uri(*uri)) == NULL) {
			snprintf(why, SCHEMA_WHY_MAX, "cannot be opened");
			continue;
		}
		state = schema_look(*db, why);
		if (state != SCHEMA_UNREADABLE)
			return state;
		switch (sqlite3_errcode(*db)) {
		case SQLITE_CANTOPEN:
		case SQLITE_READONLY:
			if (!log_pending(path))
				continue;
			snprintf(why, SCHEMA_WHY_MAX, "rows wait in its "
			    "write-ahead log, which takes a folder we may "
			    "write; copy both files to one");
			break;
		}
		break;
	}
	return state;
}

static int
complain(const char *path, enum schema_state state, const char *why)
{
	switch (state) {
	case SCHEMA_READY:
		return 0;
	case SCHEMA_EMPTY:
		warnx("%s: an empty database: no sensor has written to it",
		    path);
		break;
	case SCHEMA_OLDER:
		warnx("%s: %s (run striptls-sensor on it once)", path, why);
		break;
	case SCHEMA_NEWER:
		warnx("%s: %s (a newer striptls-analyzer reads it)", path, why);
		break;
	case SCHEMA_FOREIGN:
	case SCHEMA_UNREADABLE:
		warnx("%s: %s", path, why);
		break;
	}
	return -1;
}

/* What SQLite would only call "unable to open". */
static int
look_at_file(const char *path, struct stat *st)
{
	if (stat(path, st) == -1) {
		if (errno == ENOENT)
			warnx("%s: no such file; name the sensor's database "
			    "with -d", path);
		else
			warn("%s", path);
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		warnx("%s: not a file", path);
		return -1;
	}
	if (access(path, R_OK) == -1) {
		warn("%s", path);
		return -1;
	}
	return 0;
}

static int
attach(struct database *d, const char *uri, unsigned i)
{
	sqlite3_stmt *stmt = NULL;
	char sql[32];
	int rc;

	snprintf(sql, sizeof(sql), "ATTACH ? AS %s", names[i]);
	rc = sqlite3_prepare_v2(d->sql, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(stmt, 1, uri, -1, SQLITE_STATIC);
		sqlite3_step(stmt);
		rc = sqlite3_finalize(stmt);
	}
	if (rc != SQLITE_OK)
		warnx("%s: %s", d->paths[i], sqlite3_errmsg(d->sql));
	return rc == SQLITE_OK ? 0 : -1;
}

/* The first file's connection is kept; the others are only looked at. */
static int
add_file(struct database *d, const char *path, struct stat *seen)
{
	char why[SCHEMA_WHY_MAX] = "";
	unsigned i = d->count;
	sqlite3 *db = NULL;
	char *uri = NULL;
	int rc = -1;

	if (look_at_file(path, &seen[i]) == -1)
		return -1;
	for (unsigned j = 0; j < i; j++) {
		if (seen[j].st_dev == seen[i].st_dev &&
		    seen[j].st_ino == seen[i].st_ino) {
			warnx("%s: the same file as %s; its rows would count "
			    "twice", path, d->paths[j]);
			return -1;
		}
	}
	d->paths[i] = path;
	if (complain(path, open_file(path, &uri, &db, why), why) == -1)
		goto out;
	if (i == 0) {
		d->sql = db;
		db = NULL;
	} else if (attach(d, uri, i) == -1) {
		goto out;
	}
	d->count++;
	rc = 0;
out:
	sqlite3_close(db);
	free(uri);
	return rc;
}

/* file_name(db): the path of a row's file. */
static void
sql_file_name(sqlite3_context *context, int n, sqlite3_value **values)
{
	const struct database *d = sqlite3_user_data(context);
	sqlite3_int64 i = sqlite3_value_int64(values[0]);

	(void)n;
	if (i >= 0 && i < d->count)
		sqlite3_result_text(context, d->paths[i], -1, SQLITE_STATIC);
}

static int
lay_view(struct database *d, const char *name)
{
	char *sql = NULL, *more = NULL;
	size_t size;
	FILE *out;
	int rc;

	if ((out = open_memstream(&sql, &size)) == NULL) {
		warn("memory");
		return -1;
	}
	fprintf(out, "CREATE TEMP VIEW all_%s AS ", name);
	for (unsigned i = 0; i < d->count; i++)
		fprintf(out, "%sSELECT %u AS db, v.* FROM %s.v_%s AS v",
		    i == 0 ? "" : " UNION ALL ", i, names[i], name);
	if (fclose(out) == EOF) {
		free(sql);
		warn("memory");
		return -1;
	}
	rc = sqlite3_exec(d->sql, sql, NULL, NULL, &more);
	if (rc != SQLITE_OK)
		warnx("%s: %s", d->paths[0], more != NULL ? more :
		    sqlite3_errstr(rc));
	sqlite3_free(more);
	free(sql);
	return rc == SQLITE_OK ? 0 : -1;
}

int
database_open(struct database *d, const char *const *paths, unsigned count)
{
	static const char *const views[] = { "sessions", "findings",
	    "incidents", "servers" };
	struct stat seen[DATABASE_FILES_MAX];

	*d = (struct database){ 0 };
	for (unsigned i = 0; i < count; i++)
		if (add_file(d, paths[i], seen) == -1)
			goto fail;
	if (party_functions(d->sql) != SQLITE_OK ||
	    sqlite3_create_function(d->sql, "file_name", 1, SQLITE_UTF8 |
	    SQLITE_DIRECTONLY, d, sql_file_name, NULL, NULL) != SQLITE_OK) {
		warnx("%s", sqlite3_errmsg(d->sql));
		goto fail;
	}
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (lay_view(d, views[i]) == -1)
			goto fail;
	return 0;
fail:
	database_close(d);
	return -1;
}

void
database_close(struct database *d)
{
	sqlite3_close(d->sql);
	d->sql = NULL;
}

sqlite3 *
database_open_to_write(const char *path)
{
	char why[SCHEMA_WHY_MAX] = "";
	struct stat st;
	sqlite3 *db;

	if (look_at_file(path, &st) == -1)
		return NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		warnx("%s: %s", path, sqlite3_errmsg(db));
		goto fail;
	}
	sqlite3_busy_timeout(db, BUSY_WRITE_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (complain(path, schema_look(db, why), why) == -1)
		goto fail;
	if (sqlite3_db_readonly(db, "main") == 1) {
		warnx("%s: may not be written by you: incidents are changed "
		    "as its owner", path);
		goto fail;
	}
	return db;
fail:
	sqlite3_close(db);
	return NULL;
}
