/* Digests: OpenSSL's. SHA-1 and MD5 are here because configurations name them, not as protection.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdint.h>

#include "base/str.h"

struct arena;

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };

/* The digest's bytes. */
struct str digest_of(struct arena *arena, enum digest_kind kind, struct str text);
struct str digest_hmac(struct arena *arena, enum digest_kind kind, struct str key, struct str text);
uint32_t digest_crc32(struct str text); /* as in zlib and Ethernet */

#endif
