#include "gateway/log_output.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/utc.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"

#define FACILITY_LOCAL7 23
#define SYSLOG_PORT 514
#define SYSLOG_BYTES_MAX 2048

static const struct str facilities[] = {
	STR_INIT("kern"),   STR_INIT("user"),   STR_INIT("mail"),     STR_INIT("daemon"),
	STR_INIT("auth"),   STR_INIT("intern"), STR_INIT("lpr"),      STR_INIT("news"),
	STR_INIT("uucp"),   STR_INIT("clock"),  STR_INIT("authpriv"), STR_INIT("ftp"),
	STR_INIT("ntp"),    STR_INIT("audit"),  STR_INIT("alert"),    STR_INIT("cron"),
	STR_INIT("local0"), STR_INIT("local1"), STR_INIT("local2"),   STR_INIT("local3"),
	STR_INIT("local4"), STR_INIT("local5"), STR_INIT("local6"),   STR_INIT("local7"),
};

static const struct str months[] = {STR_INIT("Jan"), STR_INIT("Feb"), STR_INIT("Mar"),
				    STR_INIT("Apr"), STR_INIT("May"), STR_INIT("Jun"),
				    STR_INIT("Jul"), STR_INIT("Aug"), STR_INIT("Sep"),
				    STR_INIT("Oct"), STR_INIT("Nov"), STR_INIT("Dec")};

/* Reading. */

static bool read_facility(struct str name, struct log_output *output)
{
	for (unsigned i = 0; i < sizeof facilities / sizeof *facilities; i++) {
		if (str_equal(name, facilities[i])) {
			output->facility = i;
			return true;
		}
	}
	return false;
}

static bool read_server(struct arena *arena, struct str text, struct log_output *output)
{
	struct str address = text, port_text = STR("");
	uint16_t port = SYSLOG_PORT;

	if (str_split_once(text, ':', &address, &port_text) &&
	    (!str_to_uint16(port_text, &port) || port == 0))
		return false;
	if (!url_host_is_ip(address) || str_find_char(address, ':') != STR_NOT_FOUND)
		return false;
	output->target = str_format(arena, LOG_UDP "%.*s:%u", STR_ARG(address), (unsigned)port);
	return true;
}

static bool read_parameter(struct arena *arena, struct str word, struct log_output *output)
{
	struct str name = word, value = STR("");

	str_split_once(word, '=', &name, &value);
	if (str_equal(name, STR("server")))
		return read_server(arena, value, output);
	if (str_equal(name, STR("facility")))
		return read_facility(value, output);
	if (str_equal(name, STR("tag"))) {
		output->tag = value;
		return value.size > 0;
	}
	if (str_equal(name, STR("nohostname"))) {
		output->host = STR("");
		return true;
	}
	/* Told by the level of each line. */
	return str_equal(name, STR("severity"));
}

static bool read_syslog(struct arena *arena, struct world *world, struct str parameters,
			struct log_output *output)
{
	struct str word;

	*output = (struct log_output){.is_syslog = true,
				      .facility = FACILITY_LOCAL7,
				      .tag = STR("nginx"),
				      .host = world_host_name(world)};
	while (str_next_field(&parameters, ',', &word)) {
		if (!read_parameter(arena, word, output))
			return false;
	}
	return output->target.size > 0;
}

bool log_output_parse(struct arena *arena, struct world *world, struct str text,
		      struct str fallback, struct log_output *output, struct error *error)
{
	*output = (struct log_output){.target = text.size > 0 ? text : fallback};
	if (str_equal(text, STR("stderr")))
		output->target = LOG_STDERR;
	else if (str_equal(text, STR("stdout")))
		output->target = LOG_STDOUT;
	else if (str_has_prefix(text, STR("memory:")))
		output->target = STR("");
	if (!str_has_prefix(text, STR("syslog:")) ||
	    read_syslog(arena, world, str_skip(text, sizeof "syslog:" - 1), output))
		return true;
	*output = (struct log_output){.target = fallback};
	return error_set(error, ERROR_INVALID, "log target \"%.*s\" cannot be used", STR_ARG(text));
}

/* Writing. */

static void append_head(struct strbuf *out, struct world *world, const struct log_output *output,
			unsigned severity)
{
	struct utc now = utc_from_us(world_utc_us(world));

	strbuf_append_format(out, "<%u>%.*s %2d %02d:%02d:%02d ", output->facility * 8 + severity,
			     STR_ARG(months[now.month - 1]), now.day, now.hour, now.minute,
			     now.second);
	if (output->host.size > 0)
		strbuf_append_format(out, "%.*s ", STR_ARG(output->host));
	strbuf_append_format(out, "%.*s: ", STR_ARG(output->tag));
}

void log_output_write(struct world *world, const struct log_output *output, unsigned severity,
		      struct str line)
{
	struct strbuf datagram;

	if (output->target.size == 0)
		return;
	if (!output->is_syslog) {
		log_write(world, output->target, line);
		return;
	}
	strbuf_init(&datagram, LIMIT_LOG_LINE_BYTES + SYSLOG_BYTES_MAX);
	append_head(&datagram, world, output, severity);
	strbuf_append(&datagram, line);
	log_write(world, output->target, str_slice(strbuf_str(&datagram), 0, SYSLOG_BYTES_MAX));
	strbuf_free(&datagram);
}
