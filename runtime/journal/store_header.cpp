// The first record of a store: whose it is and who may read it. Layout in FORMAT.md.
#include <fmt/format.h>

#include "runtime/journal/lmdb_store.h"
#include "runtime/journal/wire.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wakeful {
namespace {

constexpr std::string_view kMagic("WAKEFUL\n", 8);
constexpr size_t kPositionBytes = 8;

}  // namespace

std::string store_key(std::string_view name) {
  return std::string(kPositionBytes, '\0').append(name);
}

std::string group_key(Lsn first) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(first.value >> shift));
  return key;
}

std::string StoreHeader::bytes() const {
  std::string out(kMagic);
  wire::put_varint(out, major);
  wire::put_varint(out, minor);
  wire::put_varint(out, page_size);
  wire::put_varint(out, wire::zigzag(created_ms));
  wire::put_varint(out, incompatible);
  wire::put_varint(out, compatible);
  wire::put_text(out, writer);
  wire::put_fixed64(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

Result<StoreHeader> StoreHeader::parse(std::string_view bytes, bool for_writing) {
  if (bytes.substr(0, kMagic.size()) != kMagic)
    return fail(Fault::Store, "it holds an LMDB database that is not a store of wf");
  wire::Reader in(bytes.substr(kMagic.size()));
  StoreHeader header;
  header.major = static_cast<uint16_t>(in.varint());
  header.minor = static_cast<uint16_t>(in.varint());
  // Before the checksum: a newer format may have another one.
  const bool intact = bytes.size() > 8 && XXH3_64bits(bytes.data(), bytes.size() - 8) ==
                                              wire::get_fixed64(bytes.data() + bytes.size() - 8);
  const auto newer = [&](const std::string& what) {
    return fail(
        Fault::Store,
        fmt::format("it was written by a newer wf ({}; this one knows format {}.{}). Upgrade wf",
                    what, kMajor, kMinor));
  };
  if (in.ok() && header.major > kMajor)
    return newer(fmt::format("format {}.{}", header.major, header.minor));
  header.page_size = static_cast<uint32_t>(in.varint());
  header.created_ms = wire::unzigzag(in.varint());
  header.incompatible = in.varint();
  header.compatible = in.varint();
  header.writer = in.text();
  if (!intact || !in.ok() || in.left() < 8 || header.major == 0)
    return fail(Fault::Store, "the store is damaged: its header does not match its checksum");
  if (header.incompatible & ~kKnownIncompatible)
    return newer(fmt::format("wf {}, features {:#x}", header.writer, header.incompatible));
  if (for_writing && header.compatible & ~kKnownCompatible)
    return newer(fmt::format("wf {}, features {:#x}, which this one may read but not write",
                             header.writer, header.compatible));
  return header;
}

}  // namespace wakeful
