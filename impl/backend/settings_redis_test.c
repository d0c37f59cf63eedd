#include "backend/settings_redis.h"

#include <check.h>

#include "backend/profile.h"
#include "base/arena.h"
#include "base/error.h"
#include "sim/sim.h"
#include "world/environment.h"
#include "world/redis.h"

#define VARIABLES_MAX 8

/* A world that has nothing but variables: "NAME=value". */
static struct {
	struct world world;
	const char *const *variables;
	struct arena *arena;
} stage;

static bool get(struct world *world, struct str name, struct str *value)
{
	struct str found;

	(void)world;
	for (size_t i = 0; i < VARIABLES_MAX && stage.variables[i] != NULL; i++) {
		if (!str_split_once(str_from(stage.variables[i]), '=', &found, value))
			continue;
		if (str_equal(found, name))
			return true;
	}
	return false;
}

static const struct environment_ops environment = {.get = get};

static void set_up(void)
{
	stage.world.environment = &environment;
	stage.arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(stage.arena);
}

struct read {
	struct redis_settings storage, queues;
	struct error error;
	bool is_read;
};

static struct read read_with(const char *const *variables, const char *store, const char *release,
			     bool is_production)
{
	struct redis_choice choice = {.store = str_from(store),
				      .is_production = is_production,
				      .profile = profile_find(str_from(release))};
	struct read read = {.error = {ERROR_NONE, ""}};

	stage.variables = variables;
	read.is_read = redis_settings_read(&read.storage, &read.queues, &choice, &stage.world,
					   stage.arena, &read.error);
	return read;
}

#define EXPECT(text, expected)                                                                     \
	ck_assert_msg(str_equal((text), str_from(expected)), "%.*s", STR_ARG(text))

START_TEST(urls_come_from_the_variables_or_the_option)
{
	static const struct {
		const char *variables[VARIABLES_MAX];
		const char *store, *release, *storage, *queues;
	} rows[] = {
		{{NULL}, "", "", "", ""},
		{{"CONFIG_REDIS_PROXY=", "CONFIG_QUEUES_MASTER_NAME="}, "", "", "", ""},
		{{NULL}, "file.db", "", "", ""},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_QUEUES_MASTER_NAME=b:1"}, "", "", "a", "b:1"},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_QUEUES_MASTER_NAME=b"}, ":memory:", "", "", ""},
		{{"CONFIG_REDIS_PROXY=redis://a/"}, "", "", "redis://a/", "redis://a:6379/1"},
		{{"CONFIG_REDIS_PROXY=:pw@a:7/5"}, "", "", ":pw@a:7/5", "redis://:pw@a:7/5"},
		{{"CONFIG_REDIS_PROXY=unix:///s"}, "", "", "unix:///s", "unix:///s"},
		{{"CONFIG_QUEUES_MASTER_NAME=b"}, "", "", "127.0.0.1:22121", "b"},
		{{"CONFIG_QUEUES_MASTER_NAME=b"}, "", "current", "127.0.0.1:6379", "b"},
		{{"CONFIG_REDIS_PROXY=a"}, "redis://c", "", "redis://c", "redis://c:6379/1"},
		{{"CONFIG_QUEUES_MASTER_NAME=b"}, "redis://c", "", "redis://c", "b"},
		{{"CONFIG_REDIS_PROXY=redis://x:y@a", "CONFIG_REDIS_USERNAME=me",
		  "CONFIG_REDIS_PASSWORD=p@w", "CONFIG_QUEUES_MASTER_NAME=b",
		  "CONFIG_QUEUES_PASSWORD=q"},
		 "",
		 "current",
		 "redis://me:p%40w@a:6379/0",
		 "redis://:q@b:6379/0"},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_REDIS_PASSWORD=pw", "CONFIG_REDIS_SSL=true",
		  "CONFIG_QUEUES_MASTER_NAME=b"},
		 "",
		 "2.6",
		 "a",
		 "b"},
	};
	struct read read = read_with(rows[_i].variables, rows[_i].store, rows[_i].release, false);

	ck_assert_msg(read.is_read, "%s", read.error.text);
	EXPECT(read.storage.url, rows[_i].storage);
	EXPECT(read.queues.url, rows[_i].queues);
}
END_TEST

START_TEST(wrong_variables_are_refused)
{
	static const struct {
		const char *variables[VARIABLES_MAX];
		const char *release;
		bool is_production;
		const char *text;
	} rows[] = {
#define NO_URL "Redis URL not specified with url, proxy, server or default_url."
		{{NULL}, "", true, NO_URL},
		{{"CONFIG_REDIS_PROXY=a"}, "", true, NO_URL},
		{{"CONFIG_QUEUES_MASTER_NAME=a"}, "", true, NO_URL},
		{{"CONFIG_REDIS_SENTINEL_HOSTS=a"}, "", false, NO_URL},
#undef NO_URL
		{{"CONFIG_REDIS_PROXY=a:1:10", "CONFIG_QUEUES_MASTER_NAME=b"},
		 "",
		 true,
		 "The provided URL \"a:1:10\" is not valid: invalid endpoint"},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_QUEUES_MASTER_NAME=http://:pw@b"},
		 "",
		 false,
		 "The provided URL \"http://***@b\" is not valid: the scheme is neither redis nor "
		 "unix"},
		{{"CONFIG_REDIS_PROXY=rediss://a"},
		 "current",
		 false,
		 "The provided URL \"rediss://a\" is not valid: TLS to Redis is not built in"},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_QUEUES_SSL=True"},
		 "current",
		 false,
		 "CONFIG_QUEUES_SSL: TLS to Redis is not built in"},
		{{"CONFIG_REDIS_CONNECT_TIMEOUT=x"},
		 "",
		 false,
		 "CONFIG_REDIS_CONNECT_TIMEOUT is not a number of seconds above 0: \"x\""},
		{{"CONFIG_QUEUES_READ_TIMEOUT=0"},
		 "",
		 false,
		 "CONFIG_QUEUES_READ_TIMEOUT is not a number of seconds above 0: \"0\""},
		{{"CONFIG_REDIS_PROXY=a", "CONFIG_QUEUES_SENTINEL_HOSTS=ok,:pw@a:b"},
		 "",
		 false,
		 "CONFIG_QUEUES_SENTINEL_HOSTS: The sentinel \"a:b\" is not valid: host:port is "
		 "expected"},
	};
	struct read read =
		read_with(rows[_i].variables, "", rows[_i].release, rows[_i].is_production);

	ck_assert(!read.is_read);
	ck_assert_str_eq(read.error.text, rows[_i].text);
}
END_TEST

START_TEST(queues_take_the_sentinels_of_the_storage_unless_they_have_their_own)
{
	static const struct {
		const char *variables[VARIABLES_MAX];
		const char *storage, *queues, *role;
	} rows[] = {
		{{"CONFIG_REDIS_PROXY=redis://main", "CONFIG_REDIS_SENTINEL_HOSTS=s1, s2",
		  "CONFIG_REDIS_SENTINEL_ROLE=slave"},
		 "s1, s2",
		 "s1, s2",
		 ""},
		{{"CONFIG_REDIS_PROXY=redis://main", "CONFIG_REDIS_SENTINEL_HOSTS=s1",
		  "CONFIG_QUEUES_SENTINEL_HOSTS=q1", "CONFIG_QUEUES_SENTINEL_ROLE=master"},
		 "s1",
		 "q1",
		 "master"},
		{{"CONFIG_REDIS_PROXY=redis://main", "CONFIG_REDIS_SENTINEL_HOSTS= ,, "},
		 "",
		 "",
		 ""},
		{{"CONFIG_REDIS_PROXY=redis://main", "CONFIG_QUEUES_SENTINEL_HOSTS=q1"},
		 "",
		 "q1",
		 ""},
	};
	struct read read = read_with(rows[_i].variables, "", "", false);

	ck_assert_msg(read.is_read, "%s", read.error.text);
	EXPECT(read.storage.sentinel_hosts, rows[_i].storage);
	EXPECT(read.queues.sentinel_hosts, rows[_i].queues);
	EXPECT(read.queues.sentinel_role, rows[_i].role);
}
END_TEST

START_TEST(time_outs_are_seconds)
{
	static const char *const variables[VARIABLES_MAX] = {
		"CONFIG_REDIS_PROXY=a", "CONFIG_REDIS_CONNECT_TIMEOUT=1",
		"CONFIG_REDIS_READ_TIMEOUT=7", "CONFIG_QUEUES_WRITE_TIMEOUT=9"};
	struct read read = read_with(variables, "", "", false);

	ck_assert_int_eq(read.storage.connect_timeout_ms, 1000);
	ck_assert_int_eq(read.storage.read_timeout_ms, 7000);
	ck_assert_int_eq(read.storage.write_timeout_ms, 3000);
	ck_assert_int_eq(read.queues.connect_timeout_ms, 5000);
	ck_assert_int_eq(read.queues.read_timeout_ms, 3000);
	ck_assert_int_eq(read.queues.write_timeout_ms, 9000);
}
END_TEST

START_TEST(sentinel_passwords_differ_by_release)
{
	static const char *const variables[VARIABLES_MAX] = {
		"CONFIG_REDIS_PROXY=main", "CONFIG_REDIS_SENTINEL_HOSTS=s1",
		"CONFIG_REDIS_SENTINEL_PASSWORD=pw", "CONFIG_REDIS_SENTINEL_USERNAME=me"};
	static const struct {
		const char *release, *password;
		bool has, shares;
	} rows[] = {
		{"2.5", "", false, false}, {"2.6", "", true, false}, {"current", "pw", true, true}};
	struct read read = read_with(variables, "", rows[_i].release, false);

	ck_assert_int_eq(read.storage.has_sentinel_passwords, rows[_i].has);
	ck_assert_int_eq(read.storage.shares_sentinel_passwords, rows[_i].shares);
	EXPECT(read.storage.sentinel_password, rows[_i].password);
}
END_TEST

START_TEST(either_kind_is_opened)
{
	static const char *const plain[VARIABLES_MAX] = {"CONFIG_REDIS_PROXY=redis://a"};
	static const char *const group[VARIABLES_MAX] = {"CONFIG_REDIS_PROXY=redis://main",
							 "CONFIG_REDIS_SENTINEL_HOSTS=s1"};
	struct sim_options options = {.seed = 1};
	struct sim *sim = sim_create(&options);
	struct world *world =
		sim_host_world(sim_host_add(sim, STR("here"), STR("10.0.0.1")), STR("test"));
	struct read read = read_with(_i == 0 ? plain : group, "", "", false);
	struct redis_client *client = backend_redis_open(world, &read.storage, 0, NULL);

	ck_assert_ptr_nonnull(client);
	redis_close(client);
	sim_destroy(sim);
}
END_TEST

Suite *backend_settings_redis_suite(void);

Suite *backend_settings_redis_suite(void)
{
	Suite *suite = suite_create("backend_settings_redis");
	TCase *tests = tcase_create("settings");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, urls_come_from_the_variables_or_the_option, 0, 14);
	tcase_add_loop_test(tests, wrong_variables_are_refused, 0, 11);
	tcase_add_loop_test(
		tests, queues_take_the_sentinels_of_the_storage_unless_they_have_their_own, 0, 4);
	tcase_add_test(tests, time_outs_are_seconds);
	tcase_add_loop_test(tests, sentinel_passwords_differ_by_release, 0, 3);
	tcase_add_loop_test(tests, either_kind_is_opened, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
