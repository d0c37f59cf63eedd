#include "sim/data/redis_config.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utc.h"
#include "base/vec.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define FILE_BYTES_MAX (1024 * 1024)

struct reading {
	struct arena *arena;
	VEC(struct redis_directive) directives;
	VEC(struct str) words; /* of the present directive */
};

static struct str unquoted(struct str word)
{
	if (word.size >= 2 && (word.data[0] == '"' || word.data[0] == '\'') &&
	    word.data[word.size - 1] == word.data[0])
		return str_slice(word, 1, word.size - 1);
	return word;
}

static void add_words(struct reading *reading, struct str text)
{
	struct str word;

	while (str_next_field(&text, ' ', &word)) {
		word = str_trim(word);
		if (word.size > 0)
			vec_push(&reading->words, str_copy(reading->arena, unquoted(word)));
	}
}

static void end_directive(struct reading *reading)
{
	struct redis_directive directive = {.count = reading->words.count - 1};
	struct str *values;

	if (reading->words.count == 0)
		return;
	values = ARENA_ARRAY(reading->arena, struct str, reading->words.count);
	for (size_t i = 1; i < reading->words.count; i++)
		values[i - 1] = reading->words.items[i];
	directive.name = reading->words.items[0];
	directive.values = values;
	vec_push(&reading->directives, directive);
	reading->words.count = 0;
}

static bool read_file(struct reading *reading, struct world *world, struct str path,
		      struct error *error)
{
	struct str content, line;

	if (!files_read(world, path, FILE_BYTES_MAX, reading->arena, &content, error))
		return error_wrap(error, "Can't open config file '%.*s'", STR_ARG(path));
	while (str_next_field(&content, '\n', &line)) {
		line = str_trim(line);
		if (line.size == 0 || line.data[0] == '#')
			continue;
		add_words(reading, line);
		end_directive(reading);
	}
	return true;
}

bool redis_config_read(struct world *world, const struct str *arguments, size_t count,
		       struct arena *arena, struct redis_config *config, struct error *error)
{
	struct reading reading = {.arena = arena};
	size_t first = count > 0 && !str_has_prefix(arguments[0], STR("--")) ? 1 : 0;
	bool is_read = first == 0 || read_file(&reading, world, arguments[0], error);

	for (size_t i = first; is_read && i < count; i++) {
		if (str_has_prefix(arguments[i], STR("--")))
			end_directive(&reading);
		if (str_has_prefix(arguments[i], STR("--")))
			add_words(&reading, str_skip(arguments[i], 2));
		else
			add_words(&reading, arguments[i]);
	}
	end_directive(&reading);
	config->count = reading.directives.count;
	config->directives = ARENA_ARRAY(arena, struct redis_directive, config->count + 1);
	for (size_t i = 0; i < config->count; i++)
		config->directives[i] = reading.directives.items[i];
	vec_free(&reading.directives);
	vec_free(&reading.words);
	return is_read;
}

bool redis_config_refuse(const struct redis_directive *directive, struct error *error)
{
	return error_set(error, ERROR_INVALID,
			 "FATAL CONFIG FILE ERROR: '%.*s': Bad directive or wrong number of "
			 "arguments",
			 STR_ARG(directive->name));
}

void redis_log(struct world *world, char role, char level, const char *format, ...)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct utc now = utc_from_us(world_utc_us(world));
	struct strbuf line;
	va_list arguments;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	strbuf_append_format(&line, "%d:%c %02d %s %d %02d:%02d:%02d.%03d %c ",
			     world_process_id(world), role, now.day, months[now.month - 1],
			     now.year, now.hour, now.minute, now.second, now.microsecond / 1000,
			     level);
	va_start(arguments, format);
	strbuf_append_vformat(&line, format, arguments);
	va_end(arguments);
	log_write(world, LOG_STDOUT, strbuf_str(&line));
	strbuf_free(&line);
}
