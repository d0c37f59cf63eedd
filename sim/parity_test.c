/* The port suites of world/parity/ in the simulated world: one host, which is 127.0.0.1 to itself.
 */
#include "world/parity/parity.h"

#include "base/arena.h"
#include "base/error.h"
#include "sim/net/tls.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/files.h"

#define REDIS_PORT 6379
#define CA_PATH STR("/etc/fixture/ca.pem")
#define SCRATCH_PATH STR("/tmp/scratch")

/* Of the present test: the fixture's functions get nothing but the world. */
static struct {
	struct sim_redis *redis;
	struct arena *arena;
} stage;

static struct sim *sim_of(struct world *world)
{
	return process_of(world)->sim;
}

static struct world *stage_create(void)
{
	static const struct component *const components[] = {NULL};
	struct sim_options options = {.seed = 1, .components = components};
	struct sim *sim = sim_create(&options);
	struct sim_host *host = sim_host_add(sim, STR("here"), STR("10.0.0.1"));
	struct world *world = sim_host_world(host, STR("test"));

	stage.arena = arena_create();
	stage.redis = NULL;
	ck_assert(sim_host_write_file(host, CA_PATH, SIM_TLS_AUTHORITY));
	ck_assert(files_make_directory(world, SCRATCH_PATH, NULL));
	return world;
}

static void stage_destroy(struct world *world)
{
	sim_destroy(sim_of(world));
	arena_destroy(stage.arena);
}

static bool stage_run(struct world *world, bool (*done)(void *data), void *data, int64_t limit_ms)
{
	struct sim *sim = sim_of(world);

	return sim_run_until(sim, sim_now_us(sim) + limit_ms * 1000, done, data);
}

static void stage_certificate(enum parity_certificate kind, struct str *certificate,
			      struct str *key)
{
	static const struct {
		struct str names, kind;
	} rows[] = {
		[PARITY_CERTIFICATE_OK] = {STR_INIT("localhost"), STR_INIT("unknown-ca")},
		[PARITY_CERTIFICATE_EXPIRED] = {STR_INIT("localhost"), STR_INIT("expired")},
		[PARITY_CERTIFICATE_WRONG_NAME] = {STR_INIT("other"), STR_INIT("unknown-ca")},
		[PARITY_CERTIFICATE_SELF_SIGNED] = {STR_INIT("localhost"), STR_INIT("self-signed")},
	};

	*certificate = sim_tls_certificate(stage.arena, rows[kind].names, rows[kind].kind);
	*key = STR("simulated key\n");
}

static struct str stage_ca_file(struct world *world)
{
	(void)world;
	return CA_PATH;
}

static struct str stage_redis_start(struct world *world)
{
	struct error error = {0};

	stage.redis = sim_redis_start(process_of(world)->host, REDIS_PORT, &error);
	ck_assert_msg(stage.redis != NULL, "%s", error.text);
	return STR("redis://127.0.0.1:6379");
}

static void stage_redis_stop(struct world *world)
{
	(void)world;
	sim_redis_stop(stage.redis);
}

static struct str stage_scratch(struct world *world)
{
	(void)world;
	return SCRATCH_PATH;
}

static const struct parity_fixture fixture = {
	.name = "simulated",
	.create = stage_create,
	.destroy = stage_destroy,
	.run = stage_run,
	.certificate = stage_certificate,
	.ca_file = stage_ca_file,
	.redis_start = stage_redis_start,
	.redis_stop = stage_redis_stop,
	.scratch = stage_scratch,
};

Suite *sim_parity_suite(void);
Suite *sim_parity_suite(void)
{
	return parity_suite(&fixture);
}
