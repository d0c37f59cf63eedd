#include "base/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define NAME_BYTES_MAX 255

struct certificate_trust {
	X509_STORE *store;
};

/* The texts of clients reach this: what cannot be read leaves nothing behind for the next reader of
 * OpenSSL's error queue. */
static X509 *next_certificate(BIO *in)
{
	X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);

	if (certificate == NULL)
		ERR_clear_error();
	return certificate;
}

static BIO *reader_of(struct str text)
{
	return BIO_new_mem_buf(text.size > 0 ? text.data : "", (int)text.size);
}

static void trust_free(void *data)
{
	struct certificate_trust *trust = data;

	X509_STORE_free(trust->store);
}

struct certificate_trust *certificate_trust_create_in(struct arena *arena)
{
	struct certificate_trust *trust = ARENA_NEW(arena, struct certificate_trust);

	trust->store = X509_STORE_new();
	X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
	arena_on_destroy(arena, trust_free, trust);
	return trust;
}

bool certificate_trust_add(struct certificate_trust *trust, struct str text, struct error *error)
{
	BIO *in = reader_of(text);
	X509 *certificate;
	size_t count = 0;
	bool is_added = true;

	while (is_added && (certificate = next_certificate(in)) != NULL) {
		is_added = X509_STORE_add_cert(trust->store, certificate) == 1;
		X509_free(certificate);
		count++;
	}
	BIO_free(in);
	return (is_added && count > 0) || error_set(error, ERROR_INVALID, "not a PEM certificate");
}

static STACK_OF(X509) * read_all(struct str text)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *in = reader_of(text);
	X509 *certificate;

	while ((certificate = next_certificate(in)) != NULL)
		sk_X509_push(all, certificate);
	BIO_free(in);
	return all;
}

static enum certificate_verdict verdict_of(int number)
{
	switch (number) {
	case X509_V_OK:
		return CERTIFICATE_FINE;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return CERTIFICATE_EXPIRED;
	default:
		return CERTIFICATE_UNTRUSTED;
	}
}

enum certificate_verdict certificate_judge(const struct certificate_trust *trust, struct str text,
					   int64_t utc_s, const char **reason)
{
	STACK_OF(X509) *shown = read_all(text);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum certificate_verdict verdict = CERTIFICATE_UNREADABLE;
	int number;

	*reason = "certificate cannot be read";
	if (sk_X509_num(shown) > 0 &&
	    X509_STORE_CTX_init(context, trust->store, sk_X509_value(shown, 0), shown) == 1) {
		X509_STORE_CTX_set_time(context, 0, (time_t)utc_s);
		number = X509_verify_cert(context) == 1 ? X509_V_OK
							: X509_STORE_CTX_get_error(context);
		verdict = verdict_of(number);
		*reason = X509_verify_cert_error_string(number);
	}
	X509_STORE_CTX_free(context);
	sk_X509_pop_free(shown, X509_free);
	ERR_clear_error();
	return verdict;
}

bool certificate_is_for(struct str text, struct str name)
{
	BIO *in = reader_of(text);
	X509 *certificate = next_certificate(in);
	char wanted[NAME_BYTES_MAX + 1] = "";
	bool is_for = false;

	for (size_t i = 0; i < name.size && i < NAME_BYTES_MAX; i++)
		wanted[i] = name.data[i];
	if (certificate != NULL && name.size > 0 && name.size <= NAME_BYTES_MAX)
		is_for = X509_check_host(certificate, wanted, name.size, 0, NULL) == 1 ||
			 X509_check_ip_asc(certificate, wanted, 0) == 1;
	X509_free(certificate);
	BIO_free(in);
	return is_for;
}

size_t certificate_count(struct str text)
{
	STACK_OF(X509) *all = read_all(text);
	int count = sk_X509_num(all);

	sk_X509_pop_free(all, X509_free);
	return (size_t)count;
}
