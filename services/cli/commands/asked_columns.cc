#include "services/cli/commands/asked_columns.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/scoring_models/v1/scores_service.pb.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using scoring_models::v1::QueryRecordScoresRequest;
using scoring_models::v1::QueryRecordScoresResponse;

constexpr char kScore[] = "score";
constexpr char kProbability[] = "probability";

std::string PatternOf(const Descriptor& type) {
  return type.options().GetExtension(options::v1::resource).pattern();
}

// The field of a request that names a record of this type; null where none does.
const FieldDescriptor* RecordIn(const Descriptor& request, const Descriptor& type) {
  const std::string pattern = PatternOf(type);
  for (int i = 0; i < request.field_count() && !pattern.empty(); ++i) {
    const auto& kinds = RulesOf(*request.field(i)).resource();
    if (std::find(kinds.begin(), kinds.end(), pattern) != kinds.end()) return request.field(i);
  }
  return nullptr;
}

// What tells how likely it is that something comes of a record of this type; null where nothing
// does.
const Method* PredictionOf(const Catalog& catalog, const Descriptor& type) {
  const std::string pattern = PatternOf(type);
  return catalog.Find(KebabCase(pattern.substr(0, pattern.find('/'))), "predict");
}

std::string NameIn(const Message& item) {
  return item.GetReflection()->GetString(item, item.GetDescriptor()->FindFieldByName("name"));
}

// The request about one item, as of the moment that the list is asked about.
std::unique_ptr<Message> RequestAbout(const Message& item, const Method& method,
                                      const Message& list) {
  std::unique_ptr<Message> request = NewMessage(*method.descriptor->input_type());
  const FieldDescriptor* const record = RecordIn(*request->GetDescriptor(), *item.GetDescriptor());
  KITH_CHECK(record != nullptr);
  request->GetReflection()->SetString(request.get(), record, NameIn(item));
  const FieldDescriptor* const read = list.GetDescriptor()->FindFieldByName("read");
  if (method.read != nullptr && read != nullptr &&
      read->message_type() == method.read->message_type()) {
    request->GetReflection()
        ->MutableMessage(request.get(), method.read)
        ->CopyFrom(list.GetReflection()->GetMessage(list, read));
  }
  return request;
}

// The replies about the items, by their names. An item that is not there any more has none.
using Replies = std::map<std::string, std::unique_ptr<Message>>;
absl::StatusOr<Replies> Ask(Session& session, const Method& method,
                            const std::vector<const Message*>& items, const Message& list) {
  Replies replies;
  for (size_t i = 0; i < items.size() && i < kAskedMax; ++i) {
    const std::unique_ptr<Message> request = RequestAbout(*items[i], method, list);
    auto reply = session.Call(method, *request);
    if (absl::IsNotFound(reply.status())) continue;
    if (!reply.ok()) return reply.status();
    replies.emplace(NameIn(*items[i]), *std::move(reply));
  }
  return replies;
}

// "40"; of several models "Fit 15, Interest 40".
absl::Status AskScores(Session& session, const std::vector<const Message*>& items,
                       const Message& list, CalledNames* names) {
  const Method& method = session.Require("scores", "query-record-scores");
  KITH_ASSIGN_OR_RETURN(const Replies replies, Ask(session, method, items, list));
  std::vector<const Message*> told;
  std::set<std::string> models;
  for (const auto& [name, reply] : replies) {
    told.push_back(reply.get());
    for (const auto& score : DynamicCastToGenerated<QueryRecordScoresResponse>(&*reply)->scores()) {
      models.insert(score.model());
    }
  }
  const CalledNames called = models.size() > 1 ? AllLinkNames(session, told, list) : CalledNames();
  for (const auto& [name, reply] : replies) {
    std::vector<std::string> texts;
    for (const auto& score : DynamicCastToGenerated<QueryRecordScoresResponse>(&*reply)->scores()) {
      const auto model = called.find(score.model());
      const std::string& title = model == called.end() ? score.model() : model->second;
      const std::string points = absl::StrCat(score.score());
      texts.push_back(models.size() == 1 ? points : absl::StrCat(title, " ", points));
    }
    std::sort(texts.begin(), texts.end());
    names->emplace(AskedKey(kScore, name), absl::StrJoin(texts, ", "));
  }
  return absl::OkStatus();
}

absl::Status AskProbabilities(Session& session, const std::vector<const Message*>& items,
                              const Message& list, CalledNames* names) {
  const Method* const method = PredictionOf(session.catalog(), *items.front()->GetDescriptor());
  KITH_CHECK(method != nullptr);
  KITH_ASSIGN_OR_RETURN(const Replies replies, Ask(session, *method, items, list));
  for (const auto& [name, reply] : replies) {
    const FieldDescriptor* const field = reply->GetDescriptor()->FindFieldByName(kProbability);
    KITH_CHECK(field != nullptr);
    if (!reply->GetReflection()->HasField(*reply, field)) continue;
    names->emplace(AskedKey(kProbability, name),
                   absl::StrCat(reply->GetReflection()->GetDouble(*reply, field)));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> AskedColumns(const Catalog& catalog, const Descriptor& type) {
  std::vector<std::string> asked;
  if (type.FindFieldByName("name") == nullptr || PatternOf(type).empty()) return asked;
  if (RecordIn(*QueryRecordScoresRequest::descriptor(), type) != nullptr) asked.push_back(kScore);
  if (PredictionOf(catalog, type) != nullptr) asked.push_back(kProbability);
  std::erase_if(asked, [&](const std::string& one) {
    return type.FindFieldByName(one) != nullptr;  // what the record says itself
  });
  return asked;
}

Path AskedPath(const Descriptor& type, absl::string_view asked) {
  Path path;
  path.fields.push_back(type.FindFieldByName("name"));
  path.asked = std::string(asked);
  return path;
}

void AskColumns(Session& session, const std::vector<Path>& columns,
                const std::vector<const Message*>& items, const Message& request,
                CalledNames* names) {
  std::set<std::string> wanted;
  for (const Path& column : columns) {
    if (!column.asked.empty()) wanted.insert(column.asked);
  }
  if (wanted.empty() || items.empty()) return;
  for (const std::string& asked : wanted) {
    const absl::Status told = asked == kScore ? AskScores(session, items, request, names)
                                              : AskProbabilities(session, items, request, names);
    if (!told.ok()) session.err() << asked << " is not told: " << told.message() << '\n';
  }
  if (items.size() > kAskedMax) {
    session.err() << absl::StrJoin(wanted, " and ") << (wanted.size() > 1 ? " are" : " is")
                  << " told of the first " << FormatCount(kAskedMax) << " of a page.\n";
  }
}

}  // namespace kith::cli
