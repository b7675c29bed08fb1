/*
 * The services of the blog, for the test of their stories.
 */
#ifndef BLOG_SERVICES_H
#define BLOG_SERVICES_H

#include <souk.h>

extern const struct souk_service posts_service;
extern const struct souk_service comments_service;
extern const struct souk_service moderation_service;
extern const struct souk_service query_service;
extern const struct souk_service regulars_service;      /* the one that is added after a year */

#endif
