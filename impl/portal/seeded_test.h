/* A portal's database in memory with its first rows, under virtual time. Only for tests.
 */
#ifndef PORTAL_SEEDED_TEST_H
#define PORTAL_SEEDED_TEST_H

#include "portal/database.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "sim/stage_test.h"
#include "world/log.h"
#include "world/sql.h"

/* Of a process on a host of the stage; *settings are those of an empty environment. The caller
 * closes the database. */
static inline struct database *seeded_open(struct stage *stage, struct world *world,
					   struct settings *settings)
{
	const struct sql_options in_memory = {.path = STR(":memory:")};
	struct settings_source source;
	struct error error = {0};
	struct database *database = database_open(world, &in_memory, &error);

	ck_assert_msg(database != NULL, "%s", error.text);
	ck_assert_msg(settings_source_open(&source, world, stage->arena, STR(""), &error) &&
			      portal_settings_read(settings, &source, STR(""), &error) &&
			      schema_prepare(database, &error) &&
			      seed_database(database, settings, &error),
		      "%s", error.text);
	return database;
}

/* As a database administrator does it. */
static inline void seeded_execute(struct database *database, const char *sql)
{
	struct error error = {0};

	ck_assert_msg(database_execute(database, str_from(sql), &error), "%s: %s", sql, error.text);
}

static inline int64_t seeded_count(struct database *database, const char *sql)
{
	struct arena *arena = arena_create();
	int64_t rows;

	database_begin(database, arena, false);
	rows = database_int(database, str_from(sql), NULL, 0, -1);
	ck_assert_msg(!database_has_failed(database), "%s", sql);
	database_rollback(database);
	arena_destroy(arena);
	return rows;
}

#endif
