/* POST /transactions.xml (spec/backend.md 2.3, 5.1): the steps of a report. */
#ifndef BACKEND_REPORT_H
#define BACKEND_REPORT_H

#include "backend/api_call.h"

extern api_step *const report_steps[];

#endif
