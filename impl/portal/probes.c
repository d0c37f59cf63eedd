#include "portal/probes.h"

#include "base/error.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/hosts.h"
#include "portal/metrics.h"
#include "portal/reply.h"

static void answer_check(struct call *call, const struct http_request *request)
{
	(void)request;
	portal_reply_text(call, 200, STR("ok"));
}

/* Jobs wait in the database and not in Redis (spec/portal.md 9.5): what is said of the one holds
 * for the other. A database that is away cannot say whose host this is, either. */
static void answer_status(struct call *call, const struct http_request *request)
{
	struct record *account;
	struct error error = {0};
	enum face face;

	(void)request;
	database_begin(call->database, call->arena, false);
	face = hosts_face(call, &account);
	if (!database_commit(call->database, &error))
		reply_json(call, 200,
			   STR("{\"status\":false,\"redis_connection\":false,"
			       "\"redis_error\":\"jobs wait in the database\","
			       "\"mysql_connection\":false}"));
	else if (face != FACE_MASTER)
		reply_not_found(call);
	else
		reply_json(call, 200,
			   STR("{\"status\":true,\"redis_connection\":true,"
			       "\"redis_error\":null,\"mysql_connection\":true}"));
}

static const struct {
	struct str path;
	void (*answer)(struct call *call, const struct http_request *request);
} probes[] = {
	{STR_INIT("/check.txt"), answer_check},
	{STR_INIT("/status"), answer_status},
	{STR_INIT("/system/metrics"), metrics_answer},
};

bool probes_answer(struct call *call, const struct http_request *request)
{
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
		if (!str_equal(probes[i].path, call->path) || !call_only_reads(call))
			continue;
		probes[i].answer(call, request);
		return true;
	}
	return false;
}
