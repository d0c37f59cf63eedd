#include "demo/demo.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/options.h"
#include "demo/demo_internal.h"
#include "demo/demo_steps.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/log.h"

#define DEMO_ONE_LINE_BYTES 300

/* Variables and templates. */

void demo_set(struct demo *demo, struct str name, struct str value)
{
	struct str *kept = ARENA_NEW(demo->arena, struct str);

	*kept = str_copy(demo->arena, value);
	map_put(demo->variables, name, kept);
}

struct str demo_expand(struct demo *demo, struct arena *arena, const char *template)
{
	struct strbuf out;
	struct str rest = str_from(template), before, after, name;

	strbuf_init(&out, LIMIT_LOG_LINE_BYTES);
	while (str_split_once(rest, '{', &before, &after)) {
		const struct str *value;

		str_split_once(after, '}', &name, &rest);
		value = map_get(demo->variables, name);
		strbuf_append(&out, before);
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

/* What it says. */

void demo_say(struct demo *demo, const char *format, ...)
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

struct str demo_one_line(struct arena *arena, struct str text)
{
	struct str shown = str_slice(text, 0, DEMO_ONE_LINE_BYTES);
	char *line = arena_alloc(arena, shown.size);

	for (size_t i = 0; i < shown.size; i++)
		line[i] = (unsigned char)shown.data[i] >= ' ' ? shown.data[i] : ' ';
	return str_trim(str_of(line, shown.size));
}

static void demo_say_where(struct demo *demo)
{
	static const char *const lines[] = {
		"",
		"Everything is up:",
		"  staging     http://hello-staging.localhost:{staging_port}   user_key {user_key}",
		"  production  http://hello.localhost:{production_port}   user_key {user_key}",
		"  portal      http://127.0.0.1:{portal_port}/admin/api/   access_token "
		"{access_token}",
		"  backend     http://127.0.0.1:{backend_port}   service_id {service_id}, "
		"service_token {service_token}",
		"  echo        http://127.0.0.1:{echo_port}   the API behind the gateways",
		"",
		"Try, from another terminal:",
		"  a call through the staging gateway, and through the production gateway",
		"    curl "
		"'http://hello-staging.localhost:{staging_port}/hello?user_key={user_key}'",
		"    curl 'http://hello.localhost:{production_port}/hello?user_key={user_key}'",
		"  which rules matched, and what was counted",
		"    curl -i -H 'X-3scale-debug: {service_token}' "
		"'http://hello-staging.localhost:{staging_port}/hello?user_key={user_key}'",
		"  what backend says about the application",
		"    curl 'http://127.0.0.1:{backend_port}/transactions/authorize.xml"
		"?service_token={service_token}&service_id={service_id}&user_key={user_key}'",
		"  the services of the portal, and the configuration it gives to the gateways",
		"    curl 'http://127.0.0.1:{portal_port}/admin/api/services.json"
		"?access_token={access_token}'",
		"    curl "
		"'http://127.0.0.1:{portal_port}/admin/api/services/{service_id}/proxy/configs"
		"/production/latest.json?access_token={access_token}'",
		"  how often the API was called, hour by hour",
		"    curl 'http://127.0.0.1:{portal_port}/stats/services/{service_id}/usage.json"
		"?metric_name=hits&period=day&access_token={access_token}'",
		"  the health and the metrics of the production gateway",
		"    curl 'http://127.0.0.1:{production_management_port}/status/ready'",
		"    curl 'http://127.0.0.1:{production_metrics_port}/metrics'",
		"",
		"Ctrl-C stops everything.",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		log_write(demo->world, LOG_STDOUT, demo_expand(demo, demo->arena, lines[i]));
}

/* The end. */

static int demo_result(const struct demo *demo)
{
	return demo->play.failures == 0 ? 0 : DEMO_EXIT_STEP_FAILED;
}

void demo_played(struct demo *demo)
{
	size_t left = demo_steps_count - demo->play.step;

	demo->is_played = true;
	demo_say(demo, "\n%zu steps, %zu not as expected%s", demo->play.step, demo->play.failures,
		 left > 0 ? ", the rest not carried out" : "");
	if (demo->once || left > 0)
		demo_end(demo, demo_result(demo));
	else
		demo_say_where(demo);
}

void demo_end(struct demo *demo, int exit_status)
{
	BUG_IF(demo->is_ending);
	demo->is_ending = true;
	demo->exit_status = exit_status;
	demo_play_stop(demo);
	demo_stack_stop(demo);
}

void demo_stack_ended(struct demo *demo)
{
	world_exit(demo->world, demo->exit_status);
}

static void demo_stop_requested(void *data)
{
	struct demo *demo = data;

	if (demo->is_ending) {
		demo_stack_kill(demo);
		return;
	}
	demo_say(demo, "\nStopping.");
	demo_end(demo, demo->once && !demo->is_played ? DEMO_EXIT_INTERRUPTED : demo_result(demo));
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

	if (!component_read_options(world, "demo [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, NULL, 0,
				    &words_count, error)) {
		*exit_status = DEMO_EXIT_USAGE;
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
	demo_say(demo, "refscale demo: portal, backend, two gateways and an API on this machine\n");
	demo_stack_start(demo);
	return demo;
}

static void demo_destroy(void *instance)
{
	struct demo *demo = instance;

	demo_play_stop(demo);
	demo_stack_free(demo);
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
