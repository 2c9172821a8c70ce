// Goal: whatever happens to deals, the board shows what a fold by hand shows, for everybody and for
// each owner, at the end and as of a moment in between; and a rebuilt view equals the live one.
// Method: random histories; the seed is printed when one fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <utility>
#include <vector>

#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_board.h"
#include "projections/deals/pipeline_list.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/projections/deals/naive_board.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using testing::GivenOptions;
using testing::ViewSpec;

const char* const kOpenStages[] = {"new-lead", "contacted", "qualified", "proposal-sent",
                                   "negotiation"};

// One random step: `what` says what happens, the other numbers to what and how.
struct Step {
  int what;
  int deal;
  int stage;
  int number;
  int hours;
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange(0, 9)),
                              rc::gen::set(&Step::deal, rc::gen::inRange(0, 4)),
                              rc::gen::set(&Step::stage, rc::gen::inRange(0, 5)),
                              rc::gen::set(&Step::number, rc::gen::inRange(0, 100'000)),
                              rc::gen::set(&Step::hours, rc::gen::inRange(0, 400)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{what " << step.what << ", deal " << step.deal << ", stage " << step.stage << ", number "
      << step.number << ", hours " << step.hours << "}";
}

// Gives a history to the view and to the naive board alike.
class History {
 public:
  History(ViewSpec& spec, NaiveBoard& naive) : spec_(spec), naive_(naive) {
    spec_.Given(kDefaultPipeline, DefaultPipelineCreated());
    naive_.pipeline = DefaultPipelineCreated().pipeline_created().pipeline();
  }

  void Take(const Step& step) {
    now_ += absl::Hours(step.hours);
    const std::string name = absl::StrCat("deals/", step.deal);
    const auto found = naive_.deals.find(name);
    const bool exists = found != naive_.deals.end();
    if (!exists) return Create(name, step);
    NaiveDeal& deal = found->second;
    switch (step.what) {
      case 0:
        return Reprice(name, step, deal);
      case 1:
        return ChangeOwner(name, step, deal);
      case 2:
        return ChangeProbability(name, step, deal);
      case 3:
        return Touch(name, step, deal);
      case 4:
        return ChangeStage(step);
      case 5:
        return Delete(name);
      default:
        return Enter(name, step, deal);
    }
  }

  absl::Time now() const { return now_; }

 private:
  template <class Event>
  void Given(const std::string& stream, const Event& event) {
    spec_.Given(stream, event, GivenOptions{.occur_time = now_});
  }
  static std::string OwnerOf(const Step& step) {
    return step.number % 3 == 0 ? "" : absl::StrCat("users/", step.number % 3);
  }
  static google::type::Money AmountOf(const Step& step) {
    return MoneyIn(step.number % 2 == 0 ? "EUR" : "USD", step.number / 100,
                   step.number % 100 * 10'000'000);
  }

  void Create(const std::string& name, const Step& step) {
    v1::Deal deal = DealIn(name, kOpenStages[step.stage], OwnerOf(step));
    NaiveDeal naive{.stage = deal.stage(), .owner = deal.owner(), .entered = now_, .touched = now_};
    if (step.number % 5 != 0) {
      *deal.mutable_amount() = AmountOf(step);
      naive.amount = deal.amount();
    }
    // An id is not given again, but the view need not rely on that.
    Given(name, Created(deal));
    naive_.deals[name] = naive;
  }

  void Delete(const std::string& name) {
    v1::DealDeleted deleted;
    deleted.set_name(name);
    Given(name, deleted);
    naive_.deals.erase(name);
  }

  void Reprice(const std::string& name, const Step& step, NaiveDeal& deal) {
    v1::Deal values = DealIn(name, "new-lead");
    *values.mutable_amount() = AmountOf(step);
    Given(name, Updated(values, {"amount"}));
    deal.amount = values.amount();
    deal.touched = now_;
  }

  // It is somebody else's, and nothing was done about it.
  void ChangeOwner(const std::string& name, const Step& step, NaiveDeal& deal) {
    Given(name, Updated(DealIn(name, "new-lead", OwnerOf(step)), {"owner"}));
    deal.owner = OwnerOf(step);
  }

  void ChangeProbability(const std::string& name, const Step& step, NaiveDeal& deal) {
    v1::Deal values = DealIn(name, "new-lead");
    deal.probability.reset();
    if (step.number % 4 != 0) {
      values.set_probability(step.number % 101);
      deal.probability = values.probability();
    }
    Given(name, Updated(values, {"probability"}));
    deal.touched = now_;
  }

  void Touch(const std::string& name, const Step& step, NaiveDeal& deal) {
    if (step.number % 2 == 0) {
      Given(absl::StrCat(name, "/interactions"), InteractionWith(name));
    } else {
      Given("contacts/1/interactions", InteractionWith("contacts/1", {name}));
    }
    deal.touched = now_;
  }

  void ChangeStage(const Step& step) {
    v1::Stage& stage = *naive_.pipeline.mutable_stages(step.stage);
    stage.set_probability(step.number % 101);
    stage.set_rot_days(step.number % 40);
    Given(std::string(kDefaultPipeline), StageChanged(stage));
  }

  void Enter(const std::string& name, const Step& step, NaiveDeal& deal) {
    std::string to = kOpenStages[step.stage];
    const bool close = deal.open && step.number % 3 == 0;
    if (close && step.number % 2 == 0) {
      to = "closed-won";
      Given(name, Won());
    } else if (close) {
      to = "closed-lost";
      Given(name, Lost());
    } else if (!deal.open) {
      Given(name, Reopened(to));
    } else {
      Given(name, Moved(to));
    }
    deal.open = !close;
    deal.stage = StagePath(to);
    deal.entered = deal.touched = now_;
  }

  ViewSpec& spec_;
  NaiveBoard& naive_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

std::string TextOf(const projections::ViewSnapshot& snapshot,
                   const projections::ViewSnapshot& pipelines, const std::string& owner,
                   absl::Time time) {
  const auto board = ReadPipelineBoard(snapshot, pipelines,
                                       {.workspace = WorkspaceId(1),
                                        .pipeline = kDefaultPipeline,
                                        .owners = OwnersFor(owner),
                                        .read_time = time});
  return board.ok() && board->has_value() ? (*board)->DebugString() : board.status().ToString();
}

TEST(BoardHistory, ShowsWhatAFoldByHandShows) {
  const bool held = testing::HoldsForHistories("the board equals the naive board", [] {
    ViewSpec spec = ViewSpec::Of<PipelineBoard, DealList, PipelineList>()
                        .Takes<v1::DealEvent>("deals")
                        .Takes<v1::PipelineEvent>("pipelines")
                        .Takes<interactions::v1::InteractionEvent>("interactions");
    NaiveBoard naive;
    History history(spec, naive);
    testing::CompareWithModel(
        AnyStep(), spec, naive, [&](const Step& step) { history.Take(step); },
        [&](const projections::ViewSnapshot& board, const NaiveBoard& expected) {
          const absl::Time time = history.now() + absl::Hours(24 * 20);
          const auto pipelines = spec.Beside(board, PipelineList::kName);
          for (const char* owner : {"", "users/1", "users/2", "users/3"}) {
            RC_ASSERT(TextOf(board, pipelines, owner, time) ==
                      expected.Read(owner, time).DebugString());
          }
        });
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::deals
