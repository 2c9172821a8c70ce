// Forms over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gtest/gtest.h>

#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::forms {
namespace {

using Stub = v1::FormsService::Stub;

TEST(FormsService, FindsThemByTheNormalFormOfTheirName) {
  testing::TestServer server;
  v1::CreateFormRequest create;
  create.mutable_form()->set_display_name("First One");
  const auto first = server.Call(&Stub::CreateForm, create);
  ASSERT_EQ(first.reason(), "");
  create.mutable_form()->set_display_name("Another");
  ASSERT_EQ(server.Call(&Stub::CreateForm, create).reason(), "");
  v1::ListFormsRequest list;
  list.set_filter(R"(display_name = "first*")");
  const auto listed = server.Call(&Stub::ListForms, list);
  ASSERT_EQ(listed->forms_size(), 1) << listed.reason();
  EXPECT_EQ(listed->forms(0).name(), first->name());
}

}  // namespace
}  // namespace kith::forms
