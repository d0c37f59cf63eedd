/* The commands beside `start` (spec/gateway.md 1.4): push_policy sends the manifest of a policy to
 * the portal's registry, `generate policy` writes one to begin with. `console` is not offered. Each
 * ends its process: status 0 when it did what was asked, 1 when not.
 */
#ifndef GATEWAY_POLICY_COMMANDS_H
#define GATEWAY_POLICY_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct error;
struct gateway;
struct policy_command;

/* Is it the first word of the arguments? */
bool policy_command_is_asked(const struct str *arguments, size_t count);
/* The gateway's world, settings (for the directories and the trust store) and log are set. NULL and
 * *error on wrong usage. */
struct policy_command *policy_command_start(struct gateway *gateway, const struct str *arguments,
					    size_t count, struct error *error);
void policy_command_destroy(struct policy_command *command); /* NULL is allowed */

#endif
