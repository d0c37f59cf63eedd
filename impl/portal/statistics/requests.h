/* The handlers of the Analytics API (spec/portal.md 3.16). */
#ifndef PORTAL_STATISTICS_REQUESTS_H
#define PORTAL_STATISTICS_REQUESTS_H

struct call;

void statistics_service_usage(struct call *call);
void statistics_service_response_codes(struct call *call);
void statistics_service_top_applications(struct call *call);
void statistics_service_summary(struct call *call);
void statistics_application_usage(struct call *call);
void statistics_application_response_codes(struct call *call);
void statistics_application_summary(struct call *call);

#endif
