// libcurl, loaded at the first call of `http`: with its thirty libraries it would take most of the
// start of `wf`.
#pragma once

#include <curl/curl.h>

#include <string>

namespace wakeful::effects {

// The functions used, by their names less `curl_`: each is a member of Curl. A library that lacks
// one is unusable.
#define WF_CURL_FUNCTIONS(WF_CURL) \
  WF_CURL(global_init)             \
  WF_CURL(easy_init)               \
  WF_CURL(easy_cleanup)            \
  WF_CURL(easy_reset)              \
  WF_CURL(easy_setopt)             \
  WF_CURL(easy_getinfo)            \
  WF_CURL(easy_strerror)           \
  WF_CURL(multi_init)              \
  WF_CURL(multi_cleanup)           \
  WF_CURL(multi_add_handle)        \
  WF_CURL(multi_remove_handle)     \
  WF_CURL(multi_perform)           \
  WF_CURL(multi_info_read)         \
  WF_CURL(multi_poll)              \
  WF_CURL(slist_append)            \
  WF_CURL(slist_free_all)

struct Curl {
#define WF_CURL_MEMBER(name) decltype(&curl_##name) name = nullptr;
  WF_CURL_FUNCTIONS(WF_CURL_MEMBER)
#undef WF_CURL_MEMBER
  /// Empty: global_init has succeeded, the functions may be called. Else the reason and the remedy.
  std::string unusable;
};

/// The library, loaded by the first call, kept to the end of the process. From any thread.
const Curl& curl();

}  // namespace wakeful::effects
