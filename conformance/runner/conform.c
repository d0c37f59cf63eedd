#include "conformance/runner/conform.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/options.h"
#include "base/vec.h"
#include "conformance/report/report.h"
#include "conformance/runner/case.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/run.h"
#include "conformance/runner/selection.h"
#include "conformance/runner/store_reset.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define SELECTION_MAX 256
#define JOB STR("{job}") /* in --database: 1 to the number of jobs */
#define JOBS_MAX 16
#define JOBS_DEFAULT 4
#define TIMEOUT_MAX_S 86400
#define REPORT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_NO_TARGET 3
#define EXIT_RUNNER_FAILED 4
#define EXIT_INTERRUPTED 130

struct conform;

/* Room for one case under way. */
struct slot {
	struct conform *conform;
	struct run_options options; /* with a database of its own */
	struct case_run *run;       /* NULL: free */
	size_t index;               /* of its result */
};

struct conform {
	struct world *world;
	struct arena *arena; /* lives as long as the run */
	struct run_options run_options;
	struct str words[SELECTION_MAX + 1]; /* the suite, then the selection */
	size_t words_count;
	struct str suites, output;
	report_write *report; /* NULL: for people, case by case */
	bool is_verbose, is_fail_fast, only_lists;

	struct case_list cases;
	size_t next; /* the first case that was not looked at */
	size_t jobs; /* cases at the same time */
	struct slot slots[JOBS_MAX];
	struct store_reset *store_reset;
	struct timer between;
	struct results results; /* in the order of the cases */
	VEC(bool) is_over;      /* of each result */
	size_t told;            /* results that were printed */
	int64_t began_us;
	size_t started; /* cases whose target came up */
	bool is_interrupted, is_finished;
};

/* Options. */

struct raw_options {
	struct str report, world;
	int64_t timeout_s, jobs;
};

static bool parse_options(struct conform *conform, const struct str *arguments, size_t count,
			  struct raw_options *raw, struct error *error)
{
	struct target_plan *plan = &conform->run_options.plan;
	const struct option options[] = {
		{"start", 0, OPTION_TEXT, &plan->start_command, NULL, "CMD",
		 "target: command with {config} {portal} {port} {management_port} {metrics_port} "
		 "{echo_port} {backend} {upstream} {resolver} {store}"},
		{"start-worker", 0, OPTION_TEXT, &plan->worker_command, NULL, "CMD",
		 "backend: the target's worker, for cases that run one"},
		{"start-cron", 0, OPTION_TEXT, &plan->cron_command, NULL, "CMD",
		 "backend: the target's cron"},
		{"url", 0, OPTION_TEXT, &plan->url, NULL, "URL", "target: runs already, there"},
		{"management-url", 0, OPTION_TEXT, &plan->management_url, NULL, "URL",
		 "its Management API"},
		{"portal-port", 0, OPTION_PORT, &conform->run_options.portal_port, NULL, "N",
		 "where the portal is played, for a target that runs already"},
		{"claims", 0, OPTION_TEXT, &conform->run_options.claims, NULL, "FEATURE,...",
		 "what a target other than refscale offers"},
		{"store", 0, OPTION_TEXT, &plan->store, NULL, "URL",
		 "backend: an empty Redis, redis://..., for the target"},
		{"database", 0, OPTION_TEXT, &plan->database, NULL, "URL",
		 "portal: DATABASE_URL of the target; all in it is lost"},
		{"suites", 0, OPTION_TEXT, &conform->suites, NULL, "DIR",
		 "folder of the suites (conformance/suites)"},
		{"list", 0, OPTION_FLAG, &conform->only_lists, NULL, NULL, "show the cases meant"},
		{"report", 0, OPTION_TEXT, &raw->report, NULL, "FORMAT",
		 "human, tap, junit or json"},
		{"output", 'o', OPTION_TEXT, &conform->output, NULL, "FILE",
		 "where the report goes"},
		{"timeout", 0, OPTION_INT, &raw->timeout_s, NULL, "S", "for one case (30)"},
		{"jobs", 'j', OPTION_INT, &raw->jobs, NULL, "N",
		 "cases at the same time (4; of a command 1)"},
		{"fail-fast", 0, OPTION_FLAG, &conform->is_fail_fast, NULL, NULL,
		 "stop at the first failed case"},
		{"verbose", 'v', OPTION_FLAG, &conform->is_verbose, NULL, NULL,
		 "a line for every case"},
		{"world", 0, OPTION_TEXT, &raw->world, NULL, "WORLD",
		 "real: over sockets; sim: in the simulator, under virtual time"},
	};

	return component_read_options(conform->world,
				      "conform gateway|backend|portal "
				      "[ID|GW-1*|TOPIC|tag:NAME|needs:NAME|!WORD...] [OPTION...]",
				      options, sizeof options / sizeof *options, arguments, count,
				      conform->words, SELECTION_MAX + 1, &conform->words_count,
				      error);
}

static bool choose_suite(struct conform *conform, struct error *error)
{
	if (conform->words_count == 0)
		return error_set(error, ERROR_INVALID, "which suite, gateway, backend or portal?");
	return suite_from_name(conform->words[0], &conform->run_options.plan.suite) ||
	       error_set(error, ERROR_INVALID,
			 "no suite \"%.*s\", there are: gateway, backend, portal",
			 STR_ARG(conform->words[0]));
}

static bool choose_report(struct conform *conform, struct str name, struct error *error)
{
	report_write *report = report_find(name);

	if (report == NULL)
		return error_set(error, ERROR_INVALID, "no report \"%.*s\", there are: %s",
				 STR_ARG(name), report_names);
	if (report != report_human || conform->output.size > 0)
		conform->report = report;
	return true;
}

static bool check_target(const struct target_plan *plan, struct error *error)
{
	if (plan->start_command.size > 0 && plan->url.size > 0)
		return error_set(error, ERROR_INVALID, "either --start or --url");
	if (plan->start_command.size > 0 && !target_plan_has_port(plan, TARGET_PROXY))
		return error_set(error, ERROR_INVALID,
				 "--start must say where the target listens: {port}");
	if (plan->suite == SUITE_BACKEND && plan->url.size > 0)
		return error_set(error, ERROR_INVALID,
				 "--url is for gateways and portals: each backend case needs an "
				 "empty backend");
	if (plan->suite != SUITE_BACKEND && plan->store.size > 0)
		return error_set(error, ERROR_INVALID, "--store is for the backend suite");
	if (plan->suite != SUITE_PORTAL && plan->database.size > 0)
		return error_set(error, ERROR_INVALID, "--database is for the portal suite");
	return true;
}

/* Cases that share a store or a target take turns; under virtual time nothing is gained. A command
 * may open ports that it was not given. 0: as is best. */
static void choose_jobs(struct conform *conform, size_t jobs)
{
	const struct target_plan *plan = &conform->run_options.plan;
	bool is_shared =
		plan->store.size > 0 || plan->url.size > 0 ||
		conform->run_options.portal_port != 0 ||
		(plan->database.size > 0 && str_find(plan->database, JOB) == STR_NOT_FOUND);

	if (jobs == 0)
		jobs = target_plan_is_refscale(plan) ? JOBS_DEFAULT : 1;
	conform->jobs = is_shared || conform->run_options.is_virtual ? 1 : jobs;
}

/* As a shell reads it. */
static void append_quoted(struct strbuf *out, struct str word)
{
	static const struct str plain =
		STR_INIT("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,");
	bool is_plain = word.size > 0;

	for (size_t i = 0; i < word.size; i++)
		is_plain = is_plain && str_find_char(plain, word.data[i]) != STR_NOT_FOUND;
	if (is_plain) {
		strbuf_append(out, word);
		return;
	}
	strbuf_append_char(out, '\'');
	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] == '\'')
			strbuf_append(out, STR("'\\''"));
		else
			strbuf_append_char(out, word.data[i]);
	}
	strbuf_append_char(out, '\'');
}

/* What was given beside the suite and the selection, for the command that repeats a case. */
static struct str given_options(const struct conform *conform, const struct str *arguments,
				size_t count)
{
	struct strbuf out;
	struct str text;
	size_t word = 0;

	strbuf_init(&out, LIMIT_LOG_LINE_BYTES);
	for (size_t i = 0; i < count; i++) {
		if (word < conform->words_count && str_equal(arguments[i], conform->words[word])) {
			word++;
			continue;
		}
		if (out.size > 0)
			strbuf_append_char(&out, ' ');
		append_quoted(&out, arguments[i]);
	}
	text = str_copy(conform->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

/* Cases at the same time have a database each. */
static void prepare_slots(struct conform *conform)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct run_options *options = &conform->slots[i].options;
		struct placeholders job = {.count = 0};

		placeholders_set(&job, STR("job"), str_format(conform->arena, "%zu", i + 1));
		*options = conform->run_options;
		options->plan.database = placeholders_expand(&job, conform->arena,
							     conform->run_options.plan.database);
	}
}

static bool read_options(struct conform *conform, const struct str *arguments, size_t count,
			 struct error *error)
{
	struct raw_options raw = {STR("human"), STR("real"), 30, 0};

	conform->suites = STR("conformance/suites");
	if (!parse_options(conform, arguments, count, &raw, error) ||
	    !choose_suite(conform, error) || !choose_report(conform, raw.report, error) ||
	    !check_target(&conform->run_options.plan, error))
		return false;
	if (!str_equal(raw.world, STR("real")) && !str_equal(raw.world, STR("sim")))
		return error_set(error, ERROR_INVALID, "--world must be real or sim, not \"%.*s\"",
				 STR_ARG(raw.world));
	conform->run_options.is_virtual = str_equal(raw.world, STR("sim"));
	conform->results.options = given_options(conform, arguments, count);
	if (raw.timeout_s <= 0 || raw.timeout_s > TIMEOUT_MAX_S)
		return error_set(error, ERROR_INVALID, "--timeout must be from 1 to %d",
				 TIMEOUT_MAX_S);
	if (raw.jobs < 0 || raw.jobs > JOBS_MAX)
		return error_set(error, ERROR_INVALID, "--jobs must be from 1 to %d", JOBS_MAX);
	choose_jobs(conform, (size_t)raw.jobs);
	conform->run_options.timeout_us = raw.timeout_s * 1000000;
	prepare_slots(conform);
	return true;
}

/* Output. */

static void print(struct conform *conform, struct str text)
{
	struct str line;

	while (str_next_field(&text, '\n', &line)) {
		if (line.size > 0 || text.size > 0)
			log_write(conform->world, LOG_STDOUT, line);
	}
}

static void print_result(struct conform *conform, const struct result *result)
{
	struct strbuf out;

	if (conform->report != NULL || (!conform->is_verbose && result->verdict != VERDICT_FAILED))
		return;
	strbuf_init(&out, REPORT_BYTES_MAX);
	report_human_result(&out, &conform->results, result);
	print(conform, strbuf_str(&out));
	strbuf_free(&out);
}

/* False when the file cannot be written. */
static bool write_report(struct conform *conform)
{
	struct strbuf out;
	struct error error = {0};
	bool is_written = true;

	strbuf_init(&out, REPORT_BYTES_MAX);
	if (conform->report != NULL)
		conform->report(&out, &conform->results);
	if (conform->output.size > 0) {
		is_written = files_write(conform->world, conform->output, strbuf_str(&out), &error);
		strbuf_clear(&out);
	}
	if (!is_written)
		log_format(conform->world, LOG_STDERR, "refscale conform: %s", error.text);
	if (conform->report == NULL || conform->output.size > 0)
		report_summary(&out, &conform->results);
	print(conform, strbuf_str(&out));
	strbuf_free(&out);
	return is_written;
}

static void list_case(struct conform *conform, const struct conform_case *conform_case)
{
	struct strbuf line;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	strbuf_append_format(&line, "%-8.*s %.*s", STR_ARG(conform_case->id),
			     STR_ARG(conform_case->title));
	JSON_EACH (tag, conform_case->tags)
		strbuf_append_format(&line, " [%.*s]", STR_ARG(json_scalar_text(tag)));
	log_write(conform->world, LOG_STDOUT, strbuf_str(&line));
	strbuf_free(&line);
}

/* The run. */

static void next_cases(struct conform *conform);

static int exit_status_of(struct conform *conform)
{
	size_t passed = results_count(&conform->results, VERDICT_PASSED);
	size_t failed = results_count(&conform->results, VERDICT_FAILED);

	if (conform->is_interrupted)
		return EXIT_INTERRUPTED;
	if (failed > 0)
		return conform->started > 0 ? EXIT_FAILED : EXIT_NO_TARGET;
	return passed > 0 ? 0 : EXIT_NO_TARGET;
}

/* Only cases that came to an end are reported. */
static void drop_unfinished(struct conform *conform)
{
	size_t kept = 0;

	for (size_t i = 0; i < conform->results.items.count; i++) {
		if (conform->is_over.items[i])
			conform->results.items.items[kept++] = conform->results.items.items[i];
	}
	conform->results.items.count = kept;
}

/* Those that ended while an earlier one was still under way. */
static void tell_rest(struct conform *conform)
{
	for (; conform->told < conform->results.items.count; conform->told++) {
		if (conform->is_over.items[conform->told])
			print_result(conform, &conform->results.items.items[conform->told]);
	}
}

/* What is still under way ends with the component. */
static void finish(struct conform *conform, int exit_status)
{
	if (conform->is_finished)
		return;
	conform->is_finished = true;
	timer_stop(&conform->between);
	tell_rest(conform);
	drop_unfinished(conform);
	conform->results.duration_us = world_monotonic_us(conform->world) - conform->began_us;
	if (!write_report(conform))
		exit_status = EXIT_RUNNER_FAILED;
	world_exit(conform->world, exit_status);
}

/* Told in the order of the cases, whichever ended first. */
static void tell_results(struct conform *conform)
{
	while (conform->told < conform->results.items.count &&
	       conform->is_over.items[conform->told])
		print_result(conform, &conform->results.items.items[conform->told++]);
}

static size_t add_result(struct conform *conform, const struct result *result, bool is_over)
{
	vec_push(&conform->results.items, *result);
	vec_push(&conform->is_over, is_over);
	return conform->results.items.count - 1;
}

static void next_cases_later(struct timer *timer)
{
	next_cases(LIST_ENTRY(timer, struct conform, between));
}

static void case_done(const struct result *result, bool target_started, void *data)
{
	struct slot *slot = data;
	struct conform *conform = slot->conform;

	slot->run = NULL;
	if (conform->is_finished)
		return;
	conform->started += target_started;
	conform->results.items.items[slot->index] = *result;
	conform->is_over.items[slot->index] = true;
	tell_results(conform);
	if (conform->is_fail_fast && result->verdict == VERDICT_FAILED)
		finish(conform, exit_status_of(conform));
	else
		timer_start(conform->world, &conform->between, 0, next_cases_later);
}

static struct slot *free_slot(struct conform *conform)
{
	for (size_t i = 0; i < conform->jobs; i++) {
		if (conform->slots[i].run == NULL)
			return &conform->slots[i];
	}
	return NULL;
}

static void start_case(struct conform *conform)
{
	const struct conform_case *conform_case = &conform->cases.items.items[conform->next++];
	const struct result pending = {.conform_case = conform_case};
	struct slot *slot = free_slot(conform);

	slot->conform = conform;
	slot->index = add_result(conform, &pending, false);
	slot->run = case_run_start(conform->world, &slot->options, conform_case, conform->arena,
				   case_done, slot);
}

static void store_is_empty(const struct error *error, void *data)
{
	struct conform *conform = data;

	if (error == NULL) {
		start_case(conform);
		return;
	}
	log_format(conform->world, LOG_STDERR, "refscale conform: %s", error->text);
	finish(conform, EXIT_NO_TARGET);
}

static bool skip_case(struct conform *conform, const struct conform_case *conform_case)
{
	struct str need = run_missing_need(&conform->run_options, conform_case, conform->arena);

	if (need.size == 0)
		return false;

	struct result result = {
		.conform_case = conform_case,
		.verdict = VERDICT_SKIPPED,
		.reason = STR_CONCAT(conform->arena, STR("needs "), need),
	};

	add_result(conform, &result, true);
	tell_results(conform);
	return true;
}

/* To the next case that is to be run; false when there is none. */
static bool find_case(struct conform *conform)
{
	for (; conform->next < conform->cases.items.count; conform->next++) {
		const struct conform_case *conform_case =
			&conform->cases.items.items[conform->next];

		if (selection_includes(conform->words + 1, conform->words_count - 1,
				       conform_case) &&
		    !skip_case(conform, conform_case))
			return true;
	}
	return false;
}

static bool is_idle(const struct conform *conform)
{
	for (size_t i = 0; i < conform->jobs; i++) {
		if (conform->slots[i].run != NULL)
			return false;
	}
	return true;
}

static void next_cases(struct conform *conform)
{
	while (free_slot(conform) != NULL && find_case(conform)) {
		if (conform->store_reset != NULL) {
			store_reset_empty(conform->store_reset, store_is_empty, conform);
			return;
		}
		start_case(conform);
	}
	if (is_idle(conform))
		finish(conform, exit_status_of(conform));
}

static void stop_requested(void *data)
{
	struct conform *conform = data;

	conform->is_interrupted = true;
	finish(conform, EXIT_INTERRUPTED);
}

/* The component. */

static void conform_stop(void *instance)
{
	struct conform *conform = instance;

	timer_stop(&conform->between);
	for (size_t i = 0; i < JOBS_MAX; i++)
		case_run_abandon(conform->slots[i].run);
	store_reset_close(conform->store_reset);
	case_list_free(&conform->cases);
	vec_free(&conform->results.items);
	vec_free(&conform->is_over);
	arena_destroy(conform->arena);
	free(conform);
}

static bool open_store(struct conform *conform, struct error *error)
{
	struct str store = conform->run_options.plan.store;

	if (!str_has_prefix(store, STR("redis://")))
		return store.size == 0 ||
		       error_set(error, ERROR_INVALID, "--store must be a redis:// URL");
	conform->store_reset = store_reset_open(conform->world, store, error);
	return conform->store_reset != NULL;
}

static bool prepare(struct conform *conform, const struct str *arguments, size_t count,
		    struct error *error)
{
	return read_options(conform, arguments, count, error) &&
	       case_read_suite(&conform->cases, conform->arena, conform->world,
			       conform->run_options.plan.suite, conform->suites, error) &&
	       selection_check(conform->words + 1, conform->words_count - 1, &conform->cases,
			       error) &&
	       open_store(conform, error);
}

static void list_cases(struct conform *conform)
{
	for (size_t i = 0; i < conform->cases.items.count; i++) {
		if (selection_includes(conform->words + 1, conform->words_count - 1,
				       &conform->cases.items.items[i]))
			list_case(conform, &conform->cases.items.items[i]);
	}
}

static void *conform_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct conform *conform = MEMORY_NEW(struct conform);

	conform->world = world;
	conform->arena = arena_create();
	if (!prepare(conform, arguments, count, error)) {
		*exit_status = EXIT_USAGE;
		conform_stop(conform);
		return NULL;
	}
	if (conform->only_lists) {
		list_cases(conform);
		world_exit(world, 0);
		return conform;
	}
	conform->results.suite = suite_name(conform->run_options.plan.suite);
	conform->began_us = world_monotonic_us(world);
	world_on_stop(world, stop_requested, conform);
	timer_start(world, &conform->between, 0, next_cases_later);
	return conform;
}

const struct component conform_component = {
	.name = "conform",
	.help = "run conformance cases against a gateway, backend or portal, refscale's or yours",
	.start = conform_start,
	.stop = conform_stop,
};
