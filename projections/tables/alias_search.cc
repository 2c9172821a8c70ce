#include "projections/tables/alias_search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "projections/store/key_codec.h"
#include "projections/tables/nearest_name.h"

namespace kith::projections {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The field of a row whose elements have names of their own, of a path that leads into one
// ("stages.display_name"); null where it leads into none.
const FieldDescriptor* PartsIn(const Descriptor& row, absl::string_view path) {
  const size_t dot = path.find('.');
  if (dot == path.npos) return nullptr;
  const FieldDescriptor* const parts = row.FindFieldByName(std::string(path.substr(0, dot)));
  const bool have_names = parts->message_type()->FindFieldByName("name") != nullptr;
  return have_names ? parts : nullptr;
}

bool BeginsIndex(const TableDeclaration& table, size_t field) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const auto& index) {
    return !index.current && index.fields.front() == field;
  });
}

std::string NameOf(const Message& message) {
  return message.GetReflection()->GetString(message,
                                            message.GetDescriptor()->FindFieldByName("name"));
}

// What only text of other kinds has in it is no alias: "-", of a name.
bool CanBe(absl::string_view alias, const Field& field) {
  if (field.check != nullptr && !field.check(alias).ok()) return false;
  return !(field.normalise ? field.normalise(alias) : std::string(alias)).empty();
}

bool IsMasked(const Field& field, const RowsSeen& seen) {
  return seen.masked != nullptr && seen.masked(field);
}

}  // namespace

AliasSearch::AliasSearch(const TableCore& table, absl::string_view pattern)
    : table_(table), collection_(absl::StrCat(pattern.substr(0, pattern.find('/')), "/")) {
  const TableDeclaration& declaration = table.declaration();
  const Descriptor& row = *declaration.row->GetDescriptor();
  const std::vector<std::string> steps = absl::StrSplit(pattern, '/');
  if (steps.size() > 2) {
    parts_ = row.FindFieldByCamelcaseName(steps[2]);
    KITH_CHECK(parts_ != nullptr && parts_->is_repeated() && parts_->message_type() != nullptr);
  }
  for (size_t i = 0; i < declaration.declared_fields; ++i) {
    const Field& field = declaration.fields[i];
    if (!field.alias || PartsIn(row, field.path) != parts_) continue;
    const bool of_row = parts_ == nullptr;
    const Descriptor& called = of_row ? row : *parts_->message_type();
    const std::string own = of_row ? field.path : field.path.substr(field.path.find('.') + 1);
    KITH_CHECK(!of_row || BeginsIndex(declaration, i));
    aliases_.push_back(of_row ? field : FieldAt(called, own, own, field.normalise));
    if (!own.empty()) spelled_.push_back(FieldAt(called, field.name, own, nullptr));
  }
}

std::vector<std::string> AliasSearch::FieldsFor(const RowsSeen& seen) const {
  std::vector<std::string> names = {"id"};
  for (const Field& field : aliases_) {
    if (!IsMasked(field, seen)) names.push_back(field.name);
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> AliasSearch::Find(
    const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view alias,
    const std::function<bool(absl::string_view)>* erased, const RowsSeen& seen) const {
  KITH_ASSIGN_OR_RETURN(std::vector<std::string> names,
                        parts_ == nullptr ? FindRows(snapshot, workspace, alias, erased, seen)
                                          : FindParts(snapshot, workspace, alias, seen));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::StatusOr<std::vector<std::string>> AliasSearch::FindRows(
    const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view alias,
    const std::function<bool(absl::string_view)>* erased, const RowsSeen& seen) const {
  std::vector<std::string> names;
  const std::string by_id = absl::StrCat(collection_, alias);
  KITH_ASSIGN_OR_RETURN(const auto there,
                        table_.Get(snapshot, workspace, by_id, eventstore::ReadTier::kDisk));
  const std::unique_ptr<Message> row(table_.declaration().row->New());
  const auto add = [&](absl::string_view bytes) {
    const bool parsed = row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    if (parsed) names.push_back(table_.declaration().key(*row));
    return parsed;
  };
  if (there.has_value() && !add(*there)) return MalformedRow();
  if (there.has_value() && seen.hides != nullptr && seen.hides(*row)) names.clear();
  Expression called{Expression::Kind::kAny, {}, {}};
  for (const Field& field : aliases_) {
    if (IsMasked(field, seen) || !CanBe(alias, field)) continue;
    called.parts.push_back(
        {Expression::Kind::kComparison, {.field = field.name, .literal = std::string(alias)}, {}});
  }
  if (called.parts.empty()) return names;
  if (seen.within != nullptr) {
    called = {Expression::Kind::kAll, {}, {std::move(called), *seen.within}};
  }
  const ListQuery query{.page_size = int{kNamesakesMax} + 1, .within = &called, .erased = erased};
  KITH_RETURN_IF_ERROR(table_.List(snapshot, workspace, query, add).status());
  return names;
}

absl::StatusOr<std::vector<std::string>> AliasSearch::FindParts(const ViewSnapshot& snapshot,
                                                                WorkspaceId workspace,
                                                                absl::string_view alias,
                                                                const RowsSeen& seen) const {
  std::vector<std::string> names;
  size_t owners = 0;
  const std::unique_ptr<Message> row(table_.declaration().row->New());
  const google::protobuf::Reflection& reflection = *row->GetReflection();
  KITH_RETURN_IF_ERROR(table_.Scan(snapshot, workspace, KeyRange::Prefix(""), *row, [&] {
    if (++owners > kPartOwnersMax) return false;
    if (!seen.record.empty() && table_.declaration().key(*row) != seen.record) return true;
    for (int i = 0; i < reflection.FieldSize(*row, parts_); ++i) {
      const Message& part = reflection.GetRepeatedMessage(*row, parts_, i);
      std::string name = NameOf(part);
      if (IsCalled(part, name, alias, seen)) names.push_back(std::move(name));
    }
    return names.size() <= kNamesakesMax;
  }));
  if (owners > kPartOwnersMax) {
    return InvalidFilter(absl::StrCat("\"", alias, "\" would have to be looked for in more than ",
                                      kPartOwnersMax, " of ", collection_,
                                      "…: write the resource name in the filter."));
  }
  if (names.size() > kNamesakesMax + 1) names.resize(kNamesakesMax + 1);
  return names;
}

absl::StatusOr<std::string> AliasSearch::NearestTo(
    const ViewSnapshot& snapshot, WorkspaceId workspace, absl::string_view alias,
    const std::function<bool(absl::string_view)>* erased, const RowsSeen& seen) const {
  std::vector<std::string> texts;
  size_t looked_at = 0;
  const std::unique_ptr<Message> row(table_.declaration().row->New());
  KITH_RETURN_IF_ERROR(table_.Scan(snapshot, workspace, KeyRange::Prefix(""), *row, [&] {
    if (++looked_at > kGuessedAmongMax) return false;
    if (erased != nullptr && (*erased)(table_.declaration().key(*row))) return true;
    if (seen.hides != nullptr && seen.hides(*row)) return true;
    if (parts_ == nullptr) {
      AddTexts(*row, seen, texts);
      return true;
    }
    const google::protobuf::Reflection& reflection = *row->GetReflection();
    for (int i = 0; i < reflection.FieldSize(*row, parts_); ++i) {
      AddTexts(reflection.GetRepeatedMessage(*row, parts_, i), seen, texts);
    }
    return true;
  }));
  if (looked_at > kGuessedAmongMax) return std::string();
  return std::string(NearestOf(alias, {texts.begin(), texts.end()}));
}

void AliasSearch::AddTexts(const Message& called, const RowsSeen& seen,
                           std::vector<std::string>& texts) const {
  for (const Field& field : spelled_) {
    if (IsMasked(field, seen)) continue;
    for (const std::string& value : field.ValuesOf(called)) {
      absl::string_view encoded = value;
      std::string text;
      if (TakeStringKey(&encoded, &text) && !text.empty()) texts.push_back(std::move(text));
    }
  }
}

bool AliasSearch::IsCalled(const Message& part, absl::string_view name, absl::string_view alias,
                           const RowsSeen& seen) const {
  if (name.substr(name.rfind('/') + 1) == alias) return true;
  return std::any_of(aliases_.begin(), aliases_.end(), [&](const Field& field) {
    if (IsMasked(field, seen) || !CanBe(alias, field)) return false;
    const absl::StatusOr<LiteralValues> wanted = field.ValuesFor(alias, Moment());
    const std::vector<std::string> values = field.ValuesOf(part);
    return wanted.ok() && std::binary_search(values.begin(), values.end(), wanted->first);
  });
}

}  // namespace kith::projections
