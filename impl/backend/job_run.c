#include "backend/job_run.h"

#include "backend/access_tokens.h"
#include "backend/backend_internal.h"
#include "backend/counters.h"
#include "backend/profile.h"
#include "backend/service.h"
#include "backend/timestamps.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utc.h"

#define OLDEST_US (86400 * UTC_SECOND_US)
#define NEWEST_US (3600 * UTC_SECOND_US)

/* Reading. */

static int64_t enqueue_time_us(const struct json *time)
{
	return time != NULL && time->kind == JSON_NUMBER && time->number > 0 && time->number < 1e11
		       ? (int64_t)(time->number * 1e6)
		       : 0;
}

static bool has_children(const struct json *value)
{
	return value != NULL && (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY);
}

static void read_report(struct job *job)
{
	job->subject = job->service = json_scalar_text(json_at(job->arguments, 0));
	job->enqueued_us = enqueue_time_us(json_at(job->arguments, 2));
	if (job->service.size > 0 && has_children(json_at(job->arguments, 1)))
		job->kind = JOB_REPORT;
}

static void read_notification(struct job *job, struct str master_service)
{
	job->service = master_service;
	job->subject = json_scalar_text(json_at(job->arguments, 0));
	job->enqueued_us = enqueue_time_us(json_at(job->arguments, 3));
	if (has_children(json_at(job->arguments, 1)))
		job->kind = JOB_NOTIFY;
}

static void set_problem(struct job *job, struct str exception, struct str problem)
{
	job->exception = exception;
	job->problem = problem;
}

void job_read(struct job *job, struct backend *backend, struct arena *arena)
{
	const struct json *root = jobs_parse(arena, job->payload);
	struct str class = json_get_str(root, STR("class"));

	job->kind = root != NULL ? JOB_UNKNOWN : JOB_BROKEN;
	job->arguments = json_get(root, STR("args"));
	set_problem(job, STR("ArgumentError"), STR("arguments are missing"));
	if (str_equal(class, JOB_REPORT_CLASS))
		read_report(job);
	else if (str_equal(class, JOB_NOTIFY_CLASS))
		read_notification(job, backend->settings.master_service);
	else
		set_problem(job, STR("NameError"), STR("unknown job class"));
}

void job_give_up(struct job *job, struct str problem)
{
	job->kind = JOB_UNKNOWN;
	job->state = JOB_NEW;
	set_problem(job, STR("Redis::CommandError"), problem);
}

/* Applications. */

/* What a job is about while it is prepared. */
struct preparation {
	struct job *job;
	struct backend *backend;
	struct reader *reader;
	const struct profile *profile;
	struct map *groups; /* application id -> struct group, in order of first appearance */
	bool is_flat;       /* usage stands for parents, too, already */
	bool is_waiting, has_failed;
	struct api_error error;
};

struct group {
	const struct application *application;
	struct group_entry *first, *last;
};

struct group_entry {
	const struct json *transaction;
	struct group_entry *next;
};

static bool is_refused(const struct preparation *preparation)
{
	return preparation->error.code != API_NO_ERROR;
}

static bool refuse(struct preparation *preparation, enum api_error_code code, struct str first)
{
	/* What comes first decides: an earlier transaction may yet be refused. */
	if (!preparation->is_waiting && !is_refused(preparation))
		preparation->error = (struct api_error){code, first, STR("")};
	return false;
}

static bool found(struct preparation *preparation, enum memo_result result)
{
	preparation->is_waiting = preparation->is_waiting || result == MEMO_WAIT;
	preparation->has_failed = preparation->has_failed || result == MEMO_FAILED;
	return result == MEMO_FOUND;
}

/* Access tokens end by themselves: they are remembered for as long as a round may take. */
#define TOKEN_LIFETIME_US (1 * UTC_SECOND_US)

static void token_replied(struct batch *batch, void *data)
{
	struct access_token token;
	bool is_token =
		!batch->has_failed && access_token_parse(reply_text(&batch->replies[0]), &token);

	if (batch->has_failed)
		memo_load_failed(data);
	else
		memo_loaded(data,
			    stored_text_create(is_token ? token.application : str_of(NULL, 0)));
}

static void token_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, token_replied, load);
	access_token_ask(&load->batch, load->backend->storage, load->names[0], load->names[1]);
	batch_end(&load->batch);
}

/* service id, token -> stored_text, the application's id */
static const struct memo_kind token_kind = {
	.letter = 'k', .load = token_load, .lifetime_us = TOKEN_LIFETIME_US};

static bool refuse_nobody(struct preparation *preparation)
{
	return refuse(preparation,
		      preparation->profile->identifies_by_version ? API_APPLICATION_ID_MISSING
								  : API_APPLICATION_NOT_FOUND,
		      STR(""));
}

/* The application that a text stands for. */
static bool resolve_by(struct preparation *preparation, const struct memo_kind *kind,
		       struct str text, enum api_error_code unknown, struct str *id)
{
	return found(preparation, stored_text_find(preparation->reader, kind,
						   preparation->job->service, text, id)) &&
	       (id->size > 0 || refuse(preparation, unknown, text));
}

static bool resolve_id(struct preparation *preparation, const struct json *transaction,
		       struct str *id)
{
	struct str user_key = json_scalar_text(json_get(transaction, STR("user_key")));
	struct str token = preparation->profile->has_access_tokens
				   ? json_scalar_text(json_get(transaction, STR("access_token")))
				   : STR("");

	*id = json_scalar_text(json_get(transaction, STR("app_id")));
	if (id->size > 0 && user_key.size > 0)
		return refuse(preparation, API_AUTHENTICATION_ERROR, STR(""));
	if (id->size > 0)
		return true;
	if (user_key.size > 0)
		return resolve_by(preparation, &user_key_kind, user_key, API_USER_KEY_INVALID, id);
	if (token.size > 0)
		return resolve_by(preparation, &token_kind, token, API_ACCESS_TOKEN_INVALID, id);
	return refuse_nobody(preparation);
}

static void resolve_application(struct preparation *preparation, const struct json *transaction)
{
	const struct application *application;
	struct arena *arena = preparation->reader->arena;
	struct group_entry *entry;
	struct group *group;
	struct str id = STR("");

	if (transaction->kind != JSON_OBJECT || !resolve_id(preparation, transaction, &id) ||
	    !found(preparation, application_find(preparation->reader, preparation->job->service, id,
						 &application)))
		return;
	if (!application->exists) {
		refuse(preparation, API_APPLICATION_NOT_FOUND, id);
		return;
	}
	group = map_get(preparation->groups, id);
	if (group == NULL) {
		group = ARENA_NEW(arena, struct group);
		group->application = application;
		map_put(preparation->groups, id, group);
	}
	entry = ARENA_NEW(arena, struct group_entry);
	entry->transaction = transaction;
	if (group->first == NULL)
		group->first = entry;
	else
		group->last->next = entry;
	group->last = entry;
}

/* Transactions. */

/* 3.10: whoever has to be registered, in a service without plans for users, cannot be reported. */
static bool read_user(struct preparation *preparation, const struct json *source, struct str *user)
{
	const struct service *service;

	*user = preparation->profile->has_end_users
			? json_scalar_text(json_get(source, STR("user_id")))
			: STR("");
	if (user->size == 0)
		return true;
	if (!found(preparation,
		   service_find(preparation->reader, preparation->job->service, &service)))
		return false;
	return !service->user_registration_required || service->default_user_plan_id.size > 0 ||
	       refuse(preparation, API_SERVICE_CANNOT_USE_USER_ID, preparation->job->service);
}

static bool read_usage(struct preparation *preparation, const struct json *source,
		       struct usage *usage)
{
	usage_init(usage, preparation->reader->arena);
	JSON_EACH (entry, source) {
		struct str value = json_scalar_text(entry);

		if (!usage_add(usage, preparation->job->metrics, entry->key, value,
			       &preparation->error))
			return false;
	}
	usage->reach = usage_reach_of(preparation->profile, preparation->is_flat);
	usage_expand(usage, preparation->job->metrics);
	return true;
}

/* 5.5: three digits, or the number of three digits. */
static struct str response_code(const struct json *transaction)
{
	struct str code = json_scalar_text(json_path(transaction, "log.code"));

	if (code.size != 3)
		return STR("");
	for (size_t i = 0; i < code.size; i++) {
		if (code.data[i] < '0' || code.data[i] > '9')
			return STR("");
	}
	return code;
}

static struct job_transaction *add_transaction(struct preparation *preparation,
					       struct job_transaction ***tail,
					       const struct application *application)
{
	struct job_transaction *transaction =
		ARENA_NEW(preparation->reader->arena, struct job_transaction);

	transaction->application = application;
	**tail = transaction;
	*tail = &transaction->next;
	preparation->job->count++;
	return transaction;
}

static bool read_transaction(struct preparation *preparation, struct job_transaction ***tail,
			     const struct application *application, const struct json *source)
{
	const struct json *usage_source = json_get(source, STR("usage"));
	struct job_transaction *transaction;
	struct usage usage;
	struct str timestamp = json_scalar_text(json_get(source, STR("timestamp"))), user;

	if (!read_user(preparation, source, &user))
		return false;
	if (usage_source == NULL || usage_source->kind != JSON_OBJECT || usage_source->count == 0)
		return true; /* its log too is left out */
	if (!read_usage(preparation, usage_source, &usage))
		return false;
	transaction = add_transaction(preparation, tail, application);
	transaction->usage = usage;
	transaction->user = user;
	transaction->response_code = response_code(source);
	if (!timestamp_parse(timestamp, preparation->profile->reads_unix_timestamps,
			     &transaction->instant_us))
		transaction->instant_us = backend_now_us(preparation->backend);
	return true;
}

/* In whole seconds, both ends belong to it (5.4). */
static bool check_times(struct preparation *preparation)
{
	int64_t now_us = backend_now_us(preparation->backend);

	now_us -= now_us % UTC_SECOND_US;
	for (const struct job_transaction *transaction = preparation->job->first;
	     transaction != NULL; transaction = transaction->next) {
		int64_t instant_us =
			transaction->instant_us - transaction->instant_us % UTC_SECOND_US;

		if (instant_us < now_us - OLDEST_US)
			return refuse(preparation, API_TRANSACTION_TIMESTAMP_TOO_OLD, STR(""));
		if (instant_us > now_us + NEWEST_US)
			return refuse(preparation, API_TRANSACTION_TIMESTAMP_TOO_NEW, STR(""));
	}
	return true;
}

static void read_transactions(struct preparation *preparation)
{
	struct job_transaction **tail = &preparation->job->first;
	struct map_cursor at = {0};

	preparation->job->first = NULL;
	preparation->job->count = 0;
	while (map_next(preparation->groups, &at)) {
		const struct group *group = at.value;

		for (const struct group_entry *entry = group->first; entry != NULL;
		     entry = entry->next) {
			if (!read_transaction(preparation, &tail, group->application,
					      entry->transaction))
				return;
		}
	}
	check_times(preparation);
}

/* Jobs. */

static void prepare_report(struct preparation *preparation)
{
	const struct json *context = json_at(preparation->job->arguments, 3);
	struct str flat = json_str(json_path(context, "request.extensions.flat_usage"));

	preparation->is_flat = preparation->profile->has_flat_usage && str_equal(flat, STR("1"));
	JSON_EACH (transaction, json_at(preparation->job->arguments, 1))
		resolve_application(preparation, transaction);
	if (!preparation->is_waiting && !preparation->has_failed && !is_refused(preparation))
		read_transactions(preparation);
}

/* The master service is reported to like any other; who is unknown there is left out. */
static void prepare_notification(struct preparation *preparation)
{
	struct job *job = preparation->job;
	const struct json *time = json_at(job->arguments, 2);
	struct arena *arena = preparation->reader->arena;
	struct json *transaction = json_new(arena, JSON_OBJECT);

	if (job->service.size == 0)
		return;
	json_set(transaction, STR("user_key"), json_new_str(arena, job->subject));
	json_set(transaction, STR("usage"), json_copy(arena, json_at(job->arguments, 1)));
	json_set(transaction, STR("timestamp"), json_new_str(arena, json_scalar_text(time)));
	resolve_application(preparation, transaction);
	if (preparation->is_waiting || preparation->has_failed)
		return;
	if (is_refused(preparation))
		preparation->error.code = API_NO_ERROR;
	else
		read_transactions(preparation);
}

static enum memo_result settle(struct preparation *preparation)
{
	struct job *job = preparation->job;

	if (preparation->has_failed)
		return MEMO_FAILED;
	if (preparation->is_waiting)
		return MEMO_WAIT;
	job->error = preparation->error;
	job->state = is_refused(preparation) ? JOB_REFUSED : JOB_READY;
	return MEMO_FOUND;
}

/* MEMO_FAILED may come together with waiting: the caller waits for the reader first. */
enum memo_result job_prepare(struct job *job, struct backend *backend, struct reader *reader)
{
	struct preparation preparation = {.job = job,
					  .backend = backend,
					  .reader = reader,
					  .profile = backend->settings.profile};
	enum memo_result result;

	if (job->state != JOB_NEW || job->kind < JOB_REPORT)
		return MEMO_FOUND;
	if (job->kind == JOB_REPORT || job->service.size > 0) {
		if (!found(&preparation, metrics_find(reader, job->service, &job->metrics)))
			return settle(&preparation);
	}
	preparation.groups = map_create(0);
	if (job->kind == JOB_REPORT)
		prepare_report(&preparation);
	else
		prepare_notification(&preparation);
	result = settle(&preparation);
	map_destroy(preparation.groups);
	return result;
}

/* Releases that tell of extensions queue them for the worker, and tell nothing of a report (5.6).
 */
struct str job_error_context(const struct job *job, const struct backend *backend,
			     struct arena *arena)
{
	const struct json *context = json_at(job->arguments, 3);

	return backend->settings.profile->tells_extensions || json_is_null(context)
		       ? STR("{}")
		       : json_print(arena, context);
}

/* Counting. */

static const struct str counted_codes[] = {
	STR_INIT("200"), STR_INIT("403"), STR_INIT("404"), STR_INIT("500"), STR_INIT("503"),
};

/* For the service, the application and the end user. */
static void count(const struct job *job, const struct job_transaction *transaction,
		  struct counters *counters, struct stats_subject subject, int64_t value,
		  bool is_set)
{
	subject.service = job->service;
	counters_change(counters, &subject, transaction->instant_us, value, is_set);
	subject.application = transaction->application->id;
	counters_change(counters, &subject, transaction->instant_us, value, is_set);
	if (transaction->user.size == 0)
		return;
	subject.application = STR("");
	subject.user = transaction->user;
	counters_change(counters, &subject, transaction->instant_us, value, is_set);
}

static void count_response_code(const struct job *job, const struct job_transaction *transaction,
				struct counters *counters)
{
	static const struct str groups[] = {STR_INIT("2XX"), STR_INIT("4XX"), STR_INIT("5XX")};
	struct str code = transaction->response_code;

	for (size_t i = 0; code.size > 0 && i < sizeof groups / sizeof *groups; i++) {
		if (code.data[0] == groups[i].data[0])
			count(job, transaction, counters,
			      (struct stats_subject){.response_code = groups[i]}, 1, false);
	}
	for (size_t i = 0; i < sizeof counted_codes / sizeof *counted_codes; i++) {
		if (str_equal(code, counted_codes[i]))
			count(job, transaction, counters,
			      (struct stats_subject){.response_code = code}, 1, false);
	}
}

void job_apply(const struct job *job, struct counters *counters)
{
	for (const struct job_transaction *transaction = job->first; transaction != NULL;
	     transaction = transaction->next) {
		count_response_code(job, transaction, counters);
		for (size_t i = 0; i < transaction->usage.count; i++) {
			const struct usage_item *item = &transaction->usage.items[i];

			count(job, transaction, counters,
			      (struct stats_subject){.metric =
							     job->metrics->items[item->metric].id},
			      item->value, item->is_set);
		}
	}
}
