/* The developer portal's content: sections, templates, files (spec/portal.md 3.17). Visitors see
 * what is published. */
#ifndef PORTAL_RESOURCES_CMS_H
#define PORTAL_RESOURCES_CMS_H

#include <stdbool.h>

struct call;
struct json;
struct record;
struct resource;

#define CMS_PAGE 20
#define CMS_PAGE_MAX 100

/* cms_section.c */
extern const struct resource cms_section_resource;
/* Made when the tenant has none yet. */
struct record *cms_section_root(struct call *call);
/* By section_id, else by section_name; NULL when they name none of the tenant's. */
struct record *cms_section_of(struct call *call, const struct json *attributes);
void cms_section_delete(struct call *call);

/* cms_template.c */
extern const struct resource cms_template_resource;
void cms_template_create(struct call *call);
void cms_template_delete(struct call *call);
void cms_template_publish(struct call *call);

/* cms_file.c */
extern const struct resource cms_file_resource;
void cms_file_create(struct call *call);
void cms_file_update(struct call *call);
void cms_file_delete(struct call *call);

#endif
