/* The body of a mail (RFC 5322 2.3, RFC 2045 6): text in UTF-8 whose lines end with LF. As long as
 * relays must take its lines, of 998 bytes at most, it goes as it is; else in base64, and the
 * reader gets the long lines back. */
#ifndef PORTAL_MAIL_BODY_H
#define PORTAL_MAIL_BODY_H

#include "base/str.h"

struct arena;

struct mail_body {
	struct str encoding; /* Content-Transfer-Encoding */
	struct str text;     /* lines end with CRLF */
};

struct mail_body mail_body_of(struct arena *arena, struct str text);

#endif
