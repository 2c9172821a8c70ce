// Random histories: whatever is appended in whatever order, with conditions, repeated requests and
// reopenings between, the log answers as a model of a few lines does, and holds the same events
// afterwards.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>

#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

using Kind = StreamCondition::Kind;

// One step of a history. Streams, tags, workspaces and requests come from a handful, so that they
// meet.
struct Step {
  bool reopen = false;
  int workspace = 1;
  std::vector<std::pair<int, int>> streams;  // which, how many events
  int tag = 0;                               // carried by the first event; 0 for none
  int condition_stream = -1;
  int condition_kind = 0;
  int condition_revision = 0;
  int tag_condition = 0;  // 0 for none
  int tag_after = 0;
  int request = 0;  // 0 for none
  int digest = 0;
};

void showValue(const Step& step, std::ostream& out) {
  if (step.reopen) {
    out << "reopen";
    return;
  }
  out << "append ws " << step.workspace << " tag " << step.tag << " request " << step.request << "/"
      << step.digest;
  for (const auto& [stream, events] : step.streams) out << " s" << stream << "x" << events;
  if (step.condition_stream >= 0) {
    out << " if s" << step.condition_stream << " kind " << step.condition_kind << " rev "
        << step.condition_revision;
  }
  if (step.tag_condition > 0)
    out << " if none tagged " << step.tag_condition << " after " << step.tag_after;
}

rc::Gen<Step> AnyStep() {
  return rc::gen::exec([] {
    Step step;
    step.reopen = *rc::gen::inRange(0, 25) == 0;
    step.workspace = *rc::gen::inRange(1, 3);
    const int streams = *rc::gen::inRange(1, 4);
    const int first = *rc::gen::inRange(0, 5);
    for (int i = 0; i < streams; ++i)
      step.streams.push_back({(first + i) % 5, *rc::gen::inRange(1, 4)});
    step.tag = *rc::gen::inRange(0, 4);
    step.condition_stream = *rc::gen::inRange(-3, 5);
    step.condition_kind = *rc::gen::inRange(0, 4);
    step.condition_revision = *rc::gen::inRange(0, 8);
    step.tag_condition = *rc::gen::inRange(0, 4);
    step.tag_after = *rc::gen::inRange(0, 40);
    step.request = *rc::gen::inRange(0, 12);
    step.digest = *rc::gen::inRange(0, 8) == 0 ? 1 : 0;
    return step;
  });
}

std::string StreamName(int stream) { return absl::StrCat("things/", stream); }
Tag TagNumber(int tag) { return TagOf(absl::StrCat("tag ", tag)); }

Append ToAppend(const Step& step) {
  Append append;
  append.workspace = WorkspaceId(static_cast<uint32_t>(step.workspace));
  for (const auto& [stream, events] : step.streams) {
    append.streams.push_back(AppendTo(StreamName(stream), events).streams[0]);
  }
  if (step.tag > 0) append.streams[0].events[0].tags = {TagNumber(step.tag)};
  if (step.condition_stream >= 0) {
    append = If(append, static_cast<Kind>(step.condition_kind), StreamName(step.condition_stream),
                static_cast<uint64_t>(step.condition_revision));
  }
  if (step.tag_condition > 0) {
    append = IfNoneTagged(append, TagNumber(step.tag_condition),
                          Position(static_cast<uint64_t>(step.tag_after)));
  }
  if (step.request > 0)
    append = WithRequest(append, absl::StrCat("r", step.request), absl::StrCat(step.digest));
  return append;
}

// What the log promises, said as simply as possible.
class Model {
 public:
  absl::StatusOr<Appended> Apply(const Append& append) {
    const auto request = std::make_pair(append.workspace, append.request.id);
    if (!append.request.id.empty() && requests_.count(request) > 0) {
      auto [digest, appended] = requests_[request];
      if (digest != append.request.digest) return absl::AlreadyExistsError("");
      appended.repeated = true;
      return appended;
    }
    for (const StreamCondition& condition : append.stream_conditions) {
      const uint64_t revision = Stream(append.workspace, condition.stream).size();
      const bool holds =
          condition.kind == Kind::kAny || (condition.kind == Kind::kAbsent && revision == 0) ||
          (condition.kind == Kind::kExists && revision > 0) ||
          (condition.kind == Kind::kAtRevision && revision == condition.revision.value());
      if (!holds) return absl::AbortedError("");
    }
    for (const TagCondition& condition : append.tag_conditions) {
      for (uint64_t position : tags_[{append.workspace, condition.tag}]) {
        if (position > condition.after.value()) return absl::AbortedError("");
      }
    }
    Appended appended{Position(log_.size() + 1), 0,
                      Sequence(workspaces_[append.workspace].size() + 1)};
    for (const StreamAppend& stream : append.streams) {
      for (const NewEvent& event : stream.events) {
        auto& revisions = Stream(append.workspace, stream.stream);
        log_.push_back(absl::StrCat(stream.stream, "@", revisions.size() + 1));
        revisions.push_back(log_.back());
        workspaces_[append.workspace].push_back(log_.back());
        for (const Tag& tag : event.tags) tags_[{append.workspace, tag}].push_back(log_.size());
        ++appended.count;
      }
    }
    if (!append.request.id.empty()) requests_[request] = {append.request.digest, appended};
    return appended;
  }

  const std::vector<std::string>& log() const { return log_; }
  std::map<WorkspaceId, std::vector<std::string>>& workspaces() { return workspaces_; }
  std::map<std::pair<WorkspaceId, std::string>, std::vector<std::string>>& streams() {
    return streams_;
  }
  std::map<std::pair<WorkspaceId, Tag>, std::vector<uint64_t>>& tags() { return tags_; }

 private:
  std::vector<std::string>& Stream(WorkspaceId workspace, const std::string& stream) {
    return streams_[{workspace, stream}];
  }

  std::vector<std::string> log_;
  std::map<WorkspaceId, std::vector<std::string>> workspaces_;
  std::map<std::pair<WorkspaceId, std::string>, std::vector<std::string>> streams_;
  std::map<std::pair<WorkspaceId, Tag>, std::vector<uint64_t>> tags_;
  std::map<std::pair<WorkspaceId, std::string>, std::pair<Tag, Appended>> requests_;
};

// Ends the function with the text of what does not hold.
#define HOLDS(condition) \
  if (!(condition)) return std::string("does not hold: " #condition)

// Empty when the log holds what the model holds.
std::string Compare(const EventLog& log, Model& model) {
  HOLDS(log.head().value() == model.log().size());
  HOLDS(Drain(log.ReadAll(Position(1), Direction::kForwards)) == model.log());
  for (const auto& [workspace, events] : model.workspaces()) {
    HOLDS(log.WorkspaceHead(workspace).value() == events.size());
    HOLDS(Drain(log.ReadWorkspace(workspace, Sequence(1), Direction::kForwards)) == events);
  }
  for (const auto& [key, events] : model.streams()) {
    const auto head = log.HeadOf(key.first, key.second, ReadTier::kDisk);
    HOLDS(head.ok() && head->revision.value() == events.size());
    auto backwards = Drain(
        log.ReadStream(key.first, key.second, Revision(), Direction::kBackwards, ReadTier::kDisk));
    std::reverse(backwards.begin(), backwards.end());
    HOLDS(backwards == events);
  }
  for (const auto& [key, positions] : model.tags()) {
    HOLDS(Drain(log.ReadTag(key.first, key.second, Position())).size() == positions.size());
  }
  return "";
}

// Empty when the log answers one append as the model does.
std::string Apply(EventLog& log, Model& model, const Append& append) {
  const auto expected = model.Apply(append);
  const auto actual = log.AppendAndWait(append);
  HOLDS(actual.status().code() == expected.status().code());
  if (!expected.ok()) return "";
  HOLDS(actual->first == expected->first);
  HOLDS(actual->count == expected->count);
  HOLDS(actual->first_sequence == expected->first_sequence);
  HOLDS(actual->repeated == expected->repeated);
  return "";
}

// A log and the model of it, through one history. Empty when they agreed all the way.
template <class Place>
std::string RunHistory(const std::vector<Step>& steps) {
  Place place;
  SeededRandom random;
  const auto keys = NewMemoryKeyStore(random);
  ManualClock clock{kTestBegin};
  PoolExecutor executor;
  std::unique_ptr<EventLog> log;
  auto open = [&] {
    log.reset();
    auto engine = place.Open();
    KITH_CHECK(engine.ok());
    // A small overlay and a small tail, so that what lies beyond them is met.
    auto opened = OpenEventLog(*std::move(engine), *keys, clock, executor,
                               {.overlay_batches = 2, .tail_records = 4});
    KITH_CHECK(opened.ok());
    log = *std::move(opened);
  };
  Model model;
  open();
  for (const Step& step : steps) {
    if (step.reopen) {
      open();
    } else if (std::string wrong = Apply(*log, model, ToAppend(step)); !wrong.empty()) {
      return wrong;
    }
  }
  if (std::string wrong = Compare(*log, model); !wrong.empty()) return wrong;
  open();
  return Compare(*log, model);
}

RC_GTEST_PROP(LogHistory, InMemoryIsWhatTheModelSays, ()) {
  RC_ASSERT(RunHistory<MemoryPlace>(*rc::gen::container<std::vector<Step>>(AnyStep())) == "");
}

// A database is slow to open: fewer histories, each long.
TEST(LogHistory, InRocksIsWhatTheModelSays) {
  const uint64_t seed = std::random_device()();
  for (uint64_t i = 0; i < 6; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    const auto steps =
        rc::gen::container<std::vector<Step>>(80, AnyStep())(rc::Random(seed + i), 50).value();
    EXPECT_EQ(RunHistory<RocksPlace>(steps), "");
  }
}

}  // namespace
}  // namespace kith::eventstore
