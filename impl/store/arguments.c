#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "store/commands_internal.h"

#define NUMBER_BYTES_MAX 255

bool command_read_integer(struct str text, int64_t *value)
{
	bool is_negative = text.size > 0 && text.data[0] == '-';
	struct str digits = str_skip(text, is_negative ? 1 : 0);

	/* Redis takes only what it would write itself: no "007", no "-0". */
	if (digits.size == 0 || (digits.data[0] == '0' && text.size > 1))
		return false;
	return str_to_int64(text, value);
}

bool call_integer(struct call *call, size_t index, int64_t *value)
{
	if (command_read_integer(call->words[index], value))
		return true;
	call_reply_error(call, "ERR value is not an integer or out of range");
	return false;
}

bool call_is_word(const struct call *call, size_t index, const char *word)
{
	return str_equal_nocase(call->words[index], str_from(word));
}

unsigned call_option(const struct call *call, size_t index, const struct option_word *options)
{
	for (; options->word != NULL; options++)
		if (call_is_word(call, index, options->word))
			return options->flag;
	return 0;
}

static bool has_digit_above_zero(const char *text)
{
	return text[strcspn(text, "123456789eEpP")] >= '1' &&
	       text[strcspn(text, "123456789eEpP")] <= '9';
}

bool command_read_number(struct str text, double *value)
{
	char copy[NUMBER_BYTES_MAX + 1];
	char *end;
	double number;

	if (text.size == 0 || text.size > NUMBER_BYTES_MAX ||
	    strchr(" \t\n\v\f\r", text.data[0]) != NULL)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	number = strtod(copy, &end);
	if (end != copy + text.size || number != number)
		return false;
	/* Too big or too small to be told from infinity or nothing. */
	if ((number > DBL_MAX || number < -DBL_MAX) && strpbrk(copy, "iI") == NULL)
		return false;
	if (number == 0 && has_digit_above_zero(copy))
		return false;
	*value = number;
	return true;
}
