/* What a Redis node answers itself: who it is, whom it follows, who may talk to it. */
#include <inttypes.h>

#include "sim/data/redis_node_internal.h"
#include "sim/net/stream.h"

void node_reply_error(struct node_call *call, const char *literal)
{
	call->reply = (struct redis_reply){.kind = REDIS_ERROR, .text = str_from(literal)};
}

static void reply_status(struct node_call *call, const char *literal)
{
	call->reply = (struct redis_reply){.kind = REDIS_STATUS, .text = str_from(literal)};
}

static void reply_ok(struct node_call *call)
{
	reply_status(call, "OK");
}

static struct redis_reply text_reply(struct str text)
{
	return (struct redis_reply){.kind = REDIS_STRING, .text = text};
}

static struct redis_reply integer_reply(int64_t integer)
{
	return (struct redis_reply){.kind = REDIS_INTEGER, .integer = integer};
}

static bool is_word(const struct node_call *call, size_t index, const char *word)
{
	return index < call->count && str_equal_nocase(call->words[index], str_from(word));
}

/* Passwords. */

static void command_auth(struct node_call *call)
{
	struct str password = call->words[call->count - 1];

	if (call->count > 3)
		node_reply_error(call, "ERR syntax error");
	else if (call->node->options.password.size == 0 && call->count == 2)
		node_reply_error(call, "ERR AUTH <password> called without any password configured "
				       "for the default user. Are you sure your configuration is "
				       "correct?");
	else if ((call->count == 3 && !str_equal(call->words[1], STR("default"))) ||
		 (call->node->options.password.size > 0 &&
		  !str_equal(password, call->node->options.password)))
		node_reply_error(call,
				 "WRONGPASS invalid username-password pair or user is disabled.");
	else
		reply_ok(call);
	if (call->reply.kind == REDIS_STATUS)
		session_of(call->connection)->is_authenticated = true;
}

/* Roles. */

static void command_role_of_replica(struct node_call *call)
{
	const struct redis_node *node = call->node;
	struct redis_reply *items = ARENA_ARRAY(call->arena, struct redis_reply, 5);

	items[0] = text_reply(STR("slave"));
	items[1] = text_reply(str_copy(call->arena, replication_master_host(node)));
	items[2] = integer_reply(replication_master_port(node));
	items[3] = text_reply(replication_state(node));
	items[4] = integer_reply(node->offset);
	call->reply = (struct redis_reply){.kind = REDIS_ARRAY, .items = items, .count = 5};
}

static struct redis_reply replica_reply(struct arena *arena, struct resp_connection *connection)
{
	const struct redis_session *session = session_of(connection);
	struct redis_reply *items = ARENA_ARRAY(arena, struct redis_reply, 3);

	items[0] = text_reply(str_copy(arena, stream_peer_address(connection->stream)));
	items[1] = text_reply(str_format(arena, "%u", (unsigned)session->replica_port));
	items[2] = text_reply(str_format(arena, "%" PRId64, session->replica_offset));
	return (struct redis_reply){.kind = REDIS_ARRAY, .items = items, .count = 3};
}

static void command_role(struct node_call *call)
{
	struct redis_reply *items = ARENA_ARRAY(call->arena, struct redis_reply, 3), *replicas;
	size_t count = 0;

	if (call->node->link != NULL) {
		command_role_of_replica(call);
		return;
	}
	replicas =
		ARENA_ARRAY(call->arena, struct redis_reply, replication_replicas(call->node) + 1);
	LIST_EACH (link, &call->node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);

		if (session_of(connection)->is_replica)
			replicas[count++] = replica_reply(call->arena, connection);
	}
	items[0] = text_reply(STR("master"));
	items[1] = integer_reply(call->node->offset);
	items[2] = (struct redis_reply){.kind = REDIS_ARRAY, .items = replicas, .count = count};
	call->reply = (struct redis_reply){.kind = REDIS_ARRAY, .items = items, .count = 3};
}

static void info_replicas(const struct redis_node *node, struct strbuf *out)
{
	size_t number = 0;

	strbuf_append_format(out, "connected_slaves:%zu\r\n", replication_replicas(node));
	LIST_EACH (link, &node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);
		const struct redis_session *session = session_of(connection);

		if (session->is_replica)
			strbuf_append_format(
				out,
				"slave%zu:ip=%.*s,port=%u,state=online,offset=%" PRId64
				",lag=0\r\n",
				number++, STR_ARG(stream_peer_address(connection->stream)),
				(unsigned)session->replica_port, session->replica_offset);
	}
}

static void info_replication(const struct redis_node *node, struct strbuf *out)
{
	strbuf_append(out, STR("# Replication\r\n"));
	if (node->link == NULL) {
		strbuf_append(out, STR("role:master\r\n"));
	} else {
		strbuf_append_format(out,
				     "role:slave\r\nmaster_host:%.*s\r\nmaster_port:%u\r\n"
				     "master_link_status:%s\r\nslave_repl_offset:%" PRId64
				     "\r\nslave_priority:100\r\nslave_read_only:1\r\n",
				     STR_ARG(replication_master_host(node)),
				     (unsigned)replication_master_port(node),
				     str_equal(replication_state(node), STR("connected")) ? "up"
											  : "down",
				     node->offset);
	}
	info_replicas(node, out);
	strbuf_append_format(out, "master_repl_offset:%" PRId64 "\r\n", node->offset);
}

static void info_server(const struct redis_node *node, struct strbuf *out)
{
	strbuf_append_format(out,
			     "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
			     "process_id:%d\r\nrun_id:%.*s\r\ntcp_port:%u\r\n",
			     node->process->id, STR_ARG(node->run_id),
			     (unsigned)node->options.port);
}

static void info_persistence(const struct redis_node *node, struct strbuf *out)
{
	strbuf_append_format(out, "# Persistence\r\nloading:%d\r\n", node->is_loading);
}

static void info_keyspace(const struct redis_node *node, struct strbuf *out)
{
	const struct str words[] = {STR("INFO"), STR("keyspace")};
	int database = 0;

	strbuf_append(out, store_execute(node->store, &database, words, 2)->text);
}

static void command_info(struct node_call *call)
{
	static const struct {
		const char *name;
		void (*write)(const struct redis_node *node, struct strbuf *out);
	} sections[] = {
		{"server", info_server},
		{"persistence", info_persistence},
		{"replication", info_replication},
		{"keyspace", info_keyspace},
	};
	bool wants_all = call->count == 1 || is_word(call, 1, "all") ||
			 is_word(call, 1, "default") || is_word(call, 1, "everything");
	struct strbuf out;

	strbuf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if (!wants_all && !is_word(call, 1, sections[i].name))
			continue;
		if (out.size > 0)
			strbuf_append(&out, STR("\r\n"));
		sections[i].write(call->node, &out);
	}
	call->reply = text_reply(str_copy(call->arena, strbuf_str(&out)));
	strbuf_free(&out);
}

static void command_replicaof(struct node_call *call)
{
	struct redis_node *node = call->node;
	uint16_t port = 0;

	reply_ok(call);
	if (is_word(call, 1, "no") && is_word(call, 2, "one")) {
		replication_follow(node, STR(""), 0);
	} else if (!str_to_uint16(call->words[2], &port)) {
		node_reply_error(call, "ERR Invalid master port");
	} else {
		node_unblock_all(node, call->connection);
		replication_follow(node, call->words[1], port);
	}
}

/* REPLCONF listening-port N | ACK N: said by a replica. */
static void command_replconf(struct node_call *call)
{
	struct redis_session *session = session_of(call->connection);

	reply_ok(call);
	if (is_word(call, 1, "listening-port")) {
		if (!str_to_uint16(call->words[2], &session->replica_port))
			node_reply_error(call, "ERR value is not an integer or out of range");
	} else if (is_word(call, 1, "ack")) {
		call->is_silent = str_to_int64(call->words[2], &session->replica_offset);
	}
}

/* What Sentinels do besides. */

static void command_client(struct node_call *call)
{
	if (is_word(call, 1, "kill")) {
		node_end_clients(call->node, call->connection);
		call->reply = integer_reply(1);
	} else if (is_word(call, 1, "setname")) {
		reply_ok(call);
	} else {
		node_reply_error(call, "ERR unknown subcommand. Try CLIENT HELP.");
	}
}

static void command_config(struct node_call *call)
{
	if (is_word(call, 1, "rewrite"))
		reply_ok(call); /* what a node was told by REPLICAOF ends with its process */
	else
		node_reply_error(call, "ERR unknown subcommand. Try CONFIG HELP.");
}

/* Sentinels subscribe to what they publish in a node's channel. Here they ask for it (PUBSUB
 * HELLOS), so that a client of world/redis.h will do: the node keeps the last text of each. A hello
 * is "ip,port,run id,...". */
static void command_publish(struct node_call *call)
{
	struct redis_node *node = call->node;
	struct str rest = call->words[2], sender = STR("");
	struct hello *hello = NULL;

	for (int field = 0; field < 3; field++)
		str_next_field(&rest, ',', &sender);
	for (size_t i = 0; i < node->hellos.count; i++)
		if (str_equal(node->hellos.items[i].sender, sender))
			hello = &node->hellos.items[i];
	if (hello == NULL) {
		vec_push(&node->hellos,
			 ((struct hello){.sender = str_copy(node->hello_texts, sender)}));
		hello = &node->hellos.items[node->hellos.count - 1];
	}
	if (!str_equal(hello->text, call->words[2]))
		hello->text = str_copy(node->hello_texts, call->words[2]);
	call->reply = integer_reply((int64_t)node->hellos.count);
}

static void command_pubsub(struct node_call *call)
{
	const struct redis_node *node = call->node;
	struct redis_reply *items =
		ARENA_ARRAY(call->arena, struct redis_reply, node->hellos.count + 1);

	if (!is_word(call, 1, "hellos")) {
		node_reply_error(call, "ERR unknown subcommand. Try PUBSUB HELP.");
		return;
	}
	for (size_t i = 0; i < node->hellos.count; i++)
		items[i] = text_reply(node->hellos.items[i].text);
	call->reply = (struct redis_reply){
		.kind = REDIS_ARRAY, .items = items, .count = node->hellos.count};
}

#define P NODE_WITHOUT_PASSWORD
#define L NODE_WHILE_LOADING
#define S NODE_BY_STORE

static const struct node_command commands[] = {
	{STR_INIT("auth"), 2, P | L, command_auth},
	{STR_INIT("select"), 2, L | S, NULL},
	{STR_INIT("role"), 1, L, command_role},
	{STR_INIT("info"), 1, L, command_info},
	{STR_INIT("replicaof"), 3, L, command_replicaof},
	{STR_INIT("slaveof"), 3, L, command_replicaof},
	{STR_INIT("replconf"), 3, L, command_replconf},
	{STR_INIT("psync"), 3, 0, replication_answer_psync},
	{STR_INIT("client"), 2, L, command_client},
	{STR_INIT("config"), 2, L, command_config},
	{STR_INIT("publish"), 3, L, command_publish},
	{STR_INIT("pubsub"), 2, L, command_pubsub},
};

const struct node_command *node_command_find(struct str name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (str_equal_nocase(name, commands[i].name))
			return &commands[i];
	}
	return NULL;
}
