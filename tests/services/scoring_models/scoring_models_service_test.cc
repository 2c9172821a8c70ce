// Scoring models over gRPC: what is their own. What every resource does is asked in
// tests/conformance.
#include <gtest/gtest.h>

#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::scoring_models {
namespace {

using Stub = v1::ScoringModelsService::Stub;

TEST(ScoringModelsService, FindsThemByTheNormalFormOfTheirName) {
  testing::TestServer server;
  v1::CreateScoringModelRequest create;
  create.mutable_scoring_model()->set_display_name("First One");
  const auto first = server.Call(&Stub::CreateScoringModel, create);
  ASSERT_EQ(first.reason(), "");
  create.mutable_scoring_model()->set_display_name("Another");
  ASSERT_EQ(server.Call(&Stub::CreateScoringModel, create).reason(), "");
  v1::ListScoringModelsRequest list;
  list.set_filter(R"(display_name = "first*")");
  const auto listed = server.Call(&Stub::ListScoringModels, list);
  ASSERT_EQ(listed->scoring_models_size(), 1) << listed.reason();
  EXPECT_EQ(listed->scoring_models(0).name(), first->name());
}

}  // namespace
}  // namespace kith::scoring_models
