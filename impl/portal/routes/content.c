/* The API's routes of the developer portal's content (spec/portal.md 3.17). Master on premises has
 * none. */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resource.h"
#include "portal/resources/cms.h"

#define TEMPLATES ADMIN "/cms/templates"
#define SECTIONS ADMIN "/cms/sections"
#define FILES ADMIN "/cms/files"

static const struct route rows[] = {
	{"GET", STR_INIT(TEMPLATES), api_list, &cms_template_resource,
	 "provider_id = ?2 ORDER BY id", NULL, ROUTE_TENANT_ONLY | ROUTE_PAGED, CMS_SCOPES},
	{"POST", STR_INIT(TEMPLATES), cms_template_create, &cms_template_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"GET", STR_INIT(TEMPLATES "/{cms_template}"), api_show, &cms_template_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"PUT PATCH", STR_INIT(TEMPLATES "/{cms_template}"), api_update, &cms_template_resource,
	 NULL, NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"DELETE", STR_INIT(TEMPLATES "/{cms_template}"), cms_template_delete,
	 &cms_template_resource, NULL, NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"PUT PATCH", STR_INIT(TEMPLATES "/{cms_template}/publish"), cms_template_publish,
	 &cms_template_resource, NULL, NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"GET", STR_INIT(SECTIONS), api_list, &cms_section_resource, "provider_id = ?2 ORDER BY id",
	 NULL, ROUTE_TENANT_ONLY | ROUTE_PAGED, CMS_SCOPES},
	{"POST", STR_INIT(SECTIONS), api_create, &cms_section_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"GET", STR_INIT(SECTIONS "/{cms_section}"), api_show, &cms_section_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"PUT PATCH", STR_INIT(SECTIONS "/{cms_section}"), api_update, &cms_section_resource, NULL,
	 NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"DELETE", STR_INIT(SECTIONS "/{cms_section}"), cms_section_delete, &cms_section_resource,
	 NULL, NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"GET", STR_INIT(SECTIONS "/{cms_section}/files"), api_list, &cms_file_resource,
	 "provider_id = ?2 AND section_id = ?1 ORDER BY id", NULL, ROUTE_TENANT_ONLY | ROUTE_PAGED,
	 CMS_SCOPES},
	{"GET", STR_INIT(FILES), api_list, &cms_file_resource, "provider_id = ?2 ORDER BY id", NULL,
	 ROUTE_TENANT_ONLY | ROUTE_PAGED, CMS_SCOPES},
	{"POST", STR_INIT(FILES), cms_file_create, &cms_file_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"GET", STR_INIT(FILES "/{cms_file}"), api_show, &cms_file_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"PUT PATCH", STR_INIT(FILES "/{cms_file}"), cms_file_update, &cms_file_resource, NULL,
	 NULL, ROUTE_TENANT_ONLY, CMS_SCOPES},
	{"DELETE", STR_INIT(FILES "/{cms_file}"), cms_file_delete, &cms_file_resource, NULL, NULL,
	 ROUTE_TENANT_ONLY, CMS_SCOPES},
};

const struct route_table routes_of_content = {rows, sizeof rows / sizeof *rows};
