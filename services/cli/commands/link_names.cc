#include "services/cli/commands/link_names.h"

#include <google/protobuf/any.pb.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/check.h"
#include "kith/users/v1/users_service.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "services/cli/calls/catalog.h"
#include "services/cli/commands/listing.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// How many names one call takes.
constexpr size_t kBatchMax = 500;

// "pipelines/default/stages/won" → "pipelines/default": what is read by a name of its own.
absl::string_view RecordOf(absl::string_view name) {
  const size_t id = name.find('/');
  return id == absl::string_view::npos ? name : name.substr(0, name.find('/', id + 1));
}

template <class Visit>
void ForEachMessage(const Message& message, const FieldDescriptor* field, Visit visit) {
  const Reflection& reflection = *message.GetReflection();
  if (!field->is_repeated()) return visit(reflection.GetMessage(message, field));
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    visit(reflection.GetRepeatedMessage(message, field, i));
  }
}

template <class Visit>
void ForEachString(const Message& message, const FieldDescriptor* field, Visit visit) {
  const Reflection& reflection = *message.GetReflection();
  if (!field->is_repeated()) return visit(reflection.GetString(message, field));
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    visit(reflection.GetRepeatedString(message, field, i));
  }
}

// By collections.
using Records = std::map<std::string, std::set<std::string>>;

// What the messages themselves say that records are called, by their names.
using Told = std::map<std::string, std::string>;

// "company_name" beside "company": what the record was called when it was linked.
void CollectTold(const Message& message, const FieldDescriptor* link, Told* told) {
  const FieldDescriptor* const text =
      message.GetDescriptor()->FindFieldByName(link->name() + "_name");
  if (link->is_repeated() || text == nullptr || text->is_repeated() ||
      text->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return;
  }
  const Reflection& reflection = *message.GetReflection();
  std::string said = reflection.GetString(message, text);
  if (!said.empty()) told->emplace(reflection.GetString(message, link), std::move(said));
}

void CollectLinks(const Message& message, Records* records, Told* told) {
  if (const auto* any = DynamicCastToGenerated<google::protobuf::Any>(&message)) {
    const Descriptor* const type =
        google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
            any->type_url().substr(any->type_url().rfind('/') + 1));
    if (type == nullptr) return;
    const std::unique_ptr<Message> packed = NewMessage(*type);
    if (packed->ParseFromString(any->value())) CollectLinks(*packed, records, told);
    return;
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ForEachMessage(message, field,
                     [&](const Message& part) { CollectLinks(part, records, told); });
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && NamesRecords(*field)) {
      CollectTold(message, field, told);
      ForEachString(message, field, [&](const std::string& name) {
        const absl::string_view record = RecordOf(name);
        if (record.empty()) return;
        (*records)[std::string(record.substr(0, record.find('/')))].emplace(record);
      });
    }
  }
}

class Names {
 public:
  // Takes the display names of the records in a reply, and of what stands in them.
  void AddAll(const Message& message) {
    const FieldDescriptor* const name = message.GetDescriptor()->FindFieldByName("name");
    const FieldDescriptor* const shown = message.GetDescriptor()->FindFieldByName("display_name");
    if (name != nullptr && shown != nullptr) {
      const std::string called = message.GetReflection()->GetString(message, shown);
      Add(message.GetReflection()->GetString(message, name), called);
      // By the name of one that was merged into it, it is asked for, too.
      const FieldDescriptor* const asked =
          message.GetDescriptor()->FindFieldByName("resolved_from");
      const std::string alias =
          asked == nullptr ? "" : message.GetReflection()->GetString(message, asked);
      if (!alias.empty() && !called.empty()) names_.emplace(alias, called);
    }
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      ForEachMessage(message, field, [&](const Message& part) { AddAll(part); });
    }
  }
  // One that is not there for the caller, and what the messages say it is called, if they do.
  void AddMissing(const std::string& name, const std::string& told) {
    if (told.empty()) {
      names_[name] = "";
    } else {
      Add(name, told);
    }
  }

  std::map<std::string, std::string> Take() {
    for (auto name = names_.begin(); name != names_.end();) {
      name = called_[name->second] > 1 ? names_.erase(name) : std::next(name);
    }
    return std::move(names_);
  }
  // Also those that share what they are called.
  std::map<std::string, std::string> TakeAll() { return std::move(names_); }

 private:
  void Add(const std::string& name, const std::string& shown) {
    if (shown.empty() || !names_.emplace(name, shown).second) return;
    // Stages of two pipelines may well be called alike.
    if (RecordOf(name) == name) ++called_[shown];
  }

  std::map<std::string, std::string> names_;
  std::map<std::string, int> called_;
};

// Where the other request asks about a moment, this one does, too.
void ReadAlike(const Message& request, const FieldDescriptor* to_field, Message* to) {
  const FieldDescriptor* const from = request.GetDescriptor()->FindFieldByName("read");
  if (from == nullptr || to_field == nullptr || from->message_type() != to_field->message_type()) {
    return;
  }
  to->GetReflection()
      ->MutableMessage(to, to_field)
      ->CopyFrom(request.GetReflection()->GetMessage(request, from));
}

using Wanted = std::vector<std::string>;

// Asks what records of a collection are called. Answers those that the reply had no room for.
Wanted AskFor(Session& session, const Method& method, const Wanted& wanted, const Told& told,
              const Message& request, Names* names) {
  const std::unique_ptr<Message> batch = NewMessage(*method.descriptor->input_type());
  const FieldDescriptor* const field = batch->GetDescriptor()->FindFieldByName("names");
  for (const std::string& name : wanted) {
    batch->GetReflection()->AddString(batch.get(), field, name);
  }
  ReadAlike(request, method.read, batch.get());
  const auto reply = session.Call(method, *batch);
  if (!reply.ok()) return {};
  names->AddAll(**reply);
  const FieldDescriptor* const missing = (*reply)->GetDescriptor()->FindFieldByName("missing");
  if (missing != nullptr) {
    ForEachString(**reply, missing, [&](const std::string& name) {
      const auto said = told.find(name);
      names->AddMissing(name, said == told.end() ? "" : said->second);
    });
  }
  Wanted left_out;
  const FieldDescriptor* const left = (*reply)->GetDescriptor()->FindFieldByName("left_out");
  if (left != nullptr) {
    ForEachString(**reply, left, [&](const std::string& name) { left_out.push_back(name); });
  }
  return left_out;
}

// Asks about what the messages link to, by collections, where a method reads many of one at once.
template <class Ask>
void ForEachCollection(Session& session, const std::vector<const Message*>& messages, Ask ask) {
  Records records;
  Told told;
  for (const Message* message : messages) CollectLinks(*message, &records, &told);
  for (const auto& [collection, names] : records) {
    const Method* const method = session.catalog().Find(KebabCase(collection), "batch-get");
    if (method != nullptr) ask(*method, Wanted(names.begin(), names.end()), told);
  }
}

}  // namespace

std::map<std::string, std::string> LinkNames(Session& session,
                                             const std::vector<const Message*>& messages,
                                             const Message& request) {
  if (session.options().ids) return {};
  Names names;
  size_t asked = 0;
  ForEachCollection(session, messages,
                    [&](const Method& method, const Wanted& wanted, const Told& told) {
                      if (wanted.size() > kBatchMax || asked + wanted.size() > kLinksMax) return;
                      asked += wanted.size();
                      AskFor(session, method, wanted, told, request, &names);
                    });
  return names.Take();
}

std::map<std::string, std::string> AllLinkNames(Session& session,
                                                const std::vector<const Message*>& messages,
                                                const Message& request) {
  if (session.options().ids) return {};
  Names names;
  ForEachCollection(session, messages, [&](const Method& method, Wanted wanted, const Told& told) {
    while (!wanted.empty()) {
      const size_t size = std::min(wanted.size(), kBatchMax);
      const Wanted asked(wanted.end() - static_cast<ptrdiff_t>(size), wanted.end());
      wanted.resize(wanted.size() - size);
      const Wanted left_out = AskFor(session, method, asked, told, request, &names);
      if (left_out.size() == size) return;  // it tells no further ones
      wanted.insert(wanted.end(), left_out.begin(), left_out.end());
    }
  });
  return names.TakeAll();
}

Doers::Doers(Session& session) : session_(session) {
  if (session.options().ids) return;
  const workspaces::v1::ListApiKeysRequest request;
  const auto reply = ListItems(session, session.Require("api-keys", "list"), request,
                               {.items_max = ListLimit::kAll});
  if (!reply.ok()) return;
  const auto* keys = DynamicCastToGenerated<workspaces::v1::ListApiKeysResponse>(reply->get());
  KITH_CHECK(keys != nullptr);
  // Keys of two users may well be called alike.
  std::map<std::pair<std::string, std::string>, int> called;
  for (const auto& key : keys->api_keys()) ++called[{key.user(), key.display_name()}];
  for (const auto& key : keys->api_keys()) {
    const bool says_which = called[{key.user(), key.display_name()}] == 1;
    keys_[key.name().substr(key.name().rfind('/') + 1)] = {says_which ? key.display_name() : "",
                                                           key.user()};
  }
}

std::string Doers::Tell(const std::string& actor, const std::string& on_behalf_of, int width) {
  const std::string who = Shortened(Called(actor), width);
  return on_behalf_of.empty() ? who : absl::StrCat(who, " for ", UserCalled(on_behalf_of));
}

std::string Doers::Called(const std::string& actor) {
  if (absl::StartsWith(actor, "users/")) return UserCalled(actor);
  const auto found = keys_.find(actor);
  if (found == keys_.end()) return actor;
  const Key& key = found->second;
  if (key.user.empty()) return key.display_name.empty() ? actor : key.display_name;
  const std::string user = UserCalled(key.user);
  return key.display_name.empty() ? user : absl::StrCat(user, " (", key.display_name, ")");
}

const std::string& Doers::UserCalled(const std::string& name) {
  const auto [found, is_new] = users_.emplace(name, name);
  if (!is_new || session_.options().ids) return found->second;
  users::v1::BatchGetUsersRequest request;
  request.add_names(name);
  const auto reply = session_.Call(session_.Require("users", "batch-get"), request);
  if (!reply.ok()) return found->second;
  const auto* const users = DynamicCastToGenerated<users::v1::BatchGetUsersResponse>(reply->get());
  KITH_CHECK(users != nullptr);
  if (users->users_size() == 1 && !users->users(0).display_name().empty()) {
    found->second = users->users(0).display_name();
  }
  return found->second;
}

}  // namespace kith::cli
