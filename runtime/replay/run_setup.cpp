#include "runtime/replay/run_setup.h"

#include <fmt/format.h>

namespace wakeful {

Result<Run::Setup> run_setup(const Journal& journal, const Record& started,
                             std::shared_ptr<Image> image) {
  if (image->program().find_workflow(started.name) < 0) {
    return fail(Fault::Replay, fmt::format("run #{} ({}): the program has no workflow {}",
                                           started.run.value, started.id, started.name));
  }
  Run::Setup setup;
  setup.number = started.run;
  setup.id = started.id;
  setup.workflow = started.name;
  setup.image = std::move(image);
  setup.started = started;
  if (started.parent == 0) {
    setup.arguments = started.value;
    return setup;
  }
  auto spawn = journal.record_at(Lsn{started.ref});
  if (!spawn) return tl::unexpected(spawn.error());
  if (spawn->type != RecordType::ChildStarted) {
    return fail(Fault::Store, fmt::format("run #{}: record {} should start it, but is a {}",
                                          started.run.value, started.ref, name_of(spawn->type)));
  }
  setup.arguments = std::move(spawn->value);
  const RunInfo* parent = journal.find(RunId{started.parent});
  if (parent != nullptr) setup.parent_id = parent->id;
  for (; parent != nullptr; parent = journal.find(parent->parent)) {
    ++setup.depth;
    if (!parent->parent) break;
  }
  return setup;
}

Result<std::shared_ptr<Image>> load_image(const Journal& journal, const std::string& hash) {
  auto bytes = journal.program(hash);
  if (!bytes) return tl::unexpected(bytes.error());
  auto program = deserialise(*bytes);
  if (!program) return tl::unexpected(program.error());
  if (auto sound = verify(*program); !sound) return tl::unexpected(sound.error());
  program->hash = hash;
  return std::make_shared<Image>(std::move(*program));
}

}  // namespace wakeful
