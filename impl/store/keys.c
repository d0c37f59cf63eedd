#include "store/keys_internal.h"

#include "base/bug.h"

/* "rfst": tells a store from other SQLite files. */
#define APPLICATION_ID 1919316852
#define SCHEMA_VERSION 1

/* Strings live in the row of their key: one seek reads or counts them. `keys` is clustered by name,
 * because the counters that one report touches have neighbouring names and so share pages; ids give
 * SCAN its order. Texts are BLOBs, compared byte by byte. `scores.score` is the number's bits in
 * an order that integers keep (sorted_sets.c). */
static const struct str SCHEMA = STR_INIT(
	"CREATE TABLE keys ("
	" database INTEGER NOT NULL, name BLOB NOT NULL, id INTEGER NOT NULL,"
	" type INTEGER NOT NULL, expires INTEGER, count INTEGER NOT NULL, head INTEGER NOT NULL,"
	" value BLOB, PRIMARY KEY (database, name)) WITHOUT ROWID;"
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
	if (version != SCHEMA_VERSION)
		return error_set(error, ERROR_INVALID,
				 "%.*s is a store of version %lld, known is %d", STR_ARG(path),
				 (long long)version, SCHEMA_VERSION);
	return true;
}

/* One process owns the file: waiting clients are woken by the pushes of this process, ids are
 * counted in its memory, and a read then needs no lock (a third of its time). Whoever opens the
 * file next waits as long as the port does and is refused. */
bool store_keys_open(struct store *store, struct str path, struct error *error)
{
	if (!sql_execute(store->world, store->database,
			 STR("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE"), error))
		return false;
	if (!check_tables(store, path, error)) {
		sql_execute(store->world, store->database, STR("ROLLBACK"), NULL);
		return false;
	}
	return sql_execute(store->world, store->database, STR("COMMIT"), error);
}

static void query_name(struct query *query, int database, struct str name)
{
	store_query_int(query, database);
	store_query_text(query, name);
}

static void query_expiry(struct query *query, int64_t expires_ms)
{
	if (expires_ms == KEY_NEVER)
		store_query_null(query);
	else
		store_query_int(query, expires_ms);
}

static void read_row(struct query *query, struct key *key)
{
	key->id = store_query_column_int(query, 0);
	key->type = (enum key_type)store_query_column_int(query, 1);
	key->expires_ms =
		store_query_column_is_null(query, 2) ? KEY_NEVER : store_query_column_int(query, 2);
	key->count = key->count_stored = store_query_column_int(query, 3);
	key->head = key->head_stored = store_query_column_int(query, 4);
	key->is_stored = true;
}

bool store_key_find_value(struct call *call, struct str name, struct key *key, struct str *value)
{
	struct query query = store_query_start(call->store, STATEMENT_KEY_FIND);
	bool is_alive;

	*key = (struct key){.name = name, .expires_ms = KEY_NEVER};
	query_name(&query, call->session->database, name);
	if (!store_query_row(&query))
		return false;
	read_row(&query, key);
	is_alive = key->expires_ms >= call->now_ms;
	if (is_alive && value != NULL && key->type == KEY_STRING)
		*value = str_copy(call->arena, store_query_column_text(&query, 5));
	store_query_end(&query);
	if (is_alive)
		return true;
	if ((call->command->flags & COMMAND_WRITES) != 0)
		store_key_remove(call->store, call->session->database, key);
	*key = (struct key){.name = name, .expires_ms = KEY_NEVER};
	return false;
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
}

static void insert(struct call *call, struct key *key, const struct str *value)
{
	struct query query = store_query_start(call->store, STATEMENT_KEY_INSERT);

	query_name(&query, call->session->database, key->name);
	store_query_int(&query, key->id);
	store_query_int(&query, (int64_t)key->type);
	query_expiry(&query, key->expires_ms);
	store_query_int(&query, key->count);
	store_query_int(&query, key->head);
	if (value != NULL)
		store_query_text(&query, *value);
	else
		store_query_null(&query);
	store_query_run(&query);
	key->is_stored = true;
	store_schedule_sweep(call->store, key->expires_ms);
}

void store_key_save(struct call *call, struct key *key)
{
	struct query query;

	BUG_IF(key->type == KEY_STRING || key->count < 0);
	if (key->count == 0) {
		if (key->is_stored)
			store_key_remove(call->store, call->session->database, key);
		return;
	}
	if (!key->is_stored) {
		insert(call, key, NULL);
		return;
	}
	if (key->count == key->count_stored && key->head == key->head_stored)
		return;
	query = store_query_start(call->store, STATEMENT_KEY_SET_EXTENT);
	query_name(&query, call->session->database, key->name);
	store_query_int(&query, key->count);
	store_query_int(&query, key->head);
	store_query_run(&query);
}

void store_key_save_value(struct call *call, struct key *key, struct str value, int64_t expires_ms)
{
	bool is_new_time = expires_ms != key->expires_ms;
	struct query query;

	if (key->type != KEY_STRING)
		store_key_remove(call->store, call->session->database, key);
	key->expires_ms = expires_ms;
	if (!key->is_stored) {
		store_key_begin(call, key, KEY_STRING);
		insert(call, key, &value);
		return;
	}
	query = store_query_start(call->store, is_new_time ? STATEMENT_KEY_SET_VALUE_AND_EXPIRY
							   : STATEMENT_KEY_SET_VALUE);
	query_name(&query, call->session->database, key->name);
	store_query_text(&query, value);
	if (is_new_time)
		query_expiry(&query, expires_ms);
	store_query_run(&query);
	store_schedule_sweep(call->store, expires_ms);
}

void store_key_set_expiry(struct call *call, struct key *key, int64_t expires_ms)
{
	struct query query = store_query_start(call->store, STATEMENT_KEY_SET_EXPIRY);

	query_name(&query, call->session->database, key->name);
	query_expiry(&query, expires_ms);
	store_query_run(&query);
	key->expires_ms = expires_ms;
	store_schedule_sweep(call->store, expires_ms);
}

void store_key_remove(struct store *store, int database, struct key *key)
{
	enum statement_name elements = TYPES[key->type].remove_elements;
	struct query query;

	if (key->is_stored && elements != STATEMENTS) {
		query = store_query_start(store, elements);
		store_query_int(&query, key->id);
		store_query_run(&query);
	}
	if (key->is_stored) {
		query = store_query_start(store, STATEMENT_KEY_DELETE);
		query_name(&query, database, key->name);
		store_query_run(&query);
	}
	*key = (struct key){.name = key->name, .expires_ms = KEY_NEVER};
}

void store_key_rename(struct call *call, struct key *key, struct str name)
{
	struct query query = store_query_start(call->store, STATEMENT_KEY_RENAME);

	query_name(&query, call->session->database, key->name);
	store_query_text(&query, name);
	store_query_run(&query);
	key->name = name;
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

	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		query = store_query_start(store, elements[i].remove);
		store_query_int(&query, database);
		store_query_int(&query, elements[i].type);
		store_query_run(&query);
	}
	query = store_query_start(store, STATEMENT_KEYS_DELETE_ALL);
	store_query_int(&query, database);
	store_query_run(&query);
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
