#include "services/cli/calls/request.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>
#include <google/type/date.pb.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/list.pb.h"
#include "kith/type/v1/read.pb.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kUpdateMask[] = "update_mask";

std::string Spelled(absl::string_view flag) {
  return absl::StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}}));
}

absl::Status InFlag(absl::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(Spelled(flag), ": ", status.message()));
}

// Of a choice that was said in words of one's own: where those go, if anywhere.
absl::Status WithNotes(const Method& method, absl::string_view flag, const absl::Status& status) {
  const Descriptor& request = *method.descriptor->input_type();
  const FieldDescriptor* const said = request.FindFieldByName(std::string(flag));
  if (said == nullptr || said->enum_type() == nullptr) return status;
  for (const char* const notes : {"notes", "note"}) {
    if (request.FindFieldByName(notes) == nullptr) continue;
    return absl::Status(status.code(),
                        absl::StrCat(status.message(), "; words of your own go to --", notes));
  }
  return status;
}

absl::StatusOr<std::string> ReadData(const std::string& data) {
  if (data == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  if (!absl::StartsWith(data, "@")) return data;
  std::ifstream file(data.substr(1), std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", data.substr(1)));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Columns are said to a saved view as to a list, with commas, and so are the choices of a custom
// field, of which one that has a comma itself comes by --data; in other texts these are the text's.
std::vector<absl::string_view> ValuesIn(const Flag& flag) {
  if (flag.name != "columns" && flag.name != "choices") return {flag.value};
  std::vector<absl::string_view> values = absl::StrSplit(flag.value, ',');
  for (absl::string_view& value : values) value = absl::StripAsciiWhitespace(value);
  return values;
}

// Takes out of a record what only the server sets, but its name: what was read can be sent back.
void ClearOutput(Message* message, bool is_record) {
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (RulesOf(*field).output_only()) {
      if (!is_record || field->name() != "name")
        message->GetReflection()->ClearField(message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
      if (!field->is_repeated()) {
        ClearOutput(message->GetReflection()->MutableMessage(message, field), false);
        continue;
      }
      for (int i = 0; i < message->GetReflection()->FieldSize(*message, field); ++i) {
        ClearOutput(message->GetReflection()->MutableRepeatedMessage(message, field, i), false);
      }
    }
  }
}

bool IsUpdate(const Method& method) {
  return method.body != nullptr &&
         method.descriptor->input_type()->FindFieldByName(kUpdateMask) != nullptr;
}

// Collects the request of one command.
class Builder {
 public:
  explicit Builder(const Method& method)
      : method_(method), request_(NewMessage(*method.descriptor->input_type())) {}

  absl::Status SetData(const std::string& data) {
    KITH_ASSIGN_OR_RETURN(const std::string json, ReadData(data));
    Message* target = method_.body == nullptr ? request_.get() : Body();
    KITH_RETURN_IF_ERROR(ReadJson(json, target));
    if (method_.body != nullptr) ClearOutput(target, IsUpdate(method_));
    std::vector<const FieldDescriptor*> fields;
    target->GetReflection()->ListFields(*target, &fields);
    if (method_.body != nullptr) {
      for (const FieldDescriptor* field : fields) {
        if (!IsTextMap(*field)) {
          changed_.insert(field->name());
          continue;
        }
        for (const auto& [key, value] : EntriesIn(*target, *field)) {
          changed_.insert(absl::StrCat(field->name(), ".", key));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status SetFlag(absl::string_view flag, absl::string_view value) {
    const std::string path = FlagPath(method_, flag);
    if (path.empty()) {
      std::vector<std::string> known;
      for (const std::string& name : FlagsOf(method_)) known.push_back(Spelled(name));
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown flag ", Spelled(flag),
          MeantFilter(flag).empty() ? DidYouMean(Spelled(flag), known, "") : MeantFilter(flag)));
    }
    const FieldDescriptor* const field = FindField(*request_->GetDescriptor(), path);
    if (RulesOf(*field).output_only() && IsContent(method_, flag)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the server sets it; if a verb changes it, kith ", method_.collection,
                       " --help tells which"));
    }
    if (IsTextMap(*field) && !IsEntry(path)) {
      if (absl::StartsWith(value, "{")) return SetPath(path, value);
      const size_t equals = value.find('=');
      if (equals == 0 || equals == absl::string_view::npos) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", value, "\" is not like key=value, as tier=gold"));
      }
      return SetEntry(absl::StrCat(path, ".", value.substr(0, equals)), value.substr(equals + 1));
    }
    return IsEntry(path) ? SetEntry(path, value) : SetPath(path, value);
  }

  // Where a list is to be narrowed by a field of its rows: "; did you mean --filter 'stage = …'?".
  std::string MeantFilter(absl::string_view flag) const {
    const bool is_field = method_.items != nullptr &&
                          method_.descriptor->input_type()->FindFieldByName("filter") != nullptr &&
                          FindField(*method_.items->message_type(), flag) != nullptr;
    return is_field ? absl::StrCat("; did you mean --filter '", flag, " = …'?") : "";
  }

  // Whether the last part of the path is the key of a map.
  bool IsEntry(absl::string_view path) const {
    const size_t dot = path.rfind('.');
    if (dot == absl::string_view::npos) return false;
    const FieldDescriptor* const field = FindField(*request_->GetDescriptor(), path.substr(0, dot));
    return field != nullptr && IsTextMap(*field);
  }

  // A key has one value: of two, either might be meant.
  absl::Status SetEntry(const std::string& path, absl::string_view value) {
    if (!entries_.insert(path).second) {
      const std::string key = path.substr(path.rfind('.') + 1);
      return absl::InvalidArgumentError(absl::StrCat(
          key, " is said twice: say it once, several choices with commas, as ", key, "=a,b"));
    }
    return SetPath(path, value);
  }

  absl::Status SetPath(absl::string_view path, absl::string_view value) {
    NoteChange(path);
    const FieldDescriptor* const field = FindField(*request_->GetDescriptor(), path);
    if (field != nullptr && field->message_type() == google::protobuf::Timestamp::descriptor()) {
      // By the person's clocks, as tables show it; what a file says must not mean another time on
      // another machine.
      if (value.empty()) return SetField(request_.get(), path, value);
      KITH_ASSIGN_OR_RETURN(const google::protobuf::Timestamp time,
                            ParseSaidTime(value, absl::Now(), absl::LocalTimeZone()));
      return SetField(request_.get(), path, google::protobuf::util::TimeUtil::ToString(time));
    }
    if (field != nullptr && field->message_type() == google::type::Date::descriptor()) {
      const auto day = ParseRelativeDay(value, absl::Now(), absl::LocalTimeZone());
      if (day.ok()) return SetField(request_.get(), path, FormatDate(*day));
    }
    return SetField(request_.get(), path, Expanded(path, value));
  }

  absl::Status Clear(absl::string_view field) {
    if (!IsUpdate(method_)) return absl::InvalidArgumentError("only an update can clear a field");
    if (FieldPathOf(*method_.body->message_type(), field).field == nullptr) {
      std::vector<std::string> known;
      for (int i = 0; i < method_.body->message_type()->field_count(); ++i) {
        known.push_back(method_.body->message_type()->field(i)->name());
      }
      return absl::InvalidArgumentError(absl::StrCat(method_.body->message_type()->name(),
                                                     " has no field ", field,
                                                     DidYouMean(field, known, "")));
    }
    changed_.insert(std::string(field));
    return absl::OkStatus();
  }

  absl::Status SetAsOf(absl::string_view moment) {
    return cli::SetAsOf(method_, moment, request_.get());
  }

  // What the command cannot be without, and the server would call by the field of a request.
  absl::Status CheckWhatItIsAbout() const {
    const FieldDescriptor* const about =
        FindField(*method_.descriptor->input_type(), method_.positional);
    const FieldDescriptor* const upsert =
        request_->GetDescriptor()->FindFieldByName("allow_missing");
    // Of others, an update without a name may be of the caller's own, as of the workspace.
    const bool is_update_of_none = IsUpdate(method_) && upsert != nullptr &&
                                   !request_->GetReflection()->HasField(*request_, upsert);
    if (about != nullptr && (RulesOf(*about).required() || is_update_of_none) &&
        IsEmptyAt(*request_, method_.positional)) {
      const absl::string_view path = method_.positional;
      return absl::InvalidArgumentError(
          absl::StrCat("say which: kith ", method_.collection, " ", method_.verb, " ",
                       absl::AsciiStrToUpper(path.substr(path.rfind('.') + 1)), " …; kith ",
                       method_.collection, " ", method_.verb, " --help says more"));
    }
    if (method_.body == nullptr || !RulesOf(*method_.body).required() ||
        request_->GetReflection()->HasField(*request_, method_.body)) {
      return absl::OkStatus();
    }
    std::string wanted;
    for (int i = 0; i < method_.body->message_type()->field_count(); ++i) {
      const FieldDescriptor& field = *method_.body->message_type()->field(i);
      if (!RulesOf(field).required() || RulesOf(field).output_only()) continue;
      absl::StrAppend(&wanted, " ", Spelled(field.name()), " …");
    }
    return absl::InvalidArgumentError(
        absl::StrCat("say what: kith ", method_.collection, " ", method_.verb, wanted, "; kith ",
                     method_.collection, " ", method_.verb, " --help lists all flags"));
  }

  std::unique_ptr<Message> Finish() {
    changed_.erase("name");
    changed_.erase("etag");
    const FieldDescriptor* mask_field = request_->GetDescriptor()->FindFieldByName(kUpdateMask);
    if (IsUpdate(method_) && !changed_.empty() &&
        !request_->GetReflection()->HasField(*request_, mask_field)) {
      auto* mask = google::protobuf::DynamicCastToGenerated<google::protobuf::FieldMask>(
          request_->GetReflection()->MutableMessage(request_.get(), mask_field));
      for (const std::string& path : changed_) mask->add_paths(path);
    }
    return std::move(request_);
  }

 private:
  // Whether the text, or the list of texts, at the end of the path is empty.
  static bool IsEmptyAt(const Message& message, absl::string_view path) {
    const size_t dot = path.find('.');
    const FieldDescriptor* const field =
        message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
    const Reflection& reflection = *message.GetReflection();
    if (dot != absl::string_view::npos) {
      return IsEmptyAt(reflection.GetMessage(message, field), path.substr(dot + 1));
    }
    return field->is_repeated() ? reflection.FieldSize(message, field) == 0
                                : !reflection.HasField(message, field);
  }

  Message* Body() {
    return request_->GetReflection()->MutableMessage(request_.get(), method_.body);
  }

  void NoteChange(absl::string_view path) {
    if (method_.body == nullptr || !absl::ConsumePrefix(&path, method_.body->name())) return;
    if (!absl::ConsumePrefix(&path, ".")) return;
    // Of a map its key alone.
    const bool is_key = !FieldPathOf(*method_.body->message_type(), path).key.empty();
    changed_.insert(std::string(is_key ? path : path.substr(0, path.find('.'))));
  }

  // The name of the body itself has no pattern of its own, but its message has.
  std::string Expanded(absl::string_view path, absl::string_view value) const {
    if (method_.body == nullptr || path != absl::StrCat(method_.body->name(), ".name")) {
      return std::string(value);
    }
    const std::string pattern = BodyPattern();
    return pattern.empty() ? std::string(value) : ExpandName(pattern, value);
  }

  // What names of the body look like: those of its own, or of a part of what the method answers, as
  // "pipelines/{pipeline}/stages/{stage}" of a stage. Empty where it has none.
  std::string BodyPattern() const {
    const Descriptor& body = *method_.body->message_type();
    const std::string& own = body.options().GetExtension(options::v1::resource).pattern();
    const Descriptor& whole = *method_.descriptor->output_type();
    const std::string& of_whole = whole.options().GetExtension(options::v1::resource).pattern();
    if (!own.empty() || of_whole.empty()) return own;
    for (int i = 0; i < whole.field_count(); ++i) {
      const FieldDescriptor& field = *whole.field(i);
      if (!field.is_repeated() || field.message_type() != &body) continue;
      return absl::StrCat(of_whole, "/", field.json_name(), "/{id}");
    }
    return "";
  }

  const Method& method_;
  std::unique_ptr<Message> request_;
  std::set<std::string> entries_;  // keys of maps that flags said, with their paths
  std::set<std::string> changed_;  // top-level fields of the body, and keys of its maps
};

}  // namespace

std::string FlagPath(const Method& method, absl::string_view flag) {
  if (FindField(*method.descriptor->input_type(), flag) != nullptr) return std::string(flag);
  if (method.body != nullptr && FindField(*method.body->message_type(), flag) != nullptr) {
    return absl::StrCat(method.body->name(), ".", flag);
  }
  return "";
}

bool IsContent(const Method& method, absl::string_view flag) {
  if (method.body == nullptr) return false;
  const std::string path = FlagPath(method, flag);
  absl::string_view field = path;
  return absl::ConsumePrefix(&field, absl::StrCat(method.body->name(), ".")) && field != "name" &&
         field != "etag";
}

std::vector<std::string> FlagsOf(const Method& method) {
  if (method.stream != nullptr) return {"request_id"};
  std::vector<std::string> flags;
  const Descriptor& request = *method.descriptor->input_type();
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i) == method.body || request.field(i) == method.read) continue;
    // Its fields have words of their own.
    if (request.field(i)->message_type() == type::v1::SummaryOptions::descriptor()) continue;
    flags.push_back(request.field(i)->name());
  }
  if (method.body == nullptr) return flags;
  for (int i = 0; i < method.body->message_type()->field_count(); ++i) {
    const FieldDescriptor& field = *method.body->message_type()->field(i);
    if (RulesOf(field).output_only() || request.FindFieldByName(field.name()) != nullptr) continue;
    flags.push_back(field.name());
  }
  return flags;
}

absl::StatusOr<std::unique_ptr<Message>> BuildRequest(const Method& method, Arguments arguments) {
  Builder builder(method);
  if (const auto data = arguments.Take("data"); data.has_value()) {
    if (const absl::Status set = builder.SetData(*data); !set.ok()) return InFlag("data", set);
  }
  for (const std::string& field : arguments.TakeAll("clear")) {
    const std::string name = absl::StrReplaceAll(field, {{"-", "_"}});
    if (const absl::Status set = builder.Clear(name); !set.ok()) return InFlag("clear", set);
  }
  if (const auto moment = arguments.Take("as_of"); moment.has_value()) {
    if (const absl::Status set = builder.SetAsOf(*moment); !set.ok()) return InFlag("as-of", set);
  }
  const FieldDescriptor* const wanted =
      FindField(*method.descriptor->input_type(), method.positional);
  const std::vector<std::string>& words = arguments.positional();
  for (size_t i = 0; i < words.size(); ++i) {
    if (wanted == nullptr || (i > 0 && !wanted->is_repeated())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", words[i], "\" is one word too many: a value stands behind its flag, and kith ",
          method.collection, " ", method.verb, " --help lists the flags"));
    }
    KITH_RETURN_IF_ERROR(builder.SetPath(method.positional, words[i]));
  }
  for (const Flag& flag : arguments.flags()) {
    for (const absl::string_view value : ValuesIn(flag)) {
      if (const absl::Status set = builder.SetFlag(flag.name, value); !set.ok()) {
        if (absl::StartsWith(set.message(), "unknown flag")) return set;
        return InFlag(flag.name, WithNotes(method, flag.name, set));
      }
    }
  }
  KITH_RETURN_IF_ERROR(builder.CheckWhatItIsAbout());
  return builder.Finish();
}

absl::Status SetAsOf(const Method& method, absl::string_view moment, Message* request) {
  if (method.read == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(method.collection, " ", method.verb, " is always about now"));
  }
  auto* read = google::protobuf::DynamicCastToGenerated<type::v1::ReadOptions>(
      request->GetReflection()->MutableMessage(request, method.read));
  if (absl::string_view number = moment; absl::ConsumePrefix(&number, "@")) {
    int64_t sequence = 0;
    if (!absl::SimpleAtoi(number, &sequence)) {
      return absl::InvalidArgumentError("after @ stands the number of an event, like @1234");
    }
    read->set_sequence(sequence);
    return absl::OkStatus();
  }
  const absl::Time now = absl::Now();
  const auto time = ParseMoment(moment, now, absl::LocalTimeZone());
  if (!time.ok()) {
    // A token has neither spaces nor colons, and is no word and no date.
    const bool may_be_token =
        moment.find_first_of(" :") == absl::string_view::npos &&
        !std::all_of(moment.begin(), moment.end(), [](char c) { return absl::ascii_islower(c); }) &&
        std::any_of(moment.begin(), moment.end(), [](char c) { return absl::ascii_isalpha(c); });
    if (!may_be_token) return time.status();
    read->set_token(std::string(moment));
    return absl::OkStatus();
  }
  if (FromTimestamp(*time) > now + absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", moment, "\" is yet to come"));
  }
  *read->mutable_time() = *time;
  return absl::OkStatus();
}

void SetRequestId(Message* request, absl::string_view id) {
  const FieldDescriptor* field = request->GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr) return;
  if (!request->GetReflection()->GetString(*request, field).empty()) return;
  request->GetReflection()->SetString(request, field, std::string(id));
}

}  // namespace kith::cli
