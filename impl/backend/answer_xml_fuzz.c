/* libFuzzer target: whatever names, keys and values there are, the documents of the answers are
 * well-formed XML, and hold no element that the texts brought along.
 *
 * Input: lines; they are plan, application id, key, redirect URL, metric names ... in that order.
 */
#include "backend/answer_xml.h"

#include <stdint.h>

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/bug.h"
#include "store/stage_test.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define TEXTS 8
#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reader of what the answers are made of, strict: no comments, no DTD, no white space in tags. */

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

static struct str take_name(struct str *rest)
{
	size_t size = 0;
	struct str name;

	while (size < rest->size && is_name(rest->data[size]))
		size++;
	BUG_IF(size == 0);
	name = str_slice(*rest, 0, size);
	*rest = str_skip(*rest, size);
	return name;
}

static void take(struct str *rest, struct str expected)
{
	BUG_IF(!str_has_prefix(*rest, expected));
	*rest = str_skip(*rest, expected.size);
}

static bool take_if(struct str *rest, struct str expected)
{
	if (!str_has_prefix(*rest, expected))
		return false;
	*rest = str_skip(*rest, expected.size);
	return true;
}

static void take_text(struct str *rest, char end)
{
	static const struct str entities[] = {STR_INIT("&amp;"), STR_INIT("&lt;"), STR_INIT("&gt;"),
					      STR_INIT("&quot;"), STR_INIT("&apos;")};

	while (rest->size > 0 && rest->data[0] != end) {
		bool is_entity = false;

		for (size_t i = 0; i < 5 && !is_entity; i++)
			is_entity = take_if(rest, entities[i]);
		if (is_entity)
			continue;
		BUG_IF(rest->data[0] == '&' || rest->data[0] == '<' || rest->data[0] == '>');
		BUG_IF((unsigned char)rest->data[0] < ' ' && rest->data[0] != '\t' &&
		       rest->data[0] != '\n' && rest->data[0] != '\r');
		*rest = str_skip(*rest, 1);
	}
}

/* Every element counted, by name. */
static void count_element(struct str name, size_t *reports, size_t *metrics)
{
	static const struct str known[] = {
		STR_INIT("status"),       STR_INIT("authorized"),
		STR_INIT("reason"),       STR_INIT("application"),
		STR_INIT("id"),           STR_INIT("key"),
		STR_INIT("redirect_url"), STR_INIT("redirect_uri"),
		STR_INIT("plan"),         STR_INIT("usage_reports"),
		STR_INIT("period_start"), STR_INIT("period_end"),
		STR_INIT("max_value"),    STR_INIT("current_value"),
		STR_INIT("hierarchy"),    STR_INIT("usage_report"),
		STR_INIT("metric"),       STR_INIT("error"),
	};
	bool is_known = false;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		is_known = is_known || str_equal(known[i], name);
	BUG_IF(!is_known);
	*reports += str_equal(name, STR("usage_report")) ? 1 : 0;
	*metrics += str_equal(name, STR("metric")) ? 1 : 0;
}

static void take_element(struct str *rest, int depth, size_t *reports, size_t *metrics)
{
	struct str name;

	BUG_IF(depth > DEPTH_MAX);
	take(rest, STR("<"));
	name = take_name(rest);
	count_element(name, reports, metrics);
	while (take_if(rest, STR(" "))) {
		take_name(rest);
		take(rest, STR("=\""));
		take_text(rest, '"');
		take(rest, STR("\""));
	}
	if (take_if(rest, STR("/>")))
		return;
	take(rest, STR(">"));
	for (;;) {
		take_text(rest, '<');
		if (take_if(rest, STR("</")))
			break;
		take_element(rest, depth + 1, reports, metrics);
	}
	take(rest, name);
	take(rest, STR(">"));
}

static void check_document(struct str document, size_t limits)
{
	size_t reports = 0, metrics = 0;

	BUG_IF(!str_is_utf8(document));
	take(&document, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
	take_element(&document, 0, &reports, &metrics);
	BUG_IF(document.size > 0 || reports != limits || metrics != limits);
}

/* The answers. */

static void check_status(struct backend *backend, struct arena *arena, const struct str *texts,
			 bool is_oauth, enum api_error_code denial)
{
	const struct metric items[] = {
		{STR_INIT("1"), texts[4], {NULL, 0}, METRIC_NONE},
		{STR_INIT("2"), texts[5], STR_INIT("1"), 0},
		{STR_INIT("3"), {NULL, 0}, STR_INIT("1"), 0},
	};
	const struct metrics metrics = {.items = items, .count = 3};
	const struct usage_limit limits[] = {
		{0, UTC_DAY, 5}, {0, UTC_ETERNITY, 1}, {1, UTC_HOUR, 0}};
	const int64_t counters[] = {6, 0, 1};
	const struct application application = {.id = texts[1],
						.plan_name = texts[0],
						.keys = &texts[2],
						.keys_count = 1,
						.redirect_url = texts[3]};
	const struct api_endpoint endpoint = {.is_oauth = is_oauth};
	struct api_call call = {
		.backend = backend,
		.arena = arena,
		.endpoint = &endpoint,
		.extensions = {.hierarchy = true},
		.application = &application,
		.metrics = &metrics,
		.limits = {{limits, 3}, counters},
		.denial = {denial, texts[6], texts[7]},
	};

	parameters_init(&call.parameters, arena, 1, backend->settings.profile);
	check_document(answer_status(&call), 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of((const char *)data, size), texts[TEXTS];
	struct stage stage;
	struct backend backend = {.world = &stage.world};

	stage_begin(&stage);
	strbuf_init(&backend.scratch, OUT_BYTES_MAX);
	backend.settings.profile = profile_find(STR(""));
	for (size_t i = 0; i < TEXTS; i++)
		if (!str_next_field(&rest, '\n', &texts[i]))
			texts[i] = STR("");
	check_status(&backend, stage.arena, texts, true, API_NO_ERROR);
	check_status(&backend, stage.arena, texts, false, API_APPLICATION_KEY_INVALID);
	for (int code = API_NO_ERROR + 1; code < API_ERROR_CODES; code++) {
		struct api_error error = {(enum api_error_code)code, texts[6], texts[7]};

		check_document(answer_error(&backend, stage.arena, error.code,
					    api_error_message(stage.arena, &error)),
			       0);
	}
	strbuf_free(&backend.scratch);
	stage_end(&stage);
	return 0;
}
