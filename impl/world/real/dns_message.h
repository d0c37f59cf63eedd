/* DNS messages of the small name server (RFC 1035): reading a question, writing its answer. No I/O.
 *
 * Strict: one question, no compression in it, nothing after it but an EDNS record or what a
 * resolver may add. Whatever else comes gets an error code, or no answer when it is no question.
 */
#ifndef WORLD_REAL_DNS_MESSAGE_H
#define WORLD_REAL_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define DNS_MESSAGE_BYTES_MAX 512 /* over UDP, without EDNS */
#define DNS_NAME_BYTES_MAX 255    /* encoded: labels with their lengths */
#define DNS_TYPE_A 1
#define DNS_TYPE_ANY 255
#define DNS_CLASS_IN 1
#define DNS_CLASS_ANY 255

enum dns_code {
	DNS_CODE_OK = 0,
	DNS_CODE_FORMAT = 1,
	DNS_CODE_NAME = 3, /* NXDOMAIN */
	DNS_CODE_NOT_IMPLEMENTED = 4,
	DNS_CODE_REFUSED = 5,
};

struct dns_message_question {
	uint16_t id, type, class;
	bool wants_recursion;
	struct str encoded; /* the question as it came: a slice of the message */
	char name_bytes[DNS_NAME_BYTES_MAX + 1];
	struct str name; /* "api.example.com": small letters, without the last dot */
};

/* False: nothing to answer (too short, or an answer itself). Else *code says what to answer when it
 * is not DNS_CODE_OK, and only the id counts. */
bool dns_message_read_question(struct str message, struct dns_message_question *question,
			       enum dns_code *code);

/* addresses: IPv4, separated by commas; those that do not fit set the truncation bit. The result is
 * of at most DNS_MESSAGE_BYTES_MAX bytes. */
bool dns_message_write_answer(struct strbuf *out, const struct dns_message_question *question,
			      enum dns_code code, struct str addresses, int64_t ttl_s);

#endif
