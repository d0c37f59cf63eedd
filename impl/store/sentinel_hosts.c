#include "store/sentinel_hosts.h"

#include "base/arena.h"
#include "base/error.h"

#define PORT_DEFAULT 26379
#define SCHEME STR("redis://")

/* Up to the next comma that stands for itself, with the backslashes taken out. */
static struct str next_element(struct str *rest, struct arena *arena)
{
	struct strbuf element;
	struct str text;
	size_t at = 0;

	strbuf_init(&element, SIZE_MAX);
	while (at < rest->size && rest->data[at] != ',') {
		if (rest->data[at] == '\\' && at + 1 < rest->size)
			at++;
		strbuf_append_char(&element, rest->data[at++]);
	}
	*rest = str_skip(*rest, at + 1);
	text = str_copy(arena, str_trim(strbuf_str(&element)));
	strbuf_free(&element);
	return text;
}

static void take_password(struct str *text, struct sentinel_host *host)
{
	size_t at = str_find_last_char(*text, '@');

	if (at == STR_NOT_FOUND)
		return;
	/* Without a colon it is a user without a password: nobody. */
	str_split_once(str_slice(*text, 0, at), ':', &host->user, &host->password);
	*text = str_skip(*text, at + 1);
}

/* "host", "host:port", "[::1]:port", "::1". */
static bool read_place(struct str text, struct sentinel_host *host)
{
	size_t bracket = str_has_prefix(text, STR("[")) ? str_find_char(text, ']') : STR_NOT_FOUND;
	struct str rest;

	host->host = text;
	host->port = PORT_DEFAULT;
	if (bracket != STR_NOT_FOUND) {
		host->host = str_slice(text, 1, bracket);
		rest = str_skip(text, bracket + 1);
		return rest.size == 0 || (str_has_prefix(rest, STR(":")) &&
					  str_to_uint16(str_skip(rest, 1), &host->port));
	}
	if (str_find_char(text, ':') != str_find_last_char(text, ':'))
		return true;
	if (str_split_once(text, ':', &host->host, &rest) && !str_to_uint16(rest, &host->port))
		return false;
	return true;
}

static bool take_place(struct str text, struct sentinel_host *host)
{
	return read_place(text, host) && host->host.size > 0 && host->port > 0;
}

bool sentinel_hosts_read(struct str list, struct arena *arena, struct sentinel_host **hosts,
			 size_t *count, struct error *error)
{
	size_t commas = 0, found = 0;
	struct sentinel_host *read;

	for (size_t i = 0; i < list.size; i++)
		commas += list.data[i] == ',';
	read = ARENA_ARRAY(arena, struct sentinel_host, commas + 1);
	while (list.size > 0) {
		struct str text = next_element(&list, arena);

		if (text.size == 0)
			continue;
		if (str_has_prefix(text, SCHEME))
			text = str_skip(text, SCHEME.size);
		take_password(&text, &read[found]);
		if (!take_place(text, &read[found]))
			return error_set(
				error, ERROR_INVALID,
				"The sentinel \"%.*s\" is not valid: host:port is expected",
				STR_ARG(text));
		found++;
	}
	*hosts = read;
	*count = found;
	return true;
}
