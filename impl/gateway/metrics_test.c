/* Counters that workers share. What the page looks like is the conformance cases'. */
#include "gateway/metrics_internal.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "gateway/config.h"
#include "sim/sim.h"
#include "world/component.h"

static struct {
	struct sim *sim;
	struct shared_stores *stores;
	struct error_log logs[2];
	struct metrics *workers[2];
} stage;

static void set_up(void)
{
	static const struct component *const components[] = {NULL};
	struct sim_options options = {.seed = 1, .components = components};
	struct error error;
	struct world *world;

	stage.sim = sim_create(&options);
	world = sim_host_world(sim_host_add(stage.sim, STR("here"), STR("10.0.0.1")), STR("test"));
	stage.stores = shared_stores_create(world, 1, &error);
	ck_assert_ptr_nonnull(stage.stores);
	for (int i = 0; i < 2; i++) {
		stage.logs[i] = (struct error_log){.early_lines = {[LEVEL_WARN] = 2}};
		stage.workers[i] = metrics_create(stage.stores, true, i, &stage.logs[i]);
	}
}

static void tear_down(void)
{
	for (size_t i = 0; i < 2; i++)
		metrics_destroy(stage.workers[i]);
	metrics_destroy(NULL);
	shared_stores_destroy(stage.stores);
	shared_stores_destroy(NULL);
	sim_destroy(stage.sim);
}

static struct service service_named(struct str id, struct str name)
{
	return (struct service){.id = id, .system_name = name};
}

/* How often the second worker sees that the service was called; -1: it does not know it. */
static int64_t calls_of(struct str id, struct str name)
{
	const struct service_metrics *service = NULL;

	while ((service = metrics_next_service(stage.workers[1], service)) != NULL) {
		if (str_equal(service_metrics_id(service), id) &&
		    str_equal(service_metrics_name(service), name))
			return (int64_t)metrics_count_of(&service->total_time.count);
	}
	return -1;
}

START_TEST(services_are_counted_together)
{
	struct service one = service_named(STR("1"), STR("first"));
	struct service other = service_named(STR("22"), STR(""));

	ck_assert_int_eq(calls_of(STR("1"), STR("first")), -1);
	for (size_t i = 0; i < 3; i++)
		metrics_count_answer(stage.workers[i % 2], &one, 1);
	metrics_count_answer(stage.workers[1], &other, 1);
	metrics_count_answer(stage.workers[0], &other, 1);
	ck_assert_int_eq(calls_of(STR("1"), STR("first")), 3);
	ck_assert_int_eq(calls_of(STR("22"), STR("")), 2);
	ck_assert_uint_eq(stage.workers[0]->board->all.total_time.count, 0);
}
END_TEST

START_TEST(services_without_room_are_counted_without_name)
{
	struct arena *arena = arena_create();
	uint64_t counted = 0;
	int services = 0;

	for (; stage.workers[0]->board->all.total_time.count == 0; services++) {
		struct service service = service_named(str_format(arena, "%d", services), STR("n"));

		ck_assert_int_lt(services, 10000);
		metrics_count_answer(stage.workers[0], &service, 1);
		metrics_count_answer(stage.workers[1], &service, 1);
		ck_assert_uint_le(metrics_bytes(stage.workers[0]), SHARED_METRICS_BYTES);
	}
	ck_assert_int_gt(services, 3000);
	ck_assert_uint_eq(stage.workers[0]->board->all.total_time.count, 2);
	for (const struct service_metrics *service = NULL;
	     (service = metrics_next_service(stage.workers[0], service)) != NULL;)
		counted += service->total_time.count;
	ck_assert_uint_eq(counted, 2 * (uint64_t)(services - 1));
	arena_destroy(arena);
}
END_TEST

static uint64_t active(void)
{
	const uint64_t *of_workers = stage.workers[0]->board->active;
	uint64_t sum = 0;

	for (size_t i = 0; i < GATEWAY_WORKERS_MAX; i++)
		sum += of_workers[i];
	return sum;
}

START_TEST(a_service_that_a_dead_worker_began_to_add_was_not_added)
{
	struct service service = service_named(STR("1"), STR("first"));

	memset(stage.workers[0]->board->services, 'x', 3 * sizeof(struct service_metrics));
	ck_assert_int_eq(calls_of(STR("1"), STR("first")), -1);
	metrics_count_answer(stage.workers[0], &service, 1);
	service.id = STR("2");
	metrics_count_answer(stage.workers[0], &service, 1);
	ck_assert_int_eq(calls_of(STR("1"), STR("first")), 1);
	ck_assert_int_eq(calls_of(STR("2"), STR("first")), 1);
}
END_TEST

START_TEST(what_a_dead_worker_had_under_way_is_over)
{
	metrics_request_begins(stage.workers[0]);
	metrics_request_begins(stage.workers[0]);
	metrics_request_ends(stage.workers[0]);
	metrics_request_begins(stage.workers[1]);
	ck_assert_uint_eq(active(), 2);
	metrics_forget_worker(stage.stores, 1);
	ck_assert_uint_eq(active(), 1);
	metrics_destroy(stage.workers[0]);
	stage.workers[0] = metrics_create(stage.stores, true, 0, &stage.logs[0]);
	ck_assert_uint_eq(active(), 0);
}
END_TEST

/* Each worker's listener counts its own from 1. */
START_TEST(connections_of_all_are_added_up)
{
	static const uint64_t numbers[] = {1, 1, 2, 5};

	for (size_t i = 0; i < 4; i++)
		metrics_count_connection(stage.workers[0], numbers[i]);
	metrics_count_connection(stage.workers[1], 3);
	ck_assert_uint_eq(stage.workers[0]->board->connections, 5 + 3);
	ck_assert_uint_eq(stage.workers[0]->board->requests, 5);
}
END_TEST

START_TEST(lines_before_the_beginning_count_too)
{
	ck_assert_uint_eq(stage.workers[0]->board->error_lines[LEVEL_WARN], 4);
	ck_assert_ptr_eq(stage.logs[0].lines, stage.workers[1]->board->error_lines);
}
END_TEST

Suite *gateway_metrics_suite(void);
Suite *gateway_metrics_suite(void)
{
	Suite *suite = suite_create("gateway_metrics");
	TCase *test = tcase_create("board");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, services_are_counted_together);
	tcase_add_test(test, services_without_room_are_counted_without_name);
	tcase_add_test(test, a_service_that_a_dead_worker_began_to_add_was_not_added);
	tcase_add_test(test, what_a_dead_worker_had_under_way_is_over);
	tcase_add_test(test, connections_of_all_are_added_up);
	tcase_add_test(test, lines_before_the_beginning_count_too);
	suite_add_tcase(suite, test);
	return suite;
}
