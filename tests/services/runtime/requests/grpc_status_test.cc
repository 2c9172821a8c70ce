#include "services/runtime/requests/grpc_status.h"

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/decider.h"
#include "services/core/reject.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

google::rpc::Status Sent(const absl::Status& status) {
  const grpc::Status sent = GrpcStatus(status, "req-1");
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(sent.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(sent.error_code()));
  EXPECT_EQ(details.message(), sent.error_message());
  return details;
}

template <class Detail>
bool Has(const google::rpc::Status& status) {
  int found = 0;
  for (const auto& detail : status.details()) found += detail.Is<Detail>();
  EXPECT_LE(found, 1);
  return found == 1;
}

std::string ReasonIn(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(status.details(0).UnpackTo(&info));
  return info.reason();
}

// The table of the house style, a row each.
TEST(GrpcStatus, OfABadFieldHasEveryViolation) {
  const auto sent = Sent(ViolationError("contact.emails[0]", "is wrong"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonIn(sent), "INVALID_FIELD");
  EXPECT_TRUE(Has<google::rpc::BadRequest>(sent));
}

TEST(GrpcStatus, OfAMissingResourceNamesIt) {
  const auto sent = Sent(RejectResource(type::v1::ERROR_REQUEST_ID_REUSED, "There.", "deals/1"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(Has<google::rpc::ResourceInfo>(sent));
}

TEST(GrpcStatus, OfAnOldEtagIsAborted) {
  EXPECT_TRUE(CheckEtag("", "3").ok());
  EXPECT_TRUE(CheckEtag("3", "3").ok());
  const auto sent = Sent(CheckEtag("2", "3"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::ABORTED);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(sent.details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("expected"), "2");
  EXPECT_EQ(info.metadata().at("actual"), "3");
}

TEST(GrpcStatus, OfAFullQueueSaysWhenToRetry) {
  const auto sent = Sent(QueueFull("reads"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Has<google::rpc::QuotaFailure>(sent));
  EXPECT_TRUE(Has<google::rpc::RetryInfo>(sent));
}

TEST(GrpcStatus, OfDamagedRecordsTellsNothingMore) {
  const auto sent = Sent(absl::DataLossError("position 17: secret words"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(ReasonIn(sent), "DATA_LOSS");
  EXPECT_EQ(sent.SerializeAsString().find("secret"), std::string::npos);
}

TEST(GrpcStatus, OfAnythingElseIsInternalWithTheRequestAlone) {
  for (const absl::Status& status :
       {absl::InternalError("secret"), absl::UnknownError("secret"), absl::NotFoundError("secret"),
        absl::InvalidArgumentError("secret"), absl::FailedPreconditionError("secret")}) {
    const auto sent = Sent(status);
    EXPECT_EQ(sent.code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(ReasonIn(sent), "INTERNAL");
    google::rpc::RequestInfo info;
    ASSERT_TRUE(sent.details(1).UnpackTo(&info));
    EXPECT_EQ(info.request_id(), "req-1");
    EXPECT_EQ(sent.SerializeAsString().find("secret"), std::string::npos);
  }
}

TEST(GrpcStatus, OfWhatIsUnavailableSaysWhenToRetry) {
  const auto sent = Sent(absl::UnavailableError("the view store is closed"));
  EXPECT_EQ(sent.code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Has<google::rpc::RetryInfo>(sent));
}

TEST(GrpcStatus, OfSuccessIsOk) { EXPECT_TRUE(GrpcStatus(absl::OkStatus(), "").ok()); }

}  // namespace
}  // namespace kith::runtime
