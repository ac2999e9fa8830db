/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/snapshot.h"
#include "policy/zone_text.h"

#define FILE_MAX	(256U << 20)	/* octets */

struct entry {
	char		*name;
	enum lookup_type	 type;
	uint16_t	 preference;
	uint32_t	 ttl;
	int64_t		 asked;		/* 0: nobody said when */
	size_t		 order;		/* in the file: sorting keeps it */
	size_t		 len;
	uint8_t		*data;
};

/* A name that exists: it has records, or names below it have. */
struct node {
	char		*name;
	bool		 own;
};

struct zone {
	char		*name;
	enum lookup_status	 status;
};

struct list {
	void		*at;
	size_t		 count, size;
};

struct snapshot {
	char		*name;
	struct list	 entries, nodes, zones;
	int64_t		 asked;		/* the records that follow */
};

static void *
list_add(struct list *l, size_t each)
{
	void *grown, *new;

	if (l->count == l->size) {
		size_t size = l->size == 0 ? 64 : l->size * 2;

		if ((grown = realloc(l->at, size * each)) == NULL)
			return NULL;
		l->at = grown;
		l->size = size;
	}
	new = (char *)l->at + l->count * each;
	memset(new, 0, each);
	l->count++;
	return new;
}

static int
by_question(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	if (d == 0)
		d = (int)x->type - (int)y->type;
	if (d == 0)
		d = x->order < y->order ? -1 : x->order > y->order;
	return d;
}

/* struct node and struct zone both begin with their name */
static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
take_record(void *context, const struct zone_record *r,
    char why[ZONE_TEXT_WHY_MAX])
{
	struct snapshot *s = context;
	struct entry *e;

	if ((e = list_add(&s->entries, sizeof(*e))) != NULL) {
		e->name = strdup(r->owner);
		e->data = malloc(r->data.len + 1);
	}
	if (e == NULL || e->name == NULL || e->data == NULL) {
		snprintf(why, ZONE_TEXT_WHY_MAX, "memory is short");
		return -1;
	}
	e->type = r->type;
	e->preference = r->preference;
	e->ttl = r->ttl;
	e->asked = s->asked;
	e->order = s->entries.count;
	e->len = r->data.len;
	if (e->len > 0)
		memcpy(e->data, r->data.at, e->len);
	e->data[e->len] = '\0';
	return 0;
}

static int
status_of(const char *word)
{
	static const enum lookup_status known[] = { LOOKUP_SECURE,
	    LOOKUP_INSECURE,
	    LOOKUP_BOGUS };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, lookup_status_word(known[i])) == 0)
			return (int)known[i];
	return -1;
}

bool
snapshot_time(const char *word, int64_t *at)
{
	struct tm tm = { .tm_year = 0 };
	const char *end;

	*at = 0;
	if (strcmp(word, "-") == 0)
		return true;
	end = strptime(word, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || (*end != '.' && *end != 'Z'))
		return false;
	*at = (int64_t)timegm(&tm) * 1000000;
	return true;
}

/* "zone NAME: STATUS"; the colon may stand away from the name. */
static int
take_remark(void *context, struct span text, char why[ZONE_TEXT_WHY_MAX])
{
	struct snapshot *s = context;
	char line[512], name[300], word[16], canonical[LOOKUP_NAME_MAX] = "";
	char asked[40];
	struct zone *z;
	int status;

	snprintf(line, sizeof(line), "%.*s", (int)text.len,
	    (const char *)text.at);
	if (text.len < sizeof(line) && sscanf(line, " asked %39s",
	    asked) == 1 && snapshot_time(asked, &s->asked))
		return 0;
	if (text.len >= sizeof(line) || sscanf(line,
	    " zone %299[^: \t] : %15[a-z]", name, word) != 2 ||
	    (status = status_of(word)) == -1 ||
	    (strcmp(name, ".") != 0 && !lookup_name_copy(canonical, name))) {
		snprintf(why, ZONE_TEXT_WHY_MAX, "not of the form \";! zone "
		    "NAME: secure|insecure|bogus\" or \";! asked TIME\"");
		return -1;
	}
	if ((z = list_add(&s->zones, sizeof(*z))) == NULL ||
	    (z->name = strdup(canonical)) == NULL) {
		snprintf(why, ZONE_TEXT_WHY_MAX, "memory is short");
		return -1;
	}
	z->status = (enum lookup_status)status;
	return 0;
}

static int
add_nodes(struct snapshot *s)
{
	const struct entry *e = s->entries.at;
	struct node *n;

	for (size_t i = 0; i < s->entries.count; i++) {
		const char *name = e[i].name;

		if (i > 0 && strcmp(name, e[i - 1].name) == 0)
			continue;
		for (const char *at = name; at != NULL; ) {
			if ((n = list_add(&s->nodes, sizeof(*n))) == NULL ||
			    (n->name = strdup(at)) == NULL)
				return -1;
			n->own = at == name;
			if ((at = strchr(at, '.')) != NULL)
				at++;
		}
	}
	return 0;
}

/* The same name once, its own if any of them is. */
static void
merge_nodes(struct list *nodes)
{
	struct node *n = nodes->at;
	size_t kept = 0;

	for (size_t i = 0; i < nodes->count; i++) {
		if (kept > 0 && strcmp(n[kept - 1].name, n[i].name) == 0) {
			n[kept - 1].own |= n[i].own;
			free(n[i].name);
		} else
			n[kept++] = n[i];
	}
	nodes->count = kept;
}

static void
sort(struct list *l, size_t each, int (*order)(const void *, const void *))
{
	if (l->count > 1)
		qsort(l->at, l->count, each, order);
}

struct snapshot *
snapshot_read(struct span text, const char *name, char why[SNAPSHOT_WHY_MAX])
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct zone_reader to = { take_record, take_remark, s };
	char what[ZONE_TEXT_WHY_MAX];
	size_t line;

	if (s == NULL || (s->name = strdup(name)) == NULL)
		goto short_of_memory;
	if ((line = zone_text_read(text, &to, what)) != 0) {
		snprintf(why, SNAPSHOT_WHY_MAX, "line %zu: %s", line, what);
		snapshot_free(s);
		return NULL;
	}
	sort(&s->entries, sizeof(struct entry), by_question);
	if (add_nodes(s) == -1)
		goto short_of_memory;
	sort(&s->nodes, sizeof(struct node), by_name);
	merge_nodes(&s->nodes);
	sort(&s->zones, sizeof(struct zone), by_name);
	return s;

short_of_memory:
	snprintf(why, SNAPSHOT_WHY_MAX, "memory is short");
	snapshot_free(s);
	return NULL;
}

static void
free_names(struct list *l, size_t each)
{
	for (size_t i = 0; i < l->count; i++)
		free(*(char **)((char *)l->at + i * each));
	free(l->at);
}

void
snapshot_free(struct snapshot *s)
{
	struct entry *e;

	if (s == NULL)
		return;
	e = s->entries.at;
	for (size_t i = 0; i < s->entries.count; i++)
		free(e[i].data);
	free_names(&s->entries, sizeof(struct entry));
	free_names(&s->nodes, sizeof(struct node));
	free_names(&s->zones, sizeof(struct zone));
	free(s->name);
	free(s);
}

static void *
read_file(const char *path, size_t *len)
{
	struct stat st;
	size_t have = 0;
	char *text = NULL;
	ssize_t n = 1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1) {
		log_warn("policy snapshot %s", path);
	} else if (st.st_size > FILE_MAX) {
		log_warnx("policy snapshot %s: more than %u MiB", path,
		    FILE_MAX >> 20);
	} else if ((text = malloc((size_t)st.st_size + 1)) != NULL) {
		while (have < (size_t)st.st_size && n > 0) {
			n = read(fd, text + have, (size_t)st.st_size - have);
			have += n > 0 ? (size_t)n : 0;
		}
		if (n == -1) {
			log_warn("policy snapshot %s", path);
			free(text);
			text = NULL;
		}
	} else
		log_warn("policy snapshot %s", path);
	if (fd != -1)
		close(fd);
	*len = have;
	return text;
}

struct snapshot *
snapshot_open(const char *path)
{
	char why[SNAPSHOT_WHY_MAX], *text;
	const char *name = strrchr(path, '/');
	struct snapshot *s;
	size_t len;

	if ((text = read_file(path, &len)) == NULL)
		return NULL;
	s = snapshot_read(span_of(text, len), name == NULL ? path : name + 1,
	    why);
	free(text);
	if (s == NULL)
		log_warnx("policy snapshot %s: %s", path, why);
	return s;
}

static const struct node *
find_node(const struct snapshot *s, const char *name)
{
	if (s->nodes.count == 0)
		return NULL;
	return bsearch(&name, s->nodes.at, s->nodes.count,
	    sizeof(struct node), by_name);
}

static const struct zone *
find_zone(const struct snapshot *s, const char *name)
{
	const struct zone *z = NULL;

	for (const char *at = name; z == NULL && at != NULL; ) {
		if (s->zones.count > 0)
			z = bsearch(&at, s->zones.at, s->zones.count,
			    sizeof(struct zone), by_name);
		if (*at == '\0')
			break;
		at = strchr(at, '.');
		at = at == NULL ? "" : at + 1;
	}
	return z;
}

/* Does the snapshot speak of this name at all? */
static bool
covers(const struct snapshot *s, const char *name)
{
	const struct node *n;

	if (find_node(s, name) != NULL || find_zone(s, name) != NULL)
		return true;
	for (const char *at = strchr(name, '.'); at != NULL;
	    at = strchr(at + 1, '.'))
		if ((n = find_node(s, at + 1)) != NULL && n->own)
			return true;
	return false;
}

/*
 * Whose records stand for `name`: its own, or those of the wildcard at its
 * closest encloser (RFC 4592 section 3.3.1).  NULL: no such name.
 */
static const char *
stand_in(const struct snapshot *s, const char *name, char wild[LOOKUP_NAME_MAX])
{
	const struct node *n = find_node(s, name);

	if (n != NULL)
		return n->name;
	for (const char *at = strchr(name, '.'); at != NULL;
	    at = strchr(at + 1, '.')) {
		if (find_node(s, at + 1) == NULL)
			continue;
		if (!lookup_name_under(wild, "*", at + 1) ||
		    (n = find_node(s, wild)) == NULL)
			return NULL;
		return n->name;
	}
	return NULL;
}

/* The first entry of a question; more may follow it. */
static const struct entry *
first_entry(const struct snapshot *s, const char *name, enum lookup_type type)
{
	const struct entry *e = s->entries.at;
	size_t low = 0, high = s->entries.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int d = strcmp(e[middle].name, name);

		if (d < 0 || (d == 0 && e[middle].type < type))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->entries.count || strcmp(e[low].name, name) != 0 ||
	    e[low].type != type)
		return NULL;
	return &e[low];
}

/* One insecure link makes the chain insecure; one bogus, bogus. */
static void
weaken(struct lookup_answer *a, enum lookup_status link)
{
	if (link == LOOKUP_BOGUS || a->status == LOOKUP_BOGUS)
		a->status = LOOKUP_BOGUS;
	else if (link == LOOKUP_INSECURE)
		a->status = LOOKUP_INSECURE;
}

static int
add_entries(const struct snapshot *s, struct lookup_answer *a,
    const struct entry *e)
{
	const struct entry *end = (const struct entry *)s->entries.at +
	    s->entries.count;
	const struct entry *first = e;

	a->at = first->asked;
	for (; e < end && e->type == first->type &&
	    strcmp(e->name, first->name) == 0; e++) {
		if (e->ttl < a->ttl)
			a->ttl = e->ttl;
		if (lookup_answer_add(a, e->preference,
		    span_of(e->data, e->len)) == -1)
			return -1;
	}
	return 0;
}

/*
 * One name of the chain: 1 when the answer is complete, 0 when a->canonical
 * is another name to look at, -1 when memory is short.
 */
static int
answer_link(const struct snapshot *s, const struct lookup_question *q,
    struct lookup_answer *a)
{
	const struct zone *z = find_zone(s, a->canonical);
	char wild[LOOKUP_NAME_MAX];
	const struct entry *e;
	const char *name;

	if (!covers(s, a->canonical)) {
		a->status = LOOKUP_UNKNOWN;
		a->failure = LOOKUP_NOT_COVERED;
		return 1;
	}
	weaken(a, z == NULL ? LOOKUP_INSECURE : z->status);
	if ((name = stand_in(s, a->canonical, wild)) == NULL) {
		a->found = LOOKUP_NXDOMAIN;
		a->rcode = 3;
		return 1;
	}
	if ((e = first_entry(s, name, q->type)) != NULL) {
		a->found = LOOKUP_DATA;
		return add_entries(s, a, e) == -1 ? -1 : 1;
	}
	if ((e = first_entry(s, name, LOOKUP_CNAME)) == NULL ||
	    !lookup_name_ok((const char *)e->data)) {
		a->found = LOOKUP_NODATA;
		return 1;
	}
	if (e->ttl < a->ttl)
		a->ttl = e->ttl;
	memcpy(a->canonical, e->data, e->len + 1);
	return 0;
}

struct lookup_answer *
snapshot_answer(const struct snapshot *s, const struct lookup_question *q)
{
	struct lookup_answer *a;
	int done;

	if ((a = lookup_answer_new(q)) == NULL)
		return NULL;
	a->status = LOOKUP_SECURE;
	a->ttl = UINT32_MAX;
	while ((done = answer_link(s, q, a)) == 0)
		if (++a->aliases > LOOKUP_ALIASES_MAX) {
			a->status = LOOKUP_FAILED;
			a->failure = LOOKUP_LOOP;
			break;
		}
	if (done == -1) {
		lookup_answer_give(a);
		return NULL;
	}
	if (a->ttl == UINT32_MAX)
		a->ttl = 0;
	return a;
}

static void
ask(void *self, const struct lookup_question *q, lookup_done *done,
    void *context)
{
	struct lookup_answer *a = snapshot_answer(self, q);

	done(context, a);
	lookup_answer_give(a);
}

struct lookup_source
snapshot_source(struct snapshot *s)
{
	return (struct lookup_source){
		.self = s,
		.ask = ask,
		.name = s->name,
		.free_of_charge = true,
	};
}

size_t
snapshot_records(const struct snapshot *s)
{
	return s->entries.count;
}
