#include "tests/testing/view_fixture.h"

#include <gtest/gtest.h>

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/memory/memory_engine.h"
#include "tests/testing/shorter_log.h"

namespace kith::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// `event` as a member of its category's message.
std::unique_ptr<Message> Wrapped(const Message& event, const Message& prototype) {
  std::unique_ptr<Message> whole(prototype.New());
  if (event.GetDescriptor() == prototype.GetDescriptor()) {
    whole->CopyFrom(event);
    return whole;
  }
  for (int i = 0; i < prototype.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* member = prototype.GetDescriptor()->field(i);
    if (member->message_type() != event.GetDescriptor()) continue;
    whole->GetReflection()->MutableMessage(whole.get(), member)->CopyFrom(event);
    return whole;
  }
  KITH_CHECK(!"an event of this category");
  return nullptr;
}

}  // namespace

ViewFixture::ViewFixture(Projections projections)
    : clock_(absl::FromUnixSeconds(1'767'225'600)),  // 2026-01-01
      random_(1),
      keys_(eventstore::NewMemoryKeyStore(random_)),
      reading_keys_(keys_.get()),
      make_projections_(std::move(projections)) {
  auto log = eventstore::OpenEventLog(eventstore::NewMemoryEngine(), *keys_, clock_, executor_, {});
  KITH_CHECK(log.ok());
  log_ = *std::move(log);
  read_log_ = log_.get();
  options_.clock = &clock_;
  options_.manual_ticks = true;
}

Position ViewFixture::Append(absl::string_view stream, const google::protobuf::Message& event,
                             const GivenOptions& options) {
  const absl::string_view category = eventstore::CategoryOf(stream);
  KITH_CHECK(prototypes_.contains(category));
  eventstore::NewEvent encoded =
      registry_.Encode(category, *Wrapped(event, *prototypes_[category]));
  encoded.occur_time = options.occur_time.value_or(clock_.Now());
  eventstore::Append append;
  append.workspace = options.workspace;
  append.actor = options.actor;
  append.streams.push_back({std::string(stream), {std::move(encoded)}});
  const auto appended = log_->AppendAndWait(std::move(append));
  KITH_CHECK(appended.ok());
  clock_.Advance(absl::Seconds(1));
  return appended->first;
}

absl::StatusOr<std::unique_ptr<projections::ViewStore>> ViewFixture::OpenOver(
    eventstore::EventLog& log, absl::string_view name) {
  options_.path = PathOf(name);
  if (faults_ == nullptr) {
    return projections::ViewStore::Open(options_, log, registry_, *reading_keys_, executor_,
                                        make_projections_());
  }
  auto store = projections::VersionedStore::Open({.path = options_.path,
                                                  .sorted_batch_bytes = options_.sorted_batch_bytes,
                                                  .flush_on_close = options_.flush_on_close});
  KITH_CHECK(store.ok());
  return projections::ViewStore::OpenOver(NewFaultyStore(*std::move(store), *faults_), options_,
                                          log, registry_, *reading_keys_, executor_,
                                          make_projections_());
}

absl::StatusOr<std::unique_ptr<projections::ViewStore>> ViewFixture::TryOpen(
    absl::string_view name) {
  return OpenOver(*read_log_, name);
}

std::unique_ptr<projections::ViewStore> ViewFixture::Open(absl::string_view name) {
  auto store = TryOpen(name);
  EXPECT_TRUE(store.ok()) << store.status();
  KITH_CHECK(store.ok());
  return *std::move(store);
}

std::unique_ptr<projections::ViewStore> ViewFixture::OpenAt(absl::string_view name,
                                                            Position position) {
  shorter_logs_.push_back(NewShorterLog(*log_, position));
  auto store = OpenOver(*shorter_logs_.back(), name);
  EXPECT_TRUE(store.ok()) << store.status();
  KITH_CHECK(store.ok());
  return *std::move(store);
}

absl::Status WaitFor(projections::View& view, Position position) {
  struct Answer {
    Mutex mutex;
    CondVar changed;
    std::optional<absl::Status> status KITH_GUARDED_BY(mutex);
  };
  const auto answer = std::make_shared<Answer>();
  view.WhenAt(position, absl::InfiniteDuration(), [answer](absl::Status status) {
    MutexLock lock(answer->mutex);
    answer->status = std::move(status);
    answer->changed.NotifyAll();
  });
  MutexLock lock(answer->mutex);
  while (!answer->status.has_value()) answer->changed.Wait(answer->mutex);
  return *answer->status;
}

}  // namespace kith::testing
