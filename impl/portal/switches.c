#include "portal/switches.h"

#include "base/arena.h"
#include "base/bug.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/resources/resources.h"

#define STATEMENT_BYTES_MAX 1024
#define SCOPE_COLUMNS_MAX 2

static bool switch_is(struct call *call, const char *name, struct str state)
{
	const char *column = str_cstr(call->arena, str_format(call->arena, "%s_switch", name));

	return str_equal(record_text(settings_of_tenant(call), column), state);
}

bool switch_is_allowed(struct call *call, const char *name)
{
	return record_bool(call->tenant, "master") || !switch_is(call, name, STR("denied"));
}

bool switch_is_visible(struct call *call, const char *name)
{
	return switch_is(call, name, STR("visible"));
}

bool switch_lets_another(struct call *call, const char *name, const struct record *record,
			 const char *scope)
{
	struct value arguments[SCOPE_COLUMNS_MAX];
	struct str rest = str_from(scope), column;
	struct strbuf sql;
	int64_t others;
	size_t count = 0;

	if (switch_is_allowed(call, name))
		return true;
	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append_format(&sql, "SELECT count(*) FROM %.*s WHERE", STR_ARG(record->table->name));
	while (str_next_field(&rest, ' ', &column)) {
		BUG_IF(count == SCOPE_COLUMNS_MAX);
		arguments[count] = record_get(record, str_cstr(call->arena, column));
		strbuf_append_format(&sql, "%s %.*s = ?%zu", count > 0 ? " AND" : "",
				     STR_ARG(column), count + 1);
		count++;
	}
	others = database_int(call->database, strbuf_str(&sql), arguments, count, 0);
	strbuf_free(&sql);
	return others == 0;
}
