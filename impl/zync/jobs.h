/* zync-que: works off what notifications spoke of, ten records at a time, each by one worker. It
 * reads the object back from the portal and makes its routes follow; a 404 says that it is gone. A
 * try that failed is made again after 3, 4, 19, 84, ... s (n⁴ + 3), ten tries in all.
 */
#ifndef ZYNC_JOBS_H
#define ZYNC_JOBS_H

struct records;
struct world;
struct zync_jobs;

struct zync_jobs *zync_jobs_create(struct world *world, struct records *records);
void zync_jobs_destroy(struct zync_jobs *jobs); /* NULL is allowed */
/* There may be something to do. */
void zync_jobs_wake(struct zync_jobs *jobs);

#endif
