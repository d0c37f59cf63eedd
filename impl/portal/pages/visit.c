#include "portal/pages/visit.h"

#include "base/arena.h"
#include "portal/pages/frame.h"
#include "portal/pages/html.h"
#include "portal/record.h"
#include "portal/validation.h"

static const struct str page_fields[][2] = {
	{STR_INIT("X-Frame-Options"), STR_INIT("DENY")},
	{STR_INIT("X-Content-Type-Options"), STR_INIT("nosniff")},
	{STR_INIT("X-XSS-Protection"), STR_INIT("1; mode=block")},
	{STR_INIT("Cache-Control"), STR_INIT("no-store")},
};

void visit_show(struct visit *visit, int status, const char *title)
{
	struct answer *answer = &visit->call->answer;

	answer->status = status;
	answer->content_type = STR("text/html; charset=utf-8");
	answer->body = frame_around(visit, title);
	for (size_t i = 0; i < sizeof page_fields / sizeof *page_fields; i++)
		http_fields_set(&visit->call->fields, page_fields[i][0], page_fields[i][1]);
	visit->browser.flash_text = STR("");
}

void visit_redirect(struct visit *visit, struct str path)
{
	visit->call->answer.status = 302;
	http_fields_set(&visit->call->fields, STR("Location"), path);
}

struct str visit_own_path(struct str path, struct str otherwise)
{
	bool is_own = str_has_prefix(path, STR("/")) && !str_has_prefix(path, STR("//")) &&
		      !str_has_prefix(path, STR("/\\")) && http_is_field_value(path);

	return is_own ? path : otherwise;
}

void visit_flash(struct visit *visit, const char *kind, struct str text)
{
	visit->browser.next_kind = str_from(kind);
	visit->browser.next_text = text;
}

void visit_flash_now(struct visit *visit, const char *kind, struct str text)
{
	visit->browser.flash_kind = str_from(kind);
	visit->browser.flash_text = text;
}

void visit_not_found(struct visit *visit)
{
	strbuf_clear(&visit->content);
	visit_show(visit, 404, "Not Found");
}

void visit_denied(struct visit *visit)
{
	strbuf_clear(&visit->content);
	visit_show(visit, 403, "Access Denied");
}

void visit_form(struct visit *visit, struct str action, const char *method)
{
	HTML(&visit->content,
	     "<form method=\"post\" action=\"{}\" accept-charset=\"utf-8\">"
	     "<input type=\"hidden\" name=\"_method\" value=\"{}\">"
	     "<input type=\"hidden\" name=\"authenticity_token\" value=\"{}\">\n",
	     action, str_from(method), visit->browser.authenticity_token);
}

void visit_input(struct visit *visit, const char *label, const char *type, const char *name,
		 struct str value, const struct validation *validation, const char *attribute)
{
	HTML(&visit->content, "<label>{} <input type=\"{}\" name=\"{}\" value=\"{}\"></label>",
	     str_from(label), str_from(type), str_from(name), value);
	for (size_t i = 0; validation != NULL && i < validation->count; i++) {
		if (str_equal(validation->entries[i].attribute, str_from(attribute)))
			HTML(&visit->content, "<p class=\"error\">{}</p>\n",
			     validation->entries[i].text);
	}
}
