/* libFuzzer target: a document that is not skipped is judged the same each time, a bounded number
 * of faults is told, and what is no JSON is always refused. */
#include "portal/api_document.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/validation.h"

#define FAULTS_MAX 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t faults_of(struct arena *arena, struct str body, bool skips)
{
	struct validation validation;

	validation_init(&validation, arena);
	api_document_check(arena, body, skips, &validation);
	return validation.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str body = str_of((const char *)data, size);
	size_t all = faults_of(arena, body, false), few = faults_of(arena, body, true);

	BUG_IF(all > FAULTS_MAX || few > all || faults_of(arena, body, false) != all);
	if (json_parse(arena, body, LIMIT_PORTAL_BODY_BYTES, NULL) == NULL)
		BUG_IF(few == 0 || all == 0);
	BUG_IF(api_document_version(arena, body).size == 0);
	arena_destroy(arena);
	return 0;
}
