/* `refscale demo`: the whole stack on this machine, provisioned and shown at work.
 *
 * Starts backend, portal, the Echo API and two gateways (staging, production) as child processes,
 * waits for their "ready" lines, carries out the steps of demo_steps.c one after the other, prints
 * each as a curl command with what was answered, then every address and credential, and stays up
 * until it is stopped. A port that is taken is replaced by a free one. With --once it ends after
 * the last step.
 *
 * Exit statuses: 0; 1 when a step was not answered as specified; 2 for wrong options; 3 when a
 * child could not be started, did not get ready or ended early (its last lines are printed); 130
 * when --once was interrupted. A second request to stop kills the children.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "world/component.h"

extern const struct component demo_component;

#endif
