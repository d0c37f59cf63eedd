/* A writer of XML text; the only place that escapes. Names are the caller's literals.
 * All of these append, and answer false when the buffer is full. What XML cannot hold (malformed
 * UTF-8, control characters) becomes U+FFFD, so that no client's bytes break a document.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/str.h"

bool xml_escape(struct strbuf *out, struct str text); /* & < > " ' as entities */
/* Between tags: & < > only, quotes stay (spec/backend.md 2.10, row S10). */
bool xml_text(struct strbuf *out, struct str text);
bool xml_declaration(struct strbuf *out); /* <?xml version="1.0" encoding="UTF-8"?> */
bool xml_open(struct strbuf *out, struct str name);
bool xml_close(struct strbuf *out, struct str name);
bool xml_element(struct strbuf *out, struct str name, struct str text); /* text as xml_text() */

#endif
