/* Redis in a case: the commands of its actions, and those of its checks before each judgement.
 * refscale's databases are reached through its test hooks, wherever they are; those of another
 * target at the URL that it was given; servers of the case directly. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/run_internal.h"
#include "world/redis.h"

static void replied(struct case_run *run, const struct json *reply, struct str failure)
{
	run->call = NULL;
	run->redis_replied(run, reply, failure);
}

static void hook_answered(struct record *record, void *data)
{
	struct case_run *run = data;
	const struct json *reply = NULL;
	struct str failure = record->failure;

	if (record->status == 200)
		reply = json_parse(run->scratch, record->answer_body, LIMIT_CONFIG_BYTES, NULL);
	if (reply == NULL && failure.size == 0)
		failure = record->answer_body.size > 0
				  ? record->answer_body
				  : str_format(run->scratch, "the test hook answered %d",
					       record->status);
	replied(run, reply, failure);
}

/* The words as texts, also those that are numbers in the case. */
static struct str command_text(struct arena *arena, const struct json *command)
{
	struct json *words = json_new(arena, JSON_ARRAY);

	JSON_EACH (word, command)
		json_append(words, json_new_str(arena, json_scalar_text(word)));
	return json_print(arena, words);
}

static void ask_hook(struct case_run *run, const struct json *command, struct str database)
{
	const struct fixture_call call = {STR("POST"),
					  STR_CONCAT(run->arena, STR("/__test/redis/"), database),
					  command_text(run->arena, command)};

	case_run_ask(run, case_run_backend(run), &call, hook_answered);
}

static void server_replied(const struct redis_reply *reply, void *data)
{
	struct case_run *run = data;
	struct str failure = STR("");

	if (run->is_over)
		return;

	const struct json *json = redis_reply_json(run->scratch, reply, &failure);

	replied(run, json, failure);
}

static void ask_server(struct case_run *run, const struct json *command, struct str url)
{
	struct error error = {0};
	struct redis_client *client = redis_access_client(&run->redis, url, &error);
	size_t count;
	struct str *words = redis_command_words(run->arena, command, &count);

	if (client != NULL)
		redis_send(client, words, count, server_replied, run);
	else
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
}

/* Of a server of the case; empty: the target's own. */
static struct str url_of(struct case_run *run, const struct json *place)
{
	struct str url =
		servers_url(&run->servers, json_scalar_text(json_get(place, STR("server"))));
	int64_t database = json_int(json_get(place, STR("database")), 0);

	return url.size == 0 || database == 0 ? url
					      : redis_url_of_database(run->arena, url, database);
}

/* `place` says where: {in, server, database}. The reply comes later, in a turn of its own. */
static void ask(struct case_run *run, const struct json *command, const struct json *place,
		redis_reply_came *came)
{
	struct str url = url_of(run, place), store = run->options->plan.store;
	bool is_queues = str_equal(json_get_str(place, STR("in")), STR("queues"));

	run->redis_replied = came;
	if (url.size > 0)
		ask_server(run, command, url);
	else if (target_plan_is_refscale(&run->options->plan))
		ask_hook(run, command, is_queues ? STR("queues") : STR("storage"));
	else
		ask_server(run, command,
			   redis_url_of_database(run->arena, store,
						 redis_url_database(store) + is_queues));
}

/* Actions. */

static void command_replied(struct case_run *run, const struct json *reply, struct str failure)
{
	const struct json *command = json_get(run->action, STR("redis"));

	if (reply != NULL)
		case_run_next_action(run);
	else
		case_run_fail(run, str_format(run->result_arena, "redis %.*s: %.*s",
					      STR_ARG(json_print(run->arena, command)),
					      STR_ARG(failure)));
}

void case_run_command(struct case_run *run, const struct json *command, const struct json *place)
{
	ask(run, command, place, command_replied);
}

/* Checks. */

static void observe_next(struct case_run *run, const struct json *entry);

static void observation_came(struct case_run *run, const struct json *reply, struct str failure)
{
	const struct json *entry = run->observed;
	struct redis_observation observation = {json_get(entry, STR("redis")), reply, failure};

	vec_push(&run->observations, observation);
	observe_next(run, entry->next);
}

static void observe_next(struct case_run *run, const struct json *entry)
{
	while (entry != NULL && json_get(entry, STR("redis")) == NULL)
		entry = entry->next;
	run->observed = entry;
	if (entry == NULL) {
		run->observed_all(run);
		return;
	}

	const struct json *check = json_get(entry, STR("redis"));

	ask(run, json_get(check, STR("command")), check, observation_came);
}

void case_run_observe(struct case_run *run, const struct json *then,
		      void (*observed_all)(struct case_run *run))
{
	arena_reset(run->scratch);
	run->observations.count = 0;
	run->observed_all = observed_all;
	observe_next(run, json_at(then, 0));
}
