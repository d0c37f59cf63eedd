/* `backend check-storage` and `check-queues`: can it be reached? (spec/backend.md 9.1) What init
 * containers ask until the answer is yes.
 */
#ifndef BACKEND_CONNECTIVITY_H
#define BACKEND_CONNECTIVITY_H

struct backend;
struct connectivity;

/* Says it on standard output or error, and ends the process with 0 or 1. */
struct connectivity *connectivity_check(struct backend *backend);
void connectivity_destroy(struct connectivity *check); /* after the clients were closed */

#endif
