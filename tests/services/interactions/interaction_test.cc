#include "services/interactions/interaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/ulid.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "kith/options/v1/options.pb.h"

namespace kith::interactions {
namespace {

const LinkedRecord kLive{Lifecycle::kActive};
const LinkedRecord kAbsent{Lifecycle::kAbsent};
const LinkedRecord kDeleted{Lifecycle::kDeleted};

constexpr char kId[] = "01J00000000000000000000001";

// Decides with records in the state given for each name; what is not named is live.
class RecordInteraction : public testing::Test {
 protected:
  Decision Decide(const std::string& parent, const v1::Interaction& interaction,
                  const std::vector<std::pair<std::string, LinkedRecord>>& states = {}) {
    const Recording command = {parent, interaction};
    std::vector<const LinkedRecord*> records;
    for (const absl::string_view name : ConcernedBy(command)) {
      const LinkedRecord* state = &kLive;
      for (const auto& [known, its_state] : states) {
        if (known == name) state = &its_state;
      }
      records.push_back(state);
    }
    IdPool ids([] { return std::string(kId); }, [] { return std::string(); });
    const CommandContext context = {.now = occurred_,
                                    .occurred = occurred_,
                                    .actor = "keys/1",
                                    .workspace = WorkspaceId(1),
                                    .settings = settings_,
                                    .ids = ids};
    return interactions::Decide(records, command, context);
  }

  // The one event of a decision that must not be refused.
  v1::InteractionRecorded DecideRecorded(const std::string& parent,
                                         const v1::Interaction& interaction) {
    const Decision decision = Decide(parent, interaction);
    EXPECT_TRUE(decision.ok()) << decision.status();
    if (!decision.ok()) return {};
    EXPECT_EQ(decision->list().size(), 1u);
    const Change& change = decision->list().front();
    EXPECT_EQ(change.stream, absl::StrCat(parent, "/interactions"));
    return static_cast<const v1::InteractionEvent&>(*change.event).interaction_recorded();
  }

  const Settings settings_{};
  absl::Time occurred_ = absl::FromUnixMicros(1'700'000'000'123'456);
};

v1::Interaction Call() {
  v1::Interaction call;
  call.set_kind(v1::CALL);
  call.set_subject("About the offer");
  call.set_body("She will think about it.");
  call.set_outcome("held");
  return call;
}

TEST_F(RecordInteraction, AppendsOneFactToTheStreamOfItsParent) {
  const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", Call());
  EXPECT_EQ(recorded.interaction().kind(), v1::CALL);
  EXPECT_EQ(recorded.interaction().outcome(), "held");
}

TEST_F(RecordInteraction, NamesItAfterTheTimeItHappened) {
  const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", Call());
  const std::string id = recorded.name().substr(recorded.name().rfind('/') + 1);
  EXPECT_TRUE(absl::StartsWith(recorded.name(), "contacts/1/interactions/"));
  EXPECT_EQ(TimeOfUlid(id), absl::FromUnixMillis(1'700'000'000'123));
  EXPECT_EQ(id.substr(10), std::string(kId).substr(10)) << "the random part stays";
}

TEST_F(RecordInteraction, GivesTheIdOf1970ToWhatHappenedBefore) {
  occurred_ = absl::FromUnixSeconds(-1);
  const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", Call());
  EXPECT_EQ(TimeOfUlid(recorded.name().substr(recorded.name().rfind('/') + 1)), absl::UnixEpoch());
}

// Goal: what was said about a person goes with them, also where it is told under a deal.
TEST_F(RecordInteraction, SealsWhatIsPersonalUnderTheKeyOfTheContactItIsAbout) {
  v1::Interaction call = Call();
  call.add_links("deals/8");
  call.add_links("contacts/2");
  call.add_links("contacts/3");
  EXPECT_EQ(DecideRecorded("deals/7", call).subject(), "contacts/2");
  EXPECT_EQ(DecideRecorded("contacts/1", call).subject(), "contacts/1");
}

TEST_F(RecordInteraction, SealsWhatIsPersonalUnderTheParentsKey) {
  const v1::InteractionRecorded recorded = DecideRecorded("deals/7", Call());
  EXPECT_EQ(recorded.subject(), "deals/7");
  EXPECT_EQ(recorded.personal().subject(), "About the offer");
  EXPECT_EQ(recorded.personal().body(), "She will think about it.");
  EXPECT_EQ(recorded.interaction().subject(), "");
  EXPECT_EQ(recorded.interaction().body(), "");
}

// The split is written by hand for speed: this fails when the proto declares a further personal
// field and the split is not told.
TEST_F(RecordInteraction, LeavesNoFieldClearThatTheProtoCallsPersonal) {
  const google::protobuf::Descriptor& type = *v1::Interaction::descriptor();
  std::vector<const google::protobuf::FieldDescriptor*> personal;
  for (int i = 0; i < type.field_count(); ++i) {
    if (!type.field(i)->options().GetExtension(options::v1::field).personal()) continue;
    personal.push_back(type.field(i));
  }
  ASSERT_FALSE(personal.empty());
  // Each also where it is the only one.
  for (const auto* field : personal) {
    v1::Interaction only;
    only.set_kind(v1::CALL);
    if (field->is_repeated()) {
      only.GetReflection()->AddMessage(&only, field);
    } else {
      only.GetReflection()->SetString(&only, field, "secret");
    }
    const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", only);
    std::vector<const google::protobuf::FieldDescriptor*> set;
    recorded.interaction().GetReflection()->ListFields(recorded.interaction(), &set);
    EXPECT_EQ(std::count(set.begin(), set.end(), field), 0) << field->name();
    set.clear();
    recorded.personal().GetReflection()->ListFields(recorded.personal(), &set);
    EXPECT_EQ(std::count(set.begin(), set.end(), field), 1) << field->name();
  }
}

TEST_F(RecordInteraction, SealsNothingWhereNothingIsPersonal) {
  v1::Interaction view;
  view.set_kind(v1::PAGE_VIEW);
  EXPECT_FALSE(DecideRecorded("contacts/1", view).has_personal());
}

TEST_F(RecordInteraction, IgnoresWhatOnlyTheServerSets) {
  v1::Interaction interaction = Call();
  interaction.set_name("contacts/2/interactions/mine");
  interaction.set_erased(true);
  *interaction.mutable_record_time() = ToTimestamp(occurred_);
  *interaction.mutable_occur_time() = ToTimestamp(occurred_);
  const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", interaction);
  EXPECT_NE(recorded.name(), "contacts/2/interactions/mine");
  EXPECT_EQ(recorded.interaction().name(), "");
  EXPECT_FALSE(recorded.interaction().erased());
  EXPECT_FALSE(recorded.interaction().has_record_time());
  EXPECT_FALSE(recorded.interaction().has_occur_time()) << "it stands in the record";
}

TEST_F(RecordInteraction, KeepsEachLinkOnceAndTheParentNotAmongThem) {
  v1::Interaction interaction = Call();
  for (const char* link : {"deals/7", "contacts/1", "deals/7", "contacts/2"}) {
    interaction.add_links(link);
  }
  const v1::InteractionRecorded recorded = DecideRecorded("contacts/1", interaction);
  EXPECT_EQ(std::vector<std::string>(recorded.interaction().links().begin(),
                                     recorded.interaction().links().end()),
            (std::vector<std::string>{"deals/7", "contacts/2"}));
}

TEST_F(RecordInteraction, RejectsAParentThatIsNotThere) {
  for (const LinkedRecord& state : {kAbsent, kDeleted}) {
    const Decision decision = Decide("contacts/1", Call(), {{"contacts/1", state}});
    EXPECT_TRUE(IsError(decision.status(), v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND))
        << decision.status();
  }
}

TEST_F(RecordInteraction, RejectsALinkThatIsNotThereAndNamesIt) {
  v1::Interaction interaction = Call();
  interaction.add_links("deals/7");
  interaction.add_links("deals/8");
  for (const LinkedRecord& state : {kAbsent, kDeleted}) {
    const Decision decision = Decide("contacts/1", interaction, {{"deals/8", state}});
    EXPECT_TRUE(IsError(decision.status(), v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND));
    EXPECT_TRUE(absl::StrContains(decision.status().message(), "deals/8"));
  }
}

TEST(RenderInteraction, PutsTogetherWhatIsClearAndWhatIsPersonal) {
  v1::InteractionRecorded recorded;
  recorded.set_name("contacts/1/interactions/x");
  recorded.mutable_interaction()->set_kind(v1::EMAIL);
  recorded.mutable_personal()->set_body("Hello");
  const v1::Interaction interaction =
      Render(recorded, absl::FromUnixSeconds(10), absl::FromUnixSeconds(20), false);
  EXPECT_EQ(interaction.name(), "contacts/1/interactions/x");
  EXPECT_EQ(interaction.kind(), v1::EMAIL);
  EXPECT_EQ(interaction.body(), "Hello");
  EXPECT_EQ(interaction.occur_time().seconds(), 10);
  EXPECT_EQ(interaction.record_time().seconds(), 20);
  EXPECT_FALSE(interaction.erased());
}

TEST(RenderInteraction, SaysThatPersonalFieldsAreErased) {
  EXPECT_TRUE(Render({}, absl::UnixEpoch(), absl::UnixEpoch(), true).erased());
}

}  // namespace
}  // namespace kith::interactions
