/* A server that speaks RESP: what a Redis node and a Sentinel have in common. It reads commands,
 * keeps the answers in the order of the commands, and writes what a turn gathered at its end.
 *
 * The owner's events get each command in a turn of the process and answer with resp_answer(), once
 * for each, at once or later, in the commands' order. Nothing frees a connection within an event of
 * its own but its loss, which `closed` tells; resp_end() ends it after what is to be written.
 */
#ifndef SIM_DATA_RESP_SERVER_H
#define SIM_DATA_RESP_SERVER_H

#include "base/list.h"
#include "base/str.h"
#include "world/clock.h"
#include "world/redis.h"

struct arena;
struct error;
struct sim_process;
struct stream;
struct stream_listener;
struct resp_connection;

struct resp_server_events {
	void (*opened)(struct resp_connection *connection, void *data);
	void (*command)(struct resp_connection *connection, const struct str *words, size_t count,
			void *data);
	void (*closed)(struct resp_connection *connection,
		       void *data); /* frees connection->owner */
};

struct resp_server {
	struct sim_process *process;
	const struct resp_server_events *events;
	void *data;
	struct stream_listener *socket; /* NULL: does not listen */
	struct list_link connections;
};

struct resp_connection {
	struct list_link link; /* in the server's connections */
	struct resp_server *server;
	struct stream *stream; /* NULL: being freed, answers are of no use any more */
	void *owner;           /* what the server's owner keeps with it */
	struct arena *arena;   /* of one command */
	struct task flush;
	struct strbuf out;
	size_t out_sent;
	size_t waiting;  /* commands without an answer */
	bool is_refused; /* to be told so after those */
	bool wants_end;  /* after what is in `out` */
};

void resp_server_init(struct resp_server *server, struct sim_process *process,
		      const struct resp_server_events *events, void *data);
/* address: empty = any. False and *error when the port is taken. */
bool resp_server_listen(struct resp_server *server, struct str address, uint16_t port,
			struct error *error);
void resp_server_close(struct resp_server *server); /* connections are cut; may listen again */

void resp_answer(struct resp_connection *connection, const struct redis_reply *reply);
void resp_write(struct resp_connection *connection, struct str bytes); /* beside any answer */
void resp_end(struct resp_connection *connection);

#endif
