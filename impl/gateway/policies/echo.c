/* Echo: answers with the request line instead of an API's answer (content), or at once (rewrite).
 * Fields: status, exit (request: the call ends in rewrite; phase: only the rest of rewrite is left
 * out). spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/request.h"
#include "world/http_server.h"

enum echo_exit { EXIT_NEVER, EXIT_PHASE, EXIT_REQUEST };

struct echo {
	int status;
	enum echo_exit exit;
};

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct echo *echo = ARENA_NEW(loader->arena, struct echo);
	struct str exit = json_get_str(configuration, STR("exit"));
	int64_t status = json_int(json_get(configuration, STR("status")), 200);

	if (status < 200 || status > 599)
		return error_set(error, ERROR_INVALID, "status %lld is none of an answer",
				 (long long)status);
	echo->status = (int)status;
	if (str_equal(exit, STR("request")))
		echo->exit = EXIT_REQUEST;
	else if (str_equal(exit, STR("phase")))
		echo->exit = EXIT_PHASE;
	*data = echo;
	return true;
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct echo *echo = data;

	switch (echo->exit) {
	case EXIT_NEVER:
		break;
	case EXIT_PHASE:
		return PHASE_SKIP;
	case EXIT_REQUEST:
		if (echo->status >= 300)
			request_answer_page(request, echo->status);
		else
			request_answer_empty(request, echo->status);
		return PHASE_ANSWERED;
	}
	return PHASE_GO_ON;
}

static enum phase_result content(struct request *request, const void *data)
{
	const struct echo *echo = data;
	const struct http_request *asked = &request->exchange->request;
	struct arena *arena = request->arena;
	bool wants_json =
		str_equal(http_fields_get(&asked->fields, STR("Accept")), STR("application/json"));
	struct str line =
		STR_CONCAT(arena, asked->method, STR(" "), asked->target,
			   asked->minor_version == 0 ? STR(" HTTP/1.0") : STR(" HTTP/1.1"));
	struct json *object;

	if (wants_json) {
		object = json_new(arena, JSON_OBJECT);
		json_set(object, STR("request"), json_new_str(arena, line));
		line = json_print(arena, object);
	}
	request_answer_text(request, echo->status,
			    wants_json ? STR("application/json") : STR("text/plain"),
			    STR_CONCAT(arena, line, STR("\n")));
	return PHASE_ANSWERED;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Echo",
		"summary": "Answers with the request line; for tests.",
		"description": [
			"In the place of an API it prints what it was asked, with a status of your choice."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"status": {
					"description": "Status of the answer",
					"type": "integer"
				},
				"exit": {
					"description": "What ends early",
					"type": "string",
					"oneOf": [
						{"enum": ["request"], "title": "The whole call"},
						{
							"enum": ["phase"],
							"title": "The rewrite phase"
						}
					]
				}
			}
		}
	});
/* clang-format on */

const struct policy echo_policy = {
	.name = STR_INIT("echo"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_CONTENT] = content,
		},
};
