/* OIDC authentication (internal): tokens of an issuer of its own, whatever the service's
 * credentials are. Fields: issuer_endpoint (asked when the configuration loads, discovery.h),
 * required. The token is verified in rewrite; access answers 403 to a bad one, 401 where one is
 * required and missing. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/jwt.h"
#include "gateway/oidc.h"
#include "gateway/request.h"
#include "gateway/token_cache.h"

struct authentication {
	const struct jwt_issuer *issuer; /* NULL: it could not be read */
	struct str endpoint;
	bool is_required;
};

struct state {
	bool has_token, is_good, is_challenged;
};

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct authentication *authentication = ARENA_NEW(loader->arena, struct authentication);

	(void)error;
	*data = authentication;
	authentication->endpoint = json_get_str(configuration, STR("issuer_endpoint"));
	authentication->is_required = json_bool(json_get(configuration, STR("required")), false);
	authentication->issuer = jwt_issuer_read(
		loader->arena, json_get(loader->issuers, authentication->endpoint), loader->log);
	return true;
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct authentication *authentication = data;
	struct state *state = request_policy_state(request, data, sizeof *state);
	struct str token = oidc_bearer_token(request);
	const struct token_entry *entry = NULL;

	state->has_token = token.size > 0;
	if (!state->has_token)
		return PHASE_GO_ON;
	if (authentication->issuer == NULL)
		LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
		    "failed to initialize OpenID Connect for service %.*s: missing OIDC "
		    "configuration",
		    STR_ARG(request->service->id));
	else
		entry = oidc_verify(request, authentication->issuer,
				    STR_CONCAT(request->arena, request->service->id, STR(":"),
					       authentication->endpoint),
				    token);
	state->is_good = entry != NULL;
	if (entry != NULL && request->claims == NULL)
		request->claims = entry->claims;
	return PHASE_GO_ON;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct authentication *authentication = data;
	struct state *state = request_policy_state(request, data, sizeof *state);

	if (state->has_token ? state->is_good : !authentication->is_required)
		return PHASE_GO_ON;
	state->is_challenged = !state->has_token;
	request_answer_empty(request, state->is_challenged ? 401 : 403);
	return PHASE_ANSWERED;
}

static enum phase_result header_filter(struct request *request, const void *data)
{
	const struct state *state = request_policy_state(request, data, sizeof *state);

	if (state->is_challenged)
		http_fields_set(&request->response.fields, STR("WWW-Authenticate"), STR("Bearer"));
	return PHASE_GO_ON;
}

const struct policy oidc_authentication_policy = {
	.name = STR_INIT("oidc_authentication"),
	.version = STR_INIT("builtin"),
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_ACCESS] = access,
			[PHASE_HEADER_FILTER] = header_filter,
		},
};
