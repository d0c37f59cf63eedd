/* ReportJobs, as authrep and report leave them for a worker (spec/backend.md 5.1, 5.2, 6.7): what
 * of a call goes into them, and their bytes.
 */
#ifndef BACKEND_REPORT_JOBS_H
#define BACKEND_REPORT_JOBS_H

#include <stddef.h>

#include "base/str.h"

struct api_call;
struct parameter;

/* What an authrep reports; NULL: none of it. */
struct authrep_report {
	const struct parameter *usage, *log;
};
struct authrep_report authrep_report_of(const struct api_call *call);
struct str authrep_report_job(struct api_call *call, const struct authrep_report *report);

/* Of the transactions of a report, a hash: how many are worth a job, and that job. */
size_t report_count(const struct api_call *call, const struct parameter *transactions);
struct str report_job(struct api_call *call, const struct parameter *transactions,
		      struct str context);

#endif
