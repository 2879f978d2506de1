// http.get, post, put, patch, delete, request: libcurl, one request a call, ended at once by the
// token.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <string>

#include "runtime/effects/call.h"
#include "runtime/effects/curl_library.h"
#include "runtime/values/codec.h"

namespace wakeful::effects {
namespace {

constexpr long kRedirectsMax = 10;
constexpr long kConnectTimeoutMs = 30'000;

struct Request {
  std::string method;
  std::string url;
  std::string body;
  bool has_body = false;
  const char* content_type = nullptr;  // where the script names none
  Map* headers = nullptr;
  int64_t timeout_ms = -1;
  bool check = true;
};

// --- the arguments

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (std::isalnum(c) || ch == '-' || ch == '.' || ch == '_' || ch == '~') {
      out += ch;
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

void append_parameter(std::string& query, const std::string& key, const std::string& value) {
  if (!query.empty()) query += '&';
  query += escaped(key) + "=" + escaped(value);
}

/// `query: {page: 2, tag: ["a", "b"]}`; null leaves a key out.
std::string query_of(Call& call, Map* map) {
  std::string query;
  for (uint32_t i = 0; i < map->used; ++i) {
    const Entry& entry = map_entries(map)[i];
    if (!entry.key || entry.value.is_null()) continue;
    const std::string key(entry.key->view());
    if (!entry.value.is(Tag::List)) {
      append_parameter(query, key, call.plain_text(entry.value, "query." + key));
      continue;
    }
    const List* list = entry.value.list();
    for (uint32_t k = 0; k < list->count; ++k) {
      append_parameter(query, key,
                       call.plain_text(list->begin()[k], fmt::format("query.{}[{}]", key, k)));
    }
  }
  return query;
}

std::string url_of(Call& call, size_t url, size_t query) {
  std::string text = call.text(url, "url");
  const std::string start = lower(text.substr(0, 8));
  if (!start.starts_with("http://") && !start.starts_with("https://")) {
    call.fail("ArgumentError", fmt::format("url must begin with http:// or https://, got \"{}\"",
                                           text.substr(0, 60)));
  }
  Map* map = call.map(query, "query");
  const std::string added = map ? query_of(call, map) : "";
  if (added.empty()) return text;
  const size_t fragment = std::min(text.find('#'), text.size());
  const bool has_query = text.find('?') < fragment;
  return text.substr(0, fragment) + (has_query ? "&" : "?") + added + text.substr(fragment);
}

void read_body(Call& call, size_t json, size_t body, Request& r) {
  const bool has_json = !call.argument(json).is_absent();
  if (has_json && call.given(body)) call.fail("ArgumentError", "takes json: or body:, not both");
  if (has_json) {
    r.body = call.json(json, "json");
    r.content_type = "application/json";
  } else if (call.given(body)) {
    const Value text = call.argument(body);
    if (!text.is(Tag::String)) call.wrong_type("body", "a string (json: takes any value)", text);
    r.body = text.string()->view();
    r.content_type = "text/plain; charset=utf-8";
  }
  r.has_body = r.content_type != nullptr;
}

/// url, headers, query, timeout, check
Request request_without_body(Call& call, const char* method) {
  Request r;
  r.method = method;
  r.url = url_of(call, 0, 2);
  r.headers = call.map(1, "headers");
  r.timeout_ms = call.timeout_ms(3);
  r.check = call.flag(4, "check", true);
  return r;
}

/// url, json, body, headers, query, timeout, check; `first`: where the url stands
Request request_with_body(Call& call, std::string method, size_t first) {
  Request r;
  r.method = std::move(method);
  r.url = url_of(call, first, first + 4);
  read_body(call, first + 1, first + 2, r);
  r.headers = call.map(first + 3, "headers");
  r.timeout_ms = call.timeout_ms(first + 5);
  r.check = call.flag(first + 6, "check", true);
  return r;
}

/// For messages: without user, password and query, which may be secrets.
std::string shown(const std::string& url) {
  const size_t host = url.find("://") + 3;
  const size_t path = std::min(url.find_first_of("/?#", host), url.size());
  const size_t at = url.rfind('@', path);
  const size_t begin = at != url.npos && at >= host ? at + 1 : host;
  return url.substr(0, host) + url.substr(begin, url.find_first_of("?#", begin) - begin);
}

// --- the exchange

struct Response {
  Call& call;
  Map* headers;
  std::string body;
  bool too_large = false;
};

size_t on_body(char* data, size_t, size_t size, void* to) {
  auto& response = *static_cast<Response*>(to);
  response.too_large = response.body.size() + size > kReadBytesMax;
  if (response.too_large) return 0;
  response.body.append(data, size);
  return size;
}

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

/// One line of the head. A status line begins a new head: of a redirect's target, or after "100
/// Continue".
size_t on_header(char* data, size_t, size_t size, void* to) {
  auto& response = *static_cast<Response*>(to);
  const std::string_view line(data, size);
  Heap& heap = response.call.heap;
  if (line.starts_with("HTTP/")) response.headers = make_map(heap);
  const size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return size;
  String* name = repaired_string(heap, lower(trimmed(line.substr(0, colon)))).string();
  std::string value(trimmed(line.substr(colon + 1)));
  if (const Value* before = map_find(response.headers, name)) {
    value = std::string(before->string()->view()) + ", " + value;
  }
  map_set(heap, response.headers, name, repaired_string(heap, value));
  return size;
}

/// The handles of one thread: kept, so that connections are reused.
struct Session {
  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  Session() {
    if (!curl().unusable.empty()) return;
    easy = curl().easy_init();
    multi = curl().multi_init();
  }
  ~Session() {
    if (easy) curl().easy_cleanup(easy);
    if (multi) curl().multi_cleanup(multi);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

using Headers = std::unique_ptr<curl_slist, decltype(Curl::slist_free_all)>;

void add_header(Headers& list, const std::string& line) {
  curl_slist* longer = curl().slist_append(list.get(), line.c_str());
  (void)list.release();
  list.reset(longer);
}

Headers headers_of(Call& call, const Request& r) {
  Headers list(nullptr, curl().slist_free_all);
  bool has_type = false, has_key = false;
  for (uint32_t i = 0; r.headers && i < r.headers->used; ++i) {
    const Entry& entry = map_entries(r.headers)[i];
    if (!entry.key || entry.value.is_null()) continue;
    const std::string name(entry.key->view());
    const std::string value = call.plain_text(entry.value, "headers." + name);
    if (name.empty() || name.find_first_of(std::string_view(":\r\n\0 ", 5)) != name.npos ||
        value.find_first_of("\r\n") != value.npos) {
      call.fail(
          "ArgumentError",
          fmt::format("the header \"{}\" must not contain line breaks, nor its name `:` or spaces",
                      name));
    }
    has_type |= lower(name) == "content-type";
    has_key |= lower(name) == "idempotency-key";
    add_header(list, value.empty() ? name + ";" : name + ": " + value);
  }
  if (r.content_type && !has_type) add_header(list, std::string("Content-Type: ") + r.content_type);
  if (!call.key.empty() && !has_key) add_header(list, "Idempotency-Key: " + call.key);
  add_header(list, "Expect:");  // no pause of a second before a large body
  return list;
}

/// The proxies of the environment count, but never for this machine itself.
std::string no_proxy() {
  const char* given = std::getenv("no_proxy");
  if (!given) given = std::getenv("NO_PROXY");
  return (given && *given ? std::string(given) + "," : std::string()) + "localhost,127.0.0.1,::1";
}

void set_method(CURL* easy, const Request& r) {
  if (r.method == "HEAD") {
    curl().easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool post = r.method == "POST";
  if (r.has_body || post) {
    curl().easy_setopt(easy, CURLOPT_POST, 1L);
    curl().easy_setopt(easy, CURLOPT_POSTFIELDS, r.body.data());
    curl().easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(r.body.size()));
  }
  if (!post && (r.method != "GET" || r.has_body))
    curl().easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r.method.c_str());
}

void set_options(CURL* easy, const Request& r, Response& response, curl_slist* headers,
                 char* error) {
  curl().easy_reset(easy);
  curl().easy_setopt(easy, CURLOPT_URL, r.url.c_str());
  curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl().easy_setopt(easy, CURLOPT_MAXREDIRS, kRedirectsMax);
  curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl().easy_setopt(easy, CURLOPT_USERAGENT, "wakeful");
  curl().easy_setopt(easy, CURLOPT_NOPROXY, no_proxy().c_str());
  curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  if (r.timeout_ms >= 0) {
    curl().easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                       static_cast<long>(std::min<int64_t>(r.timeout_ms, INT32_MAX)));
  }
  curl().easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl().easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl().easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl().easy_setopt(easy, CURLOPT_WRITEDATA, &response);
  curl().easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl().easy_setopt(easy, CURLOPT_HEADERDATA, &response);
  set_method(easy, r);
}

/// Carries the transfer until it has ended or the token is cancelled.
CURLcode transfer(Call& call, Session& session) {
  curl().multi_add_handle(session.multi, session.easy);
  CURLcode code = CURLE_OK;
  bool ended = false;
  while (!ended && !call.token.cancelled()) {
    int running = 0, left = 0;
    curl().multi_perform(session.multi, &running);
    while (const CURLMsg* message = curl().multi_info_read(session.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      code = message->data.result;
      ended = true;
    }
    curl_waitfd wake{call.token.fd(), CURL_WAIT_POLLIN, 0};
    if (!ended) curl().multi_poll(session.multi, &wake, 1, 1000, nullptr);
  }
  curl().multi_remove_handle(session.multi, session.easy);
  call.check_cancelled();
  return code;
}

Map* result_of(Call& call, int64_t status, const Response& response) {
  Map* map = make_map(call.heap, 3);
  map_set(call.heap, map, "status", Value::of(status));
  map_set(call.heap, map, "headers", Value::of(response.headers));
  map_set(call.heap, map, "body", repaired_string(call.heap, response.body));
  return map;
}

[[noreturn]] void transfer_failed(Call& call, const Request& r, Response& response, CURL* easy,
                                  CURLcode code, const char* detail) {
  Map* data = result_of(call, 0, response);
  if (response.too_large)
    call.fail("HttpError", shown(r.url) + ": the body is larger than 60 MB", Value::of(data));
  long sent = 0;
  curl().easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
  call.unanswered = sent > 0;  // no connection: nobody was asked
  if (code == CURLE_OPERATION_TIMEDOUT && r.timeout_ms >= 0) {
    std::string limit;
    append_duration(limit, r.timeout_ms);
    call.fail("Timeout",
              fmt::format("{} {} took longer than {} (timeout)", r.method, shown(r.url), limit),
              Value::of(data));
  }
  const std::string reason = detail[0] ? detail : curl().easy_strerror(code);
  call.fail("HttpError", fmt::format("{} {}: {}", r.method, shown(r.url), reason), Value::of(data));
}

Value perform(Call& call, const Request& r) {
  thread_local Session session;
  Response response{call, make_map(call.heap), {}};
  if (!session.easy || !session.multi) {
    const std::string& reason = curl().unusable;
    call.fail("HttpError", reason.empty() ? "libcurl cannot be set up" : reason,
              Value::of(result_of(call, 0, response)));
  }
  const Headers headers = headers_of(call, r);
  char detail[CURL_ERROR_SIZE] = "";
  const std::unique_ptr<CURL, decltype(Curl::easy_reset)> forget(session.easy,
                                                                 curl().easy_reset);  // our buffers
  set_options(session.easy, r, response, headers.get(), detail);
  const CURLcode code = transfer(call, session);
  if (code != CURLE_OK) transfer_failed(call, r, response, session.easy, code, detail);
  long status = 0;
  curl().easy_getinfo(session.easy, CURLINFO_RESPONSE_CODE, &status);
  Map* result = result_of(call, status, response);
  if (status >= 400 && r.check) {
    std::string beginning = response.body.substr(0, 200);
    beginning = trimmed(beginning.substr(0, beginning.find('\n')));
    const Value clean = repaired_string(call.heap, beginning);
    call.fail("HttpError",
              fmt::format("{} {} answered {}{}{}", r.method, shown(r.url), status,
                          beginning.empty() ? "" : ": ", clean.string()->view()),
              Value::of(result));
  }
  return Value::of(result);
}

}  // namespace

Value http_get(Call& call) { return perform(call, request_without_body(call, "GET")); }
Value http_post(Call& call) { return perform(call, request_with_body(call, "POST", 0)); }
Value http_put(Call& call) { return perform(call, request_with_body(call, "PUT", 0)); }
Value http_patch(Call& call) { return perform(call, request_with_body(call, "PATCH", 0)); }
Value http_delete(Call& call) { return perform(call, request_with_body(call, "DELETE", 0)); }

Value http_request(Call& call) {
  std::string method = call.text(0, "method");
  for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const bool plain = !method.empty() && std::all_of(method.begin(), method.end(),
                                                    [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!plain) call.fail("ArgumentError", "method must be a word like \"GET\"");
  return perform(call, request_with_body(call, std::move(method), 1));
}

}  // namespace wakeful::effects
