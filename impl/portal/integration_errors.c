#include "portal/integration_errors.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/internal_api.h"
#include "portal/record.h"

/* One question to backend, and who is told the answer: exactly one of the three. */
struct inquiry {
	struct errand errand;
	struct call *call;
	struct internal_request request;
	struct internal_call *internal;
	void (*told_errors)(struct call *call, const struct integration_errors *errors);
	void (*told_purge)(struct call *call, bool is_done, struct str why);
	void (*told_utilizations)(struct call *call, const struct utilizations *utilizations);
};

/* Why an answer is none that was asked for; empty when it is one. */
static struct str refusal(struct call *call, const struct internal_answer *answer)
{
	const struct json *document;
	struct str said;

	if (answer->status == 0)
		return answer->body;
	if (answer->status == 200)
		return STR("");
	document = json_parse(call->arena, answer->body, LIMIT_CONFIG_BYTES, NULL);
	said = json_get_str(document, STR("error"));
	return said.size > 0 ? said : str_format(call->arena, "status %d", answer->status);
}

static const struct json *list_of(struct call *call, const struct internal_answer *answer,
				  const char *name, const struct json **document)
{
	const struct json *list;

	*document = json_parse(call->arena, answer->body, LIMIT_CONFIG_BYTES, NULL);
	list = json_get(*document, str_from(name));
	return list != NULL && list->kind == JSON_ARRAY ? list : NULL;
}

static void tell_errors(struct inquiry *inquiry, const struct internal_answer *answer,
			struct str why)
{
	struct integration_errors errors = {.why = why};
	const struct json *document, *list;
	struct integration_error *items;

	list = why.size == 0 ? list_of(inquiry->call, answer, "errors", &document) : NULL;
	if (list == NULL && why.size == 0)
		errors.why = STR("the answer is no list of errors");
	if (list != NULL) {
		items = ARENA_ARRAY(inquiry->call->arena, struct integration_error,
				    list->count + 1);
		JSON_EACH (item, list) {
			items[errors.count++] = (struct integration_error){
				.timestamp = json_get_str(item, STR("timestamp")),
				.code = json_get_str(item, STR("code")),
				.message = json_get_str(item, STR("message"))};
		}
		errors.items = items;
		errors.is_known = true;
		errors.total = json_int(json_get(document, STR("count")), (int64_t)errors.count);
	}
	inquiry->told_errors(inquiry->call, &errors);
}

static void tell_utilizations(struct inquiry *inquiry, const struct internal_answer *answer,
			      struct str why)
{
	struct utilizations utilizations = {.why = why};
	const struct json *document, *list;
	struct utilization *items;

	list = why.size == 0 ? list_of(inquiry->call, answer, "utilization", &document) : NULL;
	if (list == NULL && why.size == 0)
		utilizations.why = STR("the answer is no list of utilization");
	if (list != NULL) {
		items = ARENA_ARRAY(inquiry->call->arena, struct utilization, list->count + 1);
		JSON_EACH (item, list) {
			items[utilizations.count++] = (struct utilization){
				.metric_name = json_get_str(item, STR("metric_name")),
				.period = json_get_str(item, STR("period")),
				.max_value = json_int(json_get(item, STR("max_value")), 0),
				.current_value = json_int(json_get(item, STR("current_value")), 0)};
		}
		utilizations.items = items;
		utilizations.is_known = true;
	}
	inquiry->told_utilizations(inquiry->call, &utilizations);
}

static void inquiry_answered(const struct internal_answer *answer, void *data)
{
	struct inquiry *inquiry = data;
	struct str why = refusal(inquiry->call, answer);

	inquiry->internal = NULL;
	if (inquiry->told_errors != NULL)
		tell_errors(inquiry, answer, why);
	else if (inquiry->told_utilizations != NULL)
		tell_utilizations(inquiry, answer, why);
	else
		inquiry->told_purge(inquiry->call, why.size == 0, why);
	inquiry->errand.done(inquiry->errand.data);
}

static void inquiry_begin(struct errand *errand, struct call *call)
{
	struct inquiry *inquiry = LIST_ENTRY(errand, struct inquiry, errand);

	inquiry->internal =
		internal_call_start(database_world(call->database), call->settings, call->arena,
				    &inquiry->request, inquiry_answered, inquiry);
}

static void inquiry_stop(struct errand *errand)
{
	struct inquiry *inquiry = LIST_ENTRY(errand, struct inquiry, errand);

	internal_call_stop(inquiry->internal);
	inquiry->internal = NULL;
}

static struct inquiry *inquiry_new(struct call *call, const char *method, struct str path)
{
	struct inquiry *inquiry = ARENA_NEW(call->arena, struct inquiry);

	inquiry->errand.begin = inquiry_begin;
	inquiry->errand.stop = inquiry_stop;
	inquiry->call = call;
	inquiry->request = (struct internal_request){.method = method, .path = path};
	return inquiry;
}

struct errand *
integration_errors_errand(struct call *call, int64_t service_id, int64_t page, int64_t per_page,
			  void (*told)(struct call *call, const struct integration_errors *errors))
{
	struct inquiry *inquiry = inquiry_new(
		call, "GET",
		str_format(call->arena,
			   "services/%" PRId64 "/errors/?page=%" PRId64 "&per_page=%" PRId64,
			   service_id, page, per_page));

	inquiry->told_errors = told;
	return &inquiry->errand;
}

struct errand *integration_errors_purge_errand(struct call *call, int64_t service_id,
					       void (*told)(struct call *call, bool is_done,
							    struct str why))
{
	struct inquiry *inquiry =
		inquiry_new(call, "DELETE",
			    str_format(call->arena, "services/%" PRId64 "/errors/", service_id));

	inquiry->told_purge = told;
	return &inquiry->errand;
}

struct errand *utilization_errand(struct call *call, const struct record *application,
				  void (*told)(struct call *call,
					       const struct utilizations *utilizations))
{
	struct str id = url_encoded(call->arena, record_text(application, "application_id"));
	struct inquiry *inquiry = inquiry_new(
		call, "GET",
		str_format(call->arena, "services/%" PRId64 "/applications/%.*s/utilization/",
			   record_int(application, "service_id"), STR_ARG(id)));

	inquiry->told_utilizations = told;
	return &inquiry->errand;
}
