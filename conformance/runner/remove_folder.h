/* The end of a folder that a case, a server of its or the target wrote to. */
#ifndef RUNNER_REMOVE_FOLDER_H
#define RUNNER_REMOVE_FOLDER_H

#include "base/str.h"

struct world;

/* With all that is in it, some folders deep. A link goes, what it leads to stays. What cannot be
 * removed is left. */
void remove_folder(struct world *world, struct str path);

#endif
