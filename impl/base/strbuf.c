#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/str.h"

#define CAPACITY_FIRST 64

void strbuf_init(struct strbuf *buffer, size_t bytes_max)
{
	*buffer = (struct strbuf){.bytes_max = bytes_max};
}

void strbuf_free(struct strbuf *buffer)
{
	free(buffer->data);
	strbuf_init(buffer, buffer->bytes_max);
}

void strbuf_clear(struct strbuf *buffer)
{
	buffer->size = 0;
	buffer->full = false;
}

bool strbuf_is_full(const struct strbuf *buffer)
{
	return buffer->full;
}

struct str strbuf_str(const struct strbuf *buffer)
{
	return str_of(buffer->data, buffer->size);
}

char *strbuf_reserve(struct strbuf *buffer, size_t count)
{
	size_t capacity = buffer->capacity;

	if (count > buffer->bytes_max - buffer->size)
		return NULL;
	if (buffer->data != NULL && count <= capacity - buffer->size)
		return buffer->data + buffer->size;
	capacity = capacity < CAPACITY_FIRST ? CAPACITY_FIRST : capacity * 2;
	if (capacity < buffer->size + count)
		capacity = buffer->size + count;
	if (capacity > buffer->bytes_max)
		capacity = buffer->bytes_max;
	/* One byte more than promised, for the NUL that vsnprintf() wants to write. */
	buffer->data = memory_resize(buffer->data, capacity + 1);
	buffer->capacity = capacity;
	return buffer->data + buffer->size;
}

void strbuf_commit(struct strbuf *buffer, size_t count)
{
	BUG_IF(count > buffer->capacity - buffer->size);
	buffer->size += count;
}

bool strbuf_append(struct strbuf *buffer, struct str s)
{
	char *room = strbuf_reserve(buffer, s.size);

	if (room == NULL) {
		buffer->full = true;
		return false;
	}
	if (s.size > 0)
		memcpy(room, s.data, s.size);
	buffer->size += s.size;
	return true;
}

bool strbuf_append_char(struct strbuf *buffer, char c)
{
	if (buffer->size < buffer->capacity) {
		buffer->data[buffer->size++] = c;
		return true;
	}
	return strbuf_append(buffer, str_of(&c, 1));
}

bool strbuf_append_int(struct strbuf *buffer, int64_t value)
{
	char digits[20];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	return strbuf_append(buffer, str_of(digits + at, sizeof digits - at));
}

bool strbuf_append_format(struct strbuf *buffer, const char *format, ...)
{
	va_list args;
	bool appended;

	va_start(args, format);
	appended = strbuf_append_vformat(buffer, format, args);
	va_end(args);
	return appended;
}

bool strbuf_append_vformat(struct strbuf *buffer, const char *format, va_list args)
{
	char small[256];
	va_list again;
	int size;
	char *room;

	va_copy(again, args);
	size = vsnprintf(small, sizeof small, format, args);
	BUG_IF(size < 0);
	if ((size_t)size < sizeof small) {
		va_end(again);
		return strbuf_append(buffer, str_of(small, (size_t)size));
	}
	room = strbuf_reserve(buffer, (size_t)size);
	if (room != NULL) {
		vsnprintf(room, (size_t)size + 1, format, again);
		buffer->size += (size_t)size;
	} else {
		buffer->full = true;
	}
	va_end(again);
	return room != NULL;
}

void strbuf_consume(struct strbuf *buffer, size_t count)
{
	BUG_IF(count > buffer->size);
	buffer->size -= count;
	if (buffer->size > 0 && count > 0)
		memmove(buffer->data, buffer->data + count, buffer->size);
}
