// Writes a known sequence of records into a store and says "ack N" once the first N are durable.
// journal_writer STORE SHAPE [--no-sync]
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "known_records.h"
#include "runtime/journal/journal.h"
#include "runtime/journal/lmdb_store.h"

using namespace wakeful;
using namespace wakeful::powercut;

int main(int argc, char** argv) {
  const Shape* shape = argc > 2 ? shape_named(argv[2]) : nullptr;
  if (!shape) return fmt::print(stderr, "usage: journal_writer STORE SHAPE [--no-sync]\n"), 2;
  LmdbOptions options;
  options.unsafe_no_sync = argc > 3 && std::string(argv[3]) == "--no-sync";
  auto store = open_lmdb_store(argv[1], true, options);
  if (!store) return fmt::print(stderr, "{}\n", store.error().message), 1;
  auto journal = Journal::open(std::move(*store), true);
  if (!journal) return fmt::print(stderr, "{}\n", journal.error().message), 1;

  KnownRecords records(*shape);
  size_t until_flush = records.flush_after();
  (*journal)->hold();
  for (size_t count = 1; count <= shape->records; ++count) {
    Record record = records.next();
    if (!record.program.empty())
      (*journal)->put_program(record.program, KnownRecords::program_bytes(record.program));
    (*journal)->append(record);
    if (--until_flush > 0 && count < shape->records) continue;
    until_flush = records.flush_after();
    if (auto flushed = (*journal)->flush(); !flushed)
      return fmt::print(stderr, "{}\n", flushed.error().message), 1;
    const std::string ack = fmt::format("ack {}\n", count);
    if (write(STDOUT_FILENO, ack.data(), ack.size()) < 0) return 1;
  }
  return 0;
}
