/* The sections of a scenario, in the order they are carried out, after the world's own steps. */
#ifndef SIM_SCENARIO_SECTIONS_INTERNAL_H
#define SIM_SCENARIO_SECTIONS_INTERNAL_H

#include <stddef.h>

extern const char *const scenario_sections[];
extern const size_t scenario_sections_count;

#endif
