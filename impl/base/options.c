#include "base/options.h"

#include <string.h>

#include "base/error.h"

#define NAME_BYTES_MAX 32

/* One walk over the arguments; it runs twice, first only checking, so that a failure leaves the
 * values untouched. */
struct walk {
	const struct option *options;
	size_t options_count;
	const struct str *arguments;
	size_t count, at;
	struct str *words;
	size_t words_max, words_count;
	bool apply;
	struct error *error;
};

/* How many letters to insert, remove or change to get from a to b. */
static size_t edit_distance(struct str a, struct str b)
{
	size_t row[NAME_BYTES_MAX + 1];

	if (a.size > NAME_BYTES_MAX || b.size > NAME_BYTES_MAX)
		return NAME_BYTES_MAX;
	for (size_t i = 0; i <= b.size; i++)
		row[i] = i;
	for (size_t i = 0; i < a.size; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < b.size; k++) {
			size_t changed = diagonal + (a.data[i] != b.data[k]);

			diagonal = row[k + 1];
			if (row[k] + 1 < changed)
				changed = row[k] + 1;
			if (row[k + 1] + 1 < changed)
				changed = row[k + 1] + 1;
			row[k + 1] = changed;
		}
	}
	return row[b.size];
}

static bool refuse_unknown(const struct walk *w, struct str name, struct str written)
{
	const char *closest = NULL;
	size_t best = name.size > 5 ? 4 : 3; /* farther away it is a different word */

	for (size_t i = 0; i < w->options_count; i++) {
		size_t distance = edit_distance(name, str_from(w->options[i].name));

		if (distance < best && distance < name.size) {
			best = distance;
			closest = w->options[i].name;
		}
	}
	if (closest == NULL)
		return error_set(w->error, ERROR_INVALID, "unknown option %.*s", STR_ARG(written));
	return error_set(w->error, ERROR_INVALID, "unknown option %.*s, did you mean --%s?",
			 STR_ARG(written), closest);
}

static const struct option *find_long(const struct walk *w, struct str name)
{
	for (size_t i = 0; i < w->options_count; i++) {
		if (str_equal(name, str_from(w->options[i].name)))
			return &w->options[i];
	}
	return NULL;
}

static const struct option *find_short(const struct walk *w, struct str letter)
{
	for (size_t i = 0; i < w->options_count && letter.size == 1; i++) {
		if (w->options[i].short_name == letter.data[0])
			return &w->options[i];
	}
	return NULL;
}

static void add_text(struct option_texts *texts, struct str text)
{
	if (texts->count < OPTION_TEXTS_MAX)
		texts->items[texts->count++] = text;
}

static bool is_flag(const struct option *option)
{
	return option->kind == OPTION_FLAG || option->kind == OPTION_COUNT;
}

static bool set_value(const struct walk *w, const struct option *option, struct str text)
{
	int64_t number = 0;
	uint16_t port = 0;

	if (option->kind == OPTION_INT && !str_to_int64(text, &number))
		return error_set(w->error, ERROR_INVALID, "option --%s: \"%.*s\" is not a number",
				 option->name, STR_ARG(text));
	if (option->kind == OPTION_PORT && !str_to_uint16(text, &port))
		return error_set(w->error, ERROR_INVALID,
				 "option --%s: \"%.*s\" is not a port (0 to 65535)", option->name,
				 STR_ARG(text));
	if (!w->apply)
		return true;
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)option->value = true;
		break;
	case OPTION_COUNT:
		++*(int *)option->value;
		break;
	case OPTION_TEXT:
		*(struct str *)option->value = text;
		break;
	case OPTION_TEXTS:
		add_text(option->value, text);
		break;
	case OPTION_INT:
		*(int64_t *)option->value = number;
		break;
	case OPTION_PORT:
		*(uint16_t *)option->value = port;
		break;
	}
	if (option->is_given != NULL)
		*option->is_given = true;
	return true;
}

static bool walk_option(struct walk *w, struct str argument)
{
	bool is_long = str_has_prefix(argument, STR("--"));
	struct str name = str_skip(argument, is_long ? 2 : 1), value = STR("");
	bool has_value = is_long && str_split_once(name, '=', &name, &value);
	const struct option *option = is_long ? find_long(w, name) : find_short(w, name);

	if (option == NULL)
		return refuse_unknown(w, name,
				      is_long ? str_slice(argument, 0, name.size + 2) : argument);
	if (is_flag(option) && has_value)
		return error_set(w->error, ERROR_INVALID, "option --%s takes no value",
				 option->name);
	if (!is_flag(option) && !has_value) {
		if (w->at == w->count)
			return error_set(w->error, ERROR_INVALID, "option --%s needs a value",
					 option->name);
		value = w->arguments[w->at++];
	}
	return set_value(w, option, value);
}

static bool walk_word(struct walk *w, struct str word)
{
	if (w->words_count == w->words_max)
		return error_set(w->error, ERROR_INVALID, "unexpected argument \"%.*s\"",
				 STR_ARG(word));
	if (w->apply)
		w->words[w->words_count] = word;
	w->words_count++;
	return true;
}

static bool walk_all(struct walk *w)
{
	bool options_ended = false;

	w->at = w->words_count = 0;
	while (w->at < w->count) {
		struct str argument = w->arguments[w->at++];
		bool is_option = !options_ended && argument.size > 1 && argument.data[0] == '-';

		if (is_option && str_equal(argument, STR("--")))
			options_ended = true;
		else if (!(is_option ? walk_option(w, argument) : walk_word(w, argument)))
			return false;
	}
	return true;
}

bool options_parse(const struct option *options, size_t options_count, const struct str *arguments,
		   size_t count, struct str *words, size_t words_max, size_t *words_count,
		   struct error *error)
{
	struct walk walk = {.options = options,
			    .options_count = options_count,
			    .arguments = arguments,
			    .count = count,
			    .words = words,
			    .words_max = words_max,
			    .error = error};

	if (!walk_all(&walk))
		return false;
	walk.apply = true;
	walk_all(&walk);
	if (words_count != NULL)
		*words_count = walk.words_count;
	return true;
}

static size_t left_width(const struct option *option)
{
	return strlen(option->name) + (option->argument != NULL ? strlen(option->argument) + 1 : 0);
}

void options_help(struct strbuf *out, const struct option *options, size_t options_count)
{
	size_t width = 0;

	for (size_t i = 0; i < options_count; i++) {
		if (left_width(&options[i]) > width)
			width = left_width(&options[i]);
	}
	for (size_t i = 0; i < options_count; i++) {
		const struct option *option = &options[i];
		char letter[] = {'-', option->short_name, ',', '\0'};
		bool has_argument = option->argument != NULL;

		strbuf_append_format(out, "  %-3s --%s%s%s%*s  %s\n",
				     option->short_name != '\0' ? letter : "", option->name,
				     has_argument ? " " : "", has_argument ? option->argument : "",
				     (int)(width - left_width(option)), "", option->help);
	}
}
