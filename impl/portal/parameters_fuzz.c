/* libFuzzer target: the first byte says what kind of body the rest is (a form, JSON, multipart, or
 * a query); what is read is one object of sound texts, the same each time. Contents of files may
 * hold any bytes. */
#include "portal/parameters.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
	"application/x-www-form-urlencoded",
	"application/json; charset=utf-8",
	"multipart/form-data; boundary=b",
	"",
};

static bool is_file(const struct json *value)
{
	return json_get(value, STR("content")) != NULL && json_get(value, STR("file_name")) != NULL;
}

/* Depth is bounded by the reader. */
static void check_texts(const struct json *value)
{
	BUG_IF(!str_is_utf8(value->key));
	if (value->kind == JSON_STRING)
		BUG_IF(!str_is_utf8(value->text) ||
		       str_find_char(value->text, '\0') != STR_NOT_FOUND);
	JSON_EACH (child, is_file(value) ? NULL : value)
		check_texts(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct json *parameters = NULL, *again = NULL;
	struct str text = size > 0 ? str_of((const char *)data + 1, size - 1) : STR("");
	const char *type = types[size > 0 ? data[0] % 4 : 0];
	struct str query = *type == '\0' ? text : STR("a=1&b[c]=2");
	struct str body = *type == '\0' ? STR("") : text;
	bool read = portal_parameters_read(arena, query, str_from(type), body, &parameters);

	BUG_IF(read != portal_parameters_read(arena, query, str_from(type), body, &again));
	BUG_IF(read != (parameters != NULL));
	if (read) {
		BUG_IF(parameters->kind != JSON_OBJECT || !json_equal(parameters, again));
		check_texts(parameters);
	}
	arena_destroy(arena);
	return 0;
}
