/* authorize, authrep and their oauth_ forms (spec/backend.md 3): the steps of a call. */
#ifndef BACKEND_TRANSACTIONS_REQUEST_H
#define BACKEND_TRANSACTIONS_REQUEST_H

#include "backend/api_call.h"

extern api_step *const transactions_request_steps[];

#endif
