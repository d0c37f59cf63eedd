/* Where people may log in with an account they have elsewhere: developers, and the tenant's own
 * users (spec/portal.md 3.14). Stored, not acted on. */
#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define DEVELOPER "developer"
#define PROVIDER "provider"

static const struct {
	struct str kind;
	const char *name, *branding;
	bool needs_site, is_of_provider; /* needs_site: a realm or domain of one's own */
} kinds[] = {
	{STR_INIT("github"), "GitHub", "threescale_branded", false, false},
	{STR_INIT("keycloak"), "Red Hat Single Sign-On", "custom_branded", true, true},
	{STR_INIT("auth0"), "Auth0", "custom_branded", true, true},
	{STR_INIT("redhat_customer_portal"), "Red Hat Customer Portal", "custom_branded", true,
	 true},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static bool is_of_provider(const struct record *provider)
{
	return str_equal(record_text(provider, "account_type"), STR(PROVIDER));
}

static struct value get_callback_url(struct call *call, const struct record *provider)
{
	struct str domain =
		record_text(call->tenant, is_of_provider(provider) ? "self_domain" : "domain");

	return value_text(STR_CONCAT(call->arena, STR("https://"), domain, STR("/auth/"),
				     record_text(provider, "system_name"), STR("/callback")));
}

static const struct derived provider_derived[] = {{"callback_url", get_callback_url}};

#define PROPERTIES                                                                                 \
	"id kind account_type name system_name client_id client_secret site token_url "            \
	"user_info_url authorize_url skip_ssl_certificate_verification "                           \
	"automatically_approve_accounts branding_state account_id username_key identifier_key "    \
	"trust_email published created_at updated_at callback_url"

static const struct representation provider_representation = {
	.root = "authentication_provider",
	.roots = "authentication_providers",
	.json = PROPERTIES,
	.xml = PROPERTIES,
	REPRESENTATION_DERIVED(provider_derived),
	.xml_leaves_nulls = true,
};

static const struct rule provider_rules[] = {
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "account_id", NULL, false},
	{"client_id", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"client_secret", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"site", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"token_url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"user_info_url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"authorize_url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"username_key", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"identifier_key", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

static size_t kind_of(const struct record *provider)
{
	size_t i = 0;

	while (i < KINDS && !str_equal(kinds[i].kind, record_text(provider, "kind")))
		i++;
	return i;
}

static bool provider_prepare(struct call *call, struct record *provider,
			     const struct json *attributes)
{
	size_t kind = kind_of(provider);
	struct str event = json_scalar_text(json_get(attributes, STR("branding_state_event")));

	if (kind == KINDS)
		return true;
	if (value_is_blank(record_get(provider, "name")))
		record_set_text(provider, "name", str_from(kinds[kind].name));
	if (value_is_blank(record_get(provider, "system_name")))
		record_set_text(provider, "system_name",
				STR_CONCAT(call->arena, kinds[kind].kind, STR("_"),
					   call_random_hex(call, 12)));
	if (value_is_blank(record_get(provider, "branding_state")))
		record_set_text(provider, "branding_state", str_from(kinds[kind].branding));
	if (kind == 0 && str_equal(event, STR("custom_brand")))
		record_set_text(provider, "branding_state", STR("custom_branded"));
	return true;
}

static void check_present(const struct record *provider, const char *name,
			  struct validation *validation)
{
	if (value_is_blank(record_get(provider, name)))
		validation_add(validation, name, STR("can't be blank"));
}

static void provider_validate(struct call *call, struct record *provider,
			      struct validation *validation)
{
	size_t kind = kind_of(provider);
	struct url url;

	(void)call;
	if (kind == KINDS || (is_of_provider(provider) && !kinds[kind].is_of_provider)) {
		validation_add(validation, "kind", STR("is not included in the list"));
		return;
	}
	/* 3scale's own application at GitHub needs no credentials of the tenant's. */
	if (!str_equal(record_text(provider, "branding_state"), STR("threescale_branded"))) {
		check_present(provider, "client_id", validation);
		check_present(provider, "client_secret", validation);
	}
	if (!kinds[kind].needs_site)
		return;
	check_present(provider, "site", validation);
	if (!value_is_blank(record_get(provider, "site")) &&
	    (!url_parse(record_text(provider, "site"), &url, NULL) || !url_is_http(&url)))
		validation_add(validation, "site", STR("is invalid"));
}

const struct resource authentication_provider_resource = {
	.table = &authentication_providers_table,
	.representation = &provider_representation,
	.wrapper = "authentication_provider",
	.attributes = "client_id client_secret published site skip_ssl_certificate_verification "
		      "automatically_approve_accounts",
	.create_only = "kind name system_name token_url user_info_url authorize_url "
		       "identifier_key username_key trust_email",
	RESOURCE_RULES(provider_rules),
	.prepare = provider_prepare,
	.validate = provider_validate,
};

static void create(struct call *call, const char *account_type)
{
	const struct resource *resource = &authentication_provider_resource;
	const struct json *attributes = resource_attributes(call, resource->wrapper);
	struct record *provider = call_new_record(call, resource->table);

	if (attributes == NULL)
		return;
	if (json_scalar_text(json_get(attributes, STR("kind"))).size == 0) {
		reply_missing_parameter(call, "kind");
		return;
	}
	record_set_int(provider, "account_id", call_tenant_id(call));
	record_set_text(provider, "account_type", str_from(account_type));
	resource_assign(provider, resource->attributes, attributes);
	resource_assign(provider, resource->create_only, attributes);
	if (resource_save(call, resource, provider, attributes))
		reply_record(call, 201, resource->representation, provider);
}

void authentication_provider_create(struct call *call)
{
	create(call, DEVELOPER);
}

void authentication_provider_create_own(struct call *call)
{
	create(call, PROVIDER);
}
