/* Text of a field in a mail's head (RFC 5322 2.2, RFC 2047).
 *
 * Printable ASCII stays as it is, folded at blanks. Anything else, and what would be read as coded
 * though it is not, becomes encoded words in UTF-8 and base64: each of at most 75 characters, of
 * whole characters, on a line of its own of at most 76 (RFC 2047 2 and 5). Unfolded, words one
 * after another are read as one text.
 */
#ifndef PORTAL_MAIL_FIELD_H
#define PORTAL_MAIL_FIELD_H

#include "base/str.h"

struct arena;

/* What follows "NAME: ". The text has no line ends; what it returns may have CRLF and a blank. */
struct str mail_field_text(struct arena *arena, struct str name, struct str text);

#endif
