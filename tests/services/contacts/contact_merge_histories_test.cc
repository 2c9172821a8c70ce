// Goal: whatever was merged, taken apart and written in between, each name shows what stands under
// all names of its record, and taken apart what stands under its own; live, folded anew, and as of
// every moment of the past.
// Method: random merges, unmerges, changes and interactions under any name, over a whole server.
// Beside them a model that only knows which name was merged into which, and what was written under
// which name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using Texts = std::set<std::string>;
using Stub = v1::ContactsService::Stub;
using Deals = deals::v1::DealsService::Stub;
using Interactions = interactions::v1::InteractionsService::Stub;

constexpr int kContacts = 5;
constexpr int kSteps = 40;

// What a name shows.
struct Shown {
  std::string record;
  Texts tags;
  Texts deals;
  Texts subjects;
  friend bool operator==(const Shown&, const Shown&) = default;
};

class Model {
 public:
  void Add(const std::string& name) { written_[name]; }
  std::string Meant(std::string name) const {
    for (auto at = into_.find(name); at != into_.end(); at = into_.find(name)) name = at->second;
    return name;
  }
  bool IsMerged(const std::string& name) const { return into_.contains(name); }
  // Others were merged into it.
  bool IsMergedInto(const std::string& name) const {
    for (const auto& [other, survivor] : into_) {
      if (survivor == name) return true;
    }
    return false;
  }
  void Merge(const std::string& survivor, const std::string& other) { into_[other] = survivor; }
  void Unmerge(const std::string& name) { into_.erase(name); }
  // "merged into one that is merged itself".
  bool IsInner(const std::string& name) const { return IsMerged(name) && IsMerged(into_.at(name)); }
  Shown& WrittenUnder(const std::string& name) { return written_[name]; }

  Shown ShownBy(const std::string& name) const {
    Shown shown;
    shown.record = Meant(name);
    for (const auto& [each, written] : written_) {
      if (Meant(each) != shown.record) continue;
      shown.tags.insert(written.tags.begin(), written.tags.end());
      shown.deals.insert(written.deals.begin(), written.deals.end());
      shown.subjects.insert(written.subjects.begin(), written.subjects.end());
    }
    return shown;
  }

 private:
  std::map<std::string, std::string> into_;
  std::map<std::string, Shown> written_;
};

class MergeHistories : public ::testing::TestWithParam<uint32_t> {
 protected:
  template <class Request>
  void At(const std::string& token, Request& request) const {
    if (!token.empty()) request.mutable_read()->set_token(token);
  }
  v1::Contact Get(const std::string& name, const std::string& token = "") {
    v1::GetContactRequest request;
    request.set_name(name);
    At(token, request);
    const auto got = server_.Call(&Stub::GetContact, request);
    EXPECT_EQ(got.reason(), "");
    return got.response;
  }
  Shown ShownBy(const std::string& name, const std::string& token = "") {
    Shown shown;
    const v1::Contact contact = Get(name, token);
    shown.record = contact.name();
    shown.tags.insert(contact.tags().begin(), contact.tags().end());
    deals::v1::ListDealsRequest deals;
    deals.set_filter(absl::StrCat("contact = \"", name, "\""));
    At(token, deals);
    const auto page = server_.Call(&Deals::ListDeals, deals);
    EXPECT_EQ(page.reason(), "");
    for (const auto& deal : page->deals()) shown.deals.insert(deal.display_name());
    interactions::v1::ListTimelineRequest timeline;
    timeline.set_parent(name);
    timeline.set_page_size(3);
    At(token, timeline);
    do {
      const auto entries = server_.Call(&Interactions::ListTimeline, timeline);
      EXPECT_EQ(entries.reason(), "");
      for (const auto& entry : entries->entries()) {
        if (!entry.has_interaction()) continue;
        EXPECT_TRUE(shown.subjects.insert(entry.interaction().subject()).second) << "told twice";
      }
      timeline.set_page_token(entries->next_page_token());
    } while (!timeline.page_token().empty());
    return shown;
  }
  std::string Create(int number) {
    v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(absl::StrCat("Contact ", number));
    return server_.Call(&Stub::CreateContact, request)->name();
  }
  void AddTag(const std::string& name, const std::string& tag) {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = Get(name);
    request.mutable_contact()->set_name(name);
    request.mutable_contact()->clear_etag();
    request.mutable_contact()->add_tags(tag);
    request.mutable_update_mask()->add_paths("tags");
    EXPECT_EQ(server_.Call(&Stub::UpdateContact, request).reason(), "");
  }
  void AddDeal(const std::string& name, const std::string& called) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name(called);
    request.mutable_deal()->add_contacts()->set_contact(name);
    EXPECT_EQ(server_.Call(&Deals::CreateDeal, request).reason(), "");
  }
  void Record(const std::string& name, const std::string& subject, const std::string& link) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(name);
    request.mutable_interaction()->set_kind(interactions::v1::NOTE);
    request.mutable_interaction()->set_subject(subject);
    if (link != name) request.mutable_interaction()->add_links(link);
    EXPECT_EQ(server_.Call(&Interactions::RecordInteraction, request).reason(), "");
  }
  std::string Merge(const std::string& survivor, const std::string& other) {
    v1::MergeContactsRequest request;
    request.set_name(survivor);
    request.add_merged(other);
    return server_.Call(&Stub::MergeContacts, request).reason();
  }
  std::string Unmerge(const std::string& name) {
    v1::UnmergeContactRequest request;
    request.set_name(name);
    return server_.Call(&Stub::UnmergeContact, request).reason();
  }

  testing::TestServer server_;
};

TEST_P(MergeHistories, ShowWhatStandsUnderAllNames) {
  std::mt19937 random(GetParam());
  const auto draw = [&](size_t below) { return static_cast<size_t>(random() % below); };
  Model model;
  std::vector<std::string> names;
  for (int i = 0; i < kContacts; ++i) {
    names.push_back(Create(i));
    model.Add(names.back());
  }
  // What each name showed at each moment.
  std::vector<std::pair<std::string, std::map<std::string, Shown>>> past;
  for (int step = 0; step < kSteps && !HasFailure(); ++step) {
    SCOPED_TRACE(absl::StrCat("seed ", GetParam(), ", step ", step));
    server_.clock().Advance(absl::Seconds(1));
    const std::string& name = names[draw(names.size())];
    const std::string& other = names[draw(names.size())];
    const std::string text = absl::StrCat("of step ", step);
    switch (draw(6)) {
      case 0:
      case 1: {
        const std::string reason = Merge(name, other);
        const std::string survivor = model.Meant(name);
        if (model.Meant(other) == survivor) {
          // It is so already, or the two are one and the same.
          EXPECT_TRUE(reason.empty() || reason == "MERGE_WITH_ITSELF") << reason;
        } else if (model.IsMerged(other)) {
          EXPECT_EQ(reason, "MERGED_FURTHER");
        } else {
          EXPECT_EQ(reason, "");
          model.Merge(survivor, other);
        }
        break;
      }
      case 2:
        EXPECT_EQ(Unmerge(name), model.IsInner(name)        ? "MERGED_FURTHER"
                                 : model.IsMerged(name)     ? ""
                                 : model.IsMergedInto(name) ? "INVALID_FIELD"
                                                            : "");
        if (!model.IsInner(name)) model.Unmerge(name);
        break;
      case 3:
        AddTag(name, text);
        model.WrittenUnder(name).tags.insert(text);
        break;
      case 4:
        AddDeal(name, text);
        model.WrittenUnder(name).deals.insert(text);
        break;
      default:
        Record(name, text, other);
        model.WrittenUnder(name).subjects.insert(text);
        model.WrittenUnder(other).subjects.insert(text);
        break;
    }
    std::map<std::string, Shown> shown;
    for (const std::string& each : names) {
      shown[each] = ShownBy(each);
      EXPECT_EQ(shown[each], model.ShownBy(each)) << each;
    }
    v1::GetContactRequest now;
    now.set_name(names.front());
    past.emplace_back(server_.Call(&Stub::GetContact, now).token, std::move(shown));
  }
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) server_.Restart(/*new_views=*/true);
    for (size_t i = 0; i < past.size() && !HasFailure(); i += 3) {
      SCOPED_TRACE(absl::StrCat("seed ", GetParam(), ", as of step ", i, ", rebuilt ", rebuilt));
      for (const std::string& each : names) {
        EXPECT_EQ(ShownBy(each, past[i].first), past[i].second[each]) << each;
      }
    }
  }
  // Taken apart, each shows its own.
  for (bool any = true; any && !HasFailure();) {
    any = false;
    for (const std::string& each : names) {
      if (!model.IsMerged(each) || model.IsInner(each)) continue;
      EXPECT_EQ(Unmerge(each), "");
      model.Unmerge(each);
      any = true;
    }
  }
  for (const std::string& each : names) EXPECT_EQ(ShownBy(each), model.ShownBy(each)) << each;
}
INSTANTIATE_TEST_SUITE_P(Seeds, MergeHistories, ::testing::Range(1u, 7u));

}  // namespace
}  // namespace kith::contacts
