// wf version.
#include "runtime/cli/output.h"

namespace wakeful::cli {

int cmd_version(const CommandLine& line) {
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    out.write(json.begin_object().key("version").text(WF_VERSION).end_object().document());
  } else {
    out.write("wf " WF_VERSION "\n");
  }
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
