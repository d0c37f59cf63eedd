/* Applications with their keys and referrer filters, and user keys (spec/backend.md 3.4, 6.2). */
#ifndef BACKEND_APPLICATION_H
#define BACKEND_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/memo.h"

struct application {
	struct memo_value memo; /* first */
	bool exists;
	struct str service, id;
	struct str state, plan_id, plan_name, redirect_url; /* without data: none stored */
	bool user_required;
	const struct str *keys;
	size_t keys_count;
	const struct str *referrer_filters;
	size_t referrer_filters_count;
};

extern const struct memo_kind application_kind; /* service id, application id -> application */
extern const struct memo_kind user_key_kind;    /* service id, user key -> stored_text, its id */

enum memo_result application_find(struct reader *reader, struct str service, struct str id,
				  const struct application **application);

/* The commands, and how their replies are read, for those who do not want to remember. Texts are
 * the replies', lists the arena's. */
void application_ask(struct batch *batch, struct redis_client *storage, struct str service,
		     struct str id);
void application_read(struct application *application, struct arena *arena, struct str service,
		      struct str id, const struct redis_reply *replies);

#endif
