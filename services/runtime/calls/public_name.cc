#include "services/runtime/calls/public_name.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/core/resource_name.h"

namespace kith::runtime {

std::string SealPublicName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                           const PublicName& name) {
  return sealer.Seal(purpose, absl::StrCat(name.workspace.value(), "/", name.name));
}

std::optional<PublicName> OpenPublicName(const eventstore::TokenSealer& sealer,
                                         absl::string_view purpose, absl::string_view text) {
  const std::optional<std::string> plain = sealer.Open(purpose, text);
  if (!plain.has_value()) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(*plain, absl::MaxSplits('/', 1));
  uint64_t workspace = 0;
  if (!absl::SimpleAtoi(parts.first, &workspace)) return std::nullopt;
  return PublicName{WorkspaceId(workspace), std::string(parts.second)};
}

std::string SealName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                     WorkspaceId workspace, absl::string_view name) {
  return SealPublicName(sealer, purpose, {workspace, std::string(IdOf(name))});
}

std::optional<PublicName> OpenName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                                   absl::string_view collection, absl::string_view text) {
  std::optional<PublicName> opened = OpenPublicName(sealer, purpose, text);
  if (opened.has_value()) opened->name = absl::StrCat(collection, "/", opened->name);
  return opened;
}

std::string SealNameUntil(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                          WorkspaceId workspace, absl::string_view name, absl::Time until) {
  return SealPublicName(sealer, purpose,
                        {workspace, absl::StrCat(IdOf(name), "/", absl::ToUnixSeconds(until))});
}

std::optional<PublicName> OpenNameUntil(const eventstore::TokenSealer& sealer,
                                        absl::string_view purpose, absl::string_view collection,
                                        absl::string_view text, absl::Time now) {
  const auto opened = OpenPublicName(sealer, purpose, text);
  if (!opened.has_value()) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(opened->name, absl::MaxSplits('/', 1));
  int64_t until = 0;
  if (!absl::SimpleAtoi(parts.second, &until)) return std::nullopt;
  if (absl::FromUnixSeconds(until) <= now) return std::nullopt;
  return PublicName{opened->workspace, absl::StrCat(collection, "/", parts.first)};
}

}  // namespace kith::runtime
