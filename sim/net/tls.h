/* TLS as far as anybody can tell from outside: a certificate is shown, and taken or not. One line
 * each way stands for the handshake, and what follows travels as it is; whoever expects TLS and
 * meets something else fails as in the real world. */
#ifndef SIM_NET_TLS_H
#define SIM_NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/http_client.h"

struct arena;
struct error;

struct tls_certificate {
	struct str kind;  /* sim.h: sim_tls_certificate; or "pem" */
	struct str names; /* comma separated; "*.example.com" stands for one label. Of "pem": base64
			     of the text */
};

struct tls_hello {
	struct str server_name;
	struct str certificate; /* the client's, base64 of PEM; empty: none */
};

enum tls_result { TLS_INCOMPLETE, TLS_DONE, TLS_BROKEN };

/* Reads the text that stands in the place of PEM, or PEM. Slices of it, or in the arena. */
bool tls_certificate_read(struct arena *arena, struct str text, struct tls_certificate *certificate,
			  struct error *error);
void tls_write_hello(struct strbuf *out, struct str server_name, struct str certificate);
/* Slices of bytes. */
enum tls_result tls_read_hello(struct str bytes, struct tls_hello *hello, size_t *used);
void tls_write_certificate(struct strbuf *out, const struct tls_certificate *certificate);
/* Slices of bytes. */
enum tls_result tls_read_certificate(struct str bytes, struct tls_certificate *certificate,
				     size_t *used);
/* How the handshake ends for a client that wants `name`. authority: content of its ca_file (empty:
 * the system's store): "unknown-ca" is trusted by whoever has SIM_TLS_AUTHORITY there,
 * "self-signed" by whoever has the certificate itself. PEM is judged as in the real world, at that
 * time. */
enum http_failure tls_outcome(const struct tls_certificate *certificate, struct str name,
			      struct str authority, int64_t utc_us);

#endif
