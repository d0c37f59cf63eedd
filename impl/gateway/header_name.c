#include "gateway/header_name.h"

static char header_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '_' ? '-' : c;
}

bool header_name_equal(struct str a, struct str b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (header_char(a.data[i]) != header_char(b.data[i]))
			return false;
	}
	return true;
}
