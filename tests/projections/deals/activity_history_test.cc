// Goal: whatever happens to deals and about them, the list by last activity is that of a map, at
// the end and as of a moment in between; and a view that is rebuilt, or crashed with its two
// families apart, equals the live one. Method: random histories; the seed is printed when one
// fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "projections/deals/deal_list.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using testing::GivenOptions;
using testing::ViewSpec;

// One random step: `what` happens to a deal, or about it, at a second that need not be the latest.
struct Step {
  int what;
  int deal;
  int second;
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange(0, 8)),
                              rc::gen::set(&Step::deal, rc::gen::inRange(0, 5)),
                              rc::gen::set(&Step::second, rc::gen::inRange(0, 30)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{what " << step.what << ", deal " << step.deal << ", second " << step.second << "}";
}

struct NaiveActivity {
  std::string owner;
  int second;
};
using Naive = std::map<std::string, NaiveActivity>;

// Gives a history to the view and to the map alike.
class History {
 public:
  History()
      : spec_(ViewSpec::Of<DealList>()
                  .Takes<v1::DealEvent>("deals")
                  .Takes<interactions::v1::InteractionEvent>("interactions")) {}

  void Take(const Step& step) {
    const std::string name = absl::StrCat("deals/", step.deal);
    const auto found = naive_.find(name);
    if (found == naive_.end()) return Create(name, step);
    switch (step.what) {
      case 0: {
        v1::DealDeleted deleted;
        deleted.set_name(name);
        Given(name, deleted, step);
        naive_.erase(found);
        return;
      }
      case 1:
        return Given("contacts/1/interactions", InteractionWith("contacts/1"), step);
      case 2:
        found->second.owner = absl::StrCat("users/", step.second % 2);
        // It is somebody else's, and nothing was done about it.
        return Given(name, Updated(DealIn(name, "new-lead", found->second.owner), {"owner"}), step);
      case 3:
        Given(name, Moved("qualified"), step);
        break;
      case 4:
        Given(absl::StrCat(name, "/interactions"), InteractionWith(name, {"contacts/1"}), step);
        break;
      default:
        Given("contacts/1/interactions", InteractionWith("contacts/1", {name}), step);
    }
    found->second.second = std::max(found->second.second, step.second);
  }

  ViewSpec& spec() { return spec_; }
  const Naive& naive() const { return naive_; }

 private:
  void Create(const std::string& name, const Step& step) {
    const std::string owner = absl::StrCat("users/", step.second % 2);
    Given(name, Created(DealIn(name, "new-lead", owner)), step);
    naive_[name] = {owner, step.second};
  }
  template <class Event>
  void Given(const std::string& stream, const Event& event, const Step& step) {
    spec_.Given(stream, event, GivenOptions{.occur_time = absl::FromUnixSeconds(step.second)});
  }

  ViewSpec spec_;
  Naive naive_;
};

std::vector<std::string> Expected(const Naive& naive, const std::string& owner, bool falling) {
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [name, activity] : naive) {
    if (owner.empty() || activity.owner == owner) order.emplace_back(activity.second, name);
  }
  std::sort(order.begin(), order.end());
  if (falling) std::reverse(order.begin(), order.end());
  std::vector<std::string> names;
  for (auto& [second, name] : order) names.push_back(std::move(name));
  return names;
}

std::vector<std::string> Listed(const projections::ViewSnapshot& deals, const std::string& owner,
                                bool falling, bool as_of) {
  const std::string filter = owner.empty() ? "" : absl::StrCat("owner = ", owner);
  projections::ListQuery query{
      .filter = filter,
      .order_by = falling ? "last_activity_time desc" : "last_activity_time",
      .page_size = 2,
      .as_of = as_of};
  std::vector<std::string> names;
  std::string token;
  do {
    query.page_token = token;
    const auto page = DealList::Deals().List(deals, WorkspaceId(1), query);
    if (!page.ok()) return {page.status().ToString()};
    for (const v1::Deal& deal : page->rows) names.push_back(deal.name());
    token = page->next_page_token;
  } while (!token.empty());
  return names;
}

TEST(ActivityHistory, ListsWhatAMapWould) {
  const bool held = testing::HoldsForHistories("the list by activity equals the map's", [] {
    const auto steps = *rc::gen::container<std::vector<Step>>(AnyStep());
    const int middle = steps.empty() ? 0 : *rc::gen::inRange<int>(0, steps.size());
    History history;
    Naive then;
    Position then_position;
    for (size_t i = 0; i < steps.size(); ++i) {
      history.Take(steps[i]);
      if (static_cast<int>(i) != middle) continue;
      then = history.naive();
      then_position = history.spec().last();
    }
    const projections::ViewSnapshot deals = history.spec().Then();
    const projections::ViewSnapshot past = history.spec().As(then_position);
    for (const char* owner : {"", "users/0", "users/1"}) {
      for (const bool falling : {false, true}) {
        RC_ASSERT(Listed(deals, owner, falling, false) ==
                  Expected(history.naive(), owner, falling));
        RC_ASSERT(Listed(past, owner, falling, true) == Expected(then, owner, falling));
      }
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::deals
