/* `refscale demo`: the whole stack in one process tree on loopback, provisioned and shown at work.
 *
 * Starts backend, portal, echo and two gateways (staging, production) as child processes, waits for
 * their "ready" lines, carries out the steps of demo_steps.c one after the other, prints what each
 * answered, and stays up until it is stopped. With --once it ends after the last step: status 0
 * only when each answered as specified.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "world/component.h"

extern const struct component demo_component;

#endif
