#include "portal/integration.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/policies.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Everything is judged before anything is written. */
struct integration {
	struct call *call;
	struct record *service, *proxy;
	const struct json *sent;
	struct validation *faults;
	struct str policies; /* to be stored; a NULL data pointer when none came */
	/* Mapping rules, in the order of the form. */
	struct record **rules;
	bool *are_destroyed;
	size_t rules_count;
};

/* Mapping rules. */

static bool is_true(const struct json *value)
{
	return value != NULL && value_from_text(VALUE_BOOL, json_scalar_text(value)).number != 0;
}

/* A new one, or the one whose id was sent; NULL when that is none of the proxy's. */
static struct record *rule_of(struct integration *integration, const struct json *sent)
{
	struct call *call = integration->call;
	int64_t id = json_int(json_get(sent, STR("id")), 0);

	if (id == 0)
		return call_new_record(call, mapping_rule_resource.table);
	return record_first(
		call->database, mapping_rule_resource.table, "id = ?1 AND proxy_id = ?2",
		DATABASE_ARGUMENTS(value_int(id), value_int(record_id(integration->proxy))));
}

static void add_rule_faults(struct integration *integration, const struct validation *found)
{
	struct arena *arena = integration->call->arena;

	for (size_t i = 0; i < found->count; i++)
		validation_add(integration->faults,
			       str_cstr(arena, STR_CONCAT(arena, STR("proxy_rules."),
							  found->entries[i].attribute)),
			       found->entries[i].text);
}

static void check_rule(struct integration *integration, struct record *rule,
		       const struct json *sent)
{
	struct call *call = integration->call;
	struct validation found;

	validation_init(&found, call->arena);
	resource_assign(rule, mapping_rule_resource.attributes, sent);
	if (mapping_rule_resource.prepare(call, rule, sent)) {
		resource_check(call, &mapping_rule_resource, rule, &found);
	} else {
		call->answer = (struct answer){0};
		validation_add(&found, "metric_id", STR("is not included in the list"));
	}
	add_rule_faults(integration, &found);
}

static void read_rules(struct integration *integration)
{
	const struct json *list = json_get(integration->sent, STR("proxy_rules_attributes"));
	struct arena *arena = integration->call->arena;

	if (list == NULL || list->count == 0)
		return;
	integration->rules = ARENA_ARRAY(arena, struct record *, list->count);
	integration->are_destroyed = ARENA_ARRAY(arena, bool, list->count);
	JSON_EACH (sent, list) {
		bool is_destroyed = is_true(json_get(sent, STR("_destroy")));
		struct record *rule = rule_of(integration, sent);

		if (rule == NULL) {
			validation_add(integration->faults, "proxy_rules.id", STR("not found"));
			continue;
		}
		if (is_destroyed && record_is_new(rule))
			continue;
		if (!is_destroyed)
			check_rule(integration, rule, sent);
		integration->are_destroyed[integration->rules_count] = is_destroyed;
		integration->rules[integration->rules_count++] = rule;
	}
}

/* Each store moves other rules; what the form says of positions is applied at the end, and before
 * the version is made (spec/portal.md 4.3). */
static void store_rules(struct integration *integration)
{
	struct call *call = integration->call;

	for (size_t i = 0; i < integration->rules_count; i++) {
		struct record *rule = integration->rules[i];

		if (integration->are_destroyed[i]) {
			mapping_rule_resource.deleting(call, rule, NULL);
			record_delete(call->database, rule);
		} else {
			resource_store(call, &mapping_rule_resource, rule);
		}
	}
	for (size_t i = 0; i < integration->rules_count; i++) {
		const struct record *rule = integration->rules[i];

		if (!integration->are_destroyed[i])
			database_run(call->database,
				     STR("UPDATE proxy_rules SET position = ?2 WHERE id = ?1"),
				     DATABASE_ARGUMENTS(value_int(record_id(rule)),
							record_get(rule, "position")));
	}
}

/* The proxy. */

static void read_policies(struct integration *integration)
{
	const struct json *chain = json_get(integration->sent, STR("policies_config"));
	struct arena *arena = integration->call->arena;
	struct str text;

	if (chain == NULL)
		return;
	if (chain->kind == JSON_STRING)
		chain = json_parse(arena, chain->text, LIMIT_PORTAL_BODY_BYTES, NULL);
	if (!policies_check(arena, chain, &text))
		policies_add_faults(integration->faults, text);
	else if (policies_fit(text, integration->faults))
		integration->policies = text;
}

static void assign_proxy(struct integration *integration, struct record *proxy)
{
	resource_assign(proxy, proxy_resource.attributes, integration->sent);
	if (integration->policies.data != NULL)
		record_set(proxy, "policies_config", value_json(integration->policies));
	proxy_resource.prepare(integration->call, proxy, integration->sent);
}

static bool is_stale(const struct integration *integration)
{
	const struct json *version = json_get(integration->sent, STR("lock_version"));

	return version != NULL &&
	       json_int(version, -1) != record_int(integration->proxy, "lock_version");
}

static bool is_sound(struct integration *integration)
{
	read_rules(integration);
	read_policies(integration);
	assign_proxy(integration, integration->proxy);
	resource_check(integration->call, &proxy_resource, integration->proxy, integration->faults);
	return validation_is_clean(integration->faults);
}

/* Rules touch the proxy's row, so that it is read again after them. */
static void store(struct integration *integration)
{
	struct call *call = integration->call;
	const struct json *flows =
		json_get(integration->sent, STR("oidc_configuration_attributes"));

	store_rules(integration);
	integration->proxy = proxy_of_service(call, record_id(integration->service));
	assign_proxy(integration, integration->proxy);
	resource_store(call, &proxy_resource, integration->proxy);
	if (flows != NULL)
		oidc_configuration_assign(call, integration->proxy, flows);
}

/* What the button does beyond saving, by deployment option (5.1, 4.3). */

struct deployment {
	bool makes_version, may_be_tested;
	bool forgets_test; /* without one, the flag of the last is dropped */
};

static struct deployment deployment_of(const struct record *service)
{
	static const struct {
		struct str option;
		struct deployment deployment;
	} rows[] = {
		{STR_INIT("hosted"), {true, true, true}},
		{STR_INIT("self_managed"), {true, false, true}},
		{STR_INIT("service_mesh_istio"), {true, false, false}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_equal(rows[i].option, record_text(service, "deployment_option")))
			return rows[i].deployment;
	}
	return (struct deployment){0}; /* plug-ins read no configuration */
}

bool integration_is_tested(struct call *call, const struct record *service,
			   const struct record *proxy)
{
	struct str mode = service_mode(call, service);

	return deployment_of(service).may_be_tested &&
	       (str_equal(mode, STR("1")) || str_equal(mode, STR("2"))) &&
	       !value_is_blank(record_get(proxy, "api_test_path"));
}

enum integration_result integration_update(struct call *call, const struct json *sent,
					   struct validation *faults, hosted_test_over *over)
{
	struct integration integration = {.call = call, .sent = sent, .faults = faults};
	struct deployment deployment;

	validation_init(faults, call->arena);
	integration.service = service_of_path(call);
	integration.proxy = proxy_of_service(call, record_id(integration.service));
	if (is_stale(&integration))
		return INTEGRATION_STALE;
	if (!is_sound(&integration))
		return INTEGRATION_REFUSED;
	store(&integration);
	deployment = deployment_of(integration.service);
	if (deployment.makes_version)
		proxy_config_deploy(call, integration.proxy);
	if (integration_is_tested(call, integration.service, integration.proxy)) {
		call->errand =
			hosted_test_errand(call, integration.service, integration.proxy, over);
		return INTEGRATION_TESTING;
	}
	if (deployment.forgets_test)
		hosted_test_remember(call, integration.proxy, value_null());
	return INTEGRATION_UPDATED;
}
