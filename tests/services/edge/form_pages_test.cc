// Published forms over HTTP, in a whole server: what a browser is shown, what it may send, and what
// that comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/forms/v1/form_submissions_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/edge/http_port.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/await.h"
#include "tests/testing/captchas.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using contacts::v1::ContactsService;
using forms::v1::FormsService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;
using workspaces::v1::WorkspacesService;

constexpr char kUrlEncoded[] = "application/x-www-form-urlencoded";

class FormPagesTest : public ::testing::Test {
 protected:
  FormPagesTest()
      : server_([](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
        }) {}

  // In the workspace of the key.
  template <class Method, class Request>
  auto Call(Method method, const Request& request) {
    return server_.CallWith(key_.empty() ? server_.secret() : key_, method, request);
  }
  // Its path.
  std::string Publish(const std::string& more = "") {
    forms::v1::CreateFormRequest create;
    *create.mutable_form() = Proto<forms::v1::Form>(absl::StrCat(R"(
        display_name: "Talk to <us>"
        fields { key: "email" label: "Your \"e-mail\"" kind: EMAIL required: true
                 maps_to: "contact.emails" }
        fields { key: "message" label: "Message" kind: PARAGRAPH }
        consents { key: "terms" text: "I agree & so on." required: true }
        allowed_origins: "https://www.example.com" )",
                                                                 more));
    form_ = Call(&FormsService::Stub::CreateForm, create)->name();
    forms::v1::PublishFormRequest publish;
    publish.set_name(form_);
    EXPECT_EQ(Call(&FormsService::Stub::PublishForm, publish).reason(), "");
    forms::v1::GetFormEmbeddingRequest get;
    get.set_name(form_);
    return Call(&FormsService::Stub::GetFormEmbedding, get)->path();
  }
  HttpReply Ask(const std::string& method, const std::string& path, const std::string& type = "",
                const std::string& body = "", const std::string& headers = "") {
    HttpClient client(server_.server().ports().front()->port());
    client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nhost: localhost\r\n", headers,
                             type.empty() ? "" : absl::StrCat("content-type: ", type, "\r\n"),
                             "content-length: ", body.size(), "\r\nconnection: close\r\n\r\n",
                             body));
    return client.Read();
  }
  int CountContacts() {
    return Call(&ContactsService::Stub::ListContacts, contacts::v1::ListContactsRequest())
        ->contacts_size();
  }
  forms::v1::FormReport Report() {
    forms::v1::GetFormReportRequest request;
    request.set_name(form_);
    return server_.Call(&FormsService::Stub::GetFormReport, request).response;
  }
  // As soon as it counts this: traffic is recorded after the page has answered.
  forms::v1::FormReport ReportOnce(absl::FunctionRef<bool(const forms::v1::FormReport&)> counts) {
    testing::AwaitThat(server_, [&] { return counts(Report()); });
    return Report();
  }
  // What the page has under this name.
  static std::string HiddenIn(const std::string& page, const std::string& name) {
    const size_t at = page.find(absl::StrCat("name=\"", name, "\" value=\""));
    if (at == page.npos) return "";
    const size_t begin = page.find("value=\"", at) + 7;
    return page.substr(begin, page.find('"', begin) - begin);
  }

  testing::TestServer server_;
  std::string key_;  // empty: of the first workspace
  std::string form_;
};

TEST_F(FormPagesTest, ShowAPageThatNeedsNoScriptAndTrustsNobody) {
  const std::string path = Publish();
  const HttpReply page = Ask("GET", path);
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.header("content-security-policy"),
              HasSubstr("frame-ancestors https://www.example.com"));
  EXPECT_THAT(page.header("content-security-policy"), Not(HasSubstr("script-src")));
  EXPECT_THAT(page.body, HasSubstr("Talk to &lt;us&gt;"));
  EXPECT_THAT(page.body, HasSubstr("Your &quot;e-mail&quot; *"));
  EXPECT_THAT(page.body, HasSubstr("I agree &amp; so on."));
  EXPECT_THAT(page.body, Not(HasSubstr("<us>")));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_NE(HiddenIn(page.body, "kith_submission"), "");
  EXPECT_EQ(Ask("GET", "/f/style.css").header("content-type"), "text/css; charset=utf-8");
  const HttpReply script = Ask("GET", path + ".js");
  EXPECT_EQ(script.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(script.body, HasSubstr(path));
  EXPECT_THAT(script.body, Not(HasSubstr("<us>")));
}

TEST_F(FormPagesTest, TakeWhatABrowserSendsOnceHoweverOftenItIsSent) {
  const std::string path = Publish();
  const std::string id = HiddenIn(Ask("GET", path).body, "kith_submission");
  const std::string body = absl::StrCat("kith_submission=", id,
                                        "&kith_website=&email=ada%40example.com&message=Hello"
                                        "&consent.terms=true");
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, body).status, 200);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, body).status, 200);
  // Nor where it was changed after it was sent.
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, absl::StrReplaceAll(body, {{"Hello", "More"}})).status,
            200);
  EXPECT_EQ(CountContacts(), 1);
  const forms::v1::FormReport report = ReportOnce([](const auto& r) { return r.views() > 0; });
  EXPECT_EQ(report.submissions(), 1);
  EXPECT_EQ(report.views(), 1);
  EXPECT_EQ(report.conversion_percent(), 100);
}

// Goal: whoever was counted while others were is told when the server ends, and not lost.
TEST_F(FormPagesTest, TellWhatWasCountedWhenTheServerEnds) {
  const std::string path = Publish();
  EXPECT_EQ(Ask("GET", path).status, 200);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded,
                "email=a%40example.com&consent.terms=true&kith_website=http%3A%2F%2Fspam")
                .status,
            200);
  EXPECT_EQ(Ask("GET", path).status, 200);
  server_.Restart();
  const forms::v1::FormReport report = Report();
  EXPECT_EQ(report.views(), 2);
  EXPECT_EQ(report.spam(), 1);
}

TEST_F(FormPagesTest, TakePartsAndJsonAsWell) {
  const std::string path = Publish(R"(redirect_url: "https://www.example.com/thanks")");
  const HttpReply parts =
      Ask("POST", path, "multipart/form-data; boundary=b",
          "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nada@example.com\r\n"
          "--b\r\nContent-Disposition: form-data; name=\"consent.terms\"\r\n\r\ntrue\r\n--b--\r\n");
  EXPECT_EQ(parts.status, 303);
  EXPECT_EQ(parts.header("location"), "https://www.example.com/thanks");
  const HttpReply json = Ask("POST", path, "application/json",
                             R"({"email": "bob@example.com", "consent.terms": true})",
                             "origin: https://www.example.com\r\n");
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.field("redirect_url"), "https://www.example.com/thanks");
  EXPECT_EQ(json.header("access-control-allow-origin"), "https://www.example.com");
  EXPECT_EQ(CountContacts(), 2);
  const HttpReply file = Ask(
      "POST", path, "multipart/form-data; boundary=b",
      "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"\r\n\r\n1\r\n--b--\r\n");
  EXPECT_EQ(file.status, 400);
  EXPECT_THAT(file.body, HasSubstr("files are not taken"));
}

TEST_F(FormPagesTest, SayWhatIsWrongBesideEachField) {
  const std::string path = Publish();
  const HttpReply page =
      Ask("POST", path, kUrlEncoded, "kith_submission=1&email=%3Cscript%3E&message=kept");
  EXPECT_EQ(page.status, 400);
  EXPECT_THAT(page.body, HasSubstr("id=\"f-email-error\">must be an e-mail address"));
  EXPECT_THAT(page.body, HasSubstr("id=\"c-terms-error\">must be agreed to"));
  EXPECT_THAT(page.body, HasSubstr("value=\"&lt;script&gt;\""));
  EXPECT_THAT(page.body, HasSubstr("kept</textarea>"));
  EXPECT_EQ(HiddenIn(page.body, "kith_submission"), "1");
  const HttpReply problem = Ask("POST", path, "application/json", R"({"email": "x"})");
  EXPECT_EQ(problem.status, 400);
  EXPECT_EQ(problem.header("content-type"), "application/problem+json");
  EXPECT_THAT(problem.body, HasSubstr(R"("field":"email")"));
  EXPECT_THAT(problem.body, HasSubstr(R"("field":"consent.terms")"));
  // Once it is mended, the same submission is taken.
  EXPECT_EQ(
      Ask("POST", path, kUrlEncoded, "kith_submission=1&email=a%40example.com&consent.terms=true")
          .status,
      200);
  EXPECT_EQ(CountContacts(), 1);
}

TEST_F(FormPagesTest, AnswerWhatIsNobodyAsAnybodyAndCountIt) {
  const std::string path = Publish();
  EXPECT_EQ(Ask("POST", path, kUrlEncoded,
                "email=a%40example.com&consent.terms=true&kith_website=http%3A%2F%2Fspam")
                .status,
            200);
  EXPECT_EQ(CountContacts(), 0);
  const forms::v1::FormReport report = ReportOnce([](const auto& r) { return r.spam() > 0; });
  EXPECT_EQ(report.submissions(), 0);
  EXPECT_EQ(report.spam(), 1);
}

TEST_F(FormPagesTest, AreSentSoOftenAnHour) {
  const std::string path = Publish("hourly_submissions_per_address: 2");
  const auto send = [&](int i) {
    return Ask("POST", path, kUrlEncoded,
               absl::StrCat("email=p", i, "%40example.com&consent.terms=true"))
        .status;
  };
  EXPECT_EQ(send(1), 200);
  EXPECT_EQ(send(2), 200);
  EXPECT_EQ(send(3), 429);
  EXPECT_EQ(CountContacts(), 2);
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(send(4), 200);
}

TEST_F(FormPagesTest, CountWhatIsSentAgainOnceOfWhatAllMaySend) {
  const std::string path = Publish("hourly_submissions: 2 hourly_submissions_per_address: 7");
  const auto send = [&](const std::string& id, const std::string& email) {
    return Ask("POST", path, kUrlEncoded,
               absl::StrCat("kith_submission=", id, "&email=", email, "&consent.terms=true"))
        .status;
  };
  EXPECT_EQ(send("1", "ada"), 400);
  EXPECT_EQ(send("1", "ada%40example.com"), 200) << "it is mended";
  EXPECT_EQ(send("1", "ada%40example.com"), 200);
  EXPECT_EQ(send("2", "bob%40example.com"), 200);
  EXPECT_EQ(send("3", "cyd%40example.com"), 429);
  EXPECT_EQ(send("1", "eve%40example.com"), 200) << "also where no more is taken";
  EXPECT_EQ(CountContacts(), 2);
  // What one address sends is counted each time.
  EXPECT_EQ(send("2", "bob%40example.com"), 200);
  EXPECT_EQ(send("2", "bob%40example.com"), 429);
  // Nor does what was sent in an hour before use up another.
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(send("1", "ada%40example.com"), 200);
  EXPECT_EQ(send("2", "bob%40example.com"), 200);
  EXPECT_EQ(send("3", "cyd%40example.com"), 200);
  EXPECT_EQ(send("4", "dan%40example.com"), 200);
  EXPECT_EQ(send("5", "eve%40example.com"), 429);
  EXPECT_EQ(CountContacts(), 4);
}

TEST_F(FormPagesTest, TakeTheSameIdOfEachForm) {
  for (const char* const email : {"ada", "bob"}) {
    EXPECT_EQ(
        Ask("POST", Publish(), kUrlEncoded,
            absl::StrCat("kith_submission=1&email=", email, "%40example.com&consent.terms=true"))
            .status,
        200);
  }
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(FormPagesTest, LetNamedSitesReadAnswersAndNoOthers) {
  const std::string path = Publish();
  const std::string asks = "access-control-request-method: POST\r\n";
  const HttpReply named =
      Ask("OPTIONS", path, "", "", asks + "origin: https://www.example.com\r\n");
  EXPECT_EQ(named.status, 204);
  EXPECT_EQ(named.header("access-control-allow-origin"), "https://www.example.com");
  const HttpReply other = Ask("OPTIONS", path, "", "", asks + "origin: https://evil.example\r\n");
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
}

// Goal: whoever looks at the page of a link and whoever confirms by it are told the same.
TEST_F(FormPagesTest, AskToConfirmWhatCanBeConfirmedOnly) {
  const std::string path = Publish(R"(public_url: "https://forms.example.com"
      confirmation_mail { subject: "Was it you?" text: "{{link}}" lifetime_hours: 1 })");
  const auto link = [&](const std::string& address) {
    EXPECT_EQ(Ask("POST", path, kUrlEncoded,
                  absl::StrCat("email=", address, "%40example.com&consent.terms=true"))
                  .status,
              200);
    contacts::v1::ListContactsRequest find;
    find.set_filter(absl::StrCat("email = \"", address, "@example.com\""));
    messages::v1::ListMessagesRequest list;
    list.set_parent(server_.Call(&ContactsService::Stub::ListContacts, find)->contacts(0).name());
    messages::v1::GetMessageRequest get;
    get.set_name(
        server_.Call(&messages::v1::MessagesService::Stub::ListMessages, list)->messages(0).name());
    const std::string text =
        server_.Call(&messages::v1::MessagesService::Stub::GetMessage, get)->text();
    return text.substr(text.find("/f/confirm/"));
  };
  const std::string deleted = link("ada");
  using Submissions = forms::v1::FormSubmissionsService::Stub;
  const auto sent =
      server_.Call(&Submissions::ListFormSubmissions, forms::v1::ListFormSubmissionsRequest());
  forms::v1::DeleteFormSubmissionRequest remove;
  remove.set_name(sent->form_submissions(0).name());
  ASSERT_EQ(server_.Call(&Submissions::DeleteFormSubmission, remove).reason(), "");
  EXPECT_EQ(Ask("GET", deleted).status, 404);
  EXPECT_EQ(Ask("POST", deleted).status, 404);

  const std::string confirmed = link("bob");
  EXPECT_EQ(Ask("GET", confirmed).status, 200);
  EXPECT_EQ(Ask("POST", confirmed).status, 200);
  const std::string late = link("cyd");
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(Ask("GET", late).status, 404);
  EXPECT_EQ(Ask("POST", late).status, 404);
  EXPECT_EQ(Ask("GET", confirmed).status, 200) << "once more is as once";
  EXPECT_EQ(Ask("POST", confirmed).status, 200);
}

// Of a page or a problem: what is to be solved.
std::string AttributeIn(const std::string& page, const std::string& name) {
  const std::string before = absl::StrCat(name, "=\"");
  const size_t at = page.find(before);
  if (at == page.npos) return "";
  const size_t begin = at + before.size();
  return page.substr(begin, page.find('"', begin) - begin);
}

TEST_F(FormPagesTest, AskForACaptchaWhereTheFormSaysSo) {
  const std::string path = Publish("captcha: true captcha_difficulty: 6");
  const HttpReply page = Ask("GET", path);
  EXPECT_THAT(page.header("content-security-policy"),
              HasSubstr("script-src 'self'; connect-src 'self'"));
  EXPECT_THAT(page.body, HasSubstr("<script src=\"/f/captcha.js\" defer>"));
  EXPECT_THAT(page.body, HasSubstr("<noscript>"));
  EXPECT_EQ(AttributeIn(page.body, "data-difficulty"), "6");
  EXPECT_EQ(AttributeIn(page.body, "data-lifetime-seconds"), "1800");
  EXPECT_EQ(Ask("GET", "/f/captcha.js").header("content-type"), "text/javascript; charset=utf-8");
  const std::string challenge = AttributeIn(page.body, "data-challenge");
  const std::string values = "&email=ada%40example.com&consent.terms=true&message=Hello";
  const std::string solved =
      absl::StrCat("kith_captcha=", testing::SolutionOf(challenge, 6), values);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, solved).status, 200);
  EXPECT_EQ(CountContacts(), 1);
  // Once more is as once, also of somebody else: a solution is good for one submission.
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, solved).status, 200);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, absl::StrReplaceAll(solved, {{"ada", "bob"}})).status,
            200);
  EXPECT_EQ(CountContacts(), 1);
  EXPECT_EQ(Report().submissions(), 1);
}

TEST_F(FormPagesTest, RefuseWhatHasNoSolutionAndKeepWhatWasWritten) {
  const std::string path = Publish("captcha: true captcha_difficulty: 6 hourly_submissions: 1");
  const std::string first = Ask("GET", path).body;
  const std::string id = HiddenIn(first, "kith_submission");
  const std::string values =
      absl::StrCat("&kith_submission=", id, "&email=ada%40example.com&consent.terms=true");
  const std::string challenge = AttributeIn(first, "data-challenge");
  const HttpReply without = Ask("POST", path, kUrlEncoded, values);
  EXPECT_EQ(without.status, 400);
  EXPECT_THAT(without.body, HasSubstr("Please send it once more."));
  EXPECT_THAT(without.body, HasSubstr("value=\"ada@example.com\""));
  EXPECT_EQ(HiddenIn(without.body, "kith_submission"), id);
  const std::string wrong = testing::WrongSolutionOf(challenge, 6);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, absl::StrCat("kith_captcha=", wrong, values)).status,
            400);
  server_.clock().Advance(absl::Minutes(31));
  const std::string late = testing::SolutionOf(challenge, 6);
  const HttpReply again =
      Ask("POST", path, kUrlEncoded, absl::StrCat("kith_captcha=", late, values));
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(CountContacts(), 0);
  // The page that says so has another challenge for the same submission. What proved nothing has
  // not used up what may be sent in an hour.
  const std::string next = testing::SolutionOf(AttributeIn(again.body, "data-challenge"), 6);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, absl::StrCat("kith_captcha=", next, values)).status,
            200);
  EXPECT_EQ(CountContacts(), 1);
}

// Goal: one solution that is sent from everywhere keeps nobody else out, whatever it is sent with.
TEST_F(FormPagesTest, LetNoSolutionUseUpWhatAllMaySend) {
  const std::string path = Publish("captcha: true captcha_difficulty: 6 hourly_submissions: 2");
  const auto solve = [&] {
    return testing::SolutionOf(Ask("GET", path + ".challenge").field("challenge"), 6);
  };
  const auto send = [&](const std::string& solution, const std::string& email) {
    return Ask("POST", path, kUrlEncoded,
               absl::StrCat("kith_captcha=", solution, "&email=", email, "&consent.terms=true"))
        .status;
  };
  const std::string solution = solve();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(solution, "nobody"), 400);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(solution, "ada%40example.com"), 200);
  EXPECT_EQ(send(solve(), "bob%40example.com"), 200);
  EXPECT_EQ(send(solve(), "cyd%40example.com"), 429);
  EXPECT_EQ(CountContacts(), 2);
}

TEST_F(FormPagesTest, TellProgramsWhatToSolve) {
  const std::string path = Publish("captcha: true captcha_difficulty: 6");
  const std::string values = R"("email": "ada@example.com", "consent.terms": true)";
  const HttpReply refused = Ask("POST", path, "application/json", absl::StrCat("{", values, "}"),
                                "origin: https://www.example.com\r\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.field("reason"), "CAPTCHA_NOT_SOLVED");
  EXPECT_THAT(refused.body, HasSubstr(R"("difficulty":6)"));
  EXPECT_THAT(refused.body, HasSubstr("begins with as many zero bits"));
  const HttpReply asked = Ask("GET", path + ".challenge?kith_submission=mine", "", "",
                              "origin: https://www.example.com\r\n");
  EXPECT_EQ(asked.status, 200);
  EXPECT_EQ(asked.header("access-control-allow-origin"), "https://www.example.com");
  EXPECT_EQ(asked.header("cache-control"), "no-store");
  const std::string solution = testing::SolutionOf(asked.field("challenge"), 6);
  const std::string body = absl::StrCat(R"({"kith_captcha": ")", solution, R"(", )", values, "}");
  EXPECT_EQ(Ask("POST", path, "application/json", body).status, 200);
  // Another challenge for the same submission is no second one.
  server_.clock().Advance(absl::Minutes(1));
  const HttpReply renewed = Ask("GET", path + ".challenge?kith_submission=mine");
  EXPECT_NE(renewed.field("challenge"), asked.field("challenge"));
  EXPECT_EQ(Ask("POST", path, "application/json",
                absl::StrReplaceAll(
                    body, {{solution, testing::SolutionOf(renewed.field("challenge"), 6)}}))
                .status,
            200);
  EXPECT_EQ(Report().submissions(), 1);
}

TEST_F(FormPagesTest, TakeNoCaptchaOfAnotherForm) {
  const std::string other = Publish("captcha: true captcha_difficulty: 1");
  const std::string challenge = Ask("GET", other + ".challenge").field("challenge");
  const std::string path = Publish("captcha: true captcha_difficulty: 6");
  EXPECT_EQ(Ask("POST", path, kUrlEncoded,
                absl::StrCat("kith_captcha=", testing::SolutionOf(challenge, 6),
                             "&email=ada%40example.com&consent.terms=true"))
                .status,
            400);
  EXPECT_EQ(Ask("POST", path + ".challenge").status, 405);
  const std::string plain = Publish();
  EXPECT_EQ(Ask("GET", plain + ".challenge").status, 404);
  EXPECT_EQ(CountContacts(), 0);
}

TEST_F(FormPagesTest, RefuseWhatIsTooLongBeforeTheyCount) {
  const std::string path = Publish("hourly_submissions_per_address: 1");
  const std::string much((64 << 10) + 1, 'a');
  for (const char* const type :
       {kUrlEncoded, "multipart/form-data; boundary=b", "application/json", "text/plain"}) {
    EXPECT_EQ(Ask("POST", path, type, much).status, 413) << type;
    // Nor where it does not say how long it is.
    HttpClient client(server_.server().ports().front()->port());
    client.Send(absl::StrCat("POST ", path, " HTTP/1.1\r\nhost: localhost\r\ncontent-type: ", type,
                             "\r\ntransfer-encoding: chunked\r\n\r\n10001\r\n", much,
                             "\r\n0\r\n\r\n"));
    EXPECT_EQ(client.Read().status, 413) << type;
  }
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, "email=a%40example.com&consent.terms=true").status, 200);
  const HttpReply refused = Ask("POST", path, kUrlEncoded, much);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.reason(), "CONTENT_TOO_LARGE");
}

TEST_F(FormPagesTest, RefuseWhatIsNoForm) {
  const std::string path = Publish();
  EXPECT_EQ(Ask("GET", "/f/none").status, 404);
  EXPECT_EQ(Ask("GET", "/f/").status, 404);
  EXPECT_EQ(Ask("GET", "/f/confirm/none").status, 404);
  EXPECT_EQ(Ask("PUT", path).status, 405);
  EXPECT_EQ(Ask("POST", path, "text/plain", "a=b").status, 415);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, std::string((64 << 10) + 1, 'a')).status, 413);
  forms::v1::UnpublishFormRequest unpublish;
  unpublish.set_name(form_);
  ASSERT_EQ(server_.Call(&FormsService::Stub::UnpublishForm, unpublish).reason(), "");
  EXPECT_EQ(Ask("GET", path).status, 404);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, "email=a%40example.com&consent.terms=true").status, 404);
  EXPECT_EQ(CountContacts(), 0);
}

// Goal: what closes between the page and its post is not taken, and the sender is told that it was
// not; nobody outside learns why.
TEST_F(FormPagesTest, TakeNothingThatClosedSinceThePage) {
  constexpr char kBody[] = "email=a%40example.com&consent.terms=true";
  std::string path = Publish();
  ASSERT_EQ(Ask("GET", path).status, 200);
  forms::v1::DeleteFormRequest remove;
  remove.set_name(form_);
  ASSERT_EQ(server_.Call(&FormsService::Stub::DeleteForm, remove).reason(), "");
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, kBody).status, 404);
  EXPECT_EQ(Ask("POST", path, "application/json", R"({"email": "a@example.com"})").status, 404);
  EXPECT_EQ(CountContacts(), 0);

  // Of another workspace, which is suspended and goes on.
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Other");
  const auto other = server_.Call(&WorkspacesService::Stub::CreateWorkspace, create);
  ASSERT_EQ(other.reason(), "");
  key_ = other->secret();
  path = Publish();
  ASSERT_EQ(Ask("GET", path).status, 200);
  workspaces::v1::SuspendWorkspaceRequest suspend;
  suspend.set_name(other->workspace().name());
  ASSERT_EQ(server_.Call(&WorkspacesService::Stub::SuspendWorkspace, suspend).reason(), "");
  EXPECT_EQ(Ask("GET", path).status, 404);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, kBody).status, 404);
  workspaces::v1::ResumeWorkspaceRequest resume;
  resume.set_name(other->workspace().name());
  ASSERT_EQ(server_.Call(&WorkspacesService::Stub::ResumeWorkspace, resume).reason(), "");
  EXPECT_EQ(CountContacts(), 0);
  EXPECT_EQ(Ask("POST", path, kUrlEncoded, kBody).status, 200);
  EXPECT_EQ(CountContacts(), 1);
}

}  // namespace
}  // namespace kith::edge
