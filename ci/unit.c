/* Runs the unit tests: all, or `--suite NAME` and `--case NAME` (`--list` shows the suites); a name
 * of suites may end with a star. The suites run in an order shuffled by --seed, which is printed,
 * so that none depends on another. */
#include "ci/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void shuffle(size_t *order, size_t count, uint64_t seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = next_random(&seed) % i;
		size_t kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static bool is_wanted(const char *suite, const char *name)
{
	size_t size = suite != NULL ? strlen(suite) : 0;

	if (size > 0 && suite[size - 1] == '*')
		return strncmp(suite, name, size - 1) == 0;
	return suite == NULL || strcmp(suite, name) == 0;
}

int main(int argc, char **argv)
{
	const char *suite = NULL, *test_case = NULL;
	uint64_t seed = (uint64_t)time(NULL);
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--suite") == 0 && i + 1 < argc) {
			suite = argv[++i];
		} else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
			test_case = argv[++i];
		} else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--list") == 0) {
			for (const struct unit_suite *s = unit_suites; s->name != NULL; s++)
				puts(s->name);
			return 0;
		} else {
			fprintf(stderr,
				"usage: unit [--suite NAME] [--case NAME] [--seed N] [--list]\n");
			return 2;
		}
	}
	while (unit_suites[count].name != NULL)
		count++;
	if (count == 0)
		return 0;

	size_t *order = calloc(count, sizeof *order);
	SRunner *runner = srunner_create(NULL);
	size_t added = 0;

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	shuffle(order, count, seed);
	for (size_t i = 0; i < count; i++) {
		const struct unit_suite *s = &unit_suites[order[i]];

		if (!is_wanted(suite, s->name))
			continue;
		srunner_add_suite(runner, s->create());
		added++;
	}
	free(order);
	if (added == 0) {
		fprintf(stderr, "unit: no suite named \"%s\"\n", suite);
		return 2;
	}
	printf("unit: %zu suites, order seed %llu\n", added, (unsigned long long)seed);
	srunner_run(runner, NULL, test_case, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);
	int run = srunner_ntests_run(runner);

	srunner_free(runner);
	printf("%d passed, %d failed\n", run - failed, failed);
	return failed == 0 && run > 0 ? 0 : 1;
}
