#include "services/runtime/resources/link_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/alias_search.h"
#include "projections/tables/condition.h"
#include "projections/tables/every_field.h"
#include "projections/tables/page_limits.h"
#include "projections/tables/page_token.h"
#include "projections/tables/predicate.h"
#include "projections/tables/table_keys.h"
#include "services/core/date.h"
#include "services/runtime/reads/hide_masked.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/table_reads.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using projections::Comparison;
using projections::CustomColumn;
using projections::Expression;
using projections::Field;
using projections::Operator;
using projections::TableDeclaration;

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

absl::Status TooManyOwners(const Comparison& comparison, absl::string_view collection) {
  return Error(type::v1::ERROR_INVALID_FILTER,
               absl::StrCat("For the comparison of ", comparison.field, " more than ",
                            projections::kPartOwnersMax, " ", collection,
                            " would have to be looked at, at character ", comparison.at,
                            ": ask by the names of what is linked."),
               {{"field", comparison.field}, {"character", absl::StrCat(comparison.at)}});
}

const TableDeclaration& TableOf(const ResourceType& type) {
  return type.directory->table().declaration();
}

// What has names of this pattern: records, or parts that they hold in a field and that have names
// of their own. Nullopt where it is neither.
std::optional<LinkStep::Place> PlaceOf(const std::vector<ResourceType>& types,
                                       const std::string& pattern) {
  const std::vector<std::string> steps = absl::StrSplit(pattern, '/');
  const ResourceType* const type = FindType(types, steps[0]);
  if (type == nullptr) return std::nullopt;
  if (steps.size() == 2) {
    // Borrowed.
    std::shared_ptr<const TableDeclaration> table(std::shared_ptr<const void>(), &TableOf(*type));
    return LinkStep::Place{pattern, type, nullptr, std::move(table)};
  }
  if (steps.size() != 4) return std::nullopt;
  const FieldDescriptor* const parts =
      type->rules->resource->GetDescriptor()->FindFieldByCamelcaseName(steps[2]);
  if (parts == nullptr || !parts->is_repeated() || parts->message_type() == nullptr ||
      parts->message_type()->FindFieldByName("name") == nullptr) {
    return std::nullopt;
  }
  const Descriptor& part = *parts->message_type();
  auto table = std::make_shared<TableDeclaration>();
  table->row = google::protobuf::MessageFactory::generated_factory()->GetPrototype(&part);
  projections::AddEveryField(part, &table->fields);
  return LinkStep::Place{pattern, type, parts, std::move(table)};
}

bool HasField(const std::vector<Field>& fields, absl::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return field.name == name || field.path == name; });
}

// Of a custom field it is known at the list's moment alone whether there is one.
bool MayHaveField(const TableDeclaration& table, const Expression& comparison) {
  return HasField(table.fields, comparison.comparison.field) ||
         !projections::ColumnsNamed(table, comparison, *table.row).empty();
}

// Of a custom field that there is not, by the name that the filter has for it.
absl::Status NoSuchField(const LinkStep& step, const Comparison& comparison,
                         const std::vector<CustomColumn>& custom) {
  std::vector<Field> fields = projections::WithColumns(*step.places.front().table, custom).fields;
  for (Field& field : fields) {
    field.name = absl::StrCat(step.link->name, ".", field.name);
    field.path.clear();
  }
  return projections::FindField(comparison.field, fields, comparison.at).status();
}

// A name of the pattern.
std::string NameLike(absl::string_view pattern, const std::string& id) {
  std::vector<std::string> steps = absl::StrSplit(pattern, '/');
  for (size_t i = 1; i < steps.size(); i += 2) steps[i] = id;
  return absl::StrJoin(steps, "/");
}

// What a filter says of what the link leads to, as a filter of that: who is called so in it may
// follow from another comparison in the same AND (LinkAliases).
Expression OfLinked(const Expression& filter, const Field& link) {
  Expression of{filter.kind, {}, {}};
  if (filter.kind == Expression::Kind::kComparison) {
    if (!absl::StartsWith(filter.comparison.field, absl::StrCat(link.name, "."))) {
      return Expression();
    }
    of.comparison = filter.comparison;
    of.comparison.field.erase(0, link.name.size() + 1);
  }
  // As deep as the filter is, which its parser bounds.
  for (const Expression& part : filter.parts) of.parts.push_back(OfLinked(part, link));
  return of;
}

// What relative times count from on every page.
absl::StatusOr<absl::Time> MomentOfFirstPage(const ReadContext& context) {
  if (context.page_token.empty()) return context.read_time;
  KITH_ASSIGN_OR_RETURN(const projections::PageToken token,
                        projections::DecodePageToken(context.page_token));
  return token.moment.value_or(context.read_time);
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
  if (!may_lead_on || HasField(fields, comparison.field)) return std::nullopt;
  const Field* link = nullptr;
  for (const Field& field : fields) {
    const bool leads_on =
        !field.links.empty() && absl::StartsWith(comparison.field, absl::StrCat(field.name, "."));
    if (leads_on && (link == nullptr || field.name.size() > link->name.size())) link = &field;
  }
  if (link == nullptr) return std::nullopt;
  LinkStep step{link, {Expression::Kind::kComparison, comparison, {}}, {}};
  Comparison& own = step.of_linked.comparison;
  own.field = comparison.field.substr(link->name.size() + 1);
  if (own.op == Operator::kNotEqual) own.op = Operator::kEqual;
  for (const std::string& pattern : link->links) {
    std::optional<LinkStep::Place> place = PlaceOf(types, pattern);
    if (place.has_value() && MayHaveField(*place->table, step.of_linked)) {
      step.places.push_back(*std::move(place));
    }
  }
  if (step.places.empty()) return std::nullopt;
  return step;
}

absl::StatusOr<std::optional<Expression>> CheckSteps(
    const std::vector<ResourceType>& types, const std::vector<Field>& fields,
    absl::string_view filter,
    absl::FunctionRef<absl::Status(const TableDeclaration&, const Expression&)> check) {
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return std::optional<Expression>();
  bool are_some = false;
  KITH_RETURN_IF_ERROR(ForEachComparison(*parsed, [&](Comparison& comparison) -> absl::Status {
    const std::optional<LinkStep> step = StepOf(types, fields, comparison);
    if (!step.has_value()) return absl::OkStatus();
    are_some = true;
    for (const LinkStep::Place& place : step->places) {
      KITH_RETURN_IF_ERROR(check(*place.table, step->of_linked));
    }
    AskForLink(*step->link, NameLike(step->places.front().pattern, "some"), comparison);
    return absl::OkStatus();
  }));
  return are_some ? std::optional<Expression>(*std::move(parsed)) : std::optional<Expression>();
}

LinkSteps::LinkSteps(const std::vector<ResourceType>& types, const ResourceType& listed,
                     const Runtime& runtime)
    : types_(types),
      fields_(TableOf(listed).fields),
      own_(&runtime.views.Find(listed.directory->name())) {
  for (const Field& field : fields_) {
    bool leads_on = false;
    for (const std::string& pattern : field.links) {
      const std::optional<LinkStep::Place> place = PlaceOf(types, pattern);
      if (!place.has_value()) continue;
      leads_on = true;
      const ResourceType& type = *place->type;
      if (sources_.contains(&type)) continue;
      sources_.emplace(
          &type, std::make_unique<Source>(
                     Source{type, Visibility(type), &runtime.views.Find(type.directory->name()),
                            LinkAliases(types, type, runtime), CustomColumns(type, runtime)}));
    }
    if (leads_on) beginnings_.push_back(absl::StrCat(field.name, "."));
  }
}

bool LinkSteps::MayStep(absl::string_view filter) const {
  return absl::StrContains(filter, '.') &&
         std::any_of(beginnings_.begin(), beginnings_.end(), [&](const std::string& beginning) {
           return absl::StrContains(filter, beginning);
         });
}

void LinkSteps::AddViewsFor(absl::string_view filter, ReadViews& views) const {
  if (!MayStep(filter)) return;
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return;
  const auto add = [&](projections::View* view) {
    const bool is_read = view == own_ || std::find(views.begin(), views.end(), view) != views.end();
    if (!is_read) views.push_back(view);
  };
  const absl::Status visited = ForEachComparison(*parsed, [&](const Comparison& comparison) {
    const std::optional<LinkStep> step = StepOf(types_, fields_, comparison);
    if (!step.has_value()) return absl::OkStatus();
    const std::string of_linked = projections::FilterText(step->of_linked);
    for (const LinkStep::Place& place : step->places) {
      const Source& source = *sources_.at(place.type);
      add(source.directory);
      if (place.parts != nullptr) continue;
      ReadViews further = source.aliases.ViewsFor(of_linked);
      source.custom.AddViewsFor(absl::string_view(of_linked), further);
      for (projections::View* const view : further) add(view);
    }
    return absl::OkStatus();
  });
  KITH_CHECK(visited.ok());
}

absl::StatusOr<LinkSteps::Taken> LinkSteps::Take(const ReadContext& context,
                                                 absl::string_view filter) const {
  Taken taken;
  if (!MayStep(filter)) return taken;
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return taken;
  ReadContext at_first = context;
  KITH_ASSIGN_OR_RETURN(at_first.read_time, MomentOfFirstPage(context));
  const Expression whole = *parsed;
  KITH_RETURN_IF_ERROR(ForEachComparison(*parsed, [&](Comparison& comparison) {
    return TakeFrom(at_first, whole, comparison, taken);
  }));
  if (!taken.names.empty()) taken.filter = *std::move(parsed);
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

absl::Status LinkSteps::TakeFrom(const ReadContext& context, const Expression& whole,
                                 Comparison& comparison, Taken& taken) const {
  const std::optional<LinkStep> step = StepOf(types_, fields_, comparison);
  if (!step.has_value()) return absl::OkStatus();
  for (const LinkStep::Place& place : step->places) {
    const std::string& permission = ReadPermissionOf(*place.type);
    if (!context.caller.grants.Contain(permission)) {
      return NotGranted(comparison, place.type->rules->category, permission);
    }
  }
  KITH_ASSIGN_OR_RETURN(const std::vector<Asked> asked, AskedOf(context, *step, comparison));
  std::vector<std::string> names;
  for (const Asked& each : asked) {
    KITH_RETURN_IF_ERROR(each.place->parts == nullptr
                             ? AddRecords(context, *step, each, whole, names)
                             : AddParts(context, *step, *each.place, names));
    if (names.size() > kSteppedMax) return TooMany(comparison);
  }
  // No two comparisons have their values at one character.
  std::string nobody =
      NameLike(step->places.front().pattern, absl::StrCat(kNobodysId, comparison.literal_at));
  AskForLink(*step->link, nobody, comparison);
  if (names.empty()) names.push_back(nobody);
  taken.names.emplace(std::move(nobody), std::move(names));
  return absl::OkStatus();
}

// Of a custom field those places that have it.
absl::StatusOr<std::vector<LinkSteps::Asked>> LinkSteps::AskedOf(
    const ReadContext& context, const LinkStep& step, const Comparison& comparison) const {
  const std::string filter = projections::FilterText(step.of_linked);
  std::vector<Asked> asked;
  std::vector<Asked> without;
  for (const LinkStep::Place& place : step.places) {
    Asked one{&place, {}};
    std::vector<CustomColumn> named;
    if (place.parts == nullptr) {
      KITH_ASSIGN_OR_RETURN(one.columns,
                            sources_.at(place.type)->custom.In(context, absl::string_view(filter)));
      named = projections::ColumnsNamed(*place.table, step.of_linked, *place.table->row);
    }
    const bool has_it = std::all_of(named.begin(), named.end(), [&](const CustomColumn& column) {
      return std::any_of(one.columns.begin(), one.columns.end(), [&](const CustomColumn& there) {
        return there.map == column.map && there.key == column.key;
      });
    });
    (has_it ? asked : without).push_back(std::move(one));
  }
  if (asked.empty()) return NoSuchField(step, comparison, without.front().columns);
  return asked;
}

absl::Status LinkSteps::AddRecords(const ReadContext& context, const LinkStep& step,
                                   const Asked& asked, const Expression& whole,
                                   std::vector<std::string>& names) const {
  const Source& source = *sources_.at(asked.place->type);
  const std::string filter = projections::FilterText(step.of_linked);
  const projections::NameOfAlias name_of =
      source.aliases.NamesIn(context, OfLinked(whole, *step.link));
  const projections::NamesOfRecord names_of = source.aliases.MergedIn(context);
  return ForEachRecord(context, source,
                       {.filter = filter,
                        .parsed = &step.of_linked,
                        .name_of = &name_of,
                        .names_of = &names_of,
                        .custom = &asked.columns},
                       [&](const Message& record) {
                         names.push_back(ResourceNameOf(record));
                         return names.size() <= kSteppedMax;
                       });
}

absl::Status LinkSteps::AddParts(const ReadContext& context, const LinkStep& step,
                                 const LinkStep::Place& place,
                                 std::vector<std::string>& names) const {
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  const projections::Moment moment{context.read_time,
                                   TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone())};
  const TableDeclaration& table = *place.table;
  std::vector<projections::Predicate> predicates;
  KITH_ASSIGN_OR_RETURN(
      const projections::Condition condition,
      projections::BindExpression(step.of_linked, table.fields, moment, &predicates));
  for (const projections::Predicate& predicate : predicates) {
    const Field& field = table.fields[predicate.field];
    const bool is_masked = context.caller.member != nullptr && IsMasked(context.caller, field);
    if (is_masked) return projections::FieldMasked(field.name);
  }
  size_t records = 0;
  KITH_RETURN_IF_ERROR(
      ForEachRecord(context, *sources_.at(place.type), {}, [&](const Message& record) {
        if (++records > projections::kPartOwnersMax) return false;
        const auto& reflection = *record.GetReflection();
        for (int i = 0; i < reflection.FieldSize(record, place.parts); ++i) {
          const Message& part = reflection.GetRepeatedMessage(record, place.parts, i);
          projections::RowValues values(table, part);
          if (projections::Holds(condition, predicates, values)) {
            names.push_back(ResourceNameOf(part));
          }
        }
        return names.size() <= kSteppedMax;
      }));
  if (records <= projections::kPartOwnersMax) return absl::OkStatus();
  return TooManyOwners(step.of_linked.comparison, place.type->rules->category);
}

absl::Status LinkSteps::ForEachRecord(const ReadContext& context, const Source& source,
                                      projections::ListQuery query,
                                      absl::FunctionRef<bool(const Message&)> visit) const {
  // The directory is what the read is of.
  ReadContext there = context;
  there.snapshots = absl::MakeConstSpan(&context.SnapshotOf(*source.directory), 1);
  there.views = absl::MakeConstSpan(&source.directory, 1);
  KITH_ASSIGN_OR_RETURN(const std::optional<Visibility::Seen> seen,
                        source.visibility.SeenBy(there));
  query.page_size = projections::kPageSizeMax;
  if (seen.has_value()) {
    query.within = &seen->within;
    query.besides = {seen->shared, seen->groups};
  }
  std::string page_token;
  bool going = true;
  do {
    there.page_token = page_token;
    std::vector<std::unique_ptr<Message>> rows;
    KITH_ASSIGN_OR_RETURN(std::string next,
                          ListRows(there, source.type.directory->table(), query, [&] {
                            rows.emplace_back(source.type.rules->resource->New());
                            return rows.back().get();
                          }));
    for (const auto& row : rows) going = going && visit(*row);
    page_token = std::move(next);
  } while (going && !page_token.empty());
  return absl::OkStatus();
}

}  // namespace kith::runtime
