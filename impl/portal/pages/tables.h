/* The tables of pages, one for each part of the portals. */
#ifndef PORTAL_PAGES_TABLES_H
#define PORTAL_PAGES_TABLES_H

#include "portal/pages/pages.h"

#define PAGE_TABLE(rows)                                                                           \
	{                                                                                          \
		(rows), sizeof(rows) / sizeof *(rows)                                              \
	}

extern const struct page_table pages_of_login, pages_of_dashboard, pages_of_tokens;
extern const struct page_table pages_of_integration, pages_of_integration_form,
	pages_of_proxy_versions, pages_of_account, pages_of_services, pages_of_metrics,
	pages_of_plans;
extern const struct page_table pages_of_errors, pages_of_api_docs, pages_of_tenants,
	pages_of_invitations, pages_of_users;
extern const struct page_table pages_of_accounts, pages_of_applications, pages_of_finance;
extern const struct page_table pages_of_active_docs, pages_of_active_docs_proxy,
	pages_of_access_code, pages_of_developer_home, pages_of_developer_signup,
	pages_of_developer_applications, pages_of_deploy;

#endif
