#include "runtime/effects/curl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace wakeful::effects {
namespace {

constexpr const char* kFile = "libcurl.so.4";

/// dlerror() may be null by its contract.
std::string last_error() {
  const char* text = dlerror();
  return text ? text : "no reason given";
}

template <typename Function>
void find(void* library, const char* name, Function& function, std::string& unusable) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (!function && unusable.empty()) {
    unusable = fmt::format("{} lacks {}: install a newer libcurl (Debian: libcurl4)", kFile, name);
  }
}

Curl load() {
  Curl curl;
  // Its threads and tables outlive every call: never closed.
  void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    curl.unusable =
        fmt::format("http needs libcurl: install it (Debian: libcurl4) ({})", last_error());
    return curl;
  }
#define WF_CURL_FIND(name) find(library, "curl_" #name, curl.name, curl.unusable);
  WF_CURL_FUNCTIONS(WF_CURL_FIND)
#undef WF_CURL_FIND
  if (!curl.unusable.empty()) return curl;
  if (const CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    curl.unusable = fmt::format("libcurl cannot be set up: {}", curl.easy_strerror(code));
  }
  return curl;
}

}  // namespace

const Curl& curl() {
  static const Curl* const loaded = new Curl(load());  // threads may outlive static destruction
  return *loaded;
}

}  // namespace wakeful::effects
