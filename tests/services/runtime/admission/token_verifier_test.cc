// Tokens made by OpenSSL, under a clock of the test's: which let somebody in, and what of the
// others is told.
#include "services/runtime/admission/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/testing/token_key.h"

namespace kith::runtime {
namespace {

using kith::testing::JwkSetOf;
using kith::testing::TokenKey;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000;

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() {
    options_.issuer = "https://id.example.com";
    options_.audience = "kith";
    UseKeys({rsa_.Jwk(), ec_.Jwk(), secret_.Jwk()});
  }

  void UseKeys(const std::vector<std::string>& jwks) {
    keys_ = JwkSet::Parse(JwkSetOf(jwks)).value();
  }
  // The claims of a good token, with these in place of its own: `"exp":1`.
  static std::string Claims(const std::string& changed = "") {
    // Of a name that stands twice, the last counts.
    return absl::StrCat(R"({"iss":"https://id.example.com","aud":"kith","exp":)", kNow + 600,
                        R"(,"kith_workspace":"workspaces/7","sub":"users/01J","scope":)",
                        R"("contacts.read deals.*")", changed.empty() ? "" : ",", changed, "}");
  }
  absl::StatusOr<TokenClaims> Verify(absl::string_view token, int64_t now = kNow) const {
    return VerifyToken(token, keys_, options_, absl::FromUnixSeconds(now));
  }
  // "TOKEN_EXPIRED"; empty where it lets somebody in.
  std::string Refusal(absl::string_view token, int64_t now = kNow) const {
    const absl::Status status = Verify(token, now).status();
    for (const auto error :
         {type::v1::ERROR_TOKEN_INVALID, type::v1::ERROR_TOKEN_EXPIRED,
          type::v1::ERROR_TOKEN_NOT_YET_VALID, type::v1::ERROR_TOKEN_WITHOUT_USER}) {
      if (IsError(status, error)) return type::v1::Error_Name(error).substr(6);
    }
    return std::string(status.message());
  }
  std::string Refused(const std::string& changed, int64_t now = kNow) const {
    return Refusal(ec_.Sign(Claims(changed)), now);
  }

  const TokenKey rsa_{"RS256", "rsa"};
  const TokenKey ec_{"ES256", "ec"};
  const TokenKey secret_{"HS256", "secret"};
  TokenOptions options_;
  JwkSet keys_;
};

TEST_F(TokenTest, IsTakenWithEachAlgorithm) {
  const TokenKey pss("PS256", "pss");
  UseKeys({rsa_.Jwk(R"("alg":"RS256","use":"sig")"), ec_.Jwk(), secret_.Jwk(), pss.Jwk()});
  for (const TokenKey* const key : {&rsa_, &ec_, &secret_, &pss}) {
    const auto claims = Verify(key->Sign(Claims()));
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ(claims->workspace, WorkspaceId(7));
    EXPECT_EQ(claims->user, "users/01J");
    EXPECT_EQ(claims->expire_time, absl::FromUnixSeconds(kNow + 660));
    EXPECT_THAT(claims->grants.patterns(), ElementsAre("contacts.read", "deals.*"));
  }
}

TEST_F(TokenTest, IsRefusedWithoutASignature) {
  const std::string none = ec_.Sign(R"({"alg":"none"})", Claims());
  const std::string body = none.substr(0, none.rfind('.') + 1);
  EXPECT_EQ(Refusal(none), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(body), "TOKEN_INVALID");
  for (const std::string algorithm : {"none", "None", "", " ES256", "ES256 "}) {
    EXPECT_EQ(Refusal(ec_.Sign(absl::StrCat(R"({"kid":"ec","alg":")", algorithm, "\"}"), Claims())),
              "TOKEN_INVALID")
        << algorithm;
  }
}

TEST_F(TokenTest, IsRefusedWithAKeyThatIsNotThere) {
  EXPECT_EQ(Refusal(TokenKey("ES256", "other").Sign(Claims())), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(ec_.Sign(R"({"alg":"ES256"})", Claims())), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(TokenKey("ES256", "ec").Sign(Claims())), "TOKEN_INVALID")
      << "another key under the same id";
}

// What everybody has of a pair of keys is no secret to sign with.
TEST_F(TokenTest, IsRefusedWithAnAlgorithmThatIsNotTheKeys) {
  const std::string header = R"({"alg":"HS256","kid":"rsa"})";
  for (const std::string& secret : {rsa_.PublicPem(), rsa_.Jwk()}) {
    TokenKey forger("HS256", "rsa");
    forger.set_secret(secret);
    EXPECT_EQ(Refusal(forger.Sign(header, Claims())), "TOKEN_INVALID");
  }
  EXPECT_EQ(Refusal(ec_.Sign(R"({"alg":"RS256","kid":"ec"})", Claims())), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(ec_.Sign(R"({"alg":"ES256","kid":"rsa"})", Claims())), "TOKEN_INVALID");
  // A set may say which of two that fit its key is meant.
  UseKeys({rsa_.Jwk(R"("alg":"PS256")")});
  EXPECT_EQ(Refusal(rsa_.Sign(Claims())), "TOKEN_INVALID");
}

TEST_F(TokenTest, IsRefusedWithHeadersThatMustBeUnderstood) {
  EXPECT_EQ(Refusal(ec_.Sign(R"({"alg":"ES256","kid":"ec","crit":["b64"],"b64":false})", Claims())),
            "TOKEN_INVALID");
}

TEST_F(TokenTest, IsForThisServer) {
  EXPECT_EQ(Refused(R"("iss":"https://id.example.org")"), "TOKEN_INVALID");
  EXPECT_EQ(Refused(R"("iss":["https://id.example.com"])"), "TOKEN_INVALID");
  for (const std::string audience : {R"("other")", R"([])", R"(["other"])", R"(7)", "null"}) {
    EXPECT_EQ(Refused(absl::StrCat(R"("aud":)", audience)), "TOKEN_INVALID") << audience;
  }
  EXPECT_EQ(Refused(R"("aud":["other","kith"])"), "");
}

TEST_F(TokenTest, CountsFromItsBeginningToItsEnd) {
  const std::string exp = absl::StrCat(R"("nbf":)", kNow - 100, R"(,"exp":)", kNow);
  EXPECT_EQ(Refused(exp, kNow), "");
  EXPECT_EQ(Refused(exp, kNow + 59), "") << "clocks differ";
  EXPECT_EQ(Refused(exp, kNow + 60), "TOKEN_EXPIRED");
  EXPECT_EQ(Refused(exp, kNow - 160), "") << "clocks differ";
  EXPECT_EQ(Refused(exp, kNow - 161), "TOKEN_NOT_YET_VALID");
  options_.clock_skew = absl::ZeroDuration();
  EXPECT_EQ(Refused(exp, kNow - 1), "");
  EXPECT_EQ(Refused(exp, kNow), "TOKEN_EXPIRED");
  EXPECT_EQ(Refused(R"("exp":1700000000.5)", kNow), "") << "a part of a second is a number, too";
  for (const std::string time : {"\"1700000600\"", "null", "-1", "1e300", "[1700000600]"}) {
    EXPECT_EQ(Refused(absl::StrCat(R"("exp":)", time)), "TOKEN_INVALID") << time;
    EXPECT_EQ(Refused(absl::StrCat(R"("nbf":)", time)), "TOKEN_INVALID") << time;
  }
  EXPECT_EQ(Refusal(ec_.Sign(R"({"iss":"https://id.example.com","aud":"kith"})")), "TOKEN_INVALID")
      << "without a time of expiry it would count for ever";
}

TEST_F(TokenTest, NamesAWorkspaceAndAUser) {
  EXPECT_EQ(Verify(ec_.Sign(Claims(R"("sub":"auth0|1","kith_user":"users/02J")")))->user,
            "users/02J");
  for (const std::string claim :
       {R"("sub":"auth0|1")", R"("sub":7)", R"("kith_user":"ada@example.com")",
        R"("kith_user":null)", R"("kith_workspace":"7")", R"("kith_workspace":"workspaces/0")",
        R"("kith_workspace":"workspaces/-1")", R"("kith_workspace":"workspaces/99999999999")",
        R"("kith_workspace":"workspaces/+7")", R"("kith_workspace":"workspaces/07")",
        R"("kith_workspace":"workspaces/7 ")"}) {
    EXPECT_EQ(Refused(claim), "TOKEN_WITHOUT_USER") << claim;
  }
}

TEST_F(TokenTest, GrantsWordsOfItsScopeThatArePermissions) {
  const auto granted = [this](const std::string& scope) {
    return Verify(ec_.Sign(Claims(absl::StrCat(R"("scope":)", scope))))->grants.patterns();
  };
  EXPECT_THAT(granted(R"("openid profile contacts.read *")"), ElementsAre("contacts.read", "*"));
  EXPECT_THAT(granted(R"("operator.workspaces operator.*")"), ElementsAre());
  EXPECT_THAT(granted(R"("")"), ElementsAre());
  EXPECT_THAT(granted(R"(["contacts.read"])"), ElementsAre());
}

TEST_F(TokenTest, IsRefusedWhereAnythingOfItIsAnother) {
  const std::string token = ec_.Sign(Claims());
  ASSERT_EQ(Refusal(token), "");
  for (size_t i = 0; i < token.size(); ++i) {
    EXPECT_EQ(Refusal(token.substr(0, i)), "TOKEN_INVALID") << i;
    std::string changed = token;
    // Of the last letter only the upper two bits count.
    changed[i] = token[i] == 'A' || token[i] == '.' ? 'g' : 'A';
    EXPECT_EQ(Refusal(changed), "TOKEN_INVALID") << i;
  }
  EXPECT_EQ(Refusal(token + "."), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(token + ".a"), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(".."), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(std::string("\0.\0.\0", 5)), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(ec_.Sign("[]")), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(ec_.Sign("{")), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(ec_.Sign("[]", Claims())), "TOKEN_INVALID");
}

TEST_F(TokenTest, IsRefusedWhereItIsHuge) {
  EXPECT_EQ(Refused(absl::StrCat(R"("more":")", std::string(4'000, 'x'), "\"")), "");
  EXPECT_EQ(Refused(absl::StrCat(R"("more":")", std::string(8'000, 'x'), "\"")), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(std::string(10 << 20, '.')), "TOKEN_INVALID");
}

// Who makes tokens up must not learn from refusals how to make better ones.
TEST_F(TokenTest, TellsNothingOfWhyItIsInvalid) {
  const std::string all[] = {ec_.Sign(Claims(R"("iss":"other")")),
                             ec_.Sign(Claims(R"("aud":"other")")),
                             ec_.Sign(Claims(R"("exp":null)")),
                             ec_.Sign(R"({"alg":"none"})", Claims()),
                             TokenKey("ES256", "other").Sign(Claims()),
                             TokenKey("ES256", "ec").Sign(Claims(R"("exp":1)")),
                             "a.b.c"};
  const absl::Status first = Verify(all[0]).status();
  for (const std::string& token : all) EXPECT_EQ(Verify(token).status(), first);
  EXPECT_EQ(std::string(first.message()),
            "The token is none of this server's identity provider for this server.");
}

std::string SetRefusal(const std::string& json) {
  return std::string(JwkSet::Parse(json).status().message());
}

TEST(JwkSet, SaysWhichKeyCannotBeUsedAndWhy) {
  const TokenKey ec("ES256", "ec");
  EXPECT_EQ(SetRefusal(JwkSetOf({ec.Jwk()})), "");
  EXPECT_THAT(SetRefusal("{"), HasSubstr("no JSON object"));
  EXPECT_THAT(SetRefusal(R"({"keys":7})"), HasSubstr("no JSON object with \"keys\""));
  EXPECT_THAT(SetRefusal(JwkSetOf({})), HasSubstr("has no key"));
  EXPECT_THAT(SetRefusal(R"({"keys":[{"kty":"EC"}]})"), HasSubstr("has no id (kid)"));
  EXPECT_THAT(SetRefusal(JwkSetOf({ec.Jwk(), ec.Jwk()})), HasSubstr("two keys have the id ec"));
  EXPECT_THAT(SetRefusal(JwkSetOf({ec.Jwk(R"("use":"enc")")})), HasSubstr("not for signing"));
  EXPECT_THAT(SetRefusal(JwkSetOf({ec.Jwk(R"("alg":"RS256")")})),
              HasSubstr("key ec: it is for RS256, and its kind for ES256"));
  EXPECT_THAT(SetRefusal(R"({"keys":[{"kty":"OKP","kid":"x"}]})"), HasSubstr("key x:"));
  EXPECT_THAT(SetRefusal(R"({"keys":[{"kty":"EC","kid":"x","crv":"P-384","x":"AA","y":"AA"}]})"),
              HasSubstr("key x:"));
  EXPECT_THAT(SetRefusal(JwkSetOf({TokenKey("RS256", "short", 1'024).Jwk()})),
              HasSubstr("at least 2,048 bits"));
  TokenKey secret("HS256", "secret");
  secret.set_secret("short");
  EXPECT_THAT(SetRefusal(JwkSetOf({secret.Jwk()})), HasSubstr("at least 256 bits"));
}

}  // namespace
}  // namespace kith::runtime
