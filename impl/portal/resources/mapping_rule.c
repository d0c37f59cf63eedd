/* Mapping rules: spec/portal.md 3.5. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/mapping_pattern.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Three links ask for it: the path says it, and only pages show rules without one. */
static struct value rule_get_service(struct call *call, const struct record *rule)
{
	const struct record *service = service_of_path(call);

	if (service != NULL)
		return value_int(record_id(service));
	return value_int(database_int(call->database,
				      STR("SELECT service_id FROM proxies WHERE id = ?1"),
				      DATABASE_ARGUMENTS(record_get(rule, "proxy_id")), 0));
}

static const struct derived mapping_rule_derived[] = {{"service_id", rule_get_service}};

static const struct link mapping_rule_links[] = {
	{"self", "/admin/api/services/{service_id}/proxy/mapping_rules/{id}"},
	{"service", "/admin/api/services/{service_id}"},
	{"proxy", "/admin/api/services/{service_id}/proxy"},
};

#define MAPPING_RULE_PROPERTIES                                                                    \
	"id metric_id pattern http_method delta position last created_at updated_at"

static const struct representation mapping_rule_representation = {
	.root = "mapping_rule",
	.roots = "mapping_rules",
	.json = MAPPING_RULE_PROPERTIES,
	.xml = MAPPING_RULE_PROPERTIES,
	REPRESENTATION_DERIVED(mapping_rule_derived),
	REPRESENTATION_LINKS(mapping_rule_links),
	.links_are_paths = true,
	.xml_leaves_nulls = true,
	.xml_times_as_sql = true,
};

/* Others count on from them, in 32 bits. */
#define NUMBERS (INT64_C(1) << 31)

static const struct rule mapping_rule_rules[] = {
	{"http_method", RULE_IN, 0, "GET POST DELETE PUT PATCH HEAD OPTIONS", NULL, true},
	{"pattern", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"metric_id", RULE_PRESENT, 0, NULL, NULL, false},
	{"delta", RULE_NUMBER, 0, NULL, NULL, true},
	{"delta", RULE_ABOVE, 0, NULL, NULL, false},
	{"delta", RULE_BELOW, NUMBERS, NULL, NULL, false},
	{"position", RULE_NUMBER, 0, NULL, NULL, false},
	{"position", RULE_BELOW, NUMBERS, NULL, NULL, false},
};

/* A new rule hangs on the service's proxy; its metric is one of the service's (PT-104). */
static bool mapping_rule_prepare(struct call *call, struct record *rule,
				 const struct json *attributes)
{
	struct record *service = service_of_path(call);
	struct value metric = record_get(rule, "metric_id");

	if (settings_has_flag(call->settings, FLAG_PROXY_PRO))
		resource_assign(rule, "redirect_url", attributes);
	record_set_int(rule, "proxy_id", record_id(proxy_of_service(call, record_id(service))));
	if (!value_is_blank(metric) &&
	    database_int(call->database,
			 STR("SELECT count(*) FROM metrics WHERE id = ?1 AND service_id = ?2"),
			 DATABASE_ARGUMENTS(metric, value_int(record_id(service))), 0) == 0) {
		reply_not_found(call);
		return false;
	}
	if (record_get(rule, "position").kind == VALUE_INT && record_int(rule, "position") < 1)
		record_set_int(rule, "position", 1);
	return true;
}

static void mapping_rule_validate(struct call *call, struct record *rule,
				  struct validation *validation)
{
	struct str fault = mapping_pattern_fault(call->arena, record_text(rule, "pattern"));

	if (fault.size > 0)
		validation_add(validation, "pattern", fault);
}

/* Positions are a list: one that goes leaves no hole, one that comes pushes the others down. */
static void close_gap(struct call *call, const struct record *rule, struct value position)
{
	database_run(call->database,
		     STR("UPDATE proxy_rules SET position = position - 1 "
			 "WHERE proxy_id = ?1 AND position > ?2 AND id <> ?3"),
		     DATABASE_ARGUMENTS(record_get(rule, "proxy_id"), position,
					value_int(record_id(rule))));
}

static void make_room(struct call *call, const struct record *rule)
{
	database_run(call->database,
		     STR("UPDATE proxy_rules SET position = position + 1 "
			 "WHERE proxy_id = ?1 AND position >= ?2 AND id <> ?3"),
		     DATABASE_ARGUMENTS(record_get(rule, "proxy_id"), record_get(rule, "position"),
					value_int(record_id(rule))));
}

static void append_rule(struct call *call, struct record *rule)
{
	record_set_int(rule, "position",
		       database_int(call->database,
				    STR("SELECT max(position) FROM proxy_rules "
					"WHERE proxy_id = ?1 AND id <> ?2"),
				    DATABASE_ARGUMENTS(record_get(rule, "proxy_id"),
						       value_int(record_id(rule))),
				    0) +
			       1);
	record_save(call->database, rule);
}

static void mapping_rule_saved(struct call *call, struct record *rule, const struct record *before)
{
	struct value position = record_get(rule, "position");
	struct value old = before != NULL ? record_get(before, "position") : value_null();

	if (!value_equal(position, old) || before == NULL) {
		if (old.kind != VALUE_NULL)
			close_gap(call, rule, old);
		if (position.kind == VALUE_NULL)
			append_rule(call, rule);
		else
			make_room(call, rule);
	}
	proxy_touch(call, record_id(service_of_path(call)));
}

static void mapping_rule_deleting(struct call *call, struct record *rule,
				  struct validation *validation)
{
	(void)validation;
	close_gap(call, rule, record_get(rule, "position"));
	proxy_touch(call, record_id(service_of_path(call)));
}

/* The last first: what goes before it moves nothing that is still to go. */
void mapping_rules_remove_of_metric(struct call *call, const struct record *metric)
{
	struct record_list list = record_all(call->database, &proxy_rules_table,
					     "metric_id = ?1 ORDER BY position DESC, id DESC",
					     DATABASE_ARGUMENTS(value_int(record_id(metric))));

	for (size_t i = 0; i < list.count; i++) {
		close_gap(call, list.items[i], record_get(list.items[i], "position"));
		record_delete(call->database, list.items[i]);
	}
}

const struct resource mapping_rule_resource = {
	.table = &proxy_rules_table,
	.representation = &mapping_rule_representation,
	.wrapper = "mapping_rule",
	.attributes = "http_method pattern delta last position metric_id",
	RESOURCE_RULES(mapping_rule_rules),
	.prepare = mapping_rule_prepare,
	.validate = mapping_rule_validate,
	.saved = mapping_rule_saved,
	.deleting = mapping_rule_deleting,
};

void mapping_rule_create_default(struct call *call, const struct record *proxy)
{
	struct record *rule = call_new_record(call, &proxy_rules_table);

	record_set_int(rule, "proxy_id", record_id(proxy));
	record_set_text(rule, "http_method", STR("GET"));
	record_set_text(rule, "pattern", STR("/"));
	record_set_int(rule, "delta", 1);
	record_set_int(rule, "position", 1);
	record_set_int(rule, "metric_id",
		       database_int(call->database,
				    STR("SELECT id FROM metrics WHERE service_id = ?1 AND "
					"system_name = 'hits'"),
				    DATABASE_ARGUMENTS(record_get(proxy, "service_id")), 0));
	record_save(call->database, rule);
}
