#include "base/url.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum char_class {
	CHAR_UNRESERVED = 1, /* RFC 3986 2.3: kept by percent coding */
	CHAR_HOST = 2,       /* spec/gateway.md 0.3 */
	CHAR_SCHEME = 4,
	CHAR_HEX = 8,
};

#define RANGE_LETTER (CHAR_UNRESERVED | CHAR_HOST | CHAR_SCHEME)

static unsigned char_class(char c)
{
	if (c >= '0' && c <= '9')
		return RANGE_LETTER | CHAR_HEX;
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return RANGE_LETTER | CHAR_HEX;
	if ((c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z'))
		return RANGE_LETTER;
	switch (c) {
	case '-':
	case '.':
		return CHAR_UNRESERVED | CHAR_HOST | CHAR_SCHEME;
	case '_':
		return CHAR_UNRESERVED | CHAR_HOST;
	case '~':
		return CHAR_UNRESERVED;
	case '+':
		return CHAR_SCHEME;
	default:
		return 0;
	}
}

static bool all_of(struct str text, unsigned class)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((char_class(text.data[i]) & class) == 0)
			return false;
	}
	return true;
}

static const struct scheme {
	struct str name;
	uint16_t port;
	bool is_tls;
} schemes[] = {
	{STR_INIT("http"), 80, false},    {STR_INIT("https"), 443, true},
	{STR_INIT("redis"), 6379, false}, {STR_INIT("rediss"), 6379, true},
	{STR_INIT("smtp"), 25, false},
};

static const struct scheme *find_scheme(struct str name)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (str_equal_nocase(name, schemes[i].name))
			return &schemes[i];
	}
	return NULL;
}

uint16_t url_default_port(struct str scheme)
{
	const struct scheme *known = find_scheme(scheme);

	return known != NULL ? known->port : 0;
}

bool url_is_tls(const struct url *url)
{
	const struct scheme *known = find_scheme(url->scheme);

	return known != NULL && known->is_tls;
}

bool url_is_http(const struct url *url)
{
	return (str_equal_nocase(url->scheme, STR("http")) ||
		str_equal_nocase(url->scheme, STR("https"))) &&
	       url->host.size > 0;
}

struct str url_authority(struct arena *arena, const struct url *url)
{
	bool is_ipv6 = str_find_char(url->host, ':') != STR_NOT_FOUND;
	struct str host = is_ipv6 ? STR_CONCAT(arena, STR("["), url->host, STR("]")) : url->host;

	return url->port_is_written
		       ? str_format(arena, "%.*s:%u", STR_ARG(host), (unsigned)url->port)
		       : host;
}

static bool has_blank_or_control(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c <= 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static bool parse_port(struct str text, struct url *url)
{
	url->port_is_written = true;
	return str_to_uint16(text, &url->port) && url->port != 0;
}

static bool parse_host_port(struct str text, struct url *url)
{
	size_t end;

	if (!str_has_prefix(text, STR("["))) {
		struct str port;
		bool with_port = str_split_once(text, ':', &url->host, &port);

		return all_of(url->host, CHAR_HOST) && (!with_port || parse_port(port, url));
	}
	end = str_find_char(text, ']');
	if (end == STR_NOT_FOUND)
		return false;
	url->host = str_slice(text, 1, end);
	/* An address, and not "[1.2.3.4]". */
	if (!url_host_is_ip(url->host) || str_find_char(url->host, ':') == STR_NOT_FOUND)
		return false;
	text = str_skip(text, end + 1);
	if (text.size == 0)
		return true;
	return text.data[0] == ':' && parse_port(str_skip(text, 1), url);
}

/* [user[:password]@]host[:port] */
static bool parse_authority(struct str text, struct url *url)
{
	size_t at = str_find_last_char(text, '@');

	if (at != STR_NOT_FOUND) {
		str_split_once(str_slice(text, 0, at), ':', &url->user, &url->password);
		text = str_skip(text, at + 1);
	}
	if (!parse_host_port(text, url))
		return false;
	if (!url->port_is_written)
		url->port = url_default_port(url->scheme);
	/* "file:///path", "redis:///0": only unknown schemes and Redis may leave out the host. */
	return url->host.size > 0 ||
	       (!url->port_is_written && (url->port == 0 || url->port == 6379));
}

bool url_parse(struct str text, struct url *url, struct error *error)
{
	struct url parsed = {0};
	struct str rest;
	size_t end = 0;

	if (text.size == 0)
		return error_set(error, ERROR_INVALID, "missing endpoint");
	if (!str_split_once(text, ':', &parsed.scheme, &rest) || parsed.scheme.size == 0)
		return error_set(error, ERROR_INVALID, "missing scheme");
	if (!all_of(parsed.scheme, CHAR_SCHEME) || !str_has_prefix(rest, STR("//")) ||
	    has_blank_or_control(text))
		return error_set(error, ERROR_INVALID, "invalid endpoint");
	rest = str_skip(rest, 2);
	rest = str_slice(rest, 0, str_find_char(rest, '#'));
	while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	if (!parse_authority(str_slice(rest, 0, end), &parsed))
		return error_set(error, ERROR_INVALID, "invalid endpoint");
	url_split_target(str_skip(rest, end), &parsed.path, &parsed.query);
	*url = parsed;
	return true;
}

void url_split_target(struct str target, struct str *path, struct str *query)
{
	str_split_once(target, '?', path, query);
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20U) - 'a' + 10;
}

struct str url_decode(struct arena *arena, struct str text, bool plus_is_space)
{
	char *data = arena_alloc(arena, text.size);
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '%' && text.size - i > 2 &&
		    all_of(str_slice(text, i + 1, i + 3), CHAR_HEX)) {
			c = (char)(hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2]));
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		data[size++] = c;
	}
	return str_of(data, size);
}

/* In a path also what has a meaning of its own there (RFC 3986 3.3). */
static bool is_kept(char c, bool is_path)
{
	return (char_class(c) & CHAR_UNRESERVED) != 0 ||
	       (is_path && str_find_char(STR("/!$&'()*+,;=:@"), c) != STR_NOT_FOUND);
}

static char *put_encoded(char *out, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	*out++ = '%';
	*out++ = digits[(unsigned char)c >> 4];
	*out++ = digits[(unsigned char)c & 15];
	return out;
}

bool url_encode(struct strbuf *out, struct str text)
{
	bool fits = true;

	for (size_t i = 0; i < text.size && fits; i++) {
		char coded[3];

		if (is_kept(text.data[i], false)) {
			fits = strbuf_append_char(out, text.data[i]);
		} else {
			put_encoded(coded, text.data[i]);
			fits = strbuf_append(out, str_of(coded, sizeof coded));
		}
	}
	return fits;
}

static struct str encoded(struct arena *arena, struct str text, bool is_path)
{
	size_t size = 0;
	char *data, *at;

	for (size_t i = 0; i < text.size; i++)
		size += is_kept(text.data[i], is_path) ? 1 : 3;
	data = at = arena_alloc(arena, size);
	for (size_t i = 0; i < text.size; i++) {
		if (is_kept(text.data[i], is_path))
			*at++ = text.data[i];
		else
			at = put_encoded(at, text.data[i]);
	}
	return str_of(data, size);
}

struct str url_encoded(struct arena *arena, struct str text)
{
	return encoded(arena, text, false);
}

struct str url_encoded_path(struct arena *arena, struct str text)
{
	return encoded(arena, text, true);
}

struct str url_normal_path(struct arena *arena, struct str raw_path)
{
	struct str path = url_decode(arena, raw_path, false);
	char *data = arena_alloc(arena, path.size + 1);
	size_t size = 0;
	struct str segment;

	/* Dots count as segments also when they came encoded: decoding comes first. */
	data[size++] = '/';
	while (str_next_field(&path, '/', &segment)) {
		bool is_last = path.data == NULL;

		if (str_equal(segment, STR(".."))) {
			while (size > 1 && data[--size - 1] != '/')
				;
		} else if (segment.size > 0 && !str_equal(segment, STR("."))) {
			for (size_t i = 0; i < segment.size; i++)
				data[size++] = segment.data[i];
			if (!is_last)
				data[size++] = '/';
		}
	}
	return str_of(data, size);
}

bool url_path_climbs(struct arena *arena, struct str raw_path)
{
	struct str path, segment;
	size_t depth = 0;

	if (str_find(raw_path, STR("..")) == STR_NOT_FOUND &&
	    str_find_char(raw_path, '%') == STR_NOT_FOUND)
		return false; /* as almost all do */
	path = url_decode(arena, raw_path, false);
	while (str_next_field(&path, '/', &segment)) {
		if (!str_equal(segment, STR("..")))
			depth += segment.size > 0 && !str_equal(segment, STR("."));
		else if (depth-- == 0)
			return true;
	}
	return false;
}

static bool is_ipv4(struct str host)
{
	for (int i = 0; i < 4; i++) {
		struct str number;
		uint16_t value;
		bool more = str_split_once(host, '.', &number, &host);

		if (more != (i < 3) || number.size > 3 || !str_to_uint16(number, &value) ||
		    value > 255)
			return false;
		if (number.size > 1 && number.data[0] == '0') /* octal to some readers */
			return false;
	}
	return true;
}

/* Counts the 16-bit groups of one side of "::"; an IPv4 address may stand for the last two. */
static bool count_groups(struct str side, bool is_end, int *groups)
{
	struct str group;
	bool more = side.size > 0;

	while (more) {
		more = str_split_once(side, ':', &group, &side);
		if (!more && is_end && is_ipv4(group)) {
			*groups += 2;
		} else if (group.size < 1 || group.size > 4 || !all_of(group, CHAR_HEX)) {
			return false;
		} else {
			*groups += 1;
		}
	}
	return true;
}

bool url_host_is_ip(struct str host)
{
	size_t gap = str_find(host, STR("::"));
	int groups = 0;

	if (is_ipv4(host))
		return true;
	if (gap == STR_NOT_FOUND)
		return count_groups(host, true, &groups) && groups == 8;
	return count_groups(str_slice(host, 0, gap), false, &groups) &&
	       count_groups(str_skip(host, gap + 2), true, &groups) && groups <= 7;
}
