/* 3scale Referrer: tells backend who referred the client (rewrite), for applications with referrer
 * filters; part of the cached key, too. No fields. spec/gateway.md 4.2, 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/url.h"
#include "gateway/request.h"
#include "world/http_server.h"

static enum phase_result rewrite(struct request *request, const void *data)
{
	struct str referrer = http_fields_get(&request->exchange->request.fields, STR("Referer"));

	(void)data;
	if (referrer.size > 0)
		request->authorization.extra_arguments = STR_CONCAT(
			request->arena, STR("referrer="), url_encoded(request->arena, referrer));
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "3scale Referrer",
		"summary": "Sends the Referer of a call to the backend.",
		"description": [
			"For applications that may only be used by pages of some domains."
		],
		"version": "builtin",
		"configuration": {"type": "object", "properties": {}}
	});
/* clang-format on */

const struct policy referrer_policy = {
	.name = STR_INIT("3scale_referrer"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
		},
};
