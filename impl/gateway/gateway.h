/* The API gateway (spec/gateway.md): takes 3scale configurations, asks backend, proxies to private
 * APIs.
 *
 * Options, besides those of `start` in section 1.4: --port N (8080), --management-port N (8090),
 * --metrics-port N (9421), --echo-port N (8081); 0 = any free port. Everything else comes from the
 * environment variables of section 1.3. When it can serve it prints
 * "ready gateway port=N management_port=N metrics_port=N echo_port=N" (metrics_port=0: not open),
 * with " workers=N" when several processes serve. Other first words are policy_commands.h.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "world/component.h"

extern const struct component gateway_component;

#endif
