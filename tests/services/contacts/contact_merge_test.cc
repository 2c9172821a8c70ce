// What merging makes of contacts, and unmerging of what they were: the functions, without a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kith/type/v1/errors.pb.h"
#include "services/contacts/contact.h"
#include "services/core/merge.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"
#include "tests/testing/decider_spec.h"

namespace kith::contacts {
namespace {

using ::kith::testing::IsRejectedWith;
using ::kith::testing::Proto;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

v1::Contact Contact(const std::string& name, absl::string_view fields) {
  auto contact = Proto<v1::Contact>(fields);
  contact.set_name(name);
  Rules().complete(v1::Contact(), Settings(), contact);
  return contact;
}

// Of the second merged into the first.
v1::Contact Merged(const v1::Contact& one, const v1::Contact& other,
                   const std::vector<MergeChoice>& choices = {}) {
  const auto step = MergeInto(Rules(), Settings(), one, other, choices);
  EXPECT_TRUE(step.ok()) << step.status();
  return step.ok() ? static_cast<const v1::Contact&>(*step->after) : v1::Contact();
}

std::vector<std::string> AddressesOf(const v1::Contact& contact) {
  std::vector<std::string> addresses;
  for (const v1::EmailAddress& email : contact.emails()) {
    addresses.push_back(email.address() + (email.primary() ? "*" : ""));
  }
  return addresses;
}

TEST(MergeInto, KeepsTheOthersPrimaryAddressAmongTheFurtherOnes) {
  const auto john = Contact("contacts/1", R"pb(
    first_name: "John"
    emails { address: "john@a.example" primary: true }
    emails { address: "john.alt@a.example" }
    emails { address: "john.work@a.example" })pb");
  const auto jane = Contact("contacts/2", R"pb(
    emails { address: "jane@a.example" primary: true }
    emails { address: "jane.alt@a.example" }
    emails { address: "jane.personal@a.example" })pb");
  EXPECT_THAT(AddressesOf(Merged(john, jane)),
              ElementsAre("john@a.example*", "john.alt@a.example", "john.work@a.example",
                          "jane@a.example", "jane.alt@a.example", "jane.personal@a.example"));
}

TEST(MergeInto, HasAnAddressOfBothOnceHoweverItIsWritten) {
  const auto alice = Contact("contacts/1", R"pb(
    first_name: "Alice"
    emails { address: "alice@a.example" primary: true }
    emails { address: "shared@a.example" }
    emails { address: "alice.work@a.example" })pb");
  const auto bob = Contact("contacts/2", R"pb(
    emails { address: "bob@a.example" primary: true }
    emails { address: "Shared@A.example" opted_out: true }
    emails { address: "bob.work@a.example" })pb");
  const auto merged = Merged(alice, bob);
  EXPECT_THAT(AddressesOf(merged),
              ElementsAre("alice@a.example*", "shared@a.example", "alice.work@a.example",
                          "bob@a.example", "bob.work@a.example"));
  // Of what one may not do the strictest stays.
  EXPECT_TRUE(merged.emails(1).opted_out());
  EXPECT_FALSE(Merged(bob, alice).emails(0).opted_out());
}

// Goal: whichever of them asked for no mail, it is known by what.
TEST(MergeInto, TakesWhyNobodyIsToBeWrittenTo) {
  const auto silent = Contact("contacts/1", R"pb(
    first_name: "Ada"
    emails { address: "ada@a.example" label: "work" }
    emails { address: "ada@b.example" opted_out: true opt_out_cause: "by telephone" })pb");
  const auto left = Contact("contacts/2", R"pb(
    emails {
      address: "Ada@a.example"
      label: "home"
      opted_out: true
      opt_out_cause: "contacts/2/messages/1"
    }
    emails { address: "ada@b.example" opted_out: true opt_out_cause: "by letter" })pb");
  const auto merged = Merged(silent, left);
  ASSERT_EQ(merged.emails_size(), 2);
  EXPECT_TRUE(merged.emails(0).opted_out());
  EXPECT_EQ(merged.emails(0).opt_out_cause(), "contacts/2/messages/1");
  EXPECT_EQ(merged.emails(0).label(), "work");
  EXPECT_EQ(merged.emails(1).opt_out_cause(), "by telephone");
  EXPECT_EQ(Merged(left, silent).emails(0).opt_out_cause(), "contacts/2/messages/1");
}

std::string ConsentsOf(const v1::Contact& contact) {
  std::string all;
  for (const v1::Consent& consent : contact.consents()) {
    absl::StrAppend(&all, consent.purpose(), " ", v1::ConsentState_Name(consent.state()), " ",
                    consent.source(), " ", consent.text_version(), "; ");
  }
  return all;
}

// Goal: never asked is less than given, and given less than refused, whoever stays; what holds is
// told whole, with nothing of the other.
TEST(MergeInto, TakesTheStricterConsentME5) {
  const auto one = Contact("contacts/1", R"pb(
    first_name: "Ada"
    consents {
      purpose: "newsletter"
      channel: BY_EMAIL
      state: GIVEN
      source: "forms/1"
      text_version: 3
    }
    consents { purpose: "offers" channel: BY_EMAIL state: WITHDRAWN source: "by letter" })pb");
  const auto other = Contact("contacts/2", R"pb(
    first_name: "Ada"
    consents { purpose: "newsletter" channel: BY_EMAIL state: REFUSED }
    consents { purpose: "newsletter" channel: BY_POST state: GIVEN source: "forms/2" }
    consents { purpose: "offers" channel: BY_EMAIL state: GIVEN text_version: 1 })pb");
  EXPECT_EQ(ConsentsOf(Merged(one, other)),
            "newsletter REFUSED  0; offers WITHDRAWN by letter 0; newsletter GIVEN forms/2 0; ");
  EXPECT_EQ(ConsentsOf(Merged(other, one)),
            "newsletter REFUSED  0; newsletter GIVEN forms/2 0; offers WITHDRAWN by letter 0; ");
  EXPECT_EQ(ConsentsOf(Merged(Contact("contacts/3", R"pb(first_name: "Ada")pb"), one)),
            "newsletter GIVEN forms/1 3; offers WITHDRAWN by letter 0; ");
}

TEST(MergeInto, FillsWhatIsEmptyAndKeepsWhatIsThere) {
  const auto one = Contact("contacts/1", R"pb(
    first_name: "Ada"
    job_title: "Analyst"
    tags: "vip"
    tags: "x"
    lifecycle_stage: CUSTOMER
    create_time { seconds: 200 })pb");
  const auto other = Contact("contacts/2", R"pb(
    first_name: "A."
    last_name: "Lovelace"
    job_title: "Countess"
    tags: "x"
    tags: "press"
    do_not_call: true
    owner: "users/1"
    lifecycle_stage: LEAD
    create_time { seconds: 100 })pb");
  const auto merged = Merged(one, other);
  EXPECT_EQ(merged.first_name(), "Ada");
  EXPECT_EQ(merged.last_name(), "Lovelace");
  EXPECT_EQ(merged.display_name(), "Ada Lovelace");
  EXPECT_EQ(merged.job_title(), "Analyst");
  EXPECT_EQ(merged.owner(), "users/1");
  EXPECT_TRUE(merged.do_not_call());
  EXPECT_THAT(merged.tags(), ElementsAre("vip", "x", "press"));
  EXPECT_EQ(merged.create_time().seconds(), 100);
  // The furthest stage stays, whoever has it.
  EXPECT_EQ(merged.lifecycle_stage(), v1::CUSTOMER);
  EXPECT_EQ(Merged(other, one).lifecycle_stage(), v1::CUSTOMER);
}

TEST(MergeInto, TakesWhatIsPicked) {
  const auto one = Contact("contacts/1", R"pb(first_name: "Ada" job_title: "Analyst")pb");
  const auto other =
      Contact("contacts/2", R"pb(
        first_name: "Ada" job_title: "Countess" department: "Court")pb");
  const auto merged =
      Merged(one, other, {{"job_title", "contacts/2"}, {"department", "contacts/1"}});
  EXPECT_EQ(merged.job_title(), "Countess");
  EXPECT_EQ(merged.department(), "");
}

TEST(MergeInto, RefusesAListThatWouldBeTooLong) {
  auto one = Contact("contacts/1", R"pb(first_name: "Ada")pb");
  auto other = Contact("contacts/2", R"pb(first_name: "Ada")pb");
  for (int i = 0; i < 30; ++i) {
    one.add_tags(absl::StrCat("a", i));
    other.add_tags(absl::StrCat("b", i));
  }
  const auto step = MergeInto(Rules(), Settings(), one, other, {});
  ASSERT_FALSE(step.ok());
  EXPECT_THAT(Decision(step.status()), IsRejectedWith(type::v1::ERROR_MERGE_TOO_LARGE));
}

TEST(PartsOf, TellsWhatIsPersonalOfWhom) {
  const auto inner = Contact("contacts/3", R"pb(
    last_name: "Lovelace"
    department: "Court"
    emails { address: "ada@c.example" })pb");
  const auto other = Merged(Contact("contacts/2", R"pb(
                              first_name: "Ada"
                              emails { address: "ada@b.example" })pb"),
                            inner);
  const MergedRecord merged[] = {{"contacts/3", &inner}};
  const std::vector<RecordPart> parts = PartsOf(Rules(), other, merged);
  ASSERT_EQ(parts.size(), 2u);
  const auto& own = static_cast<const v1::Contact&>(*parts[0].part);
  EXPECT_EQ(parts[0].source, "contacts/2");
  EXPECT_EQ(own.first_name(), "Ada");
  EXPECT_EQ(own.last_name(), "");
  EXPECT_EQ(own.department(), "Court");  // is not personal
  EXPECT_THAT(AddressesOf(own), ElementsAre("ada@b.example*"));
  const auto& of_inner = static_cast<const v1::Contact&>(*parts[1].part);
  EXPECT_EQ(parts[1].source, "contacts/3");
  EXPECT_EQ(of_inner.name(), "contacts/2");
  EXPECT_EQ(of_inner.last_name(), "Lovelace");
  EXPECT_THAT(AddressesOf(of_inner), ElementsAre("ada@c.example"));
}

TEST(CheckChoices, RefusesListsAndStrangers) {
  const std::vector<std::string> names = {"contacts/1", "contacts/2"};
  const auto check = [&](const std::string& field, const std::string& from) {
    return CheckChoices(Rules(), {{field, from}}, names).ok();
  };
  EXPECT_TRUE(check("job_title", "contacts/2"));
  EXPECT_TRUE(check("custom.tier", "contacts/1"));
  EXPECT_FALSE(check("job_title", "contacts/3"));
  EXPECT_FALSE(check("tags", "contacts/2"));
  EXPECT_FALSE(check("do_not_call", "contacts/2"));
  EXPECT_FALSE(check("custom", "contacts/2"));
  EXPECT_FALSE(check("etag", "contacts/2"));
  EXPECT_FALSE(check("create_time", "contacts/2"));
  EXPECT_FALSE(check("nothing", "contacts/2"));
}

// Streams of contacts in memory, and what the commands append to them.
class Streams {
 public:
  void Create(const std::string& name, const v1::Contact& contact) {
    Append(name, CreatedEvent<v1::ContactEvent>(name, contact));
  }
  ContactAggregate::State State(const std::string& name) const {
    ContactAggregate::State state;
    const auto found = streams_.find(name);
    if (found == streams_.end()) return state;
    uint64_t revision = 0;
    for (const v1::ContactEvent& event : found->second) {
      state = Evolve(std::move(state), Recorded<v1::ContactEvent>{event, Revision(++revision),
                                                                  TimeOf(revision), absl::Time()});
    }
    return state;
  }
  v1::Contact Itself(const std::string& name) const { return State(name).resource; }
  bool IsLive(const std::string& name) const { return State(name).lifecycle == Lifecycle::kActive; }
  std::string Meant(std::string name) const {
    for (auto next = State(name).merged_into; !next.empty(); next = State(name).merged_into) {
      name = next;
    }
    return name;
  }
  v1::Contact Get(const std::string& name) const { return Itself(Meant(name)); }

  template <class Change>
  void Update(const std::string& name, Change change) {
    const std::string meant = Meant(name);
    const v1::Contact before = Itself(meant);
    v1::Contact after = before;
    change(after);
    Rules().complete(before, Settings(), after);
    v1::ContactEvent event;
    const auto mask = DifferingFields(before, after);
    if (mask.paths().empty()) return;
    WriteUpdated(meant, mask, after, event);
    if (meant != name) WriteOrigin(name, event);
    Append(meant, event);
  }

  void Merge(const std::string& survivor, const std::vector<std::string>& others) {
    for (const std::string& other : others) {
      const v1::Contact before = Itself(other);
      auto step = MergeInto(Rules(), Settings(), Itself(survivor), before, {});
      if (!step.ok()) return;  // some list would be too long
      v1::ContactEvent event;
      WriteMerged(survivor,
                  {other,
                   other,
                   1,
                   step->changed,
                   step->values.get(),
                   step->flags,
                   {},
                   {},
                   step->joined.get()},
                  event);
      Append(survivor, event);
      // What the event says makes of it what was decided.
      v1::Contact folded = Itself(survivor);
      auto& decided = static_cast<v1::Contact&>(*step->after);
      for (v1::Contact* const each : {&folded, &decided}) {
        each->clear_etag();
        each->clear_update_time();
        each->clear_merged();
      }
      EXPECT_EQ(folded.DebugString(), decided.DebugString());
      v1::ContactEvent gone;
      WriteMergedInto(other, *v1::Contact::descriptor(), survivor, gone);
      Append(other, gone);
    }
  }

  // All names that mean it while it is merged.
  std::vector<std::string> NamesOf(const std::string& name) const {
    std::vector<std::string> names = {name};
    for (size_t i = 0; i < names.size(); ++i) {
      const v1::Contact contact = Itself(names[i]);
      names.insert(names.end(), contact.merged().begin(), contact.merged().end());
    }
    return names;
  }

  void Unmerge(const std::string& name) {
    const std::string survivor = State(name).merged_into;
    ASSERT_TRUE(IsLive(survivor));
    std::vector<Happening> history;
    uint64_t revision = 0;
    const std::vector<v1::ContactEvent> events = streams_.at(survivor);
    for (const v1::ContactEvent& event : events) {
      ++revision;
      history.push_back({event, Revision(revision), TimeOf(revision)});
    }
    std::map<std::string, v1::Contact> merged;
    const v1::Contact now = Itself(survivor);
    for (const std::string& each : now.merged()) merged[each] = Itself(each);
    const auto record_of = [&](absl::string_view each) -> const google::protobuf::Message* {
      const auto found = merged.find(std::string(each));
      return found == merged.end() ? nullptr : &found->second;
    };
    const auto names = NamesOf(name);
    const auto made = PlanUnmerge(Rules(), Settings(), history, names, record_of);
    ASSERT_TRUE(made.ok()) << made.status();
    v1::ContactEvent unmerged;
    WriteUnmerged(survivor, names, made->changed, *made->survivor, unmerged);
    Append(survivor, unmerged);
    v1::ContactEvent back;
    WriteUnmergedFrom(name, *v1::Contact::descriptor(), survivor, back);
    Append(name, back);
    for (const LaterUpdate& update : made->updates) {
      v1::ContactEvent event;
      WriteUpdated(name, update.changed, *update.after, event);
      if (!update.origin.empty()) WriteOrigin(update.origin, event);
      Append(name, event);
    }
  }

 private:
  static absl::Time TimeOf(uint64_t revision) {
    return absl::FromUnixSeconds(1'700'000'000 + static_cast<int64_t>(revision));
  }
  void Append(const std::string& name, const v1::ContactEvent& event) {
    streams_[name].push_back(event);
  }

  std::map<std::string, std::vector<v1::ContactEvent>> streams_;
};

// What people wrote, without what the history says of itself.
std::string ContentOf(v1::Contact contact) {
  contact.clear_etag();
  contact.clear_update_time();
  contact.clear_create_time();
  return contact.DebugString();
}

void AddTag(const std::string& tag, v1::Contact& contact) { contact.add_tags(tag); }

TEST(Unmerge, GivesBackWhatEachHadAndWhatCameSinceToItsOrigin) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(
                   first_name: "Ada"
                   emails { address: "ada@a.example" }
                   tags: "both")pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   first_name: "A."
                   last_name: "Lovelace"
                   tags: "both"
                   tags: "b"
                   emails { address: "ada@b.example" }
                   phones { raw: "+49 30 901820" })pb"));
  Streams alone = streams;
  const auto on_both = [&](const std::string& name, auto change) {
    streams.Update(name, change);
    alone.Update(name, change);
  };
  streams.Merge("contacts/a", {"contacts/b"});
  EXPECT_EQ(streams.Get("contacts/b").display_name(), "Ada Lovelace");
  EXPECT_THAT(streams.Get("contacts/a").merged(), ElementsAre("contacts/b"));
  on_both("contacts/a", [](v1::Contact& contact) { AddTag("since a", contact); });
  on_both("contacts/b", [](v1::Contact& contact) { AddTag("since b", contact); });
  on_both("contacts/b", [](v1::Contact& contact) { contact.set_job_title("Countess"); });
  EXPECT_THAT(streams.Get("contacts/a").tags(), ElementsAre("both", "b", "since a", "since b"));
  EXPECT_EQ(streams.Get("contacts/a").job_title(), "Countess");
  const v1::Contact merged = streams.Get("contacts/a");

  streams.Unmerge("contacts/b");
  EXPECT_EQ(ContentOf(streams.Itself("contacts/a")), ContentOf(alone.Itself("contacts/a")));
  EXPECT_EQ(ContentOf(streams.Itself("contacts/b")), ContentOf(alone.Itself("contacts/b")));
  EXPECT_TRUE(streams.IsLive("contacts/b"));

  // Merged again, it is what it was.
  streams.Merge("contacts/a", {"contacts/b"});
  v1::Contact again = streams.Get("contacts/a");
  EXPECT_THAT(again.tags(), UnorderedElementsAre("both", "b", "since a", "since b"));
  EXPECT_EQ(again.job_title(), merged.job_title());
  EXPECT_EQ(AddressesOf(again), AddressesOf(merged));
}

// As a revert of an import does, which sets the title that the import changed to what it was.
TEST(Unmerge, TakesBackWhatWasSetBackToWhatTheOtherGave) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(first_name: "Ada")pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   first_name: "Augusta"
                   job_title: "Analyst"
                   notes: "from b")pb"));
  streams.Merge("contacts/a", {"contacts/b"});
  const auto set_title = [&](const std::string& title) {
    streams.Update("contacts/a", [&](v1::Contact& contact) { contact.set_job_title(title); });
  };
  set_title("Countess");
  set_title("Analyst");
  streams.Update("contacts/a", [](v1::Contact& contact) { contact.set_notes("of a"); });
  streams.Unmerge("contacts/b");
  EXPECT_EQ(streams.Itself("contacts/a").job_title(), "");
  EXPECT_EQ(streams.Itself("contacts/a").notes(), "of a");
  EXPECT_EQ(streams.Itself("contacts/b").job_title(), "Analyst");
}

TEST(Unmerge, LeavesWhatIsMergedBeside) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(first_name: "Ada")pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   first_name: "B"
                   job_title: "of b"
                   tags: "shared"
                   tags: "b")pb"));
  streams.Create("contacts/c", Contact("contacts/c", R"pb(
                   first_name: "C"
                   job_title: "of c"
                   tags: "shared"
                   tags: "c")pb"));
  streams.Merge("contacts/a", {"contacts/b", "contacts/c"});
  EXPECT_EQ(streams.Get("contacts/c").job_title(), "of b");
  streams.Unmerge("contacts/b");
  // What the other one had as well is still there, and fills what is empty now.
  EXPECT_THAT(streams.Get("contacts/a").tags(), ElementsAre("shared", "c"));
  EXPECT_EQ(streams.Get("contacts/a").job_title(), "of c");
  EXPECT_EQ(streams.Meant("contacts/c"), "contacts/a");
  EXPECT_THAT(streams.Get("contacts/a").merged(), ElementsAre("contacts/c"));
}

TEST(Unmerge, KeepsWhatIsSaidOfAnAddressWithTheAddress) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(
                   first_name: "Ada"
                   emails { address: "ada@a.example" })pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   first_name: "Ada"
                   emails { address: "ada@b.example" })pb"));
  streams.Merge("contacts/a", {"contacts/b"});
  // Somebody asked for no more mail, and it was noted on the one that stays.
  streams.Update("contacts/a",
                 [](v1::Contact& contact) { contact.mutable_emails(1)->set_opted_out(true); });
  streams.Unmerge("contacts/b");
  EXPECT_THAT(AddressesOf(streams.Itself("contacts/a")), ElementsAre("ada@a.example*"));
  ASSERT_THAT(AddressesOf(streams.Itself("contacts/b")), ElementsAre("ada@b.example*"));
  EXPECT_TRUE(streams.Itself("contacts/b").emails(0).opted_out());
}

TEST(Unmerge, GivesBackToEachWhyNobodyIsToBeWrittenTo) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(
                   first_name: "Ada"
                   emails { address: "other@a.example" }
                   emails { address: "ada@a.example" })pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   emails {
                     address: "ada@a.example"
                     opted_out: true
                     opt_out_cause: "contacts/b/messages/1"
                   })pb"));
  streams.Create("contacts/c", Contact("contacts/c", R"pb(
                   emails { address: "ada@a.example" label: "work" })pb"));
  const Streams alone = streams;
  streams.Merge("contacts/a", {"contacts/b", "contacts/c"});
  EXPECT_EQ(streams.Itself("contacts/a").emails(1).opt_out_cause(), "contacts/b/messages/1");
  EXPECT_EQ(streams.Itself("contacts/a").emails(1).label(), "work");
  streams.Unmerge("contacts/b");
  EXPECT_FALSE(streams.Itself("contacts/a").emails(1).opted_out());
  EXPECT_EQ(streams.Itself("contacts/a").emails(1).opt_out_cause(), "");
  EXPECT_EQ(streams.Itself("contacts/a").emails(1).label(), "work");
  streams.Unmerge("contacts/c");
  for (const char* const name : {"contacts/a", "contacts/b", "contacts/c"}) {
    EXPECT_EQ(ContentOf(streams.Itself(name)), ContentOf(alone.Itself(name)));
  }
}

// Goal: what was refused before a merge is that one's again, what was given stays the other's; and
// what somebody says of a purpose while both are merged is said of both.
TEST(Unmerge, GivesBackToEachTheConsentsThatItHadME11) {
  Streams streams;
  streams.Create("contacts/a", Contact("contacts/a", R"pb(
                   first_name: "Ada"
                   consents { purpose: "offers" state: GIVEN source: "forms/1" text_version: 2 }
                   consents { purpose: "calls" channel: BY_PHONE state: GIVEN })pb"));
  streams.Create("contacts/b", Contact("contacts/b", R"pb(
                   first_name: "Ada"
                   consents { purpose: "offers" state: REFUSED }
                   consents { purpose: "calls" channel: BY_PHONE state: GIVEN })pb"));
  const Streams alone = streams;
  streams.Merge("contacts/a", {"contacts/b"});
  EXPECT_EQ(ConsentsOf(streams.Itself("contacts/a")), "offers REFUSED  0; calls GIVEN  0; ");
  streams.Unmerge("contacts/b");
  for (const char* const name : {"contacts/a", "contacts/b"}) {
    EXPECT_EQ(ContentOf(streams.Itself(name)), ContentOf(alone.Itself(name)));
  }
  streams.Merge("contacts/a", {"contacts/b"});
  streams.Update("contacts/a", [](v1::Contact& contact) {
    contact.mutable_consents(1)->set_state(v1::WITHDRAWN);
  });
  streams.Unmerge("contacts/b");
  EXPECT_EQ(ConsentsOf(streams.Itself("contacts/a")),
            "offers GIVEN forms/1 2; calls WITHDRAWN  0; ");
  EXPECT_EQ(ConsentsOf(streams.Itself("contacts/b")), "offers REFUSED  0; calls WITHDRAWN  0; ");
}

// Goal: whatever was merged, taken apart and written in between, what is merged shows the tags of
// all its names, and taken apart each is what it would be had nobody ever merged it.
// Method: random merges, unmerges and changes under any name. Beside them a run without merges,
// where each change happens to the contact that it names.
TEST(Unmerge, IsAsARunWithoutTheMergeInRandomHistories) {
  const std::vector<std::string> names = {"contacts/a", "contacts/b", "contacts/c",
                                          "contacts/d", "contacts/e", "contacts/f"};
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937 random(seed);
    const auto draw = [&](size_t below) { return static_cast<size_t>(random() % below); };
    Streams streams;
    for (const std::string& name : names) {
      v1::Contact contact;
      contact.set_first_name(absl::StrCat("First ", name));
      if (draw(2) == 0) contact.set_job_title(absl::StrCat("Title of ", name));
      if (draw(2) == 0) contact.set_last_name(absl::StrCat("Last ", name));
      if (draw(2) == 0) contact.add_tags("shared");
      contact.add_emails()->set_address(absl::StrCat(name.substr(9), "@a.example"));
      if (draw(3) == 0) contact.add_emails()->set_address("shared@a.example");
      contact.set_name(name);
      Rules().complete(v1::Contact(), Settings(), contact);
      streams.Create(name, contact);
    }
    Streams alone = streams;
    int number = 0;
    const auto check = [&] {
      for (const std::string& name : names) {
        if (!streams.IsLive(name)) continue;
        std::set<std::string> wanted;
        for (const std::string& each : streams.NamesOf(name)) {
          const v1::Contact one = alone.Itself(each);
          wanted.insert(one.tags().begin(), one.tags().end());
        }
        const v1::Contact shown = streams.Itself(name);
        EXPECT_EQ(std::set<std::string>(shown.tags().begin(), shown.tags().end()), wanted);
      }
    };
    const auto unmerge_one = [&] {
      std::vector<std::string> merged;
      for (const std::string& name : names) {
        const std::string survivor = streams.State(name).merged_into;
        if (!survivor.empty() && streams.IsLive(survivor)) merged.push_back(name);
      }
      if (merged.empty()) return false;
      streams.Unmerge(merged[draw(merged.size())]);
      return true;
    };
    for (int step = 0; step < 25 && !HasFailure(); ++step) {
      const std::string& name = names[draw(names.size())];
      switch (draw(5)) {
        case 0: {
          const std::string& other = names[draw(names.size())];
          if (streams.IsLive(name) && streams.IsLive(other) && name != other) {
            streams.Merge(name, {other});
          }
          break;
        }
        case 1:
          unmerge_one();
          break;
        case 2: {
          const std::string tag = absl::StrCat("tag ", ++number);
          for (Streams* const each : {&streams, &alone}) {
            each->Update(name, [&](v1::Contact& contact) { contact.add_tags(tag); });
          }
          break;
        }
        case 3: {
          const std::string title = absl::StrCat("title ", ++number);
          for (Streams* const each : {&streams, &alone}) {
            each->Update(name, [&](v1::Contact& contact) { contact.set_job_title(title); });
          }
          break;
        }
        case 4: {
          const std::string address = absl::StrCat("new", ++number, "@a.example");
          for (Streams* const each : {&streams, &alone}) {
            each->Update(name,
                         [&](v1::Contact& contact) { contact.add_emails()->set_address(address); });
          }
          break;
        }
      }
      check();
    }
    while (!HasFailure() && unmerge_one()) check();
    for (const std::string& name : names) {
      ASSERT_TRUE(streams.IsLive(name));
      EXPECT_EQ(ContentOf(streams.Itself(name)), ContentOf(alone.Itself(name)));
    }
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace kith::contacts
