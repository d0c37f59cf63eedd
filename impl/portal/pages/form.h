/* Parts of a page's forms beyond the single line of visit_input(): what is chosen from a list, what
 * is ticked, long texts, buttons. All write into visit->content. */
#ifndef PORTAL_PAGES_FORM_H
#define PORTAL_PAGES_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct call;
struct json;
struct record;
struct resource;
struct validation;
struct visit;

struct choice {
	struct str value, label;
};

/* A <p> for each thing that is wrong with the attribute; validation may be NULL. */
void form_faults(struct visit *visit, const struct validation *validation, const char *attribute);
void form_select(struct visit *visit, const char *label, const char *name,
		 const struct choice *choices, size_t count, struct str chosen);
void form_checkbox(struct visit *visit, struct str label, const char *name, struct str value,
		   bool is_ticked);
void form_text(struct visit *visit, const char *label, const char *name, struct str text);
/* The button that sends the form, and its end. */
void form_end(struct visit *visit, const char *label);
/* Everything that is wrong, at one place, each with its attribute. */
void form_all_faults(struct visit *visit, const struct validation *faults);
/* As resource_save(), but what is wrong is in *faults, for the form to be shown again. */
bool form_save(struct visit *visit, const struct resource *resource, struct record *record,
	       const struct json *attributes, struct validation *faults);
/* Does what a handler of the API does; what it refuses is in *faults, and the page that says so
 * must have a status from 400 on, so that nothing half done stays. */
bool form_by_api(struct visit *visit, void (*handle)(struct call *call), struct validation *faults);
/* The same for a button: says `done`, or what is wrong, on the page that it leads to. */
void form_button_by_api(struct visit *visit, void (*handle)(struct call *call), const char *done,
			struct str next);
/* A form that is only a button: delete, suspend ... */
void form_button(struct visit *visit, struct str action, const char *method, const char *label);

#endif
