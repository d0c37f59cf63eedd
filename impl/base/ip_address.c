#include "base/ip_address.h"

#include <string.h>

#define IPV4_BITS 32
#define GROUPS 8

static bool parse_ipv4(struct str text, uint8_t bytes[4])
{
	struct str part;
	int64_t number;
	size_t count = 0;

	if (str_has_suffix(text, STR(".")))
		return false;
	while (str_next_field(&text, '.', &part)) {
		if (count == 4 || part.size == 0 || part.size > 3 || part.data[0] == '-' ||
		    !str_to_int64(part, &number) || number > 255)
			return false;
		bytes[count++] = (uint8_t)number;
	}
	return count == 4;
}

static bool parse_group(struct str text, uint16_t *group)
{
	uint16_t value = 0;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c >= '0' && c <= '9')
			value = (uint16_t)(value << 4 | (c - '0'));
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = (uint16_t)(value << 4 | ((c | 0x20) - 'a' + 10));
		else
			return false;
	}
	*group = value;
	return text.size > 0 && text.size <= 4;
}

/* Groups between colons, the last of which may be an IPv4 address. */
static bool parse_groups(struct str text, uint16_t groups[GROUPS], size_t *count)
{
	struct str part;
	uint8_t bytes[4];

	*count = 0;
	if (str_has_suffix(text, STR(":")))
		return false;
	while (str_next_field(&text, ':', &part)) {
		bool is_last = text.size == 0;

		if (is_last && *count + 2 <= GROUPS && parse_ipv4(part, bytes)) {
			groups[(*count)++] = (uint16_t)(bytes[0] << 8 | bytes[1]);
			groups[(*count)++] = (uint16_t)(bytes[2] << 8 | bytes[3]);
		} else if (*count == GROUPS || !parse_group(part, &groups[(*count)++])) {
			return false;
		}
	}
	return true;
}

static bool parse_ipv6(struct str text, struct ip_address *address)
{
	uint16_t left[GROUPS], right[GROUPS], all[GROUPS] = {0};
	size_t gap = str_find(text, STR("::")), left_count, right_count = 0;

	if (!parse_groups(gap != STR_NOT_FOUND ? str_slice(text, 0, gap) : text, left, &left_count))
		return false;
	if (gap != STR_NOT_FOUND && !parse_groups(str_skip(text, gap + 2), right, &right_count))
		return false;
	if (gap != STR_NOT_FOUND ? left_count + right_count >= GROUPS : left_count != GROUPS)
		return false;
	memcpy(all, left, left_count * sizeof *all);
	memcpy(all + GROUPS - right_count, right, right_count * sizeof *all);
	for (size_t i = 0; i < GROUPS; i++) {
		address->bytes[i * 2] = (uint8_t)(all[i] >> 8);
		address->bytes[i * 2 + 1] = (uint8_t)all[i];
	}
	return true;
}

bool ip_address_parse(struct str text, struct ip_address *address)
{
	struct ip_address read = {.bytes = {[10] = 0xff, [11] = 0xff}};

	if (!parse_ipv4(text, read.bytes + 12) &&
	    (str_find_char(text, ':') == STR_NOT_FOUND || !parse_ipv6(text, &read)))
		return false;
	*address = read;
	return true;
}

bool ip_range_parse(struct str text, struct ip_range *range)
{
	struct ip_range read = {.bits = IP_ADDRESS_BITS};
	struct str address, bits;
	int64_t number;
	int64_t bits_max;

	if (!str_split_once(text, '/', &address, &bits)) {
		if (!ip_address_parse(text, &read.address))
			return false;
		*range = read;
		return true;
	}
	bits_max = str_find_char(address, ':') == STR_NOT_FOUND ? IPV4_BITS : IP_ADDRESS_BITS;
	if (!ip_address_parse(address, &read.address) || !str_to_int64(bits, &number) ||
	    number < 0 || number > bits_max)
		return false;
	read.bits = (unsigned)(IP_ADDRESS_BITS - bits_max + number);
	*range = read;
	return true;
}

bool ip_range_contains(const struct ip_range *range, const struct ip_address *address)
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (memcmp(range->address.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || ((range->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

bool ip_address_is_private(const struct ip_address *address)
{
	static const struct str ranges[] = {
		STR_INIT("0.0.0.0/8"),      STR_INIT("10.0.0.0/8"),     STR_INIT("100.64.0.0/10"),
		STR_INIT("127.0.0.0/8"),    STR_INIT("169.254.0.0/16"), STR_INIT("172.16.0.0/12"),
		STR_INIT("192.0.0.0/24"),   STR_INIT("192.168.0.0/16"), STR_INIT("198.18.0.0/15"),
		STR_INIT("224.0.0.0/3"),    STR_INIT("::/96"),          STR_INIT("64:ff9b::/96"),
		STR_INIT("64:ff9b:1::/48"), STR_INIT("2002::/16"),      STR_INIT("fc00::/7"),
		STR_INIT("fe80::/9"),       STR_INIT("ff00::/8"),
	};
	struct ip_range range;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (ip_range_parse(ranges[i], &range) && ip_range_contains(&range, address))
			return true;
	}
	return false;
}
