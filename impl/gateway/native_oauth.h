/* The native OAuth flow (spec/gateway.md 4.9): /authorize sends the user to the login page of the
 * service, /callback takes the user back with a code, /oauth/token changes the code for an access
 * token that backend knows. Every other path is an ordinary call with such a token.
 */
#ifndef GATEWAY_NATIVE_OAUTH_H
#define GATEWAY_NATIVE_OAUTH_H

#include <stdbool.h>

#include "gateway/policies/policy.h"

struct request;

/* Whether this request is a step of the flow. */
bool native_oauth_serves(const struct request *request);
/* In rewrite: PHASE_WAIT or PHASE_ANSWERED. */
enum phase_result native_oauth_answer(struct request *request);

#endif
