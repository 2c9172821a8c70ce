// Export jobs over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gtest/gtest.h>

#include "kith/export_jobs/v1/export_jobs_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::export_jobs {
namespace {

using Stub = v1::ExportJobsService::Stub;

TEST(ExportJobsService, FindsThemByTheNormalFormOfTheirName) {
  testing::TestServer server;
  v1::CreateExportJobRequest create;
  create.mutable_export_job()->set_display_name("First One");
  create.mutable_export_job()->set_collection("contacts");
  const auto first = server.Call(&Stub::CreateExportJob, create);
  ASSERT_EQ(first.reason(), "");
  create.mutable_export_job()->set_display_name("Another");
  ASSERT_EQ(server.Call(&Stub::CreateExportJob, create).reason(), "");
  v1::ListExportJobsRequest list;
  list.set_filter(R"(display_name = "first*")");
  const auto listed = server.Call(&Stub::ListExportJobs, list);
  ASSERT_EQ(listed->export_jobs_size(), 1) << listed.reason();
  EXPECT_EQ(listed->export_jobs(0).name(), first->name());
}

TEST(ExportJobsService, SaysWhatWasTakenOutAndHowMuchOfIt) {
  testing::TestServer server;
  v1::CreateExportJobRequest create;
  create.mutable_export_job()->set_display_name("contacts.csv");
  create.mutable_export_job()->set_collection("contacts");
  create.mutable_export_job()->set_format(v1::CSV);
  create.mutable_export_job()->set_filtered(true);
  const auto begun = server.Call(&Stub::CreateExportJob, create);
  ASSERT_EQ(begun.reason(), "");
  EXPECT_EQ(begun->state(), v1::BEGUN);
  v1::UpdateExportJobRequest update;
  update.mutable_export_job()->set_name(begun->name());
  update.mutable_export_job()->set_state(v1::DONE);
  update.mutable_export_job()->set_row_count(412);
  const auto done = server.Call(&Stub::UpdateExportJob, update);
  ASSERT_EQ(done.reason(), "");
  EXPECT_EQ(done->state(), v1::DONE);
  EXPECT_EQ(done->row_count(), 412);
  // What it was of stays.
  update.mutable_export_job()->set_collection("deals");
  EXPECT_EQ(server.Call(&Stub::UpdateExportJob, update).reason(), "INVALID_UPDATE_MASK");
}

}  // namespace
}  // namespace kith::export_jobs
