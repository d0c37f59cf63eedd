/* TLS client certificate validation: a call passes only when the client's certificate leads to one
 * of the listed ones, itself or an authority, roots or not, and is valid today (access). Fields:
 * whitelist[] {pem_certificate}, error_status. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "gateway/error_log.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "world/clock.h"
#include "world/http_server.h"

#define ERROR_STATUS_DEFAULT 400

struct tls_validation {
	struct certificate_trust *trust;
	int error_status;
};

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct tls_validation *validation = ARENA_NEW(loader->arena, struct tls_validation);
	const struct json *list = json_get(configuration, STR("whitelist"));
	int64_t status = json_int(json_get(configuration, STR("error_status")), 0);

	(void)error;
	*data = validation;
	validation->error_status =
		status >= 200 && status <= 599 ? (int)status : ERROR_STATUS_DEFAULT;
	validation->trust = certificate_trust_create_in(loader->arena);
	JSON_EACH (item, list != NULL && list->kind == JSON_ARRAY ? list : NULL) {
		struct str text = json_get_str(item, STR("pem_certificate"));
		struct error reason;

		/* Without it fewer are let through, not more. */
		if (!certificate_trust_add(validation->trust, text, &reason))
			LOG(loader->log, LEVEL_WARN, NULL, "tls_validation: %s", reason.text);
	}
	return true;
}

/* NULL: it is fine. */
static const char *find_fault(const struct request *request,
			      const struct tls_validation *validation)
{
	struct http_tls_peer peer;
	const char *reason;
	int64_t now_us = world_utc_us(request->gateway->world);

	if (request->exchange->client_certificates == 0)
		return "Invalid certificate verification context";
	peer = http_exchange_tls_peer(request->exchange);
	return certificate_judge(validation->trust, peer.certificate, now_us / UTC_SECOND_US,
				 &reason) == CERTIFICATE_FINE
		       ? NULL
		       : reason;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct tls_validation *validation = data;
	const char *reason = find_fault(request, validation);

	if (reason == NULL)
		return PHASE_GO_ON;
	LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
	    "TLS certificate validation failed, err: %s", reason);
	request_answer_text(request, validation->error_status, STR("text/plain"),
			    str_format(request->arena, "%s\n", reason));
	return PHASE_ANSWERED;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "TLS Client Certificate Validation",
		"summary": "Accepts calls of clients with a listed TLS certificate.",
		"description": [
			"The client's certificate must be listed, or lead to an authority that is."
		],
		"version": "builtin",
		"configuration": {
			"definitions": {
				"certificate": {
					"$id": "#/definitions/certificate",
					"type": "object",
					"properties": {
						"pem_certificate": {
							"type": "string",
							"title": "PEM formatted certificate",
							"description": "A client's certificate, or an authority's"
						}
					}
				}
			},
			"type": "object",
			"properties": {
				"whitelist": {
					"type": "array",
					"title": "Certificates and authorities that are accepted",
					"items": {
						"$ref": "#/definitions/certificate"
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy tls_validation_policy = {
	.name = STR_INIT("tls_validation"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
		},
};
