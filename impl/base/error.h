/* Errors are values. A function that can fail returns bool (or NULL, or an enum) and fills the
 * caller's `struct error`; on failure its outputs are untouched. The text is one line without a
 * final full stop, names the thing and the place, and never holds a secret.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

enum error_kind {
	ERROR_NONE,
	ERROR_INVALID, /* input that breaks its grammar or rules */
	ERROR_NOT_FOUND,
	ERROR_CONFLICT,    /* a uniqueness or version rule */
	ERROR_LIMIT,       /* a bound of limits.h */
	ERROR_UNAVAILABLE, /* a port's other side is away; may pass */
	ERROR_SYSTEM,      /* the operating system or a library refused */
	ERROR_HELP,        /* nothing failed: help was asked for and shown (world/component.h) */
};

struct error {
	enum error_kind kind;
	char text[512];
};

/* Fills *error (NULL is allowed) and returns false, so `return error_set(...)` reads well. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "context: " before the text that is there; returns false. */
bool error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
