#include "services/runtime/read_position.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/token.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/page_token.h"
#include "services/runtime/validate.h"

namespace kith::runtime {
namespace {

using eventstore::EventLog;
using eventstore::ReadTier;

struct Heads {
  Position head;
  Sequence sequence;  // the workspace's last event at or before it
};

// Both heads of one moment: a commit between the two reads is noticed by the log's head having
// moved.
Heads HeadsOf(const EventLog& log, WorkspaceId workspace) {
  while (true) {
    const Position head = log.head();
    const Sequence sequence = log.WorkspaceHead(workspace);
    if (log.head() == head) return {head, sequence};
  }
}

absl::Status NeedsDisk() { return absl::UnavailableError("the position is not in memory"); }

// A fixed moment: the view must reach it, and is read there.
ReadPosition Moment(Position position, std::optional<Sequence> sequence, absl::Time read_time) {
  return {position, position, sequence, read_time};
}

// When the record at `position` was recorded; before the first event, the beginning of time.
absl::StatusOr<absl::Time> RecordTimeAt(const EventLog& log, Position position, ReadTier tier) {
  if (position == Position()) return absl::UnixEpoch();
  KITH_ASSIGN_OR_RETURN(const auto record, log.ReadAt(position, tier));
  return record == nullptr ? absl::UnixEpoch() : record->header.record_time;
}

absl::StatusOr<ReadPosition> AtPosition(const EventLog& log, Position position, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const absl::Time recorded, RecordTimeAt(log, position, tier));
  return Moment(position, std::nullopt, recorded);
}

absl::StatusOr<ReadPosition> AtSequence(const EventLog& log, WorkspaceId workspace, int64_t number,
                                        ReadTier tier) {
  const Sequence last = log.WorkspaceHead(workspace);
  if (number < 0 || static_cast<uint64_t>(number) > last.value()) {
    return Error(type::v1::ERROR_OUT_OF_RANGE,
                 absl::StrCat("The workspace's events go from 1 to ", last.value(), "."),
                 {{"sequence", absl::StrCat(number)}, {"last", absl::StrCat(last.value())}});
  }
  const Sequence sequence(static_cast<uint64_t>(number));
  KITH_ASSIGN_OR_RETURN(const Position position, log.PositionOf(workspace, sequence, tier));
  KITH_ASSIGN_OR_RETURN(ReadPosition read, AtPosition(log, position, tier));
  read.sequence = sequence;
  return read;
}

absl::StatusOr<ReadPosition> AtTime(const EventLog& log, absl::Time settled, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const Position position, log.PositionAt(settled, tier));
  return Moment(position, std::nullopt, settled);
}

// The moment that a read is as of; nullopt for a read of now.
absl::StatusOr<std::optional<ReadPosition>> AsOf(const EventLog& log, WorkspaceId workspace,
                                                 const type::v1::ReadOptions& options,
                                                 absl::Time settled, ReadTier tier) {
  switch (options.as_of_case()) {
    case type::v1::ReadOptions::kToken: {
      KITH_ASSIGN_OR_RETURN(const Position position, PositionOfToken(log, options.token()));
      return AtPosition(log, position, tier);
    }
    case type::v1::ReadOptions::kSequence:
      return AtSequence(log, workspace, options.sequence(), tier);
    case type::v1::ReadOptions::kTime:
      return AtTime(log, settled, tier);
    case type::v1::ReadOptions::AS_OF_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

// The time that a read is as of has not come yet: it means the moment at which it is read, which
// for a further page was that of the first.
bool WasCut(const type::v1::ReadOptions& options, absl::Time settled) {
  const std::optional<absl::Time> time = TimeToSettle(options);
  return time.has_value() && *time - settled >= absl::Microseconds(1);
}

// A page token and a moment that contradict each other.
absl::Status AnotherMoment(const type::v1::ReadOptions& options) {
  constexpr char kContradiction[] =
      "the page token continues a list as of another moment; leave one of the two out";
  const auto* const as_of = type::v1::ReadOptions::descriptor()->FindOneofByName("as_of");
  const auto* const field = options.GetReflection()->GetOneofFieldDescriptor(options, as_of);
  google::rpc::BadRequest violations;
  for (const std::string& name :
       {std::string("page_token"), absl::StrCat("read.", field->name())}) {
    auto* const violation = violations.add_field_violations();
    violation->set_field(name);
    violation->set_description(kContradiction);
  }
  return ViolationsError(violations);
}

absl::StatusOr<ReadPosition> AtPage(const EventLog& log, absl::string_view page_token,
                                    ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const auto position, projections::PagePosition(page_token));
  if (!position.has_value() || *position > log.head()) {
    return projections::InvalidPageToken("The page token is of another store.");
  }
  return AtPosition(log, *position, tier);
}

}  // namespace

std::optional<absl::Time> TimeToSettle(const type::v1::ReadOptions& options) {
  if (!options.has_time()) return std::nullopt;
  return absl::FromUnixSeconds(options.time().seconds()) +
         absl::Nanoseconds(options.time().nanos());
}

absl::StatusOr<ReadPosition> ResolveReadPosition(const EventLog& log, WorkspaceId workspace,
                                                 const type::v1::ReadOptions& options,
                                                 absl::string_view page_token, absl::Time now,
                                                 ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(std::optional<ReadPosition> as_of,
                        AsOf(log, workspace, options, now, tier));
  if (!page_token.empty()) {
    KITH_ASSIGN_OR_RETURN(ReadPosition page, AtPage(log, page_token, tier));
    if (!as_of.has_value() || WasCut(options, now)) return page;
    if (as_of->at != page.at) return AnotherMoment(options);
  }
  if (as_of.has_value()) {
    as_of->as_of = !WasCut(options, now);
    return *std::move(as_of);
  }
  switch (options.freshness_case()) {
    case type::v1::ReadOptions::kAtLeast: {
      KITH_ASSIGN_OR_RETURN(const Position position, PositionOfToken(log, options.at_least()));
      return ReadPosition{position, std::nullopt, std::nullopt, now};
    }
    case type::v1::ReadOptions::kAny:
      return ReadPosition{Position(), std::nullopt, std::nullopt, now};
    case type::v1::ReadOptions::FRESHNESS_NOT_SET:
      break;
  }
  const Heads heads = HeadsOf(log, workspace);
  return Moment(heads.head, heads.sequence, now);
}

std::string TokenAt(const EventLog& log, Position position, std::optional<Sequence> sequence) {
  return eventstore::EncodeToken({std::string(log.store_id()), log.epoch(), position, sequence});
}

absl::StatusOr<Position> PositionOfToken(const EventLog& log, absl::string_view token) {
  const absl::StatusOr<eventstore::Token> decoded = eventstore::DecodeToken(token);
  if (!decoded.ok()) {
    return Error(type::v1::ERROR_INVALID_TOKEN, "The token is damaged, or is not a token of Kith.");
  }
  if (decoded->store != log.store_id()) {
    return Error(type::v1::ERROR_INVALID_TOKEN, "The token is of another store.");
  }
  if (decoded->epoch != log.epoch() || decoded->position > log.head()) {
    return Error(type::v1::ERROR_INVALID_TOKEN,
                 "The token is of a future that a restore abandoned.");
  }
  return decoded->position;
}

absl::StatusOr<Sequence> SequenceAt(const EventLog& log, WorkspaceId workspace, Position position,
                                    ReadTier tier) {
  const Heads heads = HeadsOf(log, workspace);
  if (position >= heads.head || heads.sequence == Sequence()) return heads.sequence;
  // Mostly the event there is one of the workspace, and says so itself.
  KITH_ASSIGN_OR_RETURN(const auto record, log.ReadAt(position, tier));
  if (record != nullptr && record->header.workspace == workspace) return record->header.sequence;
  if (tier == ReadTier::kMemory) return NeedsDisk();
  // The positions of a workspace's events rise with their sequence: the last one at or before
  // `position` is found by halving.
  uint64_t low = 0;
  uint64_t high = heads.sequence.value();
  while (low < high) {
    const uint64_t middle = high - (high - low) / 2;
    KITH_ASSIGN_OR_RETURN(const Position at,
                          log.PositionOf(workspace, Sequence(middle), ReadTier::kDisk));
    if (at <= position) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Sequence(low);
}

}  // namespace kith::runtime
