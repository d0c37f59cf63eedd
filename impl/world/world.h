/* The world a component lives in: everything it may touch outside its own memory.
 *
 * There are two: impl/world/real (sockets, files, the system clock) and sim/ (virtual time, hosts
 * and faults). A component gets one `struct world *` at its start and sees no difference. All is
 * single-threaded: a world calls a component only from its loop, one event (a "turn") after
 * another, and no port function calls back before it has returned unless its header says so.
 *
 * Each port is a table of functions (clock.h, log.h, ...) that the implementation fills in; the
 * inline functions of those headers are what components call.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <stdint.h>

struct clock_ops;
struct environment_ops;
struct log_ops;
struct files_ops;
struct dns_ops;
struct http_server_ops;
struct http_client_ops;
struct redis_ops;
struct sql_ops;
struct process_ops;
struct tcp_ops;
struct mail_ops;
struct shared_memory_ops;
struct routes_ops;

struct world {
	const struct clock_ops *clock; /* clock.h: time, timers, end-of-turn tasks, chance */
	const struct environment_ops
		*environment;          /* environment.h: variables, exit, stop request */
	const struct log_ops *log;     /* log.h */
	const struct files_ops *files; /* files.h */
	const struct dns_ops *dns;     /* dns.h: resolver, and a name server for tests */
	const struct http_server_ops *http_server;     /* http_server.h */
	const struct http_client_ops *http_client;     /* http_client.h */
	const struct redis_ops *redis;                 /* redis.h */
	const struct sql_ops *sql;                     /* sql.h */
	const struct process_ops *process;             /* process.h: child processes */
	const struct tcp_ops *tcp;                     /* tcp.h: connections byte by byte */
	const struct mail_ops *mail;                   /* mail.h: mail out */
	const struct shared_memory_ops *shared_memory; /* shared_memory.h: with child processes */
	const struct routes_ops *routes;               /* routes.h: hosts of the cluster's router */
};

#endif
