#include "eventstore/base/error.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "kith/contacts/v1/contacts_errors.pb.h"

namespace kith {
namespace {

using contacts::v1::CONTACTS_ERROR_CONTACT_NOT_FOUND;
using contacts::v1::CONTACTS_ERROR_EMAIL_TAKEN;

TEST(Error, TakesItsCodeFromTheEnumValue) {
  const absl::Status status = Error(CONTACTS_ERROR_EMAIL_TAKEN, "Taken.");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(), "Taken.");
}

TEST(Error, SaysOnTheWireWhichErrorItIs) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_name("contacts/1");
  const absl::Status status =
      Error(CONTACTS_ERROR_EMAIL_TAKEN, "Taken.", {{"contact", "contacts/1"}}, resource);
  const auto wire = WireError(status);
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(wire->code(), static_cast<int>(status.code()));
  EXPECT_EQ(wire->message(), "Taken.");
  ASSERT_EQ(wire->details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire->details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(info.domain(), "kith.contacts.v1");
  EXPECT_EQ(info.metadata().at("contact"), "contacts/1");
  EXPECT_TRUE(wire->details(1).Is<google::rpc::ResourceInfo>());
}

TEST(Error, IsTheSameRetold) {
  google::rpc::ResourceInfo resource;
  const absl::Status status =
      Retold(Error(CONTACTS_ERROR_EMAIL_TAKEN, "Taken.", {{"contact", "contacts/1"}}, resource),
             "Taken since May.", {{"since", "May"}});
  EXPECT_TRUE(IsError(status, CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(), "Taken since May.");
  const auto wire = WireError(status);
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(wire->message(), "Taken since May.");
  ASSERT_EQ(wire->details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire->details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("contact"), "contacts/1");
  EXPECT_EQ(info.metadata().at("since"), "May");
}

TEST(Error, IsToldFromOthers) {
  const absl::Status status = Error(CONTACTS_ERROR_EMAIL_TAKEN, "Taken.");
  EXPECT_TRUE(IsError(status, CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_FALSE(IsError(status, CONTACTS_ERROR_CONTACT_NOT_FOUND));
  EXPECT_FALSE(IsError(absl::AlreadyExistsError("Taken."), CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_FALSE(IsError(absl::OkStatus(), CONTACTS_ERROR_EMAIL_TAKEN));
  EXPECT_FALSE(WireError(absl::AlreadyExistsError("Taken.")).has_value());
}

TEST(ErrorDeathTest, RefusesAValueWithoutACode) {
  EXPECT_DEATH(Error(contacts::v1::CONTACTS_ERROR_UNSPECIFIED, "?").IgnoreError(),
               "invariant broken");
}

}  // namespace
}  // namespace kith
