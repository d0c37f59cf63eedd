/* The sum of several pages of metrics in the text format of Prometheus, as one page: samples of the
 * same name and labels are added up, families keep together and stand in the order of the first
 * page, samples in the order of their names within those of the same metric.
 */
#ifndef WORKERS_METRICS_SUM_H
#define WORKERS_METRICS_SUM_H

#include "base/str.h"

struct metrics_sum;

struct metrics_sum *metrics_sum_create(void);
void metrics_sum_destroy(struct metrics_sum *sum); /* NULL is allowed */
/* What is no line of such a page is left out. */
void metrics_sum_add(struct metrics_sum *sum, struct str page);
/* A page of a process that is no more: what it counted stays, its gauges do not. */
void metrics_sum_add_ended(struct metrics_sum *sum, struct str page);
/* The families whose names begin so. */
void metrics_sum_write(struct strbuf *out, const struct metrics_sum *sum, struct str prefix);

#endif
