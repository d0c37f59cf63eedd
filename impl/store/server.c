#include "base/utc.h"
#include "store/command_functions_internal.h"
#include "store/keys_internal.h"

void command_ping(struct call *call)
{
	if (call->count > 2)
		call_reply_wrong_count(call);
	else if (call->count == 2)
		call_reply_text(call, call->words[1]);
	else
		call_reply_status(call, "PONG");
}

void command_echo(struct call *call)
{
	call_reply_text(call, call->words[1]);
}

void command_select(struct call *call)
{
	int64_t database;

	if (!call_integer(call, 1, &database))
		return;
	if (database < 0 || database >= STORE_DATABASES) {
		call_reply_error(call, "ERR DB index is out of range");
		return;
	}
	call->session->database = (int)database;
	call_reply_ok(call);
}

/* There is no password: as a Redis without one. */
void command_auth(struct call *call)
{
	if (call->count > 3)
		call_reply_syntax_error(call);
	else if (call->count == 2)
		call_reply_error(call,
				 "ERR AUTH <password> called without any password configured for"
				 " the default user. Are you sure your configuration is correct?");
	else if (!str_equal(call->words[1], STR("default")))
		call_reply_error(call,
				 "WRONGPASS invalid username-password pair or user is disabled.");
	else
		call_reply_ok(call);
}

static bool read_flush_option(struct call *call)
{
	if (call->count == 1 ||
	    (call->count == 2 && (call_is_word(call, 1, "async") || call_is_word(call, 1, "sync"))))
		return true;
	call_reply_syntax_error(call);
	return false;
}

void command_flushdb(struct call *call)
{
	if (!read_flush_option(call))
		return;
	store_keys_remove_all(call->store, call->session->database);
	call_reply_ok(call);
}

void command_flushall(struct call *call)
{
	if (!read_flush_option(call))
		return;
	for (int database = 0; database < STORE_DATABASES; database++)
		store_keys_remove_all(call->store, database);
	call_reply_ok(call);
}

static int64_t count_keys(struct call *call, enum statement_name statement, int database)
{
	struct query query = store_query_start(call->store, statement);
	int64_t count;

	store_query_int(&query, database);
	store_query_int(&query, call->now_ms);
	count = store_query_row(&query) ? store_query_column_int(&query, 0) : 0;
	store_query_end(&query);
	return count;
}

void command_dbsize(struct call *call)
{
	call_reply_integer(call, count_keys(call, STATEMENT_KEYS_COUNT, call->session->database));
}

static void info_server(struct call *call, struct strbuf *out)
{
	(void)call;
	strbuf_append(out, STR("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"));
}

static void info_replication(struct call *call, struct strbuf *out)
{
	(void)call;
	strbuf_append(out, STR("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"));
}

static void info_keyspace(struct call *call, struct strbuf *out)
{
	strbuf_append(out, STR("# Keyspace\r\n"));
	for (int database = 0; database < STORE_DATABASES; database++) {
		int64_t keys = count_keys(call, STATEMENT_KEYS_COUNT, database);
		int64_t expiring = count_keys(call, STATEMENT_KEYS_COUNT_EXPIRING, database);

		if (keys > 0)
			strbuf_append_format(out, "db%d:keys=%lld,expires=%lld,avg_ttl=0\r\n",
					     database, (long long)keys, (long long)expiring);
	}
}

void command_info(struct call *call)
{
	static const struct {
		const char *name;
		void (*write)(struct call *call, struct strbuf *out);
	} sections[] = {
		{"server", info_server},
		{"replication", info_replication},
		{"keyspace", info_keyspace},
	};
	bool wants_all = call->count == 1 || call_is_word(call, 1, "all") ||
			 call_is_word(call, 1, "default") || call_is_word(call, 1, "everything");
	struct strbuf out;

	strbuf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if (!wants_all && !call_is_word(call, 1, sections[i].name))
			continue;
		if (out.size > 0)
			strbuf_append(&out, STR("\r\n"));
		sections[i].write(call, &out);
	}
	call_reply_text(call, strbuf_str(&out));
	strbuf_free(&out);
}

void command_time(struct call *call)
{
	int64_t now_us = world_utc_us(call->store->world);
	struct items items = {0};

	call_items_add_text(call, &items,
			    str_format(call->arena, "%lld", (long long)(now_us / UTC_SECOND_US)));
	call_items_add_text(call, &items,
			    str_format(call->arena, "%lld", (long long)(now_us % UTC_SECOND_US)));
	call_reply_items(call, &items);
}

/* A master whom nobody follows. */
void command_role(struct call *call)
{
	struct items items = {0};

	call_items_add_text(call, &items, STR("master"));
	call_items_add_integer(call, &items, 0);
	*call_items_add(call, &items) = (struct redis_reply){.kind = REDIS_ARRAY};
	call_reply_items(call, &items);
}
