#include "projections/tables/table_core.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "projections/tables/custom_columns.h"
#include "projections/tables/lister.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {
namespace {

constexpr uint8_t kNumberMax = 250;

// The same row always has the same bytes: generations are compared by digest.
std::string Serialise(const google::protobuf::Message& row) {
  std::string bytes(row.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  row.SerializeWithCachedSizes(&coded);
  KITH_CHECK(!coded.HadError());
  return bytes;
}

bool ParseRow(absl::string_view bytes, google::protobuf::Message* row) {
  return row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// `keys` moved behind `prefix`, and ending with it.
KeyRange Within(const std::string& prefix, const KeyRange& keys) {
  return {prefix + keys.from, keys.to.empty() ? PrefixEnd(prefix) : prefix + keys.to,
          keys.direction};
}

// Which fields of a row are the same in another one. Each is looked at once, and encoded only where
// it must be.
class SameFields {
 public:
  // Borrows both.
  SameFields(RowValues& before, RowValues& after)
      : before_(before), after_(after), same_(before.table().declared_fields) {}

  // An index over fields that did not change has nothing to bring in line.
  bool AreSame(const IndexDeclaration& index) {
    return std::all_of(index.fields.begin(), index.fields.end(),
                       [this](size_t field) { return IsSame(field); });
  }
  bool IsSame(size_t field) {
    if (field >= same_.size()) same_.resize(field + 1);
    if (!same_[field].has_value()) {
      const auto& alike = before_.table().fields[field].alike;
      same_[field] = (alike != nullptr && alike(before_.row(), after_.row())) ||
                     before_.Of(field) == after_.Of(field);
    }
    return *same_[field];
  }

 private:
  RowValues& before_;
  RowValues& after_;
  absl::InlinedVector<std::optional<bool>, 32> same_;
};

// The entry of one row in an index that has one of each; of what is the same in both rows, only
// what is encoded already.
std::string EntryOf(const TableDeclaration& table, const IndexDeclaration& index,
                    WorkspaceId workspace, absl::string_view key, RowValues& row, RowValues* before,
                    SameFields* same) {
  const auto value_of = [&](size_t field) -> const std::string& {
    return (same != nullptr && same->IsSame(field) ? *before : row).Of(field).front();
  };
  const std::string prefix = TablePrefix(table.number, index.number, workspace);
  size_t bytes = prefix.size() + key.size();
  for (const size_t field : index.fields) bytes += value_of(field).size();
  std::string entry;
  entry.reserve(bytes);
  entry += prefix;
  for (const size_t field : index.fields) entry += value_of(field);
  return entry.append(key.data(), key.size());
}

// Both sorted.
void ReplaceEntries(ViewBatch& batch, IndexKind kind, const std::vector<std::string>& before,
                    const std::vector<std::string>& after) {
  for (const std::string& entry : before) {
    if (std::binary_search(after.begin(), after.end(), entry)) continue;
    batch.RemoveEntry(kind, entry);
  }
  for (const std::string& entry : after) {
    if (std::binary_search(before.begin(), before.end(), entry)) continue;
    batch.AddEntry(kind, entry);
  }
}

void Resolve(const TableDeclaration& table, IndexDeclaration* index) {
  size_t many = 0;
  for (const std::string& name : index->names) {
    const auto field = FindField(name, table.fields);
    KITH_CHECK(field.ok());
    index->fields.push_back(*field);
    if (table.fields[*field].many) ++many;
  }
  KITH_CHECK(!index->fields.empty() && many <= (index->current ? 0 : 1));
  index->single = many == 0;
}

}  // namespace

absl::Status MalformedRow() {
  return absl::DataLossError("a row of the view store does not parse");
}

TableCore::TableCore(TableDeclaration declaration) : declaration_(std::move(declaration)) {
  KITH_CHECK(declaration_.number >= 1 && declaration_.number <= kNumberMax);
  KITH_CHECK(declaration_.row != nullptr && declaration_.key != nullptr);
  absl::flat_hash_set<std::string> names;
  for (const Field& field : declaration_.fields) KITH_CHECK(names.insert(field.name).second);
  absl::flat_hash_set<int> numbers;
  for (IndexDeclaration& index : declaration_.indexes) {
    KITH_CHECK(index.number >= 1 && index.number <= kSlotIndexes);
    KITH_CHECK(numbers.insert(index.number).second);
    Resolve(declaration_, &index);
  }
}

absl::StatusOr<std::optional<std::string>> TableCore::Get(ViewBatch& batch, WorkspaceId workspace,
                                                          absl::string_view key) const {
  return batch.Get(RowKey(declaration_, workspace, key));
}

absl::StatusOr<TableCore::SharedRow> TableCore::GetShared(ViewBatch& batch, WorkspaceId workspace,
                                                          absl::string_view key) const {
  return batch.GetParsed(RowKey(declaration_, workspace, key), *declaration_.row);
}

absl::Status TableCore::Put(ViewBatch& batch, WorkspaceId workspace,
                            const google::protobuf::Message& row) const {
  const std::string key = declaration_.key(row);
  if (key.empty()) return absl::InvalidArgumentError("a row has an empty primary key");
  const std::string row_key = RowKey(declaration_, workspace, key);
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> before, batch.Get(row_key));
  std::string bytes = Serialise(row);
  if (before == bytes) return absl::OkStatus();

  const bool tells = batch.tells(declaration_.number);
  std::shared_ptr<google::protobuf::Message> old, now;
  if (before.has_value() && (!declaration_.indexes.empty() || tells)) {
    old.reset(declaration_.row->New());
    if (!ParseRow(*before, old.get())) return MalformedRow();
  }
  Replace(batch, workspace, key, old.get(), &row);
  if (tells) {
    now.reset(row.New());
    now->MergeFrom(row);
    batch.Tell({workspace, std::move(old), std::move(now)});
  }
  batch.Put(row_key, std::move(bytes));
  return absl::OkStatus();
}

absl::Status TableCore::PutOver(ViewBatch& batch, WorkspaceId workspace,
                                const std::optional<std::string>& before_bytes, SharedRow before,
                                SharedRow row) const {
  const std::string key = declaration_.key(*row);
  if (key.empty()) return absl::InvalidArgumentError("a row has an empty primary key");
  std::string bytes = Serialise(*row);
  if (before_bytes == bytes) return absl::OkStatus();
  Replace(batch, workspace, key, before.get(), row.get());
  batch.Put(RowKey(declaration_, workspace, key), std::move(bytes));
  if (batch.tells(declaration_.number)) {
    batch.Tell({workspace, std::move(before), std::move(row)});
  }
  return absl::OkStatus();
}

absl::Status TableCore::Change(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                               google::protobuf::Message& row,
                               absl::FunctionRef<bool()> change) const {
  KITH_CHECK(declaration_.indexes.empty() && !batch.tells(declaration_.number));
  const std::string row_key = RowKey(declaration_, workspace, key);
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> before, batch.Get(row_key));
  if (before.has_value() && !ParseRow(*before, &row)) return MalformedRow();
  if (!change()) {
    if (before.has_value()) batch.Delete(row_key);
    return absl::OkStatus();
  }
  std::string bytes = Serialise(row);
  if (before != bytes) batch.Put(row_key, std::move(bytes));
  return absl::OkStatus();
}

void TableCore::Set(ViewBatch& batch, WorkspaceId workspace,
                    const google::protobuf::Message& row) const {
  KITH_CHECK(declaration_.indexes.empty());
  batch.Put(RowKey(declaration_, workspace, declaration_.key(row)), Serialise(row));
}

void TableCore::Erase(ViewBatch& batch, WorkspaceId workspace, absl::string_view key) const {
  KITH_CHECK(declaration_.indexes.empty());
  batch.Delete(RowKey(declaration_, workspace, key));
}

absl::Status TableCore::Delete(ViewBatch& batch, WorkspaceId workspace,
                               absl::string_view key) const {
  const std::string row_key = RowKey(declaration_, workspace, key);
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> before, batch.Get(row_key));
  if (!before.has_value()) return absl::OkStatus();
  std::shared_ptr<google::protobuf::Message> old(declaration_.row->New());
  if (!ParseRow(*before, old.get())) return MalformedRow();
  Replace(batch, workspace, key, old.get(), nullptr);
  if (batch.tells(declaration_.number)) batch.Tell({workspace, std::move(old), nullptr});
  batch.Delete(row_key);
  return absl::OkStatus();
}

void TableCore::Replace(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                        const google::protobuf::Message* before,
                        const google::protobuf::Message* after) const {
  std::optional<RowValues> old_values, values;
  if (before != nullptr) old_values.emplace(declaration_, *before);
  if (after != nullptr) values.emplace(declaration_, *after);
  std::optional<SameFields> same;
  if (old_values.has_value() && values.has_value()) same.emplace(*old_values, *values);
  for (const IndexDeclaration& index : declaration_.indexes) {
    if (same.has_value() && same->AreSame(index)) continue;
    const IndexKind kind = index.current ? IndexKind::kCurrent : IndexKind::kVersioned;
    if (index.single) {
      std::string old_entry, entry;
      if (old_values.has_value()) {
        old_entry = EntryOf(declaration_, index, workspace, key, *old_values, nullptr, nullptr);
      }
      if (values.has_value()) {
        entry =
            EntryOf(declaration_, index, workspace, key, *values,
                    same.has_value() ? &*old_values : nullptr, same.has_value() ? &*same : nullptr);
      }
      if (old_entry == entry) continue;
      if (!old_entry.empty()) batch.RemoveEntry(kind, old_entry);
      if (!entry.empty()) batch.AddEntry(kind, entry);
      continue;
    }
    std::vector<std::string> old_entries, entries;
    if (old_values.has_value()) {
      old_entries = EntriesOf(declaration_, index, workspace, key, *old_values);
    }
    if (values.has_value()) entries = EntriesOf(declaration_, index, workspace, key, *values);
    ReplaceEntries(batch, kind, old_entries, entries);
  }
  if (!declaration_.custom_maps.empty()) ReplaceSlots(batch, workspace, key, before, after);
}

void TableCore::ReplaceSlots(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                             const google::protobuf::Message* before,
                             const google::protobuf::Message* after) const {
  std::vector<std::string> old_entries, entries;
  if (before != nullptr) old_entries = SlotEntriesOf(declaration_, workspace, key, *before);
  if (after != nullptr) entries = SlotEntriesOf(declaration_, workspace, key, *after);
  ReplaceEntries(batch, IndexKind::kVersioned, old_entries, entries);
}

absl::StatusOr<std::optional<std::string>> TableCore::Get(const ViewSnapshot& snapshot,
                                                          WorkspaceId workspace,
                                                          absl::string_view key,
                                                          eventstore::ReadTier tier) const {
  return snapshot.Get(RowKey(declaration_, workspace, key), tier);
}

absl::Status TableCore::Scan(const ViewSnapshot& snapshot, WorkspaceId workspace,
                             const KeyRange& keys, google::protobuf::Message& row,
                             absl::FunctionRef<bool()> visit) const {
  const std::string prefix = TablePrefix(declaration_.number, kRowsNumber, workspace);
  absl::Status found;
  KITH_RETURN_IF_ERROR(
      snapshot.Scan(Within(prefix, keys), [&](absl::string_view, absl::string_view value) {
        if (!ParseRow(value, &row)) found = MalformedRow();
        return found.ok() && visit();
      }));
  return found;
}

absl::Status TableCore::ScanEach(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                 absl::Span<const KeyRange> ranges, google::protobuf::Message& row,
                                 absl::FunctionRef<bool(size_t range)> visit) const {
  const std::string prefix = TablePrefix(declaration_.number, kRowsNumber, workspace);
  std::vector<KeyRange> keys;
  keys.reserve(ranges.size());
  for (const KeyRange& range : ranges) keys.push_back(Within(prefix, range));
  absl::Status found;
  KITH_RETURN_IF_ERROR(
      snapshot.ScanEach(keys, [&](size_t range, absl::string_view, absl::string_view value) {
        if (!ParseRow(value, &row)) found = MalformedRow();
        return found.ok() && visit(range) ? Visiting::kGoOn : Visiting::kEnd;
      }));
  return found;
}

absl::Status TableCore::ScanIndex(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                  uint8_t index, const KeyRange& keys,
                                  google::protobuf::Message& row,
                                  absl::FunctionRef<bool()> visit) const {
  const auto declared =
      std::find_if(declaration_.indexes.begin(), declaration_.indexes.end(),
                   [&](const IndexDeclaration& candidate) { return candidate.number == index; });
  KITH_CHECK(declared != declaration_.indexes.end() && !declared->current);
  const std::string prefix = TablePrefix(declaration_.number, index, workspace);
  absl::Status found;
  KITH_RETURN_IF_ERROR(snapshot.ScanEntries(Within(prefix, keys), [&](absl::string_view entry) {
    const auto key = PrimaryKeyOf(declaration_, *declared, 0, entry.substr(prefix.size()));
    if (!key.has_value()) {
      found = MalformedRow();
      return false;
    }
    const auto bytes = Get(snapshot, workspace, *key, eventstore::ReadTier::kDisk);
    if (!bytes.ok()) {
      found = bytes.status();
    } else if (!bytes->has_value() || !ParseRow(**bytes, &row)) {
      found = MalformedRow();
    }
    return found.ok() && visit();
  }));
  return found;
}

absl::StatusOr<bool> TableCore::MayHaveAny(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                           absl::Span<const absl::string_view> fields,
                                           absl::Span<const std::string> values) const {
  std::vector<KeyRange> keys;
  for (const absl::string_view name : fields) {
    const auto index = std::find_if(declaration_.indexes.begin(), declaration_.indexes.end(),
                                    [&](const IndexDeclaration& candidate) {
                                      return !candidate.current && candidate.names.front() == name;
                                    });
    if (index == declaration_.indexes.end()) return true;
    const Field& field = declaration_.fields[index->fields.front()];
    const std::string prefix = TablePrefix(declaration_.number, index->number, workspace);
    for (const std::string& value : values) {
      const absl::StatusOr<LiteralValues> encoded = field.ValuesFor(value, Moment());
      if (!encoded.ok()) return true;  // a list says what is wrong with it
      keys.push_back(KeyRange::Prefix(prefix + encoded->first));
    }
  }
  bool any = false;
  KITH_RETURN_IF_ERROR(snapshot.ScanEntriesOfEach(keys, [&](size_t, absl::string_view) {
    any = true;
    return Visiting::kEnd;
  }));
  return any;
}

absl::StatusOr<std::string> TableCore::List(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                            const ListQuery& query,
                                            absl::FunctionRef<bool(absl::string_view)> emit) const {
  if (query.custom == nullptr || query.custom->empty()) {
    return Lister(declaration_, snapshot, workspace).List(query, emit);
  }
  const TableDeclaration extended = WithColumns(declaration_, *query.custom);
  return Lister(extended, snapshot, workspace).List(query, emit);
}

}  // namespace kith::projections
