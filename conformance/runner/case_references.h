/* Names by which the parts of a case refer to each other: servers, and processes that it runs. A
 * name of nothing is refused where it stands.
 */
#ifndef RUNNER_CASE_REFERENCES_H
#define RUNNER_CASE_REFERENCES_H

#include <stdbool.h>

#include "base/str.h"

struct error;
struct json;

/* Both well-formed; `given` may be NULL. Errors: "path:12: no server \"x\"". */
bool case_references_check(struct str path, const struct json *given, const struct json *steps,
			   struct error *error);

#endif
