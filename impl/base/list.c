#include "base/list.h"

#include "base/bug.h"

void list_init(struct list_link *head)
{
	head->next = head->previous = head;
}

bool list_is_empty(const struct list_link *head)
{
	return head->next == head;
}

void list_append(struct list_link *head, struct list_link *link)
{
	BUG_IF(list_is_linked(link));
	link->next = head;
	link->previous = head->previous;
	head->previous->next = link;
	head->previous = link;
}

void list_remove(struct list_link *link)
{
	if (!list_is_linked(link))
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

bool list_is_linked(const struct list_link *link)
{
	return link->next != NULL && link->next != link;
}

struct list_link *list_first(const struct list_link *head)
{
	return head->next != head ? head->next : NULL;
}

struct list_link *list_take_first(struct list_link *head)
{
	struct list_link *first = list_first(head);

	if (first != NULL)
		list_remove(first);
	return first;
}
