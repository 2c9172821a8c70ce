#include "services/runtime/reads/page_seal.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "projections/tables/page_token.h"

namespace kith::runtime {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a token is for, and whose it is.
std::string Bound(const Method& method, WorkspaceId workspace) {
  return absl::StrCat("page ", workspace.value(), " ", method.name);
}

}  // namespace

absl::StatusOr<std::string> OpenPageToken(const eventstore::TokenSealer& sealer,
                                          const Method& method, WorkspaceId workspace,
                                          const Message& request) {
  const std::string text = method.PageTokenOf(request);
  if (text.empty()) return text;
  std::optional<std::string> bytes = sealer.Open(Bound(method, workspace), text);
  if (!bytes.has_value()) {
    return projections::InvalidPageToken(
        "The page token is damaged, or of another list or store; start again at the first page.");
  }
  return *std::move(bytes);
}

void SealPageToken(const eventstore::TokenSealer& sealer, const Method& method,
                   WorkspaceId workspace, Message* reply) {
  if (method.page_token == nullptr) return;
  const FieldDescriptor* const field = reply->GetDescriptor()->FindFieldByName("next_page_token");
  if (field == nullptr) return;
  const google::protobuf::Reflection& reflection = *reply->GetReflection();
  const std::string bytes = reflection.GetString(*reply, field);
  if (bytes.empty()) return;
  reflection.SetString(reply, field, sealer.Seal(Bound(method, workspace), bytes));
}

}  // namespace kith::runtime
