/* What SCAN and SSCAN share. */
#ifndef STORE_SCAN_INTERNAL_H
#define STORE_SCAN_INTERNAL_H

#include "store/commands_internal.h"

struct scan_options {
	int64_t cursor;
	int64_t count;
	bool has_pattern;
	struct str pattern;
	bool has_type; /* SCAN only */
	struct str type;
};

/* Each false with the reply set when a word cannot be read. index: of the first word. */
bool scan_read_cursor(struct call *call, size_t index, struct scan_options *options);
bool scan_read_options(struct call *call, size_t index, bool has_types,
		       struct scan_options *options);
bool scan_wants(const struct scan_options *options, struct str text);
void scan_reply(struct call *call, int64_t cursor, const struct items *items);

#endif
