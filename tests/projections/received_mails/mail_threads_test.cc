#include "projections/received_mails/mail_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/captures/v1/capture_review_events.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/received_mails/v1/received_mail_events.pb.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::received_mails {
namespace {

using eventstore::ReadTier;
using ::testing::SizeIs;
using testing::ViewSpec;

ViewSpec NewSpec() {
  return ViewSpec::Of<MailThreads>()
      .Takes<v1::ReceivedMailEvent>("receivedMails")
      .Takes<captures::v1::CaptureReviewEvent>("captureReviews")
      .Takes<messages::v1::MessageEvent>("messages");
}

// A mail called `name`, with this Message-ID, which refers to these.
struct Mail {
  std::string name;
  std::string id;
  std::vector<std::string> references;
};

void Receive(const Mail& mail, ViewSpec& spec) {
  v1::MailReceived received;
  received.set_name("receivedMails/" + mail.name);
  received.mutable_received_mail()->set_message_id(mail.id);
  for (const std::string& id : mail.references)
    received.mutable_received_mail()->add_references(id);
  spec.Given(received.name(), received);
}

// The thread of a mail; empty where there is none.
std::string ThreadOf(const projections::ViewSnapshot& snapshot, const std::string& name) {
  const auto thread = FindThread(snapshot, WorkspaceId(1), name, ReadTier::kDisk);
  EXPECT_TRUE(thread.ok()) << thread.status();
  return thread->has_value() ? (*thread)->name() : "";
}

// "A B C | D": the names of the mails that are together, in order.
std::string Groups(const projections::ViewSnapshot& snapshot, const std::vector<Mail>& mails) {
  std::map<std::string, std::set<std::string>> threads;
  for (const Mail& mail : mails) {
    const std::string thread = ThreadOf(snapshot, "receivedMails/" + mail.name);
    EXPECT_NE(thread, "") << mail.name;
    threads[thread].insert(mail.name);
  }
  std::set<std::string> groups;
  for (const auto& [thread, names] : threads) {
    groups.insert(absl::StrJoin(names, " "));
    const auto found = FindThread(snapshot, WorkspaceId(1), thread, ReadTier::kDisk);
    EXPECT_EQ((*found)->mail_count(), static_cast<int64_t>(names.size())) << thread;
  }
  return absl::StrJoin(groups, " | ");
}

// "B>A C>B": which mail answers which.
std::string Answers(const projections::ViewSnapshot& snapshot, const std::vector<Mail>& mails) {
  const std::string prefix = "receivedMails/";
  MailTree tree(snapshot, WorkspaceId(1), ReadTier::kDisk);
  std::vector<std::string> answers;
  for (const Mail& mail : mails) {
    const auto row =
        MailThreads::Mails().Get(snapshot, WorkspaceId(1), prefix + mail.name, ReadTier::kDisk);
    const auto parent = tree.ParentOf(**row);
    EXPECT_TRUE(parent.ok()) << parent.status();
    if (!parent->has_value()) continue;
    answers.push_back(absl::StrCat(mail.name, ">", (*parent)->name().substr(prefix.size())));
  }
  return absl::StrJoin(answers, " ");
}

class MailThreadsTest : public ::testing::Test {
 protected:
  std::string GroupsOf(const std::vector<Mail>& mails) {
    for (const Mail& mail : mails) Receive(mail, spec_);
    return Groups(spec_.Then(), mails);
  }

  std::string AnswersOf(const std::vector<Mail>& mails) {
    for (const Mail& mail : mails) Receive(mail, spec_);
    return Answers(spec_.Then(), mails);
  }

  ViewSpec spec_ = NewSpec();
};

const std::vector<Mail>& Conversation() {
  static const auto& mails = *new std::vector<Mail>{{"A", "1", {}},
                                                    {"B", "2", {"1"}},
                                                    {"C", "3", {"1", "2"}},
                                                    {"D", "4", {"1"}},
                                                    {"E", "5", {"3", "x1", "x2", "x3"}},
                                                    {"F", "6", {"2"}},
                                                    {"G", "7", {"nonesuch"}},
                                                    {"H", "8", {"nonesuch"}}};
  return mails;
}

// TH-1
TEST_F(MailThreadsTest, HoldsTogetherWhatAnswersEachOther) {
  EXPECT_EQ(GroupsOf(Conversation()), "A B C D E F | G H");
}

// TH-1: circles.
TEST_F(MailThreadsTest, EndsWhereReferencesLeadInACircle) {
  EXPECT_EQ(GroupsOf({{"A", "5", {"4"}}, {"B", "4", {"5"}}, {"C", "6", {"6"}}}), "A B | C");
}

TEST_F(MailThreadsTest, IsATreeOfWhatAnswersWhat) {
  EXPECT_EQ(AnswersOf(Conversation()), "B>A C>B D>A E>C F>B");
}

TEST_F(MailThreadsTest, HangsAnAnswerOnTheNearestMailThatIsThere) {
  const std::vector<Mail> mails = {{"A", "1", {}}, {"B", "3", {"1", "2"}}, {"C", "2", {"1"}}};
  Receive(mails[0], spec_);
  Receive(mails[1], spec_);
  EXPECT_EQ(Answers(spec_.Then(), {mails[0], mails[1]}), "B>A");
  Receive(mails[2], spec_);
  EXPECT_EQ(Answers(spec_.Then(), mails), "B>C C>A");
}

// Of a circle the mail that was told first answers none, so no client walks in it.
TEST_F(MailThreadsTest, IsATreeWhereMailsAnswerEachOtherInACircle) {
  EXPECT_EQ(AnswersOf({{"A", "5", {"4"}},
                       {"B", "4", {"6"}},
                       {"C", "6", {"5"}},
                       {"D", "7", {"7"}},
                       {"E", "8", {"4"}}}),
            "B>C C>A E>B");
}

// TH-2
TEST_F(MailThreadsTest, KeepsItsNameWhenTheAncestorComesLate) {
  Receive({"A", "2", {"1"}}, spec_);
  Receive({"B", "3", {"1"}}, spec_);
  const auto before = spec_.Then();
  const std::string thread = ThreadOf(before, "receivedMails/A");
  EXPECT_EQ(thread, "mailThreads/A");
  EXPECT_EQ(ThreadOf(before, "receivedMails/B"), thread);
  Receive({"C", "1", {}}, spec_);
  EXPECT_EQ(ThreadOf(spec_.Then(), "receivedMails/C"), thread);
}

// TH-3, TH-4, and mails without any id: ids alone decide, whatever the subject is.
TEST_F(MailThreadsTest, KeepsApartWhatHasNoIdInCommon) {
  EXPECT_EQ(GroupsOf({{"A", "1", {}}, {"B", "2", {}}, {"C", "", {}}, {"D", "", {}}}),
            "A | B | C | D");
}

// TH-5: two mails of one Message-ID.
TEST_F(MailThreadsTest, HoldsTogetherTwoOfOneId) {
  EXPECT_EQ(GroupsOf({{"A", "1", {}}, {"B", "1", {}}}), "A B");
}

TEST_F(MailThreadsTest, JoinsThreadsThatAMailAnswersBoth) {
  Receive({"A", "1", {}}, spec_);
  Receive({"B", "2", {}}, spec_);
  const Position apart = spec_.last();
  Receive({"C", "3", {"2", "1"}}, spec_);
  Receive({"D", "4", {"2"}}, spec_);
  const auto then = spec_.Then();
  const auto whole = FindThread(then, spec_.workspace(), "mailThreads/B", ReadTier::kDisk);
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->name(), "mailThreads/A");
  EXPECT_EQ((*whole)->mail_count(), 4);
  ASSERT_EQ((*whole)->joined_threads_size(), 1);
  EXPECT_EQ((*whole)->joined_threads(0), "mailThreads/B");
  // The past does not change.
  EXPECT_EQ(ThreadOf(spec_.As(apart), "receivedMails/B"), "mailThreads/B");
}

TEST_F(MailThreadsTest, JoinsAThreadThatHadPartsItself) {
  for (const char* const id : {"1", "2", "3", "4"}) Receive({id, id, {}}, spec_);
  Receive({"a", "5", {"3", "4"}}, spec_);
  Receive({"b", "6", {"2", "4"}}, spec_);
  Receive({"c", "7", {"4", "1"}}, spec_);
  const auto then = spec_.Then();
  for (const char* const name : {"2", "3", "4", "a", "b", "c"}) {
    EXPECT_EQ(ThreadOf(then, absl::StrCat("receivedMails/", name)), "mailThreads/1") << name;
  }
  for (const char* const name : {"mailThreads/2", "mailThreads/3", "mailThreads/4"}) {
    EXPECT_EQ(ThreadOf(then, name), "mailThreads/1") << name;
  }
}

// A mail that refers to everything there is joins so many, and no more.
TEST_F(MailThreadsTest, JoinsABoundedNumber) {
  const int count = kJoinedThreadsMax + 5;
  Mail all{"all", "all", {}};
  Mail further{"further", "further", {}};
  for (int i = 0; i < count; ++i) {
    const std::string id = absl::StrCat("m", i);
    Receive({id, id, {}}, spec_);
    (i < 100 ? all : further).references.push_back(id);
  }
  further.references.push_back("all");
  Receive(all, spec_);
  Receive(further, spec_);
  const auto then = spec_.Then();
  const auto whole = FindThread(then, spec_.workspace(), "receivedMails/all", ReadTier::kDisk);
  EXPECT_THAT((*whole)->joined_threads(), SizeIs(kJoinedThreadsMax));
  EXPECT_EQ(ThreadOf(then, "receivedMails/further"), "mailThreads/m0");
  EXPECT_EQ(ThreadOf(then, absl::StrCat("receivedMails/m", count - 1)),
            absl::StrCat("mailThreads/m", count - 1));
}

TEST_F(MailThreadsTest, HasWhatWasSent) {
  messages::v1::MessageSent sent;
  sent.set_name("contacts/ada/messages/M");
  sent.set_message_id("<1@acme.example>");
  spec_.Given(sent.name(), sent);
  Receive({"A", "2@x.example", {"1@acme.example"}}, spec_);
  const auto then = spec_.Then();
  EXPECT_EQ(ThreadOf(then, "receivedMails/A"), "mailThreads/M");
  const auto row = MailThreads::Mails().Get(then, spec_.workspace(), sent.name(), ReadTier::kDisk);
  ASSERT_TRUE(row.ok() && row->has_value());
  EXPECT_EQ((*row)->contact(), "contacts/ada");
}

// A mail that waited for a review is with whom somebody says it is.
TEST_F(MailThreadsTest, HearsWhoThePersonIs) {
  v1::MailReceived received;
  received.set_name("receivedMails/A");
  received.mutable_received_mail()->set_message_id("1");
  received.mutable_received_mail()->set_capture_review("captureReviews/1");
  spec_.Given(received.name(), received);
  const Position before = spec_.last();
  captures::v1::CaptureReviewResolved resolved;
  resolved.set_name("captureReviews/1");
  resolved.set_contact("contacts/ada");
  resolved.set_interaction("contacts/ada/interactions/1");
  spec_.Given(resolved.name(), resolved);
  resolved.set_name("captureReviews/2");
  spec_.Given(resolved.name(), resolved);
  const auto row = [&](const projections::ViewSnapshot& snapshot) {
    return **MailThreads::Mails().Get(snapshot, spec_.workspace(), received.name(),
                                      ReadTier::kDisk);
  };
  const v1::ThreadMailRow now = row(spec_.Then());
  EXPECT_EQ(now.contact(), "contacts/ada");
  EXPECT_EQ(now.interaction(), "contacts/ada/interactions/1");
  EXPECT_EQ(row(spec_.As(before)).contact(), "");
}

// TH-6, and TH-1 in every order: which mails are together does not depend on which came first.
TEST(MailThreadsHistory, AreTheSameInEveryOrder) {
  EXPECT_TRUE(testing::HoldsForHistories("threads in any order", [] {
    std::vector<Mail> mails = Conversation();
    for (size_t i = mails.size() - 1; i > 0; --i) {
      std::swap(mails[i], mails[*rc::gen::inRange<size_t>(0, i + 1)]);
    }
    ViewSpec spec = NewSpec();
    for (Mail& mail : mails) {
      std::reverse(mail.references.begin(), mail.references.end());
      Receive(mail, spec);
    }
    RC_ASSERT(Groups(spec.Then(), mails) == "A B C D E F | G H");
  }));
}

// Against a model: mails are together where a path of common ids leads from one to the other.
TEST(MailThreadsHistory, AreWhatIdsConnect) {
  EXPECT_TRUE(testing::HoldsForHistories("threads of random mails", [] {
    const int count = *rc::gen::inRange(1, 15);
    std::vector<Mail> mails;
    std::map<std::string, std::string> group;  // by id: an id of its group
    const auto find = [&](std::string id) {
      while (group.try_emplace(id, id).first->second != id) id = group[id];
      return id;
    };
    for (int i = 0; i < count; ++i) {
      const auto any_id = [] { return absl::StrCat("id", *rc::gen::inRange(0, 20)); };
      Mail mail{absl::StrCat("m", i), any_id(), {}};
      const int references = *rc::gen::inRange(0, 3);
      for (int r = 0; r < references; ++r) {
        const std::string id = any_id();
        group[find(id)] = find(mail.id);
        if (id == mail.id || std::count(mail.references.begin(), mail.references.end(), id) > 0) {
          continue;
        }
        mail.references.push_back(id);
      }
      mails.push_back(std::move(mail));
    }
    ViewSpec spec = NewSpec();
    for (const Mail& mail : mails) Receive(mail, spec);
    std::map<std::string, std::set<std::string>> expected;
    for (const Mail& mail : mails) expected[find(mail.id)].insert(mail.name);
    std::set<std::string> groups;
    for (const auto& [id, names] : expected) groups.insert(absl::StrJoin(names, " "));
    RC_ASSERT(Groups(spec.Then(), mails) == absl::StrJoin(groups, " | "));
  }));
}

}  // namespace
}  // namespace kith::received_mails
