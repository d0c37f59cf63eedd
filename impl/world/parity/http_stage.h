/* For the HTTP suites: a server that does as it is told, and calls whose outcome is kept. */
#ifndef WORLD_PARITY_HTTP_STAGE_H
#define WORLD_PARITY_HTTP_STAGE_H

#include "world/http_client.h"
#include "world/http_server.h"
#include "world/parity/parity_internal.h"

struct stage_server;
typedef void stage_handler(struct stage_server *server, struct http_exchange *exchange);

struct stage_server {
	struct parity *p;
	struct http_listener *listener;
	uint16_t port;
	stage_handler *handler;
	void *data;
	struct http_exchange *exchange; /* the last one, until it ended */
	size_t requested, ended, completed;
	int64_t bytes_sent; /* of the last one that ended */
};

struct stage_call {
	struct parity *p;
	struct http_call *call;
	bool is_answered, is_failed, is_collected;
	bool is_over; /* failed, or answered and collected */
	enum http_collect_result result;
	struct str body;
	struct http_body_collector *collector;
};

void stage_listen(struct parity *p, struct stage_server *server, stage_handler *handler,
		  const struct http_listen_options *options);
void stage_close(struct stage_server *server);
/* Answers in one piece, for handlers. fields: name, value, ..., NULL; or NULL. */
void stage_respond(struct http_exchange *exchange, int status, const char *const *fields,
		   struct str body);
void stage_respond_body(struct http_exchange *exchange, int status, struct http_body *body);

/* A GET of `target` at the server, to be changed before stage_start(). */
struct http_call_options stage_options(const struct stage_server *server, struct str target);
/* collect: the body is read to its end; else it is left where it is. */
void stage_start(struct parity *p, struct stage_call *call, const struct http_call_options *options,
		 bool collect);
/* Starts, waits until it is over, and checks that it was answered with that status. */
void stage_get(struct parity *p, struct stage_call *call, const struct http_call_options *options,
	       int status);
void stage_release(struct stage_call *call);
/* A call that must fail in that way before it is answered. */
void stage_fails(struct parity *p, const struct http_call_options *options,
		 enum http_failure failure);

/* A byte of a long body, by its place. */
static inline char stage_byte(uint64_t place)
{
	return (char)(place * 7 + (place >> 13) * 31);
}

/* One assertion for all: each costs a system call. */
static inline void stage_check_bytes(struct str bytes, uint64_t place)
{
	size_t i = 0;

	while (i < bytes.size && bytes.data[i] == stage_byte(place + i))
		i++;
	ck_assert_msg(i == bytes.size, "byte %zu is another one", (size_t)place + i);
}

/* Produces `left` bytes as fast as they are taken, then ends (or fails). */
struct stage_source {
	struct http_body *body;
	uint64_t place, left;
	bool fails;
	bool is_over;
};
struct http_body *stage_source_begin(struct stage_source *source, uint64_t size, int64_t length);

/* Consumes and checks; stops reading while `is_held`. */
struct stage_sink {
	struct http_body *body;
	uint64_t place;
	bool is_held, is_ended, is_failed;
};
void stage_sink_begin(struct stage_sink *sink, struct http_body *body);
void stage_sink_go_on(struct stage_sink *sink);

#endif
