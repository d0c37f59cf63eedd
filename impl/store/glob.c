#include "store/commands_internal.h"

/* One `[...]` at the front of *pattern, which is left behind it. As in Redis, the class may lack
 * its end, `\` takes the next byte as it is, and a range may be written backwards. */
static bool class_has(struct str *pattern, unsigned char c)
{
	size_t i = 1, size = pattern->size;
	const char *p = pattern->data;
	bool is_inverted = size > 1 && p[1] == '^', has = false;

	for (i += is_inverted ? 1 : 0; i < size && p[i] != ']'; i++) {
		unsigned char low, high;

		if (p[i] == '\\' && i + 1 < size) {
			i++;
			low = high = (unsigned char)p[i];
		} else if (i + 2 < size && p[i + 1] == '-') {
			low = (unsigned char)p[i];
			high = (unsigned char)p[i + 2];
			i += 2;
		} else {
			low = high = (unsigned char)p[i];
		}
		if (low > high) {
			unsigned char kept = low;

			low = high;
			high = kept;
		}
		has = has || (c >= low && c <= high);
	}
	*pattern = str_skip(*pattern, i + 1);
	return has != is_inverted;
}

/* Whether the first piece of *pattern, which is no `*`, takes the byte; leaves it behind. */
static bool piece_takes(struct str *pattern, char c)
{
	char first = pattern->data[0];

	if (first == '[')
		return class_has(pattern, (unsigned char)c);
	if (first == '\\' && pattern->size > 1) {
		*pattern = str_skip(*pattern, 1);
		first = pattern->data[0];
		*pattern = str_skip(*pattern, 1);
		return first == c;
	}
	*pattern = str_skip(*pattern, 1);
	return first == '?' || first == c;
}

/* When a piece fails, only the last `*` needs to take one byte more: what the earlier ones could
 * take instead, it can take too. So the work is at most the product of both sizes. */
bool redis_glob_matches(struct str pattern, struct str text)
{
	struct str after_star = {NULL, 0}, star_text = {NULL, 0};
	bool has_star = false;

	while (text.size > 0 || pattern.size > 0) {
		if (pattern.size > 0 && pattern.data[0] == '*') {
			pattern = str_skip(pattern, 1);
			has_star = true;
			after_star = pattern;
			star_text = text;
			continue;
		}
		if (pattern.size > 0 && text.size > 0 && piece_takes(&pattern, text.data[0])) {
			text = str_skip(text, 1);
			continue;
		}
		if (!has_star || star_text.size == 0)
			return false;
		star_text = str_skip(star_text, 1);
		text = star_text;
		pattern = after_star;
	}
	return true;
}

struct str redis_glob_literal_prefix(struct str pattern)
{
	size_t size = 0;

	while (size < pattern.size && pattern.data[size] != '*' && pattern.data[size] != '?' &&
	       pattern.data[size] != '[' && pattern.data[size] != '\\')
		size++;
	return str_slice(pattern, 0, size);
}
