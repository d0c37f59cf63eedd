/* Scenarios: production issues as data (scenarios/README.md has the form), run under virtual time
 * and judged.
 *
 * Order of calls: scenario_read, scenario_run any number of times (each in a simulator of its own;
 * the same seed gives the same trace), scenario_result_free, scenario_destroy.
 */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "sim/sim.h"

struct arena;
struct error;
struct json;
struct world;

struct scenario {
	struct arena *arena;
	struct str path, id, title;
	struct str steps_path;       /* the file that the steps of the world stand in */
	const struct json *document; /* with the world's description merged in */
};

/* Reads a scenario file and the world file it names. NULL and *error ("FILE: line 7: ..."). */
struct scenario *scenario_read(struct world *world, struct str path, struct error *error);
void scenario_destroy(struct scenario *scenario); /* NULL is allowed */

struct scenario_step {
	struct str section; /* "symptoms" */
	struct str text;    /* what is done, for people */
	struct str seen;    /* what came: a log line, an answer, addresses; may be empty */
	struct str shows;   /* what it tells, in a diagnosis; may be empty */
	int64_t began_us, ended_us;
	bool passed;
	struct str problem; /* what was expected and what came; empty when passed */
};

struct scenario_result {
	struct arena *arena;
	bool passed;
	VEC(struct scenario_step)
	steps; /* in the order they were taken; the last may have failed */
	int64_t virtual_us;
	uint64_t events, trace_hash;
};

struct scenario_run_options {
	uint64_t seed;
	const struct component *const *components; /* ends with NULL */
	sim_trace_sink *trace;                     /* NULL: only the hash */
	void *trace_data;
};

/* The run ends at the first step that fails. */
void scenario_run(const struct scenario *scenario, const struct scenario_run_options *options,
		  struct scenario_result *result);
void scenario_result_free(struct scenario_result *result);

/* One page, without any other file: the steps on a time line. */
void scenario_write_html(struct strbuf *out, const struct scenario *scenario,
			 const struct scenario_result *result);

#endif
