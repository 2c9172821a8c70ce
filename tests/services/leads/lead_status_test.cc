// Which status of a lead follows which: every command in every status, against the table.
#include "services/leads/lead_status.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kith/leads/v1/leads_errors.pb.h"
#include "services/leads/lead.h"
#include "tests/testing/decider_spec.h"

namespace kith::leads {
namespace {

using testing::DeciderSpec;
using testing::Given;
using testing::IsRejectedWith;
using testing::Proto;

constexpr char kLead[] = "leads/01H00000000000000000000001";

v1::LeadEvent Created(v1::LeadStatus status) {
  v1::LeadEvent event;
  event.mutable_lead_created()->set_name(kLead);
  event.mutable_lead_created()->mutable_lead()->set_status(status);
  event.mutable_lead_created()->mutable_personal()->set_first_name("Ada");
  return event;
}

LeadState That(v1::LeadStatus status) { return Given<LeadAggregate>({Created(status)}); }

template <class Command>
Command Ask(const std::string& text = "") {
  Command command = Proto<Command>(text);
  command.set_name(kLead);
  return command;
}

// "events", "nothing", or the reason of the refusal.
std::string OutcomeOf(const Decision& decision) {
  if (decision.ok()) return decision->empty() ? "nothing" : "events";
  const auto wire = WireError(decision.status());
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire->details()) {
    if (detail.UnpackTo(&info)) break;
  }
  return info.reason();
}

TEST(LeadStatus, FollowsTheTableForEveryCommand) {
  DeciderSpec spec;
  struct Row {
    v1::LeadStatus status;
    const char* contact;
    const char* nurture;
    const char* qualify;
    const char* disqualify;
    const char* recycle;
  };
  static constexpr char kNo[] = "TRANSITION_NOT_ALLOWED";
  static constexpr char kEnd[] = "LEAD_CONVERTED";
  constexpr Row kTable[] = {
      {v1::NEW, "events", "events", "events", "events", kNo},
      {v1::ASSIGNED, "events", "events", "events", "events", "events"},
      {v1::CONTACTED, "nothing", "events", "events", "events", "events"},
      {v1::NURTURING, "events", "nothing", "events", "events", "events"},
      {v1::QUALIFIED, kNo, "events", "nothing", "events", "events"},
      {v1::CONVERTED, kEnd, kEnd, kEnd, kEnd, kEnd},
      {v1::DISQUALIFIED, kNo, kNo, kNo, kNo, "events"},
      {v1::RECYCLED, "events", "events", "events", "events", "nothing"},
  };
  for (const Row& row : kTable) {
    SCOPED_TRACE(v1::LeadStatus_Name(row.status));
    const LeadState state = That(row.status);
    const CommandContext context = spec.context();
    EXPECT_EQ(OutcomeOf(Decide(state, Ask<v1::ContactLeadRequest>(), context)), row.contact);
    EXPECT_EQ(OutcomeOf(Decide(state, Ask<v1::NurtureLeadRequest>(), context)), row.nurture);
    EXPECT_EQ(OutcomeOf(Decide(state, Ask<v1::QualifyLeadRequest>(), context)), row.qualify);
    EXPECT_EQ(
        OutcomeOf(Decide(state, Ask<v1::DisqualifyLeadRequest>("reason: NO_BUDGET"), context)),
        row.disqualify);
    EXPECT_EQ(OutcomeOf(Decide(state, Ask<v1::RecycleLeadRequest>(), context)), row.recycle);
  }
}

TEST(LeadStatus, IsConvertedFromWhateverIsOpen) {
  for (const v1::LeadStatus status :
       {v1::NEW, v1::ASSIGNED, v1::CONTACTED, v1::NURTURING, v1::QUALIFIED, v1::RECYCLED}) {
    EXPECT_TRUE(MayBecome(status, v1::CONVERTED)) << v1::LeadStatus_Name(status);
  }
  EXPECT_FALSE(MayBecome(v1::DISQUALIFIED, v1::CONVERTED));
  EXPECT_EQ(AllowedAfter(v1::CONVERTED), "");
  EXPECT_EQ(AllowedAfter(v1::DISQUALIFIED), "RECYCLED");
}

TEST(LeadStatus, SaysWhatIsAllowedInstead) {
  DeciderSpec spec;
  const Decision refused =
      Decide(That(v1::DISQUALIFIED), Ask<v1::QualifyLeadRequest>(), spec.context());
  EXPECT_THAT(refused, IsRejectedWith(v1::LEADS_ERROR_TRANSITION_NOT_ALLOWED));
  const auto wire = WireError(refused.status());
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire->details()) {
    if (detail.UnpackTo(&info)) break;
  }
  EXPECT_EQ(info.metadata().at("from"), "DISQUALIFIED");
  EXPECT_EQ(info.metadata().at("to"), "QUALIFIED");
  EXPECT_EQ(info.metadata().at("allowed"), "RECYCLED");
}

// The fold: since when it is so, what is told no more, and the first answer.
TEST(LeadStatus, IsTimedByItsEvents) {
  v1::LeadEvent contacted;
  contacted.mutable_lead_status_changed()->set_to_status(v1::CONTACTED);
  v1::LeadEvent disqualified;
  disqualified.mutable_lead_disqualified()->set_reason(v1::NO_NEED);
  disqualified.mutable_lead_disqualified()->mutable_personal()->set_disqualify_note("Moved away");
  v1::LeadEvent recycled;
  recycled.mutable_lead_status_changed()->set_to_status(v1::RECYCLED);
  const auto hour = [](int hours) {
    return absl::ToUnixSeconds(testing::kBegin + absl::Hours(hours));
  };

  const v1::Lead out = Given<LeadAggregate>({Created(v1::NEW), contacted, disqualified}).resource;
  EXPECT_EQ(out.status(), v1::DISQUALIFIED);
  EXPECT_EQ(out.first_response_time().seconds(), hour(1));
  EXPECT_EQ(out.status_enter_time().seconds(), hour(2));
  EXPECT_EQ(out.close_time().seconds(), hour(2));
  EXPECT_EQ(out.disqualify_note(), "Moved away");

  const v1::Lead back =
      Given<LeadAggregate>({Created(v1::NEW), contacted, disqualified, recycled, contacted})
          .resource;
  EXPECT_EQ(back.status(), v1::CONTACTED);
  EXPECT_EQ(back.first_response_time().seconds(), hour(1)) << "the first stays";
  EXPECT_EQ(back.status_enter_time().seconds(), hour(4));
  EXPECT_FALSE(back.has_close_time());
  EXPECT_EQ(back.disqualify_reason(), v1::DISQUALIFY_REASON_UNSPECIFIED);
  EXPECT_EQ(back.disqualify_note(), "");
}

}  // namespace
}  // namespace kith::leads
