/* What commands answer, as dialogues: "COMMAND word ... => reply". Replies are written +status,
 * -error, :integer, text in quotes, nil and [items]; `pass MS` lets time pass, a line without
 * `=>` is sent and its reply not looked at. difference_test.c compares far more of them with a real
 * Redis; here stands what needs time to pass, and what an operator sees. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/commands_internal.h"
#include "store/stage_test.h"
#include "store/store.h"

#define LINES_MAX 32
#define WORDS_MAX 16
#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value"

static struct stage stage;
static struct store *store;
static int database;

static void set_up(void)
{
	struct error error;

	stage_begin(&stage);
	store = store_create(&stage.world, STR(":memory:"), SQL_DURABILITY_NONE, &error);
	ck_assert_ptr_nonnull(store);
	database = 0;
}

static void tear_down(void)
{
	store_destroy(store);
	stage_end(&stage);
}

static void print(struct strbuf *out, const struct redis_reply *reply)
{
	switch (reply->kind) {
	case REDIS_STATUS:
		strbuf_append_format(out, "+%.*s", STR_ARG(reply->text));
		break;
	case REDIS_ERROR:
		strbuf_append_format(out, "-%.*s", STR_ARG(reply->text));
		break;
	case REDIS_INTEGER:
		strbuf_append_format(out, ":%lld", (long long)reply->integer);
		break;
	case REDIS_STRING:
		strbuf_append_format(out, "\"%.*s\"", STR_ARG(reply->text));
		break;
	case REDIS_NIL:
		strbuf_append(out, STR("nil"));
		break;
	case REDIS_ARRAY:
		strbuf_append_char(out, '[');
		for (size_t i = 0; i < reply->count; i++) {
			if (i > 0)
				strbuf_append_char(out, ' ');
			print(out, &reply->items[i]);
		}
		strbuf_append_char(out, ']');
		break;
	case REDIS_LOST:
		strbuf_append(out, STR("lost"));
		break;
	}
}

/* '' is the empty word, ~ in a word a blank. */
static size_t split(struct str line, struct str *words)
{
	struct str word;
	size_t count = 0;

	while (str_next_field(&line, ' ', &word)) {
		char *copy = (char *)(uintptr_t)str_cstr(stage.arena, word);

		for (size_t i = 0; i < word.size; i++)
			if (copy[i] == '~')
				copy[i] = ' ';
		words[count++] = str_equal(word, STR("''")) ? STR("") : str_of(copy, word.size);
	}
	return count;
}

static void play(const char *text)
{
	struct str line = str_from(text), words[WORDS_MAX];
	size_t arrow = str_find(line, STR(" => "));
	size_t count = split(str_slice(line, 0, arrow), words);
	const struct redis_reply *reply;
	struct strbuf printed;
	int64_t ms;

	if (str_equal(words[0], STR("pass"))) {
		ck_assert(str_to_int64(words[1], &ms));
		stage_pass(&stage, ms * 1000);
		return;
	}
	reply = store_execute(store, &database, words, count);
	strbuf_init(&printed, SIZE_MAX);
	print(&printed, reply);
	if (arrow != STR_NOT_FOUND)
		ck_assert_msg(str_equal(strbuf_str(&printed), str_skip(line, arrow + 4)),
			      "%s\n  but: %.*s", text, STR_ARG(strbuf_str(&printed)));
	strbuf_free(&printed);
}

static const char *const DIALOGUES[][LINES_MAX] = {
	{
		"when a key ends",
		"EXPIRETIME a => :-2",
		"SET a 1",
		"PEXPIRETIME a => :-1",
		"PEXPIREAT a 32503680000123 => :1",
		"PEXPIRETIME a => :32503680000123",
		"EXPIRETIME a => :32503680000",
	},
	{
		"a string",
		"GET a => nil",
		"SET a 1 => +OK",
		"GET a => \"1\"",
		"SET a '' => +OK",
		"GET a => \"\"",
		"STRLEN a => :0",
		"TYPE a => +string",
		"MGET a b a => [\"\" nil \"\"]",
		"DEL a b => :1",
		"EXISTS a => :0",
		"TYPE a => +none",
	},
	{
		"a counter",
		"INCRBY a 5 => :5",
		"INCR a => :6",
		"DECR a => :5",
		"DECRBY a 7 => :-2",
		"SET a 9223372036854775807",
		"INCR a => -ERR increment or decrement would overflow",
		"INCRBY a -1 => :9223372036854775806",
		"DECRBY a -9223372036854775808 => -ERR decrement would overflow",
		"SET a 1.5",
		"INCR a => -ERR value is not an integer or out of range",
		"INCRBY b x => -ERR value is not an integer or out of range",
	},
	{
		"SET with options",
		"SET a 1 NX => +OK",
		"SET a 2 NX => nil",
		"SET b 2 XX => nil",
		"SET a 3 XX GET => \"1\"",
		"SET a 4 NX XX => -ERR syntax error",
		"SET a 4 EX => -ERR syntax error",
		"SET a 4 EX 0 => -ERR invalid expire time in 'set' command",
		"SET lock 17 NX EX 30 => +OK",
		"TTL lock => :30",
		"SET lock 18 => +OK",
		"TTL lock => :-1",
	},
	{
		"a key ends with its time",
		"SETEX a 2 x => +OK",
		"EXPIRE missing 10 => :0",
		"pass 1400",
		"TTL a => :1",
		"PTTL a => :600",
		"GET a => \"x\"",
		"pass 601",
		"GET a => nil",
		"TTL a => :-2",
		"DBSIZE => :0",
		"KEYS * => []",
		"SCAN 0 => [\"0\" []]",
		"INFO keyspace => \"# Keyspace\r\n\"",
	},
	{
		"a counter with a time starts again after it",
		"INCRBY a 5 => :5",
		"EXPIRE a 180 => :1",
		"INCRBY a 5 => :10",
		"EXPIRE a 180 => :1",
		"pass 180001",
		"INCRBY a 1 => :1",
		"TTL a => :-1",
	},
	{
		"a list does not hand its items to the next of its name",
		"RPUSH q a b => :2",
		"EXPIRE q 1 => :1",
		"pass 1001",
		"RPUSH q c => :1",
		"LRANGE q 0 -1 => [\"c\"]",
		"TTL q => :-1",
	},
	{
		"expiry can be taken back and set in the past",
		"SET a 1",
		"EXPIRE a 10",
		"PERSIST a => :1",
		"PERSIST a => :0",
		"TTL a => :-1",
		"EXPIREAT a 1559384405 => :1",
		"TTL a => :5",
		"EXPIREAT a 1559384399 => :1",
		"EXISTS a => :0",
		"SET b 1",
		"PEXPIREAT b 1559384400500 => :1",
		"PTTL b => :500",
		"EXPIRE b 9 NX => :0",
		"EXPIRE b 9 NX GT => -ERR NX and XX, GT or LT options at the same time are not"
		" compatible",
		"EXPIRE b 9 SOON => -ERR Unsupported option SOON",
	},
	{
		"a queue",
		"RPUSH resque:queue:priority a b c => :3",
		"LLEN resque:queue:priority => :3",
		"LPOP resque:queue:priority => \"a\"",
		"BLPOP resque:queue:priority resque:queue:main 60 => [\"resque:queue:priority\""
		" \"b\"]",
		"LPOP resque:queue:priority => \"c\"",
		"LPOP resque:queue:priority => nil",
		"EXISTS resque:queue:priority => :0",
		"BLPOP resque:queue:priority 60 => nil",
		"BLPOP q x => -ERR timeout is not a float or out of range",
		"BLPOP q -1 => -ERR timeout is negative",
		"BLPOP q 1e300 => -ERR timeout is out of range",
	},
	{
		"the newest errors of a service",
		"LPUSH errors a",
		"LPUSH errors b c => :3",
		"LTRIM errors 0 1 => +OK",
		"LRANGE errors 0 -1 => [\"c\" \"b\"]",
		"LSET errors 1 B => +OK",
		"LINDEX errors -1 => \"B\"",
		"LREM errors 0 c => :1",
		"LRANGE errors 0 -1 => [\"B\"]",
		"LSET errors 7 x => -ERR index out of range",
		"LSET none 0 x => -ERR no such key",
		"LTRIM errors 5 9 => +OK",
		"EXISTS errors => :0",
	},
	{
		"LREM closes its gaps from the nearer end",
		"RPUSH l a b x c d e x f",
		"LREM l -1 x => :1",
		"LREM l 1 x => :1",
		"LRANGE l 0 -1 => [\"a\" \"b\" \"c\" \"d\" \"e\" \"f\"]",
		"LPUSH l z => :7",
		"RPUSH l g => :8",
		"LRANGE l 0 -1 => [\"z\" \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\"]",
		"RPOPLPUSH l l => \"g\"",
		"RPOPLPUSH l other => \"f\"",
		"LRANGE other 0 -1 => [\"f\"]",
		"RPOPLPUSH none l => nil",
		"LMOVE l l RIGHT LEFT => \"e\"",
		"LMOVE l l LEFT RIGHT => \"e\"",
		"LMOVE l l LEFT LEFT => \"g\"",
		"BLMOVE l l RIGHT RIGHT 1 => \"e\"",
		"LRANGE l 0 -1 => [\"g\" \"z\" \"a\" \"b\" \"c\" \"d\" \"e\"]",
		"LMOVE l other LEFT RIGHT => \"g\"",
		"BLMOVE l other RIGHT LEFT 0 => \"e\"",
		"LRANGE other 0 -1 => [\"e\" \"f\" \"g\"]",
		"LMOVE none l LEFT RIGHT => nil",
		"LMOVE l l up LEFT => -ERR syntax error",
		"BLMOVE l l LEFT down 1 => -ERR syntax error",
		"BLMOVE l l LEFT LEFT x => -ERR timeout is not a float or out of range",
	},
	{
		"a set",
		"SADD s a b a => :2",
		"SADD s a => :0",
		"SISMEMBER s a => :1",
		"SISMEMBER s A => :0",
		"SCARD s => :2",
		"SMEMBERS s => [\"a\" \"b\"]",
		"SADD t b c",
		"SUNION s t none => [\"a\" \"b\" \"c\"]",
		"SSCAN s 0 MATCH a* => [\"0\" [\"a\"]]",
		"SREM s a b c => :2",
		"EXISTS s => :0",
		"SSCAN s 0 => [\"0\" []]",
	},
	{
		"the events",
		"ZADD events/queue 1 one 2 two 10 ten => :3",
		"ZCARD events/queue => :3",
		"ZREVRANGE events/queue 0 -1 => [\"ten\" \"two\" \"one\"]",
		"ZRANGE events/queue 0 1 WITHSCORES => [\"one\" \"1\" \"two\" \"2\"]",
		"ZREMRANGEBYSCORE events/queue 0 2 => :2",
		"ZRANGEBYSCORE events/queue -inf +inf => [\"ten\"]",
		"ZSCORE events/queue ten => \"10\"",
		"ZINCRBY events/queue 0.1 ten => \"10.1\"",
		"ZADD events/queue x ten => -ERR value is not a valid float",
		"ZREM events/queue ten => :1",
		"EXISTS events/queue => :0",
	},
	{
		"a hash",
		"HSET h permissions '' => :1",
		"HGET h permissions => \"\"",
		"HSET h a 1 b 2 => :2",
		"HMGET h a none b => [\"1\" nil \"2\"]",
		"HGETALL h => [\"a\" \"1\" \"b\" \"2\" \"permissions\" \"\"]",
		"HINCRBY h a 4 => :5",
		"HLEN h => :3",
		"HDEL h a b permissions => :3",
		"EXISTS h => :0",
		"HSET h a => -ERR wrong number of arguments for 'hset' command",
	},
	{
		"a key of another type",
		"SET a 1",
		"LPUSH a x => " WRONG_TYPE,
		"SADD a x => " WRONG_TYPE,
		"ZADD a 1 x => " WRONG_TYPE,
		"HSET a x 1 => " WRONG_TYPE,
		"BLPOP a 1 => " WRONG_TYPE,
		"RPUSH l x",
		"GET l => " WRONG_TYPE,
		"INCR l => " WRONG_TYPE,
		"MGET l a => [nil \"1\"]",
		"SUNION l => " WRONG_TYPE,
		"SET l 1 => +OK",
		"TYPE l => +string",
	},
	{
		"what an operator asks",
		"PING => +PONG",
		"ECHO a~b => \"a b\"",
		"SET service/id:7001/state active",
		"SADD services_set 7001",
		"SET other 1 EX 100",
		"KEYS ser* => [\"service/id:7001/state\" \"services_set\"]",
		"KEYS *:[0-9]*/st?te => [\"service/id:7001/state\"]",
		"SCAN 0 COUNT 2 => [\"2\" [\"service/id:7001/state\" \"services_set\"]]",
		"SCAN 2 COUNT 2 => [\"0\" [\"other\"]]",
		"SCAN 0 TYPE set => [\"0\" [\"services_set\"]]",
		"DBSIZE => :3",
		"INFO keyspace => \"# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\n\"",
		"RENAME services_set s => +OK",
		"SMEMBERS s => [\"7001\"]",
		"RENAME none s => -ERR no such key",
		"FLUSHDB => +OK",
		"DBSIZE => :0",
		"TIME => [\"1559384400\" \"0\"]",
		"ROLE => [\"master\" :0 []]",
	},
	{
		"databases are apart",
		"SET a 0",
		"SELECT 1 => +OK",
		"GET a => nil",
		"SET a 1",
		"SET b 1",
		"SELECT 0",
		"GET a => \"0\"",
		"FLUSHDB",
		"SELECT 1",
		"DBSIZE => :2",
		"FLUSHALL",
		"DBSIZE => :0",
		"SELECT 16 => -ERR DB index is out of range",
		"SELECT x => -ERR value is not an integer or out of range",
	},
	{
		"what cannot be carried out",
		"GET => -ERR wrong number of arguments for 'get' command",
		"gEt a b => -ERR wrong number of arguments for 'get' command",
		"NOSUCH a b => -ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ",
		"FLUSHDB now => -ERR syntax error",
		"MULTI => -ERR MULTI needs a connection",
		"EXEC => -ERR EXEC without MULTI",
		"AUTH x => -ERR AUTH <password> called without any password configured for the"
		" default user. Are you sure your configuration is correct?",
	},
};
#define DIALOGUES_COUNT (sizeof DIALOGUES / sizeof *DIALOGUES)

START_TEST(a_dialogue_goes_as_written)
{
	for (size_t i = 1; DIALOGUES[_i][i] != NULL; i++)
		play(DIALOGUES[_i][i]);
}
END_TEST

/* What is over gives its space back in steps, without anybody asking for it. */
START_TEST(what_is_over_is_swept_away)
{
	struct str words[] = {STR("SETEX"), STR(""), STR("5"), STR("x")};
	struct sql_database *sql = store->database;
	struct sql_statement *count =
		stage.sql.prepare(sql, STR("SELECT count(*) FROM keys"), NULL);

	for (int i = 0; i < 250; i++) {
		words[1] = str_format(stage.arena, "key %d", i);
		store_execute(store, &database, words, 4);
	}
	words[0] = STR("DBSIZE"); /* what counts them writes them */
	store_execute(store, &database, words, 1);
	stage_pass(&stage, 4000000);
	ck_assert_int_eq(stage.sql.step(count, NULL), SQL_STEP_ROW);
	ck_assert_int_eq(stage.sql.column_int(count, 0), 250);
	stage.sql.reset(count);
	stage_pass(&stage, 61 * 1000000);
	ck_assert_int_eq(stage.sql.step(count, NULL), SQL_STEP_ROW);
	ck_assert_int_eq(stage.sql.column_int(count, 0), 0);
	stage.sql.finish(count);
}
END_TEST

START_TEST(commands_have_small_names_and_stand_once)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		ck_assert(str_equal(COMMANDS[i].name, str_lower(stage.arena, COMMANDS[i].name)));
		for (size_t j = 0; j < i; j++)
			ck_assert(!str_equal(COMMANDS[i].name, COMMANDS[j].name));
	}
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool matches;
} GLOBS[] = {
	{"", "", true},         {"", "a", false},       {"*", "", true},
	{"*", "abc", true},     {"a*c", "abc", true},   {"a*c", "abd", false},
	{"*b*", "abc", true},   {"a?c", "abc", true},   {"a?c", "ac", false},
	{"[a-c]", "b", true},   {"[^a-c]", "b", false}, {"[c-a]", "b", true},
	{"\\*", "*", true},     {"\\*", "a", false},    {"a\\", "a\\", true},
	{"[a\\]b]", "]", true}, {"[abc", "c", true},    {"*a*a*a", "aaaa", true},
};

START_TEST(a_pattern_matches_as_in_redis)
{
	ck_assert_int_eq(redis_glob_matches(str_from(GLOBS[_i].pattern), str_from(GLOBS[_i].text)),
			 GLOBS[_i].matches);
}
END_TEST

/* A pattern made to be slow is not. */
START_TEST(stars_cost_no_more_than_the_product)
{
	char text[20001], pattern[1001];

	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[sizeof pattern - 1] = 'b';
	ck_assert(!redis_glob_matches(str_of(pattern, sizeof pattern), str_of(text, sizeof text)));
}
END_TEST

/* spec/backend.md 6.10, without what sentinels answer. */
START_TEST(the_commands_that_backend_needs_are_there)
{
	struct str rest = STR("BLPOP LPOP LPUSH RPUSH LLEN LRANGE LTRIM LINDEX LSET LREM SADD SREM "
			      "SCARD SISMEMBER SMEMBERS SSCAN SCAN SUNION GET SET SETEX MGET DEL "
			      "EXISTS EXPIRE EXPIREAT INCR INCRBY HSET HMGET TTL ZADD ZCARD "
			      "ZREVRANGE ZREMRANGEBYSCORE SELECT AUTH PING ROLE");
	struct str name;

	while (str_next_field(&rest, ' ', &name)) {
		const struct redis_reply *reply = store_execute(store, &database, &name, 1);

		ck_assert_msg(reply->kind != REDIS_ERROR ||
				      !str_has_prefix(reply->text, STR("ERR unknown command")),
			      "%.*s is missing", STR_ARG(name));
	}
}
END_TEST

Suite *store_commands_suite(void)
{
	Suite *suite = suite_create("store_commands");
	TCase *dialogues = tcase_create("dialogues");
	TCase *globs = tcase_create("globs");

	tcase_add_checked_fixture(dialogues, set_up, tear_down);
	tcase_add_loop_test(dialogues, a_dialogue_goes_as_written, 0, DIALOGUES_COUNT);
	tcase_add_test(dialogues, what_is_over_is_swept_away);
	tcase_add_test(dialogues, commands_have_small_names_and_stand_once);
	tcase_add_test(dialogues, the_commands_that_backend_needs_are_there);
	suite_add_tcase(suite, dialogues);
	tcase_add_loop_test(globs, a_pattern_matches_as_in_redis, 0, sizeof GLOBS / sizeof *GLOBS);
	tcase_add_test(globs, stars_cost_no_more_than_the_product);
	suite_add_tcase(suite, globs);
	return suite;
}
