/* Base64 (RFC 4648 4; decoding also takes the URL-safe alphabet and missing padding) and hex. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/str.h"

struct arena;

struct str base64_encode(struct arena *arena, struct str bytes);
bool base64_decode(struct arena *arena, struct str text, struct str *bytes);
struct str hex_encode(struct arena *arena, struct str bytes); /* lower case */

#endif
