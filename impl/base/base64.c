#include "base/base64.h"

#include <stddef.h>

#include "base/arena.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_encode(struct arena *arena, struct str bytes)
{
	char *data = arena_alloc(arena, (bytes.size + 2) / 3 * 4);
	size_t size = 0;

	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i;
		uint32_t group = (uint32_t)(unsigned char)bytes.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= (unsigned char)bytes.data[i + 2];
		data[size++] = alphabet[group >> 18];
		data[size++] = alphabet[group >> 12 & 63];
		data[size++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
		data[size++] = left > 2 ? alphabet[group & 63] : '=';
	}
	return str_of(data, size);
}

/* The six bits of a letter, of either alphabet; -1 for what is no letter. */
static int letter_bits(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Padding may be left out, but when it is there it completes a group of four. */
static bool cut_padding(struct str *text)
{
	size_t padding = 0;

	while (padding < 2 && text->size > padding && text->data[text->size - 1 - padding] == '=')
		padding++;
	if (padding > 0 && text->size % 4 != 0)
		return false;
	text->size -= padding;
	return text->size % 4 != 1;
}

bool base64_decode(struct arena *arena, struct str text, struct str *bytes)
{
	uint32_t group = 0;
	size_t size = 0;
	char *data;

	if (!cut_padding(&text))
		return false;
	data = arena_alloc(arena, text.size / 4 * 3 + 3);
	for (size_t i = 0; i < text.size; i++) {
		int bits = letter_bits(text.data[i]);

		if (bits < 0)
			return false;
		group = group << 6 | (uint32_t)bits;
		/* Each letter but the first of four completes a byte. */
		if (i % 4 != 0)
			data[size++] = (char)(group >> (6 - i % 4 * 2));
	}
	*bytes = str_of(data, size);
	return true;
}

struct str hex_encode(struct arena *arena, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *data = arena_alloc_array(arena, 2, bytes.size);

	for (size_t i = 0; i < bytes.size; i++) {
		data[2 * i] = digits[(unsigned char)bytes.data[i] >> 4];
		data[2 * i + 1] = digits[(unsigned char)bytes.data[i] & 15];
	}
	return str_of(data, 2 * bytes.size);
}
