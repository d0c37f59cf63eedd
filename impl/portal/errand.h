/* What an answer still needs from outside when its transaction is over: the gateway's policies,
 * numbers of backend's storage, a call through a gateway.
 *
 * A handler makes an errand in the call's arena and hangs it on the call. The portal begins it
 * after the commit and answers with call->answer when the errand calls done(data). begin() may
 * say so at once; nothing of the errand is touched afterwards. stop() comes instead of done() when
 * the client went away or the portal ends. An errand that writes opens a transaction of its own.
 */
#ifndef PORTAL_ERRAND_H
#define PORTAL_ERRAND_H

struct call;
struct errand;

struct errand {
	void (*begin)(struct errand *errand, struct call *call);
	void (*stop)(struct errand *errand);
	/* Filled in by the portal before begin(). */
	void (*done)(void *data);
	void *data;
};

#endif
