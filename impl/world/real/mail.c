/* The mail port: libcurl speaks SMTP. It waits for the relay's last word without giving way, so
 * each mail has a thread, which touches nothing but its own struct mail. Names are the dns port's.
 */
#include "world/mail.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/dns.h"
#include "world/real/real_internal.h"

/* How long a relay may take for each answer, and for the one to our farewell. */
#define ANSWER_S 30L

struct mail_port {
	struct real_world *real;
	struct list_link mails; /* under way */
	uv_async_t *done;       /* a thread is at its end */
};

struct mail {
	struct list_link link; /* in port->mails */
	struct mail_port *port;
	struct arena *arena;
	mail_over *over; /* NULL: taken back */
	void *data;
	struct dns_query *query;
	struct curl_slist recipient, connect_to;
	CURL *handle;
	uv_thread_t thread;
	bool has_thread;

	/* The thread's, until it is done. */
	struct str message;
	size_t sent; /* of the message */
	CURLcode result;
	long code; /* of the relay's last answer */
	atomic_bool is_done, is_cancelled;
	uv_mutex_t socket_lock;
	int socket; /* -1: none is open */
};

static void mail_free(struct mail *mail)
{
	list_remove(&mail->link);
	if (mail->query != NULL)
		dns_cancel(&mail->port->real->world, mail->query);
	if (mail->has_thread)
		uv_thread_join(&mail->thread);
	curl_easy_cleanup(mail->handle);
	uv_mutex_destroy(&mail->socket_lock);
	arena_destroy(mail->arena);
	free(mail);
}

static void mail_end(struct mail *mail, bool is_taken, struct str failure)
{
	mail_over *over = mail->over;
	void *data = mail->data;
	struct arena *kept = mail->arena;

	mail->arena = NULL;
	mail_free(mail);
	if (over != NULL)
		over(is_taken, failure, data);
	arena_destroy(kept);
}

static void mail_done(struct mail *mail)
{
	if (mail->result == CURLE_OK)
		mail_end(mail, true, STR(""));
	else if (mail->code >= 400)
		mail_end(mail, false,
			 str_format(mail->arena, "the relay answered %ld", mail->code));
	else
		mail_end(mail, false, str_from(curl_easy_strerror(mail->result)));
}

static struct mail *first_done(struct mail_port *port)
{
	LIST_EACH (link, &port->mails) {
		struct mail *mail = LIST_ENTRY(link, struct mail, link);

		if (mail->has_thread && atomic_load(&mail->is_done))
			return mail;
	}
	return NULL;
}

/* Whom it tells may send others, or take them back. */
static void threads_done(uv_async_t *done)
{
	struct mail_port *port = done->data;
	struct mail *mail;

	while ((mail = first_done(port)) != NULL)
		mail_done(mail);
}

/* The thread. */

static int may_go_on(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		     curl_off_t up_now)
{
	struct mail *mail = data;

	(void)total;
	(void)now;
	(void)up_total;
	(void)up_now;
	return atomic_load(&mail->is_cancelled) ? 1 : 0;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct mail *mail = data;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	uv_mutex_lock(&mail->socket_lock);
	mail->socket = fd;
	uv_mutex_unlock(&mail->socket_lock);
	return fd;
}

static int close_socket(void *data, curl_socket_t fd)
{
	struct mail *mail = data;

	uv_mutex_lock(&mail->socket_lock);
	if (mail->socket == fd)
		mail->socket = -1;
	uv_mutex_unlock(&mail->socket_lock);
	return close(fd);
}

/* The thread's, from outside: what it waits for is over. */
static void cut_off(struct mail *mail)
{
	atomic_store(&mail->is_cancelled, true);
	uv_mutex_lock(&mail->socket_lock);
	if (mail->socket >= 0)
		shutdown(mail->socket, SHUT_RDWR);
	uv_mutex_unlock(&mail->socket_lock);
}

static void mail_thread(void *data)
{
	struct mail *mail = data;

	mail->result = curl_easy_perform(mail->handle);
	curl_easy_getinfo(mail->handle, CURLINFO_RESPONSE_CODE, &mail->code);
	/* Says farewell, and waits for the answer. */
	curl_easy_cleanup(mail->handle);
	mail->handle = NULL;
	atomic_store(&mail->is_done, true);
	uv_async_send(mail->port->done);
}

/* One mail. */

static size_t message_wanted(char *room, size_t size, size_t count, void *data)
{
	struct mail *mail = data;
	struct str rest = str_slice(str_skip(mail->message, mail->sent), 0, size * count);

	if (rest.size > 0)
		memcpy(room, rest.data, rest.size);
	mail->sent += rest.size;
	return rest.size;
}

static void set_relay(struct mail *mail, const struct mail_options *options)
{
	static const char *const authentications[] = {
		[MAIL_PLAIN] = "AUTH=PLAIN",
		[MAIL_LOGIN] = "AUTH=LOGIN",
		[MAIL_CRAM_MD5] = "AUTH=CRAM-MD5",
	};
	struct arena *arena = mail->arena;
	CURL *handle = mail->handle;

	curl_easy_setopt(
		handle, CURLOPT_URL,
		str_cstr(arena, str_format(arena, "smtp://%.*s:%u/%.*s", STR_ARG(options->host),
					   (unsigned)options->port, STR_ARG(options->domain))));
	curl_easy_setopt(handle, CURLOPT_USE_SSL,
			 options->starttls ? (long)CURLUSESSL_TRY : (long)CURLUSESSL_NONE);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options->verify_peer ? 1L : 0L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options->verify_peer ? 2L : 0L);
	if (options->user.size == 0)
		return;
	curl_easy_setopt(handle, CURLOPT_USERNAME, str_cstr(arena, options->user));
	curl_easy_setopt(handle, CURLOPT_PASSWORD, str_cstr(arena, options->password));
	curl_easy_setopt(handle, CURLOPT_LOGIN_OPTIONS, authentications[options->authentication]);
}

static void set_message(struct mail *mail, const struct mail_options *options)
{
	struct arena *arena = mail->arena;
	CURL *handle = mail->handle;

	mail->message = str_copy(arena, options->message);
	mail->recipient.data = (char *)(uintptr_t)str_cstr(
		arena, STR_CONCAT(arena, STR("<"), options->to, STR(">")));
	curl_easy_setopt(handle, CURLOPT_MAIL_FROM,
			 str_cstr(arena, STR_CONCAT(arena, STR("<"), options->from, STR(">"))));
	curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, &mail->recipient);
	curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, message_wanted);
	curl_easy_setopt(handle, CURLOPT_READDATA, mail);
}

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct mail *mail = data;

	mail->query = NULL;
	if (status != DNS_OK || count == 0) {
		mail_end(mail, false, STR("name not found"));
		return;
	}
	mail->connect_to.data = (char *)(uintptr_t)str_cstr(
		mail->arena, STR_CONCAT(mail->arena, STR("::"), records[0].address, STR(":")));
	curl_easy_setopt(mail->handle, CURLOPT_CONNECT_TO, &mail->connect_to);
	mail->has_thread = uv_thread_create(&mail->thread, mail_thread, mail) == 0;
	if (!mail->has_thread)
		mail_end(mail, false, STR("no thread can be started"));
}

static struct mail_port *port_of(struct real_world *real)
{
	if (real->mail != NULL)
		return real->mail;

	struct mail_port *port = MEMORY_NEW(struct mail_port);

	port->real = real;
	list_init(&port->mails);
	port->done = MEMORY_NEW(uv_async_t);
	port->done->data = port;
	BUG_IF(uv_async_init(&real->loop->uv, port->done, threads_done) != 0);
	real->mail = port;
	return port;
}

static struct mail *port_send(struct world *world, const struct mail_options *options,
			      mail_over *over, void *data)
{
	const struct dns_question question = {.name = options->host};
	struct mail *mail = MEMORY_NEW(struct mail);

	mail->port = port_of(real_of(world));
	list_append(&mail->port->mails, &mail->link);
	mail->arena = arena_create();
	mail->socket = -1;
	BUG_IF(uv_mutex_init(&mail->socket_lock) != 0);
	mail->over = over;
	mail->data = data;
	mail->handle = curl_easy_init();
	BUG_IF(mail->handle == NULL);
	curl_easy_setopt(mail->handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(mail->handle, CURLOPT_PROXY, "");
	curl_easy_setopt(mail->handle, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(mail->handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, ANSWER_S);
	curl_easy_setopt(mail->handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(mail->handle, CURLOPT_OPENSOCKETDATA, mail);
	curl_easy_setopt(mail->handle, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(mail->handle, CURLOPT_CLOSESOCKETDATA, mail);
	curl_easy_setopt(mail->handle, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(mail->handle, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(mail->handle, CURLOPT_XFERINFOFUNCTION, may_go_on);
	curl_easy_setopt(mail->handle, CURLOPT_XFERINFODATA, mail);
	curl_easy_setopt(mail->handle, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	set_relay(mail, options);
	set_message(mail, options);
	mail->query = dns_resolve(world, &question, name_answered, mail);
	return mail;
}

/* A thread is left to come to its end. */
static void port_cancel(struct mail *mail)
{
	mail->over = NULL;
	cut_off(mail);
	if (!mail->has_thread)
		mail_free(mail);
}

const struct mail_ops real_mail_ops = {.send = port_send, .cancel = port_cancel};

static void done_closed(uv_handle_t *handle)
{
	free(handle);
}

void real_mail_destroy(struct real_world *real)
{
	struct mail_port *port = real->mail;

	if (port == NULL)
		return;
	LIST_EACH (link, &port->mails)
		cut_off(LIST_ENTRY(link, struct mail, link));
	LIST_EACH (link, &port->mails)
		mail_free(LIST_ENTRY(link, struct mail, link));
	uv_close((uv_handle_t *)port->done, done_closed);
	free(port);
}
