/* End users of an application (spec/backend.md 3.10, 6.2): who uses it, with a plan of their own.
 * Until they are looked up they need not exist; who is the first to name them may make them.
 */
#ifndef BACKEND_END_USERS_H
#define BACKEND_END_USERS_H

#include <stdbool.h>

#include "backend/memo.h"

struct service;

struct end_user {
	struct memo_value memo; /* first */
	bool exists;
	struct str service, name;
	struct str state, plan_id, plan_name; /* without data where none is stored */
};

extern const struct memo_kind end_user_kind; /* service id, name -> struct end_user */

enum memo_result end_user_find(struct reader *reader, struct str service, struct str name,
			       const struct end_user **user);
/* Whether an unknown user may be made: the service is open to all, with a plan for them. */
bool end_user_may_be_made(const struct service *service);
/* That user, active, with the service's default plan; texts are the service's and `name`. */
struct end_user end_user_of_default_plan(const struct service *service, struct str name);
/* Sends what stores the user; forgets that there was none. */
void end_user_save(struct batch *batch, struct backend *backend, const struct end_user *user);

/* The command, and how its reply is read, for those who do not want to remember. */
void end_user_ask(struct batch *batch, struct redis_client *storage, struct str service,
		  struct str name);
void end_user_read(struct end_user *user, struct str service, struct str name,
		   const struct redis_reply *reply);

#endif
