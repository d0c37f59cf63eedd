#include "sim/data/sentinel_internal.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/error.h"
#include "base/url.h"

#define PORT_DEFAULT 26379
#define TICK_US (SECOND_US / 10)
#define DOWN_AFTER_DEFAULT_US (30 * SECOND_US)
#define FAILOVER_TIMEOUT_DEFAULT_US (180 * SECOND_US)

int64_t sentinel_now_us(const struct sentinel *sentinel)
{
	return world_monotonic_us(sentinel_world(sentinel));
}

struct watched_master *sentinel_group(struct sentinel *sentinel, struct str name)
{
	LIST_EACH (link, &sentinel->masters) {
		struct watched_master *group = LIST_ENTRY(link, struct watched_master, link);

		if (str_equal(group->name, name))
			return group;
	}
	return NULL;
}

/* Where the others reach it: on the loopback when the master is there. */
struct str sentinel_own_address(const struct watched_master *group)
{
	if (group->master != NULL && net_is_loopback(group->master->address))
		return STR("127.0.0.1");
	return group->sentinel->process->host->address;
}

/* Configuration: `sentinel WORD ...` lines. */

static bool set_monitor(struct sentinel *sentinel, const struct redis_directive *directive)
{
	const struct str *values = directive->values;
	struct watched_master *group;
	uint16_t port;
	int64_t quorum;

	if (directive->count != 5 || !str_to_uint16(values[3], &port) ||
	    !str_to_int64(values[4], &quorum) || quorum < 1 ||
	    sentinel_group(sentinel, values[1]) != NULL)
		return false;
	group = MEMORY_NEW(struct watched_master);
	*group = (struct watched_master){
		.sentinel = sentinel,
		.name = values[1],
		.host = values[2],
		.quorum = quorum,
		.down_after_us = DOWN_AFTER_DEFAULT_US,
		.failover_timeout_us = FAILOVER_TIMEOUT_DEFAULT_US,
	};
	list_init(&group->replicas);
	list_init(&group->sentinels);
	list_append(&sentinel->masters, &group->link);
	group->master = instance_create(group, INSTANCE_MASTER, values[2], port);
	return true;
}

static bool set_span(const struct redis_directive *directive, int64_t *span_us)
{
	int64_t span_ms;

	if (!str_to_int64(directive->values[2], &span_ms) || span_ms < 1)
		return false;
	*span_us = span_ms * 1000;
	return true;
}

static bool set_group_option(struct sentinel *sentinel, const struct redis_directive *directive)
{
	struct str word = directive->values[0];
	struct watched_master *group;

	if (directive->count != 3)
		return false;
	group = sentinel_group(sentinel, directive->values[1]);
	if (group == NULL)
		return false;
	if (str_equal_nocase(word, STR("down-after-milliseconds")))
		return set_span(directive, &group->down_after_us);
	if (str_equal_nocase(word, STR("failover-timeout")))
		return set_span(directive, &group->failover_timeout_us);
	if (str_equal_nocase(word, STR("auth-pass")))
		group->node_password = directive->values[2];
	else
		return str_equal_nocase(word, STR("parallel-syncs"));
	return true;
}

static bool set_sentinel(struct sentinel *sentinel, const struct redis_directive *directive)
{
	struct str word = directive->count > 0 ? directive->values[0] : STR("");

	if (directive->count == 0) /* `--sentinel` */
		return true;
	if (str_equal_nocase(word, STR("monitor")))
		return set_monitor(sentinel, directive);
	if (directive->count == 2 && str_equal_nocase(word, STR("resolve-hostnames")))
		sentinel->resolves_names = str_equal_nocase(directive->values[1], STR("yes"));
	else if (directive->count == 2 && str_equal_nocase(word, STR("sentinel-pass")))
		sentinel->sentinel_password = directive->values[1];
	else
		return set_group_option(sentinel, directive);
	return true;
}

static bool set_directive(struct sentinel *sentinel, const struct redis_directive *directive)
{
	static const struct str ignored[] = {STR_INIT("dir"), STR_INIT("logfile"),
					     STR_INIT("loglevel"), STR_INIT("protected-mode")};

	if (str_equal_nocase(directive->name, STR("sentinel")))
		return set_sentinel(sentinel, directive);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		if (str_equal_nocase(directive->name, ignored[i]))
			return true;
	}
	if (directive->count != 1)
		return false;
	if (str_equal_nocase(directive->name, STR("port")))
		return str_to_uint16(directive->values[0], &sentinel->port);
	if (str_equal_nocase(directive->name, STR("bind")))
		sentinel->address = directive->values[0];
	else if (str_equal_nocase(directive->name, STR("requirepass")))
		sentinel->password = directive->values[0];
	else
		return false;
	return true;
}

static bool check_names(struct sentinel *sentinel, struct error *error)
{
	LIST_EACH (link, &sentinel->masters) {
		struct watched_master *group = LIST_ENTRY(link, struct watched_master, link);

		if (!sentinel->resolves_names && !url_host_is_ip(group->host))
			return error_set(error, ERROR_INVALID,
					 "FATAL CONFIG FILE ERROR: 'sentinel monitor %.*s': Can't "
					 "resolve instance hostname.",
					 STR_ARG(group->name));
	}
	return true;
}

static bool read_configuration(struct sentinel *sentinel, const struct str *arguments, size_t count,
			       struct error *error)
{
	struct redis_config config;

	if (!redis_config_read(sentinel_world(sentinel), arguments, count, sentinel->arena, &config,
			       error))
		return false;
	for (size_t i = 0; i < config.count; i++) {
		if (!set_directive(sentinel, &config.directives[i]))
			return redis_config_refuse(&config.directives[i], error);
	}
	if (sentinel->sentinel_password.size == 0)
		sentinel->sentinel_password = sentinel->password;
	return check_names(sentinel, error);
}

/* Life. */

static void group_free(struct watched_master *group)
{
	struct list_link *link;

	if (group->query != NULL)
		dns_cancel(sentinel_world(group->sentinel), group->query);
	instance_destroy(group->master);
	while ((link = list_take_first(&group->replicas)) != NULL)
		instance_destroy(LIST_ENTRY(link, struct instance, link));
	while ((link = list_take_first(&group->sentinels)) != NULL)
		instance_destroy(LIST_ENTRY(link, struct instance, link));
	free(group);
}

static void sentinel_stop(void *instance)
{
	struct sentinel *sentinel = instance;
	struct list_link *link;

	timer_stop(&sentinel->tick);
	resp_server_close(&sentinel->server);
	while ((link = list_take_first(&sentinel->masters)) != NULL)
		group_free(LIST_ENTRY(link, struct watched_master, link));
	arena_destroy(sentinel->arena);
	free(sentinel);
}

/* Uneven, so that Sentinels which saw the same do not all stand for election at once. */
static int64_t next_tick_us(const struct sentinel *sentinel)
{
	return TICK_US / 2 +
	       (int64_t)(world_chance(sentinel_world(sentinel)) % (uint64_t)(TICK_US / 2));
}

static void tick_is_due(struct timer *timer)
{
	struct sentinel *sentinel = LIST_ENTRY(timer, struct sentinel, tick);

	timer_start(sentinel_world(sentinel), timer, next_tick_us(sentinel), tick_is_due);
	LIST_EACH (link, &sentinel->masters) {
		struct watched_master *group = LIST_ENTRY(link, struct watched_master, link);

		if (group->query != NULL)
			continue;
		group_watch(group);
		group_judge(group);
	}
}

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct watched_master *group = data;

	group->query = NULL;
	if (status == DNS_OK && count > 0) /* else the name itself is tried */
		group->master->address = str_copy(group->sentinel->arena, records[0].address);
	group->master->heard_us = sentinel_now_us(group->sentinel);
}

static void begin_watching(struct sentinel *sentinel)
{
	LIST_EACH (link, &sentinel->masters) {
		struct watched_master *group = LIST_ENTRY(link, struct watched_master, link);
		struct dns_question question = {.name = group->host};

		redis_log(sentinel_world(sentinel), 'X', '#',
			  "+monitor master %.*s %.*s %u quorum %d", STR_ARG(group->name),
			  STR_ARG(group->host), (unsigned)group->master->port, (int)group->quorum);
		group->query =
			dns_resolve(sentinel_world(sentinel), &question, name_answered, group);
	}
	timer_start(sentinel_world(sentinel), &sentinel->tick, 0, tick_is_due);
}

static struct str make_run_id(struct sentinel *sentinel)
{
	unsigned long long parts[3];

	for (size_t i = 0; i < 3; i++)
		parts[i] = (unsigned long long)world_chance(sentinel_world(sentinel));
	return str_format(sentinel->arena, "%016llx%016llx%08llx", parts[0], parts[1],
			  parts[2] & 0xffffffffULL);
}

static void *sentinel_start(struct world *world, const struct str *arguments, size_t count,
			    int *exit_status, struct error *error)
{
	struct sentinel *sentinel = MEMORY_NEW(struct sentinel);

	sentinel->arena = arena_create();
	sentinel->process = process_of(world);
	sentinel->port = PORT_DEFAULT;
	list_init(&sentinel->masters);
	resp_server_init(&sentinel->server, sentinel->process, &sentinel_server_events, sentinel);
	*exit_status = 1;
	if (!read_configuration(sentinel, arguments, count, error) ||
	    !resp_server_listen(&sentinel->server, sentinel->address, sentinel->port, error)) {
		sentinel_stop(sentinel);
		return NULL;
	}
	sentinel->run_id = make_run_id(sentinel);
	redis_log(world, 'X', '#', "Sentinel ID is %.*s", STR_ARG(sentinel->run_id));
	begin_watching(sentinel);
	return sentinel;
}

const struct component redis_sentinel_component = {
	.name = "redis-sentinel",
	.help = "watches Redis nodes and fails over",
	.start = sentinel_start,
	.stop = sentinel_stop,
};
