/* libFuzzer target: whatever a client sends as credentials, they are found or not, the same twice,
 * and what goes to backend of them can be read back. The first byte chooses kind, place and method;
 * then come the query, the fields (a line each) and the form, parted by NUL. */
#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "gateway/credentials.h"
#include "gateway/form.h"
#include "http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_fields(struct http_fields *fields, struct str text)
{
	struct str line, name, value;

	while (str_next_field(&text, '\n', &line)) {
		if (str_split_once(line, ':', &name, &value) && http_is_field_value(value))
			http_fields_add(fields, name, value);
	}
}

/* Encoded pairs hold neither blanks nor controls, and as many as were found. */
static void check_encoded(const struct credentials *credentials, struct arena *arena)
{
	struct str text = credentials_encode(credentials, arena);
	struct http_query pairs;

	for (size_t i = 0; i < text.size; i++)
		BUG_IF(text.data[i] <= ' ' || text.data[i] > '~');
	http_query_init(&pairs, arena);
	form_parse(&pairs, text, arena);
	BUG_IF(pairs.count != credentials->count);
	for (size_t i = 0; i < pairs.count; i++)
		BUG_IF(!str_equal(pairs.items[i].value, credentials->items[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str methods[] = {STR_INIT("GET"), STR_INIT("POST"), STR_INIT("DELETE")};
	struct arena *arena = arena_create();
	unsigned choice = size > 0 ? data[0] : 0;
	struct str rest = str_skip(str_of((const char *)data, size), 1), query, lines, body;
	const struct credentials_rules rules = {
		.version = (enum backend_version)(choice % 4),
		.location = (enum credentials_location)(choice / 4 % 4),
		.user_key = STR("user_key"),
		.app_id = STR("app_id"),
		.app_key = STR("app-key"),
	};
	struct http_fields fields;
	struct http_query form;
	struct credentials found = {0}, again = {0};
	struct credentials_source source = {.method = methods[choice / 16 % 3], .fields = &fields};
	enum credentials_result result;

	if (!str_split_once(rest, '\0', &query, &rest)) {
		query = rest;
		rest = STR("");
	}
	if (!str_split_once(rest, '\0', &lines, &body)) {
		lines = rest;
		body = STR("");
	}
	http_fields_init(&fields, arena);
	http_query_init(&form, arena);
	read_fields(&fields, lines);
	form_parse(&form, body, arena);
	source.query = query;
	result = credentials_extract(&rules, &source, arena, &found);
	if (result == CREDENTIALS_NEED_BODY) {
		source.body_was_read = true;
		source.body = &form;
		result = credentials_extract(&rules, &source, arena, &found);
		BUG_IF(result == CREDENTIALS_NEED_BODY);
	}
	BUG_IF(result != credentials_extract(&rules, &source, arena, &again));
	BUG_IF(result == CREDENTIALS_FOUND && found.count == 0);
	BUG_IF(found.count != again.count);
	if (result == CREDENTIALS_FOUND)
		check_encoded(&found, arena);
	arena_destroy(arena);
	return 0;
}
