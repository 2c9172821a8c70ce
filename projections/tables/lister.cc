#include "projections/tables/lister.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {
namespace {

using eventstore::Direction;

// Of an order in which nothing can be skipped, so many entries are looked through before a walk.
constexpr size_t kGatherAtOnce = 256;
// The shortest and the longest piece that is read of one of several stretches.
constexpr size_t kPieceMin = 4;
constexpr size_t kPieceMax = 1024;

// Added to the id of an order in the page tokens of a list that was asked for as of a moment: the
// pages after the first go on at that moment, whatever they ask for.
constexpr uint32_t kAsOfOrder = 2000;

// Bytes that sort the other way round. Safe because no encoded value begins with another one.
std::string Inverted(std::string value) {
  for (char& c : value) c = static_cast<char>(~c);
  return value;
}

// What a row is ordered by. One that has no value comes before those that have one, unless all have
// one: then it is what stands in an index.
std::string OrderValue(const Field& field, bool all_have_one,
                       const google::protobuf::Message& row) {
  const std::vector<std::string> values = field.ValuesOf(row);
  if (!field.many || (all_have_one && !values.empty())) return values.front();
  return values.empty() ? std::string(1, '\0') : absl::StrCat("\1", values.front());
}

// What an access covers, as suffixes.
KeyRange StretchOf(const Access& access) { return {access.next.from, access.next.to}; }

// Those by which a filter is narrow as of any moment: "owner, display_name".
std::string NarrowingFields(const TableDeclaration& table) {
  std::vector<absl::string_view> names;
  for (const IndexDeclaration& index : table.indexes) {
    const absl::string_view name = index.names.front();
    if (index.current || std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
  }
  return absl::StrJoin(names, ", ");
}

// The entries of one of several stretches, read piece by piece, each longer than the one before.
class EntryPieces {
 public:
  // Borrows the access.
  EntryPieces(const Access& access, KeyRange suffixes, size_t piece)
      : access_(&access), rest_(std::move(suffixes)), piece_(piece) {}

  const Access& access() const { return *access_; }
  // Where the entries stand that were not read yet.
  const KeyRange& rest() const { return rest_; }
  // There is no entry any more. Only after the next piece was read where it NeedsMore.
  bool done() const { return at_ == entries_.size(); }
  bool NeedsMore() const { return done() && !is_last_; }
  const std::string& entry() const { return entries_[at_]; }
  void Next() { ++at_; }

  // Reading a piece: it begins, takes the entries of the rest until it is full, and ends.
  void Begin() {
    entries_.clear();
    at_ = 0;
  }
  bool Take(absl::string_view suffix) {
    entries_.emplace_back(suffix);
    return entries_.size() < piece_;
  }
  void End() {
    is_last_ = entries_.size() < piece_;
    if (is_last_) return;
    if (rest_.direction == Direction::kBackwards) {
      rest_.to = entries_.back();
    } else {
      rest_.from = entries_.back() + '\0';
    }
    piece_ = std::min(2 * piece_, kPieceMax);
  }

 private:
  const Access* access_;
  KeyRange rest_;
  size_t piece_;
  std::vector<std::string> entries_;
  size_t at_ = 0;
  bool is_last_ = false;
};

}  // namespace

Lister::Lister(const TableDeclaration& table, const ViewSnapshot& snapshot, WorkspaceId workspace)
    : table_(table), snapshot_(snapshot), workspace_(workspace), row_(table.row->New()) {}

absl::StatusOr<std::string> Lister::List(const ListQuery& query,
                                         absl::FunctionRef<bool(absl::string_view)> emit) {
  KITH_ASSIGN_OR_RETURN(PageToken token, Begin(query));
  KITH_ASSIGN_OR_RETURN(std::optional<std::vector<Found>> found, Find());
  if (!found.has_value()) return TooManyRows();
  KITH_RETURN_IF_ERROR(FindBesides(query));
  PutBesides(*found);
  if (query.summarise != nullptr) KITH_RETURN_IF_ERROR(Summarise(query));
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
  if (!ends_at_.has_value()) return "";
  token.resume_key = *ends_at_;
  return EncodePageToken(token);
}

absl::StatusOr<PageToken> Lister::Begin(const ListQuery& query) {
  KITH_ASSIGN_OR_RETURN(page_size_, PageSizeOf(query.page_size));
  std::optional<PageToken> given;
  Moment moment = query.moment;
  if (!query.page_token.empty()) {
    KITH_ASSIGN_OR_RETURN(given, DecodePageToken(query.page_token));
    moment.now = given->moment;  // all pages count from that of the first
  }
  KITH_ASSIGN_OR_RETURN(plan_, MakePlan(table_, {query.filter, query.order_by, moment, query.within,
                                                 query.masked, query.name_of, query.names_of,
                                                 !query.besides.keys.empty(), query.parsed}));
  if (plan_.tells_personal) erased_ = query.erased;
  is_bounded_ = query.within != nullptr;
  may_be_short_ = query.may_be_short;
  looks_max_ = query.looks_max;
  if (query.summarise != nullptr) {
    KITH_ASSIGN_OR_RETURN(sums_, RowSums::Of(table_.fields, *row_, query.summarise->sums()));
    const Field* const masked = query.masked == nullptr ? nullptr : sums_.FindThat(*query.masked);
    if (masked != nullptr) return FieldMasked(masked->name);
  }
  moment_ = moment.now;
  const uint32_t as_of_order = plan_.order_id + kAsOfOrder;
  as_of_ = plan_.walks_current() && (given.has_value() ? given->plan == as_of_order : query.as_of);
  PageToken token{.position = snapshot_.position(),
                  .query = DigestOf(query),
                  .plan = as_of_ ? as_of_order : plan_.order_id,
                  .moment = moment.now};
  if (!given.has_value()) return token;
  if (given->query != token.query || given->plan != token.plan) {
    return InvalidPageToken("The page token is of another query; start again at the first page.");
  }
  if (given->position != token.position) {
    return InvalidPageToken("The page token is of another moment; start again at the first page.");
  }
  resume_ = std::move(given->resume_key);
  return token;
}

uint64_t Lister::DigestOf(const ListQuery& query) const {
  return QueryDigest({table_.row->GetDescriptor()->full_name(),
                      TablePrefix(table_.number, kRowsNumber, workspace_), query.filter,
                      query.order_by, query.within == nullptr ? "" : FilterText(*query.within),
                      query.besides.why});
}

absl::Status Lister::FindBesides(const ListQuery& query) {
  if (query.besides.keys.empty()) return absl::OkStatus();
  Moment moment = query.moment;
  moment.now = moment_;
  KITH_ASSIGN_OR_RETURN(const Plan everybodys, MakePlan(table_, {.filter = query.filter,
                                                                 .order_by = query.order_by,
                                                                 .moment = moment,
                                                                 .masked = query.masked,
                                                                 .name_of = query.name_of,
                                                                 .names_of = query.names_of,
                                                                 .parsed = query.parsed}));
  for (const std::string& key : query.besides.keys) {
    if (erased_ != nullptr && (*erased_)(key)) continue;
    KITH_ASSIGN_OR_RETURN(
        auto bytes, snapshot_.Get(RowKey(table_, workspace_, key), eventstore::ReadTier::kDisk));
    if (!bytes.has_value()) continue;
    Candidate candidate{key, key, *std::move(bytes)};
    KITH_RETURN_IF_ERROR(Parse(candidate));
    RowValues values(table_, *row_);
    if (!Holds(everybodys.whole, everybodys.predicates, values)) continue;
    if (Holds(plan_.whole, plan_.predicates, values)) continue;
    std::string place = PlaceOf(candidate);
    besides_.push_back({std::move(place), std::move(candidate.bytes)});
  }
  std::sort(besides_.begin(), besides_.end(),
            [this](const Found& a, const Found& b) { return StandsBefore(a, b); });
  return absl::OkStatus();
}

std::string Lister::PlaceOf(Candidate& candidate) const {
  if (!plan_.can_walk || plan_.walk.size() != 1 || !plan_.walk.front().next_is_many) {
    return OrderKey(candidate);
  }
  // Where the first of its values stands that the stretch has.
  const Access& access = plan_.walk.front();
  const std::string key(candidate.key);
  RowValues values(table_, *row_);
  for (const std::string& value : values.Of(access.index->fields[access.bound_fields])) {
    if (!access.next.Contains(value)) continue;
    const std::string usual = OrderKey(candidate);
    const size_t first = table_.fields[plan_.order.front().field].ValuesOf(*row_).front().size();
    return value + usual.substr(first);
  }
  return OrderKey(candidate);
}

void Lister::PutBesides(std::vector<Found>& found) const {
  if (besides_.empty()) return;
  for (const Found& row : besides_) {
    if (resume_.has_value() && !StandsBefore({*resume_, ""}, row)) continue;
    if (ends_at_.has_value() && StandsBefore({*ends_at_, ""}, row)) continue;
    found.push_back(row);
  }
  std::sort(found.begin(), found.end(),
            [this](const Found& a, const Found& b) { return StandsBefore(a, b); });
  // As many as the page can hold, and one beyond.
  if (found.size() > page_size_ + 1) found.resize(page_size_ + 1);
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Find() {
  std::optional<std::vector<Found>> found;
  bool gathers_few = false;
  if (plan_.can_walk && plan_.can_gather) {
    KITH_ASSIGN_OR_RETURN(gathers_few, GathersFew());
  }
  if (gathers_few) return Gather();
  if (as_of_) {
    KITH_ASSIGN_OR_RETURN(found, WalkAsOf());
  } else if (plan_.can_walk) {
    KITH_ASSIGN_OR_RETURN(found, Walk());
  }
  const bool is_whole = found.has_value() && !ends_at_.has_value();
  if (is_whole || !plan_.can_gather) return found;
  // What the page says of how it was found is said of the way that it was found in.
  const size_t looked_at = looked_at_;
  const size_t passed_over = passed_over_;
  KITH_ASSIGN_OR_RETURN(std::optional<std::vector<Found>> gathered, Gather());
  if (gathered.has_value() || !found.has_value()) {
    ends_at_.reset();
    return gathered;
  }
  gathered_ = false;
  looked_at_ = looked_at;
  passed_over_ = passed_over;
  return found;
}

absl::StatusOr<bool> Lister::GathersFew() const {
  // The order of a current index is another one than that of the rows as they are shown.
  if (plan_.walks_current() && !as_of_) return false;
  std::vector<KeyRange> keys;
  for (const Access& access : plan_.gather) {
    if (access.index == nullptr) return false;
    if (!access.next.none) keys.push_back(KeysOf(access, StretchOf(access)));
  }
  const size_t few = std::min(kGatherAtOnce, looks_max_);
  size_t entries = 0;
  KITH_RETURN_IF_ERROR(snapshot_.ScanEntriesOfEach(keys, [&](size_t, absl::string_view) {
    return ++entries <= few ? Visiting::kGoOn : Visiting::kEnd;
  }));
  return entries <= few;
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::WalkAsOf() {
  KITH_ASSIGN_OR_RETURN(const bool before, snapshot_.HasMovedOn());
  if (before) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(auto found, Walk());
  // The entries were those of the snapshot's position if they are so even now.
  KITH_ASSIGN_OR_RETURN(const bool meanwhile, snapshot_.HasMovedOn());
  if (!meanwhile) return found;
  ends_at_.reset();
  return std::nullopt;
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Walk() {
  looked_at_ = passed_over_ = matched_ = 0;
  last_.clear();
  std::vector<Found> found;
  PageRoom room(page_size_);
  const auto visit_of = [&](const Access& access, Candidate& candidate) -> absl::StatusOr<bool> {
    // It stands in several stretches.
    if (plan_.walk.size() > 1 && !found.empty() && found.back().order_key == candidate.suffix) {
      return true;
    }
    KITH_ASSIGN_OR_RETURN(const bool matches, Matches(access, candidate));
    if (!matches) return true;
    ++matched_;
    found.push_back({std::string(candidate.suffix), std::move(candidate.bytes)});
    return room.Take(found.back().bytes.size());
  };
  bool complete = true;
  if (plan_.walk.size() == 1) {
    const Access& access = plan_.walk.front();
    KITH_ASSIGN_OR_RETURN(complete, ForEach(access, RestOfStretch(access),
                                            [&](Candidate& row) { return visit_of(access, row); }));
  } else {
    KITH_ASSIGN_OR_RETURN(complete, ForEachMerged(visit_of));
  }
  if (complete) return found;
  if (!may_be_short_) return std::nullopt;
  ends_at_ = last_;
  return found;
}

absl::StatusOr<std::optional<std::vector<Lister::Found>>> Lister::Gather() {
  looked_at_ = passed_over_ = matched_ = 0;
  gathered_ = true;
  // The rows that come first so far, as many as the page can hold and one beyond, the last of them
  // on top.
  const auto before = [this](const Found& a, const Found& b) { return StandsBefore(a, b); };
  std::vector<Found> found;
  size_t bytes = 0;
  const auto too_many = [&] {
    return found.size() > page_size_ + 1 ||
           (found.size() > 2 && bytes - found.front().bytes.size() > kPageBytesMax);
  };
  absl::flat_hash_set<std::string> seen;  // in one of several stretches, and matched
  for (const Access& access : plan_.gather) {
    const auto visit = [&](Candidate& candidate) -> absl::StatusOr<bool> {
      if (plan_.gather.size() > 1 && seen.contains(candidate.key)) return true;
      KITH_ASSIGN_OR_RETURN(const bool matches, Matches(access, candidate));
      if (!matches) return true;
      ++matched_;
      if (plan_.gather.size() > 1) seen.insert(std::string(candidate.key));
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
    KITH_ASSIGN_OR_RETURN(const bool complete, ForEach(access, StretchOf(access), visit));
    if (!complete) return std::nullopt;
  }
  std::sort_heap(found.begin(), found.end(), before);
  return found;
}

absl::Status Lister::Summarise(const ListQuery& query) {
  query.summary->Clear();
  // Before it counts: the plan is told with what the page took.
  if (query.summarise->explain()) Explain(query.summary->mutable_plan());
  const bool counts = query.summarise->total_size();
  if (!counts && sums_.empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const bool complete, Count());
  for (const Found& row : besides_) {
    ++matched_;
    if (sums_.empty()) continue;
    if (!row_->ParseFromString(row.bytes)) return MalformedRow();
    sums_.Add(*row_);
  }
  if (counts) {
    query.summary->set_total_size(static_cast<int64_t>(matched_));
    query.summary->set_total_size_is_at_least(!complete);
  }
  query.summary->set_sums_are_partial(!complete && !sums_.empty());
  return sums_.Tell(query.summary);
}

absl::StatusOr<bool> Lister::Count() {
  looked_at_ = passed_over_ = matched_ = 0;
  looks_max_ = kCountRowsMax;
  const Route& route = CountedRoute();
  absl::flat_hash_set<std::string> seen;  // in one of several stretches
  for (const Access& access : route) {
    const auto visit = [&](Candidate& candidate) -> absl::StatusOr<bool> {
      if (route.size() > 1 && seen.contains(candidate.key)) return true;
      KITH_ASSIGN_OR_RETURN(const bool matches, Matches(access, candidate));
      if (!matches) return true;
      ++matched_;
      if (route.size() > 1) seen.insert(std::string(candidate.key));
      if (sums_.empty()) return true;
      KITH_RETURN_IF_ERROR(Parse(candidate));
      sums_.Add(*row_);
      return true;
    };
    const bool by_entries = route.size() == 1 && erased_ == nullptr && sums_.empty() &&
                            access.rest.IsAlways() && !access.next_is_many;
    const absl::StatusOr<bool> complete =
        by_entries ? CountEntries(access) : ForEach(access, StretchOf(access), visit);
    // What the read may look at in all is at its end.
    if (IsError(complete.status(), type::v1::ERROR_LIMIT_REACHED)) return false;
    if (!complete.ok() || !*complete) return complete;
  }
  return true;
}

absl::StatusOr<bool> Lister::CountEntries(const Access& access) {
  if (access.next.none) return true;
  bool complete = true;
  KITH_RETURN_IF_ERROR(ScanKeys(access, KeysOf(access, StretchOf(access)),
                                [&](absl::string_view, absl::string_view) {
                                  complete = MayLook();
                                  if (complete) ++matched_;
                                  return complete;
                                }));
  return complete;
}

void Lister::Explain(type::v1::ListPlan* plan) const {
  // Which way was taken, and how far it was, may follow from rows that are hidden.
  const bool gathered = is_bounded_ ? !plan_.can_walk : gathered_;
  bool asks_rows = false;
  bool is_served = false;
  for (const Access& access : gathered ? plan_.gather : plan_.walk) {
    if (access.next.none) continue;
    auto& stretch = *plan->add_stretches();
    if (access.index != nullptr) {
      stretch.mutable_index_fields()->Assign(access.index->names.begin(),
                                             access.index->names.end());
    }
    stretch.set_equal_fields(static_cast<int32_t>(access.bound_fields));
    stretch.set_bounded(access.has_next);
    stretch.set_asks_rows(!access.rest.IsAlways());
    asks_rows |= stretch.asks_rows();
    is_served |= access.index != nullptr && (access.index->current || Serves(*access.index));
  }
  plan->set_sorted(gathered);
  if (!is_bounded_) plan->set_looked_at(static_cast<int64_t>(looked_at_ - passed_over_));
  if ((gathered || asks_rows) && !is_served && !as_of_) plan->set_wanted_index(plan_.wanted_index);
}

bool Lister::Serves(const IndexDeclaration& index) const {
  // "(owner, product)"
  const absl::string_view wanted = absl::StripSuffix(plan_.wanted_index, ")");
  return absl::StartsWith(absl::StrCat("(", absl::StrJoin(index.names, ", "), ","),
                          absl::StrCat(wanted, ","));
}

bool Lister::MayLook() {
  if (looked_at_ == looks_max_) return false;
  ++looked_at_;
  return true;
}

absl::StatusOr<bool> Lister::ForEach(const Access& access, const KeyRange& suffixes,
                                     Visitor visit) {
  if (access.next.none) return true;
  const KeyRange keys = KeysOf(access, suffixes);
  const size_t prefix = PrefixOf(access).size();
  bool complete = true;
  absl::StatusOr<bool> going = true;
  const auto visit_entry = [&](absl::string_view entry, absl::string_view value) {
    complete = MayLook();
    if (!complete) return false;
    const absl::string_view suffix = entry.substr(prefix);
    last_.assign(suffix.data(), suffix.size());
    auto candidate = CandidateAt(access, suffix, value);
    if (!candidate.ok()) {
      going = std::move(candidate).status();
    } else if (candidate->has_value()) {
      going = visit(**candidate);
    }
    return going.ok() && *going;
  };
  KITH_RETURN_IF_ERROR(ScanKeys(access, keys, visit_entry));
  KITH_RETURN_IF_ERROR(going.status());
  return complete;
}

absl::StatusOr<bool> Lister::ForEachMerged(MergeVisitor visit) {
  // Each stretch is read in pieces, the first as long as its share of the page.
  const size_t piece =
      std::max<size_t>(kPieceMin, page_size_ / std::max<size_t>(1, plan_.walk.size()));
  std::vector<EntryPieces> stretches;
  for (const Access& access : plan_.walk) {
    if (!access.next.none) stretches.emplace_back(access, RestOfStretch(access), piece);
  }
  // The next pieces of several, in one go.
  const auto read = [this](absl::Span<EntryPieces> pieces) -> absl::Status {
    std::vector<KeyRange> keys;
    std::vector<size_t> prefixes;
    for (EntryPieces& stretch : pieces) {
      prefixes.push_back(PrefixOf(stretch.access()).size());
      keys.push_back(KeysOf(stretch.access(), stretch.rest()));
      stretch.Begin();
    }
    KITH_RETURN_IF_ERROR(ScanEntriesOfEach(keys, [&](size_t i, absl::string_view entry) {
      const bool is_full = !pieces[i].Take(entry.substr(prefixes[i]));
      return is_full ? Visiting::kNextRange : Visiting::kGoOn;
    }));
    for (EntryPieces& stretch : pieces) stretch.End();
    return absl::OkStatus();
  };
  KITH_RETURN_IF_ERROR(read(absl::MakeSpan(stretches)));
  std::vector<EntryPieces*> heap;
  for (EntryPieces& stretch : stretches) {
    if (!stretch.done()) heap.push_back(&stretch);
  }
  // The stretch whose entry comes first is on top.
  const auto later = [this](const EntryPieces* a, const EntryPieces* b) {
    return plan_.descending ? a->entry() < b->entry() : a->entry() > b->entry();
  };
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    // One that stands in several stretches is looked at in all of them: no page goes on amid them.
    if (!MayLook() && heap.front()->entry() != last_) return false;
    std::pop_heap(heap.begin(), heap.end(), later);
    EntryPieces& first = *heap.back();
    last_ = first.entry();
    KITH_ASSIGN_OR_RETURN(auto candidate, CandidateAt(first.access(), first.entry(), ""));
    if (candidate.has_value()) {
      KITH_ASSIGN_OR_RETURN(const bool going, visit(first.access(), *candidate));
      if (!going) return true;
    }
    first.Next();
    if (first.NeedsMore()) KITH_RETURN_IF_ERROR(read(absl::MakeSpan(&first, 1)));
    if (first.done()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), later);
    }
  }
  return true;
}

KeyRange Lister::RestOfStretch(const Access& access) const {
  KeyRange stretch = StretchOf(access);
  if (plan_.descending) stretch.direction = Direction::kBackwards;
  if (!resume_.has_value()) return stretch;
  if (plan_.descending) {
    stretch.to = stretch.to.empty() ? *resume_ : std::min(stretch.to, *resume_);
  } else {
    stretch.from = std::max(stretch.from, *resume_ + '\0');  // the first key after it
  }
  return stretch;
}

absl::Status Lister::ScanKeys(const Access& access, const KeyRange& keys, KeyVisitor visit) const {
  if (access.index == nullptr) return snapshot_.Scan(keys, visit);
  const auto visit_entry = [&](absl::string_view entry) { return visit(entry, ""); };
  return access.index->current ? snapshot_.ScanCurrentEntries(keys, visit_entry)
                               : snapshot_.ScanEntries(keys, visit_entry);
}

absl::Status Lister::ScanEntriesOfEach(const std::vector<KeyRange>& keys,
                                       EntriesVisitor visit) const {
  return plan_.walks_current() ? snapshot_.ScanCurrentEntriesOfEach(keys, visit)
                               : snapshot_.ScanEntriesOfEach(keys, visit);
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

std::string Lister::PrefixOf(const Access& access) const {
  const uint8_t number = access.index == nullptr ? kRowsNumber : access.index->number;
  return TablePrefix(table_.number, number, workspace_) + access.bound;
}

KeyRange Lister::KeysOf(const Access& access, const KeyRange& suffixes) const {
  const std::string prefix = PrefixOf(access);
  return {prefix + suffixes.from, suffixes.to.empty() ? PrefixEnd(prefix) : prefix + suffixes.to,
          suffixes.direction};
}

absl::Status Lister::Parse(Candidate& candidate) {
  if (!candidate.parsed && !row_->ParseFromString(candidate.bytes)) return MalformedRow();
  candidate.parsed = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> Lister::Matches(const Access& access, Candidate& candidate) {
  if (erased_ != nullptr && (*erased_)(candidate.key)) {
    ++passed_over_;
    return false;
  }
  if (access.rest.IsAlways() && !access.next_is_many) return true;
  KITH_RETURN_IF_ERROR(Parse(candidate));
  RowValues values(table_, *row_);
  if (!Holds(access.rest, plan_.predicates, values)) return false;
  if (!access.next_is_many) return true;
  // A row with several values in the stretch counts where it comes first.
  const size_t many = access.index->fields[access.bound_fields];
  for (const std::string& value : values.Of(many)) {
    if (access.next.Contains(value)) return candidate.suffix.substr(0, value.size()) == value;
  }
  return false;
}

std::string Lister::OrderKey(const Candidate& candidate) const {
  std::string key;
  for (const SortField& by : plan_.order) {
    // An index of custom values is walked only where the filter asks for one.
    const std::string value = OrderValue(table_.fields[by.field], plan_.can_walk, *row_);
    key += by.descending ? Inverted(value) : value;
  }
  key.append(candidate.key.data(), candidate.key.size());
  return key;
}

absl::Status Lister::TooManyRows() const {
  const std::string narrowing = NarrowingFields(table_);
  // Nothing of what rows there are is told to who may not see them all.
  const std::string matched =
      is_bounded_ ? "" : absl::StrCat(": of the first ", looked_at_, ", ", matched_, " match");
  const std::string far = absl::StrCat(
      "More than ", looks_max_, " rows would have to be looked at", matched, ". Narrow the filter",
      narrowing.empty() ? "." : absl::StrCat(" by a field that begins an index: ", narrowing, "."));
  std::string index = plan_.wanted_index;
  std::string why;
  if (as_of_) {
    index = absl::StrCat("(", absl::StrJoin(plan_.walk.front().index->names, ", "), ")");
    why = absl::StrCat(" Or ask for the present: the order by ", index,
                       " is kept for the present only, and as of an earlier moment the list has to "
                       "be sorted.");
  } else if (!index.empty()) {
    why = absl::StrCat(" An index on ", index, " would serve this.");
  }
  if (may_be_short_ && !plan_.can_walk) {
    why +=
        " Or leave out order_by: in the order of an index a list comes page by page, however many "
        "rows are looked at.";
  }
  ErrorMetadata metadata = {{"index", index}, {"narrowing_fields", narrowing}};
  if (!is_bounded_) {
    metadata.emplace_back("looked_at", absl::StrCat(looked_at_));
    metadata.emplace_back("matched", absl::StrCat(matched_));
  }
  return Error(type::v1::ERROR_INVALID_FILTER, absl::StrCat(far, why), metadata);
}

}  // namespace kith::projections
