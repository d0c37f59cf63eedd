/* The keys of fixtures/certificates, for tests. */
#ifndef BASE_JOSE_KEYS_TEST_H
#define BASE_JOSE_KEYS_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/jose.h"
#include "base/str.h"

#define JOSE_PEM_BYTES_MAX 8192

/* name: rsa-1, rsa-2, rsa-3, ec-1. Empty when it is not there. */
static inline struct str jose_test_pem(struct arena *arena, const char *name)
{
	char path[128], *text = arena_alloc(arena, JOSE_PEM_BYTES_MAX);
	size_t size = 0;
	FILE *in;

	snprintf(path, sizeof path, "fixtures/certificates/token-%s.pem", name);
	in = fopen(path, "r");
	if (in != NULL) {
		size = fread(text, 1, JOSE_PEM_BYTES_MAX, in);
		fclose(in);
	}
	return str_of(text, size);
}

static inline struct jose_key *jose_test_key(struct arena *arena, const char *name)
{
	struct jose_key *key = jose_key_from_pem(arena, jose_test_pem(arena, name), NULL);

	if (key == NULL)
		abort();
	return key;
}

#endif
