/* The levels of utilisation, in percent, at which a service's applications raise alerts, and who is
 * told: the column notification_settings (spec/portal.md 6.3, 6.4). Backend knows the levels only.
 */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/resources/resources.h"

#define SETTINGS_BYTES_MAX 4096

static const int64_t levels[] = {50, 80, 90, 100, 120, 150, 200, 300};
#define LEVELS (sizeof levels / sizeof *levels)

static const struct str readers[] = {STR_INIT("web_provider"), STR_INIT("email_provider"),
				     STR_INIT("web_buyer"), STR_INIT("email_buyer")};
#define READERS (sizeof readers / sizeof *readers)

static bool list_has(const struct json *list, int64_t level)
{
	JSON_EACH (item, list) {
		if (json_int(item, -1) == level)
			return true;
	}
	return false;
}

/* Only what is a level stays, each once, smallest first. */
static struct json *levels_among(struct arena *arena, const struct json *list)
{
	struct json *kept = json_new(arena, JSON_ARRAY);

	for (size_t i = 0; i < LEVELS; i++) {
		if (list_has(list, levels[i]))
			json_append(kept, json_new_int(arena, levels[i]));
	}
	return kept;
}

void alert_levels_assign(struct call *call, struct record *service, const struct json *sent)
{
	struct json *kept = json_new(call->arena, JSON_OBJECT);

	if (sent == NULL || (sent->kind != JSON_OBJECT && sent->kind != JSON_NULL))
		return;
	for (size_t i = 0; i < READERS; i++) {
		const struct json *list = json_get(sent, readers[i]);

		if (list != NULL)
			json_set(kept, readers[i], levels_among(call->arena, list));
	}
	record_set(service, "notification_settings",
		   sent->kind == JSON_OBJECT ? value_json(json_print(call->arena, kept))
					     : value_null());
}

static struct json *settings_of(struct call *call, const struct record *service)
{
	return json_parse(call->arena, record_text(service, "notification_settings"),
			  SETTINGS_BYTES_MAX, NULL);
}

/* An element for each reader, with the levels behind one another. */
struct value alert_levels_xml(struct call *call, const struct record *service)
{
	const struct json *settings = settings_of(call, service);
	struct str text = STR("");

	if (settings == NULL)
		return value_absent();
	JSON_EACH (list, settings) {
		struct str line = STR("");

		JSON_EACH (level, list)
			line = STR_CONCAT(call->arena, line, line.size > 0 ? STR(",") : STR(""),
					  level->text);
		text = str_format(call->arena, "%.*s<%.*s>%.*s</%.*s>", STR_ARG(text),
				  STR_ARG(list->key), STR_ARG(line), STR_ARG(list->key));
	}
	return value_json(text);
}

static bool is_a_level(const struct json *settings, int64_t level)
{
	for (size_t i = 0; i < READERS; i++) {
		if (list_has(json_get(settings, readers[i]), level))
			return true;
	}
	return false;
}

static void push_difference(struct call *call, const struct record *service, const struct json *now,
			    const struct json *then)
{
	for (size_t i = 0; i < LEVELS; i++) {
		bool is_on = is_a_level(now, levels[i]);

		if (is_on == is_a_level(then, levels[i]))
			continue;
		if (is_on)
			push_alert_limit(call, service, levels[i]);
		else
			push_alert_limit_gone(call, service, levels[i]);
	}
}

void alert_levels_saved(struct call *call, const struct record *service,
			const struct record *before)
{
	push_difference(call, service, settings_of(call, service),
			before != NULL ? settings_of(call, before) : NULL);
}

void alert_levels_gone(struct call *call, const struct record *service)
{
	push_difference(call, service, NULL, settings_of(call, service));
}
