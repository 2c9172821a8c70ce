// Table<Row>: protobuf rows under a primary key, with declared indexes, versioned by position.
//
// A view declares its tables once, each in a function, and folds events into them:
//
//   const Table<Deal>& Deals() {
//     static const auto& table = *new Table<Deal>(TableBuilder<Deal>(1)
//         .Key([](const Deal& deal) { return deal.name(); })
//         .Field("owner").Field("stage").Field("status").Field("expected_close_date")
//         .Field("display_name", {.normalise = FoldAscii})
//         .Field("contact", {.path = "contacts.contact"})
//         .Index(1, {"owner", "expected_close_date"})
//         .Index(2, {"contact"})
//         .Build());
//     return table;
//   }
//
// Table and index numbers are persisted; a change of meaning needs a new version of the projection,
// which rebuilds it. Every field of a row can be filtered by (every_field.h): declared are those
// that are computed, normalised in a way of their own, or have an index. An index serves equality
// on its first fields, then a prefix or a range on the next one, and the order of those that
// follow. What no index serves is done on at most kScanRowsMax rows.
//
// A list in the order of a current index has the order of the moment its page is read at, and every
// row as it was at the position of the first page. A row that moved in between comes again where it
// moved forwards, along the list's direction, and is left out where it moved backwards: in rising
// order of last activity each row comes at least once, in falling order at most once. What came
// into being since the first page, or is gone since, is left out. Asked as of an earlier moment
// such a list is exact: from the index where nothing has moved since, otherwise by sorting the rows
// of that moment, and refused where these are more than kScanRowsMax. Immutable, any thread; a
// ViewBatch belongs to its view's lane.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/every_field.h"
#include "projections/tables/field.h"
#include "projections/tables/page_token.h"
#include "projections/tables/query.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

template <class Row>
struct Page {
  std::vector<Row> rows;
  std::string next_page_token;  // empty on the last page
};

template <class Row>
class Table {
 public:
  explicit Table(TableDeclaration declaration) : core_(std::move(declaration)) {}

  // --- While folding. Errors are the batch's: return them from Apply.
  absl::StatusOr<std::optional<Row>> Get(ViewBatch& batch, WorkspaceId workspace,
                                         absl::string_view key) const {
    return Parse(core_.Get(batch, workspace, key));
  }
  // The same of a row that is asked for with nearly every event: parsed once, until it is changed.
  // Null where there is none; of one table that has rows under such keys.
  absl::StatusOr<std::shared_ptr<const Row>> GetShared(ViewBatch& batch, WorkspaceId workspace,
                                                       absl::string_view key) const {
    KITH_ASSIGN_OR_RETURN(auto row, core_.GetShared(batch, workspace, key));
    return std::static_pointer_cast<const Row>(std::move(row));
  }
  // Inserts or replaces the row and brings its index entries in line. Writes nothing where nothing
  // changes.
  absl::Status Put(ViewBatch& batch, WorkspaceId workspace, const Row& row) const {
    return core_.Put(batch, workspace, row);
  }
  // Nothing where there is no such row.
  absl::Status Delete(ViewBatch& batch, WorkspaceId workspace, absl::string_view key) const {
    return core_.Delete(batch, workspace, key);
  }

  // Writes what `change` makes of the row, or of an empty one where there is none; false: there is
  // none any more. Of a table without indexes.
  absl::Status Change(ViewBatch& batch, WorkspaceId workspace, absl::string_view key,
                      absl::FunctionRef<bool(Row&)> change) const {
    Row row;
    return core_.Change(batch, workspace, key, row, [&] { return change(row); });
  }
  // The same without a look at what is there, of a table without indexes: the fold knows that the
  // row is another one than before, or that it is there.
  void Set(ViewBatch& batch, WorkspaceId workspace, const Row& row) const {
    core_.Set(batch, workspace, row);
  }
  void Erase(ViewBatch& batch, WorkspaceId workspace, absl::string_view key) const {
    core_.Erase(batch, workspace, key);
  }

  // --- Reading. Errors of the snapshot: Unavailable, DataLoss.
  absl::StatusOr<std::optional<Row>> Get(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                         absl::string_view key, eventstore::ReadTier tier) const {
    return Parse(core_.Get(snapshot, workspace, key, tier));
  }
  // The same straight into a reply; false, and nothing written, where there is no such row.
  absl::StatusOr<bool> Get(const ViewSnapshot& snapshot, WorkspaceId workspace,
                           absl::string_view key, eventstore::ReadTier tier, Row* row) const {
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                          core_.Get(snapshot, workspace, key, tier));
    if (bytes.has_value() && !row->ParseFromString(*bytes)) return MalformedRow();
    return bytes.has_value();
  }
  // The rows whose primary key lies in `keys` (KeyRange::Prefix("") for all), in its order, until
  // `visit` says false.
  absl::Status Scan(const ViewSnapshot& snapshot, WorkspaceId workspace, const KeyRange& keys,
                    absl::FunctionRef<bool(const Row&)> visit) const {
    Row row;
    return core_.Scan(snapshot, workspace, keys, row, [&] { return visit(row); });
  }
  // The same of several ranges, one after the other: a further one costs a fraction of a scan of
  // its own. `visit` is told which one, by its place among them.
  absl::Status ScanEach(const ViewSnapshot& snapshot, WorkspaceId workspace,
                        absl::Span<const KeyRange> ranges,
                        absl::FunctionRef<bool(size_t range, const Row&)> visit) const {
    Row row;
    return core_.ScanEach(snapshot, workspace, ranges, row,
                          [&](size_t range) { return visit(range, row); });
  }
  // The rows that index `index` lists within `keys`, in the index's order; the bounds are made with
  // KeyOf and the values of the index's fields: KeyRange::Prefix(KeyOf(owner)). A row comes once
  // for each of its entries in the range.
  absl::Status ScanIndex(const ViewSnapshot& snapshot, WorkspaceId workspace, uint8_t index,
                         const KeyRange& keys, absl::FunctionRef<bool(const Row&)> visit) const {
    Row row;
    return core_.ScanIndex(snapshot, workspace, index, keys, row, [&] { return visit(row); });
  }
  // One page. ERROR_INVALID_FILTER for a query that cannot be parsed or run, and says what would
  // help; ERROR_INVALID_PAGE_TOKEN for a token of another query, or of another position than the
  // snapshot's.
  absl::StatusOr<Page<Row>> List(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                 const ListQuery& query) const {
    Page<Row> page;
    KITH_ASSIGN_OR_RETURN(page.next_page_token, List(snapshot, workspace, query, [&]() -> Row* {
                            return &page.rows.emplace_back();
                          }));
    return page;
  }
  // The same into rows that `add` makes, straight into a reply; returns the next page's token.
  absl::StatusOr<std::string> List(const ViewSnapshot& snapshot, WorkspaceId workspace,
                                   const ListQuery& query, absl::FunctionRef<Row*()> add) const {
    return core_.List(snapshot, workspace, query, [&](absl::string_view bytes) {
      return add()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    });
  }

  // What it does where the type of its rows does not matter.
  const TableCore& core() const { return core_; }

 private:
  static absl::StatusOr<std::optional<Row>> Parse(
      absl::StatusOr<std::optional<std::string>> bytes) {
    if (!bytes.ok()) return std::move(bytes).status();
    std::optional<Row> row;
    if (bytes->has_value() && !row.emplace().ParseFromString(**bytes)) return MalformedRow();
    return row;
  }

  TableCore core_;
};

// How a declared field is got from a row.
struct FieldOptions {
  std::string path;     // in the row; the field's name when empty
  Normalise normalise;  // of strings
};

// Declares a table. Every mistake in a declaration aborts when it is built, which is when the
// process starts.
template <class Row>
class TableBuilder {
 public:
  // `number` is unique among the tables of one view, 1 to 250.
  explicit TableBuilder(uint8_t number) {
    declaration_.number = number;
    declaration_.row = &Row::default_instance();
  }

  // The primary key: not empty, never changing for a row.
  template <class Get>
  TableBuilder& Key(Get get) {
    declaration_.key = [get](const google::protobuf::Message& row) -> std::string {
      return get(static_cast<const Row&>(row));
    };
    return *this;
  }
  // A field of the row, by its path.
  TableBuilder& Field(absl::string_view name, FieldOptions options = {}) {
    declaration_.fields.push_back(FieldAt(*Row::descriptor(), name,
                                          options.path.empty() ? name : options.path,
                                          std::move(options.normalise)));
    return *this;
  }
  // A field computed from the row: get(const Row&) returns a value of a type that key_codec.h
  // knows.
  template <class Get>
  TableBuilder& Computed(absl::string_view name, Get get, Normalise normalise = {}) {
    using Value = std::decay_t<std::invoke_result_t<Get, const Row&>>;
    return Add(name, FieldTypeOf<Value>(), false, std::move(normalise),
               [get](const google::protobuf::Message& row, ValueSink& out) {
                 out.Add(get(static_cast<const Row&>(row)));
               });
  }
  // A field of any number of values: get(const Row&, ValueSink&) adds each, all of the type `type`.
  template <class Get>
  TableBuilder& Many(absl::string_view name, FieldType type, Get get, Normalise normalise = {}) {
    return Add(name, type, true, std::move(normalise),
               [get](const google::protobuf::Message& row, ValueSink& out) {
                 get(static_cast<const Row&>(row), out);
               });
  }
  // Of the field declared last: its values are such texts (Field::check), and a filter that asks
  // for one that is not is refused.
  TableBuilder& Check(std::function<absl::Status(absl::string_view text)> check) {
    KITH_CHECK(!declaration_.fields.empty());
    declaration_.fields.back().check = std::move(check);
    return *this;
  }
  // Of the field declared last: what people call the record by, or a part of it that has a `name`
  // of its own (aliases.h). Of records, an index begins with it.
  TableBuilder& Alias() {
    KITH_CHECK(!declaration_.fields.empty());
    declaration_.fields.back().alias = true;
    return *this;
  }
  // The field "words", of the words of the row's names, which `get(const Row&, WordSink&)` adds. A
  // filter asks for their beginnings by words without a field; an index on it serves them.
  template <class Get>
  TableBuilder& Words(Get get) {
    Many(
        "words", FieldType::kString,
        [get](const Row& row, ValueSink& out) {
          WordSink words(out);
          get(row, words);
        },
        FoldedName);
    declaration_.fields.back().is_words = true;
    const auto names_of = [get](const google::protobuf::Message& row) {
      std::vector<std::string> names;
      WordSink sink(&names);
      get(static_cast<const Row&>(row), sink);
      return names;
    };
    declaration_.fields.back().alike = [names_of](const google::protobuf::Message& a,
                                                  const google::protobuf::Message& b) {
      return names_of(a) == names_of(b);
    };
    return *this;
  }
  // An index over declared fields, at most one of them of many values. `number` is unique in the
  // table, 1 to 230: those above are of custom fields. The projection says has_indexes.
  TableBuilder& Index(uint8_t number, std::initializer_list<absl::string_view> fields) {
    declaration_.indexes.push_back({number, {fields.begin(), fields.end()}, {}, false});
    return *this;
  }
  // The same for a field that changes all the time (last activity, a score), and none of many
  // values: only the present entries are kept, because a scan as of an earlier moment that has to
  // pass over a hundred other entries for each row is no scan of an index.
  TableBuilder& CurrentIndex(uint8_t number, std::initializer_list<absl::string_view> fields) {
    declaration_.indexes.push_back({number, {fields.begin(), fields.end()}, {}, true});
    return *this;
  }

  Table<Row> Build() {
    declaration_.declared_fields = declaration_.fields.size();
    AddEveryField(*Row::descriptor(), &declaration_.fields);
    declaration_.custom_maps = CustomMapsOf(*Row::descriptor());
    return Table<Row>(std::move(declaration_));
  }

 private:
  TableBuilder& Add(absl::string_view name, FieldType type, bool many, Normalise normalise,
                    projections::Field::Getter get) {
    projections::Field& field = declaration_.fields.emplace_back();
    field.name = std::string(name);
    field.type = type;
    field.many = many;
    field.money = type == FieldType::kMoney;
    field.personal = HasPersonal(*Row::descriptor());
    field.get = std::move(get);
    field.normalise = std::move(normalise);
    return *this;
  }

  TableDeclaration declaration_;
};

}  // namespace kith::projections
