#include "store/command_functions_internal.h"

#include "base/bug.h"
#include "base/map.h"

#define NAME_BYTES_MAX 32
#define UNKNOWN_BYTES_MAX 128 /* of the name, and of the arguments that the error repeats */

#define R COMMAND_READS
#define W COMMAND_WRITES
#define N COMMAND_NEVER_QUEUED

/* spec/backend.md 6.10, and what operators use beside it. */
const struct command COMMANDS[] = {
	{STR_INIT("get"), 2, R, command_get},
	{STR_INIT("set"), -3, W, command_set},
	{STR_INIT("setex"), 4, W, command_setex},
	{STR_INIT("psetex"), 4, W, command_psetex},
	{STR_INIT("setnx"), 3, W, command_setnx},
	{STR_INIT("getset"), 3, W, command_getset},
	{STR_INIT("mget"), -2, R, command_mget},
	{STR_INIT("mset"), -3, W, command_mset},
	{STR_INIT("incr"), 2, W, command_incr},
	{STR_INIT("decr"), 2, W, command_decr},
	{STR_INIT("incrby"), 3, W, command_incrby},
	{STR_INIT("decrby"), 3, W, command_decrby},
	{STR_INIT("strlen"), 2, R, command_strlen},

	{STR_INIT("hset"), -4, W, command_hset},
	{STR_INIT("hmset"), -4, W, command_hmset},
	{STR_INIT("hsetnx"), 4, W, command_hsetnx},
	{STR_INIT("hget"), 3, R, command_hget},
	{STR_INIT("hmget"), -3, R, command_hmget},
	{STR_INIT("hgetall"), 2, R, command_hgetall},
	{STR_INIT("hkeys"), 2, R, command_hkeys},
	{STR_INIT("hvals"), 2, R, command_hvals},
	{STR_INIT("hdel"), -3, W, command_hdel},
	{STR_INIT("hexists"), 3, R, command_hexists},
	{STR_INIT("hlen"), 2, R, command_hlen},
	{STR_INIT("hincrby"), 4, W, command_hincrby},

	{STR_INIT("sadd"), -3, W, command_sadd},
	{STR_INIT("srem"), -3, W, command_srem},
	{STR_INIT("smembers"), 2, R, command_smembers},
	{STR_INIT("sismember"), 3, R, command_sismember},
	{STR_INIT("scard"), 2, R, command_scard},
	{STR_INIT("sscan"), -3, R, command_sscan},
	{STR_INIT("sunion"), -2, R, command_sunion},

	{STR_INIT("zadd"), -4, W, command_zadd},
	{STR_INIT("zincrby"), 4, W, command_zincrby},
	{STR_INIT("zrange"), -4, R, command_zrange},
	{STR_INIT("zrevrange"), -4, R, command_zrevrange},
	{STR_INIT("zrangebyscore"), -4, R, command_zrangebyscore},
	{STR_INIT("zrevrangebyscore"), -4, R, command_zrevrangebyscore},
	{STR_INIT("zcount"), 4, R, command_zcount},
	{STR_INIT("zremrangebyscore"), 4, W, command_zremrangebyscore},
	{STR_INIT("zrem"), -3, W, command_zrem},
	{STR_INIT("zcard"), 2, R, command_zcard},
	{STR_INIT("zscore"), 3, R, command_zscore},

	{STR_INIT("lpush"), -3, W, command_lpush},
	{STR_INIT("rpush"), -3, W, command_rpush},
	{STR_INIT("lpop"), -2, W, command_lpop},
	{STR_INIT("rpop"), -2, W, command_rpop},
	{STR_INIT("lrange"), 4, R, command_lrange},
	{STR_INIT("llen"), 2, R, command_llen},
	{STR_INIT("lrem"), 4, W, command_lrem},
	{STR_INIT("ltrim"), 4, W, command_ltrim},
	{STR_INIT("lindex"), 3, R, command_lindex},
	{STR_INIT("lset"), 4, W, command_lset},
	{STR_INIT("rpoplpush"), 3, W, command_rpoplpush},
	{STR_INIT("lmove"), 5, W, command_lmove},
	{STR_INIT("blmove"), 6, W, command_blmove},
	{STR_INIT("blpop"), -3, W, command_blpop},
	{STR_INIT("brpop"), -3, W, command_brpop},

	{STR_INIT("del"), -2, W, command_del},
	{STR_INIT("unlink"), -2, W, command_del},
	{STR_INIT("exists"), -2, R, command_exists},
	{STR_INIT("type"), 2, R, command_type},
	{STR_INIT("keys"), 2, R, command_keys},
	{STR_INIT("scan"), -2, R, command_scan},
	{STR_INIT("rename"), 3, W, command_rename},
	{STR_INIT("renamenx"), 3, W, command_renamenx},
	{STR_INIT("expire"), -3, W, command_expire},
	{STR_INIT("pexpire"), -3, W, command_pexpire},
	{STR_INIT("expireat"), -3, W, command_expireat},
	{STR_INIT("pexpireat"), -3, W, command_pexpireat},
	{STR_INIT("ttl"), 2, R, command_ttl},
	{STR_INIT("pttl"), 2, R, command_pttl},
	{STR_INIT("expiretime"), 2, R, command_expiretime},
	{STR_INIT("pexpiretime"), 2, R, command_pexpiretime},
	{STR_INIT("persist"), 2, W, command_persist},

	{STR_INIT("ping"), -1, R, command_ping},
	{STR_INIT("echo"), 2, R, command_echo},
	{STR_INIT("select"), 2, R, command_select},
	{STR_INIT("auth"), -2, R, command_auth},
	{STR_INIT("flushdb"), -1, W, command_flushdb},
	{STR_INIT("flushall"), -1, W, command_flushall},
	{STR_INIT("dbsize"), 1, R, command_dbsize},
	{STR_INIT("info"), -1, R, command_info},
	{STR_INIT("time"), 1, R, command_time},
	{STR_INIT("role"), 1, R, command_role},

	{STR_INIT("multi"), 1, R | N, command_multi},
	{STR_INIT("exec"), 1, R | N, command_exec},
	{STR_INIT("discard"), 1, R | N, command_discard},
	{STR_INIT("watch"), -2, R | N, command_watch},
	{STR_INIT("unwatch"), 1, R, command_unwatch},
};
const size_t COMMANDS_COUNT = sizeof COMMANDS / sizeof *COMMANDS;

struct map *commands_by_name(void)
{
	struct map *commands = map_create(0);

	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		map_put(commands, COMMANDS[i].name, (void *)(uintptr_t)&COMMANDS[i]);
	return commands;
}

static const struct command *find(const struct map *commands, struct str name)
{
	char small[NAME_BYTES_MAX];

	if (name.size > sizeof small)
		return NULL;
	for (size_t i = 0; i < name.size; i++)
		small[i] = name.data[i] >= 'A' && name.data[i] <= 'Z'
				   ? (char)(name.data[i] - 'A' + 'a')
				   : name.data[i];
	return map_get(commands, str_of(small, name.size));
}

/* The name and the first arguments, cut where Redis cuts them. */
static void reply_unknown(struct call *call)
{
	struct strbuf arguments;

	strbuf_init(&arguments, SIZE_MAX);
	for (size_t i = 1; i < call->count && arguments.size < UNKNOWN_BYTES_MAX; i++)
		strbuf_append_format(&arguments, "'%.*s' ",
				     (int)(UNKNOWN_BYTES_MAX - arguments.size),
				     str_cstr(call->arena, call->words[i]));
	call_reply_error_format(call, "ERR unknown command '%.*s', with args beginning with: %.*s",
				UNKNOWN_BYTES_MAX, str_cstr(call->arena, call->words[0]),
				STR_ARG(strbuf_str(&arguments)));
	strbuf_free(&arguments);
}

static bool has_right_count(const struct call *call)
{
	return call->command->words < 0 ? call->count >= (size_t)-call->command->words
					: call->count == (size_t)call->command->words;
}

void command_carry_out(struct call *call)
{
	struct store *store = call->store;

	call->command->run(call);
	if (store->wrote == NULL || (call->command->flags & COMMAND_WRITES) == 0 ||
	    call->has_to_wait || store->has_failed || call->reply.kind == REDIS_ERROR)
		return;
	store->wrote(call->session->database, call->words, call->count, &call->reply,
		     store->wrote_data);
}

bool store_command_writes(const struct store *store, struct str name)
{
	const struct command *command = find(store->commands, name);

	return command != NULL && (command->flags & COMMAND_WRITES) != 0;
}

static void dispatch(struct call *call)
{
	struct session *session = call->session;

	call->command = find(call->store->commands, call->words[0]);
	if (call->command == NULL || !has_right_count(call)) {
		session->is_spoilt = session->multi != NULL;
		if (call->command == NULL)
			reply_unknown(call);
		else
			call_reply_wrong_count(call);
	} else if (session->multi != NULL && (call->command->flags & COMMAND_NEVER_QUEUED) == 0) {
		transaction_queue(call);
	} else {
		command_carry_out(call);
	}
}

void command_execute(struct call *call)
{
	BUG_IF(call->count == 0);
	call->now_ms = world_utc_us(call->store->world) / 1000;
	dispatch(call);
	if (call->store->has_failed) {
		call->reply = store_failure_reply(call->store, call->arena);
		call->has_to_wait = false;
	}
	cache_trim(call->store);
	store_settle(call->store);
}
