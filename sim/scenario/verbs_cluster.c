/* The cluster of a world, and verbs of an administrator (system:admin) who works on its objects:
 * what `oc apply`, `oc patch`, `oc delete` and `oc get` do. Objects of a project that none is named
 * for belong to the world's (`cluster: {project: ...}`). */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "sim/cluster/api.h"
#include "sim/cluster/sdn.h"
#include "sim/scenario/stage_internal.h"
#include "sim/sim_internal.h"

static struct cluster *cluster_of(struct stage *stage)
{
	return stage->sim->cluster;
}

static struct str project_of(struct stage *stage, struct str named)
{
	return named.size > 0 ? named : json_str(json_path(stage->world, "cluster.project"));
}

static const struct cluster_kind *find_kind(const struct json *argument, struct error *error)
{
	struct str name = json_get_str(argument, STR("kind"));
	const struct cluster_kind *kind = cluster_kind_find(name);

	if (kind == NULL)
		error_set(error, ERROR_INVALID, "the cluster has no kind \"%.*s\"", STR_ARG(name));
	return kind;
}

/* Objects. */

/* A copy that names its project. */
static struct json *in_project(struct stage *stage, const struct json *document)
{
	struct json *copy = json_copy(stage->arena, document), *metadata = copy->first_child;
	const struct cluster_kind *kind = cluster_kind_find(json_get_str(copy, STR("kind")));
	struct str project = project_of(stage, STR(""));

	while (metadata != NULL && !str_equal(metadata->key, STR("metadata")))
		metadata = metadata->next;
	if (metadata != NULL && metadata->kind == JSON_OBJECT && kind != NULL &&
	    kind->is_namespaced && project.size > 0 && json_get(metadata, STR("namespace")) == NULL)
		json_set(metadata, STR("namespace"), json_new_str(stage->arena, project));
	return copy;
}

static bool put_object(struct stage *stage, const struct json *given, struct error *error)
{
	const struct cluster_user admin = CLUSTER_ADMINISTRATOR;
	struct json *document = in_project(stage, given);
	struct cluster_object *made;
	enum api_outcome outcome =
		cluster_api_create(cluster_of(stage), &admin, document, &made, error);

	if (outcome == API_EXISTS)
		outcome = cluster_api_replace(cluster_of(stage), &admin, document, error);
	return outcome == API_CREATED || outcome == API_CHANGED || outcome == API_UNCHANGED;
}

bool stage_add_cluster(struct stage *stage, struct error *error)
{
	const struct json *objects = json_path(stage->world, "cluster.objects");
	struct str network = json_str(json_path(stage->world, "cluster.network"));

	if (!sdn_use(cluster_of(stage), network))
		return error_set(error, ERROR_INVALID,
				 "cluster: its network is ovs-subnet or ovs-multitenant, not "
				 "\"%.*s\"",
				 STR_ARG(network));
	if (objects == NULL)
		return true;
	objects = stage_expand(stage, objects, error);
	if (objects == NULL)
		return error_wrap(error, "cluster");
	JSON_EACH (object, objects) {
		if (!put_object(stage, object, error))
			return error_wrap(error, "cluster: line %d", object->line);
	}
	return true;
}

bool stage_check_cluster_apply(const struct json *step, struct error *error)
{
	const struct json *document = json_get(step, STR("cluster.apply"));

	return find_kind(document, error) != NULL;
}

bool stage_verb_cluster_apply(struct stage *stage, const struct json *step,
			      const struct json *argument, struct error *error)
{
	(void)step;
	return put_object(stage, argument, error);
}

static struct cluster_object *find_object(struct stage *stage, const struct json *argument,
					  struct error *error)
{
	const struct cluster_user admin = CLUSTER_ADMINISTRATOR;
	const struct cluster_kind *kind = find_kind(argument, error);
	struct cluster_object *object = NULL;

	if (kind == NULL)
		return NULL;
	cluster_api_get(cluster_of(stage), &admin, kind,
			project_of(stage, json_get_str(argument, STR("project"))),
			json_get_str(argument, STR("name")), &object, error);
	return object;
}

/* RFC 7396. */
static struct json *merged(struct arena *arena, const struct json *base, const struct json *patch)
{
	struct json *result;

	if (patch->kind != JSON_OBJECT)
		return json_copy(arena, patch);
	result = json_new(arena, JSON_OBJECT);
	JSON_EACH (member, base) {
		if (json_get(patch, member->key) == NULL)
			json_set(result, member->key, json_copy(arena, member));
	}
	JSON_EACH (member, patch) {
		if (member->kind != JSON_NULL)
			json_set(result, member->key,
				 merged(arena, json_get(base, member->key), member));
	}
	return result;
}

/* A patch that changes nothing is a mistake in the scenario. */
bool stage_verb_cluster_patch(struct stage *stage, const struct json *step,
			      const struct json *argument, struct error *error)
{
	struct cluster_object *object = find_object(stage, argument, error);
	const struct json *patch = json_get(argument, STR("patch"));
	bool changed = false;

	(void)step;
	if (object == NULL)
		return false;
	if (patch == NULL || patch->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID, "cluster.patch needs a patch, a table");
	return cluster_change(cluster_of(stage), object,
			      merged(stage->arena, object->document, patch), &changed, error) &&
	       (changed || error_set(error, ERROR_INVALID, "the patch changes nothing"));
}

bool stage_verb_cluster_delete(struct stage *stage, const struct json *step,
			       const struct json *argument, struct error *error)
{
	struct cluster_object *object = find_object(stage, argument, error);

	(void)step;
	if (object != NULL)
		cluster_remove(cluster_of(stage), object);
	return object != NULL;
}

/* cluster.get */

struct get {
	struct stage *stage;
	const struct cluster_kind *kind;
	struct str project, name;
	const struct json *labels, *expected;
	struct error error; /* what is not as expected yet */
};

static bool get_wants(const struct get *get, const struct cluster_object *object)
{
	return (get->name.size == 0 || str_equal(object->name, get->name)) &&
	       cluster_has_labels(object->document, get->labels);
}

static struct cluster_object *get_next(const struct get *get, struct cluster_object *object)
{
	do
		object = cluster_next(cluster_of(get->stage), object, get->kind,
				      get->kind->is_namespaced ? get->project : STR(""));
	while (object != NULL && !get_wants(get, object));
	return object;
}

static int64_t get_count(const struct get *get)
{
	struct cluster_object *object = NULL;
	int64_t count = 0;

	while ((object = get_next(get, object)) != NULL)
		count++;
	return count;
}

/* Of the first one: `spec.host` is a text, or null where there is to be none. */
static bool member_is(const struct cluster_object *object, const struct json *wanted,
		      struct error *error)
{
	struct arena *arena = arena_create();
	const struct json *value = json_path(object->document, str_cstr(arena, wanted->key));
	bool is_absent = wanted->kind == JSON_NULL;
	struct str text = value != NULL && value->count > 0 ? json_print(arena, value)
							    : json_scalar_text(value);
	bool fits = is_absent ? value == NULL : str_equal(text, json_scalar_text(wanted));

	if (!fits)
		error_set(error, ERROR_INVALID,
			  "expected %.*s of %.*s to be %s%.*s%s, got \"%.*s\"",
			  STR_ARG(wanted->key), STR_ARG(object->name), is_absent ? "absent" : "\"",
			  STR_ARG(json_scalar_text(wanted)), is_absent ? "" : "\"", STR_ARG(text));
	arena_destroy(arena);
	return fits;
}

static bool get_fits(void *data)
{
	struct get *get = data;
	struct cluster_object *first = get_next(get, NULL);
	int64_t wanted = json_int(json_get(get->expected, STR("count")), -1);
	int64_t count = get_count(get);

	get->error = (struct error){0};
	if (wanted >= 0 ? count != wanted : count == 0)
		return error_set(&get->error, ERROR_INVALID,
				 "expected %s%" PRId64 " %.*s, got %" PRId64,
				 wanted < 0 ? "at least " : "", wanted < 0 ? 1 : wanted,
				 STR_ARG(get->kind->plural), count);
	JSON_EACH (member, json_get(get->expected, STR("fields"))) {
		if (first == NULL || !member_is(first, member, &get->error))
			return false;
	}
	return true;
}

static struct str get_seen(const struct get *get)
{
	struct arena *arena = get->stage->arena;
	struct cluster_object *object = NULL;
	struct str seen =
		str_format(arena, "%" PRId64 " %.*s", get_count(get), STR_ARG(get->kind->plural));

	while ((object = get_next(get, object)) != NULL && seen.size < 200)
		seen = STR_CONCAT(arena, seen, STR(" "), object->name);
	return seen;
}

static bool get_keep(const struct get *get, const struct json *keep, struct error *error)
{
	struct cluster_object *first = get_next(get, NULL);

	JSON_EACH (name, keep) {
		const char *path = str_cstr(get->stage->arena, json_str(name));
		struct str value =
			json_scalar_text(json_path(first != NULL ? first->document : NULL, path));

		if (value.size == 0)
			return error_set(error, ERROR_NOT_FOUND, "the object has no %s", path);
		stage_put_variable(get->stage, name->key, str_copy(get->stage->arena, value));
	}
	return true;
}

bool stage_check_cluster_get(const struct json *step, struct error *error)
{
	const struct json *expected = json_get(step, STR("expect"));
	const struct json *fields = json_get(expected, STR("fields"));

	if (find_kind(json_get(step, STR("cluster.get")), error) == NULL)
		return false;
	JSON_EACH (member, expected) {
		if (!stage_has_word("count fields", member->key))
			return error_set(error, ERROR_INVALID,
					 "objects cannot be expected to have \"%.*s\" (but: count, "
					 "fields)",
					 STR_ARG(member->key));
	}
	if (fields != NULL && json_int(json_get(expected, STR("count")), 1) == 0)
		return error_set(error, ERROR_INVALID, "none has no fields");
	JSON_EACH (field, fields) {
		if (field->kind != JSON_NULL && json_scalar_text(field).size == 0)
			return error_set(error, ERROR_INVALID, "%.*s must be a text or null",
					 STR_ARG(field->key));
	}
	return expected != NULL ||
	       error_set(error, ERROR_INVALID, "cluster.get needs expect: {count, fields}");
}

bool stage_verb_cluster_get(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct get get = {
		.stage = stage,
		.kind = find_kind(argument, error),
		.project = project_of(stage, json_get_str(argument, STR("project"))),
		.name = json_get_str(argument, STR("name")),
		.labels = json_get(argument, STR("labels")),
		.expected = json_get(step, STR("expect")),
	};
	const struct json *within = json_get(argument, STR("within"));
	int64_t limit_us = 0;
	bool fits;

	if (get.kind == NULL)
		return false;
	if (within != NULL && !stage_duration(within, &limit_us, error))
		return error_wrap(error, "within");
	fits = stage_run(stage, limit_us, get_fits, &get);
	stage->seen = get_seen(&get);
	if (!fits)
		return error_set(error, get.error.kind, "%s", get.error.text);
	return get_keep(&get, json_get(step, STR("keep")), error);
}
