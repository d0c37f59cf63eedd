/* The demo from inside: demo.c begins and ends it and says what it has to say, demo_stack.c keeps
 * the children, demo_play.c carries out the steps.
 *
 * Order: demo_stack_start(); when every child is ready, demo_play_start(); after the last step
 * demo_played(). demo_end() may come at any time, once; demo_stack_ended() follows it once, when no
 * child is left.
 */
#ifndef DEMO_DEMO_INTERNAL_H
#define DEMO_DEMO_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/clock.h"

#define DEMO_EXIT_STEP_FAILED 1
#define DEMO_EXIT_USAGE 2
#define DEMO_EXIT_CHILD_FAILED 3
#define DEMO_EXIT_INTERRUPTED 130

#define DEMO_ACCESS_TOKEN "demo-access-token"
#define DEMO_USER_KEY "demo-user-key"

#define DEMO_LINES_KEPT 20

struct arena;
struct demo;
struct http_body_collector;
struct http_call;
struct map;
struct process;

/* In the order they are started: a later one may name the ports of earlier ones. */
enum demo_part {
	DEMO_PART_BACKEND,
	DEMO_PART_ECHO,
	DEMO_PART_PORTAL,
	DEMO_PART_STAGING,
	DEMO_PART_PRODUCTION,
	DEMO_PARTS
};

struct demo_child {
	struct demo *demo;
	enum demo_part part;
	struct process *process; /* NULL: not running */
	bool is_ready;
	bool has_usual_port; /* not one that was free */
	int64_t started_us;
	struct str lines[DEMO_LINES_KEPT]; /* the last ones, malloc'd; a ring */
	size_t lines_count;
};

struct demo_stack {
	struct demo_child children[DEMO_PARTS];
	size_t started; /* children that were started */
	struct timer patience;
};

struct demo_play {
	size_t step;
	int tries; /* of this step */
	size_t failures;
	struct timer retry;
	struct http_call *call; /* NULL: none under way */
	struct http_body_collector *collector;
	struct arena *arena; /* the call's */
};

struct demo {
	struct world *world;
	bool once;
	struct arena *arena;   /* lives as long as the demo */
	struct map *variables; /* name -> struct str * in the arena */
	struct demo_stack stack;
	struct demo_play play;
	bool is_played, is_ending;
	int exit_status;
};

/* demo.c */
void demo_set(struct demo *demo, struct str name, struct str value);
/* Puts the values of {names} in; one that is not set stays as it is. */
struct str demo_expand(struct demo *demo, struct arena *arena, const char *template);
void demo_say(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The beginning of a text that others wrote, as a line of the transcript. */
struct str demo_one_line(struct arena *arena, struct str text);
void demo_played(struct demo *demo);
void demo_end(struct demo *demo, int exit_status); /* once */
void demo_stack_ended(struct demo *demo);

/* demo_stack.c */
void demo_stack_start(struct demo *demo);
/* Asks, and kills who is still there after a while. */
void demo_stack_stop(struct demo *demo);
void demo_stack_kill(struct demo *demo);
void demo_stack_free(struct demo *demo);
void demo_stack_show_lines(struct demo *demo, enum demo_part part);

/* demo_play.c */
void demo_play_start(struct demo *demo);
void demo_play_stop(struct demo *demo);

#endif
