/* What the demo does, as a table. Texts may name variables: {service_id}; every capture, port and
 * key is one, and in remarks {answer}, the body, and {tries}, how many calls it took. */
#ifndef DEMO_DEMO_STEPS_H
#define DEMO_DEMO_STEPS_H

#include <stdbool.h>
#include <stddef.h>

enum demo_target { DEMO_PORTAL, DEMO_STAGING, DEMO_PRODUCTION };

struct demo_step {
	const char *title; /* a new chapter of the transcript; NULL = goes on */
	enum demo_target target;
	const char *method;
	const char *path;
	const char *form;          /* body, application/x-www-form-urlencoded; NULL = none */
	int status;                /* expected */
	const char *body_contains; /* expected; NULL = anything */
	int tries;           /* > 1: repeated every 50 ms until status and body are as expected */
	const char *capture; /* variable that takes ... */
	const char *capture_path; /* ... this JSON path of the answer ("service.id") */
	const char *remark;       /* printed after the status; NULL = a gateway's answer itself */
};

extern const struct demo_step demo_steps[];
extern const size_t demo_steps_count;

#endif
