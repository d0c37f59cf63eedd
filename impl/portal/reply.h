/* Answers of the Account Management API, in the format the call asked for (spec/portal.md 2.4). */
#ifndef PORTAL_REPLY_H
#define PORTAL_REPLY_H

#include <stdint.h>

#include "base/str.h"

struct call;
struct record;
struct record_list;
struct representation;
struct validation;

struct page {
	int64_t number, size, entries; /* entries: of all pages */
};

/* One more header field of the answer, whatever becomes its body. */
void reply_field(struct call *call, const char *name, struct str value);
void reply_empty(struct call *call, int status);
void portal_reply_text(struct call *call, int status,
		       struct str text);                         /* text/plain in every format */
void reply_json(struct call *call, int status, struct str body); /* JSON whatever was asked for */
/* A document in the call's format that the caller wrote; `out` is freed. */
void reply_document(struct call *call, int status, struct strbuf *out);
/* {"error":"..."} or <error>...</error> */
void reply_error(struct call *call, int status, struct str text);
/* {"status":"..."}; nothing in XML */
void reply_status(struct call *call, int status, struct str text);
void reply_not_found(struct call *call);
void reply_permission_error(struct call *call); /* the token may not */
void reply_access_denied(struct call *call);
void reply_missing_parameter(struct call *call, const char *name);
void reply_invalid(struct call *call, int status, const struct validation *validation);
/* One error under `errors`, 422 or what is given. */
void reply_invalid_one(struct call *call, int status, const char *attribute, struct str text);
/* A change of state that is not possible: {"error":{"from":...,"object":{...}}}, 422. */
void reply_state_error(struct call *call, const struct representation *representation,
		       const struct record *record, const char *event);
void reply_record(struct call *call, int status, const struct representation *representation,
		  const struct record *record);
void reply_list(struct call *call, const struct representation *representation,
		const struct record_list *list, const struct page *page); /* page may be NULL */

#endif
