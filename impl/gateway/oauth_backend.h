/* Calls of the native OAuth flow to backend (spec/gateway.md 4.4, 4.9), whose answers are read
 * whole.
 *
 * The caller's memory, zeroed, from oauth_backend_...() to oauth_backend_stop(), which is legal at
 * any time. `answered` is called once, later; status 0: there was no answer.
 */
#ifndef GATEWAY_OAUTH_BACKEND_H
#define GATEWAY_OAUTH_BACKEND_H

#include "base/str.h"
#include "gateway/outgoing.h"
#include "http/message.h"

struct http_body_collector;
struct request;

typedef void oauth_backend_answered(int status, struct str body, void *data);

struct oauth_backend {
	struct request *request;
	struct http_fields fields;
	struct outgoing outgoing;
	struct http_body_collector *collector;
	oauth_backend_answered *answered;
	void *data;
};

/* GET /transactions/oauth_authorize.xml; arguments: "app_id=...&redirect_uri=...". */
void oauth_backend_authorize(struct oauth_backend *call, struct request *request,
			     struct str arguments, oauth_backend_answered *answered, void *data);
/* POST /services/<id>/oauth_access_tokens.xml; form: "app_id=...&token=...&ttl=...". */
void oauth_backend_store_token(struct oauth_backend *call, struct request *request, struct str form,
			       oauth_backend_answered *answered, void *data);
void oauth_backend_stop(struct oauth_backend *call);

#endif
