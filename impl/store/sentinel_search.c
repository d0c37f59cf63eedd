#include "store/sentinel_search.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/sentinel.h"
#include "store/sentinel_hosts.h"
#include "world/clock.h"
#include "world/redis.h"
#include "world/redis_url.h"

#define ASK_TIMEOUT_MIN_MS 50

struct sentinel_source {
	struct sentinel_host place;
	struct redis_client *sentinel; /* NULL: not connected to */
};

/* What a Sentinel says. */

static bool reads_place(const struct redis_reply *reply, struct str *host, uint16_t *port)
{
	if (reply->kind != REDIS_ARRAY || reply->count != 2 ||
	    !str_to_uint16(reply->items[1].text, port))
		return false;
	*host = reply->items[0].text;
	return host->size > 0;
}

static struct str fact(const struct redis_reply *facts, struct str name)
{
	for (size_t i = 0; i + 1 < facts->count; i += 2) {
		if (str_equal(facts->items[i].text, name))
			return facts->items[i + 1].text;
	}
	return STR("");
}

static bool is_up(const struct redis_reply *replica)
{
	struct str flags = fact(replica, STR("flags")), flag;

	while (str_next_field(&flags, ',', &flag)) {
		if (str_equal(flag, STR("s_down")) || str_equal(flag, STR("o_down")) ||
		    str_equal(flag, STR("disconnected")))
			return false;
	}
	return replica->kind == REDIS_ARRAY;
}

/* Any of those that are up. */
static bool chooses_replica(struct world *world, const struct redis_reply *reply, struct str *host,
			    uint16_t *port)
{
	size_t up = 0, chosen;

	for (size_t i = 0; reply->kind == REDIS_ARRAY && i < reply->count; i++)
		up += is_up(&reply->items[i]);
	if (up == 0)
		return false;
	chosen = (size_t)(world_chance(world) % up);
	for (size_t i = 0; i < reply->count; i++) {
		if (!is_up(&reply->items[i]) || chosen-- > 0)
			continue;
		*host = fact(&reply->items[i], STR("ip"));
		return str_to_uint16(fact(&reply->items[i], STR("port")), port);
	}
	return false;
}

/* Asking. */

static void ask_next(struct sentinel_search *search);

static void move_to_front(struct sentinel_search *search)
{
	struct sentinel_source best = search->sources[search->asked];

	memmove(&search->sources[1], &search->sources[0], search->asked * sizeof best);
	search->sources[0] = best;
	search->asked = 0;
}

static void drop_source(struct sentinel_source *source)
{
	struct redis_client *sentinel = source->sentinel;

	source->sentinel = NULL;
	redis_close(sentinel);
}

static void sentinel_answered(const struct redis_reply *reply, void *data)
{
	struct sentinel_search *search = data;
	struct str host;
	uint16_t port;
	bool is_found;

	if (!search->is_asking)
		return;
	search->is_asking = false;
	is_found = search->wants_replica ? chooses_replica(search->world, reply, &host, &port)
					 : reads_place(reply, &host, &port);
	if (is_found) {
		move_to_front(search);
		search->ended(host, port, search->data);
	} else {
		drop_source(&search->sources[search->asked++]);
		ask_next(search);
	}
}

static bool open_source(struct sentinel_search *search, struct sentinel_source *source)
{
	const struct redis_place place = {.host = source->place.host,
					  .port = source->place.port,
					  .user = source->place.user,
					  .password = source->place.password};
	struct arena *scratch = arena_create();
	const struct redis_options options = {
		.url = redis_place_url(&place, scratch),
		.connect_timeout_ms = search->ask_timeout_ms,
		.command_timeout_ms = search->ask_timeout_ms,
	};

	if (source->sentinel == NULL)
		source->sentinel = redis_open(search->world, &options, NULL);
	arena_destroy(scratch);
	return source->sentinel != NULL;
}

static void ask_next(struct sentinel_search *search)
{
	while (search->asked < search->sources_count &&
	       !open_source(search, &search->sources[search->asked]))
		search->asked++;
	if (search->asked == search->sources_count) {
		search->ended(STR(""), 0, search->data);
		return;
	}
	search->is_asking = true;
	REDIS_SEND(search->sources[search->asked].sentinel, sentinel_answered, search,
		   STR("SENTINEL"),
		   search->wants_replica ? STR("slaves") : STR("get-master-addr-by-name"),
		   search->group);
}

void sentinel_search_begin(struct sentinel_search *search)
{
	search->asked = 0;
	ask_next(search);
}

void sentinel_search_stop(struct sentinel_search *search)
{
	if (!search->is_asking)
		return;
	search->is_asking = false;
	drop_source(&search->sources[search->asked]);
}

void sentinel_search_close(struct sentinel_search *search)
{
	search->is_asking = false;
	for (size_t i = 0; i < search->sources_count; i++)
		drop_source(&search->sources[i]);
}

/* The list. */

static void set_passwords(struct sentinel_source *sources, size_t count,
			  const struct sentinel_options *options, struct arena *arena)
{
	struct str user = str_copy(arena, options->user);
	struct str password = str_copy(arena, options->password);

	for (size_t i = count; options->shares_passwords && i-- > 0;) {
		if (sources[i].place.password.size > 0) {
			user = sources[i].place.user;
			password = sources[i].place.password;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (options->has_passwords && !options->shares_passwords)
			continue;
		sources[i].place.user = options->has_passwords ? user : STR("");
		sources[i].place.password = options->has_passwords ? password : STR("");
	}
}

bool sentinel_search_init(struct sentinel_search *search, const struct sentinel_options *options,
			  int64_t connect_timeout_ms, struct arena *arena, struct error *error)
{
	struct sentinel_host *hosts;
	size_t count;
	int64_t share_ms;

	if (!sentinel_hosts_read(options->hosts, arena, &hosts, &count, error))
		return false;
	if (count == 0)
		return error_set(error, ERROR_INVALID, "the list of sentinels is empty");
	search->sources = ARENA_ARRAY(arena, struct sentinel_source, count);
	for (size_t i = 0; i < count; i++)
		search->sources[i] = (struct sentinel_source){.place = hosts[i]};
	set_passwords(search->sources, count, options, arena);
	search->sources_count = count;
	share_ms = connect_timeout_ms / (int64_t)(count + 1);
	search->ask_timeout_ms = share_ms > ASK_TIMEOUT_MIN_MS ? share_ms : ASK_TIMEOUT_MIN_MS;
	return true;
}
