#include "conformance/runner/play_names.h"

#include "base/arena.h"
#include "base/json.h"
#include "world/dns.h"

#define TTL_S 1

static bool look_up(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	struct play_names *names = data;

	JSON_EACH (entry, names->names) {
		if (!str_equal_nocase(entry->key, name) || entry->kind == JSON_NULL)
			continue;
		*ttl_s = TTL_S;
		*address = json_scalar_text(entry);
		JSON_EACH (item, entry)
			*address = address->size == 0 ? json_scalar_text(item)
						      : STR_CONCAT(names->arena, *address, STR(","),
								   json_scalar_text(item));
		return true;
	}
	return false;
}

bool play_names_open(struct play_names *names, struct world *world, struct arena *arena,
		     struct error *error)
{
	names->world = world;
	names->arena = arena;
	names->server = dns_serve(world, STR("127.0.0.1"), 0, look_up, names, error);
	if (names->server == NULL)
		return false;
	names->port = world->dns->server_port(names->server);
	return true;
}

void play_names_close(struct play_names *names)
{
	struct dns_server *server = names->server;

	names->server = NULL;
	if (server != NULL)
		names->world->dns->server_close(server);
}
