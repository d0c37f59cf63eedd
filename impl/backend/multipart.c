#include "backend/multipart.h"

#include "base/arena.h"

/* The value of `name` in "form-data; name=\"x\"": quoted or a token. Without data: absent. */
static struct str parameter_of(struct str field, struct str name)
{
	struct str part;

	while (str_next_field(&field, ';', &part)) {
		struct str key, value;

		if (!str_split_once(part, '=', &key, &value) ||
		    !str_equal_nocase(str_trim(key), name))
			continue;
		value = str_trim(value);
		if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
			value = str_slice(value, 1, value.size - 1);
		return value;
	}
	return str_of(NULL, 0);
}

/* Of the part's head, the line of that name. */
static struct str head_field(struct str head, struct str name)
{
	while (head.size > 0) {
		size_t end = str_find(head, STR("\r\n"));
		struct str line = str_slice(head, 0, end), key, value;

		head = end == STR_NOT_FOUND ? str_of(NULL, 0) : str_skip(head, end + 2);
		if (str_split_once(line, ':', &key, &value) && str_equal_nocase(key, name))
			return str_trim(value);
	}
	return str_of(NULL, 0);
}

static enum api_error_code read_part(struct parameters *parameters, struct str part)
{
	size_t end = str_find(part, STR("\r\n\r\n"));
	struct str disposition, name;

	if (end == STR_NOT_FOUND)
		return API_BAD_REQUEST;
	disposition = head_field(str_slice(part, 0, end), STR("Content-Disposition"));
	name = parameter_of(disposition, STR("name"));
	if (name.size == 0 || parameter_of(disposition, STR("filename")).data != NULL)
		return API_NO_ERROR;
	return parameters_add(parameters, PARAMETERS_BODY, name, str_skip(part, end + 4), true);
}

enum api_error_code multipart_read(struct parameters *parameters, struct str content_type,
				   struct str body)
{
	struct str boundary = parameter_of(content_type, STR("boundary")), delimiter;
	size_t at, count = 0;

	if (boundary.size == 0)
		return body.size == 0 ? API_NO_ERROR : API_BAD_REQUEST;
	/* The first delimiter has no line before it. */
	delimiter = STR_CONCAT(parameters->arena, STR("\r\n--"), boundary);
	at = str_find(body, str_skip(delimiter, 2));
	if (at == STR_NOT_FOUND)
		return body.size == 0 ? API_NO_ERROR : API_BAD_REQUEST;
	body = str_skip(body, at + delimiter.size - 2);
	while (!str_has_prefix(body, STR("--"))) {
		size_t start = str_find(body, STR("\r\n")), end;
		enum api_error_code code = parameters_check_count(parameters, ++count);

		if (code != API_NO_ERROR)
			return code;
		if (start == STR_NOT_FOUND)
			return API_BAD_REQUEST;
		body = str_skip(body, start + 2);
		end = str_find(body, delimiter);
		if (end == STR_NOT_FOUND)
			return API_BAD_REQUEST;
		code = read_part(parameters, str_slice(body, 0, end));
		if (code != API_NO_ERROR)
			return code;
		body = str_skip(body, end + delimiter.size);
	}
	return API_NO_ERROR;
}
