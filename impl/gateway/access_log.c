#include "gateway/access_log.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/utc.h"
#include "gateway/error_log.h"
#include "gateway/log_output.h"

static void append_seconds(struct strbuf *out, int64_t span_us)
{
	int64_t milliseconds = span_us / 1000;

	strbuf_append_format(out, "%" PRId64 ".%03d", milliseconds / 1000,
			     (int)(milliseconds % 1000));
}

/* Appends the line, without a line feed. */
static void format_entry(struct strbuf *out, const struct access_log_entry *entry)
{
	char date[32];

	strbuf_append_char(out, '[');
	strbuf_append(out, utc_format_access_log(date, entry->time_us));
	strbuf_append(out, STR("] "));
	log_escape(out, entry->host);
	strbuf_append_format(out, ":%u %.*s:%u \"", (unsigned)entry->server_port,
			     STR_ARG(entry->remote_address), (unsigned)entry->remote_port);
	log_request_line(out, entry->request);
	strbuf_append_format(out, "\" %d %" PRId64 " (", entry->status, entry->body_bytes_sent);
	append_seconds(out, entry->request_time_us);
	strbuf_append(out, STR(") "));
	if (entry->has_post_action)
		append_seconds(out, entry->post_action_us);
}

void access_log_write(struct world *world, const struct log_output *output,
		      const struct access_log_entry *entry)
{
	struct strbuf line;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	format_entry(&line, entry);
	log_output_write(world, output, LEVEL_INFO, strbuf_str(&line));
	strbuf_free(&line);
}
