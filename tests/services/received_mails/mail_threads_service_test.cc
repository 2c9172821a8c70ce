// Mail threads over the whole server: what stands in them, and who is told of that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "services/core/resource_name.h"
#include "tests/services/received_mails/received_mails_fixture.h"

namespace kith::received_mails {
namespace {

using ::testing::HasSubstr;

// The one with the last mail first; what was found to be a part of another is no thread any more.
TEST_F(ReceivedMailsTest, AreListedByThread) {
  const auto id = [](const v1::MailThread& thread) { return IdOf(thread.name()); };
  const std::string first(IdOf(Receive(FromAda("1")).name()));
  server_.clock().Advance(absl::Seconds(1));
  const std::string second(IdOf(Receive(FromAda("2", "", "Another.")).name()));
  server_.clock().Advance(absl::Seconds(1));
  Receive(FromAda("3", "References: <1@x.example>\n", "Well?"));
  v1::ListMailThreadsRequest list;
  auto listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 2);
  EXPECT_EQ(id(listed.mail_threads(0)), first);
  EXPECT_EQ(listed.mail_threads(0).mail_count(), 2);
  EXPECT_EQ(id(listed.mail_threads(1)), second);
  list.set_page_size(1);
  list.set_order_by("create_time desc");
  listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(id(listed.mail_threads(0)), second);
  list.set_page_token(listed.next_page_token());
  listed = Made(&Threads::ListMailThreads, list);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(id(listed.mail_threads(0)), first);
  EXPECT_EQ(listed.next_page_token(), "");
  Receive(FromAda("4", "References: <1@x.example> <2@x.example>\n", "Both."));
  v1::ListMailThreadsRequest all;
  all.set_filter("mail_counts > 1");
  EXPECT_THAT(server_.Call(&Threads::ListMailThreads, all).status.error_message(),
              HasSubstr("did you mean mail_count? (there are create_time, joined_threads, "
                        "last_mail_time, mail_count, name)"));
  all.set_filter("mail_count > 1");
  listed = Made(&Threads::ListMailThreads, all);
  ASSERT_EQ(listed.mail_threads_size(), 1);
  EXPECT_EQ(listed.mail_threads(0).mail_count(), 4);
  // The row has no subject; what it would be is the mail's.
  all.set_filter("thread.subject = 'Offer'");
  EXPECT_THAT(server_.Call(&Threads::ListMailThreads, all).status.error_message(),
              HasSubstr("thread.subject"));
}

// Of a thread it is told who wrote last, and about what.
TEST_F(ReceivedMailsTest, AreToldByTheLastOfTheirThread) {
  const std::string marta = CreateUser("marta@acme.example", "roles/admin");
  const v1::ReceivedMail question = Receive(FromAda("1"));
  const auto listed = [&] {
    const auto list = Made(&Threads::ListMailThreads, v1::ListMailThreadsRequest());
    EXPECT_EQ(list.mail_threads_size(), 1);
    return list.mail_threads(0);
  };
  EXPECT_EQ(listed().last_mail(), question.name());
  EXPECT_EQ(listed().subject(), "Offer");
  EXPECT_EQ(listed().sender().display_name(), "Ada Lovelace");
  EXPECT_EQ(listed().user(), "");
  EXPECT_EQ(listed().DebugString(), GetThread(question.name())->DebugString());

  // A message from here, by a user; of another thread, until Ada answers both.
  server_.clock().Advance(absl::Seconds(1));
  const std::string message = Send(question.contact(), "<sent@acme.example>", KeyOf(marta));
  const auto sent = GetThread(message);
  EXPECT_EQ(sent->last_mail(), message);
  EXPECT_EQ(sent->subject(), "Our offer");
  EXPECT_EQ(sent->user(), marta);
  EXPECT_FALSE(sent->has_sender());
  EXPECT_EQ(sent->contact(), question.contact());
  EXPECT_EQ(ReadThread(message).items(0).user(), marta);
  const std::string mails_only = KeyOf("", "received_mails.read");
  EXPECT_EQ(GetThread(message, mails_only)->last_mail(), message);
  EXPECT_EQ(GetThread(message, mails_only)->subject(), "") << "that is for who reads messages";

  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail both = Receive(
      "From: ada@x.example\nSubject: Re: Our offer\nMessage-ID: <2@x.example>\n"
      "References: <1@x.example> <sent@acme.example>\n\nYes.\n");
  EXPECT_EQ(listed().mail_count(), 3);
  EXPECT_EQ(listed().last_mail(), both.name());
  EXPECT_EQ(listed().subject(), "Re: Our offer");
  EXPECT_EQ(ReadThread(both.name()).items(0).subject(), "Re: Our offer");
}

// INT4: the whole thread that somebody else had, the mails that came in and those that were sent.
TEST_F(ReceivedMailsTest, StandInTheirThreadWithWhatWasSent) {
  const std::string ada = CreateContact("first_name: 'Ada' emails { address: 'ada@x.example' }");
  const std::string message = Send(ada, "<sent@acme.example>");
  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail answer = Receive(FromAda("1", "In-Reply-To: <sent@acme.example>\n"));
  server_.clock().Advance(absl::Seconds(1));
  const v1::ReceivedMail further =
      Receive(FromAda("2", "References: <sent@acme.example> <1@x.example>\n", "Well?"));
  const v1::ReadMailThreadResponse thread = ReadThread(answer.name());
  ASSERT_EQ(thread.items_size(), 3);
  EXPECT_EQ(thread.items(0).name(), further.name());
  EXPECT_EQ(thread.items(0).interaction().body(), "Well?");
  EXPECT_EQ(thread.items(0).received_mail().sender().address(), "ada@x.example");
  EXPECT_EQ(thread.items(2).name(), message);
  EXPECT_EQ(thread.items(2).message().text(), "Here it is.");
  EXPECT_EQ(thread.items(2).contact(), ada);
  EXPECT_EQ(thread.items(0).parent(), answer.name()) << "the nearest of those it refers to";
  EXPECT_EQ(thread.items(1).parent(), message);
  EXPECT_EQ(thread.items(2).parent(), "");
  v1::GetMailThreadRequest get;
  get.set_name(message);
  const auto whole = Made(&Threads::GetMailThread, get);
  EXPECT_EQ(whole.mail_count(), 3);
  EXPECT_EQ(ReadThread(whole.name()).items_size(), 3);

  v1::ReadMailThreadRequest paged;
  paged.set_name(whole.name());
  paged.set_page_size(2);
  const auto first = Made(&Threads::ReadMailThread, paged);
  EXPECT_EQ(first.items_size(), 2);
  paged.set_page_token(first.next_page_token());
  const auto last = Made(&Threads::ReadMailThread, paged);
  ASSERT_EQ(last.items_size(), 1);
  EXPECT_EQ(last.items(0).name(), message);
  EXPECT_EQ(last.next_page_token(), "");
  // Who may not read interactions is told of the mails, without what these say.
  const std::string key = KeyOf("", "received_mails.read");
  const v1::ReadMailThreadResponse bare = ReadThread(whole.name(), key);
  ASSERT_EQ(bare.items_size(), 3);
  EXPECT_FALSE(bare.items(0).has_interaction());
  EXPECT_FALSE(bare.items(2).has_message());
}

// TH-3: whoever claims another's thread stands in it, and is nobody else for it: the mail is with
// who wrote it, and what the other is told shows none of it.
TEST_F(ReceivedMailsTest, AreWithWhoWroteThemWhateverThreadTheyClaim) {
  const std::string marta = CreateUser("marta@acme.example", "roles/sales-rep");
  const std::string other = CreateUser("other@acme.example", "roles/sales-rep");
  CreateContact(
      absl::StrCat("owner: '", marta, "' emails { address: 'ada@x.example' } first_name: 'Ada'"));
  CreateContact(
      absl::StrCat("owner: '", other, "' emails { address: 'eve@x.example' } first_name: 'Eve'"));
  const v1::ReceivedMail first = Receive(FromAda("1"));
  const v1::ReceivedMail claimed = Receive(
      "From: Ada Lovelace <eve@x.example>\nTo: sales@acme.example\nSubject: Re: Offer\n"
      "Message-ID: <2@x.example>\nIn-Reply-To: <1@x.example>\nReferences: <1@x.example>\n\nPay "
      "me.\n");
  EXPECT_NE(claimed.contact(), first.contact());
  EXPECT_EQ(List(first.contact())->received_mails_size(), 1);
  EXPECT_EQ(ReadThread(first.name(), KeyOf(marta)).items_size(), 1);
  const v1::ReadMailThreadResponse hers = ReadThread(claimed.name(), KeyOf(other));
  ASSERT_EQ(hers.items_size(), 1);
  EXPECT_EQ(hers.items(0).contact(), claimed.contact());
  // Nor does somebody's Message-ID make another's mail theirs.
  const v1::ReceivedMail same =
      Receive("From: eve@x.example\nMessage-ID: <1@x.example>\n\nI am Ada.\n");
  EXPECT_EQ(same.contact(), claimed.contact());
  EXPECT_EQ(GetInteraction(first.interaction()).body(), "When?");
}

}  // namespace
}  // namespace kith::received_mails
