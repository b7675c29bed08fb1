/*
 * story - what the stories of the shop have in common: who is in them, how
 * they begin and end, and how they look at what has happened.
 */
#ifndef SHOP_STORY_H
#define SHOP_STORY_H

#include <souk-stage.h>

#define STAFF 1                         /* people, by their ids */
#define ANN 2
#define BOB 3
#define ADDRESS "{name=Ann street='1 High Street' city=Bonn postcode=53111 country=DE phone=''}"

/* A stage with these services and an event store. What goes wrong fails the test. */
struct souk_stage *story_open(const struct souk_stage_service *services);
/* The teardown of a test whose state is a stage. */
int story_close(void **state);
/* What has happened so far is not what the story is about. */
void story_pass_over(struct souk_stage *stage);
/* Let much time pass while these services, of whom NULL is the last, and the event store sleep: their clocks cost. */
void story_sleep(struct souk_stage *stage, const char *const *services, uint64_t elapsed_ms);
/* How often `words` stand in `text`; NULL has none. */
unsigned story_count(const char *text, const char *words);
/* The same in what has happened since somebody looked. */
unsigned story_count_new(struct souk_stage *stage, const char *words);

#endif
