// ViewSpec: given these events, then these rows. A view's test in a few lines:
//
//   ViewSpec spec = ViewSpec::Of<DealList>().Takes<v1::DealEvent>("deals");
//   spec.Given("deals/1", created).Given("deals/1", moved);
//   const projections::ViewSnapshot deals = spec.Then();
//   EXPECT_THAT(DealList::Deals().Get(deals, spec.workspace(), "deals/1", ReadTier::kDisk), …);
//
// The events go through a real log in memory and a real view store. Then() also checks, by digest,
// what must hold for every view: a rebuilt view equals the live one; a view that was killed and
// folds the same events again equals it, too, also where a crash left its index entries at another
// position than its rows; a read as of P equals a fold of the events up to P; and no entity
// is stale. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "projections/engine/view_store.h"
#include "tests/testing/view_fixture.h"

namespace kith::testing {

class ViewSpec {
 public:
  // `make` makes the projection anew for each view store.
  explicit ViewSpec(std::function<std::unique_ptr<projections::Projection>()> make);
  template <class Projection>
  static ViewSpec Of() {
    return ViewSpec([] { return std::make_unique<Projection>(); });
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

  // The last event given.
  Position last() const { return last_; }
  WorkspaceId workspace() const { return WorkspaceId(1); }
  ManualClock& clock() { return fixture_->clock(); }
  ViewFixture& fixture() { return *fixture_; }

 private:
  struct Digests {
    std::string rows;
    std::string index;
    friend bool operator==(const Digests&, const Digests&) = default;
  };

  void Record(absl::string_view stream, const google::protobuf::Message& event,
              const GivenOptions& options);
  projections::View& view() { return live_->Find(name_); }
  // The digest at `position` of a view freshly folded from the first events up to `head`.
  std::string Rebuild(Position head, Position position);
  // The digests of a view with the rows of one position and the index entries of another, after it
  // has folded the rest.
  Digests Crash(Position rows, Position index);
  // A closed folder of the view as of `head`.
  std::string StopAt(Position head);

  std::function<std::unique_ptr<projections::Projection>()> make_;
  std::string name_;
  std::string family_;
  bool has_indexes_ = false;
  std::unique_ptr<ViewFixture> fixture_;
  std::unique_ptr<projections::ViewStore> live_;  // opened before the first event
  Position last_;
  int rebuilds_ = 0;
};

}  // namespace kith::testing
