/* Reads one element of services[] (spec/gateway.md 2.6); part of config.c's work. */
#ifndef GATEWAY_CONFIG_SERVICE_H
#define GATEWAY_CONFIG_SERVICE_H

#include "gateway/config.h"

/* *service is undefined on failure. Texts are borrowed from `content`, whose arena must be the
 * same.
 */
bool config_service_parse(struct arena *arena, const struct json *content,
			  const struct settings *settings, struct error_log *log,
			  struct service *service, struct error *error);

#endif
