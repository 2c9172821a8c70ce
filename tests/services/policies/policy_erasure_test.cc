// What things that happen by themselves leave of a person who is erased: nothing that can be read.
// The history has every policy react, and whom it is about has one unmistakable name, in all that
// is personal. Their keys are destroyed and the views are folded anew: then neither the records of
// the log nor a byte of the views has the name, and no list tells it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/services/policies/policy_history.h"

namespace kith::policies {
namespace {

bool HasName(absl::string_view text) {
  return absl::StrContains(absl::AsciiStrToLower(text), kPersonal);
}

class ErasedHistory : public History {
 public:
  using History::History;

  // The records that have the name in clear: their streams and types.
  std::vector<std::string> InLog() {
    std::vector<std::string> found;
    const auto cursor =
        server_.runtime().log.ReadAll(Position(1), eventstore::Direction::kForwards);
    while (true) {
      const auto record = *cursor->Next();
      if (record == nullptr) return found;
      const eventstore::EventHeader& header = record->header;
      if (!HasName(record->payload) && !HasName(header.stream)) continue;
      found.push_back(absl::StrCat(header.stream, " ", header.type.value()));
    }
  }
  // The files of the views that have the name.
  std::vector<std::string> InViews() {
    server_.Restart();  // everything is written
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(views_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)),
                              std::istreambuf_iterator<char>());
      if (HasName(bytes)) found.push_back(entry.path().filename().string());
    }
    return found;
  }
  std::vector<std::string> InLists() {
    std::vector<std::string> found;
    for (std::string& row : Rows()) {
      if (HasName(row)) found.push_back(std::move(row));
    }
    return found;
  }
  void EraseEverybody() {
    for (const char* const kind : {"contact", "lead"}) {
      for (const std::string& name : Made(kind)) {
        ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), name).ok());
      }
    }
  }
};

TEST(PolicyErasure, LeavesNothingOfAPersonWhateverReactedToThem) {
  using Texts = std::vector<std::string>;
  constexpr uint64_t kSeed = 1;
  ErasedHistory history(kSeed);
  for (const Act& act : ActsOf(kSeed)) {
    history.Do(act);
    history.AwaitQuiet();
  }
  for (int week = 0; week < 8; ++week) {
    history.LetAWeekPass();
    history.AwaitQuiet();
  }
  EXPECT_NE(history.InLists(), Texts());
  EXPECT_NE(history.InViews(), Texts()) << "so the search finds what there is";
  EXPECT_EQ(history.InLog(), Texts());
  history.EraseEverybody();
  EXPECT_EQ(history.InLists(), Texts());
  history.FoldAnew();
  history.AwaitQuiet();
  EXPECT_EQ(history.InLists(), Texts());
  EXPECT_EQ(history.InViews(), Texts());
}

}  // namespace
}  // namespace kith::policies
