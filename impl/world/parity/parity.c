#include "world/parity/parity_internal.h"

#include <stdio.h>

#include "base/bug.h"
#include "world/tcp.h"

#define FIXTURES_MAX 4

/* Tests of Check take a number and nothing else. */
static struct {
	const struct parity_fixture *items[FIXTURES_MAX];
	char names[FIXTURES_MAX][64]; /* Check keeps them as they are */
	int count;
} fixtures;

void parity_begin(struct parity *parity, int number)
{
	*parity = (struct parity){.fixture = fixtures.items[number]};
	parity->world = parity->fixture->create();
	parity->arena = arena_create();
}

void parity_end(struct parity *parity)
{
	parity->fixture->destroy(parity->world);
	arena_destroy(parity->arena);
}

static void await(struct parity *parity, bool (*done)(void *data), void *data)
{
	ck_assert_msg(parity->fixture->run(parity->world, done, data, PARITY_LIMIT_MS),
		      "what was waited for did not come");
}

static bool flag_is_set(void *data)
{
	return *(const bool *)data;
}

void parity_await_flag(struct parity *parity, const bool *flag)
{
	await(parity, flag_is_set, (void *)(uintptr_t)flag);
}

struct count {
	const size_t *actual;
	size_t wanted;
};

static bool count_is_reached(void *data)
{
	const struct count *count = data;

	return *count->actual >= count->wanted;
}

void parity_await_count(struct parity *parity, const size_t *count, size_t wanted)
{
	struct count awaited = {count, wanted};

	await(parity, count_is_reached, &awaited);
}

struct pause {
	struct timer timer;
	bool is_over;
};

static void pause_over(struct timer *timer)
{
	((struct pause *)timer)->is_over = true;
}

void parity_pause(struct parity *parity, int64_t delay_ms)
{
	struct pause pause = {0};

	timer_start(parity->world, &pause.timer, delay_ms * 1000, pause_over);
	parity_await_flag(parity, &pause.is_over);
}

uint16_t parity_silent_port(struct parity *parity)
{
	struct tcp_listener *listener =
		tcp_listen(parity->world, STR("127.0.0.1"), 0, NULL, NULL, &parity->error);

	ck_assert_msg(listener != NULL, "%s", parity->error.text);
	return tcp_listener_port(parity->world, listener); /* closed with the world */
}

struct str parity_path(struct parity *parity, struct str name)
{
	return STR_CONCAT(parity->arena, parity->fixture->scratch(parity->world), STR("/"), name);
}

void parity_check_str(const char *file, int line, struct str actual, struct str expected)
{
	if (!str_equal(actual, expected))
		ck_abort_msg("%s:%d: \"%.*s\", expected \"%.*s\"", file, line, STR_ARG(actual),
			     STR_ARG(expected));
}

Suite *parity_suite(const struct parity_fixture *fixture)
{
	static TCase *(*const cases[])(int number) = {
		parity_clock_case,         parity_environment_case,  parity_log_case,
		parity_files_case,         parity_dns_case,          parity_http_case,
		parity_http_body_case,     parity_http_failure_case, parity_http_tls_case,
		parity_http_upgrade_case,  parity_redis_case,        parity_sql_case,
		parity_process_case,       parity_tcp_case,          parity_mail_case,
		parity_shared_memory_case, parity_routes_case,
	};
	int number = fixtures.count++;
	Suite *suite;

	BUG_IF(number >= FIXTURES_MAX);
	fixtures.items[number] = fixture;
	snprintf(fixtures.names[number], sizeof fixtures.names[number], "ports %s", fixture->name);
	suite = suite_create(fixtures.names[number]);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		TCase *test_case = cases[i](number);

		tcase_set_timeout(test_case, 60);
		suite_add_tcase(suite, test_case);
	}
	return suite;
}
