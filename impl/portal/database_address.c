#include "portal/database_address.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "portal/database.h"
#include "portal/schema.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "portal/tables.h"
#include "world/sql.h"
#include "world/sql_url.h"

#define DEFAULT_DATABASE "sqlite:portal.sqlite"

static struct str url_of(struct arena *arena, struct str given)
{
	bool is_url = str_find(given, STR("://")) != STR_NOT_FOUND ||
		      str_has_prefix(given, STR("sqlite:"));

	return is_url ? given : STR_CONCAT(arena, STR("sqlite:"), given);
}

/* Limits of an external MySQL. */

#define LIFTED " (ROLLING_UPDATES=upstream_mysql_limits=on takes it all the same)"

static bool is_address(struct str host)
{
	struct ip_address address;

	return ip_address_parse(host, &address);
}

static bool is_of_cluster(struct str host)
{
	return !is_address(host) &&
	       (str_find_char(host, '.') == STR_NOT_FOUND || str_has_suffix(host, STR(".svc")) ||
		str_has_suffix(host, STR(".svc.cluster.local")));
}

static bool has_limits(const struct settings *settings, const struct sql_options *options)
{
	return options->kind == SQL_MYSQL && !is_of_cluster(options->host) &&
	       !settings_has_flag(settings, FLAG_UPSTREAM_MYSQL_LIMITS);
}

static bool keeps_limits(const struct sql_options *options, struct error *error)
{
	if (!is_address(options->host))
		return error_set(error, ERROR_INVALID,
				 "DATABASE_URL: the host of an external MySQL database must be an "
				 "IP address, not \"%.*s\"" LIFTED,
				 STR_ARG(options->host));
	if (!str_equal(options->user, STR("root")))
		return error_set(error, ERROR_INVALID,
				 "DATABASE_URL: the user of an external MySQL database must be "
				 "root, not \"%.*s\"" LIFTED,
				 STR_ARG(options->user));
	return true;
}

static bool is_account_of_all_hosts(struct database *database, struct error *error)
{
	struct str account = database_text(database, STR("SELECT CURRENT_USER()"), NULL, 0);

	return database_has_failed(database) || str_equal(account, STR("root@%")) ||
	       error_set(error, ERROR_INVALID,
			 "the account of an external MySQL database must be root@%%, not "
			 "%.*s" LIFTED,
			 STR_ARG(account));
}

static bool is_own_table(struct str name)
{
	bool is = false;

	for (size_t i = 0; i < portal_tables_count; i++)
		is = is || str_equal(portal_tables[i]->name, name);
	return is;
}

/* A portal's whose making was interrupted has only tables of its own. */
static bool is_free_of_others(struct database *database, struct error *error)
{
	struct sql_statement *statement;
	struct str other = STR("");
	bool is_own = false;

	statement = database_query(database,
				   STR("SELECT table_name FROM information_schema.tables WHERE "
				       "table_schema = DATABASE() ORDER BY table_name"),
				   NULL, 0);
	while (statement != NULL && database_next_row(database, statement)) {
		struct str name = database_column_text(database, statement, 0);

		is_own = is_own || str_equal(name, STR(SCHEMA_INFO_TABLE));
		if (other.size == 0 && !is_own_table(name))
			other = name;
	}
	if (statement != NULL)
		database_query_done(database, statement);
	return is_own || other.size == 0 ||
	       error_set(error, ERROR_INVALID,
			 "an external MySQL database must be empty or a portal's, and there is a "
			 "table \"%.*s\"" LIFTED,
			 STR_ARG(other));
}

bool database_address_judge(struct database *database, const struct settings *settings,
			    const struct sql_options *options, struct error *error)
{
	struct arena *arena;
	bool is_fine;

	/* A simulated server keeps no accounts. */
	if (!has_limits(settings, options) || database_dialect(database)->kind != SQL_MYSQL)
		return true;
	arena = arena_create();
	database_begin(database, arena, false);
	is_fine = is_account_of_all_hosts(database, error) && is_free_of_others(database, error);
	if (!is_fine)
		database_rollback(database);
	else
		is_fine = database_commit(database, error);
	arena_destroy(arena);
	return is_fine || error_wrap(error, "database server %.*s:%u", STR_ARG(options->host),
				     (unsigned)options->port);
}

/* The address. */

static bool read_url(const struct settings *settings, struct arena *arena, struct str url,
		     struct sql_options *options, struct error *error)
{
	return sql_url_read(url, arena, options, error) &&
	       (!has_limits(settings, options) || keeps_limits(options, error));
}

bool database_address_find(const struct settings_source *source, const struct settings *settings,
			   struct str given, struct sql_options *options, struct error *error)
{
	struct str url = settings->database_url, place = setting_name(source, "DATABASE_URL");

	if (url.size == 0)
		url = STR(DEFAULT_DATABASE);
	if (given.size > 0)
		url = url_of(source->arena, given);
	if (read_url(settings, source->arena, url, options, error))
		return true;
	/* The sentence names the variable already. */
	if (given.size == 0 && !str_equal(place, STR("DATABASE_URL")))
		error_wrap(error, "%.*s", STR_ARG(place));
	return false;
}
