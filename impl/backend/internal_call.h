/* One call of the Internal API, and what its handlers share.
 *
 * A handler answers, or asks the storage: INTERNAL_ASK() as often as needed, then internal_then()
 * with the function that goes on when all replies are in call->batch. A connection that fails
 * answers the call with 500.
 */
#ifndef BACKEND_INTERNAL_CALL_H
#define BACKEND_INTERNAL_CALL_H

#include <stdbool.h>

#include "backend/api_errors.h"
#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/memo.h"
#include "base/json.h"
#include "http/body.h"
#include "http/router.h"
#include "world/http_server.h"

struct internal_call;
typedef void internal_handler(struct internal_call *call);

/* Not every release offers every route, and production hides those that are for tests of others. */
typedef bool internal_offer(const struct settings *settings);

struct internal_route {
	struct str method, pattern;
	internal_handler *handle;
	internal_offer *is_offered; /* NULL: always */
};
extern const struct internal_route internal_routes[]; /* ends with an empty method */

struct internal_call {
	struct backend *backend;
	struct http_exchange *exchange;
	struct arena *arena;
	const struct internal_route *route;
	struct http_route_parameters path;
	struct json *query; /* an object of texts */
	struct json *body;  /* as it came; NULL: there was none */
	struct batch batch;
	bool is_asking;
	internal_handler *next;
	struct reader reader; /* for handlers that look at what is remembered */
	struct http_body_collector *collector;
	bool is_gone;
	void *state; /* the handler's own */
};

/* Asking. */
void internal_ask(struct internal_call *call, const struct str *words, size_t count);
#define INTERNAL_ASK(call, ...)                                                                    \
	internal_ask((call), (const struct str[]){__VA_ARGS__},                                    \
		     sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
struct batch *internal_batch(struct internal_call *call); /* begun, for *_ask() functions */
void internal_then(struct internal_call *call, internal_handler *next);
const struct redis_reply *internal_reply(const struct internal_call *call, size_t index);

/* Reading. */
struct str internal_path(const struct internal_call *call, struct str name);
struct str internal_service(const struct internal_call *call); /* the path's {service_id} */
/* What was sent by that name, in the body or else in the query; NULL: nothing. */
const struct json *internal_parameter(const struct internal_call *call, struct str name);
/* The object of that name; NULL when there is none, and then the call is answered. */
const struct json *internal_object(struct internal_call *call, struct str name);
/* Without data when it is absent or null. */
struct str internal_text(const struct json *object, struct str name);

const struct profile *internal_profile(const struct internal_call *call);

/* Answering; each ends the call. */
void internal_answer(struct internal_call *call, int status, const struct json *body);
void internal_answer_text(struct internal_call *call, int status, struct str body);
void internal_answer_status(struct internal_call *call, int status, struct str word);
/* {"status":WORD,NAME:value} */
void internal_answer_with(struct internal_call *call, int status, struct str word, struct str name,
			  struct json *value);
void internal_not_found(struct internal_call *call, struct str message);
void internal_missing(struct internal_call *call, struct str name);
void internal_refuse(struct internal_call *call, enum api_error_code code, struct str quoted);
void internal_fail(struct internal_call *call);

/* Building: null for texts without data. */
void internal_set(struct internal_call *call, struct json *object, struct str name,
		  struct str text);
void internal_set_bool(struct internal_call *call, struct json *object, struct str name,
		       bool value);
/* The member as it was sent, or null. */
void internal_echo(struct internal_call *call, struct json *object, const struct json *sent,
		   struct str name);
void internal_forget(struct internal_call *call, const struct memo_kind *kind, struct str a,
		     struct str b);

#endif
