#include "lang/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace wakeful {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "wf: internal error: %s at %s:%d; the store is safe, resume the run\n",
               condition, file, line);
  std::abort();
}
}  // namespace wakeful
