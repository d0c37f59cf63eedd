#include "world/sql_url.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/url.h"
#include "world/sql.h"

#define SQLITE_SCHEME STR("sqlite:")

static const struct server_scheme {
	struct str name;
	enum sql_kind kind;
	uint16_t port;
} schemes[] = {
	{STR_INIT("mysql2"), SQL_MYSQL, 3306},
	{STR_INIT("postgresql"), SQL_POSTGRESQL, 5432},
	{STR_INIT("postgres"), SQL_POSTGRESQL, 5432},
};

static const struct server_scheme *find_scheme(struct str name)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (str_equal_nocase(name, schemes[i].name))
			return &schemes[i];
	}
	return NULL;
}

static bool refuse(const char *why, struct error *error)
{
	return error_set(error, ERROR_INVALID, "DATABASE_URL: %s", why);
}

static bool read_server(const struct url *url, const struct server_scheme *scheme,
			struct arena *arena, struct sql_options *options, struct error *error)
{
	struct str database = str_skip(url->path, 1);

	if (url->host.size == 0)
		return refuse("there is no host", error);
	if (url->user.size == 0)
		return refuse("there is no user", error);
	if (database.size == 0 || str_find_char(database, '/') != STR_NOT_FOUND)
		return refuse("one name of a database must follow the host", error);
	options->kind = scheme->kind;
	options->host = str_copy(arena, url->host);
	options->port = url->port_is_written ? url->port : scheme->port;
	options->user = url_decode(arena, url->user, false);
	options->password = url_decode(arena, url->password, false);
	options->database = url_decode(arena, database, false);
	return true;
}

bool sql_url_read(struct str text, struct arena *arena, struct sql_options *options,
		  struct error *error)
{
	const struct server_scheme *scheme;
	struct url url;

	if (str_has_prefix(text, SQLITE_SCHEME)) {
		options->kind = SQL_SQLITE;
		options->path = str_copy(arena, str_skip(text, SQLITE_SCHEME.size));
		return options->path.size > 0 || refuse("there is no file", error);
	}
	if (str_has_prefix(text, STR("oracle")))
		return refuse("Oracle is not built in: there are sqlite:, mysql2:// and "
			      "postgresql://",
			      error);
	if (!url_parse(text, &url, NULL))
		return refuse("cannot be read: mysql2://user:password@host:3306/database with %XX "
			      "for what is no letter or digit in a password",
			      error);
	scheme = find_scheme(url.scheme);
	if (scheme == NULL)
		return refuse("must begin with sqlite:, mysql2:// or postgresql://", error);
	return read_server(&url, scheme, arena, options, error);
}
