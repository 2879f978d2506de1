// posix_spawn, pipes, poll, signals.
#include "runtime/effects/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "runtime/effects/descriptor.h"

namespace wakeful::effects {
namespace {

constexpr int64_t kKillAfterMs = 5000;  // from SIGTERM to SIGKILL (language.md, section 5)
// How long output may stay silent after the program's end, while a process that it left behind
// holds the pipes.
constexpr int64_t kLingerMs = 300;

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// --- starting

struct Pipe {
  Descriptor read, write;
};

Pipe make_pipe(Call& call) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    call.fail("ExecError", std::string("no pipe: ") + strerrordesc_np(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void cannot_start(Call& call, const ProgramRequest& r, int error) {
  struct stat info {};
  if (!r.cwd.empty() && (stat(r.cwd.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
    call.fail("ExecError", fmt::format("there is no folder \"{}\" (cwd)", r.cwd));
  }
  const std::string& program = r.command[0];
  if (error == ENOENT && program.find('/') == program.npos) {
    call.fail("ExecError",
              fmt::format("there is no program \"{}\" on the PATH; install it, or give its path",
                          program));
  }
  if (error == ENOENT) {
    call.fail(
        "ExecError",
        fmt::format("there is no program \"{}\" (nor perhaps the interpreter in its first line)",
                    program));
  }
  if (error == EACCES) {
    call.fail(
        "ExecError",
        fmt::format("\"{0}\" may not be executed; is it a program, and does `chmod +x {0}` help?",
                    program));
  }
  if (error == E2BIG)
    call.fail("ExecError",
              fmt::format("the arguments of \"{}\" are too long; use stdin:", program));
  call.fail("ExecError", fmt::format("cannot start \"{}\": {}", program, strerrordesc_np(error)));
}

/// The attributes of a spawn: own group, default signals, nothing open but 0, 1, 2.
class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    for (int s : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2})
      sigaddset(&signals, s);
    posix_spawnattr_setsigdefault(&attributes, &signals);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

/// A descriptor of ours at 0, 1 or 2 would be overwritten by the dup2 of another: lift it.
void lift(Call& call, Descriptor& d) {
  if (!d || d.get() > 2) return;
  Descriptor higher(fcntl(d.get(), F_DUPFD_CLOEXEC, 3));
  if (!higher) call.fail("ExecError", "no descriptor left");
  d = std::move(higher);
}

pid_t spawn(Call& call, ProgramRequest& r, Descriptor& in, Descriptor& out, Descriptor& err) {
  SpawnSetup setup;
  for (Descriptor* d : {&in, &out, &err}) lift(call, *d);
  if (in) {
    posix_spawn_file_actions_adddup2(&setup.actions, in.get(), 0);
  } else {
    posix_spawn_file_actions_addopen(&setup.actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&setup.actions, out.get(), 1);
  posix_spawn_file_actions_adddup2(&setup.actions, err.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, 3);
  if (!r.cwd.empty()) posix_spawn_file_actions_addchdir_np(&setup.actions, r.cwd.c_str());
  std::vector<char*> arguments = pointers(r.command), environment = pointers(r.environment);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &setup.actions, &setup.attributes,
                                 arguments.data(), environment.data());
  if (error) cannot_start(call, r, error);
  return pid;
}

/// Keeps SIGPIPE of a program that does not read its input from this thread.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec none{};
    while (sigtimedwait(&pipe_, nullptr, &none) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

/// A running program: moves bytes until it has ended, or was made to end.
class Process {
 public:
  Process(Call& call, ProgramRequest& r) : call_(call), input_(r.input) {
    Pipe in, out = make_pipe(call), err = make_pipe(call);
    if (r.has_input) in = make_pipe(call);
    pid_ = spawn(call, r, in.read, out.write, err.write);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    for (Descriptor* d : {&in_, &out_, &err_}) {
      if (*d) fcntl(d->get(), F_SETFL, O_NONBLOCK);
    }
    exit_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    if (r.timeout_ms >= 0) deadline_ = now_ms() + r.timeout_ms;
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Nothing of the group outlives a call that did not end by itself.
  ~Process() {
    if (reaped_) return;
    kill(-pid_, SIGKILL);
    reap();
  }

  using End = ProgramEnd::Why;
  ProgramEnd run() {
    NoSigpipe guard;
    while (!finished()) step();
    if (end_ != End::Exited) kill(-pid_, SIGKILL);  // what ignored the SIGTERM
    reap();
    return {end_, code(), ending(), std::move(out), std::move(err)};
  }

 private:
  int code() const { return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_); }
  std::string ending() const {
    if (!WIFSIGNALED(status_)) return fmt::format("ended with code {}", code());
    const char* name = sigabbrev_np(WTERMSIG(status_));
    return fmt::format("was ended by signal SIG{}",
                       name ? name : std::to_string(WTERMSIG(status_)));
  }

  bool finished() {
    if (!exited_) return false;
    if (!out_ && !err_) return true;
    return now_ms() >= (end_ == End::Exited ? quiet_since_ + kLingerMs : kill_at_);
  }

  void step() {
    pollfd fds[5];
    int count = 0;
    const auto watch = [&](const Descriptor& d, short events) {
      if (d) fds[count++] = {d.get(), events, 0};
    };
    watch(in_, POLLOUT);
    watch(out_, POLLIN);
    watch(err_, POLLIN);
    if (!exited_) watch(exit_, POLLIN);
    if (end_ == End::Exited) fds[count++] = {call_.token.fd(), POLLIN, 0};
    poll(fds, static_cast<nfds_t>(count), wait_ms());
    feed();
    const bool moved = drain(out_, out) | drain(err_, err);
    look_for_exit();
    if (moved) quiet_since_ = now_ms();
    decide();
  }

  int wait_ms() const {
    const int64_t now = now_ms();
    int64_t until = now + 60'000;
    if (!exit_ && !exited_) until = now + 20;  // an old kernel: ask again and again
    if (end_ == End::Exited && deadline_ >= 0) until = std::min(until, deadline_);
    if (end_ == End::Exited && exited_) until = std::min(until, quiet_since_ + kLingerMs);
    if (end_ != End::Exited && !killed_) until = std::min(until, kill_at_);
    return static_cast<int>(std::max<int64_t>(0, until - now));
  }

  void feed() {
    while (in_) {
      if (fed_ == input_.size()) return in_.reset();
      const ssize_t n =
          write(in_.get(), input_.data() + fed_, std::min<size_t>(input_.size() - fed_, 1 << 16));
      if (n > 0) {
        fed_ += static_cast<size_t>(n);
      } else if (errno != EINTR) {
        if (errno != EAGAIN) in_.reset();  // it does not read: its affair
        return;
      }
    }
  }

  /// Whether anything came.
  bool drain(Descriptor& d, std::string& into) {
    bool moved = false;
    char buffer[1 << 14];
    while (d) {
      const ssize_t n = read(d.get(), buffer, sizeof buffer);
      if (n > 0) {
        moved = true;
        if (end_ == End::TooMuch) continue;
        into.append(buffer, static_cast<size_t>(n));
        if (out.size() + err.size() > kReadBytesMax) return stop(End::TooMuch), true;
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        d.reset();
      } else if (errno == EAGAIN) {
        return moved;
      }
    }
    return moved;
  }

  void look_for_exit() {
    siginfo_t info{};
    if (exited_ || waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
      return;
    exited_ = info.si_pid == pid_;
    quiet_since_ = now_ms();  // what it wrote last may still be in the pipes
  }

  void decide() {
    if (end_ == End::Exited) {
      if (call_.token.cancelled()) {
        stop(End::Cancelled);
      } else if (!exited_ && deadline_ >= 0 && now_ms() >= deadline_) {
        stop(End::TimedOut);
      }
    } else if (!killed_ && now_ms() >= kill_at_) {
      killed_ = true;
      kill(-pid_, SIGKILL);
    }
  }

  void stop(End end) {
    end_ = end;
    kill_at_ = now_ms() + kKillAfterMs;
    in_.reset();
    kill(-pid_, SIGTERM);
  }

  void reap() {
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
  }

  std::string out, err;
  Call& call_;
  const std::string& input_;
  size_t fed_ = 0;
  pid_t pid_ = -1;
  Descriptor in_, out_, err_, exit_;
  int64_t deadline_ = -1;
  int64_t kill_at_ = 0;
  int64_t quiet_since_ = 0;
  End end_ = End::Exited;
  bool exited_ = false, killed_ = false, reaped_ = false;
  int status_ = 0;
};

}  // namespace

ProgramEnd run_program(Call& call, ProgramRequest& request) { return Process(call, request).run(); }

}  // namespace wakeful::effects
