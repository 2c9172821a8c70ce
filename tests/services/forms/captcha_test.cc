#include "services/forms/captcha.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/forms/v1/forms_errors.pb.h"
#include "tests/testing/captchas.h"
#include "tests/testing/decider_spec.h"

namespace kith::forms {
namespace {

using ::testing::HasSubstr;
using testing::Proto;

const WorkspaceId kWorkspace(7);
const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

class CaptchaTest : public ::testing::Test {
 protected:
  CaptchaTest() : sealer_(eventstore::SecretKey()) {}

  Challenge Ask(const std::string& submission = "01A") {
    return ChallengeFor(sealer_, kWorkspace, form_, submission, kNow);
  }
  absl::StatusOr<std::string> Check(const std::string& solution, absl::Time now = kNow) {
    return SubmissionSolvedBy(sealer_, kWorkspace, form_, solution, now);
  }
  void ExpectRefused(const std::string& solution, const std::string& why, absl::Time now = kNow) {
    const absl::Status refused = Check(solution, now).status();
    EXPECT_TRUE(IsError(refused, v1::FORMS_ERROR_CAPTCHA_NOT_SOLVED)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(why));
    EXPECT_THAT(std::string(refused.message()), HasSubstr("Solve the challenge of this answer"));
  }

  const eventstore::TokenSealer sealer_;
  v1::Form form_ = Proto<v1::Form>(R"(name: "forms/01F" captcha: true captcha_difficulty: 8)");
};

TEST_F(CaptchaTest, IsSolvedForTheSubmissionThatItWasGivenFor) {
  const Challenge challenge = Ask("01A/b");
  EXPECT_EQ(challenge.difficulty, 8);
  EXPECT_EQ(challenge.text.find('.'), std::string::npos);
  const std::string solution = testing::SolutionOf(challenge.text, challenge.difficulty);
  EXPECT_EQ(Check(solution).value_or("none"), "01A/b");
  EXPECT_EQ(Check(solution, kNow + kChallengeLifetime - absl::Seconds(1)).value_or("none"),
            "01A/b");
  EXPECT_NE(Ask("01B").text, challenge.text);
}

TEST_F(CaptchaTest, IsOfSomeDifficultyWhereTheFormSaysNone) {
  form_.clear_captcha_difficulty();
  EXPECT_EQ(Ask().difficulty, 16);
}

TEST_F(CaptchaTest, StaysAsDifficultAsItWasAskedFor) {
  const Challenge challenge = Ask();
  const std::string solution = testing::SolutionOf(challenge.text, challenge.difficulty);
  form_.set_captcha_difficulty(20);
  EXPECT_TRUE(Check(solution).ok());
}

TEST_F(CaptchaTest, SaysWhatASolutionLacks) {
  const Challenge challenge = Ask();
  const std::string solution = testing::SolutionOf(challenge.text, challenge.difficulty);
  ExpectRefused("", "has no solution");
  ExpectRefused(challenge.text, "no challenge, a dot and a number");
  ExpectRefused(absl::StrCat(challenge.text, ".", std::string(512, '1')),
                "no challenge, a dot and a number");
  ExpectRefused(testing::WrongSolutionOf(challenge.text, challenge.difficulty), "is wrong");
  ExpectRefused(solution, "too old", kNow + kChallengeLifetime);
  const std::string made_up = absl::StrCat("A", challenge.text.substr(1), "x");
  ExpectRefused(testing::SolutionOf(made_up, challenge.difficulty), "none of this form's");
}

TEST_F(CaptchaTest, IsOfOneFormAndOneServer) {
  const Challenge challenge = Ask();
  const std::string solution = testing::SolutionOf(challenge.text, challenge.difficulty);
  EXPECT_TRUE(Check(solution).ok());
  EXPECT_FALSE(SubmissionSolvedBy(sealer_, WorkspaceId(8), form_, solution, kNow).ok());
  const eventstore::SecretKey key(std::array<uint8_t, eventstore::kKeyBytes>{1});
  EXPECT_FALSE(
      SubmissionSolvedBy(eventstore::TokenSealer(key), kWorkspace, form_, solution, kNow).ok());
  form_.set_name("forms/01G");
  ExpectRefused(solution, "none of this form's");
}

}  // namespace
}  // namespace kith::forms
