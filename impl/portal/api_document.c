#include "portal/api_document.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "portal/validation.h"

/* More of them would not help whoever reads the answer. */
#define FAULTS_MAX 20

#define INVALID_JSON STR("Invalid JSON")
#define INVALID_DOCUMENT STR("JSON Spec is invalid")

/* Shapes: which members an object of a document has. */

enum {
	IS_STRING = 1 << JSON_STRING,
	IS_BOOL = 1 << JSON_BOOL,
	IS_ARRAY = 1 << JSON_ARRAY,
	IS_OBJECT = 1 << JSON_OBJECT,
};

struct shape;

struct member {
	struct str name;
	unsigned kinds; /* of IS_... */
	bool is_required;
	const char *values;        /* of strings: blank separated; NULL = any */
	const struct shape *shape; /* of the object, or of each item of the array; NULL = any */
};

struct shape {
	const struct member *members;
	size_t count;
	bool is_closed;             /* other names must begin with x- */
	const struct shape *others; /* of members with other names; NULL = any */
	const char *others_begin;   /* with this; NULL = anything */
	bool needs_others;          /* at least one */
	bool may_refer;             /* an object with $ref stands for one that is elsewhere */
};

#define MEMBERS(rows) .members = (rows), .count = sizeof(rows) / sizeof *(rows)
#define MAY(name, kinds)                                                                           \
	{                                                                                          \
		STR_INIT(name), kinds, false, NULL, NULL                                           \
	}
#define MUST(name, kinds)                                                                          \
	{                                                                                          \
		STR_INIT(name), kinds, true, NULL, NULL                                            \
	}
#define MAY_BE(name, kinds, shape)                                                                 \
	{                                                                                          \
		STR_INIT(name), kinds, false, NULL, shape                                          \
	}
#define MUST_BE(name, kinds, shape)                                                                \
	{                                                                                          \
		STR_INIT(name), kinds, true, NULL, shape                                           \
	}
#define MAY_SAY(name, kinds, values)                                                               \
	{                                                                                          \
		STR_INIT(name), kinds, false, values, NULL                                         \
	}
#define MUST_SAY(name, values)                                                                     \
	{                                                                                          \
		STR_INIT(name), IS_STRING, true, values, NULL                                      \
	}
#define SCHEMES "http https ws wss"

/* Swagger 2.0. */

static const struct member named_members[] = {MUST("name", IS_STRING)};
static const struct shape named = {MEMBERS(named_members)};

static const struct member addressed_members[] = {MUST("url", IS_STRING)};
static const struct shape addressed = {MEMBERS(addressed_members)};

static const struct member info_members[] = {
	MUST("title", IS_STRING),      MUST("version", IS_STRING),
	MAY("description", IS_STRING), MAY("termsOfService", IS_STRING),
	MAY("contact", IS_OBJECT),     MAY_BE("license", IS_OBJECT, &named),
};
static const struct shape info = {MEMBERS(info_members), .is_closed = true};

static const struct member parameter_members[] = {
	MUST("name", IS_STRING),
	MUST_SAY("in", "query header path formData body"),
	MAY("description", IS_STRING),
	MAY("required", IS_BOOL),
	MAY("schema", IS_OBJECT),
	MAY_SAY("type", IS_STRING, "string number integer boolean array file"),
};
static const struct shape parameter = {MEMBERS(parameter_members), .may_refer = true};

static const struct member response_members[] = {
	MUST("description", IS_STRING),
	MAY("schema", IS_OBJECT),
	MAY("headers", IS_OBJECT),
	MAY("examples", IS_OBJECT),
};
static const struct shape response = {MEMBERS(response_members), .is_closed = true,
				      .may_refer = true};
static const struct shape responses = {.others = &response, .needs_others = true};

static const struct member operation_members[] = {
	MUST_BE("responses", IS_OBJECT, &responses),
	MAY_BE("parameters", IS_ARRAY, &parameter),
	MAY("tags", IS_ARRAY),
	MAY("summary", IS_STRING),
	MAY("description", IS_STRING),
	MAY_BE("externalDocs", IS_OBJECT, &addressed),
	MAY("operationId", IS_STRING),
	MAY("consumes", IS_ARRAY),
	MAY("produces", IS_ARRAY),
	MAY_SAY("schemes", IS_ARRAY, SCHEMES),
	MAY("deprecated", IS_BOOL),
	MAY("security", IS_ARRAY),
};
static const struct shape operation = {MEMBERS(operation_members), .is_closed = true};

static const struct member path_members[] = {
	MAY("$ref", IS_STRING),
	MAY_BE("get", IS_OBJECT, &operation),
	MAY_BE("put", IS_OBJECT, &operation),
	MAY_BE("post", IS_OBJECT, &operation),
	MAY_BE("delete", IS_OBJECT, &operation),
	MAY_BE("options", IS_OBJECT, &operation),
	MAY_BE("head", IS_OBJECT, &operation),
	MAY_BE("patch", IS_OBJECT, &operation),
	MAY_BE("parameters", IS_ARRAY, &parameter),
};
static const struct shape path = {MEMBERS(path_members), .is_closed = true};
static const struct shape paths = {.others = &path, .others_begin = "/"};

static const struct member security_members[] = {MUST_SAY("type", "basic apiKey oauth2")};
static const struct shape security = {MEMBERS(security_members)};

static const struct shape object = {.count = 0};
static const struct shape objects = {.others = &object};
static const struct shape parameters = {.others = &parameter};
static const struct shape shared_responses = {.others = &response};
static const struct shape securities = {.others = &security};

static const struct member swagger_members[] = {
	MUST_SAY("swagger", "2.0"),
	MUST_BE("info", IS_OBJECT, &info),
	MUST_BE("paths", IS_OBJECT, &paths),
	MAY("host", IS_STRING),
	MAY("basePath", IS_STRING),
	MAY_SAY("schemes", IS_ARRAY, SCHEMES),
	MAY("consumes", IS_ARRAY),
	MAY("produces", IS_ARRAY),
	MAY_BE("definitions", IS_OBJECT, &objects),
	MAY_BE("parameters", IS_OBJECT, &parameters),
	MAY_BE("responses", IS_OBJECT, &shared_responses),
	MAY_BE("securityDefinitions", IS_OBJECT, &securities),
	MAY("security", IS_ARRAY),
	MAY_BE("tags", IS_ARRAY, &named),
	MAY_BE("externalDocs", IS_OBJECT, &addressed),
};
static const struct shape swagger = {MEMBERS(swagger_members), .is_closed = true};

/* Swagger 1.2: one declaration of APIs. */

static const struct member old_parameter_members[] = {
	MUST("name", IS_STRING),
	MUST_SAY("paramType", "path query body header form"),
};
static const struct shape old_parameter = {MEMBERS(old_parameter_members)};

static const struct member old_operation_members[] = {
	MUST_SAY("method", "GET HEAD POST PUT PATCH DELETE OPTIONS"),
	MUST("nickname", IS_STRING),
	MUST_BE("parameters", IS_ARRAY, &old_parameter),
};
static const struct shape old_operation = {MEMBERS(old_operation_members)};

static const struct member old_api_members[] = {
	MUST("path", IS_STRING),
	MUST_BE("operations", IS_ARRAY, &old_operation),
};
static const struct shape old_api = {MEMBERS(old_api_members)};

static const struct member declaration_members[] = {
	MUST_SAY("swaggerVersion", "1.2"),
	MUST("basePath", IS_STRING),
	MUST_BE("apis", IS_ARRAY, &old_api),
	MAY("models", IS_OBJECT),
};
static const struct shape declaration = {MEMBERS(declaration_members)};

/* Checking. The way through a document is as deep as the shapes are. */

struct check {
	struct arena *arena;
	struct validation *validation;
	size_t faults;
};

static void add_fault(struct check *check, struct str text)
{
	if (++check->faults <= FAULTS_MAX)
		validation_add(check->validation, "body", text);
}

static void check_object(struct check *check, const struct json *value, const struct shape *shape,
			 struct str place);

static bool list_has(const char *list, struct str value)
{
	struct str rest = str_from(list), item;

	while (str_next_field(&rest, ' ', &item)) {
		if (str_equal(item, value))
			return true;
	}
	return false;
}

static void check_word(struct check *check, const struct json *value, const char *values,
		       struct str place)
{
	if (value->kind != JSON_STRING || !list_has(values, json_str(value)))
		add_fault(check, str_format(check->arena, "The property '%.*s' is not one of: %s",
					    STR_ARG(place), values));
}

static void check_item(struct check *check, const struct json *item, const struct shape *shape,
		       const char *values, struct str place)
{
	if (values != NULL)
		check_word(check, item, values, place);
	if (shape == NULL)
		return;
	if (item->kind == JSON_OBJECT)
		check_object(check, item, shape, place);
	else
		add_fault(check, str_format(check->arena, "The property '%.*s' must be an object",
					    STR_ARG(place)));
}

static void check_member(struct check *check, const struct json *value, const struct member *member,
			 struct str place)
{
	size_t index = 0;

	if ((1u << value->kind & member->kinds) == 0) {
		add_fault(check, str_format(check->arena, "The property '%.*s' has the wrong type",
					    STR_ARG(place)));
		return;
	}
	if (value->kind != JSON_ARRAY) {
		check_item(check, value, member->shape, member->values, place);
		return;
	}
	JSON_EACH (item, value)
		check_item(check, item, member->shape, member->values,
			   str_format(check->arena, "%.*s/%zu", STR_ARG(place), index++));
}

static const struct member *member_named(const struct shape *shape, struct str name)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (str_equal(shape->members[i].name, name))
			return &shape->members[i];
	}
	return NULL;
}

static void check_other(struct check *check, const struct json *value, const struct shape *shape,
			struct str place)
{
	bool begins_well = shape->others_begin == NULL ||
			   str_has_prefix(value->key, str_from(shape->others_begin));

	if (shape->is_closed || !begins_well)
		add_fault(check, str_format(check->arena, "The property '%.*s' may not be there",
					    STR_ARG(place)));
	else
		check_item(check, value, shape->others, NULL, place);
}

static void check_object(struct check *check, const struct json *value, const struct shape *shape,
			 struct str place)
{
	bool has_others = false;

	if (shape->may_refer && json_get(value, STR("$ref")) != NULL)
		return;
	for (size_t i = 0; i < shape->count; i++) {
		if (shape->members[i].is_required &&
		    json_get(value, shape->members[i].name) == NULL)
			add_fault(check,
				  str_format(check->arena,
					     "The property '%.*s' did not contain a required "
					     "property of '%.*s'",
					     STR_ARG(place), STR_ARG(shape->members[i].name)));
	}
	JSON_EACH (child, value) {
		const struct member *member = member_named(shape, child->key);
		struct str inner;

		if (check->faults >= FAULTS_MAX)
			return;
		if (member == NULL && str_has_prefix(child->key, STR("x-")))
			continue;
		inner = STR_CONCAT(check->arena, place,
				   str_has_suffix(place, STR("/")) ? STR("") : STR("/"),
				   child->key);
		has_others = has_others || member == NULL;
		if (member != NULL)
			check_member(check, child, member, inner);
		else
			check_other(check, child, shape, inner);
	}
	if (shape->needs_others && !has_others)
		add_fault(check, str_format(check->arena, "The property '%.*s' must not be empty",
					    STR_ARG(place)));
	/* What a parameter needs besides depends on where it is. */
	if (shape == &parameter && str_equal(json_get_str(value, STR("in")), STR("body")) !=
					   (json_get(value, STR("schema")) != NULL))
		add_fault(check, str_format(check->arena,
					    "The property '%.*s' needs a schema when it is in the "
					    "body, and only then",
					    STR_ARG(place)));
}

/* Versions. */

static const struct json *parse(struct arena *arena, struct str body)
{
	return json_parse(arena, body, LIMIT_PORTAL_BODY_BYTES, NULL);
}

static struct str version_of(const struct json *document)
{
	static const char *const names[] = {"swagger", "swaggerVersion"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str text = json_scalar_text(json_get(document, str_from(names[i])));

		if (str_compare(text, STR("1.2")) >= 0)
			return text;
	}
	return STR("1.0");
}

struct str api_document_version(struct arena *arena, struct str body)
{
	return version_of(parse(arena, body));
}

static struct str base_path_of(struct arena *arena, const struct json *document)
{
	struct str scheme = json_str(json_path(document, "schemes.0"));
	struct str host = json_get_str(document, STR("host"));

	if (json_get(document, STR("swagger")) == NULL)
		return str_lower(arena, json_get_str(document, STR("basePath")));
	return scheme.size > 0 && host.size > 0 ? STR_CONCAT(arena, scheme, STR("://"), host)
						: STR("");
}

struct str api_document_base_path(struct arena *arena, struct str body)
{
	return base_path_of(arena, parse(arena, body));
}

static bool host_is_local(struct str host)
{
	return str_equal_nocase(host, STR("localhost")) || str_has_prefix(host, STR("127.")) ||
	       str_equal(host, STR("::1"));
}

static void check_base_path(struct arena *arena, const struct json *document,
			    struct validation *validation)
{
	struct str base_path = base_path_of(arena, document);
	struct url url;

	if (base_path.size == 0)
		return;
	if (!url_parse(base_path, &url, NULL) || !url_is_http(&url)) {
		validation_add(validation, "base_path", STR("is invalid"));
		validation_add(validation, "body", INVALID_DOCUMENT);
	} else if (host_is_local(url.host)) {
		validation_add(validation, "base_path", STR("can't be localhost"));
	}
}

static void check_structure(struct check *check, const struct json *document)
{
	struct str version = version_of(document);
	const struct json *apis = json_get(document, STR("apis"));

	if (json_get(document, STR("swagger")) != NULL && str_compare(version, STR("2.0")) >= 0)
		check_object(check, document, &swagger, STR("#/"));
	else if (!str_equal(version, STR("1.0")))
		check_object(check, document, &declaration, STR("#/"));
	else if (apis == NULL || apis->kind != JSON_ARRAY)
		add_fault(check, INVALID_DOCUMENT);
}

void api_document_check(struct arena *arena, struct str body, bool skips_structure,
			struct validation *validation)
{
	struct check check = {.arena = arena, .validation = validation};
	const struct json *document = parse(arena, body);

	if (document == NULL)
		add_fault(&check, INVALID_JSON);
	check_base_path(arena, document, validation);
	if (!skips_structure)
		check_structure(&check, document);
}
