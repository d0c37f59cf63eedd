/* A portal without its sockets: requests go straight to dispatch, one transaction each, and the
 * database can be put back as it was. For tests that ask thousands of questions.
 *
 * rig_set_up(), requests that make what is needed, rig_keep(); then any requests, with
 * rig_restore() between those that change something. One of each process. */
#ifndef PORTAL_PORTAL_RIG_TEST_H
#define PORTAL_PORTAL_RIG_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RIG_ADMIN_HOST "3scale-admin.example.com"
#define RIG_DEVELOPER_HOST "3scale.example.com"
#define RIG_MASTER_HOST "master.example.com"
#define RIG_ADMIN_TOKEN "admin-token"
#define RIG_MASTER_TOKEN "master-token"

struct database;
struct json;
struct settings;

struct rig_request {
	const char *host, *method;
	const char *target; /* with query */
	const char *body;   /* form, or JSON when it begins with '{'; NULL = none */
	const char *token;  /* sent as HTTP basic; NULL = none */
	bool is_browser;    /* cookies of its answers go with its later requests */
};

struct rig_answer {
	int status;      /* 200 when the answer waits for an errand */
	bool wrote;      /* something was written and committed */
	struct str body; /* until the next request */
};

void rig_set_up(void); /* seeded, sample data and all; release "later" */
void rig_tear_down(void);
struct rig_answer rig_ask(const struct rig_request *request);
const struct json *rig_json(struct str text); /* NULL: it is none */
/* What a database administrator does; the first column of the first row, empty when there is none.
 */
const char *rig_sql(const char *sql);
uint64_t rig_digest(const char *sql); /* of all columns of all rows */
/* For what asks the database by itself, between requests; whoever writes says so. */
struct database *rig_database(void);
const struct settings *rig_settings(void);
void rig_has_written(void);
void rig_keep(void);
void rig_restore(void); /* cheap when nothing was written since */
void rig_release(void); /* the file of this process, until the next rig_restore() */
const char *rig_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The nth question to the database from here on fails (begin, each statement, commit), and all that
 * follow until rig_mend(), which tells whether it came to that. */
void rig_break(int nth);
bool rig_mend(void);

/* Names and what they stand for: "{name}" in texts. */
void rig_define(const char *name, const char *value);
const char *rig_value(const char *name); /* NULL: nothing */
/* "{name}" of a name that nothing is defined for stays, and *missing is it. */
const char *rig_expand(const char *text, const char **missing);

#endif
