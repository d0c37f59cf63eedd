#include "gateway/retry_cases.h"

static const struct {
	struct str word;
	enum retry_case retry_case;
	int status; /* 0: no answer */
} rows[] = {
	{STR_INIT("error"), RETRY_ERROR, 0},
	{STR_INIT("timeout"), RETRY_TIMEOUT, 0},
	{STR_INIT("invalid_header"), RETRY_INVALID_HEADER, 0},
	{STR_INIT("non_idempotent"), RETRY_NON_IDEMPOTENT, 0},
	{STR_INIT("http_403"), RETRY_HTTP_403, 403},
	{STR_INIT("http_404"), RETRY_HTTP_404, 404},
	{STR_INIT("http_429"), RETRY_HTTP_429, 429},
	{STR_INIT("http_500"), RETRY_HTTP_500, 500},
	{STR_INIT("http_502"), RETRY_HTTP_502, 502},
	{STR_INIT("http_503"), RETRY_HTTP_503, 503},
	{STR_INIT("http_504"), RETRY_HTTP_504, 504},
};

#define ROWS (sizeof rows / sizeof *rows)

static unsigned case_of(struct str word)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (str_equal(rows[i].word, word))
			return rows[i].retry_case;
	}
	return 0;
}

unsigned retry_cases_parse(struct str text, struct str *unknown)
{
	struct str word;
	unsigned cases = 0;

	*unknown = STR("");
	while (str_next_field(&text, ' ', &word)) {
		unsigned one = case_of(word);

		if (str_equal(word, STR("off")))
			cases = 0;
		else if (word.size > 0 && one == 0)
			*unknown = word;
		cases |= one;
	}
	return cases;
}

bool retry_cases_have_failure(unsigned cases, enum http_failure failure)
{
	switch (failure) {
	case HTTP_FAILURE_CONNECT_REFUSED:
	case HTTP_FAILURE_UNREACHABLE:
	case HTTP_FAILURE_TLS:
	case HTTP_FAILURE_TLS_UNTRUSTED:
	case HTTP_FAILURE_TLS_EXPIRED:
	case HTTP_FAILURE_TLS_NAME:
	case HTTP_FAILURE_RESET:
	case HTTP_FAILURE_CLOSED:
	case HTTP_FAILURE_TUNNEL:
		return (cases & RETRY_ERROR) != 0;
	case HTTP_FAILURE_CONNECT_TIMEOUT:
	case HTTP_FAILURE_TIMEOUT:
		return (cases & RETRY_TIMEOUT) != 0;
	case HTTP_FAILURE_PROTOCOL:
	case HTTP_FAILURE_HEAD_TOO_BIG:
		return (cases & RETRY_INVALID_HEADER) != 0;
	case HTTP_FAILURE_NONE:
	case HTTP_FAILURE_NAME_NOT_FOUND: /* there is nobody to ask */
	case HTTP_FAILURE_NAME_TIMEOUT:
	case HTTP_FAILURE_REQUEST_BODY:
		break;
	}
	return false;
}

bool retry_cases_have_status(unsigned cases, int status)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].status == status)
			return (cases & rows[i].retry_case) != 0;
	}
	return false;
}

bool retry_cases_have_method(unsigned cases, struct str method, bool was_sent)
{
	bool is_idempotent = !str_equal(method, STR("POST")) && !str_equal(method, STR("LOCK")) &&
			     !str_equal(method, STR("PATCH"));

	return is_idempotent || !was_sent || (cases & RETRY_NON_IDEMPOTENT) != 0;
}
