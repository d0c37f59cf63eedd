/* Who is there and who is up: PING, INFO, and the hellos by which Sentinels find each other. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/error.h"
#include "sim/data/sentinel_internal.h"

#define INFO_US (10 * SECOND_US)
#define INFO_HURRIED_US SECOND_US
#define HELLO_US (2 * SECOND_US)
#define WRONG_ROLE_US (4 * HELLO_US) /* then an instance is told whom to follow */
#define HELLO_FIELDS 8

static int64_t now_of(const struct instance *instance)
{
	return sentinel_now_us(instance->group->sentinel);
}

static const char *kind_name(enum instance_kind kind)
{
	static const char *const names[] = {
		[INSTANCE_MASTER] = "master",
		[INSTANCE_REPLICA] = "slave",
		[INSTANCE_SENTINEL] = "sentinel",
	};

	return names[kind];
}

void group_event(const struct instance *instance, const char *what)
{
	const struct watched_master *group = instance->group;
	struct world *world = sentinel_world(group->sentinel);

	if (instance->kind == INSTANCE_MASTER)
		redis_log(world, 'X', '#', "%s master %.*s %.*s %u", what, STR_ARG(group->name),
			  STR_ARG(instance->address), (unsigned)instance->port);
	else
		redis_log(world, 'X', '#', "%s %s %.*s:%u %.*s %u @ %.*s %.*s %u", what,
			  kind_name(instance->kind), STR_ARG(instance->address),
			  (unsigned)instance->port, STR_ARG(instance->address),
			  (unsigned)instance->port, STR_ARG(group->name),
			  STR_ARG(group->master->address), (unsigned)group->master->port);
}

/* Instances. */

struct instance *instance_create(struct watched_master *group, enum instance_kind kind,
				 struct str address, uint16_t port)
{
	struct instance *instance = MEMORY_NEW(struct instance);

	instance->group = group;
	instance->kind = kind;
	instance->address = str_copy(group->sentinel->arena, address);
	instance->port = port;
	instance->heard_us = now_of(instance);
	return instance;
}

void instance_destroy(struct instance *instance)
{
	if (instance == NULL)
		return;
	list_remove(&instance->link);
	redis_close(instance->client);
	free(instance);
}

static struct instance *group_find(struct list_link *instances, struct str address, uint16_t port)
{
	LIST_EACH (link, instances) {
		struct instance *instance = LIST_ENTRY(link, struct instance, link);

		if (str_equal(instance->address, address) && instance->port == port)
			return instance;
	}
	return NULL;
}

static void instance_open(struct instance *instance)
{
	const struct watched_master *group = instance->group;
	struct str password = instance->kind == INSTANCE_SENTINEL
				      ? group->sentinel->sentinel_password
				      : group->node_password;
	struct arena *arena = arena_create();
	struct redis_options options = {
		.url = str_format(arena, "redis://%s%.*s%s%.*s:%u", password.size > 0 ? ":" : "",
				  STR_ARG(password), password.size > 0 ? "@" : "",
				  STR_ARG(instance->address), (unsigned)instance->port),
		.connect_timeout_ms = group->down_after_us / 1000,
		.command_timeout_ms = group->down_after_us / 1000,
	};

	instance->client = redis_open(sentinel_world(group->sentinel), &options, NULL);
	BUG_IF(instance->client == NULL);
	arena_destroy(arena);
}

void instance_follow(struct instance *instance, struct str address, uint16_t port)
{
	struct arena *arena = arena_create();

	REDIS_SEND(instance->client, NULL, NULL, STR("REPLICAOF"), address,
		   str_format(arena, "%u", (unsigned)port));
	REDIS_SEND(instance->client, NULL, NULL, STR("CONFIG"), STR("REWRITE"));
	REDIS_SEND(instance->client, NULL, NULL, STR("CLIENT"), STR("KILL"), STR("TYPE"),
		   STR("normal"));
	arena_destroy(arena);
}

/* PING. */

static void ping_answered(const struct redis_reply *reply, void *data)
{
	struct instance *instance = data;

	if (reply->kind == REDIS_STATUS ||
	    (reply->kind == REDIS_ERROR && (str_has_prefix(reply->text, STR("LOADING")) ||
					    str_has_prefix(reply->text, STR("MASTERDOWN")))))
		instance->heard_us = now_of(instance);
}

/* INFO. */

static void info_add_replica(struct watched_master *group, struct str value)
{
	struct str field, name, text, address = STR("");
	uint16_t port = 0;

	while (str_next_field(&value, ',', &field)) {
		str_split_once(field, '=', &name, &text);
		if (str_equal(name, STR("ip")))
			address = text;
		else if (str_equal(name, STR("port")))
			str_to_uint16(text, &port);
	}
	if (address.size == 0 || port == 0 || group_find(&group->replicas, address, port) != NULL)
		return;

	struct instance *replica = instance_create(group, INSTANCE_REPLICA, address, port);

	list_append(&group->replicas, &replica->link);
	group_event(replica, "+slave");
}

static void info_take(struct instance *instance, struct str name, struct str value)
{
	if (str_equal(name, STR("role"))) {
		bool says_master = str_equal(value, STR("master"));

		if (!instance->has_info || instance->says_master != says_master)
			instance->role_since_us = now_of(instance);
		instance->says_master = says_master;
		instance->has_info = true;
	} else if (str_equal(name, STR("run_id"))) {
		if (!str_equal(instance->run_id, value))
			instance->run_id = str_copy(instance->group->sentinel->arena, value);
	} else if (str_equal(name, STR("master_host"))) {
		if (!str_equal(instance->follows_address, value))
			instance->follows_address =
				str_copy(instance->group->sentinel->arena, value);
	} else if (str_equal(name, STR("master_port"))) {
		str_to_uint16(value, &instance->follows_port);
	} else if (str_equal(name, STR("master_link_status"))) {
		instance->is_linked = str_equal(value, STR("up"));
	} else if (str_equal(name, STR("slave_repl_offset"))) {
		str_to_int64(value, &instance->offset);
	} else if (instance->kind == INSTANCE_MASTER && str_has_prefix(name, STR("slave"))) {
		info_add_replica(instance->group, value);
	}
}

static void info_answered(const struct redis_reply *reply, void *data)
{
	struct str rest = reply->text, line, name, value;

	if (reply->kind != REDIS_STRING)
		return;
	while (str_next_field(&rest, '\n', &line)) {
		if (str_has_suffix(line, STR("\r")))
			line.size--;
		if (str_split_once(line, ':', &name, &value))
			info_take(data, name, value);
	}
}

/* Hellos: "ip,port,run id,epoch,group,master ip,master port,master's epoch". */

static void take_sentinel(struct watched_master *group, struct str address, uint16_t port,
			  struct str run_id)
{
	struct instance *known = NULL;

	LIST_EACH (link, &group->sentinels) {
		struct instance *instance = LIST_ENTRY(link, struct instance, link);

		if (str_equal(instance->run_id, run_id))
			known = instance;
		else if (str_equal(instance->address, address) && instance->port == port)
			instance_destroy(instance); /* it was started anew */
	}
	if (known != NULL)
		return;
	known = instance_create(group, INSTANCE_SENTINEL, address, port);
	known->run_id = str_copy(group->sentinel->arena, run_id);
	list_append(&group->sentinels, &known->link);
	group_event(known, "+sentinel");
}

/* True when the group has another master now: its instances are others. */
static bool take_hello(struct sentinel *sentinel, struct str text)
{
	struct str fields[HELLO_FIELDS] = {0};
	struct watched_master *group;
	uint16_t port = 0, master_port = 0;
	int64_t epoch = 0, config_epoch = 0;

	for (size_t i = 0; i < HELLO_FIELDS; i++)
		str_next_field(&text, ',', &fields[i]);
	group = sentinel_group(sentinel, fields[4]);
	if (group == NULL || str_equal(fields[2], sentinel->run_id) ||
	    !str_to_uint16(fields[1], &port) || !str_to_int64(fields[3], &epoch) ||
	    !str_to_uint16(fields[6], &master_port) || !str_to_int64(fields[7], &config_epoch))
		return false;
	take_sentinel(group, fields[0], port, fields[2]);
	if (epoch > sentinel->epoch)
		sentinel->epoch = epoch;
	if (config_epoch <= group->config_epoch)
		return false;
	group->config_epoch = config_epoch;
	if (str_equal(group->master->address, fields[5]) && group->master->port == master_port)
		return false;
	group_switch(group, fields[5], master_port);
	return true;
}

static void hellos_answered(const struct redis_reply *reply, void *data)
{
	struct instance *instance = data;

	if (reply->kind != REDIS_ARRAY)
		return;
	for (size_t i = 0; i < reply->count; i++) {
		if (take_hello(instance->group->sentinel, reply->items[i].text))
			return;
	}
}

static void say_hello(struct instance *instance)
{
	const struct watched_master *group = instance->group;
	const struct sentinel *sentinel = group->sentinel;
	struct arena *arena = arena_create();

	if (instance->client == NULL)
		instance_open(instance);
	REDIS_SEND(instance->client, NULL, NULL, STR("PUBLISH"), STR("__sentinel__:hello"),
		   str_format(arena, "%.*s,%u,%.*s,%" PRId64 ",%.*s,%.*s,%u,%" PRId64,
			      STR_ARG(sentinel_own_address(group)), (unsigned)sentinel->port,
			      STR_ARG(sentinel->run_id), sentinel->epoch, STR_ARG(group->name),
			      STR_ARG(group->master->address), (unsigned)group->master->port,
			      group->config_epoch));
	arena_destroy(arena);
}

void group_say_hello(struct watched_master *group)
{
	say_hello(group->master);
	LIST_EACH (link, &group->replicas)
		say_hello(LIST_ENTRY(link, struct instance, link));
}

/* Every tick. */

static void judge_instance(struct instance *instance)
{
	bool is_down = now_of(instance) - instance->heard_us > instance->group->down_after_us;

	if (is_down != instance->is_down)
		group_event(instance, is_down ? "+sdown" : "-sdown");
	instance->is_down = is_down;
}

/* A replica that says it is a master, or follows another, was away when the roles changed. */
static void mend_role(struct instance *instance)
{
	const struct watched_master *group = instance->group;
	const struct instance *master = group->master;
	bool is_wrong = instance->says_master ||
			!str_equal(instance->follows_address, master->address) ||
			instance->follows_port != master->port;

	if (!is_wrong)
		instance->role_since_us = now_of(instance);
	if (!is_wrong || !instance->has_info || instance->is_down || master->is_down ||
	    group->failover != FAILOVER_NONE ||
	    now_of(instance) - instance->role_since_us < WRONG_ROLE_US)
		return;
	group_event(instance, instance->says_master ? "+convert-to-slave" : "+fix-slave-config");
	instance_follow(instance, master->address, master->port);
	instance->role_since_us = now_of(instance);
	instance->next_info_us = 0;
}

static void watch_instance(struct instance *instance)
{
	const struct watched_master *group = instance->group;
	int64_t now_us = now_of(instance);
	bool is_hurried = !instance->has_info || group->is_down ||
			  group->failover != FAILOVER_NONE ||
			  instance->says_master == (instance->kind == INSTANCE_REPLICA);

	if (instance->client == NULL)
		instance_open(instance);
	if (now_us >= instance->next_ping_us) {
		REDIS_SEND(instance->client, ping_answered, instance, STR("PING"));
		instance->next_ping_us =
			now_us +
			(group->down_after_us < SECOND_US ? group->down_after_us / 2 : SECOND_US);
	}
	judge_instance(instance);
	if (instance->kind == INSTANCE_SENTINEL)
		return;
	if (now_us >= instance->next_info_us ||
	    (is_hurried && instance->next_info_us - now_us > INFO_HURRIED_US) ||
	    instance == group->promoted) {
		REDIS_SEND(instance->client, info_answered, instance, STR("INFO"));
		instance->next_info_us = now_us + (is_hurried ? INFO_HURRIED_US : INFO_US);
	}
	if (now_us >= instance->next_hello_us) {
		say_hello(instance);
		REDIS_SEND(instance->client, hellos_answered, instance, STR("PUBSUB"),
			   STR("HELLOS"));
		instance->next_hello_us = now_us + HELLO_US;
	}
	if (instance->kind == INSTANCE_REPLICA)
		mend_role(instance);
}

void group_watch(struct watched_master *group)
{
	watch_instance(group->master);
	LIST_EACH (link, &group->replicas)
		watch_instance(LIST_ENTRY(link, struct instance, link));
	LIST_EACH (link, &group->sentinels)
		watch_instance(LIST_ENTRY(link, struct instance, link));
}

/* All is looked at anew: what was known of each belongs to its former part. */
void group_switch(struct watched_master *group, struct str address, uint16_t port)
{
	struct arena *arena = group->sentinel->arena;
	struct instance *former = group->master, *replica;
	struct list_link *link, replicas;

	redis_log(sentinel_world(group->sentinel), 'X', '#', "+switch-master %.*s %.*s %u %.*s %u",
		  STR_ARG(group->name), STR_ARG(former->address), (unsigned)former->port,
		  STR_ARG(address), (unsigned)port);
	group->master = instance_create(group, INSTANCE_MASTER, str_copy(arena, address), port);
	group->is_down = false;
	group->failover = FAILOVER_NONE;
	group->promoted = NULL;
	list_init(&replicas);
	replica = instance_create(group, INSTANCE_REPLICA, former->address, former->port);
	list_append(&replicas, &replica->link);
	while ((link = list_take_first(&group->replicas)) != NULL) {
		struct instance *old = LIST_ENTRY(link, struct instance, link);

		if (!str_equal(old->address, address) || old->port != port) {
			replica = instance_create(group, INSTANCE_REPLICA, old->address, old->port);
			list_append(&replicas, &replica->link);
		}
		instance_destroy(old);
	}
	while ((link = list_take_first(&replicas)) != NULL) {
		list_append(&group->replicas, link);
		group_event(LIST_ENTRY(link, struct instance, link), "+slave");
	}
	instance_destroy(former);
}
