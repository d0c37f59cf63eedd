/* What may deny a call before its limits are looked at (spec/backend.md 3.5 to 3.7), and the
 * language of referrer filters. */
#ifndef BACKEND_AUTHORIZE_H
#define BACKEND_AUTHORIZE_H

#include <stdbool.h>

#include "base/str.h"

struct api_call;

/* Sets call->denial to the first reason, if there is one. */
void authorize_validate(struct api_call *call);
/* '*' stands for any run of characters but line feeds; the whole referrer must fit. */
bool authorize_filter_fits(struct str filter, struct str referrer);

#endif
