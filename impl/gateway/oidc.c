#include "gateway/oidc.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/jwt.h"
#include "gateway/liquid/liquid.h"
#include "gateway/request.h"
#include "gateway/token_cache.h"
#include "world/clock.h"
#include "world/http_server.h"

/* The log of a token that is not good (10.2). */
static void tell(const struct request *request, enum jwt_result result, const struct error *why)
{
	struct error_log *log = &request->gateway->log;

	switch (result) {
	case JWT_GOOD:
		return;
	case JWT_MALFORMED:
		LOG(log, LEVEL_WARN, &request->subject, "%s", why->text);
		return;
	case JWT_ALGORITHM:
		LOG(log, LEVEL_DEBUG, &request->subject, "[jwt] invalid alg");
		return;
	case JWT_UNKNOWN_KEY:
	case JWT_CLAIM:
	case JWT_SIGNATURE:
		LOG(log, LEVEL_DEBUG, &request->subject,
		    "[jwt] failed verification for token, reason: %s", why->text);
		return;
	}
}

static const struct token_entry *verify_now(struct request *request,
					    const struct jwt_issuer *issuer, struct str key,
					    struct str token, int64_t now_us)
{
	struct arena *arena = arena_create();
	struct error why = {0};
	struct jwt jwt;
	enum jwt_result result = jwt_verify(issuer, token, now_us, arena, &jwt, &why);

	if (result != JWT_GOOD) {
		tell(request, result, &why);
		arena_destroy(arena);
		return NULL;
	}
	return token_cache_put(request->gateway->jwts, key,
			       (struct token_entry){jwt.claims, true, jwt.expires_us}, arena,
			       now_us);
}

const struct token_entry *oidc_verify(struct request *request, const struct jwt_issuer *issuer,
				      struct str name, struct str token)
{
	int64_t now_us = world_utc_us(request->gateway->world);
	struct str key = STR_CONCAT(request->arena, name, STR(":"), token);
	const struct token_entry *entry = token_cache_find(request->gateway->jwts, key, now_us);

	if (entry == NULL)
		entry = verify_now(request, issuer, key, token, now_us);
	if (entry != NULL)
		arena_on_destroy(request->arena, token_entry_release_data,
				 (void *)(uintptr_t)entry);
	return entry;
}

/* 10.3. Empty: the token names none. */
static struct str application_id(const struct request *request)
{
	const struct template_value *setting = &request->service->client_id;
	const struct json *claim;

	if (setting->liquid != NULL) {
		struct liquid_scope scope =
			liquid_scope_of(request->claims, world_utc_us(request->gateway->world));

		return liquid_render(setting->liquid, &scope, request->arena);
	}
	claim = json_get(request->claims, setting->text.size > 0 ? setting->text : STR("azp"));
	if (claim != NULL && claim->kind == JSON_ARRAY)
		claim = claim->first_child;
	return json_scalar_text(claim);
}

bool oidc_identify(struct request *request)
{
	const struct service *service = request->service;
	const struct token_entry *entry;
	struct str token = request->credentials.items[0].value, id;

	if (request->token.size > 0) /* known already */
		return true;
	if (service->issuer == NULL) {
		LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
		    "failed to initialize OpenID Connect for service %.*s: missing OIDC "
		    "configuration",
		    STR_ARG(service->id));
		return false;
	}
	entry = oidc_verify(request, service->issuer, service->id, token);
	if (entry == NULL)
		return false;
	request->token = token;
	request->token_expires_us = entry->expires_us;
	request->claims = entry->claims;
	id = application_id(request);
	request->credentials =
		(struct credentials){.items = {{STR("app_id"), id}}, .count = id.size > 0 ? 1 : 0};
	return true;
}

struct str oidc_bearer_token(const struct request *request)
{
	struct str scheme, token;
	struct str value =
		http_fields_get(&request->exchange->request.fields, STR("Authorization"));

	if (!str_split_once(value, ' ', &scheme, &token) || !str_equal(scheme, STR("Bearer")))
		return STR("");
	return str_trim(token);
}
