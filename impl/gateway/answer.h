/* The texts of answers that the gateway makes itself (spec/gateway.md 3.6, 6.1). Pure. */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include "base/str.h"
#include "gateway/config.h"

struct arena;
struct http_fields;
struct request;

/* The HTML page of a status, as the server underneath writes it. */
struct str answer_page(int status, struct arena *arena);
/* `more`: in its title and below its heading; empty: nothing. */
struct str answer_page_with(int status, struct str more, struct arena *arena);
/* "no credentials provided", ...: the beginning of the log line of 3.6. */
const char *answer_kind_text(enum answer_kind kind);
/* X-3scale-...: what the request costs, who pays, who measured. */
void answer_add_debug_fields(struct http_fields *fields, const struct request *request);

#endif
