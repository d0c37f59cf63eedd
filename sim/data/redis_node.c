#include "sim/data/redis_node.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/error.h"
#include "sim/data/redis_node_internal.h"
#include "sim/net/stream.h"

/* Answers in their order: the node's own wait for those of the store before them. */

struct own_answer {
	struct resp_connection *connection;
	struct arena *arena;
	struct redis_reply reply;
};

static void own_answer_is_due(const struct redis_reply *turn, void *data)
{
	struct own_answer *answer = data;

	(void)turn;
	resp_answer(answer->connection, &answer->reply);
	arena_destroy(answer->arena);
}

/* The store is asked something for the turn's sake; what it does not know spoils a transaction, as
 * the refusal of a command does. */
static void answer_in_turn(struct resp_connection *connection, struct arena *arena,
			   const struct redis_reply *reply, bool is_refusal)
{
	struct own_answer *answer = ARENA_NEW(arena, struct own_answer);

	*answer = (struct own_answer){connection, arena, *reply};
	REDIS_SEND(session_of(connection)->client, own_answer_is_due, answer,
		   is_refusal ? STR("REFUSED") : STR("PING"));
}

static void store_answered(const struct redis_reply *reply, void *data)
{
	resp_answer(data, reply);
}

/* Who may do what. */

static struct str refusal(const struct redis_node *node, const struct redis_session *session,
			  const struct node_command *command, struct str name)
{
	unsigned flags = command != NULL ? command->flags : 0;

	if (node->options.password.size > 0 && !session->is_authenticated &&
	    (flags & NODE_WITHOUT_PASSWORD) == 0)
		return STR("NOAUTH Authentication required.");
	if (node->is_loading && (flags & NODE_WHILE_LOADING) == 0)
		return STR("LOADING Redis is loading the dataset in memory");
	if (node->link != NULL && store_command_writes(node->store, name))
		return STR("READONLY You can't write against a read only replica.");
	return STR("");
}

static void answer_own(struct redis_node *node, struct resp_connection *connection,
		       const struct node_command *command, const struct str *words, size_t count)
{
	struct node_call call = {.node = node,
				 .connection = connection,
				 .words = words,
				 .count = count,
				 .arena = arena_create()};

	if (count < command->words_min)
		call.reply = (struct redis_reply){
			.kind = REDIS_ERROR,
			.text = str_format(call.arena,
					   "ERR wrong number of arguments for '%.*s' command",
					   STR_ARG(command->name))};
	else
		command->run(&call);
	if (!call.is_silent) {
		answer_in_turn(connection, call.arena, &call.reply, false);
		return;
	}
	connection->waiting--;
	arena_destroy(call.arena);
}

static void node_command(struct resp_connection *connection, const struct str *words, size_t count,
			 void *data)
{
	struct redis_node *node = data;
	struct redis_session *session = session_of(connection);
	const struct node_command *command = node_command_find(words[0]);
	struct redis_reply refused = {.kind = REDIS_ERROR,
				      .text = refusal(node, session, command, words[0])};

	if (refused.text.size > 0)
		answer_in_turn(connection, arena_create(), &refused, true);
	else if (command != NULL && (command->flags & NODE_BY_STORE) == 0)
		answer_own(node, connection, command, words, count);
	else
		redis_send(session->client, words, count, store_answered, connection);
}

static void node_opened(struct resp_connection *connection, void *data)
{
	struct redis_node *node = data;
	struct redis_session *session = MEMORY_NEW(struct redis_session);

	session->node = node;
	session->client = store_client(node->store, 0);
	connection->owner = session;
}

static void node_closed(struct resp_connection *connection, void *data)
{
	struct redis_session *session = session_of(connection);

	(void)data;
	redis_close(session->client);
	free(session);
}

static const struct resp_server_events node_events = {
	.opened = node_opened,
	.command = node_command,
	.closed = node_closed,
};

/* What happens to clients when the role changes. */

void node_unblock_all(struct redis_node *node, const struct resp_connection *except)
{
	static const struct redis_reply unblocked = {
		.kind = REDIS_ERROR,
		.text = STR_INIT("UNBLOCKED force unblock from blocking operation, instance state "
				 "changed (master -> replica?)")};

	LIST_EACH (link, &node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);

		if (connection == except || connection->waiting == 0 ||
		    session_of(connection)->is_replica)
			continue;
		resp_answer(connection, &unblocked);
		resp_end(connection);
	}
}

void node_end_clients(struct redis_node *node, const struct resp_connection *except)
{
	LIST_EACH (link, &node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);

		if (connection != except && !session_of(connection)->is_replica)
			resp_end(connection);
	}
}

/* Life. */

static struct str make_run_id(struct redis_node *node)
{
	struct world *world = &node->process->world;
	unsigned long long parts[3];

	for (size_t i = 0; i < 3; i++)
		parts[i] = (unsigned long long)world_chance(world);
	return str_format(node->arena, "%016llx%016llx%08llx", parts[0], parts[1],
			  parts[2] & 0xffffffffULL);
}

static struct redis_node_options copy_options(struct arena *arena,
					      const struct redis_node_options *options)
{
	struct redis_node_options copy = *options;

	copy.address = str_copy(arena, options->address);
	copy.path = str_copy(arena, options->path);
	copy.password = str_copy(arena, options->password);
	copy.master_password = str_copy(arena, options->master_password);
	copy.master_host = str_copy(arena, options->master_host);
	return copy;
}

struct redis_node *redis_node_create(struct world *world, const struct redis_node_options *options,
				     struct error *error)
{
	struct redis_node *node = MEMORY_NEW(struct redis_node);

	node->arena = arena_create();
	node->hello_texts = arena_create();
	node->process = process_of(world);
	node->options = copy_options(node->arena, options);
	resp_server_init(&node->server, node->process, &node_events, node);
	node->store = store_create(world, options->path, SQL_DURABILITY_NONE, error);
	if (node->store == NULL) {
		redis_node_destroy(node);
		return NULL;
	}
	node->run_id = make_run_id(node);
	return node;
}

bool redis_node_listen(struct redis_node *node, struct error *error)
{
	if (!resp_server_listen(&node->server, node->options.address, node->options.port, error))
		return false;
	replication_open(node);
	return true;
}

bool redis_node_is_listening(const struct redis_node *node)
{
	return node->server.socket != NULL;
}

void redis_node_stop(struct redis_node *node)
{
	replication_close(node);
	resp_server_close(&node->server);
}

void redis_node_destroy(struct redis_node *node)
{
	if (node == NULL)
		return;
	redis_node_stop(node);
	store_destroy(node->store);
	vec_free(&node->hellos);
	arena_destroy(node->hello_texts);
	arena_destroy(node->arena);
	free(node);
}

void redis_node_forget_command(struct redis_node *node, struct str name)
{
	store_forget_command(node->store, name);
}

void redis_node_set_loading(struct redis_node *node, bool is_loading)
{
	node->is_loading = is_loading;
}
