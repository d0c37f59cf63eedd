/* {backend}, {upstream}, ...: what a case or a start command writes for values that are known only
 * when the stage stands. Unknown names in braces stay as they are: mapping rules have them too.
 */
#ifndef RUNNER_PLACEHOLDERS_H
#define RUNNER_PLACEHOLDERS_H

#include <stddef.h>

#include "base/str.h"

struct arena;
struct json;

#define PLACEHOLDERS_MAX 256

struct placeholders {
	struct {
		struct str name, value;
		const struct json *json; /* what a text that is this alone becomes; or NULL */
	} items[PLACEHOLDERS_MAX];
	size_t count;
};

/* Texts are borrowed. Replaces the value of a name that is there. */
void placeholders_set(struct placeholders *placeholders, struct str name, struct str value);
/* Where a text of JSON is nothing but the name, this value takes its place. */
void placeholders_set_json(struct placeholders *placeholders, struct str name,
			   const struct json *value);
struct str placeholders_expand(const struct placeholders *placeholders, struct arena *arena,
			       struct str text);
/* A copy in which every text is expanded, names of members too. NULL stays NULL. */
struct json *placeholders_expand_json(const struct placeholders *placeholders, struct arena *arena,
				      const struct json *value);

#endif
