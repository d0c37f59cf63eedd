/* The flows of OpenID Connect a service allows: spec/portal.md 3.6. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

static const struct {
	const char *flag;
	bool fallback;
} flows[] = {
	{"standard_flow_enabled", true},
	{"implicit_flow_enabled", false},
	{"service_accounts_enabled", false},
	{"direct_access_grants_enabled", false},
};
#define FLOWS (sizeof flows / sizeof *flows)

static bool flag_of(struct call *call, const struct record *configuration, size_t index)
{
	const struct json *stored =
		json_parse(call->arena, record_text(configuration, "config"), 4096, NULL);

	return json_bool(json_get(stored, str_from(flows[index].flag)), flows[index].fallback);
}

#define FLAG_GETTER(name, index)                                                                   \
	static struct value name(struct call *call, const struct record *configuration)            \
	{                                                                                          \
		return value_bool(flag_of(call, configuration, index));                            \
	}

FLAG_GETTER(get_standard_flow, 0)
FLAG_GETTER(get_implicit_flow, 1)
FLAG_GETTER(get_service_accounts, 2)
FLAG_GETTER(get_direct_access, 3)

/* Not there until the first save. */
static struct value get_id(struct call *call, const struct record *configuration)
{
	(void)call;
	return record_is_new(configuration) ? value_absent() : value_int(record_id(configuration));
}

static const struct derived derived[] = {
	{"id", get_id},
	{"standard_flow_enabled", get_standard_flow},
	{"implicit_flow_enabled", get_implicit_flow},
	{"service_accounts_enabled", get_service_accounts},
	{"direct_access_grants_enabled", get_direct_access},
};

#define PROPERTIES                                                                                 \
	"id standard_flow_enabled implicit_flow_enabled service_accounts_enabled "                 \
	"direct_access_grants_enabled"

static const struct representation oidc_configuration_representation = {
	.root = "oidc_configuration",
	.roots = "oidc_configurations",
	.json = PROPERTIES,
	.xml = PROPERTIES,
	REPRESENTATION_DERIVED(derived),
};

const struct resource oidc_configuration_resource = {
	.table = &oidc_configurations_table,
	.representation = &oidc_configuration_representation,
	.wrapper = "oidc_configuration",
};

static struct record *configuration_of(struct call *call, const struct record *proxy)
{
	struct record *configuration = record_first(
		call->database, &oidc_configurations_table, "oidc_configurable_id = ?1",
		DATABASE_ARGUMENTS(value_int(record_id(proxy))));

	if (configuration == NULL) {
		configuration = call_new_record(call, &oidc_configurations_table);
		record_set_int(configuration, "oidc_configurable_id", record_id(proxy));
	}
	return configuration;
}

struct value oidc_configuration_value(struct call *call, const struct record *proxy)
{
	struct record *configuration = configuration_of(call, proxy);
	struct strbuf out;
	struct str text;

	if (call->format == FORMAT_XML)
		return representation_xml_element(call, &oidc_configuration_representation,
						  configuration);
	strbuf_init(&out, 4096);
	representation_write_json(call, &out, &oidc_configuration_representation, configuration);
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return value_json(text);
}

void oidc_configuration_show(struct call *call)
{
	struct record *proxy = proxy_of_service(call, record_id(service_of_path(call)));

	reply_record(call, 200, &oidc_configuration_representation, configuration_of(call, proxy));
}

struct record *oidc_configuration_assign(struct call *call, const struct record *proxy,
					 const struct json *sent)
{
	struct record *configuration = configuration_of(call, proxy);
	struct json *stored = json_new(call->arena, JSON_OBJECT);

	for (size_t i = 0; i < FLOWS; i++) {
		const struct json *flag = json_get(sent, str_from(flows[i].flag));
		bool value =
			flag != NULL
				? value_from_text(VALUE_BOOL, json_scalar_text(flag)).number != 0
				: flag_of(call, configuration, i);

		json_set(stored, str_from(flows[i].flag), json_new_bool(call->arena, value));
	}
	record_set(configuration, "config", value_json(json_print(call->arena, stored)));
	if (record_save(call->database, configuration))
		proxy_touch(call, record_int(proxy, "service_id"));
	return configuration;
}

void oidc_configuration_update(struct call *call)
{
	const struct json *attributes =
		resource_attributes(call, oidc_configuration_resource.wrapper);
	struct record *proxy = proxy_of_service(call, record_id(service_of_path(call)));

	if (attributes == NULL)
		return;
	reply_record(call, 200, &oidc_configuration_representation,
		     oidc_configuration_assign(call, proxy, attributes));
}
