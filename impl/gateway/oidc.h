/* Whom the token of a call speaks for (spec/gateway.md 10): tokens of a service's identity provider
 * are verified, remembered until they expire, and stand for an application.
 */
#ifndef GATEWAY_OIDC_H
#define GATEWAY_OIDC_H

#include <stdbool.h>

#include "base/str.h"

struct jwt_issuer;
struct request;
struct token_entry;

/* Reads request->credentials, an access token, and fills in the claims, the application's
 * credentials in the token's place, and until when that holds. False: refused, the log says why. */
bool oidc_identify(struct request *request);

/* A token of that provider, verified now or before; valid as long as the request. NULL: it is not
 * good, the log says why. name: of who asks, apart from others that ask about the same token. */
const struct token_entry *oidc_verify(struct request *request, const struct jwt_issuer *issuer,
				      struct str name, struct str token);

/* The token of "Authorization: Bearer TOKEN"; empty: none. */
struct str oidc_bearer_token(const struct request *request);

#endif
