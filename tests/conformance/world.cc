#include "tests/conformance/world.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/custom_maps.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/core/update_mask.h"

namespace kith::testing {

using google::protobuf::FieldMask;
using google::protobuf::Reflection;
using workspaces::v1::WorkspacesService;

namespace {

constexpr size_t kMaxBytes = 1'024;

std::string InitialMetadata(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

void SetMoment(Message& request, const Moment& moment) {
  if (moment.empty()) return;
  KITH_CHECK(google::protobuf::TextFormat::ParseFromString(moment, &MutableIn(request, "read")));
}

// "status=2": the value of an enum.
std::string ValueIn(const Message& message, const FieldDescriptor& field) {
  return absl::StrCat(field.name(), "=", message.GetReflection()->GetEnumValue(message, &field));
}

// "trigger.schedule" of "trigger.schedule.start_date", where that part of the message is set; empty
// where the path says no part of one.
std::string PartIn(const Message& resource, const std::string& path) {
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  const auto* const field = resource.GetDescriptor()->FindFieldByName(names[0]);
  if (names.size() < 2 || field == nullptr || field->is_repeated() ||
      field->message_type() == nullptr ||
      field->message_type()->FindFieldByName(names[1]) == nullptr) {
    return "";
  }
  return IsSet(resource.GetReflection()->GetMessage(resource, field), names[1])
             ? absl::StrCat(names[0], ".", names[1])
             : "";
}

bool IsOurs(const Descriptor& type) { return absl::StartsWith(type.full_name(), "kith."); }

// A time, a length of time, a day or an amount; false where it is none of these.
bool FillWellKnown(Message& message, int number) {
  if (auto* time =
          google::protobuf::DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
    time->set_seconds(1'700'000'000 + number * 86'400);
  } else if (auto* span =
                 google::protobuf::DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
    span->set_seconds(number + 1);
  } else if (auto* date = google::protobuf::DynamicCastToGenerated<google::type::Date>(&message)) {
    date->set_year(2090);  // no sample begins later
    date->set_month(1 + number % 12);
    date->set_day(1 + number % 28);
  } else if (auto* money =
                 google::protobuf::DynamicCastToGenerated<google::type::Money>(&message)) {
    money->set_currency_code("EUR");
    money->set_units(number + 1);
  } else {
    return false;
  }
  return true;
}

}  // namespace

// What follows by itself from what a method does is none of what it promises.
World::World(const Kind& kind)
    : server(nullptr, [](runtime::ServerOptions& options) { options.policies.run = false; }),
      kind(kind) {}

Answer World::CallWith(const std::string& secret, const MethodDescriptor& method,
                       const Message& request) {
  using google::protobuf::MessageLite;
  const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                      server.channel());
  grpc::ClientContext context;
  if (!secret.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
  Answer answer;
  answer.response = NewMessage(*method.output_type());
  answer.status = grpc::internal::BlockingUnaryCall<MessageLite, MessageLite>(
      server.channel().get(), rpc, &context, request, answer.response.get());
  answer.error.ParseFromString(answer.status.error_details());
  answer.token = InitialMetadata(context, "kith-token");
  answer.sequence = answer.token.substr(0, answer.token.find('.'));
  return answer;
}

MessagePtr World::Creating(const Message& resource, const std::string& request_id) const {
  MessagePtr request = NewMessage(*kind.create->input_type());
  MutableIn(*request, FieldOfType(*request->GetDescriptor(), *kind.resource)->name())
      .CopyFrom(resource);
  if (!request_id.empty()) SetText(*request, "request_id", request_id);
  return request;
}

MessagePtr World::Updating(const Message& resource, const std::vector<std::string>& mask,
                           const std::string& request_id) const {
  MessagePtr request = NewMessage(*kind.update->input_type());
  MutableIn(*request, FieldOfType(*request->GetDescriptor(), *kind.resource)->name())
      .CopyFrom(resource);
  auto& sent = static_cast<FieldMask&>(MutableIn(*request, "update_mask"));
  for (const std::string& path : mask) sent.add_paths(path);
  if (mask.empty()) ClearField(*request, "update_mask");
  if (!request_id.empty()) SetText(*request, "request_id", request_id);
  return request;
}

MessagePtr World::Naming(const MethodDescriptor& method, const std::string& name,
                         const Moment& moment) const {
  MessagePtr request = NewMessage(*method.input_type());
  SetText(*request, "name", name);
  SetMoment(*request, moment);
  return request;
}

MessagePtr World::Batching(const MethodDescriptor& method, const std::vector<MessagePtr>& requests,
                           bool partial, const std::string& request_id) const {
  MessagePtr batch = NewMessage(*method.input_type());
  for (const MessagePtr& request : requests) AddRow(*batch, "requests").CopyFrom(*request);
  SetFlag(*batch, "return_partial_success", partial);
  SetText(*batch, "request_id", request_id);
  return batch;
}

Answer World::Create(const Message& resource, const std::string& request_id) {
  return Call(*kind.create, *Creating(resource, request_id));
}

Answer World::Get(const std::string& name, const Moment& moment) {
  return Call(*kind.get, *Naming(*kind.get, name, moment));
}

Answer World::Update(const Message& resource, const std::vector<std::string>& mask,
                     const std::string& request_id) {
  return Call(*kind.update, *Updating(resource, mask, request_id));
}

Answer World::Delete(const std::string& name, const std::string& etag,
                     const std::string& request_id) {
  const MessagePtr request = Naming(*kind.remove, name);
  SetText(*request, "etag", etag);
  SetText(*request, "request_id", request_id);
  return Call(*kind.remove, *request);
}

Answer World::Undelete(const std::string& name, const std::string& etag,
                       const std::string& request_id) {
  const MessagePtr request = Naming(*kind.undelete, name);
  SetText(*request, "etag", etag);
  SetText(*request, "request_id", request_id);
  return Call(*kind.undelete, *request);
}

std::vector<std::string> World::Names(const MethodDescriptor& list, int page_size,
                                      const Moment& moment) {
  std::vector<std::string> names;
  const MessagePtr request = NewMessage(*list.input_type());
  SetNumber(*request, "page_size", page_size);
  SetMoment(*request, moment);
  const std::string rows = FieldOfType(*list.output_type(), *kind.resource)->name();
  do {
    const Answer page = Call(list, *request);
    EXPECT_EQ(page.reason(), "");
    EXPECT_LE(RowsOf(*page.response, rows).size(), static_cast<size_t>(page_size));
    for (const Message* const row : RowsOf(*page.response, rows)) {
      names.push_back(TextOf(*row, "name"));
    }
    SetText(*request, "page_token", TextOf(*page.response, "next_page_token"));
  } while (!TextOf(*request, "page_token").empty());
  return names;
}

MessagePtr World::Sample(int number) {
  return SampleOf(kind, number, Unfit(kind), /*with_links=*/true);
}

MessagePtr World::Unlinked(int number) {
  return SampleOf(kind, number, Unfit(kind), /*with_links=*/false);
}

MessagePtr World::Made(int number) {
  const Answer made = Create(*Sample(number));
  EXPECT_EQ(made.reason(), "");
  return made.response;
}

std::string World::Bytes(const Message& resource) const {
  const MessagePtr told = CopyOf(resource);
  for (const FieldDescriptor* const field : kind.type->rules->told_by_reads) {
    if (resource.GetDescriptor() == kind.resource) ClearField(*told, field->name());
  }
  return told->SerializeAsString();
}

std::string World::BytesAs(const Message& read, const Message& told) const {
  const MessagePtr known = CopyOf(read);
  for (int i = 0; i < kind.resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind.resource->field(i);
    const bool is_standard = field.name() == "name" || field.name() == "erased" ||
                             field.name() == "create_time" || field.name() == "update_time" ||
                             field.name() == "delete_time";
    if (RulesOf(field).output_only() && !is_standard && !IsSet(told, field.name())) {
      ClearField(*known, field.name());
    }
  }
  return Bytes(*known);
}

std::vector<const FieldDescriptor*> World::Changeable(const Message& sample) const {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < kind.resource->field_count(); ++i) {
    const FieldDescriptor* const field = kind.resource->field(i);
    const auto& rules = RulesOf(*field);
    if (rules.output_only() || rules.immutable() || field->name() == "etag") continue;
    if (IsSet(sample, field->name())) fields.push_back(field);
  }
  return fields;
}

std::string World::KeyGranting(const std::vector<std::string>& permissions) {
  workspaces::v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("another");
  for (const std::string& each : permissions) request.mutable_api_key()->add_permissions(each);
  const auto created = server.Call(&WorkspacesService::Stub::CreateApiKey, request);
  EXPECT_EQ(created.reason(), "");
  return created->secret();
}

std::string World::KeyOfAnotherWorkspace() {
  workspaces::v1::CreateWorkspaceRequest request;
  request.mutable_workspace()->set_display_name("another");
  const auto created = server.Call(&WorkspacesService::Stub::CreateWorkspace, request);
  EXPECT_EQ(created.reason(), "");
  return created->secret();
}

// Found by trying: what is refused as a field, or as a part of one, is left out of the next try.
// What a resource cannot be without stays, so that a resource that none can be made of fails its
// tests.
const std::set<std::string>& World::Unfit(const Kind& kind) {
  static auto& known = *new std::map<const Kind*, std::set<std::string>>;
  const auto [entry, is_new] = known.try_emplace(&kind);
  std::set<std::string>& unfit = entry->second;
  if (!is_new) return unfit;
  // What commands do not tell cannot be compared with what was sent.
  for (const FieldDescriptor* const field : kind.type->rules->told_by_reads) {
    unfit.insert(field->name());
  }
  World scratch(kind);
  constexpr int kTried = 16;  // with a new record for each link for the first ones only
  const std::string called = FieldOfType(*kind.create->input_type(), *kind.resource)->name();
  // Those without links first: what a kind links may be of the kind, and is made of what is fit.
  for (int number = kTried - 1; number >= 0; --number) {
    for (bool refused = true; refused;) {
      const MessagePtr sample = scratch.SampleOf(kind, number, unfit, /*with_links=*/number < 4);
      const Answer made = scratch.CreateOf(kind, *sample);
      refused = false;
      for (const std::string& path : made.fields()) {
        if (!absl::StartsWith(path, absl::StrCat(called, "."))) continue;
        const std::string rest = path.substr(called.size() + 1);
        const std::string field = rest.substr(0, rest.find_first_of(".["));
        const FieldDescriptor& known = FieldOf(*kind.resource, field);
        if (RulesOf(known).required()) continue;
        if (const std::string part = PartIn(*sample, rest); !part.empty()) {
          refused |= unfit.insert(part).second;
        } else if (known.enum_type() != nullptr && !known.is_repeated()) {
          refused |= unfit.insert(ValueIn(*sample, known)).second;
        } else {
          refused |= unfit.insert(field).second;
        }
      }
    }
  }
  return unfit;
}

Answer World::CreateOf(const Kind& other, const Message& resource) {
  const MessagePtr request = NewMessage(*other.create->input_type());
  MutableIn(*request, FieldOfType(*request->GetDescriptor(), *other.resource)->name())
      .CopyFrom(resource);
  return Call(*other.create, *request);
}

MessagePtr World::SampleOf(const Kind& other, int number, const std::set<std::string>& without,
                           bool with_links) {
  MessagePtr sample = NewMessage(*other.resource);
  Fill(*sample, number, with_links);
  // As its own rules would have it: what follows from other fields.
  SetText(*sample, "name", other.Nobody());
  other.type->rules->complete(*other.type->rules->resource, Settings(), *sample);
  ClearOutputOnly(sample.get());
  for (int i = 0; i < other.resource->field_count(); ++i) {
    const FieldDescriptor& field = *other.resource->field(i);
    if (without.contains(field.name())) ClearField(*sample, field.name());
    const bool is_message = field.message_type() != nullptr && !field.is_repeated();
    for (int j = 0; is_message && j < field.message_type()->field_count(); ++j) {
      const std::string& part = field.message_type()->field(j)->name();
      if (!without.contains(absl::StrCat(field.name(), ".", part))) continue;
      if (IsSet(*sample, field.name())) ClearField(MutableIn(*sample, field.name()), part);
    }
    if (field.enum_type() == nullptr || field.is_repeated()) continue;
    for (int value = 1; without.contains(ValueIn(*sample, field)); ++value) {
      sample->GetReflection()->SetEnumValue(sample.get(), &field,
                                            field.enum_type()->value(value)->number());
    }
  }
  return sample;
}

void World::Fill(Message& message, int number, bool with_links) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (RulesOf(field).output_only() || field.name() == "etag" || field.is_map()) continue;
    const auto* const oneof = field.real_containing_oneof();
    if (oneof != nullptr && oneof->field(number % oneof->field_count()) != &field) continue;
    // Elements that are told apart by an enum of theirs come in each of its values.
    const FieldDescriptor* apart = nullptr;
    for (int j = 0; field.is_repeated() && field.message_type() != nullptr &&
                    j < field.message_type()->field_count();
         ++j) {
      const FieldDescriptor* const within = field.message_type()->field(j);
      const bool is_one = within->enum_type() != nullptr && !within->is_repeated();
      if (is_one && RulesOf(field).required()) apart = within;
    }
    if (apart == nullptr) {
      FillOne(message, field, number, with_links);
      continue;
    }
    for (int value = 1; value < apart->enum_type()->value_count(); ++value) {
      Message& element = *message.GetReflection()->AddMessage(&message, &field);
      Fill(element, number * apart->enum_type()->value_count() + value, with_links);
      element.GetReflection()->SetEnumValue(&element, apart,
                                            apart->enum_type()->value(value)->number());
    }
  }
}

void World::FillOne(Message& message, const FieldDescriptor& field, int number, bool with_links) {
  const Reflection& reflection = *message.GetReflection();
  const auto& rules = RulesOf(field);
  const bool many = field.is_repeated();
  const int64_t span = rules.max() - rules.min();
  const int64_t count = span > 0 ? rules.min() + (1 + number) % (span + 1) : number + 1;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = Text(field, number);
      if (rules.resource_size() > 0) {
        text = with_links || rules.required() ? Linked(rules, number) : "";
      }
      if (text.empty()) return;
      if (many) return reflection.AddString(&message, &field, text);
      return reflection.SetString(&message, &field, text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message& within = many ? *reflection.AddMessage(&message, &field)
                             : *reflection.MutableMessage(&message, &field);
      if (FillWellKnown(within, number)) return;
      if (IsOurs(*within.GetDescriptor())) {
        Fill(within, number, with_links);
        // One that needs a record which cannot be made up is none.
        for (int i = 0; i < within.GetDescriptor()->field_count(); ++i) {
          const FieldDescriptor& needed = *within.GetDescriptor()->field(i);
          if (!RulesOf(needed).required() || IsSet(within, needed.name())) continue;
          return many ? reflection.RemoveLast(&message, &field)
                      : reflection.ClearField(&message, &field);
        }
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto& type = *field.enum_type();
      const int value = type.value(1 + number % (type.value_count() - 1))->number();
      if (many) return reflection.AddEnumValue(&message, &field, value);
      return reflection.SetEnumValue(&message, &field, value);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!many) reflection.SetBool(&message, &field, number % 2 == 0);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!many) reflection.SetInt32(&message, &field, static_cast<int32_t>(count));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!many) reflection.SetInt64(&message, &field, count);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (!many) reflection.SetUInt32(&message, &field, static_cast<uint32_t>(count));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      if (!many) reflection.SetUInt64(&message, &field, static_cast<uint64_t>(count));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!many) reflection.SetDouble(&message, &field, number + 0.5);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (!many) reflection.SetFloat(&message, &field, static_cast<float>(number) + 0.5F);
      return;
  }
}

const std::vector<std::string>& World::Permissions() {
  static const auto& permissions =
      *new std::vector<std::string>{"contacts.read", "deals.*", "*.read", "interactions.write"};
  return permissions;
}

std::string World::Text(const FieldDescriptor& field, int number) const {
  const auto one_of = [number](std::initializer_list<const char*> values) {
    return std::string(values.begin()[static_cast<size_t>(number) % values.size()]);
  };
  const auto& rules = RulesOf(field);
  switch (rules.format()) {
    case options::v1::FORMAT_EMAIL:
      return absl::StrCat("number", number, "@example.org");
    case options::v1::FORMAT_PHONE:
      return absl::StrCat("+49 30 90", 1'000 + number);
    case options::v1::FORMAT_CURRENCY:
      return one_of({"EUR", "USD", "CHF"});
    case options::v1::FORMAT_RESOURCE_ID:
      return absl::StrCat("id-", number);
    case options::v1::FORMAT_COUNTRY:
      return one_of({"DE", "FR", "GB", "PL"});
    case options::v1::FORMAT_URL:
      return absl::StrCat("https://example.org/", number);
    case options::v1::FORMAT_LANGUAGE:
      return one_of({"de", "fr", "en-GB", "pl"});
    case options::v1::FORMAT_TIME_ZONE:
      return one_of({"Europe/Berlin", "Asia/Tokyo", "America/Lima", "UTC"});
    // One that has what FORMAT_ORDER_BY asks of.
    case options::v1::FORMAT_COLLECTION: {
      const std::vector<const Kind*> listed = KindsThat([](const Kind& kind) {
        return kind.list != nullptr && kind.resource->FindFieldByName("display_name") != nullptr;
      });
      return std::string(
          listed[static_cast<size_t>(number) % listed.size()]->type->rules->category);
    }
    // What goes with every flag, which is set in even ones.
    case options::v1::FORMAT_CUSTOMISABLE: {
      const std::vector<const Kind*> customisable = KindsThat([number](const Kind& kind) {
        const auto maps = CustomMapsOf(*kind.resource);
        return !maps.empty() && (number % 2 == 1 || RulesOf(*maps.back()).personal());
      });
      return std::string(
          customisable[static_cast<size_t>(number) % customisable.size()]->type->rules->category);
    }
    case options::v1::FORMAT_KEY:
      return absl::StrCat("key", number);
    case options::v1::FORMAT_RECURRENCE:
      return one_of({"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;COUNT=12"});
    case options::v1::FORMAT_TIME_OF_DAY:
      return absl::StrContains(field.name(), "end") ? one_of({"17:00", "24:00"})
                                                    : one_of({"00:00", "08:30"});
    case options::v1::FORMAT_FIELD:
      return one_of({"name", "create_time", "etag", "update_time"});
    case options::v1::FORMAT_FILTER:
      // Of whatever has a name, and another one with another number.
      return absl::StrJoin(std::vector<std::string>(number % 20 + 1, "name:*"), " OR ");
    case options::v1::FORMAT_ORDER_BY:
      return one_of({"display_name", "display_name desc"});
    case options::v1::FORMAT_DOMAIN:
      return absl::StrCat("number", number, ".org");
    case options::v1::FORMAT_PERMISSION:
      return Permissions()[static_cast<size_t>(number) % Permissions().size()];
    default:
      break;
  }
  if (field.name() == "color") return one_of({"#1F6FEB", "#d29922"});
  const size_t most = rules.max_bytes() > 0 ? rules.max_bytes() : kMaxBytes;
  return absl::StrCat(number, " ", field.name(), " of many").substr(0, most);
}

std::string World::Linked(const options::v1::FieldRules& rules, int number) {
  for (const std::string& pattern : rules.resource()) {
    const Kind* const other = KindOf(pattern);
    if (other == nullptr || other->create == nullptr) continue;
    // Apart from those that the tests make themselves.
    constexpr int kFirst = 1'000;
    // Of some there may be few: those who link one share them.
    constexpr int kFew = 5;
    if (!other->type->rules->within.purpose.empty()) number %= kFew;
    std::string& name = linked_[{other, number}];
    if (!name.empty()) return name;
    const Answer made =
        CreateOf(*other, *SampleOf(*other, kFirst + number, Unfit(*other), /*with_links=*/false));
    EXPECT_EQ(made.reason(), "") << other->resource->name();
    name = made.ok() ? TextOf(*made.response, "name") : "";
    return name;
  }
  return "";
}

}  // namespace kith::testing
