/* What a Sentinel is asked: by clients who look for a master, and by the other Sentinels. */
#include <inttypes.h>

#include "base/bug.h"
#include "sim/data/sentinel_internal.h"

#define FACTS_MAX 16

struct question {
	struct sentinel *sentinel;
	const struct str *words;
	size_t count;
	struct watched_master *group;
	struct arena *arena;
	struct redis_reply reply;
};

static struct redis_reply text_reply(struct str text)
{
	return (struct redis_reply){.kind = REDIS_STRING, .text = text};
}

static struct redis_reply array_reply(struct redis_reply *items, size_t count)
{
	return (struct redis_reply){.kind = REDIS_ARRAY, .items = items, .count = count};
}

static struct redis_reply error_reply(const char *literal)
{
	return (struct redis_reply){.kind = REDIS_ERROR, .text = str_from(literal)};
}

static struct str number_text(struct question *question, int64_t number)
{
	return str_format(question->arena, "%" PRId64, number);
}

/* Names and values of an instance, flat, as Redis 7.0 tells the most important ones. */
static struct redis_reply facts_of(struct question *question, const struct instance *instance)
{
	static const char *const kinds[] = {"master", "slave", "sentinel"};
	struct watched_master *group = instance->group;
	struct redis_reply *items = ARENA_ARRAY(question->arena, struct redis_reply, FACTS_MAX);
	bool is_master = instance->kind == INSTANCE_MASTER;
	const struct str facts[][2] = {
		{STR("name"),
		 is_master ? group->name
			   : str_format(question->arena, "%.*s:%u", STR_ARG(instance->address),
					(unsigned)instance->port)},
		{STR("ip"), instance->address},
		{STR("port"), number_text(question, instance->port)},
		{STR("runid"), instance->run_id},
		{STR("flags"), str_format(question->arena, "%s%s%s", kinds[instance->kind],
					  instance->is_down ? ",s_down" : "",
					  is_master && group->is_down ? ",o_down" : "")},
		{STR("quorum"), number_text(question, group->quorum)},
		{STR("config-epoch"), number_text(question, group->config_epoch)},
	};
	size_t count = 0, facts_count = is_master ? 7 : 5;

	for (size_t i = 0; i < facts_count; i++) {
		items[count++] = text_reply(facts[i][0]);
		items[count++] = text_reply(facts[i][1]);
	}
	return array_reply(items, count);
}

static size_t list_count(const struct list_link *list)
{
	size_t count = 0;

	LIST_EACH (link, list)
		count++;
	return count;
}

static void answer_list(struct question *question, const struct list_link *instances)
{
	struct redis_reply *items =
		ARENA_ARRAY(question->arena, struct redis_reply, list_count(instances) + 1);
	size_t count = 0;

	LIST_EACH (link, instances)
		items[count++] = facts_of(question, LIST_ENTRY(link, struct instance, link));
	question->reply = array_reply(items, count);
}

static void answer_replicas(struct question *question)
{
	answer_list(question, &question->group->replicas);
}

static void answer_sentinels(struct question *question)
{
	answer_list(question, &question->group->sentinels);
}

static void answer_master(struct question *question)
{
	question->reply = facts_of(question, question->group->master);
}

static void answer_masters(struct question *question)
{
	struct list_link *masters = &question->sentinel->masters;
	struct redis_reply *items =
		ARENA_ARRAY(question->arena, struct redis_reply, list_count(masters) + 1);
	size_t count = 0;

	LIST_EACH (link, masters)
		items[count++] =
			facts_of(question, LIST_ENTRY(link, struct watched_master, link)->master);
	question->reply = array_reply(items, count);
}

static void answer_master_address(struct question *question)
{
	const struct watched_master *group = sentinel_group(question->sentinel, question->words[2]);
	struct redis_reply *items = ARENA_ARRAY(question->arena, struct redis_reply, 2);

	question->reply = (struct redis_reply){.kind = REDIS_NIL};
	if (group == NULL)
		return;
	items[0] = text_reply(group->master->address);
	items[1] = text_reply(number_text(question, group->master->port));
	question->reply = array_reply(items, 2);
}

/* SENTINEL is-master-down-by-addr IP PORT EPOCH RUNID: with a run id, a request for our vote. */
static void answer_is_master_down(struct question *question)
{
	struct redis_reply *items = ARENA_ARRAY(question->arena, struct redis_reply, 3);
	struct watched_master *group = NULL;
	uint16_t port;
	int64_t epoch;

	if (!str_to_uint16(question->words[3], &port) ||
	    !str_to_int64(question->words[4], &epoch)) {
		question->reply = error_reply("ERR value is not an integer or out of range");
		return;
	}
	LIST_EACH (link, &question->sentinel->masters) {
		struct watched_master *candidate = LIST_ENTRY(link, struct watched_master, link);

		if (str_equal(candidate->master->address, question->words[2]) &&
		    candidate->master->port == port)
			group = candidate;
	}
	items[0] = (struct redis_reply){.kind = REDIS_INTEGER};
	items[1] = text_reply(STR("*"));
	items[2] = (struct redis_reply){.kind = REDIS_INTEGER};
	question->reply = array_reply(items, 3);
	if (group == NULL)
		return;
	items[0].integer = group->master->is_down;
	if (str_equal(question->words[5], STR("*")))
		return;
	group_vote(group, epoch, question->words[5]);
	items[1] = text_reply(group->leader);
	items[2].integer = group->leader_epoch;
}

static void answer_own_id(struct question *question)
{
	question->reply = text_reply(question->sentinel->run_id);
}

static const struct {
	struct str name;
	size_t words; /* with SENTINEL */
	bool names_group;
	void (*answer)(struct question *question);
} subcommands[] = {
	{STR_INIT("get-master-addr-by-name"), 3, false, answer_master_address},
	{STR_INIT("replicas"), 3, true, answer_replicas},
	{STR_INIT("slaves"), 3, true, answer_replicas},
	{STR_INIT("sentinels"), 3, true, answer_sentinels},
	{STR_INIT("master"), 3, true, answer_master},
	{STR_INIT("masters"), 2, false, answer_masters},
	{STR_INIT("myid"), 2, false, answer_own_id},
	{STR_INIT("is-master-down-by-addr"), 6, false, answer_is_master_down},
};

static void answer_sentinel(struct question *question)
{
	question->reply = error_reply("ERR unknown subcommand or wrong number of arguments. Try "
				      "SENTINEL HELP.");
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
		if (question->count != subcommands[i].words ||
		    !str_equal_nocase(question->words[1], subcommands[i].name))
			continue;
		if (subcommands[i].names_group)
			question->group = sentinel_group(question->sentinel, question->words[2]);
		if (subcommands[i].names_group && question->group == NULL)
			question->reply = error_reply("ERR No such master with that name");
		else
			subcommands[i].answer(question);
		return;
	}
}

static void answer_ping(struct question *question)
{
	question->reply = (struct redis_reply){.kind = REDIS_STATUS, .text = STR("PONG")};
}

static void answer_role(struct question *question)
{
	struct list_link *masters = &question->sentinel->masters;
	struct redis_reply *items = ARENA_ARRAY(question->arena, struct redis_reply, 2);
	struct redis_reply *names =
		ARENA_ARRAY(question->arena, struct redis_reply, list_count(masters) + 1);
	size_t count = 0;

	LIST_EACH (link, masters)
		names[count++] = text_reply(LIST_ENTRY(link, struct watched_master, link)->name);
	items[0] = text_reply(STR("sentinel"));
	items[1] = array_reply(names, count);
	question->reply = array_reply(items, 2);
}

static const struct {
	struct str name;
	size_t words_min;
	void (*answer)(struct question *question);
} commands[] = {
	{STR_INIT("ping"), 1, answer_ping},
	{STR_INIT("role"), 1, answer_role},
	{STR_INIT("sentinel"), 2, answer_sentinel},
};

static struct redis_reply answer_auth(struct question *question, struct resp_connection *connection)
{
	const struct sentinel *sentinel = question->sentinel;

	if (question->count < 2 || question->count > 3 ||
	    !str_equal(question->words[question->count - 1], sentinel->password))
		return error_reply("WRONGPASS invalid username-password pair or user is disabled.");
	connection->owner = connection; /* it may ask */
	return (struct redis_reply){.kind = REDIS_STATUS, .text = STR("OK")};
}

static void sentinel_command(struct resp_connection *connection, const struct str *words,
			     size_t count, void *data)
{
	struct question question = {.sentinel = data,
				    .words = words,
				    .count = count,
				    .arena = connection->arena,
				    .reply = error_reply("ERR unknown command")};

	if (str_equal_nocase(words[0], STR("auth"))) {
		question.reply = answer_auth(&question, connection);
	} else if (question.sentinel->password.size > 0 && connection->owner == NULL) {
		question.reply = error_reply("NOAUTH Authentication required.");
	} else {
		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
			if (str_equal_nocase(words[0], commands[i].name) &&
			    count >= commands[i].words_min)
				commands[i].answer(&question);
		}
	}
	resp_answer(connection, &question.reply);
}

static void sentinel_opened(struct resp_connection *connection, void *data)
{
	(void)connection;
	(void)data;
}

const struct resp_server_events sentinel_server_events = {
	.opened = sentinel_opened,
	.command = sentinel_command,
	.closed = sentinel_opened,
};
