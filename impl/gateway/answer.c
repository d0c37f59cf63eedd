#include "gateway/answer.h"

#include <string.h>

#include "base/arena.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "http/message.h"
#include "world/environment.h"

/* Where the server's words are not those of the RFC. */
static const struct {
	int status;
	struct str text;
} page_reasons[] = {
	{405, STR_INIT("Not Allowed")},       {414, STR_INIT("Request-URI Too Large")},
	{429, STR_INIT("Too Many Requests")}, {503, STR_INIT("Service Temporarily Unavailable")},
	{504, STR_INIT("Gateway Time-out")},
};

static struct str page_reason(int status)
{
	for (size_t i = 0; i < sizeof page_reasons / sizeof *page_reasons; i++) {
		if (page_reasons[i].status == status)
			return page_reasons[i].text;
	}
	return http_reason(status);
}

struct str answer_page(int status, struct arena *arena)
{
	return answer_page_with(status, STR(""), arena);
}

struct str answer_page_with(int status, struct str more, struct arena *arena)
{
	struct str reason = page_reason(status);
	struct str title = more.size > 0 ? more : reason;

	return str_format(arena,
			  "<html>\r\n"
			  "<head><title>%d %.*s</title></head>\r\n"
			  "<body>\r\n"
			  "<center><h1>%d %.*s</h1></center>\r\n"
			  "%s%.*s%s"
			  "<hr><center>openresty</center>\r\n"
			  "</body>\r\n"
			  "</html>\r\n",
			  status, STR_ARG(title), status, STR_ARG(reason),
			  more.size > 0 ? "<center>" : "", STR_ARG(more),
			  more.size > 0 ? "</center>\r\n" : "");
}

const char *answer_kind_text(enum answer_kind kind)
{
	static const char *const texts[ANSWERS] = {
		[ANSWER_AUTH_MISSING] = "no credentials provided",
		[ANSWER_AUTH_FAILED] = "authorization failed",
		[ANSWER_NO_MATCH] = "no rules matched",
		[ANSWER_LIMITS_EXCEEDED] = "limits exceeded",
	};

	return texts[kind];
}

static struct str matched_rules(const struct request *request)
{
	const struct mapping_matches *matches = &request->matches;
	struct str *parts = ARENA_ARRAY(request->arena, struct str, matches->count * 2);

	for (size_t i = 0; i < matches->count; i++) {
		parts[i * 2] = i > 0 ? STR(", ") : STR("");
		parts[i * 2 + 1] = matches->items[i]->text;
	}
	return str_concat(request->arena, parts, matches->count * 2);
}

void answer_add_debug_fields(struct http_fields *fields, const struct request *request)
{
	const struct service *service = request->service;

	http_fields_set(fields, STR("X-3scale-matched-rules"), matched_rules(request));
	http_fields_set(fields, STR("X-3scale-credentials"),
			request->authorization.credential_arguments);
	http_fields_set(fields, STR("X-3scale-usage"), request->authorization.usage_arguments);
	http_fields_set(fields, STR("X-3scale-hostname"), world_host_name(request->gateway->world));
	http_fields_set(fields, STR("X-3scale-service-id"), service->id);
	if (service->system_name.size > 0)
		http_fields_set(fields, STR("X-3scale-service-name"), service->system_name);
}
