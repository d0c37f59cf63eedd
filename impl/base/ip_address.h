/* IP addresses and ranges as texts and as 16 bytes; IPv4 stands in the range ::ffff:0:0/96. */
#ifndef BASE_IP_ADDRESS_H
#define BASE_IP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define IP_ADDRESS_BITS 128

struct ip_address {
	uint8_t bytes[IP_ADDRESS_BITS / 8];
};

struct ip_range {
	struct ip_address address;
	unsigned bits; /* of the network, 0 to IP_ADDRESS_BITS */
};

/* "192.0.2.7", "2001:db8::1". False: it is none. */
bool ip_address_parse(struct str text, struct ip_address *address);
/* An address, or one with "/16". */
bool ip_range_parse(struct str text, struct ip_range *range);
bool ip_range_contains(const struct ip_range *range, const struct ip_address *address);
/* Not for everybody in the Internet: loopback, private, link-local, multicast and reserved ranges
 * (RFC 6890). */
bool ip_address_is_private(const struct ip_address *address);

#endif
