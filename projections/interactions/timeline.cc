#include "projections/interactions/timeline.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/ulid.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/meetings/v1/meeting_events.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "projections/store/key_codec.h"
#include "projections/tables/page_token.h"
#include "projections/tables/table_core.h"
#include "services/core/meeting_records.h"
#include "services/core/resource_name.h"

namespace kith::projections {

using interactions::v1::InteractionEvent;
using interactions::v1::InteractionKind;
using interactions::v1::InteractionRecorded;

namespace {

constexpr char kTable = 1;       // persisted
constexpr char kNamedTable = 2;  // persisted
constexpr char kVisitTable = 3;  // persisted
constexpr absl::string_view kInteractions = "interactions";
constexpr absl::string_view kInteractionsSuffix = "/interactions";

constexpr absl::string_view kMessages = "messages";
constexpr absl::string_view kMeetings = "meetings";
constexpr absl::string_view kVisitors = "visitors";

// What marks the kinds of a message's events. Persisted.
constexpr uint32_t kOfMessage = 1 << 16;
// And those of a meeting's. Persisted.
constexpr uint32_t kOfMeeting = 1 << 17;
// And that of a visit's. Persisted.
constexpr uint32_t kOfVisit = 1 << 20;
constexpr uint32_t kOfOthers = kOfMessage | kOfMeeting | kOfVisit;

// One row's value.
struct Entry {
  Position position;
  // An InteractionKind; 0 for what is not an interaction. Of a message's event the same with
  // kOfMessage: that it was sent counts as an e-mail. Of a meeting's with kOfMeeting: that it was
  // held counts as one. Of a visit's with kOfVisit: it counts as a page view.
  uint32_t kind = 0;
  uint32_t id_check = 0;  // of the interaction's id
  Position amended;       // 0: it was neither amended nor redacted

  TimelineEvent event() const { return {position, amended}; }
  bool is_of_message() const { return (kind & kOfMessage) != 0; }
  bool is_of_meeting() const { return (kind & kOfMeeting) != 0; }
  bool is_of_visit() const { return (kind & kOfVisit) != 0; }
  bool is_interaction() const { return kind != 0 && (kind & kOfOthers) == 0; }
  uint32_t interaction_kind() const { return kind & ~kOfOthers; }
};

std::string Encode(const Entry& entry) {
  std::string value;
  AppendVarint(entry.position.value(), &value);
  AppendVarint(entry.kind, &value);
  AppendFixed32(entry.id_check, &value);
  if (entry.amended != Position()) AppendVarint(entry.amended.value(), &value);
  return value;
}

std::optional<Entry> Decode(absl::string_view value) {
  ByteReader reader(value);
  uint64_t position = 0;
  Entry entry;
  char check[4];
  if (!reader.ReadVarint(&position) || !reader.ReadVarint(&entry.kind) ||
      !reader.ReadInto(check, sizeof check)) {
    return std::nullopt;
  }
  uint64_t amended = 0;
  if (!reader.done() && (!reader.ReadVarint(&amended) || !reader.done())) return std::nullopt;
  entry.position = Position(position);
  entry.amended = Position(amended);
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

// Takes it off the front of `key`.
std::optional<int64_t> TakeInvertedTime(absl::string_view* key) {
  uint64_t bits = 0;
  if (!TakeUnsignedKey(key, &bits)) return std::nullopt;
  return ~static_cast<int64_t>(bits ^ (uint64_t{1} << 63));
}

// What tells the rows of one entry from all others, beside the record they stand under.
struct EntryId {
  WorkspaceId workspace;
  int64_t occur_micros;
  uint64_t sequence;
};
EntryId IdOf(const eventstore::EventHeader& header) {
  return {header.workspace, absl::ToUnixMicros(header.occur_time), header.sequence.value()};
}

std::string RowKey(const EntryId& id, absl::string_view record) {
  std::string key = RecordPrefix(id.workspace, record);
  AppendInvertedTime(id.occur_micros, &key);
  AppendUnsignedKey(~id.sequence, &key);
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

// "contacts/01J…/interactions/01J…": the record it belongs to, and its id. Both empty where the
// name is of another form.
struct InteractionName {
  explicit InteractionName(absl::string_view name) {
    const size_t slash = name.rfind('/');
    if (slash == absl::string_view::npos) return;
    absl::string_view stream = name.substr(0, slash);
    if (!absl::ConsumeSuffix(&stream, kInteractionsSuffix)) return;
    record = stream;
    id = name.substr(slash + 1);
  }

  absl::string_view record;
  absl::string_view id;
};

bool IsAtAnotherTime(absl::string_view id, int64_t occur_micros) {
  return IsUlid(id) && !TimesOfId(id).Contain(occur_micros);
}

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
  return QueryDigest({Timeline::kName, absl::StrCat(query.workspace.value()), query.records.front(),
                      absl::StrJoin(kinds, ",")});
}

// Where a page begins, after what all rows of a record begin with: at the first row, or just after
// the last of the page before.
absl::StatusOr<std::string> StartOf(const TimelineQuery& query) {
  if (query.page_token.empty()) return std::string();
  KITH_ASSIGN_OR_RETURN(PageToken token, DecodePageToken(query.page_token));
  const std::string prefix = RecordPrefix(query.workspace, query.records.front());
  if (token.query != DigestOf(query) || !absl::StartsWith(token.resume_key, prefix)) {
    return InvalidPageToken("The page token is of another query.");
  }
  return token.resume_key.substr(prefix.size()) + std::string(1, '\0');
}

void PutRecorded(const eventstore::EventHeader& header, const InteractionRecorded& recorded,
                 ViewBatch& batch) {
  const InteractionName name(recorded.name());
  const EntryId at = IdOf(header);
  const std::string value = Encode({.position = header.position,
                                    .kind = static_cast<uint32_t>(recorded.interaction().kind()),
                                    .id_check = Crc32c(name.id)});
  batch.Put(RowKey(at, name.record), value);
  if (IsAtAnotherTime(name.id, at.occur_micros)) {
    batch.Put(NamedKey(at.workspace, name.record, name.id), value);
  }
  for (const std::string& link : recorded.interaction().links()) {
    batch.Put(RowKey(at, link), value);
  }
}

// What both events that change an interaction say. Borrows them.
struct Amendment {
  const std::string& name;
  const interactions::v1::Interaction& interaction;
  int64_t recorded_sequence;
  absl::Span<const std::string* const> removed_links;
};
Amendment AmendmentIn(const interactions::v1::InteractionAmended& event) {
  return {event.name(), event.interaction(), event.recorded_sequence(),
          absl::MakeConstSpan(event.removed_links().data(), event.removed_links().size())};
}
Amendment AmendmentIn(const interactions::v1::InteractionRedacted& event) {
  return {event.name(), event.interaction(), event.recorded_sequence(), {}};
}

absl::Status PutAmended(const eventstore::EventHeader& header, const Amendment& amendment,
                        ViewBatch& batch) {
  const InteractionName name(amendment.name);
  const EntryId at = {header.workspace,
                      absl::ToUnixMicros(FromTimestamp(amendment.interaction.occur_time())),
                      static_cast<uint64_t>(amendment.recorded_sequence)};
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> row, batch.Get(RowKey(at, name.record)));
  // Its recording may be among what a damaged stream left out.
  if (!row.has_value()) return absl::OkStatus();
  std::optional<Entry> entry = Decode(*row);
  if (!entry.has_value()) return MalformedRow();
  entry->kind = static_cast<uint32_t>(amendment.interaction.kind());
  entry->amended = header.position;
  const std::string value = Encode(*entry);
  batch.Put(RowKey(at, name.record), value);
  if (IsAtAnotherTime(name.id, at.occur_micros)) {
    batch.Put(NamedKey(at.workspace, name.record, name.id), value);
  }
  for (const std::string* link : amendment.removed_links) batch.Delete(RowKey(at, *link));
  for (const std::string& link : amendment.interaction.links()) batch.Put(RowKey(at, link), value);
  return absl::OkStatus();
}

bool Wanted(const TimelineQuery& query, const Entry& entry) {
  if (entry.kind == 0) return query.kinds.empty() && query.changes;
  if (entry.is_of_message() && !query.messages) return false;
  if (entry.is_of_meeting() && !query.meetings) return false;
  if (entry.is_of_visit() && !query.visits) return false;
  return query.kinds.empty() ||
         std::find(query.kinds.begin(), query.kinds.end(),
                   static_cast<InteractionKind>(entry.interaction_kind())) != query.kinds.end();
}

// An event of a message stands in the timeline of the contact that it goes to, but for what is only
// counted.
void PutOfMessage(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  const auto& message = static_cast<const messages::v1::MessageEvent&>(*event.event);
  if (message.has_message_traffic_counted()) return;
  const uint32_t kind =
      message.has_message_sent() ? static_cast<uint32_t>(interactions::v1::EMAIL) : 0;
  batch.Put(RowKey(IdOf(header), ParentOf(header.stream)),
            Encode({.position = header.position, .kind = kOfMessage | kind}));
}

std::vector<std::string> RecordsIn(const meetings::v1::MeetingEvent& event) {
  const auto told = [](const auto& records) {
    return std::vector<std::string>(records.begin(), records.end());
  };
  switch (event.event_case()) {
    case meetings::v1::MeetingEvent::kMeetingCreated:
      return RecordsOf(event.meeting_created().meeting());
    case meetings::v1::MeetingEvent::kMeetingRescheduled:
      return told(event.meeting_rescheduled().records());
    case meetings::v1::MeetingEvent::kMeetingCancelled:
      return told(event.meeting_cancelled().records());
    case meetings::v1::MeetingEvent::kMeetingHeld:
      return told(event.meeting_held().records());
    case meetings::v1::MeetingEvent::kMeetingMissed:
      return told(event.meeting_missed().records());
    case meetings::v1::MeetingEvent::kMeetingReopened:
      return told(event.meeting_reopened().records());
    default:
      return {};
  }
}

// What becomes of a meeting stands in the timelines of those that it is with and about then.
void PutOfMeeting(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  const auto& meeting = static_cast<const meetings::v1::MeetingEvent&>(*event.event);
  const uint32_t kind =
      meeting.has_meeting_held() ? static_cast<uint32_t>(interactions::v1::MEETING) : 0;
  for (const std::string& record : RecordsIn(meeting)) {
    batch.Put(RowKey(IdOf(header), record),
              Encode({.position = header.position, .kind = kOfMeeting | kind}));
  }
}

// When a visit began, and where the log says so.
struct VisitStart {
  EntryId at;
  Position position;
};

std::string VisitKey(WorkspaceId workspace, absl::string_view visitor, int visit) {
  std::string key(1, kVisitTable);
  AppendUnsignedKey(workspace.value(), &key);
  AppendStringKey(visitor, &key);
  AppendIntegerKey(visit, &key);
  return key;
}

std::string EncodeVisit(const VisitStart& start) {
  std::string value;
  AppendVarint(static_cast<uint64_t>(start.at.occur_micros), &value);
  AppendVarint(start.at.sequence, &value);
  AppendVarint(start.position.value(), &value);
  return value;
}

std::optional<VisitStart> DecodeVisit(WorkspaceId workspace, absl::string_view value) {
  ByteReader reader(value);
  uint64_t micros = 0;
  uint64_t sequence = 0;
  uint64_t position = 0;
  if (!reader.ReadVarint(&micros) || !reader.ReadVarint(&sequence) ||
      !reader.ReadVarint(&position) || !reader.done()) {
    return std::nullopt;
  }
  return VisitStart{{workspace, static_cast<int64_t>(micros), sequence}, Position(position)};
}

void PutVisit(const VisitStart& start, absl::string_view contact, ViewBatch& batch) {
  if (contact.empty()) return;
  batch.Put(RowKey(start.at, contact),
            Encode(Entry{.position = start.position,
                         .kind = kOfVisit | static_cast<uint32_t>(interactions::v1::PAGE_VIEW)}));
}

// A visit stands in the timeline of whom the visitor is known to be, or is found to be later, at
// the time when it began.
absl::Status PutOfVisitor(const eventstore::RecordedEvent& recorded, ViewBatch& batch) {
  const eventstore::EventHeader& header = recorded.header();
  const auto& event = static_cast<const visitors::v1::VisitorEvent&>(*recorded.event);
  if (event.has_visitor_pages_viewed() && event.visitor_pages_viewed().visit_begins()) {
    const visitors::v1::VisitorPagesViewed& viewed = event.visitor_pages_viewed();
    const VisitStart start = {IdOf(header), header.position};
    batch.Put(VisitKey(header.workspace, viewed.name(), viewed.visit()), EncodeVisit(start));
    PutVisit(start, viewed.contact(), batch);
  }
  if (!event.has_visitor_identified()) return absl::OkStatus();
  const visitors::v1::VisitorIdentified& identified = event.visitor_identified();
  for (int visit = identified.from_visit(); visit <= identified.visit_count(); ++visit) {
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                          batch.Get(VisitKey(header.workspace, identified.name(), visit)));
    // It may be among what a damaged stream left out.
    if (!row.has_value()) continue;
    const std::optional<VisitStart> start = DecodeVisit(header.workspace, *row);
    if (!start.has_value()) return MalformedRow();
    PutVisit(*start, identified.contact(), batch);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> Timeline::categories() const {
  return {"contacts",
          "deals",
          "companies",
          "leads",
          std::string(kInteractions),
          std::string(kMessages),
          std::string(kMeetings),
          std::string(kVisitors)};
}

absl::Status Timeline::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  if (category == kMessages) {
    PutOfMessage(event, batch);
    return absl::OkStatus();
  }
  if (category == kMeetings) {
    PutOfMeeting(event, batch);
    return absl::OkStatus();
  }
  if (category == kVisitors) return PutOfVisitor(event, batch);
  if (category != kInteractions) {
    batch.Put(RowKey(IdOf(header), header.stream), Encode({.position = header.position}));
    return absl::OkStatus();
  }
  const auto& message = static_cast<const InteractionEvent&>(*event.event);
  switch (message.event_case()) {
    case InteractionEvent::kInteractionRecorded:
      PutRecorded(header, message.interaction_recorded(), batch);
      return absl::OkStatus();
    case InteractionEvent::kInteractionAmended:
      return PutAmended(header, AmendmentIn(message.interaction_amended()), batch);
    case InteractionEvent::kInteractionRedacted:
      return PutAmended(header, AmendmentIn(message.interaction_redacted()), batch);
    case InteractionEvent::EVENT_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

namespace {

// What of one record's timeline may stand on a page.
struct Stretch {
  // Each under the end of its key, which says when it happened.
  std::vector<std::pair<std::string, Entry>> entries;
  std::string reached;    // the last key that was looked at
  bool has_more = false;  // there is something after that
};

// From `start` on, until there are `entries_max` of those that are wanted, or enough was looked at.
absl::StatusOr<Stretch> StretchOf(const ViewSnapshot& timeline, const TimelineQuery& query,
                                  const std::string& record, const std::string& start,
                                  size_t entries_max) {
  Stretch stretch;
  const std::string prefix = RecordPrefix(query.workspace, record);
  size_t scanned = 0;
  const KeyRange range = {.from = prefix + start, .to = PrefixEnd(prefix)};
  KITH_RETURN_IF_ERROR(ScanEntries(timeline, range, [&](absl::string_view key, const Entry& entry) {
    stretch.has_more = scanned == kScanRowsMax || stretch.entries.size() == entries_max;
    if (stretch.has_more) return false;
    ++scanned;
    key.remove_prefix(prefix.size());
    stretch.reached.assign(key.data(), key.size());
    if (Wanted(query, entry)) stretch.entries.emplace_back(stretch.reached, entry);
    return true;
  }));
  return stretch;
}

}  // namespace

absl::StatusOr<std::string> ListTimeline(const ViewSnapshot& timeline, const TimelineQuery& query,
                                         TimelineVisitor take) {
  KITH_ASSIGN_OR_RETURN(const std::string start, StartOf(query));
  KITH_ASSIGN_OR_RETURN(const size_t page_size, PageSizeOf(query.page_size));
  std::vector<std::pair<std::string, Entry>> entries;
  std::optional<std::string> known_until;  // nullopt: all is known
  for (const std::string& record : query.records) {
    // One more than a page tells that there is a next one.
    KITH_ASSIGN_OR_RETURN(Stretch stretch,
                          StretchOf(timeline, query, record, start, page_size + 1));
    if (stretch.has_more && (!known_until.has_value() || stretch.reached < *known_until)) {
      known_until = stretch.reached;
    }
    std::move(stretch.entries.begin(), stretch.entries.end(), std::back_inserter(entries));
  }
  const auto is_before = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(entries.begin(), entries.end(), is_before);

  const auto token_after = [&](const std::string& last) {
    return EncodePageToken(
        {.position = timeline.position(),
         .query = DigestOf(query),
         .resume_key = RecordPrefix(query.workspace, query.records.front()) + last});
  };
  size_t taken = 0;
  std::string last;  // that was taken
  for (const auto& [key, entry] : entries) {
    if (known_until.has_value() && *known_until < key) break;
    if (taken > 0 && key == last) continue;  // it is about several of them
    if (taken == page_size) return token_after(last);
    KITH_ASSIGN_OR_RETURN(const bool going, take(entry.event()));
    if (!going) return token_after(last);
    ++taken;
    last = key;
  }
  return known_until.has_value() ? token_after(*known_until) : "";
}

absl::StatusOr<KindCounts> CountKinds(const ViewSnapshot& timeline, WorkspaceId workspace,
                                      const std::vector<std::string>& records, size_t entries_max,
                                      bool messages) {
  KindCounts counts;
  std::set<std::string> counted;  // where an entry may be about several of them
  bool damaged = false;
  for (const std::string& record : records) {
    const std::string prefix = RecordPrefix(workspace, record);
    size_t looked_at = 0;
    const auto count = [&](absl::string_view key, const Entry& entry) {
      if (looked_at == entries_max) {
        counts.at_least = true;
        return false;
      }
      ++looked_at;
      if (entry.is_of_meeting() || entry.is_of_visit()) return true;
      if (entry.is_of_message() && !messages) return true;
      if (entry.interaction_kind() == 0) return true;
      key.remove_prefix(prefix.size());
      if (records.size() > 1 && !counted.insert(std::string(key)).second) return true;
      const std::optional<int64_t> micros = TakeInvertedTime(&key);
      damaged = !micros.has_value();
      if (damaged) return false;
      const absl::Time time = absl::FromUnixMicros(*micros);
      const auto kind = static_cast<InteractionKind>(entry.interaction_kind());
      const auto known = std::find_if(counts.kinds.begin(), counts.kinds.end(),
                                      [&](const KindCount& each) { return each.kind == kind; });
      if (known == counts.kinds.end()) {
        counts.kinds.push_back({kind, 1, time});
      } else {
        ++known->count;
        known->last = std::max(known->last, time);
      }
      return true;
    };
    KITH_RETURN_IF_ERROR(ScanEntries(timeline, KeyRange::Prefix(prefix), count));
    if (damaged) return MalformedRow();
  }
  std::stable_sort(counts.kinds.begin(), counts.kinds.end(),
                   [](const KindCount& a, const KindCount& b) { return a.last > b.last; });
  return counts;
}

absl::StatusOr<bool> HasTimeline(const ViewSnapshot& timeline, WorkspaceId workspace,
                                 const std::vector<std::string>& records) {
  bool found = false;
  for (const std::string& record : records) {
    KITH_RETURN_IF_ERROR(ScanEntries(timeline, KeyRange::Prefix(RecordPrefix(workspace, record)),
                                     [&](absl::string_view, const Entry&) {
                                       found = true;
                                       return false;
                                     }));
    if (found) break;
  }
  return found;
}

absl::StatusOr<std::vector<TimelineEvent>> FindInteraction(const ViewSnapshot& timeline,
                                                           WorkspaceId workspace,
                                                           absl::string_view name) {
  std::vector<TimelineEvent> candidates;
  const auto [record, id] = InteractionName(name);
  if (!IsUlid(id)) return candidates;

  const TimesOfId times(id);
  KeyRange range = {.from = RecordPrefix(workspace, record), .to = RecordPrefix(workspace, record)};
  AppendInvertedTime(times.last, &range.from);
  AppendInvertedTime(times.first, &range.to);
  range.to = PrefixEnd(range.to);
  const uint32_t check = Crc32c(id);
  KITH_RETURN_IF_ERROR(ScanEntries(timeline, range, [&](absl::string_view, const Entry& entry) {
    if (entry.is_interaction() && entry.id_check == check) candidates.push_back(entry.event());
    return true;
  }));
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> named,
                        timeline.Get(NamedKey(workspace, record, id), eventstore::ReadTier::kDisk));
  if (named.has_value()) {
    const std::optional<Entry> entry = Decode(*named);
    if (!entry.has_value()) return MalformedRow();
    candidates.push_back(entry->event());
  }
  return candidates;
}

}  // namespace kith::projections
