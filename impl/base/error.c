#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Texts may quote what a client sent; one line stays one line. */
static void text_set(struct error *error, const char *text)
{
	size_t size = 0;

	for (; size < sizeof error->text - 1 && text[size] != '\0'; size++) {
		unsigned char c = (unsigned char)text[size];

		error->text[size] = c < 0x20 || c == 0x7f ? '?' : text[size];
	}
	/* A character cut in half would make the text invalid UTF-8. */
	if (text[size] != '\0') {
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
			size--;
	}
	error->text[size] = '\0';
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	char text[sizeof error->text + 4];
	va_list args;

	if (error == NULL)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error->kind = kind;
	text_set(error, text);
	return false;
}

bool error_wrap(struct error *error, const char *format, ...)
{
	char text[2 * sizeof error->text + 4];
	va_list args;
	size_t size;

	if (error == NULL)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof error->text, format, args);
	va_end(args);
	size = strlen(text);
	snprintf(text + size, sizeof text - size, ": %s", error->text);
	text_set(error, text);
	return false;
}
