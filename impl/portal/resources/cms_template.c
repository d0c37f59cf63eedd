/* Pages, partials and layouts, and the built-in ones: spec/portal.md 3.17. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/cms.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Representation: the text is not part of lists. */

static struct value when_single(struct call *call, const struct record *template, const char *name)
{
	bool is_list = call->found_count == 0 && str_equal(call->method, STR("GET"));

	return is_list ? value_absent() : record_get(template, name);
}

static struct value get_draft(struct call *call, const struct record *template)
{
	return when_single(call, template, "draft");
}

static struct value get_published(struct call *call, const struct record *template)
{
	return when_single(call, template, "published");
}

/* Nobody sees what was never published. */
static struct value get_hidden(struct call *call, const struct record *template)
{
	(void)call;
	return value_bool(record_get(template, "published").kind == VALUE_NULL);
}

static const struct derived template_derived[] = {
	{"draft", get_draft},
	{"published", get_published},
	{"hidden", get_hidden},
};

#define TIMES "id created_at updated_at "
#define TEXTS " draft published"
#define PAGE                                                                                       \
	TIMES "title system_name path content_type liquid_enabled handler hidden section_id "      \
	      "layout_id" TEXTS
#define PARTIAL TIMES "system_name liquid_enabled handler" TEXTS
#define LAYOUT TIMES "title system_name liquid_enabled handler" TEXTS
#define BUILTIN TIMES "title system_name liquid_enabled section_id layout_id" TEXTS
#define REPRESENTATION(name, properties)                                                           \
	{                                                                                          \
		.root = name, .roots = "templates", .json = properties, .xml = properties,         \
		REPRESENTATION_DERIVED(template_derived)                                           \
	}

static const struct {
	struct str type;
	const char *name; /* that a caller gives; NULL: built in */
	struct representation representation;
} types[] = {
	{STR_INIT("CMS::Page"), "page", REPRESENTATION("page", PAGE)},
	{STR_INIT("CMS::Partial"), "partial", REPRESENTATION("partial", PARTIAL)},
	{STR_INIT("CMS::Layout"), "layout", REPRESENTATION("layout", LAYOUT)},
	{STR_INIT("CMS::Builtin::Page"), NULL, REPRESENTATION("builtin_page", BUILTIN)},
	{STR_INIT("CMS::Builtin::Partial"), NULL, REPRESENTATION("builtin_partial", BUILTIN)},
	{STR_INIT("CMS::Builtin::StaticPage"), NULL,
	 REPRESENTATION("builtin_static_page", BUILTIN)},
};
#define TYPES (sizeof types / sizeof *types)
#define IS_PAGE(template) str_equal(record_text(template, "type"), types[0].type)

static const struct representation *template_other(struct call *call, const struct record *template)
{
	(void)call;
	for (size_t i = 0; i < TYPES; i++) {
		if (str_equal(types[i].type, record_text(template, "type")))
			return &types[i].representation;
	}
	return NULL;
}

static const struct representation template_representation = {
	.root = "template",
	.roots = "templates",
	.json = TIMES,
	.xml = TIMES,
	.other = template_other,
};

/* Rules. */

static const struct rule template_rules[] = {
	{"title", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "provider_id type", NULL, false},
	{"path", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"path", RULE_PATTERN, 0, "/.*", NULL, false},
	{"path", RULE_UNIQUE, 0, "provider_id type", NULL, false},
	{"handler", RULE_IN, 0, "textile markdown", NULL, false},
	{"content_type", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

/* "//docs/" is "/docs". */
static void tidy_path(struct record *template)
{
	struct str path = record_text(template, "path");

	while (str_has_prefix(path, STR("//")))
		path = str_skip(path, 1);
	while (path.size > 1 && str_has_suffix(path, STR("/")))
		path = str_slice(path, 0, path.size - 1);
	if (path.size > 0)
		record_set_text(template, "path", path);
}

/* layout_id beats layout_name; a layout that is not there is none. */
static void choose_layout(struct call *call, struct record *template, const struct json *attributes)
{
	const struct json *id = json_get(attributes, STR("layout_id"));
	const struct json *name = json_get(attributes, STR("layout_name"));
	struct record *layout = NULL;
	int64_t number;

	if (id == NULL && name == NULL)
		return;
	if (id != NULL && str_to_int64(json_scalar_text(id), &number))
		layout = record_first(
			call->database, &cms_templates_table,
			"id = ?1 AND type = 'CMS::Layout' AND provider_id = ?2",
			DATABASE_ARGUMENTS(value_int(number), value_int(call_tenant_id(call))));
	else if (name != NULL)
		layout = record_first(
			call->database, &cms_templates_table,
			"system_name = ?1 AND type = 'CMS::Layout' AND provider_id = ?2",
			DATABASE_ARGUMENTS(value_text(json_scalar_text(name)),
					   value_int(call_tenant_id(call))));
	record_set(template, "layout_id",
		   layout != NULL ? value_int(record_id(layout)) : value_null());
}

static void choose_section(struct call *call, struct record *template,
			   const struct json *attributes)
{
	struct record *section = cms_section_of(call, attributes);

	if (section == NULL && value_is_blank(record_get(template, "section_id")))
		section = cms_section_root(call);
	if (section != NULL)
		record_set_int(template, "section_id", record_id(section));
}

static bool template_prepare(struct call *call, struct record *template,
			     const struct json *attributes)
{
	if (!IS_PAGE(template))
		return true;
	tidy_path(template);
	choose_layout(call, template, attributes);
	choose_section(call, template, attributes);
	if (value_is_blank(record_get(template, "system_name")))
		record_set_text(template, "system_name",
				name_for_host(call->arena, record_text(template, "title")));
	if (value_is_blank(record_get(template, "content_type")))
		record_set_text(template, "content_type", STR("text/html"));
	return true;
}

static void template_validate(struct call *call, struct record *template,
			      struct validation *validation)
{
	static const char *const of_page[] = {"title", "path", NULL};
	static const char *const of_others[] = {"system_name", NULL};
	const char *const *needed = IS_PAGE(template) ? of_page : of_others;

	(void)call;
	for (; *needed != NULL; needed++) {
		if (value_is_blank(record_get(template, *needed)))
			validation_add(validation, *needed, STR("can't be blank"));
	}
}

const struct resource cms_template_resource = {
	.table = &cms_templates_table,
	.representation = &template_representation,
	.wrapper = "template",
	.attributes = "system_name title path draft liquid_enabled handler content_type",
	RESOURCE_RULES(template_rules),
	.page_default = CMS_PAGE,
	.page_max = CMS_PAGE_MAX,
	.prepare = template_prepare,
	.validate = template_validate,
};

static void reply_template(struct call *call, int status, const struct record *template)
{
	reply_record(call, status, &template_representation, template);
}

void cms_template_create(struct call *call)
{
	const struct json *attributes = resource_attributes(call, cms_template_resource.wrapper);
	struct record *template = call_new_record(call, &cms_templates_table);
	struct str type = json_scalar_text(json_get(attributes, STR("type")));

	if (attributes == NULL)
		return;
	for (size_t i = 0; i < TYPES; i++) {
		if (types[i].name != NULL && str_equal(str_from(types[i].name), type))
			record_set_text(template, "type", types[i].type);
	}
	if (value_is_blank(record_get(template, "type"))) {
		reply_error(
			call, 406,
			STR_CONCAT(call->arena, STR("Unknown template type '"), type, STR("'")));
		return;
	}
	record_set_int(template, "provider_id", call_tenant_id(call));
	resource_assign(template, cms_template_resource.attributes, attributes);
	if (resource_save(call, &cms_template_resource, template, attributes))
		reply_template(call, 201, template);
}

void cms_template_delete(struct call *call)
{
	struct record *template = api_innermost(call);

	if (str_has_prefix(record_text(template, "type"), STR("CMS::Builtin::"))) {
		reply_empty(call, 423);
		return;
	}
	database_run(call->database,
		     STR("UPDATE cms_templates SET layout_id = NULL WHERE layout_id = ?1"),
		     DATABASE_ARGUMENTS(value_int(record_id(template))));
	record_delete(call->database, template);
	reply_empty(call, 200);
}

/* What is shown is the draft from now on; without one nothing changes. */
void cms_template_publish(struct call *call)
{
	struct record *template = api_innermost(call);

	if (record_get(template, "draft").kind != VALUE_NULL) {
		record_set(template, "published", record_get(template, "draft"));
		record_set(template, "draft", value_null());
		record_save(call->database, template);
	}
	reply_template(call, 200, template);
}
