/* Verbs of an operator who looks: call, dig, log, traffic, wait. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "sim/scenario/stage_internal.h"
#include "world/dns.h"
#include "world/http_client.h"

/* A call that is not over by then hangs. */
#define OBSERVE_CALL_LIMIT_US INT64_C(600000000)
#define OBSERVE_DIG_LIMIT_US INT64_C(60000000)
#define OBSERVE_LOG_WITHIN_US INT64_C(0)
#define OBSERVE_SHOWN_BYTES 200

/* call */

static bool call_is_over(void *data)
{
	return ((struct stage_call *)data)->is_over;
}

static struct str shown(struct str text)
{
	return str_slice(text, 0, OBSERVE_SHOWN_BYTES);
}

static bool text_matches(struct str text, const struct json *expression, struct error *error)
{
	struct pattern *pattern = pattern_create(json_str(expression), error);
	bool found = pattern != NULL && pattern_is_found(pattern, text);

	if (pattern != NULL && !found)
		error_set(error, ERROR_INVALID, "\"%.*s\" does not match /%.*s/",
			  STR_ARG(shown(text)), STR_ARG(json_str(expression)));
	pattern_destroy(pattern);
	return found;
}

static bool expect_status(const struct stage_call *call, const struct json *wanted,
			  struct error *error)
{
	if (call->failure.size > 0)
		return error_set(error, ERROR_INVALID,
				 "expected status %.*s, but the call failed: %.*s",
				 STR_ARG(json_scalar_text(wanted)), STR_ARG(call->failure));
	if (json_int(wanted, 0) != call->status)
		return error_set(error, ERROR_INVALID,
				 "expected status %.*s, got %d with body \"%.*s\"",
				 STR_ARG(json_scalar_text(wanted)), call->status,
				 STR_ARG(shown(call->body)));
	return true;
}

static bool expect_failure(const struct stage_call *call, const struct json *wanted,
			   struct error *error)
{
	if (call->failure.size == 0)
		return error_set(error, ERROR_INVALID, "expected failure \"%.*s\", got status %d",
				 STR_ARG(json_str(wanted)), call->status);
	if (!str_equal(call->failure, json_str(wanted)))
		return error_set(error, ERROR_INVALID, "expected failure \"%.*s\", got \"%.*s\"",
				 STR_ARG(json_str(wanted)), STR_ARG(call->failure));
	return true;
}

static bool expect_body(const struct stage_call *call, const struct json *wanted,
			struct error *error)
{
	return str_equal(call->body, json_str(wanted)) ||
	       error_set(error, ERROR_INVALID, "expected body \"%.*s\", got \"%.*s\"",
			 STR_ARG(json_str(wanted)), STR_ARG(shown(call->body)));
}

static bool expect_body_contains(const struct stage_call *call, const struct json *wanted,
				 struct error *error)
{
	return str_find(call->body, json_str(wanted)) != STR_NOT_FOUND ||
	       error_set(error, ERROR_INVALID, "expected \"%.*s\" in the body, got \"%.*s\"",
			 STR_ARG(json_str(wanted)), STR_ARG(shown(call->body)));
}

static bool expect_body_matches(const struct stage_call *call, const struct json *wanted,
				struct error *error)
{
	return text_matches(call->body, wanted, error);
}

static bool expect_fields(const struct stage_call *call, const struct json *wanted,
			  struct error *error)
{
	JSON_EACH (field, wanted) {
		struct str value = http_fields_get(&call->call->response.fields, field->key);

		if (!str_equal(value, json_scalar_text(field)))
			return error_set(error, ERROR_INVALID, "expected %.*s: %.*s, got \"%.*s\"",
					 STR_ARG(field->key), STR_ARG(json_scalar_text(field)),
					 STR_ARG(shown(value)));
	}
	return true;
}

static bool expect_no_fields(const struct stage_call *call, const struct json *wanted,
			     struct error *error)
{
	JSON_EACH (name, wanted) {
		if (http_fields_has(&call->call->response.fields, json_str(name)))
			return error_set(error, ERROR_INVALID, "expected no field %.*s",
					 STR_ARG(json_str(name)));
	}
	return true;
}

static bool expect_at_least(const struct stage_call *call, const struct json *wanted,
			    struct error *error)
{
	int64_t least;

	return stage_duration(wanted, &least, error) &&
	       (call->ended_us - call->began_us >= least ||
		error_set(error, ERROR_INVALID, "expected at least %.*s, took %lld ms",
			  STR_ARG(json_scalar_text(wanted)),
			  (long long)(call->ended_us - call->began_us) / 1000));
}

static bool expect_at_most(const struct stage_call *call, const struct json *wanted,
			   struct error *error)
{
	int64_t most;

	return stage_duration(wanted, &most, error) &&
	       (call->ended_us - call->began_us <= most ||
		error_set(error, ERROR_INVALID, "expected at most %.*s, took %lld ms",
			  STR_ARG(json_scalar_text(wanted)),
			  (long long)(call->ended_us - call->began_us) / 1000));
}

static const struct {
	const char *name;
	bool (*holds)(const struct stage_call *call, const struct json *wanted,
		      struct error *error);
} expectations[] = {
	{"status", expect_status},
	{"failure", expect_failure},
	{"body", expect_body},
	{"body_contains", expect_body_contains},
	{"body_matches", expect_body_matches},
	{"fields", expect_fields},
	{"no_fields", expect_no_fields},
	{"at_least", expect_at_least},
	{"at_most", expect_at_most},
};

static bool call_expect_one(const struct stage_call *call, const struct json *wanted,
			    struct error *error)
{
	for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
		if (str_equal(wanted->key, str_from(expectations[i].name)))
			return expectations[i].holds(call, wanted, error);
	}
	return error_set(error, ERROR_INVALID, "a call cannot be expected to have \"%.*s\"",
			 STR_ARG(wanted->key));
}

/* Without expectations a call must succeed. */
static bool call_expect(const struct stage_call *call, const struct json *expected,
			struct error *error)
{
	if (expected == NULL) {
		if (call->failure.size > 0)
			return error_set(error, ERROR_INVALID, "the call failed: %.*s",
					 STR_ARG(call->failure));
		if (call->status < 200 || call->status > 299)
			return error_set(error, ERROR_INVALID, "got status %d with body \"%.*s\"",
					 call->status, STR_ARG(shown(call->body)));
		return true;
	}
	JSON_EACH (wanted, expected) {
		if (!call_expect_one(call, wanted, error))
			return false;
	}
	return true;
}

/* keep: {service_id: service.id}: members of a JSON answer become variables. */
static bool call_keep(struct stage *stage, const struct stage_call *call, const struct json *keep,
		      struct error *error)
{
	const struct json *answer;

	if (keep == NULL)
		return true;
	answer = json_parse(stage->arena, call->body, LIMIT_CASE_FILE_BYTES, error);
	if (answer == NULL)
		return error_wrap(error, "answer");
	JSON_EACH (name, keep) {
		struct str value =
			json_scalar_text(json_path(answer, str_cstr(stage->arena, json_str(name))));

		if (value.size == 0)
			return error_set(error, ERROR_NOT_FOUND, "the answer has no %.*s: \"%.*s\"",
					 STR_ARG(json_str(name)), STR_ARG(shown(call->body)));
		stage_put_variable(stage, name->key, value);
	}
	return true;
}

bool stage_verb_call(struct stage *stage, const struct json *step, const struct json *argument,
		     struct error *error)
{
	struct stage_call *call = stage_call_start(stage, argument, NULL, NULL, error);
	bool fine;

	if (call == NULL)
		return false;
	if (!stage_run(stage, OBSERVE_CALL_LIMIT_US, call_is_over, call))
		fine = error_set(error, ERROR_UNAVAILABLE, "no end of the call after 600 s");
	else
		fine = call_expect(call, json_get(step, STR("expect")), error) &&
		       call_keep(stage, call, json_get(step, STR("keep")), error);
	stage_call_destroy(call);
	return fine;
}

/* dig */

struct dig {
	struct arena *arena;
	bool is_over;
	struct strbuf text; /* addresses, separated by commas, or why there are none */
};

static void dig_answered(enum dns_status status, const struct dns_record *records, size_t count,
			 void *data)
{
	static const char *const reasons[] = {[DNS_OK] = "",
					      [DNS_NOT_FOUND] = "NXDOMAIN",
					      [DNS_TIMEOUT] = "connection timed out; no servers "
							      "could be reached",
					      [DNS_SERVER_FAILED] = "SERVFAIL"};
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

/* expect: the addresses, separated by commas, or NXDOMAIN, SERVFAIL, "connection timed out; ...".
 */
bool stage_verb_dig(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	struct str from = json_get_str(argument, STR("from"));
	struct world *world = stage_host_world(stage, from.size > 0 ? from : STR("client"), error);
	struct str wanted = json_get_str(step, STR("expect"));
	struct dns_question question = {.name = argument->kind == JSON_STRING
							? argument->text
							: json_get_str(argument, STR("name"))};
	struct dig dig = {.arena = stage->arena};
	struct dns_query *query;
	bool fine;

	if (world == NULL)
		return false;
	strbuf_init(&dig.text, LIMIT_LOG_LINE_BYTES);
	query = dns_resolve(world, &question, dig_answered, &dig);
	if (!stage_run(stage, OBSERVE_DIG_LIMIT_US, dig_is_over, &dig)) {
		dns_cancel(world, query);
		strbuf_append(&dig.text, STR("no answer"));
	}
	fine = str_equal(strbuf_str(&dig.text), wanted) ||
	       error_set(error, ERROR_INVALID, "expected %.*s to be \"%.*s\", got \"%.*s\"",
			 STR_ARG(question.name), STR_ARG(wanted), STR_ARG(strbuf_str(&dig.text)));
	strbuf_free(&dig.text);
	return fine;
}

/* log */

struct log_search {
	const struct stage_process *process;
	struct str text;         /* contained */
	struct pattern *pattern; /* or matching */
	int64_t since_us;
};

static bool log_has_line(void *data)
{
	const struct log_search *search = data;

	for (size_t i = 0; i < search->process->lines.count; i++) {
		const struct stage_line *line = &search->process->lines.items[i];

		if (line->at_us < search->since_us)
			continue;
		if (search->pattern != NULL ? pattern_is_found(search->pattern, line->text)
					    : str_find(line->text, search->text) != STR_NOT_FOUND)
			return true;
	}
	return false;
}

static struct str log_last_line(const struct stage_process *process)
{
	return process->lines.count > 0 ? process->lines.items[process->lines.count - 1].text
					: STR("(nothing)");
}

bool stage_verb_log(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	struct log_search search = {.text = json_get_str(argument, STR("contains")),
				    .since_us = stage->fault_us};
	struct str expression = json_get_str(argument, STR("matches"));
	bool absent = json_bool(json_get(argument, STR("absent")), false), found;
	const struct json *within = json_get(argument, STR("within"));
	int64_t limit = OBSERVE_LOG_WITHIN_US;

	(void)step;
	search.process = stage_find_process(stage, json_get_str(argument, STR("of")), error);
	if (search.process == NULL || (within != NULL && !stage_duration(within, &limit, error)))
		return false;
	if ((search.text.size == 0) == (expression.size == 0))
		return error_set(error, ERROR_INVALID, "log needs either contains or matches");
	if (expression.size > 0) {
		search.pattern = pattern_create(expression, error);
		if (search.pattern == NULL)
			return false;
	}
	found = stage_run(stage, limit, log_has_line, &search);
	pattern_destroy(search.pattern);
	if (found == absent)
		return error_set(error, ERROR_INVALID, "%s \"%.*s\" in the log of %.*s, last: %.*s",
				 absent ? "expected no" : "expected",
				 STR_ARG(expression.size > 0 ? expression : search.text),
				 STR_ARG(search.process->name),
				 STR_ARG(shown(log_last_line(search.process))));
	return true;
}

/* traffic: calls of the background that begin from now on. */

struct traffic_search {
	const struct stage_traffic *traffic;
	size_t from; /* index of the first answer looked at */
	int64_t since_us, wanted_status;
	size_t wanted_count;
	struct str wanted_failure;
};

static size_t traffic_matches(const struct traffic_search *search)
{
	size_t count = 0;

	for (size_t i = search->from; i < search->traffic->answers.count; i++) {
		const struct stage_traffic_answer *answer = &search->traffic->answers.items[i];

		if (answer->began_us >= search->since_us &&
		    answer->status == search->wanted_status &&
		    (search->wanted_failure.size == 0 ||
		     str_equal(answer->failure, search->wanted_failure)))
			count++;
	}
	return count;
}

static bool traffic_is_seen(void *data)
{
	const struct traffic_search *search = data;

	return traffic_matches(search) >= search->wanted_count;
}

bool stage_verb_traffic(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct traffic_search search = {
		.traffic = &stage->traffic,
		.from = stage->traffic.answers.count,
		.since_us = sim_now_us(stage->sim),
		.wanted_status = json_int(json_get(argument, STR("status")), 0),
		.wanted_count = (size_t)json_int(json_get(argument, STR("count")), 1),
		.wanted_failure = json_get_str(argument, STR("failure")),
	};
	int64_t limit;

	(void)step;
	if (stage->traffic.call == NULL)
		return error_set(error, ERROR_INVALID, "this world has no traffic");
	if (!stage_duration(json_get(argument, STR("within")), &limit, error))
		return error_wrap(error, "within");
	if (stage_run(stage, limit, traffic_is_seen, &search))
		return true;

	size_t answers = stage->traffic.answers.count;

	if (answers == search.from)
		return error_set(error, ERROR_INVALID, "no call of the traffic was over in time");

	const struct stage_traffic_answer *last = &stage->traffic.answers.items[answers - 1];

	return error_set(error, ERROR_INVALID,
			 "expected %zu calls with status %lld%.*s, saw %zu; the last had status %d "
			 "%.*s",
			 search.wanted_count, (long long)search.wanted_status,
			 STR_ARG(search.wanted_failure), traffic_matches(&search), last->status,
			 STR_ARG(last->failure));
}

/* wait */

bool stage_verb_wait(struct stage *stage, const struct json *step, const struct json *argument,
		     struct error *error)
{
	int64_t span;

	(void)step;
	if (!stage_duration(argument, &span, error))
		return false;
	sim_run_to(stage->sim, sim_now_us(stage->sim) + span);
	return true;
}
