/* HTTP through libcurl. */
#define _GNU_SOURCE
#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xoxzo_2fa.h"

/** The most bytes of a body that are read from the wire. */
#define WIRE ((size_t)64 * 1024)

/** One exchange. */
typedef struct {
  x2f_response *response;
  /** A connection stands and the request is about to go out. Until then, surely nothing has left. */
  bool begun;
  /** The head of the response is there, whole. */
  bool answered;
  /** Bytes of the body so far. */
  size_t read;
} exchange;

static void set_up(void)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int begins(void *own, char *to, char *from, int to_port, int from_port)
{
  (void)to, (void)from, (void)to_port, (void)from_port;
  ((exchange *)own)->begun = true;
  return CURL_PREREQFUNC_OK;
}

/** Takes a line of the head: its status, `retry-after`, its end. The head of a 1xx is not the answer. */
static size_t head(char *line, size_t one, size_t length, void *to)
{
  static const char wanted[] = "retry-after:";
  exchange *own = to;
  x2f_response *response = own->response;
  const size_t name = sizeof wanted - 1;
  (void)one;
  if (length > 9 && strncmp(line, "HTTP/", 5) == 0) {
    response->status = 0;
    response->retry_after[0] = 0;
    for (size_t at = 9; at < length && at < 12 && isdigit((unsigned char)line[at]); at++)
      response->status = (uint16_t)(response->status * 10 + (line[at] - '0'));
  } else if (length > name && strncasecmp(line, wanted, name) == 0 && response->retry_after[0] == 0) {
    size_t begin = name, end = length;
    while (begin < end && isspace((unsigned char)line[begin])) begin++;
    while (end > begin && isspace((unsigned char)line[end - 1])) end--;
    if (end - begin > sizeof response->retry_after - 1) end = begin + sizeof response->retry_after - 1;
    memcpy(response->retry_after, line + begin, end - begin);
    response->retry_after[end - begin] = 0;
  } else if (length <= 2 && (line[0] == '\r' || line[0] == '\n')) {
    own->answered = response->status >= 200;
  }
  return length;
}

/** Takes a part of the body, and ends the exchange where it is too long. */
static size_t body(char *part, size_t one, size_t length, void *to)
{
  exchange *own = to;
  size_t room = X2F_BODY - own->response->body_length, kept = length < room ? length : room;
  (void)one;
  own->read += length;
  if (own->read > WIRE) return 0;
  memcpy(own->response->body + own->response->body_length, part, kept);
  own->response->body_length += kept;
  return length;
}

/** The header fields for libcurl. NULL if there is no memory. */
static struct curl_slist *fields(const x2f_request *request)
{
  struct curl_slist *list = curl_slist_append(NULL, "Expect:");
  for (size_t at = 0; at < request->header_count && list != NULL; at++) {
    const x2f_header *header = &request->headers[at];
    size_t size = strlen(header->name) + strlen(header->value) + 3;
    char *line = malloc(size);
    struct curl_slist *longer = NULL;
    if (line != NULL) {
      /* A colon and nothing would leave the field out, a semicolon sends it empty. */
      strcpy(line, header->name);
      strcat(strcat(line, header->value[0] == 0 ? ";" : ": "), header->value);
      longer = curl_slist_append(list, line);
      explicit_bzero(line, size);
    }
    free(line);
    if (longer == NULL) curl_slist_free_all(list);
    list = longer;
  }
  return list;
}

static void forget(struct curl_slist *list)
{
  for (struct curl_slist *each = list; each != NULL; each = each->next) explicit_bzero(each->data, strlen(each->data));
  curl_slist_free_all(list);
}

/** Sets what every exchange has, and what this one has. */
static CURLcode configure(CURL *curl, const x2f_request *request, struct curl_slist *list, exchange *own)
{
  CURLcode code = CURLE_OK;
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(curl, option, value)
  SET(CURLOPT_URL, request->url);
  SET(CURLOPT_PROTOCOLS_STR, strncmp(request->url, "http:", 5) == 0 ? "http" : "https");
  SET(CURLOPT_PATH_AS_IS, 1L);
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  /* A kept connection that the server has closed would lose a request that was never read, or make libcurl try again. */
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_FRESH_CONNECT, 1L);
  SET(CURLOPT_FORBID_REUSE, 1L);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_USERAGENT, "xoxzo-2fa/" X2F_VERSION);
  SET(CURLOPT_HTTPHEADER, list);
  SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_milliseconds);
  /* The stages before the request have less time than the whole, so that a timeout there is known as one. */
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_milliseconds * 6 / 10);
  SET(CURLOPT_PREREQFUNCTION, begins);
  SET(CURLOPT_PREREQDATA, own);
  SET(CURLOPT_HEADERFUNCTION, head);
  SET(CURLOPT_HEADERDATA, own);
  SET(CURLOPT_WRITEFUNCTION, body);
  SET(CURLOPT_WRITEDATA, own);
  if (strcmp(request->method, "GET") == 0) {
    SET(CURLOPT_HTTPGET, 1L);
  } else {
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE, (long)request->body_length);
    SET(CURLOPT_POSTFIELDS, request->body);
  }
#undef SET
  return code;
}

/** HTTPS, or HTTP to a loopback address. */
static bool guarded(const char *url)
{
  static const char *const plain[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
  if (strncmp(url, "https://", 8) == 0) return true;
  for (size_t at = 0; at < sizeof plain / sizeof *plain; at++) {
    size_t length = strlen(plain[at]);
    if (strncmp(url, plain[at], length) == 0 && (url[length] == ':' || url[length] == '/')) return true;
  }
  return false;
}

/** Why a certificate is not trusted, by the codes of OpenSSL's verification (its x509_vfy.h). */
static const char *distrust(long code)
{
  switch (code) {
  case 9: return "tls: the certificate is not valid yet";
  case 10: return "tls: the certificate has expired";
  case 18:
  case 19:
  case 20:
  case 21: return "tls: nobody trusted has issued the certificate";
  case 23: return "tls: the certificate is revoked";
  /* The issuer is trusted, so that the name is what libcurl itself refused. */
  case 0:
  case 62:
  case 64: return "tls: the certificate is for another name";
  default: return "tls: the certificate is not valid";
  }
}

/** Why there is no answer, in the words of every host. */
static const char *cause(CURL *curl, CURLcode code, bool begun)
{
  long trusted = 0;
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST: return "dns: the host name was not found";
  case CURLE_COULDNT_CONNECT: return "connect: no connection";
  case CURLE_PEER_FAILED_VERIFICATION:
    if (curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &trusted) != CURLE_OK) trusted = -1;
    return distrust(trusted);
  case CURLE_SSL_CONNECT_ERROR: return "tls: the server speaks another TLS";
  case CURLE_OPERATION_TIMEDOUT: return begun ? "timeout: no answer in time" : "connect: no connection";
  /* Also said of a head that is too long. */
  case CURLE_OUT_OF_MEMORY: return begun ? "http: no readable answer" : "memory: there is none";
  /* The head ended with the connection. */
  case CURLE_OK:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_GOT_NOTHING: return "connection: it broke";
  default: return "http: no readable answer";
  }
}

x2f_no_answer x2f_curl_send(void *context, const x2f_request *request, x2f_response *response)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  exchange own = {.response = response};
  (void)context;
  bool known = strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0;
  if (!known || !guarded(request->url) || request->timeout_milliseconds == 0) return X2F_NOT_SENT;
  pthread_once(&once, set_up);
  CURL *curl = curl_easy_init();
  struct curl_slist *list = fields(request);
  CURLcode code = curl == NULL || list == NULL ? CURLE_OUT_OF_MEMORY : configure(curl, request, list, &own);
  if (code == CURLE_OK) code = curl_easy_perform(curl);
  if (code != CURLE_OK || !own.answered) snprintf(response->cause, sizeof response->cause, "%s", cause(curl, code, own.begun));
  if (curl != NULL) curl_easy_cleanup(curl);
  forget(list);
  /* What the status says is known even if the body is lost: 4xx is a refusal, anything else unreadable. */
  if (code != CURLE_OK) response->body_length = 0;
  if (own.answered) return X2F_ANSWERED;
  return own.begun ? X2F_UNKNOWN : X2F_NOT_SENT;
}
