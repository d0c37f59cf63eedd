/* libFuzzer target: every URL is read or refused, and the URL of a place means that place. */
#include "world/redis_url.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct redis_place *place, struct arena *arena)
{
	struct redis_place again;

	BUG_IF(!redis_place_read(redis_place_url(place, arena), arena, &again, NULL));
	BUG_IF(!str_equal(again.password, place->password) || again.database != place->database);
	BUG_IF(!str_equal(again.host, place->host) || again.port != place->port);
	BUG_IF(!str_equal(again.socket, place->socket));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct redis_place place;
	struct error error = {ERROR_NONE, ""};

	if (redis_place_read(str_of((const char *)data, size), arena, &place, &error)) {
		BUG_IF(place.socket.size == 0 && (place.host.size == 0 || place.port == 0));
		check_again(&place, arena);
	} else {
		BUG_IF(error.kind != ERROR_INVALID);
	}
	arena_destroy(arena);
	return 0;
}
