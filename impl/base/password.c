#include "base/password.h"

#include <crypt.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/secret.h"

#define DIGEST_BYTES 60
#define DUMMY_DIGEST "$2b$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK"

/* A new text, or empty when the library does not take the setting. */
static struct str crypt_with(struct arena *arena, struct str password, const char *setting)
{
	struct crypt_data *data = ARENA_NEW(arena, struct crypt_data);
	char *phrase = arena_alloc(arena, PASSWORD_BYTES_MAX + 1);
	struct str cut = str_slice(password, 0, PASSWORD_BYTES_MAX), out;

	for (size_t i = 0; i < cut.size; i++)
		phrase[i] = cut.data[i];
	out = str_from(crypt_r(phrase, setting, data));
	out = out.size == DIGEST_BYTES ? str_copy(arena, out) : STR("");
	secret_wipe(phrase, PASSWORD_BYTES_MAX);
	secret_wipe(data, sizeof *data);
	return out;
}

struct str password_digest(struct arena *arena, struct str password, int cost, const uint8_t *salt)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct str digest;

	BUG_IF(cost < PASSWORD_COST_MIN || cost > PASSWORD_COST_MAX);
	BUG_IF(crypt_gensalt_rn("$2b$", (unsigned long)cost, (const char *)salt,
				PASSWORD_SALT_BYTES, setting, sizeof setting) == NULL);
	digest = crypt_with(arena, password, setting);
	BUG_IF(digest.size == 0);
	return digest;
}

bool password_fits(struct arena *arena, struct str password, struct str digest)
{
	bool is_digest = digest.size == DIGEST_BYTES && str_has_prefix(digest, STR("$2"));
	const char *setting = is_digest ? str_cstr(arena, digest) : DUMMY_DIGEST;
	struct str again = crypt_with(arena, password, setting);

	return is_digest && secret_equal(again, digest);
}
