// What a deal costs the views. Goal: what a further view adds to each write is seen before it is
// there. Method: a deal is made and another moved on a whole server; then every family of the store
// of views is asked for what is new since the event before. Of a current index, what went away
// leaves nothing: what came in its place is counted.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "projections/store/versioned_store.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using projections::IndexFamily;
using projections::IndexSpan;
using projections::VersionedFamily;
using projections::VersionedStore;
using testing::Proto;

// Who makes them more says in the commit what for.
constexpr int kCreateMax = 40;
constexpr int kMoveMax = 24;

struct Written {
  int rows_put = 0;
  int rows_deleted = 0;
  int entries_added = 0;
  int entries_removed = 0;

  int all() const { return rows_put + rows_deleted + entries_added + entries_removed; }
  std::string Text() const {
    return absl::StrCat(all(), " keys (rows: ", rows_put, " put, ", rows_deleted,
                        " deleted; index entries: ", entries_added, " added, ", entries_removed,
                        " removed)");
  }
  void Add(const Written& other) {
    rows_put += other.rows_put;
    rows_deleted += other.rows_deleted;
    entries_added += other.entries_added;
    entries_removed += other.entries_removed;
  }
};

// What happened after `before`, up to `end`.
struct Stretch {
  Position before;
  Position end;

  bool Has(Position at) const { return at > before && at <= end; }
};

std::map<std::string, std::string> RowsAt(const VersionedFamily& family, Position at) {
  std::map<std::string, std::string> rows;
  const absl::Status scanned = family.Scan({std::string("\x01"), ""}, at,
                                           [&](absl::string_view key, absl::string_view value) {
                                             rows[std::string(key)] = std::string(value);
                                             return true;
                                           });
  KITH_CHECK(scanned.ok());
  return rows;
}

Written RowsOf(const VersionedFamily& family, const Stretch& stretch) {
  const auto old_rows = RowsAt(family, stretch.before);
  const auto new_rows = RowsAt(family, stretch.end);
  Written written;
  for (const auto& [key, value] : new_rows) {
    const auto found = old_rows.find(key);
    if (found == old_rows.end() || found->second != value) ++written.rows_put;
  }
  for (const auto& [key, value] : old_rows) {
    if (!new_rows.contains(key)) ++written.rows_deleted;
  }
  return written;
}

Written EntriesOf(const IndexFamily& family, const Stretch& stretch) {
  Written written;
  const absl::Status scanned = family.ScanSpans([&](const IndexSpan& span) {
    if (stretch.Has(span.from)) ++written.entries_added;
    if (span.to.has_value() && stretch.Has(*span.to)) ++written.entries_removed;
    return true;
  });
  KITH_CHECK(scanned.ok());
  return written;
}

Written WrittenTo(VersionedStore& store, const std::string& family, const Stretch& stretch) {
  if (absl::EndsWith(family, projections::kIndexSuffix)) {
    const auto index = store.OpenOrCreateIndex(family);
    KITH_CHECK(index.ok());
    return EntriesOf(**index, stretch);
  }
  const auto rows = store.OpenOrCreate(family);
  KITH_CHECK(rows.ok());
  return RowsOf(**rows, stretch);
}

class WrittenKeys : public ::testing::Test {
 protected:
  // Makes one deal, and moves another, each as deals are: of somebody, of a company and a contact.
  void Run() {
    testing::TestServer server(nullptr, [this](runtime::ServerOptions& options) {
      options.views.path = views_;
      options.views.flush_on_close = true;  // what is counted is read of its files
      options.policies.run = false;         // what follows by itself is written by other commands
    });
    const std::string deal = DealOf(server);
    const auto create = [&](const char* name) {
      deals::v1::CreateDealRequest request;
      *request.mutable_deal() = Proto<deals::v1::Deal>(deal);
      request.mutable_deal()->set_display_name(name);
      const auto made = server.Call(&deals::v1::DealsService::Stub::CreateDeal, request);
      EXPECT_EQ(made.reason(), "");
      return made->name();
    };
    const auto& log = server.runtime().log;
    deals::v1::MoveDealRequest move;
    move.set_name(create("One that stands there"));
    move.set_stage(SecondStage(server));
    created_.before = log.head();
    create("A new one");
    created_.end = moved_.before = log.head();
    EXPECT_EQ(server.Call(&deals::v1::DealsService::Stub::MoveDeal, move).reason(), "");
    moved_.end = log.head();
    const auto is_folded = [&] {
      for (const projections::ViewHealth& view : server.runtime().views.Health()) {
        if (view.position < moved_.end) return false;
      }
      return true;
    };
    while (!is_folded()) std::this_thread::yield();
  }

  // Its fields; those that it leads to are there.
  static std::string DealOf(testing::TestServer& server) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Marta");
    companies::v1::CreateCompanyRequest company;
    company.mutable_company()->set_display_name("Acme");
    contacts::v1::CreateContactRequest contact;
    contact.mutable_contact()->set_first_name("Ada");
    const auto owner = server.Call(&users::v1::UsersService::Stub::CreateUser, user);
    const auto firm = server.Call(&companies::v1::CompaniesService::Stub::CreateCompany, company);
    const auto person = server.Call(&contacts::v1::ContactsService::Stub::CreateContact, contact);
    return absl::StrCat("owner: '", owner->name(), "' company: '", firm->name(),
                        "' contacts { contact: '", person->name(),
                        "' } amount { currency_code: 'EUR' units: 1000 } "
                        "expected_close_date { year: 2026 month: 6 day: 1 }");
  }
  static std::string SecondStage(testing::TestServer& server) {
    deals::v1::GetPipelineRequest request;
    request.set_name("pipelines/default");
    const auto told = server.Call(&deals::v1::PipelinesService::Stub::GetPipeline, request);
    EXPECT_GT(told->stages_size(), 1);
    return told->stages(1).name();
  }

  const testing::TempFolder folder_;
  const std::string views_ = folder_ / "views";
  Stretch created_;
  Stretch moved_;
};

TEST_F(WrittenKeys, OfADealAreNoMoreThanTheseOverAllViews) {
  Run();
  auto store = VersionedStore::Open({.path = views_});
  ASSERT_TRUE(store.ok()) << store.status();
  Written create;
  Written move;
  for (const std::string& family : (*store)->FamilyNames()) {
    const Written of_create = WrittenTo(**store, family, created_);
    const Written of_move = WrittenTo(**store, family, moved_);
    if (of_create.all() + of_move.all() > 0) {
      std::printf("%s: %d and %d\n", family.c_str(), of_create.all(), of_move.all());
    }
    create.Add(of_create);
    move.Add(of_move);
  }
  std::printf("CreateDeal: %s\nMoveDeal: %s\n", create.Text().c_str(), move.Text().c_str());
  EXPECT_LE(create.all(), kCreateMax);
  EXPECT_LE(move.all(), kMoveMax);
  EXPECT_GT(create.all(), 5) << "nothing is counted";
  EXPECT_GT(move.all(), 5) << "nothing is counted";
}

}  // namespace
}  // namespace kith::server
