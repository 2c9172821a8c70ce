// ScoresWorld: a server that scores as soon as it may, and what tests of scores ask of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/scoring_models/v1/scores_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::scoring_models {

using contacts::v1::ContactsService;
using interactions::v1::InteractionsService;

class ScoresWorld : public notifications::NoticesFixture {
 protected:
  using ModelStub = v1::ScoringModelsService::Stub;
  using ScoreStub = v1::ScoresService::Stub;

  testing::Reply<v1::ScoringModel> Create(const std::string& text) {
    v1::CreateScoringModelRequest request;
    *request.mutable_scoring_model() = testing::Proto<v1::ScoringModel>(
        absl::StrCat("display_name: 'Fit' target: CONTACTS ", text));
    return server_.Call(&ModelStub::CreateScoringModel, request);
  }
  // One that has scored everything that was there.
  std::string Scored(const std::string& text) {
    const auto created = Create(text);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    AwaitScored(created->name());
    return created->name();
  }
  void AwaitScored(const std::string& model) {
    AwaitThat([&] { return !List(model)->incomplete(); });
  }
  std::string CreateContact(const std::string& text = "") {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = testing::Proto<contacts::v1::Contact>(text);
    if (request.contact().first_name().empty()) request.mutable_contact()->set_first_name("Ada");
    const auto created = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created->name();
  }
  void UpdateContact(const std::string& contact, const std::string& text) {
    contacts::v1::UpdateContactRequest request;
    *request.mutable_contact() = testing::Proto<contacts::v1::Contact>(text);
    request.mutable_contact()->set_name(contact);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }
  void DeleteContact(const std::string& contact) {
    contacts::v1::DeleteContactRequest request;
    request.set_name(contact);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, request).reason(), "");
  }
  void UndeleteContact(const std::string& contact) {
    contacts::v1::UndeleteContactRequest request;
    request.set_name(contact);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UndeleteContact, request).reason(), "");
  }
  void Merge(const std::string& survivor, const std::string& other) {
    contacts::v1::MergeContactsRequest request;
    request.set_name(survivor);
    request.add_merged(other);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::MergeContacts, request).reason(), "");
  }
  void Unmerge(const std::string& contact) {
    contacts::v1::UnmergeContactRequest request;
    request.set_name(contact);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UnmergeContact, request).reason(), "");
  }
  // "kind: CALL"; so long ago.
  std::string Record(const std::string& parent, const std::string& text,
                     absl::Duration ago = absl::ZeroDuration()) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    *request.mutable_interaction() = testing::Proto<interactions::v1::Interaction>(text);
    *request.mutable_interaction()->mutable_occur_time() = ToTimestamp(server_.clock().Now() - ago);
    const auto recorded = server_.Call(&InteractionsService::Stub::RecordInteraction, request);
    EXPECT_EQ(recorded.reason(), "") << recorded.status.error_message();
    return recorded->name();
  }

  testing::Reply<v1::Score> Get(const std::string& model, const std::string& contact,
                                absl::Time as_of = absl::InfiniteFuture(),
                                const std::string& key = "") {
    v1::GetScoreRequest request;
    request.set_model(model);
    request.set_record(contact);
    if (as_of < absl::InfiniteFuture()) {
      *request.mutable_read()->mutable_time() = ToTimestamp(as_of);
    }
    return server_.CallWith(key.empty() ? server_.secret() : key, &ScoreStub::GetScore, request);
  }
  int64_t ScoreOf(const std::string& model, const std::string& contact,
                  absl::Time as_of = absl::InfiniteFuture()) {
    const auto score = Get(model, contact, as_of);
    EXPECT_EQ(score.reason(), "") << score.status.error_message();
    return score->score();
  }
  // The lines add up to the score.
  v1::ScoreExplanation Explain(const std::string& model, const std::string& contact,
                               absl::Time as_of = absl::InfiniteFuture(),
                               const std::string& key = "") {
    v1::ExplainScoreRequest request;
    request.set_model(model);
    request.set_record(contact);
    if (as_of < absl::InfiniteFuture()) {
      *request.mutable_read()->mutable_time() = ToTimestamp(as_of);
    }
    const auto told =
        server_.CallWith(key.empty() ? server_.secret() : key, &ScoreStub::ExplainScore, request);
    EXPECT_EQ(told.reason(), "") << told.status.error_message();
    int64_t sum = 0;
    for (const v1::ScoreLine& line : told->lines()) sum += line.apart() ? 0 : line.counted_points();
    EXPECT_EQ(sum, told->score().automatic_score());
    return told.response;
  }
  testing::Reply<v1::ListScoresResponse> List(const std::string& model,
                                              const std::string& filter = "",
                                              const std::string& key = "") {
    v1::ListScoresRequest request;
    request.set_model(model);
    request.set_filter(filter);
    return server_.CallWith(key.empty() ? server_.secret() : key, &ScoreStub::ListScores, request);
  }
  std::vector<int64_t> Scores(const std::string& model, const std::string& filter = "",
                              const std::string& key = "") {
    const auto listed = List(model, filter, key);
    EXPECT_EQ(listed.reason(), "") << listed.status.error_message();
    std::vector<int64_t> scores;
    for (const v1::Score& score : listed->scores()) scores.push_back(score.score());
    return scores;
  }
  std::vector<std::string> Told(const std::string& owner) {
    return Texts(owner, notifications::v1::SCORE_THRESHOLD);
  }
  void AwaitTold(const std::string& owner, size_t count) {
    Await(owner, notifications::v1::SCORE_THRESHOLD, count);
  }
};

}  // namespace kith::scoring_models
