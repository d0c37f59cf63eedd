#include "conformance/runner/target.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/url.h"
#include "base/utc.h"
#include "conformance/runner/client.h"
#include "world/http_server.h"

#define PROBE_PAUSE_US 20000
#define PROBE_TIMEOUT_MS 2000
#define STOP_GRACE_US 2000000
#define RELEASE_DEFAULT STR("2.6")

static const struct str port_names[TARGET_PORTS] = {
	[TARGET_PROXY] = STR_INIT("proxy"),     [TARGET_MANAGEMENT] = STR_INIT("management"),
	[TARGET_METRICS] = STR_INIT("metrics"), [TARGET_ECHO] = STR_INIT("echo"),
	[TARGET_HTTPS] = STR_INIT("https"),
};

/* In commands and in the ready line. */
static const struct str port_placeholders[TARGET_PORTS] = {
	[TARGET_PROXY] = STR_INIT("port"),
	[TARGET_MANAGEMENT] = STR_INIT("management_port"),
	[TARGET_METRICS] = STR_INIT("metrics_port"),
	[TARGET_ECHO] = STR_INIT("echo_port"),
	[TARGET_HTTPS] = STR_INIT("https_port"),
};

bool target_port_from_name(struct str name, enum target_port *port)
{
	for (int i = 0; i < TARGET_PORTS; i++) {
		if (str_equal(name, port_names[i])) {
			*port = (enum target_port)i;
			return true;
		}
	}
	return false;
}

bool target_plan_is_refscale(const struct target_plan *plan)
{
	return plan->start_command.size == 0 && plan->url.size == 0;
}

static bool is_listening_role(struct str role)
{
	return role.size == 0 || str_equal(role, STR("all")) || str_equal(role, STR("listener"));
}

/* The command for that role; empty: there is none. */
static struct str role_command(const struct target_plan *plan, struct str role)
{
	if (is_listening_role(role))
		return plan->start_command;
	if (str_equal(role, STR("worker")))
		return plan->worker_command;
	return str_equal(role, STR("cron")) ? plan->cron_command : STR("");
}

bool target_plan_has_role(const struct target_plan *plan, struct str role)
{
	return target_plan_is_refscale(plan) || role_command(plan, role).size > 0;
}

static bool names_port(struct str command, enum target_port port)
{
	struct str name = port_placeholders[port];
	size_t at;

	while ((at = str_find(command, name)) != STR_NOT_FOUND) {
		if (at > 0 && command.data[at - 1] == '{' && at + name.size < command.size &&
		    command.data[at + name.size] == '}')
			return true;
		command = str_skip(command, at + name.size);
	}
	return false;
}

bool target_plan_has_port(const struct target_plan *plan, enum target_port port)
{
	if (port == TARGET_MANAGEMENT && plan->management_url.size > 0)
		return true;
	if (plan->url.size > 0)
		return port == TARGET_PROXY;
	return port == TARGET_HTTPS || plan->start_command.size == 0 ||
	       names_port(plan->start_command, port);
}

static void change_state(struct target *target, enum target_state state)
{
	target->state = state;
	wire_touch(target->wire);
	target->changed(target, target->data);
}

/* refscale. */

/* A backend's metrics have a port for each of its roles. */
static bool is_name_of(struct str name, enum target_port port)
{
	return str_equal(name, port_placeholders[port]) ||
	       (port == TARGET_METRICS && (str_equal(name, STR("worker_metrics_port")) ||
					   str_equal(name, STR("listener_metrics_port"))));
}

/* "ready gateway port=8080 management_port=8090 ..." */
static void read_ready_line(struct target *target, struct str line)
{
	struct str word, name, value;

	while (str_next_field(&line, ' ', &word)) {
		for (int i = 0; i < TARGET_PORTS; i++) {
			if (str_split_once(word, '=', &name, &value) &&
			    is_name_of(name, (enum target_port)i))
				str_to_uint16(value, &target->ports[i]);
		}
	}
	change_state(target, TARGET_READY);
}

static void line_came(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct target *target = data;

	(void)process;
	wire_add_log(target->wire, target->name, line);
	if (!is_stderr && target->state == TARGET_STARTING && str_has_prefix(line, STR("ready ")) &&
	    target_plan_is_refscale(target->plan))
		read_ready_line(target, line);
}

static void exited(struct process *process, int status, void *data)
{
	struct target *target = data;

	(void)process;
	target->process = NULL;
	target->exit_status = status;
	timer_stop(&target->timer);
	client_cancel(target->probe);
	target->probe = NULL;
	change_state(target, TARGET_ENDED);
}

static void add_word(struct target *target, struct str *words, size_t *count, struct str word)
{
	words[(*count)++] = str_copy(target->arena, word);
}

static void add_number(struct target *target, struct str *words, size_t *count, const char *option,
		       int64_t number)
{
	add_word(target, words, count, str_from(option));
	words[(*count)++] = str_format(target->arena, "%" PRId64, number);
}

static void add_release(struct target *target, struct str *words, size_t *count)
{
	if (target->release.size == 0)
		return;
	add_word(target, words, count, STR("--release"));
	add_word(target, words, count, target->release);
}

static size_t gateway_words(struct target *target, const struct json *environment,
			    struct str *words)
{
	static const struct str fixed[] = {
		STR_INIT("refscale"),          STR_INIT("gateway"),
		STR_INIT("--management-port"), STR_INIT("0"),
		STR_INIT("--metrics-port"),    STR_INIT("0"),
		STR_INIT("--echo-port"),       STR_INIT("0"),
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		add_word(target, words, &count, fixed[i]);
	(void)environment;
	add_number(target, words, &count, "--port", target->port);
	return count;
}

/* Where a Redis of the case is named, the target's data are there. */
static bool has_own_redis(const struct json *environment)
{
	return json_get_str(environment, STR("CONFIG_REDIS_PROXY")).size > 0;
}

static size_t backend_words(struct target *target, const struct json *environment,
			    struct str *words)
{
	struct str store = target->plan->store;
	size_t count = 0;

	add_word(target, words, &count, STR("refscale"));
	add_word(target, words, &count, STR("backend"));
	add_word(target, words, &count, target->role.size > 0 ? target->role : STR("all"));
	if (is_listening_role(target->role))
		add_number(target, words, &count, "--port", target->port);
	if (is_listening_role(target->role) && !target->refuses_hooks)
		add_word(target, words, &count, STR("--test-hooks"));
	if (!has_own_redis(environment)) {
		add_word(target, words, &count, STR("--store"));
		add_word(target, words, &count, store.size > 0 ? store : STR(":memory:"));
	}
	add_release(target, words, &count);
	return count;
}

static size_t portal_words(struct target *target, const struct json *environment, struct str *words)
{
	size_t count = 0;

	add_word(target, words, &count, STR("refscale"));
	add_word(target, words, &count, STR("portal"));
	if (target->role.size > 0 && !is_listening_role(target->role))
		add_word(target, words, &count, target->role);
	add_number(target, words, &count, "--port", target->port);
	if (!target->refuses_hooks)
		add_word(target, words, &count, STR("--test-hooks"));
	if (!target->refuses_hooks && target->clock_us != INT64_MIN)
		add_number(target, words, &count, "--test-clock", target->clock_us / UTC_SECOND_US);
	if (json_get(environment, STR("DATABASE_URL")) == NULL &&
	    target->plan->database.size == 0) {
		add_word(target, words, &count, STR("--database"));
		add_word(target, words, &count, STR(":memory:"));
	}
	if (target->resets_database)
		add_word(target, words, &count, STR("--reset-database"));
	add_release(target, words, &count);
	return count;
}

static size_t refscale_words(struct target *target, const struct json *environment,
			     const struct json *arguments, struct str *words)
{
	static size_t (*const words_of[SUITES])(
		struct target * target, const struct json *environment, struct str *words) = {
		[SUITE_GATEWAY] = gateway_words,
		[SUITE_BACKEND] = backend_words,
		[SUITE_PORTAL] = portal_words,
	};
	size_t count = words_of[target->plan->suite](target, environment, words);

	JSON_EACH (argument, arguments)
		add_word(target, words, &count, json_scalar_text(argument));
	return count;
}

bool target_has_hooks(const struct target *target)
{
	return target->plan->suite != SUITE_GATEWAY && target->state == TARGET_READY &&
	       target->ports[TARGET_PROXY] != 0 && !target->refuses_hooks;
}

/* Commands. */

static void probe(struct timer *timer);

static void probed(struct record *record, void *data)
{
	struct target *target = data;

	target->probe = NULL;
	if (record->status != 0)
		change_state(target, TARGET_READY);
	else
		timer_start(target->world, &target->timer, PROBE_PAUSE_US, probe);
}

static const struct str probe_paths[SUITES] = {
	[SUITE_GATEWAY] = STR_INIT("/_threescale/healthz"),
	[SUITE_BACKEND] = STR_INIT("/status"),
	[SUITE_PORTAL] = STR_INIT("/check.txt"),
};

/* Any answer shows that it serves; the path is one that reaches neither backend nor upstream. */
static void probe(struct timer *timer)
{
	struct target *target = LIST_ENTRY(timer, struct target, timer);
	struct client_request request = {
		.address = target->address,
		.port = target->ports[TARGET_PROXY],
		.method = STR("GET"),
		.target = probe_paths[target->plan->suite],
		.timeout_ms = PROBE_TIMEOUT_MS,
	};

	http_fields_init(&request.fields, target->arena);
	http_fields_add(&request.fields, STR("Host"), STR("localhost"));
	http_fields_add(&request.fields, STR("X-Forwarded-Proto"), STR("https"));
	target->probe = client_send(target->world, &target->probe_wire, &request, probed, target);
}

/* All are held until all are known, so that no two are the same. */
static bool reserve_ports(struct target *target, struct placeholders *placeholders,
			  struct error *error)
{
	struct http_listen_options options = {.address = STR("127.0.0.1")};
	struct http_listener *listeners[TARGET_PORTS] = {NULL};
	bool is_reserved = true;

	for (int i = 0; i < TARGET_HTTPS && is_reserved; i++) {
		listeners[i] = http_listen(target->world, &options, NULL, NULL, error);
		is_reserved = listeners[i] != NULL;
	}
	for (int i = 0; i < TARGET_HTTPS && is_reserved; i++) {
		uint16_t port = http_listener_port(target->world, listeners[i]);

		if (names_port(target->plan->start_command, (enum target_port)i))
			target->ports[i] = port;
		placeholders_set(placeholders, port_placeholders[i],
				 str_format(target->arena, "%u", (unsigned)port));
	}
	for (int i = 0; i < TARGET_PORTS; i++)
		http_listener_close(target->world, listeners[i]);
	return is_reserved;
}

/* 'it'\''s' */
static struct str shell_quoted(struct arena *arena, struct str word)
{
	struct str quoted = STR("'"), before, after;

	while (str_split_once(word, '\'', &before, &after)) {
		quoted = STR_CONCAT(arena, quoted, before, STR("'\\''"));
		word = after;
	}
	return STR_CONCAT(arena, quoted, word, STR("'"));
}

static struct str command_of(struct target *target, const struct placeholders *placeholders,
			     const struct json *arguments)
{
	struct str command = placeholders_expand(placeholders, target->arena,
						 role_command(target->plan, target->role));

	JSON_EACH (argument, arguments)
		command = STR_CONCAT(target->arena, command, STR(" "),
				     shell_quoted(target->arena, json_scalar_text(argument)));
	return command;
}

/* Running already. */

static void be_ready(struct timer *timer)
{
	change_state(LIST_ENTRY(timer, struct target, timer), TARGET_READY);
}

static bool use_url(struct target *target, struct error *error)
{
	const struct str urls[] = {target->plan->url, target->plan->management_url};
	const enum target_port ports[] = {TARGET_PROXY, TARGET_MANAGEMENT};

	for (size_t i = 0; i < 2; i++) {
		struct url url;

		if (urls[i].size == 0)
			continue;
		if (!url_parse(urls[i], &url, error))
			return false;
		if (i == 0)
			target->address = url.host;
		target->ports[ports[i]] = url.port;
	}
	timer_start(target->world, &target->timer, 0, be_ready);
	return true;
}

/* All three. */

struct variables {
	struct process_variable *items;
	size_t count;
};

/* Where a case turns backend's metrics on, they are served on a free port, which the ready line
 * tells. A gateway's configuration, names and tokens are each worker's own: without another word of
 * the case there is one (spec/gateway.md 1.1, 7). */
static void add_default_variables(const struct target *target, const struct json *environment,
				  struct variables *variables)
{
	static const struct {
		enum suite suite;
		bool is_refscale;
		struct str name, value;
	} defaults[] = {
		{SUITE_BACKEND, true, STR_INIT("CONFIG_WORKER_PROMETHEUS_METRICS_PORT"),
		 STR_INIT("0")},
		{SUITE_BACKEND, true, STR_INIT("CONFIG_LISTENER_PROMETHEUS_METRICS_PORT"),
		 STR_INIT("0")},
		{SUITE_GATEWAY, false, STR_INIT("APICAST_WORKERS"), STR_INIT("1")},
	};

	const struct str database_url = STR("DATABASE_URL");

	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		if (defaults[i].suite == target->plan->suite &&
		    (!defaults[i].is_refscale || target_plan_is_refscale(target->plan)) &&
		    json_get(environment, defaults[i].name) == NULL)
			variables->items[variables->count++] =
				(struct process_variable){defaults[i].name, defaults[i].value};
	}
	if (target->plan->database.size > 0 && json_get(environment, database_url) == NULL)
		variables->items[variables->count++] =
			(struct process_variable){database_url, target->plan->database};
}

static struct variables variables_of(struct target *target, const struct placeholders *placeholders,
				     const struct json *environment)
{
	struct variables variables = {
		ARENA_ARRAY(target->arena, struct process_variable, environment->count + 3), 0};

	JSON_EACH (variable, environment)
		variables.items[variables.count++] = (struct process_variable){
			variable->key, placeholders_expand(placeholders, target->arena,
							   json_scalar_text(variable))};
	add_default_variables(target, environment, &variables);
	return variables;
}

static bool start_process(struct target *target, const struct placeholders *placeholders,
			  const struct json *environment, const struct json *arguments,
			  struct error *error)
{
	size_t words_max = 24 + (arguments != NULL ? arguments->count : 0);
	struct str *words = ARENA_ARRAY(target->arena, struct str, words_max);
	struct variables variables = variables_of(target, placeholders, environment);
	bool is_refscale = target_plan_is_refscale(target->plan);
	struct process_options options = {
		.words = words,
		.words_count =
			is_refscale ? refscale_words(target, environment, arguments, words) : 0,
		.shell_command =
			is_refscale ? STR("") : command_of(target, placeholders, arguments),
		.variables = variables.items,
		.variables_count = variables.count,
		.inherit_variables = !is_refscale,
		.line = line_came,
		.exited = exited,
		.data = target,
	};

	target->process = process_start(target->world, &options, error);
	if (target->process == NULL)
		return false;
	if (is_refscale)
		return true;
	/* What does not listen cannot be asked whether it is ready. */
	if (is_listening_role(target->role))
		timer_start(target->world, &target->timer, PROBE_PAUSE_US, probe);
	else
		timer_start(target->world, &target->timer, 0, be_ready);
	return true;
}

bool target_start(struct target *target, struct placeholders *placeholders,
		  const struct json *environment, const struct json *arguments, struct error *error)
{
	target->address = STR("127.0.0.1");
	wire_init(&target->probe_wire, target->arena);
	if (target->plan->url.size > 0)
		return use_url(target, error);
	if (!target_plan_is_refscale(target->plan) && !reserve_ports(target, placeholders, error))
		return false;
	str_to_uint16(placeholders_expand(placeholders, target->arena,
					  json_get_str(environment, STR("APICAST_HTTPS_PORT"))),
		      &target->ports[TARGET_HTTPS]);
	placeholders_set(placeholders, STR("release"),
			 target->release.size > 0 ? target->release : RELEASE_DEFAULT);
	return start_process(target, placeholders, environment, arguments, error);
}

static void grace_over(struct timer *timer)
{
	struct target *target = LIST_ENTRY(timer, struct target, timer);

	target->was_killed = true;
	process_kill(target->world, target->process);
}

void target_ask_to_stop(struct target *target)
{
	if (target->process != NULL)
		process_stop(target->world, target->process);
}

void target_kill(struct target *target)
{
	if (target->process == NULL)
		return;
	target->was_killed = true;
	process_kill(target->world, target->process);
}

bool target_stop(struct target *target)
{
	timer_stop(&target->timer);
	client_cancel(target->probe);
	target->probe = NULL;
	if (target->process == NULL)
		return false;
	process_stop(target->world, target->process);
	timer_start(target->world, &target->timer, STOP_GRACE_US, grace_over);
	return true;
}

void target_free(struct target *target)
{
	timer_stop(&target->timer);
	client_cancel(target->probe);
	target->probe = NULL;
	if (target->process != NULL)
		process_kill(target->world, target->process);
	wire_free(&target->probe_wire);
}
