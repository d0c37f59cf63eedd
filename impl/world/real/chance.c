/* Chance: ChaCha20 of OpenSSL under a key from the system, so that tokens made of it cannot be
 * guessed. Rekeyed from its own output, so that a later look at the memory tells nothing of the
 * past. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/secret.h"
#include "world/real/real_internal.h"

#define KEY_BYTES 32
#define NONCE_BYTES 16
#define BATCH_BYTES 4096

struct chance {
	EVP_CIPHER_CTX *cipher;
	unsigned char bytes[BATCH_BYTES]; /* the first KEY_BYTES are the next key */
	size_t used;
};

struct chance *chance_create(void)
{
	struct chance *chance = MEMORY_NEW(struct chance);

	chance->cipher = EVP_CIPHER_CTX_new();
	BUG_IF(chance->cipher == NULL);
	BUG_IF(getrandom(chance->bytes, KEY_BYTES, 0) != KEY_BYTES);
	chance->used = BATCH_BYTES;
	return chance;
}

void chance_destroy(struct chance *chance)
{
	if (chance == NULL)
		return;
	EVP_CIPHER_CTX_free(chance->cipher);
	secret_wipe(chance, sizeof *chance);
	free(chance);
}

static void chance_refill(struct chance *chance)
{
	static const unsigned char nonce[NONCE_BYTES];
	int size = 0;

	BUG_IF(EVP_EncryptInit_ex(chance->cipher, EVP_chacha20(), NULL, chance->bytes, nonce) != 1);
	memset(chance->bytes, 0, BATCH_BYTES);
	BUG_IF(EVP_EncryptUpdate(chance->cipher, chance->bytes, &size, chance->bytes,
				 BATCH_BYTES) != 1);
	chance->used = KEY_BYTES;
}

uint64_t chance_next(struct chance *chance)
{
	uint64_t bits;

	if (chance->used + sizeof bits > BATCH_BYTES)
		chance_refill(chance);
	memcpy(&bits, chance->bytes + chance->used, sizeof bits);
	memset(chance->bytes + chance->used, 0, sizeof bits);
	chance->used += sizeof bits;
	return bits;
}
