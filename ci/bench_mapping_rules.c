/* How long a request takes to be held against mapping rules (spec/gateway.md 3.5), by the shape of
 * the configuration: nanoseconds of CPU per request. Usage: bench_mapping_rules [REQUESTS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/mapping_rules.h"

#define PATHS 1024
#define TARGET_NS 2000

static const char *const VERBS[] = {"GET", "POST", "PUT", "DELETE"};

/* As people write them: collections, items, sub-collections, files, one rule for all at the end. */
static struct str pattern_text(struct arena *arena, size_t rule, size_t of)
{
	static const char *const shapes[] = {"/api/v%zu/orders%zu", "/api/v%zu/orders%zu/{id}$",
					     "/api/v%zu/items%zu/{id}/lines/{line}",
					     "/api/v%zu/files%zu/{name}.json$"};

	if (rule + 1 == of)
		return STR("/");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return str_format(arena, shapes[rule % 4], rule % 3, rule / 4);
#pragma GCC diagnostic pop
}

static struct str path_text(struct arena *arena, size_t rule)
{
	static const char *const shapes[] = {"/api/v%zu/orders%zu", "/api/v%zu/orders%zu/4711",
					     "/api/v%zu/items%zu/4711/lines/3",
					     "/api/v%zu/files%zu/report-2019.json"};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return str_format(arena, shapes[rule % 4], rule % 3, rule / 4);
#pragma GCC diagnostic pop
}

static void load(struct arena *arena, struct mapping_rules *rules, size_t count)
{
	struct json *array = json_new(arena, JSON_ARRAY);
	struct error warning, error;

	for (size_t i = 0; i < count; i++) {
		struct json *rule = json_append(array, json_new(arena, JSON_OBJECT));

		json_set(rule, STR("http_method"), json_new_str(arena, str_from(VERBS[i % 5 % 4])));
		json_set(rule, STR("pattern"), json_new_str(arena, pattern_text(arena, i, count)));
		json_set(rule, STR("metric_system_name"), json_new_str(arena, STR("hits")));
		json_set(rule, STR("delta"), json_new_int(arena, 1));
	}
	if (!mapping_rules_parse(arena, array, rules, &warning, &error)) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool measure(const char *label, size_t services_count, size_t rules_count, size_t requests)
{
	struct arena *arena = arena_create(), *scratch = arena_create();
	struct mapping_rules *services = ARENA_ARRAY(arena, struct mapping_rules, services_count);
	struct str paths[PATHS];
	size_t matches_count = 0;
	double began, each;

	for (size_t i = 0; i < services_count; i++)
		load(arena, &services[i], rules_count);
	for (size_t i = 0; i < PATHS; i++)
		paths[i] = path_text(arena, i * 7 % rules_count);
	began = cpu_ns();
	for (size_t i = 0; i < requests; i++) {
		struct mapping_subject subject = {.method = str_from(VERBS[i % 4]),
						  .path = paths[i % PATHS]};
		struct mapping_matches matches;
		struct usage usage;

		gateway_usage_init(&usage, scratch);
		mapping_rules_match(&services[i * 31 % services_count], &subject, &usage, &matches);
		matches_count += matches.count;
		arena_reset(scratch);
	}
	each = (cpu_ns() - began) / (double)requests;
	printf("%-46s %8.0f ns per request  target %d %s  (%.2f matches)\n", label, each, TARGET_NS,
	       each <= TARGET_NS ? "met" : "MISSED", (double)matches_count / (double)requests);
	arena_destroy(scratch);
	arena_destroy(arena);
	return each <= TARGET_NS;
}

int main(int count, char **arguments)
{
	size_t requests = count > 1 ? (size_t)strtoul(arguments[1], NULL, 10) : 1000000;
	bool fits = true;

	fits = measure("mapping rules: 1,000 services, 10 rules each", 1000, 10, requests) && fits;
	fits = measure("mapping rules: 1 service, 10,000 rules", 1, 10000, requests) && fits;
	return fits ? 0 : 1;
}
