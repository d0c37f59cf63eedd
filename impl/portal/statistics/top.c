/* The applications with the most usage in a period: spec/portal.md 3.16. Backend knows which ones
 * ever had traffic; their counters are read some applications at a time, and the best are looked up
 * in the database until there are ten that are still there. */
#include <stdlib.h>
#include <string.h>

#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/list.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/record.h"
#include "portal/statistics/answer.h"
#include "portal/statistics/errands.h"
#include "portal/statistics/keys.h"
#include "portal/statistics/storage.h"
#include "portal/tables.h"

#define TOP_MAX 10
#define APPLICATIONS_AT_ONCE 500

struct candidate {
	struct str application_id;
	int64_t value;
};

struct top {
	struct errand errand;
	struct call *call;
	struct statistics_subject subject;
	struct statistics_range range;
	struct candidate *candidates;
	size_t count, known;
	size_t asked; /* how many the question under way is about */
	struct storage_question *question;
};

static void top_ask(struct top *top);

static void top_end(struct top *top)
{
	top->errand.done(top->errand.data);
}

static void top_failed(struct top *top, struct str why)
{
	reply_storage_is_away(top->call, why);
	top_end(top);
}

/* The most used first; equal ones in the order of their names, which is the same every time. */
static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return str_compare(a->application_id, b->application_id);
}

/* Deleted ones are left out. */
static bool find_application(struct top *top, const struct candidate *candidate,
			     struct top_application *found)
{
	struct database *database = top->call->database;

	found->value = candidate->value;
	found->application = record_first(
		database, &contracts_table,
		"type = 'Cinstance' AND service_id = ?1 AND application_id = ?2 ORDER BY id",
		DATABASE_ARGUMENTS(record_get(top->subject.service, "id"),
				   value_text(candidate->application_id)));
	if (found->application == NULL)
		return false;
	found->plan =
		record_by_id(database, &plans_table, record_int(found->application, "plan_id"));
	found->account = record_by_id(database, &accounts_table,
				      record_int(found->application, "user_account_id"));
	return found->plan != NULL && found->account != NULL;
}

static void top_answer_with_best(struct top *top)
{
	struct top_application found[TOP_MAX];
	size_t count = 0;

	if (top->count > 0)
		qsort(top->candidates, top->count, sizeof *top->candidates, compare_candidates);
	database_begin(top->call->database, top->call->arena, false);
	for (size_t i = 0; i < top->count && count < TOP_MAX && top->candidates[i].value > 0; i++) {
		if (find_application(top, &top->candidates[i], &found[count]))
			count++;
	}
	if (database_commit(top->call->database, NULL))
		top_answer(top->call, &top->subject, &top->range, found, count);
	else
		reply_storage_is_away(top->call, STR("the database failed"));
	top_end(top);
}

static void top_told_values(const int64_t *values, struct str why, void *data)
{
	struct top *top = data;
	size_t keys_each = 0;
	struct statistics_keys keys = {0};
	struct arena *scratch;
	struct stats_subject counters;

	top->question = NULL;
	if (values == NULL) {
		top_failed(top, why);
		return;
	}
	/* Every application has as many keys as any other. */
	scratch = arena_create();
	counters = statistics_counters(top->call, &top->subject, STR("x"));
	statistics_keys_add(scratch, &keys, &counters, top->range.bounds[0], top->range.bounds[1]);
	keys_each = keys.count;
	arena_destroy(scratch);
	for (size_t i = 0; i < top->asked; i++) {
		for (size_t j = 0; j < keys_each; j++)
			top->candidates[top->known + i].value += values[i * keys_each + j];
	}
	top->known += top->asked;
	top_ask(top);
}

static void top_ask(struct top *top)
{
	struct statistics_keys keys = {0};
	struct arena *scratch;

	if (top->known == top->count) {
		top_answer_with_best(top);
		return;
	}
	top->asked = top->count - top->known;
	if (top->asked > APPLICATIONS_AT_ONCE)
		top->asked = APPLICATIONS_AT_ONCE;
	scratch = arena_create();
	for (size_t i = 0; i < top->asked; i++) {
		struct stats_subject counters = statistics_counters(
			top->call, &top->subject, top->candidates[top->known + i].application_id);

		statistics_keys_add(scratch, &keys, &counters, top->range.bounds[0],
				    top->range.bounds[1]);
	}
	top->question = statistics_storage_ask(top->call->storage, keys.items, keys.count,
					       top_told_values, top);
	arena_destroy(scratch);
}

static void top_told_members(const struct str *members, size_t count, struct str why, void *data)
{
	struct top *top = data;
	struct arena *arena = top->call->arena;

	top->question = NULL;
	if (why.size > 0) {
		top_failed(top, why);
		return;
	}
	top->candidates = ARENA_ARRAY(arena, struct candidate, count + 1);
	top->count = count;
	for (size_t i = 0; i < count; i++)
		top->candidates[i].application_id = str_copy(arena, members[i]);
	top_ask(top);
}

static void top_begin(struct errand *errand, struct call *call)
{
	struct top *top = LIST_ENTRY(errand, struct top, errand);
	struct str service = value_to_text(call->arena, record_get(top->subject.service, "id"));

	top->question = statistics_storage_ask_members(
		call->storage, stats_applications_key(call->arena, service), top_told_members, top);
}

static void top_stop(struct errand *errand)
{
	storage_question_stop(LIST_ENTRY(errand, struct top, errand)->question);
}

struct errand *top_errand(struct call *call, const struct statistics_subject *subject,
			  const struct statistics_range *range)
{
	struct top *top = ARENA_NEW(call->arena, struct top);

	top->errand.begin = top_begin;
	top->errand.stop = top_stop;
	top->call = call;
	top->subject = *subject;
	top->range = *range;
	return &top->errand;
}
