/* Ports for servers that are told where to listen. Outside the range that systems hand out by
 * themselves, so that no outgoing connection takes one in between.
 */
#ifndef RUNNER_FREE_PORT_H
#define RUNNER_FREE_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct world;

/* On 127.0.0.1; nobody listens there now. */
bool free_port_choose(struct world *world, uint16_t *port, struct error *error);

#endif
