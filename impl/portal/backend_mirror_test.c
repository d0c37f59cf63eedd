#include "portal/backend_mirror_test.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/url.h"
#include "portal/backend_rewrite.h"
#include "portal/database.h"
#include "portal/portal_rig_test.h"
#include "portal/record.h"
#include "portal/tables.h"

void mirror_init(struct mirror *mirror)
{
	*mirror = (struct mirror){map_create(0), arena_create()};
}

void mirror_free(struct mirror *mirror)
{
	map_destroy(mirror->facts);
	arena_destroy(mirror->arena);
}

static void mirror_put(struct mirror *mirror, struct str key, struct str fact)
{
	map_put(mirror->facts, str_copy(mirror->arena, key),
		(void *)(uintptr_t)str_cstr(mirror->arena, fact));
}

/* What is added to a list by POST is removed by its name below the list. */
static struct str name_in_list(struct arena *arena, struct str path, const struct json *body)
{
	const struct json *item = body->first_child;
	struct str filter = json_get_str(body, STR("referrer_filter")), coded;
	struct str list = str_has_suffix(path, STR("/")) ? path : STR_CONCAT(arena, path, STR("/"));

	if (filter.size == 0)
		return STR_CONCAT(
			arena, list,
			url_encoded(arena, json_scalar_text(json_get(item, STR("value")))));
	coded = base64_encode(arena, filter);
	return STR_CONCAT(arena, list, url_encoded(arena, coded));
}

static void mirror_service_tokens(struct mirror *mirror, bool adds, const struct json *body)
{
	JSON_EACH (token, json_get(body, STR("service_tokens"))) {
		struct str value = adds ? token->key : json_get_str(token, STR("service_token"));
		struct str key = STR_CONCAT(mirror->arena, STR("token "), value);

		if (adds)
			mirror_put(mirror, key, json_get_str(token, STR("service_id")));
		else
			map_remove(mirror->facts, key);
	}
}

/* A user key is put below its application and deleted below its service. */
static struct str place_of(struct arena *arena, struct str path)
{
	size_t at = str_find(path, STR("/key/")), from = str_find(path, STR("/applications/"));

	if (at == STR_NOT_FOUND || from == STR_NOT_FOUND)
		return path;
	return STR_CONCAT(arena, str_slice(path, 0, from), STR("/applications/key/"),
			  str_skip(path, at + 5));
}

/* A service's state is told only when it changes: one is active until then. */
static struct str service_fact(struct arena *arena, const struct json *body)
{
	struct json *service = json_new(arena, JSON_OBJECT);

	JSON_EACH (field, json_get(body, STR("service"))) {
		if (!str_equal(field->key, STR("state")))
			json_set(service, field->key,
				 json_new_str(arena, json_print(arena, field)));
	}
	return json_print(arena, service);
}

static void mirror_take(struct mirror *mirror, const struct record *update)
{
	struct arena *arena = mirror->arena;
	struct str method = record_text(update, "method");
	struct str path = str_copy(arena, record_text(update, "path"));
	const struct json *body =
		json_parse(arena, str_copy(arena, record_text(update, "body")), 65536, NULL);
	struct str key = place_of(arena, path);

	ck_assert_ptr_nonnull(body);
	if (str_equal(path, STR("service_tokens/")))
		mirror_service_tokens(mirror, str_equal(method, STR("POST")), body);
	else if (str_has_suffix(path, STR("/stats")))
		return;
	else if (str_equal(method, STR("POST")))
		mirror_put(mirror, name_in_list(arena, path, body), STR("listed"));
	else if (str_equal(method, STR("DELETE")))
		map_remove(mirror->facts, key);
	else if (json_get(body, STR("service")) != NULL)
		mirror_put(mirror, key, service_fact(arena, body));
	else
		mirror_put(mirror, key, key.size == path.size ? json_print(arena, body) : path);
}

/* All that waits in the outbox, which is empty then. */
void mirror_fill(struct mirror *mirror)
{
	struct database *database = rig_database();
	struct arena *arena = arena_create();
	struct error error = {0};
	struct record_list updates;

	database_begin(database, arena, true);
	updates = record_all(database, &backend_updates_table, "id > 0 ORDER BY id", NULL, 0);
	for (size_t i = 0; i < updates.count; i++)
		mirror_take(mirror, updates.items[i]);
	database_run(database, STR("DELETE FROM backend_updates"), NULL, 0);
	ck_assert_msg(database_commit(database, &error), "%s", error.text);
	arena_destroy(arena);
	rig_has_written();
}

void mirror_rewrite(struct mirror *mirror)
{
	struct error error = {0};

	rig_sql("DELETE FROM backend_updates");
	ck_assert_msg(backend_rewrite(rig_database(), rig_settings(), &error), "%s", error.text);
	mirror_fill(mirror);
}

static void is_within(const struct mirror *part, const struct mirror *whole, const char *trouble,
		      const char *after)
{
	struct map_cursor at = {0};

	while (map_next(part->facts, &at)) {
		const char *there = map_get(whole->facts, at.key);

		ck_assert_msg(there != NULL && strcmp(there, at.value) == 0,
			      "up to %s: %.*s %s: %s, not %s", after, STR_ARG(at.key), trouble,
			      (const char *)at.value, there != NULL ? there : "there at all");
	}
}

void mirror_is_what_a_rewrite_says(const struct mirror *told, const char *after)
{
	struct mirror fresh;

	mirror_init(&fresh);
	mirror_rewrite(&fresh);
	is_within(&fresh, told, "was not told", after);
	is_within(told, &fresh, "was left behind", after);
	mirror_free(&fresh);
}

/* The mirror's own: what is pushed is there under the name by which it is taken away again. */

static const char *facts_after(const char *request_target, const char *method, const char *body,
			       struct mirror *mirror)
{
	struct rig_request request = {.host = RIG_ADMIN_HOST,
				      .method = method,
				      .target = request_target,
				      .body = body,
				      .token = RIG_ADMIN_TOKEN};

	ck_assert_int_lt(rig_ask(&request).status, 400);
	mirror_fill(mirror);
	return rig_text("%zu", map_count(mirror->facts));
}

START_TEST(what_was_put_and_taken_away_is_not_there)
{
	struct mirror mirror;
	const char *keys, *filters, *before;

	mirror_init(&mirror);
	mirror_rewrite(&mirror);
	before = rig_text("%zu", map_count(mirror.facts));
	keys = rig_text("/admin/api/accounts/%s/applications/%s/keys",
			rig_sql("SELECT user_account_id FROM cinstances WHERE name LIKE '%App%' "
				"ORDER BY id DESC LIMIT 1"),
			rig_sql("SELECT id FROM cinstances WHERE name LIKE '%App%' ORDER BY id "
				"DESC LIMIT 1"));
	filters = rig_text("%.*sreferrer_filters", (int)(strlen(keys) - 4), keys);
	ck_assert_str_ne(facts_after(rig_text("%s.json", keys), "POST", "key=abc~de", &mirror),
			 before);
	ck_assert_str_eq(facts_after(rig_text("%s/abc~de.json", keys), "DELETE", NULL, &mirror),
			 before);
	ck_assert_str_ne(facts_after(rig_text("%s.json", filters), "POST",
				     "referrer_filter=a.example", &mirror),
			 before);
	ck_assert_str_eq(facts_after(rig_text("%s/%s.json", filters,
					      rig_sql("SELECT max(id) FROM referrer_filters")),
				     "DELETE", NULL, &mirror),
			 before);
	mirror_is_what_a_rewrite_says(&mirror, "nothing");
	mirror_free(&mirror);
}
END_TEST

Suite *portal_backend_mirror_suite(void);
Suite *portal_backend_mirror_suite(void)
{
	Suite *suite = suite_create("portal_backend_mirror");
	TCase *tests = tcase_create("mirror");

	tcase_add_checked_fixture(tests, rig_set_up, rig_tear_down);
	tcase_add_test(tests, what_was_put_and_taken_away_is_not_there);
	suite_add_tcase(suite, tests);
	return suite;
}
