#include "sim/scenario/desk_test.h"

static struct desk desk;

static void set_up(void)
{
	desk_open(&desk);
}

static void tear_down(void)
{
	desk_close(&desk);
}

#define CLUSTER                                                                                    \
	"cluster: {project: p, objects: {"                                                         \
	"project: {kind: Project, metadata: {name: p}}, "                                          \
	"pod: {kind: Pod, metadata: {name: api-1, labels: {app: '{greeting}'}}, status: {podIP: "  \
	"10.0.0.2}}, "                                                                             \
	"service: {kind: Service, metadata: {name: api}, spec: {selector: {app: hello}, ports: "   \
	"[{port: "                                                                                 \
	"80}]}}, "                                                                                 \
	"route: {kind: Route, metadata: {name: api, namespace: q}, spec: {host: a.example.com, "   \
	"to: "                                                                                     \
	"{name: api}}}}}"

START_TEST(objects_of_the_world_are_there)
{
	desk_assert_passes(
		&desk, CLUSTER,
		"- cluster.get: {kind: Pod, name: api-1}\n"
		"  expect: {count: 1, fields: {metadata.namespace: p, status.podIP: 10.0.0.2, "
		"metadata.labels.app: hello, spec: null}}\n"
		"- {cluster.get: {kind: Pod, labels: {app: hello}}, expect: {count: 1}}\n"
		"- {cluster.get: {kind: Pod, labels: {app: other}}, expect: {count: 0}}\n"
		"- {cluster.get: {kind: Project}, expect: {count: 1}}\n"
		"- {cluster.get: {kind: Route}, expect: {count: 0}}\n"
		"- {cluster.get: {kind: Route, project: q}, expect: {count: 1}}\n");
}
END_TEST

START_TEST(an_administrator_changes_objects)
{
	desk_assert_passes(
		&desk, CLUSTER,
		"- cluster.apply: {kind: Pod, metadata: {name: api-2, labels: {app: x}}}\n"
		"- {cluster.get: {kind: Pod}, expect: {count: 2}}\n"
		"- cluster.apply: {kind: Pod, metadata: {name: api-2, labels: {app: y}}}\n"
		"- {cluster.get: {kind: Pod, name: api-2}, expect: {count: 1, fields: "
		"{metadata.labels.app: y}}}\n"
		"- cluster.patch: {kind: Pod, name: api-2, patch: {metadata: {labels: {app: null, "
		"b: c}}}}\n"
		"- cluster.get: {kind: Pod, name: api-2}\n"
		"  expect: {fields: {metadata.labels.app: null, metadata.labels.b: c}}\n"
		"  keep: {pod: metadata.name}\n"
		"- cluster.delete: {kind: Pod, name: '{pod}'}\n"
		"- {cluster.get: {kind: Pod, name: api-2}, expect: {count: 0}}\n");
}
END_TEST

START_TEST(a_router_serves_the_pods_of_the_world)
{
	desk_assert_passes(&desk,
			   "processes: {router: {host: cage, command: openshift-router}}, " CLUSTER,
			   "- cluster.apply: {kind: Route, metadata: {name: b}, spec: {host: "
			   "b.example.com, to: "
			   "{name: api}}}\n"
			   "- process.start: router\n"
			   "- cluster.get: {kind: Route, name: b, within: 10s}\n"
			   "  expect: {fields: {status.ingress.0.conditions.0.status: 'True'}}\n"
			   "- call: {get: 'http://b.example.com/hello', to: 10.0.0.3}\n");
}
END_TEST

static const struct {
	const char *step, *problem;
} failing[] = {
	{"- cluster.delete: {kind: Pod, name: api-9}\n", "pods \"api-9\" not found"},
	{"- cluster.patch: {kind: Pod, name: api-9, patch: {a: b}}\n", "pods \"api-9\" not found"},
	{"- cluster.patch: {kind: Pod, name: api-1, patch: {kind: Pod}}\n",
	 "the patch changes nothing"},
	{"- cluster.patch: {kind: Pod, name: api-1}\n", "needs a patch"},
	{"- cluster.apply: {kind: Route, metadata: {name: r}, spec: {host: h}}\n",
	 "spec.to.name: Required value"},
	{"- {cluster.get: {kind: Pod}, expect: {count: 2}}\n", "expected 2 pods, got 1"},
	{"- {cluster.get: {kind: Route}, expect: {fields: {spec.host: a}}}\n",
	 "expected at least 1 routes, got 0"},
	{"- {cluster.get: {kind: Pod}, expect: {fields: {status.podIP: 10.0.0.9}}}\n",
	 "expected status.podIP of api-1 to be \"10.0.0.9\", got \"10.0.0.2\""},
	{"- {cluster.get: {kind: Pod}, expect: {fields: {status.podIP: null}}}\n",
	 "expected status.podIP of api-1 to be absent, got \"10.0.0.2\""},
	{"- {cluster.get: {kind: Pod}, expect: {count: 1}, keep: {x: spec.nothing}}\n",
	 "the object has no spec.nothing"},
	{"- {cluster.get: {kind: Pod, within: soon}, expect: {count: 1}}\n", "within"},
};

START_TEST(what_is_not_so_is_told)
{
	desk_assert_fails(&desk, CLUSTER, failing[_i].step, failing[_i].problem);
}
END_TEST

static const struct {
	const char *step, *problem;
} refused[] = {
	{"- cluster.apply: {kind: Gadget}\n", "no kind \"Gadget\""},
	{"- {cluster.get: {kind: Gadget}, expect: {count: 1}}\n", "no kind \"Gadget\""},
	{"- cluster.get: {kind: Pod}\n", "needs expect"},
	{"- {cluster.get: {kind: Pod}, expect: {colour: red}}\n", "\"colour\""},
	{"- {cluster.get: {kind: Pod}, expect: {count: 0, fields: {a: b}}}\n",
	 "none has no fields"},
	{"- {cluster.get: {kind: Pod}, expect: {fields: {a: ''}}}\n", "must be a text or null"},
	{"- cluster.delete: {kind: Pod, colour: red}\n", "has no \"colour\""},
};

START_TEST(what_means_nothing_is_refused)
{
	desk_assert_refused(&desk, CLUSTER, refused[_i].step, refused[_i].problem);
}
END_TEST

Suite *sim_scenario_verbs_cluster_suite(void);
Suite *sim_scenario_verbs_cluster_suite(void)
{
	Suite *suite = suite_create("sim_scenario_verbs_cluster");
	TCase *tests = tcase_create("cluster");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, objects_of_the_world_are_there);
	tcase_add_test(tests, an_administrator_changes_objects);
	tcase_add_test(tests, a_router_serves_the_pods_of_the_world);
	tcase_add_loop_test(tests, what_is_not_so_is_told, 0, sizeof failing / sizeof *failing);
	tcase_add_loop_test(tests, what_means_nothing_is_refused, 0,
			    sizeof refused / sizeof *refused);
	suite_add_tcase(suite, tests);
	return suite;
}
