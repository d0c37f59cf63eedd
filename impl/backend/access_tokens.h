/* OAuth access tokens (spec/backend.md 2.10, 6.2): texts that stand for an application of a
 * service, and maybe for one of its users, until they expire. Stored where gateways of old put
 * them; never remembered.
 */
#ifndef BACKEND_ACCESS_TOKENS_H
#define BACKEND_ACCESS_TOKENS_H

#include <stdbool.h>

#include "backend/api_call.h"

struct access_token {
	struct str application;
	struct str user; /* without data: none */
};

/* What is stored for it: "app", "user_len:5/alice/app". In characters, as upstream counts. */
struct str access_token_value(struct arena *arena, const struct access_token *token);
/* False when there is no such value. Slices of the value. */
bool access_token_parse(struct str value, struct access_token *token);
/* A GET, whose reply is for access_token_parse(). */
void access_token_ask(struct batch *batch, struct redis_client *storage, struct str service,
		      struct str token);

/* The steps of the endpoints, whose paths have {service_id}, and {token} or {app_id}. */
extern api_step *const access_token_create_steps[];
extern api_step *const access_token_delete_steps[];
extern api_step *const access_token_show_steps[];
extern api_step *const access_token_list_steps[];

#endif
