// Lister: runs one list over a snapshot of a table. Made for one call, on the caller's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "projections/engine/view_snapshot.h"
#include "projections/tables/page_token.h"
#include "projections/tables/plan.h"
#include "projections/tables/row_sums.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

class Lister {
 public:
  // Borrows both for its lifetime.
  Lister(const TableDeclaration& table, const ViewSnapshot& snapshot, WorkspaceId workspace);

  // As TableCore::List.
  absl::StatusOr<std::string> List(const ListQuery& query,
                                   absl::FunctionRef<bool(absl::string_view)> emit);

 private:
  // A row of the page, and where it stands in the list's order.
  struct Found {
    std::string order_key;
    std::string bytes;
  };
  // One row that an access came upon.
  struct Candidate {
    absl::string_view suffix;  // of its key, after what the access binds
    absl::string_view key;     // primary key
    std::string bytes;
    bool parsed = false;  // row_ holds it
  };

  // What was asked, for the page token.
  uint64_t DigestOf(const ListQuery& query) const;
  // Where the list begins, its moment and its order, as the query or its page token says.
  absl::StatusOr<PageToken> Begin(const ListQuery& query);
  // The page's rows, as far as they fit, and, when more follow, one beyond, or where ends_at_ says
  // that the page is short those up to there; nullopt when too many rows would have to be looked
  // at.
  absl::StatusOr<std::optional<std::vector<Found>>> Find();
  absl::StatusOr<std::optional<std::vector<Found>>> Walk();
  absl::StatusOr<std::optional<std::vector<Found>>> Gather();
  // A walk over a current index that is exact at the snapshot's position; nullopt also when the
  // index has moved on since.
  absl::StatusOr<std::optional<std::vector<Found>>> WalkAsOf();
  // The rows of `besides` that belong into the list and are not in it anyway, in its order.
  absl::Status FindBesides(const ListQuery& query);
  // Where a row stands in the list's order.
  std::string PlaceOf(Candidate& candidate) const;
  bool StandsBefore(const Found& a, const Found& b) const {
    return plan_.descending ? a.order_key > b.order_key : a.order_key < b.order_key;
  }
  // Puts those in among the page's rows.
  void PutBesides(std::vector<Found>& found) const;
  // What was asked of the whole list, once the page is found.
  absl::Status Summarise(const ListQuery& query);
  // Counts the rows of the list, and sums what was asked; false when the bound is met.
  absl::StatusOr<bool> Count();
  // Counts the rows of an access that no row has to be read for; false when the bound is met.
  absl::StatusOr<bool> CountEntries(const Access& access);
  void Explain(type::v1::ListPlan* plan) const;
  // Whether it begins with the fields of the index that is wanted.
  bool Serves(const IndexDeclaration& index) const;
  // The stretches to count in: those that are gathered, which are exact at any moment.
  const Route& CountedRoute() const { return plan_.can_gather ? plan_.gather : plan_.walk; }
  // Whether there are so few entries where Gather looks that it is cheaper than any walk.
  absl::StatusOr<bool> GathersFew() const;

  // Visits the rows of an access within `suffixes` until `visit` is false; false when the bound is
  // met.
  using Visitor = absl::FunctionRef<absl::StatusOr<bool>(Candidate&)>;
  absl::StatusOr<bool> ForEach(const Access& access, const KeyRange& suffixes, Visitor visit);
  // The same of the several stretches of the walk, side by side, in the list's order. A row that
  // stands in several comes once for each, one after the other.
  using MergeVisitor = absl::FunctionRef<absl::StatusOr<bool>(const Access&, Candidate&)>;
  absl::StatusOr<bool> ForEachMerged(MergeVisitor visit);
  // What follows the last page of a stretch of the walk.
  KeyRange RestOfStretch(const Access& access) const;
  // The entries, or the rows, within `keys`.
  absl::Status ScanKeys(const Access& access, const KeyRange& keys, KeyVisitor visit) const;
  // The entries of several stretches of the walk, which are all of an index; of none the same.
  absl::Status ScanEntriesOfEach(const std::vector<KeyRange>& keys, EntriesVisitor visit) const;
  // The row of an entry; nullopt when a current entry is newer than the snapshot and its row was
  // not there yet.
  absl::StatusOr<std::optional<Candidate>> CandidateAt(const Access& access,
                                                       absl::string_view suffix,
                                                       absl::string_view value) const;

  // What stands before the suffixes of an access.
  std::string PrefixOf(const Access& access) const;
  KeyRange KeysOf(const Access& access, const KeyRange& suffixes) const;

  // Takes one more of what may be looked at; false when there is no more of that.
  bool MayLook();
  // Whether the row belongs into the list, as far as `access` did not see to it.
  absl::StatusOr<bool> Matches(const Access& access, Candidate& candidate);
  absl::Status Parse(Candidate& candidate);  // into row_
  std::string OrderKey(const Candidate& candidate) const;
  absl::Status TooManyRows() const;

  const TableDeclaration& table_;
  const ViewSnapshot& snapshot_;
  const WorkspaceId workspace_;
  const std::unique_ptr<google::protobuf::Message> row_;  // the candidate's, parsed
  Plan plan_;
  size_t page_size_ = 0;
  const std::function<bool(absl::string_view)>* erased_ = nullptr;  // where it matters
  bool is_bounded_ = false;           // there may be rows that are hidden from who asks
  std::optional<absl::Time> moment_;  // what relative times are counted from
  bool as_of_ = false;  // in the order of a current index, but as of a moment asked about
  std::optional<std::string> resume_;  // the order key of the last row before this page
  RowSums sums_;                       // of all rows that are counted
  std::vector<Found> besides_;         // on all pages
  bool gathered_ = false;              // the page was found by Gather
  bool may_be_short_ = false;
  // The page ends at this place, which was looked at last, though more rows may follow.
  std::optional<std::string> ends_at_;
  size_t looks_max_ = kScanRowsMax;
  // Of the walk, or of what is gathered or counted, that was begun last.
  size_t looked_at_ = 0;    // entries or rows, looks_max_ at most
  size_t passed_over_ = 0;  // of these, those of the erased, of which nothing is told
  size_t matched_ = 0;      // rows of those
  std::string last_;        // the suffix of the last of those
};

}  // namespace kith::projections
