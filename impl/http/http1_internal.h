/* What the reader of heads and the reader of bodies share. */
#ifndef HTTP_HTTP1_INTERNAL_H
#define HTTP_HTTP1_INTERNAL_H

#include "http/http1.h"

/* Fills *fault, returns false. */
bool http1_refuse(struct http1_fault *fault, int status, const char *text);
/* A control character, other than the tab that values may hold. */
bool http1_is_control(char c);

#endif
