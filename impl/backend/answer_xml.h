/* The documents of public answers (spec/backend.md 4.1 to 4.3, 4.6): one line each. They live in
 * the arena given, or the call's. */
#ifndef BACKEND_ANSWER_XML_H
#define BACKEND_ANSWER_XML_H

#include "backend/api_errors.h"
#include "base/str.h"

struct api_call;
struct arena;
struct backend;

struct str answer_error(struct backend *backend, struct arena *arena, enum api_error_code code,
			struct str message);
/* Of a call that was authorized or denied. */
struct str answer_status(struct api_call *call);

#endif
