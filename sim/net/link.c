#include "sim/net/link.h"

#include "base/arena.h"

#define LATENCY_TO_ITSELF_US 20
#define PER_MILLION 1000000
#define LOSSES_IN_A_ROW_MAX 10 /* a link that loses all of them is what SIM_DROP is for */

struct link {
	struct sim_link options;
	bool is_set;
	struct prng chance;
};

static struct link *link_between(struct sim_host *from, struct sim_host *to)
{
	while (from->links.count <= to->index)
		vec_push(&from->links, NULL);
	if (from->links.items[to->index] == NULL) {
		struct link *link = ARENA_NEW(from->net->arena, struct link);
		uint64_t seed = prng_split(from->net->seed, STR("link"));

		prng_seed(&link->chance, prng_split(prng_split(seed, from->name), to->name));
		if (from == to) {
			link->options.latency_us = LATENCY_TO_ITSELF_US;
			link->is_set = true;
		}
		from->links.items[to->index] = link;
	}
	return from->links.items[to->index];
}

void link_set(struct sim_host *a, struct sim_host *b, struct sim_link options)
{
	struct link *there = link_between(a, b), *back = link_between(b, a);

	there->options = back->options = options;
	there->is_set = back->is_set = true;
}

int64_t link_retry_us(int64_t first_us, int tries)
{
	int64_t wait_us = first_us;

	while (tries-- > 0 && wait_us < LINK_RETRY_MAX_US)
		wait_us *= 2;
	return wait_us < LINK_RETRY_MAX_US ? wait_us : LINK_RETRY_MAX_US;
}

int64_t link_delay_us(struct sim_host *from, struct sim_host *to, int64_t retry_us)
{
	struct link *link = link_between(from, to);
	const struct sim_link *options = link->is_set ? &link->options : &from->net->default_link;
	int64_t delay_us = options->latency_us > 0 ? options->latency_us : 0;

	if (options->jitter_us > 0)
		delay_us += (int64_t)prng_below(&link->chance, (uint64_t)options->jitter_us + 1);
	if (options->loss_per_million <= 0)
		return delay_us;
	for (int losses = 0; losses < LOSSES_IN_A_ROW_MAX; losses++) {
		if ((int)prng_below(&link->chance, PER_MILLION) >= options->loss_per_million)
			break;
		if (retry_us == 0)
			return -1;
		delay_us += link_retry_us(retry_us, losses);
	}
	return delay_us;
}
