/* Verbs of an operator who looks and waits: dig, log, traffic, wait. */
#include <inttypes.h>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "sim/scenario/stage_internal.h"
#include "world/dns.h"

/* Longer than any resolver takes. */
#define DIG_LIMIT_US INT64_C(60000000)

/* dig */

struct dig {
	bool is_over;
	struct strbuf text; /* addresses, separated by commas, or why there are none */
};

static void dig_answered(enum dns_status status, const struct dns_record *records, size_t count,
			 void *data)
{
	static const char *const reasons[] = {
		[DNS_OK] = "",
		[DNS_NOT_FOUND] = "NXDOMAIN",
		[DNS_TIMEOUT] = "connection timed out; no servers could be reached",
		[DNS_SERVER_FAILED] = "SERVFAIL",
	};
	struct dig *dig = data;

	dig->is_over = true;
	strbuf_append(&dig->text, str_from(reasons[status]));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_append_char(&dig->text, ',');
		strbuf_append(&dig->text, records[i].address);
	}
}

static bool dig_is_over(void *data)
{
	return ((struct dig *)data)->is_over;
}

bool stage_check_dig(const struct json *step, struct error *error)
{
	return json_get_str(step, STR("expect")).size > 0 ||
	       error_set(error, ERROR_INVALID,
			 "dig needs expect: ADDRESSES, or why there are none");
}

bool stage_verb_dig(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	struct str wanted = json_get_str(step, STR("expect"));
	struct dns_question question = {.name = argument->kind == JSON_STRING
							? argument->text
							: json_get_str(argument, STR("name"))};
	struct world *world =
		stage_open_program(stage, json_get_str(argument, STR("from")), STR("dig"), error);
	struct dig dig = {0};
	bool fine;

	if (world == NULL)
		return false;
	strbuf_init(&dig.text, LIMIT_LOG_LINE_BYTES);
	dns_resolve(world, &question, dig_answered, &dig);
	stage_run(stage, DIG_LIMIT_US, dig_is_over, &dig);
	sim_host_world_end(world);
	fine = str_equal(strbuf_str(&dig.text), wanted) ||
	       error_set(error, ERROR_INVALID, "expected %.*s to be \"%.*s\", got \"%.*s\"",
			 STR_ARG(question.name), STR_ARG(wanted), STR_ARG(strbuf_str(&dig.text)));
	stage->seen = str_copy(stage->arena, strbuf_str(&dig.text));
	strbuf_free(&dig.text);
	return fine;
}

/* log */

struct log_search {
	const struct stage_process *process;
	struct str text;         /* contained */
	struct pattern *pattern; /* or matching */
	size_t next;             /* line to look at: this is asked after every event */
};

static bool log_has_line(void *data)
{
	struct log_search *search = data;

	while (search->next < search->process->lines.count) {
		struct str line = search->process->lines.items[search->next++];

		if (search->pattern != NULL ? pattern_is_found(search->pattern, line)
					    : str_find(line, search->text) != STR_NOT_FOUND)
			return true;
	}
	return false;
}

bool stage_verb_log(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	struct log_search search = {.text = json_get_str(argument, STR("contains"))};
	struct str expression = json_get_str(argument, STR("matches"));
	const struct json *within = json_get(argument, STR("within"));
	bool is_absent = json_bool(json_get(argument, STR("absent")), false), found;
	int64_t limit_us = 0;

	(void)step;
	if ((search.text.size == 0) == (expression.size == 0))
		return error_set(error, ERROR_INVALID, "log needs either contains or matches");
	search.process = stage_find_process(stage, json_get_str(argument, STR("of")), error);
	if (search.process == NULL)
		return false;
	if (within != NULL && !stage_duration(within, &limit_us, error))
		return error_wrap(error, "within");
	if (expression.size > 0) {
		search.pattern = pattern_create(expression, error);
		if (search.pattern == NULL)
			return false;
	}
	search.next = search.process->lines_before_fault;
	found = stage_run(stage, limit_us, log_has_line, &search);
	if (found)
		stage->seen = search.process->lines.items[search.next - 1];
	pattern_destroy(search.pattern);
	return found != is_absent ||
	       error_set(error, ERROR_INVALID,
			 "expected %s\"%.*s\" in the log of %.*s, last line: %.*s",
			 is_absent ? "no " : "",
			 STR_ARG(expression.size > 0 ? expression : search.text),
			 STR_ARG(search.process->name), STR_ARG(stage_last_line(search.process)));
}

/* traffic: calls of the background that begin from now on. */

struct traffic_search {
	const struct stage_traffic *traffic;
	size_t from; /* number of the first call that counts */
	int status;  /* wanted; 0: failed, with this text */
	struct str failure;
	size_t count;
	size_t next, seen; /* answer to look at, those that fit: this is asked after every event */
};

static size_t traffic_seen(struct traffic_search *search)
{
	while (search->next < search->traffic->answers.count) {
		const struct stage_traffic_answer *answer =
			&search->traffic->answers.items[search->next++];

		if (answer->number >= search->from && answer->status == search->status &&
		    str_equal(answer->failure, search->failure))
			search->seen++;
	}
	return search->seen;
}

static bool traffic_is_seen(void *data)
{
	struct traffic_search *search = data;

	return traffic_seen(search) >= search->count;
}

static bool traffic_read(const struct json *argument, struct traffic_search *search,
			 int64_t *limit_us, struct error *error)
{
	int64_t status = 0, count = 1;

	search->failure = json_get_str(argument, STR("failure"));
	if (!stage_number(argument, STR("status"), 100, 599, &status, error) ||
	    !stage_number(argument, STR("count"), 1, 1000000, &count, error))
		return false;
	if ((status == 0) == (search->failure.size == 0))
		return error_set(error, ERROR_INVALID, "traffic needs either status or failure");
	search->status = (int)status;
	search->count = (size_t)count;
	return stage_duration(json_get(argument, STR("within")), limit_us, error) ||
	       error_wrap(error, "within");
}

static bool traffic_refuse(struct traffic_search *search, struct error *error)
{
	const struct stage_traffic_answer *last = NULL;

	for (size_t i = 0; i < search->traffic->answers.count; i++) {
		if (search->traffic->answers.items[i].number >= search->from)
			last = &search->traffic->answers.items[i];
	}
	if (last == NULL)
		return error_set(error, ERROR_INVALID,
				 "no call of the traffic began and was over in time");
	if (last->failure.size > 0)
		return error_set(error, ERROR_INVALID,
				 "expected %zu such calls, saw %zu; the last failed: %.*s",
				 search->count, traffic_seen(search), STR_ARG(last->failure));
	return error_set(error, ERROR_INVALID,
			 "expected %zu such calls, saw %zu; the last had status %d", search->count,
			 traffic_seen(search), last->status);
}

bool stage_verb_traffic(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct traffic_search search = {.traffic = &stage->traffic,
					.from = stage->traffic.calls_begun};
	int64_t limit_us;

	(void)step;
	if (stage->traffic.call == NULL)
		return error_set(error, ERROR_INVALID, "this world has no traffic");
	if (!traffic_read(argument, &search, &limit_us, error))
		return false;
	if (!stage_run(stage, limit_us, traffic_is_seen, &search))
		return traffic_refuse(&search, error);
	stage->seen = search.failure.size > 0 ? search.failure
					      : str_format(stage->arena, "%zu with status %d",
							   search.seen, search.status);
	return true;
}

/* wait */

bool stage_verb_wait(struct stage *stage, const struct json *step, const struct json *argument,
		     struct error *error)
{
	int64_t span_us;

	(void)step;
	if (!stage_duration(argument, &span_us, error))
		return false;
	sim_run_to(stage->sim, sim_now_us(stage->sim) + span_us);
	return true;
}
