#include "gateway/template_value.h"

#include "base/error.h"
#include "base/json.h"
#include "gateway/context.h"
#include "gateway/error_log.h"
#include "gateway/policies/policy.h"
#include "gateway/request.h"

struct template_value template_value_parse(const struct policy_loader *loader, struct str text,
					   struct str type)
{
	struct template_value value = {.text = text};
	struct error error;

	if (!str_equal(type, STR("liquid")))
		return value;
	value.text = STR("");
	value.liquid = liquid_parse(loader->arena, text, &error);
	if (value.liquid == NULL)
		LOG(loader->log, LEVEL_ERROR, NULL,
		    "Invalid Liquid: %s It will be evaluated to empty string. Error: %s",
		    log_text(loader->arena, text), log_text(loader->arena, str_from(error.text)));
	return value;
}

struct template_value template_value_read(const struct policy_loader *loader,
					  const struct json *object, struct str key,
					  struct str type_key)
{
	return template_value_parse(loader, json_scalar_text(json_get(object, key)),
				    json_get_str(object, type_key));
}

struct str template_value_render(const struct template_value *value,
				 const struct liquid_scope *scope, struct arena *arena)
{
	return value->liquid != NULL ? liquid_render(value->liquid, scope, arena) : value->text;
}

struct str template_value_text(const struct template_value *value, const struct request *request)
{
	struct liquid_scope scope;

	if (value->liquid == NULL)
		return value->text;
	scope = context_scope(request);
	return liquid_render(value->liquid, &scope, request->arena);
}
