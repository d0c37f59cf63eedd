#include "conformance/runner/redis_access.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"
#include "world/redis.h"

struct redis_connection {
	struct str url;
	struct redis_client *client;
};

struct redis_client *redis_access_client(struct redis_access *access, struct str url,
					 struct error *error)
{
	struct redis_options options = {.url = url};
	struct redis_connection *connection;
	struct redis_client *client;

	for (size_t i = 0; i < access->connections.count; i++) {
		if (str_equal(access->connections.items[i]->url, url))
			return access->connections.items[i]->client;
	}
	client = redis_open(access->world, &options, error);
	if (client == NULL)
		return NULL;
	connection = ARENA_NEW(access->arena, struct redis_connection);
	connection->url = str_copy(access->arena, url);
	connection->client = client;
	vec_push(&access->connections, connection);
	return client;
}

/* Also with a database behind it. */
static bool is_of(struct str url, struct str server)
{
	return str_has_prefix(url, server) &&
	       (url.size == server.size || url.data[server.size] == '/');
}

void redis_access_forget(struct redis_access *access, struct str server)
{
	size_t i = 0;

	while (i < access->connections.count) {
		struct redis_connection *connection = access->connections.items[i];

		if (!is_of(connection->url, server)) {
			i++;
			continue;
		}
		access->connections.items[i] =
			access->connections.items[--access->connections.count];
		redis_close(connection->client);
	}
}

void redis_access_close(struct redis_access *access)
{
	for (size_t i = 0; i < access->connections.count; i++)
		redis_close(access->connections.items[i]->client);
	vec_free(&access->connections);
}

struct str *redis_command_words(struct arena *arena, const struct json *command, size_t *count)
{
	struct str *words = ARENA_ARRAY(arena, struct str, command->count + 1);

	*count = 0;
	JSON_EACH (word, command)
		words[(*count)++] = json_scalar_text(word);
	return words;
}

/* Depth is bounded by the port. */
static struct json *json_of(struct arena *arena, const struct redis_reply *reply)
{
	struct json *list;

	switch (reply->kind) {
	case REDIS_INTEGER:
		return json_new_int(arena, reply->integer);
	case REDIS_NIL:
		return json_new(arena, JSON_NULL);
	case REDIS_ARRAY:
		list = json_new(arena, JSON_ARRAY);
		for (size_t i = 0; i < reply->count; i++)
			json_append(list, json_of(arena, &reply->items[i]));
		return list;
	case REDIS_STATUS:
	case REDIS_STRING:
	case REDIS_ERROR:
	case REDIS_LOST:
		break;
	}
	return json_new_str(arena, str_copy(arena, reply->text));
}

const struct json *redis_reply_json(struct arena *arena, const struct redis_reply *reply,
				    struct str *failure)
{
	if (reply->kind != REDIS_ERROR && reply->kind != REDIS_LOST)
		return json_of(arena, reply);
	*failure = str_copy(arena, reply->text);
	return NULL;
}

int64_t redis_url_database(struct str url)
{
	struct url parts;
	int64_t database = 0;

	if (url_parse(url, &parts, NULL))
		str_to_int64(str_skip(parts.path, 1), &database);
	return database;
}

struct str redis_url_of_database(struct arena *arena, struct str url, int64_t number)
{
	struct url parts;

	if (!url_parse(url, &parts, NULL))
		return url;
	return str_format(arena, "%.*s/%" PRId64,
			  STR_ARG(str_slice(url, 0, url.size - parts.path.size)), number);
}
