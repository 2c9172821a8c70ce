#include "services/runtime/calls/batch_call.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/runtime/commands/command_list.h"
#include "services/runtime/requests/grpc_status.h"
#include "services/runtime/requests/request_key.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {

using google::protobuf::Descriptor;
using google::protobuf::Message;

BatchHandler::BatchHandler(const Method& method, const CommandHandler& item)
    : item_(item),
      item_method_(MethodTaking(method.requests->message_type())),
      requests_(method.requests),
      failed_requests_(FieldOf(*method.descriptor->output_type(), "failed_requests")) {
  KITH_CHECK(method.permission == item_method_.permission && method.request_id != nullptr &&
             failed_requests_->is_map());
  const Descriptor& reply = *method.descriptor->output_type();
  const Descriptor& resource = *item_method_.descriptor->output_type();
  for (int i = 0; i < reply.field_count(); ++i) {
    if (reply.field(i)->is_repeated() && reply.field(i)->message_type() == &resource) {
      results_ = reply.field(i);
    }
  }
  KITH_CHECK((results_ != nullptr) == (resource.field_count() > 0));
  if (results_ == nullptr) return;
  left_out_ = FieldOf(reply, "left_out");
  name_ = FieldOf(resource, "name");
}

int BatchHandler::Size(const Message& request) const {
  return request.GetReflection()->FieldSize(request, requests_);
}

const Message& BatchHandler::ItemOf(const Message& request, int index) const {
  return request.GetReflection()->GetRepeatedMessage(request, requests_, index);
}

Decision BatchHandler::Run(Loader& load, const Message& request,
                           const CommandContext& context) const {
  std::vector<ListedCommand> list;
  for (int i = 0; i < Size(request); ++i) {
    const Message& one = ItemOf(request, i);
    const absl::StatusOr<absl::Time> occurred = item_method_.occur_time.Read(one, context.now);
    if (!occurred.ok()) return ItemError(occurred.status(), static_cast<size_t>(i));
    list.push_back({&item_, &one, *occurred});
  }
  return DecideInOrder(list, load, context);
}

absl::Status BatchHandler::Render(Rendering& after, const Message& request,
                                  Message* response) const {
  size_t bytes = 0;
  for (int i = 0; i < Size(request); ++i) {
    const std::unique_ptr<Message> result = NewResult();
    after.OfItem(static_cast<size_t>(i));
    KITH_RETURN_IF_ERROR(item_.Render(after, ItemOf(request, i), result.get()));
    AddResult(*result, bytes, response);
  }
  return absl::OkStatus();
}

void BatchHandler::AddResult(Message& result, size_t& bytes, Message* response) const {
  if (results_ == nullptr) return;
  const auto& answer = *response->GetReflection();
  if (bytes >= kBatchBytesMax) {
    return answer.AddString(response, left_out_, result.GetReflection()->GetString(result, name_));
  }
  bytes += result.ByteSizeLong();
  Message& added = *answer.AddMessage(response, results_);
  added.GetReflection()->Swap(&added, &result);
}

void BatchHandler::AddFailed(int index, const google::rpc::Status& status,
                             Message* response) const {
  Message& entry = *response->GetReflection()->AddMessage(response, failed_requests_);
  const Descriptor& type = *entry.GetDescriptor();
  entry.GetReflection()->SetInt32(&entry, type.map_key(), index);
  entry.GetReflection()->MutableMessage(&entry, type.map_value())->CopyFrom(status);
}

std::unique_ptr<Message> BatchHandler::NewResult() const {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          item_method_.descriptor->output_type());
  return std::unique_ptr<Message>(prototype->New());
}

// One request as a command of its own. One thread at a time.
class BatchCall::Item final : public Command {
 public:
  Item(BatchCall& call, int index)
      : call_(call), index_(index), result_(call.handler_.NewResult()) {}

  const Origin& origin() const override { return origin_; }
  Decision Decide(Loader& load, const CommandContext& context) override {
    return call_.handler_.item().Decide(load, request(), context);
  }
  absl::Status Render(Rendering& after) override {
    result_->Clear();
    appended_ = after.last();
    repeated_ = after.repeated();
    return call_.handler_.item().Render(after, request(), result_.get());
  }
  void Done(absl::Status status) override {
    status_ = std::move(status);
    call_.Through(*this);
  }

  const Message& request() const { return call_.handler_.ItemOf(call_.request(), index_); }

 private:
  friend class BatchCall;

  BatchCall& call_;
  const int index_;
  const std::unique_ptr<Message> result_;
  Origin origin_;
  absl::Status status_;
  Position appended_;
  bool repeated_ = false;
  std::atomic<int> waits_for_ = 1;  // those before it, and to be released
  std::vector<Item*> before_;       // those that wait for it
};

BatchCall::BatchCall(const CallEnvironment& environment, const Method& method,
                     UnaryCarrier& carrier, Message* request, Message* response,
                     const BatchHandler& handler)
    : MutateCall(environment, method, carrier, request, response, handler), handler_(handler) {}

BatchCall::~BatchCall() = default;

void BatchCall::Start() {
  absl::Status checked = Check();
  if (!checked.ok()) return Refuse(std::move(checked));
  OweEvents(environment(), *origin().caller, handler_.Size(request()) - 1);
  // Off the carrier's thread: deciding hundreds takes longer than other calls should wait for.
  const bool runs = environment().pools.folds.TryRun([this] {
    if (method().IsPartial(request())) return StartItems();
    environment().transact.Start(*this);
  });
  if (!runs) Refuse(QueueFull("folds"));
}

absl::Status BatchCall::Check() const {
  const int size = handler_.Size(request());
  if (!method().IsPartial(request()) && size > kBatchRequestsMax) {
    return ViolationError("requests",
                          absl::StrCat("must have at most ", kBatchRequestsMax,
                                       " items where it is all of them or none, and has ", size));
  }
  google::rpc::BadRequest violations;
  for (int i = 0; i < size; ++i) {
    if (handler_.item_method().RequestIdOf(handler_.ItemOf(request(), i)).empty()) continue;
    AddViolation(absl::StrCat("requests[", i, "].request_id"),
                 "must be empty: that of the batch counts", violations);
  }
  return ViolationsError(violations);
}

void BatchCall::StartItems() {
  const int size = handler_.Size(request());
  absl::flat_hash_map<std::string, Item*> last;  // that concerns something
  for (int i = 0; i < size; ++i) {
    Item& item = *items_.emplace_back(std::make_unique<Item>(*this, i));
    absl::StatusOr<Origin> origin = OriginOf(i);
    item.status_ = origin.status();
    if (!origin.ok()) continue;
    item.origin_ = *std::move(origin);
    for (std::string& concerned : handler_.item().Concerns(item.request())) {
      Item*& before = last[std::move(concerned)];
      Item* const earlier = std::exchange(before, &item);
      if (earlier == nullptr || earlier == &item) continue;
      earlier->before_.push_back(&item);
      ++item.waits_for_;
    }
  }
  remaining_ = size + 1;
  for (const auto& item : items_) {
    if (item->status_.ok()) {
      Release(*item);
    } else {
      Through(*item);
    }
  }
  if (--remaining_ == 0) Answer();
}

absl::StatusOr<Origin> BatchCall::OriginOf(int index) const {
  const Message& item = handler_.ItemOf(request(), index);
  KITH_RETURN_IF_ERROR(handler_.item_method().rules->Check(item));
  Origin own = origin();
  KITH_ASSIGN_OR_RETURN(own.occurred,
                        handler_.item_method().occur_time.Read(item, environment().clock.Now()));
  const std::string& id = origin().request.id;
  own.request = MakeRequestKey(environment().keys, own.caller->workspace, method().name,
                               id.empty() ? "" : absl::StrCat(id, "/", index), item, nullptr);
  return own;
}

void BatchCall::Release(Item& item) {
  if (--item.waits_for_ == 0) environment().transact.Start(item);
}

void BatchCall::Through(Item& item) {
  for (Item* const next : item.before_) {
    if (--next->waits_for_ > 0) continue;
    // Not from here: each of many would stand on the stack of the one before.
    environment().pools.folds.Run([this, next] { environment().transact.Start(*next); });
  }
  if (--remaining_ == 0) Answer();
}

void BatchCall::Answer() {
  parts()->Mark(CallPart::kCommit);
  size_t bytes = 0;
  Position appended;
  bool repeated = true;
  for (const auto& item : items_) {
    if (!item->status_.ok()) {
      handler_.AddFailed(item->index_, WireStatus(item->status_, item->origin_.request.id),
                         response());
      continue;
    }
    handler_.AddResult(*item->result_, bytes, response());
    appended = std::max(appended, item->appended_);
    repeated &= item->repeated_;
  }
  Tell(appended, repeated && appended != Position());
  Done(absl::OkStatus());
}

}  // namespace kith::runtime
