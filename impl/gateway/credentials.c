#include "gateway/credentials.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/url.h"
#include "gateway/header_name.h"
#include "http/message.h"
#include "http/query.h"

/* The Authorization header: user and password of Basic, or the token of Bearer. */
struct authorization {
	struct str user, password, token;
	bool has_basic, has_token, is_broken;
};

enum authorization_part { PART_NONE, PART_USER, PART_PASSWORD };

/* One value that is looked for. */
struct wanted {
	struct str name;    /* as configured */
	struct str sent_as; /* towards backend */
	enum authorization_part part;
};

static struct str decoded(struct arena *arena, struct str raw)
{
	return str_find_char(raw, '%') == STR_NOT_FOUND ? raw : url_decode(arena, raw, false);
}

/* The first argument of that name that has a value; names without case (3.4). */
static bool find_in_query(struct str query, struct str name, struct arena *arena, struct str *value)
{
	struct str field, key, raw;

	while (str_next_field(&query, '&', &field)) {
		if (str_split_once(field, '=', &key, &raw) && str_equal_nocase(key, name)) {
			*value = decoded(arena, raw);
			return true;
		}
	}
	return false;
}

static bool find_in_headers(const struct http_fields *fields, struct str name, struct str *value)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (header_name_equal(fields->items[i].name, name)) {
			*value = fields->items[i].value;
			return true;
		}
	}
	return false;
}

static bool find_in_body(const struct http_query *body, struct str name, struct str *value)
{
	for (size_t i = 0; body != NULL && i < body->count; i++) {
		if (body->items[i].has_value && str_equal(body->items[i].name, name)) {
			*value = body->items[i].value;
			return true;
		}
	}
	return false;
}

static struct authorization read_authorization(const struct http_fields *fields,
					       struct arena *arena)
{
	struct authorization read = {0};
	struct str scheme, rest, pair;
	size_t colon;

	if (!str_split_once(http_fields_get(fields, STR("Authorization")), ' ', &scheme, &rest))
		return read;
	rest = str_trim(rest);
	if (str_equal(scheme, STR("Bearer"))) {
		read.has_token = rest.size > 0;
		read.token = rest;
	} else if (str_equal(scheme, STR("Basic"))) {
		read.is_broken = !base64_decode(arena, rest, &pair);
		colon = read.is_broken ? STR_NOT_FOUND : str_find_last_char(pair, ':');
		read.has_basic = colon != STR_NOT_FOUND;
		if (read.has_basic) {
			read.user = str_slice(pair, 0, colon);
			read.password = str_skip(pair, colon + 1);
		}
	}
	return read;
}

static bool method_has_form(struct str method)
{
	return str_equal(method, STR("POST")) || str_equal(method, STR("PUT")) ||
	       str_equal(method, STR("PATCH"));
}

/* A body that may have what the query has not, and is still to be read. */
static bool may_have_form(const struct credentials_rules *rules,
			  const struct credentials_source *source)
{
	return rules->location == CREDENTIALS_IN_QUERY && !source->body_was_read &&
	       method_has_form(source->method);
}

/* True for a wanted value of the mode: BACKEND_VERSION_APP_ID wants two, the others one. */
static size_t list_wanted(const struct credentials_rules *rules, struct wanted wanted[2])
{
	switch (rules->version) {
	case BACKEND_VERSION_USER_KEY:
		wanted[0] = (struct wanted){rules->user_key, STR("user_key"), PART_USER};
		return 1;
	case BACKEND_VERSION_APP_ID:
		wanted[0] = (struct wanted){rules->app_id, STR("app_id"), PART_USER};
		wanted[1] = (struct wanted){rules->app_key, STR("app_key"), PART_PASSWORD};
		return 2;
	case BACKEND_VERSION_OAUTH:
		wanted[0] = (struct wanted){STR("access_token"), STR("access_token"), PART_NONE};
		return 1;
	case BACKEND_VERSION_INVALID:
		break;
	}
	return 0;
}

static bool find_in_authorization(const struct authorization *authorization,
				  const struct wanted *wanted, struct str *value)
{
	if (wanted->part != PART_NONE && authorization->has_basic)
		*value = wanted->part == PART_USER ? authorization->user : authorization->password;
	else if (wanted->part != PART_PASSWORD && authorization->has_token)
		*value = authorization->token;
	else
		return false;
	return true;
}

static bool find_value(const struct credentials_rules *rules,
		       const struct credentials_source *source,
		       const struct authorization *authorization, const struct wanted *wanted,
		       struct arena *arena, struct str *value)
{
	bool is_found = false;

	switch (rules->location) {
	case CREDENTIALS_IN_QUERY:
		is_found = find_in_query(source->query, wanted->name, arena, value) ||
			   find_in_body(source->body, wanted->name, value);
		break;
	case CREDENTIALS_IN_HEADERS:
		is_found = find_in_headers(source->fields, wanted->name, value);
		break;
	case CREDENTIALS_IN_AUTHORIZATION:
		return find_in_authorization(authorization, wanted, value);
	case CREDENTIALS_LOCATION_INVALID:
		break;
	}
	/* Tokens may always come as Bearer, when no other place has one (3.4, mode oauth). */
	return is_found ||
	       (rules->version == BACKEND_VERSION_OAUTH && !may_have_form(rules, source) &&
		find_in_authorization(authorization, wanted, value));
}

enum credentials_result credentials_extract(const struct credentials_rules *rules,
					    const struct credentials_source *source,
					    struct arena *arena, struct credentials *credentials)
{
	struct wanted wanted[2];
	size_t count = list_wanted(rules, wanted);
	struct authorization authorization = {0};
	bool is_partial;

	*credentials = (struct credentials){0};
	if (count == 0 || rules->location == CREDENTIALS_LOCATION_INVALID)
		return CREDENTIALS_MISSING;
	if (rules->location == CREDENTIALS_IN_AUTHORIZATION ||
	    rules->version == BACKEND_VERSION_OAUTH)
		authorization = read_authorization(source->fields, arena);
	if (authorization.is_broken)
		return CREDENTIALS_BROKEN;
	for (size_t i = 0; i < count; i++) {
		struct credential *item = &credentials->items[i];

		item->name = wanted[i].sent_as;
		if (find_value(rules, source, &authorization, &wanted[i], arena, &item->value))
			credentials->count++;
	}
	if (credentials->count == count)
		return CREDENTIALS_FOUND;
	is_partial = credentials->count > 0;
	*credentials = (struct credentials){0};
	if (may_have_form(rules, source))
		return CREDENTIALS_NEED_BODY;
	return is_partial ? CREDENTIALS_INCOMPLETE : CREDENTIALS_MISSING;
}

/* What is encoded has a '%', what is not has none: they cannot be taken for each other. */
struct str credential_key_part(struct arena *arena, struct str value, char separator)
{
	return str_find_char(value, separator) == STR_NOT_FOUND &&
			       str_find_char(value, '%') == STR_NOT_FOUND
		       ? value
		       : url_encoded(arena, value);
}

struct str credentials_encode(const struct credentials *credentials, struct arena *arena)
{
	const struct credential *items = credentials->items;

	if (credentials->count == 0)
		return STR("");
	if (credentials->count == 1)
		return STR_CONCAT(arena, items[0].name, STR("="),
				  url_encoded(arena, items[0].value));
	return STR_CONCAT(arena, items[0].name, STR("="), url_encoded(arena, items[0].value),
			  STR("&"), items[1].name, STR("="), url_encoded(arena, items[1].value));
}
