#include "gateway/policies/resource.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/policies/policy.h"
#include "gateway/request.h"
#include "world/http_server.h"

static void release(void *data)
{
	path_pattern_release(data);
}

static void read_methods(const struct policy_loader *loader, const struct json *list,
			 struct resource *resource)
{
	if (list == NULL || list->kind != JSON_ARRAY)
		return;
	resource->methods = ARENA_ARRAY(loader->arena, struct str, list->count);
	JSON_EACH (method, list)
		resource->methods[resource->methods_count++] = json_str(method);
}

bool resource_read(const struct policy_loader *loader, const struct json *object,
		   struct resource *resource, struct error *error)
{
	*resource = (struct resource){
		.text = template_value_read(loader, object, STR("resource"), STR("resource_type")),
	};
	read_methods(loader, json_get(object, STR("methods")), resource);
	if (resource->text.liquid != NULL)
		return true;
	if (!path_pattern_compile(loader->arena, resource->text.text, &resource->pattern, error))
		return false;
	arena_on_destroy(loader->arena, release, &resource->pattern);
	return true;
}

static bool has_method(const struct resource *resource, struct str method)
{
	for (size_t i = 0; i < resource->methods_count; i++) {
		if (str_equal(resource->methods[i], method) ||
		    str_equal(resource->methods[i], STR("ANY")))
			return true;
	}
	return resource->methods_count == 0;
}

bool resource_is_match(const struct resource *resource, const struct request *request)
{
	struct path_pattern pattern;
	bool is_match;

	if (!has_method(resource, request->exchange->request.method))
		return false;
	if (resource->text.liquid == NULL)
		return path_pattern_is_match(&resource->pattern, request->path);
	/* One that cannot be compiled never matches. */
	path_pattern_compile(request->arena, template_value_text(&resource->text, request),
			     &pattern, NULL);
	is_match = path_pattern_is_match(&pattern, request->path);
	path_pattern_release(&pattern);
	return is_match;
}
