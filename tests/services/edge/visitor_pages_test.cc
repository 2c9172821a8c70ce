// The script of a site over HTTP, in a whole server: what it is given, what it may post, and what
// is left out of that. A browser runs it in tests/connect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/forms/v1/form_submissions_service.grpc.pb.h"
#include "kith/forms/v1/forms_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "services/edge/http_port.h"
#include "services/messages/message_address.h"
#include "tests/services/edge/http_client.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;
using visitors::v1::SitesService;
using visitors::v1::VisitorsService;

constexpr char kBrowser[] = "user-agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/115.0\r\n";
constexpr char kOrigin[] = "origin: https://www.example.com\r\n";

class VisitorPagesTest : public ::testing::Test {
 protected:
  VisitorPagesTest()
      : server_([](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [](const runtime::PortParts& parts) { return OpenHttpPort(HttpOptions(), parts); });
        }) {}

  // The path that its script posts to.
  std::string CreateSite(const std::string& more = "") {
    visitors::v1::CreateSiteRequest create;
    *create.mutable_site() = Proto<visitors::v1::Site>(
        absl::StrCat(R"(display_name: "Ours" allowed_origins: "https://www.example.com" )", more));
    const auto created = server_.Call(&SitesService::Stub::CreateSite, create);
    EXPECT_EQ(created.reason(), "");
    site_ = created->name();
    visitors::v1::GetSiteEmbeddingRequest get;
    get.set_name(site_);
    return "/v/" + server_.Call(&SitesService::Stub::GetSiteEmbedding, get)->public_id();
  }
  HttpReply Ask(const std::string& method, const std::string& path, const std::string& body = "",
                const std::string& headers = "") {
    HttpClient client(server_.server().ports().front()->port());
    client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nhost: localhost\r\n", headers,
                             "content-length: ", body.size(), "\r\nconnection: close\r\n\r\n",
                             body));
    return client.Read();
  }
  // What a new browser is known by.
  std::string NewBrowser(const std::string& path) {
    const std::string script = Ask("GET", path + "/kith.js").body;
    const std::string before = "fresh = \"";
    const size_t begin = script.find(before) + before.size();
    return script.substr(begin, script.find('"', begin) - begin);
  }
  static std::string Views(const std::string& browser, const std::vector<std::string>& ids) {
    std::string views;
    for (const std::string& id : ids) {
      absl::StrAppend(&views, views.empty() ? "" : ",", R"({"id":")", id,
                      R"(","url":"https://www.example.com/)", id, R"(?utm_source=x&secret=1"})");
    }
    return absl::StrCat(R"({"visitor":")", browser, R"(","views":[)", views, "]}");
  }
  int Post(const std::string& path, const std::string& body, const std::string& headers = "") {
    return Ask("POST", path, body,
               absl::StrCat(kBrowser, kOrigin, "content-type: text/plain\r\n", headers))
        .status;
  }
  visitors::v1::SiteReport Report() {
    visitors::v1::GetSiteReportRequest request;
    request.set_name(site_);
    return server_.Call(&SitesService::Stub::GetSiteReport, request).response;
  }
  std::vector<visitors::v1::Visit> Visits() {
    const auto listed =
        server_.Call(&VisitorsService::Stub::ListVisits, visitors::v1::ListVisitsRequest());
    EXPECT_EQ(listed.reason(), "");
    return {listed->visits().begin(), listed->visits().end()};
  }

  testing::TestServer server_;
  std::string site_;
};

TEST_F(VisitorPagesTest, GiveEachBrowserItsOwnName) {
  const std::string path = CreateSite();
  const HttpReply script = Ask("GET", path + "/kith.js");
  ASSERT_EQ(script.status, 200);
  EXPECT_EQ(script.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.header("cache-control"), "no-store");
  EXPECT_THAT(script.body, HasSubstr(path));
  EXPECT_THAT(script.body, HasSubstr("ask = true"));
  EXPECT_THAT(script.body, Not(HasSubstr(site_)));
  EXPECT_NE(NewBrowser(path), NewBrowser(path));
  const std::string other =
      CreateSite("consent_mode: CONSENT_NOT_REQUIRED visitor_lifetime_days: 2");
  EXPECT_THAT(Ask("GET", other + "/kith.js").body, HasSubstr("keep = 172800, ask = false"));
}

TEST_F(VisitorPagesTest, TakeWhatWasLookedAtOnce) {
  const std::string path = CreateSite();
  const std::string browser = NewBrowser(path);
  EXPECT_EQ(Post(path, Views(browser, {"a", "b"})), 204);
  EXPECT_EQ(Post(path, Views(browser, {"a", "b"})), 204);
  EXPECT_EQ(Post(path, Views(browser, {"c"})), 204);
  const auto visits = Visits();
  ASSERT_EQ(visits.size(), 1u);
  EXPECT_EQ(visits[0].page_view_count(), 3);
  EXPECT_EQ(visits[0].landing_page(), "https://www.example.com/a?utm_source=x");
  EXPECT_EQ(visits[0].touch().utm_source(), "x");
  EXPECT_EQ(Report().visitors(), 1);
  EXPECT_EQ(Report().page_views(), 3);
  // It is on disk when it is answered.
  server_.Restart();
  EXPECT_EQ(Visits().size(), 1u);
}

TEST_F(VisitorPagesTest, LeaveOutAndCountWhomNobodyMayFollow) {
  const std::string path = CreateSite();
  const std::string browser = NewBrowser(path);
  EXPECT_EQ(Post(path, Views(browser, {"a"}), "dnt: 1\r\n"), 204);
  server_.clock().Advance(absl::Seconds(10));
  EXPECT_EQ(Post(path, Views(browser, {"a"}), "sec-gpc: 1\r\n"), 204);
  server_.clock().Advance(absl::Seconds(10));
  EXPECT_EQ(Post(path, Views("", {"a"})), 204);
  server_.clock().Advance(absl::Seconds(10));
  // Nobody makes a name, nor uses another's of another purpose.
  EXPECT_EQ(Post(path, Views(path.substr(3), {"a"})), 204);
  server_.clock().Advance(absl::Seconds(10));
  EXPECT_EQ(Ask("POST", path, Views(browser, {"a", "b"}),
                absl::StrCat(kOrigin, "user-agent: Googlebot/2.1\r\n"))
                .status,
            204);
  // Each is counted as it is answered, and recorded after.
  testing::AwaitThat(server_, [&] { return Report().bots() > 0; });
  EXPECT_TRUE(Visits().empty());
  EXPECT_EQ(Report().opted_out(), 2);
  EXPECT_EQ(Report().without_consent(), 2);
  EXPECT_EQ(Report().bots(), 2);
  EXPECT_EQ(Report().visitors(), 0);
}

TEST_F(VisitorPagesTest, ForgetABrowserAfterItsTime) {
  const std::string path = CreateSite("visitor_lifetime_days: 2");
  const std::string browser = NewBrowser(path);
  server_.clock().Advance(absl::Hours(47));
  EXPECT_EQ(Post(path, Views(browser, {"a"})), 204);
  server_.clock().Advance(absl::Hours(2));
  EXPECT_EQ(Post(path, Views(browser, {"b"})), 204);
  EXPECT_EQ(Report().page_views(), 1);
}

TEST_F(VisitorPagesTest, TakeSoManyAMinute) {
  const std::string path = CreateSite("minutely_page_views_per_visitor: 2 minutely_page_views: 5");
  const std::string first = NewBrowser(path);
  EXPECT_EQ(Post(path, Views(first, {"a", "b"})), 204);
  EXPECT_EQ(Post(path, Views(first, {"c"})), 429);
  EXPECT_EQ(Post(path, Views(NewBrowser(path), {"d", "e"})), 204);
  // Of one address no more than two visitors look at.
  EXPECT_EQ(Post(path, Views(NewBrowser(path), {"f"})), 429);
  server_.clock().Advance(absl::Minutes(1));
  EXPECT_EQ(Post(path, Views(first, {"c"})), 204);
  EXPECT_EQ(Report().page_views(), 5);
  // Told by the first view that comes later.
  testing::AwaitThat(server_, [&] { return Report().over_limit() >= 2; });
  EXPECT_EQ(Report().over_limit(), 2);
}

TEST_F(VisitorPagesTest, AreForNamedSitesAndNoOthers) {
  const std::string path = CreateSite();
  const std::string views = Views(NewBrowser(path), {"a"});
  EXPECT_EQ(
      Ask("POST", path, views, absl::StrCat(kBrowser, "origin: https://evil.example\r\n")).status,
      403);
  EXPECT_EQ(Ask("POST", path, views, kBrowser).status, 403);
  const HttpReply named = Ask("OPTIONS", path, "", kOrigin);
  EXPECT_EQ(named.status, 204);
  EXPECT_EQ(named.header("access-control-allow-origin"), "https://www.example.com");
  EXPECT_EQ(Ask("OPTIONS", path, "", "origin: https://evil.example\r\n")
                .header("access-control-allow-origin"),
            "");
  EXPECT_EQ(Ask("GET", path).status, 405);
  EXPECT_EQ(Ask("PUT", path + "/kith.js").status, 405);
  EXPECT_EQ(Ask("GET", "/v/none/kith.js").status, 404);
  EXPECT_EQ(Ask("POST", "/v/", views, kOrigin).status, 404);
  EXPECT_EQ(Post(path, "{"), 400);
  visitors::v1::DeleteSiteRequest remove;
  remove.set_name(site_);
  ASSERT_EQ(server_.Call(&SitesService::Stub::DeleteSite, remove).reason(), "");
  EXPECT_EQ(Ask("GET", path + "/kith.js").status, 404);
  EXPECT_EQ(Post(path, views), 404);
  EXPECT_TRUE(Visits().empty());
}

TEST_F(VisitorPagesTest, RefuseWhatIsLongerThanAnyPost) {
  const std::string path = CreateSite();
  EXPECT_EQ(Post(path, std::string(256 << 10, ' ')), 400);
  EXPECT_EQ(Post(path, std::string((256 << 10) + 1, ' ')), 413);
}

TEST_F(VisitorPagesTest, SayWhoTheVisitorIsThatSendsAForm) {
  const std::string path = CreateSite();
  const std::string browser = NewBrowser(path);
  ASSERT_EQ(Post(path, Views(browser, {"a"})), 204);
  forms::v1::CreateFormRequest create;
  *create.mutable_form() = Proto<forms::v1::Form>(R"(
      display_name: "Contact us"
      fields { key: "email" label: "E-mail" kind: EMAIL maps_to: "contact.emails" })");
  using Forms = forms::v1::FormsService::Stub;
  forms::v1::PublishFormRequest publish;
  publish.set_name(server_.Call(&Forms::CreateForm, create)->name());
  ASSERT_EQ(server_.Call(&Forms::PublishForm, publish).reason(), "");
  forms::v1::GetFormEmbeddingRequest get;
  get.set_name(publish.name());
  const std::string form = server_.Call(&Forms::GetFormEmbedding, get)->path();
  // The page has what the script told it, and sends it along.
  const HttpReply page = Ask(
      "GET", absl::StrCat(form, "?kith_visitor=", browser,
                          "&kith_page=https%3A%2F%2Fwww.example.com%2Fcontact%3Futm_source%3Dy"));
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr(absl::StrCat("name=\"kith_visitor\" value=\"", browser)));
  EXPECT_THAT(page.body, HasSubstr("value=\"https://www.example.com/contact?utm_source=y\""));
  EXPECT_EQ(Ask("POST", form, absl::StrCat("email=ada%40example.com&kith_visitor=", browser),
                "content-type: application/x-www-form-urlencoded\r\n")
                .status,
            200);
  const auto visits = Visits();
  ASSERT_EQ(visits.size(), 1u);
  EXPECT_NE(visits[0].contact(), "");
  // Nobody is named by a name that is made up.
  EXPECT_EQ(Ask("POST", form, "email=bob%40example.com&kith_visitor=made-up",
                "content-type: application/x-www-form-urlencoded\r\n")
                .status,
            200);
  EXPECT_EQ(Visits()[0].contact(), visits[0].contact());
}

// Whoever follows a link in a mail to a page of ours is known there, for an hour, if they agree to
// be followed.
class MailClickTest : public VisitorPagesTest {
 protected:
  MailClickTest() {
    path_ = CreateSite();
    contacts::v1::CreateContactRequest create;
    *create.mutable_contact() =
        Proto<contacts::v1::Contact>("first_name: 'Ada' emails { address: 'ada@example.com' }");
    ada_ = server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, create)->name();
    messages::v1::SendMessageRequest send;
    send.set_contact(ada_);
    send.set_subject("Hello");
    send.set_text("Hello");
    send.set_html(
        "<a href='https://www.example.com/a?x=1#b'>a</a><a href='https://b.example/'>b</a>");
    message_ = server_.Call(&Messages::SendMessage, send)->name();
    messages::v1::RecordMessageSentRequest sent;
    sent.set_name(message_);
    sent.set_message_id("<1@acme.example>");
    sent.set_tracked(true);
    EXPECT_EQ(server_.Call(&Messages::RecordMessageSent, sent).reason(), "");
    server_.clock().Advance(absl::Hours(1));
  }
  std::string Follow(int link, const std::string& headers = kBrowser) {
    const std::string path =
        messages::PathOf(server_.runtime().log.token_sealer(),
                         {messages::AddressKind::kClick, {server_.workspace(), message_}, link});
    return Ask("GET", path, "", headers).header("location");
  }
  // What the link to the site adds to its address.
  std::string Click() {
    const std::string url = Follow(0);
    const std::string before = "https://www.example.com/a?x=1&kith_click=";
    EXPECT_THAT(url, ::testing::StartsWith(before));
    EXPECT_THAT(url, ::testing::EndsWith("#b"));
    return url.substr(before.size(), url.size() - before.size() - 2);
  }
  int PostClicked(const std::string& browser, const std::string& id, const std::string& click) {
    std::string body = Views(browser, {id});
    body.insert(body.size() - 1, absl::StrCat(",\"click\":\"", click, "\""));
    return Post(path_, body);
  }

  using Messages = messages::v1::MessagesService::Stub;
  std::string path_;
  std::string ada_;
  std::string message_;
};

TEST_F(MailClickTest, IdentifyTheVisitorTheyLeadToOurPages) {
  const std::string browser = NewBrowser(path_);
  ASSERT_EQ(PostClicked(browser, "a", Click()), 204);
  ASSERT_EQ(Visits().size(), 1u);
  EXPECT_EQ(Visits()[0].contact(), ada_);
}

TEST_F(MailClickTest, NameNobodyToOthersNorOfPrograms) {
  EXPECT_EQ(Follow(1), "https://b.example/");
  EXPECT_EQ(Follow(0, absl::StrCat(kBrowser, "dnt: 1\r\n")), "https://www.example.com/a?x=1#b");
  EXPECT_EQ(Follow(0, "user-agent: Mozilla/5.0\r\n"), "https://www.example.com/a?x=1#b");
}

TEST_F(MailClickTest, NameNobodyLaterNorByWhatIsMadeUp) {
  const std::string click = Click();
  const std::string browser = NewBrowser(path_);
  EXPECT_EQ(PostClicked(browser, "a", "made-up"), 204);
  EXPECT_EQ(PostClicked(browser, "b", browser), 204) << "which is sealed for another purpose";
  server_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(PostClicked(browser, "c", click), 204);
  const auto visits = Visits();
  EXPECT_FALSE(visits.empty());
  for (const visitors::v1::Visit& visit : visits) EXPECT_EQ(visit.contact(), "");
}

}  // namespace
}  // namespace kith::edge
