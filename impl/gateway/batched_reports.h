/* Usage that is reported to backend in batches (spec/gateway.md 9.4, 3scale_batcher): one row for
 * each service, credential and metric, one POST /transactions.xml for each service when its
 * interval is over. What could not be reported stays for the next round.
 *
 * A row lives as long as somebody holds it or it has something to report. Rows take at most the
 * bytes given at creation; then there are no new ones.
 */
#ifndef GATEWAY_BATCHED_REPORTS_H
#define GATEWAY_BATCHED_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct batched_reports;
struct batched_row;
struct credential;
struct gateway;
struct request;

struct batched_reports *batched_reports_create(struct gateway *gateway, size_t bytes_max,
					       uint64_t seed);
void batched_reports_destroy(struct batched_reports *reports); /* NULL is allowed */
size_t batched_reports_bytes(const struct batched_reports *reports);

/* Of the request's service; for the caller to release. NULL: there is no room for it. */
struct batched_row *batched_row_hold(struct batched_reports *reports, const struct request *request,
				     const struct credential *credential, struct str metric);
void batched_row_release(struct batched_row *row); /* NULL is allowed */
/* Reports go where the configuration of the latest request says, at most interval_us later. */
void batched_row_add(struct batched_row *row, const struct request *request, int64_t delta,
		     int64_t interval_us);

/* The configuration was replaced: what waits is reported now, as the old one says. */
void batched_reports_flush(struct batched_reports *reports);
/* The gateway stops: everything is reported once more. True when nothing is under way; else `idle`
 * is called when that becomes so. */
bool batched_reports_finish(struct batched_reports *reports, void (*idle)(struct gateway *gateway));

#endif
