/* Whom a server knows: only when replicas follow, and Sentinels know them and each other, does a
 * failure of the master mean what a case wants to see. */
#include "base/json.h"
#include "conformance/runner/redis_access.h"
#include "conformance/runner/servers_internal.h"
#include "world/redis.h"

/* ROLE of a replica: slave, host, port, state, offset. */
static void role_replied(const struct redis_reply *reply, void *data)
{
	struct server *server = data;

	server->questions = 0;
	if (reply->kind == REDIS_ARRAY && reply->count > 3 &&
	    str_equal(reply->items[3].text, STR("connected")))
		server->is_settled = true;
}

static size_t replicas_of(const struct servers *servers, const struct server *master)
{
	size_t count = 0;

	for (size_t i = 0; i < servers->items.count; i++)
		count += servers->items.items[i]->master == master;
	return count;
}

/* Sentinels that watch the same master. */
static size_t watchers_of(const struct servers *servers, const struct server *master)
{
	size_t count = 0;

	for (size_t i = 0; i < servers->items.count; i++) {
		const struct server *other = servers->items.items[i];

		for (size_t k = 0; k < other->watches.count; k++)
			count += other->watches.items[k].master == master;
	}
	return count;
}

static size_t to_know(const struct server *server)
{
	size_t count = 0;

	for (size_t i = 0; i < server->watches.count; i++) {
		const struct server *master = server->watches.items[i].master;

		count += replicas_of(server->servers, master) +
			 watchers_of(server->servers, master) - 1;
	}
	return count;
}

/* A replica or Sentinel as a list of names and values: with a link to it, it has been heard of. */
static bool is_linked(const struct redis_reply *instance)
{
	for (size_t i = 0; i + 1 < instance->count; i += 2) {
		if (str_equal(instance->items[i].text, STR("flags")))
			return str_find(instance->items[i + 1].text, STR("disconnected")) ==
			       STR_NOT_FOUND;
	}
	return false;
}

static void list_replied(const struct redis_reply *reply, void *data)
{
	struct server *server = data;

	for (size_t i = 0; reply->kind == REDIS_ARRAY && i < reply->count; i++)
		server->known += is_linked(&reply->items[i]);
	if (--server->questions == 0 && server->known >= to_know(server))
		server->is_settled = true;
}

static void ask_sentinel(struct server *server, struct redis_client *client)
{
	server->known = 0;
	server->questions = server->watches.count * 2;
	for (size_t i = 0; i < server->watches.count; i++) {
		struct str group = server->watches.items[i].group;

		REDIS_SEND(client, list_replied, server, STR("SENTINEL"), STR("slaves"), group);
		REDIS_SEND(client, list_replied, server, STR("SENTINEL"), STR("sentinels"), group);
	}
}

void server_ask_whom_it_knows(struct server *server)
{
	struct redis_client *client;

	if (server->master == NULL && server->watches.count == 0) {
		server->is_settled = true;
		return;
	}
	client = redis_access_client(server->servers->access, server_url(server), NULL);
	if (client == NULL || server->questions > 0)
		return;
	if (server->is_sentinel) {
		ask_sentinel(server, client);
		return;
	}
	server->questions = 1;
	REDIS_SEND(client, role_replied, server, STR("ROLE"));
}
