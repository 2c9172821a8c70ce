#include "services/core/reject.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace kith {
namespace {

google::rpc::BadRequest Violations(int count) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < count; ++i) {
    AddViolation(absl::StrCat("contact.tags[", i, "]"), "is too long", violations);
  }
  return violations;
}

TEST(RejectFields, NamesTheFirstOnesAndCountsTheOthers) {
  EXPECT_TRUE(RejectFields(Violations(0)).ok());
  EXPECT_EQ(RejectFields(Violations(1)).message(), "Invalid request: contact.tags[0] is too long.");
  const absl::Status many = RejectFields(Violations(8));
  EXPECT_TRUE(IsError(many, type::v1::ERROR_INVALID_FIELD));
  EXPECT_EQ(many.message().substr(0, 46), "Invalid request: contact.tags[0] is too long; ");
  EXPECT_EQ(many.message().substr(many.message().size() - 13), "; and 3 more.");
  EXPECT_EQ(RejectField("stages", "must name every stage").message(),
            "Invalid request: stages must name every stage.");
}

// A condition's mistake is a sentence, and the whole ends in one full stop.
TEST(Summary, HasSentencesBehindAColon) {
  google::rpc::BadRequest violations = Violations(1);
  AddViolation("workflow.trigger.condition", "There is no field foo, at character 1.", violations);
  EXPECT_EQ(Summary(violations),
            "contact.tags[0] is too long; workflow.trigger.condition: There is no field foo, at "
            "character 1");
}

}  // namespace
}  // namespace kith
