// Policies that take no event that benches make: what they cost is what any policy costs those whom
// it does not concern.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "projections/reactions/policy.h"
#include "services/runtime/server_builder.h"

namespace kith::bench {
namespace {

constexpr int kPolicies = 20;

class IdlePolicy final : public projections::Policy {
 public:
  explicit IdlePolicy(int number)
      : Policy(absl::StrCat("idle_", number), 1, "Has nothing to do.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"businessCalendars"}; }
  absl::Status React(const eventstore::RecordedEvent& /*event*/, projections::ViewBatch& /*batch*/,
                     projections::Reactions& /*reactions*/) const override {
    return absl::OkStatus();
  }
};

}  // namespace

void AddIdlePolicies(runtime::ServerBuilder& server) {
  for (int number = 1; number <= kPolicies; ++number) {
    server.AddPolicy(std::make_unique<IdlePolicy>(number));
  }
}

}  // namespace kith::bench
