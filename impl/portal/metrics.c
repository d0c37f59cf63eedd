#include "portal/metrics.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/secret.h"
#include "base/utc.h"
#include "http/message.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/hosts.h"
#include "portal/reply.h"
#include "portal/settings.h"

#define PAGE_BYTES_MAX (64 * 1024)

/* Outboxes, and the jobs of jobs.h. */
static const struct {
	const char *name, *table;
} queues[] = {
	{"backend_sync", "backend_updates"},  {"zync", "zync_notices"},       {"mailers", "mails"},
	{"web_hooks", "web_hook_deliveries"}, {"default", "background_jobs"},
};

static int64_t count_of(struct call *call, const char *table, const char *condition)
{
	return database_int(
		call->database,
		str_format(call->arena, "SELECT count(*) FROM %s WHERE %s", table, condition), NULL,
		0, 0);
}

static int64_t waiting(struct call *call, const char *table)
{
	return count_of(call, table, "id > 0");
}

static int64_t failed_before(struct call *call, const char *table)
{
	return count_of(call, table, "tries > 0");
}

/* How long the oldest one has waited. */
static int64_t latency_s(struct call *call, const char *table)
{
	struct str since = database_text(
		call->database, str_format(call->arena, "SELECT min(created_at) FROM %s", table),
		NULL, 0);
	int64_t since_us, now_us = database_now_us(call->database);

	if (!utc_parse(since, &since_us) || since_us > now_us)
		return 0;
	return (now_us - since_us) / UTC_SECOND_US;
}

static const struct {
	const char *name, *help;
	int64_t (*value)(struct call *call, const char *table);
} gauges[] = {
	{"sidekiq_jobs_waiting_count", "Entries that wait.", waiting},
	{"sidekiq_jobs_retry_count", "Entries that failed and are tried again.", failed_before},
	{"sidekiq_queue_latency", "Seconds that the oldest entry has waited.", latency_s},
};

static void write_gauges(struct call *call, struct strbuf *out)
{
	for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
		strbuf_append_format(out, "# HELP %s %s\n# TYPE %s gauge\n", gauges[i].name,
				     gauges[i].help, gauges[i].name);
		for (size_t j = 0; j < sizeof queues / sizeof *queues; j++)
			strbuf_append_format(out, "%s{queue=\"%s\"} %" PRId64 "\n", gauges[i].name,
					     queues[j].name,
					     gauges[i].value(call, queues[j].table));
	}
}

static bool is_admitted(const struct call *call, const struct http_request *request)
{
	const struct settings *settings = call->settings;
	struct arena *arena = call->arena;
	struct str scheme, shown;

	if (settings->metrics_user.size == 0 || settings->metrics_password.size == 0)
		return false;
	str_split_once(http_fields_get(&request->fields, STR("Authorization")), ' ', &scheme,
		       &shown);
	return str_equal_nocase(scheme, STR("basic")) &&
	       secret_equal(str_trim(shown),
			    base64_encode(arena, STR_CONCAT(arena, settings->metrics_user, STR(":"),
							    settings->metrics_password)));
}

static void refuse(struct call *call)
{
	http_fields_add(&call->fields, STR("WWW-Authenticate"), STR("Basic realm=\"metrics\""));
	reply_empty(call, 401);
}

void metrics_answer(struct call *call, const struct http_request *request)
{
	struct record *account;
	struct strbuf out;
	enum face face;

	strbuf_init(&out, PAGE_BYTES_MAX);
	database_begin(call->database, call->arena, false);
	face = hosts_face(call, &account);
	if (face == FACE_MASTER && is_admitted(call, request))
		write_gauges(call, &out);
	if (!database_commit(call->database, NULL)) {
		reply_status(call, 500, STR("Internal server error"));
	} else if (face != FACE_MASTER) {
		reply_not_found(call);
	} else if (strbuf_str(&out).size == 0) {
		refuse(call);
	} else {
		portal_reply_text(call, 200, str_copy(call->arena, strbuf_str(&out)));
		call->answer.content_type = STR("text/plain; version=0.0.4; charset=utf-8");
	}
	strbuf_free(&out);
}
