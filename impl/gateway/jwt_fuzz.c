/* libFuzzer target: whatever a token is, verifying it neither crashes nor hangs, and it is accepted
 * only when it is the one that we have signed, byte for byte. */
#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/json.h"
#include "gateway/error_log.h"
#include "gateway/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of fixtures/certificates/token-rsa-1.pem, good until 2100; the private key is not needed here. */
static const struct str signed_token =
	STR_INIT("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL3NzbyIsInN1YiI6InMi"
		 "LCJhdWQiOiJhIiwiZXhwIjo0MTAyNDQ0ODAwfQ.cY7Lj1SVUesJfjQFTkwT8GvCpytkar-o48w0I"
		 "X-ODg8otKQBum9SoxH7HNAjr3-u2uFk9ZOGefiajWverrZwCENZNudSn62pneSaxASEfagyj4Nep"
		 "KXEwJb46f3dgl8lzwy9bW5fd9b-ZpBvFjSPbNLHTkhl0EIHmg1AFNCAZOZEeLgdABfOar2VnHyqp"
		 "2zZdoID3No_FGE5R2UBfjDehDYu2sLeSL-jZFRRsY_zdeUg7pplbanH_HJSl2XPW_i5zgASEKTIV"
		 "idjSoimBaFcZk1Nl3C585irfcYZ9tRue3n_iDPEQOWGTjC6Y0w4klBfL9FcEG0SjwWMisqUZBjUK"
		 "A");

static const struct str discovered = STR_INIT(
	"{\"issuer\":\"https://sso\",\"config\":{\"id_token_signing_alg_values_supported\":"
	"[\"RS256\",\"RS384\",\"RS512\",\"ES256\",\"HS256\",\"none\"]},"
	"\"keys\":{\"k1\":{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
	"ztMh9YDT-7FOV4XxV9Q-8YpmRUMMp3s7AbEPyNu3OAP5Mqjk2AqgDvkR9He_vW0JAmytJkKHmZy9"
	"8lNbuwYmh4eUkO3SOI0DwX6Ac2wQc9N2wBUG-8hxz4HyTGt8FvW5OZjPXKgUnaMNEo9ziHrrE47A"
	"Ej8pRl7uzj53iTC1CKFvPw7wP8oJdehVgQYgzr4o480R2_McooSawVe8-47SJTwUaj9FQW8FR3pT"
	"e9s5Tb3QNY5YzZ2fhLGPQJ45LyG_XXpVLOO_TxYMhSsRcXX9r_qbYm4oi6g5qlgXCgZweF9IqYyX"
	"hDja211SIZNqmQVBNdgbIdpc_KpGGbbXpCmuhw"
	"\"}}}");

static enum jwt_result verify(struct arena *arena, struct str token)
{
	struct error_log log = {.level = LEVEL_EMERG};
	const struct jwt_issuer *issuer =
		jwt_issuer_read(arena, json_parse(arena, discovered, discovered.size, NULL), &log);
	struct error why = {0};
	struct jwt jwt;
	enum jwt_result result;

	BUG_IF(issuer == NULL || issuer->keys_count != 1);
	result = jwt_verify(issuer, token, INT64_C(1559646375250000), arena, &jwt, &why);
	BUG_IF((result == JWT_GOOD) != (why.kind == ERROR_NONE));
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str token = str_of((const char *)data, size);
	bool is_ours = str_equal(token, signed_token);

	BUG_IF((verify(arena, token) == JWT_GOOD) != is_ours);
	jwt_masked(arena, token);
	arena_destroy(arena);
	return 0;
}
