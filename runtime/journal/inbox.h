// Messages to the runs of a store: a folder with one file a message. Whoever sends writes a file;
// the engine journals the message, waits until that is durable, and then removes the file.
//
//   <store>/inbox/<id>        a message: the record of its event, framed as at position 1
//   (FORMAT.md) <store>/inbox/<id>.kept   the same, after an engine found that it does not carry
//   the message's run <store>/inbox/.<id>       being written
//
// Always true:
//  1. What send_message() has returned is durable, and is removed only when its record in the
//  journal is.
//  2. A file may still be there when its record is durable: whoever finds it at the start looks
//  into the run's
//     history for its id. One that comes later is new.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lang/base/error.h"
#include "runtime/run/record.h"

namespace wakeful {

struct InboxMessage {
  std::string id;
  /// SignalReceived, UpdateReceived, CancelRequested or Terminated, and which run; of a damaged
  /// one: none.
  Record record;
  bool old = false;  // it lay there at the first look
};

/// What an engine sees of the folder. Engine's thread.
class Inbox {
 public:
  virtual ~Inbox() = default;
  /// Readable when something may have come; -1: only changed() says so.
  virtual int descriptor() const { return -1; }
  /// Whether something may have come since the last call.
  virtual bool changed() = 0;
  /// The messages that were not given before, in the order in which they were sent.
  virtual Result<std::vector<InboxMessage>> read() = 0;
  virtual void remove(const std::string& id) = 0;
  /// It is for a run that is open, but not here: it stays, and its sender can know.
  virtual void keep(const std::string& id) = 0;
};

/// The folder of a store, made if need be.
Result<std::unique_ptr<Inbox>> open_inbox(const std::string& store);

/// Writes a message, durably; gives its id. `record`: type, run, time, and what its type has.
Result<std::string> send_message(const std::string& store, Record record);

enum class MessageFate : uint8_t { Waiting, Kept, Taken };
MessageFate fate_of(const std::string& store, const std::string& id);

}  // namespace wakeful
