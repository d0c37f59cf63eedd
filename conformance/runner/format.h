/* The words of the case format, as tables (conformance/README.md says what they mean): what is in
 * none of them is refused by case_read.c with its place.
 */
#ifndef RUNNER_FORMAT_H
#define RUNNER_FORMAT_H

#include "conformance/runner/case.h"
#include "conformance/runner/shape.h"

/* Each ends with a key without a name. */
extern const struct shape_key format_call_keys[]; /* of an action that is a call */
extern const struct shape_key format_check_keys[];
extern const struct shape_key format_step_keys[];

/* An action of one word, and what may stand beside it. */
struct format_action {
	struct shape_key word;
	const struct shape_key *beside; /* NULL: nothing */
};
extern const struct format_action format_actions[];

const struct shape_key *format_case_keys(enum suite suite);

#endif
