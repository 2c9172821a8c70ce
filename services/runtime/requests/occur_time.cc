#include "services/runtime/requests/occur_time.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

// How far a caller's clock may be ahead of ours.
constexpr absl::Duration kAheadMax = absl::Minutes(5);

const FieldDescriptor* TimeIn(const Descriptor* type) {
  const FieldDescriptor* const field = type->FindFieldByName("occur_time");
  return field == nullptr || field->message_type() != Timestamp::descriptor() ||
                 field->options().GetExtension(options::v1::field).output_only()
             ? nullptr
             : field;
}

}  // namespace

OccurTimeField::OccurTimeField(const Descriptor* request) : time_(TimeIn(request)) {
  for (int i = 0; i < request->field_count() && time_ == nullptr; ++i) {
    const FieldDescriptor* const field = request->field(i);
    if (field->is_repeated() || field->message_type() == nullptr) continue;
    time_ = TimeIn(field->message_type());
    if (time_ != nullptr) resource_ = field;
  }
}

absl::StatusOr<absl::Time> OccurTimeField::Read(const Message& request, absl::Time now) const {
  if (time_ == nullptr) return absl::InfinitePast();
  const Message& holder =
      resource_ == nullptr ? request : request.GetReflection()->GetMessage(request, resource_);
  if (!holder.GetReflection()->HasField(holder, time_)) return absl::InfinitePast();
  const auto& said =
      static_cast<const Timestamp&>(holder.GetReflection()->GetMessage(holder, time_));
  const absl::Time time =
      absl::FromUnixSeconds(said.seconds()) + absl::Microseconds(said.nanos() / 1000);
  if (time <= now + kAheadMax) return time;
  return ViolationError(
      resource_ == nullptr ? time_->name() : absl::StrCat(resource_->name(), ".", time_->name()),
      "must not lie more than 5 minutes ahead");
}

}  // namespace kith::runtime
