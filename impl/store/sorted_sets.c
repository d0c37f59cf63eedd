#include <string.h>

#include "store/command_functions_internal.h"
#include "store/keys_internal.h"

/* Scores are stored as integers in the order of the numbers: the bits of a number, with those below
 * the sign turned round when it is negative. The next integer is the next number. */
static int64_t score_encode(double score)
{
	int64_t bits;

	if (score == 0)
		score = 0; /* one zero only: they are equal */
	memcpy(&bits, &score, sizeof bits);
	return bits < 0 ? bits ^ INT64_MAX : bits;
}

static double score_decode(int64_t stored)
{
	int64_t bits = stored < 0 ? stored ^ INT64_MAX : stored;
	double score;

	memcpy(&score, &bits, sizeof score);
	return score;
}

/* Between two scores, both included; as stored. */
struct score_range {
	int64_t min, max;
};
static const struct score_range ALL_SCORES = {INT64_MIN, INT64_MAX};

static bool find_score(struct call *call, const struct key *key, struct str member, double *score)
{
	struct query query;
	bool has_member;

	if (key->count == 0)
		return false;
	query = store_query_start(call->store, STATEMENT_SCORE_FIND);
	store_query_int(&query, key->id);
	store_query_text(&query, member);
	has_member = store_query_row(&query);
	if (has_member)
		*score = score_decode(store_query_column_int(&query, 0));
	store_query_end(&query);
	return has_member;
}

static void write_score(struct call *call, enum statement_name statement, const struct key *key,
			struct str member, double score)
{
	struct query query = store_query_start(call->store, statement);

	store_query_int(&query, key->id);
	store_query_text(&query, member);
	store_query_int(&query, score_encode(score));
	store_query_run(&query);
}

enum add_option {
	ADD_NX = 1,
	ADD_XX = 2,
	ADD_GT = 4,
	ADD_LT = 8,
	ADD_CH = 16,
	ADD_INCR = 32,
};

struct addition {
	struct call *call;
	struct key key;
	unsigned options;
	size_t first; /* word of the first score */
	int64_t added, changed;
	double score;    /* of the last one */
	bool is_refused; /* the last one, by an option */
};

static bool read_add_options(struct addition *addition)
{
	static const struct option_word words[] = {
		{"nx", ADD_NX}, {"xx", ADD_XX},     {"gt", ADD_GT}, {"lt", ADD_LT},
		{"ch", ADD_CH}, {"incr", ADD_INCR}, {NULL, 0},
	};
	struct call *call = addition->call;
	unsigned option, given = 0;
	size_t pairs;

	addition->first = 2;
	while (addition->first < call->count &&
	       (option = call_option(call, addition->first, words)) != 0) {
		given |= option;
		addition->first++;
	}
	addition->options = given;
	pairs = (call->count - addition->first) / 2;
	if (pairs == 0 || (call->count - addition->first) % 2 != 0)
		call_reply_syntax_error(call);
	else if ((given & ADD_NX) != 0 && (given & ADD_XX) != 0)
		call_reply_error(call, "ERR XX and NX options at the same time are not compatible");
	else if (((given & ADD_GT) != 0 && (given & (ADD_NX | ADD_LT)) != 0) ||
		 ((given & ADD_LT) != 0 && (given & ADD_NX) != 0))
		call_reply_error(call, "ERR GT, LT, and/or NX options at the same time are not"
				       " compatible");
	else if ((given & ADD_INCR) != 0 && pairs > 1)
		call_reply_error(call, "ERR INCR option supports a single increment-element pair");
	else
		return true;
	return false;
}

/* Puts one member with addition->score. False with the reply set when the sum is no number. */
static bool add_one(struct addition *addition, struct str member)
{
	unsigned options = addition->options;
	double score = addition->score, before = 0;
	bool has_member = find_score(addition->call, &addition->key, member, &before);

	addition->is_refused = has_member ? (options & ADD_NX) != 0 : (options & ADD_XX) != 0;
	if (addition->is_refused)
		return true;
	if ((options & ADD_INCR) != 0 && has_member)
		score += before;
	if (score != score) {
		call_reply_error(addition->call, "ERR resulting score is not a number (NaN)");
		return false;
	}
	addition->score = score;
	addition->is_refused = has_member && (((options & ADD_GT) != 0 && score <= before) ||
					      ((options & ADD_LT) != 0 && score >= before));
	if (addition->is_refused || (has_member && score == before))
		return true;
	write_score(addition->call, has_member ? STATEMENT_SCORE_SET : STATEMENT_SCORE_INSERT,
		    &addition->key, member, score);
	store_key_touched(addition->call->store, addition->key.cached);
	addition->key.count += has_member ? 0 : 1;
	addition->added += has_member ? 0 : 1;
	addition->changed++;
	return true;
}

static void add_all(struct addition *addition)
{
	struct call *call = addition->call;

	for (size_t i = addition->first; i < call->count; i += 2)
		if (!command_read_number(call->words[i], &addition->score)) {
			call_reply_error(call, "ERR value is not a valid float");
			return;
		}
	if (!store_key_look_up(call, call->words[1], KEY_SORTED_SET, &addition->key))
		return;
	store_key_begin(call, &addition->key, KEY_SORTED_SET);
	for (size_t i = addition->first; i < call->count; i += 2) {
		command_read_number(call->words[i], &addition->score);
		if (!add_one(addition, call->words[i + 1]))
			return; /* only INCR fails, and it has one pair: nothing is half done */
	}
	store_key_save(call, &addition->key);
	if ((addition->options & ADD_INCR) == 0)
		call_reply_integer(call, (addition->options & ADD_CH) != 0 ? addition->changed
									   : addition->added);
	else if (addition->is_refused)
		call_reply_nil(call);
	else
		call_reply_number(call, addition->score);
}

void command_zadd(struct call *call)
{
	struct addition addition = {.call = call};

	if (read_add_options(&addition))
		add_all(&addition);
}

void command_zincrby(struct call *call)
{
	struct addition addition = {.call = call, .options = ADD_INCR, .first = 2};

	add_all(&addition);
}

static int64_t remove_range(struct call *call, const struct key *key,
			    const struct score_range *range)
{
	struct query query = store_query_start(call->store, STATEMENT_SCORES_DELETE_RANGE);

	store_query_int(&query, key->id);
	store_query_int(&query, range->min);
	store_query_int(&query, range->max);
	return store_query_run(&query);
}

/* What a range command asks for. */
struct selection {
	struct key key;
	struct score_range scores;
	bool is_reverse, with_scores;
	int64_t offset, limit; /* limit negative: all */
};

static void reply_selection(struct call *call, const struct selection *selection)
{
	struct items items = {0};
	struct query query;

	call_reply_items(call, &items);
	if (selection->key.count == 0 || selection->offset < 0)
		return;
	query = store_query_start(call->store, selection->is_reverse ? STATEMENT_SCORES_DOWN
								     : STATEMENT_SCORES_UP);
	store_query_int(&query, selection->key.id);
	store_query_int(&query, selection->scores.min);
	store_query_int(&query, selection->scores.max);
	store_query_int(&query, selection->limit);
	store_query_int(&query, selection->offset);
	while (store_query_row(&query)) {
		call_items_add_text(call, &items, store_query_column_text(&query, 0));
		if (selection->with_scores)
			call_items_add_number(call, &items,
					      score_decode(store_query_column_int(&query, 1)));
	}
	call_reply_items(call, &items);
}

/* From index `start` to index `stop`, both included, negative ones from the end. */
static void select_ranks(struct selection *selection, int64_t start, int64_t stop)
{
	int64_t count = selection->key.count;

	if (start < 0)
		start = start + count < 0 ? 0 : start + count;
	if (stop < 0)
		stop += count;
	if (stop >= count)
		stop = count - 1;
	selection->offset = start;
	selection->limit = start > stop ? 0 : stop - start + 1;
}

/* A bound of a score range: a number, "(" before it leaves it out; blanks before it and emptiness
 * are as C reads them, which is what Redis does here. */
static bool read_bound(struct str word, bool is_min, int64_t *bound)
{
	bool is_open = str_has_prefix(word, STR("("));
	struct str text = str_skip(word, is_open ? 1 : 0);
	double score = 0;

	while (text.size > 0 && strchr(" \t\n\v\f\r", text.data[0]) != NULL)
		text = str_skip(text, 1);
	if (text.size > 0 && !command_read_number(text, &score))
		return false;
	*bound = score_encode(score);
	if (is_open)
		*bound += is_min ? 1 : -1;
	return true;
}

static bool read_range(struct call *call, size_t min_index, size_t max_index,
		       struct score_range *range)
{
	if (read_bound(call->words[min_index], true, &range->min) &&
	    read_bound(call->words[max_index], false, &range->max))
		return true;
	call_reply_error(call, "ERR min or max is not a float");
	return false;
}

enum range_option {
	RANGE_WITHSCORES = 1,
	RANGE_LIMIT = 2,
	RANGE_REV = 4,
	RANGE_BYSCORE = 8,
};

/* Which options a command knows, and what its name already says. */
static bool read_range_options(struct call *call, unsigned known, unsigned *given,
			       struct selection *selection)
{
	static const struct option_word words[] = {
		{"withscores", RANGE_WITHSCORES},
		{"limit", RANGE_LIMIT},
		{"rev", RANGE_REV},
		{"byscore", RANGE_BYSCORE},
		{NULL, 0},
	};

	for (size_t i = 4; i < call->count; i++) {
		unsigned option = call_option(call, i, words) & known;

		if (option == 0 || (option == RANGE_LIMIT && i + 2 >= call->count)) {
			call_reply_syntax_error(call);
			return false;
		}
		*given |= option;
		if (option != RANGE_LIMIT)
			continue;
		if (!call_integer(call, i + 1, &selection->offset) ||
		    !call_integer(call, i + 2, &selection->limit))
			return false;
		i += 2;
	}
	if (selection->limit != -1 && (*given & RANGE_BYSCORE) == 0) {
		call_reply_error(call,
				 "ERR syntax error, LIMIT is only supported in combination with"
				 " either BYSCORE or BYLEX");
		return false;
	}
	selection->is_reverse = (*given & RANGE_REV) != 0;
	selection->with_scores = (*given & RANGE_WITHSCORES) != 0;
	return true;
}

static void range(struct call *call, unsigned known, unsigned given)
{
	struct selection selection = {.scores = ALL_SCORES, .limit = -1};
	int64_t start = 0, stop = 0;

	if (!read_range_options(call, known, &given, &selection))
		return;
	if ((given & RANGE_BYSCORE) != 0) {
		bool is_reverse = selection.is_reverse;

		if (!read_range(call, is_reverse ? 3 : 2, is_reverse ? 2 : 3, &selection.scores))
			return;
	} else if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop)) {
		return;
	}
	if (!store_key_look_up(call, call->words[1], KEY_SORTED_SET, &selection.key))
		return;
	if ((given & RANGE_BYSCORE) == 0)
		select_ranks(&selection, start, stop);
	reply_selection(call, &selection);
}

void command_zrange(struct call *call)
{
	range(call, RANGE_WITHSCORES | RANGE_LIMIT | RANGE_REV | RANGE_BYSCORE, 0);
}

void command_zrevrange(struct call *call)
{
	range(call, RANGE_WITHSCORES, RANGE_REV);
}

void command_zrangebyscore(struct call *call)
{
	range(call, RANGE_WITHSCORES | RANGE_LIMIT, RANGE_BYSCORE);
}

void command_zrevrangebyscore(struct call *call)
{
	range(call, RANGE_WITHSCORES | RANGE_LIMIT, RANGE_BYSCORE | RANGE_REV);
}

void command_zcount(struct call *call)
{
	struct key key;
	struct score_range scores;
	struct query query;

	if (!read_range(call, 2, 3, &scores) ||
	    !store_key_look_up(call, call->words[1], KEY_SORTED_SET, &key))
		return;
	call_reply_integer(call, 0);
	query = store_query_start(call->store, STATEMENT_SCORES_COUNT);
	store_query_int(&query, key.id);
	store_query_int(&query, scores.min);
	store_query_int(&query, scores.max);
	if (store_query_row(&query))
		call_reply_integer(call, store_query_column_int(&query, 0));
	store_query_end(&query);
}

void command_zremrangebyscore(struct call *call)
{
	struct key key;
	struct score_range scores;
	int64_t removed;

	if (!read_range(call, 2, 3, &scores) ||
	    !store_key_look_up(call, call->words[1], KEY_SORTED_SET, &key))
		return;
	removed = key.count > 0 ? remove_range(call, &key, &scores) : 0;
	key.count -= removed;
	store_key_save(call, &key);
	call_reply_integer(call, removed);
}

void command_zrem(struct call *call)
{
	struct key key;
	int64_t count;

	if (!store_key_look_up(call, call->words[1], KEY_SORTED_SET, &key))
		return;
	count = key.count;
	for (size_t i = 2; i < call->count && key.count > 0; i++) {
		struct query query = store_query_start(call->store, STATEMENT_SCORE_DELETE);

		store_query_int(&query, key.id);
		store_query_text(&query, call->words[i]);
		key.count -= store_query_run(&query);
	}
	call_reply_integer(call, count - key.count);
	store_key_save(call, &key);
}

void command_zcard(struct call *call)
{
	struct key key;

	if (store_key_look_up(call, call->words[1], KEY_SORTED_SET, &key))
		call_reply_integer(call, key.count);
}

void command_zscore(struct call *call)
{
	struct key key;
	double score;

	if (!store_key_look_up(call, call->words[1], KEY_SORTED_SET, &key))
		return;
	if (find_score(call, &key, call->words[2], &score))
		call_reply_number(call, score);
	else
		call_reply_nil(call);
}
