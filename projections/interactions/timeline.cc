#include "projections/interactions/timeline.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/ulid.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/store/key_codec.h"
#include "projections/tables/page_token.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

using interactions::v1::InteractionEvent;
using interactions::v1::InteractionKind;
using interactions::v1::InteractionRecorded;

namespace {

constexpr char kTable = 1;       // persisted
constexpr char kNamedTable = 2;  // persisted
constexpr absl::string_view kInteractions = "interactions";
constexpr absl::string_view kInteractionsSuffix = "/interactions";

// One row's value.
struct Entry {
  Position position;
  uint32_t kind = 0;      // an InteractionKind; 0 for what is not an interaction
  uint32_t id_check = 0;  // of the interaction's id
};

std::string Encode(const Entry& entry) {
  std::string value;
  AppendVarint(entry.position.value(), &value);
  AppendVarint(entry.kind, &value);
  AppendFixed32(entry.id_check, &value);
  return value;
}

std::optional<Entry> Decode(absl::string_view value) {
  ByteReader reader(value);
  uint64_t position = 0;
  Entry entry;
  char check[4];
  if (!reader.ReadVarint(&position) || !reader.ReadVarint(&entry.kind) ||
      !reader.ReadInto(check, sizeof check) || !reader.done()) {
    return std::nullopt;
  }
  entry.position = Position(position);
  entry.id_check = LoadFixed32(check);
  return entry;
}

// Under which all rows of one record stand.
std::string RecordPrefix(WorkspaceId workspace, absl::string_view record) {
  std::string key(1, kTable);
  AppendUnsignedKey(workspace.value(), &key);
  AppendStringKey(record, &key);
  return key;
}

// The component of a time that sorts the later before the earlier.
void AppendInvertedTime(int64_t micros, std::string* key) { AppendIntegerKey(~micros, key); }

std::string RowKey(const eventstore::EventHeader& header, absl::string_view record) {
  std::string key = RecordPrefix(header.workspace, record);
  AppendInvertedTime(absl::ToUnixMicros(header.occur_time), &key);
  AppendUnsignedKey(~header.sequence.value(), &key);
  return key;
}

// By its name: of an interaction that is not at the time in its id.
std::string NamedKey(WorkspaceId workspace, absl::string_view record, absl::string_view id) {
  std::string key(1, kNamedTable);
  AppendUnsignedKey(workspace.value(), &key);
  AppendStringKey(record, &key);
  AppendStringKey(id, &key);
  return key;
}

// The microseconds at which an interaction with this ULID happened if its id tells so: the id holds
// milliseconds, and that of 1970 for everything before.
struct TimesOfId {
  explicit TimesOfId(absl::string_view id) {
    first = absl::ToUnixMicros(TimeOfUlid(id));
    last = first + 999;
    if (first == 0) first = std::numeric_limits<int64_t>::min();
  }
  bool Contain(int64_t micros) const { return first <= micros && micros <= last; }

  int64_t first;
  int64_t last;
};

// Visits the rows of `range` until the visitor returns false.
absl::Status ScanEntries(const ViewSnapshot& timeline, const KeyRange& range,
                         absl::FunctionRef<bool(absl::string_view key, const Entry&)> visit) {
  bool damaged = false;
  KITH_RETURN_IF_ERROR(timeline.Scan(range, [&](absl::string_view key, absl::string_view value) {
    const std::optional<Entry> entry = Decode(value);
    damaged = !entry.has_value();
    return !damaged && visit(key, *entry);
  }));
  return damaged ? MalformedRow() : absl::OkStatus();
}

// What a page token is bound to. The order of the kinds does not matter.
uint64_t DigestOf(const TimelineQuery& query) {
  std::vector<int> kinds(query.kinds.begin(), query.kinds.end());
  std::sort(kinds.begin(), kinds.end());
  return QueryDigest({Timeline::kName, absl::StrCat(query.workspace.value()), query.record,
                      absl::StrJoin(kinds, ",")});
}

// Where a page begins: at the first row, or just after the last of the page before.
absl::StatusOr<std::string> StartOf(const TimelineQuery& query, absl::string_view prefix) {
  if (query.page_token.empty()) return std::string(prefix);
  KITH_ASSIGN_OR_RETURN(PageToken token, DecodePageToken(query.page_token));
  if (token.query != DigestOf(query) || !absl::StartsWith(token.resume_key, prefix)) {
    return InvalidPageToken("The page token is of another query.");
  }
  token.resume_key.push_back('\0');
  return std::move(token.resume_key);
}

bool Wanted(const TimelineQuery& query, const Entry& entry) {
  if (entry.kind == 0) return query.kinds.empty() && query.changes;
  return query.kinds.empty() ||
         std::find(query.kinds.begin(), query.kinds.end(),
                   static_cast<InteractionKind>(entry.kind)) != query.kinds.end();
}

}  // namespace

std::vector<std::string> Timeline::categories() const {
  return {"contacts", "deals", std::string(kInteractions)};
}

absl::Status Timeline::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  Entry entry{.position = header.position};
  if (eventstore::CategoryOf(header.stream) != kInteractions) {
    batch.Put(RowKey(header, header.stream), Encode(entry));
    return absl::OkStatus();
  }

  const auto& message = static_cast<const InteractionEvent&>(*event.event);
  const InteractionRecorded& recorded = message.interaction_recorded();
  const absl::string_view stream = header.stream;
  const absl::string_view record = stream.substr(0, stream.size() - kInteractionsSuffix.size());
  const absl::string_view id = absl::string_view(recorded.name()).substr(stream.size() + 1);
  entry.kind = static_cast<uint32_t>(recorded.interaction().kind());
  entry.id_check = Crc32c(id);
  const std::string value = Encode(entry);
  batch.Put(RowKey(header, record), value);
  if (IsUlid(id) && !TimesOfId(id).Contain(absl::ToUnixMicros(header.occur_time))) {
    batch.Put(NamedKey(header.workspace, record, id), value);
  }
  for (const std::string& link : recorded.interaction().links()) {
    batch.Put(RowKey(header, link), value);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ListTimeline(const ViewSnapshot& timeline, const TimelineQuery& query,
                                         TimelineVisitor take) {
  const std::string prefix = RecordPrefix(query.workspace, query.record);
  KITH_ASSIGN_OR_RETURN(std::string start, StartOf(query, prefix));
  KITH_ASSIGN_OR_RETURN(const size_t page_size, PageSizeOf(query.page_size));

  std::string last_key;  // the last row that needs no second look
  size_t scanned = 0;
  size_t taken = 0;
  absl::StatusOr<bool> going = true;
  const KeyRange range = {.from = std::move(start), .to = PrefixEnd(prefix)};
  KITH_RETURN_IF_ERROR(ScanEntries(timeline, range, [&](absl::string_view key, const Entry& entry) {
    const bool wanted = Wanted(query, entry);
    if (scanned == kScanRowsMax || (wanted && taken == page_size)) {
      going = false;
    } else if (wanted) {
      going = take(entry.position);
      ++taken;
    }
    if (!going.ok() || !*going) return false;
    ++scanned;
    last_key.assign(key.data(), key.size());
    return true;
  }));
  KITH_RETURN_IF_ERROR(going.status());
  if (*going) return "";
  return EncodePageToken({.position = timeline.position(),
                          .query = DigestOf(query),
                          .resume_key = std::move(last_key)});
}

absl::StatusOr<bool> HasTimeline(const ViewSnapshot& timeline, WorkspaceId workspace,
                                 absl::string_view record) {
  bool found = false;
  KITH_RETURN_IF_ERROR(ScanEntries(timeline, KeyRange::Prefix(RecordPrefix(workspace, record)),
                                   [&](absl::string_view, const Entry&) {
                                     found = true;
                                     return false;
                                   }));
  return found;
}

absl::StatusOr<std::vector<Position>> FindInteraction(const ViewSnapshot& timeline,
                                                      WorkspaceId workspace,
                                                      absl::string_view name) {
  std::vector<Position> candidates;
  const size_t slash = name.rfind('/');
  if (slash == absl::string_view::npos) return candidates;
  const absl::string_view id = name.substr(slash + 1);
  absl::string_view record = name.substr(0, slash);
  if (!IsUlid(id) || !absl::ConsumeSuffix(&record, kInteractionsSuffix)) return candidates;

  const TimesOfId times(id);
  KeyRange range = {.from = RecordPrefix(workspace, record), .to = RecordPrefix(workspace, record)};
  AppendInvertedTime(times.last, &range.from);
  AppendInvertedTime(times.first, &range.to);
  range.to = PrefixEnd(range.to);
  const uint32_t check = Crc32c(id);
  KITH_RETURN_IF_ERROR(ScanEntries(timeline, range, [&](absl::string_view, const Entry& entry) {
    if (entry.kind != 0 && entry.id_check == check) candidates.push_back(entry.position);
    return true;
  }));
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> named,
                        timeline.Get(NamedKey(workspace, record, id), eventstore::ReadTier::kDisk));
  if (named.has_value()) {
    const std::optional<Entry> entry = Decode(*named);
    if (!entry.has_value()) return MalformedRow();
    candidates.push_back(entry->position);
  }
  return candidates;
}

}  // namespace kith::projections
