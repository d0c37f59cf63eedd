/* `refscale store dump|load`: moves the data of backend between the embedded store, a Redis and a
 * file (dump_format.h), in any direction.
 *
 *   refscale store dump --store redis://old --output backend.dump
 *   refscale store load --store refscale-backend.db --input backend.dump
 *   refscale store dump | redis-cli --pipe
 *
 * Ends with status 0; 1: it could not be done; 2: wrong usage. What goes into an embedded store
 * comes whole or not at all.
 */
#ifndef STORE_STORE_COMMAND_H
#define STORE_STORE_COMMAND_H

#include "world/component.h"

extern const struct component store_component;

#endif
