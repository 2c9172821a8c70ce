// IngestCall: one client stream of items, each a command of its own with a result of its own.
//
// A message's request id plus "/" and an item's ordinal is the item's. A few messages are on their
// way at once, so that the log always has something to commit; more are not read from the client
// before one is through.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "services/runtime/call.h"
#include "services/runtime/grpc_status.h"
#include "services/runtime/item_rules.h"
#include "services/runtime/transact.h"

namespace kith::runtime {

inline constexpr int kIngestMessagesInFlightMax = 4;
// Of one stream: its results are one reply, which must fit the 4 MiB that clients take by default.
inline constexpr int kIngestItemsMax = 40'000;

// The course of a stream of items, without their types.
class IngestCourse : public LiveStreams::Stream {
 public:
  void Begin();
  void EndForShutdown() final KITH_EXCLUDES(mutex_);

 protected:
  IngestCourse(const CallEnvironment& environment, const Method& method, const ItemRules& items,
               grpc::CallbackServerContext* rpc)
      : counted_(environment.streams),
        environment_(environment),
        method_(method),
        item_rules_(items),
        rpc_(rpc) {}

  virtual void ReadNext() = 0;
  virtual void FinishWith(const grpc::Status& status) = 0;

  // A message was read into place; false: there are no more. Starts its items, if it may.
  void Arrived(bool ok, const google::protobuf::Message* message, int items,
               absl::AnyInvocable<void()> start);
  // One message's items all have their results.
  void Through();
  void Cancelled() KITH_EXCLUDES(mutex_);
  void Detach() { environment_.streams.Remove(this); }

  // Who commands an item, or what is wrong with its fields.
  absl::StatusOr<Origin> OriginOf(const google::protobuf::Message& item,
                                  absl::string_view message_id, int ordinal);
  Transact& transact() const { return environment_.transact; }

 private:
  absl::Status Prepare();
  absl::Status Accept(const google::protobuf::Message& message, int items);
  // Counts off `through` messages that are done with, then reads on, or ends the stream when
  // nothing is left to do. Ending frees the stream, so nobody ends it while another is starting a
  // read.
  void Continue(int through = 0) KITH_EXCLUDES(mutex_);

  const LiveStreams::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  const ItemRules& item_rules_;
  grpc::CallbackServerContext* const rpc_;
  absl::Time began_;
  CallerContext caller_;
  std::string trace_id_;
  int64_t items_ = 0;  // touched by reads only, which follow one another

  Mutex mutex_;
  absl::Status stop_
      KITH_GUARDED_BY(mutex_);  // not OK: nothing further is read, and the stream ends so
  bool reading_ KITH_GUARDED_BY(mutex_) = false;  // a read is on its way
  bool starting_read_ KITH_GUARDED_BY(mutex_) =
      false;  // and a thread is still about to return from it
  bool read_all_ KITH_GUARDED_BY(mutex_) = false;
  int in_flight_ KITH_GUARDED_BY(mutex_) = 0;  // messages
  bool finished_ KITH_GUARDED_BY(mutex_) = false;
};

// Deletes itself when gRPC is done with it.
template <class Request, class Response, class Commands>
class IngestCall final : public grpc::ServerReadReactor<Request>, public IngestCourse {
 public:
  IngestCall(const CallEnvironment& environment, grpc::CallbackServerContext* rpc,
             Response* response, const Commands& commands)
      : IngestCourse(environment, MethodOf<Request>(), ItemRulesOf<Request>(), rpc),
        response_(response),
        commands_(commands) {}

 private:
  using Item = std::decay_t<decltype(std::declval<const Request&>().items(0))>;
  using Result = std::decay_t<decltype(std::declval<const Response&>().results(0))>;

  struct Message;

  class ItemCommand final : public Command {
   public:
    ItemCommand(IngestCall& call, Message& message, const Item& item, Result* result, Origin origin)
        : call_(call),
          message_(message),
          item_(item),
          result_(result),
          origin_(std::move(origin)) {}

    const Origin& origin() const override { return origin_; }
    Decision Decide(Loader& load, const CommandContext& context) override {
      return call_.commands_.Run(load, item_, context);
    }
    absl::Status Render(Rendering& after) override {
      return call_.commands_.Render(after, item_, result_);
    }
    void Done(absl::Status status) override {
      if (!status.ok()) *result_->mutable_status() = WireStatus(status, origin_.request.id);
      call_.ItemThrough(message_);
    }

   private:
    IngestCall& call_;
    Message& message_;
    const Item& item_;
    Result* const result_;
    const Origin origin_;
  };

  // A message on its way; lives until its last item is through.
  struct Message {
    Request request;
    std::vector<Result*> results;  // of its items, in the response
    std::deque<ItemCommand> commands;
    std::atomic<size_t> remaining = 0;
  };

  void ReadNext() override {
    next_ = std::make_unique<Message>();
    this->StartRead(&next_->request);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Arrived(false, nullptr, 0, nullptr);
    Message* const message = next_.release();
    const int index = messages_++;
    const int items = message->request.items_size();
    for (int i = 0; i < items; ++i) {
      Result* const result = response_->add_results();
      result->set_message_index(index);
      result->set_item_index(i);
      message->results.push_back(result);
    }
    // Owned by the work from here on; a message that is refused is dropped with it.
    Arrived(true, &message->request, items,
            [this, owned = std::unique_ptr<Message>(message)]() mutable {
              StartItems(owned.release());
            });
  }
  // Gives every item its command and starts them. On a pool.
  void StartItems(Message* message) {
    message->remaining = static_cast<size_t>(message->request.items_size()) + 1;
    for (int i = 0; i < message->request.items_size(); ++i) {
      const Item& item = message->request.items(i);
      Result* const result = message->results[static_cast<size_t>(i)];
      absl::StatusOr<Origin> origin = OriginOf(item, message->request.request_id(), i);
      if (!origin.ok()) {
        *result->mutable_status() = WireStatus(origin.status(), "");
        --message->remaining;
        continue;
      }
      message->commands.emplace_back(*this, *message, item, result, *std::move(origin));
      transact().Start(message->commands.back());
    }
    ItemThrough(*message);
  }
  void ItemThrough(Message& message) {
    if (--message.remaining > 0) return;
    delete &message;
    Through();
  }

  void FinishWith(const grpc::Status& status) override { this->Finish(status); }
  void OnCancel() override { Cancelled(); }
  void OnDone() override {
    Detach();
    delete this;
  }

  Response* const response_;
  const Commands& commands_;
  int messages_ = 0;
  std::unique_ptr<Message> next_;  // being read
};

}  // namespace kith::runtime
