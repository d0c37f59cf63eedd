/* One suite for each port, run against both worlds: "same source, two worlds".
 *
 * The suites in this folder know only this fixture. impl/world/real/parity_test.c and
 * sim/parity_test.c each make one and hand it to parity_suite(). A suite may not depend on anything
 * the fixture does not promise.
 */
#ifndef WORLD_PARITY_PARITY_H
#define WORLD_PARITY_PARITY_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/component.h"
#include "world/world.h"

enum parity_certificate {
	PARITY_CERTIFICATE_OK, /* for "localhost", by the fixture's own authority */
	PARITY_CERTIFICATE_EXPIRED,
	PARITY_CERTIFICATE_WRONG_NAME,
	PARITY_CERTIFICATE_SELF_SIGNED,
};

struct parity_fixture {
	const char *name;              /* "real", "simulated" */
	struct world *(*create)(void); /* a fresh world; its loopback is 127.0.0.1 */
	void (*destroy)(struct world *world);
	/* Runs turns until done() says so; false when that took more than limit_ms of the world's
	 * time. */
	bool (*run)(struct world *world, bool (*done)(void *data), void *data, int64_t limit_ms);
	void (*certificate)(enum parity_certificate kind, struct str *certificate, struct str *key);
	struct str (*ca_file)(struct world *world); /* for http_call_options.ca_file */
	/* A running Redis, empty: "redis://127.0.0.1:PORT". stop: it goes away, connections cut. */
	struct str (*redis_start)(struct world *world);
	void (*redis_stop)(struct world *world);
	struct str (*scratch)(struct world *world); /* a directory that may be written */
};

/* Adds the cases of every port to one suite named "ports NAME". The fixture outlives it. */
Suite *parity_suite(const struct parity_fixture *fixture);

#endif
