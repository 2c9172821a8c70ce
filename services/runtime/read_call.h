// ReadCall: one read of a view, as of the moment asked about and as fresh as asked for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "google/protobuf/arena.h"
#include "projections/engine/view.h"
#include "services/runtime/call.h"
#include "services/runtime/call_parts.h"
#include "services/runtime/read_position.h"

namespace kith::runtime {

// kPoint: one record, from memory where it can. kScan: everything else; it runs on the read pool.
enum class ReadKind { kPoint, kScan };

// What a read is given. Lives for one call of the read's function.
struct ReadContext {
  const Caller& caller;
  const Authorizer& authorizer;
  const projections::ViewSnapshot* snapshot;  // null without a view
  eventstore::ReadTier tier;
  // What ages are computed for: now, or where the read asked as of a past moment, that moment.
  absl::Time read_time;
  const eventstore::KeyStore& keys;
  // What the request's page token stands for; empty on the first page. A read puts what its next
  // page goes on from into `next_page_token`, in clear: it is sealed when the reply is sent.
  absl::string_view page_token;
  bool as_of = false;  // the read named that moment

  WorkspaceId workspace() const { return caller.workspace; }
  // Those recorded by the position that is read, whatever was chosen since. Needs a view. Errors
  // are Authorizer::SettingsAt's: return them.
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsThen() const {
    return authorizer.SettingsAt(workspace(), view().position(), tier);
  }
  const projections::ViewSnapshot& view() const {
    KITH_CHECK(snapshot != nullptr);
    return *snapshot;
  }
};

// The part of a ReadCall that does not depend on its messages. Its carrier outlives it.
class ReadCallBase : public UnaryCall {
 public:
  void Begin() final;
  void Arrived(bool ok) final;
  void Replied(size_t bytes) final { caller_.share.AddReplyBytes(static_cast<int64_t>(bytes)); }

 protected:
  ReadCallBase(const CallEnvironment& environment, const Method& method, UnaryCarrier& carrier,
               google::protobuf::Message* request, google::protobuf::Message* response,
               projections::View* view, ReadKind kind)
      : counted_(environment.calls),
        environment_(environment),
        method_(method),
        carrier_(carrier),
        request_(request),
        response_(response),
        view_(view),
        kind_(kind) {}

  virtual absl::Status Run(const ReadContext& context) = 0;

 private:
  using Step = void (ReadCallBase::*)(eventstore::ReadTier tier);

  absl::Status Prepare(bool arrived);
  // The steps of a read. A step on kMemory that needs the disk is taken again on a pool.
  void Settle();
  void Resolve(eventstore::ReadTier tier);
  void Await();
  void Serve(eventstore::ReadTier tier);
  absl::Status TryServe(eventstore::ReadTier tier);
  absl::Status RunOn(const projections::ViewSnapshot* snapshot, eventstore::ReadTier tier);
  // On the snapshot, as far as somebody waits for it and it does not look at too much.
  absl::Status RunGuarded(eventstore::ReadTier tier);
  void TakeOnPool(Step step);
  void End(const absl::Status& status);

  const CallTracker::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  UnaryCarrier& carrier_;
  google::protobuf::Message* const request_;
  google::protobuf::Message* const response_;
  projections::View* const view_;
  const ReadKind kind_;
  absl::Time began_;
  CallParts parts_;
  CallerContext caller_;
  absl::Time moment_;  // now, or the time that the read is as of
  std::string page_token_;  // opened
  ReadPosition position_;
  std::optional<projections::ViewSnapshot> snapshot_;
};

template <class Request, class Response>
using ReadFunction = std::function<absl::Status(const ReadContext&, const Request&, Response*)>;

// Lives on an arena with its messages.
template <class Request, class Response>
class ReadCall final : public ReadCallBase {
 public:
  ReadCall(const CallEnvironment& environment, UnaryCarrier& carrier,
           google::protobuf::Arena* arena, projections::View* view, ReadKind kind,
           const ReadFunction<Request, Response>& function)
      : ReadCall(environment, carrier, google::protobuf::Arena::CreateMessage<Request>(arena),
                 google::protobuf::Arena::CreateMessage<Response>(arena), view, kind, function) {}

 private:
  ReadCall(const CallEnvironment& environment, UnaryCarrier& carrier, Request* request,
           Response* response, projections::View* view, ReadKind kind,
           const ReadFunction<Request, Response>& function)
      : ReadCallBase(environment, MethodOf<Request>(), carrier, request, response, view, kind),
        request_(*request),
        response_(response),
        function_(function) {}

  absl::Status Run(const ReadContext& context) override {
    response_->Clear();
    return function_(context, request_, response_);
  }

  const Request& request_;
  Response* const response_;
  const ReadFunction<Request, Response>& function_;
};

}  // namespace kith::runtime
