/* An intrusive doubly linked list: the link lives in the element, so adding and removing never
 * allocate. The list head is itself a link. LIST_ENTRY gets from a link to its element. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_link {
	struct list_link *next, *previous;
};

#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

void list_init(struct list_link *head);
bool list_is_empty(const struct list_link *head);
void list_append(struct list_link *head, struct list_link *link);
void list_remove(struct list_link *link);          /* afterwards the link is a list of its own */
bool list_is_linked(const struct list_link *link); /* false for zeroed and removed links */
struct list_link *list_first(const struct list_link *head); /* NULL when empty */
struct list_link *list_take_first(struct list_link *head);  /* removes it; NULL when empty */

/* The body may remove `link`. */
#define LIST_EACH(link, head)                                                                      \
	for (struct list_link *link = (head)->next, *link##_next = link->next; link != (head);     \
	     link = link##_next, link##_next = link->next)

#endif
