/* The redis port: RESP over a stream. A client connects at its first command, sends what was
 * gathered at the end of each turn, and gives up a connection on which the oldest command has
 * waited too long. */
#include "world/redis.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/url.h"
#include "base/vec.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "store/resp.h"
#include "world/clock.h"
#include "world/dns.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 5000 /* spec/backend.md 9.6 */
#define COMMAND_TIMEOUT_DEFAULT_MS 3000
#define PORT_DEFAULT 6379
#define OUT_BYTES_MAX (1024 * 1024 * 1024)
#define FORGET_COUNT 64

enum client_state { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_OPEN };

/* A command without its reply. */
struct waiting {
	redis_replied *replied;
	void *data;
	int64_t sent_us;
};

struct client {
	struct redis_client public; /* first */
	struct resource resource;
	struct sim_process *process;
	struct arena *arena; /* of the client's own texts */
	struct arena *reply; /* of one reply */
	struct str host, password;
	uint16_t port;
	int64_t database;
	int64_t connect_timeout_us, command_timeout_us;

	enum client_state state;
	struct dns_query *query;
	struct stream *stream;
	int greetings; /* replies to what the client says of itself: AUTH, SELECT */
	struct strbuf out;
	size_t out_sent;
	VEC(struct waiting) waiting;
	size_t answered; /* so many of them have their reply */
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
	vec_free(&client->waiting);
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
	strbuf_clear(&client->out);
	client->out_sent = 0;
	timer_stop(&client->timeout);
	list_remove(&client->flush.link);
}

/* Those who wait are told in their order; what they send meanwhile goes to a new connection. */
static void client_lost(struct client *client, struct str why)
{
	struct redis_reply lost = {.kind = REDIS_LOST, .text = why};
	struct waiting *waiting = client->waiting.items;
	size_t count = client->waiting.count, first = client->answered;

	client_disconnect(client);
	client->waiting.items = NULL;
	client->waiting.count = client->waiting.capacity = client->answered = 0;
	for (size_t i = first; i < count; i++) {
		if (waiting[i].replied != NULL)
			waiting[i].replied(&lost, waiting[i].data);
	}
	free(waiting);
}

/* Time. */

static void timeout_fired(struct timer *timer)
{
	struct client *client = LIST_ENTRY(timer, struct client, timeout);
	int64_t due_us;

	if (client->state == CLIENT_OPEN && client->answered == client->waiting.count &&
	    client->greetings == 0)
		return;
	client_enter(client);
	if (client->state == CLIENT_CONNECTING || client->answered == client->waiting.count) {
		client_lost(client, STR("connection timed out"));
	} else {
		due_us = queue_time_add(client->waiting.items[client->answered].sent_us,
					client->command_timeout_us);
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

	client->out_sent += stream_write(client->stream, out);
	if (client->out_sent < client->out.size)
		return;
	strbuf_clear(&client->out);
	client->out_sent = 0;
}

static void client_greet(struct client *client)
{
	struct strbuf greeting;
	struct arena *scratch = arena_create();

	strbuf_init(&greeting, OUT_BYTES_MAX);
	if (client->password.size > 0) {
		resp_write_command(&greeting, (struct str[]){STR("AUTH"), client->password}, 2);
		client->greetings++;
	}
	if (client->database != 0) {
		resp_write_command(
			&greeting,
			(struct str[]){STR("SELECT"),
				       str_format(scratch, "%lld", (long long)client->database)},
			2);
		client->greetings++;
	}
	if (greeting.size > 0)
		stream_write(client->stream, strbuf_str(&greeting));
	strbuf_free(&greeting);
	arena_destroy(scratch);
}

static void stream_opened(struct stream *stream, void *data)
{
	struct client *client = data;

	(void)stream;
	client->state = CLIENT_OPEN;
	timer_stop(&client->timeout);
	client_watch_time(client, client->command_timeout_us);
	for (size_t i = client->answered; i < client->waiting.count; i++)
		client->waiting.items[i].sent_us = client_now_us(client);
	client_greet(client);
	client_write(client);
}

/* Replies. */

static void client_take_reply(struct client *client, const struct redis_reply *reply)
{
	struct waiting first;

	if (client->greetings > 0) {
		client->greetings--;
		if (reply->kind == REDIS_ERROR)
			client_lost(client, reply->text);
		return;
	}
	if (client->answered == client->waiting.count) {
		client_lost(client, STR("unexpected reply"));
		return;
	}
	first = client->waiting.items[client->answered++];
	if (client->answered == client->waiting.count)
		client->waiting.count = client->answered = 0;
	if (first.replied != NULL)
		first.replied(reply, first.data);
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
			client_lost(client, STR("connection closed"));
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
	client_lost(client, texts[failure]);
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
		client->stream =
			stream_connect(client->process->host, &client->process->actor,
				       records[0].address, client->port, &client_events, client);
	else
		client_lost(client, status == DNS_TIMEOUT ? STR("name lookup timed out")
							  : STR("name not found"));
	client_leave(client);
}

static void client_connect(struct client *client)
{
	struct dns_question question = {.name = client->host};

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

/* A client that always waits for something would otherwise keep all that it was ever told. */
static void client_forget_answered(struct client *client)
{
	size_t left = client->waiting.count - client->answered;

	if (client->answered < FORGET_COUNT || client->answered < left)
		return;
	memmove(client->waiting.items, client->waiting.items + client->answered,
		left * sizeof *client->waiting.items);
	client->waiting.count = left;
	client->answered = 0;
}

static void client_send(struct redis_client *public, const struct str *words, size_t count,
			redis_replied *replied, void *data)
{
	struct client *client = (struct client *)public;
	struct waiting waiting = {replied, data, client_now_us(client)};

	BUG_IF(client->is_closed);
	vec_push(&client->waiting, waiting);
	if (process_is_mute(client->process))
		return;
	client_forget_answered(client);
	resp_write_command(&client->out, words, count);
	if (client->state == CLIENT_OPEN)
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
static void client_abandon(struct resource *resource)
{
	struct client *client = LIST_ENTRY(resource, struct client, resource);

	client_enter(client);
	client->is_closed = true;
	client_disconnect(client);
	client_leave(client);
}

/* Host, port, password and database of the URL; texts are borrowed. */
static bool read_url(struct client *client, struct str text, struct error *error)
{
	struct url url;
	struct str database;

	if (!url_parse(text, &url, error))
		return false;
	database = str_skip(url.path, 1);
	if (!str_equal_nocase(url.scheme, STR("redis")) || url.host.size == 0 ||
	    (database.size > 0 &&
	     (!str_to_int64(database, &client->database) || client->database < 0)))
		return error_set(error, ERROR_INVALID, "not a Redis URL: %.*s://%.*s%.*s",
				 STR_ARG(url.scheme), STR_ARG(url.host), STR_ARG(url.path));
	client->host = str_copy(client->arena, url.host);
	client->port = url.port != 0 ? url.port : PORT_DEFAULT;
	client->password = url_decode(client->arena, url.password, false);
	return true;
}

static struct redis_client *port_open(struct world *world, const struct redis_options *options,
				      struct error *error)
{
	struct client *client = MEMORY_NEW(struct client);
	int64_t connect_ms = options->connect_timeout_ms, command_ms = options->command_timeout_ms;

	client->public.ops = &client_ops;
	client->process = process_of(world);
	client->arena = arena_create();
	client->reply = arena_create();
	strbuf_init(&client->out, OUT_BYTES_MAX);
	client->connect_timeout_us =
		(connect_ms > 0 ? connect_ms : CONNECT_TIMEOUT_DEFAULT_MS) * 1000;
	client->command_timeout_us =
		(command_ms > 0 ? command_ms : COMMAND_TIMEOUT_DEFAULT_MS) * 1000;
	if (!read_url(client, options->url, error)) {
		client->is_closed = true;
		client_enter(client);
		client_leave(client);
		return NULL;
	}
	actor_own(&client->process->actor, &client->resource, client_abandon);
	return &client->public;
}

const struct redis_ops sim_redis_ops = {.open = port_open};
