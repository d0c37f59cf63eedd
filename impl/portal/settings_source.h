/* Where the portal's settings come from (spec/portal.md 8.1): variables of the environment, and a
 * YAML file (--config FILE, or PORTAL_CONFIG) with a section for each of upstream's files. The
 * environment wins. What is empty or null is not set.
 *
 * One table (settings_table.c) knows where in the file each variable may stand as well; `settings`
 * has those that have no section of their own, under the variable's name in small letters. A
 * setting is asked for by its variable's name, or by "section.key" where it has none. Asking for
 * one that the table does not have is a mistake of ours (BUG_IF).
 *
 * Errors name what was written where: "SMTP_PORT must be ..." or "portal.yaml: line 4: smtp.port
 * must be ...".
 */
#ifndef PORTAL_SETTINGS_SOURCE_H
#define PORTAL_SETTINGS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct json;
struct world;

enum setting_kind {
	SETTING_TEXT,
	SETTING_NUMBER,
	SETTING_SWITCH, /* true or false; "1" and "0" for whoever asks */
};

struct setting {
	const char *variable; /* NULL: only the file has it */
	const char *section;
	const char *key; /* NULL: the variable's name in small letters */
	enum setting_kind kind;
};

extern const struct setting portal_settings[];
extern const size_t portal_settings_count;

struct settings_source {
	struct world *world;
	struct arena *arena;
	struct str file;
	const struct json *document; /* NULL: there is no file */
};

/* Reads the file, if one is given here or by PORTAL_CONFIG. Texts lie in the arena or live as long
 * as the world. False and *error: it cannot be read, or a section or key is unknown or of the wrong
 * kind. */
bool settings_source_open(struct settings_source *source, struct world *world, struct arena *arena,
			  struct str file, struct error *error);
struct str setting_text(const struct settings_source *source, const char *name,
			struct str fallback);
/* A whole number from least to most. */
bool setting_number(const struct settings_source *source, const char *name, int64_t least,
		    int64_t most, int64_t *value, struct error *error);
/* As it is called where it was written, for a sentence that goes on. */
struct str setting_name(const struct settings_source *source, const char *name);
/* A section whose keys are not the table's; NULL when it is not there. */
const struct json *settings_section(const struct settings_source *source, const char *name);
/* "portal.yaml: line 4: rolling_updates.moon" */
struct str settings_place(const struct settings_source *source, const char *section,
			  const struct json *value);

#endif
