#include "portal/pages/form.h"

#include "base/json.h"
#include "base/limits.h"
#include "portal/call.h"
#include "portal/fields.h"
#include "portal/pages/html.h"
#include "portal/pages/visit.h"
#include "portal/resource.h"
#include "portal/validation.h"

void form_faults(struct visit *visit, const struct validation *validation, const char *attribute)
{
	for (size_t i = 0; validation != NULL && i < validation->count; i++) {
		if (str_equal(validation->entries[i].attribute, str_from(attribute)))
			HTML(&visit->content, "<p class=\"error\">{}</p>\n",
			     validation->entries[i].text);
	}
}

void form_select(struct visit *visit, const char *label, const char *name,
		 const struct choice *choices, size_t count, struct str chosen)
{
	HTML(&visit->content, "<label>{} <select name=\"{}\">", str_from(label), str_from(name));
	for (size_t i = 0; i < count; i++)
		HTML(&visit->content, "<option value=\"{}\"{!}>{}</option>", choices[i].value,
		     str_equal(choices[i].value, chosen) ? STR(" selected") : STR(""),
		     choices[i].label);
	strbuf_append(&visit->content, STR("</select></label>\n"));
}

void form_checkbox(struct visit *visit, struct str label, const char *name, struct str value,
		   bool is_ticked)
{
	HTML(&visit->content,
	     "<label><input type=\"checkbox\" name=\"{}\" value=\"{}\"{!}> {}</label>\n",
	     str_from(name), value, is_ticked ? STR(" checked") : STR(""), label);
}

void form_text(struct visit *visit, const char *label, const char *name, struct str text)
{
	HTML(&visit->content, "<label>{} <textarea name=\"{}\" rows=\"6\">{}</textarea></label>\n",
	     str_from(label), str_from(name), text);
}

void form_end(struct visit *visit, const char *label)
{
	HTML(&visit->content, "<button>{}</button></form>\n", str_from(label));
}

void form_button(struct visit *visit, struct str action, const char *method, const char *label)
{
	visit_form(visit, action, method);
	form_end(visit, label);
}

static void add_faults(struct validation *faults, const struct json *errors)
{
	JSON_EACH (texts, errors) {
		JSON_EACH (text, texts)
			validation_add(faults, str_cstr(faults->arena, texts->key), json_str(text));
	}
}

/* Of the API's answers: errors by attribute, one text under `error` or `status`, or nothing. */
static void read_refusal(struct validation *faults, const struct answer *answer)
{
	const struct json *document =
		json_parse(faults->arena, answer->body, LIMIT_PORTAL_BODY_BYTES, NULL);
	struct str text = json_get_str(document, STR("error"));

	add_faults(faults, json_get(document, STR("errors")));
	if (text.size == 0)
		text = json_get_str(document, STR("status"));
	if (text.size > 0)
		validation_add(faults, "base", text);
	if (validation_is_clean(faults))
		validation_add(
			faults, "base",
			str_format(faults->arena, "is not possible (status %d)", answer->status));
}

/* The page answers for the API. */
static void refused(struct call *call, struct validation *faults)
{
	struct answer answer = call->answer;

	call->answer = (struct answer){0};
	read_refusal(faults, &answer);
}

bool form_save(struct visit *visit, const struct resource *resource, struct record *record,
	       const struct json *attributes, struct validation *faults)
{
	struct call *call = visit->call;

	validation_init(faults, call->arena);
	if (!resource_lets_another(call, resource, record)) {
		validation_add(faults, "base", STR("is the only one that the account may have"));
		return false;
	}
	if (resource->has_fields)
		fields_assign(call, record, attributes);
	if (resource->prepare != NULL && !resource->prepare(call, record, attributes)) {
		refused(call, faults);
		return false;
	}
	resource_check(call, resource, record, faults);
	if (!validation_is_clean(faults))
		return false;
	resource_store(call, resource, record);
	return true;
}

void form_all_faults(struct visit *visit, const struct validation *faults)
{
	for (size_t i = 0; faults != NULL && i < faults->count; i++) {
		const struct validation_entry *fault = &faults->entries[i];

		HTML(&visit->content, "<p class=\"error\">{} {}</p>\n",
		     attribute_for_people(visit->call->arena, fault->attribute), fault->text);
	}
}

bool form_by_api(struct visit *visit, void (*handle)(struct call *call), struct validation *faults)
{
	struct call *call = visit->call;

	validation_init(faults, call->arena);
	handle(call);
	if (call->answer.status >= 400) {
		refused(call, faults);
		return false;
	}
	call->answer = (struct answer){0};
	return true;
}

void form_button_by_api(struct visit *visit, void (*handle)(struct call *call), const char *done,
			struct str next)
{
	struct arena *arena = visit->call->arena;
	struct validation faults;

	if (form_by_api(visit, handle, &faults))
		visit_flash(visit, "success", str_from(done));
	else
		visit_flash(visit, "error",
			    STR_CONCAT(arena,
				       attribute_for_people(arena, faults.entries[0].attribute),
				       STR(" "), faults.entries[0].text));
	visit_redirect(visit, next);
}
