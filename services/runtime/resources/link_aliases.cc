#include "services/runtime/resources/link_aliases.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/nearest_name.h"
#include "projections/tables/predicate.h"
#include "services/core/resource_name.h"
#include "services/runtime/reads/hide_masked.h"

namespace kith::runtime {
namespace {

using projections::Comparison;
using projections::Expression;
using projections::Field;

// Whoever asks, where users are linked.
constexpr absl::string_view kMe = "me";
constexpr absl::string_view kUserPattern = "users/{user}";

// Whether its directory has what has names of this pattern: the resource, or parts of it.
bool HasNamesOf(const ResourceType& type, const std::string& pattern) {
  const std::vector<std::string> steps = absl::StrSplit(pattern, '/');
  return steps[0] == type.rules->category &&
         (steps.size() == 2 ||
          type.rules->resource->GetDescriptor()->FindFieldByCamelcaseName(steps[2]) != nullptr);
}

absl::Status NotGranted(const Comparison& comparison, absl::string_view collection,
                        absl::string_view permission) {
  return Error(type::v1::ERROR_PERMISSION_DENIED,
               absl::StrCat("The credentials do not grant ", permission, ", so that \"",
                            comparison.literal, "\" cannot be looked for among ", collection,
                            ": write the resource name in the filter."),
               {{"permission", std::string(permission)}});
}

// "me", "Me" and "ME" ask who asks, and a service is no user.
absl::Status MeIsNobody(const Field& link, const Comparison& comparison) {
  return Error(type::v1::ERROR_UNKNOWN_ALIAS,
               absl::StrCat("In the comparison of ", link.name, " \"", comparison.literal,
                            "\" is the user who asks, at character ", comparison.literal_at,
                            ", and these credentials are of a service, which is no user: write "
                            "the user's name, e-mail address or id, or call on behalf of a user."),
               {{"field", link.name},
                {"alias", comparison.literal},
                {"nearest", ""},
                {"character", absl::StrCat(comparison.literal_at)}});
}

// "the users has it as id, display_name, email"
std::string Among(absl::string_view collection, const std::vector<std::string>& fields) {
  return absl::StrCat("the ", collection, " has it as ", absl::StrJoin(fields, ", "));
}

absl::Status UnknownAlias(const Field& link, const Comparison& comparison,
                          const std::vector<std::string>& among,
                          const std::vector<std::string>& guesses) {
  const absl::string_view nearest =
      projections::NearestOf(comparison.literal, {guesses.begin(), guesses.end()});
  return Error(
      type::v1::ERROR_UNKNOWN_ALIAS,
      absl::StrCat("In the comparison of ", link.name, " \"", comparison.literal,
                   "\" is not a name like ", absl::StrJoin(link.links, " or "),
                   ", and at the list's moment none of ", absl::StrJoin(among, ", and none of "),
                   ", at character ", comparison.literal_at,
                   nearest.empty() ? "." : absl::StrCat("; did you mean \"", nearest, "\"?")),
      {{"field", link.name},
       {"alias", comparison.literal},
       {"nearest", std::string(nearest)},
       {"character", absl::StrCat(comparison.literal_at)}});
}

absl::Status AmbiguousAlias(const Field& link, const Comparison& comparison,
                            std::vector<std::string> names) {
  const bool are_more = names.size() > projections::kNamesakesMax;
  if (are_more) names.resize(projections::kNamesakesMax);
  const std::string told = absl::StrJoin(names, ", ");
  return Error(type::v1::ERROR_AMBIGUOUS_ALIAS,
               absl::StrCat("In the comparison of ", link.name, " \"", comparison.literal,
                            "\" is what several are called: ", told, are_more ? " and others" : "",
                            ". Write the name of the one that is meant, or ", link.name,
                            " in (…) with several, at character ", comparison.literal_at, "."),
               {{"field", link.name},
                {"alias", comparison.literal},
                {"names", told},
                {"are_more", are_more ? "true" : "false"},
                {"character", absl::StrCat(comparison.literal_at)}});
}

// Of a field of a request, which holds nothing but the name of a user.
absl::Status NoSuchUser(const Field& link, const std::string& name, absl::string_view why,
                        absl::string_view nearest) {
  return Error(type::v1::ERROR_UNKNOWN_ALIAS,
               absl::StrCat("In ", link.name, " \"", name, "\" ", why,
                            nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")),
               {{"field", link.name}, {"alias", name}, {"nearest", std::string(nearest)}});
}

absl::Status SeveralUsers(const Field& link, const std::string& name,
                          std::vector<std::string> names) {
  const bool are_more = names.size() > projections::kNamesakesMax;
  if (are_more) names.resize(projections::kNamesakesMax);
  const std::string told = absl::StrJoin(names, ", ");
  return Error(
      type::v1::ERROR_AMBIGUOUS_ALIAS,
      absl::StrCat("In ", link.name, " \"", name, "\" is what several are called: ", told,
                   are_more ? " and others" : "", ". Write the name of the one that is meant."),
      {{"field", link.name},
       {"alias", name},
       {"names", told},
       {"are_more", are_more ? "true" : "false"}});
}

// The ANDs around the comparison whose literal stands at this character, the innermost first.
// False: it stands elsewhere.
bool FindAllAround(const Expression& filter, size_t literal_at,
                   std::vector<const Expression*>* around) {
  if (filter.kind == Expression::Kind::kComparison) {
    return filter.comparison.literal_at == literal_at;
  }
  for (const Expression& part : filter.parts) {
    if (!FindAllAround(part, literal_at, around)) continue;
    if (filter.kind == Expression::Kind::kAll) around->push_back(&filter);
    return true;
  }
  return false;
}

// Says which record a field links to, and no other.
bool IsEquality(const Expression& part) {
  return part.kind == Expression::Kind::kComparison && !part.comparison.prefix &&
         !part.comparison.is_call &&
         (part.comparison.op == projections::Operator::kEqual ||
          part.comparison.op == projections::Operator::kHas);
}

// What of a directory is there for the caller. Borrows both.
class Sight {
 public:
  Sight(const ReadContext& context, const Visibility& visibility)
      : within_(visibility.Within(context.caller)),
        seen_{within_.has_value() ? &*within_ : nullptr,
              [&context, &visibility](const google::protobuf::Message& row) {
                return visibility.Hides(context.caller, row);
              },
              [&context](const Field& field) { return IsMasked(context.caller, field); }} {
    if (!context.keys.AnyDestroyed()) return;
    erased_ = [&context](absl::string_view name) {
      return context.keys.IsDestroyed(context.workspace(), name);
    };
  }
  Sight(const Sight&) = delete;  // it points into itself

  const projections::RowsSeen& seen() const { return seen_; }
  // Null: nobody is.
  const std::function<bool(absl::string_view)>* erased() const {
    return erased_ ? &erased_ : nullptr;
  }

 private:
  const std::optional<Expression> within_;
  const projections::RowsSeen seen_;
  std::function<bool(absl::string_view)> erased_;
};

}  // namespace

LinkAliases::LinkAliases(const std::vector<ResourceType>& types, const ResourceType& listed,
                         const Runtime& runtime)
    : LinkAliases(types, listed.directory->table().declaration().fields,
                  &runtime.views.Find(listed.directory->name()), runtime) {}

LinkAliases::LinkAliases(const std::vector<ResourceType>& types, const std::vector<Field>& fields,
                         const projections::View* own, const Runtime& runtime)
    : fields_(fields), own_(own) {
  for (const Field& field : fields_) {
    for (const std::string& pattern : field.links) {
      const auto type = std::find_if(types.begin(), types.end(), [&](const ResourceType& each) {
        return HasNamesOf(each, pattern);
      });
      if (type == types.end()) continue;
      sources_.emplace(pattern, Source{type->rules->category,
                                       ReadPermissionOf(*type),
                                       Visibility(*type),
                                       &runtime.views.Find(type->directory->name()),
                                       type->directory,
                                       {type->directory->table(), pattern},
                                       projections::MergedNames(*type->rules->resource)});
    }
  }
}

ReadViews LinkAliases::ViewsFor(const std::string& filter) const {
  ReadViews views;
  if (filter.empty() || sources_.empty()) return views;
  absl::StatusOr<Expression> parsed = projections::ParseFilter(filter);
  if (!parsed.ok()) return views;  // the list says what is wrong with it
  const auto add = [&](projections::View* view) {
    const bool is_read = view == own_ || std::find(views.begin(), views.end(), view) != views.end();
    if (!is_read) views.push_back(view);
  };
  projections::ForEachName(*parsed, fields_, [&](const Field& link, const std::string& name) {
    const Source* const source = MergeableSource(link, name);
    if (source != nullptr) add(source->directory);
  });
  const absl::Status visited =
      projections::ForEachAlias(*parsed, fields_, [&](const Field& link, const Comparison&) {
        for (const std::string& pattern : link.links) {
          const auto source = sources_.find(pattern);
          if (source != sources_.end()) add(source->second.directory);
        }
        return absl::OkStatus();
      });
  return visited.ok() ? views : ReadViews();
}

projections::NameOfAlias LinkAliases::NamesIn(const ReadContext& context,
                                              const std::string& filter) const {
  auto parsed = projections::ParseFilter(filter);
  return NamesIn(context, parsed.ok() ? *std::move(parsed) : Expression());
}

projections::NameOfAlias LinkAliases::NamesIn(const ReadContext& context, Expression filter) const {
  const auto whole = std::make_shared<const Expression>(std::move(filter));
  return [this, &context, whole](const Field& link, const Comparison& comparison) {
    return NameOf(context, *whole, link, comparison);
  };
}

projections::NamesOfRecord LinkAliases::MergedIn(const ReadContext& context) const {
  return [this, &context](const Field& link,
                          const std::string& name) -> absl::StatusOr<std::vector<std::string>> {
    const Source* const source = MergeableSource(link, name);
    if (source == nullptr) return std::vector<std::string>{name};
    return source->merged.AllOf(context.SnapshotOf(*source->directory), context.workspace(), name,
                                eventstore::ReadTier::kDisk);
  };
}

const LinkAliases::Source* LinkAliases::MergeableSource(const Field& link,
                                                        absl::string_view name) const {
  for (const std::string& pattern : link.links) {
    const auto source = sources_.find(pattern);
    if (source == sources_.end() || !source->second.merged.any()) continue;
    if (source->second.collection == eventstore::CategoryOf(name)) return &source->second;
  }
  return nullptr;
}

absl::StatusOr<std::string> LinkAliases::RecordFor(const ReadContext& context,
                                                   const Expression& filter, const Field& link,
                                                   const Comparison& comparison) const {
  for (const std::string& pattern : link.links) {
    const std::vector<std::string> steps = absl::StrSplit(pattern, '/');
    if (steps.size() != 4) continue;
    const std::string record = absl::StrCat(steps[0], "/", steps[1]);
    std::vector<const Expression*> around;
    FindAllAround(filter, comparison.literal_at, &around);
    for (const Expression* const all : around) {
      for (const Expression& part : all->parts) {
        if (!IsEquality(part)) continue;
        const Comparison& said = part.comparison;
        const absl::StatusOr<size_t> index = projections::FindField(said.field, fields_);
        if (!index.ok()) continue;
        const Field& field = fields_[*index];
        if (std::find(field.links.begin(), field.links.end(), record) == field.links.end()) {
          continue;
        }
        if (field.MayHoldName(said.literal)) return said.literal;
        return NameOf(context, filter, field, said);
      }
    }
  }
  return std::string();
}

absl::StatusOr<std::string> LinkAliases::NameOf(const ReadContext& context,
                                                const Expression& filter, const Field& link,
                                                const Comparison& comparison) const {
  const bool is_of_users =
      std::find(link.links.begin(), link.links.end(), kUserPattern) != link.links.end();
  if (is_of_users && absl::EqualsIgnoreCase(comparison.literal, kMe)) {
    if (context.caller.member == nullptr) return MeIsNobody(link, comparison);
    return context.caller.member->user;
  }
  KITH_ASSIGN_OR_RETURN(const std::string record, RecordFor(context, filter, link, comparison));
  std::vector<std::string> names;
  std::vector<std::string> among;
  KITH_RETURN_IF_ERROR(ForEachSource(link, [&](const Source& source) -> absl::Status {
    if (!context.caller.grants.Contain(source.permission)) {
      return NotGranted(comparison, source.collection, source.permission);
    }
    const Sight sight(context, source.visibility);
    projections::RowsSeen seen = sight.seen();
    seen.record = record;
    KITH_ASSIGN_OR_RETURN(
        const std::vector<std::string> called,
        source.search.Find(context.SnapshotOf(*source.directory), context.workspace(),
                           comparison.literal, sight.erased(), seen));
    names.insert(names.end(), called.begin(), called.end());
    if (called.empty() && source.merged.any()) {
      // Of one that was merged the id means the record that stays.
      const std::string by_id = absl::StrCat(source.collection, "/", comparison.literal);
      KITH_ASSIGN_OR_RETURN(
          std::string meant,
          source.merged.SurvivorOf(context.SnapshotOf(*source.directory), context.workspace(),
                                   by_id, eventstore::ReadTier::kDisk));
      if (meant != by_id) names.push_back(std::move(meant));
    }
    among.push_back(Among(source.collection, source.search.FieldsFor(sight.seen())));
    return absl::OkStatus();
  }));
  if (among.empty()) return comparison.literal;  // refused as any text that is no name
  if (names.size() > 1) return AmbiguousAlias(link, comparison, std::move(names));
  if (names.size() == 1) return names.front();
  std::vector<std::string> guesses;
  KITH_RETURN_IF_ERROR(ForEachSource(link, [&](const Source& source) -> absl::Status {
    const Sight sight(context, source.visibility);
    KITH_ASSIGN_OR_RETURN(
        guesses.emplace_back(),
        source.search.NearestTo(context.SnapshotOf(*source.directory), context.workspace(),
                                comparison.literal, sight.erased(), sight.seen()));
    return absl::OkStatus();
  }));
  return UnknownAlias(link, comparison, among, guesses);
}

absl::StatusOr<std::string> LinkAliases::UserNamed(const ReadContext& context, const Field& link,
                                                   const std::string& name) const {
  const auto found = sources_.find(kUserPattern);
  KITH_CHECK(found != sources_.end());
  const Source& users = found->second;
  const std::string called(IdOf(name));
  if (absl::EqualsIgnoreCase(called, kMe)) {
    if (context.caller.member != nullptr) return context.caller.member->user;
    return NoSuchUser(link, name,
                      "is the user who asks, and these credentials are of a service, which is no "
                      "user: write the user's name, or call on behalf of a user",
                      "");
  }
  const projections::ViewSnapshot& snapshot = context.SnapshotOf(*users.directory);
  for (const projections::TableCore* const table : {&users.rows->table(), users.rows->deleted()}) {
    if (table == nullptr) continue;
    KITH_ASSIGN_OR_RETURN(const auto row, table->Get(snapshot, context.workspace(), name,
                                                     eventstore::ReadTier::kDisk));
    if (row.has_value()) return name;
  }
  constexpr absl::string_view kNobody =
      "is no user of the workspace at the read's moment: write the name of one, or users/me";
  // What people are called is told to who may read them.
  if (!context.caller.grants.Contain(users.permission)) return NoSuchUser(link, name, kNobody, "");
  const Sight sight(context, users.visibility);
  KITH_ASSIGN_OR_RETURN(
      std::vector<std::string> names,
      users.search.Find(snapshot, context.workspace(), called, sight.erased(), sight.seen()));
  if (names.size() > 1) return SeveralUsers(link, name, std::move(names));
  if (names.size() == 1) return std::move(names.front());
  KITH_ASSIGN_OR_RETURN(
      const std::string nearest,
      users.search.NearestTo(snapshot, context.workspace(), called, sight.erased(), sight.seen()));
  return NoSuchUser(link, name, kNobody, nearest);
}

absl::Status LinkAliases::ForEachSource(
    const Field& link, absl::FunctionRef<absl::Status(const Source& source)> visit) const {
  for (const std::string& pattern : link.links) {
    const auto found = sources_.find(pattern);
    if (found != sources_.end()) KITH_RETURN_IF_ERROR(visit(found->second));
  }
  return absl::OkStatus();
}

}  // namespace kith::runtime
