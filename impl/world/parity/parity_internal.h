/* What the suites of this folder share: a world for each test, and waiting in it. */
#ifndef WORLD_PARITY_PARITY_INTERNAL_H
#define WORLD_PARITY_PARITY_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "world/clock.h"
#include "world/parity/parity.h"

struct parity {
	const struct parity_fixture *fixture;
	struct world *world;
	struct arena *arena;
	struct error error;
};

#define PARITY_LIMIT_MS 10000 /* of a test's waiting for what must come */

/* Check's loop tests carry the fixture's number: `_i`. */
void parity_begin(struct parity *parity, int number);
void parity_end(struct parity *parity);
/* Until *flag, or *count >= wanted. */
void parity_await_flag(struct parity *parity, const bool *flag);
void parity_await_count(struct parity *parity, const size_t *count, size_t wanted);
void parity_pause(struct parity *parity, int64_t delay_ms); /* turns go on meanwhile */
/* Of 127.0.0.1, where connecting neither succeeds nor fails. */
uint16_t parity_silent_port(struct parity *parity);
struct str parity_path(struct parity *parity, struct str name); /* in the scratch directory */

#define PARITY_TEST(test)                                                                          \
	static void test##_body(struct parity *p);                                                 \
	START_TEST(test)                                                                           \
	{                                                                                          \
		struct parity parity_of_test;                                                      \
                                                                                                   \
		parity_begin(&parity_of_test, _i);                                                 \
		test##_body(&parity_of_test);                                                      \
		parity_end(&parity_of_test);                                                       \
	}                                                                                          \
	END_TEST                                                                                   \
	static void test##_body(struct parity *p)

#define PARITY_ADD(test_case, number, test)                                                        \
	tcase_add_loop_test((test_case), (test), (number), (number) + 1)

#define ck_assert_str(actual, expected) parity_check_str(__FILE__, __LINE__, (actual), (expected))
void parity_check_str(const char *file, int line, struct str actual, struct str expected);

TCase *parity_clock_case(int number);
TCase *parity_environment_case(int number);
TCase *parity_log_case(int number);
TCase *parity_files_case(int number);
TCase *parity_dns_case(int number);
TCase *parity_http_case(int number);
TCase *parity_http_body_case(int number);
TCase *parity_http_failure_case(int number);
TCase *parity_http_tls_case(int number);
TCase *parity_http_upgrade_case(int number);
TCase *parity_redis_case(int number);
TCase *parity_sql_case(int number);
TCase *parity_process_case(int number);
TCase *parity_tcp_case(int number);
TCase *parity_mail_case(int number);
TCase *parity_shared_memory_case(int number);
TCase *parity_routes_case(int number);

#endif
