/* Bodies of multipart/form-data (RFC 7578): each part is a parameter. */
#ifndef BACKEND_MULTIPART_H
#define BACKEND_MULTIPART_H

#include "backend/parameters.h"

/* API_NO_ERROR, or why the parameters cannot be taken; parts without a name, and files, are left
 * out. */
enum api_error_code multipart_read(struct parameters *parameters, struct str content_type,
				   struct str body);

#endif
