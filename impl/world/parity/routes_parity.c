/* Routes: made, patched, found by their labels, removed. */
#include "world/routes.h"

#include "world/parity/parity_internal.h"

static const struct route_label labels[] = {
	{STR_INIT("by"), STR_INIT("test")},
	{STR_INIT("to"), STR_INIT("api")},
};

static struct route api_route(void)
{
	return (struct route){.namespace = STR("project"),
			      .generate_name = STR("api-"),
			      .labels = labels,
			      .labels_count = 2,
			      .host = STR("api.example.com"),
			      .service = STR("api"),
			      .port = STR("http"),
			      .tls_termination = STR("edge"),
			      .insecure_policy = STR("Redirect")};
}

static struct route_list list_of(struct parity *p, struct str namespace, struct str by)
{
	const struct route_label wanted = {STR("by"), by};
	struct route_list list = {0};

	ck_assert_int_eq(routes_list(p->world, namespace, &wanted, 1, p->arena, &list, &p->error),
			 ROUTES_UNCHANGED);
	return list;
}

static struct str make(struct parity *p, const struct route *route)
{
	struct str name = STR("");

	ck_assert_int_eq(routes_apply(p->world, route, p->arena, &name, &p->error), ROUTES_CREATED);
	ck_assert(str_has_prefix(name, STR("api-")));
	ck_assert_uint_eq(name.size, 4 + ROUTE_SUFFIX_SIZE);
	return name;
}

PARITY_TEST(a_route_is_made_and_found_by_its_labels)
{
	struct route wanted = api_route();
	struct str name = make(p, &wanted);
	struct route_list list = list_of(p, STR("project"), STR("test"));

	ck_assert_uint_eq(list.count, 1);
	ck_assert(str_equal(list.items[0].name, name));
	ck_assert(route_is_like(&list.items[0], &wanted));
	ck_assert(str_is_empty(list.items[0].refusal));
	ck_assert_uint_eq(list_of(p, STR("project"), STR("other")).count, 0);
	ck_assert_uint_eq(list_of(p, STR("elsewhere"), STR("test")).count, 0);
}

PARITY_TEST(a_patch_keeps_the_name_and_the_same_again_changes_nothing)
{
	struct route wanted = api_route();
	struct route_list list;

	wanted.name = make(p, &wanted);
	ck_assert_int_eq(routes_apply(p->world, &wanted, p->arena, NULL, &p->error),
			 ROUTES_UNCHANGED);
	wanted.host = STR("moved.example.com");
	ck_assert_int_eq(routes_apply(p->world, &wanted, p->arena, NULL, &p->error),
			 ROUTES_PATCHED);
	list = list_of(p, STR("project"), STR("test"));
	ck_assert_uint_eq(list.count, 1);
	ck_assert(str_equal(list.items[0].name, wanted.name));
	ck_assert(str_equal(list.items[0].host, STR("moved.example.com")));
}

PARITY_TEST(what_is_wished_for_can_be_patched)
{
	struct route route = api_route();
	struct {
		struct str *text;
		struct str other;
	} const changes[] = {
		{&route.host, STR("moved.example.com")},
		{&route.service, STR("other")},
		{&route.port, STR("https")},
		{&route.insecure_policy, STR("Allow")},
	};

	route.name = make(p, &route);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		*changes[i].text = changes[i].other;
		ck_assert_int_eq(routes_apply(p->world, &route, p->arena, NULL, &p->error),
				 ROUTES_PATCHED);
		ck_assert_int_eq(routes_apply(p->world, &route, p->arena, NULL, &p->error),
				 ROUTES_UNCHANGED);
	}
	route.labels_count = 1;
	ck_assert_int_eq(routes_apply(p->world, &route, p->arena, NULL, &p->error), ROUTES_PATCHED);
	ck_assert_uint_eq(list_of(p, STR("project"), STR("test")).items[0].labels_count, 1);
}

PARITY_TEST(a_removed_route_is_gone)
{
	struct route wanted = api_route();
	struct str first = make(p, &wanted), second = make(p, &wanted);
	struct route_list list;

	ck_assert(!str_equal(first, second));
	ck_assert_int_eq(routes_remove(p->world, STR("project"), first, &p->error), ROUTES_DELETED);
	ck_assert_int_eq(routes_remove(p->world, STR("project"), first, &p->error),
			 ROUTES_NOT_FOUND);
	wanted.name = first;
	ck_assert_int_eq(routes_apply(p->world, &wanted, p->arena, NULL, &p->error),
			 ROUTES_NOT_FOUND);
	list = list_of(p, STR("project"), STR("test"));
	ck_assert_uint_eq(list.count, 1);
	ck_assert(str_equal(list.items[0].name, second));
}

TCase *parity_routes_case(int number)
{
	TCase *tests = tcase_create("routes");

	PARITY_ADD(tests, number, a_route_is_made_and_found_by_its_labels);
	PARITY_ADD(tests, number, a_patch_keeps_the_name_and_the_same_again_changes_nothing);
	PARITY_ADD(tests, number, what_is_wished_for_can_be_patched);
	PARITY_ADD(tests, number, a_removed_route_is_gone);
	return tests;
}
