#include "world/redis_url.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/url.h"

#define PORT_DEFAULT 6379
#define UNIX_SCHEME STR("unix://")

/* Errors are shown; what stands before the host is not for every eye. */
static bool refuse(struct str url, const char *why, struct error *error)
{
	size_t scheme = str_find(url, STR("://"));
	size_t start = scheme == STR_NOT_FOUND ? 0 : scheme + 3, at = str_find_last_char(url, '@');
	struct str secret_free = url, before = STR("");
	bool has_secret = at != STR_NOT_FOUND && at >= start;

	if (has_secret) {
		before = str_slice(url, 0, start);
		secret_free = str_skip(url, at);
	}
	return error_set(error, ERROR_INVALID, "The provided URL \"%.*s%s%.*s\" is not valid: %s",
			 STR_ARG(before), has_secret ? "***" : "", STR_ARG(secret_free), why);
}

static bool read_socket(struct str text, struct arena *arena, struct redis_place *place,
			struct error *error)
{
	struct str path = str_skip(text, UNIX_SCHEME.size);

	if (!str_has_prefix(path, STR("/")) || path.size == 1)
		return refuse(text, "a socket's path begins with a slash", error);
	*place = (struct redis_place){.socket = url_decode(arena, path, false)};
	return true;
}

static bool read_scheme(struct str text, const struct url *url, struct error *error)
{
	if (str_equal_nocase(url->scheme, STR("redis")))
		return true;
	if (str_equal_nocase(url->scheme, STR("rediss")))
		return refuse(text, "TLS to Redis is not built in", error);
	return refuse(text, "the scheme is neither redis nor unix", error);
}

bool redis_place_read(struct str text, struct arena *arena, struct redis_place *place,
		      struct error *error)
{
	struct str whole = text, database;
	struct redis_place read = {.port = PORT_DEFAULT};
	struct error why = {ERROR_NONE, ""};
	struct url url;

	if (str_has_prefix(text, UNIX_SCHEME))
		return read_socket(text, arena, place, error);
	if (str_find(text, STR("://")) == STR_NOT_FOUND)
		whole = STR_CONCAT(arena, STR("redis://"), text);
	if (!url_parse(whole, &url, &why))
		return refuse(text, why.text, error);
	if (!read_scheme(text, &url, error))
		return false;
	if (url.host.size == 0)
		return refuse(text, "there is no host", error);
	database = str_has_prefix(url.path, STR("/")) ? str_skip(url.path, 1) : url.path;
	if (database.size > 0 && (!str_to_int64(database, &read.database) || read.database < 0))
		return refuse(text, "the database is not a number", error);
	if (url.port != 0)
		read.port = url.port;
	read.host = str_copy(arena, url.host);
	read.user = url_decode(arena, url.user, false);
	read.password = url_decode(arena, url.password, false);
	*place = read;
	return true;
}

struct str redis_place_url(const struct redis_place *place, struct arena *arena)
{
	bool has_password = place->password.size > 0;
	bool is_ip6 = str_find_char(place->host, ':') != STR_NOT_FOUND;

	if (place->socket.size > 0)
		return STR_CONCAT(arena, STR("unix://"), place->socket);
	return str_format(arena, "redis://%.*s%s%.*s%s%s%.*s%s:%u/%lld",
			  STR_ARG(has_password ? url_encoded(arena, place->user) : STR("")),
			  has_password ? ":" : "", STR_ARG(url_encoded(arena, place->password)),
			  has_password ? "@" : "", is_ip6 ? "[" : "", STR_ARG(place->host),
			  is_ip6 ? "]" : "", (unsigned)place->port, (long long)place->database);
}
