#include "base/digest.h"

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/bug.h"

static const struct {
	const char *name;
	size_t bytes;
} kinds[] = {
	[DIGEST_MD5] = {"MD5", 16},
	[DIGEST_SHA1] = {"SHA1", 20},
	[DIGEST_SHA256] = {"SHA256", 32},
};

static const void *bytes_of(struct str text)
{
	return text.size > 0 ? text.data : "";
}

struct str digest_of(struct arena *arena, enum digest_kind kind, struct str text)
{
	size_t bytes = kinds[kind].bytes;
	unsigned char *digest = arena_alloc(arena, bytes);

	/* Fails only when the library lacks the algorithm. */
	BUG_IF(EVP_Q_digest(NULL, kinds[kind].name, NULL, bytes_of(text), text.size, digest,
			    &bytes) != 1);
	return str_of((const char *)digest, bytes);
}

struct str digest_hmac(struct arena *arena, enum digest_kind kind, struct str key, struct str text)
{
	size_t bytes = kinds[kind].bytes;
	unsigned char *digest = arena_alloc(arena, bytes);

	BUG_IF(EVP_Q_mac(NULL, "HMAC", NULL, kinds[kind].name, NULL, bytes_of(key), key.size,
			 bytes_of(text), text.size, digest, bytes, &bytes) == NULL);
	return str_of((const char *)digest, bytes);
}

uint32_t digest_crc32(struct str text)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < text.size; i++) {
		crc ^= (unsigned char)text.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
}
