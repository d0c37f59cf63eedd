/* The store against a real Redis: random sequences of commands, the same to both, and the same
 * replies expected. A sequence is made from its number alone, so a failure can be run again. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"
#include "store/resp.h"
#include "store/stage_test.h"
#include "store/store_internal.h"

#define SEQUENCES 12
#define COMMANDS_PER_SEQUENCE 2500
#define WORDS_MAX 16
#define SMALL_CACHE_BYTES 700
#define SMALL_LOG_BYTES 3000
#define PRINT_BYTES_MAX 1000
#define REPLY_BYTES_MAX (16 * 1024 * 1024)

/* The real one: on a socket in a folder of its own. */

struct server {
	char folder[64];
	pid_t pid;
	int socket;
	struct strbuf in;
};

static void server_launch(const struct server *server, int output)
{
	char path[128];

	snprintf(path, sizeof path, "%s/socket", server->folder);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
	       "--appendonly", "no", "--daemonize", "no", "--dir", server->folder, NULL);
	_exit(127);
}

/* It says on its output when it can be spoken to. */
static void server_await(int output)
{
	char text[64 * 1024];
	size_t size = 0;
	ssize_t got;

	do {
		got = read(output, text + size, sizeof text - size - 1);
		ck_assert_msg(got > 0, "redis-server does not start");
		size += (size_t)got;
		text[size] = '\0';
	} while (strstr(text, "eady to accept connections") == NULL);
}

static void server_start(struct server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int pipes[2];

	strcpy(server->folder, "/tmp/store_test_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server->folder));
	ck_assert_int_eq(pipe(pipes), 0);
	server->pid = fork();
	ck_assert_int_ge(server->pid, 0);
	if (server->pid == 0)
		server_launch(server, pipes[1]);
	close(pipes[1]);
	server_await(pipes[0]);
	close(pipes[0]);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", server->folder);
	server->socket = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(server->socket, (struct sockaddr *)&address, sizeof address), 0);
	strbuf_init(&server->in, REPLY_BYTES_MAX);
}

static void server_stop(struct server *server)
{
	char command[128];

	close(server->socket);
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	strbuf_free(&server->in);
	snprintf(command, sizeof command, "rm -rf '%s'", server->folder);
	ck_assert_int_eq(system(command), 0);
}

static void server_ask(struct server *server, const struct str *words, size_t count,
		       struct arena *arena, struct redis_reply *reply)
{
	struct strbuf out;
	size_t used;

	strbuf_init(&out, REPLY_BYTES_MAX);
	ck_assert(resp_write_command(&out, words, count));
	ck_assert_int_eq(send(server->socket, out.data, out.size, MSG_NOSIGNAL), (ssize_t)out.size);
	strbuf_free(&out);
	while (resp_read_reply(strbuf_str(&server->in), arena, reply, &used) != RESP_DONE) {
		char bytes[64 * 1024];
		ssize_t got = read(server->socket, bytes, sizeof bytes);

		ck_assert_int_gt(got, 0);
		strbuf_append(&server->in, str_of(bytes, (size_t)got));
	}
	strbuf_consume(&server->in, used);
}

/* What is sent. */

static uint64_t seed;

static size_t below(size_t bound)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(seed >> 33) % bound;
}

#define PICK(table) ((table)[below(sizeof(table) / sizeof *(table))])

#define LONG_TEXT                                                                                  \
	"a text that is too long for what a list or a hash of few elements keeps in one piece of " \
	"memory"

static const struct str KEYS[] = {
	STR_INIT("a"),   STR_INIT("b"),     STR_INIT("c"), STR_INIT("stats/{service:7001}/x"),
	STR_INIT("k 1"), STR_INIT("k\r\n"), STR_INIT(""),
};
static const struct str VALUES[] = {
	STR_INIT(""),
	STR_INIT("0"),
	STR_INIT("1"),
	STR_INIT("-17"),
	STR_INIT("007"),
	STR_INIT(" 1"),
	STR_INIT("3.5"),
	STR_INIT("x"),
	STR_INIT("y"),
	STR_INIT("z z"),
	STR_INIT("b\0in\xff\r\n"),
	STR_INIT("9223372036854775800"),
	STR_INIT("-9223372036854775808"),
	STR_INIT(LONG_TEXT),
};
static const struct str MEMBERS[] = {
	STR_INIT("m1"), STR_INIT("m2"), STR_INIT("m3"), STR_INIT("M3"),   STR_INIT(""),
	STR_INIT("10"), STR_INIT("9"),  STR_INIT("x"),  STR_INIT("\xff"),
};
static const struct str INTEGERS[] = {
	STR_INIT("0"),
	STR_INIT("1"),
	STR_INIT("2"),
	STR_INIT("-1"),
	STR_INIT("-2"),
	STR_INIT("5"),
	STR_INIT("-100"),
	STR_INIT("100"),
	STR_INIT("3"),
	STR_INIT("+1"),
	STR_INIT("-0"),
	STR_INIT("01"),
	STR_INIT("1.0"),
	STR_INIT(""),
	STR_INIT("x"),
	STR_INIT("9223372036854775807"),
	STR_INIT("-9223372036854775808"),
	STR_INIT("9223372036854775808"),
};
static const struct str INDEXES[] = {STR_INIT("0"),  STR_INIT("1"),  STR_INIT("2"), STR_INIT("-1"),
				     STR_INIT("-2"), STR_INIT("-3"), STR_INIT("4"), STR_INIT("-9")};
static const struct str SCORES[] = {
	STR_INIT("0"),    STR_INIT("-0"),  STR_INIT("1"),      STR_INIT("2"),
	STR_INIT("-1.5"), STR_INIT("1e3"), STR_INIT("inf"),    STR_INIT("-inf"),
	STR_INIT("+inf"), STR_INIT("3.1"), STR_INIT("0.1"),    STR_INIT("123456789012345678"),
	STR_INIT("nan"),  STR_INIT("x"),   STR_INIT(""),       STR_INIT("0x10"),
	STR_INIT("1 "),   STR_INIT(" 1"),  STR_INIT("1e-320"),
};
static const struct str BOUNDS[] = {
	STR_INIT("-inf"), STR_INIT("+inf"), STR_INIT("inf"), STR_INIT("0"),
	STR_INIT("(0"),   STR_INIT("1"),    STR_INIT("(1"),  STR_INIT("-2"),
	STR_INIT("1000"), STR_INIT("3.1"),  STR_INIT("x"),   STR_INIT("("),
	STR_INIT("(inf"), STR_INIT("nan"),  STR_INIT(""),    STR_INIT("(-inf"),
};
/* Seconds or milliseconds; so long, or so much over, that the clocks' difference does not show. */
static const struct str TIMES[] = {
	STR_INIT("100000000"), STR_INIT("1000000"),
	STR_INIT("0"),         STR_INIT("-1"),
	STR_INIT("x"),         STR_INIT("9223372036854775807"),
	STR_INIT("1.5"),       STR_INIT("9223372036854775"),
};
static const struct str UNIX_TIMES[] = {
	STR_INIT("9999999999"), STR_INIT("99999999999999"), STR_INIT("1000"), STR_INIT("0"),
	STR_INIT("-5"),
};
static const struct str PATTERNS[] = {
	STR_INIT("*"),  STR_INIT("a"),     STR_INIT("[a-b]"),   STR_INIT("[^a]"),
	STR_INIT("?"),  STR_INIT("k*"),    STR_INIT("*/*:7*x"), STR_INIT("\\a"),
	STR_INIT("m?"), STR_INIT("[m"),    STR_INIT("**1"),     STR_INIT("st*/{s*}*"),
	STR_INIT(""),   STR_INIT("[c-a]"), STR_INIT("m[1-2]*"),
};
static const struct str DATABASES[] = {STR_INIT("0"), STR_INIT("1"),  STR_INIT("0"), STR_INIT("16"),
				       STR_INIT("x"), STR_INIT("15"), STR_INIT("0")};
static const struct str BLOCKS[] = {STR_INIT("0.001"), STR_INIT("-1"), STR_INIT("x"),
				    STR_INIT("0.002")};
static const struct str ANYTHING[] = {
	STR_INIT("nx"),    STR_INIT("XX"),      STR_INIT("get"),
	STR_INIT("limit"), STR_INIT("5000000"), STR_INIT("withscores"),
	STR_INIT("ex"),    STR_INIT("count"),   STR_INIT("foo")};

static const struct {
	char letter;
	const struct str *words;
	size_t count;
} POOLS[] = {
#define POOL(letter, words)                                                                        \
	{                                                                                          \
		letter, words, sizeof(words) / sizeof *(words)                                     \
	}
	POOL('k', KEYS),       POOL('v', VALUES),   POOL('m', MEMBERS),   POOL('n', INTEGERS),
	POOL('i', INDEXES),    POOL('s', SCORES),   POOL('b', BOUNDS),    POOL('t', TIMES),
	POOL('u', UNIX_TIMES), POOL('p', PATTERNS), POOL('d', DATABASES), POOL('w', BLOCKS),
	POOL('?', ANYTHING),
#undef POOL
};

/* ERRORS: only those; cursors mean something to their maker alone. */
enum comparison { EXACT, ANY_ORDER, PAIRS_ANY_ORDER, SCAN_ORDER, ABOUT, ERRORS };

/* A letter is a word of its pool; a word in small letters of more than one stands for itself. */
static const struct {
	const char *form;
	enum comparison comparison;
} FORMS[] = {
	{"get k", EXACT},
	{"set k v", EXACT},
	{"set k v", EXACT},
	{"SET k v nx", EXACT},
	{"set k v XX get", EXACT},
	{"set k v get", EXACT},
	{"set k v keepttl", EXACT},
	{"set k v ex t", EXACT},
	{"set k v px t nx", EXACT},
	{"set k v exat u", EXACT},
	{"set k v pxat u", EXACT},
	{"set k v ? ?", EXACT},
	{"setex k t v", EXACT},
	{"psetex k t v", EXACT},
	{"setnx k v", EXACT},
	{"getset k v", EXACT},
	{"mget k k k", EXACT},
	{"mset k v k v", EXACT},
	{"mset k v k", EXACT},
	{"incr k", EXACT},
	{"decr k", EXACT},
	{"incrby k n", EXACT},
	{"decrby k n", EXACT},
	{"strlen k", EXACT},

	{"hset k m v", EXACT},
	{"hset k m v m v", EXACT},
	{"hset k m v m", EXACT},
	{"hmset k m v m v", EXACT},
	{"hsetnx k m v", EXACT},
	{"hget k m", EXACT},
	{"hmget k m m", EXACT},
	{"hgetall k", PAIRS_ANY_ORDER},
	{"hkeys k", ANY_ORDER},
	{"hvals k", ANY_ORDER},
	{"hdel k m", EXACT},
	{"hdel k m m m", EXACT},
	{"hexists k m", EXACT},
	{"hlen k", EXACT},
	{"hincrby k m n", EXACT},

	{"sadd k m", EXACT},
	{"sadd k m m m", EXACT},
	{"srem k m", EXACT},
	{"srem k m m m", EXACT},
	{"smembers k", ANY_ORDER},
	{"sismember k m", EXACT},
	{"scard k", EXACT},
	{"sscan k 00 count 1000 match p", SCAN_ORDER},
	{"sscan k n ? n", ERRORS},
	{"sunion k k", ANY_ORDER},

	{"zadd k s m", EXACT},
	{"zadd k s m s m", EXACT},
	{"zadd k nx s m", EXACT},
	{"zadd k xx ch s m s m", EXACT},
	{"zadd k gt s m", EXACT},
	{"zadd k lt ch s m", EXACT},
	{"zadd k incr s m", EXACT},
	{"zadd k nx incr s m", EXACT},
	{"zadd k xx gt incr s m", EXACT},
	{"zadd k ? ? s m", EXACT},
	{"zadd k gt lt s m", EXACT},
	{"zincrby k s m", EXACT},
	{"zrange k i i", EXACT},
	{"zrange k i i withscores", EXACT},
	{"zrange k b b byscore", EXACT},
	{"zrange k b b byscore rev limit i i", EXACT},
	{"zrange k i i limit i i", EXACT},
	{"zrange k n n rev", EXACT},
	{"zrevrange k i i withscores", EXACT},
	{"zrevrange k n n ?", EXACT},
	{"zrangebyscore k b b", EXACT},
	{"zrangebyscore k b b withscores limit i i", EXACT},
	{"zrangebyscore k b b limit n n", EXACT},
	{"zrangebyscore k b b ? ? ?", EXACT},
	{"zrevrangebyscore k b b", EXACT},
	{"zrevrangebyscore k b b limit i i withscores", EXACT},
	{"zcount k b b", EXACT},
	{"zremrangebyscore k b b", EXACT},
	{"zrem k m m", EXACT},
	{"zcard k", EXACT},
	{"zscore k m", EXACT},

	{"lpush k v", EXACT},
	{"lpush k v v v", EXACT},
	{"rpush k v", EXACT},
	{"rpush k v v v v", EXACT},
	{"lpop k", EXACT},
	{"rpop k", EXACT},
	{"lpop k n", EXACT},
	{"rpop k i", EXACT},
	{"lpop k i i", EXACT},
	{"lrange k i i", EXACT},
	{"lrange k n n", EXACT},
	{"llen k", EXACT},
	{"lrem k i v", EXACT},
	{"lrem k n v", EXACT},
	{"ltrim k i i", EXACT},
	{"ltrim k n n", EXACT},
	{"lindex k i", EXACT},
	{"lindex k n", EXACT},
	{"lset k i v", EXACT},
	{"lset k n v", EXACT},
	{"rpoplpush k k", EXACT},
	{"lmove k k left right", EXACT},
	{"lmove k k RIGHT left", EXACT},
	{"lmove k k left left", EXACT},
	{"lmove k k right right", EXACT},
	{"lmove k k ? left", EXACT},
	{"lmove k k left ?", EXACT},
	{"lmove k k left", EXACT},
	{"blmove k k left right w", EXACT},
	{"blmove k k left left w", EXACT},
	{"blmove k k ? left w", EXACT},
	{"blpop k k w", EXACT},
	{"brpop k w", EXACT},

	{"del k", EXACT},
	{"del k k k", EXACT},
	{"unlink k", EXACT},
	{"exists k k k", EXACT},
	{"type k", EXACT},
	{"keys p", ANY_ORDER},
	{"scan 00 count 1000", SCAN_ORDER},
	{"scan 00 count 1000 match p", SCAN_ORDER},
	{"scan 00 type list count 1000", SCAN_ORDER},
	{"scan n ? n", ERRORS},
	{"rename k k", EXACT},
	{"renamenx k k", EXACT},
	{"expire k t", EXACT},
	{"pexpire k t", EXACT},
	{"expireat k u", EXACT},
	{"pexpireat k u", EXACT},
	{"expire k t nx", EXACT},
	{"expire k t xx", EXACT},
	{"expireat k u gt", EXACT},
	{"pexpireat k u lt", EXACT},
	{"expireat k u ? gt", EXACT},
	{"ttl k", ABOUT},
	{"pttl k", ABOUT},
	{"expiretime k", ABOUT},
	{"pexpiretime k", ABOUT},
	{"persist k", EXACT},

	{"ping", EXACT},
	{"ping v", EXACT},
	{"ping v v", EXACT},
	{"echo v", EXACT},
	{"select d", EXACT},
	{"auth v", EXACT},
	{"auth v v", EXACT},
	{"role", EXACT},
	{"multi", EXACT},
	{"exec", EXACT},
	{"exec", EXACT},
	{"exec", EXACT},
	{"discard", EXACT},
	{"watch k", EXACT},
	{"watch k k", EXACT},
	{"unwatch", EXACT},
	{"flushdb ?", EXACT},
	{"nosuch v k", EXACT},
	{"get", EXACT},
	{"get k k", EXACT},
	{"hset k m", EXACT},
	{"lpush k", EXACT},
};
#define FORMS_COUNT (sizeof FORMS / sizeof *FORMS)

static struct str word_of(struct str text)
{
	if (text.size > 1)
		return text;
	for (size_t i = 0; i < sizeof POOLS / sizeof *POOLS; i++)
		if (POOLS[i].letter == text.data[0])
			return POOLS[i].words[below(POOLS[i].count)];
	ck_abort_msg("no pool %c", text.data[0]);
}

static size_t make_command(const char *form, struct str *words)
{
	struct str rest = str_from(form), text;
	size_t count = 0;

	while (str_next_field(&rest, ' ', &text))
		words[count++] = word_of(text);
	return count;
}

/* What comes back. */

static struct strbuf wire(const struct redis_reply *reply)
{
	struct strbuf text;

	strbuf_init(&text, REPLY_BYTES_MAX);
	ck_assert(resp_write_reply(&text, reply));
	return text;
}

static int compare_items(const void *a, const void *b)
{
	struct strbuf left = wire(a), right = wire(b);
	int order = str_compare(strbuf_str(&left), strbuf_str(&right));

	strbuf_free(&left);
	strbuf_free(&right);
	return order;
}

static void sort_items(struct redis_reply *reply, enum comparison comparison)
{
	struct redis_reply *items = (struct redis_reply *)(uintptr_t)reply->items;

	if (reply->kind != REDIS_ARRAY)
		return;
	if (comparison == ANY_ORDER)
		qsort(items, reply->count, sizeof *items, compare_items);
	if (comparison == PAIRS_ANY_ORDER)
		qsort(items, reply->count / 2, 2 * sizeof *items, compare_items);
	if (comparison == SCAN_ORDER && reply->count == 2)
		sort_items(&items[1], ANY_ORDER);
}

static bool is_about(const struct redis_reply *a, const struct redis_reply *b)
{
	int64_t difference;

	if (a->kind != REDIS_INTEGER || b->kind != REDIS_INTEGER)
		return false;
	if (a->integer < 0 || b->integer < 0)
		return a->integer == b->integer;
	difference = a->integer - b->integer;
	return difference > -60000 && difference < 60000;
}

static bool are_same_wire(const struct redis_reply *a, const struct redis_reply *b)
{
	struct strbuf left = wire(a), right = wire(b);
	bool same = str_equal(strbuf_str(&left), strbuf_str(&right));

	strbuf_free(&left);
	strbuf_free(&right);
	return same;
}

static bool are_same(struct redis_reply *ours, struct redis_reply *theirs, enum comparison how)
{
	if (how == ABOUT && is_about(ours, theirs))
		return true;
	if (how == ERRORS && ours->kind == REDIS_ARRAY && theirs->kind == REDIS_ARRAY)
		return true;
	sort_items(ours, how);
	sort_items(theirs, how);
	return are_same_wire(ours, theirs);
}

/* EXEC: each item as its command. */
static bool are_same_items(const struct redis_reply *ours, const struct redis_reply *theirs,
			   const enum comparison *how, size_t count)
{
	if (ours->kind != REDIS_ARRAY || theirs->kind != REDIS_ARRAY)
		return are_same_wire(ours, theirs);
	if (ours->count != count || theirs->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!are_same((struct redis_reply *)(uintptr_t)&ours->items[i],
			      (struct redis_reply *)(uintptr_t)&theirs->items[i], how[i]))
			return false;
	return true;
}

/* One sequence. */

struct expectation {
	struct str words[WORDS_MAX];
	size_t count;
	enum comparison comparison;
	enum comparison *queued; /* EXEC: of what MULTI had gathered */
	size_t queued_count;
	struct redis_reply theirs;
	int number;
};

struct match {
	struct stage stage;
	struct server server;
	struct store *store;
	struct redis_client *client;
	char path[128];
	struct expectation waiting[8]; /* sent, not compared */
	size_t sent, compared;
	int number;
	bool has_small_cache, forgets;
	VEC(enum comparison) queued; /* since MULTI */
};

static struct match match;

static const char *print(const struct redis_reply *reply)
{
	struct strbuf text = wire(reply);
	const char *printed;

	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < ' ')
			text.data[i] = ' ';
	printed = str_cstr(match.stage.arena, str_slice(strbuf_str(&text), 0, PRINT_BYTES_MAX));
	strbuf_free(&text);
	return printed;
}

static const char *print_words(const struct expectation *expected)
{
	struct redis_reply items[WORDS_MAX], reply = {.kind = REDIS_ARRAY, .items = items};

	reply.count = expected->count;
	for (size_t i = 0; i < expected->count; i++)
		items[i] = (struct redis_reply){.kind = REDIS_STRING, .text = expected->words[i]};
	return print(&reply);
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct expectation *expected = data;
	struct redis_reply ours, theirs = expected->theirs;
	struct strbuf bytes = wire(reply);
	size_t used;

	ck_assert_ptr_eq(expected, &match.waiting[match.compared]);
	match.compared++;
	/* As a client at the other end of a connection would see it. */
	ck_assert_int_eq(resp_read_reply(strbuf_str(&bytes), match.stage.arena, &ours, &used),
			 RESP_DONE);
	strbuf_free(&bytes);
	if (expected->queued_count > 0
		    ? are_same_items(&ours, &theirs, expected->queued, expected->queued_count)
		    : are_same(&ours, &theirs, expected->comparison))
		return;
	ck_abort_msg("command %d: %s\n  store: %s\n  Redis: %s", expected->number,
		     print_words(expected), print(&ours), print(&theirs));
}

static void end_turn(void)
{
	/* A blocking pop without an element ends with its time. */
	stage_pass(&match.stage, 3000);
	ck_assert_uint_eq(match.compared, match.sent);
	match.sent = match.compared = 0;
	/* What a process knows that opens the file after this one was killed. */
	if (match.forgets && below(5) == 0) {
		ck_assert(!match.store->in_transaction);
		cache_clear(match.store);
	}
}

/* Keeps what MULTI gathers, and hands it to EXEC. */
static void follow_multi(struct expectation *expected)
{
	expected->queued_count = 0;
	if (expected->theirs.kind == REDIS_STATUS &&
	    str_equal(expected->theirs.text, STR("QUEUED"))) {
		vec_push(&match.queued, expected->comparison);
		return;
	}
	if (!str_equal(expected->words[0], STR("exec")) &&
	    !str_equal(expected->words[0], STR("discard")))
		return;
	expected->queued_count = match.queued.count;
	expected->queued = ARENA_ARRAY(match.stage.arena, enum comparison, match.queued.count);
	for (size_t i = 0; i < match.queued.count; i++)
		expected->queued[i] = match.queued.items[i];
	match.queued.count = 0;
}

static void play(const struct str *words, size_t count, enum comparison comparison)
{
	struct expectation *expected = &match.waiting[match.sent++];

	for (size_t i = 0; i < count; i++)
		expected->words[i] = words[i];
	expected->count = count;
	expected->comparison = comparison;
	expected->number = match.number++;
	server_ask(&match.server, words, count, match.stage.arena, &expected->theirs);
	follow_multi(expected);
	redis_send(match.client, words, count, replied, expected);
	if (match.sent == sizeof match.waiting / sizeof *match.waiting || below(3) == 0)
		end_turn();
}

static void play_form(const char *form, enum comparison comparison)
{
	struct str words[WORDS_MAX];

	play(words, make_command(form, words), comparison);
}

/* Everything there is, in every database. */
static void compare_all(void)
{
	static const struct {
		const char *name, *rest;
		enum comparison comparison;
	} reads[] = {
		{"type", "", EXACT},
		{"get", "", EXACT},
		{"lrange", "0 -1", EXACT},
		{"smembers", "", ANY_ORDER},
		{"hgetall", "", PAIRS_ANY_ORDER},
		{"zrange", "0 -1 withscores", EXACT},
		{"pttl", "", ABOUT},
	};
	static const char *const databases[] = {"0", "1", "15"};

	for (size_t d = 0; d < 3; d++) {
		play((struct str[]){STR("select"), str_from(databases[d])}, 2, EXACT);
		for (size_t k = 0; k < sizeof KEYS / sizeof *KEYS; k++) {
			for (size_t r = 0; r < sizeof reads / sizeof *reads; r++) {
				struct str words[WORDS_MAX] = {str_from(reads[r].name), KEYS[k]};
				struct str rest = str_from(reads[r].rest);
				size_t count = 2;

				while (str_next_field(&rest, ' ', &words[count]))
					count++;
				play(words, count, reads[r].comparison);
			}
		}
		/* Redis counts what is over until somebody looks at it, as was done now. */
		play_form("dbsize", EXACT);
	}
	end_turn();
}

static void open_store(void)
{
	struct error error = {ERROR_NONE, ""};

	match.store = store_create(&match.stage.world, str_from(match.path), SQL_DURABILITY_NORMAL,
				   &error);
	ck_assert_msg(match.store != NULL, "%s", error.text);
	match.client = store_client(match.store, 0);
	/* Every other sequence with a cache that holds next to nothing. */
	if (match.has_small_cache)
		match.store->cache.bytes_max = SMALL_CACHE_BYTES;
	/* And some that write the rows soon. */
	if (match.forgets) {
		match.store->cache.logged_bytes_max = SMALL_LOG_BYTES;
		match.store->cache.sweep_keys = 2;
	}
}

static void close_store(void)
{
	redis_close(match.client);
	store_destroy(match.store);
}

static void set_up(void)
{
	struct timespec now;

	memset(&match, 0, sizeof match);
	server_start(&match.server);
	stage_begin(&match.stage);
	clock_gettime(CLOCK_REALTIME, &now);
	match.stage.utc_us = (int64_t)now.tv_sec * 1000000;
	snprintf(match.path, sizeof match.path, "%s/store.db", match.server.folder);
	open_store();
}

static void tear_down(void)
{
	close_store();
	vec_free(&match.queued);
	stage_end(&match.stage);
	server_stop(&match.server);
}

START_TEST(a_random_sequence_has_the_same_replies)
{
	seed = (uint64_t)_i * 7919 + 1;
	match.has_small_cache = _i % 2 == 1;
	match.forgets = _i % 4 >= 2;
	close_store();
	open_store();
	for (int i = 0; i < COMMANDS_PER_SEQUENCE; i++) {
		size_t form = below(FORMS_COUNT);

		play_form(FORMS[form].form, FORMS[form].comparison);
	}
	play_form("discard", EXACT);
	end_turn();
	compare_all();
	close_store();
	open_store(); /* and once more, from the file */
	compare_all();
}
END_TEST

Suite *store_difference_suite(void)
{
	Suite *suite = suite_create("store_difference");
	TCase *sequences = tcase_create("sequences");

	tcase_set_timeout(sequences, 60);
	tcase_add_checked_fixture(sequences, set_up, tear_down);
	tcase_add_loop_test(sequences, a_random_sequence_has_the_same_replies, 0, SEQUENCES);
	suite_add_tcase(suite, sequences);
	return suite;
}
