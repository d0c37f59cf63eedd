/* One request on the proxy port, from its head to its line in the access log (spec/gateway.md 3.1).
 *
 * The steps, in their order: wait for a report on the same connection; find the configuration of
 * the host; choose the service; run the phases of its policies (policies/policy.h) until one
 * answers; send the answer; run the post action; write the log line. The request lives in the
 * exchange's arena and holds the exchange until its last step.
 *
 * For policies: the shared context below, the request_answer_...() functions (one of them, once,
 * before the answer left), and request_resume() after PHASE_WAIT.
 */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "gateway/auth_cache.h"
#include "gateway/authorization.h"
#include "gateway/config.h"
#include "gateway/credentials.h"
#include "gateway/error_log.h"
#include "gateway/form.h"
#include "gateway/loader.h"
#include "gateway/mapping_rules.h"
#include "gateway/phases.h"
#include "gateway/upstream.h"
#include "gateway/usage.h"
#include "http/message.h"

struct arena;
struct gateway;
struct http_exchange;
struct http_refusal;
struct json;

/* What an instance of a policy keeps for the time of one request. */
struct policy_state {
	const void *data; /* the instance's */
	void *memory;
	struct policy_state *next;
};

enum request_step {
	REQUEST_WAITS_FOR_CONNECTION,
	REQUEST_FINDS_CONFIGURATION,
	REQUEST_RUNS_PHASES,
	REQUEST_ANSWERED,    /* on its way to the client */
	REQUEST_POST_ACTION, /* the answer left, or the client did */
};

struct request {
	struct gateway *gateway;
	struct http_exchange *exchange;
	struct arena *arena; /* the exchange's */
	struct log_subject subject;
	struct list_link link;       /* in gateway->requests */
	struct list_link connection; /* in gateway->reporting or gateway->waiting */

	/* What is asked. */
	struct str host; /* the key of 3.2 */
	struct str raw_path, raw_query;
	bool has_query;
	struct str path; /* normal form; policies may replace it, and say so below */
	bool path_is_rewritten;

	/* Who answers for it. */
	struct loader_wait configuration_wait;
	struct config *config; /* a reference; NULL: none */
	const struct service *service;

	/* The context that policies share (9.1). */
	struct credentials credentials;
	struct usage usage;
	struct mapping_matches matches;
	bool rules_are_matched;
	struct form form;
	const struct json *claims; /* of a verified JWT, an object; NULL: none */
	struct str token;          /* that JWT, when the application is who it speaks for */
	int64_t token_expires_us;  /* UTC */
	enum cache_handler cache_handler;
	/* Set by a policy in rewrite that authorizes and reports in apicast's place, and by its
	 * access when it does. apicast's access waits for the end of the phase, in case that the
	 * policy does not run any more: its condition may have ended meanwhile (9.4). */
	bool skips_apicast_access, is_authorized_elsewhere;
	phase_run *late_access; /* NULL: none waits */
	struct policy_state *policy_states;
	struct authorization authorization;
	struct upstream_call upstream;

	/* Where it is. */
	enum request_step step;
	struct phases phases;
	void (*stop_waiting)(void *data); /* of a policy that waits; NULL: nothing to stop */
	void *waiting_data;
	/* The client left, and what was begun for it goes on (3.8). */
	bool is_orphan, is_aborted;
	struct http_body *kept_body; /* that nobody has taken yet */
	struct task last_step;

	/* What became of it. */
	int status; /* sent to the client */
	struct http_response response;
	struct str retry_after; /* of the limits-exceeded answer; empty: none */
	bool may_show_debug;    /* backend's verdict is known (6.1) */
	bool hides_access_log;  /* the policy `logging` */
	bool is_background;     /* its report does not keep the connection (4.8) */
	bool has_post_action;
	int64_t ended_us, post_action_us; /* monotonic; a span */
};

/* `requested` of the proxy's listener; data is the gateway. */
void request_begin(struct http_exchange *exchange, void *data);

/* `refused` of the same: the answers of 3.8. */
void request_refused(struct http_refusal *refusal, void *data);

/* The gateway stops. An orphan ends now, with its last steps; abandoned, without them. */
void request_end_orphan(struct request *request);
void request_abandon(struct request *request);

/* Goes on after a phase function returned PHASE_WAIT, with what it would have returned. */
void request_resume(struct request *request, enum phase_result result);

/* Before PHASE_WAIT: what is stopped when the request ends meanwhile; forgotten when the phase
 * goes on. */
void request_on_leave(struct request *request, void (*stop)(void *data), void *data);

/* Memory of `size` bytes, zeroed at first, that the instance with this data keeps for this request.
 */
void *request_policy_state(struct request *request, const void *data, size_t size);

/* The credentials of the client; CREDENTIALS_NEED_BODY asks for request_read_form(). */
enum credentials_result request_find_credentials(const struct request *request,
						 struct credentials *credentials);

/* What a policy changes: the path (in normal form, begins with '/'; it is encoded again when it
 * goes upstream), and the arguments (raw, without '?'). */
void request_set_path(struct request *request, struct str path);
void request_set_query(struct request *request, struct str raw_query);

/* Asks for the fields of the request's form body; the answer may come at once. */
bool request_has_read_form(const struct request *request);
void request_read_form(struct request *request, form_done *done);
/* The body while nobody has taken it. NULL: none. */
struct http_body *request_body(const struct request *request);
/* The body that goes upstream: the caller becomes its consumer. NULL: none. */
struct http_body *request_take_body(struct request *request);

/* What the gateway itself says (3.6): the service's own texts, an empty body, a text, or the HTML
 * page of a status. */
void request_answer_kind(struct request *request, enum answer_kind kind);
void request_answer_empty(struct request *request, int status);
void request_answer_text(struct request *request, int status, struct str content_type,
			 struct str body);
void request_answer_page(struct request *request, int status);
void request_answer_redirect(struct request *request, struct str location); /* 302 */
/* request->response is filled; the body's consumer end is taken (NULL: none). */
void request_answer_body(struct request *request, struct http_body *body);
/* The same with a 101: the body's bytes, and those of the client into `incoming`, whose producer's
 * end is taken. */
void request_answer_upgrade(struct request *request, struct http_body *body,
			    struct http_body *incoming);
/* No answer: its body was cut off. */
void request_abort(struct request *request);
/* For those above: the port has the answer. The last step of an orphan follows, after its callers.
 */
void request_answer_is_made(struct request *request);

#endif
