/* ActiveDocs: spec/portal.md 3.13. Documents are stored and served; of their content only what
 * every version shares is judged: JSON, and an address that is not the portal's own machine. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
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
	{"body", RULE_PRESENT, 0, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "account_id", NULL, false},
};

static bool api_doc_prepare(struct call *call, struct record *doc, const struct json *attributes)
{
	(void)attributes;
	fill_system_name(call, doc, "name");
	return true;
}

static void api_doc_validate(struct call *call, struct record *doc, struct validation *validation)
{
	struct str body = record_text(doc, "body");
	struct value arguments[CALL_ARGUMENTS];
	const struct json *document;
	struct str host;

	call_arguments(call, arguments);
	arguments[0] = record_get(doc, "service_id");
	if (arguments[0].kind != VALUE_NULL &&
	    database_int(
		    call->database,
		    STR("SELECT count(*) FROM services WHERE id = ?1 AND id IN " SERVICES_VISIBLE),
		    arguments, CALL_ARGUMENTS, 0) == 0)
		validation_add(validation, "service_id", STR("not found"));
	if (body.size == 0)
		return;
	document = json_parse(call->arena, body, LIMIT_PORTAL_BODY_BYTES, NULL);
	if (document == NULL || document->kind != JSON_OBJECT) {
		validation_add(validation, "body", STR("JSON Spec is invalid"));
		return;
	}
	host = json_get_str(document, STR("host"));
	if (str_equal(host, STR("localhost")) || str_has_prefix(host, STR("localhost:")) ||
	    str_has_prefix(host, STR("127.")))
		validation_add(validation, "base_path", STR("is invalid"));
}

const struct resource api_doc_resource = {
	.table = &api_docs_services_table,
	.representation = &api_doc_representation,
	.wrapper = "api_docs_service",
	.attributes = "name body description published skip_swagger_validations service_id",
	.create_only = "system_name",
	RESOURCE_RULES(api_doc_rules),
	.prepare = api_doc_prepare,
	.validate = api_doc_validate,
};
