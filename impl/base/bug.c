#include "base/bug.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void bug_found(const char *file, int line, const char *condition)
{
	fprintf(stderr, "refscale: bug at %s:%d: %s\n", file, line, condition);
	abort();
}
