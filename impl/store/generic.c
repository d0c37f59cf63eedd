#include "store/command_functions_internal.h"
#include "store/keys_internal.h"
#include "store/scan_internal.h"

#define SCAN_COUNT_DEFAULT 10
#define CURSOR_DIGITS_MAX 20

void command_del(struct call *call)
{
	int64_t removed = 0;

	for (size_t i = 1; i < call->count; i++) {
		struct key key;

		if (!store_key_find(call, call->words[i], &key))
			continue;
		store_key_remove(call->store, &key);
		removed++;
	}
	call_reply_integer(call, removed);
}

void command_exists(struct call *call)
{
	int64_t found = 0;

	for (size_t i = 1; i < call->count; i++) {
		struct key key;

		found += store_key_find(call, call->words[i], &key) ? 1 : 0;
	}
	call_reply_integer(call, found);
}

void command_type(struct call *call)
{
	struct key key;

	store_key_find(call, call->words[1], &key);
	call->reply =
		(struct redis_reply){.kind = REDIS_STATUS, .text = store_key_type_name(key.type)};
}

static bool row_is_expired(const struct call *call, const struct query *query, int column)
{
	return !store_query_column_is_null(query, column) &&
	       store_query_column_int(query, column) < call->now_ms;
}

/* Names are in byte order: those that begin like the pattern stand together. */
void command_keys(struct call *call)
{
	struct str prefix = redis_glob_literal_prefix(call->words[1]);
	struct items items = {0};
	struct query query = store_query_start(call->store, STATEMENT_KEYS_FROM_NAME);

	store_query_int(&query, call->session->database);
	store_query_text(&query, prefix);
	while (store_query_row(&query) &&
	       str_has_prefix(store_query_column_text(&query, 0), prefix))
		if (!row_is_expired(call, &query, 1) &&
		    redis_glob_matches(call->words[1], store_query_column_text(&query, 0)))
			call_items_add_text(call, &items, store_query_column_text(&query, 0));
	store_query_end(&query);
	call_reply_items(call, &items);
}

/* As C reads an unsigned number: nothing is 0, a sign is allowed. What no cursor of ours can be is
 * behind the end. */
bool scan_read_cursor(struct call *call, size_t index, struct scan_options *options)
{
	struct str word = call->words[index];
	bool has_sign = str_has_prefix(word, STR("-")) || str_has_prefix(word, STR("+"));
	struct str digits = str_skip(word, has_sign ? 1 : 0);

	bool is_valid = digits.size > 0 || !has_sign;

	for (size_t i = 0; i < digits.size; i++)
		if (digits.data[i] < '0' || digits.data[i] > '9' || i == CURSOR_DIGITS_MAX)
			is_valid = false;
	if (!is_valid)
		call_reply_error(call, "ERR invalid cursor");
	else if (digits.size == 0)
		options->cursor = 0;
	else if (!str_to_int64(digits, &options->cursor) || word.data[0] == '-')
		options->cursor = INT64_MAX;
	return is_valid;
}

enum scan_option { SCAN_COUNT = 1, SCAN_MATCH = 2, SCAN_TYPE = 4 };

bool scan_read_options(struct call *call, size_t index, bool has_types,
		       struct scan_options *options)
{
	static const struct option_word words[] = {
		{"count", SCAN_COUNT}, {"match", SCAN_MATCH}, {"type", SCAN_TYPE}, {NULL, 0}};
	unsigned known = SCAN_COUNT | SCAN_MATCH | (has_types ? (unsigned)SCAN_TYPE : 0);

	options->count = SCAN_COUNT_DEFAULT;
	for (size_t i = index; i < call->count; i += 2) {
		unsigned option = call_option(call, i, words) & known;

		if (option == 0 || i + 1 == call->count) {
			call_reply_syntax_error(call);
			return false;
		}
		if (option == SCAN_COUNT && !call_integer(call, i + 1, &options->count))
			return false;
		if (options->count < 1) {
			call_reply_syntax_error(call);
			return false;
		}
		if (option == SCAN_MATCH) {
			options->has_pattern = true;
			options->pattern = call->words[i + 1];
		}
		if (option == SCAN_TYPE) {
			options->has_type = true;
			options->type = call->words[i + 1];
		}
	}
	return true;
}

bool scan_wants(const struct scan_options *options, struct str text)
{
	return !options->has_pattern || redis_glob_matches(options->pattern, text);
}

void scan_reply(struct call *call, int64_t cursor, const struct items *items)
{
	struct items answer = {0};

	call_items_add_text(call, &answer, str_format(call->arena, "%lld", (long long)cursor));
	call_reply_items(call, items);
	*call_items_add(call, &answer) = call->reply;
	call_reply_items(call, &answer);
}

/* The cursor is the id of the last key that was looked at: keys keep theirs as long as they live,
 * so what is there from the first step to the last is found. */
void command_scan(struct call *call)
{
	struct scan_options options = {0};
	struct items items = {0};
	struct query query;
	int64_t cursor = 0, seen = 0;

	if (!scan_read_cursor(call, 1, &options) || !scan_read_options(call, 2, true, &options))
		return;
	query = store_query_start(call->store, STATEMENT_KEYS_AFTER_ID);
	store_query_int(&query, call->session->database);
	store_query_int(&query, options.cursor);
	store_query_int(&query, options.count);
	while (store_query_row(&query)) {
		struct str name = store_query_column_text(&query, 1);
		enum key_type type = (enum key_type)store_query_column_int(&query, 2);

		cursor = store_query_column_int(&query, 0);
		seen++;
		if (!row_is_expired(call, &query, 3) && scan_wants(&options, name) &&
		    (!options.has_type ||
		     str_equal_nocase(options.type, store_key_type_name(type))))
			call_items_add_text(call, &items, name);
	}
	scan_reply(call, seen < options.count ? 0 : cursor, &items);
}

/* False with the reply set when there is nothing to rename. *to: absent unless it is in the way. */
static bool look_up_both(struct call *call, struct key *from, struct key *to)
{
	if (!store_key_find(call, call->words[1], from)) {
		call_reply_error(call, "ERR no such key");
		return false;
	}
	store_key_find(call, call->words[2], to);
	return true;
}

static void move_key(struct call *call, struct key *from, struct key *to)
{
	store_key_remove(call->store, to);
	store_key_rename(call, from, to->name);
	call->store->was_pushed = true;
}

void command_rename(struct call *call)
{
	struct key from, to;

	if (!look_up_both(call, &from, &to))
		return;
	if (!str_equal(from.name, to.name))
		move_key(call, &from, &to);
	call_reply_ok(call);
}

void command_renamenx(struct call *call)
{
	struct key from, to;
	bool is_free;

	if (!look_up_both(call, &from, &to))
		return;
	is_free = to.type == KEY_NONE;
	if (is_free)
		move_key(call, &from, &to);
	call_reply_integer(call, is_free ? 1 : 0);
}
