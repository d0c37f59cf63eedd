#include "world/http_client.h"

struct str http_failure_text(enum http_failure failure)
{
	static const struct str texts[] = {
		[HTTP_FAILURE_NONE] = STR_INIT("no failure"),
		[HTTP_FAILURE_NAME_NOT_FOUND] = STR_INIT("name not found"),
		[HTTP_FAILURE_NAME_TIMEOUT] = STR_INIT("name lookup timed out"),
		[HTTP_FAILURE_CONNECT_REFUSED] = STR_INIT("connection refused"),
		[HTTP_FAILURE_CONNECT_TIMEOUT] = STR_INIT("connection timed out"),
		[HTTP_FAILURE_UNREACHABLE] = STR_INIT("no route to host"),
		[HTTP_FAILURE_TLS] = STR_INIT("TLS handshake failed"),
		[HTTP_FAILURE_TLS_UNTRUSTED] = STR_INIT("TLS certificate not trusted"),
		[HTTP_FAILURE_TLS_EXPIRED] = STR_INIT("TLS certificate expired"),
		[HTTP_FAILURE_TLS_NAME] = STR_INIT("TLS certificate is for another name"),
		[HTTP_FAILURE_RESET] = STR_INIT("connection reset by peer"),
		[HTTP_FAILURE_CLOSED] = STR_INIT("connection closed early"),
		[HTTP_FAILURE_TIMEOUT] = STR_INIT("timed out"),
		[HTTP_FAILURE_PROTOCOL] = STR_INIT("answer is not HTTP"),
		[HTTP_FAILURE_REQUEST_BODY] = STR_INIT("request body cut off"),
		[HTTP_FAILURE_HEAD_TOO_BIG] = STR_INIT("answer's head is too big"),
		[HTTP_FAILURE_TUNNEL] = STR_INIT("proxy opened no tunnel"),
	};

	return texts[failure];
}
