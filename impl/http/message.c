#include "http/message.h"

#include <string.h>

#include "base/arena.h"
#include "base/base64.h"

#define CAPACITY_FIRST 16

/* Fields. */

void http_fields_init(struct http_fields *fields, struct arena *arena)
{
	*fields = (struct http_fields){.arena = arena};
}

static void fields_reserve(struct http_fields *fields, size_t capacity)
{
	struct http_field *items;

	if (capacity <= fields->capacity)
		return;
	if (capacity < fields->capacity * 2)
		capacity = fields->capacity * 2;
	if (capacity < CAPACITY_FIRST)
		capacity = CAPACITY_FIRST;
	items = ARENA_ARRAY(fields->arena, struct http_field, capacity);
	if (fields->count > 0)
		memcpy(items, fields->items, fields->count * sizeof *items);
	fields->items = items;
	fields->capacity = capacity;
}

void http_fields_add(struct http_fields *fields, struct str name, struct str value)
{
	fields_reserve(fields, fields->count + 1);
	fields->items[fields->count++] = (struct http_field){name, value};
}

/* Keeps the others in their order; from the item `first` on. */
static void fields_remove_from(struct http_fields *fields, size_t first, struct str name)
{
	size_t kept = first;

	for (size_t i = first; i < fields->count; i++) {
		if (!str_equal_nocase(fields->items[i].name, name))
			fields->items[kept++] = fields->items[i];
	}
	if (kept < fields->count)
		fields->count = kept;
}

void http_fields_set(struct http_fields *fields, struct str name, struct str value)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!str_equal_nocase(fields->items[i].name, name))
			continue;
		fields->items[i] = (struct http_field){name, value};
		fields_remove_from(fields, i + 1, name);
		return;
	}
	http_fields_add(fields, name, value);
}

void http_fields_remove(struct http_fields *fields, struct str name)
{
	fields_remove_from(fields, 0, name);
}

struct str http_fields_get(const struct http_fields *fields, struct str name)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (str_equal_nocase(fields->items[i].name, name))
			return fields->items[i].value;
	}
	return str_of(NULL, 0);
}

bool http_fields_has(const struct http_fields *fields, struct str name)
{
	return http_fields_count(fields, name) > 0;
}

size_t http_fields_count(const struct http_fields *fields, struct str name)
{
	size_t count = 0;

	for (size_t i = 0; i < fields->count; i++)
		count += str_equal_nocase(fields->items[i].name, name);
	return count;
}

static bool value_lists(struct str value, struct str token)
{
	struct str element;

	while (str_next_field(&value, ',', &element)) {
		if (str_equal_nocase(str_trim(element), token))
			return true;
	}
	return false;
}

bool http_fields_lists(const struct http_fields *fields, struct str name, struct str token)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (str_equal_nocase(fields->items[i].name, name) &&
		    value_lists(fields->items[i].value, token))
			return true;
	}
	return false;
}

void http_fields_copy(struct http_fields *to, struct arena *arena, const struct http_fields *from)
{
	struct http_fields copy;

	http_fields_init(&copy, arena);
	fields_reserve(&copy, from->count);
	for (size_t i = 0; i < from->count; i++)
		http_fields_add(&copy, str_copy(arena, from->items[i].name),
				str_copy(arena, from->items[i].value));
	*to = copy;
}

struct str http_basic_credentials(struct arena *arena, struct str user, struct str password)
{
	return STR_CONCAT(arena, STR("Basic "),
			  base64_encode(arena, STR_CONCAT(arena, user, STR(":"), password)));
}

static bool is_listed(struct str name, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal_nocase(name, names[i]))
			return true;
	}
	return false;
}

static bool is_hop_by_hop(struct str name)
{
	static const struct str names[] = {
		STR_INIT("Connection"), STR_INIT("Proxy-Connection"),  STR_INIT("Keep-Alive"),
		STR_INIT("TE"),         STR_INIT("Transfer-Encoding"), STR_INIT("Upgrade"),
		STR_INIT("Trailer"),
	};

	return is_listed(name, names, sizeof names / sizeof *names);
}

/* What a client may not take away by naming it in Connection: whoever stands behind us decides by
 * these who calls and what (anchors/reliability.md 3.4). */
static bool is_end_to_end(struct str name)
{
	static const struct str names[] = {
		STR_INIT("Host"),         STR_INIT("Authorization"),    STR_INIT("Cookie"),
		STR_INIT("Content-Type"), STR_INIT("Content-Encoding"), STR_INIT("Content-Length"),
		STR_INIT("Forwarded"),    STR_INIT("X-Real-IP"),
	};
	static const struct str prefixes[] = {STR_INIT("X-Forwarded-"), STR_INIT("X-3scale-")};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (str_equal_nocase(str_slice(name, 0, prefixes[i].size), prefixes[i]))
			return true;
	}
	return is_listed(name, names, sizeof names / sizeof *names);
}

void http_fields_remove_hop_by_hop(struct http_fields *fields)
{
	struct http_fields before = *fields;
	size_t kept = 0;

	/* The names are looked up in the fields as they were, so these move to a new array. */
	fields->items = NULL;
	fields->capacity = 0;
	fields->count = 0;
	fields_reserve(fields, before.count);
	for (size_t i = 0; i < before.count; i++) {
		struct str name = before.items[i].name;

		if (is_hop_by_hop(name) ||
		    (!is_end_to_end(name) && http_fields_lists(&before, STR("Connection"), name)))
			continue;
		fields->items[kept++] = before.items[i];
	}
	fields->count = kept;
}

/* Responses. */

void http_response_init(struct http_response *response, struct arena *arena, int status)
{
	*response = (struct http_response){.status = status};
	http_fields_init(&response->fields, arena);
}

struct str http_reason(int status)
{
	static const struct {
		int status;
		struct str reason;
	} rows[] = {
		{100, STR_INIT("Continue")},
		{101, STR_INIT("Switching Protocols")},
		{102, STR_INIT("Processing")},
		{103, STR_INIT("Early Hints")},
		{200, STR_INIT("OK")},
		{201, STR_INIT("Created")},
		{202, STR_INIT("Accepted")},
		{203, STR_INIT("Non-Authoritative Information")},
		{204, STR_INIT("No Content")},
		{205, STR_INIT("Reset Content")},
		{206, STR_INIT("Partial Content")},
		{300, STR_INIT("Multiple Choices")},
		{301, STR_INIT("Moved Permanently")},
		{302, STR_INIT("Found")},
		{303, STR_INIT("See Other")},
		{304, STR_INIT("Not Modified")},
		{307, STR_INIT("Temporary Redirect")},
		{308, STR_INIT("Permanent Redirect")},
		{400, STR_INIT("Bad Request")},
		{401, STR_INIT("Unauthorized")},
		{402, STR_INIT("Payment Required")},
		{403, STR_INIT("Forbidden")},
		{404, STR_INIT("Not Found")},
		{405, STR_INIT("Method Not Allowed")},
		{406, STR_INIT("Not Acceptable")},
		{407, STR_INIT("Proxy Authentication Required")},
		{408, STR_INIT("Request Timeout")},
		{409, STR_INIT("Conflict")},
		{410, STR_INIT("Gone")},
		{411, STR_INIT("Length Required")},
		{412, STR_INIT("Precondition Failed")},
		{413, STR_INIT("Content Too Large")},
		{414, STR_INIT("URI Too Long")},
		{415, STR_INIT("Unsupported Media Type")},
		{416, STR_INIT("Range Not Satisfiable")},
		{417, STR_INIT("Expectation Failed")},
		{421, STR_INIT("Misdirected Request")},
		{422, STR_INIT("Unprocessable Content")},
		{423, STR_INIT("Locked")},
		{425, STR_INIT("Too Early")},
		{426, STR_INIT("Upgrade Required")},
		{428, STR_INIT("Precondition Required")},
		{429, STR_INIT("Too Many Requests")},
		{431, STR_INIT("Request Header Fields Too Large")},
		{500, STR_INIT("Internal Server Error")},
		{501, STR_INIT("Not Implemented")},
		{502, STR_INIT("Bad Gateway")},
		{503, STR_INIT("Service Unavailable")},
		{504, STR_INIT("Gateway Timeout")},
		{505, STR_INIT("HTTP Version Not Supported")},
		{507, STR_INIT("Insufficient Storage")},
		{511, STR_INIT("Network Authentication Required")},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].status == status)
			return rows[i].reason;
	}
	return STR("Unknown");
}

/* Grammar. */

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_is_token(struct str name)
{
	for (size_t i = 0; i < name.size; i++) {
		if (!is_token_char(name.data[i]))
			return false;
	}
	return name.size > 0;
}

bool http_is_field_value(struct str value)
{
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
			return false;
	}
	return true;
}

bool http_method_has_no_body_meaning(struct str method)
{
	static const struct str methods[] = {
		STR_INIT("GET"),     STR_INIT("HEAD"),  STR_INIT("DELETE"),
		STR_INIT("OPTIONS"), STR_INIT("TRACE"), STR_INIT("CONNECT"),
	};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (str_equal(method, methods[i]))
			return true;
	}
	return false;
}
