/* The fixture of backend cases (spec/backend.md 13) as calls of the Internal API, with what a case
 * adds to it.
 */
#ifndef RUNNER_FIXTURE_BACKEND_H
#define RUNNER_FIXTURE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

struct arena;
struct error;
struct json;

struct fixture_call {
	struct str method, path;
	struct str body; /* JSON; empty: none */
};

struct fixture_calls {
	VEC(struct fixture_call) items;
};

/* In the order they must be made. `given` may be NULL. False and *error when the case names an
 * application or a user of no service. */
bool fixture_backend_calls(struct fixture_calls *calls, struct arena *arena,
			   const struct json *given, struct error *error);
void fixture_calls_free(struct fixture_calls *calls);

#endif
