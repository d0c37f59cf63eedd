/* One call of the public API, from its head to its answer (spec/backend.md 2, 3.1).
 *
 * A call is a list of steps, taken in order. A step looks at what is there and
 * says what comes next: the next step, waiting, or the end. A step that waits for the memo is
 * taken again; one that waits for a batch of its own has already named its successor with
 * api_call_await(). Everything lives in the exchange's arena, which is held until the call is over,
 * even when the client has gone: what was begun is finished.
 */
#ifndef BACKEND_API_CALL_H
#define BACKEND_API_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/api_errors.h"
#include "backend/application.h"
#include "backend/batch.h"
#include "backend/limits.h"
#include "backend/memo.h"
#include "backend/metric.h"
#include "backend/parameters.h"
#include "backend/service.h"
#include "backend/usage.h"
#include "http/body.h"
#include "http/router.h"
#include "world/http_server.h"

struct api_call;
struct backend;
struct end_user;

enum api_step_result { API_STEP_NEXT, API_STEP_WAIT, API_STEP_END };
typedef enum api_step_result api_step(struct api_call *call);

/* What an endpoint is; listener.c has the table. */
struct api_endpoint {
	struct str method, path;
	api_step *const *steps; /* ends with NULL */
	bool is_authorization;  /* may have no body (2.5), its refusals are kept (5.6) */
	bool is_oauth, does_report;
};

/* 2.8 */
struct api_extensions {
	const struct parameters *options; /* of the field; NULL when there is none to be read */
	bool no_body, rejection_reason_header, limit_headers, hierarchy;
	bool flat_usage, list_app_keys;
};

struct api_call {
	struct backend *backend;
	struct http_exchange *exchange;
	struct arena *arena;
	const struct api_endpoint *endpoint;
	api_step *const *step;
	struct reader reader;
	struct batch batch;
	struct http_body_collector *collector;
	bool is_gone; /* the client */

	struct http_route_parameters path; /* of endpoints with parameters in their path */
	struct str body;
	struct parameters parameters;
	struct api_extensions extensions;

	/* Who calls; texts are without data when absent. */
	struct str provider_key, service_token, service_id;
	struct str app_id, user_key, app_key, user_id;
	const struct service *service; /* NULL until the credentials were found to fit */
	const struct application *application;
	const struct end_user *user; /* NULL: the application is not for users */
	const struct metrics *metrics;
	struct plan_limits limits, user_limits;

	const struct parameter *usage_parameter; /* NULL: none was sent */
	struct usage usage;
	struct api_error denial; /* API_NO_ERROR: authorized */
	void *state;             /* of the endpoint's own steps */
};

/* Begins the steps. The exchange is held from here on. path NULL: nothing was in it. */
void api_call_begin(struct backend *backend, struct http_exchange *exchange,
		    const struct api_endpoint *endpoint, const struct http_route_parameters *path);

/* For steps. */
enum api_step_result api_call_missing(struct api_call *call, enum memo_result result);
/* Begins call->batch; the next step is taken when it is over, or the call fails with 500. */
void api_call_await(struct api_call *call);
enum api_step_result api_call_awaited(struct api_call *call); /* ends the batch: return this */

/* Answers; each ends the call. */
enum api_step_result api_call_answer(struct api_call *call, int status, struct str body);
enum api_step_result api_call_answer_fields(struct api_call *call, struct http_response *response,
					    struct str body);
enum api_step_result api_call_refuse(struct api_call *call, enum api_error_code code,
				     struct str first, struct str second);
enum api_step_result api_call_fail(struct api_call *call); /* 500 */

/* Status and the fields that every public answer has (2.9). */
void api_response_init(struct http_response *response, const struct backend *backend,
		       struct arena *arena, int status);
/* Adds Content-Length for HEAD; logs. form: the body of a POST. */
void api_respond(struct backend *backend, struct http_exchange *exchange,
		 struct http_response *response, struct str body, struct str form);

/* api_parameters.c: what was sent (2.2 to 2.4, 2.8). */
void api_call_read_options(struct api_call *call);
bool api_call_is_multipart(const struct api_call *call);
api_step api_step_content_type; /* of a POST, before anything else */
api_step api_step_parameters;   /* query and body */

/* api_application.c: which application, for which user (3.4, 3.10). */
api_step api_step_find_token;
api_step api_step_use_token;
api_step api_step_application_id;
api_step api_step_application;
api_step api_step_user;

/* credentials.c: who calls, for which service (3.2, 3.3). */
api_step api_step_provider_key;
api_step api_step_no_users;
api_step api_step_service;
/* The service of the path, which the provider key must be one of (2.10). */
api_step api_step_path_service;

#endif
