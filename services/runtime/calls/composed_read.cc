#include "services/runtime/calls/composed_read.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "kith/options/v1/part.pb.h"
#include "kith/type/v1/list.pb.h"
#include "services/core/field_of.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/requests/grpc_status.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

using Path = std::vector<const FieldDescriptor*>;

constexpr absl::string_view kName = "$name";

Path PathIn(const Descriptor& reply, absl::string_view text) {
  Path path;
  const Descriptor* within = &reply;
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    KITH_CHECK(within != nullptr);
    path.push_back(FieldOf(*within, std::string(part).c_str()));
    within = path.back()->message_type();
  }
  KITH_CHECK(path.back()->cpp_type() == FieldDescriptor::CPPTYPE_STRING);
  return path;
}

// Those that are set there, each once.
void AddNames(const Message& message, absl::Span<const FieldDescriptor* const> path,
              std::vector<std::string>* names) {
  const auto& reflection = *message.GetReflection();
  const FieldDescriptor* const field = path.front();
  const int size = field->is_repeated() ? reflection.FieldSize(message, field)
                                        : int{reflection.HasField(message, field)};
  for (int i = 0; i < size; ++i) {
    if (path.size() > 1) {
      AddNames(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                    : reflection.GetMessage(message, field),
               path.subspan(1), names);
      continue;
    }
    std::string name = field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                            : reflection.GetString(message, field);
    if (std::find(names->begin(), names->end(), name) == names->end()) {
      names->push_back(std::move(name));
    }
  }
}

// A refusal that concerns the part alone. Others are about the call, or about the server.
bool IsOfThePart(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsResourceExhausted(status) ||
         absl::IsNotFound(status) || absl::IsOutOfRange(status);
}

// One part of the reply. Immutable; any thread.
class Part {
 public:
  Part(const FieldDescriptor* field, const MethodTable& methods) : field_(field) {
    const auto& rules = field->options().GetExtension(options::v1::part);
    const auto found = methods.methods().find(rules.method());
    KITH_CHECK(found != methods.methods().end() && found->second->is_read());
    method_ = found->second.get();
    const Descriptor& type = *method_->method().descriptor->input_type();
    KITH_CHECK(method_->method().descriptor->output_type() == field->message_type());
    request_.reset(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    KITH_CHECK(google::protobuf::TextFormat::ParseFromString(rules.request(), request_.get()));
    is_subject_ = rules.subject();
    summary_ = type.FindFieldByName("summary");
    if (rules.names_from().empty()) return;
    names_from_ = PathIn(*field->containing_type(), rules.names_from());
    name_ = type.FindFieldByName("name");
    names_ = type.FindFieldByName("names");
    KITH_CHECK(name_ != nullptr || names_ != nullptr);
  }

  const std::string& field_name() const { return field_->name(); }
  bool is_subject() const { return is_subject_; }
  const ReadViews& views() const { return method_->views(); }

  // Nothing where there is nothing that it is about.
  absl::Status Read(const ReadContext& context, const std::string& name, Message* reply) const {
    const std::unique_ptr<Message> request = RequestFor(name, *reply);
    return request == nullptr ? absl::OkStatus() : Ask(context, *request, reply);
  }

  bool has_sums() const { return summary_ != nullptr && SummaryOf(*request_)->sums_size() > 0; }
  absl::Status ReadWithoutSums(const ReadContext& context, const std::string& name,
                               Message* reply) const {
    const std::unique_ptr<Message> request = RequestFor(name, *reply);
    SummaryOf(*request)->clear_sums();
    return Ask(context, *request, reply);
  }

 private:
  type::v1::SummaryOptions* SummaryOf(Message& request) const {
    return google::protobuf::DynamicCastToGenerated<type::v1::SummaryOptions>(
        request.GetReflection()->MutableMessage(&request, summary_));
  }

  absl::Status Ask(const ReadContext& context, const Message& request, Message* reply) const {
    const auto& reflection = *reply->GetReflection();
    const absl::Status status =
        ReadPart(context, *method_, request, reflection.MutableMessage(reply, field_));
    if (!status.ok()) reflection.ClearField(reply, field_);
    return status;
  }

  std::unique_ptr<Message> RequestFor(const std::string& name, const Message& reply) const {
    std::unique_ptr<Message> request(request_->New());
    request->CopyFrom(*request_);
    const auto& reflection = *request->GetReflection();
    std::vector<const FieldDescriptor*> set;
    reflection.ListFields(*request, &set);
    for (const FieldDescriptor* const field : set) {
      if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      reflection.SetString(
          request.get(), field,
          absl::StrReplaceAll(reflection.GetString(*request, field), {{kName, name}}));
    }
    if (names_from_.empty()) return request;
    std::vector<std::string> names;
    AddNames(reply, names_from_, &names);
    if (names.empty()) return nullptr;
    for (std::string& each : names) {
      if (names_ != nullptr) {
        reflection.AddString(request.get(), names_, std::move(each));
      } else {
        reflection.SetString(request.get(), name_, std::move(each));
      }
    }
    return request;
  }

  const FieldDescriptor* const field_;
  const BoundMethod* method_;
  std::unique_ptr<Message> request_;
  bool is_subject_ = false;
  const FieldDescriptor* summary_ = nullptr;
  Path names_from_;
  const FieldDescriptor* name_ = nullptr;
  const FieldDescriptor* names_ = nullptr;
};

// The whole. Immutable; any thread.
class ComposedRead {
 public:
  ComposedRead(const Method& method, const MethodTable& methods)
      : name_(FieldOf(*method.descriptor->input_type(), "name")),
        read_time_(FieldOf(*method.descriptor->output_type(), "read_time")),
        left_out_(FieldOf(*method.descriptor->output_type(), "left_out")) {
    const Descriptor& reply = *method.descriptor->output_type();
    for (int i = 0; i < reply.field_count(); ++i) {
      if (!reply.field(i)->options().HasExtension(options::v1::part)) continue;
      parts_.emplace_back(reply.field(i), methods);
    }
  }

  // Of all parts, each once.
  ReadViews views() const {
    ReadViews views;
    for (const Part& part : parts_) {
      for (projections::View* const view : part.views()) {
        if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
      }
    }
    return views;
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* reply) const {
    const std::string name = request.GetReflection()->GetString(request, name_);
    for (const Part& part : parts_) {
      const absl::Status status = part.Read(context, name, reply);
      if (status.ok()) continue;
      if (part.is_subject() || !IsOfThePart(status)) return status;
      const bool may_be_of_the_sums = absl::IsPermissionDenied(status) && part.has_sums();
      if (may_be_of_the_sums && part.ReadWithoutSums(context, name, reply).ok()) {
        LeaveOut(absl::StrCat(part.field_name(), ".summary.sums"), status, reply);
      } else {
        LeaveOut(part.field_name(), status, reply);
      }
    }
    auto& read_time = static_cast<google::protobuf::Timestamp&>(
        *reply->GetReflection()->MutableMessage(reply, read_time_));
    read_time = ToTimestamp(context.read_time);
    return absl::OkStatus();
  }

 private:
  void LeaveOut(const std::string& part, const absl::Status& status, Message* reply) const {
    Message& entry = *reply->GetReflection()->AddMessage(reply, left_out_);
    const Descriptor& type = *entry.GetDescriptor();
    entry.GetReflection()->SetString(&entry, type.map_key(), part);
    entry.GetReflection()
        ->MutableMessage(&entry, type.map_value())
        ->CopyFrom(WireStatus(status, /*request_id=*/""));
  }

  const FieldDescriptor* const name_;
  const FieldDescriptor* const read_time_;
  const FieldDescriptor* const left_out_;
  std::vector<Part> parts_;
};

}  // namespace

void BindComposedRead(const Descriptor& request, MethodTable& methods) {
  const Method& method = MethodTaking(&request);
  const auto composed = std::make_shared<const ComposedRead>(method, methods);
  methods.Read(method, composed->views(), ReadKind::kScan,
               [composed](const ReadContext& context, const Message& asked, Message* reply) {
                 return composed->Run(context, asked, reply);
               });
}

}  // namespace kith::runtime
