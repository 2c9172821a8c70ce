// ViewSpec: given these events, then these rows. A view's test in a few lines:
//
//   ViewSpec spec = ViewSpec::Of<DealList>().Takes<v1::DealEvent>("deals");
//   spec.Given("deals/1", created).Given("deals/1", moved);
//   const projections::ViewSnapshot deals = spec.Then();
//   EXPECT_THAT(DealList::Deals().Get(deals, spec.workspace(), "deals/1", ReadTier::kDisk), …);
//
// The events go through a real log in memory and a real view store. Then() also checks, by digest,
// what must hold for every view: a rebuilt view equals the live one; a view that was killed and
// folds the same events again equals it, too, also where a crash left one of its families, or of
// those of its base, at another position than the others (one after the other, from one Then to the
// next); a read as of P equals a fold of the
// events up to P; and no entity is stale. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "projections/engine/view_store.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/view_fixture.h"

namespace kith::testing {

class ViewSpec {
 public:
  // `make` makes the projection anew for each view store, and behind it its base and what else is
  // read with it.
  explicit ViewSpec(ViewFixture::Projections make);
  template <class Projection, class... Others>
  static ViewSpec Of() {
    return ViewSpec([] {
      std::vector<std::unique_ptr<projections::Projection>> projections;
      projections.push_back(std::make_unique<Projection>());
      (projections.push_back(std::make_unique<Others>()), ...);
      return projections;
    });
  }
  ViewSpec(ViewSpec&&) = default;

  // Registers the events of a category: all that the view takes, and any others that are given.
  template <class EventMessage>
  ViewSpec&& Takes(absl::string_view category) && {
    fixture_->Register<EventMessage>(category);
    return std::move(*this);
  }

  // Appends an event to a stream: the category's message with one member set, or the member
  // (DealCreated) alone.
  template <class Event>
  ViewSpec& Given(absl::string_view stream, const Event& event, const GivenOptions& options = {}) {
    Record(stream, event, options);
    return *this;
  }

  // Folds what was given, makes the checks above, and returns the view as of the last event.
  projections::ViewSnapshot Then();
  // The view as of an earlier event, after Then.
  projections::ViewSnapshot As(Position position) { return view().At(position); }

  // Another of its views as of the same event as a snapshot.
  projections::ViewSnapshot Beside(const projections::ViewSnapshot& snapshot,
                                   absl::string_view name);

  // The last event given.
  Position last() const { return last_; }
  WorkspaceId workspace() const { return WorkspaceId(1); }
  ManualClock& clock() { return fixture_->clock(); }
  ViewFixture& fixture() { return *fixture_; }

 private:
  void Record(absl::string_view stream, const google::protobuf::Message& event,
              const GivenOptions& options);
  projections::View& view() { return live_->Find(name_); }
  // The digest at `position` of a view freshly folded from the first events up to `head`.
  std::string Rebuild(Position head, Position position);
  // All that is kept of the views, as of the last event, of a store that a crash left with `family`
  // at one position and the others at another, after it has folded the rest.
  std::vector<std::string> Crash(absl::string_view family, Position at, Position others);
  // A folder of the views as of `head`, or of what they were before where a flush is lost.
  void StopAt(const std::string& folder, Position head);
  std::vector<std::string> DigestsOf(projections::ViewStore& store);

  std::string name_;
  std::vector<std::string> views_;     // it, and the others
  std::vector<std::string> families_;  // theirs
  std::unique_ptr<Faults> faults_ = std::make_unique<Faults>();
  std::unique_ptr<ViewFixture> fixture_;
  std::unique_ptr<projections::ViewStore> live_;  // opened before the first event
  Position last_;
  int rebuilds_ = 0;
};

}  // namespace kith::testing
