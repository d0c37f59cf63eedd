/* zync's routes as objects of the cluster, with the rights and the owner of its pod
 * (spec/cluster.md 2.11 and 5). */
#include "sim/cluster/admission.h"
#include "sim/cluster/cluster_test.h"
#include "zync/routes.h"

#define NAMESPACE STR("threescale")

static struct stage stage;
static struct cluster *cluster;
static struct world *que; /* in the pod */
static struct route_record tenant;

static void set_up(void)
{
	stage_open(&stage);
	cluster = stage.sim->cluster;
	que = sim_host_world(stage.api_host, STR("que"));
	put_zync(&stage);
	tenant = (struct route_record){
		.type = "Provider", .id = 2, .tenant_id = 2, .owner_id = 2, .wishes_count = 0};
	route_record_of_provider(&tenant, STR("3scale.apps.example.com"),
				 STR("3scale-admin.apps.example.com"));
}

static void tear_down(void)
{
	sim_host_world_end(que);
	stage_close(&stage);
}

static struct route_list routes_of_tenant(void)
{
	struct route_list list = {0};

	ck_assert_int_eq(routes_list(stage.client, NAMESPACE, NULL, 0, stage.arena, &list, NULL),
			 ROUTES_UNCHANGED);
	return list;
}

static void follow(enum routes_outcome wanted, const char *text)
{
	struct error error = {0};

	ck_assert_int_eq(route_record_follow(que, NAMESPACE, &tenant, &error), wanted);
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
}

static void remove_object(enum cluster_kind_id kind, struct str name)
{
	struct cluster_object *object =
		cluster_find(cluster, &cluster_kinds[kind], NAMESPACE, name);

	ck_assert_ptr_nonnull(object);
	cluster_remove(cluster, object);
}

START_TEST(routes_belong_to_the_root_owner_of_the_pod)
{
	struct route_list list;

	follow(ROUTES_CREATED, "");
	list = routes_of_tenant();
	ck_assert_uint_eq(list.count, 2);
	for (size_t i = 0; i < list.count; i++) {
		ck_assert(str_equal(list.items[i].owner, STR("DeploymentConfig/zync-que")));
		ck_assert(str_has_prefix(list.items[i].name, STR("zync-3scale-provider-")));
		ck_assert(str_equal(list.items[i].insecure_policy, STR("Redirect")));
	}
	follow(ROUTES_UNCHANGED, "");
}
END_TEST

START_TEST(an_operators_routes_belong_to_its_apimanager)
{
	struct route_list list;
	struct cluster_object *dc = cluster_find(cluster, &cluster_kinds[KIND_DEPLOYMENT_CONFIG],
						 NAMESPACE, STR("zync-que"));

	ck_assert(cluster_change(
		cluster, dc,
		document(&stage, "{kind: DeploymentConfig, metadata: {namespace: threescale, name: "
				 "zync-que, ownerReferences: [{kind: APIManager, name: "
				 "example-apimanager}]}}"),
		NULL, NULL));
	put(&stage, "{kind: APIManager, metadata: {namespace: threescale, name: "
		    "example-apimanager}}");
	follow(ROUTES_FORBIDDEN, "cannot get apimanagers.apps.3scale.net");
	put(&stage, "{kind: Role, metadata: {namespace: threescale, name: see}, rules: "
		    "[{apiGroups: [apps.3scale.net], resources: ['*'], verbs: ['*']}]}");
	put(&stage, "{kind: RoleBinding, metadata: {namespace: threescale, name: see}, roleRef: "
		    "{name: see}, subjects: [{kind: ServiceAccount, name: zync-que-sa, namespace: "
		    "threescale}]}");
	follow(ROUTES_CREATED, "");
	list = routes_of_tenant();
	ck_assert(str_equal(list.items[0].owner, STR("APIManager/example-apimanager")));
}
END_TEST

START_TEST(without_its_binding_zync_may_nothing)
{
	remove_object(KIND_ROLE_BINDING, STR("zync-que-rolebinding"));
	follow(ROUTES_FORBIDDEN, "routes.route.openshift.io is forbidden: User "
				 "\"system:serviceaccount:threescale:zync-que-sa\" cannot list "
				 "routes.route.openshift.io in the namespace \"threescale\"");
	ck_assert_uint_eq(routes_of_tenant().count, 0);
}
END_TEST

START_TEST(a_host_of_ones_own_needs_a_right_of_its_own)
{
	struct cluster_object *role =
		cluster_find(cluster, &cluster_kinds[KIND_ROLE], NAMESPACE, STR("zync-que-role"));
	struct route_list list;

	follow(ROUTES_CREATED, "");
	ck_assert(cluster_change(
		cluster, role,
		document(&stage,
			 "{kind: Role, metadata: {namespace: threescale, name: zync-que-role}, "
			 "rules: [{apiGroups: [''], resources: [pods, replicationcontrollers], "
			 "verbs: [get]}, {apiGroups: ['*'], resources: [routes, deploymentconfigs],"
			 " verbs: ['*']}]}"),
		NULL, NULL));
	tenant.wishes[0].host = STR("moved.apps.example.com");
	follow(ROUTES_FORBIDDEN, "cannot create routes/custom-host");
	list = routes_of_tenant();
	ck_assert(str_equal(list.items[0].host, STR("3scale.apps.example.com")));
}
END_TEST

START_TEST(a_changed_host_keeps_the_route)
{
	struct route_list before, after;

	follow(ROUTES_CREATED, "");
	before = routes_of_tenant();
	tenant.wishes[0].host = STR("moved.apps.example.com");
	follow(ROUTES_UNCHANGED, ""); /* the last of the two */
	after = routes_of_tenant();
	ck_assert_uint_eq(after.count, 2);
	ck_assert(str_equal(after.items[0].name, before.items[0].name));
	ck_assert(str_equal(after.items[0].owner, STR("DeploymentConfig/zync-que")));
	ck_assert(str_equal(after.items[0].host, STR("moved.apps.example.com")));
}
END_TEST

START_TEST(of_several_alike_one_is_made_anew)
{
	struct route_list before, after;
	struct route twin;
	struct str name;

	follow(ROUTES_CREATED, "");
	before = routes_of_tenant();
	twin = before.items[0];
	twin.name = STR("");
	twin.generate_name = STR("zync-3scale-provider-");
	ck_assert_int_eq(routes_apply(stage.client, &twin, stage.arena, &name, NULL),
			 ROUTES_CREATED);
	follow(ROUTES_UNCHANGED, "");
	after = routes_of_tenant();
	ck_assert_uint_eq(after.count, 2);
	for (size_t i = 0; i < after.count; i++) {
		ck_assert(!str_equal(after.items[i].name, before.items[0].name));
		ck_assert(!str_equal(after.items[i].name, name));
	}
	ck_assert(str_equal(after.items[0].name, before.items[1].name));
}
END_TEST

/* SC-130: it keeps the route, and says what the router says of it. */
START_TEST(a_refused_route_is_told_when_it_is_met_again)
{
	put(&stage, "{kind: Route, metadata: {namespace: old, name: mine}, spec: {host: "
		    "3scale.apps.example.com, to: {name: x}}}");
	follow(ROUTES_CREATED, "");
	admission_decide(cluster, false);
	ck_assert(!stage_traced(&stage, "route not admitted"));
	ck_assert(str_equal(routes_of_tenant().items[0].refusal, STR("HostAlreadyClaimed")));
	follow(ROUTES_UNCHANGED, "");
	ck_assert_uint_eq(stage_count(&stage, "route not admitted host=3scale.apps.example.com "),
			  1);
	ck_assert_uint_eq(routes_of_tenant().count, 2);
}
END_TEST

START_TEST(a_tenant_that_is_gone_has_no_routes)
{
	struct route_record other = {.type = "Provider", .id = 3, .tenant_id = 3, .owner_id = 3};

	route_record_of_provider(&other, STR("master.apps.example.com"),
				 STR("master.apps.example.com"));
	ck_assert_int_eq(route_record_follow(que, NAMESPACE, &other, NULL), ROUTES_CREATED);
	follow(ROUTES_CREATED, "");
	tenant.wishes_count = 0;
	follow(ROUTES_DELETED, "");
	ck_assert_uint_eq(routes_of_tenant().count, 1);
	ck_assert(str_has_prefix(routes_of_tenant().items[0].name, STR("zync-3scale-master-")));
}
END_TEST

Suite *sim_cluster_routes_port_suite(void);
Suite *sim_cluster_routes_port_suite(void)
{
	Suite *suite = suite_create("sim_cluster_routes_port");
	TCase *tests = tcase_create("routes");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, routes_belong_to_the_root_owner_of_the_pod);
	tcase_add_test(tests, an_operators_routes_belong_to_its_apimanager);
	tcase_add_test(tests, without_its_binding_zync_may_nothing);
	tcase_add_test(tests, a_host_of_ones_own_needs_a_right_of_its_own);
	tcase_add_test(tests, a_changed_host_keeps_the_route);
	tcase_add_test(tests, of_several_alike_one_is_made_anew);
	tcase_add_test(tests, a_refused_route_is_told_when_it_is_met_again);
	tcase_add_test(tests, a_tenant_that_is_gone_has_no_routes);
	suite_add_tcase(suite, tests);
	return suite;
}
