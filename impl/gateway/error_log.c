#include "gateway/error_log.h"

#include <string.h>

#include "base/limits.h"
#include "base/utc.h"
#include "gateway/log_output.h"
#include "http/message.h"
#include "world/clock.h"
#include "world/environment.h"

#define PLACE_NUMBERS 500 /* as many lines as a file of ours about has */

const struct log_subject log_subject_timer = {.is_timer = true};

static const struct str level_names[LEVELS] = {
	[LEVEL_EMERG] = STR_INIT("emerg"), [LEVEL_ALERT] = STR_INIT("alert"),
	[LEVEL_CRIT] = STR_INIT("crit"),   [LEVEL_ERROR] = STR_INIT("error"),
	[LEVEL_WARN] = STR_INIT("warn"),   [LEVEL_NOTICE] = STR_INIT("notice"),
	[LEVEL_INFO] = STR_INIT("info"),   [LEVEL_DEBUG] = STR_INIT("debug"),
};

struct str log_level_name(enum log_level level)
{
	return level_names[level];
}

bool log_level_from_name(struct str name, enum log_level *level)
{
	for (int i = 0; i < LEVELS; i++) {
		if (str_equal(name, level_names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void log_escape(struct strbuf *out, struct str text)
{
	size_t plain = 0;

	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (is_plain(c))
			continue;
		strbuf_append(out, str_slice(text, plain, i));
		strbuf_append_format(out, "\\x%02X", c);
		plain = i + 1;
	}
	strbuf_append(out, str_skip(text, plain));
}

const char *log_text(struct arena *arena, struct str text)
{
	struct strbuf escaped;
	const char *copy;

	strbuf_init(&escaped, LIMIT_LOG_LINE_BYTES);
	log_escape(&escaped, text);
	copy = str_cstr(arena, strbuf_str(&escaped));
	strbuf_free(&escaped);
	return copy;
}

void log_request_line(struct strbuf *out, const struct http_request *request)
{
	log_escape(out, request->method);
	strbuf_append_char(out, ' ');
	log_escape(out, request->target);
	strbuf_append(out, request->minor_version == 0 ? STR(" HTTP/1.0") : STR(" HTTP/1.1"));
}

static void append_head(struct strbuf *line, const struct error_log *log, enum log_level level,
			const struct log_subject *subject, struct log_place place,
			const char *format)
{
	char date[32];
	int process_id = world_process_id(log->world);

	strbuf_append(line, utc_format_error_log(date, world_utc_us(log->world)));
	strbuf_append_format(line, " [%.*s] %d#%d: ", STR_ARG(level_names[level]), process_id,
			     process_id);
	if (subject != NULL && subject->request != NULL)
		strbuf_append_format(line, "*%llu ",
				     (unsigned long long)subject->connection_number);
	if (place.function != NULL) {
		const char *slash = strrchr(place.file, '/');

		int number = (int)(str_hash(str_from(format), 0) % PLACE_NUMBERS) + 1;

		strbuf_append_format(line,
				     "[lua] %s:%d: %s(): ", slash != NULL ? slash + 1 : place.file,
				     number, place.function);
	}
}

static void append_quoted(struct strbuf *line, struct str name, struct str value)
{
	strbuf_append(line, name);
	log_escape(line, value);
	strbuf_append_char(line, '"');
}

static void append_tail(struct strbuf *line, const struct log_subject *subject)
{
	static const struct str host = STR_INIT("Host");

	if (subject == NULL)
		return;
	if (subject->is_timer) {
		strbuf_append(line, STR(", context: ngx.timer"));
		return;
	}
	strbuf_append_format(line, ", client: %.*s, server: _, request: \"",
			     STR_ARG(subject->client));
	log_request_line(line, subject->request);
	strbuf_append_char(line, '"');
	if (subject->subrequest.size > 0)
		append_quoted(line, STR(", subrequest: \""), subject->subrequest);
	if (subject->upstream.size > 0)
		append_quoted(line, STR(", upstream: \""), subject->upstream);
	if (http_fields_has(&subject->request->fields, host))
		append_quoted(line, STR(", host: \""),
			      http_fields_get(&subject->request->fields, host));
}

void error_log_count_in(struct error_log *log, uint64_t *lines)
{
	log->lines = lines;
	for (size_t i = 0; i < LEVELS; i++)
		__atomic_fetch_add(&lines[i], log->early_lines[i], __ATOMIC_RELAXED);
}

void error_log_line(struct error_log *log, enum log_level level, const struct log_subject *subject,
		    struct log_place place, const char *format, ...)
{
	struct strbuf line;
	va_list args;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	append_head(&line, log, level, subject, place, format);
	va_start(args, format);
	strbuf_append_vformat(&line, format, args);
	va_end(args);
	append_tail(&line, subject);
	if (log->lines != NULL)
		__atomic_fetch_add(&log->lines[level], 1, __ATOMIC_RELAXED);
	else
		log->early_lines[level]++;
	if (log->captured != NULL) {
		strbuf_append(log->captured, strbuf_str(&line));
		strbuf_append_char(log->captured, '\n');
	} else {
		log_output_write(log->world, log->output, level, strbuf_str(&line));
	}
	strbuf_free(&line);
}
