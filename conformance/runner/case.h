/* Conformance cases as read from suites/<suite>/<topic>.yaml (format: conformance/README.md). A
 * case that was read is well-formed: every key known, every pattern compilable, every action and
 * check one of those there are. Its parts stay the trees they were read as.
 */
#ifndef RUNNER_CASE_H
#define RUNNER_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

struct arena;
struct error;
struct json;
struct world;

enum suite { SUITE_GATEWAY, SUITE_BACKEND, SUITE_PORTAL, SUITES };

bool suite_from_name(struct str name, enum suite *suite);
struct str suite_name(enum suite suite);

struct conform_case {
	enum suite suite;
	struct str path;  /* of its file */
	struct str topic; /* the file's name without ".yaml" */
	int line;
	struct str id, title;
	const struct json *tags;  /* list, or NULL */
	const struct json *needs; /* list, or NULL */
	const struct json *given; /* object, or NULL */
	const struct json *steps; /* [{when: [...], then: [...]}, ...] */
};

struct case_list {
	VEC(struct conform_case) items;
};

/* Appends the cases of one document. Errors: "path:12: unknown key ...", also for an id that
 * another case of the list has. Texts and trees are in the arena. */
bool case_read(struct case_list *list, struct arena *arena, enum suite suite, struct str path,
	       struct str content, struct error *error);
/* All files of `directory`/<suite>, in the order of their names. */
bool case_read_suite(struct case_list *list, struct arena *arena, struct world *world,
		     enum suite suite, struct str directory, struct error *error);
void case_list_free(struct case_list *list);

/* Whether a wait moves the target's clock, in place of time that passes. */
bool suite_moves_clock(enum suite suite);

/* The sum of its waits and pauses; of what really passes when time is not virtual. */
int64_t case_wait_us(const struct conform_case *conform_case);
int64_t case_real_wait_us(const struct conform_case *conform_case);

#endif
