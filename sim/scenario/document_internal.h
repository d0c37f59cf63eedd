/* The form of a scenario's documents: scenarios/README.md. Both files are checked before they are
 * merged, so that an error names the line of the file it stands in. */
#ifndef SIM_SCENARIO_DOCUMENT_INTERNAL_H
#define SIM_SCENARIO_DOCUMENT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json;

/* In the order they are carried out, after the world's own steps. */
extern const char *const scenario_sections[];
extern const size_t scenario_sections_count;

/* Errors begin with "line 7: " wherever a line is known. */
bool scenario_check(const struct json *document, struct error *error);
/* is_patch: the `world` of a scenario, which may name the file it is merged over. */
bool scenario_check_world(const struct json *world, bool is_patch, struct error *error);

#endif
