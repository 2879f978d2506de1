// The real effects: programs, files, and HTTP against a small server of its own.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/effects/effect.h"
#include "runtime/values/codec.h"
#include "stdlib/builtins.h"

using namespace wakeful;
namespace fs = std::filesystem;

namespace {

/// Calls an effect; arguments as one JSON list, where "<none>" is an argument that was not given
/// and durations are written as {"duration": ms}.
struct Outcome {
  StepStatus status;
  std::string json;  // the value, or "Kind: message" of an error
  std::string data;  // of an error
  bool unknown = false;
};

Value prepared(Heap&, Value v) {
  if (v.is(Tag::String) && v.string()->view() == "<none>") return Value::absent();
  if (v.is(Tag::Map)) {
    if (const Value* ms = map_find(v.map(), "duration")) return Value::duration(ms->integer);
  }
  return v;
}

Outcome call(std::string_view module, std::string_view name, const std::string& args,
             CancelToken& token, std::string key = "run-1/2") {
  Heap heap;
  Value list;
  std::string text;
  INFO(args);
  REQUIRE(from_json(heap, args, list, text));
  for (uint32_t i = 0; i < list.list()->count; ++i)
    list.list()->begin()[i] = prepared(heap, list.list()->begin()[i]);
  EffectCall effect{find_module_entry(module, name)->number, {}, std::move(key)};
  REQUIRE_FALSE(to_cbor(list, effect.args));
  EffectOutcome outcome = system_effects().run(effect, token);
  Value value;
  REQUIRE(from_cbor(heap, outcome.value, value, text));
  Outcome out{outcome.status, {}, {}, outcome.unknown};
  if (value.is(Tag::Error)) {
    auto* error = value.as<ErrorObject>();
    out.json = std::string(error->kind.string()->view()) + ": " +
               std::string(error->message.string()->view());
    to_json(error->data, out.data);
  } else {
    to_json(value, out.json);
  }
  return out;
}

Outcome call(std::string_view module, std::string_view name, const std::string& args) {
  CancelToken token;
  return call(module, name, args, token);
}

bool starts(const std::string& text, std::string_view with) {
  INFO(text);
  return text.starts_with(with);
}

int64_t ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "wf-effects-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::string quote(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

// --- exec

TEST_CASE("exec gives code, stdout, stderr, and no shell reads the arguments") {
  CHECK(call("exec", "run", R"([["printf", "%s|", "a b", "$HOME", 5]])").json ==
        R"({"code":0,"stdout":"a b|$HOME|5|","stderr":""})");
  CHECK(call("exec", "run", R"([["cat"], "text ü"])").json ==
        R"({"code":0,"stdout":"text ü","stderr":""})");
  CHECK(call("exec", "run", R"([["cat"]])").json == R"({"code":0,"stdout":"","stderr":""})");
  CHECK(call("exec", "run", R"([["printf", "\\377a"]])").json ==
        R"({"code":0,"stdout":"�a","stderr":""})");
}

TEST_CASE("exec: another code than 0 is an ExecError, unless check: false") {
  Outcome failed =
      call("exec", "run", R"([["sh", "-c", "echo out; echo one >&2; echo two >&2; exit 3"]])");
  CHECK(failed.status == StepStatus::Failed);
  CHECK(failed.json == "ExecError: exec.run(): \"sh\" ended with code 3: two");
  CHECK(failed.data == R"({"code":3,"stdout":"out\n","stderr":"one\ntwo\n"})");
  Outcome unchecked =
      call("exec", "run", R"([["sh", "-c", "exit 3"], null, "<none>", null, null, null, false])");
  CHECK(unchecked.status == StepStatus::Completed);
  CHECK(unchecked.json == R"({"code":3,"stdout":"","stderr":""})");
  Outcome killed = call("exec", "run", R"([["sh", "-c", "kill -9 $$"]])");
  CHECK(killed.json == "ExecError: exec.run(): \"sh\" was ended by signal SIGKILL");
  CHECK(starts(killed.data, R"({"code":137)"));
}

TEST_CASE("exec: json goes in as text and comes out as a value") {
  CHECK(call("exec", "run", R"([["cat"], null, {"a": [1, 2.5]}])").json ==
        R"({"code":0,"stdout":{"a":[1,2.5]},"stderr":""})");
  CHECK(starts(call("exec", "run", R"([["echo", "no"], null, {}])").json,
               "JsonError: exec.run(): the stdout of \"echo\" is not JSON: line 1, column 1"));
  CHECK(starts(call("exec", "run", R"([["cat"], "x", {}])").json,
               "ArgumentError: exec.run(): takes stdin: or json:"));
}

TEST_CASE("exec: what cannot be started says why and what to do") {
  CHECK(starts(
      call("exec", "run", R"([["no-such-program"]])").json,
      "ExecError: exec.run(): there is no program \"no-such-program\" on the PATH; install it"));
  CHECK(starts(call("exec", "run", R"([["/etc/passwd"]])").json,
               "ExecError: exec.run(): \"/etc/passwd\" may not be executed"));
  CHECK(starts(call("exec", "run", R"([["true"], null, "<none>", null, "/no/folder"])").json,
               "ExecError: exec.run(): there is no folder \"/no/folder\" (cwd)"));
  CHECK(starts(call("exec", "run", R"(["ls -l"])").json,
               "TypeError: exec.run(): command must be a list"));
  CHECK(
      starts(call("exec", "run", R"([[]])").json, "ArgumentError: exec.run(): command must begin"));
  CHECK(starts(call("exec", "run", R"([["a", null]])").json,
               "TypeError: exec.run(): command[1] must be a string"));
  CHECK(starts(call("exec", "run", R"([["a\u0000b"]])").json,
               "ArgumentError: exec.run(): command[0] must not contain"));
  CHECK(starts(call("exec", "run", R"([["true"], null, "<none>", 5])").json,
               "TypeError: exec.run(): timeout must be a duration"));
}

TEST_CASE("exec: cwd, env, the idempotency key; no descriptor leaks") {
  Folder folder;
  CHECK(
      call("exec", "run", "[[\"pwd\"], null, \"<none>\", null, " + quote(folder.path) + "]").json ==
      "{\"code\":0,\"stdout\":\"" + fs::canonical(folder.path).string() + "\\n\",\"stderr\":\"\"}");
  setenv("WF_TEST_GONE", "here", 1);
  CHECK(
      call(
          "exec", "run",
          R"([["sh", "-c", "echo $A-${WF_TEST_GONE:-gone}-$WF_IDEMPOTENCY_KEY"], null, "<none>", null, null,
                 {"A": 1, "WF_TEST_GONE": null}])")
          .json == R"({"code":0,"stdout":"1-gone-run-1/2\n","stderr":""})");
  int leaky = open("/dev/null", O_RDONLY);  // no O_CLOEXEC
  CHECK(call("exec", "run", R"([["sh", "-c", "ls /proc/self/fd | wc -l"]])").json ==
        R"({"code":0,"stdout":"4\n","stderr":""})");  // 0, 1, 2 and the folder that ls reads
  close(leaky);
}

TEST_CASE("exec: much output, much input that is not read") {
  std::string big(3'000'000, 'x');
  CHECK(call("exec", "run", "[[\"cat\"], " + quote(big) + "]").json.size() > 3'000'000);
  CHECK(call("exec", "run", "[[\"true\"], " + quote(big) + "]").json ==
        R"({"code":0,"stdout":"","stderr":""})");
  CHECK(starts(call("exec", "run", R"([["head", "-c", "70000000", "/dev/zero"]])").json,
               "ExecError: exec.run(): \"head\" wrote more than 60 MB"));
}

TEST_CASE("exec: timeout ends the whole group") {
  Folder folder;
  auto start = std::chrono::steady_clock::now();
  Outcome out =
      call("exec", "run",
           "[[\"sh\", \"-c\", \"sleep 30 & echo early; trap 'echo term > " + (folder / "t") +
               "; exit 0' TERM; wait\"], null, \"<none>\", {\"duration\": 300}]");
  CHECK(out.json == "Timeout: exec.run(): \"sh\" took longer than 300ms (timeout)");
  CHECK(out.data == R"({"code":0,"stdout":"early\n","stderr":""})");
  CHECK(out.unknown);
  CHECK(ms_since(start) < 3000);
  CHECK(folder.read("t") == "term\n");
}

TEST_CASE("exec: cancel sends SIGTERM, and SIGKILL to who ignores it") {
  CancelToken token;
  auto start = std::chrono::steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    token.cancel();
  });
  Outcome out = call("exec", "run", R"([["sleep", "30"]])", token);
  canceller.join();
  CHECK(out.status == StepStatus::Cancelled);
  CHECK(starts(out.json, "Cancelled: exec.run() was cancelled"));
  CHECK(ms_since(start) < 2000);
  CHECK(call("exec", "run", R"([["true"]])", token).status == StepStatus::Cancelled);

  CancelToken stubborn;
  start = std::chrono::steady_clock::now();
  std::thread second([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stubborn.cancel();
  });
  CHECK(call("exec", "run", R"([["sh", "-c", "trap '' TERM; sleep 30; sleep 30"]])", stubborn)
            .status == StepStatus::Cancelled);
  second.join();
  CHECK(ms_since(start) >= 5000);
  CHECK(ms_since(start) < 8000);
}

TEST_CASE("exec: what a program leaves running in the background does not hold the call") {
  auto start = std::chrono::steady_clock::now();
  CHECK(call("exec", "run", R"([["sh", "-c", "sleep 5 & echo started"]])").json ==
        R"({"code":0,"stdout":"started\n","stderr":""})");
  CHECK(ms_since(start) < 3000);
}

// --- files

TEST_CASE("file: write, read, append, exists, list, remove") {
  Folder folder;
  const std::string a = quote(folder / "a.txt");
  CHECK(call("file", "exists", "[" + a + "]").json == "false");
  CHECK(call("file", "write", "[" + a + ", \"one ü\\n\"]").json == "null");
  CHECK(call("file", "append", "[" + a + ", \"two\"]").json == "null");
  CHECK(call("file", "append", "[" + quote(folder / "b") + ", \"new\"]").json == "null");
  CHECK(call("file", "read", "[" + a + "]").json == R"("one ü\ntwo")");
  chmod((folder / "a.txt").c_str(), 0640);
  CHECK(call("file", "write", "[" + a + ", \"\"]").json == "null");
  CHECK(call("file", "read", "[" + a + "]").json == "\"\"");
  struct stat info {};
  REQUIRE(stat((folder / "a.txt").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  CHECK(call("file", "list", "[" + quote(folder.path) + "]").json ==
        R"(["a.txt","b"])");  // no temporary left
  CHECK(call("file", "remove", "[" + a + "]").json == "null");
  CHECK(call("file", "remove", "[" + a + "]").json == "null");
  CHECK(call("file", "exists", "[" + a + "]").json == "false");
}

TEST_CASE("file: a write through a symbolic link changes the file behind it") {
  Folder folder;
  std::ofstream(folder / "real") << "old";
  fs::create_symlink("real", folder / "link");
  CHECK(call("file", "write", "[" + quote(folder / "link") + ", \"new\"]").json == "null");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(folder.read("real") == "new");
}

TEST_CASE("file: an IoError names path, reason and what to do") {
  Folder folder;
  const std::string missing = folder / "none";
  Outcome out = call("file", "read", "[" + quote(missing) + "]");
  CHECK(out.json == "IoError: file.read(): " + missing + ": No such file or directory");
  CHECK(out.data == "{\"path\":\"" + missing + "\",\"reason\":\"No such file or directory\"}");
  std::ofstream(folder / "bad") << "ab\xFF";
  CHECK(call("file", "read", "[" + quote(folder / "bad") + "]")
            .json.find("is not UTF-8 text (byte 2)") != std::string::npos);
  CHECK(call("file", "read", "[" + quote(folder.path) + "]").json.find("is a folder") !=
        std::string::npos);
  CHECK(call("file", "write", "[" + quote(folder / "x/y") + ", \"\"]")
            .json.find("its folder does not exist") != std::string::npos);
  CHECK(call("file", "write", "[" + quote(folder.path) + ", \"\"]").json.find("is a folder") !=
        std::string::npos);
  CHECK(call("file", "remove", "[" + quote(folder.path) + "]").json.find("not empty") !=
        std::string::npos);
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(call("file", "read", "[" + quote(folder / "pipe") + "]").json.find("is a pipe") !=
        std::string::npos);
  CHECK(starts(call("file", "write", "[" + quote(folder / "x") + ", 1]").json,
               "TypeError: file.write(): text must be a string"));
  CHECK(starts(call("file", "read", "[\"a\\u0000b\"]").json,
               "ArgumentError: file.read(): path must not contain a NUL"));
  CHECK(starts(call("file", "read", "[1]").json,
               "TypeError: file.read(): path must be a string, got int"));
}

// --- http

namespace {

/// Answers each request with what its path asks for, on a thread of its own.
class Server {
 public:
  Server() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string url;

 private:
  void serve() {
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const std::string request = read_request(client);
      const std::string answer = answer_to(request);
      (void)!send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (answer.empty()) {  // a server that never answers: until the client leaves
        char c;
        while (recv(client, &c, 1, 0) > 0) {
        }
      }
      close(client);
    }
  }
  static std::string read_request(int client) {
    std::string text;
    char buffer[4096];
    size_t wanted = std::string::npos;
    while (text.size() < wanted) {
      const ssize_t n = recv(client, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      text.append(buffer, static_cast<size_t>(n));
      const size_t head = text.find("\r\n\r\n");
      if (head == text.npos) continue;
      const size_t length = text.find("Content-Length: ");
      wanted = head + 4 + (length < head ? std::stoul(text.substr(length + 16)) : 0);
    }
    return text;
  }
  static std::string reply(const std::string& status, const std::string& body,
                           const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n" + headers + "\r\n" + body;
  }
  static std::string answer_to(const std::string& request) {
    const std::string path =
        request.substr(request.find(' ') + 1, request.find(" HTTP") - request.find(' ') - 1);
    if (path == "/silent") return "";
    if (path == "/moved") return reply("302 Found", "", "Location: /ok\r\nX-First: yes\r\n");
    if (path == "/file") return reply("302 Found", "", "Location: file:///etc/passwd\r\n");
    if (path == "/missing") return reply("404 Not Found", "no such thing\nmore");
    if (path == "/bytes") return reply("200 OK", "a\xFF");
    if (path == "/ok")
      return reply("200 OK", "{\"a\":1}",
                   "X-One: 1\r\nX-One: 2\r\nContent-Type: application/json\r\n");
    return reply("200 OK", request);  // an echo
  }
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace

TEST_CASE("http: the response, redirects, header names in lower case") {
  Server server;
  const std::string ok = call("http", "get", "[" + quote(server.url + "/ok") + "]").json;
  CHECK(ok ==
        R"({"status":200,"headers":{"content-length":"7","connection":"close","x-one":"1, 2",)"
        R"("content-type":"application/json"},"body":"{\"a\":1}"})");
  CHECK(call("http", "get", "[" + quote(server.url + "/moved") + "]").json == ok);
  CHECK(
      call("http", "get", "[" + quote(server.url + "/bytes") + "]").json.find("\"body\":\"a�\"") !=
      std::string::npos);
  CHECK(starts(call("http", "get", "[" + quote(server.url + "/file") + "]").json,
               "HttpError: http.get(): GET http://"));
}

TEST_CASE("http: what is sent") {
  Server server;
  const auto sent = [&](std::string_view name, const std::string& args) {
    Outcome out = call("http", name, args);
    INFO(out.json);
    REQUIRE(out.status == StepStatus::Completed);
    return out.json;
  };
  const auto has = [](const std::string& text, std::string_view part) {
    INFO(text << "\n" << part);
    return text.find(part) != text.npos;
  };
  const std::string url = quote(server.url + "/echo?x=1");
  std::string post = sent(
      "post",
      "[" + url +
          R"(, {"id": 7}, null, {"X-Token": "t", "X-Left-Out": null}, {"q": "a b&", "n": [1, 2]}])");
  CHECK(has(post, "POST /echo?x=1&q=a%20b%26&n=1&n=2 HTTP/1.1"));
  CHECK(has(post, "Idempotency-Key: run-1/2"));
  CHECK(has(post, "Content-Type: application/json"));
  CHECK(has(post, "X-Token: t"));
  CHECK_FALSE(has(post, "X-Left-Out"));
  CHECK(has(post, R"({\"id\":7})"));
  CHECK(has(sent("put", "[" + url + R"(, "<none>", "plain"])"), "PUT /echo"));
  CHECK(has(sent("patch", "[" + url + R"(, null])"), "PATCH /echo"));
  CHECK(has(sent("delete", "[" + url + "]"), "DELETE /echo"));
  CHECK(has(sent("post", "[" + url + "]"), "Content-Length: 0"));
  CHECK(has(sent("request", R"(["options", )" + url + "]"), "OPTIONS /echo"));
  CHECK(starts(sent("request", R"(["HEAD", )" + quote(server.url + "/ok") + "]"),
               R"({"status":200)"));
  CHECK(
      has(sent("put",
               "[" + url +
                   R"(, "<none>", "x", {"content-type": "text/csv", "idempotency-key": "mine"}])"),
          "idempotency-key: mine"));
}

TEST_CASE("http: failures") {
  Server server;
  Outcome out = call("http", "get", "[" + quote(server.url + "/missing") + "]");
  CHECK(out.json ==
        "HttpError: http.get(): GET " + server.url + "/missing answered 404: no such thing");
  CHECK(starts(out.data, R"({"status":404,"headers":{"content-length":"18")"));
  CHECK(starts(
      call("http", "get", "[" + quote(server.url + "/missing") + ", null, null, null, false]").json,
      R"({"status":404)"));
  out = call("http", "get", "[\"http://user:secret@127.0.0.1:1/x?token=s\"]");
  CHECK(starts(out.json, "HttpError: http.get(): GET http://127.0.0.1:1/x: "));
  CHECK(out.data == R"({"status":0,"headers":{},"body":""})");
  CHECK(starts(call("http", "get", "[\"ftp://x/\"]").json,
               "ArgumentError: http.get(): url must begin with http://"));
  CHECK(starts(call("http", "get", "[\"http://x/\", {\"A\": \"b\\r\\nc: d\"}]").json,
               "ArgumentError: http.get(): the header"));
  CHECK(starts(call("http", "post", "[\"http://x/\", {}, \"b\"]").json,
               "ArgumentError: http.post(): takes json: or body:"));
  CHECK(starts(call("http", "request", "[\"G T\", \"http://x/\"]").json,
               "ArgumentError: http.request(): method"));
}

TEST_CASE("http: timeout and cancel end a silent exchange") {
  Server server;
  auto start = std::chrono::steady_clock::now();
  Outcome silent = call("http", "get",
                        "[" + quote(server.url + "/silent") + ", null, null, {\"duration\": 200}]");
  CHECK(silent.json ==
        "Timeout: http.get(): GET " + server.url + "/silent took longer than 200ms (timeout)");
  CHECK(silent.unknown);
  CHECK_FALSE(call("http", "get", "[\"http://127.0.0.1:1/\"]").unknown);
  CHECK(ms_since(start) < 2000);
  CancelToken token;
  start = std::chrono::steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    token.cancel();
  });
  CHECK(call("http", "get", "[" + quote(server.url + "/silent") + "]", token).status ==
        StepStatus::Cancelled);
  canceller.join();
  CHECK(ms_since(start) < 900);
}

// --- the rest

TEST_CASE("a token wakes who waits, before, during and after") {
  CancelToken token;
  CHECK_FALSE(token.wait_ms(1));
  std::thread canceller([&] { token.cancel(); });
  CHECK(token.wait_ms(60'000));
  canceller.join();
  CHECK(token.wait_ms(60'000));
  char c;
  CHECK(read(token.fd(), &c, 1) == 1);
}

TEST_CASE("arguments that are no list are refused") {
  CancelToken token;
  EffectOutcome out =
      system_effects().run({find_module_entry("file", "read")->number, "\x01", "k"}, token);
  CHECK(out.status == StepStatus::Failed);
  out = system_effects().run({find_module_entry("file", "read")->number, "", "k"}, token);
  CHECK(out.status == StepStatus::Failed);
}

TEST_CASE("the environment") {
  setenv("WF_TEST_SET", "value", 1);
  CHECK(system_effects().environment("WF_TEST_SET") == "value");
  CHECK_FALSE(system_effects().environment("WF_TEST_NOT_SET"));
}
