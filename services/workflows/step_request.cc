#include "services/workflows/step_request.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "kith/options/v1/options.pb.h"
#include "kith/webhooks/v1/webhooks_service.pb.h"
#include "projections/workflows/time_span.h"
#include "services/core/json_depth.h"

namespace kith::workflows {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr absl::string_view kOpen = "{{";
constexpr absl::string_view kClose = "}}";
constexpr int kDepthMax = 20;  // of the JSON

// What stands for {{expression}}.
using Look = std::function<absl::StatusOr<Value>(absl::string_view expression)>;

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<Struct> ParseJson(absl::string_view json) {
  Struct parsed;
  if (json.empty()) return parsed;
  if (IsDeeperThan(json, kDepthMax)) return Malformed("the request nests too deep");
  if (!google::protobuf::util::JsonStringToMessage(std::string(json), &parsed).ok()) {
    return Malformed("the request is no JSON object");
  }
  return parsed;
}

std::string TextOf(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return value.string_value();
    case Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case Value::kNumberValue:
      return absl::StrCat(value.number_value());
    default:
      return "";
  }
}

Value TextValue(std::string text) {
  Value value;
  value.set_string_value(std::move(text));
  return value;
}

// Puts in place what {{…}} stand for, in all texts.
absl::Status Merge(const Look& look, int depth, Value& value);

absl::Status MergeText(const Look& look, Value& value) {
  const std::string text = value.string_value();
  absl::string_view rest = text;
  std::string merged;
  while (true) {
    const size_t open = rest.find(kOpen);
    if (open == absl::string_view::npos) break;
    const size_t close = rest.find(kClose, open);
    if (close == absl::string_view::npos) return Malformed("a {{ has no }}");
    const absl::string_view expression =
        absl::StripAsciiWhitespace(rest.substr(open + kOpen.size(), close - open - kOpen.size()));
    KITH_ASSIGN_OR_RETURN(Value found, look(expression));
    const absl::string_view after = rest.substr(close + kClose.size());
    if (open == 0 && after.empty() && merged.empty()) {
      value = std::move(found);
      return absl::OkStatus();
    }
    absl::StrAppend(&merged, rest.substr(0, open), TextOf(found));
    rest = after;
  }
  absl::StrAppend(&merged, rest);
  value.set_string_value(std::move(merged));
  return absl::OkStatus();
}

absl::Status MergeStruct(const Look& look, int depth, Struct& object) {
  std::vector<std::string> empty;
  for (auto& [name, value] : *object.mutable_fields()) {
    KITH_RETURN_IF_ERROR(Merge(look, depth + 1, value));
    // What the record does not have is not said.
    if (value.kind_case() == Value::kNullValue) empty.push_back(name);
  }
  for (const std::string& name : empty) object.mutable_fields()->erase(name);
  return absl::OkStatus();
}

absl::Status Merge(const Look& look, int depth, Value& value) {
  if (depth > kDepthMax) return Malformed("the request is nested too deeply");
  switch (value.kind_case()) {
    case Value::kStringValue:
      return MergeText(look, value);
    case Value::kStructValue:
      return MergeStruct(look, depth, *value.mutable_struct_value());
    case Value::kListValue:
      for (Value& one : *value.mutable_list_value()->mutable_values()) {
        KITH_RETURN_IF_ERROR(Merge(look, depth + 1, one));
      }
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

// "now + 3d" into "now" and "3d".
std::pair<absl::string_view, absl::string_view> SplitSpan(absl::string_view expression) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(expression, absl::MaxSplits('+', 1));
  return {absl::StripAsciiWhitespace(parts.first), absl::StripAsciiWhitespace(parts.second)};
}

absl::StatusOr<TimeSpan> SpanOf(absl::string_view text) {
  if (text.empty()) return TimeSpan();
  KITH_ASSIGN_OR_RETURN(const TimeSpan span, ParseTimeSpan(text));
  if (span.open_time != absl::ZeroDuration()) {
    return Malformed(absl::StrCat(text, " is of a business calendar, which a request has none of"));
  }
  return span;
}

// "steps.offer.name" into "offer"; nullopt: it speaks of no step.
std::optional<std::string> StepIn(absl::string_view expression) {
  if (!absl::ConsumePrefix(&expression, "steps.") || !absl::ConsumeSuffix(&expression, ".name")) {
    return std::nullopt;
  }
  return std::string(expression);
}

absl::StatusOr<Value> TimeValue(absl::string_view what, absl::string_view span_text, absl::Time now,
                                absl::TimeZone zone) {
  KITH_ASSIGN_OR_RETURN(const TimeSpan span, SpanOf(span_text));
  const WorkCalendar calendar = Weekdays(zone);
  if (what == "now") {
    // Within twenty years there are as many weekdays as a span may have.
    return TextValue(absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                                      Add(now, span, calendar).value_or(now), absl::UTCTimeZone()));
  }
  const absl::CivilDay today(zone.At(now).cs);
  const absl::CivilDay day = Add(today, span, calendar).value_or(today);
  Value date;
  auto& fields = *date.mutable_struct_value()->mutable_fields();
  fields["year"].set_number_value(static_cast<double>(day.year()));
  fields["month"].set_number_value(day.month());
  fields["day"].set_number_value(day.day());
  return date;
}

// The field of that path, one name after another through messages that are there once.
absl::StatusOr<const FieldDescriptor*> FieldAt(const Descriptor& record, absl::string_view path) {
  const Descriptor* type = &record;
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    field = type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
    if (field == nullptr) {
      return Malformed(
          absl::StrCat("{{record.", path, "}}: ", record.name(), " has no such field"));
    }
    type = field->is_repeated() ? nullptr : field->message_type();
  }
  return field;
}

Value NoValue() {
  Value none;
  none.set_null_value(google::protobuf::NULL_VALUE);
  return none;
}

absl::StatusOr<Value> RecordValue(const Struct& record, absl::string_view path) {
  const Struct* at = &record;
  const std::vector<absl::string_view> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = at->fields().find(std::string(names[i]));
    if (found == at->fields().end()) break;
    if (i + 1 == names.size()) return found->second;
    if (!found->second.has_struct_value()) break;
    at = &found->second.struct_value();
  }
  return NoValue();
}

absl::Status UnknownExpression(absl::string_view expression) {
  return Malformed(absl::StrCat("{{", expression,
                                "}} stands for nothing: write record and a field of it, "
                                "links.deal, links.contact, links.company, links.lead, "
                                "steps.ID.name, run.name, workflow.name, now or today"));
}

bool IsPersonal(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).personal();
}

// The first personal field of the record that a text speaks of; empty: none.
std::string PersonalIn(absl::string_view text, const Descriptor& record) {
  for (size_t open = text.find(kOpen); open != text.npos; open = text.find(kOpen)) {
    text.remove_prefix(open + kOpen.size());
    absl::string_view path = absl::StripAsciiWhitespace(text.substr(0, text.find(kClose)));
    const std::string expression(path);
    if (!absl::ConsumePrefix(&path, "record.")) continue;
    const Descriptor* type = &record;
    for (const absl::string_view name : absl::StrSplit(path, '.')) {
      const auto* const field =
          type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
      if (field == nullptr) break;
      if (IsPersonal(*field)) return expression;
      type = field->message_type();
    }
  }
  return "";
}

// Whether records of the type keep a field of this name sealed; null: there is none.
bool IsSealedIn(const Descriptor* type, const std::string& name) {
  const FieldDescriptor* const field = type == nullptr ? nullptr : type->FindFieldByName(name);
  return field != nullptr && IsPersonal(*field);
}

// That nothing personal of the record becomes a part of what is kept in clear, and would outlive
// the person there. `type` is that of the value, where it is a message. `answer` is the type of
// the record that a request answers with: what the request says in a field that is called as one
// of the record's becomes that one. Null of what is no request.
absl::Status CheckSealed(const Value& value, const Descriptor* type, const Descriptor* answer,
                         const Descriptor& record, const std::string& path) {
  for (const Value& one : value.list_value().values()) {
    KITH_RETURN_IF_ERROR(CheckSealed(one, type, answer, record, path));
  }
  for (const auto& [name, part] : value.struct_value().fields()) {
    const FieldDescriptor* field = type == nullptr ? nullptr : type->FindFieldByName(name);
    if (field == nullptr && type != nullptr) field = type->FindFieldByCamelcaseName(name);
    const bool is_sealed =
        field != nullptr && (IsPersonal(*field) || IsSealedIn(answer, std::string(field->name())));
    if (is_sealed) continue;
    const bool is_message =
        field != nullptr && !field->is_map() && field->message_type() != nullptr;
    KITH_RETURN_IF_ERROR(CheckSealed(part, is_message ? field->message_type() : nullptr,
                                     /*answer=*/nullptr, record,
                                     absl::StrCat(path, path.empty() ? "" : ".", name)));
  }
  const std::string personal = PersonalIn(value.string_value(), record);
  if (personal.empty()) return absl::OkStatus();
  return Malformed(absl::StrCat("{{", personal, "}} is personal, and ", path,
                                " is kept in clear, where it would outlive the person: say who it "
                                "is by a field that names the record"));
}

// What is posted is sealed for the record that the request names: what is personal has to be that
// one's.
absl::Status CheckPosted(const Struct& object, const Descriptor& request,
                         const Descriptor& record) {
  if (&request != webhooks::v1::CallWebhookRequest::descriptor()) return absl::OkStatus();
  const auto text = [&](const char* field) {
    const auto found = object.fields().find(field);
    return found == object.fields().end() ? std::string() : found->second.string_value();
  };
  const std::string personal = PersonalIn(text("payload"), record);
  absl::string_view of = text("record");
  const bool is_of_record = absl::ConsumePrefix(&of, kOpen) && absl::ConsumeSuffix(&of, kClose) &&
                            absl::StripAsciiWhitespace(of) == "record.name";
  if (personal.empty() || is_of_record) return absl::OkStatus();
  return Malformed(absl::StrCat("{{", personal,
                                "}} is personal, and payload is kept sealed for record alone: say "
                                "{{record.name}} there"));
}

// The same of a whole request.
absl::Status CheckKept(const Struct& request, const MethodDescriptor& method,
                       const Descriptor& record) {
  Value whole;
  *whole.mutable_struct_value() = request;
  KITH_RETURN_IF_ERROR(
      CheckSealed(whole, method.input_type(), method.output_type(), record, /*path=*/""));
  return CheckPosted(request, *method.input_type(), record);
}

// That every name in `object` is one of a field of `type`.
absl::Status CheckNames(const Struct& object, const Descriptor& type, absl::string_view path) {
  for (const auto& [name, value] : object.fields()) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) field = type.FindFieldByCamelcaseName(name);
    const std::string at = absl::StrCat(path, path.empty() ? "" : ".", name);
    if (field == nullptr) {
      return Malformed(absl::StrCat("the request has no field ", at));
    }
    const Descriptor* const message = field->message_type();
    if (message == nullptr || field->is_map() || message->full_name().find("google.") == 0) {
      continue;
    }
    if (value.has_struct_value())
      KITH_RETURN_IF_ERROR(CheckNames(value.struct_value(), *message, at));
    for (const Value& one : value.list_value().values()) {
      if (one.has_struct_value())
        KITH_RETURN_IF_ERROR(CheckNames(one.struct_value(), *message, at));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view LinkedIn(absl::string_view expression) {
  if (expression == "links.contact") return "contacts";
  if (expression == "links.company") return "companies";
  if (expression == "links.deal") return "deals";
  return expression == "links.lead" ? "leads" : "";
}

std::string LinkOf(const google::protobuf::RepeatedPtrField<std::string>& links,
                   absl::string_view expression) {
  const absl::string_view collection = LinkedIn(expression);
  if (collection.empty()) return "";
  for (const std::string& link : links) {
    if (eventstore::CategoryOf(link) == collection) return link;
  }
  return "";
}

absl::Status CheckStepRequest(absl::string_view json, const MethodDescriptor& method,
                              const MergeTypes& types) {
  KITH_ASSIGN_OR_RETURN(Struct parsed, ParseJson(json));
  KITH_RETURN_IF_ERROR(CheckNames(parsed, *method.input_type(), ""));
  if (types.record != nullptr) {
    KITH_RETURN_IF_ERROR(CheckKept(parsed, method, *types.record));
  }
  for (const char* const own : {"request_id", "requestId", "occur_time", "occurTime"}) {
    if (!parsed.fields().contains(own)) continue;
    return Malformed(absl::StrCat(own,
                                  " is Kith's own to say of a step: each has an id, and happens "
                                  "when it is taken"));
  }
  const Look look = [&](absl::string_view expression) -> absl::StatusOr<Value> {
    absl::string_view path = expression;
    if (expression == "run.name" || expression == "workflow.name") return TextValue("");
    if (absl::ConsumePrefix(&path, "record.")) {
      if (types.record == nullptr) return Malformed("the workflow is about no record");
      KITH_RETURN_IF_ERROR(FieldAt(*types.record, path).status());
      return TextValue("");
    }
    if (!LinkedIn(expression).empty()) {
      if (types.has_links) return TextValue("");
      return Malformed(absl::StrCat("{{", expression,
                                    "}}: what sets the workflow off links to nothing, as "
                                    "interactions and messages do"));
    }
    if (const auto step = StepIn(expression)) {
      const absl::Status answers = types.answers(*step);
      if (!answers.ok())
        return Malformed(absl::StrCat("{{", expression, "}}: ", answers.message()));
      return TextValue("");
    }
    const auto [what, span] = SplitSpan(expression);
    if (what != "now" && what != "today") return UnknownExpression(expression);
    KITH_RETURN_IF_ERROR(SpanOf(span).status());
    return TextValue("");
  };
  return MergeStruct(look, 0, parsed);
}

absl::StatusOr<std::unique_ptr<Message>> MakeStepRequest(absl::string_view json,
                                                         const MethodDescriptor& method,
                                                         const MergeFacts& facts) {
  KITH_ASSIGN_OR_RETURN(Struct parsed, ParseJson(json));
  Struct record;
  if (facts.record != nullptr) {
    KITH_RETURN_IF_ERROR(CheckKept(parsed, method, *facts.record->GetDescriptor()));
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(*facts.record, &text, options).ok() ||
        !google::protobuf::util::JsonStringToMessage(text, &record).ok()) {
      return Malformed("the record cannot be told as JSON");
    }
  }
  const Look look = [&](absl::string_view expression) -> absl::StatusOr<Value> {
    absl::string_view path = expression;
    if (expression == "run.name") return TextValue(std::string(facts.run));
    if (expression == "workflow.name") return TextValue(std::string(facts.workflow));
    if (absl::ConsumePrefix(&path, "record.")) return RecordValue(record, path);
    if (!LinkedIn(expression).empty()) {
      std::string link = LinkOf(facts.links, expression);
      return link.empty() ? NoValue() : TextValue(std::move(link));
    }
    if (const auto step = StepIn(expression)) {
      for (const v1::StepAnswer& answer : facts.answers) {
        if (answer.step() == *step) return TextValue(answer.name());
      }
      return Malformed(absl::StrCat("the step ", *step, " has not answered"));
    }
    const auto [what, span] = SplitSpan(expression);
    if (what != "now" && what != "today") return UnknownExpression(expression);
    return TimeValue(what, span, facts.now, facts.zone);
  };
  KITH_RETURN_IF_ERROR(MergeStruct(look, 0, parsed));
  std::string merged;
  std::unique_ptr<Message> made(google::protobuf::MessageFactory::generated_factory()
                                    ->GetPrototype(method.input_type())
                                    ->New());
  if (!google::protobuf::util::MessageToJsonString(parsed, &merged).ok() ||
      !google::protobuf::util::JsonStringToMessage(merged, made.get()).ok()) {
    return Malformed("a field of the request does not take what stands for it");
  }
  return made;
}

}  // namespace kith::workflows
