#include "services/messages/message_address.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/core/resource_name.h"

namespace kith::messages {
namespace {

struct Kind {
  AddressKind kind;
  absl::string_view path;
  absl::string_view purpose;  // persisted, in mail that was sent
};
constexpr Kind kKinds[] = {
    {AddressKind::kOpen, "o/", "messages.open"},
    {AddressKind::kClick, "c/", "messages.click"},
    {AddressKind::kUnsubscribe, "u/", "messages.unsubscribe"},
};

}  // namespace

std::string PathOf(const eventstore::TokenSealer& sealer, const MessageAddress& address) {
  const Kind& kind = kKinds[static_cast<size_t>(address.kind)];
  const std::string& name = address.message.name;
  std::string sealed = absl::StrCat(IdOf(ParentOf(name)), "/", IdOf(name));
  if (address.kind == AddressKind::kClick) absl::StrAppend(&sealed, "/", address.link);
  return absl::StrCat(
      kPagesPrefix, kind.path,
      runtime::SealPublicName(sealer, kind.purpose, {address.message.workspace, sealed}));
}

std::optional<MessageAddress> AddressOfPath(const eventstore::TokenSealer& sealer,
                                            absl::string_view path) {
  if (!absl::ConsumePrefix(&path, kPagesPrefix)) return std::nullopt;
  for (const Kind& kind : kKinds) {
    absl::string_view token = path;
    if (!absl::ConsumePrefix(&token, kind.path)) continue;
    const auto opened = runtime::OpenPublicName(sealer, kind.purpose, token);
    if (!opened.has_value()) return std::nullopt;
    const bool is_click = kind.kind == AddressKind::kClick;
    const std::vector<absl::string_view> parts = absl::StrSplit(opened->name, '/');
    if (parts.size() != (is_click ? 3u : 2u)) return std::nullopt;
    MessageAddress address{
        kind.kind,
        {opened->workspace, absl::StrCat("contacts/", parts[0], "/messages/", parts[1])}};
    if (is_click && !absl::SimpleAtoi(parts[2], &address.link)) return std::nullopt;
    return address;
  }
  return std::nullopt;
}

}  // namespace kith::messages
