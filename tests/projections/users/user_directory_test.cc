#include "projections/users/user_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/resource_events.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::users {
namespace {

using eventstore::ReadTier;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ViewSpec;

ViewSpec NewSpec() { return ViewSpec::Of<UserDirectory>().Takes<v1::UserEvent>("users"); }

v1::User UserIn(const std::string& name, const std::string& display_name,
                const std::string& office = "") {
  v1::User user;
  user.set_name(name);
  user.set_display_name(display_name);
  user.set_office(office);
  return user;
}

v1::UserEvent Created(const v1::User& user) {
  return CreatedEvent<v1::UserEvent>(user.name(), user);
}

v1::UserEvent Moved(const std::string& name, const std::string& office) {
  google::protobuf::FieldMask mask;
  mask.add_paths("office");
  return UpdatedEvent<v1::UserEvent>(UserIn(name, "", office), mask);
}

v1::UserEvent Deleted(const std::string& name) {
  return DeletedEvent<v1::UserEvent>(UserIn(name, ""));
}

v1::UserEvent Undeleted(const std::string& name) {
  v1::UserEvent event;
  event.mutable_user_undeleted()->set_name(name);
  return event;
}

std::vector<std::string> Find(const projections::ViewSnapshot& directory, absl::string_view filter,
                              absl::string_view order_by = "") {
  const auto page = UserDirectory::Users().List(directory, WorkspaceId(1),
                                                {.filter = filter, .order_by = order_by});
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  if (page.ok()) {
    for (const v1::User& user : page->rows) names.push_back(user.name());
  }
  return names;
}

TEST(UserDirectory, FindsUsersByNameAddressAndOffice) {
  ViewSpec spec = NewSpec();
  v1::User moses = UserIn("users/1", "Moses Frase", "Central");
  moses.set_email("Moses@Example.org");
  spec.Given("users/1", Created(moses))
      .Given("users/2", Created(UserIn("users/2", "Anna Snelling", "Central")))
      .Given("users/3", Created(UserIn("users/3", "Zane Levy", "West")));
  const auto directory = spec.Then();
  EXPECT_THAT(Find(directory, R"(display_name = "moses*")"), ElementsAre("users/1"));
  EXPECT_THAT(Find(directory, R"(email = "moses@example.org")"), ElementsAre("users/1"));
  EXPECT_THAT(Find(directory, R"(office = "central")", "display_name"),
              ElementsAre("users/2", "users/1"));
  EXPECT_THAT(Find(directory, "", "create_time desc"),
              ElementsAre("users/3", "users/2", "users/1"));
}

TEST(UserDirectory, LeavesOutADeletedUserButNotBefore) {
  ViewSpec spec = NewSpec();
  spec.Given("users/1", Created(UserIn("users/1", "Moses Frase")));
  const Position before = spec.last();
  spec.Given("users/1", Deleted("users/1"));
  EXPECT_THAT(Find(spec.Then(), ""), IsEmpty());
  EXPECT_THAT(Find(spec.As(before), ""), ElementsAre("users/1"));
}

// Whatever happens to users, each office has whom a fold by hand finds there; and a rebuilt view
// equals the live one.
TEST(UserDirectoryHistory, FindsWhomAFoldByHandFinds) {
  const bool held = testing::HoldsForHistories("the directory equals the model", [] {
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 64));
    ViewSpec spec = NewSpec();
    std::map<std::string, std::string> office_of;  // by user
    std::map<std::string, std::string> gone;       // deleted ones
    for (const int step : steps) {
      const std::string name = absl::StrCat("users/", step % 4);
      const std::string office = absl::StrCat("office ", step / 4 % 2);
      const auto found = office_of.find(name);
      if (found == office_of.end() && gone.contains(name)) {
        spec.Given(name, Undeleted(name));
        office_of.insert(gone.extract(name));
      } else if (found == office_of.end()) {
        spec.Given(name, Created(UserIn(name, "Somebody", office)));
        office_of[name] = office;
      } else if (step / 8 % 4 == 0) {
        spec.Given(name, Deleted(name));
        gone.insert(office_of.extract(found));
      } else {
        spec.Given(name, Moved(name, office));
        found->second = office;
      }
    }
    const auto directory = spec.Then();
    std::set<std::string> listed;
    v1::User row;
    const auto page = UserDirectory().deleted()->List(
        directory, WorkspaceId(1), {.page_size = 1'000}, [&](absl::string_view bytes) {
          const bool parsed = row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
          listed.insert(row.name());
          return parsed && row.has_delete_time();
        });
    RC_ASSERT(page.ok());
    RC_ASSERT(listed.size() == gone.size());
    for (const auto& [name, office] : gone) RC_ASSERT(listed.contains(name));
    for (const std::string office : {"office 0", "office 1"}) {
      std::vector<std::string> expected;
      for (const auto& [name, where] : office_of) {
        if (where == office) expected.push_back(name);
      }
      RC_ASSERT(Find(directory, absl::StrCat("office = \"", office, "\"")) == expected);
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::users
