/* refscale: one binary, one command a row. Here alone the real world, the simulator and the
 * conformance runner are composed; everything else sees only a struct world. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/arena.h"
#include "base/error.h"
#include "conformance/runner/conform.h"
#include "demo/demo.h"
#include "echo/echo.h"
#include "gateway/gateway.h"
#include "portal/portal.h"
#include "sim/commands.h"
#include "store/store_command.h"
#include "world/real/real_world.h"
#include "zync/zync.h"

#define REFSCALE_VERSION "0.1.0"
#define REFSCALE_EXIT_USAGE 2
/* Further than that from every command, a word is not called a misspelling. */
#define REFSCALE_DISTANCE_MAX 3

/* What a virtual host may start. */
static const struct component *const virtual_components[] = {
	&demo_component,    &portal_component,  &backend_component,
	&gateway_component, &zync_component,    &echo_component,
	&store_component,   &conform_component, NULL,
};

static void *sim_start(struct world *world, const struct str *arguments, size_t count,
		       int *exit_status, struct error *error)
{
	return sim_command_start(world, virtual_components, arguments, count, exit_status, error);
}

static const struct component sim_component = {
	.name = "sim",
	.help = "run scenarios: production issues, reproduced under virtual time",
	.start = sim_start,
	.stop = sim_command_stop,
};

static void *conform_in_sim_start(struct world *world, const struct str *arguments, size_t count,
				  int *exit_status, struct error *error)
{
	return sim_inside_start(world, virtual_components, &conform_component, arguments, count,
				exit_status, error);
}

static const struct component conform_in_sim_component = {
	.name = "conform",
	.start = conform_in_sim_start,
	.stop = sim_inside_stop,
};

/* In the order of `refscale help`. */
static const struct component *const commands[] = {
	&demo_component, &portal_component, &backend_component, &gateway_component, &zync_component,
	&echo_component, &store_component,  &conform_component, &sim_component,
};
#define COMMANDS (sizeof commands / sizeof *commands)

static int show_help(FILE *out)
{
	fputs("usage: refscale COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fputs("  version    the release of this binary\n"
	      "  help       this list\n\n"
	      "refscale COMMAND --help lists the options of a command.\n",
	      out);
	return out == stdout ? 0 : REFSCALE_EXIT_USAGE;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, of short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	size_t width = strlen(b);

	if (width >= sizeof row / sizeof *row)
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[width];
}

static int refuse_unknown(const char *word)
{
	const char *closest = NULL;
	size_t least = REFSCALE_DISTANCE_MAX + 1;

	for (size_t i = 0; i < COMMANDS; i++) {
		size_t d = distance(word, commands[i]->name);

		if (d < least) {
			least = d;
			closest = commands[i]->name;
		}
	}
	if (closest != NULL)
		fprintf(stderr, "refscale: no command \"%s\", did you mean \"%s\"?\n", word,
			closest);
	else
		fprintf(stderr, "refscale: no command \"%s\", see: refscale help\n", word);
	return REFSCALE_EXIT_USAGE;
}

/* conform runs in either world; it looks at the option itself, too. */
static bool is_for_the_simulator(const struct str *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(arguments[i], STR("--world=sim")) ||
		    (i + 1 < count && str_equal(arguments[i], STR("--world")) &&
		     str_equal(arguments[i + 1], STR("sim"))))
			return true;
	}
	return false;
}

/* A process that supervises others names itself to them: they end with it, however it ends. */
static void follow_parent(void)
{
	const char *named = getenv("REFSCALE_PARENT");
	pid_t parent = named != NULL ? (pid_t)strtol(named, NULL, 10) : 0;

	if (parent == 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (parent != getppid()) /* it has ended before */
		raise(SIGTERM);
}

static int run(const struct component *component, const struct str *arguments, size_t count)
{
	struct error error = {0};
	int status = REFSCALE_EXIT_USAGE;

	if (component == &conform_component && is_for_the_simulator(arguments, count))
		component = &conform_in_sim_component;

	follow_parent();

	struct real_loop *loop = real_loop_create();
	struct world *world = real_world_create(loop, NULL);
	void *instance = component->start(world, arguments, count, &status, &error);

	if (instance != NULL) {
		status = real_loop_run(loop);
		component->stop(instance);
	}
	real_world_destroy(world);
	real_loop_destroy(loop);
	if (error.kind == ERROR_HELP)
		return 0;
	if (instance == NULL)
		fprintf(stderr, "refscale %s: %s\n", component->name, error.text);
	return status;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t count = argc > 2 ? (size_t)argc - 2 : 0;
	int status;

	if (argc < 2)
		return show_help(stderr);
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return show_help(stdout);
	if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
		return puts("refscale " REFSCALE_VERSION) < 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i]->name) != 0)
			continue;

		struct str *arguments = memory_alloc((count + 1) * sizeof *arguments);

		for (size_t j = 0; j < count; j++)
			arguments[j] = str_from(argv[j + 2]);
		status = run(commands[i], arguments, count);
		free(arguments);
		return status;
	}
	return refuse_unknown(name);
}
