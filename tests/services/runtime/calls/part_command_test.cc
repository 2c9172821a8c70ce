// What a part's refusal is told as. What a part may do, tests/services/forms/form_scope_test.cc
// asks.
#include "services/runtime/calls/part_command.h"

#include <gtest/gtest.h>

#include <string>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contacts_errors.pb.h"
#include "services/core/reject.h"

namespace kith::runtime {
namespace {

template <class Detail>
Detail DetailOf(const absl::Status& status) {
  Detail detail;
  const auto wire = WireError(status);
  EXPECT_TRUE(wire.has_value());
  for (const auto& any : wire->details()) {
    if (any.UnpackTo(&detail)) break;
  }
  return detail;
}

TEST(PartError, TellsViolationsByTheFieldOfTheWholeRequest) {
  struct Case {
    const char* path;
    const char* told;
  };
  for (const Case& one :
       {Case{"contact", "person"}, Case{"contact.emails[0].address", "person.emails[0].address"},
        Case{"contact[1]", "person[1]"}, Case{"contact_owner", "contact_owner"},
        Case{"contacts.first_name", "contacts.first_name"}, Case{"mask", "mask"}}) {
    google::rpc::BadRequest violations;
    AddViolation(one.path, "is wrong", violations);
    const absl::Status told = PartError(RejectFields(violations), "contact", "person");
    ASSERT_EQ(DetailOf<google::rpc::BadRequest>(told).field_violations_size(), 1);
    EXPECT_EQ(DetailOf<google::rpc::BadRequest>(told).field_violations(0).field(), one.told);
    EXPECT_EQ(told.code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(PartError, TellsInTheMessageAndTheMetadata) {
  google::rpc::BadRequest violations;
  AddViolation("contact.first_name", "is wrong", violations);
  const std::string message(PartError(RejectFields(violations), "contact", "person").message());
  EXPECT_NE(message.find("person.first_name"), std::string::npos) << message;
  EXPECT_EQ(message.find("contact.first_name"), std::string::npos) << message;
  const absl::Status taken =
      RejectTaken(contacts::v1::CONTACTS_ERROR_EMAIL_TAKEN, "Another contact has this address.",
                  "contact", "contacts/1", "contact.emails[0]");
  const auto info = DetailOf<google::rpc::ErrorInfo>(PartError(taken, "contact", "person"));
  EXPECT_EQ(info.metadata().at("field"), "person.emails[0]");
  EXPECT_EQ(info.metadata().at("contact"), "contacts/1");
}

TEST(PartError, LeavesWhatIsNoRefusal) {
  const absl::Status failed = absl::InternalError("contact. is broken");
  EXPECT_EQ(PartError(failed, "contact", "person"), failed);
}

}  // namespace
}  // namespace kith::runtime
