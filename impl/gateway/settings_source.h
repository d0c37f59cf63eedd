/* Where the configuration comes from: a portal, a file, or the variable's own data
 * (spec/gateway.md 1.2).
 */
#ifndef GATEWAY_SETTINGS_SOURCE_H
#define GATEWAY_SETTINGS_SOURCE_H

#include <stdbool.h>

#include "base/str.h"

struct settings;

/* As they were given; empty: they were not. */
struct source_texts {
	struct str configuration; /* APICAST_CONFIGURATION, --configuration */
	struct str config_file;   /* THREESCALE_CONFIG_FILE */
	struct str portal;        /* THREESCALE_PORTAL_ENDPOINT */
};

/* The first that says something decides settings->source and what belongs to it. What cannot be
 * used leaves a notice. */
void gateway_settings_choose_source(struct settings *settings, const struct source_texts *texts,
				    bool is_development);

#endif
