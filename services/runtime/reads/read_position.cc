#include "services/runtime/reads/read_position.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/token.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/tables/page_token.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

using eventstore::EventLog;
using eventstore::ReadTier;

// The view must reach the moment, and is read there.
ReadPosition Fixed(const Moment& moment, absl::Time read_time) {
  return {moment.position, moment.position, moment.sequence, read_time};
}

absl::StatusOr<ReadPosition> AtPosition(const Moments& moments, WorkspaceId workspace,
                                        Position position, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const Moment moment, moments.At(workspace, position, tier));
  return Fixed(moment, moment.record_time);
}

absl::StatusOr<ReadPosition> AtSequence(const Moments& moments, WorkspaceId workspace,
                                        int64_t number, ReadTier tier) {
  const Sequence last = moments.log().WorkspaceHead(workspace);
  if (number < 0 || static_cast<uint64_t>(number) > last.value()) {
    return Error(type::v1::ERROR_OUT_OF_RANGE,
                 absl::StrCat("The workspace's events go from 1 to ", last.value(), "."),
                 {{"sequence", absl::StrCat(number)}, {"last", absl::StrCat(last.value())}});
  }
  KITH_ASSIGN_OR_RETURN(const Moment moment,
                        moments.At(workspace, Sequence(static_cast<uint64_t>(number)), tier));
  return Fixed(moment, moment.record_time);
}

absl::StatusOr<ReadPosition> AtTime(const Moments& moments, WorkspaceId workspace,
                                    absl::Time settled, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const Moment moment, moments.At(workspace, settled, tier));
  return Fixed(moment, settled);
}

// The moment that a read is as of; nullopt for a read of now.
absl::StatusOr<std::optional<ReadPosition>> AsOf(const Moments& moments, WorkspaceId workspace,
                                                 const type::v1::ReadOptions& options,
                                                 absl::Time settled, ReadTier tier) {
  switch (options.as_of_case()) {
    case type::v1::ReadOptions::kToken: {
      KITH_ASSIGN_OR_RETURN(const Position position,
                            PositionOfToken(moments.log(), options.token()));
      return AtPosition(moments, workspace, position, tier);
    }
    case type::v1::ReadOptions::kSequence:
      return AtSequence(moments, workspace, options.sequence(), tier);
    case type::v1::ReadOptions::kTime:
      return AtTime(moments, workspace, settled, tier);
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

absl::StatusOr<ReadPosition> AtPage(const Moments& moments, WorkspaceId workspace,
                                    absl::string_view page_token, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const auto position, projections::PagePosition(page_token));
  if (!position.has_value() || *position > moments.log().head()) {
    return projections::InvalidPageToken("The page token is of another store.");
  }
  return AtPosition(moments, workspace, *position, tier);
}

}  // namespace

std::optional<absl::Time> TimeToSettle(const type::v1::ReadOptions& options) {
  if (!options.has_time()) return std::nullopt;
  return absl::FromUnixSeconds(options.time().seconds()) +
         absl::Nanoseconds(options.time().nanos());
}

absl::StatusOr<ReadPosition> ResolveReadPosition(const Moments& moments, WorkspaceId workspace,
                                                 const type::v1::ReadOptions& options,
                                                 absl::string_view page_token, absl::Time now,
                                                 ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(std::optional<ReadPosition> as_of,
                        AsOf(moments, workspace, options, now, tier));
  if (!page_token.empty()) {
    KITH_ASSIGN_OR_RETURN(ReadPosition page, AtPage(moments, workspace, page_token, tier));
    if (!as_of.has_value() || WasCut(options, now)) {
      page.read_time = now;  // as that of the first page, which no event need have had
      return page;
    }
    if (as_of->at != page.at) return AnotherMoment(options);
  }
  if (as_of.has_value()) {
    as_of->as_of = !WasCut(options, now);
    return *std::move(as_of);
  }
  switch (options.freshness_case()) {
    case type::v1::ReadOptions::kAtLeast: {
      KITH_ASSIGN_OR_RETURN(const Position position,
                            PositionOfToken(moments.log(), options.at_least()));
      return ReadPosition{position, std::nullopt, std::nullopt, now};
    }
    case type::v1::ReadOptions::kAny:
      return ReadPosition{Position(), std::nullopt, std::nullopt, now};
    case type::v1::ReadOptions::FRESHNESS_NOT_SET:
      break;
  }
  const Heads heads = HeadsOf(moments.log(), workspace);
  return ReadPosition{heads.head, heads.head, heads.sequence, now};
}

std::string TokenAt(const EventLog& log, Position position, std::optional<Sequence> sequence) {
  return eventstore::SealToken(log.token_sealer(), {log.epoch(), position, sequence});
}

absl::StatusOr<Position> PositionOfToken(const EventLog& log, absl::string_view token) {
  const absl::StatusOr<eventstore::Token> decoded =
      eventstore::OpenToken(log.token_sealer(), token);
  if (!decoded.ok()) {
    return Error(type::v1::ERROR_INVALID_TOKEN,
                 "The token is damaged, of another store, or no token of Kith.");
  }
  if (!decoded->store.empty() && decoded->store != log.store_id()) {
    return Error(type::v1::ERROR_INVALID_TOKEN, "The token is of another store.");
  }
  if (decoded->epoch != log.epoch() || decoded->position > log.head()) {
    return Error(type::v1::ERROR_INVALID_TOKEN,
                 "The token is of a future that a restore abandoned.");
  }
  return decoded->position;
}

}  // namespace kith::runtime
