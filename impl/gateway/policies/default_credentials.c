/* Anonymous access: gives calls without any credentials those of an application (rewrite, before
 * apicast). Fields: auth_type (user_key, app_id_and_app_key), user_key, app_id, app_key.
 * spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"

struct default_credentials {
	struct str user_key, app_id, app_key;
};

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct default_credentials *defaults = ARENA_NEW(loader->arena, struct default_credentials);

	(void)error;
	defaults->user_key = json_scalar_text(json_get(configuration, STR("user_key")));
	defaults->app_id = json_scalar_text(json_get(configuration, STR("app_id")));
	defaults->app_key = json_scalar_text(json_get(configuration, STR("app_key")));
	*data = defaults;
	return true;
}

static void give(struct request *request, const struct default_credentials *defaults)
{
	struct error_log *log = &request->gateway->log;
	struct credentials *credentials = &request->credentials;

	switch (request->service->credentials.version) {
	case BACKEND_VERSION_USER_KEY:
		if (defaults->user_key.size > 0)
			*credentials = (struct credentials){
				.items = {{STR("user_key"), defaults->user_key}}, .count = 1};
		else
			LOG(log, LEVEL_WARN, &request->subject, "No default user key configured");
		break;
	case BACKEND_VERSION_APP_ID:
		if (defaults->app_id.size > 0 && defaults->app_key.size > 0)
			*credentials =
				(struct credentials){.items = {{STR("app_id"), defaults->app_id},
							       {STR("app_key"), defaults->app_key}},
						     .count = 2};
		else
			LOG(log, LEVEL_WARN, &request->subject,
			    "No default app_id + app_key configured");
		break;
	case BACKEND_VERSION_OAUTH:
	case BACKEND_VERSION_INVALID:
		LOG(log, LEVEL_ERROR, &request->subject, "Incompatible backend version: %s",
		    log_text(request->arena, request->service->backend_version_text));
		break;
	}
}

static void form_is_there(struct form *form, void *data);

static enum phase_result rewrite(struct request *request, const void *data)
{
	struct credentials found;

	if (request->service->credentials.version != BACKEND_VERSION_OAUTH) {
		switch (request_find_credentials(request, &found)) {
		case CREDENTIALS_FOUND:
		case CREDENTIALS_INCOMPLETE:
		case CREDENTIALS_BROKEN: /* apicast has an answer to that */
			return PHASE_GO_ON;
		case CREDENTIALS_NEED_BODY:
			request_read_form(request, form_is_there);
			return PHASE_WAIT;
		case CREDENTIALS_MISSING:
			break;
		}
	}
	give(request, data);
	return PHASE_GO_ON;
}

/* The instance that waits is the one that is being run. */
static void form_is_there(struct form *form, void *data)
{
	struct request *request = data;

	(void)form;
	request_resume(request, rewrite(request, phases_waiting_data(request)));
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Anonymous access",
		"summary": "Lets calls without credentials in, with those of an application.",
		"description": [
			"Has to stand before 3scale APIcast. A call with credentials of its own keeps them."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"auth_type": {
					"description": "Which credentials these are",
					"type": "string",
					"enum": ["user_key", "app_id_and_app_key"],
					"default": "user_key"
				},
				"user_key": {"type": "string"},
				"app_id": {"type": "string"},
				"app_key": {"type": "string"}
			},
			"required": ["auth_type"],
			"dependencies": {
				"auth_type": {
					"oneOf": [
						{
							"type": "object",
							"properties": {
								"auth_type": {
									"enum": ["user_key"]
								},
								"user_key": {
									"description": "The application's user key",
									"type": "string"
								}
							},
							"required": ["user_key"]
						},
						{
							"type": "object",
							"properties": {
								"auth_type": {
									"enum": [
										"app_id_and_app_key"
									]
								},
								"app_id": {
									"description": "The application's id",
									"type": "string"
								},
								"app_key": {
									"description": "One of its keys",
									"type": "string"
								}
							},
							"required": ["app_id", "app_key"]
						}
					]
				}
			}
		}
	});
/* clang-format on */

const struct policy default_credentials_policy = {
	.name = STR_INIT("default_credentials"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
		},
};
