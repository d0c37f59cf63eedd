#include "zync/routes.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/url.h"
#include "world/environment.h"
#include "world/log.h"

#define LABELS 6
#define LABELS_OF_RECORD 2 /* the first of them: those of all routes of the record */

struct follow {
	struct world *world;
	struct str namespace;
	const struct route_record *record;
	struct arena *arena;
	struct route_list there;
	bool *is_kept; /* of each that is there */
	struct error *error;
};

struct str route_namespace(struct world *world)
{
	return environment_text(world, STR("POD_NAMESPACE"), STR("threescale"));
}

/* Wishes: the table of spec/cluster.md 5. */

void route_record_of_provider(struct route_record *record, struct str domain,
			      struct str admin_domain)
{
	record->wishes_count = 0;
	if (str_equal(domain, admin_domain)) {
		record->wishes[record->wishes_count++] =
			(struct route_wish){"zync-3scale-master-", domain, "system-master", "http"};
		return;
	}
	record->wishes[record->wishes_count++] =
		(struct route_wish){"zync-3scale-provider-", domain, "system-developer", "http"};
	record->wishes[record->wishes_count++] = (struct route_wish){
		"zync-3scale-provider-", admin_domain, "system-provider", "http"};
}

static struct str host_of(struct str endpoint)
{
	struct url url;

	return url_parse(endpoint, &url, NULL) && url_is_http(&url) ? url.host : STR("");
}

void route_record_of_proxy(struct route_record *record, struct str endpoint,
			   struct str sandbox_endpoint)
{
	record->wishes[0] = (struct route_wish){"zync-3scale-api-", host_of(sandbox_endpoint),
						"apicast-staging", "gateway"};
	record->wishes[1] = (struct route_wish){"zync-3scale-api-", host_of(endpoint),
						"apicast-production", "gateway"};
	record->wishes_count = 2;
}

/* Labels. */

static struct str number_text(struct arena *arena, int64_t number)
{
	return str_format(arena, "%" PRId64, number);
}

/* A label's value has no "=" at its end. */
static struct str record_label(const struct route_record *record, struct arena *arena)
{
	struct str text = base64_encode(
		arena, str_format(arena, "gid://zync/%s/%" PRId64, record->type, record->id));

	while (str_has_suffix(text, STR("=")))
		text.size--;
	return text;
}

static void write_labels(const struct follow *follow, struct str service,
			 struct route_label labels[LABELS])
{
	const struct route_record *record = follow->record;
	struct arena *arena = follow->arena;
	bool is_proxy = str_equal(str_from(record->type), STR("Proxy"));
	const struct route_label all[LABELS] = {
		{STR("3scale.net/created-by"), STR("zync")},
		{STR("zync.3scale.net/record"), record_label(record, arena)},
		{STR("3scale.net/tenant_id"), number_text(arena, record->tenant_id)},
		{STR("zync.3scale.net/ingress"), is_proxy ? STR("proxy") : STR("provider")},
		{is_proxy ? STR("3scale.net/service_id") : STR("3scale.net/provider_id"),
		 number_text(arena, record->owner_id)},
		{STR("zync.3scale.net/route-to"), service},
	};

	for (size_t i = 0; i < LABELS; i++)
		labels[i] = all[i];
}

/* Single changes. */

static void say(const struct follow *follow, const char *what, struct str host, struct str service,
		struct str name)
{
	log_format(follow->world, LOG_STDOUT, "route %s host=%.*s to=%.*s name=%.*s", what,
		   STR_ARG(host), STR_ARG(service), STR_ARG(name));
}

/* One that went meanwhile is what was wanted. */
static enum routes_outcome delete_route(const struct follow *follow, const struct route *route)
{
	enum routes_outcome outcome =
		routes_remove(follow->world, follow->namespace, route->name, follow->error);

	if (outcome == ROUTES_NOT_FOUND)
		return ROUTES_DELETED;
	if (outcome == ROUTES_DELETED)
		say(follow, "deleted", route->host, route->service, route->name);
	return outcome;
}

static void tell_refusal(const struct follow *follow, const struct route *route)
{
	if (route->refusal.size > 0)
		log_format(follow->world, LOG_STDERR,
			   "route not admitted host=%.*s name=%.*s reason=%.*s",
			   STR_ARG(route->host), STR_ARG(route->name), STR_ARG(route->refusal));
}

static enum routes_outcome apply(const struct follow *follow, const struct route *route)
{
	struct str name;
	enum routes_outcome outcome =
		routes_apply(follow->world, route, follow->arena, &name, follow->error);

	if (outcome == ROUTES_CREATED || outcome == ROUTES_PATCHED)
		say(follow, outcome == ROUTES_CREATED ? "created" : "moved", route->host,
		    route->service, name);
	return outcome;
}

/* One wish. */

/* How many that are there carry the labels; *first: one of them. */
static size_t count_like(const struct follow *follow, const struct route_label labels[LABELS],
			 size_t *first)
{
	size_t count = 0;

	for (size_t i = follow->there.count; i-- > 0;) {
		if (!route_has_labels(&follow->there.items[i], labels, LABELS))
			continue;
		*first = i;
		count++;
	}
	return count;
}

static enum routes_outcome grant(const struct follow *follow, const struct route_wish *wish)
{
	struct route_label labels[LABELS];
	struct route route = {
		.namespace = follow->namespace,
		.generate_name = str_from(wish->prefix),
		.labels = labels,
		.labels_count = LABELS,
		.host = wish->host,
		.service = str_from(wish->service),
		.port = str_from(wish->port),
		.tls_termination = STR("edge"),
		.insecure_policy = STR("Redirect"),
	};
	size_t first = 0;

	write_labels(follow, route.service, labels);
	/* Several: all of them go with what is wished for no more, before this one is made. */
	if (count_like(follow, labels, &first) == 1) {
		route.name = follow->there.items[first].name;
		tell_refusal(follow, &follow->there.items[first]);
	}
	return apply(follow, &route);
}

static void keep_what_is_wished_for(const struct follow *follow)
{
	for (size_t i = 0; i < follow->record->wishes_count; i++) {
		const struct route_wish *wish = &follow->record->wishes[i];
		struct route_label labels[LABELS];
		size_t first = 0;

		if (wish->host.size == 0)
			continue;
		write_labels(follow, str_from(wish->service), labels);
		if (count_like(follow, labels, &first) == 1)
			follow->is_kept[first] = true;
	}
}

static enum routes_outcome follow_all(const struct follow *follow)
{
	enum routes_outcome outcome = ROUTES_UNCHANGED;

	keep_what_is_wished_for(follow);
	for (size_t i = 0; i < follow->there.count && routes_went_well(outcome); i++) {
		if (!follow->is_kept[i])
			outcome = delete_route(follow, &follow->there.items[i]);
	}
	for (size_t i = 0; i < follow->record->wishes_count && routes_went_well(outcome); i++) {
		if (follow->record->wishes[i].host.size > 0)
			outcome = grant(follow, &follow->record->wishes[i]);
	}
	return outcome;
}

enum routes_outcome route_record_follow(struct world *world, struct str namespace,
					const struct route_record *record, struct error *error)
{
	struct follow follow = {.world = world,
				.namespace = namespace,
				.record = record,
				.arena = arena_create(),
				.error = error};
	struct route_label labels[LABELS];
	enum routes_outcome outcome;

	write_labels(&follow, STR(""), labels);
	outcome = routes_list(world, namespace, labels, LABELS_OF_RECORD, follow.arena,
			      &follow.there, error);
	if (routes_went_well(outcome)) {
		follow.is_kept = ARENA_ARRAY(follow.arena, bool, follow.there.count + 1);
		outcome = follow_all(&follow);
	}
	arena_destroy(follow.arena);
	return outcome;
}
