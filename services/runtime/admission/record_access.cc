#include "services/runtime/admission/record_access.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::vector<std::string> NamesIn(const FieldDescriptor* field, const Message& record) {
  std::vector<std::string> names;
  if (field == nullptr) return names;
  const auto& reflection = *record.GetReflection();
  for (int i = 0; i < reflection.FieldSize(record, field); ++i) {
    names.push_back(reflection.GetRepeatedString(record, field, i));
  }
  return names;
}

// Whether it changes whose a record is, or whom it is shared with.
bool HandsOver(const Message& event) {
  const auto* const member = event.GetReflection()->GetOneofFieldDescriptor(
      event, event.GetDescriptor()->FindOneofByName("event"));
  if (member == nullptr) return false;
  // To merge a record into another gives it to whom that one belongs.
  if (member->message_type()->FindFieldByName("survivor") != nullptr) return true;
  const auto* const mask = member->message_type()->FindFieldByName("update_mask");
  if (mask == nullptr) return false;
  const Message& payload = event.GetReflection()->GetMessage(event, member);
  const auto& changed = static_cast<const google::protobuf::FieldMask&>(
      payload.GetReflection()->GetMessage(payload, mask));
  return std::any_of(changed.paths().begin(), changed.paths().end(), [](const std::string& path) {
    return path == "owner" || path == "viewers" || path == "editors";
  });
}

}  // namespace

RecordAccess::RecordAccess(const Descriptor& resource, std::string read_permission)
    : owner_(resource.FindFieldByName("owner")),
      viewers_(resource.FindFieldByName("viewers")),
      editors_(resource.FindFieldByName("editors")),
      read_permission_(std::move(read_permission)) {
  KITH_CHECK((viewers_ == nullptr) == (editors_ == nullptr));
  KITH_CHECK(viewers_ == nullptr || owner_ != nullptr);
  if (owner_ == nullptr) return;
  for (const std::string& pattern : owner_->options().GetExtension(options::v1::field).resource()) {
    is_of_teams_ = is_of_teams_ || absl::StartsWith(pattern, "teams/");
  }
}

std::string RecordAccess::OwnerOf(const Message& record) const {
  return record.GetReflection()->GetString(record, owner_);
}

std::vector<std::string> RecordAccess::ViewersOf(const Message& record) const {
  return NamesIn(viewers_, record);
}

std::vector<std::string> RecordAccess::EditorsOf(const Message& record) const {
  return NamesIn(editors_, record);
}

bool RecordAccess::IsBounded(const Caller& caller, absl::string_view beside) const {
  return has_owner() && !ReachOf(caller, beside).is_everything();
}

bool RecordAccess::MayRead(const Caller& caller, const Message& record,
                           absl::string_view beside) const {
  if (!has_owner() || ReachOf(caller, beside).Covers(OwnerOf(record))) return true;
  if (!caller.grants.Contain(read_permission_)) return false;
  if (!beside.empty() && !caller.grants.Contain(beside)) return false;
  return Names(viewers_, caller, record) || Names(editors_, caller, record);
}

bool RecordAccess::MayWrite(const Caller& caller, absl::string_view permission,
                            const Message& record, const Message& event) const {
  if (!has_owner() || Reach(caller, permission).Covers(OwnerOf(record))) return true;
  return Names(editors_, caller, record) && !HandsOver(event);
}

Reach RecordAccess::ReachOf(const Caller& caller, absl::string_view beside) const {
  return beside.empty() ? Reach(caller, read_permission_) : Reach(caller, read_permission_, beside);
}

bool RecordAccess::Names(const FieldDescriptor* field, const Caller& caller,
                         const Message& record) const {
  if (field == nullptr || caller.member == nullptr) return false;
  const std::vector<std::string>& groups = caller.member->groups;
  const auto& reflection = *record.GetReflection();
  for (int i = 0; i < reflection.FieldSize(record, field); ++i) {
    if (std::binary_search(groups.begin(), groups.end(),
                           reflection.GetRepeatedString(record, field, i))) {
      return true;
    }
  }
  return false;
}

}  // namespace kith::runtime
