#include "projections/tables/page_token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

RC_GTEST_PROP(PageToken, ComesBackAsItWas,
              (uint64_t position, uint64_t query, uint32_t plan, const std::string& resume_key)) {
  PageToken token{Position(position), query, plan, resume_key};
  if (*rc::gen::arbitrary<bool>()) {
    token.moment = absl::FromUnixMicros(*rc::gen::arbitrary<int64_t>());
  }
  const auto decoded = DecodePageToken(EncodePageToken(token));
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded->position == token.position);
  RC_ASSERT(decoded->query == token.query);
  RC_ASSERT(decoded->plan == token.plan);
  RC_ASSERT(decoded->resume_key == token.resume_key);
  RC_ASSERT(decoded->moment == token.moment);
}

RC_GTEST_PROP(PageToken, RefusesWhatIsCutOrLonger, (const std::string& resume_key)) {
  const std::string token =
      EncodePageToken({Position(7), 8, 9, resume_key, absl::FromUnixSeconds(1)});
  const std::string cut = token.substr(0, *rc::gen::inRange<size_t>(0, token.size()));
  RC_ASSERT(IsError(DecodePageToken(cut).status(), type::v1::ERROR_INVALID_PAGE_TOKEN));
  RC_ASSERT(IsError(DecodePageToken(token + "x").status(), type::v1::ERROR_INVALID_PAGE_TOKEN));
}

TEST(PagePosition, IsUnknownOnTheFirstPage) {
  EXPECT_EQ(*PagePosition(""), std::nullopt);
  EXPECT_EQ(*PagePosition(EncodePageToken({Position(7), 8, 9, ""})), Position(7));
}

TEST(QueryDigest, TellsPartsApart) {
  EXPECT_NE(QueryDigest({"ab", "c"}), QueryDigest({"a", "bc"}));
  EXPECT_EQ(QueryDigest({"ab", "c"}), QueryDigest({"ab", "c"}));
}

}  // namespace
}  // namespace kith::projections
