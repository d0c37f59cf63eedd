#include "sim/cluster/admission.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utc.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"

#define ROUTER_NAME STR("router")

static const struct json *admitted_condition(const struct json *document)
{
	JSON_EACH (condition, json_path(document, "status.ingress.0.conditions")) {
		if (str_equal(json_get_str(condition, STR("type")), STR("Admitted")))
			return condition;
	}
	return NULL;
}

bool admission_is_admitted(const struct cluster_object *route)
{
	return str_equal(json_get_str(admitted_condition(route->document), STR("status")),
			 STR("True"));
}

bool route_is_wildcard(const struct json *document)
{
	return str_equal(json_str(json_path(document, "spec.wildcardPolicy")), STR("Subdomain"));
}

struct str route_claim(const struct json *document, struct arena *arena)
{
	struct str host = str_lower(arena, json_str(json_path(document, "spec.host")));
	size_t dot = str_find_char(host, '.');

	if (!route_is_wildcard(document) || dot == STR_NOT_FOUND)
		return host;
	return STR_CONCAT(arena, STR("*"), str_skip(host, dot));
}

/* The status. */

struct verdict {
	struct str reason, message; /* empty: admitted */
};

static void set_text(struct arena *arena, struct json *object, const char *name, struct str text)
{
	if (text.size > 0)
		json_set(object, str_from(name), json_new_str(arena, text));
}

static bool says_already(const struct cluster_object *route, const struct verdict *verdict)
{
	const struct json *condition = admitted_condition(route->document);
	struct str host = json_str(json_path(route->document, "status.ingress.0.host"));

	return condition != NULL &&
	       str_equal(host, json_str(json_path(route->document, "spec.host"))) &&
	       str_equal(json_get_str(condition, STR("reason")), verdict->reason) &&
	       str_equal(json_get_str(condition, STR("message")), verdict->message);
}

static void write_verdict(struct cluster *cluster, struct cluster_object *route,
			  const struct verdict *verdict, struct arena *arena)
{
	struct sim *sim = cluster_sim(cluster);
	struct json *status = json_new(arena, JSON_OBJECT), *ingress, *condition;
	char now[32];

	if (says_already(route, verdict))
		return;
	ingress = json_append(json_set(status, STR("ingress"), json_new(arena, JSON_ARRAY)),
			      json_new(arena, JSON_OBJECT));
	set_text(arena, ingress, "host", json_str(json_path(route->document, "spec.host")));
	set_text(arena, ingress, "routerName", ROUTER_NAME);
	condition = json_append(json_set(ingress, STR("conditions"), json_new(arena, JSON_ARRAY)),
				json_new(arena, JSON_OBJECT));
	set_text(arena, condition, "type", STR("Admitted"));
	set_text(arena, condition, "status",
		 verdict->reason.size == 0 ? STR("True") : STR("False"));
	set_text(arena, condition, "reason", verdict->reason);
	set_text(arena, condition, "message", verdict->message);
	set_text(arena, condition, "lastTransitionTime",
		 utc_format_iso(now, sim->options.utc_start_us + sim->queue.now_us));
	cluster_set_status(cluster, route, status);
}

/* Deciding. */

static struct verdict judge(const struct cluster_object *route, struct map *claims,
			    struct str claim, bool allows_wildcards, struct arena *arena)
{
	const struct cluster_object *holder = map_get(claims, claim);

	if (route_is_wildcard(route->document) && !allows_wildcards)
		return (struct verdict){STR("RouteNotAdmitted"),
					STR("wildcard routes are not allowed")};
	if (holder != NULL)
		return (struct verdict){STR("HostAlreadyClaimed"),
					str_format(arena,
						   "route %.*s already exposes %.*s and is older",
						   STR_ARG(holder->name), STR_ARG(claim))};
	return (struct verdict){STR(""), STR("")};
}

void admission_decide(struct cluster *cluster, bool allows_wildcards)
{
	struct arena *arena = arena_create();
	struct map *claims = map_create(0); /* claim -> the oldest route that has it */
	struct cluster_object *route = NULL;

	while ((route = cluster_next(cluster, route, &cluster_kinds[KIND_ROUTE], STR(""))) !=
	       NULL) {
		struct str claim = route_claim(route->document, arena);
		struct verdict verdict = judge(route, claims, claim, allows_wildcards, arena);

		if (verdict.reason.size == 0)
			map_put(claims, claim, route);
		write_verdict(cluster, route, &verdict, arena);
	}
	map_destroy(claims);
	arena_destroy(arena);
}
