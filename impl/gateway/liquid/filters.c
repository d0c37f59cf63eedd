/* Finding filters, and what all of them need. */
#include "base/arena.h"
#include "gateway/liquid/liquid_internal.h"

const struct liquid_filter *liquid_filter_find(struct str name)
{
	static const struct liquid_filter *const tables[] = {
		liquid_text_filters, liquid_number_filters, liquid_list_filters,
		liquid_openresty_filters};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (const struct liquid_filter *filter = tables[i]; filter->run != NULL;
		     filter++) {
			if (str_equal(filter->name, name))
				return filter;
		}
	}
	return NULL;
}

struct str liquid_input_text(struct liquid_call *call, struct liquid_value input)
{
	return liquid_value_text(&input, call->arena);
}

struct str liquid_argument_text(struct liquid_call *call, size_t index, struct str fallback)
{
	return index < call->count ? liquid_value_text(&call->arguments[index], call->arena)
				   : fallback;
}

int64_t liquid_argument_int(struct liquid_call *call, size_t index, int64_t fallback)
{
	double number;

	if (index >= call->count)
		return fallback;
	number = liquid_to_number(&call->arguments[index], call->arena);
	return number > -1e9 && number < 1e9 ? (int64_t)number : fallback;
}

void liquid_make(struct liquid_call *call, struct strbuf *out)
{
	strbuf_init(out, *call->bytes_left);
}

struct liquid_value liquid_made(struct liquid_call *call, struct strbuf *out)
{
	struct str text = str_copy(call->arena, strbuf_str(out));

	*call->bytes_left -= text.size;
	strbuf_free(out);
	return liquid_text(text);
}
