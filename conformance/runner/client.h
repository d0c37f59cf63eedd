/* The client of a case: one request over kept-alive connections, or one given byte by byte over a
 * connection of its own (client_raw.h), with its answer in full. It notes both on a wire.
 */
#ifndef RUNNER_CLIENT_H
#define RUNNER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/message.h"

struct client_call;
struct record;
struct wire;
struct world;

struct client_request {
	struct str address; /* where the target listens */
	uint16_t port;
	bool is_tls;
	struct str server_name;                /* of TLS; empty: the address */
	struct str certificate_file, key_file; /* of TLS; empty: none is shown */
	struct str ca_file;                    /* empty: any certificate of the target's is fine */
	struct str method, target;
	struct http_fields fields; /* with Host */
	struct str body;
	bool has_body;
	bool is_chunked;    /* the body's length is not told */
	int64_t timeout_ms; /* 0: the port's */
	/* In place of all but the place: texts for client_raw_send(), which outlive the call. */
	const struct str *raw;
	size_t raw_count;
};

/* The answer is in the record, or why there is none. */
typedef void client_done(struct record *record, void *data);

/* `done` is called once, later, unless the call is cancelled first; the call is freed by either. */
struct client_call *client_send(struct world *world, struct wire *wire,
				const struct client_request *request, client_done *done,
				void *data);
void client_cancel(struct client_call *call); /* NULL is allowed */

#endif
