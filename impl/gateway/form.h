/* The fields of a request's form body (spec/gateway.md 3.4, 3.5), read only when credentials or a
 * mapping rule need them. At most FORM_BYTES_MAX are held; a larger body has no fields and goes on
 * to the upstream as it comes.
 *
 * Zeroed memory is a form that was not read. form_read() takes the body's consumer end;
 * form_take_body() gives a consumer end back, of a body with the same bytes.
 */
#ifndef GATEWAY_FORM_H
#define GATEWAY_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "http/body.h"
#include "http/query.h"

struct arena;
struct form;

#define FORM_BYTES_MAX ((size_t)16 * 1024)
#define FORM_FIELDS_MAX 100

typedef void form_done(struct form *form, void *data);

struct form {
	bool was_read;
	struct http_query fields; /* none when the body was too large */
	struct arena *arena;
	struct http_body *incoming; /* NULL when all of it was read */
	struct http_body *outgoing; /* what becomes of it; NULL: no body */
	bool relays;                /* from incoming to outgoing */
	bool outgoing_is_taken;
	char *bytes;
	size_t size, capacity;
	form_done *done;
	void *data;
};

/* body may be NULL. `done` is called once, maybe at once; never when the body is cut off. */
void form_read(struct form *form, struct http_body *body, struct arena *arena, form_done *done,
	       void *data);
/* All of the body is in form->bytes. */
bool form_is_held(const struct form *form);
struct http_body *form_take_body(struct form *form);
/* Lets go of everything that was not taken. */
void form_stop(struct form *form);

/* The first FORM_FIELDS_MAX pairs of a query or form. */
void form_parse(struct http_query *query, struct str text, struct arena *arena);

#endif
