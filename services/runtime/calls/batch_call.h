// BatchCall: one call of a batch method (AIP-233 to 235): many requests of a single method in one.
//
// They are one command: decided in their order, each on what the earlier ones make, and appended
// together or not at all. With `return_partial_success`, or where the request has no such field,
// each is a command of its own, under the batch's request id plus "/" and its index; those that
// concern the same begin in their order, the others together, and the reply tells which were
// refused and why. A repeated batch is answered the same, and what was refused is decided anew.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"
#include "services/runtime/calls/mutate_call.h"
#include "services/runtime/commands/command_handler.h"

namespace kith::runtime {

// As many requests may be one append.
inline constexpr int kBatchRequestsMax = 100;
// Once a reply has as many bytes, further resources are told by their names.
inline constexpr size_t kBatchBytesMax = 2 << 20;

// What a batch method does when it is one command. Immutable; any thread.
class BatchHandler final : public CommandHandler {
 public:
  // `item` is the handler of the method that takes the batch's requests, which outlives this.
  // Aborts where the messages have not the fields of a batch, or it asks another permission.
  BatchHandler(const Method& method, const CommandHandler& item);

  Decision Run(Loader& load, const google::protobuf::Message& request,
               const CommandContext& context) const override;
  absl::Status Render(Rendering& after, const google::protobuf::Message& request,
                      google::protobuf::Message* response) const override;

  const CommandHandler& item() const { return item_; }
  const Method& item_method() const { return item_method_; }
  int Size(const google::protobuf::Message& request) const;
  const google::protobuf::Message& ItemOf(const google::protobuf::Message& request,
                                          int index) const;
  // Adds what an item was answered with. `bytes` are those of the reply until now.
  void AddResult(google::protobuf::Message& result, size_t& bytes,
                 google::protobuf::Message* response) const;
  void AddFailed(int index, const google::rpc::Status& status,
                 google::protobuf::Message* response) const;
  // An empty reply of the single method.
  std::unique_ptr<google::protobuf::Message> NewResult() const;

 private:
  const CommandHandler& item_;
  const Method& item_method_;
  const google::protobuf::FieldDescriptor* const requests_;
  // Of the reply; null where the single method answers nothing.
  const google::protobuf::FieldDescriptor* results_ = nullptr;
  const google::protobuf::FieldDescriptor* left_out_ = nullptr;
  const google::protobuf::FieldDescriptor* name_ = nullptr;  // of a resource
  const google::protobuf::FieldDescriptor* const failed_requests_;
};

// Lives on an arena with its messages. Its carrier and its handler outlive it.
class BatchCall final : public MutateCall {
 public:
  BatchCall(const CallEnvironment& environment, const Method& method, UnaryCarrier& carrier,
            google::protobuf::Message* request, google::protobuf::Message* response,
            const BatchHandler& handler);
  ~BatchCall() override;

 private:
  class Item;

  void Start() override;
  absl::Status Check() const;
  // Gives every request its command and starts those that wait for none. On a pool.
  void StartItems();
  absl::StatusOr<Origin> OriginOf(int index) const;
  void Release(Item& item);
  void Through(Item& item);
  void Answer();

  const BatchHandler& handler_;
  std::vector<std::unique_ptr<Item>> items_;
  std::atomic<int> remaining_ = 0;
};

}  // namespace kith::runtime
