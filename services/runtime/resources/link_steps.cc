#include "services/runtime/resources/link_steps.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/page_limits.h"
#include "projections/tables/page_token.h"
#include "projections/tables/predicate.h"
#include "services/core/resource_name.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/table_reads.h"

namespace kith::runtime {
namespace {

using projections::Comparison;
using projections::Expression;
using projections::Field;
using projections::Operator;

// Begins an id that no record has.
constexpr absl::string_view kNobodysId = "~";

absl::Status NotGranted(const Comparison& comparison, absl::string_view collection,
                        absl::string_view permission) {
  return Error(type::v1::ERROR_PERMISSION_DENIED,
               absl::StrCat("The credentials do not grant ", permission, ", so that ", collection,
                            " cannot be looked for by ", comparison.field, "."),
               {{"permission", std::string(permission)}});
}

absl::Status TooMany(const Comparison& comparison) {
  return Error(type::v1::ERROR_INVALID_FILTER,
               absl::StrCat("The comparison of ", comparison.field, " holds of more than ",
                            kSteppedMax, " records, at character ", comparison.at,
                            ": narrow it, or list those records first and ask by their names."),
               {{"field", comparison.field}, {"character", absl::StrCat(comparison.at)}});
}

const std::vector<Field>& FieldsOf(const ResourceType& type) {
  return type.directory->table().declaration().fields;
}

// The type of the records that have names of this pattern; null where it is of parts of them.
const ResourceType* TypeNamedBy(absl::string_view pattern, const std::vector<ResourceType>& types) {
  const std::vector<absl::string_view> steps = absl::StrSplit(pattern, '/');
  return steps.size() == 2 ? FindType(types, steps[0]) : nullptr;
}

// The comparison asks for that record, or for every other one.
void AskForLink(const Field& link, std::string name, Comparison& comparison) {
  Comparison of_link;
  of_link.field = link.name;
  of_link.op = comparison.op == Operator::kNotEqual ? Operator::kNotEqual : Operator::kEqual;
  of_link.literal = std::move(name);
  of_link.at = comparison.at;
  of_link.literal_at = comparison.literal_at;
  comparison = std::move(of_link);
}

// Until the first error; the comparisons may be changed.
absl::Status ForEachComparison(Expression& part,
                               absl::FunctionRef<absl::Status(Comparison&)> visit) {
  // As deep as the filter is, which its parser bounds.
  for (Expression& each : part.parts) KITH_RETURN_IF_ERROR(ForEachComparison(each, visit));
  return part.kind == Expression::Kind::kComparison ? visit(part.comparison) : absl::OkStatus();
}

}  // namespace

std::optional<LinkStep> StepOf(const std::vector<ResourceType>& types,
                               const std::vector<Field>& fields, const Comparison& comparison) {
  if (comparison.op == Operator::kWords) return std::nullopt;
  const bool may_lead_on = absl::StrContains(comparison.field, '.');
  if (!may_lead_on || projections::FindField(comparison.field, fields).ok()) return std::nullopt;
  const Field* link = nullptr;
  for (const Field& field : fields) {
    const bool leads_on =
        !field.links.empty() && absl::StartsWith(comparison.field, absl::StrCat(field.name, "."));
    if (leads_on && (link == nullptr || field.name.size() > link->name.size())) link = &field;
  }
  if (link == nullptr) return std::nullopt;
  Expression of_record{Expression::Kind::kComparison, comparison, {}};
  of_record.comparison.field = comparison.field.substr(link->name.size() + 1);
  if (comparison.op == Operator::kNotEqual) of_record.comparison.op = Operator::kEqual;
  LinkStep step{link, projections::FilterText(of_record), {}};
  for (const std::string& pattern : link->links) {
    const ResourceType* const type = TypeNamedBy(pattern, types);
    const bool has_field =
        type != nullptr && projections::FindField(of_record.comparison.field, FieldsOf(*type)).ok();
    if (has_field) step.types.push_back(type);
  }
  if (step.types.empty()) return std::nullopt;
  return step;
}

absl::StatusOr<std::string> CheckSteps(
    const std::vector<ResourceType>& types, const std::vector<Field>& fields,
    absl::string_view filter,
    absl::FunctionRef<absl::Status(const ResourceType&, const std::string&)> check) {
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return std::string(filter);
  bool are_some = false;
  KITH_RETURN_IF_ERROR(ForEachComparison(*parsed, [&](Comparison& comparison) -> absl::Status {
    const std::optional<LinkStep> step = StepOf(types, fields, comparison);
    if (!step.has_value()) return absl::OkStatus();
    are_some = true;
    for (const ResourceType* const type : step->types) {
      KITH_RETURN_IF_ERROR(check(*type, step->of_record));
    }
    const std::string some = absl::StrCat(step->types.front()->rules->category, "/some");
    AskForLink(*step->link, some, comparison);
    return absl::OkStatus();
  }));
  return are_some ? projections::FilterText(*parsed) : std::string(filter);
}

LinkSteps::LinkSteps(const std::vector<ResourceType>& types, const ResourceType& listed,
                     const Runtime& runtime)
    : types_(types),
      fields_(FieldsOf(listed)),
      own_(&runtime.views.Find(listed.directory->name())) {
  for (const Field& field : fields_) {
    for (const std::string& pattern : field.links) {
      const ResourceType* const type = TypeNamedBy(pattern, types);
      if (type == nullptr || sources_.contains(type)) continue;
      sources_.emplace(type,
                       std::make_unique<Source>(Source{*type, Visibility(*type),
                                                       &runtime.views.Find(type->directory->name()),
                                                       LinkAliases(types, *type, runtime)}));
    }
  }
}

void LinkSteps::AddViewsFor(const std::string& filter, ReadViews& views) const {
  if (filter.empty() || sources_.empty()) return;
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return;
  const auto add = [&](projections::View* view) {
    const bool is_read = view == own_ || std::find(views.begin(), views.end(), view) != views.end();
    if (!is_read) views.push_back(view);
  };
  const absl::Status visited = ForEachComparison(*parsed, [&](const Comparison& comparison) {
    const std::optional<LinkStep> step = StepOf(types_, fields_, comparison);
    if (!step.has_value()) return absl::OkStatus();
    for (const ResourceType* const type : step->types) {
      const Source& source = *sources_.at(type);
      add(source.directory);
      for (projections::View* const view : source.aliases.ViewsFor(step->of_record)) add(view);
    }
    return absl::OkStatus();
  });
  KITH_CHECK(visited.ok());
}

absl::StatusOr<LinkSteps::Taken> LinkSteps::Take(const ReadContext& context,
                                                 const std::string& filter) const {
  Taken taken{filter, {}};
  if (filter.empty() || sources_.empty()) return taken;
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return taken;
  KITH_RETURN_IF_ERROR(ForEachComparison(
      *parsed, [&](Comparison& comparison) { return TakeFrom(context, comparison, taken); }));
  if (!taken.names.empty()) taken.filter = projections::FilterText(*parsed);
  return taken;
}

projections::NamesOfRecord LinkSteps::AllNames(const Taken& taken,
                                               projections::NamesOfRecord names_of) {
  if (taken.names.empty()) return names_of;
  return
      [&taken, names_of = std::move(names_of)](
          const Field& link, const std::string& name) -> absl::StatusOr<std::vector<std::string>> {
        const auto stands_for = taken.names.find(name);
        if (stands_for == taken.names.end()) return names_of(link, name);
        std::vector<std::string> all;
        for (const std::string& one : stands_for->second) {
          KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_of(link, one));
          all.insert(all.end(), names.begin(), names.end());
        }
        return all;
      };
}

absl::Status LinkSteps::TakeFrom(const ReadContext& context, Comparison& comparison,
                                 Taken& taken) const {
  const std::optional<LinkStep> step = StepOf(types_, fields_, comparison);
  if (!step.has_value()) return absl::OkStatus();
  std::vector<std::string> names;
  for (const ResourceType* const type : step->types) {
    const std::string& permission = ReadPermissionOf(*type);
    if (!context.caller.grants.Contain(permission)) {
      return NotGranted(comparison, type->rules->category, permission);
    }
    KITH_RETURN_IF_ERROR(AddNames(context, *sources_.at(type), step->of_record, names));
    if (names.size() > kSteppedMax) return TooMany(comparison);
  }
  // A page token knows the filter by its text, so the name says what it stands for.
  std::string nobody = absl::StrCat(step->types.front()->rules->category, "/", kNobodysId,
                                    projections::QueryDigest({step->of_record}));
  AskForLink(*step->link, nobody, comparison);
  if (names.empty()) names.push_back(nobody);
  taken.names.emplace(std::move(nobody), std::move(names));
  return absl::OkStatus();
}

absl::Status LinkSteps::AddNames(const ReadContext& context, const Source& source,
                                 const std::string& of_record,
                                 std::vector<std::string>& names) const {
  // The directory is what the read is of.
  ReadContext there = context;
  there.snapshots = absl::MakeConstSpan(&context.SnapshotOf(*source.directory), 1);
  there.views = absl::MakeConstSpan(&source.directory, 1);
  const projections::NameOfAlias name_of = source.aliases.NamesIn(context, of_record);
  const projections::NamesOfRecord names_of = source.aliases.MergedIn(context);
  KITH_ASSIGN_OR_RETURN(const std::optional<Visibility::Seen> seen,
                        source.visibility.SeenBy(there));
  projections::ListQuery query{.filter = of_record,
                               .page_size = projections::kPageSizeMax,
                               .within = seen.has_value() ? &seen->within : nullptr,
                               .name_of = &name_of,
                               .names_of = &names_of};
  if (seen.has_value()) query.besides = {seen->shared, seen->groups};
  std::string page_token;
  do {
    there.page_token = page_token;
    std::vector<std::unique_ptr<google::protobuf::Message>> rows;
    KITH_ASSIGN_OR_RETURN(std::string next,
                          ListRows(there, source.type.directory->table(), query, [&] {
                            rows.emplace_back(source.type.rules->resource->New());
                            return rows.back().get();
                          }));
    for (const auto& row : rows) names.push_back(ResourceNameOf(*row));
    page_token = std::move(next);
  } while (!page_token.empty() && names.size() <= kSteppedMax);
  return absl::OkStatus();
}

}  // namespace kith::runtime
