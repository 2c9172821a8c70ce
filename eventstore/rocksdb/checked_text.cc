#include "eventstore/rocksdb/checked_text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/sha256.h"

namespace kith::eventstore {
namespace {

constexpr size_t kCheckBytes = 16;

std::string CheckLine(absl::string_view body) {
  const Sha256Hash hash = Sha256::Of(body);
  const absl::string_view check(reinterpret_cast<const char*>(hash.data()), kCheckBytes);
  return absl::StrCat("check ", absl::BytesToHexString(check), "\n");
}

}  // namespace

std::string WithCheckLine(absl::string_view body) { return absl::StrCat(body, CheckLine(body)); }

std::optional<std::string> TakeCheckLine(absl::string_view text) {
  const size_t check_size = CheckLine("").size();
  if (text.size() < check_size) return std::nullopt;
  const absl::string_view body = text.substr(0, text.size() - check_size);
  if (text.substr(body.size()) != CheckLine(body)) return std::nullopt;
  return std::string(body);
}

}  // namespace kith::eventstore
