#include "eventstore/log/prepared_append.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

// Names and ids are opaque to the log, but none is longer than this, and none holds a zero byte (it
// ends names in keys).
constexpr size_t kNameBytesMax = 1024;
// Twice what a resource may claim: an update releases all that it held and claims as much anew.
constexpr size_t kTagsMax = 128;
constexpr size_t kConditionsMax = 1000;

// Times a record can hold with room to spare: the years 1 to 9999.
constexpr absl::Time kOccurTimeMin = absl::FromUnixSeconds(-62'135'596'800);
constexpr absl::Time kOccurTimeMax = absl::FromUnixSeconds(253'402'300'800);

absl::Status ValidateName(absl::string_view what, absl::string_view name, bool may_be_empty) {
  if (name.empty() && !may_be_empty)
    return absl::InvalidArgumentError(absl::StrCat(what, " is empty"));
  if (name.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is longer than ", kNameBytesMax, " bytes"));
  }
  if (name.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(what, " holds a zero byte"));
  }
  return absl::OkStatus();
}

size_t BytesOf(const NewEvent& event) {
  size_t bytes = event.payload.size();
  for (const PersonalPart& part : event.personal) bytes += part.payload.size();
  return bytes;
}

absl::Status ValidateEvent(const NewEvent& event, absl::string_view stream) {
  if (event.type.value() == 0) {
    return absl::InvalidArgumentError(absl::StrCat("an event for ", stream, " has no type"));
  }
  if (event.occur_time < kOccurTimeMin || event.occur_time >= kOccurTimeMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("an event for ", stream, " occurs outside the years 1 to 9999"));
  }
  if (BytesOf(event) > kEventBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("an event for ", stream, " has ", BytesOf(event),
                                                   " bytes, more than ", kEventBytesMax));
  }
  if (event.tags.size() > kTagsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("an event for ", stream, " has more than ", kTagsMax, " tags"));
  }
  for (const PersonalPart& part : event.personal) {
    KITH_RETURN_IF_ERROR(ValidateName("the subject of a personal part", part.subject, false));
  }
  return absl::OkStatus();
}

absl::Status ValidateStreams(const Append& append) {
  absl::flat_hash_set<absl::string_view> names;
  size_t events = 0;
  for (const StreamAppend& stream : append.streams) {
    KITH_RETURN_IF_ERROR(ValidateName("a stream's name", stream.stream, false));
    if (append.streams.size() > 1 && !names.insert(stream.stream).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the append names the stream ", stream.stream, " twice"));
    }
    if (stream.events.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the append has no event for the stream ", stream.stream));
    }
    for (const NewEvent& event : stream.events) {
      KITH_RETURN_IF_ERROR(ValidateEvent(event, stream.stream));
    }
    events += stream.events.size();
  }
  if (events == 0) return absl::InvalidArgumentError("the append has no events");
  if (events > kAppendEventsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the append has ", events, " events, more than ", kAppendEventsMax));
  }
  if (const size_t bytes = PayloadBytes(append); bytes > kAppendBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the append has ", bytes, " bytes, more than ", kAppendBytesMax));
  }
  return absl::OkStatus();
}

// Finds streams by name while an append's are gathered; most appends name one stream, which needs
// no table.
class StreamIndex {
 public:
  explicit StreamIndex(PreparedAppend& prepared) : prepared_(prepared) {}

  size_t Add(absl::string_view stream) {
    if (!first_.empty() && stream == first_) return 0;
    if (prepared_.streams.empty()) {
      first_ = stream;
    } else if (const auto found = others_.find(stream); found != others_.end()) {
      return found->second;
    } else {
      others_.emplace(stream, prepared_.streams.size());
    }
    prepared_.streams.push_back({HeadKey(prepared_.append.workspace, stream), {}});
    return prepared_.streams.size() - 1;
  }

 private:
  PreparedAppend& prepared_;
  absl::string_view first_;
  absl::flat_hash_map<absl::string_view, size_t> others_;
};

// Seals, encodes and hashes one event.
absl::Status EncodeEvent(KeyStore& keys, ReadTier tier, absl::string_view stream, NewEvent& event,
                         uint32_t append_count, PreparedAppend& prepared) {
  const Append& append = prepared.append;
  auto record = std::make_shared<Record>();
  for (const PersonalPart& part : event.personal) {
    KITH_ASSIGN_OR_RETURN(SealedPart sealed, keys.Seal(append.workspace, part, tier));
    record->sealed.push_back(std::move(sealed));
  }
  record->payload = std::move(event.payload);
  prepared.bodies.push_back(EncodeBody(record->payload, record->sealed));
  EventHeader& header = record->header;
  header.workspace = append.workspace;
  header.stream = std::string(stream);
  header.append_count = append_count;
  header.type = event.type;
  header.occur_time = event.occur_time;
  header.actor = append.actor;
  header.on_behalf_of = append.on_behalf_of;
  header.request = append.request;
  header.correlation_id = append.correlation_id;
  header.causation = append.causation;
  header.tags = std::move(event.tags);
  prepared.records.push_back(std::move(record));
  event = NewEvent();  // the clear text of personal parts stays nowhere
  return absl::OkStatus();
}

void EncodeKeys(PreparedAppend& prepared) {
  const Append& append = prepared.append;
  if (!append.request.id.empty()) {
    prepared.request_key =
        RequestIndexKey(append.workspace, append.request.method, append.request.id);
  }
  StreamIndex index(prepared);
  for (const StreamAppend& stream : append.streams) {
    prepared.written.push_back(index.Add(stream.stream));
  }
  for (const StreamCondition& condition : append.stream_conditions) {
    prepared.conditioned.push_back(index.Add(condition.stream));
  }
}

size_t CountEvents(const Append& append) {
  size_t count = 0;
  for (const StreamAppend& stream : append.streams) count += stream.events.size();
  return count;
}

}  // namespace

size_t PayloadBytes(const Append& append) {
  size_t bytes = 0;
  for (const StreamAppend& stream : append.streams) {
    for (const NewEvent& event : stream.events) bytes += BytesOf(event);
  }
  return bytes;
}

absl::Status ValidateAppend(const Append& append) {
  if (append.workspace.value() == 0)
    return absl::InvalidArgumentError("the append has no workspace");
  KITH_RETURN_IF_ERROR(ValidateName("the actor", append.actor, true));
  KITH_RETURN_IF_ERROR(ValidateName("who it is on behalf of", append.on_behalf_of, true));
  KITH_RETURN_IF_ERROR(ValidateName("the correlation id", append.correlation_id, true));
  KITH_RETURN_IF_ERROR(ValidateName("the request id", append.request.id, true));
  KITH_RETURN_IF_ERROR(
      ValidateName("the method", append.request.method, append.request.id.empty()));
  if (append.stream_conditions.size() + append.tag_conditions.size() > kConditionsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the append has more than ", kConditionsMax, " conditions"));
  }
  for (const StreamCondition& condition : append.stream_conditions) {
    KITH_RETURN_IF_ERROR(ValidateName("the stream of a condition", condition.stream, false));
  }
  return ValidateStreams(append);
}

absl::Status EncodeAppend(KeyStore& keys, ReadTier tier, PreparedAppend& prepared) {
  const size_t count = CountEvents(prepared.append);
  if (prepared.records.size() == count) return absl::OkStatus();
  if (prepared.written.empty()) {
    EncodeKeys(prepared);
    prepared.records.reserve(count);
    prepared.bodies.reserve(count);
  }
  size_t encoded = 0;
  for (StreamAppend& stream : prepared.append.streams) {
    for (NewEvent& event : stream.events) {
      if (encoded++ < prepared.records.size()) continue;  // when it was begun on memory
      KITH_RETURN_IF_ERROR(
          EncodeEvent(keys, tier, stream.stream, event, static_cast<uint32_t>(count), prepared));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LookUpFacts(const LogReader& reader, Position head, ReadTier tier,
                                 PreparedAppend& prepared) {
  const Append& append = prepared.append;
  prepared.as_of = head;
  if (!prepared.request_key.empty()) {
    KITH_ASSIGN_OR_RETURN(const auto known, reader.FindRequest(prepared.request_key, tier));
    // One that is written but not published yet is answered by the committer, in its turn.
    if (known.has_value() && known->second.first <= head) {
      prepared.answer = AnswerKnownRequest(append.request, known->first.digest, known->second);
      return true;
    }
  }
  for (StreamFact& stream : prepared.streams) {
    KITH_ASSIGN_OR_RETURN(stream.head, reader.HeadOf(stream.key, tier));
  }
  prepared.tagged.clear();
  for (const TagCondition& condition : append.tag_conditions) {
    KITH_ASSIGN_OR_RETURN(const Position found, reader.FirstTagged(append.workspace, condition.tag,
                                                                   condition.after, tier));
    prepared.tagged.push_back(found);
  }
  return false;
}

absl::StatusOr<Appended> AnswerKnownRequest(const RequestKey& asked, const Tag& known_digest,
                                            Appended known) {
  if (asked.digest != known_digest) {
    return absl::AlreadyExistsError(absl::StrCat(
        "the request id ", asked.id, " was used for another request of ", asked.method));
  }
  known.repeated = true;
  return known;
}

}  // namespace kith::eventstore
