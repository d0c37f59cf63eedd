/* Usage that is reported to backend in batches (spec/gateway.md 9.4, 3scale_batcher): one row for
 * each service, credential and metric, one POST /transactions.xml for each service when an interval
 * is over. What could not be reported stays for the next round.
 *
 * The rows are in a dictionary that the workers share, the intervals are each worker's own: the
 * first whose interval is over reports what all of them have added. What a worker that was killed
 * had added goes with the next batch of the service, or when its replacement knows the service.
 */
#ifndef GATEWAY_BATCHED_REPORTS_H
#define GATEWAY_BATCHED_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct batched_reports;
struct config;
struct credential;
struct gateway;
struct request;

/* Over the gateway's dictionary. */
struct batched_reports *batched_reports_create(struct gateway *gateway, uint64_t seed);
void batched_reports_destroy(struct batched_reports *reports); /* NULL is allowed */

/* Of the request's service. Reports go where the configuration of the latest request says, at most
 * interval_us later. Without room it is lost, and the log says so. */
void batched_reports_add(struct batched_reports *reports, const struct request *request,
			 const struct credential *credential, struct str metric, int64_t delta,
			 int64_t interval_us);

/* The first configuration of a worker that replaces another is here: rows of its services that wait
 * already go out with the next flush. */
void batched_reports_adopt(struct batched_reports *reports, struct config *config);
/* The configuration was replaced: what waits is reported now, as the old one says. */
void batched_reports_flush(struct batched_reports *reports);
/* The gateway stops: everything is reported once more. True when nothing is under way; else `idle`
 * is called when that becomes so. */
bool batched_reports_finish(struct batched_reports *reports, void (*idle)(struct gateway *gateway));

#endif
