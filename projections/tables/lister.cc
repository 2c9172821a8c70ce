#include "projections/tables/lister.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {
namespace {

using eventstore::Direction;

// Added to the id of an order in the page tokens of a list that was asked for as of a moment: the
// pages after the first go on at that moment, whatever they ask for.
constexpr uint32_t kAsOfOrder = 2000;

// Bytes that sort the other way round. Safe because no encoded value begins with another one.
std::string Inverted(std::string value) {
  for (char& c : value) c = static_cast<char>(~c);
  return value;
}

}  // namespace

Lister::Lister(const TableDeclaration& table, const ViewSnapshot& snapshot, WorkspaceId workspace)
    : table_(table), snapshot_(snapshot), workspace_(workspace), row_(table.row->New()) {}

absl::StatusOr<std::string> Lister::List(const ListQuery& query,
                                         absl::FunctionRef<bool(absl::string_view)> emit) {
  KITH_ASSIGN_OR_RETURN(PageToken token, Begin(query));
  KITH_ASSIGN_OR_RETURN(std::optional<std::vector<Found>> found, Find());
  if (!found.has_value()) return TooManyRows();

  PageRoom room(page_size_);
  const Found* last = nullptr;  // on the page
  for (const Found& row : *found) {
    if (!room.Take(row.bytes.size())) {
      token.resume_key = last->order_key;
      return EncodePageToken(token);
    }
    if (!emit(row.bytes)) return MalformedRow();
    last = &row;
  }
  return "";
}

absl::StatusOr<PageToken> Lister::Begin(const ListQuery& query) {
  KITH_ASSIGN_OR_RETURN(page_size_, PageSizeOf(query.page_size));
  KITH_ASSIGN_OR_RETURN(plan_, MakePlan(table_, query.filter, query.order_by));
  if (plan_.tells_personal) erased_ = query.erased;
  as_of_ = query.as_of && plan_.walks_current();
  PageToken token{snapshot_.position(),
                  QueryDigest({table_.row->GetDescriptor()->full_name(),
                               TablePrefix(table_.number, kRowsNumber, workspace_), query.filter,
                               query.order_by}),
                  plan_.order_id + (as_of_ ? kAsOfOrder : 0),
                  {}};
  if (query.page_token.empty()) return token;
  KITH_ASSIGN_OR_RETURN(PageToken given, DecodePageToken(query.page_token));
  as_of_ = plan_.walks_current() && given.plan == plan_.order_id + kAsOfOrder;
  token.plan = plan_.order_id + (as_of_ ? kAsOfOrder : 0);
  if (given.query != token.query || given.plan != token.plan) {
    return InvalidPageToken("The page token is of another query; start again at the first page.");
  }
  if (given.position != token.position) {
    return InvalidPageToken("The page token is of another moment; start again at the first page.");
  }
  resume_ = std::move(given.resume_key);
  return token;
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Find() {
  std::optional<std::vector<Found>> found;
  if (as_of_) {
    KITH_ASSIGN_OR_RETURN(found, WalkAsOf());
  } else if (plan_.walk.has_value()) {
    KITH_ASSIGN_OR_RETURN(found, Walk());
  }
  if (found.has_value() || !plan_.gather.has_value()) return found;
  return Gather(*plan_.gather);
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::WalkAsOf() {
  KITH_ASSIGN_OR_RETURN(const bool before, snapshot_.HasMovedOn());
  if (before) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(auto found, Walk());
  // The entries were those of the snapshot's position if they are so even now.
  KITH_ASSIGN_OR_RETURN(const bool meanwhile, snapshot_.HasMovedOn());
  return meanwhile ? std::nullopt : std::move(found);
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Walk() {
  const Access& access = *plan_.walk;
  KeyRange stretch = Stretch(access);
  if (plan_.descending) stretch.direction = Direction::kBackwards;
  if (resume_.has_value()) {
    if (plan_.descending) {
      stretch.to = stretch.to.empty() ? *resume_ : std::min(stretch.to, *resume_);
    } else {
      stretch.from = std::max(stretch.from, *resume_ + '\0');  // the first key after it
    }
  }
  std::vector<Found> found;
  PageRoom room(page_size_);
  const auto visit = [&](Candidate& candidate) -> absl::StatusOr<bool> {
    KITH_ASSIGN_OR_RETURN(const bool matches, Matches(access, candidate));
    if (!matches) return true;
    found.push_back({std::string(candidate.suffix), std::move(candidate.bytes)});
    return room.Take(found.back().bytes.size());
  };
  KITH_ASSIGN_OR_RETURN(const bool complete, ForEach(access, stretch, visit));
  if (!complete) return std::nullopt;
  return found;
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Gather(const Access& access) {
  // The rows that come first so far, as many as the page can hold and one beyond, the last of them
  // on top.
  const auto before = [this](const Found& a, const Found& b) {
    return plan_.descending ? a.order_key > b.order_key : a.order_key < b.order_key;
  };
  std::vector<Found> found;
  size_t bytes = 0;
  const auto too_many = [&] {
    return found.size() > page_size_ + 1 ||
           (found.size() > 2 && bytes - found.front().bytes.size() > kPageBytesMax);
  };
  const auto visit = [&](Candidate& candidate) -> absl::StatusOr<bool> {
    KITH_ASSIGN_OR_RETURN(const bool matches, Matches(access, candidate));
    if (!matches) return true;
    KITH_RETURN_IF_ERROR(Parse(candidate));
    Found row{OrderKey(candidate), std::move(candidate.bytes)};
    if (resume_.has_value() && !before({*resume_, ""}, row)) return true;
    bytes += row.bytes.size();
    found.push_back(std::move(row));
    std::push_heap(found.begin(), found.end(), before);
    while (too_many()) {
      std::pop_heap(found.begin(), found.end(), before);
      bytes -= found.back().bytes.size();
      found.pop_back();
    }
    return true;
  };
  KITH_ASSIGN_OR_RETURN(const bool complete, ForEach(access, Stretch(access), visit));
  if (!complete) return std::nullopt;
  std::sort_heap(found.begin(), found.end(), before);
  return found;
}

absl::StatusOr<bool> Lister::ForEach(const Access& access, const KeyRange& suffixes,
                                     Visitor visit) {
  if (access.next.none) return true;
  const std::string prefix = PrefixOf(access);
  const KeyRange keys{prefix + suffixes.from,
                      suffixes.to.empty() ? PrefixEnd(prefix) : prefix + suffixes.to,
                      suffixes.direction};
  size_t scanned = 0;
  absl::StatusOr<bool> going = true;
  const auto visit_entry = [&](absl::string_view entry, absl::string_view value) {
    if (++scanned > kScanRowsMax) return false;
    auto candidate = CandidateAt(access, entry.substr(prefix.size()), value);
    if (!candidate.ok()) {
      going = std::move(candidate).status();
    } else if (candidate->has_value()) {
      going = visit(**candidate);
    }
    return going.ok() && *going;
  };
  KITH_RETURN_IF_ERROR(ScanKeys(access, keys, visit_entry));
  KITH_RETURN_IF_ERROR(going.status());
  return scanned <= kScanRowsMax;
}

absl::Status Lister::ScanKeys(const Access& access, const KeyRange& keys, KeyVisitor visit) const {
  if (access.index == nullptr) return snapshot_.Scan(keys, visit);
  const auto visit_entry = [&](absl::string_view entry) { return visit(entry, ""); };
  return access.index->current ? snapshot_.ScanCurrentEntries(keys, visit_entry)
                               : snapshot_.ScanEntries(keys, visit_entry);
}

absl::StatusOr<std::optional<Lister::Candidate>> Lister::CandidateAt(
    const Access& access, absl::string_view suffix, absl::string_view value) const {
  Candidate candidate{suffix, suffix};
  if (access.index == nullptr) {
    candidate.bytes = std::string(value);
    return candidate;
  }
  const auto key = PrimaryKeyOf(table_, *access.index, access.bound_fields, suffix);
  if (!key.has_value()) return MalformedRow();
  candidate.key = *key;
  KITH_ASSIGN_OR_RETURN(
      auto bytes, snapshot_.Get(RowKey(table_, workspace_, *key), eventstore::ReadTier::kDisk));
  if (!bytes.has_value()) {
    if (access.index->current) return std::nullopt;
    return MalformedRow();
  }
  candidate.bytes = *std::move(bytes);
  return candidate;
}

KeyRange Lister::Stretch(const Access& access) const { return {access.next.from, access.next.to}; }

std::string Lister::PrefixOf(const Access& access) const {
  const uint8_t number = access.index == nullptr ? kRowsNumber : access.index->number;
  return TablePrefix(table_.number, number, workspace_) + access.bound;
}

absl::Status Lister::Parse(Candidate& candidate) {
  if (!candidate.parsed && !row_->ParseFromString(candidate.bytes)) return MalformedRow();
  candidate.parsed = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> Lister::Matches(const Access& access, Candidate& candidate) {
  if (erased_ != nullptr && (*erased_)(candidate.key)) return false;
  const bool all_served =
      std::all_of(access.served.begin(), access.served.end(), [](bool served) { return served; });
  if (all_served && !access.next_is_many) return true;
  KITH_RETURN_IF_ERROR(Parse(candidate));
  for (size_t i = 0; i < plan_.predicates.size(); ++i) {
    const Predicate& predicate = plan_.predicates[i];
    if (!access.served[i] && !predicate.Holds(table_.fields[predicate.field].ValuesOf(*row_))) {
      return false;
    }
  }
  if (!access.next_is_many) return true;
  // A row with several values in the stretch counts where it comes first.
  const size_t many = access.index->fields[access.bound_fields];
  for (const std::string& value : table_.fields[many].ValuesOf(*row_)) {
    if (access.next.Contains(value)) return candidate.suffix.substr(0, value.size()) == value;
  }
  return false;
}

std::string Lister::OrderKey(const Candidate& candidate) const {
  if (const IndexDeclaration* index = plan_.order_index(); index != nullptr) {
    RowValues values(table_, *row_);
    return EntrySuffixes(*index, plan_.walk->bound_fields, candidate.key, values).front();
  }
  std::string key;
  for (const SortField& by : plan_.sort_fields) {
    const std::string value = table_.fields[by.field].ValuesOf(*row_).front();
    key += by.descending ? Inverted(value) : value;
  }
  key.append(candidate.key.data(), candidate.key.size());
  return key;
}

absl::Status Lister::TooManyRows() const {
  if (as_of_) {
    const std::string index = absl::StrCat("(", absl::StrJoin(plan_.walk->index->names, ", "), ")");
    return Error(type::v1::ERROR_INVALID_FILTER,
                 absl::StrCat("The order by ", index,
                              " is kept for the present only: as of an earlier moment the list has "
                              "to be sorted, and more than ",
                              kScanRowsMax,
                              " rows would have to be looked at. Narrow the filter by a field that "
                              "has an index, or ask for the present."),
                 {{"index", index}});
  }
  return Error(type::v1::ERROR_INVALID_FILTER,
               absl::StrCat("More than ", kScanRowsMax,
                            " rows would have to be looked at. An index on ", plan_.wanted_index,
                            " would serve this; narrow the filter by a field that has one."),
               {{"index", plan_.wanted_index}});
}

}  // namespace kith::projections
