/* libFuzzer target: whatever stands in a queue, a job is read, prepared against a storage, and
 * counted or refused; counters are those of its service, amounts are never negative, and times lie
 * in the window (spec/backend.md 5.3, 5.4).
 *
 * The storage: service 7001 with metrics hits <- search, application a1 with user key u1. */
#include "backend/job_run.h"

#include <stdint.h>

#include "backend/backend_internal.h"
#include "backend/counters.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/map.h"
#include "store/stage_test.h"
#include "store/store.h"

#define TRIES_MAX 20 /* each looks one thing more up */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const COMMANDS[] = {
	"SET service/id:7001/provider_key pk",
	"SADD metrics/service_id:7001/ids 81 82",
	"SET metric/service_id:7001/id:81/name hits",
	"SET metric/service_id:7001/name:hits/id 81",
	"SET metric/service_id:7001/id:82/name search",
	"SET metric/service_id:7001/name:search/id 82",
	"SET metric/service_id:7001/id:82/parent_id 81",
	"SADD service_id:7001/applications a1",
	"SET application/service_id:7001/id:a1/state active",
	"SET application/service_id:7001/id:a1/plan_id 55",
	"SET application/service_id:7001/key:u1/id a1",
};

/* Made once: a memo fills as in a worker that lives. */
static struct place {
	struct stage stage;
	struct backend backend;
	bool is_ready;
} place;

static struct backend *the_backend(void)
{
	if (place.is_ready)
		return &place.backend;
	place.is_ready = true;
	stage_begin(&place.stage);
	place.backend.world = &place.stage.world;
	place.backend.settings.profile = profile_find(STR(""));
	place.backend.settings.master_service = STR("7001");
	place.backend.store =
		store_create(&place.stage.world, STR(":memory:"), SQL_DURABILITY_NONE, NULL);
	BUG_IF(place.backend.store == NULL);
	place.backend.storage = store_client(place.backend.store, 0);
	place.backend.memo = memo_create(&place.backend);
	for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
		struct str rest = str_from(COMMANDS[i]), words[8];
		size_t count = 0;

		while (str_next_field(&rest, ' ', &words[count]))
			count++;
		redis_send(place.backend.storage, words, count, NULL, NULL);
	}
	stage_end_turn(&place.stage);
	return &place.backend;
}

static void resumed(struct reader *reader, void *data)
{
	(void)reader;
	(void)data;
}

static enum memo_result prepare(struct job *job, struct backend *backend, struct reader *reader)
{
	enum memo_result result = MEMO_WAIT;

	for (int i = 0; i < TRIES_MAX && result == MEMO_WAIT; i++) {
		result = job_prepare(job, backend, reader);
		stage_pass(&place.stage, 1);
		BUG_IF(reader->waiting > 0);
	}
	return result;
}

static void check_ready(const struct job *job, struct backend *backend, struct arena *arena)
{
	int64_t now_us = backend_now_us(backend);
	struct map_cursor at = {0};
	struct counters counters;
	size_t count = 0;

	for (const struct job_transaction *transaction = job->first; transaction != NULL;
	     transaction = transaction->next) {
		BUG_IF(transaction->instant_us < now_us - INT64_C(86401000000));
		BUG_IF(transaction->instant_us > now_us + INT64_C(3601000000));
		BUG_IF(transaction->response_code.size != 0 &&
		       transaction->response_code.size != 3);
		for (size_t i = 0; i < transaction->usage.count; i++)
			BUG_IF(transaction->usage.items[i].value < 0);
		count++;
	}
	BUG_IF(count != job->count);
	counters_init(&counters, 1, false);
	counters_begin(&counters, arena);
	job_apply(job, &counters);
	while (map_next(counters.changes, &at))
		BUG_IF(!str_has_prefix(at.key, STR("stats/{service:7001}/")));
	counters_free(&counters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backend *backend = the_backend();
	struct arena *arena = arena_create();
	struct job job = {.payload = str_of((const char *)data, size)};
	struct reader reader;

	job_read(&job, backend, arena);
	BUG_IF(job.enqueued_us < 0);
	BUG_IF(job.kind == JOB_BROKEN && json_parse(arena, job.payload, size * 16, NULL) != NULL);
	if (job.kind >= JOB_REPORT) {
		reader_init(&reader, backend->memo, arena, resumed, NULL);
		BUG_IF(job.arguments == NULL);
		BUG_IF(prepare(&job, backend, &reader) != MEMO_FOUND);
		BUG_IF(job.state == JOB_NEW);
		BUG_IF((job.state == JOB_REFUSED) != (job.error.code != API_NO_ERROR));
		if (job.state == JOB_READY)
			check_ready(&job, backend, arena);
		else
			BUG_IF(api_error_message(arena, &job.error).size == 0);
		reader_release(&reader);
	}
	arena_destroy(arena);
	return 0;
}
