#include "projections/engine/feeder.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using eventstore::ReadTier;
using eventstore::RecordedEvent;
using testing::ViewFixture;
using testing::WaitFor;

// Row: "r" ‖ stream → the personal first name that Apply was given. Does not take streams that end
// in "0", and fails when given one, but for views whose name ends in "all".
class FirstNames final : public Projection {
 public:
  FirstNames(std::string name, bool reads_personal)
      : name_(std::move(name)), reads_personal_(reads_personal) {}

  absl::string_view name() const override { return name_; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"contacts"}; }
  bool Takes(const RecordedEvent& event) const override {
    return absl::EndsWith(name_, "all") || !absl::EndsWith(event.header().stream, "0");
  }
  bool reads_personal() const override { return reads_personal_; }
  absl::Status Apply(const RecordedEvent& event, ViewBatch& batch) const override {
    if (!Takes(event)) return absl::InternalError("not mine");
    const auto& contact = static_cast<const contacts::v1::ContactEvent&>(*event.event);
    batch.Put(absl::StrCat("r", event.header().stream),
              absl::StrCat("<", contact.contact_created().personal().first_name(), ">"));
    return absl::OkStatus();
  }

 private:
  const std::string name_;
  const bool reads_personal_;
};

class FeederTest : public ::testing::Test {
 protected:
  // The names of the views that read personal fields begin with "open".
  explicit FeederTest(std::vector<std::string> views = {"closed"})
      : fixture_([views] {
          std::vector<std::unique_ptr<Projection>> list;
          for (const std::string& name : views) {
            list.push_back(std::make_unique<FirstNames>(name, absl::StartsWith(name, "open")));
          }
          return list;
        }) {
    fixture_.Register<contacts::v1::ContactEvent>("contacts");
  }

  Position CreateAda(absl::string_view stream) {
    contacts::v1::ContactEvent event;
    auto& created = *event.mutable_contact_created();
    created.set_name(std::string(stream));
    created.mutable_personal()->set_first_name("Ada");
    return fixture_.Append(stream, event);
  }

  static std::string RowOf(const View& view, absl::string_view stream) {
    const auto row = view.Latest().Get(absl::StrCat("r", stream), ReadTier::kDisk);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() && row->has_value() ? **row : "";
  }

  ViewFixture fixture_;
};

class MixedFeederTest : public FeederTest {
 protected:
  MixedFeederTest() : FeederTest({"closed", "open"}) {}
};

TEST_F(FeederTest, UnsealsNothingWhereNoViewReadsIt) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("closed");
  ASSERT_TRUE(WaitFor(view, CreateAda("contacts/1")).ok());
  EXPECT_EQ(RowOf(view, "contacts/1"), "<>");
}

TEST_F(MixedFeederTest, UnsealsForTheViewThatReadsIt) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("open");
  ASSERT_TRUE(WaitFor(view, CreateAda("contacts/1")).ok());
  EXPECT_EQ(RowOf(view, "contacts/1"), "<Ada>");
}

class ChoosyFeederTest : public FeederTest {
 protected:
  ChoosyFeederTest() : FeederTest({"closed_all", "open"}) {}
};

TEST_F(ChoosyFeederTest, UnsealsNothingOfWhatTheViewThatReadsItDoesNotTake) {
  const auto store = fixture_.Open("views");
  const Position first = CreateAda("contacts/1");
  for (const char* name : {"closed_all", "open"}) {
    ASSERT_TRUE(WaitFor(store->Find(name), first).ok());
  }
  ASSERT_TRUE(WaitFor(store->Find("closed_all"), CreateAda("contacts/10")).ok());
  EXPECT_EQ(RowOf(store->Find("closed_all"), "contacts/10"), "<>");
}

TEST_F(MixedFeederTest, MovesEachViewOverWhatItDoesNotTake) {
  const auto store = fixture_.Open("views");
  Position last;
  for (int i = 1; i <= 200; ++i) last = CreateAda(absl::StrCat("contacts/", i));
  for (const char* name : {"closed", "open"}) {
    View& view = store->Find(name);
    ASSERT_TRUE(WaitFor(view, last).ok());
    EXPECT_EQ(view.Health().stale_count, 0u);
    for (int i = 1; i <= 200; ++i) {
      EXPECT_EQ(RowOf(view, absl::StrCat("contacts/", i)).empty(), i % 10 == 0) << i;
    }
  }
}

TEST_F(FeederTest, KeepsACheckpointOverWhatWasSkipped) {
  CreateAda("contacts/1");
  const Position last = CreateAda("contacts/10");
  {
    const auto store = fixture_.Open("views");
    ASSERT_TRUE(WaitFor(store->Find("closed"), last).ok());
    ASSERT_TRUE(store->Find("closed").Flush().ok());
    EXPECT_EQ(store->Find("closed").Health().flushed, last);
  }
  const auto store = fixture_.Open("views");
  EXPECT_EQ(store->Find("closed").position(), last);
  EXPECT_EQ(RowOf(store->Find("closed"), "contacts/1"), "<>");
}

}  // namespace
}  // namespace kith::projections
