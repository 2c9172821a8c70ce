// IngestCall: a stream of messages with items, each item a command of its own, answered with a
// stream of results as they come.
//
// A message's request id plus "/" and an item's ordinal is the item's. Each message is answered
// with one, when all of its items are through; the answers come in the order in which that happens.
// A few messages are on their way at once, so that the log always has something to commit; more are
// not read before one is answered, and where all that are on their way take much memory, each
// stream has one.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/arena.h"
#include "google/rpc/status.pb.h"
#include "services/runtime/calls/duplex_call.h"
#include "services/runtime/commands/transact.h"
#include "services/runtime/reads/hide_found.h"
#include "services/runtime/requests/grpc_status.h"
#include "services/runtime/requests/item_rules.h"

namespace kith::runtime {

inline constexpr int kIngestMessagesInFlightMax = 4;

// One message of a stream of items: from its arrival until its answer is on its way.
class IngestMessage {
 public:
  virtual ~IngestMessage() = default;

  virtual google::protobuf::Message* request() = 0;
  virtual const google::protobuf::Message& answer() const = 0;
  virtual int items() const = 0;
  // Gives every item its command and starts them. On a pool; `ordinal` is that of the message in
  // its stream.
  virtual void Start(int ordinal) = 0;

  int64_t bytes = 0;  // as it came
};

// The course of a stream of items, without their types.
class IngestCourse : public DuplexCourse {
 protected:
  IngestCourse(const CallEnvironment& environment, const Method& method, const ItemRules& items,
               StreamCarrier& carrier)
      : DuplexCourse(environment, method, carrier),
        item_rules_(items),
        trace_id_(TraceIdOf(carrier)),
        cause_(CauseOf(environment, carrier)) {}

  virtual std::unique_ptr<IngestMessage> NewMessage() = 0;

  // All items of the message have their results.
  void Through(std::unique_ptr<IngestMessage> message) KITH_EXCLUDES(mutex_);
  // Who commands an item, or what is wrong with its fields.
  absl::StatusOr<Origin> OriginOf(const google::protobuf::Message& item,
                                  absl::string_view message_id, int ordinal);
  Transact& transact() const { return environment_.transact; }

 private:
  absl::Status Take() final KITH_EXCLUDES(mutex_);
  bool MayRead() const final KITH_REQUIRES(mutex_);
  const google::protobuf::Message* NextAnswer() final KITH_REQUIRES(mutex_);
  void AnswerTaken() final KITH_REQUIRES(mutex_);
  void DropAnswers() final KITH_REQUIRES(mutex_);
  bool IsIdle() const final KITH_REQUIRES(mutex_) { return in_flight_ == 0; }

  absl::Status Check(IngestMessage& message);

  const ItemRules& item_rules_;
  const std::string trace_id_;
  const absl::StatusOr<Position> cause_;  // of every item; what is wrong with it, each item tells
  int arrived_ = 0;                       // touched by Take only

  int in_flight_ KITH_GUARDED_BY(mutex_) = 0;                      // messages that are not answered
  std::unique_ptr<IngestMessage> answer_ KITH_GUARDED_BY(mutex_);  // that is being written
  std::deque<std::unique_ptr<IngestMessage>> answered_ KITH_GUARDED_BY(mutex_);  // to be written
};

template <class Request, class Response, class Commands>
class IngestCall final : public IngestCourse {
 public:
  IngestCall(const CallEnvironment& environment, StreamCarrier& carrier, const Commands& commands)
      : IngestCourse(environment, MethodOf<Request>(), ItemRulesOf<Request>(), carrier),
        commands_(commands) {}

 private:
  using Item = std::decay_t<decltype(std::declval<const Request&>().items(0))>;
  using Result = std::decay_t<decltype(std::declval<const Response&>().results(0))>;

  class TypedMessage;

  class ItemCommand final : public Command {
   public:
    ItemCommand(TypedMessage& message, const Item& item, Result* result, Origin origin)
        : message_(message), item_(item), result_(result), origin_(std::move(origin)) {}

    const Origin& origin() const override { return origin_; }
    Decision Decide(Loader& load, const CommandContext& context) override {
      Decision decision = message_.commands().Run(load, item_, context);
      if (!decision.ok()) return decision;
      KITH_RETURN_IF_ERROR(load.CheckReach(MethodOf<Request>().permission, *decision));
      return decision;
    }
    absl::Status Render(Rendering& after) override {
      return message_.commands().Render(after, item_, result_);
    }
    void Done(absl::Status status) override {
      if (!status.ok()) *result_->mutable_status() = WireStatus(status, origin_.request.id);
      HideFound(*origin_.caller, result_);
      message_.ItemThrough();
    }

   private:
    TypedMessage& message_;
    const Item& item_;
    Result* const result_;
    const Origin origin_;
  };

  // Owns itself while its items are on their way.
  class TypedMessage final : public IngestMessage {
   public:
    explicit TypedMessage(IngestCall& call)
        : call_(call),
          request_(google::protobuf::Arena::CreateMessage<Request>(&arena_)),
          answer_(google::protobuf::Arena::CreateMessage<Response>(&arena_)) {}

    google::protobuf::Message* request() override { return request_; }
    const google::protobuf::Message& answer() const override { return *answer_; }
    int items() const override { return request_->items_size(); }
    const Commands& commands() const { return call_.commands_; }

    void Start(int ordinal) override {
      const int items = request_->items_size();
      // All of them before any is started: adding one may move the others' pointers.
      for (int i = 0; i < items; ++i) {
        Result* const result = answer_->add_results();
        result->set_message_index(ordinal);
        result->set_item_index(i);
      }
      remaining_ = items + 1;
      for (int i = 0; i < items; ++i) StartItem(i);
      ItemThrough();
    }
    void ItemThrough() {
      if (--remaining_ == 0) call_.Through(std::unique_ptr<IngestMessage>(this));
    }

   private:
    void StartItem(int i) {
      const Item& item = request_->items(i);
      Result* const result = answer_->mutable_results(i);
      absl::StatusOr<Origin> origin = call_.OriginOf(item, request_->request_id(), i);
      if (!origin.ok()) {
        *result->mutable_status() = WireStatus(origin.status(), "");
        return ItemThrough();
      }
      commands_.emplace_back(*this, item, result, *std::move(origin));
      call_.transact().Start(commands_.back());
    }

    IngestCall& call_;
    google::protobuf::Arena arena_;
    Request* const request_;
    Response* const answer_;
    std::deque<ItemCommand> commands_;
    std::atomic<int> remaining_ = 0;
  };

  std::unique_ptr<IngestMessage> NewMessage() override {
    return std::make_unique<TypedMessage>(*this);
  }

  const Commands& commands_;
};

}  // namespace kith::runtime
