/* The zone, and what a host's resolver remembers of it. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "sim/net/dns_internal.h"

struct zone_name {
	struct str addresses; /* owned; NULL data: only a fault is known */
	bool exists;
	int64_t ttl_s;
	enum sim_dns_fault fault;
	uint64_t effects;
};

struct zone {
	struct map *names;
};

/* What the resolver remembers: an answer and until when. */
struct remembered {
	struct str addresses; /* owned */
	int64_t until_us;
};

static struct str text_own(struct str text)
{
	char *copy = memory_alloc(text.size + 1);

	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	return str_of(copy, text.size);
}

static void text_free(struct str text)
{
	free((void *)(uintptr_t)text.data);
}

struct zone *zone_create(void)
{
	struct zone *zone = MEMORY_NEW(struct zone);

	zone->names = map_create(0);
	return zone;
}

void zone_destroy(struct zone *zone)
{
	struct map_cursor at = {0};

	while (map_next(zone->names, &at)) {
		text_free(((struct zone_name *)at.value)->addresses);
		free(at.value);
	}
	map_destroy(zone->names);
	free(zone);
}

/* Lower case, without the root's dot. */
static struct str name_normal(struct arena *arena, struct str name)
{
	if (str_has_suffix(name, STR(".")))
		name.size--;
	return str_lower(arena, name);
}

static struct zone_name *zone_find(const struct net *net, struct str name, bool make)
{
	struct arena *arena = arena_create();
	struct str normal = name_normal(arena, name);
	struct zone_name *found = map_get(net->zone->names, normal);

	if (found == NULL && make) {
		found = MEMORY_NEW(struct zone_name);
		map_put(net->zone->names, normal, found);
	}
	arena_destroy(arena);
	return found;
}

static void zone_trace(struct net *net, struct str kind, struct str name, struct str detail)
{
	trace_begin(net->trace, STR(""), kind);
	trace_text(net->trace, STR("name"), name);
	trace_text(net->trace, STR("detail"), detail);
	trace_end(net->trace);
}

void zone_set(struct net *net, struct str name, struct str addresses, int64_t ttl_s)
{
	struct zone_name *found = zone_find(net, name, true);

	text_free(found->addresses);
	found->addresses = text_own(addresses);
	found->exists = true;
	found->ttl_s = ttl_s;
	found->effects = 0;
	zone_trace(net, STR("zone.set"), name, addresses);
}

void zone_remove(struct net *net, struct str name)
{
	struct zone_name *found = zone_find(net, name, true);

	found->exists = false;
	found->effects = 0;
	zone_trace(net, STR("zone.remove"), name, STR(""));
}

void zone_set_fault(struct net *net, struct str name, enum sim_dns_fault fault)
{
	static const struct str faults[] = {
		[SIM_DNS_OK] = STR_INIT("ok"),
		[SIM_DNS_NXDOMAIN] = STR_INIT("nxdomain"),
		[SIM_DNS_SERVFAIL] = STR_INIT("servfail"),
		[SIM_DNS_SILENT] = STR_INIT("silent"),
	};
	struct zone_name *found = zone_find(net, name, true);

	if (found->addresses.data == NULL) {
		/* Only the fault was asked for: behind it the name is what it was, a host's or
		 * none.
		 */
		const struct sim_host *host = net_host_find(net, name);

		found->addresses = text_own(host != NULL ? host->address : STR(""));
		found->exists = host != NULL;
		found->ttl_s = ZONE_HOST_TTL_S;
	}
	found->fault = fault;
	found->effects = 0;
	zone_trace(net, STR("zone.fault"), name, faults[fault]);
}

uint64_t zone_effects(const struct net *net, struct str name)
{
	const struct zone_name *found = zone_find(net, name, false);

	return found != NULL ? found->effects : 0;
}

/* "*.example.com" answers for every name below example.com that is not known itself. */
static struct zone_name *zone_find_wildcard(const struct net *net, struct str name)
{
	struct arena *arena = arena_create();
	struct zone_name *found = NULL;
	size_t dot;

	while (found == NULL && (dot = str_find_char(name, '.')) != STR_NOT_FOUND) {
		found = zone_find(net, STR_CONCAT(arena, STR("*"), str_skip(name, dot)), false);
		name = str_skip(name, dot + 1);
	}
	arena_destroy(arena);
	return found;
}

static void zone_answer(const struct net *net, struct str name, struct dns_answer *answer)
{
	struct zone_name *found = zone_find(net, name, false);
	const struct sim_host *host = net_host_find(net, name);

	if (found == NULL && host == NULL)
		found = zone_find_wildcard(net, name);

	*answer = (struct dns_answer){.fault = SIM_DNS_OK};
	if (found != NULL) {
		found->effects++;
		answer->fault = found->fault;
		answer->addresses = found->addresses;
		answer->ttl_s = found->ttl_s;
		if (found->fault == SIM_DNS_OK && !found->exists)
			answer->fault = SIM_DNS_NXDOMAIN;
	} else if (host != NULL) {
		answer->addresses = host->address;
		answer->ttl_s = ZONE_HOST_TTL_S;
	} else {
		answer->fault = SIM_DNS_NXDOMAIN;
	}
}

void dns_cache_destroy(struct map *cache)
{
	struct map_cursor at = {0};

	while (cache != NULL && map_next(cache, &at)) {
		text_free(((struct remembered *)at.value)->addresses);
		free(at.value);
	}
	map_destroy(cache);
}

void dns_cache_enable(struct sim_host *host, bool enabled)
{
	dns_cache_destroy(host->dns_cache);
	host->dns_cache = enabled ? map_create(0) : NULL;
}

static void cache_remember(struct sim_host *host, struct str normal,
			   const struct dns_answer *answer)
{
	struct remembered *remembered = map_get(host->dns_cache, normal);

	if (remembered == NULL) {
		remembered = MEMORY_NEW(struct remembered);
		map_put(host->dns_cache, normal, remembered);
	}
	text_free(remembered->addresses);
	remembered->addresses = text_own(answer->addresses);
	remembered->until_us =
		queue_time_add(host->net->queue->now_us, answer->ttl_s * INT64_C(1000000));
}

void resolver_answer(struct sim_host *host, struct str name, struct dns_answer *answer)
{
	struct arena *arena = arena_create();
	struct str normal = name_normal(arena, name);
	const struct remembered *remembered =
		host->dns_cache != NULL ? map_get(host->dns_cache, normal) : NULL;
	int64_t now_us = host->net->queue->now_us;

	if (str_equal(normal, STR("localhost")) || str_has_suffix(normal, STR(".localhost"))) {
		*answer = (struct dns_answer){.addresses = STR("127.0.0.1"), .ttl_s = INT64_MAX};
	} else if (remembered != NULL && remembered->until_us > now_us) {
		*answer = (struct dns_answer){
			.addresses = remembered->addresses,
			.ttl_s = (remembered->until_us - now_us + 999999) / 1000000,
		};
	} else {
		zone_answer(host->net, normal, answer);
		if (host->dns_cache != NULL && answer->fault == SIM_DNS_OK)
			cache_remember(host, normal, answer);
	}
	arena_destroy(arena);
}
