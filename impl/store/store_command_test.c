/* `refscale store dump|load`, on the simulator's stage and against a real Redis. */
#include "store/store_command.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/stage_test.h"
#include "store/resp.h"
#include "world/files.h"
#include "world/real/real_world.h"
#include "world/redis.h"

#define MANY 2500 /* more than a chunk and a piece hold */

static struct stage stage;
static struct sim_redis *redis, *other_redis;

static void set_up(void)
{
	static const struct component *const components[] = {&store_component, NULL};
	struct error error = {0};

	stage_open_with(&stage, 1, components);
	redis = sim_redis_start(stage.api_host, 6379, &error);
	other_redis = sim_redis_start(stage.api_host, 6380, &error);
	ck_assert_msg(redis != NULL && other_redis != NULL, "%s", error.text);
}

static void tear_down(void)
{
	stage_close(&stage);
}

/* Runs `refscale store ...`; its words are separated by blanks. Its status. */
static int run(const char *line)
{
	struct str rest = str_from(line), words[16] = {STR("refscale"), STR("store")};
	size_t count = 2;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	strbuf_clear(&stage.output);
	stage.exit_status = -1;
	stage_start(&stage, stage.client_host, words, count);
	for (int i = 0; i < 100 && stage.exit_status == -1; i++)
		stage_run(&stage, STAGE_SECOND);
	return stage.exit_status;
}

static bool said(const char *text)
{
	return str_find(strbuf_str(&stage.output), str_from(text)) != STR_NOT_FOUND;
}

static void expect(const char *line, int status, const char *text)
{
	int got = run(line);

	ck_assert_msg(got == status && said(text), "%s: status %d, said:\n%.*s", line, got,
		      STR_ARG(strbuf_str(&stage.output)));
}

static struct str file(const char *name)
{
	struct str content = {NULL, 0};
	struct error error = {0};

	ck_assert_msg(
		files_read(stage.client, str_from(name), SIZE_MAX, stage.arena, &content, &error),
		"%s", error.text);
	return content;
}

static void write_file(const char *name, struct str content)
{
	struct error error = {0};

	ck_assert(files_write(stage.client, str_from(name), content, &error));
}

/* A file with everything that a dump can hold, as somebody else might write it. */

static struct strbuf made;

static void make(const char *line)
{
	struct str rest = str_from(line), words[16];
	size_t count = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	ck_assert(resp_write_command(&made, words, count));
}

static void make_words(const struct str *words, size_t count)
{
	ck_assert(resp_write_command(&made, words, count));
}

static void make_many(const char *form)
{
	for (int i = 0; i < MANY; i++) {
		char line[100];

		snprintf(line, sizeof line, form, i * 7919 % MANY, i);
		make(line);
	}
}

static struct str everything(void)
{
	strbuf_init(&made, 64 * 1024 * 1024);
	make("SELECT 0");
	make("SET service/id:7001/provider_key pk-acme");
	make("set small case");
	make_words((struct str[]){STR("SET"), STR("k\r\n\0\xff"), STR("v\0\r\n")}, 3);
	make_words((struct str[]){STR("SET"), STR("empty"), STR("")}, 3);
	make("SET minute 5");
	make("PEXPIREAT minute 32503680000123");
	make("RPUSH list b a b c");
	make_many("RPUSH list/big %d-%d");
	make("SADD set 10 9 a B");
	make("PEXPIREAT set 32503680000000");
	make_many("SADD set/big m%d.%d");
	make("HMSET hash f v e w");
	make("HSET hash/1 permissions -");
	make("ZADD zset 1 a 1.5 b inf c -inf d -0.25 e 1e20 f 3 g");
	make_many("ZADD zset/big %d m%d");
	make_many("SET many/%d %d");
	make("SELECT 1");
	make("RPUSH resque:queue:priority {\"class\":1}");
	make("SADD resque:queues priority main");
	return strbuf_str(&made);
}

#define EVERYTHING_COUNTS                                                                          \
	"storage: 2513 keys (2505 strings, 2 lists, 2 sets, 2 hashes, 2 sorted sets); "            \
	"queues: 2 keys (1 list, 1 set)"

START_TEST(data_goes_round_without_a_change)
{
	write_file("made", everything());
	expect("load --store redis://api --input made", 0, "  loaded " EVERYTHING_COUNTS);
	expect("dump --store redis://api --output a", 0, "! dumped " EVERYTHING_COUNTS);
	expect("load --store b.db --input a", 0, "  loaded " EVERYTHING_COUNTS);
	expect("dump --store b.db --output b", 0, "! dumped " EVERYTHING_COUNTS);
	expect("load --store redis://api:6380/3 --queues redis://api:6380/4 --input b", 0,
	       "loaded " EVERYTHING_COUNTS);
	expect("dump --store redis://api:6380/3 --queues redis://api:6380/4 --output c", 0,
	       "dumped " EVERYTHING_COUNTS);
	ck_assert(str_equal(file("a"), file("b")));
	ck_assert(str_equal(file("a"), file("c")));
	ck_assert(str_has_prefix(file("a"),
				 STR("*2\r\n$4\r\nECHO\r\n$21\r\nrefscale store dump 1\r\n"
				     "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
				     "*3\r\n$3\r\nSET\r\n$5\r\nempty\r\n$0\r\n\r\n"
				     "*6\r\n$4\r\nHSET\r\n$4\r\nhash\r\n$1\r\ne\r\n$1\r\nw\r\n"
				     "$1\r\nf\r\n$1\r\nv\r\n")));
	strbuf_free(&made);
}
END_TEST

static void make_dump(const char *line)
{
	strbuf_init(&made, 1000);
	make(line);
	write_file("dump", strbuf_str(&made));
	strbuf_free(&made);
}

/* What "b.db" holds now, without the lines of RESP's framing. */
static struct str dumped(const char *store)
{
	struct str rest, line;
	struct strbuf words;
	char command[64];

	strbuf_init(&words, 10000);
	snprintf(command, sizeof command, "dump --store %s --output now", store);
	ck_assert_int_eq(run(command), 0);
	rest = file("now");
	while (str_next_field(&rest, '\n', &line))
		if (line.data[0] != '*' && line.data[0] != '$')
			strbuf_append_format(&words, "%.*s ", (int)line.size - 1, line.data);
	rest = str_copy(stage.arena, strbuf_str(&words));
	strbuf_free(&words);
	return rest;
}

static const char *const stores[] = {"b.db", "redis://api"};

START_TEST(what_is_there_is_refused_replaced_or_kept)
{
	const char *store = stores[_i];
	char line[100];

#define LOAD(rest) (snprintf(line, sizeof line, "load --store %s --input dump" rest, store), line)
	make_dump("RPUSH a 1 2");
	expect(LOAD(""), 0, "loaded storage: 1 key (1 list); queues: 0 keys");
	make_dump("RPUSH a 3");
	expect(LOAD(""), 1, "storage is not empty: it has 1 keys (--replace");
	expect(LOAD(" --merge"), 0, "loaded storage: 1 key (1 list)");
	make_dump("SADD b 1");
	expect(LOAD(" --merge"), 0, "loaded storage: 1 key (1 set)");
	ck_assert(str_find(dumped(store), STR("0 RPUSH a 3 SADD b 1 SELECT")) != STR_NOT_FOUND);
	make_dump("SET c 1");
	expect(LOAD(" --replace"), 0, "loaded storage: 1 key (1 string)");
	ck_assert(str_find(dumped(store), STR("0 SET c 1 SELECT")) != STR_NOT_FOUND);
	make_dump("SET");
	expect(LOAD(" --replace"), 1, "dump:0: the wrong number of words for \"SET\"");
	ck_assert(str_find(dumped(store), STR("0 SET c 1 SELECT")) != STR_NOT_FOUND);
#undef LOAD
}
END_TEST

#define BEGINNING "*2\r\n$4\r\nECHO\r\n$21\r\nrefscale store dump 1\r\n" /* 42 bytes */
#define SET_A "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"                /* 27 bytes */
#define RPUSH_A "*3\r\n$5\r\nRPUSH\r\n$1\r\na\r\n$1\r\n1\r\n"

static const struct {
	struct str content;
	const char *error;
} broken_rows[] = {
	{STR_INIT(""), "dump:0: the file is empty"},
	{STR_INIT("SET a 1\r\n"), "dump:0: no Redis command"},
	{STR_INIT("*0\r\n"), "dump:0: no Redis command"},
	{STR_INIT("REDIS0011"), "dump:0: no Redis command"},
	{STR_INIT(SET_A "*1"), "dump:27: the file ends within a command"},
	{STR_INIT(BEGINNING), "dump:42: the file ends before the dump does"},
	{STR_INIT(BEGINNING BEGINNING), "dump:42: a second beginning"},
	{STR_INIT(SET_A "*2\r\n$4\r\nECHO\r\n$37\r\nrefscale store dump ends after 1 keys\r\n"),
	 "dump:27: an end that ends nothing:"},
	{STR_INIT(BEGINNING "*2\r\n$4\r\nECHO\r\n$37\r\nrefscale store dump ends after 1 keys\r\n"),
	 "dump:42: the keys before are not that many: \"1\""},
	{STR_INIT(BEGINNING "*2\r\n$4\r\nECHO\r\n$37\r\nrefscale store dump ends after 0 keys\r\n"
			    "" SET_A),
	 "dump:100: more behind the end"},
	{STR_INIT("*2\r\n$4\r\nECHO\r\n$21\r\nrefscale store dump 9\r\n"),
	 "dump:0: a dump of another version, known is 1: \"9\""},
	{STR_INIT("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"), "dump:0: no word of a dump: \"hi\""},
	{STR_INIT(SET_A SET_A), "dump:27: a second value of key \"a\""},
	{STR_INIT(SET_A RPUSH_A), "dump:27: a second value of key \"a\""},
	{STR_INIT(SET_A "*1\r\n$8\r\nFLUSHALL\r\n"),
	 "dump:27: not a command of a dump: \"FLUSHALL\""},
	{STR_INIT(SET_A "*1\r\n$3\r\n\x1b\n\xff\r\n"), "not a command of a dump: \"???\""},
	{STR_INIT(SET_A "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"),
	 "dump:27: the database is neither 0 (storage) nor 1 (queues): \"2\""},
	{STR_INIT(SET_A "*3\r\n$9\r\nPEXPIREAT\r\n$1\r\nb\r\n$1\r\n9\r\n"),
	 "dump:27: an expiry of another key than the one before: \"b\""},
	{STR_INIT(SET_A "*3\r\n$9\r\nPEXPIREAT\r\n$1\r\na\r\n$1\r\nx\r\n"),
	 "dump:27: an expiry that is no time: \"x\""},
	{STR_INIT("*4\r\n$4\r\nZADD\r\n$1\r\na\r\n$1\r\nx\r\n$1\r\nm\r\n"),
	 "dump:0: no score: \"x\""},
	{STR_INIT("*5\r\n$4\r\nHSET\r\n$1\r\na\r\n$1\r\nf\r\n$1\r\nv\r\n$1\r\nf\r\n"),
	 "dump:0: the wrong number of words for \"HSET\""},
};

START_TEST(broken_files_change_nothing_of_an_embedded_store)
{
	make_dump("SET there 1");
	expect("load --store b.db --input dump", 0, "loaded");
	write_file("dump", broken_rows[_i].content);
	expect("load --store b.db --input dump --replace", 1, broken_rows[_i].error);
	ck_assert(said("! refscale store: nothing was changed\n"));
	ck_assert(str_find(dumped("b.db"), STR("0 SET there 1 SELECT")) != STR_NOT_FOUND);
}
END_TEST

START_TEST(of_a_redis_it_is_told_what_was_written)
{
	write_file("dump", STR(SET_A "x"));
	expect("load --store redis://api --input dump", 1, "dump:27: no Redis command");
	ck_assert(said("not complete, already written (the last keys maybe in part): storage: "
		       "1 key (1 string); queues: 0 keys"));
	/* Replacing is looked at first. */
	expect("load --store redis://api --input dump --replace", 1, "dump:27: no Redis command");
	ck_assert(str_find(dumped("redis://api"), STR("0 SET a 1 SELECT")) != STR_NOT_FOUND);
}
END_TEST

START_TEST(standard_input_is_read_once)
{
	struct error error = {0};

	ck_assert(files_make_directory(stage.client, STR("/dev"), &error));
	write_file("/dev/stdin", STR(SET_A));
	expect("load --store redis://api", 0, "loaded storage: 1 key");
	write_file("/dev/stdin", STR("x"));
	expect("load --store redis://api --replace", 1, "/dev/stdin:0: no Redis command");
	ck_assert(said("no key was written, but what was there may be gone"));
	expect("dump --store redis://api", 0, "dumped storage: 0 keys");
	ck_assert_uint_gt(file("/dev/stdout").size, 0);
}
END_TEST

static const struct {
	const char *line, *error;
	int status;
} wrong_rows[] = {
	{"", "dump or load?", 2},
	{"copy", "dump or load?", 2},
	{"dump --nonsense", "nonsense", 2},
	{"load --replace --merge", "--replace and --merge exclude each other", 2},
	{"dump --store redis://api/5", "--queues is needed", 2},
	{"dump --store redis://api/1 --queues redis://api/1", "the same database", 2},
	{"dump --store redis://", "--store", 1},
	{"dump --store b.db --queues redis://api", "--queues needs a redis:// URL", 2},
	{"dump --store redis://api --queues http://api", "--queues", 1},
	{"dump --store http://api --queues redis://api", "--store", 1},
	{"dump --store redis://api:1 --output x", "storage: no answer: connection refused", 1},
	{"load --store redis://api:1 --input dump", "storage: no answer: connection refused", 1},
	{"dump --store missing.db --output x", "missing.db: unable to open database file", 1},
	{"dump --store there.db --output nowhere/x", "nowhere/x: no such file or directory", 1},
	{"load --store b.db --input missing", "missing: no such file or directory", 1},
	{"load --store redis://api --replace --input missing", "missing: no such file", 1},
};

START_TEST(what_cannot_be_done_is_said)
{
	make_dump("SET a 1");
	expect("load --store there.db --input dump", 0, "loaded");
	expect(wrong_rows[_i].line, wrong_rows[_i].status, wrong_rows[_i].error);
}
END_TEST

static void stop_the_redis(void *data)
{
	sim_redis_stop(data);
}

START_TEST(a_redis_that_goes_away_ends_it)
{
	struct sim_link slow = {.latency_us = 100000};

	write_file("made", everything());
	expect("load --store redis://api --input made", 0, "loaded");
	sim_net_set_default_link(stage.sim, slow);
	sim_at(stage.sim, sim_now_us(stage.sim) + 2 * STAGE_SECOND, stop_the_redis, redis);
	expect("dump --store redis://api --output a", 1, "no answer: ");
	sim_at(stage.sim, sim_now_us(stage.sim) + STAGE_SECOND, stop_the_redis, other_redis);
	expect("load --store redis://api:6380 --input made", 1, "no answer: ");
	ck_assert(said("not complete, already written"));
	strbuf_free(&made);
}
END_TEST

START_TEST(help_says_what_there_is)
{
	expect("--help", 0, "usage: refscale store dump|load [OPTION...]");
	ck_assert(said("--merge"));
}
END_TEST

/* The real one. */

static struct {
	char folder[64], url[64];
	pid_t pid;
	uint16_t port;
} server;

static bool accepts(const struct sockaddr_in *place)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool is_open = connect(fd, (const struct sockaddr *)place, sizeof *place) == 0;

	close(fd);
	return is_open;
}

static void server_start_with(const char *renamed, const char *to)
{
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof place;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char port[8];

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&place, sizeof place), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&place, &size), 0);
	close(fd);
	strcpy(server.folder, "/tmp/store_test_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server.folder));
	server.port = ntohs(place.sin_port);
	snprintf(port, sizeof port, "%u", server.port);
	snprintf(server.url, sizeof server.url, "redis://127.0.0.1:%u", server.port);
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1",
		       "--save", "", "--appendonly", "no", "--dir", server.folder, "--logfile",
		       "log", "--rename-command", renamed, to, (char *)NULL);
		_exit(127);
	}
	for (int tries = 0; !accepts(&place); tries++) {
		ck_assert_int_lt(tries, 1000);
		ck_assert_int_eq(waitpid(server.pid, NULL, WNOHANG), 0);
		poll(NULL, 0, 10);
	}
}

static void server_start(void)
{
	server_start_with("DEBUG", "DEBUG");
}

/* As before 7.0. */
static void server_start_old(void)
{
	server_start_with("PEXPIRETIME", "");
}

static void server_stop(void)
{
	char command[128];

	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	snprintf(command, sizeof command, "rm -rf '%s'", server.folder);
	ck_assert_int_eq(system(command), 0);
}

/* "load" or "dump", between a store and a file, both in the folder unless they are URLs. */
static int run_real(const char *verb, const char *store, const char *name)
{
	bool is_load = strcmp(verb, "load") == 0;
	char path[128], store_path[128];
	struct real_loop *loop = real_loop_create();
	struct world *world = real_world_create(loop, NULL);
	struct error error = {0};
	int status = 2;
	void *instance;

	snprintf(path, sizeof path, "%s/%s", server.folder, name);
	snprintf(store_path, sizeof store_path, "%s/%s", server.folder, store);
	instance = store_component.start(
		world,
		(struct str[]){str_from(verb), STR("--store"),
			       str_from(strstr(store, "://") != NULL ? store : store_path),
			       is_load ? STR("--input") : STR("--output"), str_from(path)},
		5, &status, &error);
	if (instance != NULL) {
		status = real_loop_run(loop);
		store_component.stop(instance);
	}
	real_world_destroy(world);
	real_loop_destroy(loop);
	return status;
}

static void compare_files(const char *a, const char *b)
{
	char command[256];

	snprintf(command, sizeof command, "cmp %s/%s %s/%s", server.folder, a, server.folder, b);
	ck_assert_int_eq(system(command), 0);
}

static void write_made(struct str content)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof path, "%s/made", server.folder);
	out = fopen(path, "wb");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(content.data, 1, content.size, out), content.size);
	ck_assert_int_eq(fclose(out), 0);
}

static void tell_redis(const char *rest)
{
	char command[512];

	snprintf(command, sizeof command, "redis-cli -p %u %s >/dev/null", server.port, rest);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_real_redis_holds_the_same)
{
	char pipe[128];

	write_made(everything());
	ck_assert_int_eq(run_real("load", "a.db", "made"), 0);
	ck_assert_int_eq(run_real("dump", "a.db", "a"), 0);
	ck_assert_int_eq(run_real("load", server.url, "a"), 0);
	ck_assert_int_eq(run_real("dump", server.url, "b"), 0);
	compare_files("a", "b");
	ck_assert_int_eq(run_real("load", "b.db", "b"), 0);
	ck_assert_int_eq(run_real("dump", "b.db", "c"), 0);
	compare_files("a", "c");
	/* Others read it, too. */
	tell_redis("flushall");
	snprintf(pipe, sizeof pipe, "--pipe < %s/c", server.folder);
	tell_redis(pipe);
	ck_assert_int_eq(run_real("dump", server.url, "d"), 0);
	compare_files("a", "d");
	strbuf_free(&made);
}
END_TEST

START_TEST(what_no_dump_can_hold_is_named)
{
	char path[128];

	tell_redis("xadd stream '*' field value");
	ck_assert_int_eq(run_real("dump", server.url, "a"), 1);
	snprintf(path, sizeof path, "%s/a", server.folder);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(an_old_redis_tells_only_the_time_to_live)
{
	char path[128], text[400] = "";
	const char *number;
	FILE *in;
	double expires_s;

	tell_redis("set a 1 px 5000000");
	ck_assert_int_eq(run_real("dump", server.url, "a"), 0);
	snprintf(path, sizeof path, "%s/a", server.folder);
	in = fopen(path, "rb");
	ck_assert_ptr_nonnull(in);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, in), 0);
	fclose(in);
	number = strstr(text, "PEXPIREAT\r\n$1\r\na\r\n$13\r\n");
	ck_assert_ptr_nonnull(number);
	expires_s = strtod(number + strlen("PEXPIREAT\r\n$1\r\na\r\n$13\r\n"), NULL) / 1000;
	ck_assert_double_eq_tol(expires_s, (double)time(NULL) + 5000, 60);
}
END_TEST

Suite *store_store_command_suite(void);
Suite *store_store_command_suite(void)
{
	Suite *suite = suite_create("store_store_command");
	TCase *simulated = tcase_create("simulated"), *real = tcase_create("real"),
	      *old = tcase_create("old");

	tcase_add_checked_fixture(simulated, set_up, tear_down);
	tcase_set_timeout(simulated, 30);
	tcase_add_test(simulated, data_goes_round_without_a_change);
	tcase_add_loop_test(simulated, what_is_there_is_refused_replaced_or_kept, 0, 2);
	tcase_add_loop_test(simulated, broken_files_change_nothing_of_an_embedded_store, 0,
			    sizeof broken_rows / sizeof *broken_rows);
	tcase_add_test(simulated, of_a_redis_it_is_told_what_was_written);
	tcase_add_test(simulated, standard_input_is_read_once);
	tcase_add_loop_test(simulated, what_cannot_be_done_is_said, 0,
			    sizeof wrong_rows / sizeof *wrong_rows);
	tcase_add_test(simulated, a_redis_that_goes_away_ends_it);
	tcase_add_test(simulated, help_says_what_there_is);
	suite_add_tcase(suite, simulated);
	tcase_add_checked_fixture(real, server_start, server_stop);
	tcase_set_timeout(real, 30);
	tcase_add_test(real, a_real_redis_holds_the_same);
	tcase_add_test(real, what_no_dump_can_hold_is_named);
	suite_add_tcase(suite, real);
	tcase_add_checked_fixture(old, server_start_old, server_stop);
	tcase_add_test(old, an_old_redis_tells_only_the_time_to_live);
	suite_add_tcase(suite, old);
	return suite;
}
