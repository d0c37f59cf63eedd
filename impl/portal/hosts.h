/* Whom a request's host names (spec/portal.md 1.1). */
#ifndef PORTAL_HOSTS_H
#define PORTAL_HOSTS_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct http_request;
struct record;

enum face {
	FACE_NONE,      /* nobody's host */
	FACE_GONE,      /* of a tenant that is scheduled for deletion */
	FACE_MASTER,    /* the master's API and portal: its host, system-master, or with
			   TENANT_MODE=master any */
	FACE_ADMIN,     /* a tenant's: its `self_domain`; system-provider is the first tenant's */
	FACE_DEVELOPER, /* a tenant's: its `domain`; system-developer is the first tenant's */
};

/* Fills call->host: of X-Forwarded-Host's first, else Host; without port, in lower case. */
void hosts_read(struct call *call, const struct http_request *request);
/* What call->host names, and its account; NULL for FACE_NONE. On the loopback address it is the
 * first tenant's admin portal, or for the master's paths the master. */
enum face hosts_face(struct call *call, struct record **account);
/* What another name than the call's names. */
enum face hosts_face_of_name(struct call *call, struct str host);
/* Answers with a redirect to HTTPS, and says so, when FORCE_SSL wants that. */
bool hosts_redirect(struct call *call, const struct http_request *request);

#endif
