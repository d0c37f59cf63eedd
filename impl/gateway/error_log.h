/* The error log: spec/gateway.md 6.4. One line for each message:
 *   2018/06/04 11:06:15 [warn] 23#23: *495 [lua] host.c:24: find_service(): TEXT, client: 10.0.0.8,
 *   server: _, request: "GET / HTTP/1.1", host: "apicast.example.com"
 *
 * Messages below the level are not formatted. What clients sent is escaped, so that a line stays a
 * line. While `captured` is set, lines go there instead (the boot loader's output, 1.7).
 */
#ifndef GATEWAY_ERROR_LOG_H
#define GATEWAY_ERROR_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct http_request;
struct log_output;
struct world;

enum log_level {
	LEVEL_EMERG,
	LEVEL_ALERT,
	LEVEL_CRIT,
	LEVEL_ERROR,
	LEVEL_WARN,
	LEVEL_NOTICE,
	LEVEL_INFO,
	LEVEL_DEBUG,
	LEVELS
};

struct error_log {
	struct world *world;
	const struct log_output *output;
	enum log_level level;
	uint64_t early_lines[LEVELS]; /* written so far, by level, while `lines` is NULL */
	uint64_t *lines;              /* where they are counted: LEVELS */
	struct strbuf *captured;      /* NULL, or where lines go for now */
};

/* Who a message is about: a client's request, or a timer. */
struct log_subject {
	bool is_timer;
	uint64_t connection_number;
	struct str client; /* address */
	const struct http_request *request;
	struct str subrequest; /* only when the gateway asks for itself */
	struct str upstream;   /* "http://10.0.0.5:80/path"; only while one is involved */
};

/* Where the original names a line of its source there stands a number made from the message: the
 * same with every compiler (they disagree about the line of a call that spans several), and unmoved
 * by edits elsewhere. */
struct log_place {
	const char *file;
	const char *function; /* NULL: a message of the server's core, without origin */
};

extern const struct log_subject log_subject_timer;

struct str log_level_name(enum log_level level);
bool log_level_from_name(struct str name, enum log_level *level);

/* From here on lines are counted there, those written so far too; others may count there as well.
 */
void error_log_count_in(struct error_log *log, uint64_t *lines);

/* subject may be NULL. The text is appended to the line as it is: client text in it must be escaped
 * by log_escape(). */
void error_log_line(struct error_log *log, enum log_level level, const struct log_subject *subject,
		    struct log_place place, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define LOG(error_log, severity, about, ...)                                                       \
	((severity) <= (error_log)->level                                                          \
		 ? error_log_line((error_log), (severity), (about),                                \
				  (struct log_place){__FILE__, __func__}, __VA_ARGS__)             \
		 : (void)0)
/* The same without the origin: what the proxy itself says (5.4). */
#define LOG_CORE(error_log, severity, about, ...)                                                  \
	((severity) <= (error_log)->level ? error_log_line((error_log), (severity), (about),       \
							   (struct log_place){0}, __VA_ARGS__)     \
					  : (void)0)

/* Appends text with quotes, backslashes, control and non-ASCII bytes as \xHH. */
void log_escape(struct strbuf *out, struct str text);
/* The same for "%s". */
const char *log_text(struct arena *arena, struct str text);
/* Appends "GET /path HTTP/1.1", escaped. */
void log_request_line(struct strbuf *out, const struct http_request *request);

#endif
