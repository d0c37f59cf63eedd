/* Certificates made at run time, for tests: an authority, and what it signs. */
#ifndef WORLD_REAL_CERTIFICATE_TEST_H
#define WORLD_REAL_CERTIFICATE_TEST_H

#include <check.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"

struct test_authority {
	EVP_PKEY *key;
	X509 *certificate;
	long serial;
};

static void add_extension(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	ck_assert_ptr_nonnull(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, long serial, long from_s, long to_s)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static struct test_authority *test_authority_create(void)
{
	struct test_authority *authority = MEMORY_NEW(struct test_authority);

	authority->key = EVP_EC_gen("P-256");
	authority->serial = 1;
	authority->certificate =
		certificate_new(authority->key, "refscale test authority", 1, -86400, 86400);
	X509_set_issuer_name(authority->certificate, X509_get_subject_name(authority->certificate));
	add_extension(authority->certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(authority->certificate, NID_key_usage, "critical,keyCertSign");
	ck_assert_int_gt(X509_sign(authority->certificate, authority->key, EVP_sha256()), 0);
	return authority;
}

static void test_authority_destroy(struct test_authority *authority)
{
	if (authority == NULL)
		return;
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority);
}

static struct str text_of(BIO *bio, struct arena *arena)
{
	char *bytes;
	long size = BIO_get_mem_data(bio, &bytes);
	struct str text = str_copy(arena, str_of(bytes, (size_t)size));

	BIO_free(bio);
	return text;
}

static struct str certificate_text(X509 *certificate, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, certificate);
	return text_of(bio, arena);
}

static struct str test_authority_certificate(struct test_authority *authority, struct arena *arena)
{
	return certificate_text(authority->certificate, arena);
}

/* PEM texts in `arena`. The certificate is for the DNS name `name`, valid from..to seconds from
 * now; self_signed: not by the authority. */
static void test_certificate_make(struct test_authority *authority, struct arena *arena,
				  const char *name, long from_s, long to_s, bool self_signed,
				  struct str *certificate, struct str *key)
{
	EVP_PKEY *own_key = EVP_EC_gen("P-256");
	X509 *own = certificate_new(own_key, name, ++authority->serial, from_s, to_s);
	BIO *bio = BIO_new(BIO_s_mem());
	char names[128];

	snprintf(names, sizeof names, "DNS:%s", name);
	add_extension(own, NID_subject_alt_name, names);
	X509_set_issuer_name(own,
			     X509_get_subject_name(self_signed ? own : authority->certificate));
	ck_assert_int_gt(X509_sign(own, self_signed ? own_key : authority->key, EVP_sha256()), 0);
	PEM_write_bio_PrivateKey(bio, own_key, NULL, NULL, 0, NULL, NULL);
	*key = text_of(bio, arena);
	*certificate = certificate_text(own, arena);
	X509_free(own);
	EVP_PKEY_free(own_key);
}

#endif
