#include "services/runtime/resources/merge_reads.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/merge.pb.h"
#include "projections/tables/merged_names.h"
#include "services/core/field_of.h"
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

// Find<Resource>Duplicates.
class DuplicateFinder {
 public:
  DuplicateFinder(const ResourceType& type, const Descriptor& request, const Descriptor& reply)
      : type_(type),
        visibility_(type),
        names_(*type.rules->resource),
        name_(FieldOf(request, "name")),
        duplicates_(FieldOf(reply, "duplicates")),
        are_more_(FieldOf(reply, "are_more")),
        reasons_(FieldOf(*duplicates_->message_type(), "reasons")) {
    const Descriptor& one = *duplicates_->message_type();
    for (int i = 0; i < one.field_count(); ++i) {
      if (one.field(i)->message_type() == type.rules->resource->GetDescriptor()) {
        record_ = one.field(i);
      }
    }
    KITH_CHECK(record_ != nullptr);
  }

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
    if (!bytes.has_value() || visibility_.Hides(context.caller, *record)) {
      return ResourceNotFound(*type_.rules, asked);
    }
    std::vector<Found> all;
    bool are_more = false;
    for (const Likeness& likeness : type_.rules->merge->likenesses(*record)) {
      KITH_RETURN_IF_ERROR(AddAlike(context, likeness, name, all, are_more));
    }
    std::stable_sort(all.begin(), all.end(), IsBetter);
    const auto& answer = *response->GetReflection();
    for (const Found& each : all) {
      if (answer.FieldSize(*response, duplicates_) == kDuplicatesMax) {
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
  static constexpr int kDuplicatesMax = 50;

  struct Found {
    std::unique_ptr<Message> record;
    std::vector<int> reasons;
  };

  // How much it says, and since when.
  static bool IsBetter(const Found& a, const Found& b) {
    const auto fields_of = [](const Message& record) {
      std::vector<const FieldDescriptor*> set;
      record.GetReflection()->ListFields(record, &set);
      return set.size();
    };
    const size_t of_a = fields_of(*a.record);
    const size_t of_b = fields_of(*b.record);
    // Ids are drawn in the order of time.
    return of_a != of_b ? of_a > of_b : ResourceNameOf(*a.record) < ResourceNameOf(*b.record);
  }

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
    KITH_ASSIGN_OR_RETURN(const std::string more,
                          ListRows(context, type_.directory->table(), query, add));
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
      std::vector<int>& reasons = known->reasons;
      if (std::find(reasons.begin(), reasons.end(), int{likeness.reason}) == reasons.end()) {
        reasons.push_back(likeness.reason);
      }
    }
    return absl::OkStatus();
  }

  const ResourceType& type_;
  const Visibility visibility_;
  const projections::MergedNames names_;
  const FieldDescriptor* const name_;
  const FieldDescriptor* const duplicates_;
  const FieldDescriptor* const are_more_;
  const FieldDescriptor* const reasons_;
  const FieldDescriptor* record_ = nullptr;
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
  if (method.name() != absl::StrCat("Find", one, "Duplicates")) return false;
  const auto finder = std::make_shared<const DuplicateFinder>(type, request, *method.output_type());
  methods.Read(compiled, type.directory->name(), ReadKind::kScan,
               [finder](const ReadContext& context, const Message& asked, Message* response) {
                 return finder->Run(context, asked, response);
               });
  return true;
}

}  // namespace kith::runtime
