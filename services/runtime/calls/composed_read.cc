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
#include "services/runtime/admission/run_each.h"
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

void AddTo(ReadViews& views, const ReadViews& more) {
  for (projections::View* const view : more) {
    if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
  }
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
  const FieldDescriptor* field() const { return field_; }
  bool is_subject() const { return is_subject_; }
  // Of any request: of which record it asks makes no other views of them.
  ReadViews views() const {
    ReadViews views = method_->views();
    AddTo(views, method_->further_views(*request_));
    return views;
  }
  // The field of the reply that tells what it is about; null: the request does.
  const FieldDescriptor* about() const { return names_from_.empty() ? nullptr : names_from_[0]; }

  // What became of it. `status` may be an error though it is told: then it is that of its sums.
  struct Outcome {
    absl::Status status;
    bool is_told = false;
  };

  // Answers what RequestFor made, and may have changed, into a message of its own.
  Outcome Read(const ReadContext& context, Message& request, Message* answer) const {
    Outcome outcome;
    outcome.status = ReadPart(context, *method_, request, answer);
    outcome.is_told = outcome.status.ok();
    if (!absl::IsPermissionDenied(outcome.status) || !AsksForSums(request)) return outcome;
    answer->Clear();
    SummaryOf(request)->clear_sums();
    outcome.is_told = ReadPart(context, *method_, request, answer).ok();
    return outcome;
  }

  // What it asks of what has this name; null where there is nothing that it is about.
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

 private:
  type::v1::SummaryOptions* SummaryOf(Message& request) const {
    return google::protobuf::DynamicCastToGenerated<type::v1::SummaryOptions>(
        request.GetReflection()->MutableMessage(&request, summary_));
  }
  bool AsksForSums(Message& request) const {
    return summary_ != nullptr && SummaryOf(request)->sums_size() > 0;
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
  ComposedRead(const Method& method, const MethodTable& methods, Pool& pool)
      : pool_(pool),
        name_(FieldOf(*method.descriptor->input_type(), "name")),
        read_time_(FieldOf(*method.descriptor->output_type(), "read_time")),
        left_out_(FieldOf(*method.descriptor->output_type(), "left_out")) {
    const Descriptor& reply = *method.descriptor->output_type();
    for (int i = 0; i < reply.field_count(); ++i) {
      if (!reply.field(i)->options().HasExtension(options::v1::part)) continue;
      Add(Part(reply.field(i), methods));
    }
    // What is asked for further is begun first.
    std::stable_partition(first_.begin(), first_.end(),
                          [&](size_t number) { return !steps_[number].followers.empty(); });
  }

  // Of all parts, each once.
  ReadViews views() const {
    ReadViews views;
    for (const Step& step : steps_) AddTo(views, step.part.views());
    return views;
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* reply) const {
    const auto& reflection = *reply->GetReflection();
    Asking asking{context, request.GetReflection()->GetString(request, name_), *reply, {}};
    asking.asked.resize(steps_.size());
    // Before any is written, because they are side by side.
    for (size_t i = 0; i < steps_.size(); ++i) {
      asking.asked[i].answer = reflection.MutableMessage(reply, steps_[i].part.field());
    }
    for (const size_t number : subjects_) {
      Ask(number, asking);
      const Asked& subject = asking.asked[number];
      if (!subject.outcome.status.ok()) return subject.outcome.status;
    }
    RunEach(pool_, first_.size(), [&](size_t i) { AskOn(first_[i], asking); });
    for (size_t i = 0; i < steps_.size(); ++i) {
      KITH_RETURN_IF_ERROR(Settle(steps_[i].part, asking.asked[i].outcome, reply));
    }
    auto& read_time =
        static_cast<google::protobuf::Timestamp&>(*reflection.MutableMessage(reply, read_time_));
    read_time = ToTimestamp(context.read_time);
    return absl::OkStatus();
  }

 private:
  // A part, and those that are about what it tells.
  struct Step {
    Part part;
    std::vector<size_t> followers;
  };
  struct Asked {
    Message* answer = nullptr;
    Part::Outcome outcome;  // as of one that is about nothing where it was not asked
  };
  // One read. Each step is written by one thread.
  struct Asking {
    const ReadContext& context;
    const std::string name;
    const Message& reply;
    std::vector<Asked> asked;  // of each step
  };

  // Puts it after the part that tells what it is about. What the whole is about comes first: where
  // that is not there, nothing else is asked.
  void Add(Part part) {
    const size_t number = steps_.size();
    std::vector<size_t>* after = part.is_subject() ? &subjects_ : &first_;
    if (part.about() != nullptr) {
      const auto source = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) {
        return step.part.field() == part.about();
      });
      KITH_CHECK(source != steps_.end());
      if (!source->part.is_subject()) after = &source->followers;
    }
    after->push_back(number);
    steps_.push_back({std::move(part), {}});
  }

  void Ask(size_t number, Asking& asking) const {
    const Part& part = steps_[number].part;
    const std::unique_ptr<Message> request = part.RequestFor(asking.name, asking.reply);
    if (request == nullptr) return;
    Asked& asked = asking.asked[number];
    asked.outcome = part.Read(asking.context, *request, asked.answer);
  }
  // And then what is about that, which waits for nothing else.
  void AskOn(size_t number, Asking& asking) const {
    Ask(number, asking);
    if (!asking.asked[number].outcome.is_told) return;
    for (const size_t follower : steps_[number].followers) AskOn(follower, asking);
  }

  // Tells what became of a part.
  absl::Status Settle(const Part& part, const Part::Outcome& outcome, Message* reply) const {
    const auto& [status, is_told] = outcome;
    if (!is_told) reply->GetReflection()->ClearField(reply, part.field());
    if (status.ok() || !IsOfThePart(status)) return status;
    LeaveOut(absl::StrCat(part.field_name(), is_told ? ".summary.sums" : ""), status, reply);
    return absl::OkStatus();
  }

  void LeaveOut(const std::string& part, const absl::Status& status, Message* reply) const {
    Message& entry = *reply->GetReflection()->AddMessage(reply, left_out_);
    const Descriptor& type = *entry.GetDescriptor();
    entry.GetReflection()->SetString(&entry, type.map_key(), part);
    entry.GetReflection()
        ->MutableMessage(&entry, type.map_value())
        ->CopyFrom(WireStatus(status, /*request_id=*/""));
  }

  Pool& pool_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const read_time_;
  const FieldDescriptor* const left_out_;
  std::vector<Step> steps_;  // in the order of their fields
  // What the whole is about, and what is asked side by side once that is told.
  std::vector<size_t> subjects_;
  std::vector<size_t> first_;
};

}  // namespace

void BindComposedRead(const Descriptor& request, MethodTable& methods, Pool& pool) {
  const Method& method = MethodTaking(&request);
  const auto composed = std::make_shared<const ComposedRead>(method, methods, pool);
  methods.Read(method, composed->views(), ReadKind::kScan,
               [composed](const ReadContext& context, const Message& asked, Message* reply) {
                 return composed->Run(context, asked, reply);
               });
}

}  // namespace kith::runtime
