/* Files of the developer portal: spec/portal.md 3.17, 8.4. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/cms.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/uploads.h"
#include "portal/validation.h"

static struct str url_of(struct call *call, const struct record *file)
{
	return upload_url(call, record_text(file, "attachment_file_name"),
			  record_text(file, "random_secret"),
			  record_get(file, "attachment_updated_at").number);
}

static struct value get_url(struct call *call, const struct record *file)
{
	return value_text(url_of(call, file));
}

static struct value get_title(struct call *call, const struct record *file)
{
	(void)call;
	return record_get(file, "attachment_file_name");
}

/* A number in lists; in a single answer the whole section. */
static struct value get_section_element(struct call *call, const struct record *file)
{
	struct record *section =
		record_by_id(call->database, &cms_sections_table, record_int(file, "section_id"));

	if (section == NULL ||
	    (str_equal(call->method, STR("GET")) && call_found(call, "cms_file") == NULL))
		return value_json(str_format(call->arena, "<section_id>%d</section_id>",
					     (int)record_int(file, "section_id")));
	return representation_xml_element(call, cms_section_resource.representation, section);
}

static const struct derived file_derived[] = {
	{"url", get_url},
	{"title", get_title},
	{"section", get_section_element},
};

static const struct link file_links[] = {{"section", "/admin/api/cms/sections/{section_id}"}};

static const struct representation file_representation = {
	.root = "file",
	.roots = "files",
	.json = "id created_at updated_at title path url section_id tag_list downloadable",
	.xml = "id created_at updated_at =section path downloadable url title",
	REPRESENTATION_DERIVED(file_derived),
	REPRESENTATION_LINKS(file_links),
	.links_are_paths = true,
};

static const struct rule file_rules[] = {
	{"path", RULE_PRESENT, 0, NULL, NULL, false},
	{"path", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"path", RULE_UNIQUE, 0, "provider_id", NULL, false},
	{"attachment_file_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"attachment_content_type", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"tag_list", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

static bool file_prepare(struct call *call, struct record *file, const struct json *attributes)
{
	struct str path = record_text(file, "path");
	struct record *section = cms_section_of(call, attributes);

	if (path.size > 0 && path.data[0] != '/')
		record_set_text(file, "path", STR_CONCAT(call->arena, STR("/"), path));
	if (section == NULL && value_is_blank(record_get(file, "section_id")))
		section = cms_section_root(call);
	if (section != NULL)
		record_set_int(file, "section_id", record_id(section));
	if (value_is_blank(record_get(file, "random_secret")))
		record_set_text(file, "random_secret", call_random_hex(call, 16));
	return true;
}

static void file_validate(struct call *call, struct record *file, struct validation *validation)
{
	(void)call;
	if (value_is_blank(record_get(file, "attachment_file_name")))
		validation_add(validation, "attachment", STR("can't be blank"));
}

const struct resource cms_file_resource = {
	.table = &cms_files_table,
	.representation = &file_representation,
	.wrapper = "",
	.attributes = "path tag_list downloadable",
	RESOURCE_RULES(file_rules),
	.page_default = CMS_PAGE,
	.page_max = CMS_PAGE_MAX,
	.prepare = file_prepare,
	.validate = file_validate,
};

/* The row is judged first; then the bytes are written, and what was there before goes. */
static void save(struct call *call, struct record *file, int status)
{
	struct str before = record_is_new(file) ? STR("") : url_of(call, file);
	struct upload upload = {0};
	bool has_upload = upload_of_parameter(call->parameters, STR("attachment"), &upload);

	if (has_upload) {
		record_set_text(file, "attachment_file_name", upload.file_name);
		record_set_text(file, "attachment_content_type", upload.content_type);
		record_set_int(file, "attachment_file_size", (int64_t)upload.content.size);
		record_set(file, "attachment_updated_at",
			   value_time(database_now_us(call->database)));
	}
	resource_assign(file, cms_file_resource.attributes, call->parameters);
	if (!resource_save(call, &cms_file_resource, file, call->parameters))
		return;
	if (call->identity.is_read_only)
		has_upload = false; /* dispatch refuses what was asked for */
	if (has_upload && !upload_store(call, url_of(call, file), upload.content))
		return;
	if (has_upload && before.size > 0 && !str_equal(before, url_of(call, file)))
		upload_remove(call, before);
	reply_record(call, status, &file_representation, file);
}

void cms_file_create(struct call *call)
{
	struct record *file = call_new_record(call, &cms_files_table);

	record_set_int(file, "provider_id", call_tenant_id(call));
	save(call, file, 201);
}

void cms_file_update(struct call *call)
{
	save(call, api_innermost(call), 200);
}

void cms_file_delete(struct call *call)
{
	struct record *file = api_innermost(call);
	struct str url = url_of(call, file);

	record_delete(call->database, file);
	if (!database_has_failed(call->database) && !call->identity.is_read_only)
		upload_remove(call, url);
	reply_empty(call, 200);
}
