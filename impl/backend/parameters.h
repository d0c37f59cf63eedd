/* Request parameters with the grammar of spec/backend.md 2.4: names with brackets make hashes and
 * arrays, as the release's Rack reads them. The query and the body are read apart; at the top the
 * body's wins.
 *
 * parameters_init(), then parameters_read() for each text in which they come. Everything lives in
 * the arena or in the texts given. No I/O, no state elsewhere.
 */
#ifndef BACKEND_PARAMETERS_H
#define BACKEND_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/api_errors.h"
#include "base/str.h"

struct arena;
struct profile;

enum parameter_kind { PARAMETER_NIL, PARAMETER_TEXT, PARAMETER_HASH, PARAMETER_ARRAY };

struct parameter {
	enum parameter_kind kind;
	struct str name; /* in its hash */
	struct str text;
	struct parameter *first, *last, *next; /* children, in the order they came */
	size_t count;
	size_t name_bytes;         /* of all children: 2.7 */
	struct parameter **places; /* of many children, by hash */
	size_t places_count;
};

enum parameters_source { PARAMETERS_QUERY, PARAMETERS_BODY, PARAMETERS_SOURCES };

struct parameters {
	struct arena *arena;
	uint64_t seed; /* of hashes */
	const struct profile *profile;
	struct parameter roots[PARAMETERS_SOURCES];
	struct api_error error; /* of what was refused, with what its message quotes */
};

void parameters_init(struct parameters *parameters, struct arena *arena, uint64_t seed,
		     const struct profile *profile);
/* API_NO_ERROR, or the code of parameters->error: API_BAD_PERCENT_CODING, API_BAD_REQUEST,
 * API_NOT_VALID_DATA, API_QUERY_TOO_LARGE, API_TOO_MANY_PARAMETERS. */
enum api_error_code parameters_read(struct parameters *parameters, enum parameters_source source,
				    struct str text);
/* Whether a request may hold so many, before they are read. */
enum api_error_code parameters_check_count(struct parameters *parameters, size_t count);
/* One pair, already decoded; for multipart bodies. */
enum api_error_code parameters_add(struct parameters *parameters, enum parameters_source source,
				   struct str name, struct str value, bool has_value);

/* Without the white space around it, line ends included. */
struct str parameter_strip(struct str text);
/* NULL when absent. */
const struct parameter *parameters_get(const struct parameters *parameters, struct str name);
/* The text of a scalar; without data when it is absent or anything else. */
struct str parameters_text(const struct parameters *parameters, struct str name);
const struct parameter *parameter_get(const struct parameters *parameters,
				      const struct parameter *hash, struct str name);
/* All names and texts in it. */
bool parameter_is_utf8(const struct parameter *parameter);
bool parameters_are_utf8(const struct parameters *parameters);
/* As JSON: nil is null, hashes are objects, arrays arrays. */
void parameter_write_json(struct strbuf *out, const struct parameter *parameter);

#endif
