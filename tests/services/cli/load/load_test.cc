// The loop of a load, over callers that need no server.
#include "services/cli/load/load.h"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

// Every third call is refused; the others had two items each.
class RefusedByThirds final : public LoadCaller {
 public:
  void Call(uint64_t number, LoadReport& report) override {
    if (number % 3 == 2) return report.Done(absl::ResourceExhaustedError("enough"));
    report.Bytes(7, 9);
    report.Items(2);
    report.Done(absl::OkStatus());
  }
  void Cancel() override {}
};

// Calls that go on until they are cancelled.
class Endless final : public LoadCaller {
 public:
  void Call(uint64_t, LoadReport& report) override {
    report.Items(1);
    report_ = &report;
  }
  void Cancel() override {
    if (report_ != nullptr) std::exchange(report_, nullptr)->Done(absl::CancelledError());
  }

 private:
  LoadReport* report_ = nullptr;
};

template <class Caller, bool kEndless>
class FakeKind final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget&, const std::shared_ptr<grpc::Channel>&) override {
    return prepared_;
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>&, int) override {
    return std::make_unique<Caller>();
  }
  bool endless() const override { return kEndless; }

  absl::Status prepared_;
};

LoadOptions Briefly() {
  LoadOptions options;
  options.address = "unix:/nobody";
  options.in_flight = 2;
  options.warm_up = absl::ZeroDuration();
  options.duration = absl::Milliseconds(100);
  return options;
}

TEST(RunLoad, CountsFailuresByCode) {
  FakeKind<RefusedByThirds, false> kind;
  LoadOptions options = Briefly();
  options.rate = 1000;
  const auto result = RunLoad(kind, options, nullptr);
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->calls, 0u);
  EXPECT_EQ(result->items, 2 * result->calls);
  EXPECT_EQ(result->latency.count(), result->calls);
  ASSERT_EQ(result->failures.size(), 1u);
  EXPECT_GT(result->failures.at("RESOURCE_EXHAUSTED"), 0u);
  EXPECT_EQ(result->Failures(), result->failures.at("RESOURCE_EXHAUSTED"));
  EXPECT_EQ(result->first_error, "enough");
  EXPECT_EQ(result->request_bytes, 7u);
  EXPECT_EQ(result->response_bytes, 9u);
}

TEST(RunLoad, EndsCallsThatGoOnAndCountsThemNotAsFailures) {
  FakeKind<Endless, true> kind;
  const auto result = RunLoad(kind, Briefly(), nullptr);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->calls, 0u);
  EXPECT_TRUE(result->failures.empty());
}

TEST(RunLoad, CountsWhatAFullServerCouldNotTake) {
  FakeKind<Endless, true> kind;
  LoadOptions options = Briefly();
  options.rate = 1000;
  const auto result = RunLoad(kind, options, nullptr);
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->missed, 0u);
}

TEST(RunLoad, SaysWhyNothingCanBeCalled) {
  FakeKind<RefusedByThirds, false> kind;
  kind.prepared_ = absl::PermissionDeniedError("not you");
  EXPECT_EQ(RunLoad(kind, Briefly(), nullptr).status(), kind.prepared_);
}

}  // namespace
}  // namespace kith::cli
