/* The routes of the Analytics API (spec/portal.md 3.16). Its numbers in paths are looked up by the
 * handlers, which have words of their own for those that are not there. */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/statistics/requests.h"

#define STATS_SERVICE "/stats/services/{id}"
#define STATS_APPLICATION "/stats/applications/{id}"
#define FLAGS (ROUTE_STATISTICS | ROUTE_JSON_DEFAULT)

static const struct route rows[] = {
	{"GET", STR_INIT(STATS_SERVICE "/usage"), statistics_service_usage, NULL, NULL, NULL,
	 FLAGS | ROUTE_CSV, "stats"},
	{"GET", STR_INIT(STATS_SERVICE "/usage_response_code"), statistics_service_response_codes,
	 NULL, NULL, NULL, FLAGS | ROUTE_CSV, "stats"},
	{"GET", STR_INIT(STATS_SERVICE "/top_applications"), statistics_service_top_applications,
	 NULL, NULL, NULL, FLAGS | ROUTE_CSV, "stats"},
	{"GET", STR_INIT(STATS_SERVICE "/summary"), statistics_service_summary, NULL, NULL, NULL,
	 FLAGS, "stats"},
	{"GET", STR_INIT(STATS_APPLICATION "/usage"), statistics_application_usage, NULL, NULL,
	 NULL, FLAGS | ROUTE_CSV, "stats"},
	{"GET", STR_INIT(STATS_APPLICATION "/usage_response_code"),
	 statistics_application_response_codes, NULL, NULL, NULL, FLAGS | ROUTE_CSV, "stats"},
	{"GET", STR_INIT(STATS_APPLICATION "/summary"), statistics_application_summary, NULL, NULL,
	 NULL, FLAGS, "stats"},
};

const struct route_table routes_of_statistics = {rows, sizeof rows / sizeof *rows};
