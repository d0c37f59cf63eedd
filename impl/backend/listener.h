/* HTTP in: which call goes where (spec/backend.md 2.1, 2.7). */
#ifndef BACKEND_LISTENER_H
#define BACKEND_LISTENER_H

#include <stdbool.h>

struct backend;
struct error;

bool listener_open(struct backend *backend, struct error *error);

#endif
