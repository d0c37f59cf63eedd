#include "portal/pages/frame.h"

#include "base/arena.h"
#include "portal/database.h"
#include "portal/pages/html.h"
#include "portal/pages/visit.h"
#include "portal/record.h"
#include "portal/tables.h"

#define DOCUMENT_BYTES_MAX (8 * 1024 * 1024)

static const char style[] =
	"body{font:15px/1.5 sans-serif;margin:0;color:#222;background:#f7f7f7}"
	"header{background:#1d2733;color:#fff;padding:.6em "
	"1em;display:flex;gap:1.5em;align-items:center}"
	"header a{color:#fff;text-decoration:none}header details{position:relative}"
	"header details>div{position:absolute;background:#fff;color:#222;padding:.6em 1em;"
	"box-shadow:0 2px 8px #0005;white-space:nowrap;z-index:1}header details>div "
	"a{color:#06c;display:block}"
	"main{padding:1em "
	"2em;max-width:70em}div.body{display:flex}nav{padding:1em;min-width:12em;background:#fff}"
	"nav a{display:block;padding:.15em 0}table{border-collapse:collapse;background:#fff}"
	"td,th{border:1px solid #ddd;padding:.3em .6em;text-align:left;vertical-align:top}"
	"label{display:block;margin:.6em "
	"0}input[type=text],input[type=password],textarea,select{display:block;"
	"width:32em;max-width:100%;font:inherit}p.flash{padding:.5em 1em;background:#e7f3ff}"
	"p.flash.error{background:#fdd}p.flash.success{background:#dfd}.error{color:#a00}"
	".is-successful{color:#070}.is-erroneous{color:#a00}.is-untested{color:#777}";

/* The left column: what a service, the audience and the account have. {} is the service's id. */
struct entry {
	const char *label, *path;
};

static const struct entry service_entries[] = {
	{"Overview", "/apiconfig/services/{}"},
	{"Integration Errors", "/apiconfig/services/{}/errors"},
	{"Applications", "/apiconfig/services/{}/applications"},
	{"Application Plans", "/apiconfig/services/{}/application_plans"},
	{"Configuration", "/apiconfig/services/{}/integration"},
	{"Methods & Metrics", "/apiconfig/services/{}/metrics"},
	{"Settings", "/apiconfig/services/{}/settings"},
};

static const struct entry account_entries[] = {
	{"Overview", "/p/admin/account"},    {"Tokens", "/p/admin/user/access_tokens"},
	{"Users", "/p/admin/account/users"}, {"Invitations", "/p/admin/account/invitations"},
	{"Billing", "/finance/settings"},    {"3scale API Docs", "/p/admin/api_docs"},
};

static const struct entry master_entries[] = {
	{"Accounts", "/buyers/accounts"},
	{"Tokens", "/p/admin/user/access_tokens"},
	{"3scale API Docs", "/p/admin/api_docs"},
};

static void write_flash(struct strbuf *out, const struct browser *browser)
{
	if (browser->flash_text.size > 0)
		HTML(out, "<p class=\"flash {}\" id=\"flash\">{}</p>", browser->flash_kind,
		     browser->flash_text);
}

static void write_context_selector(struct visit *visit, struct strbuf *out)
{
	struct value arguments[CALL_ARGUMENTS];
	struct record_list services;

	call_arguments(visit->call, arguments);
	services = record_all(visit->call->database, &services_table,
			      "id IN " SERVICES_VISIBLE " ORDER BY name, id", arguments,
			      CALL_ARGUMENTS);
	HTML(out,
	     "<details><summary>APIs</summary><div><a href=\"/p/admin/dashboard\">Dashboard</a>"
	     "<a href=\"/buyers/accounts\">{}</a>",
	     STR("Audience"));
	for (size_t i = 0; i < services.count; i++)
		HTML(out, "<a href=\"/apiconfig/services/{}\">{}</a>",
		     value_to_text(visit->call->arena, record_get(services.items[i], "id")),
		     record_text(services.items[i], "name"));
	strbuf_append(out, STR("</div></details>"));
}

static void write_header(struct visit *visit, struct strbuf *out)
{
	strbuf_append(out,
		      STR("<header><a class=\"brand\" href=\"/p/admin/dashboard\">3scale</a>"));
	if (visit->face == FACE_ADMIN)
		write_context_selector(visit, out);
	HTML(out,
	     "<a href=\"/p/admin/account\" title=\"Account Settings\">Account Settings</a>"
	     "<details><summary title=\"Documentation\">?</summary><div>"
	     "<a href=\"/p/admin/api_docs\">3scale API Docs</a></div></details>"
	     "<details><summary title=\"Session\">{}</summary><div>Signed in to {} as {}.<br>"
	     "<a href=\"/p/logout\">Sign Out</a></div></details></header>",
	     record_text(visit->user, "username"), record_text(visit->call->tenant, "org_name"),
	     record_text(visit->user, "username"));
}

static void write_developer_header(struct visit *visit, struct strbuf *out)
{
	HTML(out, "<header><a class=\"brand\" href=\"/\">{}</a>",
	     record_text(visit->call->tenant, "org_name"));
	if (visit->user == NULL)
		strbuf_append(out, STR("<a href=\"/login\">Sign in</a>"
				       "<a href=\"/signup\">Sign up</a></header>"));
	else
		HTML(out,
		     "<a href=\"/admin/applications\">Applications</a><span>Signed in as {}</span>"
		     "<a href=\"/logout\">Sign Out</a></header>",
		     record_text(visit->user, "username"));
}

static void write_entries(struct strbuf *out, const struct entry *entries, size_t count,
			  struct str id)
{
	for (size_t i = 0; i < count; i++) {
		HTML(out, "<a href=\"{}", STR(""));
		if (id.size > 0)
			HTML(out, entries[i].path, id);
		else
			strbuf_append(out, str_from(entries[i].path));
		HTML(out, "\">{}</a>", str_from(entries[i].label));
	}
}

static void write_left_column(struct visit *visit, struct strbuf *out)
{
	struct record *service = call_found(visit->call, "service");

	strbuf_append(out, STR("<nav>"));
	if (service != NULL)
		write_entries(out, service_entries,
			      sizeof service_entries / sizeof *service_entries,
			      value_to_text(visit->call->arena, record_get(service, "id")));
	else if (visit->face == FACE_MASTER)
		write_entries(out, master_entries, sizeof master_entries / sizeof *master_entries,
			      STR(""));
	else
		write_entries(out, account_entries,
			      sizeof account_entries / sizeof *account_entries, STR(""));
	strbuf_append(out, STR("</nav>"));
}

struct str frame_around(struct visit *visit, const char *title)
{
	bool has_columns = visit->user != NULL && visit->face != FACE_DEVELOPER;
	struct strbuf out;
	struct str document;

	strbuf_init(&out, DOCUMENT_BYTES_MAX);
	HTML(&out,
	     "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
	     "<style>{!}</style></head><body>\n",
	     str_from(title), str_from(style));
	if (has_columns) {
		write_header(visit, &out);
		strbuf_append(&out, STR("<div class=\"body\">"));
		write_left_column(visit, &out);
	}
	if (visit->face == FACE_DEVELOPER)
		write_developer_header(visit, &out);
	strbuf_append(&out, STR("<main>"));
	write_flash(&out, &visit->browser);
	HTML(&out, "<h1>{}</h1>\n{!}</main>", str_from(title), strbuf_str(&visit->content));
	strbuf_append(&out, has_columns ? STR("</div></body></html>\n") : STR("</body></html>\n"));
	document = str_copy(visit->call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return document;
}
