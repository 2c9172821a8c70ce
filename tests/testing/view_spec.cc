#include "tests/testing/view_spec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "tests/testing/crashed_views.h"

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

ViewSpec::ViewSpec(std::function<std::unique_ptr<projections::Projection>()> make)
    : make_(std::move(make)), name_(make_()->name()) {
  const std::unique_ptr<projections::Projection> projection = make_();
  family_ = absl::StrCat(name_, ".", projection->version());
  has_indexes_ = projection->has_indexes();
  fixture_ = std::make_unique<ViewFixture>([make = make_] {
    std::vector<std::unique_ptr<projections::Projection>> projections;
    projections.push_back(make());
    return projections;
  });
  fixture_->options().flush_on_close = false;  // closing is a kill
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
  if (has_indexes_) {
    const Digests whole{live, IndexDigestOf(view())};
    const Position middle(last_.value() / 2);
    EXPECT_TRUE(Crash(last_, middle) == whole) << "index entries that are behind do not catch up";
    EXPECT_TRUE(Crash(middle, last_) == whole) << "rows behind their index entries differ";
  }

  const uint64_t step = std::max<uint64_t>(1, last_.value() / kPastPositions);
  for (Position past(1); past < last_; past = Position(past.value() + step)) {
    EXPECT_EQ(Rebuild(past, past), DigestOf(view(), past))
        << "the view as of " << past << " is not the fold of the events up to there";
  }
  return view().At(last_);
}

ViewSpec::Digests ViewSpec::Crash(Position rows, Position index) {
  const std::string folder = StopAt(rows);
  TakeIndexEntries(fixture_->PathOf(StopAt(index)), fixture_->PathOf(folder), family_);
  const auto store = fixture_->Open(folder);
  projections::View& view = store->Find(name_);
  EXPECT_TRUE(WaitFor(view, last_).ok());
  return {DigestOf(view, last_), IndexDigestOf(view)};
}

std::string ViewSpec::StopAt(Position head) {
  const std::string folder = absl::StrCat("stopped", ++rebuilds_);
  const auto store = fixture_->OpenAt(folder, head);
  projections::View& view = store->Find(name_);
  EXPECT_TRUE(WaitFor(view, head).ok());
  EXPECT_TRUE(view.Flush().ok());
  return folder;
}

std::string ViewSpec::Rebuild(Position head, Position position) {
  const auto store = fixture_->OpenAt(absl::StrCat("rebuild", ++rebuilds_), head);
  projections::View& view = store->Find(name_);
  EXPECT_TRUE(WaitFor(view, position).ok());
  return DigestOf(view, position);
}

}  // namespace kith::testing
