/* What variables and options say of a process rather than of its answers: how many there are, what
 * they write where, and what this gateway does not offer (spec/gateway.md 1.1, 1.3, 1.4).
 */
#ifndef GATEWAY_SETTINGS_PROCESS_H
#define GATEWAY_SETTINGS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct settings;
struct world;

/* As they were given; empty: they were not. */
struct process_texts {
	struct str log_level, log_file, access_log_file, metrics_log_level, metrics_max_logs;
	struct str workers, master, signal;
	int louder, quieter; /* -v, -q */
	bool is_daemon, is_development;
};

/* False and *error when a value must stop the start. */
bool gateway_settings_read_process(struct settings *settings, const struct process_texts *texts,
				   struct world *world, struct error *error);
/* Says in one line which variables are set that this gateway does not obey. */
void gateway_settings_note_unsupported(struct settings *settings, struct world *world);

#endif
