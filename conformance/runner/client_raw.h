/* A client that sends what it is told byte by byte, and sees interim answers: the first text at
 * once, each further one when one more of them (1xx) has come. It does not judge what it sends.
 */
#ifndef RUNNER_CLIENT_RAW_H
#define RUNNER_CLIENT_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct client_raw;
struct record;
struct wire;
struct world;

/* The answer is complete, or record->failure says why there is none. */
typedef void client_raw_done(struct record *record, void *data);

/* address: an IPv4 literal. The texts must outlive the call. `done` is called once, later, unless
 * the call is cancelled first; it is freed by either. */
struct client_raw *client_raw_send(struct world *world, struct wire *wire, struct str address,
				   uint16_t port, const struct str *texts, size_t count,
				   client_raw_done *done, void *data);
void client_raw_cancel(struct client_raw *raw);

#endif
