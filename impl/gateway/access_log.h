/* The access log: spec/gateway.md 6.3. One line for each request to the proxy port. */
#ifndef GATEWAY_ACCESS_LOG_H
#define GATEWAY_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct http_request;
struct log_output;
struct world;

struct access_log_entry {
	int64_t time_us; /* since 1970 */
	struct str host;
	uint16_t server_port;
	struct str remote_address;
	uint16_t remote_port;
	const struct http_request *request;
	int status;
	int64_t body_bytes_sent;
	int64_t request_time_us;
	bool has_post_action;
	int64_t post_action_us;
};

void access_log_write(struct world *world, const struct log_output *output,
		      const struct access_log_entry *entry);

#endif
