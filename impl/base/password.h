/* Passwords as they are kept: bcrypt, by the system's crypt library ("$2b$", cost, salt, digest in
 * 60 characters). Working one out is slow on purpose: each step of the cost doubles it, cost 10
 * takes some 50 ms. The same salt gives the same text on every machine. */
#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define PASSWORD_SALT_BYTES 16
#define PASSWORD_COST_MIN 4
#define PASSWORD_COST_MAX 14  /* a second: the loop stands still meanwhile */
#define PASSWORD_BYTES_MAX 72 /* bcrypt sees no more */

struct arena;

/* `salt`: PASSWORD_SALT_BYTES of chance. What is past 72 bytes, or past a NUL, counts for nothing.
 */
struct str password_digest(struct arena *arena, struct str password, int cost, const uint8_t *salt);
/* False, and as slow, when the digest is none. */
bool password_fits(struct arena *arena, struct str password, struct str digest);

#endif
