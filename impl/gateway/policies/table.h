/* The rows of policies/table.c, each defined by the file of its name. */
#ifndef GATEWAY_POLICIES_TABLE_H
#define GATEWAY_POLICIES_TABLE_H

#include "gateway/policies/policy.h"

extern const struct policy apicast_policy;

#endif
