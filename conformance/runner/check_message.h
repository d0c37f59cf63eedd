/* Judging one message: an answer the client got, or a call that a played server got. The members of
 * `answer:` and `backend:` are rows of two tables.
 */
#ifndef RUNNER_CHECK_MESSAGE_H
#define RUNNER_CHECK_MESSAGE_H

#include "base/str.h"
#include "conformance/runner/checks.h"

struct json;
struct record;

/* One check under way. */
struct checking {
	const struct check_view *view;
	struct failures *failures;
	struct str place; /* "answer", "backend[1]" */
};

void check_answer_record(struct checking *c, const struct json *expected,
			 const struct record *record);
void check_call_record(struct checking *c, const struct json *expected,
		       const struct record *record);

/* Element paths of a document. */
void check_xml_text(struct checking *c, const struct json *expected, struct str document);

/* `member` follows the place after a dot; empty: none. */
void check_fail(struct checking *c, const struct json *expected, const char *member,
		struct str actual);
void check_fail_text(struct checking *c, int line, const char *member, struct str expected,
		     struct str actual);
/* A text as it is, anything else as JSON. */
struct str check_expected_text(const struct checking *c, const struct json *expected);

#endif
