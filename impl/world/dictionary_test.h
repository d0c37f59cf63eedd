/* For tests: a dictionary in the memory of a simulated process. */
#ifndef WORLD_DICTIONARY_TEST_H
#define WORLD_DICTIONARY_TEST_H

#include <check.h>

#include "base/error.h"
#include "sim/sim.h"
#include "world/component.h"
#include "world/dictionary.h"
#include "world/shared_memory.h"

struct dictionary_stage {
	struct sim *sim;
	struct dictionary_place place;
	struct dictionary *dictionary;
};

static inline void dictionary_stage_begin(struct dictionary_stage *stage, size_t bytes_max,
					  bool keeps)
{
	static const struct component *const components[] = {NULL};
	struct sim_options options = {.seed = 1, .components = components};
	struct error error;
	struct sim_host *host;

	stage->sim = sim_create(&options);
	host = sim_host_add(stage->sim, STR("here"), STR("10.0.0.1"));
	stage->place = (struct dictionary_place){
		.world = sim_host_world(host, STR("test")),
		.offset = 64,
		.lock = 1,
		.bytes_max = bytes_max,
		.keeps = keeps,
	};
	stage->place.memory = shared_memory_create(
		stage->place.world, 64 + dictionary_memory_bytes(bytes_max), 2, &error);
	ck_assert_ptr_nonnull(stage->place.memory);
	stage->dictionary = dictionary_create(&stage->place, 7);
}

static inline void dictionary_stage_end(struct dictionary_stage *stage)
{
	ck_assert(dictionary_is_sound(stage->dictionary));
	dictionary_destroy(stage->dictionary);
	shared_memory_release(stage->place.world, stage->place.memory);
	sim_destroy(stage->sim);
}

#endif
