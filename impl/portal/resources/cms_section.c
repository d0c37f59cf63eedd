/* Sections of the developer portal, a tree below the root: spec/portal.md 3.17. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/cms.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define ROOT STR("root")
#define DEPTH_MAX 64

static const struct representation section_representation = {
	.root = "section",
	.roots = "sections",
	.json = "id created_at updated_at title system_name public parent_id partial_path",
	.xml = "id created_at updated_at partial_path public title parent_id system_name",
};

static const struct rule section_rules[] = {
	{"title", RULE_PRESENT, 0, NULL, NULL, false},
	{"title", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"title", RULE_UNIQUE, 0, "provider_id parent_id", NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "provider_id", NULL, false},
	{"partial_path", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

static bool is_root(const struct record *section)
{
	return str_equal(record_text(section, "system_name"), ROOT);
}

struct record *cms_section_root(struct call *call)
{
	struct record *root = record_first(
		call->database, &cms_sections_table, "provider_id = ?1 AND system_name = ?2",
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), value_text(ROOT)));

	if (root != NULL)
		return root;
	root = call_new_record(call, &cms_sections_table);
	record_set_int(root, "provider_id", call_tenant_id(call));
	record_set_text(root, "title", STR("Root"));
	record_set_text(root, "system_name", ROOT);
	record_set_text(root, "partial_path", STR("/"));
	record_save(call->database, root);
	return root;
}

struct record *cms_section_of(struct call *call, const struct json *attributes)
{
	struct str name = json_scalar_text(json_get(attributes, STR("section_name")));
	struct record *section = NULL;
	int64_t id;

	if (str_to_int64(json_scalar_text(json_get(attributes, STR("section_id"))), &id))
		section = record_first(
			call->database, &cms_sections_table, "id = ?1 AND provider_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))));
	if (section == NULL && name.size > 0)
		section = record_first(
			call->database, &cms_sections_table,
			"system_name = ?1 AND provider_id = ?2",
			DATABASE_ARGUMENTS(value_text(name), value_int(call_tenant_id(call))));
	return section;
}

/* A parent that is not the tenant's does not count. */
static bool section_prepare(struct call *call, struct record *section,
			    const struct json *attributes)
{
	struct value parent = record_get(section, "parent_id");
	struct str from_title = name_for_host(call->arena, record_text(section, "title"));

	(void)attributes;
	if (!is_root(section) &&
	    database_int(call->database,
			 STR("SELECT count(*) FROM cms_sections WHERE id = ?1 AND "
			     "provider_id = ?2"),
			 DATABASE_ARGUMENTS(parent.kind == VALUE_INT ? parent : value_null(),
					    value_int(call_tenant_id(call))),
			 0) == 0)
		record_set_int(section, "parent_id", record_id(cms_section_root(call)));
	record_set_int(section, "provider_id", call_tenant_id(call));
	if (value_is_blank(record_get(section, "system_name")) && from_title.size > 0)
		record_set_text(section, "system_name", from_title);
	if (value_is_blank(record_get(section, "partial_path")) && from_title.size > 0)
		record_set_text(section, "partial_path", from_title);
	return true;
}

static void section_validate(struct call *call, struct record *section,
			     struct validation *validation)
{
	struct record *above = section;

	for (int depth = 0; depth < DEPTH_MAX && above != NULL; depth++) {
		if (value_is_blank(record_get(above, "parent_id")))
			return;
		above = record_by_id(call->database, &cms_sections_table,
				     record_int(above, "parent_id"));
		if (above != NULL && !record_is_new(section) &&
		    record_id(above) == record_id(section))
			break;
	}
	validation_add(validation, "base", STR("cannot be it's own ancestor"));
}

const struct resource cms_section_resource = {
	.table = &cms_sections_table,
	.representation = &section_representation,
	.wrapper = "section",
	.attributes = "title system_name public parent_id partial_path",
	RESOURCE_RULES(section_rules),
	.page_default = CMS_PAGE,
	.page_max = CMS_PAGE_MAX,
	.prepare = section_prepare,
	.validate = section_validate,
};

/* What was in it moves up. The root stays. */
void cms_section_delete(struct call *call)
{
	static const char *const tables[] = {"cms_sections", "cms_templates", "cms_files"};
	struct record *section = api_innermost(call);

	if (is_root(section)) {
		reply_empty(call, 423);
		return;
	}
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		database_run(call->database,
			     str_format(call->arena, "UPDATE %s SET %s = ?1 WHERE %s = ?2",
					tables[i], i == 0 ? "parent_id" : "section_id",
					i == 0 ? "parent_id" : "section_id"),
			     DATABASE_ARGUMENTS(record_get(section, "parent_id"),
						value_int(record_id(section))));
	record_delete(call->database, section);
	reply_empty(call, 200);
}
