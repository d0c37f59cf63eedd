#include "portal/settings_source.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"
#include "world/environment.h"
#include "world/files.h"

#define FILE_BYTES_MAX (256 * 1024)

/* Sections whose keys are others' names: flags (flags.h), jobs (jobs_times.h). */
static const char *const free_sections[] = {"rolling_updates", "sidekiq_schedule"};

/* The table. */

static struct str key_of(struct arena *arena, const struct setting *setting)
{
	struct str key =
		str_copy(arena, str_from(setting->key != NULL ? setting->key : setting->variable));
	char *text = (char *)(uintptr_t)key.data;

	for (size_t i = 0; setting->key == NULL && i < key.size; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	}
	return key;
}

static bool is_called(struct arena *arena, const struct setting *setting, const char *name)
{
	if (setting->variable != NULL)
		return str_equal(str_from(setting->variable), str_from(name));
	return str_equal(
		STR_CONCAT(arena, str_from(setting->section), STR("."), str_from(setting->key)),
		str_from(name));
}

static const struct setting *setting_called(struct arena *arena, const char *name)
{
	size_t i = 0;

	while (i < portal_settings_count && !is_called(arena, &portal_settings[i], name))
		i++;
	BUG_IF(i == portal_settings_count);
	return &portal_settings[i];
}

static const struct setting *setting_at(struct arena *arena, struct str section, struct str key)
{
	for (size_t i = 0; i < portal_settings_count; i++) {
		if (str_equal(str_from(portal_settings[i].section), section) &&
		    str_equal(key_of(arena, &portal_settings[i]), key))
			return &portal_settings[i];
	}
	return NULL;
}

static bool is_free_section(struct str name)
{
	bool is = false;

	for (size_t i = 0; i < sizeof free_sections / sizeof *free_sections; i++)
		is = is || str_equal(name, str_from(free_sections[i]));
	return is;
}

static bool is_section(struct str name)
{
	bool is = is_free_section(name);

	for (size_t i = 0; i < portal_settings_count; i++)
		is = is || str_equal(name, str_from(portal_settings[i].section));
	return is;
}

/* The file. */

struct str settings_place(const struct settings_source *source, const char *section,
			  const struct json *value)
{
	return str_format(source->arena, "%.*s: line %d: %s.%.*s", STR_ARG(source->file),
			  value->line, section, STR_ARG(value->key));
}

/* A number that is meant as a text must be in quotes: 007 would lose its zeros. */
static bool has_kind(const struct json *value, enum setting_kind kind)
{
	switch (kind) {
	case SETTING_TEXT:
		break;
	case SETTING_NUMBER:
		if (value->kind == JSON_NUMBER)
			return value->is_integer;
		break;
	case SETTING_SWITCH:
		if (value->kind == JSON_BOOL || value->kind == JSON_NUMBER)
			return value->kind == JSON_BOOL ||
			       (value->is_integer && (value->integer | 1) == 1);
		break;
	}
	return value->kind == JSON_STRING || value->kind == JSON_NULL;
}

static bool check_key(const struct settings_source *source, const struct json *section,
		      const struct json *value, struct error *error)
{
	static const char *const kinds[] = {
		[SETTING_TEXT] = "a text; a number in quotes is one",
		[SETTING_NUMBER] = "a whole number",
		[SETTING_SWITCH] = "true or false",
	};
	const struct setting *setting = setting_at(source->arena, section->key, value->key);
	struct str place = settings_place(source, str_cstr(source->arena, section->key), value);

	if (setting == NULL)
		return error_set(error, ERROR_INVALID, "%.*s is not known", STR_ARG(place));
	return has_kind(value, setting->kind) || error_set(error, ERROR_INVALID, "%.*s must be %s",
							   STR_ARG(place), kinds[setting->kind]);
}

static bool check_section(const struct settings_source *source, const struct json *section,
			  struct error *error)
{
	if (!is_section(section->key))
		return error_set(error, ERROR_INVALID, "%.*s: line %d: there is no section %.*s",
				 STR_ARG(source->file), section->line, STR_ARG(section->key));
	if (section->kind == JSON_NULL)
		return true;
	if (section->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID,
				 "%.*s: line %d: the section %.*s must have keys and values",
				 STR_ARG(source->file), section->line, STR_ARG(section->key));
	JSON_EACH (value, section) {
		if (!is_free_section(section->key) && !check_key(source, section, value, error))
			return false;
	}
	return true;
}

/* All sections may be left out, and then nothing is left that YAML calls a document. */
static bool says_nothing(struct str text)
{
	struct str line;

	while (str_next_field(&text, '\n', &line)) {
		line = str_trim(line);
		if (line.size > 0 && line.data[0] != '#')
			return false;
	}
	return true;
}

static bool read_file(struct settings_source *source, struct error *error)
{
	struct str text;

	if (!files_read(source->world, source->file, FILE_BYTES_MAX, source->arena, &text, error))
		return false;
	if (says_nothing(text))
		return true;
	source->document = yaml_parse(source->arena, text, FILE_BYTES_MAX, error);
	if (source->document == NULL)
		return error_wrap(error, "%.*s", STR_ARG(source->file));
	if (source->document->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID, "%.*s: line %d: there must be sections",
				 STR_ARG(source->file), source->document->line);
	JSON_EACH (section, source->document) {
		if (!check_section(source, section, error))
			return false;
	}
	return true;
}

bool settings_source_open(struct settings_source *source, struct world *world, struct arena *arena,
			  struct str file, struct error *error)
{
	*source = (struct settings_source){.world = world, .arena = arena, .file = file};
	if (file.size == 0)
		source->file = environment_text(world, STR("PORTAL_CONFIG"), STR(""));
	return source->file.size == 0 || read_file(source, error);
}

/* Settings. */

const struct json *settings_section(const struct settings_source *source, const char *name)
{
	return json_get(source->document, str_from(name));
}

static const struct json *value_in_file(const struct settings_source *source,
					const struct setting *setting)
{
	return json_get(settings_section(source, setting->section), key_of(source->arena, setting));
}

static struct str text_in_file(const struct json *value)
{
	if (value != NULL && value->kind == JSON_BOOL)
		return value->boolean ? STR("1") : STR("0");
	return json_scalar_text(value);
}

static struct str text_in_environment(const struct settings_source *source,
				      const struct setting *setting)
{
	if (setting->variable == NULL)
		return STR("");
	return environment_text(source->world, str_from(setting->variable), STR(""));
}

struct str setting_text(const struct settings_source *source, const char *name, struct str fallback)
{
	const struct setting *setting = setting_called(source->arena, name);
	struct str text = text_in_environment(source, setting);

	if (text.size == 0)
		text = text_in_file(value_in_file(source, setting));
	return text.size > 0 ? text : fallback;
}

struct str setting_name(const struct settings_source *source, const char *name)
{
	const struct setting *setting = setting_called(source->arena, name);
	const struct json *value = value_in_file(source, setting);

	if (text_in_environment(source, setting).size > 0 || value == NULL)
		return str_from(name);
	return settings_place(source, setting->section, value);
}

bool setting_number(const struct settings_source *source, const char *name, int64_t least,
		    int64_t most, int64_t *value, struct error *error)
{
	struct str text = setting_text(source, name, STR("")), place;
	int64_t number;

	if (text.size == 0)
		return true;
	if (!str_to_int64(text, &number) || number < least || number > most) {
		place = setting_name(source, name);
		return error_set(error, ERROR_INVALID,
				 "%.*s must be a number from %" PRId64 " to %" PRId64
				 ", not \"%.*s\"",
				 STR_ARG(place), least, most, STR_ARG(text));
	}
	*value = number;
	return true;
}
