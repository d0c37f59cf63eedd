/* The table of objects: names, versions, labels, watching, rules of kinds. */
#include "sim/cluster/cluster_test.h"

static struct stage stage;
static struct cluster *cluster;

static void set_up(void)
{
	stage_open(&stage);
	cluster = stage.sim->cluster;
}

static void tear_down(void)
{
	stage_close(&stage);
}

static void must_refuse(const char *yaml, const char *text)
{
	struct error error = {0};

	ck_assert_ptr_null(cluster_add(cluster, document(&stage, yaml), &error));
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
}

START_TEST(an_object_gets_what_is_the_clusters)
{
	const struct cluster_object *pod =
		put(&stage, "{kind: Pod, metadata: {namespace: p, generateName: api-1-}}");

	ck_assert(str_has_prefix(pod->name, STR("api-1-")));
	ck_assert_uint_eq(pod->name.size, 11);
	ck_assert_uint_eq(json_str(json_path(pod->document, "metadata.uid")).size, 36);
	ck_assert(str_equal(json_str(json_path(pod->document, "metadata.creationTimestamp")),
			    STR("2019-06-04T08:00:00Z")));
	ck_assert(stage_traced(&stage, "\"kind\":\"object.created\",\"object\":\"Pod\""));
}
END_TEST

START_TEST(a_name_is_taken_once_in_a_project)
{
	put(&stage, "{kind: Pod, metadata: {namespace: p, name: a}}");
	put(&stage, "{kind: Pod, metadata: {namespace: q, name: a}}");
	must_refuse("{kind: Pod, metadata: {namespace: p, name: a}}", "pods \"a\" already exists");
}
END_TEST

static const struct {
	const char *yaml, *text;
} refused[] = {
	{"{kind: Gadget, metadata: {namespace: p, name: a}}", "no kind \"Gadget\""},
	{"{kind: Pod, metadata: {namespace: p}}", "name or generateName"},
	{"{kind: Pod, metadata: {name: a}}", "metadata.namespace is required"},
	{"{kind: Service, metadata: {namespace: p, name: a}}", "spec.ports: Required value"},
	{"{kind: Service, metadata: {namespace: p, name: a}, spec: {ports: [{port: 70000}]}}",
	 "between 1 and 65535"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {host: h}}",
	 "spec.to.name: Required value"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {to: {name: s}}}",
	 "spec.host: Required value"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {host: h, path: /x, to: {name: "
	 "s}}}",
	 "spec.path"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {host: h, to: {name: s}, "
	 "wildcardPolicy: All}}",
	 "spec.wildcardPolicy"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {host: h, to: {name: s}, tls: "
	 "{termination: passthrough}}}",
	 "spec.tls.termination"},
	{"{kind: Route, metadata: {namespace: p, name: a}, spec: {host: h, to: {name: s}, tls: "
	 "{termination: edge, insecureEdgeTerminationPolicy: Maybe}}}",
	 "insecureEdgeTerminationPolicy"},
};

START_TEST(what_breaks_the_rules_of_its_kind_is_refused)
{
	must_refuse(refused[_i].yaml, refused[_i].text);
	ck_assert_ptr_null(cluster_next(cluster, NULL, NULL, STR("")));
}
END_TEST

START_TEST(a_change_keeps_identity_and_status)
{
	struct cluster_object *pod =
		put(&stage, "{kind: Pod, metadata: {namespace: p, name: a}, spec: {x: 1}}");
	struct str uid = str_copy(stage.arena, json_str(json_path(pod->document, "metadata.uid")));
	bool changed = false;

	cluster_set_status(cluster, pod, document(&stage, "{podIP: 10.0.0.9}"));
	ck_assert(cluster_change(
		cluster, pod,
		document(&stage, "{kind: Pod, metadata: {namespace: p, name: a, labels: {a: b}}, "
				 "spec: {x: 2}}"),
		&changed, NULL));
	ck_assert(changed);
	ck_assert(str_equal(json_str(json_path(pod->document, "metadata.uid")), uid));
	ck_assert(str_equal(json_str(json_path(pod->document, "status.podIP")), STR("10.0.0.9")));
	ck_assert(str_equal(cluster_label(pod->document, STR("a")), STR("b")));
	ck_assert(cluster_change(cluster, pod, pod->document, &changed, NULL));
	ck_assert(!changed);
}
END_TEST

struct seen {
	size_t changes, ends;
};

static void note_change(const struct cluster_object *object, bool is_gone, void *data)
{
	struct seen *seen = data;

	ck_assert(str_equal(object->name, STR("a")));
	if (is_gone)
		seen->ends++;
	else
		seen->changes++;
}

START_TEST(who_watches_a_kind_is_told_of_that_kind)
{
	struct seen seen = {0};
	struct cluster_watch watch = {
		.kind = &cluster_kinds[KIND_POD], .changed = note_change, .data = &seen};
	struct cluster_object *pod;

	cluster_watch(cluster, &watch);
	put(&stage, "{kind: Project, metadata: {name: p}}");
	pod = put(&stage, "{kind: Pod, metadata: {namespace: p, name: a}}");
	cluster_set_status(cluster, pod, document(&stage, "{phase: Running}"));
	cluster_set_status(cluster, pod, document(&stage, "{phase: Running}"));
	cluster_remove(cluster, pod);
	ck_assert_uint_eq(seen.changes, 2);
	ck_assert_uint_eq(seen.ends, 1);
	cluster_unwatch(&watch);
	put(&stage, "{kind: Pod, metadata: {namespace: p, name: b}}");
	cluster_unwatch(&watch);
}
END_TEST

Suite *sim_cluster_objects_suite(void);
Suite *sim_cluster_objects_suite(void)
{
	Suite *suite = suite_create("sim_cluster_objects");
	TCase *tests = tcase_create("objects");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_object_gets_what_is_the_clusters);
	tcase_add_test(tests, a_name_is_taken_once_in_a_project);
	tcase_add_loop_test(tests, what_breaks_the_rules_of_its_kind_is_refused, 0,
			    sizeof refused / sizeof *refused);
	tcase_add_test(tests, a_change_keeps_identity_and_status);
	tcase_add_test(tests, who_watches_a_kind_is_told_of_that_kind);
	suite_add_tcase(suite, tests);
	return suite;
}
