/* libFuzzer target: what was read, written with quotes around every field, reads the same again. */
#include "base/csv.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"

#define BYTES_MAX (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_row(struct strbuf *out, const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		strbuf_append(out, i > 0 ? STR(",\"") : STR("\""));
		for (size_t j = 0; j < row->fields[i].size; j++) {
			if (row->fields[i].data[j] == '"')
				strbuf_append_char(out, '"');
			strbuf_append_char(out, row->fields[i].data[j]);
		}
		strbuf_append_char(out, '"');
	}
	strbuf_append_char(out, '\n');
}

/* Reads all of it; the rows go to `out`. */
static bool read_all(struct arena *arena, struct str text, struct strbuf *out)
{
	struct error error = {0};
	struct csv_row row;
	struct csv csv;
	size_t line = 0;

	csv_begin(&csv, text, arena);
	while (csv_next(&csv, &row, &error)) {
		BUG_IF(row.count > CSV_FIELDS_MAX || row.line <= line);
		line = row.line;
		write_row(out, &row);
	}
	BUG_IF(csv.is_malformed != (error.kind != ERROR_NONE));
	return !csv.is_malformed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct strbuf once, twice;

	strbuf_init(&once, BYTES_MAX);
	strbuf_init(&twice, BYTES_MAX);
	if (read_all(arena, str_of((const char *)data, size), &once)) {
		BUG_IF(!read_all(arena, strbuf_str(&once), &twice));
		BUG_IF(!str_equal(strbuf_str(&once), strbuf_str(&twice)));
	}
	strbuf_free(&once);
	strbuf_free(&twice);
	arena_destroy(arena);
	return 0;
}
