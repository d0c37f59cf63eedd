/* The redis port: RESP over a stream. A client connects at its first command, sends what was
 * gathered at the end of each turn, and gives up a connection on which the oldest command has
 * waited too long. */
#include "world/redis.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "store/resp.h"
#include "world/clock.h"
#include "world/dns.h"
#include "world/redis_queue.h"
#include "world/redis_transaction.h"
#include "world/redis_url.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 5000 /* spec/backend.md 9.6 */
#define COMMAND_TIMEOUT_DEFAULT_MS 3000
#define WRITE_TIMEOUT_DEFAULT_MS 3000
#define OUT_BYTES_MAX (1024 * 1024 * 1024)

enum client_state { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_OPEN };

struct client {
	struct redis_client public; /* first */
	struct actor_resource resource;
	struct sim_process *process;
	struct arena *arena; /* of the client's own texts */
	struct arena *reply; /* of one reply */
	struct redis_place place;
	int64_t connect_timeout_us, command_timeout_us, write_timeout_us;
	bool connects_once, has_connected;
	struct redis_transaction transaction;
	uint64_t losses; /* of connections */

	enum client_state state;
	struct dns_query *query;
	struct stream *stream;
	int greetings; /* replies to what the client says of itself: AUTH, SELECT */
	struct strbuf out;
	size_t out_sent;      /* bytes of `out` */
	int64_t out_since_us; /* when the network began to take nothing */
	size_t out_left;      /* bytes of those commands that left, sent or about to be */
	struct redis_queue queue;
	bool has_moved; /* the rest was to leave on a former connection */
	struct timer timeout;
	struct task flush;
	int busy;
	bool is_closed;
};

static int64_t client_now_us(const struct client *client)
{
	return client->process->sim->queue.now_us;
}

static void client_enter(struct client *client)
{
	client->busy++;
}

static void client_leave(struct client *client)
{
	if (--client->busy > 0 || !client->is_closed)
		return;
	resource_disown(&client->resource);
	redis_queue_free(&client->queue);
	strbuf_free(&client->out);
	arena_destroy(client->arena);
	arena_destroy(client->reply);
	free(client);
}

/* Losing the connection. */

static void client_disconnect(struct client *client)
{
	if (client->query != NULL)
		dns_cancel(&client->process->world, client->query);
	client->query = NULL;
	if (client->stream != NULL)
		stream_close(client->stream);
	client->stream = NULL;
	client->state = CLIENT_IDLE;
	client->greetings = 0;
	client->losses++;
	timer_stop(&client->timeout);
	list_remove(&client->flush.link);
}

static void client_flush(struct task *task);

/* Those who wait are told in their order; what they send meanwhile goes to a new connection. */
static void client_lost(struct client *client, struct str why)
{
	client_disconnect(client);
	strbuf_clear(&client->out);
	client->out_sent = client->out_left = 0;
	client->has_moved = false;
	redis_queue_lose_all(&client->queue);
	redis_queue_tell_lost(&client->queue, why);
}

/* Those that had not left wait for a new connection; the rest is told. */
static void client_move(struct client *client, struct str why)
{
	client_disconnect(client);
	strbuf_consume(&client->out, client->out_left);
	client->out_sent = client->out_left = 0;
	client->has_moved = true;
	redis_queue_lose_sent(&client->queue);
	world_defer(&client->process->world, &client->flush, client_flush);
	redis_queue_tell_lost(&client->queue, why);
}

/* A connection that served is gone: what had not left goes to a new one, once. */
static void client_lost_connection(struct client *client, struct str why)
{
	if (client->state == CLIENT_OPEN && client->greetings == 0 &&
	    redis_queue_has_unsent(&client->queue) && !client->has_moved &&
	    !client->connects_once && !client->transaction.was_used)
		client_move(client, why);
	else
		client_lost(client, why);
}

/* Time. */

static int64_t oldest_is_due_us(const struct client *client)
{
	if (client->out_sent < client->out_left)
		return queue_time_add(client->out_since_us, client->write_timeout_us);
	return queue_time_add(redis_queue_oldest_us(&client->queue), client->command_timeout_us);
}

static void timeout_fired(struct timer *timer)
{
	struct client *client = LIST_ENTRY(timer, struct client, timeout);
	int64_t due_us;

	if (client->state == CLIENT_OPEN && redis_queue_is_empty(&client->queue) &&
	    client->greetings == 0)
		return;
	client_enter(client);
	if (client->state == CLIENT_CONNECTING || client->greetings > 0) {
		client_lost(client, STR("connection timed out"));
	} else {
		due_us = oldest_is_due_us(client);
		if (due_us > client_now_us(client))
			timer_start(&client->process->world, timer, due_us - client_now_us(client),
				    timeout_fired);
		else
			client_lost(client, STR("timed out"));
	}
	client_leave(client);
}

static void client_watch_time(struct client *client, int64_t delay_us)
{
	if (!timer_is_running(&client->timeout))
		timer_start(&client->process->world, &client->timeout, delay_us, timeout_fired);
}

/* Sending. */

static void client_write(struct client *client)
{
	struct str out = str_skip(strbuf_str(&client->out), client->out_sent);

	if (client->greetings > 0 || out.size == 0)
		return;
	client->out_sent += stream_write(client->stream, out);
	client->out_left = client->out.size;
	redis_queue_note_sent(&client->queue);
	client->has_moved = false;
	if (client->out_sent == client->out.size) {
		strbuf_clear(&client->out);
		client->out_sent = client->out_left = 0;
	} else {
		client->out_since_us = client_now_us(client);
	}
	if (redis_queue_is_empty(&client->queue))
		return;
	timer_stop(&client->timeout);
	client_watch_time(client, oldest_is_due_us(client) - client_now_us(client));
}

static void client_greet(struct client *client)
{
	struct strbuf greeting;
	struct arena *scratch = arena_create();

	strbuf_init(&greeting, OUT_BYTES_MAX);
	if (client->place.password.size > 0) {
		struct str words[] = {STR("AUTH"), client->place.user, client->place.password};

		if (words[1].size == 0)
			words[1] = words[2];
		resp_write_command(&greeting, words, client->place.user.size > 0 ? 3 : 2);
		client->greetings++;
	}
	if (client->place.database != 0) {
		resp_write_command(&greeting,
				   (struct str[]){STR("SELECT"),
						  str_format(scratch, "%lld",
							     (long long)client->place.database)},
				   2);
		client->greetings++;
	}
	if (greeting.size > 0)
		stream_write(client->stream, strbuf_str(&greeting));
	strbuf_free(&greeting);
	arena_destroy(scratch);
}

static void client_is_ready(struct client *client)
{
	timer_stop(&client->timeout);
	client_watch_time(client, client->command_timeout_us);
	redis_queue_restart(&client->queue, client_now_us(client));
	client_write(client);
}

static void stream_opened(struct stream *stream, void *data)
{
	struct client *client = data;

	(void)stream;
	client->state = CLIENT_OPEN;
	client_greet(client);
	if (client->greetings == 0)
		client_is_ready(client);
}

/* Replies. */

static void client_take_reply(struct client *client, const struct redis_reply *reply)
{
	if (client->greetings > 0) {
		if (reply->kind != REDIS_STATUS)
			client_lost(client, reply->kind == REDIS_ERROR ? reply->text
								       : STR("unexpected reply"));
		else if (--client->greetings == 0)
			client_is_ready(client);
		return;
	}
	if (!redis_queue_answer(&client->queue, reply))
		client_lost_connection(client, STR("unexpected reply"));
}

static void stream_readable(struct stream *stream, void *data)
{
	struct client *client = data;
	struct redis_reply reply;
	size_t used;

	client_enter(client);
	while (client->stream == stream && !client->is_closed) {
		enum resp_result result = RESP_INCOMPLETE;
		struct str bytes = stream_peek(stream);

		arena_reset(client->reply);
		if (bytes.size > 0)
			result = resp_read_reply(bytes, client->reply, &reply, &used);
		if (result == RESP_INVALID)
			client_lost(client, STR("not a reply"));
		else if (result == RESP_INCOMPLETE && stream_peer_has_ended(stream))
			client_lost_connection(client, STR("connection closed"));
		if (result == RESP_INCOMPLETE && client->stream == stream)
			stream_want_more(stream);
		if (result != RESP_DONE)
			break;
		stream_consume(stream, used);
		client_take_reply(client, &reply);
	}
	client_leave(client);
}

static void stream_writable(struct stream *stream, void *data)
{
	(void)stream;
	client_write(data);
}

static void stream_lost(struct stream *stream, enum stream_failure failure, void *data)
{
	static const struct str texts[] = {
		[STREAM_REFUSED] = STR_INIT("connection refused"),
		[STREAM_UNREACHABLE] = STR_INIT("no route to host"),
		[STREAM_TIMED_OUT] = STR_INIT("connection timed out"),
		[STREAM_RESET] = STR_INIT("connection reset by peer"),
	};
	struct client *client = data;

	(void)stream;
	client_enter(client);
	client_lost_connection(client, texts[failure]);
	client_leave(client);
}

static const struct stream_events client_events = {
	.opened = stream_opened,
	.readable = stream_readable,
	.writable = stream_writable,
	.failed = stream_lost,
};

/* Connecting. */

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct client *client = data;

	client->query = NULL;
	client_enter(client);
	if (status == DNS_OK && count > 0)
		client->stream = stream_connect(client->process->host, &client->process->actor,
						records[0].address, client->place.port,
						&client_events, client);
	else
		client_lost(client, status == DNS_TIMEOUT ? STR("name lookup timed out")
							  : STR("name not found"));
	client_leave(client);
}

static void client_connect(struct client *client)
{
	struct dns_question question = {.name = client->place.host};

	if (client->connects_once && client->has_connected) {
		client_lost(client, STR("connection closed"));
		return;
	}
	client->has_connected = true;
	client->state = CLIENT_CONNECTING;
	client_watch_time(client, client->connect_timeout_us);
	client->query = dns_resolve(&client->process->world, &question, name_answered, client);
}

static void client_flush(struct task *task)
{
	struct client *client = LIST_ENTRY(task, struct client, flush);

	client_enter(client);
	if (strbuf_is_full(&client->out))
		client_lost(client, STR("too much waits to be sent"));
	else if (client->state == CLIENT_OPEN)
		client_write(client);
	else if (client->state == CLIENT_IDLE)
		client_connect(client);
	client_leave(client);
}

/* The port. */

static void client_send(struct redis_client *public, const struct str *words, size_t count,
			redis_replied *replied, void *data)
{
	struct client *client = (struct client *)public;
	struct str spoiler = REDIS_TRANSACTION_SPOILER;
	int64_t now_us = client_now_us(client);

	BUG_IF(client->is_closed);
	redis_queue_add(&client->queue, replied, data, now_us);
	if (process_is_mute(client->process))
		return;
	resp_write_command(&client->out, words, count);
	if (redis_transaction_note(&client->transaction, words[0], client->losses)) {
		resp_write_command(&client->out, &spoiler, 1);
		redis_queue_add(&client->queue, NULL, NULL, now_us);
	}
	if (client->state == CLIENT_OPEN && client->greetings == 0)
		client_watch_time(client, client->command_timeout_us);
	world_defer(&client->process->world, &client->flush, client_flush);
}

static void client_close(struct redis_client *public)
{
	struct client *client = (struct client *)public;

	BUG_IF(client->is_closed);
	client_enter(client);
	client->is_closed = true;
	client_lost(client, STR("closed"));
	client_leave(client);
}

static const struct redis_client_ops client_ops = {.send = client_send, .close = client_close};

/* The process is over: nobody is told. */
static void client_abandon(struct actor_resource *resource)
{
	struct client *client = LIST_ENTRY(resource, struct client, resource);

	client_enter(client);
	client->is_closed = true;
	client_disconnect(client);
	client_leave(client);
}

static bool read_place(struct client *client, struct str url, struct error *error)
{
	if (!redis_place_read(url, client->arena, &client->place, error))
		return false;
	if (client->place.socket.size > 0)
		return error_set(error, ERROR_INVALID,
				 "The provided URL \"%.*s\" is not valid: the simulator has no "
				 "Unix sockets",
				 STR_ARG(url));
	return true;
}

static int64_t timeout_us(int64_t timeout_ms, int64_t default_ms)
{
	return (timeout_ms > 0 ? timeout_ms : default_ms) * 1000;
}

static struct redis_client *port_open(struct world *world, const struct redis_options *options,
				      struct error *error)
{
	struct client *client = MEMORY_NEW(struct client);

	client->public.ops = &client_ops;
	client->process = process_of(world);
	client->arena = arena_create();
	client->reply = arena_create();
	strbuf_init(&client->out, OUT_BYTES_MAX);
	client->connects_once = options->connects_once;
	client->connect_timeout_us =
		timeout_us(options->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS);
	client->command_timeout_us =
		timeout_us(options->command_timeout_ms, COMMAND_TIMEOUT_DEFAULT_MS);
	client->write_timeout_us = timeout_us(options->write_timeout_ms, WRITE_TIMEOUT_DEFAULT_MS);
	if (!read_place(client, options->url, error)) {
		client->is_closed = true;
		client_enter(client);
		client_leave(client);
		return NULL;
	}
	actor_own(&client->process->actor, &client->resource, client_abandon);
	return &client->public;
}

const struct redis_ops sim_redis_ops = {.open = port_open};
