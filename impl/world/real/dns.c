/* Names to addresses: c-ares, whose sockets libuv polls. */
#include "world/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/url.h"
#include "world/real/dns_internal.h"

#define TIMEOUT_DEFAULT_MS 2900 /* of each server, spec/gateway.md 5.5 */
#define NAME_BYTES_MAX 255
#define RECORDS_MAX 64
#define LOCAL_TTL_S 60 /* of localhost and the hosts file: they may change */
#define REMEMBERED_MAX 1024
#define REMEMBERED_S_MAX 60
#define CHANNELS_IDLE_MAX 4
#define CLASS_IN 1
#define TYPE_A 1

/* A list of servers and a timeout: c-ares keeps both for all queries of a channel. */
struct channel {
	struct list_link link; /* in port->channels, the one used last at the end */
	struct dns_port *port;
	struct arena *arena;
	struct str key;
	ares_channel ares;
	struct list_link sockets;
	struct timer timer;
	size_t queries;
	const struct str *search; /* domains of the system's configuration */
	size_t search_count;
};

struct channel_socket {
	struct list_link link;
	uv_poll_t events;
	struct channel *channel;
	ares_socket_t fd;
};

struct remembered {
	struct str address;
	int64_t until_us;
};

struct dns_port {
	struct real_world *real;
	struct hosts *hosts;
	struct list_link channels;
	struct list_link queries;
	struct map *remembered; /* first address of a host */
};

struct dns_query {
	struct list_link link; /* in port->queries */
	struct task deliver;
	struct dns_port *port;
	struct arena *arena;
	struct channel *channel; /* while c-ares has it */
	bool is_cancelled;
	bool is_remembered; /* the answer will be */
	struct str name;
	size_t searched; /* domains tried, after the name itself */
	enum dns_status status;
	struct dns_record *records;
	size_t count;
	dns_answered *answered;
	void *data;
};

static struct dns_port *port_of(struct real_world *real)
{
	struct dns_port *port = real->dns;

	if (port != NULL)
		return port;
	port = MEMORY_NEW(struct dns_port);
	port->real = real;
	port->hosts = hosts_create("/etc/hosts");
	port->remembered = map_create(world_chance(&real->world));
	list_init(&port->channels);
	list_init(&port->queries);
	real->dns = port;
	return port;
}

/* Channels. */

static void channel_set_timer(struct channel *channel);

static void channel_timer_fired(struct timer *timer)
{
	struct channel *channel = LIST_ENTRY(timer, struct channel, timer);

	ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	channel_set_timer(channel);
}

static void channel_set_timer(struct channel *channel)
{
	struct timeval room;
	const struct timeval *wait = ares_timeout(channel->ares, NULL, &room);

	if (wait == NULL)
		timer_stop(&channel->timer);
	else
		timer_start(&channel->port->real->world, &channel->timer,
			    (int64_t)wait->tv_sec * 1000000 + wait->tv_usec, channel_timer_fired);
}

static void socket_ready(uv_poll_t *events, int status, int mask)
{
	struct channel_socket *ready = events->data;
	struct channel *channel = ready->channel;
	ares_socket_t fd = ready->fd;
	bool failed = status != 0;

	ares_process_fd(channel->ares, failed || (mask & UV_READABLE) ? fd : ARES_SOCKET_BAD,
			failed || (mask & UV_WRITABLE) ? fd : ARES_SOCKET_BAD);
	channel_set_timer(channel);
}

static void socket_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct channel_socket *socket_find(struct channel *channel, ares_socket_t fd)
{
	struct channel_socket *found;

	LIST_EACH (link, &channel->sockets) {
		found = LIST_ENTRY(link, struct channel_socket, link);
		if (found->fd == fd)
			return found;
	}
	found = MEMORY_NEW(struct channel_socket);
	found->channel = channel;
	found->fd = fd;
	found->events.data = found;
	BUG_IF(uv_poll_init(&channel->port->real->loop->uv, &found->events, fd) != 0);
	list_append(&channel->sockets, &found->link);
	return found;
}

/* c-ares tells what it waits for; neither: it is about to close the socket. */
static void socket_state_changed(void *data, ares_socket_t fd, int readable, int writable)
{
	struct channel_socket *changed = socket_find(data, fd);

	if (readable || writable) {
		uv_poll_start(&changed->events,
			      (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
			      socket_ready);
		return;
	}
	list_remove(&changed->link);
	uv_poll_stop(&changed->events);
	uv_close((uv_handle_t *)&changed->events, socket_freed);
}

static void channel_read_search(struct channel *channel)
{
	struct ares_options options;
	struct str *domains;
	int mask;

	if (ares_save_options(channel->ares, &options, &mask) != ARES_SUCCESS)
		return;
	domains = ARENA_ARRAY(channel->arena, struct str, (size_t)options.ndomains + 1);
	for (int i = 0; i < options.ndomains; i++)
		domains[i] = str_copy(channel->arena, str_from(options.domains[i]));
	channel->search = domains;
	channel->search_count = (size_t)options.ndomains;
	ares_destroy_options(&options);
}

static void channel_destroy(struct channel *channel)
{
	list_remove(&channel->link);
	if (channel->ares != NULL)
		ares_destroy(channel->ares);
	timer_stop(&channel->timer);
	arena_destroy(channel->arena);
	free(channel);
}

/* servers: as c-ares writes them, empty for the system's. NULL when they are no addresses. */
static struct channel *channel_create(struct dns_port *port, struct str key, struct str servers,
				      int64_t timeout_ms)
{
	struct channel *channel = MEMORY_NEW(struct channel);
	struct ares_options options = {
		.timeout = timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX,
		.tries = 1,
		.sock_state_cb = socket_state_changed,
		.sock_state_cb_data = channel,
	};

	channel->port = port;
	channel->arena = arena_create();
	channel->key = str_copy(channel->arena, key);
	list_init(&channel->sockets);
	list_append(&port->channels, &channel->link);
	if (ares_init_options(&channel->ares, &options,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
	    ARES_SUCCESS) {
		channel->ares = NULL;
		channel_destroy(channel);
		return NULL;
	}
	channel_read_search(channel);
	if (servers.size > 0 &&
	    ares_set_servers_ports_csv(channel->ares, str_cstr(channel->arena, servers)) !=
		    ARES_SUCCESS) {
		channel_destroy(channel);
		return NULL;
	}
	return channel;
}

static void forget_idle_channels(struct dns_port *port)
{
	size_t idle = 0;

	LIST_EACH (link, &port->channels)
		idle += LIST_ENTRY(link, struct channel, link)->queries == 0;
	LIST_EACH (other, &port->channels) {
		struct channel *channel = LIST_ENTRY(other, struct channel, link);

		if (idle <= CHANNELS_IDLE_MAX)
			return;
		if (channel->queries > 0)
			continue;
		channel_destroy(channel);
		idle--;
	}
}

static struct channel *channel_for(struct dns_port *port, struct arena *scratch,
				   const struct str *servers, size_t count, int64_t timeout_ms)
{
	struct str list = {NULL, 0}, key;

	for (size_t i = 0; i < count; i++)
		list = STR_CONCAT(scratch, list, i > 0 ? STR(",") : STR(""), servers[i]);
	key = str_format(scratch, "%lld %.*s", (long long)timeout_ms, STR_ARG(list));
	LIST_EACH (link, &port->channels) {
		struct channel *channel = LIST_ENTRY(link, struct channel, link);

		if (!str_equal(channel->key, key))
			continue;
		list_remove(&channel->link);
		list_append(&port->channels, &channel->link);
		return channel;
	}
	forget_idle_channels(port);
	return channel_create(port, key, list, timeout_ms);
}

/* What needs no server. */

static int64_t seconds_until(int64_t now_us, int64_t ttl_s)
{
	return now_us + (ttl_s < REMEMBERED_S_MAX ? ttl_s : REMEMBERED_S_MAX) * 1000000;
}

static void remember(struct dns_port *port, struct str name, const struct dns_record *record)
{
	struct remembered *entry = map_get(port->remembered, name);
	int64_t now_us = loop_monotonic_us(port->real->loop);

	if (entry == NULL && map_count(port->remembered) >= REMEMBERED_MAX) {
		struct map_cursor at = {0};

		while (map_next(port->remembered, &at))
			free(at.value);
		map_clear(port->remembered);
	}
	free(entry);
	entry = memory_alloc(sizeof *entry + record->address.size);
	memcpy(entry + 1, record->address.data, record->address.size);
	entry->address = str_of((const char *)(entry + 1), record->address.size);
	entry->until_us = seconds_until(now_us, record->ttl_s);
	map_put(port->remembered, name, entry);
}

bool dns_known_address(struct real_world *real, struct str name, struct arena *arena,
		       struct str *address)
{
	struct dns_port *port = port_of(real);
	int64_t now_us = loop_monotonic_us(real->loop);
	const struct remembered *entry;
	const struct str *addresses;

	if (url_host_is_ip(name)) {
		*address = str_copy(arena, name);
		return true;
	}
	if (hosts_name_is_local(name)) {
		*address = STR("127.0.0.1");
		return true;
	}
	if (hosts_find(port->hosts, now_us, name, &addresses) > 0) {
		*address = str_copy(arena, addresses[0]);
		return true;
	}
	entry = map_get(port->remembered, name);
	if (entry == NULL || now_us >= entry->until_us)
		return false;
	*address = str_copy(arena, entry->address);
	return true;
}

/* Queries. */

static void query_free(struct dns_query *query)
{
	list_remove(&query->link);
	list_remove(&query->deliver.link);
	arena_destroy(query->arena);
	free(query);
}

static void query_deliver(struct task *task)
{
	struct dns_query *query = LIST_ENTRY(task, struct dns_query, deliver);

	if (query->is_remembered && query->status == DNS_OK)
		remember(query->port, query->name, &query->records[0]);
	query->answered(query->status, query->records, query->count, query->data);
	query_free(query);
}

static void query_over(struct dns_query *query, enum dns_status status)
{
	query->status = status;
	if (query->is_cancelled)
		query_free(query);
	else
		loop_at_turn_end(query->port->real->loop, TURN_TASKS, &query->deliver,
				 query_deliver);
}

static void query_add_record(struct dns_query *query, struct str address, int64_t ttl_s)
{
	if (query->records == NULL)
		query->records = ARENA_ARRAY(query->arena, struct dns_record, RECORDS_MAX);
	if (query->count < RECORDS_MAX)
		query->records[query->count++] =
			(struct dns_record){str_copy(query->arena, address), ttl_s};
}

static enum dns_status read_answer(struct dns_query *query, const unsigned char *bytes, int size)
{
	struct ares_addrttl found[RECORDS_MAX];
	int count = RECORDS_MAX;
	int status = ares_parse_a_reply(bytes, size, NULL, found, &count);

	if (status == ARES_ENODATA || (status == ARES_SUCCESS && count == 0))
		return DNS_NOT_FOUND;
	if (status != ARES_SUCCESS)
		return DNS_SERVER_FAILED;
	for (int i = 0; i < count; i++) {
		char address[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &found[i].ipaddr, address, sizeof address);
		query_add_record(query, str_from(address), found[i].ttl);
	}
	return DNS_OK;
}

static enum dns_status failure_of(int status)
{
	switch (status) {
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		return DNS_NOT_FOUND;
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED:
		return DNS_TIMEOUT;
	default:
		return DNS_SERVER_FAILED;
	}
}

static void query_ask(struct dns_query *query);

static void query_answered(void *data, int ares_status, int timeouts, unsigned char *bytes,
			   int size)
{
	struct dns_query *query = data;
	enum dns_status status = ares_status == ARES_SUCCESS ? read_answer(query, bytes, size)
							     : failure_of(ares_status);
	bool may_search = status == DNS_NOT_FOUND && !query->is_cancelled &&
			  !str_has_suffix(query->name, STR(".")) &&
			  query->searched < query->channel->search_count;

	(void)timeouts;
	if (may_search) {
		query->searched++;
		query_ask(query);
		return;
	}
	query->channel->queries--;
	query->channel = NULL;
	query_over(query, status);
}

/* The name as it is, then under each domain of the search list (spec/gateway.md 5.5). */
static void query_ask(struct dns_query *query)
{
	struct channel *channel = query->channel;
	struct str name = query->name;

	if (query->searched > 0)
		name = STR_CONCAT(query->arena, name, STR("."),
				  channel->search[query->searched - 1]);
	ares_query(channel->ares, str_cstr(query->arena, name), CLASS_IN, TYPE_A, query_answered,
		   query);
}

/* A name without a server: true when it is known (or known not to be one). */
static bool query_answer_here(struct dns_query *query, bool asks_system)
{
	int64_t now_us = loop_monotonic_us(query->port->real->loop);
	const struct str *addresses;
	size_t count = 0;

	if (url_host_is_ip(query->name))
		query_add_record(query, query->name, INT64_MAX);
	else if (hosts_name_is_local(query->name))
		query_add_record(query, STR("127.0.0.1"), LOCAL_TTL_S);
	else if (asks_system)
		count = hosts_find(query->port->hosts, now_us, query->name, &addresses);
	for (size_t i = 0; i < count; i++)
		query_add_record(query, addresses[i], LOCAL_TTL_S);
	return query->count > 0;
}

static bool name_can_be_asked(struct str name)
{
	return name.size > 0 && name.size <= NAME_BYTES_MAX &&
	       str_find_char(name, 0) == STR_NOT_FOUND;
}

static struct dns_query *query_start(struct real_world *real, const struct dns_question *question,
				     dns_answered *answered, void *data)
{
	struct dns_port *port = port_of(real);
	struct dns_query *query = MEMORY_NEW(struct dns_query);
	int64_t timeout_ms = question->timeout_ms > 0 ? question->timeout_ms : TIMEOUT_DEFAULT_MS;

	query->port = port;
	query->arena = arena_create();
	query->name = str_copy(query->arena, question->name);
	query->answered = answered;
	query->data = data;
	list_append(&port->queries, &query->link);
	if (query_answer_here(query, question->servers_count == 0)) {
		query_over(query, DNS_OK);
		return query;
	}
	if (!name_can_be_asked(query->name)) {
		query_over(query, DNS_NOT_FOUND);
		return query;
	}
	query->channel = channel_for(port, query->arena, question->servers, question->servers_count,
				     timeout_ms);
	if (query->channel == NULL) {
		query_over(query, DNS_SERVER_FAILED);
		return query;
	}
	query->channel->queries++;

	struct channel *channel = query->channel;

	query_ask(query);
	channel_set_timer(channel);
	return query;
}

static struct dns_query *port_resolve(struct world *world, const struct dns_question *question,
				      dns_answered *answered, void *data)
{
	return query_start(real_of(world), question, answered, data);
}

struct dns_query *dns_query_host(struct real_world *real, struct str name, dns_answered *answered,
				 void *data)
{
	struct dns_question question = {.name = name};
	struct dns_query *query = query_start(real, &question, answered, data);

	query->is_remembered = true;
	return query;
}

/* c-ares knows no end of a single query: it is freed when its answer comes. */
static void port_cancel(struct world *world, struct dns_query *query)
{
	(void)world;
	query->is_cancelled = true;
	if (query->channel == NULL)
		query_free(query);
}

void real_dns_destroy(struct real_world *real)
{
	struct dns_port *port = real->dns;
	struct map_cursor at = {0};
	struct list_link *link;

	if (port == NULL)
		return;
	LIST_EACH (other, &port->queries)
		LIST_ENTRY(other, struct dns_query, link)->is_cancelled = true;
	while ((link = list_first(&port->channels)) != NULL)
		channel_destroy(LIST_ENTRY(link, struct channel, link));
	while ((link = list_first(&port->queries)) != NULL)
		query_free(LIST_ENTRY(link, struct dns_query, link));
	while (map_next(port->remembered, &at))
		free(at.value);
	map_destroy(port->remembered);
	hosts_destroy(port->hosts);
	free(port);
	real->dns = NULL;
}

const struct dns_ops real_dns_ops = {
	.resolve = port_resolve,
	.cancel = port_cancel,
	.serve = dns_server_open,
	.server_port = dns_server_port,
	.server_close = dns_server_close,
};
