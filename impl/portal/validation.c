#include "portal/validation.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pattern.h"
#include "base/xml.h"
#include "portal/database.h"
#include "portal/record.h"
#include "world/sql.h"

#define STATEMENT_BYTES_MAX 4096

void validation_init(struct validation *validation, struct arena *arena)
{
	*validation = (struct validation){.arena = arena};
}

void validation_add(struct validation *validation, const char *attribute, struct str text)
{
	if (validation->count == validation->capacity) {
		struct validation_entry *entries = validation->entries;

		validation->capacity = validation->capacity > 0 ? validation->capacity * 2 : 8;
		validation->entries = ARENA_ARRAY(validation->arena, struct validation_entry,
						  validation->capacity);
		if (validation->count > 0)
			memcpy(validation->entries, entries, validation->count * sizeof *entries);
	}
	validation->entries[validation->count++] =
		(struct validation_entry){str_from(attribute), text};
}

bool validation_has(const struct validation *validation, const char *attribute)
{
	for (size_t i = 0; i < validation->count; i++) {
		if (str_equal(validation->entries[i].attribute, str_from(attribute)))
			return true;
	}
	return false;
}

bool validation_is_clean(const struct validation *validation)
{
	return validation->count == 0;
}

static bool is_first_of_attribute(const struct validation *validation, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (str_equal(validation->entries[i].attribute,
			      validation->entries[index].attribute))
			return false;
	}
	return true;
}

void validation_write_json(const struct validation *validation, struct strbuf *out)
{
	bool any = false;

	strbuf_append_char(out, '{');
	for (size_t i = 0; i < validation->count; i++) {
		struct str attribute = validation->entries[i].attribute;
		bool any_text = false;

		if (!is_first_of_attribute(validation, i))
			continue;
		if (any)
			strbuf_append_char(out, ',');
		any = true;
		json_write_str(out, attribute);
		strbuf_append(out, STR(":["));
		for (size_t j = i; j < validation->count; j++) {
			if (!str_equal(validation->entries[j].attribute, attribute))
				continue;
			if (any_text)
				strbuf_append_char(out, ',');
			any_text = true;
			json_write_str(out, validation->entries[j].text);
		}
		strbuf_append_char(out, ']');
	}
	strbuf_append_char(out, '}');
}

struct str attribute_for_people(struct arena *arena, struct str attribute)
{
	struct str copy = str_copy(arena, attribute);
	char *text = (char *)(uintptr_t)copy.data;

	for (size_t i = 0; i < copy.size; i++) {
		if (text[i] == '_')
			text[i] = ' ';
	}
	if (copy.size > 0 && text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return copy;
}

void validation_write_xml(const struct validation *validation, struct strbuf *out)
{
	xml_declaration(out);
	strbuf_append(out, STR("\n<errors>\n"));
	for (size_t i = 0; i < validation->count; i++) {
		const struct validation_entry *entry = &validation->entries[i];

		strbuf_append(out, STR("  <error>"));
		if (!str_equal(entry->attribute, STR("base"))) {
			xml_text(out, attribute_for_people(validation->arena, entry->attribute));
			strbuf_append_char(out, ' ');
		}
		xml_text(out, entry->text);
		strbuf_append(out, STR("</error>\n"));
	}
	strbuf_append(out, STR("</errors>\n"));
}

/* Rules. */

static int64_t characters_of(struct str text)
{
	int64_t count = 0;

	while (text.size > 0) {
		size_t size = str_character_size(text);

		text = str_skip(text, size > 0 ? size : 1);
		count++;
	}
	return count;
}

bool text_fits(struct arena *arena, struct str text, const char *expression)
{
	struct pattern *pattern = pattern_create(
		STR_CONCAT(arena, STR("\\A(?:"), str_from(expression), STR(")\\z")), NULL);
	bool fits;

	BUG_IF(pattern == NULL);
	fits = pattern_is_found(pattern, text);
	pattern_destroy(pattern);
	return fits;
}

static bool list_has(const char *list, struct str value)
{
	struct str rest = str_from(list), item;

	while (str_next_field(&rest, ' ', &item)) {
		if (str_equal(item, value))
			return true;
	}
	return false;
}

/* Whether the column can hold the value: a text that should be a number cannot be kept. */
static bool value_fits(const struct record *record, const char *name)
{
	enum value_kind kind = table_column(record->table, str_from(name))->kind;

	return record_get(record, name).kind != VALUE_TEXT || kind == VALUE_TEXT ||
	       kind == VALUE_JSON;
}

static bool value_is_unique(struct arena *arena, struct database *database,
			    const struct record *record, const struct rule *rule)
{
	struct value arguments[8] = {value_int(record_id(record)),
				     record_get(record, rule->attribute)};
	struct str scope = str_from(rule->text), column;
	size_t count = 2;
	struct strbuf sql;
	bool unique;

	if (!value_fits(record, rule->attribute))
		return true;
	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append_format(&sql, "SELECT count(*) FROM %.*s WHERE id <> ?1 AND %s = ?2",
			     STR_ARG(record->table->name), rule->attribute);
	while (str_next_field(&scope, ' ', &column)) {
		BUG_IF(count == sizeof arguments / sizeof *arguments);
		arguments[count] = record_get(record, str_cstr(arena, column));
		count++;
		strbuf_append_format(&sql, " AND (%.*s = ?%zu OR (%.*s IS NULL AND ?%zu IS NULL))",
				     STR_ARG(column), count, STR_ARG(column), count);
	}
	unique = database_int(database, strbuf_str(&sql), arguments, count, 0) == 0;
	strbuf_free(&sql);
	return unique;
}

static bool rule_is_kept(const struct validation *validation, struct database *database,
			 const struct record *record, const struct rule *rule)
{
	struct value value = record_get(record, rule->attribute);
	struct str text = value_to_text(validation->arena, value);

	if (rule->kind == RULE_PRESENT)
		return !value_is_blank(value);
	if (value_is_blank(value) && !rule->judges_blank)
		return true;
	switch (rule->kind) {
	case RULE_PRESENT:
		break;
	case RULE_LENGTH_MIN:
		return characters_of(text) >= rule->number;
	case RULE_LENGTH_MAX:
		return characters_of(text) <= rule->number;
	case RULE_IN:
		return list_has(rule->text, text);
	case RULE_PATTERN:
		return text_fits(validation->arena, text, rule->text);
	case RULE_NUMBER:
		return value.kind == VALUE_INT || value.kind == VALUE_DECIMAL;
	case RULE_AT_LEAST:
		return value.kind != VALUE_INT || value.number >= rule->number;
	case RULE_BELOW:
		return value.kind != VALUE_INT || value.number < rule->number;
	case RULE_ABOVE:
		return value.kind != VALUE_INT || value.number > rule->number;
	case RULE_UNIQUE:
		return value_is_unique(validation->arena, database, record, rule);
	}
	return true;
}

static struct str rule_text(struct arena *arena, const struct rule *rule)
{
	static const char *const texts[] = {
		[RULE_PRESENT] = "can't be blank",
		[RULE_LENGTH_MIN] = "is too short (minimum is # characters)",
		[RULE_LENGTH_MAX] = "is too long (maximum is # characters)",
		[RULE_IN] = "is not included in the list",
		[RULE_PATTERN] = "is invalid",
		[RULE_NUMBER] = "is not a number",
		[RULE_AT_LEAST] = "must be greater than or equal to #",
		[RULE_BELOW] = "must be less than #",
		[RULE_ABOVE] = "must be greater than #",
		[RULE_UNIQUE] = "has already been taken",
	};
	struct str text = str_from(rule->message != NULL ? rule->message : texts[rule->kind]);
	struct str before, after;

	if (rule->message != NULL || !str_split_once(text, '#', &before, &after))
		return text;
	return str_format(arena, "%.*s%" PRId64 "%.*s", STR_ARG(before), rule->number,
			  STR_ARG(after));
}

/* What the columns ask, where no rule has said anything: databases differ in what they do with
 * values that do not fit. */
static void check_columns(struct validation *validation, const struct record *record)
{
	static const struct rule lengths[] = {
		[TEXT_PLAIN] = {.kind = RULE_LENGTH_MAX, .number = SQL_TEXT_CHARACTERS},
		[TEXT_WIDE] = {.kind = RULE_LENGTH_MAX, .number = SQL_WIDE_TEXT_CHARACTERS},
	};
	static const struct rule number = {.kind = RULE_NUMBER};

	for (size_t i = 0; i < record->table->columns_count; i++) {
		const struct column *column = &record->table->columns[i];
		const char *name = column->name.data;

		if (validation_has(validation, name))
			continue;
		if (!value_fits(record, name))
			validation_add(validation, name, rule_text(validation->arena, &number));
		else if (column->kind == VALUE_TEXT && column->width != TEXT_LONG &&
			 characters_of(record->values[i].text) > lengths[column->width].number)
			validation_add(validation, name,
				       rule_text(validation->arena, &lengths[column->width]));
	}
}

void validation_check(struct validation *validation, struct database *database,
		      const struct record *record, const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!rule_is_kept(validation, database, record, &rules[i]))
			validation_add(validation, rules[i].attribute,
				       rule_text(validation->arena, &rules[i]));
	}
	check_columns(validation, record);
}
