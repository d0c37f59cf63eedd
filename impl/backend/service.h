/* Services, their default by provider key, and service tokens (spec/backend.md 3.2, 3.3, 6.2). */
#ifndef BACKEND_SERVICE_H
#define BACKEND_SERVICE_H

#include <stdbool.h>

#include "backend/memo.h"

struct service {
	struct memo_value memo; /* first */
	bool exists;
	struct str id;
	/* Without data where none is stored. */
	struct str provider_key, backend_version, default_user_plan_id, default_user_plan_name;
	bool is_active;
	bool referrer_filters_required;
	bool user_registration_required;
};

/* A stored text, or that there is none: default service of a provider key, application of a user
 * key, existence of a token. */
struct stored_text {
	struct memo_value memo; /* first */
	struct str text;        /* without data: none */
};

extern const struct memo_kind service_kind;         /* service id -> struct service */
extern const struct memo_kind default_service_kind; /* provider key -> stored_text */
extern const struct memo_kind service_token_kind;   /* token, service id -> stored_text */

enum memo_result service_find(struct reader *reader, struct str id, const struct service **service);
/* NULL when there is no such text. */
enum memo_result stored_text_find(struct reader *reader, const struct memo_kind *kind, struct str a,
				  struct str b, struct str *text);
struct memo_value *stored_text_create(struct str text);

/* The command, and how its reply is read, for those who do not want to remember. Texts are the
 * reply's. */
void service_ask(struct batch *batch, struct redis_client *storage, struct str id);
void service_read(struct service *service, struct str id, const struct redis_reply *reply);

#endif
