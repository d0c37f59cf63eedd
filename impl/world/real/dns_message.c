#include "world/real/dns_message.h"

#include <arpa/inet.h>
#include <string.h>

#define HEADER_BYTES 12
#define LABEL_BYTES_MAX 63
#define RECORD_BYTES 16
#define TTL_MAX INT64_C(0x7fffffff) /* RFC 2181 8 */
#define FLAG_IS_ANSWER 0x8000
#define FLAG_OPCODES 0x7800
#define FLAG_AUTHORITATIVE 0x0400
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION 0x0100
#define POINTER_TO_QUESTION (0xc000 | HEADER_BYTES) /* the name, compressed */

static uint16_t read_16(struct str message, size_t at)
{
	return (uint16_t)((unsigned char)message.data[at] << 8 |
			  (unsigned char)message.data[at + 1]);
}

static bool byte_may_be_in_name(unsigned char byte)
{
	return byte > ' ' && byte < 0x7f && byte != '.';
}

/* The encoded name at *at, as text; *at is put after it. */
static bool read_name(struct str message, size_t *at, struct dns_message_question *question)
{
	size_t size = 0, position = *at;

	for (;;) {
		size_t label;

		if (position >= message.size)
			return false;
		label = (unsigned char)message.data[position++];
		if (label == 0)
			break;
		if (label > LABEL_BYTES_MAX || label > message.size - position ||
		    position + label - *at >= DNS_NAME_BYTES_MAX)
			return false;
		if (size > 0)
			question->name_bytes[size++] = '.';
		for (size_t i = 0; i < label; i++) {
			unsigned char byte = (unsigned char)message.data[position++];

			if (!byte_may_be_in_name(byte))
				return false;
			if (byte >= 'A' && byte <= 'Z')
				byte = (unsigned char)(byte + ('a' - 'A'));
			question->name_bytes[size++] = (char)byte;
		}
	}
	*at = position;
	question->name = str_of(question->name_bytes, size);
	return true;
}

static enum dns_code read_body(struct str message, struct dns_message_question *question)
{
	size_t at = HEADER_BYTES;

	if ((read_16(message, 2) & FLAG_OPCODES) != 0)
		return DNS_CODE_NOT_IMPLEMENTED;
	if (read_16(message, 4) != 1 || read_16(message, 6) != 0 || read_16(message, 8) != 0)
		return DNS_CODE_FORMAT;
	if (!read_name(message, &at, question) || message.size - at < 4)
		return DNS_CODE_FORMAT;
	question->type = read_16(message, at);
	question->class = read_16(message, at + 2);
	question->encoded = str_slice(message, HEADER_BYTES, at + 4);
	if (read_16(message, 10) == 0 && message.size > at + 4)
		return DNS_CODE_FORMAT;
	if (question->class != DNS_CLASS_IN && question->class != DNS_CLASS_ANY)
		return DNS_CODE_REFUSED;
	return DNS_CODE_OK;
}

bool dns_message_read_question(struct str message, struct dns_message_question *question,
			       enum dns_code *code)
{
	memset(question, 0, sizeof *question);
	if (message.size < HEADER_BYTES || (read_16(message, 2) & FLAG_IS_ANSWER) != 0)
		return false;
	question->id = read_16(message, 0);
	question->wants_recursion = (read_16(message, 2) & FLAG_RECURSION) != 0;
	*code = read_body(message, question);
	return true;
}

static void write_16(unsigned char *bytes, uint32_t value)
{
	bytes[0] = (unsigned char)(value >> 8);
	bytes[1] = (unsigned char)value;
}

static bool append(struct strbuf *out, const unsigned char *bytes, size_t size)
{
	return strbuf_append(out, str_of((const char *)bytes, size));
}

/* One record for each address that fits; the others are left out. */
static uint16_t write_records(struct strbuf *records, size_t bytes_max, struct str addresses,
			      int64_t ttl_s, bool *is_truncated)
{
	uint32_t ttl = (uint32_t)(ttl_s < 0 ? 0 : ttl_s > TTL_MAX ? TTL_MAX : ttl_s);
	struct str address;
	uint16_t count = 0;

	while (str_next_field(&addresses, ',', &address)) {
		unsigned char record[RECORD_BYTES];
		char text[INET_ADDRSTRLEN] = "";

		address = str_trim(address);
		if (address.size < sizeof text && address.size > 0)
			memcpy(text, address.data, address.size);
		if (inet_pton(AF_INET, text, record + 12) != 1)
			continue;
		if (records->size + RECORD_BYTES > bytes_max) {
			*is_truncated = true;
			break;
		}
		write_16(record, POINTER_TO_QUESTION);
		write_16(record + 2, DNS_TYPE_A);
		write_16(record + 4, DNS_CLASS_IN);
		write_16(record + 6, ttl >> 16);
		write_16(record + 8, ttl);
		write_16(record + 10, 4);
		append(records, record, sizeof record);
		count++;
	}
	return count;
}

bool dns_message_write_answer(struct strbuf *out, const struct dns_message_question *question,
			      enum dns_code code, struct str addresses, int64_t ttl_s)
{
	unsigned char header[HEADER_BYTES] = {0};
	bool is_asked = question->type == DNS_TYPE_A || question->type == DNS_TYPE_ANY;
	bool is_truncated = false;
	struct strbuf records;
	uint16_t count = 0;
	uint32_t flags = FLAG_IS_ANSWER | FLAG_AUTHORITATIVE | code;

	strbuf_init(&records, DNS_MESSAGE_BYTES_MAX);
	if (code == DNS_CODE_OK && is_asked)
		count = write_records(&records,
				      DNS_MESSAGE_BYTES_MAX - HEADER_BYTES - question->encoded.size,
				      addresses, ttl_s, &is_truncated);
	if (question->wants_recursion)
		flags |= FLAG_RECURSION;
	if (is_truncated)
		flags |= FLAG_TRUNCATED;
	write_16(header, question->id);
	write_16(header + 2, flags);
	write_16(header + 4, question->encoded.size > 0 ? 1 : 0);
	write_16(header + 6, count);

	bool is_written = append(out, header, sizeof header) &&
			  strbuf_append(out, question->encoded) &&
			  strbuf_append(out, strbuf_str(&records));

	strbuf_free(&records);
	return is_written;
}
