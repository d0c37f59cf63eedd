/* Commands to a Redis, pipelined by themselves: what is sent during a turn leaves in one write.
 *
 * Two things hand out a `struct redis_client`: the world's port (a server named by URL) and
 * store/store.h (the embedded one). Callers cannot tell them apart. Replies come in the order of
 * the commands, each callback exactly once, never before redis_send() has returned. When the
 * connection is lost, every command that had left gets REDIS_LOST, for it may have been carried
 * out; those that had not leave once more, on a new connection (spec/backend.md 9.6). When that
 * cannot be made either, they are lost, too. The next command connects again.
 */
#ifndef WORLD_REDIS_H
#define WORLD_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct error;

enum redis_reply_kind {
	REDIS_STATUS, /* text: "OK" */
	REDIS_ERROR,  /* text: "WRONGTYPE ..." */
	REDIS_INTEGER,
	REDIS_STRING,
	REDIS_NIL,
	REDIS_ARRAY, /* items */
	REDIS_LOST, /* no answer: text says why. The command may or may not have been carried out */
};

struct redis_reply {
	enum redis_reply_kind kind;
	int64_t integer;
	struct str text;
	const struct redis_reply *items;
	size_t count;
	bool never_left; /* REDIS_LOST: it was not sent, so it was not carried out */
};

/* The reply and its texts are valid during the call. */
typedef void redis_replied(const struct redis_reply *reply, void *data);

struct redis_client;

struct redis_client_ops {
	void (*send)(struct redis_client *client, const struct str *words, size_t count,
		     redis_replied *replied, void *data);
	void (*close)(struct redis_client *client);
};

struct redis_client {
	const struct redis_client_ops *ops; /* first member of the implementation's struct */
};

struct redis_options {
	struct str url;             /* world/redis_url.h */
	int64_t connect_timeout_ms; /* 0 = 5000 (spec/backend.md 9.3) */
	int64_t command_timeout_ms; /* a command without reply for that long: connection lost. 0 =
				       3000 */
	int64_t write_timeout_ms;   /* the same while the server does not take what is sent. 0 =
				       3000 */
	bool connects_once; /* when its connection is gone there is no other: what is sent then is
			       lost and never left. For who must look at a node before it uses it */
};

struct redis_ops {
	struct redis_client *(*open)(struct world *world, const struct redis_options *options,
				     struct error *error);
};

/* Fails only on a URL it cannot read; connects at the first command. */
static inline struct redis_client *
redis_open(struct world *world, const struct redis_options *options, struct error *error)
{
	return world->redis->open(world, options, error);
}

/* Words are copied. replied may be NULL when nobody cares. */
static inline void redis_send(struct redis_client *client, const struct str *words, size_t count,
			      redis_replied *replied, void *data)
{
	client->ops->send(client, words, count, replied, data);
}

#define REDIS_SEND(client, replied, data, ...)                                                     \
	redis_send((client), (const struct str[]){__VA_ARGS__},                                    \
		   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str), (replied),      \
		   (data))

/* Commands still waiting get REDIS_LOST during the call. NULL is allowed. */
static inline void redis_close(struct redis_client *client)
{
	if (client != NULL)
		client->ops->close(client);
}

#endif
