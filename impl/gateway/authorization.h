/* Whether a request may pass: the remembered authorization or a call to backend before the upstream
 * is asked, and the report after the answer when it was remembered (spec/gateway.md 4.5 to 4.8).
 *
 * Part of struct request; zeroed memory is one that has not begun. The texts live in the request's
 * arena.
 */
#ifndef GATEWAY_AUTHORIZATION_H
#define GATEWAY_AUTHORIZATION_H

#include <stdbool.h>

#include "base/str.h"
#include "gateway/backend_client.h"

struct request;

enum authorization_result {
	AUTHORIZATION_GRANTED,
	AUTHORIZATION_DENIED,
	AUTHORIZATION_LIMITS_EXCEEDED,
	AUTHORIZATION_LATER, /* `done` will be called */
};

typedef void authorization_done(struct request *request, enum authorization_result result);
typedef void authorization_reported(struct request *request);

struct authorization {
	struct str key;                  /* the cached key of 4.7 */
	struct str usage_arguments;      /* "usage%5Bhits%5D=1" */
	struct str credential_arguments; /* "user_key=abc" */
	struct str extra_arguments;      /* of policies: "referrer=shop.example"; empty: none */
	bool was_remembered;             /* a report is due after the answer */
	bool is_reported;                /* or need not be */
	struct backend_call call;
	authorization_done *done;
	authorization_reported *reported;
};

enum authorization_result authorize(struct request *request, authorization_done *done);
/* True when a report is under way: `reported` will be called. */
bool authorization_report(struct request *request, authorization_reported *reported);
void authorization_stop(struct authorization *authorization);

#endif
