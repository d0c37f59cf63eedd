#include "portal/pages/form.h"

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

bool form_save(struct visit *visit, const struct resource *resource, struct record *record,
	       const struct json *attributes, struct validation *faults)
{
	struct call *call = visit->call;

	validation_init(faults, call->arena);
	if (resource->has_fields)
		fields_assign(call, record, attributes);
	if (resource->prepare != NULL && !resource->prepare(call, record, attributes)) {
		call->answer = (struct answer){0};
		validation_add(faults, "base", STR("names something that does not exist"));
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
