/* Commands to a Redis: what a turn gathers leaves in one write (redis_connection.c); replies are
 * read by redis_replies.c. Connections and time-outs are our own: hiredis' asynchronous part has
 * none, and looks names up while everything waits. */
#include "world/redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/secret.h"
#include "world/real/dns_internal.h"
#include "world/real/real_internal.h"
#include "world/real/redis_connection.h"
#include "world/real/redis_replies.h"
#include "world/redis_queue.h"
#include "world/redis_transaction.h"
#include "world/redis_url.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 5000 /* spec/backend.md 9.6 */
#define COMMAND_TIMEOUT_DEFAULT_MS 3000
#define WRITE_TIMEOUT_DEFAULT_MS 3000

enum state {
	CLIENT_IDLE,     /* no connection; the next command makes one */
	CLIENT_FAILED,   /* no connection could be begun; told in the next turn */
	CLIENT_NAME,     /* looks the host up */
	CLIENT_CONNECT,  /* connection is being made */
	CLIENT_GREETING, /* AUTH and SELECT are under way */
	CLIENT_READY,
};

struct client {
	struct redis_client public; /* first */
	struct list_link link;      /* in real->redis */
	struct real_world *real;
	struct arena *arena;
	struct redis_place place;
	int64_t connect_timeout_us, command_timeout_us, write_timeout_us;
	bool connects_once, has_connected;
	struct redis_transaction transaction;
	uint64_t losses; /* of connections */

	enum state state;
	bool is_in_callback, is_closed;
	struct dns_query *query;
	struct redis_connection *connection;
	int64_t writing_since_us; /* while it is writing */
	struct redis_replies *replies;
	int greetings;            /* replies to AUTH and SELECT to come */
	struct strbuf lines;      /* commands that did not leave yet */
	struct redis_queue queue; /* what was not sent of it lies in `lines` */
	bool has_moved;           /* what lies there was to leave on a former connection */
	struct timer timer;
	struct task task;
	struct str why; /* CLIENT_FAILED */
};

/* Connections. */

/* Back to the beginning, without telling anybody. What has not left stays in `lines`. */
static void client_disconnect(struct client *client)
{
	if (client->query != NULL)
		dns_cancel(&client->real->world, client->query);
	client->query = NULL;
	redis_connection_close(client->connection);
	client->connection = NULL;
	redis_replies_destroy(client->replies);
	client->replies = NULL;
	timer_stop(&client->timer);
	list_remove(&client->task.link);
	client->losses++;
	client->greetings = 0;
	client->state = CLIENT_IDLE;
}

static void client_free(struct client *client)
{
	redis_queue_free(&client->queue);
	strbuf_free(&client->lines);
	if (client->place.password.size > 0)
		secret_wipe((char *)(uintptr_t)client->place.password.data,
			    client->place.password.size);
	arena_destroy(client->arena);
	free(client);
}

static void client_begin(struct client *client);

/* Everything without a reply is lost. Commands sent meanwhile go to a new connection. */
static void client_lose(struct client *client, struct str why)
{
	client_disconnect(client);
	strbuf_free(&client->lines); /* and usable again */
	client->has_moved = false;
	redis_queue_lose_all(&client->queue);
	redis_queue_tell_lost(&client->queue, why);
}

/* A connection that served is gone: what had not left goes to a new one, once. */
static void client_lose_connection(struct client *client, struct str why)
{
	bool moves = client->state == CLIENT_READY && redis_queue_has_unsent(&client->queue) &&
		     !client->has_moved && !client->connects_once && !client->transaction.was_used;

	if (!moves) {
		client_lose(client, why);
		return;
	}
	client_disconnect(client);
	client->has_moved = true;
	redis_queue_lose_sent(&client->queue);
	client_begin(client);
	redis_queue_tell_lost(&client->queue, why);
}

/* What may call back may close the client, whose memory must last until it returned. */
static void client_left_callback(struct client *client)
{
	client->is_in_callback = false;
	if (client->is_closed)
		client_free(client);
}

static void client_lose_from_loop(struct client *client, struct str why)
{
	client->is_in_callback = true;
	client_lose(client, why);
	client_left_callback(client);
}

static void connection_failed(int status, void *data)
{
	struct client *client = data;

	client->is_in_callback = true;
	client_lose_connection(client, redis_connection_failure(status));
	client_left_callback(client);
}

/* Time. One timer: for the connection, then for the command that has waited longest. */

static void command_timer_fired(struct timer *timer);

static int64_t oldest_is_due_us(const struct client *client)
{
	if (client->connection != NULL && redis_connection_is_writing(client->connection))
		return client->writing_since_us + client->write_timeout_us;
	return redis_queue_oldest_us(&client->queue) + client->command_timeout_us;
}

static void watch_commands(struct client *client)
{
	int64_t now = loop_monotonic_us(client->real->loop);
	int64_t due;

	if (redis_queue_is_empty(&client->queue))
		return;
	due = oldest_is_due_us(client);
	if (!timer_is_running(&client->timer))
		timer_start(&client->real->world, &client->timer, due - now, command_timer_fired);
}

/* Another time-out counts than before. */
static void watch_anew(struct client *client)
{
	timer_stop(&client->timer);
	watch_commands(client);
}

static void command_timer_fired(struct timer *timer)
{
	struct client *client = LIST_ENTRY(timer, struct client, timer);
	int64_t now = loop_monotonic_us(client->real->loop);

	if (!redis_queue_is_empty(&client->queue) && oldest_is_due_us(client) <= now)
		client_lose_from_loop(client, STR("timed out"));
	else
		watch_commands(client);
}

static void connect_timer_fired(struct timer *timer)
{
	client_lose_from_loop(LIST_ENTRY(timer, struct client, timer), STR("connection timed out"));
}

/* Writing. */

/* A broken connection shows itself to the reader, in the next turn. */
static void client_write(struct client *client)
{
	bool has_left;
	int status;

	if (client->state != CLIENT_READY || client->lines.size == 0 ||
	    redis_connection_is_writing(client->connection))
		return;
	status = redis_connection_write(client->connection, &client->lines, &has_left);
	if (has_left) {
		redis_queue_note_sent(&client->queue);
		client->has_moved = false;
	}
	if (status < 0) {
		connection_failed(status, client);
	} else if (redis_connection_is_writing(client->connection)) {
		client->writing_since_us = loop_monotonic_us(client->real->loop);
		watch_anew(client);
	}
}

static void rest_was_written(void *data)
{
	struct client *client = data;

	watch_anew(client);
	client_write(client);
}

static void turn_ended(struct task *task)
{
	struct client *client = LIST_ENTRY(task, struct client, task);

	if (client->state == CLIENT_FAILED)
		client_lose_from_loop(client, client->why);
	else
		client_write(client);
}

static void append_command(struct strbuf *lines, const struct str *words, size_t count)
{
	strbuf_append_char(lines, '*');
	strbuf_append_int(lines, (int64_t)count);
	strbuf_append(lines, STR("\r\n"));
	for (size_t i = 0; i < count; i++) {
		strbuf_append_char(lines, '$');
		strbuf_append_int(lines, (int64_t)words[i].size);
		strbuf_append(lines, STR("\r\n"));
		strbuf_append(lines, words[i]);
		strbuf_append(lines, STR("\r\n"));
	}
}

/* Reading. */

static void client_is_ready(struct client *client)
{
	client->state = CLIENT_READY;
	timer_stop(&client->timer);
	redis_queue_restart(&client->queue, loop_monotonic_us(client->real->loop));
	watch_commands(client);
	loop_at_turn_end(client->real->loop, TURN_REDIS, &client->task, turn_ended);
}

static void greeting_answered(struct client *client, const struct redis_reply *reply)
{
	if (reply->kind != REDIS_STATUS) {
		struct arena *scratch = arena_create();
		struct str why = reply->kind == REDIS_ERROR ? str_copy(scratch, reply->text)
							    : STR("unexpected reply");

		client_lose(client, why);
		arena_destroy(scratch);
	} else if (--client->greetings == 0) {
		client_is_ready(client);
	}
}

static void read_replies(struct client *client)
{
	const struct redis_connection *connection = client->connection;
	const struct redis_reply *reply;
	enum redis_read read = REDIS_READ_REPLY;

	while (client->connection == connection && connection != NULL) {
		read = redis_replies_next(client->replies, &reply);
		if (read != REDIS_READ_REPLY)
			break;
		if (client->greetings > 0)
			greeting_answered(client, reply);
		else if (!redis_queue_answer(&client->queue, reply))
			client_lose_connection(client, STR("unexpected reply"));
	}
	if (read == REDIS_READ_NONSENSE)
		client_lose(client, STR("not a reply"));
}

static void bytes_came(struct str bytes, void *data)
{
	struct client *client = data;

	client->is_in_callback = true;
	redis_replies_feed(client->replies, bytes);
	read_replies(client);
	client_left_callback(client);
}

/* Connecting. */

static void client_greet(struct client *client)
{
	struct strbuf lines;
	char database[24];
	bool has_left;
	int status;

	strbuf_init(&lines, REDIS_CONNECTION_UNSENT_BYTES_MAX);
	if (client->place.password.size > 0) {
		struct str words[] = {STR("AUTH"), client->place.user, client->place.password};

		if (words[1].size == 0)
			words[1] = words[2];
		append_command(&lines, words, client->place.user.size > 0 ? 3 : 2);
		client->greetings++;
	}
	if (client->place.database > 0) {
		snprintf(database, sizeof database, "%lld", (long long)client->place.database);
		append_command(&lines, (struct str[]){STR("SELECT"), str_from(database)}, 2);
		client->greetings++;
	}
	client->state = CLIENT_GREETING;
	if (client->greetings == 0) {
		client_is_ready(client);
		return;
	}
	status = redis_connection_write(client->connection, &lines, &has_left);
	if (lines.data != NULL)
		secret_wipe(lines.data, lines.capacity);
	strbuf_free(&lines);
	if (status < 0)
		client_lose_from_loop(client, redis_connection_failure(status));
}

static void connected(int status, void *data)
{
	struct client *client = data;

	if (status < 0)
		client_lose_from_loop(client, redis_connection_failure(status));
	else
		client_greet(client);
}

static void client_fail_later(struct client *client, struct str why)
{
	client->state = CLIENT_FAILED;
	client->why = why;
	loop_in_next_turn(client->real->loop, TURN_REDIS, &client->task, turn_ended);
}

static void client_connect(struct client *client, struct str address)
{
	static const struct redis_connection_owner owner = {
		.connected = connected,
		.received = bytes_came,
		.written = rest_was_written,
		.failed = connection_failed,
	};
	int status;

	client->state = CLIENT_CONNECT;
	client->replies = redis_replies_create();
	client->connection = redis_connection_open(client->real->loop, &client->place, address,
						   &owner, client, &status);
	if (status != 0)
		client_fail_later(client, redis_connection_failure(status));
}

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct client *client = data;

	client->query = NULL;
	if (status == DNS_OK && count > 0)
		client_connect(client, records[0].address);
	else
		client_lose_from_loop(client, status == DNS_TIMEOUT ? STR("name lookup timed out")
								    : STR("name not found"));
}

static void client_begin(struct client *client)
{
	struct arena *scratch;
	struct str address;

	if (client->connects_once && client->has_connected) {
		client_fail_later(client, STR("connection closed"));
		return;
	}
	client->has_connected = true;
	scratch = arena_create();
	timer_start(&client->real->world, &client->timer, client->connect_timeout_us,
		    connect_timer_fired);
	if (client->place.socket.size > 0) {
		client_connect(client, STR(""));
	} else if (dns_known_address(client->real, client->place.host, scratch, &address)) {
		client_connect(client, address);
	} else {
		client->state = CLIENT_NAME;
		client->query =
			dns_query_host(client->real, client->place.host, name_answered, client);
	}
	arena_destroy(scratch);
}

/* The component's side. */

static void client_send(struct redis_client *public, const struct str *words, size_t count,
			redis_replied *replied, void *data)
{
	struct client *client = (struct client *)public;
	struct real_loop *loop = client->real->loop;
	struct str spoiler = REDIS_TRANSACTION_SPOILER;
	int64_t now_us = loop_monotonic_us(loop);

	BUG_IF(client->is_closed || count == 0);
	if (client->state == CLIENT_IDLE)
		client_begin(client);
	append_command(&client->lines, words, count);
	redis_queue_add(&client->queue, replied, data, now_us);
	if (redis_transaction_note(&client->transaction, words[0], client->losses)) {
		append_command(&client->lines, &spoiler, 1);
		redis_queue_add(&client->queue, NULL, NULL, now_us);
	}
	if (strbuf_is_full(&client->lines)) /* a command in it is cut short */
		client_fail_later(client, STR("too much waits to be sent"));
	if (client->state != CLIENT_READY)
		return;
	if (!timer_is_running(&client->timer))
		watch_commands(client);
	loop_at_turn_end(loop, TURN_REDIS, &client->task, turn_ended);
}

static void client_close(struct redis_client *public)
{
	struct client *client = (struct client *)public;
	bool was_in_callback = client->is_in_callback;

	BUG_IF(client->is_closed);
	client->is_closed = true;
	list_remove(&client->link);
	client_lose(client, STR("closed"));
	if (!was_in_callback)
		client_free(client);
}

static const struct redis_client_ops client_ops = {
	.send = client_send,
	.close = client_close,
};

static int64_t timeout_us(int64_t timeout_ms, int64_t default_ms)
{
	return (timeout_ms > 0 ? timeout_ms : default_ms) * 1000;
}

static struct redis_client *port_open(struct world *world, const struct redis_options *options,
				      struct error *error)
{
	struct client *client = MEMORY_NEW(struct client);

	client->arena = arena_create();
	strbuf_init(&client->lines, REDIS_CONNECTION_UNSENT_BYTES_MAX);
	if (!redis_place_read(options->url, client->arena, &client->place, error)) {
		client_free(client);
		return NULL;
	}
	client->public.ops = &client_ops;
	client->real = real_of(world);
	client->connects_once = options->connects_once;
	client->connect_timeout_us =
		timeout_us(options->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS);
	client->command_timeout_us =
		timeout_us(options->command_timeout_ms, COMMAND_TIMEOUT_DEFAULT_MS);
	client->write_timeout_us = timeout_us(options->write_timeout_ms, WRITE_TIMEOUT_DEFAULT_MS);
	list_append(&client->real->redis, &client->link);
	return &client->public;
}

void real_redis_destroy(struct real_world *real)
{
	LIST_EACH (link, &real->redis) {
		struct client *client = LIST_ENTRY(link, struct client, link);

		list_remove(link);
		client_disconnect(client);
		client_free(client);
	}
}

const struct redis_ops real_redis_ops = {.open = port_open};
