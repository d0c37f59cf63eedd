#include "store/cache_internal.h"

#include "base/bug.h"

/* "rfst": tells a store from other SQLite files. */
#define APPLICATION_ID 1919316852
#define SCHEMA_VERSION 2

/* Strings live in the row of their key: one seek reads or counts them. `keys` is clustered by name,
 * because the counters that one report touches have neighbouring names and so share pages; ids give
 * SCAN its order. The count of a list is 0 there: its items tell, and a push writes no second page.
 * `changes` has what was done lately and is in no row yet (cache_internal.h).
 * Texts are BLOBs, compared byte by byte. `scores.score` is the number's bits in
 * an order that integers keep (sorted_sets.c). */
#define CHANGES_TABLE "CREATE TABLE changes (sequence INTEGER PRIMARY KEY, entries BLOB NOT NULL);"

static const struct str SCHEMA = STR_INIT(
	CHANGES_TABLE "CREATE TABLE keys ("
		      " database INTEGER NOT NULL, name BLOB NOT NULL, id INTEGER NOT NULL,"
		      " type INTEGER NOT NULL, expires INTEGER, count INTEGER NOT NULL, value BLOB,"
		      " PRIMARY KEY (database, name)) WITHOUT ROWID;"
		      "CREATE UNIQUE INDEX keys_by_id ON keys (database, id);"
		      "CREATE INDEX keys_by_expiry ON keys (expires) WHERE expires IS NOT NULL;"
		      "CREATE TABLE items (key_id INTEGER NOT NULL, position INTEGER NOT NULL,"
		      " value BLOB NOT NULL, PRIMARY KEY (key_id, position)) WITHOUT ROWID;"
		      "CREATE TABLE members (key_id INTEGER NOT NULL, member BLOB NOT NULL,"
		      " PRIMARY KEY (key_id, member)) WITHOUT ROWID;"
		      "CREATE TABLE scores (key_id INTEGER NOT NULL, member BLOB NOT NULL,"
		      " score INTEGER NOT NULL, PRIMARY KEY (key_id, member)) WITHOUT ROWID;"
		      "CREATE INDEX scores_by_score ON scores (key_id, score, member);"
		      "CREATE TABLE fields (key_id INTEGER NOT NULL, field BLOB NOT NULL,"
		      " value BLOB NOT NULL, PRIMARY KEY (key_id, field)) WITHOUT ROWID;");

static const struct {
	struct str name;
	enum statement_name remove_elements; /* STATEMENTS: it has none */
} TYPES[KEY_TYPES] = {
	[KEY_NONE] = {STR_INIT("none"), STATEMENTS},
	[KEY_STRING] = {STR_INIT("string"), STATEMENTS},
	[KEY_LIST] = {STR_INIT("list"), STATEMENT_ITEMS_DELETE_KEY},
	[KEY_SET] = {STR_INIT("set"), STATEMENT_MEMBERS_DELETE_KEY},
	[KEY_SORTED_SET] = {STR_INIT("zset"), STATEMENT_SCORES_DELETE_KEY},
	[KEY_HASH] = {STR_INIT("hash"), STATEMENT_FIELDS_DELETE_KEY},
};

struct str store_key_type_name(enum key_type type)
{
	BUG_IF(type >= KEY_TYPES);
	return TYPES[type].name;
}

/* One number that SQL answers. */
static bool ask(struct store *store, struct str text, int64_t *answer, struct error *error)
{
	struct sql_statement *statement = store->world->sql->prepare(store->database, text, error);
	bool has_row =
		statement != NULL && store->world->sql->step(statement, error) == SQL_STEP_ROW;

	if (has_row)
		*answer = store->world->sql->column_int(statement, 0);
	if (statement != NULL)
		store->world->sql->finish(statement);
	return has_row;
}

static bool create_tables(struct store *store, struct error *error)
{
	struct arena *arena = arena_create();
	struct str script = str_format(arena,
				       "%.*s"
				       "PRAGMA application_id = %d; PRAGMA user_version = %d;",
				       STR_ARG(SCHEMA), APPLICATION_ID, SCHEMA_VERSION);
	bool created = sql_execute(store->world, store->database, script, error);

	arena_destroy(arena);
	return created;
}

/* Version 1 had no changes to read. */
static bool migrate(struct store *store, struct error *error)
{
	return sql_execute(store->world, store->database,
			   STR(CHANGES_TABLE "PRAGMA user_version = 2"), error);
}

static bool check_tables(struct store *store, struct str path, struct error *error)
{
	int64_t application = 0, version = 0, tables = 0;

	if (!ask(store, STR("PRAGMA application_id"), &application, error) ||
	    !ask(store, STR("PRAGMA user_version"), &version, error) ||
	    !ask(store, STR("SELECT count(*) FROM sqlite_schema"), &tables, error))
		return false;
	if (tables == 0)
		return create_tables(store, error);
	if (application != APPLICATION_ID)
		return error_set(error, ERROR_INVALID, "%.*s is a database, but not a store",
				 STR_ARG(path));
	if (version == 1)
		return migrate(store, error);
	if (version != SCHEMA_VERSION)
		return error_set(error, ERROR_INVALID,
				 "%.*s is a store of version %lld, known is %d", STR_ARG(path),
				 (long long)version, SCHEMA_VERSION);
	return true;
}

/* One process owns the file: waiting clients are woken by the pushes of this process, ids are
 * counted and keys kept in its memory, and a read then needs no lock (a third of its time). Whoever
 * opens the file next waits as long as the port does and is refused.
 *
 * A checkpoint syncs the disk, 5 to 15 ms in which nobody is answered: so after 4000 pages of log
 * (16 MB) instead of 1000, when most pages were written many times and are copied once. */
static bool own_file(struct store *store, struct error *error)
{
	return sql_execute(store->world, store->database,
			   STR("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 4000;"
			       " BEGIN IMMEDIATE"),
			   error);
}

bool store_keys_open(struct store *store, struct str path, struct error *error)
{
	if (!own_file(store, error))
		return false;
	if (!check_tables(store, path, error)) {
		sql_execute(store->world, store->database, STR("ROLLBACK"), NULL);
		return false;
	}
	return sql_execute(store->world, store->database, STR("COMMIT"), error);
}

bool store_key_find_value(struct call *call, struct str name, struct key *key, struct str *value)
{
	struct cached_key *cached = cache_find(call->store, call->session->database, name);

	*key = (struct key){.name = name, .expires_ms = KEY_NEVER, .cached = cached};
	if (cached->type == KEY_NONE)
		return false;
	if (cached->expires_ms < call->now_ms) {
		if ((call->command->flags & COMMAND_WRITES) != 0)
			store_key_remove(call->store, key);
		return false;
	}
	key->id = cached->id;
	key->type = cached->type;
	key->expires_ms = cached->expires_ms;
	key->count = cached->count;
	key->head = cached->head;
	if (value != NULL && key->type == KEY_STRING)
		*value = str_copy(call->arena, cache_value(cached));
	return true;
}

bool store_key_find(struct call *call, struct str name, struct key *key)
{
	return store_key_find_value(call, name, key, NULL);
}

bool store_key_look_up(struct call *call, struct str name, enum key_type type, struct key *key)
{
	if (!store_key_find(call, name, key) || key->type == type)
		return true;
	call_reply_wrong_type(call);
	return false;
}

void store_key_begin(struct call *call, struct key *key, enum key_type type)
{
	if (key->type != KEY_NONE)
		return;
	key->type = type;
	key->id = ++call->store->last_id;
	if (type == KEY_LIST)
		key->cached->rows_from = key->cached->rows_to = key->head;
}

void store_key_touched(struct store *store, const struct cached_key *cached)
{
	if (!list_is_empty(&store->watching))
		transaction_touch(store, cached->database, cached->name);
}

void store_key_save(struct call *call, struct key *key)
{
	struct cached_key *cached = key->cached;
	bool is_new = cached->type == KEY_NONE;

	BUG_IF(key->type == KEY_STRING || key->count < 0);
	if (key->has_items_in_rows) {
		cached->rows_from = key->head;
		cached->rows_to = key->head + key->count;
	}
	if (key->count == 0) {
		if (!is_new)
			store_key_remove(call->store, key);
		return;
	}
	if (!is_new && key->count == cached->count && key->head == cached->head)
		return;
	cached->id = key->id;
	cached->type = key->type;
	cached->count = key->count;
	cached->head = key->head;
	cache_changed(call->store, cached,
		      (is_new ? CACHE_KEY : 0) |
			      (key->type == KEY_LIST ? CACHE_ITEMS : CACHE_COUNT));
}

void store_key_save_value(struct call *call, struct key *key, struct str value, int64_t expires_ms)
{
	struct cached_key *cached = key->cached;
	unsigned changes = CACHE_VALUE;

	if (key->type != KEY_STRING && key->type != KEY_NONE)
		store_key_remove(call->store, key);
	if (cached->type == KEY_NONE) {
		store_key_begin(call, key, KEY_STRING);
		cached->id = key->id;
		cached->type = KEY_STRING;
		changes |= CACHE_KEY;
	}
	cache_set_value(call->store, cached, value);
	cache_changed(call->store, cached, changes);
	if (expires_ms != cached->expires_ms)
		store_key_set_expiry(call, key, expires_ms);
}

void store_key_set_expiry(struct call *call, struct key *key, int64_t expires_ms)
{
	key->expires_ms = key->cached->expires_ms = expires_ms;
	cache_changed(call->store, key->cached, CACHE_EXPIRY);
	store_schedule_sweep(call->store, expires_ms);
}

static void make_absent(struct store *store, struct cached_key *cached)
{
	cache_set_value(store, cached, STR(""));
	cached->type = KEY_NONE;
	cached->id = cached->count = cached->head = cached->rows_from = cached->rows_to = 0;
	cached->tail_at = cached->logged_at = 0;
	cached->is_rewritten = false;
	cached->expires_ms = KEY_NEVER;
	cache_changed(store, cached, CACHE_KEY);
}

void store_key_remove(struct store *store, struct key *key)
{
	struct cached_key *cached = key->cached;
	enum statement_name elements = TYPES[cached->type].remove_elements;
	bool has_elements = cached->type != KEY_LIST || key->has_items_in_rows ||
			    cached->rows_from < cached->rows_to;

	if (elements != STATEMENTS && has_elements) {
		struct query query = store_query_start(store, elements);

		store_query_int(&query, cached->id);
		store_query_run(&query);
	}
	if (cached->type != KEY_NONE)
		make_absent(store, cached);
	*key = (struct key){.name = key->name, .expires_ms = KEY_NEVER, .cached = cached};
}

void store_key_rename(struct call *call, struct key *key, struct str name)
{
	struct cached_key *from = key->cached;
	struct cached_key *to = cache_find(call->store, call->session->database, name);

	BUG_IF(to->type != KEY_NONE || to == from);
	/* Two keys with one id, one after the other: more than entries can tell. */
	if (from->type == KEY_LIST)
		cache_write_items(call->store, from);
	call->store->cache.must_flush = true;
	to->id = from->id;
	to->type = from->type;
	to->expires_ms = from->expires_ms;
	to->count = from->count;
	to->head = from->head;
	to->rows_from = from->rows_from;
	to->rows_to = from->rows_to;
	cache_set_value(call->store, to, cache_value(from));
	cache_changed(call->store, to, CACHE_KEY);
	make_absent(call->store, from);
	key->name = name;
	key->cached = to;
}

void store_keys_remove_all(struct store *store, int database)
{
	static const struct {
		enum statement_name remove;
		enum key_type type;
	} elements[] = {
		{STATEMENT_ITEMS_DELETE_DATABASE, KEY_LIST},
		{STATEMENT_MEMBERS_DELETE_DATABASE, KEY_SET},
		{STATEMENT_SCORES_DELETE_DATABASE, KEY_SORTED_SET},
		{STATEMENT_FIELDS_DELETE_DATABASE, KEY_HASH},
	};
	struct query query;

	transaction_touch_all(store, database);
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		query = store_query_start(store, elements[i].remove);
		store_query_int(&query, database);
		store_query_int(&query, elements[i].type);
		store_query_run(&query);
	}
	query = store_query_start(store, STATEMENT_KEYS_DELETE_ALL);
	store_query_int(&query, database);
	store_query_run(&query);
	cache_forget(store, database);
}

int64_t store_keys_last_id(struct store *store)
{
	int64_t last = 0;

	for (int database = 0; database < STORE_DATABASES; database++) {
		struct query query = store_query_start(store, STATEMENT_KEYS_LAST_ID);

		store_query_int(&query, database);
		if (store_query_row(&query) && store_query_column_int(&query, 0) > last)
			last = store_query_column_int(&query, 0);
		store_query_end(&query);
	}
	return last;
}
