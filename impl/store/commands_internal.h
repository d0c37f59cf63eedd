/* How a command gets its words and gives its reply.
 *
 * A command is a row of the table in commands.c; its function reads `call->words`, works through
 * keys_internal.h, and leaves `call->reply`, whose texts lie in `call->arena` (or are literals). A
 * function that has set an error returns at once: what a check refuses was not begun.
 */
#ifndef STORE_COMMANDS_INTERNAL_H
#define STORE_COMMANDS_INTERNAL_H

#include "store/store_internal.h"

struct call;
typedef void command_run(struct call *call);

enum command_flags {
	COMMAND_READS = 0,
	COMMAND_WRITES = 1,
	COMMAND_NEVER_QUEUED = 2, /* carried out even after MULTI */
};

struct command {
	struct str name; /* small letters */
	int words;       /* with the name; negative: at least that many */
	unsigned flags;
	command_run *run;
};

extern const struct command COMMANDS[];
extern const size_t COMMANDS_COUNT;

/* What MULTI gathers. */
struct queued_command {
	const struct command *command;
	const struct str *words;
	size_t count;
};

/* A key that must not change before EXEC. */
struct watched_key {
	int database;
	struct str name;
	bool was_there;
};

/* What a connection remembers between its commands. */
struct session {
	int database;
	bool is_client;      /* false: store_execute(), which has no connection */
	struct arena *multi; /* after MULTI: of the words */
	VEC(struct queued_command) queued;
	bool is_spoilt;      /* a command could not be queued */
	struct arena *watch; /* after WATCH: of the names */
	VEC(struct watched_key) watched;
	struct list_link watching; /* in store->watching, after WATCH */
	bool is_touched;           /* one of them has changed */
};

struct call {
	struct store *store;
	struct session *session;
	const struct command *command;
	const struct str *words;
	size_t count;
	struct arena *arena;
	int64_t now_ms; /* Unix time */
	struct redis_reply reply;

	bool may_wait; /* asked by a blocking command: is there a client that can wait? */
	bool is_retry; /* a waiting command is tried again: wrong types are no lists */
	bool has_to_wait;
	int64_t wait_us; /* 0: for ever */
};

/* commands.c */
struct map *commands_by_name(void);
/* The caller has set store, session, words, count (at least 1), arena, may_wait and is_retry. */
void command_execute(struct call *call);
/* Runs call->command alone, and tells who watches the store of what it wrote. */
void command_carry_out(struct call *call);

/* transactions.c */
void transaction_queue(struct call *call);        /* the command waits for EXEC */
void transaction_forget(struct session *session); /* ends MULTI and WATCH; a session may go on */
void transaction_touch(struct store *store, int database, struct str name); /* it has changed */
void transaction_touch_all(struct store *store, int database); /* its keys are about to go */

/* arguments.c: false with the reply set when the word cannot be read. */
bool command_read_integer(struct str text, int64_t *value); /* as Redis writes it, no other form */
bool call_integer(struct call *call, size_t index, int64_t *value);
bool call_is_word(const struct call *call, size_t index, const char *word); /* any case */
/* Anything C reads as a number, infinities too. */
bool command_read_number(struct str text, double *value);

/* One of the option words of a command: {"nx", OPTION_NX}; ends with a NULL word. */
struct option_word {
	const char *word;
	unsigned flag;
};
unsigned call_option(const struct call *call, size_t index, const struct option_word *options);

/* reply.c */
void call_reply_ok(struct call *call);
void call_reply_status(struct call *call, const char *literal);
void call_reply_error(struct call *call, const char *literal);
void call_reply_error_format(struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void call_reply_syntax_error(struct call *call);
void call_reply_wrong_type(struct call *call);
void call_reply_wrong_count(struct call *call);
void call_reply_integer(struct call *call, int64_t value);
void call_reply_text(struct call *call, struct str text); /* copied */
void call_reply_nil(struct call *call);

/* An array that grows in the arena of the call; call_reply_items() makes it the reply. */
struct items {
	struct redis_reply *items;
	size_t count, capacity;
};
struct redis_reply *call_items_add(struct call *call,
				   struct items *items); /* a nil, to be changed */
void call_items_add_text(struct call *call, struct items *items, struct str text); /* copied */
void call_items_add_integer(struct call *call, struct items *items, int64_t value);
void call_items_add_number(struct call *call, struct items *items, double value);
void call_reply_items(struct call *call, const struct items *items);
void call_reply_number(struct call *call, double value); /* as text, as Redis 7.0 writes it */

/* glob.c: Redis' patterns: * ? [a-z] [^a] \x, bytes. */
bool redis_glob_matches(struct str pattern, struct str text);
struct str redis_glob_literal_prefix(struct str pattern); /* what every match begins with */

#endif
