/* The children: backend, echo, portal and two gateways, one after the other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "demo/demo_internal.h"
#include "world/http_server.h"
#include "world/process.h"

#define READY_PATIENCE_US INT64_C(20000000)
#define STOP_PATIENCE_US INT64_C(5000000)
#define WORDS_MAX 16
#define SHOWN_LINE_BYTES 1000

#define INTERNAL_USER "demo"
#define INTERNAL_PASSWORD "demo-internal-password"

static const struct {
	const char *name;  /* in the transcript; its ready line's "port=N" becomes {NAME_port} */
	const char *words; /* blank separated; {port} is the usual one, or 0 for a free one */
	uint16_t usual_port;
	const char *variables; /* NAME=value, one a line */
} parts[DEMO_PARTS] = {
	[DEMO_PART_BACKEND] = {"backend",
			       "refscale backend --bind 127.0.0.1 --port {port} --store :memory: "
			       "--store-port 0",
			       3000,
			       "CONFIG_INTERNAL_API_USER=" INTERNAL_USER "\n"
			       "CONFIG_INTERNAL_API_PASSWORD=" INTERNAL_PASSWORD},
	[DEMO_PART_ECHO] = {"echo", "refscale echo --address 127.0.0.1 --port {port}", 8082, ""},
	[DEMO_PART_PORTAL] = {"portal",
			      "refscale portal --address 127.0.0.1 --port {port} "
			      "--database :memory:",
			      3001,
			      "ADMIN_ACCESS_TOKEN=" DEMO_ACCESS_TOKEN "\n"
			      "MASTER_ACCESS_TOKEN=demo-master-token\n"
			      "TENANT_NAME=demo\n"
			      "THREESCALE_SUPERDOMAIN=localhost\n"
			      "ROLLING_UPDATES=active_docs_proxy=on\n"
			      "ACTIVE_DOCS_PROXY_PRIVATE=1\n"
			      "APICAST_BACKEND_ROOT_ENDPOINT=http://127.0.0.1:{backend_port}\n"
			      "BACKEND_ENDPOINT=http://127.0.0.1:{backend_port}\n"
			      "BACKEND_REDIS_URL=redis://127.0.0.1:{backend_store_port}\n"
			      "CONFIG_INTERNAL_API_USER=" INTERNAL_USER "\n"
			      "CONFIG_INTERNAL_API_PASSWORD=" INTERNAL_PASSWORD},
	[DEMO_PART_STAGING] =
		{"staging",
		 "refscale gateway --address 127.0.0.1 --port {port} --management-port 0 "
		 "--metrics-port 0 --echo-port 0",
		 8080,
		 "THREESCALE_PORTAL_ENDPOINT=http://" DEMO_ACCESS_TOKEN "@127.0.0.1:{portal_port}\n"
		 "THREESCALE_DEPLOYMENT_ENV=staging\n"
		 "APICAST_WORKERS=1"},
	/* One second instead of the usual 300, so that nobody waits for a promotion to arrive, at
	 * the only worker, so that all calls see it. */
	[DEMO_PART_PRODUCTION] =
		{"production",
		 "refscale gateway --address 127.0.0.1 --port {port} --management-port 0 "
		 "--metrics-port 0 --echo-port 0",
		 8081,
		 "THREESCALE_PORTAL_ENDPOINT=http://" DEMO_ACCESS_TOKEN "@127.0.0.1:{portal_port}\n"
		 "THREESCALE_DEPLOYMENT_ENV=production\n"
		 "APICAST_CONFIGURATION_CACHE=1\n"
		 "APICAST_WORKERS=1"},
};

static void start_next_part(struct demo *demo);
static void child_start(struct demo_child *child, uint16_t port);

/* What children say. */

static void keep_line(struct demo_child *child, struct str line)
{
	struct str *place = &child->lines[child->lines_count++ % DEMO_LINES_KEPT];
	char *copy = memory_alloc(line.size + 1);

	if (line.size > 0)
		memcpy(copy, line.data, line.size);
	free((char *)(uintptr_t)place->data);
	*place = str_of(copy, line.size);
}

void demo_stack_show_lines(struct demo *demo, enum demo_part part)
{
	const struct demo_child *child = &demo->stack.children[part];
	size_t count = child->lines_count;

	demo_say(demo, "    %s of %s:", count > 0 ? "last lines" : "no output", parts[part].name);
	for (size_t i = count > DEMO_LINES_KEPT ? count - DEMO_LINES_KEPT : 0; i < count; i++) {
		struct str line = child->lines[i % DEMO_LINES_KEPT];

		demo_say(demo, "      %.*s", STR_ARG(str_slice(line, 0, SHOWN_LINE_BYTES)));
	}
}

/* "ready NAME key=value ...": each becomes a variable {PART_key}. */
static void child_is_ready(struct demo_child *child, struct str line)
{
	struct demo *demo = child->demo;
	const char *part = parts[child->part].name;
	struct str field, name, value, url;

	while (str_next_field(&line, ' ', &field)) {
		if (str_split_once(field, '=', &name, &value))
			demo_set(demo, STR_CONCAT(demo->arena, str_from(part), STR("_"), name),
				 value);
	}
	url = STR_CONCAT(demo->arena, STR("http://127.0.0.1:{"), str_from(part), STR("_port}"));
	url = demo_expand(demo, demo->arena, str_cstr(demo->arena, url));
	demo_say(demo, "  %-11s ready %5" PRId64 " ms   %.*s", part,
		 (world_monotonic_us(demo->world) - child->started_us) / 1000, STR_ARG(url));
	child->is_ready = true;
	timer_stop(&demo->stack.patience);
	start_next_part(demo);
}

static void child_said(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct demo_child *child = data;

	(void)process;
	keep_line(child, line);
	if (!is_stderr && !child->is_ready && !child->demo->is_ending &&
	    str_has_prefix(line, STR("ready ")))
		child_is_ready(child, line);
}

/* Their end. */

static bool any_is_running(const struct demo *demo)
{
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->stack.children[i].process != NULL)
			return true;
	}
	return false;
}

static void child_failed(struct demo_child *child, const char *how)
{
	demo_say(child->demo, "  %-11s %s", parts[child->part].name, how);
	demo_stack_show_lines(child->demo, child->part);
	demo_end(child->demo, DEMO_EXIT_CHILD_FAILED);
}

static void child_exited(struct process *process, int status, void *data)
{
	struct demo_child *child = data;
	struct demo *demo = child->demo;
	char how[64];

	(void)process;
	child->process = NULL;
	if (demo->is_ending) {
		if (!any_is_running(demo)) {
			timer_stop(&demo->stack.patience);
			demo_stack_ended(demo);
		}
		return;
	}
	/* Somebody else may have taken the port since it was looked at. */
	if (!child->is_ready && child->has_usual_port) {
		child_start(child, 0);
		return;
	}
	snprintf(how, sizeof how, "ended with status %d", status);
	child_failed(child, how);
}

void demo_stack_kill(struct demo *demo)
{
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		struct process *process = demo->stack.children[i].process;

		if (process != NULL)
			process_kill(demo->world, process);
	}
}

static void stop_patience_is_over(struct timer *timer)
{
	struct demo *demo = LIST_ENTRY(timer, struct demo, stack.patience);

	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->stack.children[i].process != NULL)
			demo_say(demo, "  %-11s does not stop, killed", parts[i].name);
	}
	demo_stack_kill(demo);
}

void demo_stack_stop(struct demo *demo)
{
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		if (demo->stack.children[i].process != NULL)
			process_stop(demo->world, demo->stack.children[i].process);
	}
	if (any_is_running(demo))
		timer_start(demo->world, &demo->stack.patience, STOP_PATIENCE_US,
			    stop_patience_is_over);
	else
		demo_stack_ended(demo);
}

void demo_stack_free(struct demo *demo)
{
	timer_stop(&demo->stack.patience);
	demo_stack_kill(demo);
	for (size_t i = 0; i < DEMO_PARTS; i++) {
		for (size_t line = 0; line < DEMO_LINES_KEPT; line++)
			free((char *)(uintptr_t)demo->stack.children[i].lines[line].data);
	}
}

/* Their start. */

static void ready_patience_is_over(struct timer *timer)
{
	struct demo *demo = LIST_ENTRY(timer, struct demo, stack.patience);
	char how[64];

	snprintf(how, sizeof how, "not ready after %d s", (int)(READY_PATIENCE_US / 1000000));
	child_failed(&demo->stack.children[demo->stack.started - 1], how);
}

static bool port_is_free(struct demo *demo, uint16_t port)
{
	struct http_listen_options options = {.port = port};
	struct http_listener *listener = http_listen(demo->world, &options, NULL, NULL, NULL);

	http_listener_close(demo->world, listener);
	return listener != NULL;
}

static size_t split(struct str text, char separator, struct str *pieces)
{
	size_t count = 0;

	while (count < WORDS_MAX && str_next_field(&text, separator, &pieces[count]))
		count++;
	return count;
}

static void child_start(struct demo_child *child, uint16_t port)
{
	struct demo *demo = child->demo;
	struct str words[WORDS_MAX], lines[WORDS_MAX];
	struct process_variable variables[WORDS_MAX];
	struct error error = {0};

	child->has_usual_port = port != 0;
	child->lines_count = 0;
	demo_set(demo, STR("port"), str_format(demo->arena, "%u", (unsigned)port));

	struct process_options options = {
		.words = words,
		.words_count =
			split(demo_expand(demo, demo->arena, parts[child->part].words), ' ', words),
		.variables = variables,
		.variables_count = split(
			demo_expand(demo, demo->arena, parts[child->part].variables), '\n', lines),
		.line = child_said,
		.exited = child_exited,
		.data = child,
	};

	for (size_t i = 0; i < options.variables_count; i++)
		str_split_once(lines[i], '=', &variables[i].name, &variables[i].value);
	timer_start(demo->world, &demo->stack.patience, READY_PATIENCE_US, ready_patience_is_over);
	child->process = process_start(demo->world, &options, &error);
	if (child->process == NULL)
		child_failed(child, error.text);
}

static void start_next_part(struct demo *demo)
{
	if (demo->stack.started == DEMO_PARTS) {
		demo_play_start(demo);
		return;
	}

	enum demo_part part = (enum demo_part)demo->stack.started++;
	struct demo_child *child = &demo->stack.children[part];
	uint16_t port = parts[part].usual_port;

	child->demo = demo;
	child->part = part;
	child->started_us = world_monotonic_us(demo->world);
	child_start(child, port_is_free(demo, port) ? port : 0);
}

void demo_stack_start(struct demo *demo)
{
	start_next_part(demo);
}
