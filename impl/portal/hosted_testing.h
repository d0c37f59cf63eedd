/* The hosted integration test (spec/portal.md 5.2, 5.3): one GET through the staging gateway with
 * the credentials of the service's first application. It is an errand (errand.h): the handler hangs
 * it on the call, and whoever made it is told how it went, inside a transaction in which
 * `api_test_success` was written. */
#ifndef PORTAL_HOSTED_TESTING_H
#define PORTAL_HOSTED_TESTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct call;
struct errand;
struct record;

struct hosted_test_result {
	bool is_successful;
	int status;         /* of the gateway's answer; 0: there was none */
	struct str message; /* HTML for the field api_test_path; empty after a success */
};

/* Fills in the call's answer. The result lives as long as the call. */
typedef void hosted_test_over(struct call *call, const struct hosted_test_result *result);

/* Inside a transaction: reads what the test needs. */
struct errand *hosted_test_errand(struct call *call, const struct record *service,
				  const struct record *proxy, hosted_test_over *over);
/* What the test sends: the user key, or application id and key, of the service's first application,
 * else dummies. Returns how many there are. */
struct hosted_test_credential {
	struct str name, value; /* an empty value is not sent */
};
size_t hosted_test_credentials(struct call *call, const struct record *service,
			       const struct record *proxy,
			       struct hosted_test_credential credentials[2]);
/* What the row says of the last test; NULL = there was none. Neither times nor versions change. */
struct value;
void hosted_test_remember(struct call *call, const struct record *proxy, struct value success);

#endif
