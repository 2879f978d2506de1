// Records what a program does to its store, then cuts the power after every operation: see
// ../README.md.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <unordered_set>

#include "check.h"
#include "disk.h"

using namespace wakeful::powercut;
namespace fs = std::filesystem;

namespace {

constexpr const char* kUsage =
    "usage: powercut --recorder LIBRARY [options] known WRITER SHAPE [--no-sync]\n"
    "       powercut --recorder LIBRARY [options] run WF SCRIPT\n"
    "  --images N         about so many images at most (default 2000)\n"
    "  --at-least N       fewer are a failure\n"
    "  --resume-every N   run: every N-th image is resumed by WF as well (default 1)\n"
    "  --releases-early N takes each release for N operations earlier than it was: must not go "
    "unnoticed\n"
    "  --seed N           of the choice of what is lost\n"
    "  --expect-failures  succeeds only if there are lost or damaged images: shows that the test "
    "can fail\n";
constexpr unsigned kCheckSeconds = 60;
constexpr size_t kShownMax = 5;
constexpr const char* kRunId = "powercut";

struct Options {
  std::string recorder;
  size_t images = 2000, at_least = 1, resume_every = 1, releases_early = 0;
  uint64_t seed = 1;
  bool expect_failures = false;
  bool run = false;  // `wf run` of a script, else journal_writer with a shape
  std::string program, subject;
  bool no_sync = false;
};

struct Command {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string stdout_file, stderr_file;
};

int run_command(const Command& command) {
  const pid_t child = fork();
  if (child == 0) {
    const int out = open(command.stdout_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open(command.stderr_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int in = open("/dev/null", O_RDONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    struct stat status {};
    fstat(1, &status);
    setenv("WF_RECORD_STDOUT", std::to_string(status.st_ino).c_str(), 1);
    for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> arguments;
    for (const std::string& word : command.words)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Command subject_command(const Options& options, const std::string& folder) {
  const std::string store = folder + "/disk/store";
  Command command;
  command.words = {options.program, store, options.subject};
  if (options.no_sync) command.words.push_back("--no-sync");
  if (options.run)
    command.words = {options.program, "run", options.subject, "--id", kRunId, "--store", store};
  command.environment = {{"WF_POWERCUT_OUTSIDE", folder + "/outside"}};
  command.stdout_file = folder + "/stdout";
  command.stderr_file = folder + "/stderr";
  return command;
}

void make_folders(const std::string& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder + "/disk");
  fs::create_directories(folder + "/outside");
}

std::vector<TraceEvent> record(const Options& options, const std::string& folder) {
  make_folders(folder);
  Command command = subject_command(options, folder);
  command.environment.insert(command.environment.end(), {{"LD_PRELOAD", options.recorder},
                                                         {"WF_RECORD_STORE", folder + "/disk"},
                                                         {"WF_RECORD_OUTSIDE", folder + "/outside"},
                                                         {"WF_RECORD_TRACE", folder + "/trace"}});
  if (const int code = run_command(command); code != 0)
    throw std::runtime_error(
        fmt::format("{} ended with {}: {}", options.subject, code, read_file(command.stderr_file)));
  return read_trace(folder + "/trace");
}

/// `wf run` on the store of an image must come to the oracle's result.
Finding resume(const Options& options, const std::string& folder, const std::string& oracle) {
  const Command command = subject_command(options, folder);
  const int code = run_command(command);
  const std::string result = last_line(read_file(command.stdout_file));
  if (code >= 128) return {Verdict::Crashed, fmt::format("resumed: signal {}", code - 128)};
  if (code != 0 || result != oracle)
    return {Verdict::Wrong, fmt::format("resumed: exit code {}, result `{}` instead of `{}`; {}",
                                        code, result, oracle, read_file(command.stderr_file))};
  return {};
}

struct Case {
  Disk::Image image;
  std::string released;
  std::string name;  // where and how the power was cut
  bool resumed = false;
};

void materialise(const Disk::Image& image, const std::string& root) {
  for (const auto& [name, content] : image) {
    if (name.back() == '/') {
      fs::create_directories(root + "/" + name);
    } else {
      std::ofstream(root + "/" + name, std::ios::binary) << content;
    }
  }
}

/// Checks cases in child processes, as many at a time as there are processors.
class Checkers {
 public:
  Checkers(const Options& options, std::string work, std::string oracle)
      : options_(options), work_(std::move(work)), oracle_(std::move(oracle)) {}

  void check(const Case& c) {
    size_t slot = 0;
    while (slot < running_.size() && running_[slot].pid) ++slot;
    if (slot == running_.size()) slot = collect();
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t pid = fork();
    if (pid == 0) {
      close(ends[0]);
      alarm(kCheckSeconds);
      const Finding finding = check_here(c, work_ + "/image-" + std::to_string(slot));
      const std::string text =
          std::string(1, static_cast<char>(finding.verdict)) + finding.what.substr(0, 2000);
      _exit(write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
    }
    close(ends[1]);
    running_[slot] = {pid, ends[0], c.name};
    ++images;
    resumed += c.resumed;
  }

  void finish() {
    while (std::any_of(running_.begin(), running_.end(), [](const Running& r) { return r.pid; }))
      collect();
  }

  size_t images = 0, resumed = 0;
  std::array<size_t, 5> verdicts{};

 private:
  struct Running {
    pid_t pid = 0;
    int result = -1;
    std::string name;
  };

  Finding check_here(const Case& c, const std::string& folder) {
    make_folders(folder);
    materialise(c.image, folder + "/disk");
    const std::string store = folder + "/disk/store";
    if (!options_.run) return check_known_records(store, options_.subject, c.released);
    Finding finding = check_run(store, c.released);
    if (finding.verdict == Verdict::Sound && c.resumed) finding = resume(options_, folder, oracle_);
    return finding;
  }

  size_t collect() {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    size_t slot = 0;
    while (slot < running_.size() && running_[slot].pid != pid) ++slot;
    if (slot == running_.size()) throw std::runtime_error("a child that nobody knows");
    Running& running = running_[slot];
    char text[2001];
    const ssize_t size = read(running.result, text, sizeof text);
    close(running.result);
    Finding finding{Verdict::Crashed,
                    fmt::format("signal {}", WIFSIGNALED(status) ? WTERMSIG(status) : 0)};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && size > 0)
      finding = {static_cast<Verdict>(text[0]),
                 std::string(text + 1, static_cast<size_t>(size - 1))};
    ++verdicts[static_cast<size_t>(finding.verdict)];
    if (finding.verdict != Verdict::Sound && ++shown_ <= kShownMax)
      fmt::print("  {}: {}\n", running.name, finding.what);
    running.pid = 0;
    return slot;
  }

  const Options& options_;
  std::string work_, oracle_;
  std::array<Running, 2> running_;
  size_t shown_ = 0;
};

uint64_t hash_of(const Disk::Image& image, const std::string& released) {
  const std::hash<std::string> hash;
  uint64_t value = hash(released);
  for (const auto& [name, content] : image)
    value = (value * 1099511628211u) ^ hash(name) ^ (hash(content) * 31);
  return value;
}

/// As if the program had not waited for the syncs before what it let out.
void move_releases(std::vector<TraceEvent>& events, size_t earlier) {
  for (size_t i = 0; i < events.size(); ++i)
    if (events[i].event == Event::Release)
      for (size_t k = i; k > 0 && k > i - std::min(i, earlier); --k)
        std::swap(events[k], events[k - 1]);
}

/// Cuts the power after every event.
void cut(const std::vector<TraceEvent>& events, const Options& options, const std::string& root,
         Checkers& checkers) {
  std::mt19937_64 random(options.seed);
  std::vector<std::pair<Keep, const char*>> ways = {{{Keep::Part::None}, "nothing"},
                                                    {{Keep::Part::All}, "everything"}};
  const size_t random_ways =
      std::clamp<size_t>(options.images / std::max<size_t>(events.size(), 1), 2, 30);
  for (size_t i = 0; i < random_ways; ++i)
    ways.push_back(i % 2 ? std::pair(Keep{Keep::Part::Some, 512}, "some sectors")
                         : std::pair(Keep{Keep::Part::Some, 4096}, "some pages"));
  Disk disk(root);
  std::string released;
  std::unordered_set<uint64_t> seen;
  for (size_t i = 0; i < events.size(); ++i) {
    disk.apply(events[i]);
    if (events[i].event == Event::Release) released += events[i].data;
    for (const auto& [keep, name] : ways) {
      Case c{disk.image(keep, random), released,
             fmt::format("operation {} of {}, {} unsynced kept", i + 1, events.size(), name)};
      if (!seen.insert(hash_of(c.image, released)).second) continue;
      c.resumed = options.run && checkers.images % options.resume_every == 0;
      checkers.check(c);
    }
  }
  checkers.finish();
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  std::vector<std::string> words(argv + 1, argv + argc), rest;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto number = [&] {
      return i + 1 < words.size() ? std::strtoull(words[++i].c_str(), nullptr, 10) : 0;
    };
    if (words[i] == "--recorder" && i + 1 < words.size())
      options.recorder = words[++i];
    else if (words[i] == "--images")
      options.images = number();
    else if (words[i] == "--at-least")
      options.at_least = number();
    else if (words[i] == "--resume-every")
      options.resume_every = std::max<uint64_t>(1, number());
    else if (words[i] == "--releases-early")
      options.releases_early = number();
    else if (words[i] == "--seed")
      options.seed = number();
    else if (words[i] == "--expect-failures")
      options.expect_failures = true;
    else if (words[i] == "--no-sync")
      options.no_sync = true;
    else
      rest.push_back(words[i]);
  }
  if (rest.size() != 3 || (rest[0] != "known" && rest[0] != "run") || options.recorder.empty())
    return std::nullopt;
  options.run = rest[0] == "run";
  options.program = rest[1];
  options.subject = rest[2];
  return options;
}

/// In memory where there is such a place: the images are many, and no disk is tested here but our
/// own model of one.
std::string work_folder() {
  const char* given = std::getenv("WF_POWERCUT_WORK");
  std::string pattern = given                           ? given
                        : access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                                        : fs::temp_directory_path().string();
  pattern += "/wf-powercut-XXXXXX";
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

int test(const Options& options, const std::string& work) {
  const std::string recording = work + "/recorded";
  auto events = record(options, recording);
  move_releases(events, options.releases_early);
  const auto releases = std::count_if(events.begin(), events.end(),
                                      [](const auto& e) { return e.event == Event::Release; });
  Checkers checkers(options, work, last_line(read_file(recording + "/stdout")));
  cut(events, options, recording + "/disk", checkers);
  const auto& v = checkers.verdicts;
  const size_t bad = v[1] + v[2] + v[3] + v[4];
  fmt::print(
      "{}: {} images at {} operations, {} of them releases: {} sound, {} lost, {} damaged, {} "
      "wrong, {} crashed; {} resumed\n",
      fs::path(options.subject).filename().string(), checkers.images, events.size(), releases, v[0],
      v[1], v[2], v[3], v[4], checkers.resumed);
  if (checkers.images < options.at_least)
    return fmt::print("fewer images than {}\n", options.at_least), 1;
  if (options.expect_failures)
    return bad > 0 ? 0 : (fmt::print("no image failed: the test is blind\n"), 1);
  return bad == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options) return fmt::print(stderr, "{}", kUsage), 2;
  std::string work;
  int code = 1;
  try {
    work = work_folder();
    code = test(*options, work);
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
  }
  std::error_code ignored;
  if (!work.empty()) fs::remove_all(work, ignored);
  return code;
}
