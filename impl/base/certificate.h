/* X.509 certificates: is one trusted, and for whom is it (OpenSSL). Texts are PEM; of several in
 * one text the first is the one it is about, the others are what its owner sent along.
 */
#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct certificate_trust;
struct error;

/* Lives as long as the arena. */
struct certificate_trust *certificate_trust_create_in(struct arena *arena);
/* Trusts all certificates of the text, authorities or not: a chain may end at any of them. False
 * and *error: there is none, or one cannot be read. */
bool certificate_trust_add(struct certificate_trust *trust, struct str text, struct error *error);

enum certificate_verdict {
	CERTIFICATE_FINE,
	CERTIFICATE_UNREADABLE,
	CERTIFICATE_EXPIRED, /* or not yet valid; of any in its chain */
	CERTIFICATE_UNTRUSTED,
};

/* At that second since 1970. *reason: OpenSSL's words, static. */
enum certificate_verdict certificate_judge(const struct certificate_trust *trust, struct str text,
					   int64_t utc_s, const char **reason);
/* Whether it is for that host name or IP address. */
bool certificate_is_for(struct str text, struct str name);
/* How many the text holds; those that cannot be read, and what follows them, do not count. */
size_t certificate_count(struct str text);

#endif
