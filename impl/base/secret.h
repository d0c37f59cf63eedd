/* Secrets are compared in time that depends only on lengths, and wiped when no longer needed. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/str.h"

bool secret_equal(struct str a, struct str b);
void secret_wipe(void *memory, size_t size);

#endif
