/* Reads one element of services[] (spec/gateway.md 2.6); part of config.c's work. */
#ifndef GATEWAY_CONFIG_SERVICE_H
#define GATEWAY_CONFIG_SERVICE_H

#include "gateway/config.h"

/* oidc: the element of oidc[] beside it. *service is undefined on failure. Texts are borrowed from
 * both, whose arena must be the loader's. */
bool config_service_parse(const struct policy_loader *loader, const struct json *content,
			  const struct json *oidc, struct service *service, struct error *error);

#endif
