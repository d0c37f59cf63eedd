/* Certificates: the pair of a server that was given none, and what clients show.
 *
 * libmicrohttpd asks clients for a certificate only when it may refuse them for it (a list of
 * authorities, which it also names to them). The session is GnuTLS's, and there when the connection
 * is announced, before its handshake: so it is asked for there, of any authority, and nothing is
 * judged. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "world/real/http_server_internal.h"

#define PAIR_NAME "localhost"
#define PAIR_DAYS 3650

static bool add_text(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
	bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return is_added;
}

static bool certificate_fill(X509 *certificate, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	uint64_t serial = 0;

	/* Browsers refuse a second certificate with the serial number of the first. */
	return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
	       X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), PAIR_DAYS, 0, NULL) != NULL &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)PAIR_NAME, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, name) == 1 &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       add_text(certificate, NID_subject_alt_name, "DNS:" PAIR_NAME) &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static struct str bio_text(BIO *bio, struct arena *arena)
{
	char *bytes;
	long size = BIO_get_mem_data(bio, &bytes);

	return str_copy(arena, str_of(bytes, (size_t)size));
}

bool tls_pair_make(struct arena *arena, struct str *certificate, struct str *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *made = X509_new();
	BIO *made_text = BIO_new(BIO_s_mem()), *key_text = BIO_new(BIO_s_mem());
	bool is_made = pair != NULL && made != NULL && made_text != NULL && key_text != NULL &&
		       certificate_fill(made, pair) && PEM_write_bio_X509(made_text, made) == 1 &&
		       PEM_write_bio_PrivateKey(key_text, pair, NULL, NULL, 0, NULL, NULL) == 1;

	if (is_made) {
		*certificate = bio_text(made_text, arena);
		*key = bio_text(key_text, arena);
	}
	BIO_free(key_text);
	BIO_free(made_text);
	X509_free(made);
	EVP_PKEY_free(pair);
	return is_made;
}

static gnutls_session_t session_of(const struct connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info != NULL ? info->tls_session : NULL;
}

void tls_ask_client(struct connection *connection)
{
	gnutls_session_t session = session_of(connection);

	if (session != NULL)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
}

unsigned tls_client_certificates(const struct connection *connection)
{
	gnutls_session_t session = session_of(connection);
	unsigned count = 0;

	if (session != NULL && gnutls_certificate_get_peers(session, &count) == NULL)
		count = 0;
	return count;
}

static void append_pem(struct strbuf *out, const gnutls_datum_t *der)
{
	gnutls_datum_t pem;

	if (gnutls_pem_base64_encode2("CERTIFICATE", der, &pem) != GNUTLS_E_SUCCESS)
		return;
	strbuf_append(out, str_of((const char *)pem.data, pem.size));
	gnutls_free(pem.data);
}

/* Of the connection's handshake: the same for all its requests. */
static const char *client_certificate(struct connection *connection, gnutls_session_t session)
{
	const gnutls_datum_t *shown;
	struct strbuf out;
	unsigned count = 0;

	if (connection->client_certificate != NULL)
		return connection->client_certificate;
	strbuf_init(&out, CLIENT_CERTIFICATE_BYTES_MAX);
	shown = gnutls_certificate_get_peers(session, &count);
	for (unsigned i = 0; shown != NULL && i < count; i++)
		append_pem(&out, &shown[i]);
	connection->client_certificate = memory_alloc(out.size + 1);
	if (out.size > 0)
		memcpy(connection->client_certificate, out.data, out.size);
	strbuf_free(&out);
	return connection->client_certificate;
}

struct http_tls_peer tls_peer(struct connection *connection, struct arena *arena)
{
	gnutls_session_t session = session_of(connection);
	struct http_tls_peer peer = {.server_name = STR(""), .certificate = STR("")};
	char name[256] = "";
	size_t size = sizeof name;
	unsigned kind;

	if (session == NULL)
		return peer;
	if (gnutls_server_name_get(session, name, &size, &kind, 0) == GNUTLS_E_SUCCESS)
		peer.server_name = str_copy(arena, str_from(name));
	peer.certificate = str_copy(arena, str_from(client_certificate(connection, session)));
	return peer;
}
