#include "backend/request_log.h"

#include "backend/backend_internal.h"
#include "backend/memo.h"
#include "backend/process_metrics.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/url.h"
#include "http/query.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"

struct entry {
	struct backend *backend;
	const struct http_exchange *exchange;
	struct arena *arena;
	struct str time, path, query, user, forwarded, extensions, request_id;
	int status;
	size_t length;
	double seconds;
	struct memo_figures memo;
};

static struct str field(const struct entry *entry, struct str name)
{
	return http_fields_get(&entry->exchange->request.fields, name);
}

static struct str or_dash(struct str text)
{
	return text.size > 0 ? text : STR("-");
}

/* A line stays a line: no control character comes out of base64. */
static bool is_printable(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	}
	return str_is_utf8(text);
}

static struct str basic_user(const struct entry *entry)
{
	struct str value = field(entry, STR("Authorization")), pair, user, password;

	if (!str_has_prefix(value, STR("Basic ")) ||
	    !base64_decode(entry->arena, str_skip(value, 6), &pair))
		return STR("");
	str_split_once(pair, ':', &user, &password);
	return is_printable(user) ? user : STR("");
}

/* "?query", with the provider key of a form. */
static struct str shown_query(const struct entry *entry, struct str query, struct str form)
{
	struct http_query pairs;
	struct str key;

	http_query_init(&pairs, entry->arena);
	http_query_parse(&pairs, form);
	key = http_query_get_last(&pairs, STR("provider_key"));
	if (key.size > 0)
		query = STR_CONCAT(entry->arena, query, query.size > 0 ? STR("&") : STR(""),
				   STR("provider_key="), url_encoded(entry->arena, key));
	return query.size > 0 ? STR_CONCAT(entry->arena, STR("?"), query) : STR("");
}

/* "01/Jun/2019 10:20:30 UTC" */
static struct str log_time(struct arena *arena, int64_t now_us)
{
	char text[32];
	struct str time = utc_format_access_log(text, now_us);

	return STR_CONCAT(arena, str_slice(time, 0, 11), STR(" "), str_slice(time, 12, 20),
			  STR(" UTC"));
}

/* 9.9: nothing of the inside but that. */
#define FAILURE STR("a command to Redis failed")

static bool is_exception(const struct entry *entry)
{
	return entry->status == 500;
}

static void write_text_result(struct strbuf *out, const struct entry *entry)
{
	if (is_exception(entry)) {
		strbuf_append_format(out, "\"%.*s\" %.5f ", STR_ARG(FAILURE), entry->seconds);
		return;
	}
	if (entry->length > 0)
		strbuf_append_format(out, "%zu", entry->length);
	else
		strbuf_append_char(out, '-');
	strbuf_append_format(out, " %.5f 0 0 0 %zu %llu %llu ", entry->seconds, entry->memo.count,
			     (unsigned long long)entry->memo.lookups,
			     (unsigned long long)entry->memo.hits);
}

static void write_text(const struct entry *entry)
{
	struct strbuf *out = &entry->backend->scratch;

	strbuf_clear(out);
	strbuf_append_format(out, "%.*s - %.*s [%.*s] \"%.*s %.*s%.*s HTTP/1.%d\" %d ",
			     STR_ARG(entry->forwarded), STR_ARG(or_dash(entry->user)),
			     STR_ARG(entry->time), STR_ARG(entry->exchange->request.method),
			     STR_ARG(entry->path), STR_ARG(entry->query),
			     entry->exchange->request.minor_version, entry->status);
	write_text_result(out, entry);
	strbuf_append(out, or_dash(entry->request_id));
	strbuf_append_char(out, ' ');
	if (entry->extensions.size == 0)
		strbuf_append_char(out, '-');
	else
		json_write_str(out, entry->extensions);
}

static void write_member(struct strbuf *out, struct str name, struct str value)
{
	strbuf_append_char(out, out->size == 0 ? '{' : ',');
	json_write_str(out, name);
	strbuf_append_char(out, ':');
	json_write_str(out, value);
}

static void write_json_request(struct strbuf *out, const struct entry *entry)
{
	write_member(out, STR("forwarded_for"), entry->forwarded);
	write_member(out, STR("remote_user"), or_dash(entry->user));
	write_member(out, STR("time"), entry->time);
	write_member(out, STR("method"), entry->exchange->request.method);
	write_member(out, STR("path_info"), entry->path);
	write_member(out, STR("query_string"), entry->query);
	write_member(out, STR("http_version"),
		     entry->exchange->request.minor_version == 0 ? STR("HTTP/1.0")
								 : STR("HTTP/1.1"));
	write_member(out, STR("status"), str_format(entry->arena, "%d", entry->status));
	strbuf_append_format(out, ",\"response_time\":%.5f", entry->seconds);
	write_member(out, STR("request_id"), or_dash(entry->request_id));
	write_member(out, STR("extensions"), or_dash(entry->extensions));
}

static void write_json(const struct entry *entry)
{
	struct strbuf *out = &entry->backend->scratch;

	strbuf_clear(out);
	write_json_request(out, entry);
	if (is_exception(entry)) {
		write_member(out, STR("error"), FAILURE);
		strbuf_append_char(out, '}');
		return;
	}
	write_member(out, STR("length"),
		     entry->length > 0 ? str_format(entry->arena, "%zu", entry->length) : STR("-"));
	strbuf_append_format(
		out, ",\"memoizer_size\":%zu,\"memoizer_count\":%llu,\"memoizer_hits\":%llu}",
		entry->memo.count, (unsigned long long)entry->memo.lookups,
		(unsigned long long)entry->memo.hits);
}

void request_log_write(struct backend *backend, const struct http_exchange *exchange, int status,
		       size_t length, struct str form)
{
	const struct settings *settings = &backend->settings;
	struct entry entry = {.backend = backend, .exchange = exchange, .arena = exchange->arena};
	struct str query;
	int64_t span_us;

	url_split_target(exchange->request.target, &entry.path, &query);
	span_us = world_monotonic_us(backend->world) - exchange->began_us;
	process_metrics_count_answer(backend->metrics, entry.path, status, span_us);
	if (settings->request_log.size == 0)
		return;
	entry.status = status;
	entry.length = length;
	entry.query = shown_query(&entry, query, form);
	entry.user = basic_user(&entry);
	entry.time = log_time(entry.arena, backend_now_us(backend));
	entry.forwarded = field(&entry, STR("X-Forwarded-For"));
	if (entry.forwarded.size == 0)
		entry.forwarded = exchange->remote_address;
	entry.extensions = field(&entry, STR("3scale-options"));
	entry.request_id = field(&entry, STR("X-Request-ID"));
	entry.seconds = (double)span_us / 1e6;
	entry.memo = memo_figures(backend->memo);
	if (!settings->request_log_has_json || settings->request_log_has_text) {
		write_text(&entry);
		log_write(backend->world, settings->request_log, strbuf_str(&backend->scratch));
	}
	if (settings->request_log_has_json) {
		write_json(&entry);
		log_write(backend->world, settings->request_log, strbuf_str(&backend->scratch));
	}
}
