/* A laptop on which commands of the simulator are typed, in a virtual world. Only for tests.
 */
#ifndef SIM_SHELL_TEST_H
#define SIM_SHELL_TEST_H

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "sim/sim.h"
#include "world/files.h"
#include "world/process.h"

#define SHELL_WORDS_MAX 32

struct shell {
	struct sim *sim;
	struct sim_host *host;
	struct arena *arena;
	struct strbuf out, err;
	int status; /* of the last command; -1: it runs */
};

static inline void shell_open(struct shell *shell, const struct component *const *components)
{
	struct sim_options options = {.seed = 1, .components = components};

	shell->sim = sim_create(&options);
	shell->host = sim_host_add(shell->sim, STR("laptop"), STR("10.1.1.1"));
	shell->arena = arena_create();
	strbuf_init(&shell->out, 1 << 20);
	strbuf_init(&shell->err, 1 << 20);
}

static inline void shell_close(struct shell *shell)
{
	sim_destroy(shell->sim);
	strbuf_free(&shell->out);
	strbuf_free(&shell->err);
	arena_destroy(shell->arena);
}

static inline void shell_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct shell *shell = data;
	struct strbuf *to = is_stderr ? &shell->err : &shell->out;

	(void)process;
	strbuf_append(to, line);
	strbuf_append_char(to, '\n');
}

static inline void shell_exited(struct process *process, int status, void *data)
{
	(void)process;
	((struct shell *)data)->status = status;
}

/* "refscale sim run good.yaml"; what it says comes to what was said before. */
static inline struct sim_process *shell_begin(struct shell *shell, const char *line)
{
	struct str rest = str_from(line), words[SHELL_WORDS_MAX];
	struct process_options options = {
		.words = words, .line = shell_line, .exited = shell_exited, .data = shell};
	struct error error = {0};
	struct sim_process *process;

	while (str_next_field(&rest, ' ', &words[options.words_count]))
		options.words_count++;
	shell->status = -1;
	process = sim_process_start(shell->host, &options, &error);
	ck_assert_msg(process != NULL, "%s", error.text);
	return process;
}

static inline bool shell_is_done(void *data)
{
	return ((struct shell *)data)->status >= 0;
}

/* Within a virtual second. */
static inline int shell_finish(struct shell *shell)
{
	ck_assert(
		sim_run_until(shell->sim, sim_now_us(shell->sim) + 1000000, shell_is_done, shell));
	return shell->status;
}

static inline void shell_clear(struct shell *shell)
{
	strbuf_clear(&shell->out);
	strbuf_clear(&shell->err);
}

#endif
