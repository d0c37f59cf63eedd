/* Which release runs, and since when (spec/portal.md 1.2). What upstream shows beside it, its whole
 * environment, holds secrets. */
#include "base/json.h"
#include "base/utc.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/release.h"
#include "portal/reply.h"
#include "portal/settings.h"

static void show_deploy(struct visit *visit)
{
	struct call *call = visit->call;
	const struct settings *settings = call->settings;
	struct json *info = json_new(call->arena, JSON_OBJECT);
	struct str release = settings->amp_release;
	char time[32];

	if (release.size == 0)
		release = settings->release->name;
	json_set(info, STR("release"), json_new_str(call->arena, release));
	json_set(info, STR("deployed_at"),
		 json_new_str(call->arena, utc_format_iso(time, settings->started_us)));
	reply_json(call, 200, json_print(call->arena, info));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/deploy"), show_deploy, PAGE_MASTER, NULL},
};

const struct page_table pages_of_deploy = PAGE_TABLE(rows);
