/* One call of the Account Management API on its way: who calls, what was asked for, what was found
 * on the path, and the answer. Handlers of routes.h work on it inside one database transaction.
 * Seeding makes one too, without a request. Everything lives in the call's arena.
 */
#ifndef PORTAL_CALL_H
#define PORTAL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/message.h"
#include "http/router.h"
#include "portal/value.h"

struct arena;
struct backend_events;
struct database;
struct errand;
struct job_counters;
struct json;
struct record;
struct record_list;
struct route;
struct settings;
struct statistics_storage;
struct time_zone;
struct visit;
struct webhook_note;

#define FIELD_TARGETS 3 /* fields.h */

enum format { FORMAT_XML, FORMAT_JSON, FORMAT_OTHER };

enum identity_kind {
	IDENTITY_NONE,
	IDENTITY_PROVIDER_KEY, /* the tenant itself */
	IDENTITY_TOKEN,        /* a user of the tenant */
	IDENTITY_SSO,          /* the impersonation user, by an SSO token */
	IDENTITY_SESSION,      /* a user in a browser: of the tenant, or one of its developers */
};

struct identity {
	enum identity_kind kind;
	struct record *user;  /* IDENTITY_TOKEN, IDENTITY_SSO, IDENTITY_SESSION */
	struct record *token; /* IDENTITY_TOKEN */
	bool is_read_only;
	struct value visible_services; /* ids as ",1,2,", or NULL: all */
};

struct found {
	struct str name; /* of the path parameter */
	struct record *record;
};

struct answer {
	int status;
	struct str content_type; /* empty = no body */
	struct str body;
	int64_t modified_us; /* of a single object: Last-Modified; 0 = none */
	bool is_passed_on;   /* another server's: nothing is added to it */
};

struct call {
	struct database *database;
	const struct settings *settings;
	/* NULL outside a request. */
	struct backend_events *events;
	struct statistics_storage *storage;
	struct job_counters *counters; /* jobs_counters.h; NULL outside a job */
	struct arena *arena;
	/* The request. */
	struct str method, path; /* path without query and without the format's suffix */
	struct str host;         /* as the client wrote it, without port: for links */
	struct str zync_token;   /* X-Zync-Token */
	struct str remote_address;
	enum format format;
	struct str format_name; /* "json", "xml", "php", ... */
	bool format_is_written; /* there was a suffix */
	const struct json *parameters;
	/* Whose API it is, and who calls. */
	struct record *tenant;
	struct identity identity;
	struct value browser_user; /* whose session it is: its id; NULL for calls of the API */
	/* The route and what its path names. */
	const struct route *route;
	struct http_route_parameters path_parameters;
	struct found found[HTTP_ROUTE_PARAMETERS_MAX];
	size_t found_count;
	struct answer answer;
	struct http_fields fields;          /* of the answer, beyond its type: reply_field() */
	struct webhook_note *webhook_notes; /* webhook_events.h */
	const struct record_list *definitions[FIELD_TARGETS]; /* of fields.h; NULL: not read yet */
	struct visit *visit;   /* pages/visit.h; NULL: not a page's */
	bool tells_backend;    /* what it changed put something into the outbox (backend_push.h) */
	struct errand *errand; /* what the answer waits for after the transaction; NULL: nothing */
};

int64_t call_tenant_id(const struct call *call);
/* The record that {name} of the path stands for; NULL when the path has no such part. */
struct record *call_found(const struct call *call, const char *name);
/* What SQL conditions of tables may use: ?1 the innermost record's id, ?2 the tenant, ?3 the id of
 * the record around it, ?4 of the one around that, ?5 the visible services (",1,2," or NULL). */
#define CALL_ARGUMENTS 5
void call_arguments(const struct call *call, struct value arguments[CALL_ARGUMENTS]);
/* The services a caller may see, as a subquery for conditions with those arguments. */
#define SERVICES_VISIBLE                                                                           \
	"(SELECT id FROM services WHERE account_id = ?2 AND state <> 'deleted' AND "               \
	"(?5 IS NULL OR ?5 LIKE '%,' || id || ',%'))"

/* The object of that name among the parameters, or all parameters when there is none: attributes
 * may be sent flat (spec/portal.md 2.6). wrapper "" = always flat. NULL when something else than an
 * object has the name. */
const struct json *call_attributes(const struct call *call, const char *wrapper);
struct str call_parameter(const struct call *call, const char *name); /* scalar; empty = absent */
bool call_has_parameter(const struct call *call, const char *name);

/* GET and HEAD. */
bool call_only_reads(const struct call *call);
/* The tenant's own time zone, else UTC. */
const struct time_zone *call_time_zone(const struct call *call);

/* A new record of the tenant: `tenant_id` is filled in. */
struct table;
struct record *call_new_record(const struct call *call, const struct table *table);
/* Digits of chance, for tokens and keys. */
struct str call_random_hex(const struct call *call, size_t digits);

#endif
