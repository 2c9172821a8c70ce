#include "services/runtime/resources/owned_records.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/core/field_of.h"
#include "services/core/owner_field.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/resources/not_known_yet.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// So many hidden records of a directory are looked past.
constexpr size_t kHiddenMax = 100;

// What is not known where a directory is behind.
constexpr absl::string_view kOwnership = "Whose the records are";

bool IsFoundBy(const projections::TableDeclaration& table, const std::string& field) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const auto& index) {
    return !index.current && index.names.front() == field;
  });
}

const FieldDescriptor* FieldOfType(const Descriptor& request, const Descriptor* type) {
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i)->message_type() == type) return request.field(i);
  }
  KITH_UNREACHABLE();
}

// When a record was won, done or cancelled; null where records of this type are never closed.
const FieldDescriptor* CloseTimeOf(const ResourceType& type) {
  return type.rules->resource->GetDescriptor()->FindFieldByName("close_time");
}

bool IsOpen(const ResourceType& type, const Message& resource) {
  const FieldDescriptor* const close_time = CloseTimeOf(type);
  return close_time == nullptr || !resource.GetReflection()->HasField(resource, close_time);
}

// Of a contact, so many open records are looked at, and under so many of its names.
constexpr int kOfContactMax = 100;
constexpr size_t kNamesMax = 50;

std::string TextIn(const Message& resource, const char* field) {
  return resource.GetReflection()->GetString(resource, FieldOf(*resource.GetDescriptor(), field));
}

absl::Time CreateTimeOf(const Message& resource) {
  const Message& time = resource.GetReflection()->GetMessage(
      resource, FieldOf(*resource.GetDescriptor(), "create_time"));
  return FromTimestamp(
      *google::protobuf::DynamicCastToGenerated<google::protobuf::Timestamp>(&time));
}

// Who has records, each by the first of them.
class FirstOwners {
 public:
  // `owner` may be a team's name, or nobody's.
  void Add(const std::string& owner, absl::Time since) {
    if (!absl::StartsWith(owner, "users/")) return;
    const auto [known, is_new] = since_.emplace(owner, since);
    if (!is_new) known->second = std::min(known->second, since);
  }
  std::vector<std::string> InOrder() const {
    std::vector<std::string> owners;
    for (const auto& [owner, since] : since_) owners.push_back(owner);
    std::stable_sort(owners.begin(), owners.end(),
                     [this](const auto& a, const auto& b) { return since_.at(a) < since_.at(b); });
    return owners;
  }

 private:
  std::map<std::string, absl::Time> since_;
};

}  // namespace

std::string OwnedRecords::Source::OwnerIn(const Message& resource) const {
  return resource.GetReflection()->GetString(resource, owner);
}

OwnedRecords::OwnedRecords(const std::vector<ResourceType>& types, const Runtime& runtime,
                           const MethodTable& methods)
    : log_(runtime.log), transact_(runtime.transact) {
  for (const ResourceType& type : types) {
    const Descriptor& resource = *type.rules->resource->GetDescriptor();
    const FieldDescriptor* const owner = OwnerFieldOf(resource);
    if (owner == nullptr) continue;
    KITH_CHECK(IsFoundBy(type.directory->table().declaration(), owner->name()));
    const UnaryMethod* const update =
        methods.FindUnary(absl::StrCat(type.service->full_name(), "/Update", resource.name()));
    KITH_CHECK(update != nullptr && update->handler() != nullptr);
    sources_.push_back({&type, owner, &runtime.views.Find(type.directory->name()), update,
                        Visibility(type).access(),
                        std::make_unique<const projections::MergedNames>(*type.rules->resource)});
  }
}

std::vector<std::string> OwnedRecords::Collections() const {
  std::vector<std::string> collections;
  for (const Source& source : sources_) collections.emplace_back(source.type->rules->category);
  return collections;
}

absl::StatusOr<OwnedRecords::Found> OwnedRecords::Find(
    Loader& load, absl::string_view owner,
    const google::protobuf::RepeatedPtrField<std::string>& collections, size_t limit) const {
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  Found found;
  for (const Source& source : sources_) {
    const std::string category(source.type->rules->category);
    if (!collections.empty() &&
        std::find(collections.begin(), collections.end(), category) == collections.end()) {
      continue;
    }
    const Position known = source.directory->position();
    // What is given to them after this is a conflict; what was before stands in what is read now.
    KITH_RETURN_IF_ERROR(load.StreamsTagged(OwnerPurpose(category), owner, known).status());
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> since, StreamsSince(load, known));
    for (const std::string& name : since) {
      if (eventstore::CategoryOf(name) != category) continue;
      KITH_RETURN_IF_ERROR(Add(source, load, name, owner, limit, found).status());
    }
    KITH_RETURN_IF_ERROR(FindListed(source, known, load, owner, limit, found));
  }
  return found;
}

absl::StatusOr<std::vector<std::string>> OwnedRecords::StreamsSince(const Loader& load,
                                                                    Position known) const {
  return runtime::StreamsSince(log_, load.workspace(), known, kOwnership);
}

absl::Status OwnedRecords::FindListed(const Source& source, Position known, Loader& load,
                                      absl::string_view owner, size_t limit, Found& found) const {
  const projections::ViewSnapshot snapshot = source.directory->At(known);
  const std::string filter = absl::StrCat(source.owner->name(), " = \"", owner, "\"");
  const FieldDescriptor* const name =
      FieldOf(*source.type->rules->resource->GetDescriptor(), "name");
  const std::unique_ptr<Message> row(source.type->rules->resource->New());
  std::string page_token;
  size_t hidden = 0;
  do {
    std::vector<std::string> names;
    KITH_ASSIGN_OR_RETURN(
        page_token,
        source.type->directory->table().List(
            snapshot, load.workspace(),
            {.filter = filter, .page_token = page_token, .page_size = static_cast<int>(limit)},
            [&](absl::string_view bytes) {
              if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
              names.push_back(row->GetReflection()->GetString(*row, name));
              return true;
            }));
    for (const std::string& listed : names) {
      KITH_ASSIGN_OR_RETURN(const bool is_seen, Add(source, load, listed, owner, limit, found));
      if (!is_seen && ++hidden == kHiddenMax) return absl::OkStatus();
    }
  } while (!page_token.empty() && found.names.size() < limit);
  return absl::OkStatus();
}

absl::StatusOr<bool> OwnedRecords::Add(const Source& source, Loader& load, const std::string& name,
                                       absl::string_view owner, size_t limit, Found& found) const {
  std::vector<std::string>& names = found.names;
  if (names.size() == limit || std::find(names.begin(), names.end(), name) != names.end()) {
    return true;
  }
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*source.type->aggregate, name));
  const ResourceNow now = source.type->now_of(state);
  if (now.lifecycle != Lifecycle::kActive || source.OwnerIn(*now.resource) != owner) {
    return true;
  }
  if (load.Hides(source.type->rules->category, state)) {
    found.are_some_hidden = true;
    return false;
  }
  names.push_back(name);
  return true;
}

const OwnedRecords::Source* OwnedRecords::SourceOf(absl::string_view record) const {
  const absl::string_view category = eventstore::CategoryOf(record);
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const Source& source) {
    return source.type->rules->category == category;
  });
  return found == sources_.end() ? nullptr : &*found;
}

absl::StatusOr<bool> OwnedRecords::Sees(const ReadContext& context, absl::string_view record,
                                        absl::string_view permission) const {
  const Source* const source = SourceOf(record);
  if (source == nullptr || !source->access.IsBounded(context.caller, permission)) return true;
  const bool is_past = context.as_of || !context.page_token.empty();
  if (!is_past) return SeesNow(context, record, permission);
  const Position position = context.view().position();
  if (source->directory->position() < position) {
    if (context.as_of) return NotKnownYet(kOwnership);
    // What the first page of now was as of, is the present.
    return SeesNow(context, record, permission);
  }
  const projections::ViewSnapshot snapshot = source->directory->At(position);
  std::string name(record);
  if (source->merged->any()) {
    KITH_ASSIGN_OR_RETURN(name, source->merged->SurvivorOf(snapshot, context.workspace(), record,
                                                           eventstore::ReadTier::kDisk));
  }
  const projections::ResourceDirectory& directory = *source->type->directory;
  for (const projections::TableCore* const table : {&directory.table(), directory.deleted()}) {
    if (table == nullptr) continue;
    KITH_ASSIGN_OR_RETURN(
        const std::optional<std::string> row,
        table->Get(snapshot, context.workspace(), name, eventstore::ReadTier::kDisk));
    if (!row.has_value()) continue;
    const std::unique_ptr<Message> then(source->type->rules->resource->New());
    if (!then->ParseFromString(*row)) return projections::MalformedRow();
    return source->access.MayRead(context.caller, *then, permission);
  }
  // It was not there yet, which is told to those who see it now.
  return SeesNow(context, record, permission);
}

absl::StatusOr<bool> OwnedRecords::SeesNow(const ReadContext& context, absl::string_view record,
                                           absl::string_view permission) const {
  KITH_ASSIGN_OR_RETURN(
      const eventstore::StreamHead head,
      context.log.HeadOf(context.workspace(), record, eventstore::ReadTier::kDisk));
  if (head.revision == Revision()) return false;
  return transact_.Sees(context.caller, record, permission);
}

absl::Status OwnedRecords::CheckMayGive(absl::string_view record,
                                        const CommandContext& context) const {
  const std::string& permission = SourceOf(record)->update->method().permission;
  if (context.grants == nullptr || context.grants->Contain(permission)) return absl::OkStatus();
  return NotGranted(*context.grants, context.user, permission);
}

Decision OwnedRecords::Give(Loader& load, absl::string_view record, const std::string& owner,
                            const CommandContext& context) const {
  const Source* const source = SourceOf(record);
  KITH_CHECK(source != nullptr);  // Find found it, or the caller asked
  KITH_RETURN_IF_ERROR(CheckMayGive(record, context));
  const Method& update = source->update->method();
  const Descriptor& type = *update.descriptor->input_type();
  const std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  const Descriptor& resource_type = *source->type->rules->resource->GetDescriptor();
  Message& resource =
      *request->GetReflection()->MutableMessage(request.get(), FieldOfType(type, &resource_type));
  resource.GetReflection()->SetString(&resource, FieldOf(resource_type, "name"),
                                      std::string(record));
  resource.GetReflection()->SetString(&resource, source->owner, owner);
  Message& mask = *request->GetReflection()->MutableMessage(
      request.get(), FieldOfType(type, google::protobuf::FieldMask::descriptor()));
  google::protobuf::DynamicCastToGenerated<google::protobuf::FieldMask>(&mask)->add_paths(
      source->owner->name());
  KITH_RETURN_IF_ERROR(update.Check(*request));
  return source->update->handler()->Decide(load, *request, context);
}

std::string OwnedRecords::OpenFilter(const Source& source, absl::string_view owner) {
  std::string filter = absl::StrCat(source.owner->name(), " = \"", owner, "\"");
  if (CloseTimeOf(*source.type) != nullptr) absl::StrAppend(&filter, " NOT close_time:*");
  return filter;
}

absl::StatusOr<int64_t> OwnedRecords::CountOpen(const projections::ViewSnapshot& snapshot,
                                                WorkspaceId workspace, absl::string_view collection,
                                                absl::string_view owner) const {
  const Source& source = *SourceOf(collection);
  const std::string filter = OpenFilter(source, owner);
  type::v1::SummaryOptions counted;
  counted.set_total_size(true);
  type::v1::ListSummary summary;
  KITH_RETURN_IF_ERROR(
      source.type->directory->table()
          .List(snapshot, workspace,
                {.filter = filter, .page_size = 1, .summarise = &counted, .summary = &summary},
                [](absl::string_view) { return true; })
          .status());
  return summary.total_size();
}

absl::StatusOr<std::vector<std::string>> OwnedRecords::NamesOfContact(
    const projections::ViewSnapshot& contacts, WorkspaceId workspace, const Message& record) const {
  const std::string contact = TextIn(record, "contact");
  if (contact.empty()) return std::vector<std::string>();
  KITH_ASSIGN_OR_RETURN(
      std::vector<std::string> names,
      SourceOf(contact)->merged->AllOf(contacts, workspace, contact, eventstore::ReadTier::kDisk));
  if (names.size() > kNamesMax) names.resize(kNamesMax);
  if (std::find(names.begin(), names.end(), contact) == names.end()) names.push_back(contact);
  return names;
}

absl::Status OwnedRecords::VisitOpen(const Source& source, const projections::ViewSnapshot& records,
                                     WorkspaceId workspace,
                                     const std::vector<std::string>& contacts,
                                     absl::FunctionRef<void(const Message&)> visit) {
  const std::string filter =
      absl::StrCat("contact in (\"", absl::StrJoin(contacts, "\", \""), "\") NOT close_time:*");
  const std::unique_ptr<Message> row(source.type->rules->resource->New());
  return source.type->directory->table()
      .List(records, workspace,
            {.filter = filter, .order_by = "create_time", .page_size = kOfContactMax},
            [&](absl::string_view bytes) {
              if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
              visit(*row);
              return true;
            })
      .status();
}

absl::StatusOr<std::vector<std::string>> OwnedRecords::OwnersOfContact(
    const projections::ViewSnapshot& records, const projections::ViewSnapshot& contacts,
    WorkspaceId workspace, const Message& record) const {
  const std::string name = TextIn(record, "name");
  const Source& source = *SourceOf(name);
  FirstOwners owners;
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        NamesOfContact(contacts, workspace, record));
  if (names.empty()) return owners.InOrder();
  KITH_RETURN_IF_ERROR(VisitOpen(source, records, workspace, names, [&](const Message& row) {
    if (TextIn(row, "name") != name) owners.Add(source.OwnerIn(row), CreateTimeOf(row));
  }));
  return owners.InOrder();
}

absl::StatusOr<std::vector<std::string>> OwnedRecords::OwnersOfContact(
    Loader& load, const Message& record) const {
  FirstOwners owners;
  const std::string contact = TextIn(record, "contact");
  if (contact.empty()) return owners.InOrder();
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  const std::string name = TextIn(record, "name");
  const Source& source = *SourceOf(name);
  const projections::View& of_contacts = *SourceOf(contact)->directory;
  KITH_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      NamesOfContact(of_contacts.At(of_contacts.position()), load.workspace(), record));
  const Position known = source.directory->position();
  KITH_ASSIGN_OR_RETURN(std::vector<std::string> found, StreamsSince(load, known));
  std::erase_if(found, [&](const std::string& stream) {
    return eventstore::CategoryOf(stream) != source.type->rules->category;
  });
  KITH_RETURN_IF_ERROR(
      VisitOpen(source, source.directory->At(known), load.workspace(), names,
                [&](const Message& row) { found.push_back(TextIn(row, "name")); }));
  for (const std::string& other : found) {
    if (other == name) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*source.type->aggregate, other));
    const ResourceNow now = source.type->now_of(state);
    if (now.lifecycle != Lifecycle::kActive || !IsOpen(*source.type, *now.resource)) continue;
    const bool is_theirs =
        std::find(names.begin(), names.end(), TextIn(*now.resource, "contact")) != names.end();
    if (is_theirs) owners.Add(source.OwnerIn(*now.resource), CreateTimeOf(*now.resource));
  }
  return owners.InOrder();
}

absl::StatusOr<std::vector<int64_t>> OwnedRecords::CountOpen(
    Loader& load, absl::string_view collection, absl::Span<const std::string> owners) const {
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  const Source& source = *SourceOf(collection);
  const Position known = source.directory->position();
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> since, StreamsSince(load, known));
  const projections::ViewSnapshot snapshot = source.directory->At(known);
  std::vector<int64_t> counts;
  for (const std::string& owner : owners) {
    KITH_ASSIGN_OR_RETURN(int64_t count, CountOpen(snapshot, load.workspace(), collection, owner));
    counts.push_back(count);
  }
  const auto count_at = [&](const std::string& owner) -> int64_t* {
    const auto found = std::find(owners.begin(), owners.end(), owner);
    return found == owners.end() ? nullptr : &counts[static_cast<size_t>(found - owners.begin())];
  };
  const std::unique_ptr<Message> row(source.type->rules->resource->New());
  for (const std::string& name : since) {
    if (eventstore::CategoryOf(name) != source.type->rules->category) continue;
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                          source.type->directory->table().Get(snapshot, load.workspace(), name,
                                                              eventstore::ReadTier::kDisk));
    if (bytes.has_value() && !row->ParseFromString(*bytes)) return projections::MalformedRow();
    int64_t* const before =
        bytes.has_value() && IsOpen(*source.type, *row) ? count_at(source.OwnerIn(*row)) : nullptr;
    if (before != nullptr) --*before;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadItself(*source.type->aggregate, name));
    const ResourceNow now = source.type->now_of(state);
    int64_t* const after =
        now.lifecycle == Lifecycle::kActive && IsOpen(*source.type, *now.resource)
            ? count_at(source.OwnerIn(*now.resource))
            : nullptr;
    if (after != nullptr) ++*after;
  }
  return counts;
}

}  // namespace kith::runtime
