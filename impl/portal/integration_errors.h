/* Numbers of backend that pages show, asked for when the page is (spec/portal.md 3.19, 6.3): the
 * integration errors of a service, and how far an application has used its limits.
 *
 * Each is an errand (errand.h): a handler makes one in its transaction, hangs it on its call, and
 * answers in `told`, which is called with the call after backend has answered (or has not). Texts
 * lie in the call's arena.
 */
#ifndef PORTAL_INTEGRATION_ERRORS_H
#define PORTAL_INTEGRATION_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct call;
struct errand;
struct record;

#define INTEGRATION_ERRORS_PER_PAGE 100

struct integration_error {
	struct str timestamp; /* "2019-06-01 10:20:30 UTC" */
	struct str code, message;
};

struct integration_errors {
	bool is_known; /* else `why` says why not */
	struct str why;
	const struct integration_error *items; /* newest first */
	size_t count;
	int64_t total; /* of all pages */
};

/* page: from 1. */
struct errand *
integration_errors_errand(struct call *call, int64_t service_id, int64_t page, int64_t per_page,
			  void (*told)(struct call *call, const struct integration_errors *errors));
/* Deletes them all. */
struct errand *integration_errors_purge_errand(struct call *call, int64_t service_id,
					       void (*told)(struct call *call, bool is_done,
							    struct str why));

struct utilization {
	struct str metric_name, period;
	int64_t max_value, current_value;
};

struct utilizations {
	bool is_known;
	struct str why;
	const struct utilization *items; /* in backend's order */
	size_t count;
};

struct errand *utilization_errand(struct call *call, const struct record *application,
				  void (*told)(struct call *call,
					       const struct utilizations *utilizations));

#endif
