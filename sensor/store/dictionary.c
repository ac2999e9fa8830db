/* SPDX-License-Identifier: ISC */
#include <sys/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "store/cache.h"
#include "store/dictionary.h"
#include "store/line_rows.h"
#include "store/statement.h"
#include "tls/tls.h"

#define PRELOAD_MAX	32768	/* remembered from former runs, at most */
/* "[1,2]", of 64 bits each */
#define CHAIN_TEXT_MAX	(TLS_CHAIN_MAX * 21 + 2)

enum shelf_name {
	SHELF_SENSOR,
	SHELF_SOURCE,
	SHELF_TEXT,
	SHELF_LINE,
	SHELF_WORDING,
	SHELF_HOST,
	SHELF_EHLO,
	SHELF_CERTIFICATE,
	SHELF_CHAIN,
	SHELVES
};

/* ?1 of both is what the value is known by. */
static const struct {
	const char	*find;		/* NULL: see line_rows.h */
	const char	*insert;
	unsigned	 entries;	/* remembered */
} shelf_table[SHELVES] = {
	[SHELF_SENSOR] = {
		"SELECT id FROM sensor WHERE name = ?1",
		"INSERT INTO sensor (name) VALUES (?1)", 8 },
	[SHELF_SOURCE] = {
		"SELECT id FROM source WHERE name = ?1",
		"INSERT INTO source (name) VALUES (?1)", 256 },
	[SHELF_TEXT] = {
		"SELECT id FROM text WHERE text = ?1",
		"INSERT INTO text (text) VALUES (?1)", 65536 },
	[SHELF_LINE] = {
		NULL, NULL, 65536 },
	[SHELF_WORDING] = {
		NULL, NULL, 32768 },
	[SHELF_HOST] = {
		"SELECT id FROM host WHERE ip = ?1",
		/* rows here begin where IPv4 addresses end */
		"INSERT INTO host (id, ip, net) VALUES (ifnull((SELECT "
		    "max(id) FROM host), 4294967295) + 1, ?1, ?2)", 65536 },
	[SHELF_EHLO] = {
		"SELECT id FROM ehlo_reply WHERE lines = ?1",
		"INSERT INTO ehlo_reply (lines, keywords) VALUES (?1, ?2)",
		16384 },
	[SHELF_CERTIFICATE] = {
		"SELECT id FROM certificate WHERE sha256 = ?1",
		"INSERT INTO certificate (sha256, spki_sha256, subject, "
		    "issuer, san, not_before, not_after, der) "
		    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", 16384 },
	[SHELF_CHAIN] = {
		"SELECT id FROM chain WHERE certificates = ?1",
		"INSERT INTO chain (certificates, length) VALUES (?1, ?2)",
		4096 },
};

struct shelf {
	struct cache	*cache;
	sqlite3_stmt	*find, *insert;
};

struct dictionary {
	sqlite3		*db;
	struct shelf	 shelf[SHELVES];
	struct line_rows *lines, *wordings;
};

/* A value that is not in the cache. */
struct value {
	struct cache_key	 key;
	struct span		 unique;	/* ?1 */
	bool			 blob;
	void			(*bind)(sqlite3_stmt *, const void *);
	const void		*what;		/* for bind() */
};

static int
open_shelf(sqlite3 *db, struct shelf *s, enum shelf_name which, uint64_t seed)
{
	s->cache = cache_new(shelf_table[which].entries, seed);
	if (s->cache == NULL)
		return -1;
	if (shelf_table[which].find == NULL)
		return 0;
	if (statement_prepare(db, shelf_table[which].find, &s->find) == -1)
		return -1;
	return statement_prepare(db, shelf_table[which].insert, &s->insert);
}

/* Lines and wordings have no index to find them by; those of late are
 * likeliest to come again. */
static int
preload(struct dictionary *d, enum shelf_name which, const char *sql)
{
	struct shelf *s = &d->shelf[which];
	unsigned most = shelf_table[which].entries / 2;
	sqlite3_stmt *stmt;
	struct span line;

	if (sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(stmt, 1, most < PRELOAD_MAX ? most : PRELOAD_MAX);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct cache_key key;

		line.at = sqlite3_column_text(stmt, 1);
		line.len = (size_t)sqlite3_column_bytes(stmt, 1);
		key = cache_key(s->cache, line);
		if (cache_find(s->cache, key) == 0)
			cache_put(s->cache, key,
			    sqlite3_column_int64(stmt, 0));
	}
	return sqlite3_finalize(stmt) == SQLITE_OK ? 0 : -1;
}

int
dictionary_new(sqlite3 *db, struct dictionary **out)
{
	struct dictionary *d;
	uint64_t seed;

	*out = NULL;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -1;
	d->db = db;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		goto fail;
	for (enum shelf_name i = 0; i < SHELVES; i++)
		if (open_shelf(db, &d->shelf[i], i, seed) == -1)
			goto fail;
	if (line_rows_new(db, LINE_ROWS_LINE, &d->lines) == -1 ||
	    line_rows_new(db, LINE_ROWS_WORDING, &d->wordings) == -1 ||
	    preload(d, SHELF_LINE, "SELECT id, text FROM line "
	    "ORDER BY id DESC LIMIT ?1") == -1 ||
	    preload(d, SHELF_WORDING, "SELECT id, text FROM wording "
	    "ORDER BY id DESC LIMIT ?1") == -1)
		goto fail;
	*out = d;
	return 0;

fail:
	dictionary_free(d);
	return -1;
}

void
dictionary_free(struct dictionary *d)
{
	if (d == NULL)
		return;
	for (enum shelf_name i = 0; i < SHELVES; i++) {
		sqlite3_finalize(d->shelf[i].insert);
		sqlite3_finalize(d->shelf[i].find);
		cache_free(d->shelf[i].cache);
	}
	line_rows_free(d->wordings);
	line_rows_free(d->lines);
	free(d);
}

int
dictionary_begin(struct dictionary *d)
{
	if (line_rows_begin(d->lines) == -1)
		return -1;
	return line_rows_begin(d->wordings);
}

int
dictionary_flush(struct dictionary *d)
{
	if (line_rows_flush(d->lines) == -1)
		return -1;
	return line_rows_flush(d->wordings);
}

static void
bind_unique(sqlite3_stmt *stmt, const struct value *v)
{
	/* never NULL, which a pointer to nothing would become */
	const void *at = v->unique.at != NULL ? (const void *)v->unique.at : "";

	if (v->blob)
		sqlite3_bind_blob64(stmt, 1, at, v->unique.len, SQLITE_STATIC);
	else
		sqlite3_bind_text64(stmt, 1, at, v->unique.len, SQLITE_STATIC,
		    SQLITE_UTF8);
}

/* Its number in the database, where it is put if it is not there. */
static int64_t
settle(struct dictionary *d, enum shelf_name which, const struct value *v)
{
	struct shelf *s = &d->shelf[which];
	int64_t id = 0;

	bind_unique(s->find, v);
	if (sqlite3_step(s->find) == SQLITE_ROW)
		id = sqlite3_column_int64(s->find, 0);
	if (sqlite3_reset(s->find) != SQLITE_OK)
		return -1;
	if (id == 0) {
		bind_unique(s->insert, v);
		if (v->bind != NULL)
			v->bind(s->insert, v->what);
		sqlite3_step(s->insert);
		if (sqlite3_reset(s->insert) != SQLITE_OK)
			return -1;
		id = sqlite3_last_insert_rowid(d->db);
	}
	cache_put(s->cache, v->key, id);
	return id;
}

static int64_t
plain_text(struct dictionary *d, enum shelf_name which, struct span text)
{
	struct cache *c = d->shelf[which].cache;
	struct cache_key key = cache_key(c, text);
	int64_t id;

	if ((id = cache_find(c, key)) != 0)
		return id;
	return settle(d, which, &(struct value){ .key = key, .unique = text });
}

int64_t
dictionary_sensor(struct dictionary *d, const char *name)
{
	return plain_text(d, SHELF_SENSOR, span_text(name));
}

int64_t
dictionary_source(struct dictionary *d, const char *name)
{
	return plain_text(d, SHELF_SOURCE, span_text(name));
}

int64_t
dictionary_text(struct dictionary *d, const char *text)
{
	return plain_text(d, SHELF_TEXT, span_text(text));
}

void
dictionary_foresee_text(const struct dictionary *d, const char *text)
{
	const struct cache *c = d->shelf[SHELF_TEXT].cache;

	cache_foresee(c, cache_key(c, span_text(text)));
}

static int64_t
appended(struct cache *c, struct line_rows *rows, struct span text)
{
	struct cache_key key = cache_key(c, text);
	int64_t id;

	if ((id = cache_find(c, key)) != 0)
		return id;
	if ((id = line_rows_add(rows, text)) != -1)
		cache_put(c, key, id);
	return id;
}

int64_t
dictionary_line(struct dictionary *d, struct span line)
{
	return appended(d->shelf[SHELF_LINE].cache, d->lines, line);
}

int64_t
dictionary_wording(struct dictionary *d, struct span text)
{
	return appended(d->shelf[SHELF_WORDING].cache, d->wordings, text);
}

int64_t
dictionary_kept_text(struct dictionary *d, struct book_text *t)
{
	if (t->note[NOTE_TEXT] <= 0)
		t->note[NOTE_TEXT] = dictionary_text(d, t->text);
	return t->note[NOTE_TEXT];
}

int64_t
dictionary_kept_line(struct dictionary *d, struct book_text *t)
{
	if (t->note[NOTE_LINE] <= 0)
		t->note[NOTE_LINE] = dictionary_line(d, span_of(t->text,
		    t->len));
	return t->note[NOTE_LINE];
}

/* Its network, for counting from how many clients came. */
static void
bind_net(sqlite3_stmt *stmt, const void *what)
{
	struct addr net = *(const struct addr *)what;
	char text[ADDR_TEXT_MAX], full[ADDR_TEXT_MAX + 4];

	memset(net.octets + 6, 0, sizeof(net.octets) - 6);
	snprintf(full, sizeof(full), "%s/48", addr_format(&net, text));
	sqlite3_bind_text(stmt, 2, full, -1, SQLITE_TRANSIENT);
}

/* Two's complement, so that half of the addresses need no longer number. */
static int64_t
ipv4_number(const struct addr *ip)
{
	const uint8_t *o = ip->octets + 12;
	int64_t n = (int64_t)o[0] << 24 | o[1] << 16 | o[2] << 8 | o[3];

	return n < INT64_C(1) << 31 ? n : n - (INT64_C(1) << 32);
}

int
dictionary_host(struct dictionary *d, const struct addr *ip, int64_t *id)
{
	struct cache *c = d->shelf[SHELF_HOST].cache;
	struct value v = { .bind = bind_net, .what = ip };
	char text[ADDR_TEXT_MAX];

	if (addr_is_v4(ip)) {
		*id = ipv4_number(ip);
		return 0;
	}
	v.key = cache_key(c, span_of(ip->octets, sizeof(ip->octets)));
	if ((*id = cache_find(c, v.key)) != 0)
		return 0;
	v.unique = span_text(addr_format(ip, text));
	return (*id = settle(d, SHELF_HOST, &v)) == -1 ? -1 : 0;
}

/* A JSON array of the parts of `text`; the caller frees it. */
static char *
json_list(const char *text, char separator)
{
	json_t *list = json_array();
	const char *end;
	char *out;

	while (*text != '\0') {
		end = strchrnul(text, separator);
		/* facts are escaped: always ASCII */
		json_array_append_new(list, json_stringn(text,
		    (size_t)(end - text)));
		text = *end == '\0' ? end : end + 1;
	}
	out = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return out;
}

static void
bind_keywords(sqlite3_stmt *stmt, const void *what)
{
	char *list = json_list(what, ' ');

	sqlite3_bind_text(stmt, 2, list, -1, free);
}

int64_t
dictionary_ehlo_reply(struct dictionary *d, const char *rest,
    const char *keywords)
{
	struct cache *c = d->shelf[SHELF_EHLO].cache;
	struct value v = { .bind = bind_keywords, .what = keywords };
	int64_t id;
	char *lines;

	/* The keywords follow from the lines. */
	v.key = cache_key(c, span_text(rest));
	if ((id = cache_find(c, v.key)) != 0)
		return id;
	if ((lines = json_list(rest, '\n')) == NULL)
		return -1;
	v.unique = span_text(lines);
	id = settle(d, SHELF_EHLO, &v);
	free(lines);
	return id;
}

static void
bind_certificate(sqlite3_stmt *stmt, const void *what)
{
	const struct certificate *c = what;

	for (int i = 2; i <= 7; i++)
		sqlite3_bind_null(stmt, i);
	if (c->readable) {
		sqlite3_bind_blob(stmt, 2, c->spki_sha256,
		    sizeof(c->spki_sha256), SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, c->subject, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 4, c->issuer, -1, SQLITE_STATIC);
		if (c->san != NULL)
			sqlite3_bind_text(stmt, 5, json_list(c->san, ' '), -1,
			    free);
		if (c->not_before != 0)
			sqlite3_bind_int64(stmt, 6, c->not_before);
		if (c->not_after != 0)
			sqlite3_bind_int64(stmt, 7, c->not_after);
	}
	sqlite3_bind_blob64(stmt, 8, c->der.at != NULL ?
	    (const void *)c->der.at : "", c->der.len, SQLITE_STATIC);
}

int64_t
dictionary_certificate(struct dictionary *d, const struct certificate *c)
{
	struct cache *cache = d->shelf[SHELF_CERTIFICATE].cache;
	struct value v = { .bind = bind_certificate, .what = c, .blob = true };
	int64_t id;

	v.unique = span_of(c->sha256, sizeof(c->sha256));
	v.key = cache_key(cache, v.unique);
	if ((id = cache_find(cache, v.key)) != 0)
		return id;
	return settle(d, SHELF_CERTIFICATE, &v);
}

static void
bind_length(sqlite3_stmt *stmt, const void *what)
{
	sqlite3_bind_int64(stmt, 2, *(const unsigned *)what);
}

int64_t
dictionary_chain(struct dictionary *d, const int64_t *ids, unsigned count)
{
	struct cache *c = d->shelf[SHELF_CHAIN].cache;
	struct value v = { .bind = bind_length, .what = &count };
	char text[CHAIN_TEXT_MAX];
	size_t len = 0;
	int64_t id;

	v.key = cache_key(c, span_of(ids, count * sizeof(*ids)));
	if ((id = cache_find(c, v.key)) != 0)
		return id;
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%c%lld", i == 0 ? '[' : ',', (long long)ids[i]);
	text[len++] = ']';
	v.unique = span_of(text, len);
	return settle(d, SHELF_CHAIN, &v);
}
