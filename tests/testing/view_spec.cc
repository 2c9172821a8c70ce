#include "tests/testing/view_spec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "projections/store/versioned_store.h"

namespace kith::testing {
namespace {

// How many earlier positions a spec compares with a fold up to there.
constexpr uint64_t kPastPositions = 6;
// Every so many events the live view reaches the disk, so that a kill loses some events and not
// all.
constexpr uint64_t kFlushEvery = 5;

std::string DigestOf(const projections::View& view, Position position) {
  const auto digest = view.Digest(position);
  EXPECT_TRUE(digest.ok()) << digest.status();
  return digest.value_or("");
}

std::string IndexDigestOf(const projections::View& view) {
  const auto digest = view.IndexDigest();
  EXPECT_TRUE(digest.ok()) << digest.status();
  return digest.value_or("");
}

void ExpectNothingStale(const projections::View& view) {
  for (const projections::StaleEntity& entity : view.Health().stale) {
    ADD_FAILURE() << "Apply failed at position " << entity.since << ", in " << entity.stream << ": "
                  << entity.error;
  }
}

}  // namespace

ViewSpec::ViewSpec(ViewFixture::Projections make) {
  for (const auto& projection : make()) {
    views_.emplace_back(projection->name());
    families_.push_back(absl::StrCat(projection->name(), ".", projection->version()));
    if (projection->has_indexes()) {
      families_.push_back(absl::StrCat(families_.back(), projections::kIndexSuffix));
    }
  }
  name_ = views_.front();
  fixture_ = std::make_unique<ViewFixture>(std::move(make));
  fixture_->options().flush_on_close = false;  // closing is a kill
  fixture_->UseFaults(*faults_);
}

projections::ViewSnapshot ViewSpec::Beside(const projections::ViewSnapshot& snapshot,
                                           absl::string_view name) {
  projections::View& other = live_->Find(name);
  EXPECT_TRUE(WaitFor(other, snapshot.position()).ok());
  return other.At(snapshot.position());
}

void ViewSpec::Record(absl::string_view stream, const google::protobuf::Message& event,
                      const GivenOptions& options) {
  if (live_ == nullptr) live_ = fixture_->Open("live");
  last_ = fixture_->Append(stream, event, options);
  if (last_.value() % kFlushEvery == 0) {
    EXPECT_TRUE(WaitFor(view(), last_).ok());
    EXPECT_TRUE(view().Flush().ok());
  }
}

projections::ViewSnapshot ViewSpec::Then() {
  if (live_ == nullptr) live_ = fixture_->Open("live");
  EXPECT_TRUE(WaitFor(view(), last_).ok());
  ExpectNothingStale(view());
  const std::string live = DigestOf(view(), last_);
  EXPECT_EQ(Rebuild(last_, last_), live) << "a rebuilt view differs from the live one";

  live_.reset();
  live_ = fixture_->Open("live");
  EXPECT_TRUE(WaitFor(view(), last_).ok());
  EXPECT_EQ(DigestOf(view(), last_), live) << "folding again after a kill changed something";
  if (families_.size() > 1) {
    const std::vector<std::string> whole = DigestsOf(*live_);
    const Position middle(last_.value() / 2);
    static size_t turn = 0;  // over all specs of a test
    const std::string& family = families_[turn++ % families_.size()];
    EXPECT_EQ(Crash(family, middle, last_), whole) << family << " behind does not catch up";
    EXPECT_EQ(Crash(family, last_, middle), whole) << family << " ahead differs";
  }

  const uint64_t step = std::max<uint64_t>(1, last_.value() / kPastPositions);
  for (Position past(1); past < last_; past = Position(past.value() + step)) {
    EXPECT_EQ(Rebuild(past, past), DigestOf(view(), past))
        << "the view as of " << past << " is not the fold of the events up to there";
  }
  return view().At(last_);
}

std::vector<std::string> ViewSpec::Crash(absl::string_view family, Position at, Position others) {
  const std::string folder = absl::StrCat("crashed", ++rebuilds_);
  StopAt(folder, std::min(at, others));
  faults_->Set([&](StoreStep step, absl::string_view flushed) {
    const bool lost = step == StoreStep::kFlush && (flushed == family) == (at < others);
    return lost ? absl::CancelledError() : absl::OkStatus();
  });
  StopAt(folder, std::max(at, others));
  faults_->Clear();
  const auto store = fixture_->Open(folder);
  return DigestsOf(*store);
}

void ViewSpec::StopAt(const std::string& folder, Position head) {
  const auto store = fixture_->OpenAt(folder, head);
  for (const std::string& name : views_) {
    EXPECT_TRUE(WaitFor(store->Find(name), head).ok());
    EXPECT_TRUE(store->Find(name).Flush().ok());
  }
}

std::vector<std::string> ViewSpec::DigestsOf(projections::ViewStore& store) {
  std::vector<std::string> digests;
  for (const std::string& name : views_) {
    projections::View& view = store.Find(name);
    EXPECT_TRUE(WaitFor(view, last_).ok());
    digests.push_back(DigestOf(view, last_));
    digests.push_back(IndexDigestOf(view));
  }
  return digests;
}

std::string ViewSpec::Rebuild(Position head, Position position) {
  const auto store = fixture_->OpenAt(absl::StrCat("rebuild", ++rebuilds_), head);
  projections::View& view = store->Find(name_);
  EXPECT_TRUE(WaitFor(view, position).ok());
  return DigestOf(view, position);
}

}  // namespace kith::testing
