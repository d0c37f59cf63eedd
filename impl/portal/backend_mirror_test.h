/* Backend, as far as the calls of its Internal API in the outbox say what it holds: a map of what
 * was put where. Of the rig's portal: mirror_rewrite() of an empty one, then changes by requests
 * and jobs, and mirror_fill() whenever what was pushed meanwhile is to count. */
#ifndef PORTAL_BACKEND_MIRROR_TEST_H
#define PORTAL_BACKEND_MIRROR_TEST_H

struct arena;
struct map;

struct mirror {
	struct map *facts;
	struct arena *arena;
};

void mirror_init(struct mirror *mirror);
void mirror_free(struct mirror *mirror);
/* All that waits in the outbox, which is empty then. */
void mirror_fill(struct mirror *mirror);
/* A full rewrite, and nothing that waited before. */
void mirror_rewrite(struct mirror *mirror);
/* Neither more nor less than a rewrite tells an empty backend; `after`: what came last, for the
 * message. */
void mirror_is_what_a_rewrite_says(const struct mirror *told, const char *after);

#endif
