// TableCore: what Table<Row> does, without knowing the type of its rows. Use Table<Row>.
//
// In the view's family a row stands under {table, 0, workspace, primary key}. An index entry is
// {table, index, workspace, values of its fields, primary key}, kept in the view's index family.
// FORMAT.md, section data/views.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/list.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/aliases.h"
#include "projections/tables/field.h"
#include "projections/tables/page_limits.h"
#include "projections/tables/query.h"
#include "projections/tables/time_literal.h"

namespace kith::projections {

// At most so many rows are looked at for one page of a list that no index serves. There the page
// ends, or where all rows have to be sorted first the list is refused.
inline constexpr size_t kScanRowsMax = 10'000;
// Entries or rows that are looked at to count a list. What proto/kith/type/v1/list.proto says, too.
inline constexpr size_t kCountRowsMax = 100'000;

struct CustomColumn;

// What to list. The views outlive the call.
struct ListQuery {
  absl::string_view filter;  // AIP-160
  // What the filter says, where not its text: a comparison was put in place of another, at the same
  // character. Null: as the text is.
  const Expression* parsed = nullptr;
  absl::string_view order_by;  // AIP-132; by primary key, or as the index in use has it, when empty
  absl::string_view page_token;  // of the page before
  int page_size = 0;             // 0 means 50, more than 1,000 means 1,000, less than 0 is refused
  // Whoever asks takes pages that are short or empty and not the last (AIP-158): one ends where
  // `looks_max` rows were looked at. Otherwise a list that would have such a page is refused.
  bool may_be_short = false;
  size_t looks_max = kScanRowsMax;  // fewer only in tests
  // The snapshot is of a moment that the caller asked about, not of now; it decides only over
  // current indexes, and only on the first page: the others go on as that one began.
  bool as_of = false;
  // What relative days and times are counted from on the first page; the others go on with it.
  Moment moment;
  // Holds of every row that may be seen, beside the filter. Null: of all.
  const Expression* within = nullptr;
  // Rows that may be seen besides, by their primary keys, as far as they are there; and what makes
  // them so, for the page token. At most some thousand: each is read for each page.
  struct Besides {
    absl::Span<const std::string> keys;
    absl::string_view why;
  };
  Besides besides;
  // The fields that nobody may filter, order or sum by who lists: that would tell what they hold.
  // Null: none.
  const std::function<bool(const Field& field)>* masked = nullptr;
  // Whom the filter means by aliases, as of the snapshot's position. Null: they are refused.
  const NameOfAlias* name_of = nullptr;
  // All names of the records that the filter names, as of the same position. Null: each has one.
  const NamesOfRecord* names_of = nullptr;
  // The custom fields of the rows that there were at the snapshot's position. Null: none.
  const std::vector<CustomColumn>* custom = nullptr;
  // Whose personal data was erased, by primary key. Their index entries outlive it: where who is in
  // the list, or at which place, may tell something personal, they are passed over as if they were
  // not there. Null: of nobody.
  const std::function<bool(absl::string_view key)>* erased = nullptr;
  // What to say of the whole list, and where. Null: nothing.
  const type::v1::SummaryOptions* summarise = nullptr;
  type::v1::ListSummary* summary = nullptr;
};

struct IndexDeclaration {
  uint8_t number = 0;
  std::vector<std::string> names;
  std::vector<size_t> fields;  // their indexes in the table's fields; found by TableCore
  bool current = false;        // its entries are those of the present only
  bool single = false;         // a row has exactly one entry in it; found by TableCore
};

struct TableDeclaration {
  uint8_t number = 0;
  const google::protobuf::Message* row = nullptr;
  std::function<std::string(const google::protobuf::Message&)> key;
  std::vector<Field> fields;
  size_t declared_fields = 0;  // the first of them; the others are those that every row has
  std::vector<IndexDeclaration> indexes;
  // Of the row, those whose values have index slots (custom_columns.h).
  std::vector<const google::protobuf::FieldDescriptor*> custom_maps;
};

// A row whose bytes do not parse: DataLoss.
absl::Status MalformedRow();

class TableCore {
 public:
  using SharedRow = std::shared_ptr<const google::protobuf::Message>;

  // Aborts on a wrong declaration.
  explicit TableCore(TableDeclaration declaration);

  absl::StatusOr<std::optional<std::string>> Get(ViewBatch& batch, WorkspaceId workspace,
                                                 absl::string_view key) const;
  absl::StatusOr<SharedRow> GetShared(ViewBatch& batch, WorkspaceId workspace,
                                      absl::string_view key) const;
  absl::Status Put(ViewBatch& batch, WorkspaceId workspace,
                   const google::protobuf::Message& row) const;
  // The same where the fold has read the row already: its bytes, and those parsed; nullopt and null
  // where there is none. `row` is not changed any more.
  absl::Status PutOver(ViewBatch& batch, WorkspaceId workspace,
                       const std::optional<std::string>& before_bytes, SharedRow before,
                       SharedRow row) const;
  absl::Status Delete(ViewBatch& batch, WorkspaceId workspace, absl::string_view key) const;
  // Reads the row into `row`, which is empty, and writes what `change` makes of it; false: there is
  // none any more. Of tables without indexes.
  absl::Status Change(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                      google::protobuf::Message& row, absl::FunctionRef<bool()> change) const;
  // Without a look at what is there: of tables without indexes. The key is not empty.
  void Set(ViewBatch& batch, WorkspaceId workspace, const google::protobuf::Message& row) const;
  void Erase(ViewBatch& batch, WorkspaceId workspace, absl::string_view key) const;

  absl::StatusOr<std::optional<std::string>> Get(const ViewSnapshot& snapshot,
                                                 WorkspaceId workspace, absl::string_view key,
                                                 eventstore::ReadTier tier) const;
  // Parses each row into `row`, then visits it.
  absl::Status Scan(const ViewSnapshot& snapshot, WorkspaceId workspace, const KeyRange& keys,
                    google::protobuf::Message& row, absl::FunctionRef<bool()> visit) const;
  absl::Status ScanEach(const ViewSnapshot& snapshot, WorkspaceId workspace,
                        absl::Span<const KeyRange> ranges, google::protobuf::Message& row,
                        absl::FunctionRef<bool(size_t range)> visit) const;
  absl::Status ScanIndex(const ViewSnapshot& snapshot, WorkspaceId workspace, uint8_t index,
                         const KeyRange& keys, google::protobuf::Message& row,
                         absl::FunctionRef<bool()> visit) const;
  // Whether some row may have one of these values in one of these fields: what their indexes say,
  // and true where one of them has no index of its own. Costs no plan and no row.
  absl::StatusOr<bool> MayHaveAny(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                  absl::Span<const absl::string_view> fields,
                                  absl::Span<const std::string> values) const;
  // Gives the rows of one page to `emit`, which is false when the bytes do not parse; returns the
  // next page's token.
  absl::StatusOr<std::string> List(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                   const ListQuery& query,
                                   absl::FunctionRef<bool(absl::string_view row)> emit) const;

  const TableDeclaration& declaration() const { return declaration_; }

 private:
  // Brings the index entries in line with what became of a row; null: it is not there.
  void Replace(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
               const google::protobuf::Message* before,
               const google::protobuf::Message* after) const;
  // The same of what its custom fields have in index slots.
  void ReplaceSlots(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                    const google::protobuf::Message* before,
                    const google::protobuf::Message* after) const;

  TableDeclaration declaration_;
};

}  // namespace kith::projections
