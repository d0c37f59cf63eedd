#include "backend/latest_transactions.h"

#include <inttypes.h>
#include <string.h>

#include "backend/backend_internal.h"
#include "backend/job_run.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "world/redis.h"

/* The last ones of a service in this round, as a ring. */
struct latest {
	const struct job *jobs[LATEST_TRANSACTIONS_MAX];
	const struct job_transaction *items[LATEST_TRANSACTIONS_MAX];
	size_t count; /* that ever were */
};

static void collect(struct map *services, struct arena *arena, const struct job *job)
{
	struct latest *latest = map_get(services, job->service);

	for (const struct job_transaction *transaction = job->first; transaction != NULL;
	     transaction = transaction->next) {
		if (latest == NULL) {
			latest = ARENA_NEW(arena, struct latest);
			map_put(services, job->service, latest);
		}
		latest->jobs[latest->count % LATEST_TRANSACTIONS_MAX] = job;
		latest->items[latest->count++ % LATEST_TRANSACTIONS_MAX] = transaction;
	}
}

static void write_usage(struct strbuf *out, const struct job *job, const struct usage *usage)
{
	for (size_t i = 0; i < usage->count; i++) {
		const struct usage_item *item = &usage->items[i];

		if (i > 0)
			strbuf_append_char(out, ',');
		json_write_str(out, job->metrics->items[item->metric].id);
		strbuf_append(out, item->is_set ? STR(":\"#") : STR(":\""));
		strbuf_append_format(out, "%" PRId64 "\"", item->value);
	}
}

static struct str element(struct backend *backend, struct arena *arena, const struct job *job,
			  const struct job_transaction *transaction)
{
	struct strbuf *out = &backend->scratch;

	strbuf_clear(out);
	strbuf_append(out, STR("{\"application_id\":"));
	json_write_str(out, transaction->application->id);
	strbuf_append(out, STR(",\"usage\":{"));
	write_usage(out, job, &transaction->usage);
	strbuf_append(out, STR("},\"timestamp\":"));
	json_write_str(out, jobs_time(arena, transaction->instant_us));
	strbuf_append_char(out, '}');
	return str_copy(arena, strbuf_str(out));
}

static void store_service(struct backend *backend, struct arena *arena, struct str service,
			  const struct latest *latest)
{
	struct str words[2 + LATEST_TRANSACTIONS_MAX] = {STR("LPUSH"),
							 key_latest_transactions(arena, service)};
	size_t from = latest->count > LATEST_TRANSACTIONS_MAX
			      ? latest->count - LATEST_TRANSACTIONS_MAX
			      : 0;
	size_t count = 2;

	for (size_t i = from; i < latest->count; i++) {
		size_t place = i % LATEST_TRANSACTIONS_MAX;

		words[count++] = element(backend, arena, latest->jobs[place], latest->items[place]);
	}
	redis_send(backend->storage, words, count, NULL, NULL);
	REDIS_SEND(backend->storage, NULL, NULL, STR("LTRIM"), words[1], STR("0"),
		   LATEST_TRANSACTIONS_LAST);
}

void latest_transactions_store(struct backend *backend, struct arena *arena, const struct job *jobs,
			       size_t count)
{
	struct map *services;
	struct map_cursor at = {0};

	if (!backend->settings.profile->keeps_latest_transactions)
		return;
	services = map_create(backend->hash_seed);
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].kind == JOB_REPORT && jobs[i].state == JOB_READY &&
		    !str_equal(jobs[i].service, backend->settings.master_service))
			collect(services, arena, &jobs[i]);
	}
	while (backend->storage != NULL && map_next(services, &at))
		store_service(backend, arena, at.key, at.value);
	map_destroy(services);
}
