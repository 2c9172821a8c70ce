// Effect: something that is done outside of Kith, such as sending a message, and cannot be taken
// back.
//
// An event says that it is wanted, a policy makes a reaction of that (projections/reactions), whose
// request is one that an effect takes, and no method. The runner has the effect perform it, then
// decides the request that says what became of it, under the reaction's id. Between the two the
// process may end; then it is performed again, under the same id, which whoever receives it can
// recognise: at least once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

// Of one performance. Borrowed until its end is told.
struct EffectContext {
  WorkspaceId workspace;
  // The same at every try, and no other reaction's in this store: "1-412-0".
  std::string id;
  int attempt = 1;
  absl::Time now;
};

// Thread-safe. Lives as long as the server.
class Effect {
 public:
  // What is to be recorded: a request of a method, such as RecordMessageSent. Or an error: one that
  // may pass (UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, DEADLINE_EXCEEDED) has it performed again
  // later and parked after the last try; any other is noted as refused.
  using Outcome = absl::StatusOr<std::unique_ptr<google::protobuf::Message>>;
  using Done = absl::AnyInvocable<void(Outcome)>;

  virtual ~Effect() = default;
  // The message of the requests that it takes.
  virtual const google::protobuf::Descriptor& takes() const = 0;
  // Performs it without holding the caller's thread. `done` is called once, on any thread, also
  // where the server stops meanwhile: then soon. Request and context live until then.
  virtual void Perform(const google::protobuf::Message& request, const EffectContext& context,
                       Done done) = 0;
  // How long until a next try, after that of this number; and how many there are at most.
  virtual absl::Duration RetryDelay(int attempt) const = 0;
  virtual int attempts_max() const = 0;
  // How many are performed at once, for all workspaces. An effect that has some of them wait, as
  // for a receiver that is slow, takes as many as it can keep, so that nobody else waits for these.
  virtual size_t performed_max() const { return 64; }
  // The server stops: what is being performed ends soon, nothing further is asked for.
  virtual void Stop() = 0;
};

}  // namespace kith::runtime
