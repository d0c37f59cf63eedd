#include "gateway/upstream_target.h"

#include "base/arena.h"
#include "base/url.h"

/* "ws" and "wss" are HTTP that is upgraded (5.4). */
static struct str http_url(struct arena *arena, struct str text)
{
	if (str_equal_nocase(str_slice(text, 0, 5), STR("ws://")) ||
	    str_equal_nocase(str_slice(text, 0, 6), STR("wss://")))
		return STR_CONCAT(arena, STR("http"), str_skip(text, 2));
	return text;
}

bool upstream_target_parse(struct arena *arena, struct str text, struct upstream_target *target)
{
	struct url url;
	bool is_ipv6;

	if (!url_parse(http_url(arena, text), &url, NULL))
		return false;
	if (!str_equal_nocase(url.scheme, STR("http")) &&
	    !str_equal_nocase(url.scheme, STR("https")))
		return false;
	is_ipv6 = str_find_char(url.host, ':') != STR_NOT_FOUND;
	*target = (struct upstream_target){
		.is_tls = url_is_tls(&url),
		.scheme = str_lower(arena, url.scheme),
		.host = str_lower(arena, url.host),
		.port = url.port,
		.path = str_equal(url.path, STR("/")) ? STR("") : url.path,
		.query = url.query,
		.has_query = str_find_char(text, '?') != STR_NOT_FOUND,
	};
	target->authority =
		is_ipv6 ? STR_CONCAT(arena, STR("["), target->host, STR("]")) : target->host;
	if (url.port_is_written && url.port != url_default_port(url.scheme))
		target->authority = str_format(arena, "%.*s:%u", STR_ARG(target->authority),
					       (unsigned)url.port);
	return true;
}

/* prefix + path, with the slashes where they meet made one. A request for "/" gets the prefix as it
 * was written. */
static struct str join(struct str prefix, struct str path, struct arena *arena)
{
	if (str_equal(path, STR("/")))
		return prefix;
	while (str_has_suffix(prefix, STR("/")))
		prefix.size--;
	return STR_CONCAT(arena, prefix, path);
}

struct str upstream_target_uri(const struct upstream_target *target,
			       const struct upstream_path *path, struct arena *arena)
{
	struct str query = target->has_query ? target->query : path->raw_query;
	bool has_query = target->has_query || path->has_query;
	struct str uri = path->raw_path;

	if (target->path.size > 0)
		uri = join(target->path, url_encoded_path(arena, path->normal_path), arena);
	else if (path->is_rewritten)
		uri = url_encoded_path(arena, path->normal_path);
	return has_query ? STR_CONCAT(arena, uri, STR("?"), query) : uri;
}

struct str host_key(struct arena *arena, struct str authority)
{
	size_t bracket = str_find_last_char(authority, ']');
	size_t colon = str_find_last_char(authority, ':');
	struct str host = authority;

	if (colon != STR_NOT_FOUND && (bracket == STR_NOT_FOUND || colon > bracket))
		host = str_slice(authority, 0, colon);
	if (str_has_suffix(host, STR(".")))
		host.size--;
	return str_lower(arena, host);
}
