#include "portal/database_address.h"

#include "base/arena.h"
#include "base/error.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "world/sql.h"
#include "world/sql_url.h"

#define DEFAULT_DATABASE "sqlite:portal.sqlite"

static struct str url_of(struct arena *arena, struct str given)
{
	bool is_url = str_find(given, STR("://")) != STR_NOT_FOUND ||
		      str_has_prefix(given, STR("sqlite:"));

	return is_url ? given : STR_CONCAT(arena, STR("sqlite:"), given);
}

bool database_address_find(const struct settings_source *source, const struct settings *settings,
			   struct str given, struct sql_options *options, struct error *error)
{
	struct str url = settings->database_url, place = setting_name(source, "DATABASE_URL");

	if (url.size == 0)
		url = STR(DEFAULT_DATABASE);
	if (given.size > 0)
		url = url_of(source->arena, given);
	if (sql_url_read(url, source->arena, options, error))
		return true;
	/* The sentence names the variable already. */
	if (given.size == 0 && !str_equal(place, STR("DATABASE_URL")))
		error_wrap(error, "%.*s", STR_ARG(place));
	return false;
}
