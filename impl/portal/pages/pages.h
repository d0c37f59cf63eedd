/* The web pages of the three faces (spec/portal.md 7): a table of pages for each part, and the way
 * of a request to one of them. */
#ifndef PORTAL_PAGES_PAGES_H
#define PORTAL_PAGES_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct call;
struct http_request;
struct visit;

typedef void page_handler(struct visit *visit);

/* On which faces a page is, and for whom. */
enum page_flag {
	PAGE_MASTER = 1 << 0,
	PAGE_ADMIN = 1 << 1,
	PAGE_DEVELOPER = 1 << 2,
	PAGE_OPEN = 1 << 3,     /* for everybody; else the log-in form comes first */
	PAGE_SECRET = 1 << 5,   /* the last part of the path is a credential: not for logs */
	PAGE_ADMINS = 1 << 6,   /* members may not, whatever their sections */
	PAGE_ANY_FORM = 1 << 4, /* does nothing in a user's name: needs no form of ours */
	PAGE_ANY_BODY = 1 << 7, /* the body is somebody else's: no parameters are read from it */
};

struct page_route {
	const char
		*methods; /* blank separated; PUT, PATCH and DELETE also as `_method` of a form */
	struct str path;  /* {names} of routes.h are records */
	page_handler *handle;
	unsigned flags;      /* enum page_flag */
	const char *section; /* of a member's permissions; NULL: none is needed */
};

struct page_table {
	const struct page_route *rows;
	size_t count;
};

/* Whether a path is that of a page, not of an API. */
bool pages_have(struct str path);
/* Whether a page of that path, on any face, has the flag. */
bool pages_path_has(const struct call *call, struct str path, enum page_flag flag);
/* Fills call->answer as dispatch() does, inside a transaction that the caller began. */
void pages_serve(struct call *call, const struct http_request *request, struct str body);
/* A page that waits for an errand (errand.h) is written when that is done: the handler hangs it on
 * the call and writes nothing, and whoever is told of its end writes the page between these two,
 * inside a transaction. */
struct visit *pages_resume(struct call *call);
void pages_finish(struct visit *visit);

#endif
