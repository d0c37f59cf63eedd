#include "gateway/config_store.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/error_log.h"
#include "gateway/settings.h"

static struct config_store *store;
static struct arena *arena;

static void set_up(void)
{
	store = config_store_create(3);
	arena = arena_create();
}

static void tear_down(void)
{
	config_store_destroy(store);
	config_store_destroy(NULL);
	arena_destroy(arena);
}

/* A version with one service for each host of the list. */
static void put(const char *hosts, int64_t expires_us, bool flush)
{
	struct settings settings = {.backend_override = {.host = STR("b")},
				    .has_backend_override = true};
	struct error_log log = {.level = LEVEL_EMERG};
	struct arena *own = arena_create();
	struct strbuf text;
	struct error error;
	struct config *config;
	struct str rest = str_from(hosts), host;

	strbuf_init(&text, 4096);
	strbuf_append(&text, STR("{\"services\":["));
	while (str_next_field(&rest, ' ', &host))
		strbuf_append_format(
			&text, "{\"id\":\"%.*s\",\"proxy\":{\"hosts\":[\"%.*s\",\"%.*s\"]}}%s",
			STR_ARG(host), STR_ARG(host), STR_ARG(host), rest.data != NULL ? "," : "");
	strbuf_append(&text, STR("]}"));
	config = config_create(own, json_parse(own, str_copy(own, strbuf_str(&text)), 4096, &error),
			       &settings, &log, &error);
	strbuf_free(&text);
	ck_assert_msg(config != NULL, "%s", error.text);
	config_store_put(store, config, expires_us, flush);
	config_release(config);
	config_release(NULL);
}

static bool has(const char *host)
{
	struct config_hit hit;

	return config_store_find(store, str_from(host), 0, &hit);
}

START_TEST(hosts_are_found_until_they_are_stale_and_then_too)
{
	struct config_hit hit;

	ck_assert(!config_store_is_configured(store));
	put("a b", 10, false);
	ck_assert(config_store_is_configured(store));
	ck_assert(config_store_find(store, STR("a"), 9, &hit) && !hit.is_stale);
	ck_assert(config_store_find(store, STR("a"), 10, &hit) && hit.is_stale);
	ck_assert_uint_eq(hit.services->count, 1);
	ck_assert_uint_eq(config_store_services(store), 2);
}
END_TEST

START_TEST(a_newer_version_replaces_its_hosts_or_all)
{
	put("a b", CONFIG_NEVER_EXPIRES, false);
	put("b c", CONFIG_NEVER_EXPIRES, false);
	ck_assert(has("a") && has("b") && has("c"));
	ck_assert_uint_eq(config_store_services(store), 3);
	put("d", CONFIG_NEVER_EXPIRES, true);
	ck_assert(!has("a") && has("d"));
}
END_TEST

START_TEST(the_least_recently_used_hosts_leave)
{
	put("a b c", CONFIG_NEVER_EXPIRES, false);
	ck_assert(has("a"));
	put("d", CONFIG_NEVER_EXPIRES, false);
	ck_assert(has("a") && !has("b") && has("c") && has("d"));
}
END_TEST

START_TEST(what_is_stored_is_shown)
{
	put("a", CONFIG_NEVER_EXPIRES, false);
	ck_assert_str_eq(str_cstr(arena, json_print(arena, config_store_json(store, arena))),
			 "{\"services\":[{\"id\":\"a\",\"proxy\":{\"hosts\":[\"a\",\"a\"]}}]}");
	config_store_clear(store);
	config_store_set_configured(store, false);
	ck_assert(!has("a") && !config_store_is_configured(store));
}
END_TEST

START_TEST(what_is_no_object_is_no_configuration)
{
	struct settings settings = {0};
	struct error_log log = {.level = LEVEL_EMERG};
	struct arena *own = arena_create();
	struct error error;

	ck_assert_ptr_null(config_create(own, json_new(own, JSON_ARRAY), &settings, &log, &error));
	ck_assert_str_eq(error.text, "the configuration is not an object");
}
END_TEST

Suite *gateway_config_store_suite(void);
Suite *gateway_config_store_suite(void)
{
	Suite *suite = suite_create("gateway_config_store");
	TCase *test = tcase_create("store");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, hosts_are_found_until_they_are_stale_and_then_too);
	tcase_add_test(test, a_newer_version_replaces_its_hosts_or_all);
	tcase_add_test(test, the_least_recently_used_hosts_leave);
	tcase_add_test(test, what_is_stored_is_shown);
	tcase_add_test(test, what_is_no_object_is_no_configuration);
	suite_add_tcase(suite, test);
	return suite;
}
