#include "world/log.h"

#include <stdarg.h>

#include "base/limits.h"

void log_format(struct world *world, struct str target, const char *format, ...)
{
	struct strbuf line;
	va_list args;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	va_start(args, format);
	strbuf_append_vformat(&line, format, args);
	va_end(args);
	log_write(world, target, strbuf_str(&line));
	strbuf_free(&line);
}
