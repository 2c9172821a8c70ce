#include "services/core/links.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith {
namespace {

using ::kith::testing::Proto;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Written(const Links& links) {
  std::vector<std::string> written;
  for (const Link& link : links) {
    written.push_back(link.field + " = " + std::string(link.record));
  }
  return written;
}

TEST(NewLinks, AreThoseThatTheFieldDidNotHave) {
  const auto before = Proto<deals::v1::Deal>(R"pb(
    owner: "users/1"
    contacts { contact: "contacts/a" }
    contacts { contact: "contacts/b" })pb");
  const auto after = Proto<deals::v1::Deal>(R"pb(
    owner: "users/2"
    contacts { contact: "contacts/c" }
    contacts { contact: "contacts/b" role: DECISION_MAKER }
    contacts { contact: "contacts/a" })pb");
  EXPECT_THAT(Written(NewLinks(before, after, "deal")),
              ElementsAre("deal.contacts[0].contact = contacts/c", "deal.owner = users/2"));
  EXPECT_THAT(NewLinks(after, after, "deal"), IsEmpty());
  EXPECT_THAT(NewLinks(after, deals::v1::Deal(), "deal"), IsEmpty());
}

// A stage is a part of its pipeline, which the deal names, too; a role is asked for an approval.
TEST(LinkPatterns, AreThoseOfEveryFieldThatHoldsRecords) {
  EXPECT_THAT(LinkPatterns(*contacts::v1::Contact::descriptor()),
              UnorderedElementsAre("users/{user}", "teams/{team}", "companies/{company}",
                                   "contacts/{contact}", "deals/{deal}", "leads/{lead}",
                                   "pipelines/{pipeline}"));
  EXPECT_THAT(LinkPatterns(*deals::v1::Deal::descriptor()),
              UnorderedElementsAre("contacts/{contact}", "users/{user}", "pipelines/{pipeline}",
                                   "companies/{company}", "teams/{team}", "deals/{deal}",
                                   "leads/{lead}", "roles/{role}"));
}

}  // namespace
}  // namespace kith
