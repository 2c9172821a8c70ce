// Who may do what to a resource, whatever the resource.
#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "kith/options/v1/options.pb.h"
#include "tests/conformance/about_records.h"

namespace kith::testing {
namespace {

using ::testing::Contains;

class ResourceAccess : public AboutRecords {
 protected:
  void SetUp() override {
    made_ = world.Made(0);
    name_ = TextOf(*made_, "name");
  }
  // Whether there are records that it cannot be without.
  bool NeedsLinks() {
    const MessagePtr little = world.Unlinked(4);
    const std::vector<Place> texts = TextsIn(*little, "");
    return std::any_of(texts.begin(), texts.end(), [](const Place& place) {
      return RulesOf(*place.field).resource_size() > 0;
    });
  }
  static const std::string& PermissionOf(const MethodDescriptor& method) {
    return method.options().GetExtension(options::v1::method).permission();
  }

  // A key that grants what the method asks for; and where what is made grants something itself, or
  // gives records to somebody, all that this may be.
  std::string KeyFor(const MethodDescriptor& method) {
    const std::vector<Place> texts = TextsIn(*world.Sample(1), "");
    const bool grants = !kind().type->rules->link_authorities.empty() ||
                        std::any_of(texts.begin(), texts.end(), [](const Place& place) {
                          return RulesOf(*place.field).format() == options::v1::FORMAT_PERMISSION;
                        });
    std::vector<std::string> permissions = {PermissionOf(method)};
    if (grants && absl::EndsWith(permissions[0], ".write")) {
      permissions.insert(permissions.end(), World::Permissions().begin(),
                         World::Permissions().end());
    }
    if (kind().type->rules->category == "assignmentRules") permissions.push_back("*.write");
    return world.KeyGranting(permissions);
  }

  MessagePtr made_;
  std::string name_;
};
INSTANTIATE_TEST_SUITE_P(All, ResourceAccess,
                         ::testing::ValuesIn(KindsWith({&Kind::create, &Kind::get})), NameOfKind);

TEST_P(ResourceAccess, NeedsTheMethodsPermissionBeforeAnythingIsLookedAt) {
  const std::string other = world.KeyGranting({"forecast.read"});
  int next = 2;
  for (const MethodDescriptor* const method : kind().methods()) {
    SCOPED_TRACE(method->name());
    const std::string exact = KeyFor(*method);
    EXPECT_EQ(world.CallWith("", *method, *About(*method, name_)).reason(), "UNAUTHENTICATED");
    EXPECT_EQ(world.CallWith("wrong", *method, *About(*method, name_)).reason(), "UNAUTHENTICATED");
    for (const std::string& name : {name_, kind().Nobody(), std::string("people/1")}) {
      const Answer denied = world.CallWith(other, *method, *About(*method, name));
      EXPECT_EQ(denied.reason(), "PERMISSION_DENIED") << name;
      EXPECT_EQ(denied.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
      EXPECT_EQ(denied.metadata("permission"), PermissionOf(*method));
    }
    EXPECT_EQ(world.CallWith(exact, *method, *About(*method, name_)).reason(), "");
    if (method == kind().remove || method == kind().batch_delete) {  // it is needed further on
      made_ = world.Made(next++);
      name_ = TextOf(*made_, "name");
    }
  }
}

// Whoever may only read changes nothing.
TEST_P(ResourceAccess, TellsReadsFromChanges) {
  for (const MethodDescriptor* const method : kind().methods()) {
    const bool reads = absl::StartsWith(method->name(), "Get") ||
                       absl::StartsWith(method->name(), "List") ||
                       absl::StartsWith(method->name(), "BatchGet");
    EXPECT_TRUE(absl::EndsWith(PermissionOf(*method), reads ? ".read" : ".write"))
        << method->name();
  }
}

TEST_P(ResourceAccess, ShowsNothingOfAnotherWorkspace) {
  const std::string stranger = world.KeyOfAnotherWorkspace();
  const std::string before = world.Bytes(*world.Get(name_).response);
  for (const MethodDescriptor* const method : kind().methods()) {
    SCOPED_TRACE(method->name());
    if (method == kind().create || method == kind().batch_create) continue;
    const MessagePtr request = About(*method, name_);
    const Answer answer = world.CallWith(stranger, *method, *request);
    if (method == kind().list || method == kind().list_deleted) {
      ASSERT_EQ(answer.reason(), "");
      const std::string rows = FieldOfType(*method->output_type(), *kind().resource)->name();
      for (const Message* const row : RowsOf(*answer.response, rows)) {
        EXPECT_NE(TextOf(*row, "name"), name_);
      }
    } else if (method == kind().batch_get) {
      EXPECT_THAT(TextsOf(*answer.response, "missing"), Contains(name_));
    } else {
      const Answer none = world.CallWith(stranger, *method, *About(*method, kind().Nobody()));
      EXPECT_EQ(answer.reason(), kind().NotFound());
      EXPECT_EQ(answer.reason(), none.reason());
      EXPECT_EQ(answer.status.error_message(), none.status.error_message());
    }
  }
  EXPECT_EQ(world.Bytes(*world.Get(name_).response), before);
  // Nor may what is created there lead here.
  const MessagePtr sample = world.Sample(1);
  bool links = false;
  for (const Place& place : TextsIn(*sample, Called())) {
    links |= RulesOf(*place.field).resource_size() > 0;
  }
  if (links) {
    const Answer refused = world.CallWith(stranger, *kind().create, *world.Creating(*sample));
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND) << refused.reason();
  }
}

TEST_P(ResourceAccess, MayUseARequestIdThatAnotherWorkspaceUsed) {
  const std::string stranger = world.KeyOfAnotherWorkspace();
  ASSERT_EQ(world.Create(*world.Unlinked(3), "request-1").reason(), "");
  const Answer theirs =
      world.CallWith(stranger, *kind().create, *world.Creating(*world.Unlinked(4), "request-1"));
  if (NeedsLinks()) {
    // What it cannot be without is not theirs.
    EXPECT_EQ(theirs.status.error_code(), grpc::StatusCode::NOT_FOUND) << theirs.reason();
    return;
  }
  EXPECT_EQ(theirs.reason(), "");
  EXPECT_EQ(world.Get(TextOf(*theirs.response, "name")).reason(), kind().NotFound());
}

}  // namespace
}  // namespace kith::testing
