#include "gateway/limiter.h"

#include <math.h>

#define THOUSAND 1000.0 /* a request, in the units of `excess` */
/* Connections that nobody gave back, because their gateway died, are forgotten after a day. */
#define CONNECTIONS_LIFETIME_S 86400

struct str limiter_kind_name(enum limiter_kind kind)
{
	static const struct str names[] = {
		[LIMITER_CONNECTIONS] = STR_INIT("connections"),
		[LIMITER_LEAKY_BUCKET] = STR_INIT("leaky_bucket"),
		[LIMITER_FIXED_WINDOW] = STR_INIT("fixed_window"),
	};

	return names[kind];
}

static bool judge_connections(struct limit_take *take)
{
	const struct limiter *limiter = take->limiter;
	double count = (double)++take->after.count;

	take->state = count;
	if (count > limiter->most)
		take->delay_s = limiter->delay_s * floor((count - 1) / limiter->most);
	return count <= limiter->most + limiter->burst;
}

/* As ngx_limit_req: the bucket leaks `most` requests a second, and the first one finds it empty. */
static bool judge_leaky_bucket(struct limit_take *take, int64_t now_utc_ms)
{
	const struct limiter *limiter = take->limiter;
	double excess = 0;

	if (take->before.last_utc_ms != 0)
		excess = (double)take->before.excess + THOUSAND -
			 limiter->most * fabs((double)(now_utc_ms - take->before.last_utc_ms));
	if (excess < 0)
		excess = 0;
	take->after.excess = (int64_t)excess;
	take->after.last_utc_ms = now_utc_ms;
	take->state = excess / THOUSAND;
	take->delay_s = excess / THOUSAND / limiter->most;
	return excess <= limiter->burst * THOUSAND;
}

static bool judge_fixed_window(struct limit_take *take)
{
	take->state = take->limiter->most - (double)++take->after.count;
	return take->state >= 0;
}

bool limit_take_judge(struct limit_take *take, int64_t now_utc_ms)
{
	take->after = take->before;
	take->delay_s = 0;
	switch (take->limiter->kind) {
	case LIMITER_CONNECTIONS:
		return judge_connections(take);
	case LIMITER_LEAKY_BUCKET:
		return judge_leaky_bucket(take, now_utc_ms);
	case LIMITER_FIXED_WINDOW:
		break;
	}
	return judge_fixed_window(take);
}

int64_t limit_take_lifetime_s(const struct limit_take *take)
{
	const struct limiter *limiter = take->limiter;

	switch (limiter->kind) {
	case LIMITER_CONNECTIONS:
		return CONNECTIONS_LIFETIME_S;
	case LIMITER_LEAKY_BUCKET: /* until the next request finds it as if it were the first */
		return 1 +
		       (int64_t)fmin(((double)take->after.excess / THOUSAND + 1) / limiter->most,
				     CONNECTIONS_LIFETIME_S);
	case LIMITER_FIXED_WINDOW:
		break;
	}
	return limiter->window_s;
}
