/* Integration errors: what clients of a service got wrong, kept for the portal (spec/backend.md
 * 5.6). Newest first, at most 1000 for a service. Storing is never waited for, and its failure
 * changes no answer.
 */
#ifndef BACKEND_INTEGRATION_ERRORS_H
#define BACKEND_INTEGRATION_ERRORS_H

#include "backend/api_errors.h"
#include "base/str.h"

struct api_call;
struct arena;
struct backend;

void integration_error_of_call(struct api_call *call, enum api_error_code code, struct str message);
/* context: JSON text. */
void integration_error_store(struct backend *backend, struct arena *arena, struct str service,
			     enum api_error_code code, struct str message, struct str context);
/* {"response_code":403,"request":{...}} of a call that is answered or reported. */
struct str integration_error_context(struct api_call *call, int status);

#endif
