#include "demo/demo.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/options.h"
#include "demo/demo_steps.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_client.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/process.h"

#define DEMO_RETRY_US 50000
#define DEMO_READY_TIMEOUT_US 10000000
#define DEMO_LINES_KEPT 20
#define DEMO_EXIT_CHILD_FAILED 3
#define DEMO_ACCESS_TOKEN "demo-access-token"
#define DEMO_USER_KEY "demo-user-key"
#define DEMO_INTERNAL_USER "demo"
#define DEMO_INTERNAL_PASSWORD "demo-internal-password"

/* The parts of the stack, in the order they are started: a later one may name the ports of earlier
 * ones. */
enum demo_part {
	DEMO_BACKEND,
	DEMO_ECHO,
	DEMO_PART_PORTAL,
	DEMO_STAGING_GATEWAY,
	DEMO_PRODUCTION_GATEWAY,
	DEMO_PARTS
};

struct demo_part_plan {
	const char *name;  /* in the transcript, and variable NAME_port */
	const char *words; /* blank separated; {port} is the usual or a free port */
	uint16_t usual_port;
	const char *variables; /* NAME=value, one a line */
};

static const struct demo_part_plan demo_parts[DEMO_PARTS] = {
	[DEMO_BACKEND] = {"backend", "refscale backend --port {port} --store :memory:", 3000,
			  "CONFIG_INTERNAL_API_USER=" DEMO_INTERNAL_USER "\n"
			  "CONFIG_INTERNAL_API_PASSWORD=" DEMO_INTERNAL_PASSWORD},
	[DEMO_ECHO] = {"echo", "refscale echo --port {port}", 8082, ""},
	[DEMO_PART_PORTAL] = {"portal", "refscale portal --port {port} --database :memory:", 3001,
			      "ADMIN_ACCESS_TOKEN=" DEMO_ACCESS_TOKEN "\n"
			      "TENANT_NAME=demo\n"
			      "THREESCALE_SUPERDOMAIN=localhost\n"
			      "BACKEND_ROUTE=http://127.0.0.1:{backend_port}\n"
			      "BACKEND_ENDPOINT=http://127.0.0.1:{backend_port}\n"
			      "APICAST_BACKEND_ROOT_ENDPOINT=http://127.0.0.1:{backend_port}\n"
			      "CONFIG_INTERNAL_API_USER=" DEMO_INTERNAL_USER "\n"
			      "CONFIG_INTERNAL_API_PASSWORD=" DEMO_INTERNAL_PASSWORD},
	[DEMO_STAGING_GATEWAY] = {"staging",
				  "refscale gateway --port {port} --management-port 0 "
				  "--metrics-port 0 --echo-port 0",
				  8080,
				  "THREESCALE_PORTAL_ENDPOINT=http://" DEMO_ACCESS_TOKEN
				  "@127.0.0.1:{portal_port}\n"
				  "THREESCALE_DEPLOYMENT_ENV=staging"},
	/* Two seconds instead of the usual 300, so that nobody waits for a promotion to arrive. */
	[DEMO_PRODUCTION_GATEWAY] = {"production",
				     "refscale gateway --port {port} --management-port 0 "
				     "--metrics-port 0 --echo-port 0",
				     8081,
				     "THREESCALE_PORTAL_ENDPOINT=http://" DEMO_ACCESS_TOKEN
				     "@127.0.0.1:{portal_port}\n"
				     "THREESCALE_DEPLOYMENT_ENV=production\n"
				     "APICAST_CONFIGURATION_CACHE=2"},
};

struct demo_child {
	struct demo *demo;
	enum demo_part part;
	struct process *process; /* NULL: not running */
	bool is_ready;
	int64_t started_us;
	struct str lines[DEMO_LINES_KEPT]; /* the last ones, malloc'd; a ring */
	size_t lines_count;
};

struct demo {
	struct world *world;
	bool once;
	struct arena *arena;   /* lives as long as the demo */
	struct map *variables; /* name -> struct str * in the arena */
	struct demo_child children[DEMO_PARTS];
	size_t started; /* children that were started */
	struct timer ready_timeout, retry;
	size_t step;
	int tries;
	size_t failures;
	struct http_call *call;
	struct arena *call_arena;
	struct http_body_collector *collector;
	int exit_status;
	bool stopping;
};

static void demo_start_next_part(struct demo *demo);
static void demo_begin_step(struct demo *demo);

/* Variables and templates. */

static void demo_set(struct demo *demo, struct str name, struct str value)
{
	struct str *kept = ARENA_NEW(demo->arena, struct str);

	*kept = str_copy(demo->arena, value);
	map_put(demo->variables, name, kept);
}

static struct str demo_expand(struct demo *demo, struct arena *arena, const char *template)
{
	struct strbuf out;
	struct str rest = str_from(template), before, after, name;

	strbuf_init(&out, LIMIT_LOG_LINE_BYTES);
	while (str_split_once(rest, '{', &before, &after)) {
		strbuf_append(&out, before);
		str_split_once(after, '}', &name, &rest);

		struct str *value = map_get(demo->variables, name);

		if (value != NULL)
			strbuf_append(&out, *value);
		else
			strbuf_append_format(&out, "{%.*s}", STR_ARG(name));
	}
	strbuf_append(&out, rest);

	struct str expanded = str_copy(arena, strbuf_str(&out));

	strbuf_free(&out);
	return expanded;
}

static void demo_say(struct demo *demo, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void demo_say(struct demo *demo, const char *format, ...)
{
	struct strbuf line;
	va_list args;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	va_start(args, format);
	strbuf_append_vformat(&line, format, args);
	va_end(args);
	log_write(demo->world, LOG_STDOUT, strbuf_str(&line));
	strbuf_free(&line);
}

/* The end: children are asked to stop, the last of them ends the demo. */

static void demo_stop_children(struct demo *demo, int exit_status)
{
	bool any = false;

	demo->stopping = true;
	demo->exit_status = exit_status;
	timer_stop(&demo->ready_timeout);
	timer_stop(&demo->retry);
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->children[i].process != NULL) {
			process_stop(demo->world, demo->children[i].process);
			any = true;
		}
	}
	if (!any)
		world_exit(demo->world, exit_status);
}

static void demo_stop_requested(void *data)
{
	struct demo *demo = data;

	demo_stop_children(demo, demo->failures == 0 ? 0 : 1);
}

static void demo_show_lines(struct demo *demo, struct demo_child *child)
{
	size_t first =
		child->lines_count > DEMO_LINES_KEPT ? child->lines_count - DEMO_LINES_KEPT : 0;

	for (size_t i = first; i < child->lines_count; i++)
		demo_say(demo, "    %s: %.*s", demo_parts[child->part].name,
			 STR_ARG(child->lines[i % DEMO_LINES_KEPT]));
}

/* Children. */

static void demo_keep_line(struct demo_child *child, struct str line)
{
	struct str *place = &child->lines[child->lines_count++ % DEMO_LINES_KEPT];
	char *copy = memory_alloc(line.size + 1);

	if (line.size > 0)
		memcpy(copy, line.data, line.size);
	free((char *)(uintptr_t)place->data);
	*place = str_of(copy, line.size);
}

static void demo_child_ready(struct demo_child *child, struct str line)
{
	struct demo *demo = child->demo;
	struct str field, name, value;
	char variable[64];

	while (str_next_field(&line, ' ', &field)) {
		if (!str_split_once(field, '=', &name, &value) || !str_equal(name, STR("port")))
			continue;
		snprintf(variable, sizeof variable, "%s_port", demo_parts[child->part].name);
		demo_set(demo, str_from(variable), value);
		demo_say(demo, "  %-11s ready %5" PRId64 " ms   http://127.0.0.1:%.*s",
			 demo_parts[child->part].name,
			 (world_monotonic_us(demo->world) - child->started_us) / 1000,
			 STR_ARG(value));
	}
	child->is_ready = true;
	timer_stop(&demo->ready_timeout);
	demo_start_next_part(demo);
}

static void demo_child_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct demo_child *child = data;

	(void)process;
	demo_keep_line(child, line);
	if (!is_stderr && !child->is_ready && !child->demo->stopping &&
	    str_has_prefix(line, STR("ready ")))
		demo_child_ready(child, line);
}

static void demo_child_exited(struct process *process, int status, void *data)
{
	struct demo_child *child = data;
	struct demo *demo = child->demo;

	(void)process;
	child->process = NULL;
	if (!demo->stopping) {
		demo_say(demo,
			 "  %s ended with status %d; its last lines:", demo_parts[child->part].name,
			 status);
		demo_show_lines(demo, child);
		demo_stop_children(demo, DEMO_EXIT_CHILD_FAILED);
		return;
	}
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->children[i].process != NULL)
			return;
	}
	world_exit(demo->world, demo->exit_status);
}

static void demo_ready_timed_out(struct timer *timer)
{
	struct demo *demo = LIST_ENTRY(timer, struct demo, ready_timeout);
	struct demo_child *child = &demo->children[demo->started - 1];

	demo_say(demo,
		 "  %s is not ready after %d s; its last lines:", demo_parts[child->part].name,
		 DEMO_READY_TIMEOUT_US / 1000000);
	demo_show_lines(demo, child);
	demo_stop_children(demo, DEMO_EXIT_CHILD_FAILED);
}

/* The usual port when nobody has it, else 0: any free one. */
static uint16_t demo_choose_port(struct demo *demo, uint16_t usual)
{
	struct http_listen_options listen = {.port = usual};
	struct http_listener *listener = http_listen(demo->world, &listen, NULL, NULL, NULL);

	http_listener_close(demo->world, listener);
	return listener != NULL ? usual : 0;
}

static size_t demo_split(struct str text, char separator, struct str *parts, size_t parts_max)
{
	size_t count = 0;

	while (count < parts_max && str_next_field(&text, separator, &parts[count]))
		count++;
	return count;
}

static bool demo_start_part(struct demo *demo, enum demo_part part)
{
	const struct demo_part_plan *plan = &demo_parts[part];
	struct demo_child *child = &demo->children[part];
	struct str words[16], lines[16];
	struct process_variable variables[16];
	struct error error = {0};
	char port[8];

	snprintf(port, sizeof port, "%u", (unsigned)demo_choose_port(demo, plan->usual_port));
	demo_set(demo, STR("port"), str_from(port));

	struct process_options options = {
		.words = words,
		.words_count =
			demo_split(demo_expand(demo, demo->arena, plan->words), ' ', words, 16),
		.variables = variables,
		.variables_count = demo_split(demo_expand(demo, demo->arena, plan->variables), '\n',
					      lines, 16),
		.line = demo_child_line,
		.exited = demo_child_exited,
		.data = child,
	};

	for (size_t i = 0; i < options.variables_count; i++)
		str_split_once(lines[i], '=', &variables[i].name, &variables[i].value);
	child->demo = demo;
	child->part = part;
	child->started_us = world_monotonic_us(demo->world);
	child->process = process_start(demo->world, &options, &error);
	if (child->process == NULL) {
		demo_say(demo, "  %s could not be started: %s", plan->name, error.text);
		demo_stop_children(demo, DEMO_EXIT_CHILD_FAILED);
		return false;
	}
	return true;
}

static void demo_start_next_part(struct demo *demo)
{
	if (demo->started == DEMO_PARTS) {
		demo_begin_step(demo);
		return;
	}
	if (demo_start_part(demo, (enum demo_part)demo->started++))
		timer_start(demo->world, &demo->ready_timeout, DEMO_READY_TIMEOUT_US,
			    demo_ready_timed_out);
}

/* Steps. */

static void demo_end_call(struct demo *demo)
{
	http_body_collector_stop(demo->collector);
	demo->collector = NULL;
	http_call_release(demo->call);
	demo->call = NULL;
	arena_destroy(demo->call_arena);
	demo->call_arena = NULL;
}

static const struct {
	const char *url; /* as a person would type it */
	const char *port;
	const char *host;
} demo_targets[] = {
	[DEMO_PORTAL] = {"http://127.0.0.1:{portal_port}", "{portal_port}", "127.0.0.1"},
	[DEMO_STAGING] = {"http://hello-staging.localhost:{staging_port}", "{staging_port}",
			  "hello-staging.localhost"},
	[DEMO_PRODUCTION] = {"http://hello.localhost:{production_port}", "{production_port}",
			     "hello.localhost"},
};

static void demo_finish(struct demo *demo)
{
	static const char *const lines[] = {
		"Everything is up. Try, from another terminal:",
		"",
		"  a call through the staging gateway",
		"    curl "
		"'http://hello-staging.localhost:{staging_port}/hello?user_key={user_key}'",
		"  the same through the production gateway",
		"    curl 'http://hello.localhost:{production_port}/hello?user_key={user_key}'",
		"  which rules matched, what was counted",
		"    curl -i -H 'X-3scale-debug: {service_token}' "
		"'http://hello-staging.localhost:{staging_port}/hello?user_key={user_key}'",
		"  what backend says about the application",
		"    curl 'http://127.0.0.1:{backend_port}/transactions/authorize.xml"
		"?service_token={service_token}&service_id={service_id}&user_key={user_key}'",
		"  the services of the portal",
		"    curl 'http://127.0.0.1:{portal_port}/admin/api/services.json"
		"?access_token={access_token}'",
		"  the API behind it all",
		"    curl 'http://127.0.0.1:{echo_port}/hello'",
		"",
		"Ctrl-C stops everything.",
	};

	demo_say(demo, "%s", "");
	if (demo->once) {
		demo_say(demo, "%zu steps, %zu not as expected", demo_steps_count, demo->failures);
		demo_stop_children(demo, demo->failures == 0 ? 0 : 1);
		return;
	}
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct str line = demo_expand(demo, demo->arena, lines[i]);

		log_write(demo->world, LOG_STDOUT, line);
	}
}

static void demo_next_step(struct demo *demo)
{
	demo->step++;
	demo->tries = 0;
	if (demo->step < demo_steps_count)
		demo_begin_step(demo);
	else
		demo_finish(demo);
}

static void demo_retry(struct timer *timer)
{
	demo_begin_step(LIST_ENTRY(timer, struct demo, retry));
}

static void demo_print_result(struct demo *demo, const struct demo_step *step, int status,
			      struct str body, bool as_expected)
{
	struct str target = demo_expand(demo, demo->call_arena, step->path);
	struct str url = demo_expand(demo, demo->call_arena, demo_targets[step->target].url);
	struct str remark =
		demo_expand(demo, demo->call_arena, step->remark != NULL ? step->remark : "");

	if (str_is_empty(remark) && step->target != DEMO_PORTAL && body.size < 60)
		remark = body;
	demo_say(demo, "  %-5s %.*s%.*s", step->method, STR_ARG(url), STR_ARG(target));
	demo_say(demo, "        %d%s%.*s", status, remark.size > 0 ? "  " : "", STR_ARG(remark));
	if (!as_expected)
		demo_say(demo, "        NOT AS EXPECTED: wanted %d%s%s, body: %.*s", step->status,
			 step->body_contains != NULL ? " with " : "",
			 step->body_contains != NULL ? step->body_contains : "",
			 STR_ARG(str_slice(body, 0, 300)));
}

static void demo_answered(struct demo *demo, int status, struct str body)
{
	const struct demo_step *step = &demo_steps[demo->step];
	bool as_expected = status == step->status &&
			   (step->body_contains == NULL ||
			    str_find(body, str_from(step->body_contains)) != STR_NOT_FOUND);
	char tries[16];

	demo->tries++;
	if (!as_expected && demo->tries < step->tries) {
		demo_end_call(demo);
		timer_start(demo->world, &demo->retry, DEMO_RETRY_US, demo_retry);
		return;
	}
	snprintf(tries, sizeof tries, "%d", demo->tries);
	demo_set(demo, STR("tries"), str_from(tries));
	if (as_expected && step->capture != NULL) {
		const struct json *json =
			json_parse(demo->call_arena, body, LIMIT_PORTAL_BODY_BYTES, NULL);
		struct str value = json_scalar_text(json_path(json, step->capture_path));

		as_expected = value.size > 0;
		demo_set(demo, str_from(step->capture), value);
		if (str_equal(str_from(step->capture), STR("version")))
			demo_set(demo, STR("service_token"),
				 json_str(json_path(json, "proxy_config.content."
							  "backend_authentication_value")));
	}
	if (!as_expected)
		demo->failures++;
	demo_print_result(demo, step, status, body, as_expected);
	demo_end_call(demo);
	demo_next_step(demo);
}

static void demo_call_collected(enum http_collect_result result, struct str body, void *data)
{
	struct demo *demo = data;

	demo->collector = NULL;
	demo_answered(demo, result == HTTP_COLLECTED ? demo->call->response.status : 0, body);
}

static void demo_call_answered(struct http_call *call, void *data)
{
	struct demo *demo = data;

	demo->collector = http_body_collect(http_call_take_body(call), LIMIT_PORTAL_BODY_BYTES,
					    demo->call_arena, demo_call_collected, demo);
}

static void demo_call_failed(struct http_call *call, void *data)
{
	demo_answered(data, 0, http_failure_text(call->failure));
}

static void demo_begin_step(struct demo *demo)
{
	const struct demo_step *step = &demo_steps[demo->step];
	struct arena *arena = demo->call_arena = arena_create();
	struct http_fields fields;
	int64_t port = 0;

	if (step->title != NULL && demo->tries == 0)
		demo_say(demo, "\n%s", step->title);
	http_fields_init(&fields, arena);

	struct str port_text = demo_expand(demo, arena, demo_targets[step->target].port);

	str_to_int64(port_text, &port);
	http_fields_add(
		&fields, STR("Host"),
		STR_CONCAT(arena, str_from(demo_targets[step->target].host), STR(":"), port_text));
	if (step->target == DEMO_PORTAL)
		http_fields_add(&fields, STR("Authorization"),
				STR_CONCAT(arena, STR("Basic "),
					   base64_encode(arena, STR(DEMO_ACCESS_TOKEN ":"))));
	if (step->form != NULL)
		http_fields_add(&fields, STR("Content-Type"),
				STR("application/x-www-form-urlencoded"));

	struct http_call_options options = {
		.method = str_from(step->method),
		.host = str_from(demo_targets[step->target].host),
		.port = (uint16_t)port,
		.connect_address = STR("127.0.0.1"),
		.target = demo_expand(demo, arena, step->path),
		.fields = &fields,
		.body = step->form != NULL
				? http_body_from_str(demo_expand(demo, arena, step->form))
				: NULL,
	};

	demo->call =
		http_call_start(demo->world, &options, demo_call_answered, demo_call_failed, demo);
}

/* The component. */

static void *demo_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	bool once = false;
	const struct option options[] = {
		{"once", 0, OPTION_FLAG, &once, NULL, NULL, "end after the last step"},
	};
	size_t words_count;

	if (!options_parse(options, sizeof options / sizeof *options, arguments, count, NULL, 0,
			   &words_count, error)) {
		*exit_status = 2;
		return NULL;
	}

	struct demo *demo = MEMORY_NEW(struct demo);

	demo->world = world;
	demo->once = once;
	demo->arena = arena_create();
	demo->variables = map_create(0);
	demo_set(demo, STR("user_key"), STR(DEMO_USER_KEY));
	demo_set(demo, STR("access_token"), STR(DEMO_ACCESS_TOKEN));
	world_on_stop(world, demo_stop_requested, demo);
	demo_say(demo, "refscale demo: portal, backend, two gateways and an API on this machine");
	demo_start_next_part(demo);
	return demo;
}

static void demo_destroy(void *instance)
{
	struct demo *demo = instance;

	timer_stop(&demo->ready_timeout);
	timer_stop(&demo->retry);
	demo_end_call(demo);
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->children[i].process != NULL)
			process_kill(demo->world, demo->children[i].process);
		for (size_t line = 0; line < DEMO_LINES_KEPT; line++)
			free((char *)(uintptr_t)demo->children[i].lines[line].data);
	}
	map_destroy(demo->variables);
	arena_destroy(demo->arena);
	free(demo);
}

const struct component demo_component = {
	.name = "demo",
	.help = "the whole stack on this machine, provisioned and shown at work",
	.start = demo_start,
	.stop = demo_destroy,
};
