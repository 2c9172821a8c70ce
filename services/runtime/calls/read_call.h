// ReadCall: one read of a view, or of several at one position, as of the moment asked about and as
// fresh as asked for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "google/protobuf/arena.h"
#include "projections/engine/view.h"
#include "services/runtime/calls/call.h"
#include "services/runtime/reads/read_position.h"
#include "services/runtime/requests/call_parts.h"

namespace kith::runtime {

// kPoint: one record, from memory where it can. kScan: everything else; it runs on the read pool.
enum class ReadKind { kPoint, kScan };

// What a read is given. Lives for one call of the read's function.
struct ReadContext {
  const Caller& caller;
  const Authorizer& authorizer;
  const eventstore::EventLog& log;
  // Of the views that the method was bound with, in their order, all at one position.
  absl::Span<const projections::ViewSnapshot> snapshots;
  eventstore::ReadTier tier;
  // What ages are computed for: now, or where the read asked as of a past moment, that moment.
  absl::Time read_time;
  const eventstore::KeyStore& keys;
  // What the request's page token stands for; empty on the first page. A read puts what its next
  // page goes on from into `next_page_token`, in clear: it is sealed when the reply is sent.
  absl::string_view page_token;
  bool as_of = false;  // the read named that moment
  // Those that the snapshots are of.
  absl::Span<projections::View* const> views = {};

  WorkspaceId workspace() const { return caller.workspace; }
  // Those recorded by the position that is read, whatever was chosen since. Needs a view. Errors
  // are Authorizer::SettingsAt's: return them.
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsThen() const {
    return authorizer.SettingsAt(workspace(), view().position(), tier);
  }
  const projections::ViewSnapshot& view(size_t index = 0) const {
    KITH_CHECK(index < snapshots.size());
    return snapshots[index];
  }
  // Of a view that is read. Aborts where it is none of them.
  const projections::ViewSnapshot& SnapshotOf(const projections::View& wanted) const {
    size_t index = 0;
    while (index < views.size() && views[index] != &wanted) ++index;
    return view(index);
  }
};

// The views that a read is of; none where it is of what no view has. They outlive its method.
using ReadViews = std::vector<projections::View*>;

// Which views a request needs beside those that its method always reads; null: none. Called by the
// thread that a request comes in on: it reads the request and waits for nothing.
using FurtherViews = std::function<ReadViews(const google::protobuf::Message& request)>;

// What a read's method does, into a reply that is empty. Any thread, several at a time.
using ReadHandler = std::function<absl::Status(
    const ReadContext&, const google::protobuf::Message& request, google::protobuf::Message*)>;

// Lives on an arena with its messages. Its carrier and its handler outlive it.
class ReadCall final : public UnaryCall {
 public:
  ReadCall(const CallEnvironment& environment, const Method& method, UnaryCarrier& carrier,
           google::protobuf::Message* request, google::protobuf::Message* response,
           const ReadViews& views, const FurtherViews& further_views, ReadKind kind,
           const ReadHandler& handler)
      : counted_(environment.calls),
        environment_(environment),
        method_(method),
        carrier_(carrier),
        request_(request),
        response_(response),
        views_(&views),
        further_views_(further_views),
        kind_(kind),
        handler_(handler),
        parts_(environment.clock) {}

  void Begin() override;
  void Arrived(bool ok) override;
  void Replied(size_t bytes) override { caller_.share.Replied(bytes); }

 private:
  using Snapshots = absl::InlinedVector<projections::ViewSnapshot, 1>;
  using Step = void (ReadCall::*)(eventstore::ReadTier tier);

  absl::Status Prepare(bool arrived);
  // The steps of a read. A step on kMemory that needs the disk is taken again on a pool.
  void Settle();
  void Resolve(eventstore::ReadTier tier);
  void Await();
  void ServeSnapshot();
  void Serve(eventstore::ReadTier tier);
  absl::Status TryServe(eventstore::ReadTier tier);
  absl::Status RunOn(const Snapshots& snapshots, eventstore::ReadTier tier);
  // On the snapshots, as far as somebody waits for it and it does not look at too much.
  absl::Status RunGuarded(eventstore::ReadTier tier);
  // An error when nobody waits for the reply any more, or the server cannot.
  absl::Status CheckAwaited() const;
  void TakeOnPool(Step step);
  void End(const absl::Status& status);

  const CallTracker::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  UnaryCarrier& carrier_;
  google::protobuf::Message* const request_;
  google::protobuf::Message* const response_;
  const ReadViews* views_;  // the method's, or all_views_
  ReadViews all_views_;     // with those that the request needs besides
  const FurtherViews& further_views_;
  const ReadKind kind_;
  const ReadHandler& handler_;
  CallParts parts_;
  CallerContext caller_;
  absl::Time moment_;       // now, or the time that the read is as of
  std::string page_token_;  // opened
  ReadPosition position_;
  Snapshots snapshots_;  // none without a view
};

}  // namespace kith::runtime
