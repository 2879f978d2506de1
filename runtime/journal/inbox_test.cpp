// The inbox: what is sent is read once, in order; what is not a message is said to be damaged.
#include "runtime/journal/inbox.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/journal/test_records.h"

using namespace wakeful;
using namespace wakeful::test;
namespace fs = std::filesystem;

namespace {

std::string send(const std::string& store, const std::string& name) {
  Record record;
  record.type = RecordType::SignalReceived;
  record.run = RunId{3};
  record.time = 77;
  record.name = name;
  record.value = "\x01";
  auto id = send_message(store, record);
  REQUIRE(id);
  return *id;
}

std::unique_ptr<Inbox> open(const std::string& store) {
  auto inbox = open_inbox(store);
  REQUIRE(inbox);
  return std::move(*inbox);
}

std::string names_of(Inbox& inbox) {
  auto messages = inbox.read();
  REQUIRE(messages);
  std::string names;
  for (const InboxMessage& message : *messages)
    names += message.record.name + (message.old ? " old, " : " new, ");
  return names;
}

}  // namespace

TEST_CASE("messages come once, in the order of sending, and are private") {
  ScratchFolder folder;
  const std::string first = send(folder.path, "a");
  struct stat status {};
  REQUIRE(stat((folder.path + "/inbox/" + first).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(stat((folder.path + "/inbox").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  send(folder.path, "b");
  auto inbox = open(folder.path);
  CHECK(inbox->changed());
  CHECK(names_of(*inbox) == "a old, b old, ");
  CHECK(!inbox->changed());
  const std::string third = send(folder.path, "c");
  CHECK(inbox->changed());
  CHECK(names_of(*inbox) == "c new, ");
  CHECK(names_of(*inbox) == "");
  CHECK(fate_of(folder.path, third) == MessageFate::Waiting);
  inbox->keep(third);
  CHECK(fate_of(folder.path, third) == MessageFate::Kept);
  inbox->remove(first);
  CHECK(fate_of(folder.path, first) == MessageFate::Taken);
  CHECK(names_of(*open(folder.path)) == "b old, c old, ");
  inbox->remove(third);  // a kept one, too
  CHECK(names_of(*open(folder.path)) == "b old, ");
}

TEST_CASE(
    "a damaged message names no run, whichever byte is wrong; one that is being written is not "
    "seen") {
  ScratchFolder folder;
  const std::string id = send(folder.path, "a");
  const std::string path = folder.path + "/inbox/" + id;
  const auto size = fs::file_size(path);
  for (size_t at = 0; at < size; ++at) {
    {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get() ^ 0x40);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    }
    auto messages = open(folder.path)->read();
    REQUIRE(messages);
    REQUIRE(messages->size() == 1);
    CHECK(!messages->front().record.run);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  fs::rename(path, folder.path + "/inbox/." + id);
  CHECK(names_of(*open(folder.path)) == "");
}
