#include "sim/net/tls.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/utc.h"
#include "sim/sim.h"

#define LINE_BYTES_MAX (32 * 1024)

/* The first byte is that of a real handshake record, which no HTTP server takes for a request. */
static const struct str hello_begin = STR_INIT("\x16 hello ");
static const struct str certificate_begin = STR_INIT("\x16 certificate ");
static const struct str text_begin = STR_INIT("simulated certificate ");
static const struct str pem_kind = STR_INIT("pem");

static const struct {
	struct str kind;
	enum http_failure outcome;
} kinds[] = {
	{STR_INIT("ok"), HTTP_FAILURE_NONE},
	{STR_INIT("expired"), HTTP_FAILURE_TLS_EXPIRED},
	{STR_INIT("not-yet"), HTTP_FAILURE_TLS_EXPIRED},
	{STR_INIT("unknown-ca"), HTTP_FAILURE_TLS_UNTRUSTED},
	{STR_INIT("self-signed"), HTTP_FAILURE_TLS_UNTRUSTED},
};

struct str sim_tls_certificate(struct arena *arena, struct str names, struct str kind)
{
	return STR_CONCAT(arena, text_begin, kind, STR(" "), names, STR("\n"));
}

bool tls_certificate_read(struct arena *arena, struct str text, struct tls_certificate *certificate,
			  struct error *error)
{
	struct str line, rest;

	if (certificate_count(text) > 0) {
		*certificate = (struct tls_certificate){pem_kind, base64_encode(arena, text)};
		return true;
	}

	str_split_once(text, '\n', &line, &rest);
	if (!str_has_prefix(line, text_begin))
		return error_set(error, ERROR_INVALID, "not a simulated certificate");
	str_split_once(str_skip(line, text_begin.size), ' ', &certificate->kind,
		       &certificate->names);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_equal(kinds[i].kind, certificate->kind))
			return true;
	}
	return error_set(error, ERROR_INVALID, "unknown kind of certificate \"%.*s\"",
			 STR_ARG(certificate->kind));
}

/* The rest of the line that begins with `begin`. */
static enum tls_result line_read(struct str bytes, struct str begin, struct str *line, size_t *used)
{
	size_t end = str_find_char(bytes, '\n');

	if (!str_has_prefix(bytes, str_slice(begin, 0, bytes.size)))
		return TLS_BROKEN;
	if (end == STR_NOT_FOUND)
		return bytes.size < LINE_BYTES_MAX ? TLS_INCOMPLETE : TLS_BROKEN;
	*line = str_slice(bytes, begin.size, end);
	*used = end + 1;
	return TLS_DONE;
}

void tls_write_hello(struct strbuf *out, struct str server_name, struct str certificate)
{
	struct arena *arena = arena_create();

	strbuf_append(out, hello_begin);
	strbuf_append(out, server_name);
	strbuf_append_char(out, ' ');
	strbuf_append(out, base64_encode(arena, certificate));
	strbuf_append_char(out, '\n');
	arena_destroy(arena);
}

enum tls_result tls_read_hello(struct str bytes, struct tls_hello *hello, size_t *used)
{
	struct str line;
	enum tls_result result = line_read(bytes, hello_begin, &line, used);

	if (result == TLS_DONE)
		str_split_once(line, ' ', &hello->server_name, &hello->certificate);
	return result;
}

void tls_write_certificate(struct strbuf *out, const struct tls_certificate *certificate)
{
	strbuf_append(out, certificate_begin);
	strbuf_append(out, certificate->kind);
	strbuf_append_char(out, ' ');
	strbuf_append(out, certificate->names);
	strbuf_append_char(out, '\n');
}

enum tls_result tls_read_certificate(struct str bytes, struct tls_certificate *certificate,
				     size_t *used)
{
	struct str line;
	enum tls_result result = line_read(bytes, certificate_begin, &line, used);

	if (result == TLS_DONE)
		str_split_once(line, ' ', &certificate->kind, &certificate->names);
	return result;
}

static bool name_fits(struct str pattern, struct str name)
{
	if (!str_has_prefix(pattern, STR("*.")))
		return str_equal_nocase(pattern, name);

	size_t dot = str_find_char(name, '.');

	return dot != STR_NOT_FOUND && dot > 0 &&
	       str_equal_nocase(str_skip(pattern, 1), str_skip(name, dot));
}

static bool is_named(const struct tls_certificate *certificate, struct str name)
{
	struct str rest = certificate->names, one;

	while (str_next_field(&rest, ',', &one)) {
		if (name_fits(str_trim(one), name))
			return true;
	}
	return false;
}

static bool is_trusted(const struct tls_certificate *certificate, struct str authority,
		       struct arena *arena)
{
	struct tls_certificate trusted;

	if (str_equal(certificate->kind, STR("unknown-ca")))
		return str_find(authority, SIM_TLS_AUTHORITY) != STR_NOT_FOUND;
	return str_equal(certificate->kind, STR("self-signed")) &&
	       tls_certificate_read(arena, authority, &trusted, NULL) &&
	       str_equal(trusted.kind, certificate->kind) &&
	       str_equal(trusted.names, certificate->names);
}

static enum http_failure pem_outcome(struct str text, struct str name, struct str authority,
				     int64_t utc_us, struct arena *arena)
{
	static const enum http_failure failures[] = {
		[CERTIFICATE_FINE] = HTTP_FAILURE_NONE,
		[CERTIFICATE_UNREADABLE] = HTTP_FAILURE_TLS,
		[CERTIFICATE_EXPIRED] = HTTP_FAILURE_TLS_EXPIRED,
		[CERTIFICATE_UNTRUSTED] = HTTP_FAILURE_TLS_UNTRUSTED,
	};
	struct certificate_trust *trust = certificate_trust_create_in(arena);
	const char *reason;
	enum http_failure failure;

	certificate_trust_add(trust, authority, NULL);
	failure = failures[certificate_judge(trust, text, utc_us / UTC_SECOND_US, &reason)];
	if (failure == HTTP_FAILURE_NONE && !certificate_is_for(text, name))
		failure = HTTP_FAILURE_TLS_NAME;
	return failure;
}

static enum http_failure simulated_outcome(const struct tls_certificate *certificate,
					   struct str name, struct str authority,
					   struct arena *arena)
{
	enum http_failure outcome = HTTP_FAILURE_TLS;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_equal(kinds[i].kind, certificate->kind))
			outcome = kinds[i].outcome;
	}
	if (outcome == HTTP_FAILURE_TLS_UNTRUSTED && is_trusted(certificate, authority, arena))
		outcome = HTTP_FAILURE_NONE;
	if (outcome == HTTP_FAILURE_NONE && !is_named(certificate, name))
		outcome = HTTP_FAILURE_TLS_NAME;
	return outcome;
}

enum http_failure tls_outcome(const struct tls_certificate *certificate, struct str name,
			      struct str authority, int64_t utc_us)
{
	struct arena *arena = arena_create();
	struct str text;
	enum http_failure outcome = HTTP_FAILURE_TLS;

	if (!str_equal(certificate->kind, pem_kind))
		outcome = simulated_outcome(certificate, name, authority, arena);
	else if (base64_decode(arena, certificate->names, &text))
		outcome = pem_outcome(text, name, authority, utc_us, arena);
	arena_destroy(arena);
	return outcome;
}
