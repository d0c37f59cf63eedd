#include "gateway/auth_cache.h"

int auth_cache_get(struct dictionary *cache, struct str key, int64_t now_us)
{
	struct dictionary_value value;

	return dictionary_get(cache, key, now_us, &value) ? (int)value.numbers[0] : 0;
}

/* What is over already is as good as unknown. */
static void put(struct dictionary *cache, struct str key, int status, int64_t expires_us,
		int64_t now_us)
{
	if (expires_us <= now_us)
		dictionary_remove(cache, key);
	else
		dictionary_put(cache, key, (struct dictionary_value){{status}}, expires_us);
}

bool cache_handler_from_name(struct str name, enum cache_handler *handler)
{
	static const struct str names[] = {
		[CACHE_HANDLER_STRICT] = STR_INIT("strict"),
		[CACHE_HANDLER_RESILIENT] = STR_INIT("resilient"),
		[CACHE_HANDLER_ALLOW] = STR_INIT("allow"),
		[CACHE_HANDLER_NONE] = STR_INIT("none"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(name, names[i])) {
			*handler = (enum cache_handler)i;
			return true;
		}
	}
	return false;
}

enum reaction { KEEP, STORE, STORE_OK_UNLESS_KNOWN, DELETE };
enum outcome { OUTCOME_OK, OUTCOME_REFUSED, OUTCOME_NO_ANSWER, OUTCOMES };

/* The table of 4.7. */
static const enum reaction reactions[][OUTCOMES] = {
	[CACHE_HANDLER_STRICT] = {STORE, DELETE, DELETE},
	[CACHE_HANDLER_RESILIENT] = {STORE, STORE, KEEP},
	[CACHE_HANDLER_ALLOW] = {STORE, STORE, STORE_OK_UNLESS_KNOWN},
	[CACHE_HANDLER_NONE] = {KEEP, KEEP, KEEP},
};

static enum cache_change react(struct dictionary *cache, enum reaction reaction, struct str key,
			       int status, int64_t expires_us, int64_t now_us)
{
	int known = auth_cache_get(cache, key, now_us);

	switch (reaction) {
	case KEEP:
		return CACHE_UNCHANGED;
	case STORE:
		if (known == status && expires_us == AUTH_CACHE_FOR_EVER)
			return CACHE_UNCHANGED;
		put(cache, key, status, expires_us, now_us);
		return CACHE_WRITTEN;
	case STORE_OK_UNLESS_KNOWN:
		if (known != 0)
			return CACHE_UNCHANGED;
		put(cache, key, 200, expires_us, now_us);
		return CACHE_WRITTEN;
	case DELETE:
		dictionary_remove(cache, key);
		return CACHE_DELETED;
	}
	return CACHE_UNCHANGED;
}

enum cache_change auth_cache_update(struct dictionary *cache, enum cache_handler handler,
				    struct str key, int status, int64_t expires_us, int64_t now_us)
{
	enum outcome outcome = status == 200                                     ? OUTCOME_OK
			       : status == AUTH_CACHE_NO_ANSWER || status >= 499 ? OUTCOME_NO_ANSWER
										 : OUTCOME_REFUSED;
	enum cache_change change;

	dictionary_hold(cache);
	change = react(cache, reactions[handler][outcome], key, status, expires_us, now_us);
	dictionary_let_go(cache);
	return change;
}
