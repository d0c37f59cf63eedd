#include "backend/transaction.h"

#include "base/bug.h"

static const struct redis_reply LOST = {.kind = REDIS_LOST, .text = STR_INIT("not carried out")};

/* The replies to the commands are those of EXEC. */
static void part_send(struct redis_client *client, const struct str *words, size_t count,
		      redis_replied *replied, void *data)
{
	struct transaction *transaction = (struct transaction *)client;

	vec_push(&transaction->parts, ((struct transaction_part){replied, data}));
	if (transaction->target != NULL)
		redis_send(transaction->target, words, count, NULL, NULL);
}

static void part_close(struct redis_client *client)
{
	(void)client;
	BUG_IF(true); /* it is no connection */
}

static const struct redis_client_ops part_ops = {.send = part_send, .close = part_close};

void transaction_begin(struct transaction *transaction, struct redis_client *target)
{
	transaction->client.ops = &part_ops;
	transaction->target = target;
	transaction->parts.count = 0;
	transaction->error.kind = ERROR_NONE;
	if (target != NULL)
		REDIS_SEND(target, NULL, NULL, STR("MULTI"));
}

static enum transaction_outcome outcome_of(const struct transaction *transaction,
					   const struct redis_reply *reply)
{
	switch (reply->kind) {
	case REDIS_ARRAY:
		return reply->count == transaction->parts.count ? TRANSACTION_DONE
								: TRANSACTION_LOST;
	case REDIS_NIL:
		return TRANSACTION_FENCED;
	case REDIS_ERROR:
		return TRANSACTION_REFUSED;
	case REDIS_LOST:
	case REDIS_STATUS:
	case REDIS_INTEGER:
	case REDIS_STRING:
		break;
	}
	return TRANSACTION_LOST;
}

static void note_error(struct transaction *transaction, const struct redis_reply *reply)
{
	if (reply->kind == REDIS_ERROR && transaction->error.kind == ERROR_NONE)
		error_set(&transaction->error, ERROR_INVALID, "%.*s", STR_ARG(reply->text));
}

static void exec_replied(const struct redis_reply *reply, void *data)
{
	struct transaction *transaction = data;
	enum transaction_outcome outcome = outcome_of(transaction, reply);

	for (size_t i = 0; i < transaction->parts.count; i++) {
		const struct transaction_part *part = &transaction->parts.items[i];
		const struct redis_reply *its =
			outcome == TRANSACTION_DONE ? &reply->items[i] : &LOST;

		note_error(transaction, its);
		if (part->replied != NULL)
			part->replied(its, part->data);
	}
	transaction->over(outcome, transaction->data);
}

void transaction_end(struct transaction *transaction, transaction_over *over, void *data)
{
	transaction->over = over;
	transaction->data = data;
	if (transaction->target != NULL)
		REDIS_SEND(transaction->target, exec_replied, transaction, STR("EXEC"));
	else
		exec_replied(&LOST, transaction);
}

void transaction_free(struct transaction *transaction)
{
	vec_free(&transaction->parts);
}
