/* libFuzzer target: what a client's request line and Host, and an upstream's URL, make of the call
 * to the upstream. The input is URL, path, query and Host, one a line. Whatever they are, what is
 * sent can be written as a request, and keys of hosts stay the same when they are made again. */
#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/url.h"
#include "gateway/upstream_target.h"
#include "http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a request line may not hold passes only when the client or the configuration sent it raw. */
static bool is_clean(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte <= ' ' || byte == 0x7f)
			return false;
	}
	return true;
}

static void check_host(struct arena *arena, struct str authority)
{
	struct str key = host_key(arena, authority);

	BUG_IF(key.size > authority.size);
	BUG_IF(!str_equal(key, str_lower(arena, key)));
}

static void check_target(struct arena *arena, struct str url, struct upstream_path *path)
{
	struct upstream_target target;
	struct str uri;

	if (!upstream_target_parse(arena, url, &target))
		return;
	BUG_IF(target.host.size > url.size || target.authority.size == 0);
	for (int is_rewritten = 0; is_rewritten < 2; is_rewritten++) {
		path->is_rewritten = is_rewritten == 1;
		uri = upstream_target_uri(&target, path, arena);
		BUG_IF(is_clean(path->raw_path) && is_clean(path->raw_query) &&
		       is_clean(target.path) && is_clean(target.query) && !is_clean(uri));
		BUG_IF(uri.size == 0 || uri.data[0] != '/');
	}
}

/* Fields that go on: those of one hop are gone, and the rest is in its order. */
static void check_fields(struct arena *arena, struct str host, struct str value)
{
	struct http_fields fields;

	http_fields_init(&fields, arena);
	http_fields_add(&fields, STR("Connection"), value);
	http_fields_add(&fields, STR("X-First"), host);
	http_fields_add(&fields, STR("X-Last"), value);
	http_fields_remove_hop_by_hop(&fields);
	BUG_IF(http_fields_has(&fields, STR("Connection")) || fields.count > 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str rest = str_of((const char *)data, size), url, raw_path, query, host;
	struct upstream_path path = {0};

	str_split_once(rest, '\n', &url, &rest);
	str_split_once(rest, '\n', &raw_path, &rest);
	str_split_once(rest, '\n', &query, &host);
	path.raw_path = STR_CONCAT(arena, STR("/"), raw_path);
	path.raw_query = query;
	path.has_query = query.size > 0;
	path.normal_path = url_normal_path(arena, path.raw_path);
	BUG_IF(path.normal_path.size == 0 || path.normal_path.data[0] != '/');
	check_target(arena, url, &path);
	check_host(arena, host);
	check_fields(arena, host, query);
	arena_destroy(arena);
	return 0;
}
