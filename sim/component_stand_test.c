#include "sim/component_stand_test.h"

#include "base/error.h"
#include "base/list.h"
#include "echo/echo.h"
#include "http/body.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/component.h"
#include "world/http_client.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Setting. */

void component_stand_set(struct component_stand *stand, const struct component *component,
			 const char *address)
{
	struct sim_options options = {.seed = 1, .components = stand->components};

	*stand = (struct component_stand){.components = {component}, .exit_status = -1};
	stand->sim = sim_create(&options);
	stand->arena = arena_create();
	strbuf_init(&stand->output, COMPONENT_STAND_BODY_BYTES_MAX);
	stand->host = sim_host_add(stand->sim, str_from(component->name), str_from(address));
	stand->client = sim_host_world(sim_host_add(stand->sim, STR("client"), STR("10.0.0.9")),
				       STR("client"));
	component_stand_word(stand, "refscale");
	component_stand_word(stand, component->name);
}

void component_stand_clear(struct component_stand *stand)
{
	component_stand_leave(stand);
	sim_destroy(stand->sim);
	strbuf_free(&stand->output);
	arena_destroy(stand->arena);
}

void component_stand_variable(struct component_stand *stand, const char *name, const char *value)
{
	ck_assert_uint_lt(stand->variables_count, COUNT_OF(stand->variables));
	stand->variables[stand->variables_count++] =
		(struct process_variable){str_from(name), str_copy(stand->arena, str_from(value))};
}

void component_stand_word(struct component_stand *stand, const char *word)
{
	ck_assert_uint_lt(stand->words_count, COUNT_OF(stand->words));
	stand->words[stand->words_count++] = str_from(word);
}

/* The process. */

static void line_came(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct component_stand *stand = data;
	struct str ready = STR("ready ");

	(void)process;
	(void)is_stderr;
	strbuf_append(&stand->output, line);
	strbuf_append_char(&stand->output, '\n');
	if (str_has_prefix(line, ready) &&
	    str_has_prefix(str_skip(line, ready.size), str_from(stand->components[0]->name)))
		stand->is_ready = true;
}

static void exited(struct process *process, int status, void *data)
{
	(void)process;
	((struct component_stand *)data)->exit_status = status;
}

void component_stand_launch(struct component_stand *stand)
{
	struct process_options options = {
		.words = stand->words,
		.words_count = stand->words_count,
		.variables = stand->variables,
		.variables_count = stand->variables_count,
		.line = line_came,
		.exited = exited,
		.data = stand,
	};
	struct error error = {0};

	stand->is_ready = false;
	stand->exit_status = -1;
	stand->process = sim_process_start(stand->host, &options, &error);
	ck_assert_msg(stand->process != NULL, "%s", error.text);
}

static bool start_is_over(void *data)
{
	const struct component_stand *stand = data;

	return stand->is_ready || stand->exit_status >= 0;
}

bool component_stand_start(struct component_stand *stand, int64_t span_us)
{
	component_stand_launch(stand);
	sim_run_until(stand->sim, sim_now_us(stand->sim) + span_us, start_is_over, stand);
	return stand->is_ready && stand->exit_status < 0;
}

static struct sim_process *child_at(const struct component_stand *stand, size_t index,
				    size_t *count)
{
	struct sim_process *found = NULL;

	*count = 0;
	LIST_EACH (link, &stand->host->processes) {
		struct sim_process *process = LIST_ENTRY(link, struct sim_process, link);

		if (process == stand->process || !sim_process_is_running(process))
			continue;
		if ((*count)++ == index)
			found = process;
	}
	return found;
}

size_t component_stand_children(const struct component_stand *stand)
{
	size_t count;

	child_at(stand, 0, &count);
	return count;
}

void component_stand_kill_child(const struct component_stand *stand, size_t index)
{
	size_t count;
	struct sim_process *child = child_at(stand, index, &count);

	ck_assert_ptr_nonnull(child);
	sim_process_kill(child);
}

void component_stand_run_for(const struct component_stand *stand, int64_t span_us)
{
	sim_run_to(stand->sim, sim_now_us(stand->sim) + span_us);
}

/* The client. */

static void answer_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct component_stand *stand = data;

	stand->collector = NULL;
	stand->answer.body = bytes;
	stand->answer.was_cut = result != HTTP_COLLECTED;
	stand->is_answered = true;
}

static void answer_came(struct http_call *call, void *data)
{
	struct component_stand *stand = data;
	struct http_body_collector *collector;

	stand->answer.status = call->response.status;
	http_fields_copy(&stand->answer.fields, stand->arena, &call->response.fields);
	collector = http_body_collect(http_call_take_body(call), COMPONENT_STAND_BODY_BYTES_MAX,
				      stand->arena, answer_collected, stand);
	if (!stand->is_answered)
		stand->collector = collector;
}

static void answer_failed(struct http_call *call, void *data)
{
	(void)call;
	((struct component_stand *)data)->is_answered = true;
}

static struct http_body *body_of(struct component_stand *stand,
				 const struct component_stand_request *request)
{
	struct str bytes = str_from(request->body);
	struct http_body *body;

	if (request->body == NULL)
		return NULL;
	if (!request->is_chunked && !request->stalls)
		return http_body_from_str(bytes);
	body = http_body_create(request->is_chunked ? HTTP_BODY_LENGTH_UNKNOWN
						    : (int64_t)bytes.size + 1,
				bytes.size + 1);
	http_body_write(body, bytes);
	if (request->stalls) {
		stand->upload = body;
		return body;
	}
	http_body_end(body);
	http_body_producer_release(body);
	return body;
}

void component_stand_send(struct component_stand *stand,
			  const struct component_stand_request *request)
{
	struct http_fields fields;
	struct http_call_options options = {
		.method = str_from(request->method != NULL ? request->method : "GET"),
		.host = str_from(request->address),
		.port = request->port,
		.target = str_from(request->path),
		.fields = &fields,
		.idle_timeout_ms = 600000,
	};

	component_stand_leave(stand);
	options.body = body_of(stand, request);
	stand->answer = (struct stand_answer){0};
	stand->is_answered = false;
	http_fields_init(&fields, stand->arena);
	for (size_t i = 0; i < COUNT_OF(request->fields) && request->fields[i] != NULL; i += 2)
		http_fields_add(&fields, str_from(request->fields[i]),
				str_from(request->fields[i + 1]));
	stand->call = http_call_start(stand->client, &options, answer_came, answer_failed, stand);
}

static bool call_is_over(void *data)
{
	return ((const struct component_stand *)data)->is_answered;
}

struct stand_answer component_stand_wait(struct component_stand *stand, int64_t span_us)
{
	sim_run_until(stand->sim, sim_now_us(stand->sim) + span_us, call_is_over, stand);
	ck_assert_msg(stand->is_answered, "no answer; log:\n%.*s",
		      STR_ARG(strbuf_str(&stand->output)));
	return stand->answer;
}

void component_stand_leave(struct component_stand *stand)
{
	http_body_collector_stop(stand->collector);
	stand->collector = NULL;
	http_call_release(stand->call);
	stand->call = NULL;
	if (stand->upload != NULL)
		http_body_producer_release(stand->upload);
	stand->upload = NULL;
}

void stand_expect_str(struct str found, const char *expected, const char *file, int line)
{
	ck_assert_msg(str_equal(found, str_from(expected)), "%s:%d: \"%.*s\" is not \"%s\"", file,
		      line, STR_ARG(found), expected);
}

/* The stand itself. */

static struct component_stand stand;

static void set(void)
{
	component_stand_set(&stand, &echo_component, "10.0.0.2");
	component_stand_word(&stand, "--port");
	component_stand_word(&stand, "8081");
}

static void clear(void)
{
	component_stand_clear(&stand);
}

static struct stand_answer call(struct component_stand_request request)
{
	request.address = "10.0.0.2";
	request.port = 8081;
	component_stand_send(&stand, &request);
	return component_stand_wait(&stand, COMPONENT_STAND_SECOND);
}

START_TEST(a_component_starts_serves_and_stops)
{
	struct stand_answer answer;

	ck_assert(component_stand_start(&stand, COMPONENT_STAND_SECOND));
	answer = call((struct component_stand_request){
		.method = "POST", .path = "/a?b=c", .fields = {"X-Test", "v"}, .body = "bytes"});
	ck_assert_int_eq(answer.status, 200);
	ck_assert(!answer.was_cut);
	ck_assert_uint_ne(str_find(answer.body, STR("\"path\":\"/a\"")), STR_NOT_FOUND);
	ck_assert_uint_ne(str_find(answer.body, STR("bytes")), STR_NOT_FOUND);
	ck_assert_uint_eq(component_stand_children(&stand), 0);
	sim_process_stop(stand.process);
	component_stand_run_for(&stand, COMPONENT_STAND_SECOND);
	ck_assert_int_eq(stand.exit_status, 0);
}
END_TEST

START_TEST(a_component_that_ends_is_not_ready)
{
	component_stand_word(&stand, "--nonsense");
	ck_assert(!component_stand_start(&stand, COMPONENT_STAND_SECOND));
	ck_assert_int_gt(stand.exit_status, 0);
	ck_assert_int_eq(call((struct component_stand_request){.path = "/"}).status, 0);
}
END_TEST

Suite *sim_component_stand_suite(void);
Suite *sim_component_stand_suite(void)
{
	Suite *suite = suite_create("sim_component_stand");
	TCase *test = tcase_create("stand");

	tcase_add_checked_fixture(test, set, clear);
	tcase_add_test(test, a_component_starts_serves_and_stops);
	tcase_add_test(test, a_component_that_ends_is_not_ready);
	suite_add_tcase(suite, test);
	return suite;
}
