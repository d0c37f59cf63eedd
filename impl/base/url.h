/* URLs: split, percent coding, path normal form. RFC 3986, with the grammar of spec/gateway.md 0.3
 * (scheme://[user[:password]@]host[:port][path][?query]). */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;

struct url {
	struct str scheme;         /* as written */
	struct str user, password; /* raw, still percent-encoded */
	struct str host;           /* without brackets around IPv6 */
	uint16_t port;             /* written, or the default of http/https/redis/..., or 0 */
	bool port_is_written;
	struct str path;  /* raw; empty when absent */
	struct str query; /* raw, without '?' */
};

/* Slices of text. Errors: "missing endpoint" (empty), "missing scheme", "invalid endpoint". */
bool url_parse(struct str text, struct url *url, struct error *error);
uint16_t url_default_port(struct str scheme); /* http 80, https 443, redis 6379, smtp 25; else 0 */
bool url_is_tls(const struct url *url);       /* scheme https, rediss (any case) */
bool url_is_http(const struct url *url);      /* scheme http or https, with a host */
/* For the Host field: "host", "host:8080" when the port is written, IPv6 in brackets. */
struct str url_authority(struct arena *arena, const struct url *url);

/* Decodes %XX once; a '%' without two hex digits stays. plus_is_space for form encoding. */
struct str url_decode(struct arena *arena, struct str text, bool plus_is_space);
/* Keeps A-Z a-z 0-9 - . _ ~, everything else %XX upper case (spec/gateway.md 0.3). */
bool url_encode(struct strbuf *out, struct str text);
struct str url_encoded(struct arena *arena, struct str text);
/* For paths: keeps '/' too, and what stands for itself in a segment: !$&'()*+,;=:@ */
struct str url_encoded_path(struct arena *arena, struct str text);
/* Decoded, dot segments and repeated slashes resolved; always begins with '/'. */
struct str url_normal_path(struct arena *arena, struct str raw_path);
/* Do its dot segments lead above the root? */
bool url_path_climbs(struct arena *arena, struct str raw_path);
/* Splits a raw request target into path and query (without '?'). */
void url_split_target(struct str target, struct str *path, struct str *query);
bool url_host_is_ip(struct str host); /* IPv4 dotted quad or IPv6 */

#endif
