/* Which cases of a suite are meant. A word is an id ("GW-083"), a pattern of ids ("GW-1*"), a topic
 * ("credentials", "credentials.yaml" or a path to it), tag:NAME or needs:NAME; with a leading `!`
 * it takes away. Without a word that adds, all are meant.
 */
#ifndef RUNNER_SELECTION_H
#define RUNNER_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct case_list;
struct conform_case;
struct error;

bool selection_includes(const struct str *words, size_t count,
			const struct conform_case *conform_case);
/* False and *error for a word that means no case at all, and when no case is left. */
bool selection_check(const struct str *words, size_t count, const struct case_list *list,
		     struct error *error);

#endif
