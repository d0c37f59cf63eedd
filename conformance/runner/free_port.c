#include "conformance/runner/free_port.h"

#include "base/str.h"
#include "world/clock.h"
#include "world/http_server.h"

#define PORT_FIRST 12000
#define PORTS 20000
#define TRIES_MAX 50

bool free_port_choose(struct world *world, uint16_t *port, struct error *error)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		struct http_listen_options options = {
			.address = STR("127.0.0.1"),
			.port = (uint16_t)(PORT_FIRST + world_chance(world) % PORTS)};
		struct http_listener *listener = http_listen(world, &options, NULL, NULL, error);

		if (listener == NULL)
			continue;
		*port = http_listener_port(world, listener);
		http_listener_close(world, listener);
		return true;
	}
	return false;
}
