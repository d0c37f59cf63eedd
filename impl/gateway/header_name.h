/* Names of headers as the variables of nginx have them, and so whoever looks one up by a configured
 * name: without case, '-' and '_' equal (spec/gateway.md 3.4, 9.2). */
#ifndef GATEWAY_HEADER_NAME_H
#define GATEWAY_HEADER_NAME_H

#include <stdbool.h>

#include "base/str.h"

bool header_name_equal(struct str a, struct str b);

#endif
