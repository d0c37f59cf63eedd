/* Data compatibility (spec/backend.md 6): what a fixed list of operations leaves in both databases,
 * key by key, with types, values and times to live. Whatever stands here is read by the portal, by
 * other processes of 3scale and by the product's own backend: a change of it is a break.
 */
#include "backend/stand_test.h"

#include <stdlib.h>
#include <string.h>

enum releases {
	BOTH,
	GUIDED, /* 2.5 and 2.6 alone */
	CURRENT,
};

struct operation {
	enum releases releases;
	const char *method, *path, *json;
};

/* content: type, value, and for keys that end "ttl SECONDS". Sets and hashes are sorted. */
struct row {
	enum releases releases;
	const char *key, *content;
};

static bool is_current;

static bool is_meant(enum releases releases)
{
	return releases == BOTH || (releases == CURRENT) == is_current;
}

static void start(const char *release)
{
	is_current = strcmp(release, "current") == 0;
	stand_variable("CONFIG_EVENTS_HOOK", "http://10.0.0.4:3000/events");
	stand_variable("CONFIG_EVENTS_HOOK_SHARED_SECRET", "s");
	stand_argument("--release");
	stand_argument(release);
	ck_assert(stand_start());
	stand_set_clock("2019-06-01T10:20:30Z");
}

/* Paths of the Service Management API begin with a slash, and their body is a form. */
static struct stand_answer call_api(const struct operation *operation)
{
	return stand_call((struct stand_request){
		.method = operation->method,
		.path = operation->path,
		.body = operation->json,
		.fields = {"Content-Type", "application/x-www-form-urlencoded"}});
}

static void carry_out(const struct operation *operations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct operation *operation = &operations[i];
		struct stand_answer answer;

		if (!is_meant(operation->releases))
			continue;
		answer = operation->path[0] == '/'
				 ? call_api(operation)
				 : stand_internal(operation->method, operation->path,
						  operation->json);
		ck_assert_msg(answer.status == 200 || answer.status == 201, "%s %s: %d %.*s",
			      operation->method, operation->path, answer.status,
			      STR_ARG(answer.body));
	}
}
#define CARRY_OUT(table) carry_out((table), sizeof(table) / sizeof *(table))

/* Reading. */

static const char *ask(int database, const char *command, const char *key, const char *more)
{
	struct str words[4] = {str_from(command), str_from(key)}, rest = str_from(more), word;
	size_t count = 2;

	while (str_next_field(&rest, ' ', &word))
		words[count++] = word;
	stand_redis_send(database, words, count);
	return stand_reply();
}

/* Without the brackets. */
static struct str listed(const char *reply)
{
	struct str all = str_from(reply);

	return str_slice(all, 1, all.size - 1);
}

static const char *members(int database, const char *key)
{
	return text("{%.*s}", STR_ARG(listed(ask(database, "SMEMBERS", key, ""))));
}

static const char *elements(int database, const char *key)
{
	int count = atoi(ask(database, "LLEN", key, ""));
	const char *all = "";

	for (int i = 0; i < count; i++)
		all = text("%s%s%s", all, i > 0 ? " " : "",
			   ask(database, "LINDEX", key, text("%d", i)));
	return text("[%s]", all);
}

static const char *scored(int database, const char *key)
{
	int count = atoi(ask(database, "ZCARD", key, ""));
	const char *all = "";

	for (int i = 0; i < count; i++) {
		const char *range = text("%d %d", i, i);
		struct str member = listed(ask(database, "ZRANGE", key, range));
		struct str words[] = {STR("ZSCORE"), str_from(key), member};

		stand_redis_send(database, words, 3);
		all = text("%s%s%s:%.*s", all, i > 0 ? " " : "", stand_reply(), STR_ARG(member));
	}
	return text("[%s]", all);
}

static const char *fields(int database, const char *key)
{
	struct str names = listed(ask(database, "HKEYS", key, "")), name;
	const char *all = "";

	while (str_next_field(&names, ',', &name)) {
		const char *field = text("%.*s", STR_ARG(name));

		all = text("%s%s%s=%s", all, all[0] != '\0' ? "," : "", field,
			   ask(database, "HGET", key, field));
	}
	return text("{%s}", all);
}

static const char *text_of(int database, const char *key)
{
	return ask(database, "GET", key, "");
}

static const char *content(int database, const char *key)
{
	static const struct {
		const char *type;
		const char *(*read)(int database, const char *key);
	} types[] = {{"string", text_of},
		     {"set", members},
		     {"list", elements},
		     {"zset", scored},
		     {"hash", fields}};
	const char *type = ask(database, "TYPE", key, "");
	const char *ttl = ask(database, "TTL", key, "");

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(type, types[i].type) == 0)
			return text("%s %s%s%s", type, types[i].read(database, key),
				    strcmp(ttl, "-1") == 0 ? "" : " ttl ",
				    strcmp(ttl, "-1") == 0 ? "" : ttl);
	}
	return type;
}

/* Comparing. */

static const struct row *find(const struct row *rows, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (is_meant(rows[i].releases) && strcmp(rows[i].key, key) == 0)
			return &rows[i];
	}
	return NULL;
}

static void expect_database(int database, const struct row *rows, size_t count)
{
	struct str keys = listed(database == 0 ? stand_redis("KEYS *") : stand_queues("KEYS *"));
	struct str key;
	size_t found = 0, expected = 0;

	while (keys.size > 0 && str_next_field(&keys, ',', &key)) {
		const char *name = text("%.*s", STR_ARG(key));
		const struct row *row = find(rows, count, name);
		const char *is = content(database, name);

		ck_assert_msg(row != NULL, "unexpected: %s = %s", name, is);
		ck_assert_msg(strcmp(is, row->content) == 0, "%s\n  is       %s\n  expected %s",
			      name, is, row->content);
		found++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_meant(rows[i].releases))
			continue;
		expected++;
		ck_assert_msg(strcmp(ask(database, "EXISTS", rows[i].key, ""), "1") == 0,
			      "missing: %s", rows[i].key);
	}
	ck_assert_uint_eq(found, expected);
}
#define EXPECT_STORAGE(table) expect_database(0, (table), sizeof(table) / sizeof *(table))
#define EXPECT_QUEUES(table) expect_database(1, (table), sizeof(table) / sizeof *(table))

/* The worked example (6.9). */

static const struct operation example_operations[] = {
	{BOTH, "POST", "services/",
	 "{\"service\":{\"id\":\"7001\",\"provider_key\":\"pk-acme\",\"backend_version\":\"1\"}}"},
	{BOTH, "POST", "service_tokens/",
	 "{\"service_tokens\":{\"tok1\":{\"service_id\":\"7001\"}}}"},
	{BOTH, "POST", "services/7001/metrics/81", "{\"metric\":{\"name\":\"hits\"}}"},
	{BOTH, "POST", "services/7001/metrics/82",
	 "{\"metric\":{\"name\":\"search\",\"parent_id\":\"81\"}}"},
	{BOTH, "POST", "services/7001/applications/app1",
	 "{\"application\":{\"state\":\"active\",\"plan_id\":\"55\",\"plan_name\":\"Basic\"}}"},
	{BOTH, "PUT", "services/7001/applications/app1/key/uk1", "{}"},
	{BOTH, "PUT", "services/7001/plans/55/usagelimits/81/minute",
	 "{\"usagelimit\":{\"minute\":5}}"},
};

#define EXAMPLE_CONFIGURATION                                                                      \
	{BOTH, "service/id:7001/provider_key", "string pk-acme"},                                  \
		{BOTH, "service/id:7001/backend_version", "string 1"},                             \
		{BOTH, "service/id:7001/referrer_filters_required", "string 0"},                   \
		{BOTH, "service/id:7001/state", "string active"},                                  \
		{GUIDED, "service/id:7001/user_registration_required", "string 1"},                \
		{BOTH, "service/provider_key:pk-acme/id", "string 7001"},                          \
		{BOTH, "service/provider_key:pk-acme/ids", "set {7001}"},                          \
		{BOTH, "services_set", "set {7001}"},                                              \
		{BOTH, "provider_keys_set", "set {pk-acme}"},                                      \
		{BOTH, "service_token/token:tok1/service_id:7001", "hash {permissions=}"},         \
		{BOTH, "metrics/service_id:7001/ids", "set {81,82}"},                              \
		{BOTH, "metric/service_id:7001/id:81/name", "string hits"},                        \
		{BOTH, "metric/service_id:7001/id:82/name", "string search"},                      \
		{BOTH, "metric/service_id:7001/id:82/parent_id", "string 81"},                     \
		{BOTH, "metric/service_id:7001/name:hits/id", "string 81"},                        \
		{BOTH, "metric/service_id:7001/name:search/id", "string 82"},                      \
		{BOTH, "service_id:7001/applications", "set {app1}"},                              \
		{BOTH, "application/service_id:7001/id:app1/state", "string active"},              \
		{BOTH, "application/service_id:7001/id:app1/plan_id", "string 55"},                \
		{BOTH, "application/service_id:7001/id:app1/plan_name", "string Basic"},           \
		{GUIDED, "application/service_id:7001/id:app1/user_required", "string 0"},         \
		{BOTH, "application/service_id:7001/key:uk1/id", "string app1"},                   \
	{                                                                                          \
		BOTH, "usage_limit/service_id:7001/plan_id:55/metric_id:81/minute", "string 5"     \
	}

#define FIVE(prefix, value)                                                                        \
	{BOTH, "stats/{service:7001}/" prefix "/eternity", "string " value},                       \
		{BOTH, "stats/{service:7001}/" prefix "/month:20190601", "string " value},         \
		{BOTH, "stats/{service:7001}/" prefix "/week:20190527", "string " value},          \
		{BOTH, "stats/{service:7001}/" prefix "/day:20190601", "string " value},           \
	{                                                                                          \
		BOTH, "stats/{service:7001}/" prefix "/hour:201906011", "string " value            \
	}
#define SEVEN(prefix, value)                                                                       \
	FIVE(prefix, value),                                                                       \
		{BOTH, "stats/{service:7001}/" prefix "/year:20190101", "string " value},          \
	{                                                                                          \
		BOTH, "stats/{service:7001}/" prefix "/minute:20190601102",                        \
			"string " value " ttl 180"                                                 \
	}

#define FIRST_TRAFFIC(id, type)                                                                    \
	id ":{\"id\":" id ",\"type\":\"" type "\",\"timestamp\":\"2019-06-01 10:20:30 UTC\","      \
	   "\"object\":{\"service_id\":\"7001\",\"application_id\":\"app1\",\"timestamp\":"        \
	   "\"2019-06-01 10:20:30 UTC\"}}"

static const struct row example_storage[] = {
	EXAMPLE_CONFIGURATION,
	FIVE("metric:81", "2"),
	FIVE("metric:82", "2"),
	SEVEN("cinstance:app1/metric:81", "2"),
	SEVEN("cinstance:app1/metric:82", "2"),
	FIVE("response_code:200", "1"),
	FIVE("response_code:2XX", "1"),
	SEVEN("cinstance:app1/response_code:200", "1"),
	SEVEN("cinstance:app1/response_code:2XX", "1"),
	{BOTH, "stats/{service:7001}/cinstances", "set {app1}"},
	{BOTH, "daily_traffic/service:7001/cinstance:app1/20190601", "string 1 ttl 172800"},
	{BOTH, "events/id", "string 2"},
	{BOTH, "events/queue",
	 "zset [" FIRST_TRAFFIC("1", "first_traffic") " " FIRST_TRAFFIC("2",
									"first_daily_traffic") "]"},
	{BOTH, "events/ping", "string 1 ttl 60"},
	/* Without a master service only 2.5 and 2.6 note (7.3); the rest of 6.5. */
	{GUIDED, "notify/aggregator/batch",
	 "list [{\"provider_key\":\"pk-acme\",\"usage\":{\"transactions/authorize\":1,"
	 "\"transactions\":1},\"time\":\"2019-06-01 10:20:00 UTC\"}]"},
	{GUIDED, "transactions/service_id:7001",
	 "list [{\"application_id\":\"app1\",\"usage\":{\"82\":\"2\",\"81\":\"2\"},\"timestamp\":"
	 "\"2019-06-01 10:20:30 UTC\"}]"},
	{GUIDED, "alerts/service_id:7001/app_id:app1/201906011/current_max", "string 40"},
};

static const struct row example_queues[] = {
	{BOTH, "resque:queues", "set {priority}"},
};

static const char *const releases[] = {"2.5", "2.6", "current"};

START_TEST(the_worked_example_leaves_these_keys)
{
	static const struct row configuration[] = {EXAMPLE_CONFIGURATION};

	start(releases[_i]);
	CARRY_OUT(example_operations);
	EXPECT_STORAGE(configuration);
	expect_database(1, NULL, 0);
	expect_answer(stand_get("/transactions/authrep.xml?service_token=tok1&service_id=7001&"
				"user_key=uk1&usage[search]=2&log[code]=200"),
		      200, NULL);
	stand_drain();
	stand_run_for(1);
	EXPECT_STORAGE(example_storage);
	EXPECT_QUEUES(example_queues);
}
END_TEST

/* Every write of the Internal API, with blanks in the names (6.1). */

static const struct operation writes[] = {
	{BOTH, "POST", "services/",
	 "{\"service\":{\"id\":\"7 1\",\"provider_key\":\"p k\",\"backend_version\":\"2\","
	 "\"referrer_filters_required\":true,\"state\":\"suspended\","
	 "\"user_registration_required\":false,\"default_user_plan_id\":\"9\","
	 "\"default_user_plan_name\":\"Users\"}}"},
	{BOTH, "POST", "services/", "{\"service\":{\"id\":\"72\",\"provider_key\":\"p k\"}}"},
	{BOTH, "PUT", "services/72", "{\"service\":{\"backend_version\":\"oauth\"}}"},
	{BOTH, "POST", "services/", "{\"service\":{\"id\":\"73\",\"provider_key\":\"old\"}}"},
	{BOTH, "PUT", "services/change_provider_key/old", "{\"new_key\":\"new\"}"},
	{BOTH, "POST", "service_tokens/",
	 "{\"service_tokens\":{\"t k\":{\"service_id\":\"7 1\"},\"t2\":{\"service_id\":72}}}"},
	{BOTH, "POST", "services/7%201/applications/q%20x",
	 "{\"application\":{\"state\":\"active\",\"plan_id\":\"p l\",\"plan_name\":\"Big & Co\","
	 "\"redirect_url\":\"http://a.example/\",\"user_required\":true}}"},
	{BOTH, "PUT", "services/7%201/applications/b",
	 "{\"application\":{\"state\":\"suspended\"}}"},
	{BOTH, "PUT", "services/7%201/applications/q%20x/key/u%20k", "{}"},
	{CURRENT, "PUT", "services/7%201/applications/batch",
	 "{\"applications\":[{\"id\":\"c\",\"state\":\"active\",\"plan_id\":\"5\",\"user_key\":"
	 "\"uc\",\"application_keys\":[\"k c\"],\"referrer_filters\":[\"c.org\"]}]}"},
	{BOTH, "POST", "services/7%201/applications/q%20x/keys/",
	 "{\"application_key\":{\"value\":\"k 1\"}}"},
	{BOTH, "POST", "services/7%201/applications/q%20x/referrer_filters",
	 "{\"referrer_filter\":\"*.a b.org\"}"},
	{BOTH, "POST", "services/7%201/metrics/81", "{\"metric\":{\"name\":\"m n\"}}"},
	{BOTH, "PUT", "services/7%201/metrics/82",
	 "{\"metric\":{\"name\":\"search\",\"parent_id\":\"81\"}}"},
	{BOTH, "PUT", "services/7%201/metrics/82",
	 "{\"metric\":{\"name\":\"find\",\"parent_id\":null}}"},
	{BOTH, "PUT", "services/7%201/plans/p%20l/usagelimits/81/eternity",
	 "{\"usagelimit\":{\"eternity\":0}}"},
	{BOTH, "PUT", "services/7%201/plans/p%20l/usagelimits/82/week",
	 "{\"usagelimit\":{\"week\":\"70\"}}"},
	{BOTH, "POST", "services/7%201/alert_limits/", "{\"alert_limit\":{\"value\":80}}"},
	{BOTH, "POST", "services/7%201/alert_limits/", "{\"alert_limit\":{\"value\":50}}"},
	{GUIDED, "POST", "services/7%201/users/al%20ice",
	 "{\"user\":{\"state\":\"active\",\"plan_id\":\"9\",\"plan_name\":\"Users\"}}"},
	{GUIDED, "PUT", "services/7%201/users/bob",
	 "{\"user\":{\"state\":\"active\",\"plan_id\":\"8\",\"plan_name\":\"Other\"}}"},
	{BOTH, "POST", "services/7%201/errors/", "{\"errors\":[\"one\",\"two\"]}"},
	{BOTH, "POST", "events/",
	 "{\"events\":[{\"type\":\"alert\",\"object\":{\"id\":7}},{\"type\":\"first_traffic\","
	 "\"object\":{}},{\"type\":\"alert\",\"object\":{}}]}"},
	{GUIDED, "POST", "services/7%201/transactions/",
	 "{\"transactions\":[{\"application_id\":\"q x\",\"usage\":{\"81\":\"1\"},\"timestamp\":"
	 "\"2019-06-01 10:20:30 UTC\"}]}"},
	{BOTH, "DELETE", "services/72/stats", "{}"},
};

/* What no delete takes away: the lower half of both tables. */
#define LEFT_BEHIND                                                                                \
	{BOTH, "provider_keys_set", "set {old,p k}"},                                              \
		{BOTH, "application/service_id:7+1/key:u+k/id", "string q x"},                     \
		{CURRENT, "application/service_id:7+1/id:c/state", "string active"},               \
		{CURRENT, "application/service_id:7+1/id:c/plan_id", "string 5"},                  \
		{CURRENT, "application/service_id:7+1/id:c/keys", "set {k c}"},                    \
		{CURRENT, "application/service_id:7+1/id:c/referrer_filters", "set {c.org}"},      \
		{CURRENT, "application/service_id:7+1/key:uc/id", "string c"},                     \
		{BOTH, "usage_limit/service_id:7+1/plan_id:p+l/metric_id:82/week", "string 70"},   \
		{CURRENT, "set_with_services_marked_for_deletion", "set {72}"},                    \
	{                                                                                          \
		BOTH, "events/id", "string 3"                                                      \
	}

static const struct row written[] = {
	{BOTH, "service/id:7+1/provider_key", "string p k"},
	{BOTH, "service/id:7+1/backend_version", "string 2"},
	{BOTH, "service/id:7+1/referrer_filters_required", "string 1"},
	{BOTH, "service/id:7+1/state", "string suspended"},
	{GUIDED, "service/id:7+1/user_registration_required", "string 0"},
	{GUIDED, "service/id:7+1/default_user_plan_id", "string 9"},
	{GUIDED, "service/id:7+1/default_user_plan_name", "string Users"},
	{BOTH, "service/id:72/provider_key", "string p k"},
	{BOTH, "service/id:72/backend_version", "string oauth"},
	{BOTH, "service/id:72/referrer_filters_required", "string 0"},
	{BOTH, "service/id:72/state", "string active"},
	{GUIDED, "service/id:72/user_registration_required", "string 1"},
	{BOTH, "service/id:73/provider_key", "string new"},
	{BOTH, "service/id:73/referrer_filters_required", "string 0"},
	{BOTH, "service/id:73/state", "string active"},
	{GUIDED, "service/id:73/user_registration_required", "string 1"},
	{BOTH, "service/provider_key:p+k/id", "string 7 1"},
	{BOTH, "service/provider_key:p+k/ids", "set {7 1,72}"},
	{BOTH, "service/provider_key:new/id", "string 73"},
	{BOTH, "service/provider_key:new/ids", "set {73}"},
	{BOTH, "services_set", "set {7 1,72,73}"},
	{BOTH, "service_token/token:t+k/service_id:7+1", "hash {permissions=}"},
	{BOTH, "service_token/token:t2/service_id:72", "hash {permissions=}"},
	{GUIDED, "service_id:7+1/applications", "set {b,q x}"},
	{CURRENT, "service_id:7+1/applications", "set {b,c,q x}"},
	{BOTH, "application/service_id:7+1/id:q+x/state", "string active"},
	{BOTH, "application/service_id:7+1/id:q+x/plan_id", "string p l"},
	{BOTH, "application/service_id:7+1/id:q+x/plan_name", "string Big & Co"},
	{BOTH, "application/service_id:7+1/id:q+x/redirect_url", "string http://a.example/"},
	{GUIDED, "application/service_id:7+1/id:q+x/user_required", "string 1"},
	{BOTH, "application/service_id:7+1/id:q+x/keys", "set {k 1}"},
	{BOTH, "application/service_id:7+1/id:q+x/referrer_filters", "set {*.a b.org}"},
	{BOTH, "application/service_id:7+1/id:b/state", "string suspended"},
	{GUIDED, "application/service_id:7+1/id:b/user_required", "string 0"},
	{BOTH, "metrics/service_id:7+1/ids", "set {81,82}"},
	{BOTH, "metric/service_id:7+1/id:81/name", "string m n"},
	{BOTH, "metric/service_id:7+1/name:m+n/id", "string 81"},
	{BOTH, "metric/service_id:7+1/id:82/name", "string find"},
	{BOTH, "metric/service_id:7+1/id:82/parent_id", "string 81"},
	{BOTH, "metric/service_id:7+1/name:find/id", "string 82"},
	{BOTH, "usage_limit/service_id:7+1/plan_id:p+l/metric_id:81/eternity", "string 0"},
	{BOTH, "alerts/service_id:7 1/allowed_set", "set {50,80}"},
	{GUIDED, "service/id:7+1/user_set", "set {al ice,bob}"},
	{GUIDED, "service:7 1/user:al ice",
	 "hash {plan_id=9,plan_name=Users,service_id=7 1,state=active,username=al ice}"},
	{GUIDED, "service:7 1/user:bob",
	 "hash {plan_id=8,plan_name=Other,service_id=7 1,state=active,username=bob}"},
	{BOTH, "errors/service_id:7 1",
	 "list [{\"code\":\"error\",\"message\":\"two\",\"timestamp\":\"2019-06-01 10:20:30 UTC\","
	 "\"context_info\":{}} {\"code\":\"error\",\"message\":\"one\",\"timestamp\":\"2019-06-01 "
	 "10:20:30 UTC\",\"context_info\":{}}]"},
	{BOTH, "events/queue",
	 "zset [1:{\"id\":1,\"type\":\"alert\",\"timestamp\":\"2019-06-01 10:20:30 UTC\","
	 "\"object\":{\"id\":7}} 2:{\"id\":2,\"type\":\"first_traffic\",\"timestamp\":"
	 "\"2019-06-01 10:20:30 UTC\",\"object\":{}} 3:{\"id\":3,\"type\":\"alert\",\"timestamp\":"
	 "\"2019-06-01 10:20:30 UTC\",\"object\":{}}]"},
	{GUIDED, "transactions/service_id:7 1",
	 "list [{\"application_id\":\"q x\",\"usage\":{\"81\":\"1\"},\"timestamp\":\"2019-06-01 "
	 "10:20:30 UTC\"}]"},
	LEFT_BEHIND,
};

/* Every delete. The default service goes last, and alone (8.2). */

static const struct operation deletes[] = {
	{BOTH, "DELETE", "services/7%201/applications/q%20x/keys/k%201", "{}"},
	{BOTH, "DELETE", "services/7%201/applications/q%20x/referrer_filters/Ki5hIGIub3Jn", "{}"},
	{BOTH, "DELETE", "services/7%201/applications/q%20x", "{}"},
	{BOTH, "DELETE", "services/7%201/applications/b", "{}"},
	{BOTH, "DELETE", "services/7%201/metrics/81", "{}"},
	{BOTH, "DELETE", "services/7%201/metrics/82", "{}"},
	{BOTH, "DELETE", "services/7%201/plans/p%20l/usagelimits/81/eternity", "{}"},
	{BOTH, "DELETE", "services/7%201/alert_limits/80", "{}"},
	{BOTH, "DELETE", "services/7%201/alert_limits/50", "{}"},
	{GUIDED, "DELETE", "services/7%201/users/bob", "{}"},
	{GUIDED, "DELETE", "services/7%201/users", "{}"},
	{BOTH, "DELETE", "services/7%201/errors/", "{}"},
	{GUIDED, "DELETE", "services/7%201/transactions/", "{}"},
	{BOTH, "DELETE", "events/3", "{}"},
	{BOTH, "DELETE", "events/", "{\"upto_id\":2}"},
	{BOTH, "DELETE", "service_tokens/",
	 "{\"service_tokens\":[{\"service_token\":\"t k\",\"service_id\":\"7 1\"},"
	 "{\"service_token\":\"t2\",\"service_id\":72}]}"},
	{BOTH, "DELETE", "services/72", "{}"},
	{BOTH, "DELETE", "services/73", "{}"},
	{BOTH, "DELETE", "services/7%201", "{}"},
};

START_TEST(every_write_and_every_delete_leave_these_keys)
{
	static const struct row left[] = {
		{CURRENT, "service_id:7+1/applications", "set {c}"},
		LEFT_BEHIND,
	};

	start(releases[_i]);
	CARRY_OUT(writes);
	EXPECT_STORAGE(written);
	expect_answer(stand_internal("DELETE", "services/7%201/applications/key/none", "{}"), 200,
		      NULL);
	CARRY_OUT(deletes);
	EXPECT_STORAGE(left);
	expect_answer(stand_internal("DELETE", "services/7%201/applications/key/u%20k", "{}"), 200,
		      NULL);
	expect_text(stand_redis("EXISTS application/service_id:7+1/key:u+k/id"), "0");
	expect_database(1, NULL, 0);
}
END_TEST

/* A deleted service or application leaves what it does not own alone (6.2). */

static const struct operation removals[] = {
	{BOTH, "POST", "services/7001/applications/app1/keys/",
	 "{\"application_key\":{\"value\":\"k\"}}"},
	{BOTH, "POST", "services/7001/applications/app1/referrer_filters",
	 "{\"referrer_filter\":\"a.org\"}"},
	{BOTH, "DELETE", "services/7001/metrics/81", NULL},
	{BOTH, "DELETE", "services/7001/applications/app1", NULL},
	{BOTH, "DELETE", "services/7001", NULL},
};

static const struct row remains[] = {
	{BOTH, "provider_keys_set", "set {pk-acme}"},
	{BOTH, "service_token/token:tok1/service_id:7001", "hash {permissions=}"},
	{BOTH, "metrics/service_id:7001/ids", "set {82}"},
	{BOTH, "metric/service_id:7001/id:82/name", "string search"},
	{BOTH, "metric/service_id:7001/id:82/parent_id", "string 81"},
	{BOTH, "metric/service_id:7001/name:search/id", "string 82"},
	{BOTH, "application/service_id:7001/id:app1/keys", "set {k}"},
	{BOTH, "application/service_id:7001/id:app1/referrer_filters", "set {a.org}"},
	{BOTH, "application/service_id:7001/key:uk1/id", "string app1"},
	{BOTH, "usage_limit/service_id:7001/plan_id:55/metric_id:81/minute", "string 5"},
};

START_TEST(what_is_deleted_leaves_the_rest_behind)
{
	start(releases[_i]);
	CARRY_OUT(example_operations);
	CARRY_OUT(removals);
	EXPECT_STORAGE(remains);
}
END_TEST

/* Errors, alerts and notifications (6.5), and jobs before they are carried out (6.6, 6.7). */

static const struct row alerted[] = {
	EXAMPLE_CONFIGURATION,
	{BOTH, "alerts/service_id:7001/allowed_set", "set {80}"},
	FIVE("metric:81", "4"),
	SEVEN("cinstance:app1/metric:81", "4"),
	{BOTH, "stats/{service:7001}/cinstances", "set {app1}"},
	{BOTH, "daily_traffic/service:7001/cinstance:app1/20190601", "string 1 ttl 172800"},
	{BOTH, "alerts/current_id", "string 1"},
	{BOTH, "alerts/service_id:7001/app_id:app1/80/already_notified", "string 1 ttl 86400"},
	{BOTH, "events/id", "string 3"},
	{BOTH, "events/queue",
	 "zset [" FIRST_TRAFFIC("1", "first_traffic") " " FIRST_TRAFFIC(
		 "2",
		 "first_daily_traffic") " 3:{\"id\":3,\"type\":\"alert\",\"timestamp\":\"2019-06-"
					"01 10:20:30 UTC\",\"object\":{\"id\":1,\"utilization\":80,"
					"\"max_utilization\":0.8,\"application_id\":\"app1\","
					"\"service_id\":\"7001\",\"timestamp\":\"2019-06-01 "
					"10:20:30 UTC\",\"limit\":\"hits per minute: 4/5\"}}]"},
	{BOTH, "events/ping", "string 1 ttl 60"},
	{GUIDED, "notify/aggregator/batch",
	 "list [{\"provider_key\":\"pk-acme\",\"usage\":{\"transactions\":1},\"time\":"
	 "\"2019-06-01 10:20:00 UTC\"} {\"provider_key\":\"pk-acme\",\"usage\":"
	 "{\"transactions/authorize\":1},\"time\":\"2019-06-01 10:20:00 UTC\"}]"},
	{GUIDED, "transactions/service_id:7001",
	 "list [{\"application_id\":\"app1\",\"usage\":{\"81\":\"4\"},\"timestamp\":"
	 "\"2019-06-01 10:20:30 UTC\"}]"},
	{GUIDED, "alerts/service_id:7001/app_id:app1/201906011/current_max", "string 80"},
};

START_TEST(an_alert_leaves_these_keys)
{
	static const struct operation threshold[] = {
		{BOTH, "POST", "services/7001/alert_limits/", "{\"alert_limit\":{\"value\":80}}"}};

	start(releases[_i]);
	CARRY_OUT(example_operations);
	CARRY_OUT(threshold);
	expect_answer(stand_post("service_token=tok1&service_id=7001&transactions[0][app_id]=app1&"
				 "transactions[0][usage][hits]=4"),
		      202, "");
	stand_drain();
	expect_answer(stand_get("/transactions/authorize.xml?service_token=tok1&service_id=7001&"
				"user_key=uk1"),
		      200, NULL);
	stand_run_for(1);
	EXPECT_STORAGE(alerted);
	EXPECT_QUEUES(example_queues);
}
END_TEST

/* What calls make by themselves up to 2.6: access tokens, and users of services that are open to
 * all (2.10, 3.10). */

static const struct operation made_by_calls[] = {
	{BOTH, "POST", "/services/7001/oauth_access_tokens.xml",
	 "provider_key=pk-acme&token=t1&app_id=app1&ttl=60"},
	{BOTH, "POST", "/services/7001/oauth_access_tokens.xml",
	 "provider_key=pk-acme&token=t2&app_id=app1&ttl=0&user_id=alice"},
	{BOTH, "PUT", "services/7001",
	 "{\"service\":{\"user_registration_required\":false,\"default_user_plan_id\":\"9\","
	 "\"default_user_plan_name\":\"Users\"}}"},
	{BOTH, "PUT", "services/7001/applications/app1",
	 "{\"application\":{\"state\":\"active\",\"user_required\":true}}"},
	{BOTH, "GET",
	 "/transactions/authorize.xml?provider_key=pk-acme&user_key=uk1&user_id=al%20ice", NULL},
};

static const struct row of_calls[] = {
	{BOTH, "service/id:7001/provider_key", "string pk-acme"},
	{BOTH, "service/id:7001/backend_version", "string 1"},
	{BOTH, "service/id:7001/referrer_filters_required", "string 0"},
	{BOTH, "service/id:7001/state", "string active"},
	{BOTH, "service/id:7001/user_registration_required", "string 0"},
	{BOTH, "service/id:7001/default_user_plan_id", "string 9"},
	{BOTH, "service/id:7001/default_user_plan_name", "string Users"},
	{BOTH, "service/provider_key:pk-acme/id", "string 7001"},
	{BOTH, "service/provider_key:pk-acme/ids", "set {7001}"},
	{BOTH, "services_set", "set {7001}"},
	{BOTH, "provider_keys_set", "set {pk-acme}"},
	{BOTH, "service_token/token:tok1/service_id:7001", "hash {permissions=}"},
	{BOTH, "metrics/service_id:7001/ids", "set {81,82}"},
	{BOTH, "metric/service_id:7001/id:81/name", "string hits"},
	{BOTH, "metric/service_id:7001/id:82/name", "string search"},
	{BOTH, "metric/service_id:7001/id:82/parent_id", "string 81"},
	{BOTH, "metric/service_id:7001/name:hits/id", "string 81"},
	{BOTH, "metric/service_id:7001/name:search/id", "string 82"},
	{BOTH, "service_id:7001/applications", "set {app1}"},
	{BOTH, "application/service_id:7001/id:app1/state", "string active"},
	{BOTH, "application/service_id:7001/id:app1/plan_id", "string 55"},
	{BOTH, "application/service_id:7001/id:app1/plan_name", "string Basic"},
	{BOTH, "application/service_id:7001/id:app1/user_required", "string 1"},
	{BOTH, "application/service_id:7001/key:uk1/id", "string app1"},
	{BOTH, "usage_limit/service_id:7001/plan_id:55/metric_id:81/minute", "string 5"},
	{BOTH, "notify/aggregator/batch",
	 "list [{\"provider_key\":\"pk-acme\",\"usage\":{\"transactions/authorize\":1},\"time\":"
	 "\"2019-06-01 10:20:00 UTC\"}]"},
	{BOTH, "oauth_access_tokens/service:7001/t1", "string app1 ttl 60"},
	{BOTH, "oauth_access_tokens/service:7001/t2", "string user_len:5/alice/app1"},
	{BOTH, "oauth_access_tokens/service:7001/app:app1/", "set {t1,t2}"},
	{BOTH, "service/id:7001/user_set", "set {al ice}"},
	{BOTH, "service:7001/user:al ice",
	 "hash {plan_id=9,plan_name=Users,service_id=7001,state=active,username=al ice}"},
};

START_TEST(tokens_and_users_made_by_calls_leave_these_keys)
{
	start(releases[_i]);
	CARRY_OUT(example_operations);
	CARRY_OUT(made_by_calls);
	stand_run_for(1);
	EXPECT_STORAGE(of_calls);
	expect_answer(stand_internal("DELETE", "services/7001/applications/app1", NULL), 200, NULL);
	expect_text(stand_redis("KEYS oauth_access_tokens/*"), "[]");
}
END_TEST

Suite *backend_data_layout_suite(void);
Suite *backend_data_layout_suite(void)
{
	Suite *suite = suite_create("backend_data_layout");
	TCase *test = tcase_create("data_layout");
	int count = sizeof releases / sizeof *releases;

	tcase_add_checked_fixture(test, stand_set, stand_clear);
	tcase_add_loop_test(test, the_worked_example_leaves_these_keys, 0, count);
	tcase_add_loop_test(test, every_write_and_every_delete_leave_these_keys, 0, count);
	tcase_add_loop_test(test, what_is_deleted_leaves_the_rest_behind, 0, count);
	tcase_add_loop_test(test, an_alert_leaves_these_keys, 0, count);
	/* The first two: the current line has neither. */
	tcase_add_loop_test(test, tokens_and_users_made_by_calls_leave_these_keys, 0, 2);
	suite_add_tcase(suite, test);
	return suite;
}
