#include "world/component.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"
#include "world/log.h"

static bool asks_for_help(const struct str *arguments, size_t count)
{
	for (size_t i = 0; i < count && !str_equal(arguments[i], STR("--")); i++) {
		if (str_equal(arguments[i], STR("--help")) || str_equal(arguments[i], STR("-h")))
			return true;
	}
	return false;
}

static void show_help(struct world *world, const char *usage, const struct option *options,
		      size_t options_count)
{
	struct strbuf text;
	struct str rest, line;

	log_format(world, LOG_STDOUT, "usage: refscale %s", usage);
	strbuf_init(&text, LIMIT_LOG_LINE_BYTES);
	options_help(&text, options, options_count);
	rest = strbuf_str(&text);
	while (str_next_field(&rest, '\n', &line))
		log_write(world, LOG_STDOUT, line);
	strbuf_free(&text);
}

bool component_read_options(struct world *world, const char *usage, const struct option *options,
			    size_t options_count, const struct str *arguments, size_t count,
			    struct str *words, size_t words_max, size_t *words_count,
			    struct error *error)
{
	if (!asks_for_help(arguments, count))
		return options_parse(options, options_count, arguments, count, words, words_max,
				     words_count, error);
	show_help(world, usage, options, options_count);
	return error_set(error, ERROR_HELP, "%s", "");
}
