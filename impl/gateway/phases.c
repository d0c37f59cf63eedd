#include "gateway/phases.h"

#include "base/bug.h"
#include "gateway/request.h"

void phases_begin(struct request *request, enum phase phase)
{
	request->phases.phase = phase;
	request->phases.depth = 0;
	if (request->service != NULL)
		phases_enter(request, &request->service->chain);
}

void phases_enter(struct request *request, const struct policy_chain *chain)
{
	struct phases *phases = &request->phases;

	BUG_IF(phases->depth == POLICY_CHAIN_DEPTH_MAX);
	phases->frames[phases->depth++] = (struct phase_frame){.chain = chain};
}

const void *phases_waiting_data(const struct request *request)
{
	const struct phase_frame *frame = &request->phases.frames[request->phases.depth - 1];

	BUG_IF(request->phases.depth == 0 || frame->next == 0);
	return frame->chain->items[frame->next - 1].data;
}

void phases_skip(struct request *request)
{
	request->phases.depth = 0;
}

bool phases_run(struct request *request)
{
	struct phases *phases = &request->phases;

	while (phases->depth > 0) {
		struct phase_frame *frame = &phases->frames[phases->depth - 1];
		const struct policy_instance *instance;
		phase_run *run;

		if (frame->next == frame->chain->count) {
			phases->depth--;
			continue;
		}
		instance = &frame->chain->items[frame->next++];
		run = instance->policy->run[phases->phase];
		if (run == NULL)
			continue;
		switch (run(request, instance->data)) {
		case PHASE_GO_ON:
			break;
		case PHASE_SKIP:
			phases_skip(request);
			break;
		case PHASE_WAIT:
		case PHASE_ANSWERED:
			return false;
		}
	}
	return true;
}
