/* The conformance runner (conformance/README.md):
 *
 *   conform gateway|backend [SELECTION...] [--start CMD | --url URL] [--report FORMAT] ...
 *
 * Exit status: 0 every selected case passed or was skipped, 1 a case failed, 2 wrong usage or a
 * case file that cannot be read, 3 no target could be started, 4 the runner itself failed, 130
 * interrupted; reports are written in every case that got as far as running.
 */
#ifndef RUNNER_CONFORM_H
#define RUNNER_CONFORM_H

#include "world/component.h"

extern const struct component conform_component;

#endif
