/* ActiveDocs: spec/portal.md 3.13. Documents are judged when they come (api_document.h), kept and
 * served as they are. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/api_document.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static const struct representation api_doc_representation = {
	.root = "api_doc",
	.roots = "api_docs",
	.json = "id system_name name description published skip_swagger_validations body "
		"service_id created_at updated_at",
	.xml = "id system_name name description published body created_at updated_at",
	.xml_times_as_sql = true,
};

static const struct rule api_doc_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"description", RULE_LENGTH_MAX, 65535, NULL, NULL, false},
	{"body", RULE_PRESENT, 0, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "account_id", NULL, false},
};

/* A document is often sent as JSON in JSON: what is not text is written as text. */
static bool api_doc_prepare(struct call *call, struct record *doc, const struct json *attributes)
{
	const struct json *body = json_get(attributes, STR("body"));

	if (body != NULL && (body->kind == JSON_OBJECT || body->kind == JSON_ARRAY))
		record_set_text(doc, "body", json_print(call->arena, body));
	fill_system_name(call, doc, "name", "api_doc");
	return true;
}

/* Only the caller's own services: those of others are not there. */
static void check_service(struct call *call, struct record *doc, struct validation *validation)
{
	struct value arguments[CALL_ARGUMENTS];

	if (!record_is_changed(doc, "service_id") || value_is_blank(record_get(doc, "service_id")))
		return;
	call_arguments(call, arguments);
	arguments[0] = record_get(doc, "service_id");
	if (database_int(
		    call->database,
		    STR("SELECT count(*) FROM services WHERE id = ?1 AND id IN " SERVICES_VISIBLE),
		    arguments, CALL_ARGUMENTS, 0) == 0)
		validation_add(validation, "service", STR("not found"));
}

static void api_doc_validate(struct call *call, struct record *doc, struct validation *validation)
{
	struct str body = record_text(doc, "body");

	check_service(call, doc, validation);
	if (body.size == 0)
		return;
	api_document_check(call->arena, body, record_bool(doc, "skip_swagger_validations"),
			   validation);
	record_set_text(doc, "base_path", api_document_base_path(call->arena, body));
	record_set_text(doc, "swagger_version", api_document_version(call->arena, body));
}

const struct resource api_doc_resource = {
	.table = &api_docs_services_table,
	.representation = &api_doc_representation,
	.wrapper = "api_docs_service",
	.attributes = "name body description published skip_swagger_validations service_id",
	.create_only = "system_name",
	.touches = "service_id",
	RESOURCE_RULES(api_doc_rules),
	.prepare = api_doc_prepare,
	.validate = api_doc_validate,
};
