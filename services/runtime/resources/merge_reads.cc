#include "services/runtime/resources/merge_reads.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/merge.pb.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/page_limits.h"
#include "projections/tables/page_token.h"
#include "services/core/field_of.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/resources/merge_request.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// PreviewMerge<Plural>.
class MergePreview {
 public:
  MergePreview(const ResourceType& type, const Descriptor& request, const Descriptor& reply,
               std::shared_ptr<const ServerFacts> facts)
      : type_(type),
        facts_(std::move(facts)),
        visibility_(type),
        names_(*type.rules->resource),
        fields_(request),
        taken_(FieldOf(reply, "taken")) {
    for (int i = 0; i < reply.field_count(); ++i) {
      if (reply.field(i)->message_type() == type.rules->resource->GetDescriptor()) {
        made_ = reply.field(i);
      }
    }
    KITH_CHECK(made_ != nullptr && taken_->message_type() == type::v1::MergedField::descriptor());
  }

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const ResourceRules& rules = *type_.rules;
    std::vector<std::unique_ptr<Message>> rows;
    const auto find = [&](const std::string& name) -> absl::StatusOr<const Message*> {
      KITH_ASSIGN_OR_RETURN(
          const std::string meant,
          names_.SurvivorOf(context.view(), context.workspace(), name, context.tier));
      KITH_ASSIGN_OR_RETURN(
          const std::optional<std::string> bytes,
          type_.directory->table().Get(context.view(), context.workspace(), meant, context.tier));
      if (!bytes.has_value()) return static_cast<const Message*>(nullptr);
      rows.emplace_back(rules.resource->New());
      if (!rows.back()->ParseFromString(*bytes)) return projections::MalformedRow();
      const Message* const row = rows.back().get();
      return visibility_.Hides(context.caller, *row) ? nullptr : row;
    };
    KITH_ASSIGN_OR_RETURN(const Merged merged, FindMerged(rules, fields_, request, find));
    KITH_ASSIGN_OR_RETURN(const auto choices, ChoicesOf(rules, fields_, request, merged));
    KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
    KITH_ASSIGN_OR_RETURN(const MergeSteps all, MergeAll(rules, *settings, merged, choices));
    const Message& after = all.steps.empty() ? *merged.records.front() : *all.steps.back().after;
    KITH_RETURN_IF_ERROR(rules.check(after, ClaimValues(rules.claims, after), *facts_));
    const auto& answer = *response->GetReflection();
    Message& made = *answer.MutableMessage(response, made_);
    made.CopyFrom(after);
    const FieldDescriptor* const names = FieldOf(*made.GetDescriptor(), "merged");
    for (const size_t at : all.of) made.GetReflection()->AddString(&made, names, merged.names[at]);
    for (size_t i = 0; i < all.steps.size(); ++i) {
      for (const std::string& path : all.steps[i].changed.paths()) {
        // Who brings a record of their own would be told what the other has.
        if (IsMasked(context.caller, *FieldPathOf(*made.GetDescriptor(), path).field)) continue;
        auto& told = static_cast<type::v1::MergedField&>(*answer.AddMessage(response, taken_));
        told.set_field(path);
        told.set_source(merged.names[all.of[i]]);
      }
    }
    return absl::OkStatus();
  }

 private:
  const ResourceType& type_;
  const std::shared_ptr<const ServerFacts> facts_;
  const Visibility visibility_;
  const projections::MergedNames names_;
  const MergeFields fields_;
  const FieldDescriptor* made_ = nullptr;
  const FieldDescriptor* const taken_;
};

// What two that are alike are found by, and how they are ranked.
class Likenesses {
 public:
  // Of one record so many are found.
  static constexpr int kDuplicatesMax = 50;

  struct Found {
    std::unique_ptr<Message> record;
    std::vector<int> reasons;
  };

  explicit Likenesses(const ResourceType& type) : type_(type), visibility_(type) {}

  const ResourceType& type() const { return type_; }
  const Visibility& visibility() const { return visibility_; }

  // Those that the caller sees and that are like the record, in no order. `are_more`: some of them
  // were not looked at.
  absl::StatusOr<std::vector<Found>> Find(const ReadContext& context, const Message& record,
                                          bool& are_more) const {
    std::vector<Found> all;
    for (const Likeness& likeness : type_.rules->merge->likenesses(record)) {
      KITH_RETURN_IF_ERROR(AddAlike(context, likeness, ResourceNameOf(record), all, are_more));
    }
    return all;
  }

  // How much it says, and since when.
  static bool IsBetter(const Message& a, const Message& b) {
    const auto fields_of = [](const Message& record) {
      std::vector<const FieldDescriptor*> set;
      record.GetReflection()->ListFields(record, &set);
      return set.size();
    };
    const size_t of_a = fields_of(a);
    const size_t of_b = fields_of(b);
    // Ids are drawn in the order of time.
    return of_a != of_b ? of_a > of_b : ResourceNameOf(a) < ResourceNameOf(b);
  }

 private:
  absl::Status AddAlike(const ReadContext& context, const Likeness& likeness,
                        const std::string& name, std::vector<Found>& all, bool& are_more) const {
    using projections::Expression;
    Expression alike{Expression::Kind::kAll, {}, {}};
    for (const auto& [field, value] : likeness.fields) {
      Expression one{Expression::Kind::kComparison, {}, {}};
      one.comparison.field = field;
      one.comparison.literal = value;
      alike.parts.push_back(std::move(one));
    }
    const std::string filter = projections::FilterText(alike);
    const std::optional<Expression> within = visibility_.Within(context.caller);
    std::vector<std::unique_ptr<Message>> rows;
    const auto add = [&]() -> Message* {
      rows.emplace_back(type_.rules->resource->New());
      return rows.back().get();
    };
    projections::ListQuery query;
    query.filter = filter;
    query.page_size = kDuplicatesMax;
    query.within = within.has_value() ? &*within : nullptr;
    // The page token of the request is of another list.
    ReadContext first_page = context;
    first_page.page_token = "";
    KITH_ASSIGN_OR_RETURN(const std::string more,
                          ListRows(first_page, type_.directory->table(), query, add));
    are_more = are_more || !more.empty();
    for (std::unique_ptr<Message>& row : rows) {
      const std::string found = ResourceNameOf(*row);
      if (found == name) continue;
      auto known = std::find_if(all.begin(), all.end(), [&](const Found& each) {
        return ResourceNameOf(*each.record) == found;
      });
      if (known == all.end()) {
        all.push_back({std::move(row), {}});
        known = all.end() - 1;
      }
      AddReason(likeness.reason, known->reasons);
    }
    return absl::OkStatus();
  }

  static void AddReason(int reason, std::vector<int>& reasons) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(reason);
    }
  }

  const ResourceType& type_;
  const Visibility visibility_;
};

// The field of the message that is one of these records, or several.
const FieldDescriptor* RecordIn(const Descriptor& message, const ResourceType& type) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* const field = message.field(i);
    if (field->message_type() == type.rules->resource->GetDescriptor()) return field;
  }
  KITH_UNREACHABLE();
}

// Find<Resource>Duplicates.
class DuplicateFinder {
 public:
  DuplicateFinder(const ResourceType& type, const Descriptor& request, const Descriptor& reply)
      : type_(type),
        likenesses_(type),
        names_(*type.rules->resource),
        name_(FieldOf(request, "name")),
        duplicates_(FieldOf(reply, "duplicates")),
        are_more_(FieldOf(reply, "are_more")),
        reasons_(FieldOf(*duplicates_->message_type(), "reasons")),
        record_(RecordIn(*duplicates_->message_type(), type)) {}

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    const std::string asked = request.GetReflection()->GetString(request, name_);
    KITH_ASSIGN_OR_RETURN(
        const std::string name,
        names_.SurvivorOf(context.view(), context.workspace(), asked, context.tier));
    KITH_ASSIGN_OR_RETURN(
        const std::optional<std::string> bytes,
        type_.directory->table().Get(context.view(), context.workspace(), name, context.tier));
    const std::unique_ptr<Message> record(type_.rules->resource->New());
    if (bytes.has_value() && !record->ParseFromString(*bytes)) return projections::MalformedRow();
    if (!bytes.has_value() || likenesses_.visibility().Hides(context.caller, *record)) {
      return ResourceNotFound(*type_.rules, asked);
    }
    bool are_more = false;
    KITH_ASSIGN_OR_RETURN(std::vector<Likenesses::Found> all,
                          likenesses_.Find(context, *record, are_more));
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return Likenesses::IsBetter(*a.record, *b.record);
    });
    const auto& answer = *response->GetReflection();
    for (const Likenesses::Found& each : all) {
      if (answer.FieldSize(*response, duplicates_) == Likenesses::kDuplicatesMax) {
        are_more = true;
        break;
      }
      Message& told = *answer.AddMessage(response, duplicates_);
      const auto& reflection = *told.GetReflection();
      reflection.MutableMessage(&told, record_)->CopyFrom(*each.record);
      for (const int reason : each.reasons) reflection.AddEnumValue(&told, reasons_, reason);
    }
    answer.SetBool(response, are_more_, are_more);
    return absl::OkStatus();
  }

 private:
  const ResourceType& type_;
  const Likenesses likenesses_;
  const projections::MergedNames names_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const duplicates_;
  const FieldDescriptor* const are_more_;
  const FieldDescriptor* const reasons_;
  const FieldDescriptor* const record_;
};

// List<Resource>Duplicates: goes through the records by name, and finds of each the later ones.
class DuplicateLister {
 public:
  DuplicateLister(const ResourceType& type, const Descriptor& request, const Descriptor& reply)
      : type_(type),
        likenesses_(type),
        page_size_(FieldOf(request, "page_size")),
        groups_(FieldOf(reply, "groups")),
        next_page_token_(FieldOf(reply, "next_page_token")),
        reasons_(FieldOf(*groups_->message_type(), "reasons")),
        records_(RecordIn(*groups_->message_type(), type)) {}

  absl::Status Run(const ReadContext& context, const Message& request, Message* response) const {
    KITH_ASSIGN_OR_RETURN(
        const size_t page_size,
        projections::PageSizeOf(request.GetReflection()->GetInt32(request, page_size_)));
    const uint64_t digest = projections::QueryDigest({groups_->message_type()->full_name()});
    projections::KeyRange range = projections::KeyRange::Prefix("");
    if (!context.page_token.empty()) {
      KITH_ASSIGN_OR_RETURN(const projections::PageToken token,
                            projections::DecodePageToken(context.page_token));
      if (token.query != digest) {
        return projections::InvalidPageToken("The page token is of another query.");
      }
      range.from = token.resume_key + '\0';
    }
    projections::PageRoom room(page_size);
    const std::unique_ptr<Message> row(type_.rules->resource->New());
    std::string last;  // that was looked at
    bool are_more = false;
    int looked_at = 0;
    absl::Status failed;
    KITH_RETURN_IF_ERROR(
        type_.directory->table().Scan(context.view(), context.workspace(), range, *row, [&] {
          are_more = looked_at == kRecordsMax;
          if (are_more) return false;
          const absl::StatusOr<bool> is_told = Tell(context, *row, room, response);
          failed = is_told.status();
          are_more = failed.ok() && !*is_told;
          if (!failed.ok() || are_more) return false;
          last = ResourceNameOf(*row);
          ++looked_at;
          return true;
        }));
    KITH_RETURN_IF_ERROR(failed);
    if (!are_more) return absl::OkStatus();
    response->GetReflection()->SetString(
        response, next_page_token_,
        projections::EncodePageToken({context.view().position(), digest, 0, last, std::nullopt}));
    return absl::OkStatus();
  }

 private:
  // Of so many records a page looks at no further one.
  static constexpr int kRecordsMax = 1'000;

  // The group that begins with this record, where one does. False: it has no room on the page.
  absl::StatusOr<bool> Tell(const ReadContext& context, const Message& record,
                            projections::PageRoom& room, Message* response) const {
    const std::string name = ResourceNameOf(record);
    if (likenesses_.visibility().Hides(context.caller, record)) return true;
    if (context.keys.IsDestroyed(context.workspace(), name)) return true;
    bool are_more = false;
    KITH_ASSIGN_OR_RETURN(std::vector<Likenesses::Found> all,
                          likenesses_.Find(context, record, are_more));
    std::erase_if(all, [&](const auto& each) { return ResourceNameOf(*each.record) < name; });
    if (all.empty()) return true;
    std::vector<int> reasons;
    std::vector<const Message*> group = {&record};
    for (const Likenesses::Found& each : all) {
      if (group.size() < Likenesses::kDuplicatesMax) group.push_back(each.record.get());
      reasons.insert(reasons.end(), each.reasons.begin(), each.reasons.end());
    }
    std::sort(reasons.begin(), reasons.end());
    reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
    std::stable_sort(group.begin(), group.end(), [](const Message* a, const Message* b) {
      return Likenesses::IsBetter(*a, *b);
    });
    size_t bytes = 0;
    for (const Message* const each : group) bytes += each->ByteSizeLong();
    if (!room.Take(bytes)) return false;
    Message& told = *response->GetReflection()->AddMessage(response, groups_);
    const auto& reflection = *told.GetReflection();
    for (const Message* const each : group) reflection.AddMessage(&told, records_)->CopyFrom(*each);
    for (const int reason : reasons) reflection.AddEnumValue(&told, reasons_, reason);
    return true;
  }

  const ResourceType& type_;
  const Likenesses likenesses_;
  const FieldDescriptor* const page_size_;
  const FieldDescriptor* const groups_;
  const FieldDescriptor* const next_page_token_;
  const FieldDescriptor* const reasons_;
  const FieldDescriptor* const records_;
};

}  // namespace

bool BindMergeRead(const ResourceType& type, const MethodDescriptor& method,
                   std::shared_ptr<const ServerFacts> facts, MethodTable& methods) {
  const Descriptor& request = *method.input_type();
  const std::string& one = type.rules->resource->GetDescriptor()->name();
  const Method& compiled = MethodTaking(&request);
  if (absl::StartsWith(method.name(), "PreviewMerge")) {
    const auto preview = std::make_shared<const MergePreview>(type, request, *method.output_type(),
                                                              std::move(facts));
    methods.Read(compiled, type.directory->name(), ReadKind::kScan,
                 [preview](const ReadContext& context, const Message& asked, Message* response) {
                   return preview->Run(context, asked, response);
                 });
    return true;
  }
  if (method.name() == absl::StrCat("List", one, "Duplicates")) {
    const auto lister =
        std::make_shared<const DuplicateLister>(type, request, *method.output_type());
    methods.Read(compiled, type.directory->name(), ReadKind::kScan,
                 [lister](const ReadContext& context, const Message& asked, Message* response) {
                   return lister->Run(context, asked, response);
                 });
    return true;
  }
  if (method.name() != absl::StrCat("Find", one, "Duplicates")) return false;
  const auto finder = std::make_shared<const DuplicateFinder>(type, request, *method.output_type());
  methods.Read(compiled, type.directory->name(), ReadKind::kScan,
               [finder](const ReadContext& context, const Message& asked, Message* response) {
                 return finder->Run(context, asked, response);
               });
  return true;
}

}  // namespace kith::runtime
